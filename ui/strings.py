"""Every text that the page shows of its own accord, in one table per language.

A language is one :class:`Strings`; a text that is missing from it does not construct. Texts
with ``{…}`` are filled by ``str.format``. No text here comes from an article.
"""

from dataclasses import dataclass

__all__ = ["SIMPLIFIED", "Strings"]


@dataclass(frozen=True, slots=True)
class Strings:
    """The texts of one language. ``tag`` is its BCP 47 tag, for ``<html lang>``."""

    tag: str
    brand: str
    brand_latin: str
    document_title: str
    collection: str
    collection_undated: str
    built: str
    empty_heading: str
    empty_text: str
    empty_index: str
    question_label: str
    question_placeholder: str
    ask: str
    stop: str
    new_chat: str
    reading: str
    found_passages: str
    searched: str
    note_alias: str
    note_dates_only: str
    note_dates_preferred: str
    note_suggestion: str
    undo_rewriting: str
    undo_aliases: str
    undo_dates: str
    ask_suggestion: str
    citation: str
    citations: str
    passages: str
    nearest_passages: str
    no_passages: str
    stopped: str
    failed: str
    failed_inside: str
    too_long: str
    not_askable: str
    untitled: str
    partly: str
    unsupported: str
    uncited: str
    added: str
    as_of: str
    fell_back: str
    checked: str
    panel_label: str
    panel_close: str
    panel_previous: str
    panel_next: str
    panel_position: str
    panel_passage: str
    panel_loading: str
    panel_error: str
    panel_gone: str
    panel_retry: str
    panel_original: str
    panel_cut: str
    panel_show_all: str
    panel_damage: str


SIMPLIFIED = Strings(
    tag="zh-CN",
    brand="有据",
    brand_latin="Youju",
    document_title="有据 Youju · 言之有据",
    collection="{articles} 篇文章 · {chunks} 个片段 · {earliest} 至 {latest}",
    collection_undated="{articles} 篇文章 · {chunks} 个片段",
    built="索引更新于 {built}",
    empty_heading="想查什么？",
    empty_text=(
        "用自己的话提问，简体、繁体、English 都可以。回答里的编号可以点开，直接看到原文中的那句话。"
    ),
    empty_index="索引里还没有文章。请先运行 youju index 文件夹，再重新打开本页。",
    question_label="问题 Question",
    question_placeholder="输入问题，按 Enter 发送",
    ask="提问",
    stop="停止",
    new_chat="新对话",
    reading="正在查找…",
    found_passages="找到 {count} 个相关段落，正在整理回答…",
    searched="按此检索：",
    note_alias="{said} 也查 {names}",
    note_dates_only="{said}：只查 {since} 至 {until} 的文章",
    note_dates_preferred="{said}：优先 {since} 至 {until} 的文章",
    note_suggestion="您是不是要问：{text}",
    undo_rewriting="不接上文，重新查",
    undo_aliases="不查别名，重新查",
    undo_dates="不限日期，重新查",
    ask_suggestion="改用建议的写法提问",
    citation="引用",
    citations="引用 Citations",
    passages="检索到的段落（{count}）",
    nearest_passages="最接近的段落 Nearest passages",
    no_passages="没有找到任何相关段落，换个说法或更具体的名称试试。",
    stopped="已停止。",
    failed="这个问题没能答完",
    failed_inside="服务内部出错，详情已写入日志。请重试；如果一直如此，请联系维护者。",
    too_long="问题太长：最多 {max_chars} 个字，现在有 {chars} 个。",
    not_askable="里面没有可以查找的内容。请至少写一个词、一个名称或一个数字。",
    untitled="（无标题）",
    partly="部分有据",
    unsupported="缺少依据",
    uncited="未标出处",
    added="（{words}）",
    as_of="（{day}）",
    fell_back="语言模型没能答完，以下为文章原句：",
    checked="逐句核对：{supported} 句有据，{others} 句存疑，去掉了 {keys} 个不存在的编号。",
    panel_label="原文 Article",
    panel_close="关闭原文",
    panel_previous="上一条引用",
    panel_next="下一条引用",
    panel_position="引用 {n} · 第 {at} / {of} 条",
    panel_passage="段落",
    panel_loading="正在打开原文…",
    panel_error="原文没能打开，请检查服务是否还在运行。",
    panel_gone="这篇文章已不在当前索引里。",
    panel_retry="重试",
    panel_original="打开原始网页",
    panel_cut="（此处略去 {chars} 个字）",
    panel_show_all="显示全文",
    panel_damage="来源文件此处已损坏",
)
