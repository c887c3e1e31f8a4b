"""Why an answer is what it is: every step of one question, as text and as JSON.

In: an ``Inspection``. Out: what was understood, what each leg found, how it was fused and
reranked, what was collapsed and why, and the decision to decline. Text of articles comes out as
it is stored; a face has to make it harmless.
"""

import dataclasses
from collections.abc import Sequence
from typing import Any

from index.passage import Hit
from index.search import Index
from rag.answer import Inspection
from rag.evidence import FEATURES
from rag.retrieve import Ranked
from rag.schema import Approval, reading_json

__all__ = ["approval_text", "explanation_json", "explanation_text"]

_SHOWN = 10
"""Hits of each leg and candidates that the text shows; the JSON has all."""

_SNIPPET_CHARS = 48


def explanation_json(inspection: Inspection, *, index: Index) -> dict[str, Any]:
    """The whole explanation as plain JSON values."""
    answer, reading, found = inspection.answer, inspection.reading, inspection.retrieval
    filters = reading.search.filters
    return {
        "id": answer.answer_id,
        "question": answer.question,
        "searched": answer.searched,
        "terms": list(reading.question.terms),
        "understood": reading_json(reading),
        "filters": {
            "since": filters.since.isoformat() if filters.since else None,
            "until": filters.until.isoformat() if filters.until else None,
            "source": list(filters.sources),
            "lang": list(filters.languages),
            "tag": list(filters.tags),
        },
        "ideal": round(found.ideal, 4),
        "lexical": [_hit(hit, index) for hit in found.lexical],
        "dense": [_hit(hit, index) for hit in found.dense],
        "fused": [_hit(hit, index) for hit in found.fused],
        "candidates": [
            {
                **_hit(Hit(ranked.candidate.row, ranked.score), index),
                "fused": round(ranked.fused, 4),
                "fate": ranked.fate,
                "features": {
                    name: round(float(value), 4) for name, value in zip(FEATURES, row, strict=True)
                },
            }
            for ranked, row in zip(found.ranked, found.evidence.features, strict=True)
        ],
        "declined": answer.abstained,
        "reason": answer.reason,
        "approval": dataclasses.asdict(answer.approval) if answer.approval else None,
        "index_generation": answer.index_generation,
        "config_fingerprint": answer.config_fingerprint,
        "timings_ms": {
            name: round(ms, 2)
            for name, ms in {**answer.timings_ms, **_inner(found.timings_ms)}.items()
        },
    }


def explanation_text(inspection: Inspection, *, index: Index) -> str:
    """The explanation for a person: the first ten of everything."""
    answer, reading, found = inspection.answer, inspection.reading, inspection.retrieval
    lines = [f"answer      {answer.answer_id}", f"question    {answer.question}"]
    if reading.rewriting is not None:
        lines.append(f"completed   {reading.rewriting.text}")
    lines.append(f"terms       {' '.join(reading.question.terms)}")
    lines += [f"alias       {match.said} = {', '.join(match.names)}" for match in reading.aliases]
    for hint in reading.dates:
        kind = "filter" if hint.limits else "preference"
        lines.append(
            f"date        {hint.said}: {hint.since or '…'} to {hint.until or '…'} ({kind})"
        )
    lines += [f"side        {side}" for side in reading.search.sides]
    if reading.suggestion is not None:
        lines.append(f"suggestion  {reading.suggestion.text} (not applied)")
    lines.append("")
    legs = (("lexical (BM25)", found.lexical), ("dense (cosine)", found.dense))
    for name, hits in (*legs, (f"fused (BM25 / {found.ideal:.1f} + cosine)", found.fused)):
        lines.append(f"{name}: {len(hits)} found")
        lines += _hit_lines(hits[:_SHOWN], index)
    lines.append(f"reranked: {len(found.ranked)} candidates")
    lines += [_ranked_line(ranked, index) for ranked in found.ranked[:_SHOWN]]
    lines += [
        _ranked_line(ranked, index)
        for ranked in found.ranked[_SHOWN:]
        if not ranked.fate.startswith("beyond")
    ]
    lines.append("")
    verdict = f"declined: {answer.reason}" if answer.abstained else "answered"
    if answer.approval:
        verdict = approval_text(answer.approval)
    lines.append(f"decision    {verdict}")
    timings = {**answer.timings_ms, **_inner(found.timings_ms)}
    lines.append("timings ms  " + ", ".join(f"{name} {ms:.1f}" for name, ms in timings.items()))
    return "\n".join(lines)


def approval_text(approval: Approval) -> str:
    """By whom an answer was approved and until when, as one line."""
    days = ""
    if approval.valid_from or approval.valid_until:
        days = f", valid {approval.valid_from or '…'} to {approval.valid_until or '…'}"
    return f"curated answer {approval.id}, approved by {approval.by}{days}"


def _inner(timings: dict[str, float]) -> dict[str, float]:
    """The steps inside of retrieving; their total is there already."""
    return {f"retrieve.{name}": ms for name, ms in timings.items() if name != "total"}


def _hit(hit: Hit, index: Index) -> dict[str, Any]:
    chunk = index.chunk(hit.row)
    return {
        "chunk_id": chunk.id,
        "article_id": chunk.article_id,
        "title": index.article_of(hit.row).title,
        "score": round(hit.score, 4),
    }


def _hit_lines(hits: Sequence[Hit], index: Index) -> list[str]:
    return [f"  {hit.score:8.3f}  {_where(hit.row, index)}" for hit in hits]


def _ranked_line(ranked: Ranked, index: Index) -> str:
    where = _where(ranked.candidate.row, index)
    return f"  {ranked.score:8.3f}  {where}  [fused {ranked.fused:.3f}; {ranked.fate}]"


def _where(row: int, index: Index) -> str:
    chunk = index.chunk(row)
    text = " ".join(chunk.text.split())
    shown = text if len(text) <= _SNIPPET_CHARS else text[:_SNIPPET_CHARS] + "…"
    return f"{index.article_of(row).title} {chunk.start}:{chunk.end}  {shown}"
