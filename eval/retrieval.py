"""What each part of retrieval adds: ``python -m eval.retrieval --data DIR [--index DIR]``.

In: the public sets, of each the half that nothing was fitted on, and the sample collection. Out: a
table with a row for each step (one leg, the other, rank fusion, score fusion, reranking, the
passages that are handed on) and the share of questions whose right article comes first, among the
first 10 and the first 20, with intervals by a bootstrap over questions. Follow-ups and slips come
after it, each by its own program.

An article counts as found where a passage of it, or of an earlier reprint of it, is.
"""

import argparse
import sys
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from eval import followups, typos
from eval.benchmarks import SETS, Half, Query, build, read_queries
from eval.cases import load_cases
from index.passage import Hit
from index.search import Index, open_index
from rag.config import RetrievalConfig
from rag.question import read_question
from rag.rerank import load_reranker
from rag.retrieve import Retrieval, Search, retrieve

__all__ = ["STEPS", "Goal", "bootstrap", "main", "ranks_of"]

_DEPTH = 60
"""Passages that are asked for: 20 articles have several each."""

_RRF_K = 60  # Cormack et al. 2009

_MISSED = 10_000
"""The rank of an article that was not found."""

Ranks = npt.NDArray[np.int64]
"""``(questions,)``: the place of the first right article, from 1, or ``_MISSED``."""


@dataclass(frozen=True, slots=True)
class Goal:
    """A figure that is aimed at: recall among the first ``k`` articles."""

    k: int
    share: float


GOALS: dict[str, tuple[Goal, ...]] = {
    "crud_news": (Goal(1, 0.60), Goal(20, 0.92)),
    "dureader_robust": (Goal(1, 0.80),),
    "cjrc_dev": (Goal(1, 0.65),),
    "stard": (Goal(10, 0.70),),
    "cmrc2018": (Goal(1, 0.970),),
    "drcd_dev": (Goal(1, 0.955),),
    "xquad.zh": (Goal(1, 0.950),),
    "xquad.en": (Goal(1, 0.95),),
    "xquad.en-zh": (Goal(10, 0.90),),
}


def _articles(index: Index, hits: Iterable[Hit]) -> list[frozenset[str]]:
    return [frozenset((index.article_id_of(hit.row),)) for hit in hits]


def _rank_fused(found: Retrieval) -> list[Hit]:
    """Reciprocal rank fusion, for comparison only."""
    scores: dict[int, float] = {}
    for leg in (found.lexical, found.dense):
        for rank, hit in enumerate(leg, start=1):
            scores[hit.row] = scores.get(hit.row, 0.0) + 1 / (_RRF_K + rank)
    return sorted((Hit(r, s) for r, s in scores.items()), key=lambda hit: (-hit.score, hit.row))


def _passages(_: Index, found: Retrieval) -> list[frozenset[str]]:
    return [frozenset((p.article.id, *p.reprints)) for p in found.passages]


STEPS: dict[str, Callable[[Index, Retrieval], list[frozenset[str]]]] = {
    "lexical": lambda index, found: _articles(index, found.lexical),
    "dense": lambda index, found: _articles(index, found.dense),
    "rank fusion": lambda index, found: _articles(index, _rank_fused(found)),
    "score fusion": lambda index, found: _articles(index, found.fused),
    "reranked": lambda _, found: [frozenset((r.candidate.article.id,)) for r in found.ranked],
    "passages": _passages,
}
"""What each row of the table ranks: the articles of what was found, best first, with repeats."""


def ranks_of(
    index: Index, queries: Sequence[Query], *, config: RetrievalConfig
) -> dict[str, Ranks]:
    """Ask every question once and rank the first right article after each step."""
    ranks: dict[str, list[int]] = {step: [] for step in STEPS}
    reranker = load_reranker(config)
    for query in queries:
        search = Search(read_question(query.text))
        found = retrieve(index, search, config=config, reranker=reranker, k=_DEPTH)
        for step, ranking in STEPS.items():
            ranks[step].append(_rank(ranking(index, found), query.gold))
    return {step: np.array(found, dtype=np.int64) for step, found in ranks.items()}


def _rank(ranking: Sequence[frozenset[str]], gold: frozenset[str]) -> int:
    seen: set[str] = set()
    place = 0
    for ids in ranking:
        if ids & gold:
            return place + 1
        if not ids <= seen:
            place += 1
        seen |= ids
    return _MISSED


