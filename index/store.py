"""Generations on disk: which one is current, what is in it, and how a new one takes its place.

    INDEX_DIR/CURRENT                        the name of the current generation, replaced by rename
    INDEX_DIR/LOCK                           held by the one writer
    INDEX_DIR/generations/g000001/           never changed once it has this name
        catalogue.sqlite, vectors.faiss, vectors.codes where there are many, lexical/…,
        manifest.json (written last)

In come finished drafts from a writer, or the name of a folder from a reader; out comes a
``Generation`` that is whole or an error that says what to run. Readers take no lock: they read
CURRENT once and go on with that generation for as long as they like. Knows nothing of where
articles come from.
"""

import io
import logging
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass, replace
from datetime import UTC, date, datetime
from functools import cached_property
from pathlib import Path
from stat import S_ISREG
from typing import TYPE_CHECKING, TypeVar

import numpy as np
import numpy.typing as npt

from index.article import Article, Chunk
from index.atomic import (
    TEMPORARY,
    clear_temporary,
    exclusive_lock,
    make_folder,
    publish_folder,
    remove_folder,
    replace_file,
    sync_folder,
    sync_tree,
    write_file,
)
from index.catalogue import Catalogue
from index.config import IndexConfig
from index.errors import (
    IndexDamagedError,
    IndexMismatchError,
    IndexMissingError,
    UnusableIndexError,
)
from index.manifest import (
    CATALOGUE,
    GENERATION_NAME,
    LEXICAL,
    MANIFEST,
    MAX_MANIFEST_BYTES,
    VECTOR_CODES,
    VECTORS,
    Approximation,
    Counts,
    FileEntry,
    Manifest,
    config_fingerprint,
    digest,
    parse_manifest,
    render_manifest,
    term_versions,
)
from index.passage import Filters

if TYPE_CHECKING:
    from index.vectors import VectorIndex

__all__ = [
    "HASHED_AT_OPEN_BYTES",
    "Generation",
    "Writer",
    "beside",
    "current_name",
    "earlier_generations",
    "generations",
    "newest_generation",
    "open_generation",
    "open_vectors",
    "read_current",
    "read_manifest",
    "rollback",
    "verify",
    "writing",
]

CURRENT = "CURRENT"
LOCK = "LOCK"
GENERATIONS = "generations"

HASHED_AT_OPEN_BYTES = 256 << 20
"""Up to this total every file is hashed whenever a generation is opened. BLAKE2b does about 1 GB/s
here, so this is a quarter of a second at most; beyond it, opening checks presence and sizes, and
``verify`` hashes everything."""

_COPY_BYTES = 1 << 20
_T = TypeVar("_T")
_log = logging.getLogger(__name__)


