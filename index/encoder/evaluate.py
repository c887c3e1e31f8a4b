"""Measure an encoder: ``python -m index.encoder.evaluate --data DIR [--model FOLDER]``.

In: the development sets and a model folder. Out: one row for each set on standard output, with
the dense leg alone, the lexical leg alone (BM25 of ``index.lexical``) and both fused. Every
question is asked against all passages of its set; questions without an answer are left out.
It does not decide whether a figure is good enough: it prints the goal beside it.
"""

import argparse
import gc
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from index.encoder.corpus import read_rows
from index.encoder.static import MODEL, StaticEncoder
from index.lexical import LexicalDocument, LexicalIndex, write_lexical
from index.tokens import terms
from index.vectors import Vectors

__all__ = ["SETS", "Figures", "Retrieval", "main"]

_CANDIDATES = 100
"""Passages that each leg hands to the fusion."""

_COSINE_WEIGHT = 0.8
"""Of the cosine beside BM25 divided by what a passage with all terms of the question would score:
the fusion of the product (``rag.retrieve.fuse``), before its reranker."""

_OTHERS = ("ar", "de", "el", "es", "hi", "ro", "ru", "th", "tr", "vi")


@dataclass(frozen=True, slots=True)
class Retrieval:
    """A set: questions, passages, and the rows of the passages that answer each question."""

    name: str
    questions: tuple[str, ...]
    passages: tuple[str, ...]
    gold: tuple[tuple[int, ...], ...]


@dataclass(frozen=True, slots=True)
class Figures:
    """Recall at 1, 5 and 10 and the mean reciprocal rank."""

    r1: float
    r5: float
    r10: float
    mrr: float

    def __str__(self) -> str:
        return f"{self.r1:.3f} {self.r5:.3f} {self.r10:.3f} {self.mrr:.3f}"


def _read(data: Path, name: str, *, limit: int | None = None) -> Retrieval:
    rows = list(read_rows(data / f"{name}.corpus.jsonl.xz"))
    places = {row["doc_id"]: place for place, row in enumerate(rows)}
    # The text alone: the paragraphs of the other sets have no titles either, or tell-tale ones.
    passages = tuple(row["text"] for row in rows)
    questions, gold = [], []
    for row in read_rows(data / f"{name}.queries.jsonl.xz"):
        if row.get("unanswerable") or not row.get("gold"):
            continue
        questions.append(row["q"])
        gold.append(tuple(places[doc_id] for doc_id in row["gold"]))
    return Retrieval(name, tuple(questions[:limit]), passages, tuple(gold[:limit]))


def _cross(asked: Retrieval, searched: Retrieval) -> Retrieval:
    """Ask the questions of one language against the passages of another (parallel sets)."""
    if asked.gold != searched.gold:
        raise ValueError(f"{asked.name} and {searched.name} are not parallel")
    name = f"{asked.name} → {searched.name.rpartition('.')[2]}"
    return Retrieval(name, asked.questions, searched.passages, asked.gold)


def _xquad(language: str) -> Callable[[Path], Retrieval]:
    return lambda data: _read(data, f"xquad.{language}")


SETS: dict[str, tuple[Callable[[Path], Retrieval], str]] = {
    # name → how to read it, and the goal of its dense column
    "cmrc2018": (lambda data: _read(data, "cmrc2018"), "R@1 > 0.801, R@10 > 0.958"),
    "drcd_dev": (lambda data: _read(data, "drcd_dev"), "R@1 > 0.679, R@10 > 0.925"),
    "xquad.zh": (_xquad("zh"), "R@1 > 0.799, R@10 > 0.973"),
    "xquad.en": (_xquad("en"), "R@1 > 0.822, R@10 > 0.984"),
    "xquad.en-zh": (
        lambda data: _cross(_read(data, "xquad.en"), _read(data, "xquad.zh")),
        "R@10 >= 0.90",
    ),
    "xquad.zh-en": (
        lambda data: _cross(_read(data, "xquad.zh"), _read(data, "xquad.en")),
        "R@10 >= 0.90",
    ),
    **{f"xquad.{language}": (_xquad(language), "") for language in _OTHERS},
    "dureader_robust": (lambda data: _read(data, "dureader_robust"), ""),
    "cjrc_dev": (lambda data: _read(data, "cjrc_dev"), "R@1 > 0.349, R@10 > 0.615"),
    "stard": (lambda data: _read(data, "stard"), "R@10 > 0.579"),
    "crud_news": (lambda data: _read(data, "crud_news"), "R@10 >= 0.75"),
}

Scores = npt.NDArray[np.float32]


