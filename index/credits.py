"""Credit lines: who wrote, edited and published an article, and when, as pages print it.

Comes in: one line. Goes out: whether it is a credit line ("责任编辑:…", "来源：…  作者：…",
"2020-05-12 10:30 新华网", "By X, March 3, 2021") and the labelled values that it holds. Patterns
are written in simplified characters and half width and matched on folded text.
"""

import re

from index.dates import find_dates
from index.fold import fold

__all__ = [
    "BYLINE",
    "CREDIT_TAIL",
    "TIME",
    "URL",
    "add_value",
    "has_label",
    "is_credit",
    "is_name",
    "is_stamp",
    "is_weak_credit",
    "read_labels",
]

_LABELS = {
    "来源": "source", "文章来源": "source", "本文来源": "source", "信息来源": "source",
    "新闻来源": "source", "稿件来源": "source", "资料来源": "source", "消息来源": "source",
    "内容来源": "source", "原文来源": "source", "稿源": "source", "转载自": "source",
    "转自": "source", "摘自": "source", "出处": "source", "source": "source",
    "作者": "author", "撰文": "author", "撰稿": "author", "文": "author", "author": "author",
    "written by": "author", "by": "author", "记者": "author", "本报记者": "author",
    "责任编辑": "editor", "执行编辑": "editor", "值班编辑": "editor", "本文编辑": "editor",
    "本期编辑": "editor", "网络编辑": "editor", "责编": "editor", "编辑": "editor",
    "编审": "editor", "editor": "editor", "editors": "editor",
    "发布时间": "date", "发布日期": "date", "发表时间": "date", "发稿时间": "date", "日期": "date",
    "时间": "date", "发布": "date", "published": "date", "date": "date", "posted": "date",
    "posted on": "date", "published on": "date",
    "更新时间": "updated", "更新日期": "updated", "更新": "updated", "updated": "updated",
    "原标题": "original_title", "原题": "original_title", "原文标题": "original_title",
    "关键词": "tags", "关键字": "tags", "标签": "tags", "tags": "tags", "keywords": "tags",
    "原文链接": "url", "来源链接": "url", "本文链接": "url", "文章链接": "url", "原文地址": "url",
    "原文": "url", "链接": "url", "url": "url", "link": "url",
    "主编": "other", "校对": "other", "审校": "other", "审核": "other", "监制": "other",
    "排版": "other", "美编": "other", "制图": "other", "文字": "other", "图片": "other",
    "阅读": "other", "浏览": "other", "点击": "other", "评论": "other", "字号": "other",
    "字体": "other", "分享": "other", "分享到": "other", "打印": "other", "views": "other",
}  # fmt: skip
_LABEL = re.compile(
    r"(?:(?<=[\s|,;()\[\]【】<>丨/])|^)("
    + "|".join(sorted(map(re.escape, _LABELS), key=len, reverse=True))
    + r")(?:\s*:\s*|\s*/\s*(?!\d)|\s+(?=\S))"
)
URL = re.compile(r"(?:https?:)?//[^\s<>()\[\]\"'，。；]+", re.IGNORECASE)
TIME = re.compile(
    r"\d{1,2}:\d{2}(?::\d{2})?\s*(?:am|pm)?|[上下]午|(?:utc|gmt|cst|est|edt)\b|\+0?8:?00"
)

BYLINE = re.compile(
    r"^by\s+(?P<name>[a-z][a-z.'\- ]{1,60}?)(?=\s*(?:[,|;•·–—(]|-\s|$|\bon\b|\d|(?:jan|feb|mar|"
    r"apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*\.?\s+\d))"
)
_CREDIT_LABEL = (
    r"(?:责任编辑|执行编辑|值班编辑|本文编辑|本期编辑|网络编辑|责编|编辑|编审|主编|校对|审校|"
    r"审核|监制|排版|美编|制图|"
    r"文章来源|本文来源|信息来源|新闻来源|稿件来源|资料来源|消息来源|内容来源|原文来源|来源|"
    r"稿源|转载自|转自|摘自|出处|"
    r"原标题|原题|原文标题|作者|撰文|撰稿|文/图|图/文|文字|发布时间|发布日期|发表时间|更新时间|"
    r"更新日期|发稿时间|日期|时间|发布|更新|"
    r"关键词|关键字|标签|source|editor|editors|author|published|updated|date|posted( on)?|"
    r"written by)"
)
_CREDIT_LINE = re.compile(
    rf"^[(【\[「]?\s*{_CREDIT_LABEL}\s*(?:[::]|/(?!\d)|\s(?=\S+$))\s*\S|^(?:文|图|作者|"
    rf"编辑)\s*/\s*\S"
)
_ORIGINAL_TITLE = re.compile(r"^[(【\[]?\s*原(文)?标?题\s*:")
CREDIT_TAIL = re.compile(
    r"\s*[(【\[]\s*(?:责任编辑|责编|编辑|文章来源|本文来源|稿件来源|来源|原标题|作者|转载自|"
    r"转自)\s*[::]\s*[^()【】\[\]。]{1,60}[)】\]]$"
)
# "时间:周五下午三点" says when something takes place; a page's own date has its year.
_DATE_LABEL = re.compile(r"^[(【\[「]?\s*(?:时间|日期|date)\s*:")
_WEAK_LABEL = re.compile(
    r"^[(【\[「]?\s*(?:来源|出处|作者|编辑|文字|文|图|发布|更新|时间|日期|标签|source|author|"
    r"editors?|published|updated|date|posted( on)?)\s*(?:[:/]|\s)"
)
_CREDIT_MAX = 90


