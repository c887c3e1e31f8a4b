"""What the log comes to: volume, outcomes, satisfaction, times, and where people were not helped.

In: the entries of the log (``eval.activity``). Out: plain JSON for the operations page, tables for
a spreadsheet, draft cases. Pure but for the embedding of questions (``eval.clusters``). Days are
those of this machine's clock: they are its operators'.
"""

import csv
import hashlib
import io
import json
import math
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from datetime import date, datetime, timedelta
from typing import Any

from eval.activity import Entry, LoggedArticle, Outcome, logged
from eval.clusters import FAR, cluster
from eval.drafts import Reason, from_log
from index.fold import fold

__all__ = ["draft_lines", "overview", "table_csv"]

MAX_CLUSTERS = 30
MAX_EXAMPLES = 5
MAX_CLUSTERED = 20_000
"""More questions than these are not clustered at once: the latest are."""
MAX_OLDEST = 20

_DAYS_BY_DAY = 92  # longer ranges go by week, then by month
_DAYS_BY_WEEK = 731

Row = dict[str, Any]


def overview(
    entries: Sequence[Entry],
    *,
    since: date,
    until: date,
    lone_handoffs: Sequence[datetime] = (),
) -> dict[str, Any]:
    """Put together what the page shows of the days from ``since`` to ``until``.

    ``lone_handoffs`` are those of no question in the log: they count as handed over, too.
    """
    failing = [entry for entry in entries if entry.failing]
    return {
        "since": since.isoformat(),
        "until": until.isoformat(),
        "totals": _counts(entries, lone_handoffs),
        "step": _step(since, until),
        "series": _series(entries, lone_handoffs, since, until),
        "latency": _latency(entries),
        "reasons": dict(sorted(Counter(r for e in entries for r in e.reasons).items())),
        "questions": _clusters(entries),
        "failing": _clusters(failing),
        "gaps": _gaps(entries),
        "oldest": _oldest(entries),
    }


def draft_lines(entries: Sequence[Entry], chosen: Iterable[str]) -> list[str]:
    """The questions of chosen clusters of failing ones, as draft cases: lines of a case file.

    ``chosen`` are ids of clusters, as :func:`overview` gives them.
    """
    failing = [entry for entry in entries if entry.failing][-MAX_CLUSTERED:]
    wanted = set(chosen)
    picked = {
        failing[at].id
        for found in cluster([entry.searched for entry in failing])
        for at in found.members
        if _cluster_id(failing[found.label].searched) in wanted
    }
    # All entries are read, so that a follow-up finds its dialogue.
    cases = from_log(logged(entries, tuple(Reason), only=picked))
    return [json.dumps(case.to_json(), ensure_ascii=False) for case in cases]


def table_csv(rows: Sequence[Row], columns: Sequence[str]) -> str:
    """Write rows for a spreadsheet: with a BOM, by which it knows UTF-8.

    A text that begins as a formula does, in full width or after white space too, gets a quote
    before it: a question must not compute.
    """
    file = io.StringIO()
    file.write("\ufeff")
    writer = csv.writer(file)
    writer.writerow(columns)
    writer.writerows([_cell(row.get(name)) for name in columns] for row in rows)
    return file.getvalue()


_FORMULA = tuple("=+-@＝＋－＠")


def _cell(value: object) -> object:
    if isinstance(value, str) and (
        value.startswith(("\t", "\r", "\n")) or value.lstrip().startswith(_FORMULA)
    ):
        return "'" + value
    return "" if value is None else value


# ---- counting -----------------------------------------------------------------------------------


def _counts(entries: Sequence[Entry], lone_handoffs: Sequence[datetime]) -> Row:
    outcomes = Counter(entry.outcome for entry in entries)
    return {
        "questions": len(entries),
        **{outcome.value: outcomes[outcome] for outcome in Outcome},
        "handed_off": sum(entry.handed_off for entry in entries) + len(lone_handoffs),
        "abandoned": sum(entry.abandoned for entry in entries),
        "rated": sum(entry.solved is not None for entry in entries),
        "solved": sum(entry.solved is True for entry in entries),
    }


def _step(since: date, until: date) -> str:
    days = (until - since).days + 1
    return "day" if days <= _DAYS_BY_DAY else "week" if days <= _DAYS_BY_WEEK else "month"


def _series(
    entries: Sequence[Entry], lone_handoffs: Sequence[datetime], since: date, until: date
) -> list[Row]:
    """The counts of every day, week or month of the range, the empty ones too."""
    begin = _BEGINNINGS[_step(since, until)]
    grouped: defaultdict[date, list[Entry]] = defaultdict(list)
    for entry in entries:
        grouped[begin(_day(entry.at))].append(entry)
    lone: defaultdict[date, list[datetime]] = defaultdict(list)
    for at in lone_handoffs:
        lone[begin(_day(at))].append(at)
    days: list[date] = []
    day = since
    while day <= until:
        if not days or begin(day) != days[-1]:
            days.append(begin(day))
        day += timedelta(days=1)
    return [{"day": day.isoformat(), **_counts(grouped[day], lone[day])} for day in days]


