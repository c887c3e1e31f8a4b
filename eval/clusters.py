"""Questions about the same subject, brought together by what they mean.

In: questions, each as often as it was asked. Out: clusters with a label. By leaders: from the
most asked question down, each joins the leader that it is most like, or becomes one. So every
member is near its leader, the same questions give the same clusters, and 10,000 take seconds
(docs/decisions/0015-activity-log.md). The bundled encoder compares them, whatever the index was
built with: a server need not be asked for a chart.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

from index.fold import fold

if TYPE_CHECKING:
    from index.embed import Embedder

__all__ = ["FAR", "SIMILARITY", "Cluster", "cluster"]

SIMILARITY = 0.6
"""The least cosine of a question and its leader; ``python -m eval.clustering`` measures it."""

FAR = 0.32
"""Below this cosine the nearest passage is far from a question: nine of ten questions of the sample
set that have an answer have a nearer one (``python -m eval.clustering``)."""

_BLOCK = 512  # questions compared with all leaders at once


@dataclass(frozen=True, slots=True)
class Cluster:
    """Questions of one meaning, by their places in what was given, in its order.

    ``label`` is the place of the most central one: whose mean cosine with all is highest.
    """

    label: int
    members: tuple[int, ...]


def cluster(questions: Sequence[str]) -> tuple[Cluster, ...]:
    """Cluster questions, the largest cluster first; equal sizes in order of first appearance.

    Case, width and script make no difference (``index.fold``). Embeds each wording once.
    """
    import numpy as np

    texts = [fold(question).strip() for question in questions]
    counts = Counter(texts)
    # Most asked first, then by its characters: an order that time of day has no say in.
    distinct = sorted(counts, key=lambda text: (-counts[text], text))
    if not distinct:
        return ()
    vectors = _encoder().embed_questions(distinct)
    weights = np.array([counts[text] for text in distinct], dtype=np.float32)
    leaders: list[int] = []
    home = np.empty(len(distinct), dtype=np.int64)  # (n,): the number of each one's cluster
    for start in range(0, len(distinct), _BLOCK):
        block = vectors[start : start + _BLOCK]
        known = len(leaders)
        # The nearest of the leaders so far, for the whole block at once; then, one by one, those
        # that the block itself brings.
        to_known = block @ vectors[leaders].T if leaders else np.full((len(block), 1), -1.0)
        nearest, cosines = to_known.argmax(axis=1), to_known.max(axis=1)
        to_each = block @ block.T
        fresh = np.empty(len(block), dtype=np.int64)  # rows of the block that lead
        for row in range(len(block)):
            best, cosine = int(nearest[row]), float(cosines[row])
            to_fresh = to_each[row, fresh[: len(leaders) - known]]
            if to_fresh.size and to_fresh.max() > cosine:
                best, cosine = known + int(to_fresh.argmax()), float(to_fresh.max())
            if cosine < SIMILARITY:
                best = len(leaders)
                fresh[best - known] = row
                leaders.append(start + row)
            home[start + row] = best
    # The mean cosine with all members is the product with their mean.
    sums = np.zeros((len(leaders), vectors.shape[1]), dtype=np.float32)
    np.add.at(sums, home, vectors * weights[:, None])
    central = (vectors * sums[home]).sum(axis=1)
    labels: dict[int, int] = {}
    for at, number in enumerate(home.tolist()):
        if number not in labels or central[at] > central[labels[number]] + 1e-6:
            labels[number] = at
    place = {text: at for at, text in enumerate(distinct)}
    members: dict[int, list[int]] = {}
    first: dict[str, int] = {}
    for at, text in enumerate(texts):
        members.setdefault(int(home[place[text]]), []).append(at)
        first.setdefault(text, at)
    found = [
        Cluster(first[distinct[labels[number]]], tuple(places))
        for number, places in members.items()
    ]
    return tuple(sorted(found, key=lambda c: (-len(c.members), c.members[0])))


@cache
def _encoder() -> "Embedder":
    from index.embed import load_embedder

    return load_embedder("bundled")
