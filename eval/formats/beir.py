"""A BEIR folder: ``corpus.jsonl``, ``queries.jsonl`` and ``qrels/SPLIT.tsv`` (Thakur et al. 2021).

A document becomes an article. A judged query becomes a case; each of its relevant documents is a
fact that is needed, whatever its grade: the measures of a run count relevant or not.
"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from eval.cases import Case, GoldSpan
from eval.formats.collection import Collection, Record, language_of
from eval.formats.trec import Judgements, read_qrels
from index.errors import UsageError

__all__ = ["read_beir"]


def read_beir(folder: Path, *, split: str = "test") -> Collection:
    """Read a folder; the corpus only when its articles are gone through.

    Raises:
        UsageError: a file is missing or wrong.
    """
    qrels = folder / "qrels" / f"{split}.tsv"
    if not qrels.exists():
        there = ", ".join(sorted(path.stem for path in qrels.parent.glob("*.tsv"))) or "none"
        raise UsageError(f"{qrels} is not there; the splits of this folder: {there}")
    notes: list[str] = []
    for name in ("corpus.jsonl", "queries.jsonl"):
        if not (folder / name).exists():
            raise UsageError(f"{folder / name} is not there; name the folder of a BEIR set")
    judged = read_qrels(qrels)
    return Collection(_articles(folder, notes), _cases(folder, judged, notes), notes)


def _articles(folder: Path, notes: list[str]) -> Iterator[Record]:
    for row in _rows(folder / "corpus.jsonl"):
        text = str(row.get("text") or "")
        if not text.strip():
            notes.append(f"{row['_id']}: an empty document; left out")
            continue
        yield Record(str(row["_id"]), text, str(row.get("title") or ""))


def _cases(folder: Path, judged: Judgements, notes: list[str]) -> Iterator[Case]:
    for row in _rows(folder / "queries.jsonl"):
        name, question = str(row["_id"]), str(row.get("text") or "")
        right = [document for document, grade in judged.get(name, {}).items() if grade > 0]
        if not right or not question.strip():
            if name in judged:
                notes.append(f"case {name}: no relevant document, or no question; left out")
            continue
        gold = tuple((GoldSpan(document),) for document in right)
        yield Case(name, question, answerable=True, lang=language_of(question), gold=gold)


def _rows(path: Path) -> Iterator[dict[str, Any]]:
    with path.open(encoding="utf-8") as file:
        for number, line in enumerate(file, start=1):
            if not line.strip():
                continue
            try:
                row = json.loads(line)
            except (ValueError, RecursionError) as error:
                raise UsageError(f"{path}: line {number}: not JSON ({error})") from error
            if not isinstance(row, dict) or "_id" not in row:
                raise UsageError(f'{path}: line {number}: not an object with "_id"')
            yield row
