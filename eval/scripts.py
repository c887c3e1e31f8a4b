"""A question as it reads in the other Chinese script: text in, text out, by OpenCC's tables."""

from collections.abc import Sequence
from functools import lru_cache
from typing import Protocol

from eval.cases import Case
from index.article import Script
from index.language import detect_script
from rag.question import Turn

__all__ = ["in_other_script"]


class _Converter(Protocol):
    def convert(self, text: str) -> str: ...


def in_other_script(case: Case) -> tuple[str, Sequence[Turn]] | None:
    """The question and dialogue of a Chinese case in the other script.

    Returns:
        None where the question is not Chinese, or reads the same in both.
    """
    if not case.lang.startswith("zh"):
        return None
    is_traditional = detect_script(case.question) is Script.TRADITIONAL
    convert = _converter("t2s" if is_traditional else "s2t").convert
    question = convert(case.question)
    if question == case.question:
        return None
    turns = [Turn(convert(t.question), t.answer and convert(t.answer)) for t in case.dialogue]
    return question, turns


@lru_cache(maxsize=2)
def _converter(name: str) -> _Converter:
    import opencc

    converter: _Converter = opencc.OpenCC(name)
    return converter
