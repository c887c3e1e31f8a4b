"""What writes an answer: the one protocol of every generator, and what passes through it.

In: a ``Task``, the question with the passages found for it. Out: ``Draft`` after ``Draft``, each
a sentence with the characters that it rests on. A generator does not judge itself: every draft
passes the gate (`rag.gate`), whoever wrote it.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from index.article import Article
from index.errors import YoujuError
from index.passage import Passage
from rag.question import Question

if TYPE_CHECKING:  # brings NumPy
    from rag.rank import Ranked

__all__ = ["Draft", "Generator", "GeneratorError", "NoAnswerError", "Span", "Task"]


class GeneratorError(YoujuError):
    """A generator failed; the message says what happened, for the person who asked."""


class NoAnswerError(YoujuError):
    """A generator read the passages and says that they do not answer the question."""


@dataclass(frozen=True, slots=True)
class Span:
    """Characters ``article.text[start:end]`` that a sentence rests on."""

    article: Article
    start: int
    end: int

    @property
    def text(self) -> str:
        """The characters themselves."""
        return self.article.text[self.start : self.end]


@dataclass(frozen=True, slots=True)
class Task:
    """A question with what a generator may draw on.

    ``passages`` are best first, and so are ``statements``, all sentences of them. ``sides`` are
    the sides that the question compares, each with all of its names, the said one first.
    """

    question: Question
    passages: tuple[Passage, ...]
    statements: "Sequence[Ranked]" = ()
    sides: tuple[tuple[str, ...], ...] = ()


@dataclass(frozen=True, slots=True)
class Draft:
    """A sentence as a generator proposes it, before the gate.

    ``text`` has no citation keys in it any more. ``spans`` are the characters that its keys name:
    exact ones from a generator that quotes, whole passages from a model. ``unknown_keys`` counts
    the keys that name nothing; they are gone from the text.

    The rest is how it is shown. ``short``: where in ``text`` the short answer stands. ``lead``:
    words added before a quote that leans on them, shown as added. ``item``: one of a list.
    ``group``: the heading it stands under, such as a side of a comparison. ``as_of``: the day
    that its statement is of, where the sentence itself does not say.

    ``approved``: a person approved the sentence with just these spans, so it is kept with all of
    them, whatever the gate finds.
    """

    text: str
    spans: tuple[Span, ...]
    unknown_keys: int = 0
    short: tuple[int, int] | None = None
    lead: str = ""
    item: bool = False
    group: str = ""
    as_of: str = ""
    approved: bool = False


class Generator(Protocol):
    """Writes an answer sentence by sentence. Safe to share by threads."""

    @property
    def name(self) -> str:
        """What is shown and recorded, such as ``extractive`` or ``openai:URL#MODEL``."""
        ...

    def drafts(self, task: Task) -> Iterator[Draft]:
        """Write the answer, each sentence as soon as it is complete.

        Closing the iterator stops the work.

        Raises:
            GeneratorError: it cannot go on; what it gave until then may be kept or dropped.
            NoAnswerError: the passages do not answer the question.
            UsageError: the model's name, folder, address or key is wrong.
        """
        ...
