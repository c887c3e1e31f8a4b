"""From the raw lines of a document to the text that is stored, shown and cited.

Two jobs: ``clean_line`` settles characters (NFC, white space, invisible and control characters),
``remove_boilerplate`` takes out what is not the article: navigation, archive lists, disclaimers,
legal footers, credit lines. What was taken out is returned, because it says who published the
article and when. Full-width punctuation and wording stay as they are.

The rules look at classes of lines (bars of short links, lists of months, legal notices) and at
where they stand, not at particular sites. They do not know the language of the text; patterns are
written once, in simplified characters and half width, and matched on folded text.
"""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from index.credits import CREDIT_TAIL, is_credit, is_stamp, is_weak_credit
from index.fold import fold
from index.formats.parsed import Block, Kind

__all__ = [
    "Cleaned",
    "Reason",
    "Removed",
    "clean_blocks",
    "clean_line",
    "is_prose",
    "remove_boilerplate",
]

# Unicode's line ends beside \n and \r: VT, FF, the separators of C0, NEL, LS, PS.
_LINE_ENDS = re.compile("\r\n?|[\v\f\x1c-\x1e\x85\u2028\u2029]")
# Controls; zero-width space, word joiner, BOM, soft hyphen; bidi marks, embeddings, isolates;
# annotation anchors; tag characters, which can hide a whole message inside a text.
_INVISIBLE = re.compile(
    "[\x00-\x08\x0e-\x1b\x1f\x7f-\x84\x86-\x9f\u00ad\u034f\u061c\u17b4\u17b5\u180e"
    "\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\U000e0000-\U000e007f]"
)
# The joiners mean something inside emoji and in the scripts of Persia and India, nowhere else.
_JOINERS = re.compile(
    "(?<![\u0600-\u06ff\u0900-\u0dff\u2600-\u27bf\ufe0f\U0001f000-\U0001faff])[\u200c\u200d]+"
)
_SURROGATES = re.compile("[\ud800-\udfff]")
_SPACES = re.compile("[\t \u00a0\u1680\u2000-\u200a\u202f\u205f\u3000]+")


def clean_line(text: str) -> str:
    r"""Settle the characters of one line or of several; idempotent.

    Composed (NFC), every run of white space one space, no space at the ends of a line, no empty
    line, nothing invisible. Half a surrogate pair becomes U+FFFD: the loss stays visible.

    >>> clean_line("\ufeff　　工商\u200b銀行\r\n\r\n e\u0301 ")
    '工商銀行\né'
    """
    text = _LINE_ENDS.sub("\n", text)
    text = _SURROGATES.sub("\ufffd", text)
    # Before NFC: taking away what stands between two characters can make them compose.
    text = _JOINERS.sub("", _INVISIBLE.sub("", text))
    text = unicodedata.normalize("NFC", _SPACES.sub(" ", text))
    lines = (line.strip(" ") for line in text.split("\n"))
    return "\n".join(line for line in lines if line)


def clean_blocks(blocks: Sequence[Block]) -> list[Block]:
    """Settle the characters of every block; one that held several lines becomes several."""
    cleaned = []
    for block in blocks:
        text = clean_line(block.text)
        if not text:
            continue
        lines = text.split("\n")
        if len(lines) == 1:
            cleaned.append(replace(block, text=text))
        elif block.kind is Kind.HEADING:
            cleaned.append(replace(block, text=" ".join(lines)))
        else:
            share = block.linked / max(1, len(block.text))
            cleaned += [replace(block, text=x, linked=round(share * len(x))) for x in lines]
    return cleaned


class Reason(StrEnum):
    """Why a line is not part of the article."""

    NAVIGATION = "navigation"
    ARCHIVE = "archive list"
    CREDIT = "credit line"
    DISCLAIMER = "disclaimer"
    LEGAL = "legal notice"
    LINK = "link"


@dataclass(frozen=True, slots=True)
class Removed:
    """A line that was taken out, and why. ``position`` is its number among the blocks."""

    text: str
    reason: Reason
    position: int