def is_credit(text: str) -> bool:
    """Tell whether a folded line is nothing but labels and their values.

    >>> is_credit("责任编辑:王小明"), is_credit("编辑:您怎么看这件事?")
    (True, False)
    """
    if _ORIGINAL_TITLE.match(text):
        # Scraped pages run it into the text: 原标题:某事 某日,…。 A title has no full stop.
        return len(text) <= 200 and "。" not in text
    if len(text) > _CREDIT_MAX or not _CREDIT_LINE.match(text):
        return False
    if _DATE_LABEL.match(text) and not find_dates(text):
        return False
    value = re.split(r"[::/\s]", text, maxsplit=1)[-1]
    if "来源" in text[:6] or text.startswith(("source", "(来源", "稿源")):
        value = value.rstrip("。")
    # "编辑:您怎么看?" is a turn of an interview, "来源:…,比去年增加" a sentence.
    return not re.search(r"[!?;…。]|,.*,", value)


def is_weak_credit(text: str) -> bool:
    """Tell whether a credit line has but one label, which an article may use in its own words.

    >>> is_weak_credit("来源:收入主要来自手续费"), is_weak_credit("来源:城市日报 作者:李小明")
    (True, False)
    """
    return (
        _WEAK_LABEL.match(text) is not None
        and len(_LABEL.findall(text)) <= 1
        and not find_dates(text)
    )


def is_stamp(text: str) -> bool:
    """Tell whether a line holds a date and hardly more: "2020-05-12 10:30 来源:新华网 阅读 12".

    >>> is_stamp("2020年5月12日 10:30 新华网"), is_stamp("2020年5月12日,工行发布年报")
    (True, False)
    """
    if len(text) > _CREDIT_MAX:
        return False
    folded = fold(text)
    found = find_dates(folded)
    if found and (by := BYLINE.match(folded)):
        return by.end("name") < found[0][1]
    if not found or re.search(r"[。!?;]|[,、](?!\s*(?:19|20)\d\d)", _masked(folded)):
        return False
    rest = _masked(folded)
    rest = TIME.sub(" ", rest)
    labels = _LABEL.findall(rest)
    rest = re.sub(
        r"星期[一二三四五六日天]|(?:mon|tues?|wed(?:nes)?|thu(?:rs)?|fri|sat(?:ur)?|"
        r"sun)(?:day)?\b|北京时间|[\W\d_]+",
        " ",
        rest,
    )
    words = len(rest.replace(" ", "")) / (3 if rest.isascii() else 1)
    return words <= (40 if labels else 10)


# The surnames that four fifths of all Chinese share, and the commonest double ones.
_SURNAMES = frozenset(
    "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗梁宋郑谢韩唐冯于董萧程曹袁邓许傅沈曾彭吕苏卢蒋蔡贾"
    "丁魏薛叶阎余潘杜戴夏钟汪田任姜范方石"
    "姚谭廖邹熊金陆郝孔白崔康毛邱秦江史顾侯邵孟龙万段雷钱汤尹黎易常武乔贺赖龚文庞樊兰殷施陶洪翟"
    "安颜倪严牛温芦季俞章鲁葛伍韦申尤毕聂丛"
    "焦向柳邢路岳齐梅莫庄辛管祝左涂谷祁时舒耿牟卜詹关苗凌费纪靳盛童欧甄项曲成游阳裴席卫查屈鲍位"
    "覃霍翁隋植甘景薄单包司柏宁柯阮桂闵欧阳"
)
_DOUBLE_SURNAMES = (
    "欧阳", "上官", "司马", "诸葛", "司徒", "东方", "皇甫", "尉迟", "公孙", "慕容", "令狐",
    "夏侯",
)  # fmt: skip


def is_name(text: str) -> bool:
    """Tell whether folded text is a Chinese personal name: a known surname and one or two more."""
    if not re.fullmatch("[\u4e00-\u9fff·]{2,4}", text):
        return False
    if text.startswith(_DOUBLE_SURNAMES):
        return len(text) in (3, 4)
    return len(text) <= 3 and text[0] in _SURNAMES


def has_label(text: str) -> bool:
    """Tell whether a line names what it holds ("来源:")."""
    return _LABEL.search(fold(text)) is not None


def _masked(folded: str) -> str:
    for _, start, end in find_dates(folded):
        folded = folded[:start] + " " * (end - start) + folded[end:]
    return folded


def read_labels(text: str, values: dict[str, str]) -> None:
    """Read "label: value" pairs off a credit line, whatever separates them."""
    folded = fold(text)
    matches = list(_LABEL.finditer(folded))
    for i, match in enumerate(matches):
        name = _LABELS[match[1]]
        end = matches[i + 1].start() if i + 1 < len(matches) else len(text)
        value = text[match.end() : end].strip()
        if name == "original_title":
            add_value(values, name, text[match.end() :])
            return
        if name == "other" or not value:
            continue
        if name == "url":
            link = URL.search(value)
            value = link[0] if link else ""
        elif name in ("source", "author"):
            value = _without_stamp(value)
        add_value(values, name, value)


def _without_stamp(value: str) -> str:
    """Cut date and time off the end of a name: "新华网 2020-05-12 10:30"."""
    folded = fold(value)
    found = find_dates(folded)
    cut = min(
        [start for _, start, _ in found] + [m.start() for m in TIME.finditer(folded)]
        or [len(value)]
    )
    return value[:cut]


def add_value(values: dict[str, str], name: str, value: str) -> None:
    """Keep the first value of a name, without the punctuation around it."""
    value = value.strip(" \t:：|/,，;；()（）[]【】<>")
    if value and name not in values:
        values[name] = value
