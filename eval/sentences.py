"""Fit the choice of sentences and of short answers: ``python -m eval.sentences --data DIR``.

In: ``train/qa_passage.jsonl.xz`` under DIR, rows of question, passage and answer; of these only
sources under an open licence. Out: ``rag/rank.toml`` and ``rag/short.toml``, a weight for each
feature of `rag.statements` and `rag.short`. The passages are indexed as a user's articles are and
every question is asked with retrieval, so that the weights know the passages that a question
really gets. Half of the Chinese passages are written in the traditional script.
"""

import argparse
import json
import random
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from eval.benchmarks import Half, half_of, plain, rows
from eval.listwise import Group, fit_listwise, write_weights
from eval.metrics.answers import unit_f1
from eval.metrics.text import units
from index.config import IndexConfig
from index.errors import UsageError
from index.progress import Progress
from index.search import Index, open_index
from index.sentences import sentences
from index.sync import sync
from rag import rank, short
from rag.answer import make_material
from rag.config import RetrievalConfig
from rag.question import read_question
from rag.rerank import load_reranker
from rag.retrieve import Search, retrieve
from rag.statements import FEATURES, gather_statements

__all__ = ["main", "sentence_groups", "short_f1", "short_groups"]

_SOURCES = {"cmrc2018.train": 10_000, "squad11.train": 8_000, "jaquad.train": 4_000}
"""Questions of each source at most: Chinese ones as many as there are."""

_SHORT_SOURCES = {"cmrc2018.train": 4_000, "squad11.train": 4_000}
_RIDGE = 1e-4
_SHORT_RIDGE = 1e-5
_BY_HAND = {"named": 3.0, "asked": 9.0}
"""Features that the public sets say nothing of: hardly a bank, and never two in one article; no
questions in the texts. A text's own question is worth what a heading is that states as much."""

_GOOD_SHORT = 0.8
"""From which F1 on a span counts as the short answer."""


def sentence_groups(index: Index, questions: Sequence[dict[str, Any]]) -> Iterator[Group]:
    """The statements of each question, those right that hold its answer in its own passage."""
    config = RetrievalConfig()
    reranker = load_reranker(config)
    for row in questions:
        try:
            search = Search(read_question(row["q"]))
        except UsageError:
            continue
        found = retrieve(index, search, config=config, reranker=reranker)
        statements = gather_statements(make_material(index, search, found.passages))
        answer = plain(row["answer"])
        held = np.array([bool(answer) and answer in plain(s.text) for s in statements.rows])
        own = np.array([s.article.id == row["doc_id"] for s in statements.rows])
        yield Group(statements.features, held & own if (held & own).any() else held)


def short_groups(questions: Sequence[dict[str, Any]], *, limit: int) -> Iterator[Group]:
    """The spans of each answer's sentence, those right that are (nearly) the answer."""
    given = 0
    for row in questions:
        if given >= limit:
            return
        try:
            question = read_question(row["q"])
        except UsageError:
            continue
        text = row["passage"]
        at = next((s for s in sentences(text) if row["answer"] in text[slice(*s)]), None)
        if question.kind not in short.SHORT_KINDS or at is None:
            continue
        sentence = text[slice(*at)]
        found = short.short_spans(question, sentence)
        if found.spans:
            f1 = np.array([short_f1(sentence[a:b], row["answer"]) for a, b in found.spans])
            given += 1
            yield Group(found.features, f1 >= max(_GOOD_SHORT, f1.max() - 1e-9))


def short_f1(said: str, gold: str) -> float:
    """F1 of two short answers on characters for Han and on words elsewhere, folded."""
    return unit_f1(units(said), [units(gold)])


def training_index(source: str, questions: Sequence[dict[str, Any]], cache: Path) -> Path:
    """Index the passages of one source."""
    folder = cache / source
    folder.mkdir(parents=True, exist_ok=True)
    articles = folder / "articles.jsonl"
    documents = {row["doc_id"]: (row["title"], row["passage"]) for row in questions}
    with articles.open("w", encoding="utf-8") as file:
        for name, (title, text) in documents.items():
            record = {"id": name, "title": title, "text": text}
            file.write(json.dumps(record, ensure_ascii=False) + "\n")
    sync([articles], folder / "index", config=IndexConfig(max_file_mb=1_000), progress=True)
    return folder / "index"


def _read(source: str, data: Path) -> list[dict[str, Any]]:
    import opencc

    found = [r for r in rows(data / "train" / "qa_passage.jsonl.xz") if r["src"] == source]
    random.Random(1).shuffle(found)  # noqa: S311 - a sample, no secret
    if not found or not found[0]["lang"].startswith("zh"):
        return found
    convert = opencc.OpenCC("s2t").convert
    texts = ("q", "passage", "answer", "title")
    return [
        row | {name: convert(row[name]) for name in texts}
        if half_of(row["doc_id"]) is Half.FIT
        else row
        for row in found
    ]


def main(arguments: Sequence[str] | None = None) -> None:
    """Fit both files of weights."""
    parser = argparse.ArgumentParser(prog="python -m eval.sentences", description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="holds train/")
    parser.add_argument("--cache", type=Path, default=Path("var/benchmarks"))
    parser.add_argument("--limit", type=int, help="questions of a source")
    parser.add_argument("--output", type=Path, default=rank.WEIGHTS.parent)
    options = parser.parse_args(arguments)
    progress = Progress(shown=True)
    groups: list[Group] = []
    spans: list[Group] = []
    for source, most in _SOURCES.items():
        questions = _read(source, options.data)
        limit = min(most, options.limit or most)
        with open_index(training_index(source, questions, options.cache)) as index:
            asked = questions[:limit]
            for done, group in enumerate(sentence_groups(index, asked), start=1):
                groups.append(group)
                progress.update(f"{source}: questions", done, len(asked))
        most = min(_SHORT_SOURCES.get(source, 0), options.limit or most)
        spans += short_groups(questions, limit=most)
    progress.clear()
    weights = fit_listwise(groups, ridge=_RIDGE)
    for name, weight in _BY_HAND.items():
        weights[FEATURES.index(name)] = weight
    note = "Fitted by `python -m eval.sentences` on open questions of {}."
    write_weights(
        options.output / rank.WEIGHTS.name,
        FEATURES,
        weights,
        notes=(
            "What each feature of rag/statements.py is worth to the choice of a sentence.",
            "named and asked are set by hand: the public sets hardly ask about one of several",
            "banks, and their texts hold no questions with their answers.",
            note.format(", ".join(_SOURCES)),
        ),
    )
    write_weights(
        options.output / short.WEIGHTS.name,
        short.FEATURES,
        fit_listwise(spans, ridge=_SHORT_RIDGE),
        notes=(
            "What each feature of rag/short.py is worth to the choice of a short answer.",
            note.format(", ".join(_SHORT_SOURCES)),
        ),
    )
    print(f"{len(groups):,} questions for sentences, {len(spans):,} for short answers")


if __name__ == "__main__":
    main()
