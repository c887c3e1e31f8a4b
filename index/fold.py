"""Fold a text for matching: any text in, a text of the same length out.

Two spellings of one thing fold to one string: width (ＡＢ, AB), case, digits of any script,
traditional and simplified Chinese, Taiwan, Hong Kong and Japanese variants of a character. The
result is compared and searched, never stored as text and never shown.

Folding works on single characters and only where the result is one character, so
``len(fold(t)) == len(t)`` and an offset in the one is an offset in the other. It does not know
words: it cannot tell 計畫 (plan) from 畫 (picture), and leaves what depends on that alone.
"""

import unicodedata
from functools import cache
from typing import Protocol

__all__ = ["fold"]


class _Converter(Protocol):
    def convert(self, text: str) -> str: ...


# Characters that OpenCC converts inside certain words only. In the others both are printed, or
# the difference is one of region. Joining them costs a distinction that hardly ever decides a
# search; keeping them apart loses 了解/瞭解, 回复/回覆, 看着/看著, which are everyday words.
_VARIANTS = {
    # Merged by the 1964 table of simplified characters (簡化字總表), some split again in 1986.
    "瞭": "了",
    "藉": "借",
    "覆": "复",
    "像": "象",
    "甦": "苏",
    "甯": "宁",
    "锺": "钟",
    # Regional: 看著 in Taiwan, 看着 elsewhere; 妳 and 牠 only in Taiwan and Hong Kong.
    "著": "着",
    "妳": "你",
    "牠": "它",
    # Variants of the first table of variant characters (第一批異體字整理表, 1955).
    "钜": "巨",
    "暱": "昵",
    "揹": "背",
    "薰": "熏",
    "迳": "径",
    "伕": "夫",
    "簷": "檐",
    "彷": "仿",
    "鑛": "矿",
    # The one capital whose lower case is two characters; its simple mapping (UnicodeData.txt).
    "İ": "i",
}

# PDF files write these radicals for the characters they look like. NFKC maps the Kangxi block
# but not the CJK Radicals Supplement; these are from Unicode's EquivalentUnifiedIdeograph.txt.
_RADICALS = dict(
    zip(
        "⺠⻁⻄⻅⻆⻉⻋⻓⻔⻘⻙⻚⻛⻜⻝⻢⻥⻦⻧⻨⻩⻪⻬⻮⻰",
        "民虎西见角贝车长门青韦页风飞食马鱼鸟卤麦黄黾齐齿龙",
        strict=True,
    )
)


def fold(text: str) -> str:
    """Fold a text for matching, character by character; the length stays.

    Idempotent: ``fold(fold(t)) == fold(t)``.

    >>> fold("開放ＡＰＩ：Bank，３.5%")
    '开放api:bank,3.5%'
    """
    return text.translate(_TABLE)


class _Table(dict[int, str]):
    """Code point → folded character, filled when a character is first met.

    OpenCC is loaded by the first Han character (some 6 ms), its regional dictionaries by the
    first that is no simplified character; a text in another script never pays for them.
    """

    def __missing__(self, code: int) -> str:
        char = chr(code)
        # Each step may open another (a compatibility form of a traditional character): repeat
        # until nothing moves. The bound is a guard against two dictionaries that disagree.
        for _ in range(8):
            after = _step(char)
            if after == char:
                break
            char = after
        self[code] = char
        return char


_TABLE = _Table()


def _step(char: str) -> str:
    """Fold one character by one mapping, or return it as it is."""
    if char in _VARIANTS:
        return _VARIANTS[char]
    if char in _RADICALS:
        return _RADICALS[char]
    for after in (unicodedata.normalize("NFKC", char), char.casefold(), char.lower()):
        if len(after) == 1 and after != char:
            return after
    if unicodedata.category(char) == "Nd":
        return str(unicodedata.decimal(char))
    if _is_han(char):
        return _simplify(char)
    return char


def _is_han(char: str) -> bool:
    return "\u3400" <= char <= "\u9fff" or "\U00020000" <= char <= "\U0003ffff"


def _simplify(char: str) -> str:
    """Convert one Han character to its simplified form.

    A character of GB 2312 is taken as simplified already: only OpenCC's own t2s may change it.
    Others may be a form of Hong Kong (衞), Taiwan or Japan (図), which t2s leaves alone. (Without
    that rule the Japanese table would turn the Chinese 欠 into 缺.)
    """
    simplified = _convert("t2s", char)
    if simplified != char or _in_gb2312(char):
        return simplified
    for name in ("hk2s", "tw2s"):
        simplified = _convert(name, char)
        if simplified != char:
            return simplified
    return _convert("t2s", _convert("jp2t", char))


def _convert(name: str, char: str) -> str:
    converted = _converter(name).convert(char)
    return converted if len(converted) == 1 else char


def _in_gb2312(char: str) -> bool:
    try:
        char.encode("gb2312")
    except UnicodeEncodeError:
        return False
    return True


@cache
def _converter(name: str) -> _Converter:
    import opencc

    converter: _Converter = opencc.OpenCC(name)
    return converter
