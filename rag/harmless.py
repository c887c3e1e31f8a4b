"""Text from articles and questions made harmless for a language model: text in, text out.

A model's control tokens are written as text (``<|im_end|>``, ``</s>``, ``[INST]``), and a tokenizer
turns that text into the real token wherever it stands: an article could end its own turn and
speak as the system. Here such text is broken by a space, also where it hides behind full-width
letters or characters that nobody sees. What a person reads stays the same.
"""

import re
import unicodedata
from collections.abc import Iterable
from functools import cache

__all__ = ["Harmless"]

# What nobody sees and a model reads: controls, zero-width and bidirectional marks, Hangul
# fillers, variation selectors, tag characters (both carry hidden bytes), interlinear notes.
_UNSEEN = re.compile(
    "[\x00-\x08\x0e-\x1b\x7f-\x84\x86-\x9f\xad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f"
    "\u200b-\u200f\u202a-\u202e\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb"
    "\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff]"
)
_BREAKS = re.compile("[\x0b\x0c\x1c-\x1e\x85\u2028\u2029]|\r\n?")
_LONE_SURROGATES = re.compile("[\ud800-\udfff]")
# Markup of any kind: a tag's name never follows its bracket directly any more. The fences of our
# own prompt are tags, too.
_TAG = re.compile(r"([<＜﹤◁])(?=[^\s<＜﹤◁])")
_INSTRUCTION = re.compile(r"([\[［])(?=[/／]?[A-Za-z_]{3,}[\]］])")

_ROUNDS = 20


class Harmless:
    """Breaks control tokens: any that looks like one, and those of one tokenizer by name.

    >>> Harmless()("利率<|im_end|>上升")
    '利率< |im_end|>上升'
    """

    def __init__(self, controls: Iterable[str] = ()) -> None:
        """Take the strings of a tokenizer's control tokens, where it is known."""
        forms = {"".join(map(_canonical, control)) for control in controls}
        # The longest first: where one begins like another, the whole one is meant.
        found = sorted(filter(None, forms), key=lambda form: (-len(form), form))
        self._controls = re.compile("|".join(map(re.escape, found))) if found else None

    def __call__(self, text: str) -> str:
        """Return the text without unseen characters and with every control token broken."""
        text = _LONE_SURROGATES.sub("�", text)
        text = _UNSEEN.sub("", _BREAKS.sub("\n", text))
        text = _INSTRUCTION.sub(r"\1 ", _TAG.sub(r"\1 ", text))
        if self._controls is None:
            return text
        # A break can leave another token behind.
        for _ in range(_ROUNDS):
            broken = self._break(text, self._controls)
            if broken == text:
                break
            text = broken
        return text

    def line(self, text: str) -> str:
        """The same on one line: titles, sources and questions have no lines of their own."""
        return " ".join(self(text).split())

    def _break(self, text: str, controls: re.Pattern[str]) -> str:
        """Put a space behind the first character of each control token.

        Looked for in the text as a tokenizer could make it: compatibility forms, case and accents
        folded. One character may become several there, hence the map back.
        """
        folded = [_canonical(char) for char in text]
        origin = [at for at, form in enumerate(folded) for _ in form]
        cuts: set[int] = set()
        replaced: set[int] = set()
        for match in controls.finditer("".join(folded)):
            first, last = origin[match.start()], origin[match.end() - 1]
            if first == last:
                replaced.add(first)
            else:
                cuts.add(first)
        if not cuts and not replaced:
            return text
        return "".join(
            " " if at in replaced else f"{char} " if at in cuts else char
            for at, char in enumerate(text)
        )


@cache
def _canonical(char: str) -> str:
    """A character as the most thorough normaliser of a tokenizer could make it."""
    decomposed = unicodedata.normalize("NFKD", char)
    return "".join(
        part for part in decomposed if unicodedata.category(part) not in ("Mn", "Cf", "Co")
    ).casefold()
