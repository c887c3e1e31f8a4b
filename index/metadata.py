"""Who wrote an article, where and when it appeared: read from its own words, its path, its fields.

Comes in: what the document declares, the lines that cleaning took out, the lines that stayed, and
the path. Goes out: title, author, source, date, url, tags, and the rest as metadata. Declared
fields come before what the lines say, those before the path. A date that the text merely mentions
is never the date of publication; a dateline without a year stays without one unless another full
date close to it gives the year.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import PurePosixPath

from index.clean import Reason, Removed, is_prose
from index.credits import (
    BYLINE,
    TIME,
    URL,
    add_value,
    has_label,
    is_name,
    is_stamp,
    read_labels,
)
from index.datelines import Dateline, opens_with_dateline, read_datelines
from index.dates import Day, find_dates, parse_date
from index.fold import fold
from index.formats.parsed import Block, Kind

__all__ = [
    "Clues", "cut_signature", "find_clues", "is_byline", "is_headline", "path_date",
    "path_title", "same_words", "shorten", "split_tags",
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Clues:
    """What the lines of a document say about it. ``extra`` goes into the article's metadata."""

    author: str | None = None
    source: str | None = None
    publisher: str | None = None
    published: Day | None = None
    url: str | None = None
    tags: tuple[str, ...] = ()
    extra: Mapping[str, object] = field(default_factory=dict)


# --- the path ------------------------------------------------------------------------------------

_PATH_DATE = re.compile(r"(?<!\d)((?:19|20)\d\d)([-_.]?)(\d\d)\2(\d\d)(?!\d)")
_FOLDER_DATE = re.compile(r"(?:^|/)((?:19|20)\d\d)[/-](\d\d)(?:[/-](\d\d))?(?:/|$)")
# Names that say what kind of file it is, not what it is about.
_EMPTY_NAMES = frozenset(
    [
        "index", "readme", "article", "articles", "doc", "document", "untitled", "new", "page",
        "post", "posts", "text", "file", "data", "output", "input", "test", "sample", "news",
        "content", "main", "default", "copy", "item", "record", "scan", "tmp", "temp",
        "download", "新建文本文档", "无标题", "未命名", "文章", "正文", "文档", "新闻",
    ]
)  # fmt: skip


def path_date(path: str) -> Day | None:
    """The date in a file's name (2020-05-12-x.md, 20200512_x.txt) or in its folders (2020/05/12).

    >>> path_date("posts/20200512_report.txt")
    Day(value=datetime.date(2020, 5, 12), precision='day')
    """
    pure = PurePosixPath(path)
    match = _PATH_DATE.search(pure.name)
    parts = [match[1], match[3], match[4]] if match else None
    if parts is None and (match := _FOLDER_DATE.search(str(pure.parent))) and match[3]:
        parts = [match[1], match[2], match[3]]
    if parts is None:
        named = find_dates(fold(pure.stem))
        return named[0][0] if named else None
    try:
        return Day(date(*map(int, parts)), "day")
    except ValueError:
        return None


def path_title(path: str) -> str | None:
    """The title that a file's name carries, None where it is a number, a hash or a generic word.

    >>> path_title("posts/2020-05-12-银行客服转型.md"), path_title("a/002_0119d893c273449f.txt")
    ('银行客服转型', None)
    """
    stem = PurePosixPath(path).stem
    stem = _PATH_DATE.sub(" ", stem)
    words = [w for w in re.split(r"[\s_\-+.]+", stem) if w]
    words = [w for w in words if not re.fullmatch(r"\d+|(?=\w*\d)[0-9a-fA-F]{6,}|v\d+", w)]
    title = " ".join(words)
    if len(re.findall("[\u3041-\u30ff\u3400-\u9fff\uac00-\ud7a3]", title)) >= 2:
        return None if title in _EMPTY_NAMES else title
    latin = [w for w in words if len(w) >= 3 and w.isalpha() and w.lower() not in _EMPTY_NAMES]
    return title if latin and (len(latin) >= 2 or len(latin[0]) >= 4) else None


# --- titles --------------------------------------------------------------------------------------

_HEADLINE_MAX, _HEADLINE_MAX_LATIN = 64, 160
_CUT_MAX, _CUT_MAX_LATIN = 40, 90


def is_headline(text: str) -> bool:
    """Tell whether the first line of a text can be its headline.

    >>> is_headline("云端银行上线五周年"), is_headline("云端银行上线已经五周年。")
    (True, False)
    """
    folded = fold(text)
    limit = _HEADLINE_MAX_LATIN if folded.isascii() else _HEADLINE_MAX
    if not 2 <= len(text) <= limit or not any(map(str.isalpha, text)):
        return False
    if re.search(r"[。;,:、]$|[。;]|^[-*•·(\[【]|https?://|\s\|\s", folded):
        return False
    if opens_with_dateline(folded) or re.search(r"[a-z]\.$", folded):
        return False
    return not text[0].islower()


