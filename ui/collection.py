"""The collection behind the page: one asker and its index, as the page wants to see them."""

import os
import threading
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import nullcontext
from datetime import datetime
from itertools import islice
from pathlib import Path

from eval.cases import load_cases
from eval.quality import judge
from index.article import Article
from index.errors import UsageError
from index.fold import fold
from index.passage import Filters
from rag.answer import Asker, today
from rag.question import Asked, Turn
from rag.schema import Event
from ui.page import CollectionSummary, Facet

__all__ = ["Collection"]

_SAMPLE_CASES = Path(__file__).parents[1] / "eval" / "sets" / "sample.jsonl"
_EXAMPLES = 4
_FACETS = 300
"""More values to filter by than these nobody looks through; the most frequent stay."""

_NO_FILTERS = Filters()


class Collection:
    """An asker with what the page shows around it. Safe to share by threads."""

    def __init__(self, asker: Asker) -> None:
        """Read the summary once: a generation never changes."""
        self._asker = asker
        # Quoting is all computing: more at once than there are processors only make each other
        # late. A model that is waited for is another matter.
        self._slots = threading.BoundedSemaphore(os.cpu_count() or 1)
        articles = list(asker.index.articles())
        days = sorted(a.published for a in articles if a.published)
        manifest = asker.index.manifest
        self._summary = CollectionSummary(
            articles=manifest.counts.articles,
            chunks=manifest.counts.chunks,
            earliest=days[0] if days else None,
            latest=days[-1] if days else None,
            generation=manifest.generation,
            built=datetime.fromisoformat(manifest.created),
            examples=_examples(asker, articles),
            max_question_chars=asker.config.answer.max_question_chars,
            sources=_facets(a.source for a in articles if a.source),
            languages=_facets(a.language for a in articles),
            tags=_facets(tag for a in articles for tag in {fold(t): t for t in a.tags}.values()),
            quotes=asker.config.answer.generator == asker.extractive.name,
        )

    def stream(
        self,
        question: str,
        *,
        dialogue: Sequence[Turn] = (),
        without: Sequence[str] = (),
        filters: Filters = _NO_FILTERS,
    ) -> Iterator[Event]:
        """Answer a question event by event."""
        with self._slots if self._summary.quotes else nullcontext():
            yield from self._asker.stream_to(_asked(question, dialogue, without, filters))

    def further(
        self,
        question: str,
        *,
        declined: bool,
        dialogue: Sequence[Turn] = (),
        without: Sequence[str] = (),
        filters: Filters = _NO_FILTERS,
    ) -> tuple[str, ...]:
        """Further questions that the collection answers."""
        return self._asker.further(_asked(question, dialogue, without, filters), declined=declined)

    def article(self, article_id: str) -> Article:
        """The article with this id; KeyError when there is none."""
        return self._asker.index.article(article_id)

    def summary(self) -> CollectionSummary:
        """What the page says of the collection."""
        return self._summary


def _asked(
    question: str, dialogue: Sequence[Turn], without: Sequence[str], filters: Filters
) -> Asked:
    return Asked(
        question, today(), dialogue=tuple(dialogue), filters=filters, without=tuple(without)
    )


def _facets(values: Iterable[str]) -> tuple[Facet, ...]:
    """Count values as the filters compare them: 工行 and 工 行 are two, ABC and abc are one."""
    counts: Counter[str] = Counter()
    spelt: dict[str, str] = {}
    for value in values:
        folded = fold(value)
        counts[folded] += 1
        spelt.setdefault(folded, value)
    ordered = sorted(counts, key=lambda folded: (-counts[folded], folded))
    return tuple(Facet(spelt[folded], counts[folded]) for folded in ordered[:_FACETS])


def _examples(asker: Asker, articles: Sequence[Article]) -> tuple[str, ...]:
    """Questions that this collection does not decline: each was asked before it is offered.

    The sample collection has cases of its own, of which those serve whose answer begins with a
    gold span; for any other collection the titles serve.
    """
    by_path = {article.path: article for article in articles}
    own = [
        case
        for case in load_cases(_SAMPLE_CASES)
        if case.gold
        and not case.dialogue
        and all(span.article in by_path for fact in case.gold for span in fact)
    ]
    if own:
        # Spread over the set, which goes article by article, rather than its first few.
        asked = own[:: max(1, len(own) // (4 * _EXAMPLES))]
        good = (c.question for c in asked if judge(c, asker.answer(c.question), by_path).first)
    else:
        titles = [article.title for article in articles[: 5 * _EXAMPLES]]
        good = (title for title in titles if _is_answered(asker, title))
    return tuple(dict.fromkeys(islice(good, _EXAMPLES)))


def _is_answered(asker: Asker, question: str) -> bool:
    try:
        return not asker.answer(question).abstained
    except UsageError:
        return False
