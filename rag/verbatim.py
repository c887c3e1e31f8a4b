"""Find a sentence word for word in what it cites, in either script and either width.

Cut out of its context a quote can say the contrary: 支持转账 of 不支持转账. Such a piece is not
found.
"""

import re
from collections.abc import Sequence

from index.fold import fold
from rag.generate import Span
from rag.polarity import negations

__all__ = ["find_verbatim"]

_EDGE = "。．.!！?？,，;；:：、 \t\n\"'“”‘’「」『』…"
_STARTS = re.compile(r"[，。；：！？、,;:!?\n（）()“”「」『』\"]|\A|\s[-–—•]\s")


def find_verbatim(sentence: str, spans: Sequence[Span]) -> Span | None:
    """Find a sentence word for word, in either script; not one that is cut out of a denial."""
    core = sentence.strip(_EDGE)
    wanted = fold(core)
    for span in spans:
        text = fold(span.text)
        at = text.find(wanted)
        while at >= 0:
            end = at + len(wanted)
            if _is_whole(text, at, end):
                whole = span.text.find(sentence, max(0, at - 4))
                if 0 <= whole <= at and whole + len(sentence) >= end:
                    at, end = whole, whole + len(sentence)
                return Span(span.article, span.start + at, span.start + end)
            at = text.find(wanted, at + 1)
    return None


def _is_whole(text: str, start: int, end: int) -> bool:
    """Neither cut inside of a word or number, nor freed of what denies it."""
    for at in (start, end):
        if 0 < at < len(text):
            one, other = text[at - 1], text[at]
            if one.isascii() and other.isascii() and one.isalnum() and other.isalnum():
                return False
            if other in "%.,％" and text[at + 1 : at + 2].isdigit() and one.isdigit():
                return False
            if other == "%" and at == end:
                return False
    borders = [m.end() for m in _STARTS.finditer(text, 0, start)]
    left = borders[-1] if borders else 0
    after = _STARTS.search(text, end)
    right = after.start() if after and after.start() >= end else len(text)
    return not negations(text[left:start]) and not (start > left and negations(text[end:right]))