@dataclass(frozen=True, slots=True)
class Cleaned:
    """The blocks of the article, and what stood around them."""

    kept: tuple[Block, ...]
    removed: tuple[Removed, ...]


# The patterns below meet folded text: lower case, half width, simplified characters.

# Two letters are enough: "{2,}" would try every tail of a long word.
_SENTENCE_END = re.compile(r"[。!?;…][”’」』\"')\]]*$|[a-z]{2}[.][\"')\]]*$")
_SENTENCE_MARK = re.compile(r"[。!?;…]|[a-z]{2}\. [a-z]|\.$")

_NAVIGATION_WORDS = re.compile(
    r"首页|设为首页|加入收藏|收藏本站|收藏本页|关于我们|关于本站|联系我们|联系方式|广告服务|"
    r"广告合作|商务合作|诚聘英才|招聘信息|"
    r"加入我们|网站地图|站点地图|友情链接|返回.{0,14}|上一[篇页章]|下一[篇页章]|回到?顶部|登录|"
    r"注册|会员中心|用户中心|"
    r"版权声明|版权所有|免责声明|隐私(政策|声明|保护)|法律(声明|顾问)|服务条款|使用条款|"
    r"意见反馈|投诉建议|在线投稿|网上投稿|投稿|"
    r"客服(电话|中心)|在线客服|帮助(中心)?|企业简介|公司简介|网站简介|频道介绍|安全提示|"
    r"rss(订阅)?|手机版|客户端|english|"
    r"繁体(中文|版)?|简体(中文|版)?|无障碍(浏览)?|home|about( us)?|contact( us)?|"
    r"privacy( policy)?|terms( of (use|service))?|"
    r"sitemap|subscribe|log ?in|sign ?(in|up)|register|advertis(e|ing)|careers|"
    r"cookies?( policy)?|next|previous|back( to top)?"
)
_BREADCRUMB = re.compile(
    r"^((您|你)?(现在|当前)?(所在)?(的)?(位置|导航)|当前(页面|栏目)|you are here)\s*[::]|"
    r"^(首页|主页|网站首页|home)\s*(>|»|›|→|/|-)+\s*\S"
)
_BAR = re.compile(r"\s*[|丨│┃¦·•]\s*")
_SHARE = re.compile(
    r"^(分享(到|至)?|打印(本[页文])?|字[号体]|收藏|点赞|转发|举报|扫一扫|微信扫码|扫码|长按|"
    r"点击(查看|阅读|下载|关注|进入|上方|下方)|阅读原文|"
    r"更多精彩.{0,8}(请|尽在|关注|进入).{0,14}|查看(原文|更多|全部|所有)|展开(全文|阅读全文)|阅读全文|更多>*|关闭窗口|关闭|返回(首页|"
    r"列表|顶部|上一页|目录|.{0,12})|"
    r"我要(评论|投稿|纠错)|发表评论|网友评论|评论\s*\(?\d*\)?|\d+\s*(条?评论|人(参与|评论)|"
    r"次?(阅读|浏览|点击))|"
    r"share( this| on.*)?|print( this)?|read more|comments?( \(\d+\))?|follow us.*|"
    r"advertisement|skip to (main )?content)"
    r"[\s::>|/a-z+\-.。!,()【】\[\]大中小号到微信博朋友圈空间新浪腾讯复制链接打印收藏关闭]*$"
)
# Possessive: a row of thirty years with a word behind it would else be tried 2^30 ways.
_MONTHS = re.compile(r"^(?:\d{4}\s*[年/.\-]\s*\d{1,2}(?:\s*月)?+(?:\s*\(\d+\))?+[\s|,、/]*+){2,}+$")
_YEARS = re.compile(r"^(?:(?:19|20)\d\d(?:\s*年)?+[\s|,、/]++){2,}+(?:(?:19|20)\d\d\s*年?)?$")
_YEAR = re.compile(r"(?:19|20)\d\d")
_FIGURE = re.compile(r"\d[\d.,]*")
# What follows such a line on its own is a list of other articles, to the end of the page.
_LIST_HEAD = re.compile(
    r"^[■□◆◇●○▶►>#【\[]*\s*(过刊(查询|浏览|目录)?|往期(回顾|精选|推荐|目录|文章)?|本期(精选|"
    r"推荐|目录)|"
    r"(相关|推荐|延伸|拓展|精彩|热门|热点|最新|近期|更多|精选|猜你喜欢的?|大家都在看的?|编辑|今日)"
    r"(阅读|文章|新闻|资讯|推荐|报道|链接|内容|专题|评论|回顾|排行|热点|精彩)(阅读|文章|内容|"
    r"新闻|推荐)?|"
    r"猜你喜欢|大家都在看|新闻排行(榜)?|点击排行(榜)?|热文排行|阅读排行(榜)?|排行榜|文章(导航|"
    r"归档)|归档|历史(文章|归档)|"
    r"related( articles?| stories| posts?| news| links?)?|recommended( for you)?|most (read|"
    r"popular)|"
    r"read (also|next)|more (from|stories|news)( .{0,30})?|(monthly )?archives?|recent posts|"
    r"you may also like|see also|関連記事|관련기사)"
    r"\s*[::>】\]]*$"
)
_LEGAL = re.compile(
    r"copyright|©|\(c\)\s*(19|20)\d\d|all rights reserved|版权所有|着作权所有|"
    r"icp\s*[备证]|公网安备|公安备|网安备|经营许可证\s*[:号编]|网出证|新闻信息服务许可证|备案号|"
    r"违法和?不良信息|技术支持\s*:|版权(侵权|合作)?.{0,4}(联系)?电话"
)
# How to reach the publisher. In an article the same words tell whom to call: they go only where
# an unmistakable notice stands at the end of the page too.
_CONTACT = re.compile(
    r"(电话|热线|总机|传真|tel|fax)\s*:\s*\(?[\d+]|邮编\s*:\s*\d|地址\s*:|(主办|承办)(单位)?\s*:|"
    r"(邮箱|e-?mail)\s*:\s*\S+@|许可证.{0,24}号"
)
_DISCLAIMER_LABEL = re.compile(
    r"^[【\[(*※]*\s*((本站|本网|本文|重要|特别|郑重|版权|免责|风险|法律|转载)?(声明|提示)|"
    r"风险提示及免责声明|"
    r"版权(说明|与免责声明)|免责条款|disclaimer|legal notice)\s*[】\])]*\s*(:|$)"
)
_DISCLAIMER_WORDS = re.compile(
    r"转载|投稿|着作权|版权|侵权|侵犯|不代表(本|我|其)|仅代表作者|仅供(参考|学习)|"
    r"不构成.{0,12}(建议|意见|依据)|投资建议|"
    r"与本(网|站|报|刊|平台)无关|联系(我们|本站|本网|邮箱|删除)|删除|核实|法律责任|"
    r"未经.{0,12}(授权|许可)|注明(出处|来源)|入市有风险|"
    r"据此(操作|投资|入市)|风险自担|投资者?需?谨慎|"
    r"views? (and opinions )?expressed|investment advice|informational purposes|"
    r"without (prior )?permission|liab(le|ility)|reprint"
)
_PLAIN_LABEL = re.compile(r"^[【\[(*※]*\s*(重要|特别|郑重|法律)?(声明|提示)")
_PUBLISHERS_WORDS = re.compile(
    r"转载|投稿|着作权|版权|不代表(本|我|其)|仅代表作者|仅供(参考|学习)|不构成|投资建议|"
    r"与本(网|站|报|刊|平台)无关|未经.{0,12}(授权|许可)|注明(出处|来源)|入市有风险|"
    r"据此(操作|投资|入市)|风险自担|投资者?需?谨慎|"
    r"views? (and opinions )?expressed|investment advice|informational purposes|"
    r"without (prior )?permission|reprint"
)
_MIN_WORDS = 3
# A notice of one line that needs no label.
_NOTICE = re.compile(
    r"^[(【\[*※注:\s]*(本文(仅|不|系|为|内容|观点|由.{1,20}(授权|发布)|来自|转载|已获)|"
    r"以上(内容|观点|信息)|凡(本网|本站|注明|转载|来源)|"
    r"(未经|非经).{0,16}(许可|授权|同意)|转载(请|需|本文)|如(有|需|涉及).{0,16}(请|联系|告知|"
    r"通知|删除)|欢迎转载|"
    r"the (views|opinions|information) )"
)
_URL_LINE = re.compile(
    r"^[<(\[]?\s*((原文|来源|本文|文章)?(链接|地址|网址)|原文|阅读原文|(original|source) (link|"
    r"url)|link|url)?\s*:?\s*"
    r"<?((https?|ftp)://|www\.|//)[^\s<>]+>?\s*[>)\]]?$"
)
_PROSE_MIN = 30
_FOOTER_LINES = 12
# Credits in brackets at the end of a paragraph: as many as this, in so many characters.
_MAX_CREDIT_TAILS = 6
_CREDIT_TAIL_CHARS = 120


