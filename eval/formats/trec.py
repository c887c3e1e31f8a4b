"""TREC's files: a run (``query Q0 document place score tag``) and its judgements, called qrels
(``query 0 document grade``, or three columns with a head as BEIR has them).

In and out: dicts by query. A ranking has trec_eval's order: by score, equal ones by the document's
name backwards; the place that is written counts for nothing.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import isfinite, nan
from pathlib import Path
from typing import Any

from eval.metrics import parse
from eval.metrics.retrieval import ndcg
from index.errors import UsageError

__all__ = [
    "Judgements",
    "Ranking",
    "Score",
    "qrels_lines",
    "read_qrels",
    "read_run",
    "run_lines",
    "score",
]

Judgements = dict[str, dict[str, int]]
"""For each query the grades of its documents; 0 and below are not relevant."""
Ranking = dict[str, dict[str, float]]
"""For each query the scores of the documents that were found."""


@dataclass(frozen=True, slots=True)
class Score:
    """Means over all judged queries; ``missing`` are those that the run has nothing for: 0."""

    means: dict[str, float]
    queries: int
    missing: int


def read_qrels(path: Path) -> Judgements:
    """Read judgements.

    Raises:
        UsageError: the file cannot be read, or a line has another form.
    """
    judged: Judgements = {}
    for number, parts in _lines(path):
        if number == 1 and parts[-1].lower() in ("score", "rel", "relevance"):
            continue  # the head of a BEIR file
        if len(parts) not in (3, 4):
            raise UsageError(f"{path}: line {number}: write QUERY 0 DOCUMENT GRADE")
        try:
            grade = int(parts[-1])
        except ValueError:
            raise UsageError(
                f"{path}: line {number}: the grade {parts[-1]!r} is no whole number"
            ) from None
        judged.setdefault(parts[0], {})[parts[-2]] = grade
    return judged


def read_run(path: Path) -> Ranking:
    """Read a run.

    Raises:
        UsageError: the file cannot be read, a line has another form, or a document is there twice.
    """
    run: Ranking = {}
    for number, parts in _lines(path):
        if len(parts) != 6:
            raise UsageError(f"{path}: line {number}: write QUERY Q0 DOCUMENT PLACE SCORE TAG")
        query, _, document, _, text, _ = parts
        try:
            value = float(text)
        except ValueError:
            value = nan
        if not isfinite(value):
            raise UsageError(f"{path}: line {number}: the score {text!r} is no number")
        if document in run.setdefault(query, {}):
            raise UsageError(f"{path}: line {number}: {document} is there twice for {query}")
        run[query][document] = value
    return run


def score(run: Ranking, judged: Judgements, names: Sequence[str]) -> Score:
    """Measure a run. A query without a relevant document counts for nothing.

    Raises:
        UsageError: a name is not that of a measure of retrieval, by article; no document is
            judged relevant to anything.
    """
    sums = dict.fromkeys(names, 0.0)
    queries = missing = 0
    for query, grades in judged.items():
        right = [document for document, grade in grades.items() if grade > 0]
        if not right:
            continue
        queries += 1
        missing += not run.get(query)
        ranking = _ranking(run.get(query, {}), right)
        gains = [float(grades[document]) for document in right]
        for name in names:
            sums[name] += _measure(name, ranking, gains)
    if not queries:
        raise UsageError("the judgements name no relevant document: there is nothing to measure")
    return Score({n: total / queries for n, total in sums.items()}, queries, missing)


def run_lines(rows: Iterable[Mapping[str, Any]], *, tag: str) -> Iterator[str]:
    """The rows of our own run as the lines of a TREC run, by article.

    What is written as a score is 1 / place: the scores of passages tell an order within one
    question only.
    """
    for row in rows:
        passages = row["answer"]["passages"] if row["answer"] else ()
        articles = list(dict.fromkeys(passage["article_id"] for passage in passages))
        for place, article in enumerate(articles, start=1):
            yield f"{_word(row['id'])} Q0 {_word(article)} {place} {1 / place:.6f} {_word(tag)}\n"


def qrels_lines(rows: Iterable[Mapping[str, Any]]) -> Iterator[str]:
    """The gold articles of our own run as judgements; every alternative is relevant."""
    for row in rows:
        wanted = {span["article_id"] for fact in row["gold"]["spans"] for span in fact}
        for article in sorted(wanted):
            yield f"{_word(row['id'])} 0 {_word(article)} 1\n"


def _word(name: str) -> str:
    """A name without white space, which separates the columns."""
    return "_".join(name.split())


def _measure(name: str, ranking: Sequence[frozenset[int]], gains: Sequence[float]) -> float:
    metric = parse(name)
    if metric.ranked is None or "." in metric.name:
        raise UsageError(f"{name} cannot be told of a ranking alone; take nDCG@10, recall@5, …")
    if metric.name.startswith("nDCG"):
        return ndcg(ranking, len(gains), metric.k, gains=gains)
    return metric.ranked(ranking, len(gains))


def _ranking(found: Mapping[str, float], right: Sequence[str]) -> list[frozenset[int]]:
    numbers = {document: number for number, document in enumerate(right)}
    order = sorted(found, key=lambda document: (found[document], document), reverse=True)
    return [frozenset((numbers[d],)) if d in numbers else frozenset() for d in order]


def _lines(path: Path) -> Iterator[tuple[int, list[str]]]:
    try:
        with path.open(encoding="utf-8-sig") as file:
            for number, line in enumerate(file, start=1):
                if parts := line.split():
                    yield number, parts
    except OSError as error:
        raise UsageError(f"{path}: cannot be read ({error.strerror})") from error
    except UnicodeDecodeError as error:
        raise UsageError(f"{path}: not UTF-8") from error
