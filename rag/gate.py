"""The citation gate: does what a sentence cites say what the sentence says?

In: a sentence, the characters that it cites, and all that its generator was given to read. Out:
a ``Finding``: the verdict, the span that decided it, and why. Nothing here knows who wrote the
sentence, or what becomes of one that is not supported.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from rag.generate import Span
from rag.schema import Verdict

__all__ = ["Finding", "Gate"]


@dataclass(frozen=True, slots=True)
class Finding:
    """What the gate found for one sentence.

    ``spans`` hold the characters that decided it, most often one sentence of an article: the
    best support, also where that is not enough; none for a sentence that cites nothing.
    ``reason`` says what does not agree, "" where everything does.
    """

    verdict: Verdict
    spans: tuple[Span, ...] = ()
    reason: str = ""


class Gate:
    """Compares sentences with what they cite. Safe to share by threads."""

    def check(self, sentence: str, cited: Sequence[Span], *, offered: Sequence[Span]) -> Finding:
        """Judge one sentence.

        A sentence that stands word for word in what it cites is supported. One without a citation
        is given the span of ``offered`` that supports it, where there is one, else it is uncited.

        Args:
            sentence: The sentence, without citation keys.
            cited: What it cites; empty for a sentence without a key.
            offered: What the generator was given to read.
        """
        for span in cited or offered:
            at = span.text.find(sentence) if sentence else -1
            if at >= 0:
                start = span.start + at
                found = Span(span.article, start, start + len(sentence))
                return Finding(Verdict.SUPPORTED, (found,))
        if not cited:
            return Finding(Verdict.UNCITED, (), "cites nothing")
        if any(span.text and span.text in sentence for span in cited):
            return Finding(Verdict.PARTLY, (cited[0],), "adds words to the quote")
        return Finding(Verdict.UNSUPPORTED, (cited[0],), "not in the cited text")
