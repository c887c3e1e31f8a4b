"""Which language a text is in, and which writing system, from its characters alone.

No model and no table: a character of one Chinese script only is one that OpenCC changes and that
the other script's national character set does not have. Languages in Latin letters are told apart
by their commonest words. A mixed text is what most of it is; a text that shows nothing is "und".
"""

import re
from collections import Counter
from functools import cache, lru_cache
from typing import Protocol

from index.article import Script

__all__ = ["detect_language", "detect_script", "in_script"]


class _Converter(Protocol):
    def convert(self, text: str) -> str: ...


# A letter of an alphabet says about a quarter of what a Chinese character says.
_LETTER_WEIGHT = 0.25
# Japanese prose is a third to two thirds kana; Chinese borrows a の at most.
_KANA_SHARE = 0.1
# How much is looked at: more does not change the verdict, and books are long.
_SAMPLE_CHARS = 20_000

_BLOCKS = (
    ("kana", re.compile("[\u3041-\u3096\u30a1-\u30fa\u31f0-\u31ff\uff66-\uff9d]")),
    ("han", re.compile("[\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]")),
    ("hangul", re.compile("[\u1100-\u11ff\u3131-\u318e\uac00-\ud7a3]")),
    ("latin", re.compile("[A-Za-z\u00c0-\u024f\u1e00-\u1eff]")),
    ("cyrillic", re.compile("[\u0400-\u052f]")),
    ("arabic", re.compile("[\u0600-\u06ff]")),
    ("greek", re.compile("[\u0370-\u03ff]")),
    ("hebrew", re.compile("[\u05d0-\u05ea]")),
    ("thai", re.compile("[\u0e01-\u0e5b]")),
    ("devanagari", re.compile("[\u0900-\u097f]")),
)
_DENSE = {"kana", "han", "hangul"}

# The commonest function words of each language, and of as few of the others as possible.
_STOP_WORDS = {
    "en": "the and of to in is that for with was are this from have by which not has were",
    "de": "der die und das ist nicht ein eine mit den von zu auf für dem sich auch werden im",
    "fr": "le les et des est une du dans pour que qui sur pas au avec par sont cette ne",
    "es": "el los las y una por con para es del que se su como más pero fue sus al",
    "it": "il di che e della per una sono con non del gli nel alla dei anche più delle è",
    "pt": "o os e uma não com para do da em que dos das mais foi pelo pela ao é",
    "nl": "het een van en dat niet zijn op voor met aan ook naar bij wordt deze maar de",
    "sv": "och att det som en på är av för med den till inte om har ett var",
    "id": "yang dan di untuk dengan pada ini dari dalam adalah tidak itu akan oleh",
    "vi": "của và là các được trong cho một không với người này những đã có",
    "tr": "ve bir bu için ile olarak daha çok olan gibi ancak kadar sonra",
    "pl": "i w na się nie jest do że z to jak przez oraz dla od",
}
_WORDS = re.compile(r"[^\W\d_]+")
# Below this share of stop words a text in Latin letters is no prose of a language we know.
_STOP_WORD_SHARE = 0.08


def detect_language(text: str) -> str:
    """The language of most of the text as an ISO 639-1 code, "und" where nothing tells.

    >>> detect_language("銀行を利用する人が増えています。")
    'ja'
    """
    weights = _weights(text)
    if not weights:
        return "und"
    winner = max(weights, key=lambda name: (weights[name], name))
    simple = {"han": "zh", "hangul": "ko", "kana": "ja", "greek": "el", "hebrew": "he"}
    simple |= {"thai": "th", "devanagari": "hi"}
    if winner == "latin":
        return _latin_language(text[:_SAMPLE_CHARS])
    if winner == "cyrillic":
        return "uk" if re.search("[іїєґІЇЄҐ]", text) else "ru"
    if winner == "arabic":
        return "fa" if re.search("[پچژگ]", text) else "ar"
    return simple[winner]


def detect_script(text: str) -> Script:
    """The writing system of most of the text.

    Chinese without a single character that tells the scripts apart counts as simplified.

    >>> detect_script("銀行業務"), detect_script("银行业务")
    (<Script.TRADITIONAL: 'Hant'>, <Script.SIMPLIFIED: 'Hans'>)
    """
    weights = _weights(text)
    if not weights:
        return Script.OTHER
    winner = max(weights, key=lambda name: (weights[name], name))
    if winner == "han":
        counts = Counter(text[:_SAMPLE_CHARS])
        simplified = sum(n for c, n in counts.items() if _side(c) < 0)
        traditional = sum(n for c, n in counts.items() if _side(c) > 0)
        return Script.TRADITIONAL if traditional > simplified else Script.SIMPLIFIED
    scripts = {"kana": Script.JAPANESE, "hangul": Script.KOREAN, "latin": Script.LATIN}
    return scripts.get(winner, Script.OTHER)


def in_script(text: str, script: Script) -> str:
    """Write the Chinese of a text in a script; for one that is not Chinese, the text as it is.

    >>> in_script("交通銀行", Script.SIMPLIFIED), in_script("交通银行", Script.TRADITIONAL)
    ('交通银行', '交通銀行')
    """
    to_simplified, to_traditional = _converters()
    match script:
        case Script.SIMPLIFIED:
            return to_simplified.convert(text)
        case Script.TRADITIONAL:
            return to_traditional.convert(text)
    return text


def _weights(text: str) -> dict[str, float]:
    """How much of the text each writing system says; kana takes the Han beside it."""
    sample = text[:_SAMPLE_CHARS]
    counts = {name: len(pattern.findall(sample)) for name, pattern in _BLOCKS}
    if counts["kana"] > _KANA_SHARE * (counts["kana"] + counts["han"]):
        counts["kana"] += counts.pop("han")
    return {name: n * (1 if name in _DENSE else _LETTER_WEIGHT) for name, n in counts.items() if n}


def _latin_language(text: str) -> str:
    words = Counter(_WORDS.findall(text.lower()))
    total = sum(words.values())
    hits = {
        name: sum(words[w] for w in stop_words.split()) for name, stop_words in _STOP_WORDS.items()
    }
    best = max(hits, key=lambda name: (hits[name], name == "en"))
    return best if hits[best] >= max(1.0, _STOP_WORD_SHARE * total) else "und"


@cache
def _side(char: str) -> int:
    """-1 for a character of simplified Chinese only, 1 for traditional only, 0 for neither.

    The national sets decide where OpenCC alone would be wrong: 后 and 里 are simplified forms
    and also old characters of their own, 乾 is traditional and also stands in 乾隆.
    """
    if not "\u3400" <= char <= "\u9fff":
        return 0
    to_simplified, to_traditional = _converters()
    if to_simplified.convert(char) != char and not _encodes(char, "gb2312"):
        return 1
    if to_traditional.convert(char) != char and not _encodes(char, "big5"):
        return -1
    return 0


def _encodes(char: str, encoding: str) -> bool:
    try:
        char.encode(encoding)
    except UnicodeEncodeError:
        return False
    return True


@lru_cache(maxsize=1)
def _converters() -> tuple[_Converter, _Converter]:
    import opencc

    return opencc.OpenCC("t2s"), opencc.OpenCC("s2t")