_BEGINNINGS: dict[str, Callable[[date], date]] = {
    "day": lambda day: day,
    "week": lambda day: day - timedelta(days=day.weekday()),
    "month": lambda day: day.replace(day=1),
}


def _day(at: datetime) -> date:
    return at.astimezone().date()


def _latency(entries: Sequence[Entry]) -> list[Row]:
    moments = {
        "first_evidence": [e.evidence_ms for e in entries if e.evidence_ms is not None],
        "first_sentence": [e.sentence_ms for e in entries if e.sentence_ms is not None],
        "total": [e.total_ms for e in entries if e.total_ms is not None],
    }
    return [
        {
            "moment": moment,
            "p50": _percentile(values, 0.50),
            "p95": _percentile(values, 0.95),
            "n": len(values),
        }
        for moment, values in moments.items()
    ]


def _percentile(values: Sequence[float], share: float) -> float | None:
    """The smallest value that at least ``share`` of them do not exceed."""
    if not values:
        return None
    ordered = sorted(values)
    return round(ordered[math.ceil(share * len(ordered)) - 1], 1)


# ---- what was asked -----------------------------------------------------------------------------


def _clusters(entries: Sequence[Entry]) -> list[Row]:
    """What was asked most, by meaning."""
    latest = entries[-MAX_CLUSTERED:]
    found = cluster([entry.searched for entry in latest])[:MAX_CLUSTERS]
    return [_cluster_row(latest[c.label].searched, [latest[at] for at in c.members]) for c in found]


def _cluster_row(label: str, members: Sequence[Entry]) -> Row:
    newest: dict[str, Entry] = {}
    for entry in reversed(members):
        newest.setdefault(fold(entry.searched), entry)
    return {
        "id": _cluster_id(label),
        "label": label,
        "count": len(members),
        "wordings": len(newest),
        "failing": sum(entry.failing for entry in members),
        "declined": sum(entry.outcome is Outcome.DECLINED for entry in members),
        "failed": sum(entry.outcome is Outcome.FAILED for entry in members),
        "unsolved": sum(entry.solved is False for entry in members),
        "handed_off": sum(entry.handed_off for entry in members),
        "abandoned": sum(entry.abandoned for entry in members),
        "examples": [_example(entry) for entry in list(newest.values())[:MAX_EXAMPLES]],
    }


def _example(entry: Entry) -> Row:
    return {
        "question": entry.question,
        "at": entry.at.isoformat(timespec="minutes"),
        "outcome": entry.outcome.value,
        "solved": entry.solved,
        "reasons": list(entry.reasons),
        "comment": entry.comment,
        "handed_off": entry.handed_off,
        "abandoned": entry.abandoned,
    }


def _cluster_id(label: str) -> str:
    """The name of a cluster: its label's, so that a reload finds it again."""
    folded = fold(label).strip().encode("utf-8", "replace")
    return hashlib.blake2b(folded, digest_size=8).hexdigest()


def _gaps(entries: Sequence[Entry]) -> list[Row]:
    """Clusters of declined questions that nothing in the collection is near to."""
    far = [
        entry
        for entry in entries
        if entry.outcome is Outcome.DECLINED and (_nearness(entry.nearest) or 0.0) < FAR
    ][-MAX_CLUSTERED:]
    rows = []
    for found in cluster([entry.searched for entry in far])[:MAX_CLUSTERS]:
        members = [far[at] for at in found.members]
        row = _cluster_row(far[found.label].searched, members)
        nearest: dict[str, LoggedArticle] = {}
        for article in (a for entry in members for a in entry.nearest):
            held = nearest.get(article.id)
            if held is None or (article.similarity or 0) > (held.similarity or 0):
                nearest[article.id] = article
        ranked = sorted(nearest.values(), key=lambda a: (-(a.similarity or 0), a.id))
        rows.append(
            {
                **row,
                "nearest": [
                    {"title": a.title, "published": a.published, "similarity": a.similarity}
                    for a in ranked[:3]
                ],
            }
        )
    return rows


def _nearness(articles: Iterable[LoggedArticle]) -> float | None:
    return max((a.similarity for a in articles if a.similarity is not None), default=None)


def _oldest(entries: Sequence[Entry]) -> list[Row]:
    """The dated articles that were cited, the oldest first, and how often."""
    times: Counter[str] = Counter()
    last: dict[str, LoggedArticle] = {}
    unsolved: defaultdict[str, int] = defaultdict(int)
    for entry in entries:
        for article in entry.cited:
            times[article.id] += 1
            last[article.id] = article
            unsolved[article.id] += "outdated" in entry.reasons
    dated = [(a.published, a.id, a) for a in last.values() if a.published]
    return [
        {
            "article_id": name,
            "title": article.title,
            "published": published,
            "cited": times[name],
            "outdated": unsolved[name],
        }
        for published, name, article in sorted(dated, key=lambda row: row[:2])[:MAX_OLDEST]
    ]
