"""Whether the evidence carries an answer at all.

A first, single threshold: how much of the question's weight the best sentence covers together
with its context. What it was chosen on, and what it costs, stands in
docs/decisions/0004-declining.md.
"""

from collections.abc import Sequence

from index.passage import Filters, Passage
from rag.config import AnswerConfig
from rag.extract import Candidate

__all__ = ["reason_to_decline"]


def reason_to_decline(
    candidates: Sequence[Candidate],
    passages: Sequence[Passage],
    *,
    filters: Filters,
    config: AnswerConfig,
) -> str | None:
    """Say why the question should be declined, or None when the evidence carries it."""
    if not passages and filters:
        return "no article passes the filters, or none that does shares a word with the question"
    if not candidates:
        return "no match: no sentence that was found shares a word with the question"
    covered = candidates[0].covered
    if covered < config.min_coverage:
        return (
            f"weak evidence: the best sentence covers {covered:.0%} of the question, "
            f"{config.min_coverage:.0%} is needed"
        )
    return None
