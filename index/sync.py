"""Bring an index up to date with folders and files: what was added, changed, removed.

In come paths, the index's folder and its configuration; out comes a new generation, when anything
changed, and a report that names every file. The logical content of the result depends on the files
alone, not on the way there: an index that was updated a hundred times equals one built at once.
Earlier syncs count only where the files of this one cannot say it: what was indexed from elsewhere
stays, and a file is named below the outermost folder that was ever named.

A file that cannot be read is a row of the report and never a stop. When it was indexed before,
its articles stay until it can be read again or is really gone; so do records that a fault, which
was not there before, seems to have cut off. A clean build would have neither.
"""

import hashlib
import logging
import re
import shlex
import sqlite3
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import replace
from operator import itemgetter
from pathlib import Path
from typing import get_args

from index.approximate import approximate, is_large, sample_questions
from index.atomic import remove_folder
from index.catalogue import CatalogueWriter, Claim, FileRecord, content_key
from index.claims import Entry, Loss, resolve, whole_loss
from index.config import IndexConfig, VectorKind
from index.duplicates import Fingerprint, group_near_duplicates, signature
from index.embed import Embedder
from index.embedding import LazyEmbedder, cut_and_embed
from index.errors import UnreadableError, UnusableIndexError, UsageError
from index.ingest import SUFFIXES
from index.lexical import LexicalDocument, write_lexical
from index.manifest import (
    CATALOGUE,
    LEXICAL,
    VECTOR_CODES,
    VECTORS,
    Approximation,
    Counts,
    config_fingerprint,
    term_versions,
)
from index.progress import Progress, ProgressListener
from index.quarantine import Quarantined, keep_quarantine
from index.reading import READING_VERSION, read, warnings_of
from index.report import FileRow, Status, SyncReport
from index.store import Generation, Writer, current_name, newest_generation, writing
from index.vectors import Vectors, write_vectors
from index.walk import (
    Found,
    Target,
    Walk,
    is_gone,
    legible,
    legible_path,
    read_file,
    targets_of,
    walk,
)

__all__ = ["sync"]

_log = logging.getLogger(__name__)

_SETTLED_NS = 2_000_000_000
"""A file whose times lie this close to the moment it was read is hashed again, though size and
times are unchanged: the clock of a file system is coarse (2 s on FAT), and a second edit within
one tick leaves no other trace. Git calls such entries racy."""


def sync(
    paths: Iterable[Path | str],
    index_dir: Path,
    *,
    config: IndexConfig,
    embedder: Embedder | None = None,
    dry_run: bool = False,
    rebuild: bool = False,
    rehash: bool = False,
    progress: bool = False,
    on_progress: ProgressListener | None = None,
    device: str | None = None,
) -> SyncReport:
    """Bring the index in ``index_dir`` up to date with ``paths``.

    Args:
        paths: Folders and files. Files that were indexed from below them and are gone are removed;
            so a folder that was deleted or renamed is named once more to take it out.
        index_dir: The index's folder; made when it is not there.
        config: What the index is built with.
        embedder: Embeds the passages; None loads ``config.embedder``, and only when needed.
        dry_run: Report what would happen; write nothing at all.
        rebuild: Read and embed everything anew, with whatever embedder is configured. The old
            generation stays for a rollback.
        rehash: Read every file, though size and times say that it did not change.
        progress: Count up on stderr while at work, when that is a terminal.
        on_progress: Is told how far it is, in the thread that calls; see ``Progress``.
        device: Where ``config.embedder`` runs when it is loaded here (``cpu``, ``cuda``, …); None
            takes the best that is there.

    Raises:
        UsageError: a path is neither there nor known, or a setting makes no sense; nothing was
            written.
        IndexMismatchError: the index was built by another embedder.
        UnusableIndexError: the index is damaged, locked, or cannot be written; it is as it was.
    """
    started = time.monotonic()
    _check(config)
    targets = targets_of(
        paths,
        index_dir=index_dir,
        is_known=lambda target: _is_known(target, index_dir, rebuild=rebuild),
    )
    lazy = LazyEmbedder(embedder, config.embedder, device=device, progress=progress)
    if not dry_run and (rebuild or current_name(index_dir) is None):
        lazy.load()  # a model that is not there is said now, not after an hour of reading
    with ExitStack() as stack:
        writer = None if dry_run else stack.enter_context(writing(index_dir))
        shown = Progress(shown=progress, listener=on_progress)
        stack.callback(shown.clear)
        previous, notes = _previous(index_dir, rebuild=rebuild)
        if previous is not None:
            stack.callback(previous.close)
        if previous is not None and not rebuild:
            lazy.expect(previous.manifest)
        run = _Sync(
            targets=targets,
            index_dir=index_dir,
            config=config,
            embedder=lazy,
            previous=previous,
            writer=writer,
            rebuild=rebuild,
            rehash=rehash,
            progress=shown,
        )
        stack.callback(run.close)
        try:
            report = run.run()
        except (Exception, KeyboardInterrupt) as error:
            run.discard()
            if not isinstance(error, (OSError, sqlite3.Error)):
                raise
            raise UnusableIndexError(
                f"cannot write the index in {index_dir} ({error}); what was indexed before is "
                "still there: make room or choose another --index DIR, then run the same again"
            ) from error
    return replace(
        report,
        dry_run=dry_run,
        notes=(*notes, *report.notes),
        seconds=time.monotonic() - started,
    )


