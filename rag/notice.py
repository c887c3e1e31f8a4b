"""What a person should know before acting on an answer about money or secrets.

In: a question. Out: one sentence in its script, or None. The topics, their words and the
sentences stand in a file that a user can replace (``rag/notices.toml`` says how).
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from index.article import Script
from index.errors import UsageError
from index.fold import fold
from index.language import detect_script
from index.toml_file import read_toml

__all__ = ["OFF", "Notice", "load_notices", "notice_for"]

NOTICES = Path(__file__).with_name("notices.toml")
OFF = "off"
"""In place of a file: no notices."""


@dataclass(frozen=True, slots=True)
class Notice:
    """A topic, what a question about it says, and what is said then, by script."""

    topic: str
    words: re.Pattern[str]
    unless: re.Pattern[str] | None
    text: Mapping[str, str]


def notice_for(question: str, notices: tuple[Notice, ...]) -> str | None:
    """Return the sentence of the first notice that fits a question."""
    folded = fold(question)
    for notice in notices:
        if notice.words.search(folded) and not (notice.unless and notice.unless.search(folded)):
            script = detect_script(question)
            return notice.text.get(script.value, notice.text[Script.LATIN.value])
    return None


@lru_cache(maxsize=8)
def load_notices(name: str = "") -> tuple[Notice, ...]:
    """Read a file of notices; "" is the shipped one, "off" none.

    Raises:
        UsageError: the file is missing or wrong; the message says where.
    """
    if name == OFF:
        return ()
    path = Path(name) if name else NOTICES
    table = read_toml(path, "notices")
    rows = table.pop("notice", [])
    if table or not isinstance(rows, list):
        raise UsageError(f"{path}: only [[notice]] tables may stand here")
    return tuple(_notice(row, f"{path}: notice {n}") for n, row in enumerate(rows, start=1))


def _notice(row: object, where: str) -> Notice:
    if not isinstance(row, dict) or (odd := set(row) - {"topic", "words", "unless", "text"}):
        raise UsageError(f"{where}: unknown key {min(odd)!r}; known: topic, words, unless, text")
    text = row.get("text", {})
    known = {script.value for script in Script}
    if not isinstance(text, dict) or Script.LATIN.value not in text:
        raise UsageError(f"{where}: text needs an entry {Script.LATIN.value!r} at least")
    if wrong := [
        key for key, said in text.items() if key not in known or not isinstance(said, str)
    ]:
        raise UsageError(f"{where}: text.{wrong[0]} is none of {', '.join(sorted(known))}")
    words = _words(row.get("words"), f"{where}: words")
    if words is None:
        raise UsageError(f"{where}: words are missing; give a list of texts")
    unless = _words(row.get("unless", []), f"{where}: unless")
    return Notice(str(row.get("topic", "")), words, unless, text)


def _words(values: object, where: str) -> re.Pattern[str] | None:
    if values is None or values == []:
        return None
    if not isinstance(values, list) or not all(isinstance(v, str) and v.strip() for v in values):
        raise UsageError(f"{where} must be a list of texts that are not empty")
    # A Latin word is a word: "pin" is not in "shipping". Han has no borders to look for.
    alternatives = [
        rf"(?<![a-z0-9]){re.escape(fold(v))}s?(?![a-z0-9])" if v.isascii() else re.escape(fold(v))
        for v in values
    ]
    return re.compile("|".join(alternatives))