def is_prose(text: str) -> bool:
    """Tell whether a line is running text: long enough, with the marks of sentences.

    >>> is_prose("设为首页 | 收藏本站 | 关于我们 | 广告服务")
    False
    """
    return len(text) >= _PROSE_MIN and _SENTENCE_MARK.search(fold(text)) is not None


def remove_boilerplate(blocks: Sequence[Block]) -> Cleaned:
    """Part the article from what a page puts around it.

    Lines that can be nothing else (a list of months, a bar of navigation links, a credit line)
    go wherever they stand. Weaker signs count only before the first or after the last prose.
    """
    folded = [fold(b.text) for b in blocks]
    first, last = _first_prose(blocks), _last_prose(blocks, folded)
    verdicts: list[Reason | None] = [
        _sure(blocks, folded, position, inside=first < position < last)
        for position in range(len(blocks))
    ]
    _mark_tail(blocks, folded, verdicts)
    _mark_head(blocks, folded, verdicts)
    kept, removed = [], []
    for position, (block, verdict) in enumerate(zip(blocks, verdicts, strict=True)):
        if verdict is None:
            block, credit = _cut_credit(block)
            if credit:
                removed.append(Removed(credit, Reason.CREDIT, position))
            if block.text:
                kept.append(block)
        else:
            removed.append(Removed(block.text, verdict, position))
    return Cleaned(tuple(kept), tuple(removed))


