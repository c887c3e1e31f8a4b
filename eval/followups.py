"""How well follow-ups are completed: ``python -m eval.followups --index DIR``.

For every case with a dialogue: is a gold article among the passages of the question alone, of the
completed question, of the question that a person wrote out in full? The cases on even lines of
the case file are those that `rag.followup` was developed on; the others are held out.

With ``--whole DIR`` the other error is counted, on public sets (``NAME.queries.jsonl.xz``, fields
``q`` and ``gold``): how many questions that stand alone are changed when another one precedes.
"""

import argparse
import json
import lzma
import random
import zlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from eval.cases import Case, load_cases
from index.errors import UsageError
from index.search import Index, open_index
from rag.config import RetrievalConfig, load_config
from rag.followup import Turn, complete
from rag.question import read_question
from rag.rerank import load_reranker
from rag.retrieve import Search, retrieve
from rag.rewrite import Rewriter, open_rewriter, rewrite_or_complete

__all__ = ["Outcome", "changed_whole", "main", "measure", "table"]

_WHOLE_SETS = (
    "cmrc2018",
    "drcd_dev",
    "dureader_robust",
    "xquad.zh",
    "xquad.en",
    "squad20_dev",
    "cjrc_dev",
    "stard",
)
_WHOLE_LIMIT = 1500
_SAMPLE = Path(__file__).with_name("sets") / "sample.jsonl"


@dataclass(frozen=True, slots=True)
class Outcome:
    """Whether the gold was found by each form of one case's question.

    ``completed_text`` is the question as it was completed, None where it was left alone.
    """

    case: Case
    held_out: bool
    completed_text: str | None
    alone: bool
    completed: bool
    standalone: bool


def measure(
    cases: Sequence[Case],
    index: Index,
    *,
    config: RetrievalConfig,
    k: int = 5,
    rewriter: Rewriter | None = None,
) -> list[Outcome]:
    """Search each answerable case with a dialogue three times, ``k`` passages each."""
    outcomes: list[Outcome] = []
    reranker = load_reranker(config)
    for line, case in enumerate(cases, start=1):
        if not case.dialogue or not case.gold or case.standalone is None:
            continue
        written = rewrite_or_complete(rewriter, case.question, case.dialogue)

        def finds(text: str, case: Case = case) -> bool:
            search = Search(read_question(text))
            retrieval = retrieve(index, search, config=config, reranker=reranker, k=k)
            found = {passage.article.path for passage in retrieval.passages}
            return all(any(span.article in found for span in fact) for fact in case.gold)

        outcomes.append(
            Outcome(
                case=case,
                held_out=line % 2 == 1,
                completed_text=written.text if written.text != case.question else None,
                alone=finds(case.question),
                completed=finds(written.text),
                standalone=finds(case.standalone),
            )
        )
    return outcomes


def table(outcomes: Sequence[Outcome], *, k: int = 5) -> str:
    """Recall@k of the three forms: follow-ups, new topics, each whole and by half."""
    head = ("recall@" + str(k), "cases", "alone", "completed", "standalone", "changed")
    lines = ["{:<26}{:>6}{:>8}{:>11}{:>12}{:>9}".format(*head)]
    for tag in ("follow-up", "new-topic"):
        tagged = [o for o in outcomes if tag in o.case.tags]
        rows = [
            (tag, tagged),
            ("  developed on", [o for o in tagged if not o.held_out]),
            ("  held out", [o for o in tagged if o.held_out]),
        ]
        rows += [
            (f"  held out, {lang}", [o for o in tagged if o.held_out and o.case.lang == lang])
            for lang in sorted({o.case.lang for o in tagged})
        ]
        for name, members in rows:
            rates = (
                _rate(o.alone for o in members),
                _rate(o.completed for o in members),
                _rate(o.standalone for o in members),
                _rate(o.completed_text is not None for o in members),
            )
            lines.append(
                "{:<26}{:>6}{:>8.3f}{:>11.3f}{:>12.3f}{:>9.3f}".format(name, len(members), *rates)
            )
    return "\n".join(lines)


def changed_whole(questions: Sequence[str]) -> list[tuple[str, str]]:
    """The whole questions that are changed, each after another of the same list drawn by seed 0.

    Returns:
        Pairs of the question and what it was completed to, which it should not have been.
    """
    draw = random.Random(0)  # noqa: S311 -- a fixed draw, no secret
    changed: list[tuple[str, str]] = []
    for question in questions:
        done = complete(question, [Turn(draw.choice(questions))])
        if done:
            changed.append((question, done.text))
    return changed


def _whole_questions(data: Path, name: str, *, held_out: bool) -> list[str]:
    """One half of a public set, split by the paragraph that holds the answer."""
    path = data / f"{name}.queries.jsonl.xz"
    try:
        with lzma.open(path, "rt", encoding="utf-8") as lines:
            rows = [json.loads(line) for line in lines]
    except OSError as error:
        raise UsageError(f"{path}: cannot be read ({error}); check the folder") from error
    halves = [row["q"] for row in rows if zlib.crc32(str(row.get("gold")).encode()) % 2 == held_out]
    return halves[:_WHOLE_LIMIT]


def _print_whole(data: Path, *, show: bool) -> None:
    print(f"{'whole questions changed':<26}{'cases':>6}{'developed on':>14}{'held out':>10}")
    for name in _WHOLE_SETS:
        halves = [_whole_questions(data, name, held_out=half) for half in (False, True)]
        changed = [changed_whole(questions) for questions in halves]
        rates = [len(c) / len(q) if q else 0.0 for c, q in zip(changed, halves, strict=True)]
        print(f"{name:<26}{sum(map(len, halves)):>6}{rates[0]:>14.4f}{rates[1]:>10.4f}")
        for question, text in changed[0] if show else ():
            print(f"    {question} → {text}")


def _rate(flags: Iterable[bool]) -> float:
    values = list(flags)
    return sum(values) / len(values) if values else 0.0


def main(arguments: Sequence[str] | None = None) -> None:
    """Print the table; with ``--show`` the questions of the half that is developed on."""
    parser = argparse.ArgumentParser(prog="python -m eval.followups", description=__doc__)
    parser.add_argument("--index", type=Path, default=Path("var/index"))
    parser.add_argument("--cases", type=Path, default=_SAMPLE)
    parser.add_argument("--config", type=Path)
    parser.add_argument("-k", type=int, default=5, help="passages per question")
    parser.add_argument("--rewriter", help="a model that rewrites instead: openai:URL#MODEL")
    parser.add_argument("--show", action="store_true")
    parser.add_argument("--whole", type=Path, metavar="DIR", help="count on public sets instead")
    options = parser.parse_args(arguments)
    if options.whole:
        _print_whole(options.whole, show=options.show)
        return
    rewriter = open_rewriter(options.rewriter) if options.rewriter else None
    with open_index(options.index) as index:
        outcomes = measure(
            load_cases(options.cases),
            index,
            config=load_config(options.config).retrieval,
            k=options.k,
            rewriter=rewriter,
        )
    print(table(outcomes, k=options.k))
    if options.show:
        for o in outcomes:
            if not o.held_out:
                mark = "".join("+" if f else "-" for f in (o.alone, o.completed, o.standalone))
                print(f"{mark} {o.case.id}  {o.case.question} → {o.completed_text}")


if __name__ == "__main__":
    main()
