"""Citations: what a generator drafts becomes sentences that cite, each with the gate's verdict.

A draft names spans of articles. The quote of a citation is sliced from the article here, so that
``article.text[start:end] == quote`` holds by construction, whatever the generator wrote.
"""

from collections import Counter
from collections.abc import Sequence

from rag.gate import Finding, Gate
from rag.generate import Draft, Span
from rag.schema import AnswerSentence, Citation, GateCounts, Verdict

__all__ = ["Citer"]


class Citer:
    """Turns the drafts of one answer into cited sentences, numbering citations from 1.

    The same span keeps its number when it is cited again. What becomes of a sentence that its
    citation does not fully support is the policy's: ``mark`` keeps it with its verdict, ``drop``
    leaves it out, ``refuse`` gives up the whole answer (``refused``). A sentence that a person
    approved is marked at most.
    """

    def __init__(self, gate: Gate, *, offered: Sequence[Span] = (), policy: str = "mark") -> None:
        """Start the numbering of one answer; ``offered`` is what its generator reads."""
        self._gate = gate
        self._offered = tuple(offered)
        self._policy = policy
        self._numbers: dict[tuple[str, int, int], Citation] = {}
        self._verdicts: Counter[Verdict] = Counter()
        self._unknown_keys = 0
        self._dropped = 0

    @property
    def citations(self) -> tuple[Citation, ...]:
        """All citations so far, in the order of their numbers."""
        return tuple(self._numbers.values())

    @property
    def counts(self) -> GateCounts:
        """How the gate judged so far."""
        return GateCounts(
            **{verdict.value: self._verdicts[verdict] for verdict in Verdict},
            unknown_keys=self._unknown_keys,
            dropped=self._dropped,
        )

    @property
    def refused(self) -> bool:
        """The policy gives up an answer of which a sentence is not supported."""
        return self._policy == "refuse" and self._dropped > 0

    def cite(self, draft: Draft) -> AnswerSentence | None:
        """Pass one draft through the gate; None when the policy leaves it out."""
        finding = self._gate.check(draft.text, draft.spans, offered=self._offered)
        self._verdicts[finding.verdict] += 1
        self._unknown_keys += draft.unknown_keys
        is_marked = self._policy == "mark" or draft.approved
        if finding.verdict is not Verdict.SUPPORTED and not is_marked:
            self._dropped += 1
            return None
        spans = draft.spans if draft.approved else finding.spans
        cited = finding.verdict is not Verdict.UNCITED
        numbers = [self._number(span, finding) for span in spans] if cited else []
        return AnswerSentence(
            text=draft.text,
            citations=tuple(dict.fromkeys(numbers)),
            verdict=finding.verdict,
            reason=finding.reason,
            short=draft.short,
            lead=draft.lead,
            item=draft.item,
            group=draft.group,
            as_of=draft.as_of,
        )

    def _number(self, span: Span, finding: Finding) -> int:
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
                quote=span.text,
                verdict=finding.verdict,
            )
        return self._numbers[key].n
