"""The collection behind the page: one asker and its index, as the page wants to see them."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from pathlib import Path

from eval.cases import load_cases
from index.article import Article
from index.errors import UsageError
from rag.answer import Asker
from rag.question import Turn
from rag.schema import Event
from ui.page import CollectionSummary

__all__ = ["Collection"]

_SAMPLE_CASES = Path(__file__).parents[1] / "eval" / "sets" / "sample.jsonl"
_EXAMPLES = 4


class Collection:
    """An asker with what the page shows around it. Safe to share by threads."""

    def __init__(self, asker: Asker) -> None:
        """Read the summary once: a generation never changes."""
        self._asker = asker
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
        )

    def stream(self, question: str, *, dialogue: Sequence[Turn] = ()) -> Iterator[Event]:
        """Answer a question event by event."""
        return self._asker.stream(question, dialogue=dialogue)

    def article(self, article_id: str) -> Article:
        """The article with this id; KeyError when there is none."""
        return self._asker.index.article(article_id)

    def summary(self) -> CollectionSummary:
        """What the page says of the collection."""
        return self._summary


def _examples(asker: Asker, articles: Sequence[Article]) -> tuple[str, ...]:
    """Questions that this collection is known to answer: each was asked before it is offered.

    The sample collection has questions of its own; for any other, the titles serve.
    """
    held = {article.path for article in articles}
    offered = [
        case.question
        for case in load_cases(_SAMPLE_CASES)
        if case.answerable
        and not case.dialogue
        and all(span.article in held for fact in case.gold for span in fact)
    ]
    # Spread over the set, which is ordered by kind, rather than its first few.
    step = max(1, len(offered) // (3 * _EXAMPLES))
    candidates = offered[::step] or [article.title for article in articles[: 5 * _EXAMPLES]]
    good: list[str] = []
    for question in candidates:
        if len(good) == _EXAMPLES:
            break
        try:
            if not asker.answer(question).abstained:
                good.append(question)
        except UsageError:
            continue
    return tuple(good)
