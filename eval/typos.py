"""Slips in questions, suggested away: ``python -m eval.typos --data DIR [--looks FILE]``.

Every question of a set is damaged by one slip, a homophone or a look-alike in place of a Han
character (in an English question one edit in a word), with a fixed seed. Printed are, for each
set and kind of slip, R@1 and R@10 of the fused legs for the clean question, the damaged one and
the suggestion accepted, the share of what was lost that came back, and the share of clean
questions that got a suggestion. Reported is the half of the documents on which nothing was fitted.

The damage does not come from the product's table. Homophones are taken by the reading that
pypinyin gives the character in its sentence, drawn by frequency in the set's passages (shared:
pypinyin's readings of single characters); look-alikes from FILE, lines of characters separated by
tabs of which the first looks like the others, such as ``same_stroke.txt`` of pycorrector. Without
FILE they are the product's own, and the row says so.
"""

import argparse
import random
import re
import string
import tempfile
import zlib
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter

import numpy as np

from eval.cases import load_cases
from index.config import IndexConfig
from index.confusables import Reason, confusables
from index.encoder.corpus import read_rows
from index.encoder.static import MODEL, StaticEncoder
from index.errors import UsageError
from index.fold import fold
from index.lexical import LexicalDocument, LexicalIndex, write_lexical
from index.passage import Hit
from index.search import open_index
from index.sync import sync
from index.tokens import terms
from index.vectors import Vectors
from rag.config import RetrievalConfig
from rag.retrieve import fuse
from rag.spelling import IndexVocabulary, candidates, suggest

__all__ = ["damage", "main"]

_SETS = ("cmrc2018", "drcd_dev", "dureader_robust", "crud_news", "xquad.zh", "xquad.en")
_ARTICLES = 20_000  # of crud_news: all that answer a question, the others drawn
_CANDIDATES = 100
_HAN = ("\u4e00", "\u9fff")
_RUN = re.compile("[\u4e00-\u9fff]+")
_SAMPLE = Path(__file__).with_name("sets") / "sample.jsonl"


@dataclass(frozen=True, slots=True)
class Slip:
    """A damaged question; ``meant`` is the folded character that stood at ``place``."""

    text: str
    place: int
    meant: str


@dataclass(frozen=True, slots=True)
class _Set:
    """A set, indexed: it is the vocabulary of its own passages."""

    name: str
    questions: tuple[tuple[str, frozenset[int]], ...]
    passages: tuple[str, ...]
    lexical: LexicalIndex
    vectors: Vectors | None
    size: int

    def frequencies(self, terms: Sequence[str]) -> list[int]:
        return self.lexical.document_frequencies(terms)

    def words(self, prefix: str) -> list[tuple[str, int]]:
        return self.lexical.words(prefix)

    def best(self, question: str) -> tuple[float, list[str]]:
        hits = self.lexical.search(question, k=3)
        return (hits[0].score if hits else 0.0), [fold(self.passages[h.row]) for h in hits]


def damage(
    question: str,
    kind: str,
    *,
    frequency: Mapping[str, int],
    looks: Mapping[str, Sequence[str]],
    chance: random.Random,
) -> Slip | None:
    """Put one slip into a question; None where no place allows one.

    Args:
        question: A clean question.
        kind: ``pinyin``, ``shape``, ``edit``, or ``near``: a near sound of the product's table,
            for the fit alone.
        frequency: Folded character → how often it is written; those not in it are never put in.
        looks: Folded character → look-alikes.
        chance: Draws the place and the character.
    """
    if kind == "edit":
        return _edited(question, chance)
    folded = fold(question)
    readings = _readings(folded) if kind == "pinyin" else [""] * len(folded)
    places = [at for at, char in enumerate(folded) if _HAN[0] <= char <= _HAN[1]]
    chance.shuffle(places)
    same = _homophones(frequency) if kind == "pinyin" else {}
    for at in places:
        others = same.get(readings[at], ()) if kind == "pinyin" else looks.get(folded[at], ())
        if kind == "near":
            others = [c.char for c in confusables(folded[at]) if c.reason is Reason.NEAR_SOUND]
        fitting = [c for c in others if frequency.get(c) and c != folded[at]]
        if fitting:
            (put,) = chance.choices(fitting, [frequency[c] for c in fitting])
            return Slip(question[:at] + put + question[at + 1 :], at, folded[at])
    return None


def _edited(question: str, chance: random.Random) -> Slip | None:
    """One letter of a Latin word left out, doubled, changed or swapped, never the first."""
    words = [w for w in question.split() if len(w) >= 5 and w.isascii() and w.isalpha()]
    if not words:
        return None
    word = chance.choice(words)
    at = chance.randrange(1, len(word) - 1)
    other = chance.choice(string.ascii_lowercase)
    slip = chance.choice(
        [
            word[:at] + word[at + 1 :],
            word[:at] + word[at] + word[at:],
            word[:at] + other + word[at + 1 :],
            word[:at] + word[at + 1] + word[at] + word[at + 2 :],
        ]
    )
    start = question.index(word)
    return Slip(question[:start] + slip + question[start + len(word) :], start, word)


