"""What of its article a passage brings along, and how much of it a generator can take.

A chunk's border is ours, not the author's: the sentence before it may name what the first one
speaks of, the sentence after it may finish what the last one began. In: passages. Out: spans of
their articles, within a budget of tokens that the generator counts.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from index.article import Article, Chunk
from index.passage import Passage
from index.sentences import sentences

__all__ = ["REACH", "Context", "contexts", "widened"]

REACH = 200
"""How far beyond a border the neighbouring sentence is looked for, in characters."""


@dataclass(frozen=True, slots=True)
class Context:
    """Characters ``article.text[start:end]`` that a generator may read for a passage."""

    passage: Passage
    start: int
    end: int

    @property
    def text(self) -> str:
        """The characters themselves."""
        return self.passage.article.text[self.start : self.end]


def widened(article: Article, chunk: Chunk) -> tuple[int, int]:
    """The chunk's span with the sentence before and the sentence after it, where there are any."""
    text = article.text
    low, high = max(0, chunk.start - REACH), min(len(text), chunk.end + REACH)
    before = sentences(text, low, chunk.start)
    after = sentences(text, chunk.end, high)
    return (before[-1][0] if before else chunk.start, after[0][1] if after else chunk.end)


def contexts(
    passages: Sequence[Passage], *, max_tokens: int, count: Callable[[str], int]
) -> tuple[Context, ...]:
    """Give each passage its neighbours, in order, until the generator's budget is used.

    Two passages of one article that touch or overlap are read once: what an earlier one holds is
    not given again. The last one that does not fit whole is cut behind a sentence; one of which
    no sentence fits is left out, and so is all that follows.

    Args:
        passages: Best first.
        max_tokens: The budget.
        count: Tokens of a text, as the generator counts them.
    """
    given: list[Context] = []
    left = max_tokens
    for passage in passages:
        start, end = widened(passage.article, passage.chunk)
        for earlier in given:
            if earlier.passage.article.id == passage.article.id:
                start, end = _without(start, end, earlier)
        if start >= end:
            continue
        used = count(passage.article.text[start:end])
        if used <= left:
            given.append(Context(passage, start, end))
            left -= used
            continue
        fitting = [
            stop
            for _, stop in sentences(passage.article.text, start, end)
            if count(passage.article.text[start:stop]) <= left
        ]
        if fitting:
            given.append(Context(passage, start, fitting[-1]))
        break
    return tuple(given)


def _without(start: int, end: int, earlier: Context) -> tuple[int, int]:
    """A span without what an earlier one holds of it; an inner overlap leaves nothing."""
    if earlier.start <= start < earlier.end:
        start = min(earlier.end, end)
    if earlier.start < end <= earlier.end:
        end = max(earlier.start, start)
    return start, end
