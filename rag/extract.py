"""The extractive generator: chooses sentences of the passages and quotes them word for word.

It writes nothing of its own but what is marked as added, so every sentence is its own evidence.
Which sentence is likeliest to answer is `rag.rank`'s; here they become an answer: what adds
nothing is left out, the sides of a comparison stand under their names, a list becomes bullets, a
sentence that leans on the one before it gets the words that it leans on, a figure its day.
"""

import re
from collections.abc import Iterator, Sequence

from index.article import Article
from index.fold import fold
from index.sentences import sentences
from index.tokens import terms
from rag.generate import Draft, Span, Task
from rag.question import Kind, Question
from rag.rank import Ranked
from rag.short import SHORT_KINDS, find_short, trimmed
from rag.statements import Statement, heading_at, section_of
from rag.things import has_thing

__all__ = ["ExtractiveGenerator"]

# A further sentence must state at least this share of the question's terms that none before it
# stated, or be nearly as likely an answer as the first …
_MIN_GAIN = 0.15
_NEARLY = 1.0  # … that is, its score is at most so far below.
_MAX_ITEMS = 8
_LEAST_NEW = 3  # characters that a further sentence has in words that the question has not
_NAMED = 1.0  # what it counts in a comparison that a sentence names its side, and it alone
_HEADED = 0.5  # a heading with this share of the question's terms is what was asked about
_LOOK_BACK = 300  # characters before a sentence in which what it leans on is looked for
_MAX_WITH = 120  # a longer sentence before is not quoted along
_SAME_SUBJECT = 0.6

_FIRST_ITEM = re.compile(r"\s*(?:[-*•·●▪◦]|[(（]?(?:1|一|a)[.、)）是]|第一|首先|first\b)")
_ITEM = re.compile(
    r"\s*(?:[-*•·●▪◦]\s*|(?:\d{1,2}|[a-z])[.、)）](?!\d)\s*|[（(][\d一二三四五六七八九十]{1,3}[)）]\s*"
    r"|[一二三四五六七八九十]{1,2}[、是]|第[一二三四五六七八九十]{1,2}[，,、是]|(?:首先|其次|再次|最后)[，,是]"
    r"|(?:first|second|third|fourth|fifth|finally),\s)"
)
_LEADS_IN = re.compile(r"(?:[:：]|如下[。：:]?|包括[：:]?)\s*$")
_LEANS_ON_BODY = re.compile(
    r"^(?:此外|另外|同时|目前|据悉|其中)?[，,]?"
    r"(?:该行|该公司|该银行|该机构|该集团|the bank\b|the company\b)",
    re.IGNORECASE,
)
_BODY = re.compile(
    r"[\u4e00-\u9fff]{2,10}(?:银行|銀行|公司|集团|集團|机构|機構)"
    r"|(?:[A-Z]\w+ )+(?:Bank|Group|Inc|Ltd)\b"
)
_DAY = re.compile(
    r"(?:截至|截止|截至到|至)?\d{4}年(?:\d{1,2}月)?(?:\d{1,2}日)?(?:年?[初底末])?"
    r"|\b(?:as of|by|at the end of) [\w ,]*\d{4}"
)
_NUMBER = re.compile(r"\d")
_WORD = re.compile(r"[a-z0-9]+|[^\W_]")


class ExtractiveGenerator:
    """Quotes the passages. ``max_sentences`` is the longest answer, bullets aside."""

    name = "extractive"

    def __init__(self, *, max_sentences: int = 3) -> None:
        """Set the longest answer."""
        self._max = max_sentences

    def drafts(self, task: Task) -> Iterator[Draft]:
        """Quote the sentences of the answer, the likeliest first."""
        if not task.statements:
            return
        groups = _by_side(task, most=self._max)
        quoted: list[Span] = []
        if groups:
            for name, members in groups:
                for ranked in members:
                    yield from _drafted(task.question, ranked, quoted, group=name)
            return
        if task.question.kind is Kind.LIST and (items := _listed(task)):
            yield from items
            return
        chosen = _chosen(task, most=self._max)
        listed = task.question.kind is Kind.LIST and len(chosen) > 1
        dated = _disagree(task.question, chosen)
        for ranked in chosen:
            yield from _drafted(task.question, ranked, quoted, item=listed, dated=dated)


def _chosen(task: Task, *, most: int) -> list[Ranked]:
    """The likeliest sentence, then what is nearly as likely or states what is still missing."""
    first = task.statements[0]
    chosen, told = [first], {_telling(first.statement)}
    said = set(first.statement.stated)
    asked = frozenset(_WORD.findall(fold(task.question.searched)))
    total = len(task.question.terms) or 1
    for ranked in task.statements[1:]:
        if len(chosen) == most or first.score - ranked.score > 3 * _NEARLY:
            break
        telling = _telling(ranked.statement)
        if any(telling in other or other in telling for other in told):
            continue
        if _adds_nothing(ranked.statement, asked):
            continue
        gain = len(ranked.statement.stated - said) / total
        if first.score - ranked.score <= _NEARLY or gain >= _MIN_GAIN:
            chosen.append(ranked)
            told.add(telling)
            said |= ranked.statement.stated
    return chosen


