"""Fit what the reader's word counts beside the features: ``python -m eval.rereading --data DIR``.

In: the public sets; their fitting halves are asked with retrieval, and the reader reads the
likeliest passages. Out: ``rag/reread.toml``: the worth of its numbers beside the score of
`rag.rank`, and a table of the reporting halves, with and without it.
"""

import argparse
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

from eval.benchmarks import Half, build, plain, read_queries
from eval.declining import SETS
from eval.listwise import Group, fit_listwise, write_weights
from index.errors import UsageError
from index.search import Index, open_index
from rag.answer import make_material
from rag.config import RetrievalConfig
from rag.question import read_question
from rag.rank import rank_statements
from rag.reader.reader import Reader, bundled_reader
from rag.rerank import load_reranker
from rag.reread import TOLD, WEIGHTS, told_of
from rag.retrieve import Search, retrieve

__all__ = ["main", "score_and_told"]

_RIDGE = 1e-4


def score_and_told(
    index: Index, text: str, answers: Sequence[str], *, reader: Reader
) -> Group | None:
    """One question: of each sentence its score and what the reader tells, and which are right.

    None where the question cannot be asked or finds nothing.
    """
    try:
        search = Search(read_question(text))
    except UsageError:
        return None
    config = RetrievalConfig()
    found = retrieve(index, search, config=config, reranker=load_reranker(config))
    ranked = rank_statements(make_material(index, search, found.passages))
    if not ranked:
        return None
    gold = [plain(answer) for answer in answers if plain(answer)]
    right = [any(answer in plain(r.statement.text) for answer in gold) for r in ranked]
    told = told_of(search.question, ranked, found.passages, reader)
    return Group(np.column_stack([[r.score for r in ranked], told]), np.array(right))


def _groups(name: str, data: Path, *, cache: Path, half: Half, limit: int) -> list[Group]:
    with open_index(build(name, data, cache=cache)) as index:
        found = [
            score_and_told(index, query.text, query.answers, reader=bundled_reader())
            for query in read_queries(name, data, half=half, limit=limit)
        ]
    return [group for group in found if group is not None]


def _hits(groups: Sequence[Group], weights: npt.NDArray[np.float64]) -> tuple[float, float]:
    """The share of questions with the answer in the likeliest sentence, and in three."""
    orders = [np.argsort(-(g.features @ weights), kind="stable") for g in groups]
    return (
        float(np.mean([g.right[o[0]] for g, o in zip(groups, orders, strict=True)])),
        float(np.mean([g.right[o[:3]].any() for g, o in zip(groups, orders, strict=True)])),
    )


def main(arguments: Sequence[str] | None = None) -> None:
    """Fit on the fitting halves, print the reporting halves."""
    parser = argparse.ArgumentParser(prog="python -m eval.rereading", description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="holds dev/")
    parser.add_argument("--cache", type=Path, default=Path("var/benchmarks"))
    parser.add_argument("--limit", type=int, default=300, help="questions of a set")
    parser.add_argument("--output", type=Path, default=WEIGHTS)
    options = parser.parse_args(arguments)
    halves = {
        half: {
            name: _groups(
                name, options.data / "dev", cache=options.cache, half=half, limit=options.limit
            )
            for name in SETS
        }
        for half in Half
    }
    weights = fit_listwise(
        [group for members in halves[Half.FIT].values() for group in members], ridge=_RIDGE
    )
    weights /= weights[0]  # the score keeps its scale
    write_weights(
        options.output,
        TOLD,
        weights[1:],
        notes=(
            "What each number of the reader is worth beside the score of rag/rank.py.",
            f"Fitted by `python -m eval.rereading` on {options.limit} questions of a fitting half.",
        ),
    )
    alone = np.array([1.0, *(0.0 for _ in TOLD)])
    print("{:<18}{:>10}{:>16}{:>16}".format("set", "questions", "features", "with reader"))
    for name, groups in halves[Half.REPORT].items():
        before, after = _hits(groups, alone), _hits(groups, weights)
        print(
            f"{name:<18}{len(groups):>10}{before[0]:>9.3f} {before[1]:.3f}"
            f"{after[0]:>10.3f} {after[1]:.3f}"
        )


if __name__ == "__main__":
    main()
