"""How well follow-up questions are completed: ``python -m eval.followups --index DIR``.

In: the cases of the sample set that have a dialogue and their question written out by hand. Out:
the share whose right article is among the first five passages, for the question alone, completed
by the rules, and written out. Every second case (by its place in the file) was not looked at while
the rules were written; it has a row of its own.
"""

import argparse
import dataclasses
from collections.abc import Callable, Sequence
from pathlib import Path

from eval.cases import Case, load_cases
from index.search import Index, open_index
from rag.answer import today
from rag.config import Config
from rag.question import Asked
from rag.rerank import load_reranker
from rag.retrieve import retrieve
from rag.understand import Understander

__all__ = ["main"]

_FIRST = 5


def main(arguments: Sequence[str] | None = None) -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(prog="python -m eval.followups", description=__doc__)
    parser.add_argument("--index", type=Path, required=True)
    parser.add_argument(
        "--show", action="store_true", help="print every completion of the first half"
    )
    options = parser.parse_args(arguments)
    cases = [
        case
        for case in load_cases(Path(__file__).with_name("sets") / "sample.jsonl")
        if case.dialogue and case.standalone and case.gold
    ]
    with open_index(options.index) as index:
        found = _Finder(index)
        ways: dict[str, Callable[[Case], Asked]] = {
            "alone": lambda case: Asked(case.question, today()),
            "completed": lambda case: Asked(case.question, today(), dialogue=case.dialogue),
            "written out": lambda case: Asked(case.standalone or "", today()),
        }
        print(f"{'':<14}{'all':>8}{'first half':>12}{'held out':>10}")
        for way, asked in ways.items():
            hits = [found(asked(case), case) for case in cases]
            parts = (hits, hits[::2], hits[1::2])
            cells = [sum(part) / max(1, len(part)) for part in parts]
            print(f"{way:<14}{cells[0]:>8.3f}{cells[1]:>12.3f}{cells[2]:>10.3f}")
        print(f"{'cases':<14}{len(cases):>8}{len(cases[::2]):>12}{len(cases[1::2]):>10}")
        if options.show:
            for case in cases[::2]:
                reading = found.understander.read(ways["completed"](case))
                mark = " " if found(ways["completed"](case), case) else "!"
                print(
                    f"{mark} {case.dialogue[-1].question} | {case.question} | "
                    f"{reading.question.searched} | {case.standalone}"
                )


class _Finder:
    """Tells whether a needed article of a case is among the first passages."""

    def __init__(self, index: Index) -> None:
        self._index = index
        self._config = Config()
        self.understander = Understander(index, config=self._config)
        self._reranker = load_reranker(self._config.retrieval)

    def __call__(self, asked: Asked, case: Case) -> bool:
        found = retrieve(
            self._index,
            self.understander.read(asked).search,
            config=dataclasses.replace(self._config.retrieval, passages=_FIRST),
            reranker=self._reranker,
        )
        paths = {passage.article.path for passage in found.passages}
        return any(span.article in paths for fact in case.gold for span in fact)


if __name__ == "__main__":
    main()
