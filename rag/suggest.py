"""Further questions that the collection may answer: a reading and its passages in, questions out.

Nothing is made up. A question comes from what stands in the articles (a question that a text asks
and answers itself), from putting another known name in the place of the one that was asked about,
or from how a slip of the pen may have been meant. Whether it is really answered is tried by
whoever offers it (`rag.answer`).
"""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence

from index.aliases import AliasMatch
from index.article import Article, Script
from index.fold import fold
from index.language import detect_script, in_script
from index.passage import Passage
from index.sentences import sentences
from rag.question import content_terms
from rag.understand import Reading

__all__ = ["asked_for", "further_questions"]

_ASKS = re.compile(r"[?？][\"”’」』]?$")
_BEFORE = re.compile(r"^\s*(?:[QＱ问問]\s*[:：.]?|[#>*\-\d.、)）\s]+)+\s*")
_SHORTEST, _LONGEST = 5, 60
_NEAREST = 4
_READ_CHARS = 3_000
_SHARED = 2  # one word in common is often just 银行


def further_questions(
    reading: Reading,
    passages: Sequence[Passage],
    *,
    declined: bool,
    find: Callable[[str], Sequence[AliasMatch]],
) -> Iterator[str]:
    """List candidates, the nearest first; for a declined question its rewordings come first.

    ``find`` finds known names in a text.
    """
    if declined and reading.suggestion is not None:
        yield reading.suggestion.text
    articles: dict[str, Article] = {}
    for passage in passages[:_NEAREST]:
        articles.setdefault(passage.article.id, passage.article)
    # A single character in common is no common subject.
    wanted = {term for term in reading.question.terms if len(term) > 1}
    shared = {
        question: len(wanted.intersection(content_terms(question)))
        for article in articles.values()
        for question in _asked_in(article)
    }
    asked = sorted((q for q, n in shared.items() if n >= _SHARED), key=lambda q: -shared[q])
    others = list(_with_other_names(reading, articles.values(), find))
    yield from (*asked, *others) if declined else _alternating(others, asked)


def asked_for(question: str) -> str:
    """A question for telling repeats: folded, letters and digits only."""
    return "".join(c for c in fold(question) if c.isalnum())


def _asked_in(article: Article) -> list[str]:
    """The questions that a text asks in a line of its own, and then answers."""
    text = article.text
    found = []
    for start, end in sentences(text):
        line_begins = start == 0 or text[start - 1] in "\n"
        said = _BEFORE.sub("", text[start:end].strip())
        if line_begins and _ASKS.search(said) and _SHORTEST <= len(said) <= _LONGEST:
            found.append(said)
    return found


def _with_other_names(
    reading: Reading, articles: Iterable[Article], find: Callable[[str], Sequence[AliasMatch]]
) -> Iterator[str]:
    """The question about others whom the nearest articles name."""
    question = reading.question.searched
    said = [match for match in reading.aliases if not match.is_product]
    if not said:
        return
    match = said[0]
    script = detect_script(question)
    known = {fold(name) for m in said for name in (m.said, *m.names)}
    for article in articles:
        for other in find(f"{article.title}\n{article.text[:_READ_CHARS]}"):
            name = fold(other.said)
            # Harbourline is Harbourline Bank.
            if not other.is_product and not any(name in k or k in name for k in known):
                known.update(fold(name) for name in (other.said, *other.names))
                yield question[: match.start] + _as_asked(other, script) + question[match.end :]


def _as_asked(name: AliasMatch, script: Script) -> str:
    """A name as whoever asks would write it, 交通银行 where an article has 交通銀行."""
    if script is Script.LATIN:
        return next((n for n in (name.said, *name.names) if n.isascii()), name.said)
    return in_script(name.said, script)


def _alternating(one: Sequence[str], other: Sequence[str]) -> Iterator[str]:
    for n in range(max(len(one), len(other))):
        yield from one[n : n + 1]
        yield from other[n : n + 1]