class _Sync:
    """One run. Decides first, file by file; writes only when something changed."""

    def __init__(
        self,
        *,
        targets: Sequence[Target],
        index_dir: Path,
        config: IndexConfig,
        embedder: LazyEmbedder,
        previous: Generation | None,
        writer: Writer | None,
        rebuild: bool,
        rehash: bool,
        progress: Progress,
    ) -> None:
        self._targets = targets
        self._index_dir = index_dir
        self._config = config
        self._embedder = embedder
        self._previous = previous
        self._writer = writer
        self._rebuild = rebuild
        self._rehash = rehash
        self._progress = progress
        self._known = {f.location: f for f in previous.catalogue.files()} if previous else {}
        self._old_claims: dict[int, list[Claim]] = {}
        for claim in previous.catalogue.claims() if previous else ():
            self._old_claims.setdefault(claim.file, []).append(claim)
        self._roots = sorted(
            {f.root for f in self._known.values() if f.root is not None}
            | {t.location for t in targets if t.is_folder and not t.is_gone}
        )
        self._rows: list[tuple[tuple[object, ...], FileRow]] = []
        self._quarantine: list[Quarantined] = []
        self._notes: list[str] = []
        self._entries: list[Entry] = []
        self._draft: Path | None = None
        self._catalogue: CatalogueWriter | None = None

    def run(self) -> SyncReport:
        found = walk(self._targets, suffixes=SUFFIXES, index_dir=self._index_dir)
        self._read_all(found)
        removed = self._keep_or_remove(found)
        for oddity in found.oddities:
            self._row(
                oddity.status,
                self._path(oddity.location),
                location=oddity.location,
                reason=oddity.reason,
            )
        winners, lost = resolve(self._entries, vanished=self._vanished())
        for entry in self._entries:
            self._report(entry, lost)
        self._rows.sort(key=itemgetter(0))
        is_changed = removed or self._differs(winners)
        name, chunks, embedded = self._finish(winners, is_changed=is_changed)
        if self._writer is not None:
            keep_quarantine(self._index_dir, self._quarantine, covers=self._covers)
        return SyncReport(
            rows=tuple(row for _, row in self._rows),
            generation=name,
            is_new_generation=is_changed and self._writer is not None,
            dry_run=False,
            articles=len(winners),
            chunks=chunks,
            embedded=embedded,
            seconds=0.0,
            notes=(*self._emptied(winners), *self._notes),
        )

    def close(self) -> None:
        """Let go of an unfinished catalogue."""
        if self._catalogue is not None:
            self._catalogue.abandon()
            self._catalogue = None

    def discard(self) -> None:
        """Delete an unfinished draft at once, for it may be what fills the disk."""
        self.close()
        if self._draft is not None:
            try:
                # Renamed first: a tantivy index that was just made looks at its folder in a thread
                # of its own, and leaves a lock file behind where that folder is still to be found.
                remove_folder(self._draft)
            except OSError as error:
                _log.warning("%s is left to the next writer: %s", self._draft, error)

    # --- deciding --------------------------------------------------------------------------------

    def _read_all(self, found: Walk) -> None:
        """Decide for every file in scope whether it is as it was, and read it when not."""
        ordered = sorted(found.files.values(), key=lambda f: (self._path(f.location), f.location))
        for done, file in enumerate(ordered):
            self._progress.update("files read", done, len(ordered))
            old = self._known.get(file.location)
            try:
                self._entries.append(self._examine(file, old))
            except UnreadableError as error:
                if old is None:
                    self._row(
                        Status.QUARANTINED,
                        self._path(file.location),
                        location=file.location,
                        reason=str(error),
                    )
                else:
                    self._entries.append(self._copy(old, in_scope=True, failure=str(error)))
        self._progress.update("files read", len(ordered), len(ordered))

    def _keep_or_remove(self, found: Walk) -> bool:
        """Take over what is out of scope or out of sight; report what is gone."""
        any_removed = False
        unseen = [location for location in self._known if location not in found.files]
        blocked = found.blocked(unseen)
        for location in unseen:
            old = self._known[location]
            if not self._covers(location):
                self._entries.append(self._copy(old, in_scope=False))
            elif location in blocked:
                entry = self._copy(old, in_scope=False)
                entry.warnings = ("it cannot be reached; its articles stay indexed",)
                self._entries.append(entry)
                self._row(
                    Status.UNCHANGED,
                    old.path,
                    location=location,
                    article_ids=tuple(c.id for c in entry.claims if c.position is not None),
                    warnings=entry.warnings,
                )
            else:
                any_removed = True
                ids = tuple(
                    c.id for c in self._old_claims.get(old.id, ()) if c.position is not None
                )
                self._row(Status.REMOVED, old.path, location=location, article_ids=ids)
        return any_removed

    def _vanished(self) -> set[int]:
        """Files out of scope that are gone from the disk while another claims what they hold."""
        claimants = Counter(id_ for e in self._entries for id_ in {c.id for c in e.claims})
        return {
            entry.record.id
            for entry in self._entries
            if not entry.in_scope
            and any(claimants[claim.id] > 1 for claim in entry.claims)
            and is_gone(entry.record.location)
        }

    def _examine(self, file: Found, old: FileRecord | None) -> Entry:
        """Read a file, unless it is what it was; raises UnreadableError."""
        path = self._path(file.location)
        may_copy = (
            old is not None
            and not self._rebuild
            and old.path == path
            and old.reading_version == READING_VERSION
        )
        if old and may_copy and not self._rehash and _is_settled(old, file):
            return self._copy(old, in_scope=True)
        contents = read_file(file.location, max_bytes=self._config.max_file_mb << 20)
        sha256 = hashlib.sha256(contents.data).digest()
        if old and may_copy and old.sha256 == sha256:
            # With the new stamp, so that a file which was only touched settles with the next
            # generation; the stamp alone is no reason to write one.
            touched = replace(old, stamp=contents.stamp, read_ns=contents.read_ns)
            return self._copy(touched, in_scope=True)
        reading = read(contents.data, path)
        record = FileRecord(
            id=len(self._entries),
            location=file.location,
            root=self._root(file.location),
            path=path,
            stamp=contents.stamp,
            read_ns=contents.read_ns,
            sha256=sha256,
            reading_version=READING_VERSION,
            problems=reading.problems,
        )
        claims = [
            Claim(record.id, ordinal, article.id, content_key(article), article.path)
            for ordinal, article in enumerate(reading.articles)
        ]
        warnings = [w for article in reading.articles for w in warnings_of(article, path)]
        if not _holds_records(record, claims):
            warnings += [f"{place}: {why}" if place else why for place, why in record.problems]
        catalogue = self._drafted()
        if catalogue is not None:
            catalogue.add_file(record)
            for claim, article in zip(claims, reading.articles, strict=True):
                catalogue.add_article(article, claim=claim, signature=signature(article.text))
        kept = self._still_needed(old, record, claims)
        for claim, earlier in kept:
            if catalogue is not None:
                catalogue.copy_article(claim, old_file=earlier.file, old_ordinal=earlier.ordinal)
        if kept:
            warnings.append(
                f"{len(kept)} articles of its earlier version are not in it any more; they stay "
                "indexed until it reads without problems"
            )
        return Entry(
            record=record,
            claims=claims + [claim for claim, _ in kept],
            old=old,
            in_scope=True,
            is_copied=False,
            warnings=tuple(warnings),
        )

    def _still_needed(
        self, old: FileRecord | None, record: FileRecord, claims: Sequence[Claim]
    ) -> list[tuple[Claim, Claim]]:
        """Which articles of a file's earlier version stay, as (new claim, earlier claim).

        A file of records that was cut short reads as a few good records and a broken one: the
        others were not deleted by anyone. So when problems appear that were not there before, what
        is missing stays; when they were there before, only what was kept then.
        """
        if old is None or not record.problems or not _holds_records(record, claims):
            return []
        ids = {claim.id for claim in claims}
        missing = [
            claim
            for claim in self._old_claims.get(old.id, ())
            if claim.id not in ids and (claim.kept or not old.problems)
        ]
        return [
            (replace(claim, file=record.id, ordinal=ordinal, kept=True), claim)
            for ordinal, claim in enumerate(missing, start=len(claims))
        ]

    def _copy(self, old: FileRecord, *, in_scope: bool, failure: str | None = None) -> Entry:
        id_ = len(self._entries)
        return Entry(
            record=replace(old, id=id_, root=self._root(old.location, old.root)),
            claims=[replace(claim, file=id_) for claim in self._old_claims.get(old.id, ())],
            old=old,
            in_scope=in_scope,
            is_copied=True,
            failure=failure,
        )

    def _root(self, location: bytes, otherwise: bytes | None = None) -> bytes | None:
        """The outermost folder that was ever named and holds the file."""
        for root in self._roots:  # sorted: what contains another comes before it
            if Target(root, is_folder=True).covers(location):
                return root
        return otherwise

    def _covers(self, location: bytes) -> bool:
        return any(target.covers(location) for target in self._targets)

    def _path(self, location: bytes) -> str:
        return legible_path(location, self._root(location))

    def _differs(self, winners: Sequence[Claim]) -> bool:
        """Tell whether the index must change; removals aside."""
        if self._previous is None or self._rebuild:
            return True
        manifest = self._previous.manifest
        return (
            any(
                not e.is_copied or e.old is None or e.record.root != e.old.root
                for e in self._entries
            )
            or not all(claim.position is not None for claim in winners)
            or len(winners) != manifest.counts.articles
            or manifest.config_fingerprint != config_fingerprint(self._config)
            or dict(manifest.versions) != term_versions()
        )

    # --- reporting -------------------------------------------------------------------------------

    def _row(
        self,
        status: Status,
        path: str,
        *,
        location: bytes,
        reason: str | None = None,
        article_ids: tuple[str, ...] = (),
        warnings: tuple[str, ...] = (),
        file: str | None = None,
    ) -> None:
        """Add a row on the file at ``location``; ``file``: its path, where ``path`` is longer."""
        file = path if file is None else file
        order = (file, _numerically(path.removeprefix(file)), status, reason or "")
        self._rows.append((order, FileRow(status, path, reason, article_ids, warnings)))
        if status is Status.QUARANTINED:
            was_read = bool(article_ids)
            self._quarantine.append(Quarantined(path, location, reason or "", was_read=was_read))

    def _report(self, entry: Entry, lost: dict[tuple[int, int], Loss]) -> None:
        """Write the rows of one file and of the records in it."""
        record, old = entry.record, entry.old
        losses = [
            (claim, loss)
            for claim in entry.claims
            if (loss := lost.get((claim.file, claim.ordinal))) is not None
        ]
        won = tuple(c.id for c in entry.claims if (c.file, c.ordinal) not in lost)
        before = (
            [c for c in self._old_claims.get(old.id, ()) if c.position is not None] if old else []
        )
        if not entry.in_scope and list(won) == [claim.id for claim in before]:
            return
        reason: str | None = None
        if entry.failure is not None:
            status = Status.QUARANTINED
            reason = f"{entry.failure}; the articles that were read from it before stay indexed"
        elif not won and losses:
            status, reason, losses = whole_loss(losses)
        elif old is None:
            status = Status.ADDED
        elif (record.sha256, record.path) != (old.sha256, old.path):
            status = Status.CHANGED
        elif not before:
            status, reason = Status.ADDED, "it takes the place of a duplicate that is gone"
        else:
            status = Status.UNCHANGED
        self._row(
            status,
            record.path,
            location=record.location,
            reason=reason,
            article_ids=won,
            warnings=entry.warnings,
        )
        for claim, loss in losses:
            self._row(
                loss.status,
                claim.path,
                location=record.location,
                reason=loss.reason,
                file=record.path,
            )
        if entry.failure is None and _holds_records(record, entry.claims):
            for place, why in record.problems:
                self._row(
                    Status.QUARANTINED,
                    f"{record.path} {place}".rstrip(),
                    location=record.location,
                    reason=why,
                    file=record.path,
                )

    def _emptied(self, winners: Sequence[Claim]) -> Iterator[str]:
        """Say which folders lost all their articles: an unmounted disk looks just like that."""
        before: dict[bytes | None, set[str]] = {}
        for file in self._known.values():
            ids = {c.id for c in self._old_claims.get(file.id, ()) if c.position is not None}
            before.setdefault(file.root, set()).update(ids)
        present = {claim.id for claim in winners}
        holding = {claim.file for claim in winners}
        remaining = {
            root
            for entry in self._entries
            if entry.record.id in holding
            for root in (entry.record.root, entry.old.root if entry.old else None)
        }
        everything = set().union(*before.values())
        if everything and not present:
            yield self._warn_of_loss("of the index", len(everything))
            return
        for root, ids in before.items():
            if root is not None and ids and root not in remaining and ids.isdisjoint(present):
                yield self._warn_of_loss(f"from {legible(root)}", len(ids))

    def _warn_of_loss(self, whose: str, count: int) -> str:
        if self._writer is None:
            return f"every article {whose} would be removed ({count})"
        if self._config.keep_generations == 1:
            return f"every article {whose} was removed ({count})"
        directory = shlex.quote(str(self._index_dir))
        return (
            f"every article {whose} was removed ({count}); if that was not meant, "
            f"`youju index --rollback --index {directory}` brings them back"
        )

    # --- writing ---------------------------------------------------------------------------------

    def _drafted(self) -> CatalogueWriter | None:
        """The catalogue of the new generation, made when first needed; None in a dry run."""
        if self._writer is not None and self._catalogue is None:
            self._draft = self._writer.draft()
            old = self._previous.folder / CATALOGUE if self._previous else None
            self._catalogue = CatalogueWriter(self._draft / CATALOGUE, previous=old)
        return self._catalogue

    def _finish(
        self, winners: Sequence[Claim], *, is_changed: bool
    ) -> tuple[str | None, int | None, int]:
        """Write the new generation; returns its name, its chunks and how many were embedded."""
        previous = self._previous
        if self._writer is None:
            name = current_name(self._index_dir)
            return name, None if is_changed or not previous else previous.chunk_count, 0
        if not is_changed:
            if previous is None:
                raise AssertionError("an index that is not there always changes")
            if current_name(self._index_dir) != previous.name:
                self._writer.point(previous.name)
            return previous.name, previous.chunk_count, 0
        catalogue = self._drafted()
        if catalogue is None or self._draft is None:
            raise AssertionError("a writer always has a draft")
        for entry in self._entries:
            if entry.is_copied and entry.old is not None:
                catalogue.copy_file(entry.record, old_file=entry.old.id)
        catalogue.place(winners)
        self._group(catalogue)
        made = cut_and_embed(
            catalogue,
            winners,
            previous=None if self._rebuild else previous,
            current={
                e.record.id for e in self._entries if e.record.reading_version == READING_VERSION
            },
            embedder=self._embedder,
            max_chars=self._config.max_chars,
            progress=self._progress,
        )
        write_vectors(self._draft / VECTORS, made.vectors)
        approximation = self._approximate(catalogue, made.vectors, self._draft)
        chunks, name_of_embedder = len(made.vectors), made.embedder_name
        dim, embedded = made.dim, made.fresh
        del made  # the vectors: the lexical index needs the memory
        write_lexical(self._draft / LEXICAL, self._documents(catalogue, chunks))
        catalogue.close()
        self._catalogue = None
        self._progress.clear()
        name = self._writer.publish(
            self._draft,
            parent=previous.name if previous else None,
            config=self._config,
            embedder_name=name_of_embedder,
            dim=dim,
            counts=Counts(files=len(self._entries), articles=len(winners), chunks=chunks),
            approximation=approximation,
        )
        return name, chunks, embedded

    def _approximate(
        self, catalogue: CatalogueWriter, vectors: Vectors, draft: Path
    ) -> Approximation | None:
        """Give many vectors codes, and measure recall with sentences of chunks."""
        count, dim = vectors.shape
        if not is_large(self._config, count=count, dim=dim):
            return None
        self._progress.update("vectors coded", 0, count)
        texts = sample_questions(catalogue.chunk_text, count=count)
        made = approximate(
            draft / VECTOR_CODES,
            exact=draft / VECTORS,
            rows=vectors,
            questions=self._embedder.embed_questions(texts),
        )
        if made is None:
            self._notes.append(
                "every vector is compared with every question: by codes too few of the nearest "
                "are found in this collection"
            )
        return made

    def _group(self, catalogue: CatalogueWriter) -> None:
        items = [Fingerprint(*values) for values in catalogue.fingerprints()]
        groups = group_near_duplicates(items, jaccard=self._config.near_duplicate_jaccard)
        catalogue.group((item.article_id, groups[item.article_id]) for item in items)

    def _documents(self, catalogue: CatalogueWriter, chunks: int) -> Iterator[LexicalDocument]:
        for row, article, chunk in catalogue.passages():
            self._progress.update("passages tokenised", row, chunks)
            yield LexicalDocument(
                row=row,
                body=chunk.text,
                context="\n".join((article.title, *chunk.headings)),
                published=article.published,
                source=article.source,
                language=article.language,
                tags=article.tags,
            )