def _by_side(task: Task, *, most: int) -> list[tuple[str, list[Ranked]]]:
    """The best sentences about each side of a comparison, under its name; [] for no comparison.

    No sentence stands under two sides. A side of which no sentence speaks has no group: the others
    still have theirs. Where no difference was asked for, only a fact: one that is told of neither
    side or of both together (the day of their pact) is no comparison.
    """
    sides = [[fold(name) for name in names] for names in task.sides]
    if len(sides) < 2 or not task.statements:
        return []
    compares = task.question.kind is Kind.COMPARISON
    first = fold(task.statements[0].statement.text)
    if not compares and sum(_speaks_of(first, names) for names in sides) != 1:
        return []
    asked = frozenset(_WORD.findall(fold(task.question.searched)))
    groups: list[tuple[str, list[Ranked]]] = []
    given: set[int] = set()
    for place, names in enumerate(sides):
        others = [name for n, side in enumerate(sides) if n != place for name in side]
        about = _about(task.statements, names, others)
        about = [
            ranked
            for ranked in about
            if id(ranked) not in given and not _adds_nothing(ranked.statement, asked)
        ]
        chosen = about[:1]
        # Of what differs more than one sentence may tell.
        for ranked in about[1:] if compares else ():
            if len(chosen) < -(-most // len(sides)) and chosen[0].score - ranked.score <= _NEARLY:
                chosen.append(ranked)
        given.update(map(id, chosen))
        if chosen:
            groups.append((task.sides[place][0], chosen))
    return groups if len(groups) > 1 else []


def _about(
    statements: Sequence[Ranked], names: Sequence[str], others: Sequence[str]
) -> list[Ranked]:
    """The sentences about one side, the likeliest first: those that name it, and those of articles
    about it alone that name none.
    """
    told = [(ranked, fold(ranked.statement.text)) for ranked in statements]
    mixed = {ranked.statement.article.id for ranked, text in told if _speaks_of(text, others)}
    found: list[tuple[float, Ranked]] = []
    for ranked, text in told:
        article = ranked.statement.article
        if _speaks_of(text, names):
            found.append((ranked.score + (0.0 if _speaks_of(text, others) else _NAMED), ranked))
        elif article.id not in mixed and _speaks_of(fold(article.title), names):
            found.append((ranked.score, ranked))
    return [ranked for _, ranked in sorted(found, key=lambda one: -one[0])]


def _speaks_of(folded: str, names: Sequence[str]) -> bool:
    return any(name in folded for name in names)


def _listed(task: Task) -> list[Draft]:
    """The list that answers: the one in which the likeliest sentence stands, or that of the same
    section, where its heading is what was asked about.
    """
    first = task.statements[0].statement
    if items := _list_items(first):
        return items
    heading = section_of(first.article, first.start)
    asked = {term for term in task.question.terms if len(term) > 1}
    if heading is None or len(asked.intersection(terms(fold(heading)))) < _HEADED * len(asked):
        return []
    members = (
        ranked.statement
        for ranked in task.statements
        if ranked.statement.article.id == first.article.id
        and section_of(first.article, ranked.statement.start) == heading
    )
    return next((items for member in members if (items := _list_items(member))), [])


def _list_items(statement: Statement) -> list[Draft]:
    """The items of the list that a sentence leads into or is one of, each its own quote.

    Of an item that goes on for sentences the first one is quoted.
    """
    article = statement.article
    text = article.text
    low = text.rfind("\n\n", 0, statement.start) + 1
    reach = sentences(text, max(low, statement.start - 1_000), statement.end + 1_500)
    spans = [(a, b) for a, b in reach if b > a]
    at = next((n for n, (a, _) in enumerate(spans) if a >= statement.start), None)
    if at is None:
        return []
    items = [
        bool(_ITEM.match(fold(text[a:b]))) and heading_at(article, a) is None for a, b in spans
    ]

    def following(n: int, step: int) -> int | None:
        """The next item on either side; what goes on in an item's line is no end of the list."""
        other = n + step
        while 0 <= other < len(spans):
            if items[other]:
                return other
            # A line that begins with no item is none of the list.
            if other == 0 or "\n" in text[spans[other - 1][1] : spans[other][0]]:
                return None
            other += step
        return None

    if items[at]:
        found = [at]
        while (before := following(found[0], -1)) is not None:
            found.insert(0, before)
    elif items[at + 1 : at + 2] == [True] and (
        _LEADS_IN.search(text[slice(*spans[at])])
        or _FIRST_ITEM.match(fold(text[slice(*spans[at + 1])]))
    ):
        found = [at + 1]
    else:
        return []
    while (after := following(found[-1], 1)) is not None:
        found.append(after)
    if len(found) < 2:
        return []
    return [
        Draft(text[a:b], (Span(article, a, b),), item=True)
        for a, b in (spans[n] for n in found[:_MAX_ITEMS])
    ]


def _drafted(
    question: Question,
    ranked: Ranked,
    quoted: list[Span],
    *,
    group: str = "",
    item: bool = False,
    dated: bool = False,
) -> Iterator[Draft]:
    """Quote a sentence, unless it stands in what was quoted already; that grows by it."""
    statement = ranked.statement
    article, end = statement.article, statement.end
    if _is_quoted(article, statement.start, end, quoted):
        return
    lead, start = _leaning(statement)
    if start < statement.start and _is_quoted(article, start, statement.start, quoted):
        start = statement.start
    span = Span(article, start, end)
    quoted.append(span)
    short = _short(question, ranked)
    shift = statement.start - start
    yield Draft(
        text=span.text,
        spans=(span,),
        short=(short[0] + shift, short[1] + shift) if short else None,
        lead=lead,
        item=item,
        group=group,
        as_of=_day_of(question, statement, dated=dated),
    )


def _is_quoted(article: Article, start: int, end: int, quoted: Sequence[Span]) -> bool:
    end = start + len(article.text[start:end].rstrip())
    return any(s.article.id == article.id and s.start <= start and end <= s.end for s in quoted)


def _short(question: Question, ranked: Ranked) -> tuple[int, int] | None:
    """The short answer inside a sentence, as a span of it; None where there is none to point out.

    Whoever read the sentence knows best; where nobody did, its features are weighed.
    """
    statement = ranked.statement
    if ranked.short is None:
        return find_short(question, statement.text)
    if question.kind not in SHORT_KINDS:
        return None
    low, high = (min(max(at, statement.start), statement.end) for at in ranked.short)
    start, end = trimmed(statement.text, low - statement.start, high - statement.start)
    return (start, end) if start < end else None


def _leaning(statement: Statement) -> tuple[str, int]:
    """What a sentence that leans on an earlier one gets: a name to add, or an earlier start."""
    article, start = statement.article, statement.start
    if not statement.leans:
        return "", start
    earlier = article.text[max(0, start - _LOOK_BACK) : start]
    if _LEANS_ON_BODY.match(article.text[start : statement.end]):
        names = _BODY.findall(earlier) or _BODY.findall(article.title)
        if names:
            return names[-1], start
    before = statement.before
    if (
        before is not None
        and start - before <= _MAX_WITH
        and "\n" not in article.text[before:start].strip()
    ):
        return "", before
    return "", start


def _day_of(question: Question, statement: Statement, *, dated: bool) -> str:
    """The day that a figure is of, where the sentence does not say it itself."""
    text, article = statement.text, statement.article
    if dated:
        return article.published.isoformat() if article.published else ""
    if question.kind is not Kind.NUMBER or not _NUMBER.search(text) or _DAY.search(text):
        return ""
    paragraph = article.text[
        max(
            article.text.rfind("\n", 0, statement.start), statement.start - _LOOK_BACK, 0
        ) : statement.start
    ]
    if said := _DAY.findall(paragraph):
        return str(said[-1])
    return article.published.isoformat() if article.published else ""


def _disagree(question: Question, chosen: Sequence[Ranked]) -> bool:
    """Tell whether articles of different days give different figures for the same thing."""
    if question.kind not in (Kind.NUMBER, Kind.DATE):
        return False
    first = chosen[0].statement
    figures = _figures(question, chosen[0])
    for ranked in chosen[1:]:
        other = ranked.statement
        if other.article.id == first.article.id or not first.stated:
            continue
        same = len(first.stated & other.stated) / len(first.stated | other.stated)
        if same >= _SAME_SUBJECT and figures != _figures(question, ranked):
            return True
    return False


def _figures(question: Question, ranked: Ranked) -> str:
    short = _short(question, ranked)
    said = ranked.statement.text[slice(*short)] if short else ""
    return "".join(fold(said).split()) if has_thing(question.kind, said) else ""


def _adds_nothing(statement: Statement, asked: frozenset[str]) -> bool:
    """Tell whether a sentence only says again what was asked about: 先说U盾。 Yes."""
    said = _WORD.findall(fold(statement.text))
    return len(said) < 2 or sum(len(word) for word in said if word not in asked) < _LEAST_NEW


def _telling(statement: Statement) -> str:
    """What a sentence says, for telling repeats: folded, letters and digits only."""
    return "".join(c for c in fold(statement.text) if c.isalnum())
