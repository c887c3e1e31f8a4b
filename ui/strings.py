"""Every text that the page shows of its own accord: one table, a row for a text, three languages.

A text that lacks a language does not construct, so none can be missing. Texts with ``{…}`` are
filled by ``str.format``. No text here comes from an article.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import overload

__all__ = ["ALL", "Language", "Strings", "negotiate"]


class Language(StrEnum):
    """A language of the interface: its BCP 47 tag, which is also its part of the address."""

    HANS = "zh-Hans"
    HANT = "zh-Hant"
    ENGLISH = "en"

    @property
    def path(self) -> str:
        """The first part of the addresses of the pages in this language."""
        return f"/{self.value.lower()}"


@dataclass(frozen=True, slots=True)
class _Text:
    """One text in every language; read from a :class:`Strings` it is the one of its language."""

    hans: str
    hant: str
    english: str

    @overload
    def __get__(self, table: None, owner: type) -> "_Text": ...
    @overload
    def __get__(self, table: "Strings", owner: type) -> str: ...
    def __get__(self, table: "Strings | None", owner: type) -> "_Text | str":
        if table is None:
            return self
        match table.language:
            case Language.HANS:
                return self.hans
            case Language.HANT:
                return self.hant
            case Language.ENGLISH:
                return self.english


class Strings:
    """The texts in one language: ``Strings.ask`` is a row of the table, a table's ``ask`` a text."""

    def __init__(self, language: Language) -> None:
        self.language = language

    def starting_with(self, *prefixes: str) -> dict[str, str]:
        """The texts whose names begin so, by name: what a script of the page needs."""
        return {
            name: getattr(self, name)
            for name, row in vars(Strings).items()
            if isinstance(row, _Text) and name.startswith(prefixes)
        }

    # ---- the frame ---------------------------------------------------------------------------
    brand = _Text("有据", "有據", "Youju")
    brand_latin = _Text("Youju", "Youju", "有据")
    document_title = _Text(
        "有据 Youju · 言之有据", "有據 Youju · 言之有據", "Youju 有据 · answers with their evidence"
    )
    nav_label = _Text("页面", "頁面", "Pages")
    nav_chat = _Text("提问", "提問", "Ask")
    nav_collection = _Text("资料库", "資料庫", "Collection")
    nav_operations = _Text("运营", "營運", "Operations")
    nav_token = _Text("管理口令", "管理口令", "Administrator's token")
    nav_enter = _Text("确定", "確定", "OK")
    nav_cancel = _Text("取消", "取消", "Cancel")
    language_label = _Text("界面语言", "介面語言", "Language")
    collection = _Text(
        "{articles} 篇文章 · {chunks} 个片段 · {earliest} 至 {latest}",
        "{articles} 篇文章 · {chunks} 個片段 · {earliest} 至 {latest}",
        "{articles} articles · {chunks} passages · {earliest} to {latest}",
    )
    collection_undated = _Text(
        "{articles} 篇文章 · {chunks} 个片段",
        "{articles} 篇文章 · {chunks} 個片段",
        "{articles} articles · {chunks} passages",
    )
    built = _Text("索引更新于 {built}", "索引更新於 {built}", "indexed {built}")

    # ---- the chat ----------------------------------------------------------------------------
    empty_heading = _Text("想查什么？", "想查什麼？", "What would you like to know?")
    empty_text = _Text(
        "用自己的话提问，简体、繁体、English 都可以。回答里的编号可以点开，直接看到原文中的那句话。",
        "用自己的話提問，簡體、繁體、English 都可以。回答裡的編號可以點開，直接看到原文中的那句話。",
        "Ask in your own words, in English or Chinese. The numbers in an answer open the article at "
        "the very sentence.",
    )
    empty_index = _Text(
        "索引里还没有文章。请先运行 youju index 文件夹，再重新打开本页。",
        "索引裡還沒有文章。請先執行 youju index 資料夾，再重新打開本頁。",
        "There are no articles in the index yet. Run youju index FOLDER, then open this page again.",
    )
    question_label = _Text("问题", "問題", "Question")
    question_placeholder = _Text(
        "输入问题，按 Enter 发送", "輸入問題，按 Enter 送出", "Type a question, Enter sends it"
    )
    ask = _Text("提问", "提問", "Ask")
    stop = _Text("停止", "停止", "Stop")
    new_chat = _Text("新对话", "新對話", "New chat")
    reading = _Text("正在查找…", "正在查找…", "Searching…")
    found_passages = _Text(
        "找到 {count} 个相关段落，正在整理回答…",
        "找到 {count} 個相關段落，正在整理回答…",
        "Found {count} passages, writing the answer…",
    )
    searched = _Text("按此检索：", "按此檢索：", "Searched as: ")
    note_alias = _Text("{said} 也查 {names}", "{said} 也查 {names}", "{said}: also {names}")
    note_dates_only = _Text(
        "{said}：只查 {since} 至 {until} 的文章",
        "{said}：只查 {since} 至 {until} 的文章",
        "{said}: only articles from {since} to {until}",
    )
    note_dates_preferred = _Text(
        "{said}：优先 {since} 至 {until} 的文章",
        "{said}：優先 {since} 至 {until} 的文章",
        "{said}: articles from {since} to {until} first",
    )
    note_suggestion = _Text("您是不是要问：{text}", "您是不是要問：{text}", "Did you mean: {text}")
    undo_rewriting = _Text(
        "不接上文，重新查", "不接上文，重新查", "Search without the earlier questions"
    )
    undo_aliases = _Text("不查别名，重新查", "不查別名，重新查", "Search without other names")
    undo_dates = _Text("不限日期，重新查", "不限日期，重新查", "Search any date")
    ask_suggestion = _Text("改用建议的写法提问", "改用建議的寫法提問", "Ask what was suggested")
    citation = _Text("引用", "引用", "Citation")
    citations = _Text("引用", "引用", "Citations")
    passages = _Text(
        "检索到的段落（{count}）", "檢索到的段落（{count}）", "Passages found ({count})"
    )
    nearest_passages = _Text("最接近的段落", "最接近的段落", "Nearest passages")
    no_passages = _Text(
        "没有找到任何相关段落，换个说法或更具体的名称试试。",
        "沒有找到任何相關段落，換個說法或更具體的名稱試試。",
        "No passage was found. Try other words or a more specific name.",
    )
    stopped = _Text("已停止。", "已停止。", "Stopped.")
    failed = _Text(
        "这个问题没能答完", "這個問題沒能答完", "This question could not be answered in full"
    )
    failed_inside = _Text(
        "服务内部出错，详情已写入日志。请重试；如果一直如此，请联系维护者。",
        "服務內部出錯，詳情已寫入日誌。請重試；如果一直如此，請聯繫維護者。",
        "Something failed inside; the details are in the log. Try again; if it goes on, tell "
        "whoever runs this service.",
    )
    too_long = _Text(
        "问题太长：最多 {max_chars} 个字，现在有 {chars} 个。",
        "問題太長：最多 {max_chars} 個字，現在有 {chars} 個。",
        "The question is too long: {chars} characters, at most {max_chars}.",
    )
    not_askable = _Text(
        "里面没有可以查找的内容。请至少写一个词、一个名称或一个数字。",
        "裡面沒有可以查找的內容。請至少寫一個詞、一個名稱或一個數字。",
        "There is nothing to search for in it. Write at least a word, a name or a number.",
    )
    untitled = _Text("（无标题）", "（無標題）", "(no title)")
    partly = _Text("部分有据", "部分有據", "partly supported")
    unsupported = _Text("缺少依据", "缺少依據", "not supported")
    uncited = _Text("未标出处", "未標出處", "no source given")
    added = _Text("（{words}）", "（{words}）", "({words}) ")
    as_of = _Text("（{day}）", "（{day}）", " ({day})")
    fell_back = _Text(
        "语言模型没能答完，以下为文章原句：",
        "語言模型沒能答完，以下為文章原句：",
        "The language model failed; these are sentences of the articles:",
    )
    checked = _Text(
        "逐句核对：{supported} 句有据，{others} 句存疑，去掉了 {keys} 个不存在的编号。",
        "逐句核對：{supported} 句有據，{others} 句存疑，去掉了 {keys} 個不存在的編號。",
        "Checked sentence by sentence: {supported} supported, {others} doubtful, {keys} numbers "
        "that named nothing taken out.",
    )

    # ---- the article beside the chat ---------------------------------------------------------
    panel_label = _Text("原文", "原文", "Article")
    panel_close = _Text("关闭原文", "關閉原文", "Close the article")
    panel_previous = _Text("上一条引用", "上一條引用", "Previous citation")
    panel_next = _Text("下一条引用", "下一條引用", "Next citation")
    panel_position = _Text(
        "引用 {n} · 第 {at} / {of} 条",
        "引用 {n} · 第 {at} / {of} 條",
        "Citation {n} · {at} of {of}",
    )
    panel_passage = _Text("段落", "段落", "Passage")
    panel_loading = _Text("正在打开原文…", "正在打開原文…", "Opening the article…")
    panel_error = _Text(
        "原文没能打开，请检查服务是否还在运行。",
        "原文沒能打開，請檢查服務是否還在執行。",
        "The article could not be opened. Is the service still running?",
    )
    panel_gone = _Text(
        "这篇文章已不在当前索引里。",
        "這篇文章已不在目前的索引裡。",
        "This article is not in the index any more.",
    )
    panel_retry = _Text("重试", "重試", "Try again")
    panel_original = _Text("打开原始网页", "打開原始網頁", "Open the original page")
    panel_cut = _Text(
        "（此处略去 {chars} 个字）",
        "（此處略去 {chars} 個字）",
        "({chars} characters left out here)",
    )
    panel_show_all = _Text("显示全文", "顯示全文", "Show the whole article")
    panel_damage = _Text(
        "来源文件此处已损坏", "來源檔案此處已損壞", "The source file is damaged here"
    )

    # ---- the collection page -----------------------------------------------------------------
    collection_heading = _Text("资料库", "資料庫", "Collection")
    collection_summary = _Text(
        "{articles} 篇文章 · {chunks} 个片段 · 版本 {generation}",
        "{articles} 篇文章 · {chunks} 個片段 · 版本 {generation}",
        "{articles} articles · {chunks} passages · generation {generation}",
    )
    collection_loading = _Text("正在读取资料库…", "正在讀取資料庫…", "Reading the collection…")
    collection_unreachable = _Text(
        "连接不上服务。请确认它还在运行，然后重试。",
        "連接不上服務。請確認它還在執行，然後重試。",
        "The service cannot be reached. See that it is still running, then try again.",
    )
    collection_failed = _Text("没能完成", "沒能完成", "This did not work")
    collection_retry = _Text("重试", "重試", "Try again")
    collection_close = _Text("关闭", "關閉", "Close")
    collection_cancel = _Text("取消", "取消", "Cancel")
    collection_off = _Text(
        "这里只能查看。要从其他机器管理资料库，请让运行服务的人设置管理口令（YOUJU_ADMIN_TOKEN）。",
        "這裡只能查看。要從其他機器管理資料庫，請讓執行服務的人設定管理口令（YOUJU_ADMIN_TOKEN）。",
        "For reading only. To change the collection from another machine, whoever runs the service has to set YOUJU_ADMIN_TOKEN.",
    )
    collection_views = _Text("资料库的内容", "資料庫的內容", "What the collection holds")
    collection_view_articles = _Text("文章", "文章", "Articles")
    collection_view_quarantine = _Text("未能收录", "未能收錄", "Quarantine")
    collection_view_duplicates = _Text("重复", "重複", "Duplicates")
    collection_view_generations = _Text("版本", "版本", "Generations")

    collection_search = _Text(
        "查标题、来源、路径或编号", "查標題、來源、路徑或編號", "Search title, source, path or id"
    )
    collection_all_languages = _Text("所有语言", "所有語言", "All languages")
    collection_all_sources = _Text("所有来源", "所有來源", "All sources")
    collection_all_tags = _Text("所有标签", "所有標籤", "All tags")
    collection_filter_language = _Text("语言", "語言", "Language")
    collection_filter_source = _Text("来源", "來源", "Source")
    collection_filter_tag = _Text("标签", "標籤", "Tag")
    collection_sort = _Text("排序", "排序", "Sort by")
    collection_ascending = _Text("升序", "升序", "Ascending")
    collection_descending = _Text("降序", "降序", "Descending")
    collection_clear = _Text("清除条件", "清除條件", "Clear")
    collection_found = _Text("{total} 篇", "{total} 篇", "{total} articles")
    collection_found_none = _Text(
        "没有符合条件的文章。", "沒有符合條件的文章。", "No article matches."
    )
    collection_empty = _Text(
        "资料库里还没有文章。上传几篇，马上就可以提问。",
        "資料庫裡還沒有文章。上傳幾篇，馬上就可以提問。",
        "There are no articles yet. Upload some, and questions can be asked at once.",
    )
    collection_table = _Text("已收录的文章", "已收錄的文章", "Indexed articles")
    collection_column_title = _Text("标题", "標題", "Title")
    collection_column_source = _Text("来源", "來源", "Source")
    collection_column_published = _Text("日期", "日期", "Published")
    collection_column_language = _Text("语言", "語言", "Language")
    collection_column_chars = _Text("字数", "字數", "Characters")
    collection_column_chunks = _Text("片段", "片段", "Passages")
    collection_column_encoding = _Text("编码", "編碼", "Encoding")
    collection_column_duplicates = _Text("重复", "重複", "Duplicates")
    collection_column_path = _Text("路径", "路徑", "Path")
    collection_select = _Text("选择《{title}》", "選擇《{title}》", "Select “{title}”")
    collection_select_page = _Text("选择本页全部", "選擇本頁全部", "Select all on this page")
    collection_selected = _Text("已选 {count} 篇", "已選 {count} 篇", "{count} selected")
    collection_unselect = _Text("取消选择", "取消選擇", "Unselect")
    collection_untitled = _Text("（无标题）", "（無標題）", "(no title)")
    collection_uploaded = _Text("上传", "上傳", "uploaded")
    collection_repaired = _Text("已修复", "已修復", "repaired")
    collection_damages = _Text("损坏 {count} 处", "損壞 {count} 處", "{count} damaged")
    collection_stands_for = _Text(
        "代表 {count} 篇近似", "代表 {count} 篇近似", "stands for {count}"
    )
    collection_like = _Text("近似《{title}》", "近似《{title}》", "like “{title}”")
    collection_page_of = _Text(
        "第 {page} / {pages} 页", "第 {page} / {pages} 頁", "Page {page} of {pages}"
    )
    collection_previous = _Text("上一页", "上一頁", "Previous page")
    collection_next = _Text("下一页", "下一頁", "Next page")
    collection_size = _Text("每页", "每頁", "Per page")

    collection_overview = _Text("概览", "概覽", "Overview")
    collection_by_year = _Text("各年文章数", "各年文章數", "Articles per year")
    collection_by_source = _Text("各来源文章数", "各來源文章數", "Articles per source")
    collection_year = _Text("年份", "年份", "Year")
    collection_count = _Text("篇数", "篇數", "Articles")
    collection_no_date = _Text(
        "另有 {count} 篇没有日期", "另有 {count} 篇沒有日期", "{count} more have no date"
    )
    collection_more_sources = _Text(
        "另有 {count} 个来源", "另有 {count} 個來源", "{count} more sources"
    )

    collection_quarantine_none = _Text(
        "所有文件都已收录。", "所有檔案都已收錄。", "Every file is indexed."
    )
    collection_quarantine_about = _Text(
        "这些文件或记录没有收录，绝不会只收一半。改好之后点“检查更新”，会重新读取。",
        "這些檔案或記錄沒有收錄，絕不會只收一半。改好之後點「檢查更新」，會重新讀取。",
        "These files or records are not indexed; none is ever indexed half. Mend them, then choose “Check for changes”: they are read again.",
    )
    collection_column_file = _Text("文件", "檔案", "File")
    collection_column_reason = _Text("原因", "原因", "Reason")
    collection_column_advice = _Text("怎么办", "怎麼辦", "What to do")
    collection_was_read = _Text(
        "先前读到的文章仍可检索",
        "先前讀到的文章仍可檢索",
        "what was read from it before stays indexed",
    )
    collection_advice_size = _Text(
        "文件太大。拆成几个小文件，或调高设置 max_file_mb。",
        "檔案太大。拆成幾個小檔案，或調高設定 max_file_mb。",
        "Too large. Split it, or raise the setting max_file_mb.",
    )
    collection_advice_scan = _Text(
        "这是扫描件，没有文字。先做文字识别（OCR）。",
        "這是掃描件，沒有文字。先做文字辨識（OCR）。",
        "A scan without text. Run text recognition (OCR) on it first.",
    )
    collection_advice_original = _Text(
        "文字在到这里之前就已损坏。请找回原始文件。",
        "文字在到這裡之前就已損壞。請找回原始檔案。",
        "Its text was damaged before it came here. Find the original file.",
    )
    collection_advice_encoding = _Text(
        "无法确定编码。用编辑器打开，另存为 UTF-8。",
        "無法確定編碼。用編輯器開啟，另存為 UTF-8。",
        "Its encoding is not certain. Open it in an editor and save it as UTF-8.",
    )
    collection_advice_permission = _Text(
        "服务没有权限读它。请修改文件权限。",
        "服務沒有權限讀它。請修改檔案權限。",
        "The service may not read it. Change its permissions.",
    )
    collection_advice_link = _Text(
        "这是一个指向不明的链接。换成文件本身。",
        "這是一個指向不明的連結。換成檔案本身。",
        "A link that leads nowhere. Put the file itself there.",
    )
    collection_advice_identity = _Text(
        "两条记录用了同一个编号。给其中一条换一个 id。",
        "兩條記錄用了同一個編號。給其中一條換一個 id。",
        "Two records have one id. Give one of them another.",
    )
    collection_advice_empty = _Text(
        "里面没有正文。补上内容，或删掉文件。",
        "裡面沒有正文。補上內容，或刪掉檔案。",
        "There is no text in it. Add some, or delete the file.",
    )
    collection_advice_record = _Text(
        "按原因改好这一条记录；文件里的其他记录不受影响。",
        "按原因改好這一條記錄；檔案裡的其他記錄不受影響。",
        "Mend this record as the reason says; the others in the file are not touched by it.",
    )
    collection_advice_format = _Text(
        "读不了这种内容。另存为 Markdown、HTML、纯文本、PDF 或 DOCX。",
        "讀不了這種內容。另存為 Markdown、HTML、純文字、PDF 或 DOCX。",
        "This is not read. Save it as Markdown, HTML, plain text, PDF or DOCX.",
    )
    collection_advice_other = _Text(
        "按原因改好文件，或换一个版本。",
        "按原因改好檔案，或換一個版本。",
        "Mend the file as the reason says, or use another version of it.",
    )
    collection_duplicates_none = _Text(
        "没有重复的文章。", "沒有重複的文章。", "There are no duplicates."
    )
    collection_groups = _Text(
        "近似文章（{count} 组）", "近似文章（{count} 組）", "Near-duplicates ({count} groups)"
    )
    collection_groups_about = _Text(
        "同一篇文章的转载。回答只引用每组的第一篇，其余仍可查看。",
        "同一篇文章的轉載。回答只引用每組的第一篇，其餘仍可查看。",
        "Reprints of one article. Answers cite the first of each group; the others can still be read.",
    )
    collection_copies = _Text(
        "完全相同的副本（{count} 个）", "完全相同的副本（{count} 個）", "Exact copies ({count})"
    )
    collection_copy_of = _Text("与《{title}》相同", "與《{title}》相同", "the same as “{title}”")
    collection_more = _Text(
        "还有 {count} 项未列出", "還有 {count} 項未列出", "{count} more are not listed"
    )

    collection_column_generation = _Text("版本", "版本", "Generation")
    collection_column_created = _Text("建立时间", "建立時間", "Made")
    collection_column_files = _Text("文件数", "檔案數", "Files")
    collection_current = _Text("当前", "目前", "current")
    collection_damaged = _Text("已损坏", "已損壞", "damaged")
    collection_generations_about = _Text(
        "每次改动都会写成新版本，旧版本原样保留。回退只换一个指针，随时可以。",
        "每次改動都會寫成新版本，舊版本原樣保留。回退只換一個指標，隨時可以。",
        "Each change is written as a new generation beside the old one. Going back only moves a pointer.",
    )

    collection_upload = _Text("上传文章", "上傳文章", "Upload articles")
    collection_choose = _Text("选择文件", "選擇檔案", "Choose files")
    collection_drop = _Text("把文件拖到这里，或", "把檔案拖到這裡，或", "Drop files here, or")
    collection_limits = _Text(
        "支持 {suffixes}；每个文件不超过 {size}",
        "支援 {suffixes}；每個檔案不超過 {size}",
        "{suffixes}; up to {size} each",
    )
    collection_file_waiting = _Text("等待", "等待", "waiting")
    collection_file_sending = _Text("正在上传", "正在上傳", "uploading")
    collection_file_stored = _Text("已存好", "已存好", "stored")
    collection_replace_heading = _Text(
        "已有同名文件", "已有同名檔案", "Files of these names are there already"
    )
    collection_replace_text = _Text(
        "要用新文件替换原来的吗？原来的内容会丢失。",
        "要用新檔案替換原來的嗎？原來的內容會遺失。",
        "Replace them with the new ones? What they hold now is lost.",
    )
    collection_replace = _Text("替换", "替換", "Replace")
    collection_keep = _Text("保留原来的", "保留原來的", "Keep the old ones")

    collection_actions = _Text("管理", "管理", "Administration")
    collection_update = _Text("检查更新", "檢查更新", "Check for changes")
    collection_rebuild = _Text("重建…", "重建…", "Rebuild…")
    collection_rebuild_heading = _Text(
        "重建整个索引？", "重建整個索引？", "Rebuild the whole index?"
    )
    collection_rebuild_text = _Text(
        "所有文章会重新读取、重新计算，文章多时需要较长时间。期间照常可以提问，旧版本保留，可以回退。",
        "所有文章會重新讀取、重新計算，文章多時需要較長時間。期間照常可以提問，舊版本保留，可以回退。",
        "Every article is read and embedded again, which takes a while for many. Questions are answered meanwhile, and the old generation stays for going back.",
    )
    collection_rebuild_go = _Text("重建", "重建", "Rebuild")
    collection_rollback = _Text("回退到 {name}…", "回退到 {name}…", "Go back to {name}…")
    collection_rollback_heading = _Text("回退到 {name}？", "回退到 {name}？", "Go back to {name}?")
    collection_rollback_text = _Text(
        "资料库会回到 {created} 的样子，共 {articles} 篇文章。文件本身不动：下次检查更新时会再读进来。",
        "資料庫會回到 {created} 的樣子，共 {articles} 篇文章。檔案本身不動：下次檢查更新時會再讀進來。",
        "The collection becomes what it was on {created}, with {articles} articles. No file is touched: the next check for changes reads them in again.",
    )
    collection_rollback_go = _Text("回退", "回退", "Go back")
    collection_remove = _Text("移出…", "移出…", "Remove…")
    collection_remove_heading = _Text("移出这些文章？", "移出這些文章？", "Remove these articles?")
    collection_remove_uploaded = _Text(
        "这些上传的文件会被删除，不能恢复：",
        "這些上傳的檔案會被刪除，不能復原：",
        "These uploaded files are deleted for good:",
    )
    collection_remove_holds = _Text(
        "{path}（含 {articles} 篇文章）",
        "{path}（含 {articles} 篇文章）",
        "{path} (holds {articles} articles)",
    )
    collection_remove_elsewhere = _Text(
        "这些文件不是从这里上传的，本页不会删除它们。请到文件夹里自行移走，再点“检查更新”：",
        "這些檔案不是從這裡上傳的，本頁不會刪除它們。請到資料夾裡自行移走，再點「檢查更新」：",
        "These files were not uploaded here, and this page deletes none of them. Take them out of their folder, then choose “Check for changes”:",
    )
    collection_remove_in = _Text("{path}，在 {folder}", "{path}，在 {folder}", "{path} in {folder}")
    collection_remove_go = _Text("删除文件", "刪除檔案", "Delete the files")

    collection_job_uploads = _Text("收录上传的文章", "收錄上傳的文章", "Taking in the uploads")
    collection_job_update = _Text("检查更新", "檢查更新", "Checking for changes")
    collection_job_removal = _Text("移出文章", "移出文章", "Removing articles")
    collection_job_rebuild = _Text("重建索引", "重建索引", "Rebuilding the index")
    collection_job_rollback = _Text("回退", "回退", "Going back")
    collection_stage_files_read = _Text("读取文件", "讀取檔案", "reading files")
    collection_stage_files_deleted = _Text("删除文件", "刪除檔案", "deleting files")
    collection_stage_articles_cut_and_embedded = _Text(
        "切分并计算向量", "切分並計算向量", "cutting and embedding"
    )
    collection_stage_passages_tokenised = _Text("建立词索引", "建立詞索引", "indexing words")
    collection_stage_vectors_coded = _Text("压缩向量", "壓縮向量", "coding vectors")
    collection_stage_opening = _Text("换上新版本", "換上新版本", "opening the new generation")
    collection_seconds = _Text("{seconds} 秒", "{seconds} 秒", "{seconds} s")
    collection_done = _Text("{job}：完成", "{job}：完成", "{job}: done")
    collection_show_report = _Text("查看报告", "查看報告", "Show the report")
    collection_report = _Text("报告", "報告", "Report")
    collection_report_nothing = _Text("没有变化。", "沒有變化。", "Nothing changed.")
    collection_report_now = _Text(
        "现在共 {articles} 篇文章（版本 {generation}）。",
        "現在共 {articles} 篇文章（版本 {generation}）。",
        "The collection now holds {articles} articles (generation {generation}).",
    )
    collection_report_back = _Text(
        "已回到版本 {generation}。",
        "已回到版本 {generation}。",
        "Generation {generation} is served again.",
    )
    collection_status_added = _Text("新增 {count}", "新增 {count}", "{count} added")
    collection_status_changed = _Text("更改 {count}", "更改 {count}", "{count} changed")
    collection_status_unchanged = _Text("未变 {count}", "未變 {count}", "{count} unchanged")
    collection_status_removed = _Text("移出 {count}", "移出 {count}", "{count} removed")
    collection_status_quarantined = _Text(
        "未能收录 {count}", "未能收錄 {count}", "{count} quarantined"
    )
    collection_status_duplicate = _Text("重复 {count}", "重複 {count}", "{count} duplicates")
    collection_status_skipped = _Text("跳过 {count}", "跳過 {count}", "{count} skipped")
    collection_warnings = _Text("提醒 {count}", "提醒 {count}", "{count} warnings")

    collection_error_name = _Text(
        "这个文件名不能用：不能含斜杠、以点开头、有看不见的字符，或太长。",
        "這個檔名不能用：不能含斜線、以點開頭、有看不見的字元，或太長。",
        "This name cannot be used: no slashes, no leading dot, no invisible characters, not too long.",
    )
    collection_error_suffix = _Text("不支持这种格式", "不支援這種格式", "this format is not read")
    collection_error_size = _Text("文件太大", "檔案太大", "too large")
    collection_error_exists = _Text(
        "已有同名文件", "已有同名檔案", "a file of this name is there already"
    )
    collection_error_busy = _Text(
        "资料库正在改动，请等它完成再试。",
        "資料庫正在改動，請等它完成再試。",
        "The collection is being changed. Wait for that, then try again.",
    )
    collection_error_locked = _Text(
        "另一个程序正在写这个索引。稍后再试。",
        "另一個程式正在寫這個索引。稍後再試。",
        "Another program is writing this index. Try again later.",
    )
    collection_error_gone = _Text(
        "它已不在资料库里，列表已更新。",
        "它已不在資料庫裡，列表已更新。",
        "It is not in the collection any more; the list is up to date now.",
    )
    collection_error_elsewhere = _Text(
        "其中没有上传的文件，什么也没有移出。",
        "其中沒有上傳的檔案，什麼也沒有移出。",
        "None of it was uploaded; nothing was removed.",
    )
    collection_error_no_folders = _Text(
        "文章所在的文件夹都不在了，无法读取。",
        "文章所在的資料夾都不在了，無法讀取。",
        "None of the articles' folders is there any more.",
    )
    collection_error_nothing_earlier = _Text(
        "没有可以回退的完整版本。",
        "沒有可以回退的完整版本。",
        "There is no earlier whole generation to go back to.",
    )
    collection_error_disk = _Text(
        "磁盘写不进去，可能满了。",
        "磁碟寫不進去，可能滿了。",
        "The disk refused it; it may be full.",
    )
    collection_error_off = _Text(
        "管理功能没有开启。", "管理功能沒有開啟。", "Administration is off here."
    )
    collection_error_token = _Text(
        "管理口令不对。", "管理口令不對。", "The administrator's token is not right."
    )


ALL = {language: Strings(language) for language in Language}


def negotiate(accept_language: str, *, otherwise: Language = Language.HANS) -> Language:
    """Choose the language of a browser by what it asks for (RFC 9110, section 12.5.4).

    >>> negotiate("zh-TW,zh;q=0.9,en;q=0.8").value
    'zh-Hant'
    >>> negotiate("fr,en;q=0.5").value
    'en'
    """
    wanted: list[tuple[float, str]] = []
    for part in accept_language.split(",")[:20]:
        tag, _, parameters = part.strip().lower().partition(";")
        weight = parameters.strip().removeprefix("q=") if parameters else "1"
        try:
            wanted.append((float(weight), tag.strip()))
        except ValueError:
            continue
    for preference, tag in sorted(wanted, key=lambda pair: -pair[0]):
        if preference <= 0:
            continue
        if tag == "en" or tag.startswith("en-"):
            return Language.ENGLISH
        if tag == "zh" or tag.startswith("zh-"):
            traditional = {"hant", "tw", "hk", "mo"} & set(tag.split("-")[1:])
            return Language.HANT if traditional else Language.HANS
    return otherwise
