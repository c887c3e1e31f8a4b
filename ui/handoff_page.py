"""A hand-off pack as a page that a person reads or prints: whole, offline, nothing in it runs.

In: a pack (``ui.handoff``) and the texts of a language. Out: HTML. All that the pack says is
escaped by ``eval.markup``, and a policy in the head forbids scripts and every connection.
"""

from collections.abc import Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from eval.markup import Markup, tag
from ui.handoff import Given
from ui.strings import Strings

__all__ = ["pack_page"]

_POLICY = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"
_STYLE = Path(__file__).with_name("static") / "handoff_pack.css"

_TITLE_CHARS = 200

Pack = Mapping[str, Any]


def pack_page(pack: Pack, strings: Strings) -> str:
    """The whole page of a pack."""
    title = f"{strings.handoff_title} {pack['reference']}"
    head = tag(
        "head",
        tag("meta", charset="utf-8"),
        tag("meta", http_equiv="Content-Security-Policy", content=_POLICY),
        tag("meta", name="viewport", content="width=device-width, initial-scale=1"),
        tag("meta", name="color-scheme", content="light dark"),
        tag("title", title),
        tag("style", Markup(_STYLE.read_text(encoding="utf-8"))),
    )
    said = [
        (strings.handoff_reference, pack["reference"]),
        (strings.handoff_at, _moment(pack["at"])),
        (strings.handoff_generation, pack["index_generation"]),
        (strings.handoff_contact, pack["contact"] or strings.handoff_no_contact),
    ]
    parts = [tag("h1", title), _facts(said)]
    if pack["note"]:
        parts += [tag("h2", strings.handoff_note), tag("p", pack["note"], class_="typed")]
    parts.append(tag("p", strings.handoff_masked, class_="quiet"))
    if pack["left_out"]:
        left_out = strings.handoff_left_out.format(count=pack["left_out"])
        parts.append(tag("p", left_out, class_="doubt"))
    for number, exchange in enumerate(pack["conversation"], start=1):
        parts.append(tag("section", *_exchange(exchange, number, strings)))
    if not pack["conversation"]:
        parts.append(tag("p", strings.handoff_empty, class_="quiet"))
    body = tag("body", tag("main", *parts))
    return f"<!DOCTYPE html>\n{tag('html', head, body, lang=strings.language.value)}\n"


def _exchange(exchange: Pack, number: int, strings: Strings) -> Iterator[Markup]:
    yield tag("h2", f"{number}. ", tag("bdi", exchange["question"]))
    outcome: str = getattr(strings, f"handoff_{exchange['outcome']}")
    badge = tag("span", outcome, class_=f"badge {exchange['outcome']}")
    yield tag("p", badge, " ", _moment(exchange["asked"]), class_="quiet")
    if exchange["given"] != Given.AS_GIVEN:
        changed = exchange["given"] == Given.CHANGED
        text = strings.handoff_changed if changed else strings.handoff_unknown
        yield tag("p", text, class_="doubt")
    tried = list(_tried(exchange, strings))
    if tried:
        yield _facts(tried)
    for sentence in exchange["sentences"]:
        yield _sentence(sentence, strings)
    if not exchange["sentences"] and exchange["answer"]:
        yield tag("p", exchange["answer"], class_="said")
    for name in ("reason", "error", "notice"):
        if exchange[name]:
            yield tag("p", exchange[name], class_="quiet")
    if exchange["citations"]:
        yield tag("h3", strings.handoff_citations)
        yield tag("ol", *(_citation(c, strings) for c in exchange["citations"]), class_="cited")
    if exchange["passages"]:
        yield tag("h3", strings.handoff_passages)
        yield tag("ol", *(_passage(p, strings) for p in exchange["passages"]))


def _tried(exchange: Pack, strings: Strings) -> Iterator[tuple[str, str]]:
    """What was done to find an answer, a line for each thing."""
    if exchange["searched"] != exchange["question"]:
        yield strings.handoff_searched, exchange["searched"]
    understood = exchange["understood"] or {}
    for alias in understood.get("aliases", ()):
        yield strings.handoff_alias, f"{alias['said']} = {'、'.join(alias['names'])}"
    for hint in understood.get("dates", ()):
        yield strings.handoff_dates, f"{hint['said']}: {_range(hint)}"
    if understood.get("suggestion"):
        yield strings.handoff_suggestion, understood["suggestion"]
    tried = exchange["tried"]
    if tried["without"]:
        steps = [getattr(strings, f"handoff_without_{step}") for step in tried["without"]]
        yield strings.handoff_undone, "、".join(steps)
    filters = tried["filters"]
    chosen = [*filters["sources"], *filters["languages"], *filters["tags"]]
    if filters["since"] or filters["until"]:
        chosen.append(_range(filters))
    if chosen:
        yield strings.handoff_filters, "、".join(chosen)
    if exchange["fallback"]:
        yield strings.handoff_fallback, exchange["fallback"]
    if tried["suggestions"]:
        yield strings.handoff_suggestions, "；".join(tried["suggestions"])


def _range(dates: Pack) -> str:
    return f"{dates['since'] or '…'} – {dates['until'] or '…'}"


def _sentence(sentence: Pack, strings: Strings) -> Markup:
    marks = [tag("sup", f"[{n}]") for n in sentence["citations"]]
    verdict = sentence["verdict"]
    if verdict and verdict != "supported":
        text: str = getattr(strings, verdict)
        marks.append(tag("span", text, class_="verdict", title=sentence["reason"] or None))
    return tag("p", tag("bdi", sentence["text"]), *marks, class_="said")


def _citation(citation: Pack, strings: Strings) -> Markup:
    if citation["verified"]:
        quote = tag("blockquote", citation["quote"])
    else:
        quote = tag(
            "div",
            tag("p", strings.handoff_unverified, class_="doubt"),
            tag("p", citation["unverified_quote"], class_="quiet"),
        )
    return tag("li", *_heading(citation, strings), quote, value=citation["n"])


def _passage(passage: Pack, strings: Strings) -> Markup:
    text = passage["text"]
    body = tag("blockquote", text) if text else tag("p", strings.handoff_gone, class_="doubt")
    return tag("li", *_heading(passage, strings), body)


def _heading(place: Pack, strings: Strings) -> list[Markup]:
    """Where something stands: title, source, date, and its place for ``youju show``."""
    where = [place["source"], place["published"], place["path"]]
    at = f"{place['article_id']} {place['start']}:{place['end']}"
    parts = [part for part in (*where, at) if part]
    title = place["title"] or strings.untitled
    if len(title) > _TITLE_CHARS:
        title = title[:_TITLE_CHARS] + "…"
    return [
        tag("p", tag("bdi", title), class_="title"),
        tag("p", tag("bdi", " · ".join(parts)), class_="quiet"),
    ]


def _facts(rows: list[tuple[str, str]]) -> Markup:
    return tag("dl", *(tag("div", tag("dt", name), tag("dd", value)) for name, value in rows))


def _moment(text: str) -> str:
    """A moment in the clock of the machine, where whoever reads it stands."""
    return datetime.fromisoformat(text).astimezone().strftime("%Y-%m-%d %H:%M")
