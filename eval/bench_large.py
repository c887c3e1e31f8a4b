"""Retrieval over many chunks, as a table: ``python -m eval.bench_large --chunks 200000``.

The collection is made up on the spot, the same on every machine: words of Chinese characters with
the frequencies of running text (Zipf), articles that keep to a topic and repeat their own words.
It goes through the product's own chunker, encoder and indexes; only reading files and comparing
near-duplicates are left out. Beyond 300,000 chunks one in five is encoded, and the others get
mixtures of those vectors, which saves most of the time. It is kept under ``var/`` for the next run.

Times are of one process that serves, after a warm-up; each leg returns as many candidates as an
answer asks for, and the dense leg's time includes embedding the question. Brute force over the
same vectors is timed in the same process: ratios travel better than milliseconds.
"""

import argparse
import json
import shutil
import statistics
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import islice
from pathlib import Path
from time import perf_counter, thread_time

import numpy as np
import numpy.typing as npt

from index.approximate import approximate, is_large, sample_questions
from index.article import Article, Script
from index.catalogue import CatalogueWriter, Claim, FileRecord, Stamp
from index.chunk import chunk_article
from index.config import IndexConfig
from index.embed import Embedder, load_embedder
from index.embedding import LazyEmbedder, cut_and_embed
from index.lexical import LexicalDocument, write_lexical
from index.manifest import CATALOGUE, LEXICAL, VECTOR_CODES, VECTORS, Approximation, Counts
from index.passage import Hit
from index.progress import Progress
from index.reading import READING_VERSION
from index.search import open_index
from index.store import current_name, writing
from index.vectors import VectorIndex, Vectors, unit_rows, write_vectors
from rag.config import RetrievalConfig

__all__ = ["Figures", "Language", "build", "main", "serve", "table"]

_WORDS = 60_000
_TOPICS = 500
_TOPIC_WORDS = 200
_OWN_WORDS = 8
_ARTICLE_WORDS = 560  # about 1,300 characters, five chunks
_ENCODED_WHOLE = 300_000
_RECALL_K = 10


def _cumulated(count: int, shift: float, exponent: float = 1.0) -> npt.NDArray[np.float64]:
    """Zipf-Mandelbrot frequencies, added up to 1."""
    weights = (np.arange(count) + shift) ** -exponent
    summed: npt.NDArray[np.float64] = np.cumsum(weights) / weights.sum()
    return summed


class Language:
    """A language that nobody speaks, with the statistics of one that is written in Chinese.

    Shares of words by length, and how often a text returns to its topic and to words of its own,
    were set until characters and pairs had about the frequencies of news: the ten commonest
    characters each in six of ten chunks, the hundredth in three of ten, the thousandth in three of
    a hundred; the hundredth pair in six of a hundred.
    """

    def __init__(self, seed: int = 1) -> None:
        random = np.random.default_rng(seed)
        # The 3,755 common characters of GB 2312, level 1.
        codes = ((a, b) for a in range(0xB0, 0xD8) for b in range(0xA1, 0xFF))
        common = [bytes(pair).decode("gb2312") for pair in codes if pair < (0xD7, 0xFA)]
        characters = np.array(common)[random.permutation(len(common))]
        frequency = _cumulated(len(characters), 25, 1.05)
        lengths = np.searchsorted(np.cumsum([0.04, 0.72, 0.14, 0.10]), random.random(_WORDS)) + 1
        lengths[:60:2] = 1  # 的, 了, 在: the commonest words are short
        self._words = np.array(
            [
                "".join(characters[np.searchsorted(frequency, random.random(n))])
                for n in np.minimum(lengths, 4)
            ],
            dtype=object,
        )
        self._general = _cumulated(_WORDS, 12)
        self._topics = (random.random((_TOPICS, _TOPIC_WORDS)) ** 2 * (_WORDS - 200)).astype(int)
        self._topics += 200
        self._topical = _cumulated(_TOPIC_WORDS, 6)

    def article(self, number: int) -> Article:
        """The article of this number; the same whenever it is asked for."""
        random = np.random.default_rng((7, number))
        own, topic = self._subject(random)
        words = self._draw(random, _ARTICLE_WORDS, own=own, topic=topic)
        mark = random.random(_ARTICLE_WORDS)
        marks = np.select([mark < 0.04, mark < 0.14, mark < 0.143], ["。", "，", "。\n\n"], "")
        text = "".join((words + marks.astype(object)).tolist()) + "。"
        return Article(
            id=f"{number:016x}",
            text=text,
            title="".join(self._words[[*own[:3], *topic[:2]]]),
            path=f"made/{number:08d}",
            language="zh",
            script=Script.SIMPLIFIED,
            encoding="utf-8",
        )

    def question(self, number: int, *, articles: int) -> str:
        """A question of 20 to 40 characters about one of the first ``articles`` articles."""
        random = np.random.default_rng((11, number))
        own, topic = self._subject(np.random.default_rng((7, int(random.integers(articles)))))
        words = self._draw(random, int(random.integers(9, 17)), own=own, topic=topic)
        return "".join(words.tolist()) + "？"

    def _subject(self, random: np.random.Generator) -> tuple[list[int], list[int]]:
        """What an article is about: words of its own, words of its topic."""
        topic = self._topics[random.integers(_TOPICS)]
        return random.integers(200, _WORDS, _OWN_WORDS).tolist(), topic.tolist()

    def _draw(
        self, random: np.random.Generator, count: int, *, own: list[int], topic: list[int]
    ) -> npt.NDArray[np.object_]:
        kind, at = random.random(count), random.random(count)
        general = np.searchsorted(self._general, at)
        topical = np.array(topic)[np.searchsorted(self._topical, at)]
        owned = np.array(own)[(at * len(own)).astype(int)]
        drawn: npt.NDArray[np.object_] = self._words[
            np.select([kind < 0.5, kind < 0.76], [general, topical], owned)
        ]
        return drawn


