"""How well a case set is answered, as one table: ``python -m eval.quality --index DIR``.

A first measurement, on the same path as the chat: which articles were retrieved, whether what was
cited is the gold span, what was declined. Every rate is over all cases of its row; a case that was
declined though it can be answered counts as missed everywhere.
"""

import argparse
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from eval.cases import Case, GoldSpan, load_cases, locate
from index.article import Article
from index.errors import UsageError
from index.fold import fold
from index.search import open_index
from rag.answer import Asker
from rag.config import load_config
from rag.schema import Answer

__all__ = ["Outcome", "judge", "main", "plain", "table"]

_SAMPLE = Path(__file__).with_name("sets") / "sample.jsonl"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one case. For an unanswerable one only ``declined`` means anything.

    ``retrieved``: every needed fact's article is among the passages. ``cited``: some citation
    overlaps a gold span. ``first``: the first sentence's citation does. ``contained``: an accepted
    short answer stands in the answer.
    """

    case: Case
    declined: bool
    retrieved: bool
    cited: bool
    first: bool
    contained: bool


def judge(case: Case, answer: Answer, articles: Mapping[str, Article]) -> Outcome:
    """Compare one answer with its case; ``articles`` are those of the index by path.

    Raises:
        UsageError: a gold article is not in the index, or its quote not exactly once in it.
    """
    missing = {s.article for fact in case.gold for s in fact} - articles.keys()
    if missing:
        raise UsageError(
            f"case {case.id}: the gold article {min(missing)} is not in the index; index the "
            "collection that the cases were written for"
        )
    found = {p.article.path for p in answer.passages}
    gold = [
        (span.article, *locate(span, articles[span.article].text))
        for fact in case.gold
        for span in fact
    ]
    hits = [
        any(path == c.path and start < c.end and c.start < end for path, start, end in gold)
        for c in answer.citations
    ]
    return Outcome(
        case=case,
        declined=answer.abstained,
        retrieved=bool(case.gold) and all(_any_of(fact, found) for fact in case.gold),
        cited=any(hits),
        first=hits[:1] == [True],
        contained=any(plain(short) in plain(answer.answer) for short in case.answers)
        and not answer.abstained,
    )


def table(outcomes: Sequence[Outcome]) -> str:
    """The rates as text: all answerable cases, then by tag and language; then declining."""
    answerable = [o for o in outcomes if o.case.answerable]
    rows = [("answerable", answerable)]
    rows += [
        (f"  {lang}", [o for o in answerable if o.case.lang == lang])
        for lang in sorted({o.case.lang for o in answerable})
    ]
    rows += [
        (f"  #{tag}", [o for o in answerable if tag in o.case.tags])
        for tag in sorted({tag for o in answerable for tag in o.case.tags})
    ]
    head = ("", "cases", "retrieved", "cited", "first", "contained", "answered")
    lines = ["{:<24}{:>7}{:>11}{:>8}{:>8}{:>11}{:>10}".format(*head)]
    for name, members in rows:
        rates = (
            _rate(o.retrieved for o in members),
            _rate(o.cited for o in members),
            _rate(o.first for o in members),
            _rate(o.contained for o in members),
            _rate(not o.declined for o in members),
        )
        lines.append(
            "{:<24}{:>7}{:>11.3f}{:>8.3f}{:>8.3f}{:>11.3f}{:>10.3f}".format(
                name, len(members), *rates
            )
        )
    unanswerable = [o for o in outcomes if not o.case.answerable]
    declined = _rate(o.declined for o in unanswerable)
    lines.append(f"{'unanswerable':<24}{len(unanswerable):>7}   declined {declined:.3f}")
    return "\n".join(lines)


def _any_of(fact: Iterable[GoldSpan], paths: set[str]) -> bool:
    return any(span.article in paths for span in fact)


def _rate(flags: Iterable[bool]) -> float:
    values = list(flags)
    return sum(values) / len(values) if values else 0.0


def plain(text: str) -> str:
    """Text as answers are compared: folded, without spaces and punctuation but for 3.5 and 9%."""
    return "".join(c for c in fold(text) if c.isalnum() or c in ".%")


def main(arguments: Sequence[str] | None = None) -> None:
    """Print the table, and with ``--misses`` the questions that were not answered right."""
    parser = argparse.ArgumentParser(prog="python -m eval.quality", description=__doc__)
    parser.add_argument("--index", type=Path, default=Path("var/index"))
    parser.add_argument("--cases", type=Path, default=_SAMPLE)
    parser.add_argument("--config", type=Path)
    parser.add_argument("--misses", action="store_true")
    options = parser.parse_args(arguments)
    with open_index(options.index) as index:
        asker = Asker(index, config=load_config(options.config))
        articles = {article.path: article for article in index.articles()}
        outcomes = [
            judge(case, asker.answer(case.question, dialogue=case.dialogue), articles)
            for case in load_cases(options.cases)
        ]
    print(table(outcomes))
    if options.misses:
        for o in outcomes:
            right = o.first if o.case.answerable else o.declined
            if not right:
                print(f"{o.case.id}  declined={o.declined} cited={o.cited}  {o.case.question}")


if __name__ == "__main__":
    main()
