"""SQuAD-style JSON: SQuAD 1 and 2, CMRC 2018 in both of its layouts, DRCD, XQuAD.

A paragraph becomes an article, a question with answers a case whose gold is the sentence around
the first answer. A question that its paragraph does not answer becomes an unanswerable case: true
of the paragraph, which another article may contradict.
"""

from collections.abc import Iterator, Mapping
from itertools import islice
from pathlib import Path
from typing import Any

from eval.cases import Case, GoldSpan, quote_around
from eval.formats.collection import (
    Collection,
    Record,
    document_id,
    language_of,
    load_json,
    stored_text,
)
from index.errors import UsageError

__all__ = ["read_squad"]


def read_squad(path: Path) -> Collection:
    """Read a file.

    Raises:
        UsageError: it is no JSON of that style.
    """
    notes: list[str] = []
    articles: list[Record] = []
    cases: list[Case] = []
    try:
        for title, context, name, questions in _paragraphs(load_json(path)):
            record = Record(name or document_id(context), context, title)
            text = stored_text(record)
            if text is None:
                notes.append(f"{record.id}: cannot be indexed; left out with its cases")
                continue
            articles.append(record)
            for question in questions:
                case = _case(question, record, text, notes)
                if case is not None:
                    cases.append(case)
    except (KeyError, TypeError, AttributeError) as error:
        raise UsageError(
            f"{path}: not SQuAD-style JSON ({type(error).__name__}: {error}); it holds "
            '{"data": [{"title", "paragraphs": [{"context", "qas": […]}]}]}'
        ) from error
    return Collection(articles, cases, notes)


def _paragraphs(
    raw: Any,  # noqa: ANN401 - any JSON value
) -> Iterator[tuple[str, str, str | None, list[Mapping[str, Any]]]]:
    """Title, text, name if any and questions of every paragraph."""
    if isinstance(raw, list):  # the first layout of CMRC 2018
        for entry in raw:
            title = str(entry.get("title") or "")
            yield title, entry["context_text"], str(entry["context_id"]), entry["qas"]
        return
    for entry in raw["data"]:
        for paragraph in entry["paragraphs"]:
            title, given = str(entry.get("title") or ""), paragraph.get("id")
            name = None if given is None else str(given)
            yield title, paragraph["context"], name, paragraph["qas"]


def _case(raw: Mapping[str, Any], record: Record, text: str, notes: list[str]) -> Case | None:
    name = str(raw["query_id"] if "query_id" in raw else raw["id"])
    question = str(raw["query_text"] if "query_text" in raw else raw["question"])
    given = [_answer(answer) for answer in raw.get("answers") or ()]
    answers = tuple(dict.fromkeys(said.strip() for said, _ in given if said.strip()))
    if not question.strip():
        notes.append(f"case {name}: it asks nothing; left out")
        return None
    lang = language_of(question, record.text)
    if raw.get("is_impossible") or not answers:
        return Case(name, question, answerable=False, lang=lang)
    said, start = next((said, start) for said, start in given if said.strip())
    quote = _quote(record.text, text, said.strip(), start)
    if quote is None:
        notes.append(f"case {name}: its answer is not in the text; its gold is the whole article")
    gold = ((GoldSpan(record.id, quote),),)
    return Case(name, question, answerable=True, lang=lang, answers=answers, gold=gold)


def _answer(raw: Any) -> tuple[str, int | None]:  # noqa: ANN401 - any JSON value
    if isinstance(raw, str):
        return raw, None
    start = raw.get("answer_start")
    return str(raw["text"]), start if isinstance(start, int) and start >= 0 else None


def _quote(raw: str, stored: str, said: str, start: int | None) -> str | None:
    """The sentence around an answer, in the stored text, which may have lost some white space."""
    nth = sum(at < start for at in _places(raw, said)) if start is not None else 0
    at = next(islice(_places(stored, said), nth, None), None)
    return None if at is None else quote_around(stored, at, at + len(said))


def _places(text: str, part: str) -> Iterator[int]:
    at = text.find(part)
    while at >= 0:
        yield at
        at = text.find(part, at + 1)
