"""One case laid open: the question, what was right, what was said, and the marked passages.

In: a row of a run, with its answer read from the disk. Out: a block. Marks are computed from
offsets alone: a passage is ``article.text[start:end]``, citations and gold are spans of the same
text.
"""

from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise
from typing import Any

from eval.document import Block, Facts, Fold, Passage, Span, Text
from eval.failures import FAILURES, failure
from eval.runs import Row, Run

__all__ = ["marked", "worst_case"]

_MAX_PASSAGES = 8

_Range = tuple[int, int]


def worst_case(run: Run, row: Row, *, is_open: bool = False) -> Fold:
    """The whole case as a fold; its title is the question."""
    record = run.full(row)
    kind = failure(row)
    gold = record.get("gold") or {}
    answer = record.get("answer")
    pairs = [("case", row.id), ("slices", ", ".join(row.groups))]
    pairs += [("asked before", _said(turn)) for turn in record.get("dialogue") or ()]
    if answer and answer.get("searched") not in (None, row.question):
        pairs.append(("searched as", answer["searched"]))
    if gold.get("answers"):
        pairs.append(("right", " / ".join(gold["answers"])))
    places = [_place(span) for fact in gold.get("spans") or () for span in fact]
    if places:
        pairs.append(("gold", "; ".join(places)))
    blocks: list[Block] = [Facts(tuple(pairs))]
    if row.error is not None:
        blocks.append(Text(row.error, "bad"))
    if answer:
        blocks += _answer_blocks(answer, gold)
    scores = ((n, f"{v:.3g}") for n, v in row.metrics.items() if v is not None)
    blocks.append(Fold("Metrics", (Facts(tuple(scores)),)))
    return Fold(row.question, tuple(blocks), note=FAILURES.get(kind or "", ""), is_open=is_open)


def marked(
    text: str, start: int, *, cited: Iterable[_Range], gold: Iterable[_Range]
) -> tuple[Span, ...]:
    """Cut a passage that begins at ``start`` of its article where marks begin and end.

    >>> [(s.text, s.mark) for s in marked("abcdef", 10, cited=[(11, 14)], gold=[(13, 15)])]
    [('a', ''), ('bc', 'cited'), ('d', 'both'), ('e', 'gold'), ('f', '')]
    """
    here = [_within(ranges, start, len(text)) for ranges in (cited, gold)]
    cuts = sorted({0, len(text), *(at for ranges in here for r in ranges for at in r)})
    spans = []
    for a, b in pairwise(cuts):
        is_cited, is_gold = (any(x <= a and b <= y for x, y in ranges) for ranges in here)
        if is_cited and is_gold:
            spans.append(Span(text[a:b], "both"))
        elif is_cited or is_gold:
            spans.append(Span(text[a:b], "cited" if is_cited else "gold"))
        else:
            spans.append(Span(text[a:b]))
    return tuple(spans)


def _answer_blocks(answer: Mapping[str, Any], gold: Mapping[str, Any]) -> list[Block]:
    citations = answer.get("citations") or []
    blocks: list[Block] = []
    if answer.get("abstained"):
        blocks.append(Passage("Declined", (Span(str(answer.get("reason") or "")),), "answer"))
    else:
        verdicts = {c["n"]: c.get("verdict") for c in citations}
        said: list[Span] = []
        for sentence in answer.get("sentences") or []:
            said.append(Span(sentence["text"]))
            marks = "".join(
                f" [{n}{_doubt(verdicts.get(n))}]" for n in sentence.get("citations") or ()
            )
            said.append(Span(marks + " "))
        blocks.append(Passage("The answer", tuple(said), "answer"))
    passages = answer.get("passages") or []
    shown = [
        _passage(n, passage, citations, gold)
        for n, passage in enumerate(passages[:_MAX_PASSAGES], start=1)
    ]
    for citation in citations:
        if not any(_covers(p, citation) for p in passages[:_MAX_PASSAGES]):
            title = f"[{citation['n']}] {citation['title']} · {citation['path']}"
            shown.append(Passage(title, (Span(citation["quote"], "cited"),)))
    if shown:
        blocks.append(Fold(f"Passages ({len(passages)} found)", tuple(shown), is_open=True))
    return blocks


def _passage(
    n: int,
    passage: Mapping[str, Any],
    citations: Sequence[Mapping[str, Any]],
    gold: Mapping[str, Any],
) -> Passage:
    own = [c for c in citations if c["article_id"] == passage["article_id"]]
    spans = [
        (g["start"], g["end"])
        for fact in gold.get("spans") or ()
        for g in fact
        if g["article"] in (passage["path"], passage["article_id"]) and "start" in g
    ]
    numbers = "".join(f"[{c['n']}]" for c in own if _covers(passage, c))
    where = " · ".join(filter(None, (passage.get("published"), passage["path"])))
    title = f"{n}. {passage['title']} {numbers} · {where} · score {passage['score']:.3f}"
    cited = [(c["start"], c["end"]) for c in own]
    return Passage(title, marked(passage["text"], passage["start"], cited=cited, gold=spans))


def _covers(passage: Mapping[str, Any], citation: Mapping[str, Any]) -> bool:
    return bool(
        passage["article_id"] == citation["article_id"]
        and passage["start"] < citation["end"]
        and citation["start"] < passage["end"]
    )


def _within(ranges: Iterable[_Range], start: int, length: int) -> list[_Range]:
    """The ranges as offsets into a passage, cut to it; those that lie outside are left out."""
    cut = [(max(a - start, 0), min(b - start, length)) for a, b in ranges]
    return [(a, b) for a, b in cut if a < b]


def _said(turn: Mapping[str, Any]) -> str:
    return f"{turn['question']} – {turn['answer']}" if turn.get("answer") else str(turn["question"])


def _place(span: Mapping[str, Any]) -> str:
    where = f" {span['start']}:{span['end']}" if "start" in span else ""
    return f"{span['article']}{where}"


def _doubt(verdict: str | None) -> str:
    return f" {verdict}" if verdict and verdict != "supported" else ""