def _figures(ranks: npt.NDArray[np.int64]) -> Figures:
    r1, r5, r10 = (float((ranks <= k).mean()) for k in (1, 5, 10))
    return Figures(r1, r5, r10, float((1 / ranks).mean()))


def _ranks(scores: Scores, gold: Sequence[Sequence[int]]) -> npt.NDArray[np.int64]:
    """Rank the best right passage of each question; among equals the earlier row is first."""
    ranks = np.empty(len(gold), dtype=np.int64)
    for number, (row, right) in enumerate(zip(scores, gold, strict=True)):
        ranks[number] = min(
            1 + np.count_nonzero(row > row[g]) + np.count_nonzero(row[:g] == row[g]) for g in right
        )
    return ranks


def _dense(encoder: StaticEncoder, retrieval: Retrieval) -> tuple[Vectors, Vectors]:
    return (
        encoder.embed_questions(retrieval.questions),
        encoder.embed_passages(retrieval.passages),
    )


def _measure(
    encoder: StaticEncoder, retrieval: Retrieval, *, lexical: bool
) -> tuple[Figures, Figures | None, Figures | None]:
    """Rank by cosine, by BM25, and by both."""
    questions, passages = _dense(encoder, retrieval)
    matched = _lexical_scores(retrieval) if lexical else None
    dense, sparse, fused = [], [], []
    for start in range(0, len(questions), 256):  # a block of scores at a time, not all
        stop = start + 256
        gold = retrieval.gold[start:stop]
        cosines: Scores = questions[start:stop] @ passages.T
        dense.append(_ranks(cosines, gold))
        if matched is None:
            continue
        weights = np.zeros_like(cosines)
        together = np.full_like(cosines, -1.0)
        for number, hits in enumerate(matched[start:stop]):
            rows = np.array([row for row, _ in hits], dtype=np.intp)
            if hits:
                weights[number, rows] = [score for _, score in hits]
            near = np.argpartition(-cosines[number], min(_CANDIDATES, len(passages) - 1))
            found = np.union1d(rows, near[:_CANDIDATES])
            together[number, found] = (
                weights[number, found] + _COSINE_WEIGHT * cosines[number, found]
            )
        sparse.append(_ranks(weights, gold))
        fused.append(_ranks(together, gold))
    if matched is None:
        return _figures(np.concatenate(dense)), None, None
    return (
        _figures(np.concatenate(dense)),
        _figures(np.concatenate(sparse)),
        _figures(np.concatenate(fused)),
    )


def _lexical_scores(retrieval: Retrieval) -> list[list[tuple[int, float]]]:
    """Search every question with the product's own BM25: rows and scores, best first.

    A score is divided by that of a passage of average length that holds every term once.
    """
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "lexical"
        write_lexical(
            path,
            (
                LexicalDocument(row, text, "", None, None, "", ())
                for row, text in enumerate(retrieval.passages)
            ),
        )
        index = LexicalIndex.open(path, count=len(retrieval.passages))
        found = []
        for question in retrieval.questions:
            ideal = sum(index.idf(list(dict.fromkeys(terms(question))))) or 1.0
            hits = index.search(question, k=_CANDIDATES)
            found.append([(hit.row, hit.score / ideal) for hit in hits])
        del index
        gc.collect()  # tantivy lets go of the files before the folder goes
    return found


def _script_invariance(encoder: StaticEncoder, data: Path) -> float:
    """Ask every question in both scripts; give the share that finds the same passage first."""
    import opencc

    same = total = 0
    for name, conversion in (("cmrc2018", "s2t"), ("xquad.zh", "s2t"), ("drcd_dev", "t2s")):
        retrieval = _read(data, name)
        converter = opencc.OpenCC(conversion)
        questions, passages = _dense(encoder, retrieval)
        others = encoder.embed_questions([converter.convert(q) for q in retrieval.questions])
        first = (questions @ passages.T).argmax(axis=1)
        second = (others @ passages.T).argmax(axis=1)
        same += int((first == second).sum())
        total += len(first)
    return same / total


