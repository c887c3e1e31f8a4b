"""SQuAD-style JSON: SQuAD 1 and 2, CMRC 2018 in both of its layouts, DRCD, XQuAD.

A paragraph becomes an article, a question with answers a case whose gold is the sentence around
the first answer. A question that its paragraph does not answer becomes an unanswerable case: true
of the paragraph, which another article may contradict.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
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
    place = ""  # of what is read at the moment, for the message
    try:
        for place, paragraph in _paragraphs(load_json(path)):
            record = Record(
                paragraph.name or document_id(paragraph.text), paragraph.text, paragraph.title
            )
            text = stored_text(record)
            if text is None:
                notes.append(f"{record.id}: cannot be indexed; left out with its cases")
                continue
            articles.append(record)
            for n, question in enumerate(paragraph.questions):
                place = f"{place.partition('.qas')[0]}.qas[{n}]"
                case = _case(question, record, text, notes)
                if case is not None:
                    cases.append(case)
    except (KeyError, TypeError, AttributeError) as error:
        reason = f"there is no {error}" if isinstance(error, KeyError) else str(error)
        at = f" at or after {place}" if place else ""
        raise UsageError(
            f"{path}: not SQuAD-style JSON{at} ({reason}); it holds "
            '{"data": [{"title", "paragraphs": [{"context", "qas": [{"id", "question", '
            '"answers": [{"text", "answer_start"}]}]}]}]}'
        ) from error
    return Collection(articles, cases, notes)


@dataclass(frozen=True, slots=True)
class _Paragraph:
    title: str
    text: str
    name: str | None
    questions: list[Any]


def _paragraphs(raw: Any) -> Iterator[tuple[str, _Paragraph]]:  # noqa: ANN401 - any JSON value
    """Every paragraph with its place."""
    if isinstance(raw, list):  # the first layout of CMRC 2018
        for n, entry in enumerate(raw):
            title, id_ = str(entry.get("title") or ""), str(entry["context_id"])
            yield f"[{n}]", _paragraph(title, entry["context_text"], id_, entry["qas"])
        return
    for n, entry in enumerate(raw["data"]):
        title = str(entry.get("title") or "")
        for m, paragraph in enumerate(entry["paragraphs"]):
            given = paragraph.get("id")
            name = None if given is None else str(given)
            found = _paragraph(title, paragraph["context"], name, paragraph["qas"])
            yield f"data[{n}].paragraphs[{m}]", found


def _paragraph(title: str, text: object, name: str | None, questions: object) -> _Paragraph:
    if not isinstance(text, str):
        raise TypeError("the context is no text")
    if not isinstance(questions, list):
        raise TypeError("qas is no list")
    return _Paragraph(title, text, name, questions)


def _case(raw: Mapping[str, Any], record: Record, text: str, notes: list[str]) -> Case | None:
    name = str(raw["query_id"] if "query_id" in raw else raw["id"])
    question = str(raw["query_text"] if "query_text" in raw else raw["question"])
    answers_given = raw.get("answers") or []
    if not isinstance(answers_given, list):
        raise TypeError("answers is no list")
    given = [_answer(answer) for answer in answers_given]
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