class _Sparing:
    """Encodes one passage in five; each of the others gets a mixture of two of those vectors."""

    def __init__(self, embedder: Embedder) -> None:
        self._embedder = embedder
        self.name = embedder.name
        self.dim = embedder.dim

    def embed_questions(self, texts: Sequence[str]) -> Vectors:
        return self._embedder.embed_questions(texts)

    def embed_passages(self, texts: Sequence[str], *, progress: bool = False) -> Vectors:
        encoded = self._embedder.embed_passages(texts[::5], progress=progress)
        random = np.random.default_rng(len(texts))
        one, other = random.integers(len(encoded), size=(2, len(texts)))
        mixed = unit_rows(0.85 * encoded[one].astype(np.float64) + 0.5 * encoded[other])
        mixed[::5] = encoded
        return mixed


@dataclass(frozen=True, slots=True)
class Figures:
    """What was measured; ``*_ms`` are milliseconds, one for each question.

    ``*_cpu_ms`` are of the processor alone: about what the clock says on a machine that does
    nothing else.
    """

    chunks: int
    articles: int
    kind: str
    open_s: float
    lexical_ms: tuple[float, ...]
    lexical_cpu_ms: tuple[float, ...]
    dense_ms: tuple[float, ...]
    dense_cpu_ms: tuple[float, ...]
    flat_ms: tuple[float, ...]
    flat_cpu_ms: tuple[float, ...]
    recall: float
    rss_mb: float


def build(
    directory: Path, *, chunks: int, config: IndexConfig, embedder: Embedder | None = None
) -> int:
    """Make an index of about ``chunks`` chunks; returns how many articles it took."""
    language = Language()
    if embedder is None:
        embedder = load_embedder(config.embedder)
    if chunks > _ENCODED_WHOLE:
        embedder = _Sparing(embedder)
    lazy = LazyEmbedder(embedder, config.embedder, device=None, progress=False)
    sample = [chunk_article(language.article(n), max_chars=config.max_chars) for n in range(50)]
    articles = max(1, round(chunks * len(sample) / sum(map(len, sample))))
    with writing(directory) as writer:
        draft = writer.draft()
        catalogue = CatalogueWriter(draft / CATALOGUE, previous=None)
        stamp = Stamp(size=0, mtime_ns=0, ctime_ns=0, inode="0:0")
        catalogue.add_file(FileRecord(0, b"/made", None, "made", stamp, 0, b"", READING_VERSION))
        winners = []
        for number in range(articles):
            article = language.article(number)
            winners.append(Claim(0, number, article.id, article.id, article.path))
            catalogue.add_article(article, claim=winners[-1], signature=b"")
        catalogue.place(winners)
        catalogue.group((claim.id, claim.id) for claim in winners)
        made = cut_and_embed(
            catalogue,
            winners,
            previous=None,
            current={0},
            embedder=lazy,
            max_chars=config.max_chars,
            progress=Progress(shown=True),
        )
        write_vectors(draft / VECTORS, made.vectors)
        found = None
        if is_large(config, count=len(made.vectors), dim=made.dim):
            texts = sample_questions(catalogue.chunk_text, count=len(made.vectors))
            found = approximate(
                draft / VECTOR_CODES,
                exact=draft / VECTORS,
                rows=made.vectors,
                questions=lazy.embed_questions(texts),
            )
        counts = Counts(files=1, articles=articles, chunks=len(made.vectors))
        name, dim = made.embedder_name, made.dim
        del made
        write_lexical(draft / LEXICAL, _documents(catalogue))
        catalogue.close()
        writer.publish(
            draft,
            parent=None,
            config=config,
            embedder_name=name,
            dim=dim,
            counts=counts,
            approximation=found,
        )
    return articles


