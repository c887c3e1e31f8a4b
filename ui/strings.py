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
    nav_token_wrong = _Text(
        "管理口令不对，请再输一次。",
        "管理口令不對，請再輸入一次。",
        "That is not the administrator's token. Try again.",
    )
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
        "用自己的话提问，简体、繁体、English 都可以。\n回答里的编号可以点开，直接看到原文中的那句话。",
        "用自己的話提問，簡體、繁體、English 都可以。\n回答裡的編號可以點開，直接看到原文中的那句話。",
        "Ask in your own words, in English or Chinese.\nThe numbers in an answer open the article at "
        "the very sentence.",
    )
    empty_index = _Text(
        "索引里还没有文章。\n请先运行 youju index 文件夹，再重新打开本页。",
        "索引裡還沒有文章。\n請先執行 youju index 資料夾，再重新打開本頁。",
        "There are no articles in the index yet.\nRun youju index FOLDER, then open this page again.",
    )
    question_label = _Text("问题", "問題", "Question")
    question_placeholder = _Text("输入您的问题", "輸入您的問題", "Type your question")
    ask = _Text("提问", "提問", "Ask")
    stop = _Text("停止", "停止", "Stop")
    new_chat = _Text("新对话", "新對話", "New chat")
    reading = _Text("正在查找…", "正在查找…", "Searching…")
    found_passages = _Text(
        "找到 {count} 个相关段落，正在整理回答…",
        "找到 {count} 個相關段落，正在整理回答…",
        "Found {count} passages, writing the answer…",
    )
    comma = _Text("、", "、", ", ")
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
    note_suggestion = _Text("您是不是要问：", "您是不是要問：", "Did you mean: ")
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
    failed_index = _Text(
        "资料库暂时读不了，详情已写入日志。请联系维护者。",
        "資料庫暫時讀不了，詳情已寫入日誌。請聯繫維護者。",
        "The collection cannot be read at the moment; the details are in the log. Tell whoever "
        "runs this service.",
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
        "找到的内容只是略有关系，不足以回答（把握约 {percent}%）。",
        "找到的內容只是略有關係，不足以回答（把握約 {percent}%）。",
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
    do_solved = _Text("已解决", "已解決", "Helpful")
    do_unsolved = _Text("没解决", "沒解決", "Not helpful")
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
    how_time_reread = _Text("细读", "細讀", "reading closely")
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
    panel_citation = _Text("引用", "引用", "Citation")
    panel_position = _Text("第 {at} / {of} 条", "第 {at} / {of} 條", "{at} of {of}")
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
    status_refused = _Text(
        "服务没能接受这个请求，可能太忙了。请稍后再试。",
        "服務沒能接受這個請求，可能太忙了。請稍後再試。",
        "The service did not take this request; it may be too busy. Try again in a moment.",
    )
    status_restarted = _Text(
        "服务刚刚重启过，对话已从这个浏览器恢复。",
        "服務剛剛重新啟動過，對話已從這個瀏覽器恢復。",
        "The service was restarted; the conversation is back from this browser.",
    )
    status_resumed = _Text(
        "上一个问题没有答完，已放回输入框，点“提问”再问一次。",
        "上一個問題沒有答完，已放回輸入框，點「提問」再問一次。",
        "Your last question was not answered in full. It is back in the box: press Ask to ask it again.",
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
    care_off = _Text("普通版", "一般版", "Full view")
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

    # ---- rating an answer --------------------------------------------------------------------
    rating_question = _Text("哪里没有解决？", "哪裡沒有解決？", "What was the matter?")
    rating_wrong = _Text("内容不对", "內容不對", "It is wrong")
    rating_outdated = _Text("信息过时", "資訊過時", "It is out of date")
    rating_not_found = _Text("没找到我要的", "沒找到我要的", "It misses what I asked")
    rating_citation = _Text("引用不支持回答", "引用不支持回答", "The citation does not support it")
    rating_other = _Text("其他", "其他", "Something else")
    rating_comment = _Text("补充说明（选填）", "補充說明（選填）", "More about it (optional)")
    rating_hint = _Text(
        "请不要写卡号、电话或证件号；写了也会被遮盖。",
        "請不要寫卡號、電話或證件號；寫了也會被遮蓋。",
        "Please leave out card, phone and identity numbers; they are masked anyway.",
    )
    rating_send = _Text("提交", "送出", "Send")
    rating_close = _Text("收起", "收起", "Close")
    rating_change = _Text("修改", "修改", "Change")
    rating_person = _Text("转人工", "轉人工", "Ask a person")
    rating_thanks_solved = _Text(
        "谢谢，已记下：解决了。", "謝謝，已記下：解決了。", "Thank you. Noted: it helped."
    )
    rating_thanks_unsolved = _Text(
        "谢谢，已记下：没解决。", "謝謝，已記下：沒解決。", "Thank you. Noted: it did not help."
    )
    rating_failed = _Text(
        "没能记下，请稍后再试。",
        "沒能記下，請稍後再試。",
        "It could not be noted. Try again later.",
    )
    rating_gone = _Text(
        "这条回答已不在记录里，无法评价。",
        "這條回答已不在記錄裡，無法評價。",
        "This answer is not in the log any more and cannot be rated.",
    )
    rating_too_often = _Text(
        "这条回答已经改过很多次，不能再改了。",
        "這條回答已經改過很多次，不能再改了。",
        "This answer was rated too often to be rated again.",
    )

    # ---- handing over to a person ------------------------------------------------------------
    handoff_title = _Text("转人工", "轉人工", "Ask a person")
    handoff_next_folder = _Text(
        "提交之后，下面的内容会保存在本服务的机器上，由值班人员查看。想收到答复，请留下联系方式；没有联系方式，他们无法主动找您。",
        "送出之後，下面的內容會保存在本服務的機器上，由值班人員查看。想收到答覆，請留下聯絡方式；沒有聯絡方式，他們無法主動找您。",
        "What is listed below is then stored on this service's machine, where the staff read it. Leave a contact if you want a reply: without one they cannot reach you.",
    )
    handoff_next_webhook = _Text(
        "提交之后，下面的内容会发送给本服务的客服系统，由客服人员处理。想收到答复，请留下联系方式；没有联系方式，他们无法主动找您。",
        "送出之後，下面的內容會傳送給本服務的客服系統，由客服人員處理。想收到答覆，請留下聯絡方式；沒有聯絡方式，他們無法主動找您。",
        "What is listed below then goes to this service's help desk, where a person takes it up. Leave a contact if you want a reply: without one they cannot reach you.",
    )
    handoff_what = _Text("会交出的内容", "會交出的內容", "What is handed over")
    handoff_nothing_yet = _Text(
        "还没有提过问题：请在下面写明您想问什么。",
        "還沒有提過問題：請在下面寫明您想問什麼。",
        "No question was asked yet: write below what you want to know.",
    )
    handoff_also = _Text(
        "连同每个回答的检索方式、找到的段落、引用与核对结果。",
        "連同每個回答的檢索方式、找到的段落、引用與核對結果。",
        "With each: how it was searched for, the passages found, the citations and how they were checked.",
    )
    handoff_masked = _Text(
        "问题、回答和留言里的卡号、电话号码、证件号已遮盖；联系方式按填写的原样交出。",
        "問題、回答和留言裡的卡號、電話號碼、證件號已遮蓋；聯絡方式按填寫的原樣交出。",
        "Card, phone and identity numbers in questions, answers and the note are masked; the contact is handed over as written.",
    )
    handoff_note = _Text("留言", "留言", "Note")
    handoff_note_label = _Text(
        "想对工作人员说的（选填）", "想對工作人員說的（選填）", "A note to the staff (optional)"
    )
    handoff_note_needed = _Text("您想问什么", "您想問什麼", "What you want to know")
    handoff_contact = _Text("联系方式", "聯絡方式", "Contact")
    handoff_contact_label = _Text(
        "联系方式：电话、邮箱或工号（选填）",
        "聯絡方式：電話、電郵或工號（選填）",
        "Contact: phone, e-mail or staff number (optional)",
    )
    handoff_send = _Text("提交给人工", "送出給人工", "Hand over")
    handoff_sending = _Text("正在提交…", "正在送出…", "Handing over…")
    handoff_cancel = _Text("取消", "取消", "Cancel")
    handoff_done = _Text("完成", "完成", "Done")
    handoff_reference = _Text("受理编号", "受理編號", "Reference")
    handoff_keep = _Text(
        "请记下编号，询问进展时报出即可。",
        "請記下編號，詢問進展時報出即可。",
        "Please note it; it finds your request again.",
    )
    handoff_stored = _Text(
        "已保存，值班人员会看到。",
        "已保存，值班人員會看到。",
        "It is stored; the staff will find it.",
    )
    handoff_sent = _Text("已送达客服系统。", "已送達客服系統。", "It has reached the help desk.")
    handoff_waiting = _Text(
        "客服系统暂时没有回应。内容已妥善保存，会自动继续发送，您不必重复提交。",
        "客服系統暫時沒有回應。內容已妥善保存，會自動繼續傳送，您不必重複送出。",
        "The help desk does not answer at the moment. Your request is kept and sent again by itself; there is no need to repeat it.",
    )
    handoff_failed_now = _Text(
        "没能交给人工。请点“保存副本”，再通过您平时的联系渠道交给工作人员。",
        "沒能交給人工。請點「保存副本」，再透過您平時的聯絡管道交給工作人員。",
        "It could not be handed over. Save the copy and pass it on by the way you usually reach the staff.",
    )
    handoff_offline = _Text(
        "没能提交：连不上服务。您写的内容还在，请稍后再试。",
        "沒能送出：連不上服務。您寫的內容還在，請稍後再試。",
        "Not handed over: the service cannot be reached. What you wrote is still here; try again later.",
    )
    handoff_refused = _Text(
        "没能提交，您写的内容还在。请稍后再试，或通过您平时的联系渠道询问。",
        "沒能送出，您寫的內容還在。請稍後再試，或透過您平時的聯絡管道詢問。",
        "Not handed over; what you wrote is still here. Try again later, or ask by the way you usually reach the staff.",
    )
    handoff_busy = _Text(
        "提交的人太多，这次没能交给人工。请点“保存副本”，再通过您平时的联系渠道交给工作人员；也可以过十分钟再提交。",
        "送出的人太多，這次沒能交給人工。請點「保存副本」，再透過您平時的聯絡管道交給工作人員；也可以過十分鐘再送出。",
        "Too many requests at once: yours was not handed over. Save the copy and pass it on by the way you usually reach the staff, or try again in ten minutes.",
    )
    handoff_left_out = _Text(
        "较早的 {count} 个问题没有收入：这里只有最近的对话。",
        "較早的 {count} 個問題沒有收入：這裡只有最近的對話。",
        "Left out: the first {count} questions. Here is the latest of the conversation.",
    )
    handoff_without_contact = _Text(
        "您没有留下联系方式：请凭编号主动询问。",
        "您沒有留下聯絡方式：請憑編號主動詢問。",
        "You left no contact: please ask again with the reference.",
    )
    handoff_with_contact = _Text(
        "工作人员会用您留下的联系方式答复。",
        "工作人員會用您留下的聯絡方式答覆。",
        "The staff will reply to the contact that you left.",
    )
    handoff_save_page = _Text("保存副本（网页）", "保存副本（網頁）", "Save a copy (page)")
    handoff_save_json = _Text("保存副本（JSON）", "保存副本（JSON）", "Save a copy (JSON)")
    handoff_at = _Text("提交时间", "送出時間", "Handed over")
    handoff_generation = _Text("索引版本", "索引版本", "Index")
    handoff_no_contact = _Text("未留下", "未留下", "none left")
    handoff_empty = _Text(
        "提交前没有提过问题。", "送出前沒有提過問題。", "No question was asked before."
    )
    handoff_answered = _Text("已回答", "已回答", "answered")
    handoff_declined = _Text("未作答", "未作答", "declined")
    handoff_stopped = _Text("被停止", "被停止", "stopped")
    handoff_failed = _Text("出错", "出錯", "failed")
    handoff_changed = _Text(
        "未能核实：浏览器交来的这条回答，与本服务当时给出的不一致。",
        "未能核實：瀏覽器交來的這條回答，與本服務當時給出的不一致。",
        "Not verified: the browser sent another answer than the one that this service gave.",
    )
    handoff_unknown = _Text(
        "未能核实：本服务没有这条回答的记录，以下按浏览器交来的内容列出；引文已与文章核对。",
        "未能核實：本服務沒有這條回答的記錄，以下按瀏覽器交來的內容列出；引文已與文章核對。",
        "Not verified: this service has no record of this answer; it stands as the browser sent it. Quotes were compared with the articles.",
    )
    handoff_searched = _Text("检索时补全为", "檢索時補全為", "Searched as")
    handoff_alias = _Text("同时查了", "同時查了", "Other names")
    handoff_dates = _Text("识别的日期", "識別的日期", "Dates read")
    handoff_suggestion = _Text("可能想问", "可能想問", "May have meant")
    handoff_undone = _Text("撤销了", "撤銷了", "Taken back")
    handoff_without_rewriting = _Text("接上文补全", "接上文補全", "completing from the dialogue")
    handoff_without_aliases = _Text("查别名", "查別名", "other names")
    handoff_without_dates = _Text("按日期限制", "按日期限制", "dates")
    handoff_filters = _Text("筛选", "篩選", "Filters")
    handoff_fallback = _Text("改为摘录原句", "改為摘錄原句", "Quotes instead")
    handoff_fell_back = _Text(
        "语言模型没能答完，原因见服务的日志。",
        "語言模型沒能答完，原因見服務的日誌。",
        "The language model failed; the service's log says why.",
    )
    handoff_suggestions = _Text("建议过的问题", "建議過的問題", "Questions offered")
    handoff_citations = _Text("引用", "引用", "Citations")
    handoff_passages = _Text("找到的段落", "找到的段落", "Passages found")
    handoff_unverified = _Text(
        "未能核实：现在的索引里，这个位置不是这段文字。下面是浏览器交来的内容，不能当作文章原文：",
        "未能核實：目前的索引裡，這個位置不是這段文字。下面是瀏覽器交來的內容，不能當作文章原文：",
        "Not verified: the index does not have these words at this place. What follows was sent by the browser; do not take it for the article's:",
    )
    handoff_gone = _Text(
        "这段文字已不在现在的索引里。",
        "這段文字已不在目前的索引裡。",
        "This passage is not in the index any more.",
    )

    # ---- operations --------------------------------------------------------------------------
    operations_heading = _Text("运营", "營運", "Operations")
    operations_today = _Text("今天", "今天", "Today")
    operations_week = _Text("近 7 天", "近 7 天", "7 days")
    operations_month = _Text("近 30 天", "近 30 天", "30 days")
    operations_quarter = _Text("近 90 天", "近 90 天", "90 days")
    operations_since = _Text("从", "從", "From")
    operations_until = _Text("到", "到", "To")
    operations_apply = _Text("查看", "查看", "Show")
    operations_range = _Text("时间范围", "時間範圍", "Range of dates")
    operations_loading = _Text("正在汇总…", "正在彙總…", "Adding up…")
    operations_error = _Text(
        "没能读取。原因记在服务的日志里，可以稍后再试。",
        "沒能讀取。原因記在服務的日誌裡，可以稍後再試。",
        "It could not be read; the service's log says why. Try again later.",
    )
    operations_bad_range = _Text(
        "请选一个起始日不晚于截止日的时间范围。",
        "請選一個起始日不晚於截止日的時間範圍。",
        "Choose a first day that is not after the last.",
    )
    operations_stale = _Text(
        "选中的问题已经没有了，请刷新页面再选。",
        "選取的問題已經沒有了，請重新整理頁面再選。",
        "What you chose is not there any more. Reload the page and choose again.",
    )
    operations_offline = _Text(
        "连不上服务，请检查它是否还在运行。",
        "連不上服務，請檢查它是否還在執行。",
        "The service cannot be reached. Is it still running?",
    )
    operations_retry = _Text("重试", "重試", "Try again")
    operations_no_token = _Text(
        "查看运营数据需要管理口令。",
        "查看營運資料需要管理口令。",
        "The figures need the administrator's token.",
    )
    operations_enter_token = _Text("输入管理口令", "輸入管理口令", "Enter the token")
    operations_forbidden = _Text(
        "本页只在本机开放。要从别处查看，请设置环境变量 YOUJU_ADMIN_TOKEN 后重新启动服务。",
        "本頁只在本機開放。要從別處查看，請設定環境變數 YOUJU_ADMIN_TOKEN 後重新啟動服務。",
        "This page is open to the machine itself alone. To read it from elsewhere, set YOUJU_ADMIN_TOKEN and start the service anew.",
    )
    operations_kept = _Text(
        "问题在记录前已遮盖卡号、电话和证件号；记录只存在本机，保留 {days} 天。",
        "問題在記錄前已遮蓋卡號、電話和證件號；記錄只存在本機，保留 {days} 天。",
        "Card, phone and identity numbers are masked before anything is written; the log stays on this machine for {days} days.",
    )
    operations_off = _Text("记录已关闭", "記錄已關閉", "The log is off")
    operations_off_text = _Text(
        "设置里 [page] log = false：不记录任何问题，也不收评价。",
        "設定裡 [page] log = false：不記錄任何問題，也不收評價。",
        "The settings say [page] log = false: no question is kept, and no rating taken.",
    )
    operations_off_old = _Text(
        "下面是关闭之前的记录，到期会自动删除；想现在就删，请删除索引文件夹旁的 {file}。",
        "下面是關閉之前的記錄，到期會自動刪除；想現在就刪，請刪除索引資料夾旁的 {file}。",
        "What follows was kept before that and is removed when its days are over; to remove it now, delete {file} beside the folder of the index.",
    )
    operations_problem = _Text(
        "记录写不进去：{problem}", "記錄寫不進去：{problem}", "The log cannot be written: {problem}"
    )
    operations_dropped = _Text(
        "启动以来有 {count} 条没能记下，详情见服务日志。",
        "啟動以來有 {count} 條沒能記下，詳情見服務日誌。",
        "{count} rows could not be written since the start; the service's log says why.",
    )
    operations_empty = _Text(
        "这段时间还没有提问", "這段時間還沒有提問", "Nothing was asked in these days"
    )
    operations_empty_text = _Text(
        "换一个时间范围，或者等第一批问题进来。",
        "換一個時間範圍，或者等第一批問題進來。",
        "Choose another range, or wait for the first questions.",
    )
    operations_questions = _Text("提问", "提問", "Questions")
    operations_answered = _Text("已回答", "已回答", "Answered")
    operations_declined = _Text("未作答", "未作答", "Declined")
    operations_stopped = _Text("被停止", "被停止", "Stopped")
    operations_failed = _Text("出错", "出錯", "Failed")
    operations_handed_off = _Text("转人工", "轉人工", "Handed off")
    operations_abandoned = _Text("放弃", "放棄", "Abandoned")
    operations_abandoned_hint = _Text(
        "没有得到回答，半小时内没有再问、评价或转人工",
        "沒有得到回答，半小時內沒有再問、評價或轉人工",
        "ended without an answer, and nothing followed for half an hour",
    )
    operations_unsolved = _Text("没解决", "沒解決", "Not solved")
    operations_rated = _Text("评价", "評價", "Rated")
    operations_solved = _Text("解决了", "解決了", "Solved")
    operations_satisfaction = _Text("满意度", "滿意度", "Satisfaction")
    operations_of_rated = _Text("{count} 个评价", "{count} 個評價", "of {count} ratings")
    operations_of_all = _Text("占 {share}", "佔 {share}", "{share} of all")
    operations_none = _Text("暂无", "暫無", "none")
    operations_volume = _Text("提问量与结果", "提問量與結果", "Questions and what came of them")
    operations_volume_label = _Text(
        "按时间的提问量：共 {count} 个，最多一段 {most} 个",
        "按時間的提問量：共 {count} 個，最多一段 {most} 個",
        "Questions over time: {count} in all, {most} at most",
    )
    operations_satisfaction_label = _Text(
        "按时间的满意度：{count} 个评价中 {share} 表示解决了",
        "按時間的滿意度：{count} 個評價中 {share} 表示解決了",
        "Satisfaction over time: {share} of {count} ratings say solved",
    )
    operations_day = _Text("日期", "日期", "Day")
    operations_by_week = _Text("按周", "按週", "by week")
    operations_by_month = _Text("按月", "按月", "by month")
    operations_table = _Text("数据表", "資料表", "Table")
    operations_save_csv = _Text("导出 CSV", "匯出 CSV", "Save as CSV")
    operations_reasons = _Text("没解决的原因", "沒解決的原因", "Why not")
    operations_latency = _Text("响应时间（毫秒）", "回應時間（毫秒）", "Latency (milliseconds)")
    operations_moment = _Text("时刻", "時刻", "Moment")
    operations_first_evidence = _Text("首个依据", "首個依據", "First evidence")
    operations_first_sentence = _Text("首句", "首句", "First sentence")
    operations_total = _Text("全文", "全文", "Whole answer")
    operations_measured = _Text("次数", "次數", "Count")
    operations_failing = _Text("没帮上忙的问题", "沒幫上忙的問題", "Questions that were not helped")
    operations_failing_text = _Text(
        "未作答、出错、没解决、转人工或放弃的问题，按意思归类，最多的在前。",
        "未作答、出錯、沒解決、轉人工或放棄的問題，按意思歸類，最多的在前。",
        "Declined, failed, not solved, handed off or abandoned; brought together by meaning, the most frequent first.",
    )
    operations_failing_none = _Text("没有这样的问题。", "沒有這樣的問題。", "There are none.")
    operations_top = _Text("问得最多的", "問得最多的", "Asked most")
    operations_gaps = _Text("资料缺口", "資料缺口", "Knowledge gaps")
    operations_gaps_text = _Text(
        "未作答，而且最接近的文章也相去甚远：资料库里可能缺这方面的文章。",
        "未作答，而且最接近的文章也相去甚遠：資料庫裡可能缺這方面的文章。",
        "Declined, and even the nearest article is far from them: the collection may lack articles on these.",
    )
    operations_gaps_none = _Text("没有发现缺口。", "沒有發現缺口。", "None were found.")
    operations_nearest = _Text("最接近的文章", "最接近的文章", "Nearest articles")
    operations_oldest = _Text("引用到的最旧文章", "引用到的最舊文章", "Oldest articles cited")
    operations_oldest_none = _Text(
        "没有引用过有日期的文章。", "沒有引用過有日期的文章。", "No dated article was cited."
    )
    operations_article = _Text("文章", "文章", "Article")
    operations_published = _Text("日期", "日期", "Published")
    operations_cited = _Text("引用次数", "引用次數", "Cited")
    operations_outdated = _Text("被评过时", "被評過時", "Called outdated")
    operations_times = _Text("{count} 次", "{count} 次", "{count}×")
    operations_wordings = _Text("{count} 种说法", "{count} 種說法", "{count} wordings")
    operations_examples = _Text("例子", "例子", "Examples")
    operations_choose = _Text("选中：{label}", "選取：{label}", "Choose: {label}")
    operations_export = _Text(
        "把选中的导出为评测草稿（{count}）",
        "把選取的匯出為評測草稿（{count}）",
        "Save {count} chosen as draft cases",
    )
    operations_export_hint = _Text(
        "草稿由 youju eval run 读取；请先逐条核对再去掉 draft 标签。",
        "草稿由 youju eval run 讀取；請先逐條核對再去掉 draft 標籤。",
        "Drafts for youju eval run; read each one and put it right before its tag draft goes.",
    )
    operations_exported = _Text("已导出 {name}", "已匯出 {name}", "Saved {name}")

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
        "这里没有开启管理功能。要从其他机器查看和管理资料库，请让运行服务的人设置管理口令（YOUJU_ADMIN_TOKEN）。",
        "這裡沒有開啟管理功能。要從其他機器查看和管理資料庫，請讓執行服務的人設定管理口令（YOUJU_ADMIN_TOKEN）。",
        "Administration is off here. To see and change the collection from another machine, whoever runs the service has to set YOUJU_ADMIN_TOKEN.",
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
        "这些文件或记录没有收录，也不会只收一部分。改好之后点“检查更新”，会重新读取。",
        "這些檔案或記錄沒有收錄，也不會只收一部分。改好之後點「檢查更新」，會重新讀取。",
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
    collection_fault_size = _Text("文件太大", "檔案太大", "Too large")
    collection_fault_scan = _Text("扫描件，没有文字", "掃描件，沒有文字", "A scan without text")
    collection_fault_original = _Text("文字已损坏", "文字已損壞", "Damaged text")
    collection_fault_encoding = _Text("编码不能确定", "編碼無法確定", "Encoding not certain")
    collection_fault_permission = _Text("没有读取权限", "沒有讀取權限", "No permission to read it")
    collection_fault_link = _Text("链接失效", "連結失效", "A link that leads nowhere")
    collection_fault_identity = _Text("编号与另一条相同", "編號與另一條相同", "Its id is taken")
    collection_fault_empty = _Text("没有正文", "沒有正文", "No text")
    collection_fault_record = _Text("这条记录写错了", "這條記錄寫錯了", "A record that is wrong")
    collection_fault_format = _Text(
        "打不开，或不是支持的格式",
        "打不開，或不是支援的格式",
        "Broken, or in a format that is not read",
    )
    collection_fault_other = _Text("没能读取", "沒能讀取", "It could not be read")
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
        "每次改动都会另存为新版本，旧版本原样保留，随时可以回退。",
        "每次改動都會另存為新版本，舊版本原樣保留，隨時可以回退。",
        "Each change is kept as a new generation beside the old ones, so that you can go back at any time.",
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
    collection_stop = _Text("停止", "停止", "Stop")
    collection_stopping = _Text("正在停止…", "正在停止…", "Stopping…")
    collection_stopped = _Text(
        "{job}：已停止，资料库没有改动。",
        "{job}：已停止，資料庫沒有改動。",
        "{job}: stopped; the collection is as it was.",
    )
    collection_stopped_uploads = _Text(
        "上传的文件已经存好，下次“检查更新”时收录。",
        "上傳的檔案已經存好，下次「檢查更新」時收錄。",
        "The uploaded files are kept; the next check for changes takes them in.",
    )
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
    collection_warnings = _Text("提醒 {count}", "提醒 {count}", "Warnings: {count}")

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
    collection_error_token = _Text(
        "资料库要输入管理口令才能查看。",
        "資料庫要輸入管理口令才能查看。",
        "The administrator's token is needed to see the collection.",
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
