"""One case beside what came back for it, as the plain values that metrics compare."""

from collections.abc import Sequence
from dataclasses import dataclass

from eval.metrics.citations import Span
from eval.metrics.text import units

__all__ = ["PassageSeen", "Seen", "Units", "said_units"]

Units = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class PassageSeen:
    """A retrieved passage; ``articles`` are its own article and the reprints it stands for."""

    span: Span
    articles: frozenset[str]


@dataclass(frozen=True, slots=True)
class Seen:
    """A case and its answer.

    ``gold``: the needed facts, each with its alternatives; one without a quote spans its whole
    article and is left out of ``quoted``, which is as long as ``gold``. ``said``: the answer's
    sentences as units; ``short``: the short answer that is pointed out in the first of them that
    has one. ``verdicts``: the gate's, a sentence each. ``verbatim``: a citation each.
    ``missing``: nothing came back; what can be measured of the case is 0. ``other_script`` and
    ``original``: what was cited when the question was asked in the other script, and for the
    question that this one rewords; None where there is none.
    """

    answerable: bool
    accepted: tuple[Units, ...] = ()
    gold: tuple[tuple[Span, ...], ...] = ()
    quoted: tuple[tuple[Span, ...], ...] = ()
    missing: bool = False
    declined: bool = False
    said: tuple[Units, ...] = ()
    short: Units = ()
    passages: tuple[PassageSeen, ...] = ()
    cited: tuple[Span, ...] = ()
    verbatim: tuple[bool, ...] = ()
    verdicts: tuple[str, ...] = ()
    citation_counts: tuple[int, ...] = ()
    other_script: tuple[Span, ...] | None = None
    original: tuple[Span, ...] | None = None


def said_units(sentences: Sequence[str]) -> tuple[Units, ...]:
    """The sentences of an answer as units."""
    return tuple(units(sentence) for sentence in sentences)