def _documents(catalogue: CatalogueWriter) -> Iterator[LexicalDocument]:
    for row, article, chunk in catalogue.passages():
        yield LexicalDocument(row, chunk.text, article.title, None, None, "zh", ())


def serve(directory: Path, *, questions: int, embedder: Embedder | None = None) -> Figures:
    """Open an index of ``build`` and ask it; for a process of its own, whose memory is measured."""
    started = perf_counter()
    index = open_index(directory, embedder=embedder)
    open_s = perf_counter() - started
    k = RetrievalConfig().candidates
    with index:
        language = Language()
        asked = (language.question(n, articles=index.article_count) for n in range(10**9))
        for question in islice(asked, 50):  # warm up: the first touch of a page is the disk's time
            index.lexical(question, k=k)
            index.dense(question, k=k)
        texts = list(islice(asked, questions))
        lexical = [_timed(partial(index.lexical, question, k=k)) for question in texts]
        dense = [_timed(partial(index.dense, question, k=k)) for question in texts]
        # Before brute force, which reads every vector into memory.
        rss_mb = _rss_mb()
        manifest = index.manifest
        flat = VectorIndex.open(
            directory / "generations" / index.generation / VECTORS,
            dim=manifest.dim,
            count=manifest.counts.chunks,
        )

        def compare_all(question: str) -> list[Hit]:
            return flat.search(index.embedder.embed_questions([question])[0], k=k)

        every = [_timed(partial(compare_all, question)) for question in texts]
        right = total = 0
        for (found, _, _), (true, _, _) in zip(dense, every, strict=True):
            nearest = {hit.row for hit in true[:_RECALL_K]}
            right += len(nearest & {hit.row for hit in found[:_RECALL_K]})
            total += len(nearest)
        return Figures(
            chunks=index.chunk_count,
            articles=index.article_count,
            kind=_kind(manifest.approximation),
            open_s=open_s,
            lexical_ms=tuple(wall for _, wall, _ in lexical),
            lexical_cpu_ms=tuple(cpu for _, _, cpu in lexical),
            dense_ms=tuple(wall for _, wall, _ in dense),
            dense_cpu_ms=tuple(cpu for _, _, cpu in dense),
            flat_ms=tuple(wall for _, wall, _ in every),
            flat_cpu_ms=tuple(cpu for _, _, cpu in every),
            recall=right / total,
            rss_mb=rss_mb,
        )


def _timed(search: Callable[[], list[Hit]]) -> tuple[list[Hit], float, float]:
    """What a search finds, and its milliseconds by the clock and of the processor."""
    cpu, wall = thread_time(), perf_counter()
    found = search()
    return found, (perf_counter() - wall) * 1000, (thread_time() - cpu) * 1000


