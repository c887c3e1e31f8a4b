"""How well questions are clustered, and how near the passages of answered ones are.

``python -m eval.clustering --index DIR`` (an index of the sample collection) prints what share of
pairs of questions comes together, from which nearness on a passage is near, and how long 10,000
questions take: the figures behind the constants of ``eval.clusters``.
"""

import argparse
import json
import random
from collections.abc import Sequence
from itertools import combinations
from pathlib import Path
from time import perf_counter

import numpy as np

from eval.cases import Case, load_cases
from eval.clusters import FAR, SIMILARITY, cluster
from index.embed import load_embedder
from index.fold import fold
from index.search import open_index
from rag.answer import Asker
from rag.config import Config

_SETS = Path(__file__).with_name("sets")
_MANY = 10_000


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(prog="python -m eval.clustering", description=__doc__)
    parser.add_argument("--index", type=Path, default=Path("var/index"))
    index: Path = parser.parse_args().index
    cases = [case for case in load_cases(_SETS / "sample.jsonl") if not case.dialogue]
    _pairs(cases)
    _by_hand()
    _nearness(cases, index)
    _speed([case.question for case in cases])


def _pairs(cases: Sequence[Case]) -> None:
    """Questions of the sample set whose gold differs."""
    cosines = _cosines([case.question for case in cases])
    apart = [
        float(cosines[a, b])
        for a, b in combinations(range(len(cases)), 2)
        if not _spans(cases[a]) & _spans(cases[b])
    ]
    share = np.mean(np.array(apart) >= SIMILARITY)
    print(f"{len(apart):,} pairs of the sample set with different gold: {share:.2%} come together")


def _spans(case: Case) -> set[tuple[str, str | None]]:
    return {(span.article, span.quote) for fact in case.gold for span in fact}


def _by_hand() -> None:
    """Pairs written by hand: the same question in other words, another one of the same subject."""
    text = (_SETS / "question_pairs.jsonl").read_text(encoding="utf-8")
    rows = [json.loads(line) for line in text.splitlines()]
    for is_same, name in ((True, "the same"), (False, "another, of the same subject")):
        pairs = [row["questions"] for row in rows if row["same"] is is_same]
        near = [_cosines(pair)[0, 1] >= SIMILARITY for pair in pairs]
        print(f"{len(pairs)} pairs that ask {name}: {np.mean(near):.2f} come together")


def _nearness(cases: Sequence[Case], index: Path) -> None:
    """The cosine of the nearest passage, by whether the collection has the answer."""
    with open_index(index) as opened:
        asker = Asker(opened, config=Config())
        for answerable in (True, False):
            asked = [case for case in cases if case.answerable is answerable]
            nearest = [
                max((p.dense for p in asker.answer(case.question).passages if p.dense), default=0.0)
                for case in asked
            ]
            name = "with an answer" if answerable else "without one"
            share = np.mean(np.array(nearest) >= FAR)
            print(f"{len(asked)} questions {name}: {share:.2f} have a passage as near as {FAR}")


def _speed(questions: Sequence[str]) -> None:
    rng = random.Random(1)  # noqa: S311 - made-up questions
    names = [chr(0x4E00 + n) for n in range(500)]
    many = ["".join(rng.sample(names, 2)) + rng.choice(questions) for _ in range(_MANY)]
    started = perf_counter()
    found = cluster(many)
    print(f"{_MANY:,} questions: {perf_counter() - started:.1f} s, {len(found):,} clusters")


def _cosines(questions: Sequence[str]) -> "np.ndarray":  # (n, n)
    vectors = load_embedder("bundled").embed_questions([fold(text) for text in questions])
    return np.asarray(vectors @ vectors.T)


if __name__ == "__main__":
    main()