class Generation:
    """One generation, opened and verified. It never changes; safe to use from several threads.

    It goes on working when a newer generation appears and this one's folder is deleted: the
    catalogue is held open. Rows number the chunks, positions number the articles in path order.
    """

    def __init__(self, folder: Path, manifest: Manifest, catalogue: Catalogue) -> None:
        """Use ``open_generation``; this only puts verified parts together."""
        self.name = manifest.generation
        self.folder = folder
        self.manifest = manifest
        self.catalogue = catalogue
        self.article_count = manifest.counts.articles
        self.chunk_count = manifest.counts.chunks

    @property
    def vectors_path(self) -> Path:
        """The file of the vectors."""
        return self.folder / VECTORS

    @property
    def lexical_folder(self) -> Path:
        """The folder of the lexical index."""
        return self.folder / LEXICAL

    def chunk(self, row: int) -> Chunk:
        """The chunk of a row; raises IndexError."""
        return self.catalogue.chunk(row)

    def article(self, article_id: str) -> Article:
        """The article with this id; raises KeyError."""
        return self.catalogue.article(article_id)

    def article_of_row(self, row: int) -> Article:
        """The article that a row's chunk is a piece of; raises IndexError."""
        return self.article(self.catalogue.article_id_of(row))

    def articles(self) -> Iterator[Article]:
        """All articles in path order, a few in memory at a time."""
        return self.catalogue.articles()

    def article_ids(self) -> tuple[str, ...]:
        """The ids of all articles, by position."""
        return self.catalogue.article_ids()

    @cached_property
    def article_positions(self) -> npt.NDArray[np.int32]:
        """The position of each row's article, (chunks,) int32, not writable."""
        positions = self.catalogue.positions()
        positions.flags.writeable = False
        return positions

    def rows_allowed(self, filters: Filters) -> npt.NDArray[np.bool_]:
        """Tell for each row whether the filters let its article answer, (chunks,) bool."""
        if not filters:
            return np.ones(self.chunk_count, dtype=np.bool_)
        # Fields are combined with "and", so dates and the rest can be asked apart. Each is asked
        # once per distinct value: a collection has few of them, and every question folds.
        dated = Filters(since=filters.since, until=filters.until)
        undated = replace(filters, since=None, until=None)
        days: dict[date | None, bool] = {}
        origins: dict[tuple[str | None, str, tuple[str, ...]], bool] = {}
        allowed = np.zeros(self.article_count, dtype=np.bool_)
        for position, (published, source, language, tags) in enumerate(self._facets):
            if published not in days:
                days[published] = dated.match(
                    published=published, source=None, language="", tags=()
                )
            key = (source, language, tags)
            if key not in origins:
                origins[key] = undated.match(
                    published=None, source=source, language=language, tags=tags
                )
            allowed[position] = days[published] and origins[key]
        return allowed[self.article_positions]

    def group_of(self, article_id: str) -> str:
        """The id of the article that stands for this one's near-duplicates; raises KeyError."""
        return self.catalogue.representative(article_id)

    def group_members(self, representative: str) -> tuple[str, ...]:
        """The ids that this article stands for, itself included, in path order."""
        return self.catalogue.members(representative)

    def close(self) -> None:
        """Let go of the catalogue."""
        self.catalogue.close()

    @cached_property
    def _facets(self) -> list[tuple[date | None, str | None, str, tuple[str, ...]]]:
        return self.catalogue.facets()


def beside(directory: Path, name: str) -> Path:
    """Where something of an index is kept that outlives it: ``var/index-NAME`` for ``var/index``.

    An index may be deleted and built anew from its articles; this cannot.
    """
    whole = Path(os.path.abspath(directory))  # noqa: PTH100 - links stay as they were named
    return whole.with_name(f"{whole.name}-{name}")


def open_generation(directory: Path, *, name: str | None = None) -> Generation:
    """Open a generation of the index in ``directory``: the current one, unless named.

    Raises:
        IndexMissingError: there is no index.
        IndexMismatchError: it has another format, or other tables made its terms.
        IndexDamagedError: a file is missing or is not what was written.
    """
    if name is None:
        return read_current(directory, lambda generation: generation)
    return _checked_terms(_open(directory, name))


def read_current(directory: Path, then: Callable[[Generation], _T]) -> _T:
    """Open the current generation and give back what ``then`` makes of it.

    A writer may replace and delete the generation between the moment CURRENT is read and the
    moment its last file is opened. So when opening, ``then`` included, fails and CURRENT names
    another generation by now, that one is opened instead.

    Raises:
        UnusableIndexError: as ``open_generation``, and whatever ``then`` raises.
    """
    while True:
        name = _current(directory)
        generation: Generation | None = None
        try:
            generation = _checked_terms(_open(directory, name))
            return then(generation)
        except (OSError, IndexDamagedError, IndexMismatchError):
            if generation is not None:
                generation.close()
            if _current(directory) == name:
                raise
            # Ends when no writer swaps any more: each turn has seen another generation.
            _log.info("%s was replaced while it was being opened", name)


def verify(directory: Path, *, name: str | None = None) -> Manifest:
    """Check everything of a generation, whatever its size: every hash, count and table.

    Raises:
        UnusableIndexError: as ``open_generation``.
    """
    generation = _open(directory, name or _current(directory), hash_all=True)
    try:
        generation.catalogue.check()
        _check_counts(generation.folder, generation.manifest)
        return generation.manifest
    finally:
        generation.close()


