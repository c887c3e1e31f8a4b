"""What went wrong with a case, in one word, and which cases went wrong worst.

A case belongs to one kind of failure at most, the first of the list that fits. It reads only the
metrics of a row (``correct``, ``recall@5``), never the answer.
"""

from itertools import chain, zip_longest

from eval.runs import Row, Run, higher_is_better

__all__ = ["FAILURES", "failure", "failures_of", "worst"]

FAILURES = {
    "error": "raised an error",
    "overconfident": "answered, though nothing in the collection answers it",
    "declined": "declined, though the collection answers it",
    "not_found": "answered, but a needed article was not among the first passages",
    "beside": "found what was needed, but the answer does not hold it",
}
_RIGHT = 0.5
_FOUND = ("complete", "recall@5", "recall@10")  # the first of these that a row has says it


def failure(row: Row) -> str | None:
    """The kind of failure of a case, a key of :data:`FAILURES`; None where it went right."""
    if row.error is not None:
        return "error"
    if not row.answerable:
        return None if row.declined else "overconfident"
    if row.declined:
        return "declined"
    correct = row.metrics.get("correct")
    if correct is None or correct >= _RIGHT:
        return None
    found = next((v for n in _FOUND if (v := row.metrics.get(n)) is not None), None)
    return "not_found" if found is not None and found < 1 else "beside"


def failures_of(run: Run) -> dict[str, list[Row]]:
    """The cases that went wrong, by kind; empty when none did."""
    found: dict[str, list[Row]] = {kind: [] for kind in FAILURES}
    for row in run.rows:
        kind = failure(row)
        if kind is not None:
            found[kind].append(row)
    return found if any(found.values()) else {}


def worst(run: Run, *, limit: int) -> list[Row]:
    """The worst cases: one of each kind of failure in turn, within a kind the lowest scores first.

    Were they only the lowest scores, they would mostly be one kind of failure many times.
    """
    kinds = [sorted(rows, key=_score) for rows in failures_of(run).values()]
    turns = chain.from_iterable(zip_longest(*kinds))
    return [row for row in turns if row is not None][:limit]


def _score(row: Row) -> tuple[float, float]:
    """The mean of a case's metrics between 0 and 1; among equals, the surest is the worst."""
    values = [
        value if higher_is_better(name) else 1 - value
        for name, value in row.metrics.items()
        if value is not None and 0 <= value <= 1
    ]
    return sum(values) / len(values) if values else 0.0, -(row.probability or 0.0)
