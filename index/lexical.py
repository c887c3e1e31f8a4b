"""The lexical leg on disk and in memory: BM25 over terms that we split ourselves, by tantivy.

In: one document for each chunk, written once; later a question and filters.
Out: the best ``k`` rows in the total order ``(-score, row)``, and how rare a term is.
Terms come from :func:`index.tokens.terms`, for chunks and questions alike: tantivy gets them
joined by spaces and never sees a query string, so a question may hold query syntax.
It does not know what a row stands for. A segment's file name is random: two builds of the same
chunks differ in names, never in results.
"""

import heapq
import math
import os
import tempfile
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from hashlib import blake2b
from pathlib import Path
from typing import TYPE_CHECKING

from index.errors import IndexDamagedError
from index.fold import fold
from index.passage import Filters, Hit
from index.tokens import terms

if TYPE_CHECKING:
    import tantivy

__all__ = ["LexicalDocument", "LexicalIndex", "write_lexical"]

CONTEXT_WEIGHT = 0.5
"""Weight of a match in title and headings next to one in the text: a title names the subject of
every chunk of its article, so it helps, but it must not outrank the sentence that answers."""

SYNONYM_WEIGHT = 1.0
"""Weight of another name of what the question names, next to the words that it says itself: the
best of 0.25 to 1.5 on clauses of news, as written and with other names in them
(docs/decisions/0007-aliases-and-dates.md)."""

_SYNONYM_TERMS = 3
"""A longer name counts as one of so many terms (工商, 商银, 银行): the many of 国家金融监督管理总局
come together or not at all, and their sum would outweigh the rest of the question."""

_MAX_SYNONYMS = 64
"""Names that are searched for beside a question's own words, over all of its groups."""

_MAX_QUESTION_TERMS = 256
"""Distinct terms of a question that are searched, the rarest ones. A sentence of 60 Han
characters has about 110; beyond this a pasted page only costs time (2 scorers a term)."""

_MANY_CHUNKS = 50_000
_COMMON_SHARE = 0.3
_ALWAYS_SEARCHED = 8
"""From so many chunks on, a term that more than this share of them holds is searched only when it
is among the rarest few of its question. Such a term (的, 一, 中) has a weight of 1.2 at most, but a
list as long as the collection: without, a question takes about half the time and finds as much
(docs/decisions/0010-large-collections.md)."""

_HEAP_BYTES = 1_000_000_000
"""Budget of the one indexing thread: a new segment starts when it is full. It is a ceiling, taken
as needed; 200,000 chunks of 300 characters stay in one segment."""

_READERS_LOCK = ".tantivy-meta.lock"

_SCORE_DIGITS = 6
"""Significant digits of a score. Sums of float32 depend in their last bits on the order of the
terms' lists, so chunks with equal texts could differ there and leave the order to chance."""


@dataclass(frozen=True, slots=True)
class LexicalDocument:
    """What the lexical leg indexes of a chunk.

    ``body`` is the chunk's text, ``context`` its title and headings, both as they are stored: the
    split into terms happens here. The rest is the article's, for :class:`~index.passage.Filters`.
    """

    row: int
    body: str
    context: str
    published: date | None
    source: str | None
    language: str
    tags: tuple[str, ...]


def write_lexical(folder: Path, documents: Iterable[LexicalDocument]) -> None:
    """Write the lexical index of all chunks into ``folder``.

    One thread writes, so that the same documents give the same postings; the caller moves and
    syncs the folder. Every file in it is final: opening it later changes none of them.

    Args:
        folder: A folder that is empty, or not there yet.
        documents: Rows 0, 1, 2, …, in this order; taken one at a time.

    Raises:
        ValueError: The rows are not 0, 1, 2, … or the folder is not empty.
        OSError: The disk is full or the folder cannot be written.
    """
    import tantivy

    folder.mkdir(parents=True, exist_ok=True)
    if any(folder.iterdir()):
        raise ValueError(f"the folder for the lexical index is not empty: {folder}")
    with _writing(folder):
        index = tantivy.Index(_schema(), path=str(folder))
        writer = index.writer(heap_size=_HEAP_BYTES, num_threads=1)
    for expected, document in enumerate(documents):
        if document.row != expected:
            raise ValueError(f"row {document.row} came where row {expected} was due")
        made = _tantivy_document(document)
        with _writing(folder):
            writer.add_document(made)
    with _writing(folder):
        writer.commit()
        writer.wait_merging_threads()  # consumes the writer, which lets go of its lock
    # Left behind empty, and of no use in a folder that nobody will write to again. The readers'
    # one stays: a reader would make it when it is not there.
    (folder / ".tantivy-writer.lock").unlink(missing_ok=True)
    lock = folder / _READERS_LOCK
    lock.touch()
    # tantivy makes some files readable by their owner alone, whatever the umask says.
    for path in folder.iterdir():
        path.chmod(lock.stat().st_mode)


