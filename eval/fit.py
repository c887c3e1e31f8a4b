"""Fit the fusion and the light reranker: ``python -m eval.fit --data DIR --cache DIR``.

In: the public sets, of each the half that is for fitting. Out: a table of what each weight of the
cosine reaches, and ``rag/rerank.toml`` with one weight for each feature. The objective of the
reranker is the likelihood of a right passage among the candidates (a softmax over them, after
ListNet, Cao et al. 2007), every set counting the same.
"""

import argparse
import dataclasses
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from eval import listwise
from eval.benchmarks import SETS, Half, Query, build, plain, read_queries
from eval.listwise import Group, fit_listwise
from index.search import Index, open_index
from rag.config import RetrievalConfig
from rag.evidence import FEATURES
from rag.question import read_question
from rag.rerank import WEIGHTS
from rag.retrieve import Pool, Search, gather

__all__ = ["Sample", "fit_weights", "main", "mean_reciprocal_rank"]

_RIDGE = 1e-3
"""Of the squared weights: features that say the same share their weight rather than fight."""

_BY_HAND = {"date_fit": 1.0, "alias": 0.5}
"""Features that the public sets say nothing of: no dates of publication, hardly a bank."""

_COSINES = (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 1.0, 1.2, 1.5, 2.0)


@dataclass(frozen=True, slots=True)
class Sample:
    """One question: the features of its candidates, which of them are right, and both legs.

    ``legs`` is ``(found, 3)``: BM25 over its ideal, the cosine, and 1 where the article is right,
    for everything that either leg found.
    """

    features: npt.NDArray[np.float64]
    right: npt.NDArray[np.bool_]
    legs: npt.NDArray[np.float64]


def sample(index: Index, query: Query, *, config: RetrievalConfig) -> Sample:
    """Ask one question and keep what fitting needs."""
    pool = gather(index, Search(read_question(query.text)), config=config)
    gold = np.array([c.article.id in query.gold for c in pool.candidates], dtype=bool)
    told = [plain(answer) for answer in query.answers]
    holds = np.array(
        [any(t in plain(c.chunk.text) for t in told) for c in pool.candidates], dtype=bool
    )
    # Of a right article the passage that holds the answer, where one of them does.
    right = gold & holds if (gold & holds).any() else gold
    return Sample(pool.evidence.features, right, _legs(index, pool, query))


def _legs(index: Index, pool: Pool, query: Query) -> npt.NDArray[np.float64]:
    table: dict[int, list[float]] = {}
    for hit in pool.lexical:
        table.setdefault(hit.row, [0.0, 0.0])[0] = hit.score / (pool.ideal or 1.0)
    for hit in pool.dense:
        table.setdefault(hit.row, [0.0, 0.0])[1] = max(hit.score, 0.0)
    rows = sorted(table)
    right = [float(index.article_id_of(row) in query.gold) for row in rows]
    return np.array([[*table[row], r] for row, r in zip(rows, right, strict=True)])


def fit_weights(groups: Sequence[Sequence[Sample]]) -> npt.NDArray[np.float64]:
    """Fit one weight for each feature on sets of samples, ``(len(FEATURES),)``."""
    groups_of_rows = [
        Group(s.features, s.right, share=1 / len(group)) for group in groups for s in group
    ]
    weights = fit_listwise(groups_of_rows, ridge=_RIDGE)
    for name, weight in _BY_HAND.items():
        weights[FEATURES.index(name)] = weight
    return weights


def mean_reciprocal_rank(samples: Sequence[Sample], *, cosine: float) -> float:
    """Of the first right chunk, when both legs are fused with this weight of the cosine."""
    total = 0.0
    for s in samples:
        scores = s.legs[:, 0] + cosine * s.legs[:, 1]
        order = np.argsort(-scores, kind="stable")
        places = np.flatnonzero(s.legs[order, 2])
        total += 1 / (1 + places[0]) if len(places) else 0.0
    return total / len(samples)


def main(arguments: Sequence[str] | None = None) -> None:
    """Fit on the fitting halves; print what was found and write the weights."""
    parser = argparse.ArgumentParser(prog="python -m eval.fit", description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="holds dev/")
    parser.add_argument("--cache", type=Path, default=Path("var/benchmarks"))
    parser.add_argument("--sets", nargs="*", default=SETS)
    parser.add_argument("--limit", type=int, default=600, help="questions of one set")
    parser.add_argument("--output", type=Path, default=WEIGHTS)
    options = parser.parse_args(arguments)
    groups, dev = [], options.data / "dev"
    for name in options.sets:
        with open_index(build(name, dev, cache=options.cache)) as index:
            queries = read_queries(name, dev, half=Half.FIT, limit=options.limit)
            config = RetrievalConfig()
            groups.append([sample(index, query, config=config) for query in queries])
            found = np.mean([s.right.any() for s in groups[-1]])
            print(f"{name:<18}{len(queries):>6} questions, right among the candidates {found:.3f}")
    print("\nmean reciprocal rank by the cosine's weight")
    print(f"{'':<18}" + "".join(f"{c:>7.2f}" for c in _COSINES))
    for name, group in zip(options.sets, groups, strict=True):
        cells = [mean_reciprocal_rank(group, cosine=c) for c in _COSINES]
        print(f"{name:<18}" + "".join(f"{cell:>7.3f}" for cell in cells), flush=True)
    weights = fit_weights(groups)
    write_weights(options.output, weights, options.sets)
    for name, group in zip(options.sets, groups, strict=True):
        before = np.mean([bool(s.right[0]) for s in group if len(s.right)])
        after = np.mean(
            [bool(s.right[np.argmax(s.features @ weights)]) for s in group if len(s.right)]
        )
        print(f"{name:<18} first candidate right: fused {before:.3f}, reranked {after:.3f}")


def write_weights(path: Path, weights: npt.NDArray[np.float64], sets: Sequence[str]) -> None:
    """Write the weights as TOML, with where they come from."""
    listwise.write_weights(
        path,
        FEATURES,
        weights,
        notes=(
            "What each feature of rag/evidence.py is worth to the light reranker.",
            "Fitted by `python -m eval.fit` on the fitting halves of: " + ", ".join(sets) + ".",
            json.dumps(dataclasses.asdict(RetrievalConfig())),
        ),
    )


if __name__ == "__main__":
    main()
