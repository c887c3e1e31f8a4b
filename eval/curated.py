"""How safely curated answers are matched: ``python -m eval.curated --data DIR``.

DIR holds pairs of questions that people judged to ask the same or not: ``train/paraphrase`` and
``dev/pairs_*`` (``.jsonl.xz``). The threshold is the lowest of which 98 % of the pairs above are
the same, on the fitting sets; reported is what it gives on sets that it has not seen. Then every
question of the sample cases, in both scripts, is looked for among all of them: it has to find
itself and nothing else. Last, the time that a question waits with 1,000 approved answers.
"""

import argparse
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from statistics import quantiles
from time import perf_counter
from typing import Any

from eval.cases import load_cases
from eval.scripts import in_other_script
from index.aliases import Aliases
from index.embed import bundled
from index.encoder.corpus import read_rows
from index.errors import UsageError
from rag.curated import Curated, CuratedAnswer
from rag.curated_file import Entry
from rag.paraphrase import THRESHOLD, difference, likeness, read_phrasing

__all__ = ["Pair", "Rates", "Scored", "fit_threshold", "main", "rates", "score_pairs"]

_PRECISION = 0.98
_SAMPLE = Path(__file__).with_name("sets") / "sample.jsonl"
_ENTRIES, _WORDINGS, _ASKED = 1_000, 3, 300
_DAY = date(2024, 1, 1)

# Name of a set, its file, the source of its rows there. What is fitted on is not reported.
_FITTED = (("BQ dev", "train/paraphrase", "bq.dev"), ("LCQMC dev", "train/paraphrase", "lcqmc.dev"))
_REPORTED = (
    ("BQ test", "dev/pairs_bq_test", ""),
    ("LCQMC test", "train/paraphrase", "lcqmc.test"),
    ("ATEC", "train/paraphrase", "atec.train"),
    ("QBQTC", "dev/pairs_qbqtc_test_public", ""),
)
_SAME = {"QBQTC": 2}
"""The label of two that are the same, where it is not 1: a query and the title that answers it."""


@dataclass(frozen=True, slots=True)
class Pair:
    """Two questions, and whether people judged that they ask the same."""

    one: str
    other: str
    is_same: bool


@dataclass(frozen=True, slots=True)
class Scored:
    """A pair's score; ``differs`` where something was found that keeps the two apart."""

    is_same: bool
    score: float
    differs: bool


@dataclass(frozen=True, slots=True)
class Rates:
    """Of ``pairs`` the ``matched`` ones: the share that is the same, and of the same the share."""

    pairs: int
    matched: int
    precision: float
    recall: float


def score_pairs(pairs: Sequence[Pair], *, aliases: Aliases) -> list[Scored]:
    """Score every pair as a question and a wording are scored."""
    ones = [read_phrasing(pair.one, aliases) for pair in pairs]
    others = [read_phrasing(pair.other, aliases) for pair in pairs]
    encoder = bundled()
    cosines = (
        encoder.embed_questions([p.text for p in ones])
        * encoder.embed_questions([p.text for p in others])
    ).sum(axis=1)
    return [
        Scored(pair.is_same, likeness(one, other, float(cosine)), bool(difference(one, other)))
        for pair, one, other, cosine in zip(pairs, ones, others, cosines, strict=True)
    ]


def rates(scored: Iterable[Scored], *, threshold: float, checked: bool = True) -> Rates:
    """Count what a threshold lets through; ``checked`` is false to leave differences aside."""
    rows = list(scored)
    matched = [r for r in rows if r.score >= threshold and not (checked and r.differs)]
    right = sum(row.is_same for row in matched)
    same = sum(row.is_same for row in rows)
    return Rates(
        len(rows),
        len(matched),
        right / len(matched) if matched else 1.0,
        right / same if same else 0.0,
    )


