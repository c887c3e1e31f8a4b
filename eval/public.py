"""Public question sets over their own paragraphs: ``python -m eval.public --data DIR``.

DIR holds ``NAME.corpus.jsonl.xz`` (``doc_id, title, text``) and ``NAME.queries.jsonl.xz`` (``q,
answers, gold``). Each set is indexed into a scratch folder and asked through the same path as the
chat. A column counts all questions that have an answer; one that was declined counts as missed.
The last column is the share declined of the questions that have none.
"""

import argparse
import json
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from eval.benchmarks import rows
from eval.quality import plain
from index.config import IndexConfig
from index.search import open_index
from index.sync import sync
from rag.answer import Asker
from rag.config import Config

__all__ = ["Figures", "main", "measure"]

_SETS = (
    "cmrc2018",
    "drcd_dev",
    "xquad.zh",
    "xquad.en",
    "dureader_robust",
    "cjrc_dev",
    "squad20_dev",
)


@dataclass(frozen=True, slots=True)
class Figures:
    """Shares of the answerable questions of one set, and the declined share of the others.

    ``top``, ``found``: the gold paragraph is the first passage, or among them. ``first``,
    ``said``: an accepted answer stands in the first sentence, or in any. ``declined`` is None
    for a set without unanswerable questions.
    """

    name: str
    questions: int
    top: float
    found: float
    first: float
    said: float
    answered: float
    declined: float | None


def measure(name: str, data: Path, *, limit: int) -> Figures:
    """Index one set and ask at most ``limit`` of its questions, spread evenly over the set.

    Raises:
        UsageError: a file of the set is missing.
    """
    questions = [q for q in rows(data / f"{name}.queries.jsonl.xz") if q["q"].strip(" ?？")]
    questions = questions[:: max(1, len(questions) // limit)][:limit]
    with tempfile.TemporaryDirectory() as scratch:
        articles = Path(scratch) / f"{name}.jsonl"
        with articles.open("w", encoding="utf-8") as file:
            for row in rows(data / f"{name}.corpus.jsonl.xz"):
                record = {"id": row["doc_id"], "title": row["title"], "text": row["text"]}
                file.write(json.dumps(record, ensure_ascii=False) + "\n")
        index_folder = Path(scratch) / "index"
        sync([articles], index_folder, config=IndexConfig())
        with open_index(index_folder) as index:
            asker = Asker(index, config=Config())
            tallies = [_ask(asker, question) for question in questions]
    answerable = [t for t in tallies if len(t) > 1]
    others = [t[0] for t in tallies if len(t) == 1]
    columns = list(zip(*answerable, strict=True))
    top, found, first, said, answered = (sum(column) / len(column) for column in columns)
    declined = sum(others) / len(others) if others else None
    return Figures(name, len(answerable), top, found, first, said, answered, declined)


def _ask(asker: Asker, question: dict[str, Any]) -> tuple[bool, ...]:
    """(top, found, first, said, answered) of an answerable question, else (declined,)."""
    answer = asker.answer(question["q"])
    if not question["answers"]:
        return (answer.abstained,)
    gold = set(question["gold"])
    ranked = [passage.article.id for passage in answer.passages]
    right = [
        any(plain(short) in plain(sentence.text) for short in question["answers"])
        for sentence in answer.sentences
    ]
    return (
        ranked[:1] != [] and ranked[0] in gold,
        not gold.isdisjoint(ranked),
        right[:1] == [True],
        any(right),
        not answer.abstained,
    )


def main(arguments: Sequence[str] | None = None) -> None:
    """Print one line a set."""
    parser = argparse.ArgumentParser(prog="python -m eval.public", description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--sets", nargs="*", default=_SETS)
    parser.add_argument("--limit", type=int, default=1500, help="questions of one set")
    options = parser.parse_args(arguments)
    head = ("set", "questions", "R@1", "R@8", "first", "in 3", "answered", "declined")
    print("{:<18}{:>10}{:>8}{:>8}{:>8}{:>8}{:>10}{:>10}".format(*head))
    for name in options.sets:
        f = measure(name, options.data, limit=options.limit)
        declined = "-" if f.declined is None else f"{f.declined:.3f}"
        shares = (f.top, f.found, f.first, f.said, f.answered)
        cells = "{:>8.3f}{:>8.3f}{:>8.3f}{:>8.3f}{:>10.3f}".format(*shares)
        print(f"{name:<18}{f.questions:>10}{cells}{declined:>10}", flush=True)


if __name__ == "__main__":
    main()