def shorten(text: str) -> str:
    """Cut an opening sentence down to a title, at the end of a clause where there is one.

    >>> shorten("为减轻压力,各地出台了政策。银行也行动起来。")
    '为减轻压力,各地出台了政策'
    """
    line = text.split("\n", 1)[0]
    folded = fold(line)
    limit = _CUT_MAX_LATIN if folded.isascii() else _CUT_MAX
    end = re.search(r"[。!?]|[a-z\d)]{2}\.(?=\s|$)", folded)
    stop = len(line) if end is None else end.end() - (folded[end.end() - 1] in "。.")
    if stop <= limit:
        return line[:stop].strip() or line
    clause = max(folded.rfind(mark, 0, limit) for mark in ",;:、")
    if clause < limit // 3:
        clause = folded.rfind(" ", limit // 2, limit)
    return line[: clause if clause > 0 else limit].rstrip(" ,，、;；:：") + "…"


def same_words(one: str, other: str) -> bool:
    """Tell whether two lines say the same, whatever their punctuation, width and script."""
    return bool(one and other) and _letters(one) == _letters(other)


def _letters(text: str) -> str:
    return "".join(filter(str.isalnum, fold(text)))


# --- what the lines say --------------------------------------------------------------------------

_SIGNATURE = re.compile(
    r"(?<=[。!?”\"…])\s*\(\s*(?:(?:本报|本刊|本网)?(?:记者|通讯员|作者|文|撰稿)\s*[/::]?\s*)?"
    r"(?P<names>[^()\d,。;:!?]{2,20})\)$"
)
_PUBLISHING_SITE = re.compile(
    r"(?:^|[::\]】)]\s*)(?:凡)?(?P<site>[^\s,。;:《》()]{2,14}?(?:网|社|报|刊|平台|"
    r"杂志))(?:所)?(?:发布|刊登|刊载|登载|转载)的"
)
_COPYRIGHT_OWNER = re.compile(
    r"(?P<a>[^\s,。;:|]{2,24}?)\s*(?:版权|着作权)所有|(?:版权|"
    r"着作权)所有\s*[::©]?\s*(?P<b>[^\s\d,。;:|(]{2,24})"
)


def is_byline(text: str) -> bool:
    """Tell whether a line ends with a person's name set off by a space, and is no sentence.

    >>> is_byline("某银行网络金融部总经理 李小明")
    True
    """
    head, _, name = text.rpartition(" ")
    return (
        bool(head) and len(text) <= 60 and is_name(fold(name)) and not re.search("[。！？]", text)
    )


def cut_signature(text: str) -> tuple[str, str | None]:
    """Take a writer's name in brackets off the end of a text.

    >>> cut_signature("正文到此为止。(张小明)")
    ('正文到此为止。', '张小明')
    """
    match = _SIGNATURE.search(fold(text))
    if not match:
        return text, None
    names = [n for n in re.split(r"[\s、/]+", match["names"]) if n]
    if not names or not all(is_name(n) for n in names):
        return text, None
    written = text[match.start("names") : match.end("names")]
    return text[: match.start()].rstrip(), "、".join(re.split(r"[\s、/／]+", written.strip()))


def find_clues(
    kept: Sequence[Block], removed: Sequence[Removed], *, path: str, url: str | None = None
) -> Clues:
    """Read author, source and date off the lines of a document.

    ``kept`` are the article's own blocks (dateline, byline), ``removed`` what stood around them.
    """
    values: dict[str, str] = {}
    extra: dict[str, object] = {}
    periodical = _is_periodical(removed)
    for line in removed:
        _read_removed(line, values, extra, periodical=periodical)
    for block in _head(kept):
        _read_head(block.text, values)
    stamped = _stamp_date(removed, values)
    day, dateline = read_datelines(kept, values)
    if dateline:
        extra["dateline"] = dateline.text
    published = stamped or day
    if published is None and dateline and dateline.month:
        published, because = _complete(dateline, kept, path=path, url=url or values.get("url"))
        if because:
            extra["published_from"] = because
    for name in ("editor", "original_title", "section", "updated"):
        if values.get(name):
            extra[name] = values[name]
    return Clues(
        author=values.get("author"),
        source=values.get("source"),
        publisher=values.get("publisher"),
        published=published,
        url=values.get("url"),
        tags=split_tags(values.get("tags", "")),
        extra=extra,
    )


def split_tags(text: str) -> tuple[str, ...]:
    """Split a line of tags at its separators; at spaces only where there are no others."""
    marks = r"[,，;；、|#]+"
    parts = re.split(marks if re.search(marks, text) else r"\s+", text)
    return tuple(dict.fromkeys(p.strip() for p in parts if p.strip()))


# Lists of issues around an article: the page is of a periodical. And names that say so.
_ISSUE_LIST = re.compile(r"过刊|往期|本期|上期|下期|(?:back|past|this|current) issues?\b")
_PERIODICAL = re.compile(r"刊$|杂志|学报$|\b(?:magazine|journal|weekly|monthly|quarterly)\b")


def _is_periodical(removed: Sequence[Removed]) -> bool:
    """Tell whether lists of issues stand around an article."""
    return any(
        len(line.text) <= 40
        and line.reason in (Reason.ARCHIVE, Reason.NAVIGATION)
        and _ISSUE_LIST.search(fold(line.text))
        for line in removed
    )


def _read_removed(
    line: Removed, values: dict[str, str], extra: dict[str, object], *, periodical: bool
) -> None:
    folded = fold(line.text)
    if line.reason is Reason.CREDIT:
        read_labels(line.text, values)
        _read_head(line.text, values)
    elif line.reason is Reason.LINK and (match := URL.search(line.text)):
        add_value(values, "url", match[0])
    elif line.reason is Reason.NAVIGATION and ">" in folded.replace("»", ">").replace("›", ">"):
        _read_breadcrumb(line.text, values, extra, periodical=periodical)
    elif line.reason in (Reason.DISCLAIMER, Reason.LEGAL):
        if site := _PUBLISHING_SITE.search(folded):
            add_value(values, "publisher", line.text[site.start("site") : site.end("site")])
        if owner := _COPYRIGHT_OWNER.search(folded):
            group = "a" if owner["a"] else "b"
            name = line.text[owner.start(group) : owner.end(group)]
            if not re.search(r"copyright|reserved|\d{4}", fold(name)):
                extra.setdefault("copyright", name.strip(" ,，.。©"))


def _read_breadcrumb(
    text: str, values: dict[str, str], extra: dict[str, object], *, periodical: bool
) -> None:
    """首页 > 中国信用卡 > 2024年4月: the section, and the issue where the last part is one.

    Many a site files its articles by the month, so a month alone makes no periodical: a list of
    issues on the page (``periodical``) or the name must say so too.
    """
    body = re.split("[:：]", text, maxsplit=1)[-1]
    parts = [p.strip() for p in re.split(r"[>＞»›→]+", body) if p.strip()]
    generic = re.compile("首页|主页|网站首页|home|正文|文章|内容|详情|新闻|资讯|阅读")
    parts = [p for p in parts if not generic.fullmatch(fold(p))]
    if not parts:
        return
    issue = parse_date(parts[-1])
    if issue and len(parts[-1]) <= 12:
        named = len(parts) >= 2 and _PERIODICAL.search(fold(parts[-2])) is not None
        if periodical or named:
            add_value(values, "issue", parts[-1])
            if len(parts) >= 2:
                add_value(values, "source", parts[-2])
        parts = parts[:-1]
    if parts:
        extra.setdefault("section", parts[-1])


def _head(kept: Sequence[Block]) -> list[Block]:
    """The lines before the first prose: title, byline, stamp."""
    head = []
    for block in kept[:8]:
        if is_prose(block.text) or block.kind in (Kind.CODE, Kind.ROW, Kind.ITEM):
            break
        head.append(block)
    return head


def _read_head(text: str, values: dict[str, str]) -> None:
    folded = fold(text)
    if by := BYLINE.match(folded):
        add_value(values, "author", text[by.start("name") : by.end("name")])
    elif is_byline(text):
        add_value(values, "author", text.rpartition(" ")[2])


def _stamp_date(removed: Sequence[Removed], values: dict[str, str]) -> Day | None:
    """The date of a stamp or a credit line, or the issue that a breadcrumb names."""
    if "date" in values and (day := parse_date(values["date"])):
        return day
    lines = [r.text for r in removed if r.reason is Reason.CREDIT and is_stamp(r.text)]
    for text in lines:
        day, start, end = find_dates(fold(text))[0]
        if "source" not in values and not has_label(text):
            rest = TIME.sub(" ", text[:start] + " " + text[end:])
            if re.fullmatch(r"\S{2,14}", rest.strip(" ()（）|-")):
                add_value(values, "source", rest)
        return day
    if "updated" in values and (day := parse_date(values["updated"])):
        return day
    return parse_date(values["issue"]) if "issue" in values else None


# How far from the dateline another full date may be to lend it its year. A body names the days
# before it was written; a file is named when it is saved.
_NEAR_BODY = timedelta(days=7)
_NEAR_PATH = timedelta(days=7)


def _complete(
    dateline: Dateline, kept: Sequence[Block], *, path: str, url: str | None
) -> tuple[Day | None, str | None]:
    """Give a dateline its year, where a full date close by lends one; else nothing."""
    named: list[tuple[date, timedelta, timedelta, str]] = []
    if day := path_date(path):
        named.append((day.value, _NEAR_PATH, _NEAR_PATH, "the dateline and the file name"))
    if url and (day := path_date(url)):
        named.append((day.value, _NEAR_PATH, _NEAR_PATH, "the dateline and the url"))
    mentioned = [
        day.value
        for block in kept
        for day, _, _ in find_dates(fold(block.text))
        if day.precision == "day"
    ]
    if mentioned:
        because = "the dateline and the latest full date in the text"
        named.append((max(mentioned), timedelta(0), _NEAR_BODY, because))
    for anchor, before, after, because in named:
        for year in (anchor.year, anchor.year + 1, anchor.year - 1):
            try:
                candidate = date(year, dateline.month or 1, dateline.day or 1)
            except ValueError:
                continue
            if -before <= candidate - anchor <= after:
                return Day(candidate, "day"), because
    return None, None