def _readings(text: str) -> list[str]:
    """The syllable of each Han character in its run; 行 in 银行 is hang."""
    from pypinyin import lazy_pinyin

    readings = [""] * len(text)
    for run in _RUN.finditer(text):
        readings[run.start() : run.end()] = lazy_pinyin(run.group())
    return readings


_SOUNDS: dict[int, dict[str, list[str]]] = {}


def _homophones(frequency: Mapping[str, int]) -> dict[str, list[str]]:
    from pypinyin import lazy_pinyin

    if id(frequency) not in _SOUNDS:
        by_sound: dict[str, list[str]] = defaultdict(list)
        for char in frequency:
            by_sound[lazy_pinyin(char)[0]].append(char)
        _SOUNDS[id(frequency)] = by_sound
    return _SOUNDS[id(frequency)]


def _read_looks(path: Path | None, frequency: Mapping[str, int]) -> dict[str, list[str]]:
    if path is None:
        return {
            char: [c.char for c in confusables(char) if c.reason is Reason.SHAPE]
            for char in frequency
        }
    looks: dict[str, list[str]] = defaultdict(list)
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except OSError as error:
        raise UsageError(f"{path} cannot be read ({error.strerror}); leave --looks out") from None
    for line in lines:
        first, *others = line.split("\t")
        looks[first] += [other for other in others if len(other) == 1]
    return looks


def _open_set(
    name: str, data: Path, folder: Path, *, half: int, limit: int, encoder: StaticEncoder | None
) -> _Set:
    """Index the passages of a set and keep the questions of one half of its documents."""
    queries = [row for row in read_rows(data / "dev" / f"{name}.queries.jsonl.xz") if row["gold"]]
    rows = list(read_rows(data / "dev" / f"{name}.corpus.jsonl.xz"))
    chance = random.Random(0)  # noqa: S311 - a sample, not a secret
    if len(rows) > _ARTICLES:
        gold = {doc for row in queries for doc in row["gold"]}
        others = [row for row in rows if row["doc_id"] not in gold]
        rows = [row for row in rows if row["doc_id"] in gold]
        rows += chance.sample(others, max(0, _ARTICLES - len(rows)))
    places = {row["doc_id"]: place for place, row in enumerate(rows)}
    texts = tuple(row["text"] for row in rows)
    write_lexical(
        folder / name,
        (LexicalDocument(i, text, "", None, None, "", ()) for i, text in enumerate(texts)),
    )
    asked = [
        (row["q"], frozenset(places[doc] for doc in row["gold"]))
        for row in queries
        if zlib.crc32(row["gold"][0].encode()) % 2 == half
    ]
    chance.shuffle(asked)
    return _Set(
        name=name,
        questions=tuple(asked[:limit]),
        passages=texts,
        lexical=LexicalIndex.open(folder / name, count=len(texts)),
        vectors=encoder.embed_passages(texts) if encoder else None,
        size=len(texts),
    )


def _rank(asked: _Set, encoder: StaticEncoder | None, question: str, gold: frozenset[int]) -> int:
    """The rank of the first right passage by the fused legs; 101 where there is none."""
    hits = asked.lexical.search(question, k=_CANDIDATES)
    if encoder is not None and asked.vectors is not None:
        cosines = asked.vectors @ encoder.embed_questions([question])[0]
        near = np.argsort(-cosines, kind="stable")[:_CANDIDATES]
        dense = [Hit(int(row), float(cosines[row])) for row in near]
        ideal = sum(asked.lexical.idf(list(dict.fromkeys(terms(question)))))
        hits = fuse(hits, dense, ideal=ideal, dense_weight=RetrievalConfig().dense_weight)
    found = (n for n, hit in enumerate(hits[:_CANDIDATES], 1) if hit.row in gold)
    return next(found, _CANDIDATES + 1)


def _slips(asked: _Set, kind: str, looks: Path | None) -> Iterator[tuple[int, Slip]]:
    frequency = Counter(
        char for text in asked.passages for char in set(fold(text)) if _HAN[0] <= char <= _HAN[1]
    )
    alike = _read_looks(looks, frequency)
    chance = random.Random(zlib.crc32(kind.encode()))  # noqa: S311
    for number, (question, _) in enumerate(asked.questions):
        slip = damage(question, kind, frequency=frequency, looks=alike, chance=chance)
        if slip is not None and slip.text != question:
            yield number, slip