def _sure(
    blocks: Sequence[Block], folded: Sequence[str], position: int, *, inside: bool
) -> Reason | None:
    """Judge a line by itself: what it would be anywhere on a page.

    ``inside`` says that running text stands above and below it: "来源:收入主要来自手续费" is then
    a line of the article.
    """
    block, text = blocks[position], folded[position]
    if block.kind in (Kind.CODE, Kind.ROW):
        return None
    if _BREADCRUMB.search(text) and len(text) <= 120 and not _SENTENCE_END.search(text):
        return Reason.NAVIGATION
    if _is_archive(text):
        below = folded[position + 1] if position + 1 < len(folded) else ""
        # A row of years above a row of figures is the head of a table.
        figures = 0 if _is_archive(below) else len(_FIGURE.findall(below))
        return None if figures >= len(_YEAR.findall(text)) else Reason.ARCHIVE
    segments = _link_bar(text)
    if segments and any(_NAVIGATION_WORDS.fullmatch(s) for s in segments):
        return Reason.NAVIGATION
    if block.kind is Kind.HEADING:
        return None
    if is_credit(text) and not (inside and is_weak_credit(text)):
        return Reason.CREDIT
    return None


def _is_archive(text: str) -> bool:
    return _MONTHS.match(text) is not None or _YEARS.match(text) is not None


def _link_bar(text: str) -> list[str]:
    """The segments of a bar of short link-like words, or nothing where the line is none."""
    if len(text) > 300 or _SENTENCE_MARK.search(text):
        return []
    segments = [s for s in _BAR.split(text.strip(" |")) if s]
    if len(segments) < 2 or any(not _short_label(s) for s in segments):
        return []
    return segments


