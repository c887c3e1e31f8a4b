"""Fit and measure the probability of an answer: ``python -m eval.declining --data DIR``.

In: the public sets, split by document into a half to fit on and a half to report on. Questions
that a set can answer stand against ones that it cannot: its own unanswerable ones (near misses)
and the questions of another set. Out: ``rag/decline.toml``, and a table with the precision among
the answered questions, the share of answerable ones answered, and how true the probability is.
"""

import argparse
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from eval.benchmarks import Half, build, half_of, read_queries, rows
from eval.cases import load_cases
from eval.listwise import write_weights
from index.errors import UsageError
from index.search import Index, open_index
from rag.answer import Asker, make_material, today
from rag.config import Config, RetrievalConfig
from rag.decline import SIGNALS, WEIGHTS, signals
from rag.question import Asked, read_question
from rag.rank import rank_statements
from rag.rerank import load_reranker
from rag.retrieve import Search, retrieve

__all__ = ["SETS", "Sample", "collect", "fit_logistic", "main", "table"]

SETS = (
    "cmrc2018",
    "drcd_dev",
    "xquad.zh",
    "xquad.en",
    "dureader_robust",
    "cjrc_dev",
    "squad20_dev",
)
_FOREIGN = {
    "cmrc2018": "drcd_dev",
    "drcd_dev": "dureader_robust",
    "dureader_robust": "cmrc2018",
    "xquad.zh": "cjrc_dev",
    "cjrc_dev": "xquad.zh",
}
"""Of which set the questions are that a set cannot answer. SQuAD's sets share paragraphs."""

_SAMPLE = Path(__file__).with_name("sets") / "sample.jsonl"
_RIDGE = 1e-3
_CALIBRATION_BINS = 10


@dataclass(frozen=True, slots=True)
class Sample:
    """One question: its signals ``(columns,)`` and whether the collection answers it."""

    group: str
    signals: npt.NDArray[np.float64]
    answerable: bool