def _report(asked: _Set, encoder: StaticEncoder | None, looks: Path | None) -> None:
    clean_ranks = [_rank(asked, encoder, q, gold) for q, gold in asked.questions]
    times, touched = [], 0
    for question, _ in asked.questions:
        started = perf_counter()
        touched += suggest(question, vocabulary=asked) is not None
        times.append((perf_counter() - started) * 1000)
    share = touched / len(asked.questions)
    p50, p95 = np.percentile(times, [50, 95])
    print(f"{asked.name}: {share:.4f} of {len(times)} clean questions; {p50:.0f} / {p95:.0f} ms")
    for kind in ("edit",) if asked.name.endswith(".en") else ("pinyin", "shape"):
        ranks: list[tuple[int, int, int]] = []
        right = wrong = 0
        for number, slip in _slips(asked, kind, looks):
            question, gold = asked.questions[number]
            suggested = suggest(slip.text, vocabulary=asked)
            damaged = accepted = _rank(asked, encoder, slip.text, gold)
            if suggested is not None:
                same = fold(suggested.text).lower() == fold(question).lower()
                right, wrong = right + same, wrong + (not same)
                accepted = _rank(asked, encoder, suggested.text, gold)
            ranks.append((clean_ranks[number], damaged, accepted))
        cells = []
        for k in (1, 10):
            clean, hurt, healed = (
                sum(r <= k for r in column) for column in zip(*ranks, strict=True)
            )
            back = f"{(healed - hurt) / (clean - hurt):.2f}" if clean > hurt else "-"
            n = len(ranks)
            cells.append(f"R@{k} {clean / n:.3f} {hurt / n:.3f} {healed / n:.3f} back {back:>5}")
        print(
            f"  {kind:<7}{len(ranks):>5}  {'   '.join(cells)}   "
            f"right {right / len(ranks):.3f} wrong {wrong / len(ranks):.3f}",
            flush=True,
        )


def _report_sample(articles: Path) -> None:
    with tempfile.TemporaryDirectory() as folder:
        sync([articles], Path(folder) / "index", config=IndexConfig())
        with open_index(Path(folder) / "index") as index:
            vocabulary = IndexVocabulary(index)
            questions = [case.question for case in load_cases(_SAMPLE)]
            found = [(q, suggest(q, vocabulary=vocabulary)) for q in questions]
    touched = [(q, s.text) for q, s in found if s is not None]
    print(f"sample: {len(touched) / len(questions):.4f} of {len(questions)} clean questions")
    for question, text in touched:
        print(f"  {question} → {text}")


def _fit(sets: Sequence[_Set], looks: Path | None) -> None:
    """Print weights: a logistic regression of "this was meant" on the evidence of a candidate."""
    rows, labels, best = [], [], []
    for asked in sets:
        for question, _ in asked.questions:
            found = candidates(question, vocabulary=asked)
            rows += [c.evidence for c in found]
            labels += [False] * len(found)
            best.append([c.evidence for c in found])
        for kind in ("pinyin", "shape", "near"):
            for _, slip in _slips(asked, kind, looks):
                found = candidates(slip.text, vocabulary=asked)
                rows += [c.evidence for c in found]
                labels += [c.place == slip.place and c.meant == slip.meant for c in found]
    x = np.column_stack([np.array(rows, dtype=float), np.ones(len(rows))])
    y = np.array(labels, dtype=float)
    weights = np.zeros(x.shape[1])
    for _ in range(30):  # Newton's method, a little ridge
        p = 1 / (1 + np.exp(-(x @ weights)))
        hessian = (x * (p * (1 - p))[:, None]).T @ x + 0.1 * np.eye(x.shape[1])
        weights += np.linalg.solve(hessian, x.T @ (y - p) - 0.1 * weights)
    odds = [max((float(np.array([*e, 1.0]) @ weights) for e in q), default=-99.0) for q in best]
    print("weights:", ", ".join(f"{w:.2f}" for w in weights[:-1]), f"bias: {weights[-1]:.2f}")
    levels = ", ".join(f"{s:.1%} {np.quantile(odds, 1 - s):.2f}" for s in (0.003, 0.005, 0.01))
    print("share of clean questions and the threshold that lets it pass:", levels)


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the table, or with ``--fit`` the weights."""
    parser = argparse.ArgumentParser(
        prog="python -m eval.typos", description="Measure suggestions on damaged questions."
    )
    parser.add_argument("--data", type=Path, required=True, help="holds dev/")
    parser.add_argument("--sets", nargs="+", choices=[*_SETS, "sample"], default=[*_SETS, "sample"])
    parser.add_argument("--looks", type=Path, help="characters that look alike, by line")
    parser.add_argument("--limit", type=int, default=600, help="questions of one set")
    parser.add_argument("--articles", type=Path, default=Path("articles"), help="of the sample set")
    parser.add_argument("--bm25", action="store_true", help="rank by the lexical leg alone")
    parser.add_argument("--fit", action="store_true", help="fit the weights on the other half")
    options = parser.parse_args(arguments)
    encoder = None if options.bm25 or options.fit else StaticEncoder(MODEL)
    with tempfile.TemporaryDirectory() as folder:
        chosen = [name for name in options.sets if name != "sample"]
        if options.fit:
            chosen = [name for name in chosen if not name.endswith(".en")]
        half = 0 if options.fit else 1
        opened = (
            _open_set(
                name,
                options.data,
                Path(folder),
                half=half,
                limit=options.limit,
                encoder=encoder,
            )
            for name in chosen
        )
        if options.fit:
            _fit(list(opened), options.looks)
            return 0
        for asked in opened:
            _report(asked, encoder, options.looks)
    if "sample" in options.sets:
        _report_sample(options.articles)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
