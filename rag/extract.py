"""The extractive generator: chooses sentences of the passages and quotes them word for word.

It writes nothing of its own but what is marked as added, so every sentence is its own evidence.
Which sentence is likeliest to answer is `rag.rank`'s; here they become an answer: what adds
nothing is left out, the sides of a comparison stand under their names, a list becomes bullets, a
sentence that leans on the one before it gets the words that it leans on, a figure its day.
"""

import re
from collections.abc import Iterator, Sequence

from index.fold import fold
from index.sentences import sentences
from rag.generate import Draft, Span, Task
from rag.question import Kind, Question
from rag.rank import Ranked
from rag.short import SHORT_KINDS, find_short, trimmed
from rag.statements import Statement
from rag.things import has_thing

__all__ = ["ExtractiveGenerator"]

# A further sentence must state at least this share of the question's terms that none before it
# stated, or be nearly as likely an answer as the first …
_MIN_GAIN = 0.15
_NEARLY = 1.0  # … that is, its score is at most so far below.
_MAX_ITEMS = 8
_LOOK_BACK = 300  # characters before a sentence in which what it leans on is looked for
_MAX_WITH = 120  # a longer sentence before is not quoted along
_SAME_SUBJECT = 0.6

_ITEM = re.compile(
    r"\s*(?:[-*•·●▪◦]\s*|(?:\d{1,2}|[a-z])[.、)）]\s*|[（(][\d一二三四五六七八九十]{1,3}[)）]\s*"
    r"|[一二三四五六七八九十]{1,2}[、是]|第[一二三四五六七八九十]{1,2}[，,、是]|(?:首先|其次|再次|最后)[，,是])"
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
        groups = _by_side(task, most=max(1, self._max // max(1, len(task.sides))))
        if groups:
            for name, members in groups:
                for ranked in members:
                    yield _draft(task.question, ranked, group=name)
            return
        items = _list_items(task.statements[0].statement)
        if task.question.kind is Kind.LIST and items:
            yield from items
            return
        chosen = _chosen(task, most=self._max)
        listed = task.question.kind is Kind.LIST and len(chosen) > 1
        dated = _disagree(task.question, chosen)
        for ranked in chosen:
            yield _draft(task.question, ranked, item=listed, dated=dated)


def _chosen(task: Task, *, most: int) -> list[Ranked]:
    """The likeliest sentence, then what is nearly as likely or states what is still missing."""
    first = task.statements[0]
    chosen, told = [first], {_telling(first.statement)}
    said = set(first.statement.stated)
    total = len(task.question.terms) or 1
    for ranked in task.statements[1:]:
        if len(chosen) == most or first.score - ranked.score > 3 * _NEARLY:
            break
        telling = _telling(ranked.statement)
        if any(telling in other or other in telling for other in told):
            continue
        gain = len(ranked.statement.stated - said) / total
        if first.score - ranked.score <= _NEARLY or gain >= _MIN_GAIN:
            chosen.append(ranked)
            told.add(telling)
            said |= ranked.statement.stated
    return chosen


def _by_side(task: Task, *, most: int) -> list[tuple[str, list[Ranked]]]:
    """The best sentences about each side of a comparison, under its name; [] for no comparison.

    A side of which no sentence speaks has no group: the others still have theirs.
    """
    groups = []
    for names in task.sides:
        folded = [fold(name) for name in names]
        others = [fold(n) for side in task.sides if side != names for n in side]
        about = [r for r in task.statements if _speaks_of(fold(r.statement.text), folded)] or [
            r
            for r in task.statements
            if _speaks_of(fold(r.statement.article.title), folded)
            and not _speaks_of(fold(r.statement.text), others)
        ]
        if about:
            groups.append((names[0], about[:most]))
    return groups if len(groups) > 1 else []


def _speaks_of(folded: str, names: Sequence[str]) -> bool:
    return any(name in folded for name in names)


def _list_items(statement: Statement) -> list[Draft]:
    """The items of the list that a sentence leads into or is one of, each its own quote."""
    article = statement.article
    low = article.text.rfind("\n\n", 0, statement.start) + 1
    reach = sentences(article.text, max(low, statement.start - 1_000), statement.end + 1_500)
    spans = [(a, b) for a, b in reach if b > a]
    at = next((n for n, (a, _) in enumerate(spans) if a >= statement.start), None)
    if at is None:
        return []

    def is_item(n: int) -> bool:
        return 0 <= n < len(spans) and bool(_ITEM.match(fold(article.text[slice(*spans[n])])))

    first = at
    if is_item(at):
        while is_item(first - 1):
            first -= 1
    elif _LEADS_IN.search(article.text[slice(*spans[at])]) and is_item(at + 1):
        first = at + 1
    else:
        return []
    last = first
    while is_item(last + 1) and last - first + 1 < _MAX_ITEMS:
        last += 1
    if last == first:
        return []
    return [
        Draft(article.text[a:b], (Span(article, a, b),), item=True)
        for a, b in spans[first : last + 1]
    ]


def _draft(
    question: Question,
    ranked: Ranked,
    *,
    group: str = "",
    item: bool = False,
    dated: bool = False,
) -> Draft:
    statement = ranked.statement
    lead, start = _leaning(statement)
    article, end = statement.article, statement.end
    text = article.text[start:end]
    short = _short(question, ranked)
    shift = statement.start - start
    return Draft(
        text=text,
        spans=(Span(article, start, end),),
        short=(short[0] + shift, short[1] + shift) if short else None,
        lead=lead,
        item=item,
        group=group,
        as_of=_day_of(question, statement, dated=dated),
    )


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


def _telling(statement: Statement) -> str:
    """What a sentence says, for telling repeats: folded, letters and digits only."""
    return "".join(c for c in fold(statement.text) if c.isalnum())
