"""How far answers can be trusted, in one command: ``python -m eval.answers --data DIR``.

Four tables: which sentence is chosen (the reporting halves of the public sets, retrieval
included), what the citation gate catches, when a question is declined, and how soon the first
sentence is there. Every citation that is made on the way is compared with its article.
"""

import argparse
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import numpy as np

from eval import alterations, declining
from eval.benchmarks import Half, Query, build, plain, read_queries
from eval.cases import load_cases
from eval.sentences import short_f1
from index.search import open_index
from rag.answer import Asker, today
from rag.config import Config
from rag.decline import SIGNALS, WEIGHTS
from rag.question import Asked
from rag.weights import read_weights

__all__ = ["Choice", "main", "measure_choice", "measure_speed"]

_SETS = ("cmrc2018", "drcd_dev", "xquad.zh", "xquad.en", "dureader_robust", "cjrc_dev")
_SAMPLE = Path(__file__).with_name("sets") / "sample.jsonl"


@dataclass(frozen=True, slots=True)
class Choice:
    """What became of one answerable question.

    ``first``, ``three``: the gold answer stands in the likeliest sentence, or in one of the three
    likeliest. ``shown``: it stands in the first sentence of the answer as it is given, declined
    answers counting as missed. ``f1`` of the short answer that is pointed out in that sentence,
    None where none is. ``citations``, ``exact``: how many were made, and how many quote.
    """

    first: bool
    three: bool
    shown: bool
    f1: float | None
    citations: int
    exact: int


def measure_choice(asker: Asker, queries: Sequence[Query]) -> list[Choice]:
    """Ask each question as the chat asks it."""
    return [_choice(asker, query) for query in queries]


def _choice(asker: Asker, query: Query) -> Choice:
    seen = asker.inspect(Asked(query.text, today()))
    gold = [plain(answer) for answer in query.answers if plain(answer)]

    def holds(text: str) -> bool:
        return any(answer in plain(text) for answer in gold)

    quotable, _ = asker.weigh(seen.reading, seen.retrieval)
    ranked = asker.reread(quotable, seen.reading, seen.retrieval.passages)
    right = [holds(r.statement.text) for r in ranked[:3]]
    answer = seen.answer
    first = answer.sentences[0] if answer.sentences else None
    f1 = None
    if first is not None and first.short is not None:
        f1 = max(short_f1(first.text[slice(*first.short)], gold) for gold in query.answers)
    exact = sum(
        asker.index.article(c.article_id).text[c.start : c.end] == c.quote for c in answer.citations
    )
    return Choice(
        first=right[:1] == [True],
        three=any(right),
        shown=first is not None and holds(first.text),
        f1=f1,
        citations=len(answer.citations),
        exact=exact,
    )


def measure_speed(asker: Asker, questions: Sequence[str]) -> list[float]:
    """Milliseconds from a question to its first sentence, the process being warm."""
    asker.answer(questions[0])
    timings = [asker.answer(question).timings_ms for question in questions]
    return [t["first_sentence"] for t in timings if "first_sentence" in t]


def _print_choices(data: Path, *, cache: Path, limit: int) -> None:
    head = ("set", "questions", "first", "in 3", "shown", "short F1", "pointed", "exact quotes")
    print("{:<18}{:>10}{:>8}{:>8}{:>8}{:>10}{:>9}{:>16}".format(*head))
    for name in _SETS:
        with open_index(build(name, data, cache=cache)) as index:
            queries = read_queries(name, data, half=Half.REPORT, limit=limit)
            found = measure_choice(
                Asker(index, config=Config()), [query for query in queries if query.answers]
            )
        short = [c.f1 for c in found if c.f1 is not None]
        quotes = f"{sum(c.exact for c in found)}/{sum(c.citations for c in found)}"
        print(
            f"{name:<18}{len(found):>10}{np.mean([c.first for c in found]):>8.3f}"
            f"{np.mean([c.three for c in found]):>8.3f}{np.mean([c.shown for c in found]):>8.3f}"
            f"{np.mean(short) if short else 0:>10.3f}{len(short):>9}{quotes:>16}",
            flush=True,
        )


def main(arguments: Sequence[str] | None = None) -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(prog="python -m eval.answers", description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="holds dev/")
    parser.add_argument("--cache", type=Path, default=Path("var/benchmarks"))
    parser.add_argument("--index", type=Path, default=Path("var/index"), help="of the sample set")
    parser.add_argument("--limit", type=int, default=1500, help="questions of one set")
    options = parser.parse_args(arguments)
    dev = options.data / "dev"
    print("The choice of sentences, on the halves for reporting\n")
    _print_choices(dev, cache=options.cache, limit=options.limit)
    print("\nThe citation gate\n")
    print(alterations.table(alterations.measure(dev)), flush=True)
    print("\nDeclining, on the halves for reporting and the sample set\n")
    groups = {
        name: declining.collect(
            name, dev, cache=options.cache, half=Half.REPORT, limit=min(300, options.limit)
        )
        for name in declining.SETS
    }
    groups["all"] = [sample for members in groups.values() for sample in members]
    groups["sample"] = declining.of_cases(options.index, _SAMPLE)
    weights = read_weights(WEIGHTS, SIGNALS)
    print(
        declining.table(
            groups,
            np.array([weights.get(name, 0.0) for name in SIGNALS]),
            cut=Config().answer.min_probability,
        )
    )
    with open_index(options.index) as index:
        questions = [case.question for case in load_cases(_SAMPLE) if not case.dialogue]
        times = sorted(measure_speed(Asker(index, config=Config()), questions))
    print(
        f"\nFirst sentence on the sample index: median {median(times):.0f} ms, "
        f"95 of 100 within {times[int(0.95 * len(times))]:.0f} ms"
    )


if __name__ == "__main__":
    main()