class LexicalIndex:
    """An open lexical index. Safe to search from several threads: it never changes."""

    def __init__(self, folder: Path, index: "tantivy.Index", searcher: "tantivy.Searcher") -> None:
        self.folder = folder
        self._schema = index.schema
        self._searcher = searcher
        self.document_count: int = searcher.num_docs

    @classmethod
    def open(cls, folder: Path, *, count: int) -> "LexicalIndex":
        """Open the index in ``folder`` and check it against what the manifest promises.

        Args:
            folder: A folder of :func:`write_lexical`.
            count: The number of chunks that the manifest names.

        Raises:
            IndexDamagedError: The index is missing, unreadable, or holds another number.
        """
        if not (folder / "meta.json").is_file():
            raise IndexDamagedError(f"the lexical index is missing: no meta.json in {folder}")
        try:
            index, searcher = _open(folder)
        except BaseException as error:
            raise _damage(folder, error) from error
        opened = cls(folder, index, searcher)
        if opened.document_count != count:
            raise IndexDamagedError(
                f"{folder} holds {opened.document_count} chunks where the manifest says {count}"
            )
        return opened

    def search(
        self,
        question: str,
        *,
        k: int,
        filters: Filters | None = None,
        synonyms: Sequence[Sequence[str]] = (),
        context_weight: float = CONTEXT_WEIGHT,
        synonym_weight: float = SYNONYM_WEIGHT,
    ) -> list[Hit]:
        """Find the ``k`` chunks that match the question's terms best, by BM25.

        A chunk needs one of the terms, in its text or in its context. A term that the question
        repeats counts as often. In a large collection, terms that most chunks hold do not count,
        unless the question has few others.

        Args:
            question: Any text, of any length; query syntax in it means nothing.
            k: How many hits at most.
            filters: Which articles may answer; applied before the ranking.
            synonyms: For each thing that the question names, its other names. A chunk that has a
                whole name gains by it; of several names of one thing only the best one counts.
            context_weight: Weight of title and headings, the text having 1.
            synonym_weight: Weight of another name, one that the question says having 1.

        Returns:
            Hits in the total order ``(-score, row)``; none for a question without terms.

        Raises:
            ValueError: ``k`` is not positive.
        """
        import tantivy

        if k < 1:
            raise ValueError(f"k must be at least 1, not {k}")
        clauses = [
            (tantivy.Occur.Should, clause)
            for clause in (
                *self._term_clauses(question, context_weight=context_weight),
                *self._synonym_clauses(
                    synonyms,
                    asked=set(terms(question)) if synonyms else set(),
                    context_weight=context_weight,
                    weight=synonym_weight,
                ),
            )
        ]
        if not clauses:
            return []
        query = tantivy.Query.boolean_query(clauses)
        if filters:
            # Beside a "must", a "should" is optional: the terms have to be one "must" themselves.
            query = tantivy.Query.boolean_query(
                [(tantivy.Occur.Must, query), *self._filter_clauses(filters)]
            )
        limit = k + 16
        while True:
            hits = self._best(query, limit=limit)
            cut = hits[k - 1].score if len(hits) >= k else None
            # Scores that differ in their last bits become equal by rounding, and then the lower
            # row wins: it has to be among those fetched.
            if cut is None or len(hits) < limit or hits[-1].score < cut:
                break
            limit *= 8
        return heapq.nsmallest(k, hits, key=lambda hit: (-hit.score, hit.row))

    def _best(self, query: "tantivy.Query", *, limit: int) -> list[Hit]:
        """Run a query; best first, but equal scores in no particular order."""
        try:
            found = self._searcher.search(query, limit=limit, count=False).hits
            rows = self._searcher.fast_field_values("row", [address for _, address in found])
        except BaseException as error:
            raise _damage(self.folder, error) from error
        return [
            Hit(row=int(row), score=_rounded(score))
            for (score, _), row in zip(found, rows, strict=True)
            if row is not None  # every document has one; the type does not say so
        ]

    def document_frequencies(self, terms_: Sequence[str]) -> list[int]:
        """Count, for each term, the chunks whose text (not title or headings) holds it."""
        # A lone surrogate cannot cross into tantivy; "?" is as certain to be in no term.
        asked = [term.encode("utf-8", "replace").decode("utf-8") for term in terms_]
        return [self._searcher.doc_freq("body", term) for term in asked]

    def words(self, prefix: str) -> list[tuple[str, int]]:
        """List the terms of the texts that begin so, each with the chunks that hold it."""
        return self._searcher.terms_with_prefix("body", prefix)

    def idf(self, terms_: Sequence[str]) -> list[float]:
        """Tell how much each term says: ``ln(1 + (N - df + 0.5) / (df + 0.5))``, always positive.

        This is the inverse document frequency of BM25 as Lucene and tantivy compute it, with
        ``N`` chunks of which ``df`` hold the term in their text.
        """
        total = self.document_count
        return [
            math.log1p((total - df + 0.5) / (df + 0.5)) for df in self.document_frequencies(terms_)
        ]

    def _term_clauses(self, question: str, *, context_weight: float) -> list["tantivy.Query"]:
        """Turn the question's terms into weighted term queries on both fields."""
        import tantivy

        searcher, schema = self._searcher, self._schema
        weights = [("body", 1.0), ("context", context_weight)]
        known: list[tuple[int, str, int, list[tuple[str, float]]]] = []
        for term, times in Counter(terms(question)).items():
            counts = [searcher.doc_freq(field, term) for field, _ in weights]
            fields = [pair for pair, df in zip(weights, counts, strict=True) if df and pair[1] > 0]
            if fields:
                known.append((max(counts), term, times, fields))
        common = math.inf
        if self.document_count >= _MANY_CHUNKS:
            common = _COMMON_SHARE * self.document_count
        clauses = []
        for place, (df, term, times, fields) in enumerate(
            heapq.nsmallest(_MAX_QUESTION_TERMS, known)
        ):
            if df > common and place >= _ALWAYS_SEARCHED:
                break  # the rest is commoner still
            for field, weight in fields:
                clause = tantivy.Query.term_query(schema, field, term, "freq")
                clauses.append(tantivy.Query.boost_query(clause, weight * times))
        return clauses

    def _synonym_clauses(
        self,
        synonyms: Sequence[Sequence[str]],
        *,
        asked: set[str],
        context_weight: float,
        weight: float,
    ) -> list["tantivy.Query"]:
        """Turn each group of names into one clause, as good as the best of its names.

        A name has to be there with all of its terms: 银行 alone is not half of 工商银行. The index
        has no positions, so its pairs of characters stand for the name's order. Terms that are
        ``asked`` for anyway are not counted twice, and a name with all of a shorter one in it
        (中国工商银行) is found by that.
        """
        import tantivy

        clauses = []
        budget = _MAX_SYNONYMS
        for names in dict.fromkeys(map(tuple, synonyms)):
            split = dict.fromkeys(map(_name_terms, names[:budget]))
            wanted = [
                name
                for name in split
                if not asked.issuperset(name)
                and not any(set(shorter) < set(name) for shorter in split if shorter)
            ]
            budget -= len(wanted)
            whole = [
                tantivy.Query.boost_query(
                    self._all_of(field, name, asked=asked),
                    field_weight * weight * min(1.0, _SYNONYM_TERMS / len(set(name) - asked)),
                )
                for name in wanted
                for field, field_weight in (("body", 1.0), ("context", context_weight))
                if field_weight * weight > 0
            ]
            if whole:
                clauses.append(tantivy.Query.disjunction_max_query(whole))
        return clauses

    def _all_of(
        self, field: str, name: Sequence[str], *, asked: Collection[str]
    ) -> "tantivy.Query":
        import tantivy

        clauses = []
        for term in name:
            clause = tantivy.Query.term_query(self._schema, field, term, "freq")
            if term in asked:
                clause = tantivy.Query.const_score_query(clause, 0.0)
            clauses.append((tantivy.Occur.Must, clause))
        return tantivy.Query.boolean_query(clauses)

    def _filter_clauses(self, filters: Filters) -> list[tuple["tantivy.Occur", "tantivy.Query"]]:
        """Say the same as :meth:`~index.passage.Filters.match`, adding nothing to the score."""
        import tantivy

        schema = self._schema
        wanted: list[tantivy.Query] = []
        if filters.since or filters.until:
            wanted.append(
                tantivy.Query.range_query(
                    schema,
                    "day",
                    tantivy.FieldType.Integer,
                    lower_bound=filters.since.toordinal() if filters.since else None,
                    upper_bound=filters.until.toordinal() if filters.until else None,
                )
            )
        fields = (
            ("source", filters.sources),
            ("language", filters.languages),
            ("tag", filters.tags),
        )
        for field, values in fields:
            if values:
                keys = [_filter_key(value) for value in values]
                wanted.append(tantivy.Query.term_set_query(schema, field, keys))
        return [
            (tantivy.Occur.Must, tantivy.Query.const_score_query(query, 0.0)) for query in wanted
        ]