def collect(
    name: str, data: Path, *, cache: Path, half: Half, limit: int, embedder: str = "bundled"
) -> list[Sample]:
    """The samples of one half of a set."""
    found: list[Sample] = []
    with open_index(build(name, data, cache=cache, embedder=embedder)) as index:
        right = [q.text for q in read_queries(name, data, half=half, limit=limit)]
        wrong = [
            row["q"]
            for row in rows(data / f"{name}.queries.jsonl.xz")
            if row.get("unanswerable") and half_of(row["context_doc"]) is half
        ][:limit]
        if other := _FOREIGN.get(name):
            wrong += [q.text for q in read_queries(other, data, half=half, limit=limit // 2)]
        for text, answerable in (
            (t, a) for texts, a in ((right, True), (wrong, False)) for t in texts
        ):
            values = _signals(index, text)
            if values is not None:
                found.append(Sample(name, values, answerable))
    return found


def _signals(index: Index, text: str) -> npt.NDArray[np.float64] | None:
    try:
        search = Search(read_question(text))
    except UsageError:
        return None
    config = RetrievalConfig()
    found = retrieve(index, search, config=config, reranker=load_reranker(config))
    ranked = rank_statements(make_material(index, search, found.passages))
    return signals(ranked, found) if ranked else None


def of_cases(index: Path, cases: Path) -> list[Sample]:
    """The samples of a case set, asked as the chat asks them."""
    found = []
    with open_index(index) as opened:
        asker = Asker(opened, config=Config())
        for case in load_cases(cases):
            seen = asker.inspect(Asked(case.question, today(), dialogue=case.dialogue))
            ranked = rank_statements(
                make_material(opened, seen.reading.search, seen.retrieval.passages)
            )
            values = signals(ranked, seen.retrieval) if ranked else np.zeros(len(SIGNALS))
            found.append(Sample(cases.stem, values, case.answerable))
    return found


def fit_logistic(samples: Sequence[Sample]) -> npt.NDArray[np.float64]:
    """Fit one weight for each signal; answerable and other questions count the same in sum."""
    from scipy.optimize import minimize  # type: ignore[import-untyped]

    columns = np.array([s.signals for s in samples])
    right = np.array([s.answerable for s in samples], dtype=np.float64)
    shares = np.where(right > 0, 0.5 / right.sum(), 0.5 / (1 - right).sum())

    def loss(weights: npt.NDArray[np.float64]) -> tuple[float, npt.NDArray[np.float64]]:
        odds = columns @ weights
        value = float(shares @ (np.logaddexp(0, odds) - right * odds))
        slope = columns.T @ (shares * (1 / (1 + np.exp(-odds)) - right))
        penalty = weights.copy()
        penalty[SIGNALS.index("bias")] = 0
        return value + _RIDGE * float(penalty @ penalty), slope + 2 * _RIDGE * penalty

    weights: npt.NDArray[np.float64] = minimize(
        loss, np.zeros(len(SIGNALS)), jac=True, method="L-BFGS-B"
    ).x
    return weights


def table(groups: dict[str, list[Sample]], weights: npt.NDArray[np.float64], *, cut: float) -> str:
    """One line a group: precision and coverage at ``cut``, at a coverage of 0.90, calibration."""
    head = ("", "answerable", "others", "answered", "precision", "P at .90", "area", "calibration")
    lines = ["{:<18}{:>11}{:>8}{:>10}{:>11}{:>10}{:>8}{:>13}".format(*head)]
    for name, members in groups.items():
        chance = 1 / (1 + np.exp(-np.array([s.signals for s in members]) @ weights))
        right = np.array([s.answerable for s in members])
        answered = chance >= cut
        floor = np.quantile(chance[right], 0.10) if right.any() else 0.0
        pairs = chance[right][:, None] - chance[~right][None, :]
        area = float((pairs > 0).mean() + (pairs == 0).mean() / 2) if pairs.size else float("nan")
        bins = np.minimum((chance * _CALIBRATION_BINS).astype(int), _CALIBRATION_BINS - 1)
        error = sum(
            abs(float(chance[bins == b].mean()) - float(right[bins == b].mean()))
            * float((bins == b).mean())
            for b in range(_CALIBRATION_BINS)
            if (bins == b).any()
        )
        lines.append(
            f"{name:<18}{int(right.sum()):>11}{int((~right).sum()):>8}"
            f"{float(answered[right].mean()) if right.any() else 0:>10.3f}"
            f"{float(right[answered].mean()) if answered.any() else 0:>11.3f}"
            f"{float(right[chance >= floor].mean()):>10.3f}{area:>8.3f}{error:>13.3f}"
        )
    return "\n".join(lines)


def main(arguments: Sequence[str] | None = None) -> None:
    """Fit on the fitting halves, print the reporting halves."""
    parser = argparse.ArgumentParser(prog="python -m eval.declining", description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="holds dev/")
    parser.add_argument("--cache", type=Path, default=Path("var/benchmarks"))
    parser.add_argument("--index", type=Path, help="also report a case set on this index")
    parser.add_argument(
        "--cases", type=Path, default=Path(__file__).with_name("sets") / "sample.jsonl"
    )
    parser.add_argument("--embedder", default="bundled", help="fit for another one")
    parser.add_argument("--limit", type=int, default=300, help="questions of one kind and set")
    parser.add_argument("--cut", type=float, default=Config().answer.min_probability)
    parser.add_argument("--output", type=Path, default=WEIGHTS)
    options = parser.parse_args(arguments)
    dev = options.data / "dev"
    halves: dict[Half, dict[str, list[Sample]]] = {}
    for half in Half:
        halves[half] = {
            name: collect(
                name,
                dev,
                cache=options.cache,
                half=half,
                limit=options.limit,
                embedder=options.embedder,
            )
            for name in SETS
        }
    weights = fit_logistic([s for members in halves[Half.FIT].values() for s in members])
    write_weights(
        options.output,
        SIGNALS,
        weights,
        notes=(
            "What each signal of rag/decline.py says of whether the collection answers.",
            "Fitted by `python -m eval.declining` on the fitting halves of: "
            + ", ".join(SETS)
            + ".",
        ),
    )
    groups = dict(halves[Half.REPORT])
    groups["all"] = [s for members in halves[Half.REPORT].values() for s in members]
    if options.index:
        groups[options.cases.stem] = of_cases(options.index, options.cases)
    print(table(groups, weights, cut=options.cut))


if __name__ == "__main__":
    main()