def bootstrap(
    values: npt.NDArray[np.float64], *, samples: int = 1000, seed: int = 0
) -> tuple[float, float]:
    """The 95 % interval of a mean, by resampling (Efron 1979)."""
    rng = np.random.default_rng(seed)
    means = values[rng.integers(len(values), size=(samples, len(values)))].mean(axis=1)
    low, high = np.quantile(means, [0.025, 0.975])
    return float(low), float(high)


def _row(step: str, ranks: Ranks, before: Ranks | None) -> str:
    low, high = bootstrap((ranks == 1).astype(np.float64))
    cells = "".join(f"{(ranks <= k).mean():>8.3f}" for k in (1, 5, 10, 20))
    text = f"  {step:<16}{cells}{(1 / ranks).mean():>8.3f}   R@1 [{low:.3f}, {high:.3f}]"
    if before is not None:
        step_low, step_high = bootstrap((ranks == 1) - (before == 1).astype(np.float64))
        text += f"   added [{step_low:+.3f}, {step_high:+.3f}]"
    return text


def _print_set(name: str, ranks: dict[str, Ranks]) -> None:
    count = len(next(iter(ranks.values())))
    columns = "".join(f"{head:>8}" for head in ("R@1", "R@5", "R@10", "R@20", "MRR"))
    print(f"{f'{name} ({count})':<18}{columns}")
    before = None
    for step in STEPS:
        print(_row(step, ranks[step], before if step in ("reranked", "passages") else None))
        before = ranks[step]
    final = ranks["passages"]
    for goal in GOALS.get(name, ()):
        share = float((final <= goal.k).mean())
        verdict = "met" if share >= goal.share else "missed"
        print(f"  goal R@{goal.k} >= {goal.share:.3f}: {share:.3f}, {verdict}")
    single = max(float((ranks[leg] == 1).mean()) for leg in ("lexical", "dense"))
    if (final == 1).mean() < single:
        print(f"  below its best single leg, {single:.3f}")
    sys.stdout.flush()


def _script_invariance(index: Index, queries: Sequence[Query], *, config: RetrievalConfig) -> float:
    """Ask in both scripts; the share of questions with the same first passage."""
    import opencc

    to_traditional, to_simplified = opencc.OpenCC("s2t"), opencc.OpenCC("t2s")
    reranker = load_reranker(config)
    same = 0
    for query in queries:
        found = [
            retrieve(
                index,
                Search(read_question(convert.convert(query.text))),
                config=config,
                reranker=reranker,
                k=1,
            )
            for convert in (to_traditional, to_simplified)
        ]
        first = {passage.chunk.id for retrieval in found for passage in retrieval.passages}
        same += len(first) <= 1
    return same / len(queries)


def _sample_queries(index: Index, cases: Path) -> list[Query]:
    """The sample cases that stand by themselves; every needed article counts as right."""
    ids = {article.path: article.id for article in index.articles()}
    return [
        Query(
            case.standalone or case.question,
            frozenset(ids[span.article] for fact in case.gold for span in fact),
            case.answers,
        )
        for case in load_cases(cases)
        if case.gold
    ]


def main(arguments: Sequence[str] | None = None) -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(prog="python -m eval.retrieval", description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="holds dev/")
    parser.add_argument("--cache", type=Path, default=Path("var/benchmarks"))
    parser.add_argument("--index", type=Path, help="index of the sample collection, measured too")
    parser.add_argument("--sets", nargs="*", default=SETS)
    parser.add_argument("--limit", type=int, default=1000, help="questions of one set")
    parser.add_argument("--quick", action="store_true", help="leave follow-ups and slips out")
    options = parser.parse_args(arguments)
    config, dev = RetrievalConfig(), options.data / "dev"
    if options.index is not None:
        with open_index(options.index) as index:
            cases = Path(__file__).with_name("sets") / "sample.jsonl"
            _print_set("sample", ranks_of(index, _sample_queries(index, cases), config=config))
    for name in options.sets:
        with open_index(build(name, dev, cache=options.cache)) as index:
            queries = read_queries(name, dev, half=Half.REPORT, limit=options.limit)
            _print_set(name, ranks_of(index, queries, config=config))
            if name in ("cmrc2018", "drcd_dev", "xquad.zh"):
                share = _script_invariance(index, queries, config=config)
                print(f"  same first passage in both scripts: {share:.4f} (goal >= 0.99)")
    if options.quick:
        return
    if options.index is not None:
        print("\nfollow-ups (goal: completed within 0.03 of standalone)", flush=True)
        followups.main(["--index", str(options.index)])
    print(
        "\nslips (goal: 0.8 of the lost recall back, at most 0.01 of clean questions)", flush=True
    )
    typos.main(["--data", str(options.data), "--limit", str(options.limit)])


if __name__ == "__main__":
    main()