def generations(directory: Path) -> list[str]:
    """The names of the generations in the folder, oldest first, whole or not."""
    try:
        names = os.listdir(directory / GENERATIONS)  # noqa: PTH208 - names are all we need
    except (FileNotFoundError, NotADirectoryError):
        return []
    return sorted((name for name in names if GENERATION_NAME.fullmatch(name)), key=_number)


def read_manifest(directory: Path, name: str) -> Manifest:
    """What a generation says of itself; none of its files is looked at.

    Raises:
        IndexDamagedError: it is missing, or not what was written.
        IndexMismatchError: it has another format.
    """
    return _read_manifest(directory / GENERATIONS / name)


def rollback(directory: Path) -> str:
    """Make the previous generation current again, and return its name.

    "Previous" is the one that the current one was built from; where that is gone or damaged, the
    newest older one that is whole. Where CURRENT itself is unusable, the newest that is whole.

    Raises:
        IndexMissingError: there is nothing to go back to.
        IndexLockedError: another process is writing.
    """
    if not generations(directory):
        raise _missing(directory)
    with writing(directory) as writer:
        for name in earlier_generations(directory):
            try:
                verify(directory, name=name)
            except UnusableIndexError as error:
                _log.warning("%s cannot be gone back to: %s", name, error)
                continue
            writer.point(name)
            return name
    raise IndexMissingError(
        f"there is no earlier whole generation in {directory} to go back to; "
        "build anew with `youju index PATH… --rebuild`"
    )


def earlier_generations(directory: Path) -> list[str]:
    """What a rollback can go back to, the first choice first, whole or not."""
    candidates = generations(directory)[::-1]
    try:
        current = _current(directory)
    except UnusableIndexError:
        return candidates
    candidates = [name for name in candidates if _number(name) < _number(current)]
    parent = _parent(directory, current)
    if parent in candidates:
        candidates.remove(parent)
        candidates.insert(0, parent)
    return candidates


@dataclass(frozen=True, slots=True)
class Writer:
    """The holder of the index's lock; made by ``writing``."""

    directory: Path

    def current(self) -> Generation | None:
        """Open the generation to build upon; None when there is none.

        A generation without CURRENT was published by a writer that was killed just before it
        could say so: it is whole, and as good as current. Other versions of the term tables are
        no reason to refuse: the new generation will be made with those of today.

        Raises:
            UnusableIndexError: there is one but it cannot be opened.
        """
        return newest_generation(self.directory)

    def draft(self) -> Path:
        """Make an empty folder for a new generation; unfinished ones go with the next writer."""
        folder = self.directory / GENERATIONS / f"{TEMPORARY}draft"
        folder.mkdir()
        return folder

    def publish(
        self,
        draft: Path,
        *,
        parent: str | None,
        config: IndexConfig,
        embedder_name: str,
        dim: int,
        counts: Counts,
        approximation: Approximation | None = None,
    ) -> str:
        """Turn a finished draft into the current generation, and return its name.

        Until the last rename a reader gets the old generation; after it, the new one. What is
        older than ``config.keep_generations`` is deleted.

        Raises:
            IndexDamagedError: what was written cannot be opened again; nothing was published.
            OSError: the disk refused; nothing was published.
        """
        taken = generations(self.directory)
        name = f"g{_number(taken[-1]) + 1 if taken else 1:06d}"
        sync_tree(draft)
        manifest = Manifest(
            generation=name,
            parent=parent,
            created=datetime.now(UTC).isoformat(timespec="seconds"),
            embedder_spec=config.embedder,
            embedder_name=embedder_name,
            dim=dim,
            config=asdict(config),
            config_fingerprint=config_fingerprint(config),
            versions=term_versions(),
            counts=counts,
            files=_entries(draft),
            approximation=approximation,
        )
        _check_counts(draft, manifest)
        write_file(draft / MANIFEST, render_manifest(manifest))
        sync_folder(draft)
        publish_folder(draft, self.directory / GENERATIONS / name)
        self.point(name)
        self._prune(keep=config.keep_generations)
        return name

    def point(self, name: str) -> None:
        """Make a generation current."""
        replace_file(self.directory / CURRENT, f"{name}\n".encode("ascii"))

    def _prune(self, *, keep: int) -> None:
        """Delete all but ``keep`` generations: the current one, those it came from, the newest."""
        remaining = generations(self.directory)[::-1]
        kept: list[str] = []
        following: str | None = _current(self.directory)
        while following in remaining:
            remaining.remove(following)
            kept.append(following)
            following = _parent(self.directory, following)
        for name in [*kept, *remaining][max(keep, 1) :]:
            try:
                remove_folder(self.directory / GENERATIONS / name)
            except OSError as error:
                # The new generation is in place. What could not be deleted only takes space, and
                # the next writer tries again.
                _log.warning("%s could not be deleted: %s", name, error)


