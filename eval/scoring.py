"""One row of a run: a case, what came back for it, and every metric of the two.

In: a case with its gold, an answer in its JSON form or what went wrong. Out: the row as plain JSON
values, the same bytes for the same answer. Knows nothing of how the answer came about, so that an
answer of another system is scored the same way.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from eval.cases import Case
from eval.gold import Gold
from eval.metrics import METRICS
from eval.metrics.citations import Span
from eval.metrics.seen import PassageSeen, Seen, said_units
from eval.metrics.text import units
from index.errors import UsageError
from index.language import detect_script
from rag.question import Kind, read_question

__all__ = ["KINDS", "cited_spans", "missing_row", "row_of", "slices_of", "verdict_of"]

KINDS = (
    *("number", "date", "name", "place", "yes-no", "list", "reason", "how", "what", "comparison"),
)
"""Tags that say what kind of question a case asks."""

_DIGITS = 6
_NOTHING: Span = ("", 0, 0)
"""What no answer cites: it stands for an answer that is missing."""


def row_of(
    case: Case,
    gold: Gold,
    *,
    text_of: Callable[[str], str],
    answer: Mapping[str, Any] | None,
    error: Mapping[str, str] | None = None,
    asked_twice: bool = False,
    other_script: Mapping[str, Any] | None = None,
    original: Sequence[Span] | None = None,
) -> dict[str, Any]:
    """Score one case.

    Args:
        case: The case.
        gold: Where its gold stands.
        text_of: The text of an article by its id; raises KeyError.
        answer: What came back, as ``Answer.to_json`` gives it; None where nothing did.
        error: The type and message of what came instead of an answer.
        asked_twice: Whether the question was asked in the other script too.
        other_script: What came back for that; None where nothing did.
        original: What was cited for the question that this one rewords.
    """
    fields = dict(answer or {})
    timings = fields.pop("timings_ms", {})
    seen = replace(
        _seen(case, gold, text_of, answer),
        other_script=cited_spans(other_script) if asked_twice else None,
        original=tuple(original) if original is not None else None,
    )
    return {
        "id": case.id,
        "question": case.question,
        "dialogue": case.to_json().get("dialogue", []),
        "lang": case.lang,
        "tags": list(case.tags),
        "answerable": case.answerable,
        "slices": slices_of(case),
        "gold": {"answers": list(case.answers), "spans": _gold_json(case, gold)},
        "answer": _rounded(fields) if answer is not None else None,
        "other_script": _other_json(other_script) if other_script is not None else None,
        "metrics": {
            metric.name: _rounded(metric.measure(seen))
            for metric in METRICS
            if metric.measure is not None
        },
        "error": dict(error) if error else None,
        "timings_ms": dict(timings),
    }


def missing_row(case: Case, gold: Gold) -> dict[str, Any]:
    """The row of a case for which nothing came back: what can be measured of it is 0."""
    return row_of(case, gold, text_of=lambda _: "", answer=None)


def cited_spans(answer: Mapping[str, Any] | None) -> tuple[Span, ...]:
    """What an answer cites, in order; where there is none, a span that agrees with nothing."""
    if answer is None:
        return (_NOTHING,)
    return tuple((c["article_id"], c["start"], c["end"]) for c in answer["citations"])


def slices_of(case: Case) -> dict[str, str]:
    """The groups that a case belongs to, beside its tags."""
    language = case.lang.partition("-")[0]
    script = f"{language}-{detect_script(case.question).value}" if language == "zh" else language
    return {
        "script": script,
        "language": language,
        "kind": next((tag for tag in case.tags if tag in KINDS), None) or _kind(case.question),
        "answerable": "yes" if case.answerable else "no",
        "turns": "2+" if case.dialogue else "1",
    }


_TAG_OF = {Kind.PERSON: "name", Kind.MANNER: "how"}
"""Kinds of question that the tags call by another word."""


def _kind(question: str) -> str:
    try:
        kind = read_question(question).kind
        return _TAG_OF.get(kind, kind.value)
    except UsageError:  # nothing to search for in it
        return "other"


def _seen(
    case: Case, gold: Gold, text_of: Callable[[str], str], answer: Mapping[str, Any] | None
) -> Seen:
    case_only = Seen(
        answerable=case.answerable,
        accepted=tuple(filter(None, map(units, case.answers))),
        gold=gold.facts,
        quoted=gold.quoted,
    )
    if answer is None:
        return replace(case_only, missing=True)
    sentences, citations = answer["sentences"], answer["citations"]
    verdicts = {citation["n"]: citation["verdict"] for citation in citations}
    return replace(
        case_only,
        declined=answer["abstained"],
        said=said_units([sentence["text"] for sentence in sentences]),
        short=next((units(short) for short in map(_short, sentences) if short), ()),
        passages=tuple(
            PassageSeen(
                (p["article_id"], p["start"], p["end"]),
                frozenset((p["article_id"], *p.get("reprints", ()))),
            )
            for p in answer["passages"]
        ),
        cited=cited_spans(answer),
        verbatim=tuple(_is_verbatim(citation, text_of) for citation in citations),
        verdicts=tuple(verdict_of(sentence, verdicts) for sentence in sentences),
        citation_counts=tuple(len(sentence["citations"]) for sentence in sentences),
    )


def verdict_of(sentence: Mapping[str, Any], verdicts: Mapping[int, str]) -> str:
    """The gate's verdict on a sentence: its own, else the best of those on its citations."""
    if sentence.get("verdict"):
        return str(sentence["verdict"])
    given = {verdicts[n] for n in sentence["citations"] if n in verdicts}
    order = ("supported", "partly", "unsupported")
    return next((verdict for verdict in order if verdict in given), "uncited")


def _short(sentence: Mapping[str, Any]) -> str:
    """The short answer that is pointed out in a sentence; "" where none is."""
    return str(sentence["text"][slice(*sentence["short"])]) if sentence.get("short") else ""


def _is_verbatim(citation: Mapping[str, Any], text_of: Callable[[str], str]) -> bool:
    try:
        text = text_of(citation["article_id"])
    except KeyError:
        return False
    return bool(text[citation["start"] : citation["end"]] == citation["quote"])


def _gold_json(case: Case, gold: Gold) -> list[list[dict[str, Any]]]:
    return [
        [
            {"article": named.article, "article_id": span[0]}
            | ({} if named.quote is None else {"start": span[1], "end": span[2]})
            for span, named in zip(spans, fact, strict=True)
        ]
        for spans, fact in zip(gold.facts, case.gold, strict=True)
    ]


def _other_json(answer: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "question": answer["question"],
        "abstained": answer["abstained"],
        "citations": [list(span) for span in cited_spans(answer)],
    }


def _rounded(value: Any) -> Any:  # noqa: ANN401 - any JSON value
    """Round every number of a JSON value, so that its last bits cannot differ."""
    if isinstance(value, float):
        return round(value, _DIGITS)
    if isinstance(value, Mapping):
        return {name: _rounded(item) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [_rounded(item) for item in value]
    return value