def _speed(encoder: StaticEncoder, data: Path) -> None:
    """Print chunks of 300 characters a second, beside a transformer of 12 layers of 384."""
    joined = "\n".join(_read(data, "dureader_robust").passages)
    joined += "\n".join(_read(data, "cmrc2018").passages)
    chunks = [joined[start : start + 300] for start in range(0, len(joined) - 300, 300)]
    chunks = (chunks * (10_000 // len(chunks) + 1))[:10_000]
    encoder.embed_passages(chunks[:500])
    rates = []
    for _ in range(3):
        started = time.perf_counter()
        encoder.embed_passages(chunks)
        rates.append(len(chunks) / (time.perf_counter() - started))
    mine = max(rates)
    print(f"speed: {mine:,.0f} chunks of 300 characters a second (goal >= 5,000)")
    theirs = _transformer_rate()
    print(f"speed: {theirs:,.1f} with a 12 x 384 transformer, 200 tokens (random weights)")
    print(f"speed: {mine / theirs:,.0f} times as fast (goal >= 200)")


def _transformer_rate() -> float:
    """Encode with a transformer shaped like the usual small multilingual encoders.

    A chunk of 300 Chinese characters is about 200 of their tokens. The tokenizer's time is left
    out, in the transformer's favour.
    """
    import torch
    from transformers import BertConfig, BertModel

    torch.manual_seed(0)
    config = BertConfig(
        vocab_size=1_000,  # an embedding table costs no time whatever its length
        hidden_size=384,
        num_hidden_layers=12,
        num_attention_heads=12,
        intermediate_size=1_536,
    )
    model = BertModel(config)
    model.eval()  # type: ignore[no-untyped-call]
    tokens = torch.randint(0, 1_000, (32, 200))
    with torch.inference_mode():
        model(tokens[:4])
        rates = []
        for _ in range(2):
            started = time.perf_counter()
            model(tokens)
            rates.append(len(tokens) / (time.perf_counter() - started))
    return max(rates)


_FIRST_VECTOR = """
import time
started = time.perf_counter()
import sys
from pathlib import Path
from index.encoder.static import StaticEncoder
StaticEncoder(Path(sys.argv[1])).embed_questions(["银行在哪里？"])
assert "torch" not in sys.modules
print(time.perf_counter() - started)
"""


def _first_vector(folder: Path) -> None:
    command = [sys.executable, "-c", _FIRST_VECTOR, str(folder)]
    seconds = [
        float(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
        for _ in range(3)
    ]
    print(f"first vector: {min(seconds):.2f} s after the start (goal <= 0.3 s)")


def _ask_memory(index: Path) -> None:
    """Print the peak memory of one `youju ask`, as the system counts it for the whole process."""
    command = [sys.executable, "-m", "ui.cli", "ask", "手机银行有多少用户？", "--index", str(index)]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL) as asking:
        _, status, usage = os.wait4(asking.pid, 0)
        asking.returncode = os.waitstatus_to_exitcode(status)
    if asking.returncode:
        raise SystemExit(f"no question can be asked of the index {index}")
    print(f"peak memory of youju ask: {usage.ru_maxrss / 1024:,.0f} MB (goal <= 200)")


def main(arguments: list[str] | None = None) -> int:
    """Print every figure."""
    parser = argparse.ArgumentParser(
        prog="python -m index.encoder.evaluate", description="Measure an encoder."
    )
    parser.add_argument("--data", type=Path, required=True, help="holds dev/")
    parser.add_argument("--model", type=Path, default=MODEL)
    parser.add_argument("--index", type=Path, help="the sample index, to tell what asking it takes")
    parser.add_argument("--sets", nargs="+", choices=[*SETS, "scripts", "speed"])
    parser.add_argument("--quick", action="store_true", help="the dense column alone, no speed")
    options = parser.parse_args(arguments)
    if options.index is not None:
        # First: a child counts what its parent held when it was forked.
        _ask_memory(options.index)
    dev: Path = options.data / "dev"
    chosen = options.sets or [*SETS, "scripts", "speed"]
    encoder = StaticEncoder(options.model)
    print(f"{encoder.name}, {encoder.dim} dimensions")
    print(f"{'R@1 R@5 R@10 MRR of':<22}{'dense':<26}{'BM25':<26}{'fused':<26}goal (dense)")
    others = []
    for name in (name for name in chosen if name in SETS):
        read, goal = SETS[name]
        figures = _measure(encoder, read(dev), lexical=not options.quick)
        columns = "".join(f"{figure!s:<26}" for figure in filter(None, figures))
        print(f"{name:<22}{columns}{goal}", flush=True)
        if name.removeprefix("xquad.") in _OTHERS:
            others.append(figures[0].r10)
    if others:
        print(
            f"mean dense R@10 of {len(others)} other languages: {np.mean(others):.3f} (goal 0.80)"
        )
    if "scripts" in chosen:
        share = _script_invariance(encoder, dev)
        print(f"same first passage in both scripts: {share:.4f} (goal >= 0.99)")
    if "speed" in chosen and not options.quick:
        _first_vector(options.model)
        _speed(encoder, options.data / "dev")
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"peak memory of this run: {peak:,.0f} MB")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
