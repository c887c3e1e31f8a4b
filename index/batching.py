"""Cut a list of texts into batches that bound what one step holds in memory or sends at once."""

from collections.abc import Iterator, Sequence

__all__ = ["batches"]


def batches(
    texts: Sequence[str], *, max_chars: int, max_texts: int | None = None
) -> Iterator[list[str]]:
    """Yield the texts in order, in batches of at most ``max_chars`` and ``max_texts``.

    A text longer than ``max_chars`` is a batch of its own.

    >>> list(batches(["ab", "c", "defgh", "i"], max_chars=3))
    [['ab', 'c'], ['defgh'], ['i']]
    """
    batch: list[str] = []
    chars = 0
    for text in texts:
        if batch and (chars + len(text) > max_chars or len(batch) == max_texts):
            yield batch
            batch, chars = [], 0
        batch.append(text)
        chars += len(text)
    if batch:
        yield batch