def fit_threshold(sets: Sequence[Sequence[Scored]], *, precision: float = _PRECISION) -> float:
    """Find the lowest threshold, in hundredths from 0.5 on, that is so precise on every set.

    Raises:
        UsageError: there is none.
    """
    for hundredths in range(50, 100):
        threshold = hundredths / 100
        if all(rates(scored, threshold=threshold).precision >= precision for scored in sets):
            return threshold
    raise UsageError(f"no threshold below 1 gives a precision of {precision} on every set")


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the measures; returns the exit status."""
    parser = argparse.ArgumentParser(prog="python -m eval.curated", description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="folder with train and dev")
    data: Path = parser.parse_args(arguments).data
    aliases = Aliases.load()
    fitted = {
        name: score_pairs(_read(data, file, source), aliases=aliases)
        for name, file, source in _FITTED
    }
    threshold = fit_threshold(list(fitted.values()))
    print(f"fitted threshold {threshold:.2f} (in use: {THRESHOLD:.2f})\n")
    print("set          pairs  matched  precision  recall | by score alone: precision  recall")
    for name, scored in fitted.items():
        print(_line(f"{name} *", scored))
    for name, file, source in _REPORTED:
        pairs = _read(data, file, source, same=_SAME.get(name, 1))
        print(_line(name, score_pairs(pairs, aliases=aliases)))
    print("* fitted on\n")
    for line in _sample_lines(aliases):
        print(line)
    _, file, source = _REPORTED[0]
    questions = [text for pair in _read(data, file, source) for text in (pair.one, pair.other)]
    print(_time_line(questions, aliases))
    return 0


def _read(data: Path, file: str, source: str, same: int = 1) -> list[Pair]:
    path = data / f"{file}.jsonl.xz"
    if not path.is_file():
        raise UsageError(f"{path} is not there; name the folder that holds train and dev")
    return [
        Pair(*_texts(row), is_same=row["label"] == same)
        for row in read_rows(path)
        if not source or row["src"] == source
    ]


def _texts(row: Mapping[str, Any]) -> tuple[str, str]:
    return (row["a"], row["b"]) if "a" in row else (row["q"], row["title"])


def _line(name: str, scored: Sequence[Scored]) -> str:
    found = rates(scored, threshold=THRESHOLD)
    alone = rates(scored, threshold=THRESHOLD, checked=False)
    return (
        f"{name:<12} {found.pairs:5}  {found.matched:7}  {found.precision:9.3f}  "
        f"{found.recall:6.3f} | {alone.precision:25.3f}  {alone.recall:6.3f}"
    )


def _sample_lines(aliases: Aliases) -> Iterator[str]:
    cases = {c.question: c for c in load_cases(_SAMPLE) if not c.dialogue}
    curated = _curated([[question] for question in cases], aliases)
    asked = [(question, question) for question in cases]
    asked += [(made[0], q) for q, case in cases.items() if (made := in_other_script(case))]
    own, wrong = 0, []
    for text, question in asked:
        found = curated.find(text, day=_DAY)
        own += found is not None and found.entry.questions[0] == question
        if found and found.entry.questions[0] != question:
            wrong.append(f"  {text} -> {found.entry.questions[0]}")
    yield (
        f"sample cases: {len(cases)} questions, asked {len(asked)} times in both scripts: "
        f"{own} find their own, {len(wrong)} another's"
    )
    yield from wrong


def _time_line(questions: Sequence[str], aliases: Aliases) -> str:
    needed = _ENTRIES * _WORDINGS
    groups = [questions[n : n + _WORDINGS] for n in range(0, needed, _WORDINGS)]
    began = perf_counter()
    curated = _curated(groups, aliases)
    opened = perf_counter() - began
    asked = questions[needed : needed + _ASKED]
    times = []
    for question in asked:
        began = perf_counter()
        curated.find(question, day=_DAY)
        times.append((perf_counter() - began) * 1000)
    cuts = quantiles(times, n=20)
    return (
        f"time with {len(groups):,} answers of {_WORDINGS} wordings: "
        f"p50 {cuts[9]:.2f} ms, p95 {cuts[18]:.2f} ms; {opened:.1f} s to read them, once"
    )


def _curated(groups: Iterable[Sequence[str]], aliases: Aliases) -> Curated:
    return Curated(
        [
            CuratedAnswer(Entry(f"answer {n}", str(n), tuple(group), (), "nobody"), ())
            for n, group in enumerate(groups, start=1)
        ],
        aliases=aliases,
    )


if __name__ == "__main__":
    raise SystemExit(main())