def _holds_records(record: FileRecord, claims: Sequence[Claim]) -> bool:
    """Tell a file of articles from a file that is one: a problem of its is then a lost record."""
    return any(claim.path != record.path for claim in claims)


def _numerically(text: str) -> tuple[object, ...]:
    """A key that sorts "line 2" before "line 15"."""
    parts = re.split("([0-9]+)", text)  # text and digits in turn
    return tuple(
        (len(part.lstrip("0")), part.lstrip("0")) if number % 2 else part
        for number, part in enumerate(parts)
    )


def _is_known(target: Target, directory: Path, *, rebuild: bool) -> bool:
    """Tell whether files below a path were indexed."""
    previous, _ = _previous(directory, rebuild=rebuild)
    if previous is None:
        return False
    try:
        return any(target.covers(file.location) for file in previous.catalogue.files())
    finally:
        previous.close()


def _is_settled(old: FileRecord, file: Found) -> bool:
    """Tell whether a file is surely the version that was read, by its stamp alone.

    The change time counts, which no program can set back, as it can the time of modification.
    """
    latest = max(file.stamp.mtime_ns, file.stamp.ctime_ns)
    return file.stamp == old.stamp and latest + _SETTLED_NS < old.read_ns


def _previous(directory: Path, *, rebuild: bool) -> tuple[Generation | None, tuple[str, ...]]:
    """Open what to build upon. A rebuild does without what cannot be opened, and says so."""
    try:
        return newest_generation(directory), ()
    except UnusableIndexError as error:
        if not rebuild:
            raise
        return None, (f"built from the named paths alone, because {error}",)


def _check(config: IndexConfig) -> None:
    for name, value in (
        ("max_chars", config.max_chars),
        ("max_file_mb", config.max_file_mb),
        ("keep_generations", config.keep_generations),
        ("flat_mb", config.flat_mb),
    ):
        if value < 1:
            raise UsageError(f"{name} is {value}; it must be 1 or more")
    if config.vectors not in get_args(VectorKind):
        kinds = ", ".join(get_args(VectorKind))
        raise UsageError(f"vectors is {config.vectors!r}; it must be one of {kinds}")
    if not 0 < config.near_duplicate_jaccard <= 1:
        raise UsageError(
            f"near_duplicate_jaccard is {config.near_duplicate_jaccard}; it must lie above 0 and "
            "be 1 at most"
        )
