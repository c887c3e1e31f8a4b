"""RGB (Chen et al. 2024, "Benchmarking large language models in retrieval-augmented generation").

A line is ``{"id", "query", "answer", "positive", "negative"}``. Positive and negative documents
become articles. Of a plain question any positive document is enough; where the positives come in
several lists (information integration), one of each is needed, and since no single short answer is
right there, such a case is measured by its documents alone.
"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from eval.cases import Case, GoldSpan
from eval.formats.collection import Collection, Record, document_id, language_of
from index.errors import UsageError

__all__ = ["read_rgb"]


def read_rgb(path: Path) -> Collection:
    """Read a file of JSON lines, or of one JSON list.

    Raises:
        UsageError: it is not of that form.
    """
    articles: dict[str, Record] = {}
    cases: list[Case] = []
    notes: list[str] = []
    for number, row in _rows(path):
        try:
            case = _case(row, articles)
        except (KeyError, TypeError, AttributeError) as error:
            raise UsageError(
                f'{path}: line {number}: not a question of RGB ({error!r}); it holds {{"id", '
                '"query", "answer", "positive", "negative"}'
            ) from error
        if case is None:
            notes.append(f"line {number}: no positive document; left out")
        else:
            cases.append(case)
    return Collection(list(articles.values()), cases, notes)


def _case(row: dict[str, Any], articles: dict[str, Record]) -> Case | None:
    positive, negative = row["positive"], row.get("negative") or []
    needed = positive if any(isinstance(p, list) for p in positive) else [positive]
    facts = []
    for group in needed:
        texts = [group] if isinstance(group, str) else group
        spans = tuple(
            dict.fromkeys(GoldSpan(_add(text, articles)) for text in texts if text.strip())
        )
        if spans:
            facts.append(spans)
    for text in negative:
        if text.strip():
            _add(text, articles)
    question = str(row["query"])
    if not facts or not question.strip():
        return None
    return Case(
        f"rgb-{row['id']}",
        question,
        answerable=True,
        lang=language_of(question),
        answers=_answers(row["answer"]) if len(facts) == 1 else (),
        gold=tuple(facts),
    )


def _answers(raw: Any) -> tuple[str, ...]:  # noqa: ANN401 - any JSON value
    """Accepted answers: a text, a list of texts, or a list of lists of them."""
    if isinstance(raw, list):
        return tuple(dict.fromkeys(text for part in raw for text in _answers(part)))
    return (str(raw).strip(),) if str(raw).strip() else ()


def _add(text: str, articles: dict[str, Record]) -> str:
    record = Record(document_id(text), text)
    articles.setdefault(record.id, record)
    return record.id


def _rows(path: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except OSError as error:
        raise UsageError(f"{path}: cannot be read ({error.strerror})") from error
    except UnicodeDecodeError as error:
        raise UsageError(f"{path}: not UTF-8") from error
    try:
        if text.lstrip().startswith("["):
            yield from enumerate(json.loads(text), start=1)
            return
        for number, line in enumerate(text.split("\n"), start=1):
            if line.strip():
                yield number, json.loads(line)
    except (ValueError, RecursionError) as error:
        raise UsageError(f"{path}: not JSON lines ({error})") from error