def table(figures: Figures) -> str:
    """The figures as text, with the targets that belong to the size."""
    at_most = _TARGETS.get(round(figures.chunks, -5), _Targets())
    both_ms = [a + b for a, b in zip(figures.lexical_ms, figures.dense_ms, strict=True)]
    both_cpu_ms = [a + b for a, b in zip(figures.lexical_cpu_ms, figures.dense_cpu_ms, strict=True)]
    brute = statistics.median(figures.flat_ms)
    lines = [
        f"{figures.chunks:,} chunks of {figures.articles:,} articles; vectors: {figures.kind}",
        f"{len(both_ms)} questions",
        f"{'':<24}{'p50 ms':>8}{'p95 ms':>8}{'cpu p50':>9}{'cpu p95':>9}{'p50 × brute':>13}",
    ]
    for name, wall, cpu in (
        ("lexical leg", figures.lexical_ms, figures.lexical_cpu_ms),
        ("dense leg", figures.dense_ms, figures.dense_cpu_ms),
        ("both legs", both_ms, both_cpu_ms),
        ("dense by brute force", figures.flat_ms, figures.flat_cpu_ms),
    ):
        numbers = (statistics.median(wall), _p95(wall), statistics.median(cpu), _p95(cpu))
        line = "".join(f"{x:>{width}.1f}" for x, width in zip(numbers, (8, 8, 9, 9), strict=True))
        line = f"{name:<24}{line}{numbers[0] / brute:>13.2f}"
        if name == "both legs":
            line += _verdict("p50", numbers[0], at_most.p50_ms)
            line += _verdict("p95", numbers[1], at_most.p95_ms)
        lines.append(line)
    lines += [
        f"{'opening':<24}{figures.open_s:>8.2f} s" + _verdict("", figures.open_s, at_most.open_s),
        f"{'memory (RSS)':<24}{figures.rss_mb:>8.0f} MB"
        + _verdict("", figures.rss_mb, at_most.rss_mb),
        f"{'recall@10, dense':<24}{figures.recall:>8.3f}"
        + _verdict("", -figures.recall, -at_most.recall),
    ]
    return "\n".join(lines)


def _kind(made: Approximation | None) -> str:
    if made is None:
        return "flat"
    return (
        f"{made.kind}, {made.candidates} candidates; when built, recall@{made.k} was "
        f"{made.recall:.3f} of {made.questions} sentences"
    )


@dataclass(frozen=True, slots=True)
class _Targets:
    """What issue 4 asks for; infinite where it asks for nothing."""

    p50_ms: float = float("inf")
    p95_ms: float = float("inf")
    open_s: float = float("inf")
    rss_mb: float = float("inf")
    recall: float = 0.98


_TARGETS = {
    200_000: _Targets(p50_ms=20, p95_ms=50, open_s=0.5),
    1_000_000: _Targets(p50_ms=50, rss_mb=1_500),
}


def _verdict(name: str, value: float, at_most: float) -> str:
    if at_most == float("inf"):
        return ""
    said = f"{name} {abs(at_most):g}".strip()
    return f"  ({said}: {'met' if value <= at_most else 'missed'})"


def _p95(times: Sequence[float]) -> float:
    return float(np.percentile(times, 95))


def _rss_mb() -> float:
    """What this process has in memory now, mapped files included (Linux only)."""
    try:
        status = Path("/proc/self/status").read_text(encoding="ascii")
    except OSError:
        return float("nan")
    return int(status.partition("VmRSS:")[2].split()[0]) / 1024


_SERVE_CODE = """
import json, sys
from dataclasses import asdict
from pathlib import Path
import faiss, numpy, tantivy
from eval.bench_large import serve
print(json.dumps(asdict(serve(Path(sys.argv[1]), questions=int(sys.argv[2])))))
"""


def main(arguments: Sequence[str] | None = None) -> None:
    """Build what is not there yet, measure, print the table."""
    parser = argparse.ArgumentParser(prog="python -m eval.bench_large", description=__doc__)
    parser.add_argument("--chunks", type=int, default=200_000)
    parser.add_argument("--questions", type=int, default=300)
    parser.add_argument("--folder", type=Path, default=Path("var/bench-large"))
    parser.add_argument("--flat", action="store_true", help="compare every vector")
    options = parser.parse_args(arguments)
    directory: Path = options.folder / f"{options.chunks}{'-flat' if options.flat else ''}"
    if current_name(directory) is None:
        shutil.rmtree(directory, ignore_errors=True)  # what a killed run left
        started = perf_counter()
        build(
            directory,
            chunks=options.chunks,
            config=IndexConfig(vectors="flat" if options.flat else "auto"),
        )
        print(f"built {directory} in {perf_counter() - started:.0f} s", flush=True)
    command = [sys.executable, "-c", _SERVE_CODE, str(directory), str(options.questions)]
    printed = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    values = json.loads(printed)
    print(table(Figures(**values)))


if __name__ == "__main__":
    main()
