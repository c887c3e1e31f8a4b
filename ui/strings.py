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

    early_passages = _Text("先看这些原文", "先看這些原文", "Evidence found so far")
    chat_retry = _Text("重新回答", "重新回答", "Answer again")
    chat_edit = _Text("修改问题", "修改問題", "Edit the question")
    chat_leave = _Text("取消修改", "取消修改", "Cancel editing")
    chat_waits = _Text(
        "上一个回答结束后就回答这个问题…",
        "上一個回答結束後就回答這個問題…",
        "Next, as soon as the answer before it is done…",
    )
    chat_too_many = _Text(
        "排队的问题太多了，请等前面的回答完再问。",
        "排隊的問題太多了，請等前面的回答完再問。",
        "Too many questions are waiting. Ask again when some of them are answered.",
    )
    chat_not_restored = _Text(
        "以前的对话没能恢复。",
        "以前的對話沒能復原。",
        "The earlier conversation could not be restored.",
    )
    chat_editing = _Text(
        "正在修改上一个问题，发送后替换它的回答。",
        "正在修改上一個問題，送出後取代它的回答。",
        "You are editing the last question; sending it replaces its answer.",
    )
    chat_filtered = _Text("筛选：", "篩選：", "Filtered: ")
    chat_since = _Text("{day} 起", "{day} 起", "from {day}")
    chat_until = _Text("{day} 止", "{day} 止", "until {day}")
    chat_nothing_passes = _Text(
        "目前的筛选条件下，没有文章能回答这个问题。",
        "目前的篩選條件下，沒有文章能回答這個問題。",
        "With the filters that are set, no article is left that answers this.",
    )
    do_unfilter = _Text(
        "清除筛选，再问一次", "清除篩選，再問一次", "Clear the filters and ask again"
    )
    chat_no_match = _Text(
        "文章里没有与这个问题有关的句子。",
        "文章裡沒有與這個問題有關的句子。",
        "No sentence in the articles has to do with this question.",
    )
    chat_weak = _Text(
        "找到的内容只是沾边，不足以回答（把握约 {percent}%）。",
        "找到的內容只是沾邊，不足以回答（把握約 {percent}%）。",
        "What was found comes near it but does not answer it (about {percent}% sure).",
    )
    chat_refused = _Text(
        "写出来的句子没有通过逐句核对，所以没有采用。",
        "寫出來的句子沒有通過逐句核對，所以沒有採用。",
        "The sentences that were written did not pass the check against the articles.",
    )
    chat_approved = _Text("人工审定", "人工審定", "Approved answer")
    chat_approved_by = _Text("由 {by} 审定", "由 {by} 審定", "by {by}")
    chat_valid_until = _Text("有效期至 {day}", "有效期至 {day}", "valid until {day}")
    do_copy = _Text("复制", "複製", "Copy")
    do_speak = _Text("朗读", "朗讀", "Read aloud")
    do_solved = _Text("已解决", "已解決", "This helped")
    do_unsolved = _Text("没解决", "沒解決", "This did not help")
    do_handoff = _Text("转人工", "轉人工", "Ask a person")

    # ---- how an answer was found --------------------------------------------------------------
    how = _Text("怎样找到的", "怎樣找到的", "How this was found")
    how_searched = _Text("检索用语", "檢索用語", "Searched for")
    how_completed = _Text("按上文补全", "按上文補全", "Completed from the dialogue")
    how_aliases = _Text("别名", "別名", "Other names")
    how_dates = _Text("日期", "日期", "Dates")
    how_sides = _Text("比较的各方", "比較的各方", "Sides compared")
    how_suggestion = _Text("可能的写法", "可能的寫法", "Perhaps meant")
    how_without = _Text("已撤回的步骤", "已撤回的步驟", "Steps taken back")
    how_filters = _Text("筛选", "篩選", "Filters")
    how_probability = _Text("能回答的把握", "能回答的把握", "Probability of an answer")
    how_reason = _Text("未答的原因（技术）", "未答的原因（技術）", "Reason, technically")
    how_generator = _Text("回答方式", "回答方式", "Written by")
    how_extractive = _Text("摘录原句", "摘錄原句", "quoting the articles")
    how_gate = _Text("逐句核对", "逐句核對", "Sentence check")
    how_supported = _Text("{n} 句有据", "{n} 句有據", "{n} supported")
    how_partly = _Text("{n} 句部分有据", "{n} 句部分有據", "{n} partly")
    how_unsupported = _Text("{n} 句缺少依据", "{n} 句缺少依據", "{n} unsupported")
    how_uncited = _Text("{n} 句未标出处", "{n} 句未標出處", "{n} without a source")
    how_dropped = _Text("{n} 句未采用", "{n} 句未採用", "{n} left out")
    how_unknown_keys = _Text(
        "{n} 个编号不存在", "{n} 個編號不存在", "{n} numbers that named nothing"
    )
    how_index = _Text("索引版本", "索引版本", "Index generation")
    how_times = _Text("用时（毫秒）", "用時（毫秒）", "Milliseconds")
    how_time_understand = _Text("理解", "理解", "understanding")
    how_time_retrieve = _Text("检索", "檢索", "retrieval")
    how_time_decide = _Text("判断", "判斷", "deciding")
    how_time_answer = _Text("作答", "作答", "answering")
    how_time_first_sentence = _Text("首句", "首句", "first sentence at")
    how_time_suggest = _Text("延伸问题", "延伸問題", "further questions")
    how_time_total = _Text("合计", "合計", "total")
    how_passage = _Text("段落", "段落", "Passage")
    how_lexical = _Text("字词", "字詞", "Words")
    how_dense = _Text("语义", "語意", "Meaning")
    how_score = _Text("综合", "綜合", "Overall")

    # ---- filters -----------------------------------------------------------------------------
    filter_title = _Text("筛选", "篩選", "Filters")
    filter_since = _Text("发布日期，自", "發佈日期，自", "Published from")
    filter_until = _Text("至", "至", "to")
    filter_sources = _Text("来源", "來源", "Source")
    filter_languages = _Text("语言", "語言", "Language")
    filter_tags = _Text("标签", "標籤", "Tag")
    filter_clear = _Text("全部清除", "全部清除", "Clear all")
    filter_remove = _Text("去掉筛选：{name}", "去掉篩選：{name}", "Remove filter: {name}")
    filter_find = _Text("找一个值…", "找一個值…", "Find a value…")
    filter_none = _Text(
        "这个资料库没有可筛选的项目。",
        "這個資料庫沒有可篩選的項目。",
        "This collection has nothing to filter by.",
    )
    filter_bad_day = _Text(
        "日期不完整或不存在，请写成 2020-03-01 这样。",
        "日期不完整或不存在，請寫成 2020-03-01 這樣。",
        "This day is incomplete or does not exist; write it like 2020-03-01.",
    )
    filter_swapped = _Text(
        "起始日期在结束日期之后，请对调。",
        "起始日期在結束日期之後，請對調。",
        "The first day lies after the last; swap them.",
    )
    filter_error = _Text(
        "筛选项没能载入，请稍后再试。",
        "篩選項目沒能載入，請稍後再試。",
        "What can be filtered by could not be loaded. Try again later.",
    )
    filter_loading = _Text("正在载入…", "正在載入…", "Loading…")
    filter_zh = _Text("中文", "中文", "Chinese")
    filter_en = _Text("英文", "英文", "English")
    filter_ja = _Text("日文", "日文", "Japanese")
    filter_ko = _Text("韩文", "韓文", "Korean")

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
    panel_list = _Text("这个回答的全部引用", "這個回答的全部引用", "All citations of this answer")

    # ---- verdicts, in a word -----------------------------------------------------------------
    verdict_supported = _Text("有据", "有據", "supported")
    verdict_partly = _Text("部分有据", "部分有據", "partly supported")
    verdict_unsupported = _Text("缺少依据", "缺少依據", "not supported")
    verdict_uncited = _Text("未标出处", "未標出處", "no source given")

    # ---- earlier conversations, kept in the browser ------------------------------------------
    history_open = _Text("历史", "歷史", "History")
    history_title = _Text("历史对话", "歷史對話", "Earlier conversations")
    history_close = _Text("关闭历史", "關閉歷史", "Close the history")
    history_search = _Text(
        "在问题和回答里查找", "在問題和回答裡查找", "Search questions and answers"
    )
    history_where = _Text(
        "对话只保存在这个浏览器里，不会上传。",
        "對話只儲存在這個瀏覽器裡，不會上傳。",
        "Conversations are kept in this browser only.",
    )
    history_today = _Text("今天", "今天", "Today")
    history_yesterday = _Text("昨天", "昨天", "Yesterday")
    history_facts = _Text("{time} · {count} 问", "{time} · {count} 問", "{time} · {count} asked")
    history_more = _Text("“{title}”的更多操作", "「{title}」的更多操作", "More for “{title}”")
    history_empty = _Text(
        "还没有对话。问过的问题会自动保存在这里。",
        "還沒有對話。問過的問題會自動儲存在這裡。",
        "Nothing yet. What you ask is kept here by itself.",
    )
    history_none_found = _Text("没有找到。", "沒有找到。", "Nothing found.")
    history_rename = _Text("重命名", "重新命名", "Rename")
    history_delete = _Text("删除", "刪除", "Delete")
    history_delete_all = _Text("全部删除", "全部刪除", "Delete all")
    history_delete_sure = _Text(
        "删除“{title}”？删除后不能恢复。",
        "刪除「{title}」？刪除後不能復原。",
        "Delete “{title}”? This cannot be undone.",
    )
    history_delete_all_sure = _Text(
        "删除全部 {count} 段对话？删除后不能恢复。",
        "刪除全部 {count} 段對話？刪除後不能復原。",
        "Delete all {count} conversations? This cannot be undone.",
    )
    history_memory = _Text(
        "这个浏览器不允许保存数据：对话只保留到关闭本页为止，需要的话请先导出。",
        "這個瀏覽器不允許儲存資料：對話只保留到關閉本頁為止，需要的話請先匯出。",
        "This browser keeps no data: conversations last until this page is closed. Export what you need.",
    )
    history_full = _Text(
        "浏览器的存储空间已满，最新的回答还没有保存。",
        "瀏覽器的儲存空間已滿，最新的回答還沒有儲存。",
        "The browser's space is used up: the latest answer is not kept yet.",
    )
    history_failed = _Text(
        "最新的回答没能保存到浏览器里。",
        "最新的回答沒能儲存到瀏覽器裡。",
        "The latest answer could not be kept in the browser.",
    )
    history_make_room = _Text("腾出空间", "騰出空間", "Make room")
    history_make_room_sure = _Text(
        "删除最早的 {count} 段对话？{titles}",
        "刪除最早的 {count} 段對話？{titles}",
        "Delete the {count} oldest conversations? {titles}",
    )
    history_partly = _Text(
        "这段对话没能全部重新显示，它原样留在历史里；新的提问另存为一段。",
        "這段對話沒能全部重新顯示，它原樣留在歷史裡；新的提問另存為一段。",
        "Not all of this conversation could be shown again. It stays in the history as it is; what "
        "you ask now is kept apart.",
    )
    export_markdown = _Text("导出 Markdown", "匯出 Markdown", "Export as Markdown")
    export_json = _Text("导出 JSON", "匯出 JSON", "Export as JSON")
    export_all_markdown = _Text("全部导出 Markdown", "全部匯出 Markdown", "Export all as Markdown")
    export_all_json = _Text("全部导出 JSON", "全部匯出 JSON", "Export all as JSON")
    export_sources = _Text("引用", "引用", "Sources")
    export_searched = _Text("按此检索：", "按此檢索：", "Searched as: ")
    export_place = _Text(
        "{path}，第 {start}–{end} 字",
        "{path}，第 {start}–{end} 字",
        "{path}, characters {start}–{end}",
    )
    copy_done = _Text("已复制，含引用", "已複製，含引用", "Copied, with its sources")
    copy_by_hand = _Text(
        "浏览器不允许直接复制，请按 Ctrl+C（Mac 上是 ⌘C）：",
        "瀏覽器不允許直接複製，請按 Ctrl+C（Mac 上是 ⌘C）：",
        "The browser does not let us copy. Press Ctrl+C (⌘C on a Mac):",
    )
    copy_close = _Text("关闭", "關閉", "Close")

    # ---- whether the server is there ---------------------------------------------------------
    status_dismiss = _Text("关闭提示", "關閉提示", "Dismiss")
    status_offline = _Text(
        "网络已断开。您的问题和对话都已保留，网络恢复后会继续。",
        "網路已中斷。您的問題和對話都已保留，網路恢復後會繼續。",
        "You are offline. Your question and the conversation are kept; it goes on once the network is back.",
    )
    status_down = _Text(
        "暂时连不上服务，正在重试。您的问题和对话都已保留。",
        "暫時連不上服務，正在重試。您的問題和對話都已保留。",
        "The service cannot be reached; trying again. Your question and the conversation are kept.",
    )
    status_restarted = _Text(
        "服务刚刚重启过，对话已从这个浏览器恢复。",
        "服務剛剛重新啟動過，對話已從這個瀏覽器恢復。",
        "The service was restarted; the conversation is back from this browser.",
    )
    status_resumed = _Text(
        "上一个问题没有答完，已放回输入框，按 Enter 再问一次。",
        "上一個問題沒有答完，已放回輸入框，按 Enter 再問一次。",
        "Your last question was not answered in full. It is back in the box: Enter asks it again.",
    )
    status_interrupted = _Text(
        "上一个问题没有答完。",
        "上一個問題沒有答完。",
        "Your last question was not answered in full.",
    )
    status_put_back = _Text("放回输入框", "放回輸入框", "Put it into the box")
    status_updated = _Text(
        "资料库已更新，接下来的回答会用新的内容。",
        "資料庫已更新，接下來的回答會用新的內容。",
        "The collection was updated; answers from now on use the new one.",
    )

    # ---- the elder-friendly mode -------------------------------------------------------------
    care_on = _Text("关爱版", "關懷版", "Easy view")
    care_off = _Text("普通版", "一般版", "Standard view")
    care_sizes = _Text("文字大小", "文字大小", "Text size")
    care_size_1 = _Text("大字", "大字", "Large text")
    care_size_2 = _Text("更大的字", "更大的字", "Larger text")
    care_size_3 = _Text("最大的字", "最大的字", "Largest text")
    care_person = _Text("转人工", "轉人工", "Talk to a person")
    care_person_failed = _Text(
        "暂时转不了人工，请稍后再试。",
        "暫時轉不了人工，請稍後再試。",
        "This does not work at the moment. Please try again later.",
    )
    speak_reading = _Text("正在朗读…", "正在朗讀…", "Reading aloud…")
    speak_stop = _Text("停止朗读", "停止朗讀", "Stop reading")

    # ---- the keyboard ------------------------------------------------------------------------
    keys_title = _Text("键盘操作", "鍵盤操作", "Keys")
    keys_close_list = _Text("关闭", "關閉", "Close")
    keys_focus = _Text("到输入框", "到輸入框", "to the question")
    keys_send = _Text(
        "发送；Shift+Enter 换行", "送出；Shift+Enter 換行", "sends; Shift+Enter for a new line"
    )
    keys_edit = _Text(
        "输入框为空时修改上一个问题",
        "輸入框為空時修改上一個問題",
        "edits the last question, from an empty box",
    )
    keys_new = _Text("新对话", "新對話", "new chat")
    keys_history = _Text("历史对话", "歷史對話", "earlier conversations")
    keys_turn = _Text(
        "原文栏里：上一条、下一条引用（也可用 k、j）",
        "原文欄裡：上一條、下一條引用（也可用 k、j）",
        "beside an article: previous and next citation (also k, j)",
    )
    keys_close = _Text("关闭最上面的一层", "關閉最上面的一層", "closes what was opened last")
    keys_list = _Text("显示这张表", "顯示這張表", "shows this list")


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