def _short_label(text: str) -> bool:
    """A word or two without figures, as a link in a bar has them."""
    if any(c.isdigit() for c in text) or re.search(r"[,;:、]", text):
        return False
    return len(text) <= (24 if text.isascii() else 14)


def _cut_credit(block: Block) -> tuple[Block, str]:
    """Take a credit in brackets, (责任编辑:张三), off the end of a paragraph."""
    if block.kind not in (Kind.PARAGRAPH, Kind.ITEM):
        return block, ""
    found = []
    for _ in range(_MAX_CREDIT_TAILS):
        body = max(0, len(block.text) - _CREDIT_TAIL_CHARS)
        match = CREDIT_TAIL.search(fold(block.text[body:]))
        if match is None:
            break
        start = body + match.start()
        found.append(block.text[start:].strip())
        block = replace(block, text=block.text[:start].rstrip())
    return block, " ".join(reversed(found))


def _mark_tail(
    blocks: Sequence[Block], folded: Sequence[str], verdicts: list[Reason | None]
) -> None:
    """Walk up from the end as long as every line is of a kind that only ends a page."""
    _mark_lists(blocks, folded, verdicts)
    footer = any(map(_is_legal, folded[-_FOOTER_LINES:]))
    position = len(blocks) - 1
    while position >= 0:
        if verdicts[position] is None:
            verdict, first = _tail_verdict(blocks, folded, position, footer=footer)
            if verdict is None:
                return
            for i in range(first, position + 1):
                verdicts[i] = verdicts[i] or verdict
            position = first
        position -= 1


def _tail_verdict(
    blocks: Sequence[Block], folded: Sequence[str], position: int, *, footer: bool
) -> tuple[Reason | None, int]:
    """Judge a line near the end; a disclaimer may begin some lines earlier.

    ``footer`` says that a legal notice stands near the end.
    """
    block, text = blocks[position], folded[position]
    if block.kind in (Kind.CODE, Kind.ROW):
        return None, position
    if _URL_LINE.match(text):
        return Reason.LINK, position
    if (len(text) <= 60 and _SHARE.match(text)) or _is_list_head(text):
        return Reason.NAVIGATION, position
    if _is_navigation(blocks, folded, position):
        return Reason.NAVIGATION, position
    if position and is_stamp(block.text):
        return Reason.CREDIT, position
    if _is_legal(text) or (footer and len(text) <= 120 and _CONTACT.search(text)):
        return Reason.LEGAL, position
    first = _disclaimer_start(blocks, folded, position)
    if first is not None:
        return Reason.DISCLAIMER, first
    return None, position


def _is_legal(text: str) -> bool:
    """A legal notice. Its words inside a full sentence are news about the law."""
    sentence = len(text) >= _PROSE_MIN and text.rstrip("”\"')").endswith(("。", "!", "?"))
    return len(text) <= 200 and not sentence and _LEGAL.search(text) is not None


def _disclaimer_start(blocks: Sequence[Block], folded: Sequence[str], position: int) -> int | None:
    """Where the disclaimer that ends at ``position`` begins, or None.

    A label ("免责声明:") and at most five paragraphs, or a notice of one line. The words of such
    notices must occur, so that an article about disclaimers keeps its last chapter.
    """
    if _NOTICE.match(folded[position]) and _DISCLAIMER_WORDS.search(folded[position]):
        return position
    for first in range(position, max(-1, position - 6), -1):
        if blocks[first].kind in (Kind.CODE, Kind.ROW):
            return None
        label = _DISCLAIMER_LABEL.match(folded[first])
        if label:
            rest = [folded[first][label.end() :], *folded[first + 1 : position + 1]]
            bodies = sum(bool(line.strip()) for line in rest)
            plain = _PLAIN_LABEL.match(label[0]) is not None
            return first if bodies == 0 or _disclaims(rest, plain) * 2 >= bodies else None
    return None


