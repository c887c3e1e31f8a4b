"""How an answer was found, as markup: a closed part at the end of it, for who wants to know.

In: an exchange that has ended. Out: HTML whose every text went through ``ui.untrusted``.
"""

from collections.abc import Iterator, Sequence

from ui.exchange import Exchange, ShownPassage
from ui.strings import Strings
from ui.untrusted import inert_html

__all__ = ["filters_told", "how_it_was_found", "shorten"]

_BAR_STEPS = 10
"""Bars have a class for each length: what the page shows has no inline styles."""

_TEXT_CHARS = 200
_TITLE_CHARS = 40


def shorten(text: str, max_chars: int) -> str:
    """A text on one line, cut where it is longer."""
    flat = " ".join(text[: 8 * max_chars].split())
    return flat if len(flat) <= max_chars else flat[: max_chars - 1].rstrip() + "…"


def filters_told(exchange: Exchange, strings: Strings) -> str:
    """What was filtered by, on one line; "" where nothing was."""
    filters = exchange.filters
    named = strings.starting_with("filter_")
    told = [
        strings.chat_since.format(day=filters.since) if filters.since else "",
        strings.chat_until.format(day=filters.until) if filters.until else "",
        strings.comma.join(filters.sources),
        strings.comma.join(named.get(f"filter_{tag}", tag) for tag in filters.languages),
        strings.comma.join(filters.tags),
    ]
    return " · ".join(part for part in told if part)


def how_it_was_found(exchange: Exchange, strings: Strings) -> str:
    """The closed part, "" where nothing was looked for."""
    if exchange.passages is None:
        return ""
    facts = "".join(
        f"<dt>{label}</dt><dd><bdi>{inert_html(shorten(value, _TEXT_CHARS))}</bdi></dd>"
        for label, value in _facts(exchange, strings)
    )
    scores = _scores(exchange.passages, strings) if exchange.passages else ""
    return (
        f'<details class="yj-how"><summary>{strings.how}</summary>'
        f'<div class="yj-how-body">{scores}<dl>{facts}</dl></div></details>'
    )


def _facts(exchange: Exchange, strings: Strings) -> Iterator[tuple[str, str]]:
    if exchange.searched:
        yield strings.how_searched, exchange.searched
    if understood := exchange.understood:
        if understood.completed:
            yield strings.how_completed, understood.completed
        for alias in understood.aliases:
            if alias.names:
                yield strings.how_aliases, f"{alias.said} = {strings.comma.join(alias.names)}"
        for hint in understood.dates:
            text = strings.note_dates_only if hint.limits else strings.note_dates_preferred
            yield (
                strings.how_dates,
                text.format(said=hint.said, since=hint.since or "…", until=hint.until or "…"),
            )
        if understood.sides:
            yield strings.how_sides, " / ".join(understood.sides)
        if understood.suggestion:
            yield strings.how_suggestion, understood.suggestion
    if exchange.without:
        named = {
            "rewriting": strings.how_completed,
            "aliases": strings.how_aliases,
            "dates": strings.how_dates,
        }
        yield (
            strings.how_without,
            strings.comma.join(named.get(step, step) for step in exchange.without),
        )
    if told := filters_told(exchange, strings):
        yield strings.how_filters, told
    if exchange.probability is not None:
        yield strings.how_probability, f"{exchange.probability:.0%}"
    if exchange.reason:
        yield strings.how_reason, exchange.reason
    if exchange.generator:
        quotes = exchange.generator == "extractive"
        yield strings.how_generator, strings.how_extractive if quotes else exchange.generator
    if gate := _gate(exchange, strings):
        yield strings.how_gate, gate
    if exchange.timings_ms:
        yield strings.how_times, _times(exchange, strings)
    if exchange.index_generation:
        yield strings.how_index, exchange.index_generation


def _gate(exchange: Exchange, strings: Strings) -> str:
    counts = exchange.gate
    told = {
        strings.how_supported: counts.supported,
        strings.how_partly: counts.partly,
        strings.how_unsupported: counts.unsupported,
        strings.how_uncited: counts.uncited,
        strings.how_dropped: counts.dropped,
        strings.how_unknown_keys: counts.unknown_keys,
    }
    return " · ".join(text.format(n=n) for text, n in told.items() if n)


def _times(exchange: Exchange, strings: Strings) -> str:
    named = strings.starting_with("how_time_")
    return " · ".join(
        f"{named.get(f'how_time_{name}', name)} {ms:.0f}"
        for name, ms in exchange.timings_ms.items()
    )


def _scores(passages: Sequence[ShownPassage], strings: Strings) -> str:
    best_lexical = max((p.lexical or 0.0 for p in passages), default=0.0)
    best_score = max((p.score for p in passages), default=0.0)
    rows = "".join(
        f'<tr><th scope="row"><bdi>{inert_html(_title(p, strings))}</bdi></th>'
        f"{_cell(p.lexical, best_lexical)}{_cell(p.dense, 1.0)}{_cell(p.score, best_score)}</tr>"
        for p in passages
    )
    heads = (strings.how_passage, strings.how_lexical, strings.how_dense, strings.how_score)
    columns = "".join(f'<th scope="col">{head}</th>' for head in heads)
    return (
        f'<table class="yj-scores"><thead><tr>{columns}</tr></thead><tbody>{rows}</tbody></table>'
    )


def _title(passage: ShownPassage, strings: Strings) -> str:
    return shorten(passage.title, _TITLE_CHARS) or strings.untitled


def _cell(score: float | None, best: float) -> str:
    if score is None:
        return "<td>–</td>"
    share = score / best if best > 0 else 0.0
    step = round(_BAR_STEPS * min(max(share, 0.0), 1.0))
    return f'<td>{score:.2f}<span class="yj-meter yj-meter-{step}"></span></td>'