def _open(folder: Path) -> tuple["tantivy.Index", "tantivy.Searcher"]:
    """Open the index, also where this process may not write.

    tantivy opens the (empty) lock file of readers for writing, so a folder on a read-only disk or
    of another user is refused. There the files are opened through links in a folder of our own,
    which can go as soon as they are open.
    """
    lock = folder / _READERS_LOCK
    if os.access(lock if lock.exists() else folder, os.W_OK):
        return _open_writable(folder)
    with tempfile.TemporaryDirectory(prefix="youju-lexical-") as mirror:
        for path in folder.iterdir():
            if path.name != _READERS_LOCK:
                (Path(mirror) / path.name).symlink_to(path.resolve())
        return _open_writable(Path(mirror))


def _open_writable(folder: Path) -> tuple["tantivy.Index", "tantivy.Searcher"]:
    import tantivy

    index = tantivy.Index.open(str(folder))
    # The default policy keeps a thread that watches for new commits; there are none here.
    index.config_reader(reload_policy="manual")
    return index, index.searcher()


def _damage(folder: Path, error: BaseException) -> BaseException:
    """Turn what tantivy raises for bad bytes into our error; give anything else back as it is.

    Most come as ValueError; some make it panic, which pyo3 raises beside ``Exception``.
    """
    panicked = type(error).__name__ == "PanicException"
    if not panicked and not isinstance(error, ValueError | OSError | RuntimeError):
        return error
    reason = str(error).strip().splitlines() or [type(error).__name__]
    return IndexDamagedError(
        f"the lexical index in {folder} cannot be read ({reason[0]}); go back with "
        "`youju index --rollback`, or build anew with `youju index PATH… --rebuild`"
    )