def _disclaims(lines: Sequence[str], plain: bool) -> int:
    """How many lines speak as a disclaimer does.

    ``plain`` says that the label alone does not tell a disclaimer from an announcement, as in
    "声明:本公司删除了有关内容,并承担法律责任。", which a company told the paper. Below such a
    label one word that only publishers use must stand, or three of the others.
    """
    words = [{match[0] for match in _DISCLAIMER_WORDS.finditer(line)} for line in lines]
    if plain and not any(map(_PUBLISHERS_WORDS.search, lines)):
        different = set().union(*words)
        if len(different) < _MIN_WORDS:
            return 0
    return sum(map(bool, words))


def _is_list_head(text: str) -> bool:
    return len(text) <= 40 and _LIST_HEAD.match(text) is not None


def _is_navigation(blocks: Sequence[Block], folded: Sequence[str], position: int) -> bool:
    """A line of links at the edge of a page: all linked, or a bar of short labels."""
    block, text = blocks[position], folded[position]
    if block.linked >= 0.8 * len(block.text) and block.linked and not _SENTENCE_END.search(text):
        return True
    words = re.split(r"[\s|丨│·•/>]+", text)
    if len(words) >= 2 and all(_NAVIGATION_WORDS.fullmatch(w) for w in words if w):
        return True
    segments = _link_bar(text)
    if len(segments) < 3:
        return False
    # Neighbours with as many segments make it a table.
    neighbours = (position - 1, position + 1)
    return not any(
        0 <= n < len(folded) and len(_BAR.split(folded[n].strip(" |"))) == len(segments)
        for n in neighbours
    )


def _mark_lists(
    blocks: Sequence[Block], folded: Sequence[str], verdicts: list[Reason | None]
) -> None:
    """Mark a list of other articles from its head ("本期精选") to the end of the page.

    Only where nothing below it reads like the article: the last prose stands above it.
    """
    last = _last_prose(blocks, folded)
    start = next(
        (
            i
            for i in range(last + 1, len(blocks))
            if i > 0 and _is_list_head(folded[i]) and blocks[i].kind is not Kind.CODE
        ),
        None,
    )
    if start is None:
        return
    for i in range(start, len(blocks)):
        if verdicts[i] is None:
            verdicts[i] = Reason.LEGAL if _is_legal(folded[i]) else Reason.ARCHIVE


def _first_prose(blocks: Sequence[Block]) -> int:
    """The first line of running text, table or code; past the end where there is none."""
    return next(
        (
            i
            for i, block in enumerate(blocks)
            if block.kind in (Kind.CODE, Kind.ROW) or is_prose(block.text)
        ),
        len(blocks),
    )


def _last_prose(blocks: Sequence[Block], folded: Sequence[str]) -> int:
    """The last line of running text that is no notice, list entry or table, or -1."""
    for i in range(len(blocks) - 1, -1, -1):
        block = blocks[i]
        if block.kind in (Kind.CODE, Kind.ROW):
            return i
        if block.linked >= 0.8 * len(block.text) and block.linked:
            continue
        notice = _is_legal(folded[i]) or _disclaimer_start(blocks, folded, i) is not None
        if is_prose(block.text) and not notice:
            return i
    return -1


def _mark_head(
    blocks: Sequence[Block], folded: Sequence[str], verdicts: list[Reason | None]
) -> None:
    """Walk down from the start and mark navigation, up to the first prose."""
    for position, block in enumerate(blocks):
        text = folded[position]
        if block.kind in (Kind.CODE, Kind.ROW) or is_prose(block.text):
            return
        if verdicts[position] is not None or block.kind is Kind.HEADING:
            continue
        if (
            (len(text) <= 60 and _SHARE.match(text))
            or _is_navigation(blocks, folded, position)
            or (position > 0 and _URL_LINE.match(text))
        ):
            verdicts[position] = Reason.NAVIGATION
        elif is_stamp(block.text):
            verdicts[position] = Reason.CREDIT