@contextmanager
def writing(directory: Path) -> Iterator[Writer]:
    """Hold the index for writing; makes the folder, and clears what a killed writer left.

    Raises:
        IndexLockedError: another process is writing.
        UnusableIndexError: the folder cannot be written.
    """
    with ExitStack() as stack:
        try:
            make_folder(directory / GENERATIONS)
            stack.enter_context(exclusive_lock(directory / LOCK))
            clear_temporary(directory)
            clear_temporary(directory / GENERATIONS)
        except OSError as error:
            raise UnusableIndexError(
                f"cannot write to the index folder {directory} ({error.strerror or error}); "
                "nothing was changed; choose another with --index DIR"
            ) from error
        yield Writer(directory)


def newest_generation(directory: Path) -> Generation | None:
    """Open the generation that a writer would build upon; see ``Writer.current``."""
    try:
        return _open(directory, _current(directory))
    except IndexMissingError:
        names = generations(directory)
        return _open(directory, names[-1]) if names else None


def current_name(directory: Path) -> str | None:
    """The name in CURRENT; None when there is none or it names nothing."""
    try:
        return _current(directory)
    except UnusableIndexError:
        return None


def _current(directory: Path) -> str:
    path = directory / CURRENT
    try:
        with path.open("rb") as file:
            data = file.read(64)
    except (FileNotFoundError, NotADirectoryError):
        raise _missing(directory) from None
    except OSError as error:
        raise IndexDamagedError(f"cannot read {path}: {error.strerror}") from error
    name = data.decode("ascii", "replace").removesuffix("\n")
    if not GENERATION_NAME.fullmatch(name):
        raise IndexDamagedError(
            f"{path} does not name a generation ({name[:20]!a}); "
            "`youju index --rollback` sets it to the newest that is whole"
        )
    return name


def _missing(directory: Path) -> IndexMissingError:
    if generations(directory):
        return IndexMissingError(
            f"{directory} has no {CURRENT}, though it holds generations; "
            "`youju index --rollback` sets it to the newest that is whole"
        )
    return IndexMissingError(
        f"there is no index in {directory}; build one with `youju index PATH… --index {directory}`"
    )


def _open(directory: Path, name: str, *, hash_all: bool = False) -> Generation:
    """Open a generation and check all but the versions of the term tables."""
    if not GENERATION_NAME.fullmatch(name):
        raise IndexMissingError(f"{name[:80]!a} is not the name of a generation")
    folder = directory / GENERATIONS / name
    manifest = _read_manifest(folder)
    if manifest.generation != name:
        raise _damaged(folder / MANIFEST, f"it is of {manifest.generation}")
    total = sum(entry.bytes for entry in manifest.files.values())
    _check_files(folder, manifest.files, hashed=hash_all or total <= HASHED_AT_OPEN_BYTES)
    catalogue = Catalogue(folder / CATALOGUE)
    try:
        counts = Counts(*catalogue.counts())
        if counts != manifest.counts:
            raise _damaged(
                folder / CATALOGUE, f"it holds {counts}, the manifest says {manifest.counts}"
            )
    except BaseException:
        catalogue.close()
        raise
    return Generation(folder, manifest, catalogue)