@contextmanager
def _writing(folder: Path) -> Iterator[None]:
    """Turn what tantivy raises for a full disk, a ValueError, into the error that it is."""
    try:
        yield
    except (ValueError, RuntimeError) as error:
        raise OSError(f"cannot write the lexical index to {folder}: {error}") from error


def _schema() -> "tantivy.Schema":
    """Lay out the fields: two scored ones, four to filter by, and the row number."""
    import tantivy

    builder = tantivy.SchemaBuilder()
    # "whitespace" splits and does nothing else (the default tokenizer drops terms over 40 bytes).
    # Term frequencies are enough for BM25; positions would double the size.
    builder.add_text_field("body", tokenizer_name="whitespace", index_option="freq")
    builder.add_text_field("context", tokenizer_name="whitespace", index_option="freq")
    for field in ("source", "language", "tag"):
        builder.add_text_field(field, tokenizer_name="raw", index_option="basic")
    builder.add_integer_field("day", fast=True)
    builder.add_unsigned_field("row", fast=True)
    return builder.build()


def _tantivy_document(document: LexicalDocument) -> "tantivy.Document":
    import tantivy

    made = tantivy.Document()
    made.add_unsigned("row", document.row)
    made.add_text("body", " ".join(terms(document.body)))
    made.add_text("context", " ".join(_context_terms(document.context)))
    if document.published is not None:
        made.add_integer("day", document.published.toordinal())
    if document.source is not None:
        made.add_text("source", _filter_key(document.source))
    made.add_text("language", _filter_key(document.language))
    for tag in document.tags:
        made.add_text("tag", _filter_key(tag))
    return made


def _name_terms(name: str) -> tuple[str, ...]:
    """The terms that make up a name, without the characters that stand in its pairs anyway."""
    distinct = dict.fromkeys(terms(name))
    return tuple(
        term for term in distinct if not any(term in pair for pair in distinct if pair != term)
    )


@lru_cache(maxsize=64)
def _context_terms(context: str) -> tuple[str, ...]:
    """Split a context; chunks under the same heading follow each other, so the last ones pay."""
    return tuple(terms(context))


@lru_cache(maxsize=4096)
def _filter_key(value: str) -> str:
    """Name a folded value by its hash: equal exactly when the folded values are.

    A key is short whatever the value is (tantivy skips terms over 65,530 bytes without a word),
    and can be written whatever characters came out of a JSON escape.
    """
    return blake2b(fold(value).encode("utf-8", "surrogatepass"), digest_size=12).hexdigest()


def _rounded(score: float) -> float:
    return float(f"{score:.{_SCORE_DIGITS}g}")
