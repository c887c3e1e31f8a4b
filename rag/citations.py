"""Citations and the gate: what a generator drafts becomes sentences that cite, or is dropped.

A draft names spans of articles. The quote of a citation is sliced from the article here, so that
``article.text[start:end] == quote`` holds by construction, whatever the generator wrote.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from index.article import Article
from rag.schema import AnswerSentence, Citation, Verdict

__all__ = ["Citer", "Draft", "Span", "verify"]


@dataclass(frozen=True, slots=True)
class Span:
    """Characters ``article.text[start:end]`` that a draft rests on."""

    article: Article
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Draft:
    """A sentence as a generator proposes it, before the gate."""

    text: str
    spans: tuple[Span, ...]


class Citer:
    """Turns the drafts of one answer into cited sentences, numbering citations from 1.

    The same span keeps its number when it is cited again. Sentences that their spans do not
    support are refused and counted in ``dropped``.
    """

    def __init__(self) -> None:
        """Start the numbering of one answer."""
        self._numbers: dict[tuple[str, int, int], Citation] = {}
        self.dropped = 0

    @property
    def citations(self) -> tuple[Citation, ...]:
        """All citations so far, in the order of their numbers."""
        return tuple(self._numbers.values())

    def cite(self, draft: Draft) -> AnswerSentence | None:
        """Pass one draft through the gate; None when it is refused."""
        verdict = verify(draft.text, draft.spans)
        if verdict is not Verdict.SUPPORTED:
            self.dropped += 1
            return None
        used = [self._number(span, verdict) for span in draft.spans]
        return AnswerSentence(draft.text, tuple(dict.fromkeys(used)))

    def _number(self, span: Span, verdict: Verdict) -> int:
        article = span.article
        key = (article.id, span.start, span.end)
        if key not in self._numbers:
            self._numbers[key] = Citation(
                n=len(self._numbers) + 1,
                article_id=article.id,
                title=article.title,
                source=article.source,
                published=article.published.isoformat() if article.published else None,
                path=article.path,
                url=article.url,
                start=span.start,
                end=span.end,
                quote=article.text[span.start : span.end],
                verdict=verdict,
            )
        return self._numbers[key].n


def verify(sentence: str, spans: Sequence[Span]) -> Verdict:
    """Compare a sentence with the characters that it cites.

    Today's one generator quotes, so the gate is strict. A sentence is supported when it stands
    word for word in a span that it cites, partly supported when it adds words around a whole
    quote, else unsupported; uncited when it cites nothing. Only what is supported passes.
    """
    if not spans:
        return Verdict.UNCITED
    quotes = [s.article.text[s.start : s.end] for s in spans if 0 <= s.start < s.end]
    if sentence and any(sentence in quote for quote in quotes):
        return Verdict.SUPPORTED
    if any(quote and quote in sentence for quote in quotes):
        return Verdict.PARTLY
    return Verdict.UNSUPPORTED
