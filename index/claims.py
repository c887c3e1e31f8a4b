"""Which article gets an id that several claim.

In come the files of the collection with the claims of their articles; out come the winners in the
order of the collection and, for every other claim, why it lost. Reads and writes nothing.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from index.catalogue import Claim, FileRecord
from index.report import Status

__all__ = ["Entry", "Loss", "resolve", "whole_loss"]


@dataclass(slots=True)
class Entry:
    """A file of the collection as it will be.

    ``old`` is the record that it had in the previous generation. ``is_copied``: its articles are
    taken over as they are. ``failure``: why it could not be read this time.
    """

    record: FileRecord
    claims: list[Claim]
    old: FileRecord | None
    in_scope: bool
    is_copied: bool
    failure: str | None = None
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Loss:
    """Why an article of a file is not part of the collection; ``path`` is the winner's file."""

    status: Status
    reason: str
    path: str


def resolve(
    entries: Sequence[Entry], *, vanished: Collection[int]
) -> tuple[list[Claim], dict[tuple[int, int], Loss]]:
    """Give every id to the first article, in path order, that claims it.

    ``vanished`` are files that are not there any more: what they hold is indexed only as long as
    no file that is there claims it.

    Returns the winners in the order of the collection, and the losers by (file, ordinal).
    """
    ordered = sorted(entries, key=lambda e: (e.record.path, e.record.location))
    winners: dict[str, tuple[Claim, str]] = {}
    for entry in sorted(ordered, key=lambda e: e.record.id in vanished):
        for claim in entry.claims:
            winners.setdefault(claim.id, (claim, entry.record.path))
    won = []
    lost = {}
    for entry in ordered:
        for claim in entry.claims:
            winner, path = winners[claim.id]
            if winner is claim:
                won.append(claim)
                continue
            if winner.content == claim.content:
                loss = Loss(Status.DUPLICATE, f"duplicate of {winner.path}", path)
            else:
                loss = Loss(
                    Status.QUARANTINED,
                    f"the id {claim.id!r} is already that of {winner.path}, which says something "
                    "else",
                    path,
                )
            lost[claim.file, claim.ordinal] = loss
    return won, lost


def whole_loss(
    losses: list[tuple[Claim, Loss]],
) -> tuple[Status, str, list[tuple[Claim, Loss]]]:
    """Sum up a file of which nothing is indexed: status, reason, and the rows still to write."""
    first = losses[0][1]
    if len(losses) == 1:
        return first.status, first.reason, []
    are_duplicates = [loss.status is Status.DUPLICATE for _, loss in losses]
    if all(are_duplicates) and len({loss.path for _, loss in losses}) == 1:
        return Status.DUPLICATE, f"duplicate of {first.path}", []
    status = Status.DUPLICATE if any(are_duplicates) else Status.QUARANTINED
    return status, f"none of its {len(losses)} articles is indexed", losses