def _checked_terms(generation: Generation) -> Generation:
    """Refuse an index whose terms were made by other tables than a question's would be."""
    here = term_versions()
    there = generation.manifest.versions
    if there != here:
        generation.close()
        differing = ", ".join(
            f"{name} {there.get(name, 'unknown')} (here {here.get(name, 'unknown')})"
            for name in sorted(here.keys() | there.keys())
            if here.get(name) != there.get(name)
        )
        raise IndexMismatchError(
            f"the index in {generation.folder.parent.parent} was built with {differing}; "
            "run `youju index PATH…` again (nothing is embedded anew)"
        )
    return generation


def _read_manifest(folder: Path) -> Manifest:
    path = folder / MANIFEST
    try:
        if not folder.is_dir():
            raise _damaged(folder, "it is missing")
        with _open_regular(path) as file:
            data = file.read(MAX_MANIFEST_BYTES + 1)
    except FileNotFoundError:
        raise _damaged(path, "it is missing") from None
    except OSError as error:
        raise _damaged(path, error.strerror) from error
    return parse_manifest(data, where=str(path))


def _check_files(folder: Path, files: Mapping[str, FileEntry], *, hashed: bool) -> None:
    for name, entry in files.items():
        path = folder / name
        try:
            with _open_regular(path) as file:
                size = os.fstat(file.fileno()).st_size
                if size != entry.bytes:
                    raise _damaged(path, f"it has {size} bytes, {entry.bytes} were written")
                if hashed and _digest(file) != entry.digest:
                    raise _damaged(path, "its contents differ from what was written")
        except FileNotFoundError:
            raise _damaged(path, "it is missing") from None
        except OSError as error:
            raise _damaged(path, error.strerror) from error


def _check_counts(folder: Path, manifest: Manifest) -> None:
    """Open the vectors and the lexical index: both must have one row for each chunk."""
    from index.lexical import LexicalIndex

    open_vectors(folder, manifest)
    LexicalIndex.open(folder / LEXICAL, count=manifest.counts.chunks)


def open_vectors(folder: Path, manifest: Manifest) -> "VectorIndex":
    """Open the vectors of a generation; raises IndexDamagedError when they are not as promised."""
    from index.vectors import VectorIndex

    made = manifest.approximation
    return VectorIndex.open(
        folder / VECTORS,
        dim=manifest.dim,
        count=manifest.counts.chunks,
        codes=folder / VECTOR_CODES if made else None,
        candidates=made.candidates if made else 0,
    )


def _entries(draft: Path) -> dict[str, FileEntry]:
    entries = {}
    for path in sorted(draft.rglob("*")):
        if path.is_dir():
            continue
        with _open_regular(path) as file:
            size = os.fstat(file.fileno()).st_size
            entries[path.relative_to(draft).as_posix()] = FileEntry(size, _digest(file))
    return entries


def _open_regular(path: Path) -> io.BufferedReader:
    """Open a file that is one: not a link out of the folder, not a pipe that never ends."""
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK)
    try:
        if not S_ISREG(os.fstat(descriptor).st_mode):
            raise _damaged(path, "it is not a regular file")
        return os.fdopen(descriptor, "rb")
    except BaseException:
        os.close(descriptor)
        raise


def _digest(file: io.BufferedReader) -> str:
    hashed = digest()
    while block := file.read(_COPY_BYTES):
        hashed.update(block)
    return hashed.hexdigest()


def _parent(directory: Path, name: str) -> str | None:
    try:
        return _read_manifest(directory / GENERATIONS / name).parent
    except UnusableIndexError:
        return None


def _damaged(path: Path, reason: str | None) -> IndexDamagedError:
    return IndexDamagedError(
        f"{path} is damaged: {reason}; go back with `youju index --rollback`, "
        "or build anew with `youju index PATH… --rebuild`"
    )


def _number(name: str) -> int:
    return int(name[1:])
