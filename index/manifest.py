"""The manifest of a generation: what it was built from and with, and the hash of every file.

In come bytes of ``manifest.json``, out comes a ``Manifest``, or the reverse. FAISS and SQLite
files carry no checksum, so these hashes are the only proof that a generation is what was written.
The manifest proves itself: its bytes must be exactly the canonical rendering of its values, the
checksum of the rest included. Knows nothing of folders, locks or which generation is current.

The envelope (``format_version`` and ``checksum``) stays the same in every later format, so that an
old program can tell "newer format" from "damaged".
"""

import hashlib
import json
import re
import sys
import unicodedata
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import PurePosixPath
from typing import Any

from index.config import IndexConfig
from index.errors import IndexDamagedError, IndexMismatchError

__all__ = [
    "CATALOGUE",
    "FORMAT_VERSION",
    "GENERATION_NAME",
    "LEXICAL",
    "MANIFEST",
    "MAX_MANIFEST_BYTES",
    "VECTORS",
    "VECTOR_CODES",
    "Approximation",
    "Counts",
    "FileEntry",
    "Manifest",
    "config_fingerprint",
    "digest",
    "parse_manifest",
    "render_manifest",
    "term_versions",
]

FORMAT_VERSION = 1
MANIFEST = "manifest.json"
CATALOGUE = "catalogue.sqlite"
VECTORS = "vectors.faiss"
VECTOR_CODES = "vectors.codes"
LEXICAL = "lexical"
GENERATION_NAME = re.compile(r"g[0-9]{6,12}", re.ASCII)
# Ours has about 2 kB. What is larger was not written by us and is not worth parsing.
MAX_MANIFEST_BYTES = 1 << 20
_HEX = re.compile(r"[0-9a-f]{64}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Counts:
    """How much a generation holds. A chunk is a row of the vectors and of the lexical index."""

    files: int
    articles: int
    chunks: int


@dataclass(frozen=True, slots=True)
class Approximation:
    """How the vectors are searched without reading them all, and what was measured of it.

    ``kind`` is ``codes``: of the rows that are best by their codes, at least ``candidates`` are
    scored. That found the share ``recall`` of the true ``k`` nearest of ``questions`` questions,
    which were sentences of the collection's own chunks.
    """

    kind: str
    candidates: int
    recall: float
    k: int
    questions: int


@dataclass(frozen=True, slots=True)
class FileEntry:
    """One file of the generation. ``digest`` is BLAKE2b-256 in hexadecimal."""

    bytes: int
    digest: str


@dataclass(frozen=True, slots=True)
class Manifest:
    """What ``manifest.json`` says.

    ``embedder_spec`` is what the configuration named, ``embedder_name`` what that turned out to
    be: it changes whenever the vectors would. ``versions`` are those of the tables that decide
    how a text becomes terms. ``files`` maps paths inside the generation to size and hash.
    ``approximation`` is None where every question is compared with every vector.
    """

    generation: str
    parent: str | None
    created: str
    embedder_spec: str
    embedder_name: str
    dim: int
    config: Mapping[str, object]
    config_fingerprint: str
    versions: Mapping[str, str]
    counts: Counts
    files: Mapping[str, FileEntry]
    # Not in the manifests of before there was one. The exact vectors are always there, so that a
    # program which does not know it reads the same index, only slower.
    approximation: Approximation | None = None
    format_version: int = FORMAT_VERSION


def digest() -> "hashlib.blake2b":
    """The hash that covers the files of a generation."""
    return hashlib.blake2b(digest_size=32)


def config_fingerprint(config: IndexConfig) -> str:
    """Name a whole configuration in 16 characters; it changes with any of its values."""
    canonical = json.dumps(asdict(config), sort_keys=True, ensure_ascii=False)
    return hashlib.blake2b(canonical.encode("utf-8", "surrogatepass"), digest_size=8).hexdigest()


def term_versions() -> dict[str, str]:
    """The versions, here and now, of everything that decides how a text becomes terms.

    A question is folded and split by these tables; an index built by others would miss terms
    without a word.
    """
    return {
        "opencc": _installed("opencc"),
        "tantivy": _installed("tantivy"),
        "unicode": unicodedata.unidata_version,
    }


def render_manifest(manifest: Manifest) -> bytes:
    """The one spelling of a manifest, with the checksum of everything else in it."""
    values = asdict(manifest)
    values["checksum"] = hashlib.blake2b(_canonical(values), digest_size=32).hexdigest()
    return _canonical(values)


def parse_manifest(data: bytes, *, where: str) -> Manifest:
    """Read a manifest, trusting nothing in it. ``where`` names it in messages.

    Raises:
        IndexDamagedError: it is not exactly what ``render_manifest`` wrote.
        IndexMismatchError: it is intact but of another format version.
    """
    advice = (
        "go back with `youju index --rollback`, or build anew with `youju index PATH… --rebuild`"
    )
    try:
        values = _parse(data)
    except ValueError as error:
        raise IndexDamagedError(f"{where} is damaged ({error}); {advice}") from None
    found = values["format_version"]
    if found != FORMAT_VERSION:
        raise IndexMismatchError(
            f"{where} has format version {found}, this program reads {FORMAT_VERSION}; "
            "build the index anew with `youju index PATH… --rebuild`"
        )
    try:
        return _manifest(values)
    except (KeyError, TypeError, ValueError) as error:
        raise IndexDamagedError(f"{where} is damaged ({error}); {advice}") from None


def _parse(data: bytes) -> dict[str, Any]:
    if len(data) > MAX_MANIFEST_BYTES:
        raise ValueError("far too large")
    try:
        values = json.loads(data)
    except (ValueError, RecursionError):
        raise ValueError("not JSON") from None
    if not isinstance(values, dict) or type(values.get("format_version")) is not int:
        raise ValueError("no format version")
    checksum = values.pop("checksum", None)
    if checksum != hashlib.blake2b(_canonical(values), digest_size=32).hexdigest():
        raise ValueError("its checksum does not match")
    if _canonical({**values, "checksum": checksum}) != data:
        raise ValueError("not in its canonical form")
    return values


def _manifest(values: dict[str, Any]) -> Manifest:
    counts, files = _mapping(values, "counts"), _mapping(values, "files")
    generation, parent = _text(values, "generation"), values["parent"]
    if not GENERATION_NAME.fullmatch(generation):
        raise ValueError("generation is no name of one")
    if parent is not None and not (
        isinstance(parent, str) and GENERATION_NAME.fullmatch(parent) and parent != generation
    ):
        raise ValueError("parent is no name of a generation")
    entries = {_inside(name): _entry(entry) for name, entry in files.items()}
    approximation = _approximation(values.get("approximation"))
    for needed in (CATALOGUE, VECTORS, *([VECTOR_CODES] if approximation else [])):
        if needed not in entries:
            raise ValueError(f"{needed} is not listed")
    if not any(name.startswith(LEXICAL + "/") for name in entries):
        raise ValueError(f"no file of {LEXICAL}/ is listed")
    return Manifest(
        generation=generation,
        parent=parent,
        created=_text(values, "created"),
        embedder_spec=_text(values, "embedder_spec"),
        embedder_name=_text(values, "embedder_name"),
        dim=_count(values, "dim"),
        config=_mapping(values, "config"),
        config_fingerprint=_text(values, "config_fingerprint"),
        versions={name: str(value) for name, value in _mapping(values, "versions").items()},
        counts=Counts(**{name: _count(counts, name) for name in ("files", "articles", "chunks")}),
        files=entries,
        approximation=approximation,
    )


def _approximation(value: object) -> Approximation | None:
    if value is None:
        return None
    if not isinstance(value, dict):
        raise TypeError("approximation is no object")
    recall = value["recall"]
    if type(recall) is not float or not 0.0 <= recall <= 1.0:
        raise TypeError("recall is no share")
    made = Approximation(
        kind=_text(value, "kind"),
        recall=recall,
        **{name: _count(value, name) for name in ("candidates", "k", "questions")},
    )
    if made.kind != "codes":
        raise ValueError("the kind of the approximation is unknown")
    return made


def _inside(name: str) -> str:
    """Refuse a path that could lead out of the generation's folder."""
    path = PurePosixPath(name)
    if (
        path.is_absolute()
        or str(path) != name
        or name == MANIFEST
        or "\\" in name
        or not name.isprintable()
        or any(part in ("", ".", "..") for part in path.parts)
        or not path.parts
    ):
        raise ValueError(f"{name[:80]!a} is no path inside the generation")
    return name


def _entry(value: object) -> FileEntry:
    if not isinstance(value, dict):
        raise TypeError("a file's entry is no object")
    found = _text(value, "digest")
    if not _HEX.fullmatch(found):
        raise ValueError("a digest is none")
    return FileEntry(bytes=_count(value, "bytes"), digest=found)


def _text(values: Mapping[str, Any], name: str) -> str:
    value = values[name]
    if not isinstance(value, str):
        raise TypeError(f"{name} is no text")
    return value


def _count(values: Mapping[str, Any], name: str) -> int:
    value = values[name]
    if type(value) is not int or not 0 <= value <= sys.maxsize:
        raise TypeError(f"{name} is no count")
    return value


def _mapping(values: Mapping[str, Any], name: str) -> dict[str, Any]:
    value = values[name]
    if not isinstance(value, dict):
        raise TypeError(f"{name} is no object")
    return value


def _canonical(values: Mapping[str, Any]) -> bytes:
    text = json.dumps(values, ensure_ascii=True, indent=1, sort_keys=True)
    return text.encode("ascii") + b"\n"


def _installed(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:  # a checkout that vendors it; the version is then unknown
        return "unknown"
