"""Every setting in one frozen tree: the index's, retrieval's, the answer's.

Importing this reads no file and no environment; ``load_config`` reads the one file it is given.
"""

import dataclasses
import hashlib
import json
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

from index.config import IndexConfig
from index.errors import UsageError

__all__ = [
    "AnswerConfig",
    "Config",
    "QuestionConfig",
    "RetrievalConfig",
    "fingerprint",
    "load_config",
    "parse_config",
]


@dataclass(frozen=True, slots=True)
class QuestionConfig:
    """How questions are understood; empty means none.

    ``aliases``: a TOML file of names beside the shipped ``index/aliases.toml``. ``periods``: one
    of named periods beside ``rag/periods.toml``. ``rewriter``: ``openai:URL#MODEL``, a language
    model that completes follow-up questions in place of the rules.
    """

    aliases: str = ""
    periods: str = ""
    rewriter: str = ""


@dataclass(frozen=True, slots=True)
class RetrievalConfig:
    """How passages are found.

    ``passages``: how many an answer may draw on. ``candidates``: how deep each leg is read before
    fusion. ``dense_weight``: the cosine's weight beside a BM25 score divided by what the question
    could reach; fitted by ``python -m eval.fit`` (docs/decisions/0003-fusion.md). ``rerank``: how
    many of the fused candidates are looked at closely; 0 leaves the order of the fusion.
    ``reranker``: ``light`` for the weighted features, else a cross-encoder by folder or hub name.
    ``weights``: a file of weights in place of the shipped ``rag/rerank.toml``.
    """

    passages: int = 8
    candidates: int = 100
    dense_weight: float = 0.8
    rerank: int = 40
    reranker: str = "light"
    weights: str = ""


@dataclass(frozen=True, slots=True)
class AnswerConfig:
    """How an answer is composed and when it is declined.

    ``max_sentences``: the longest answer. ``min_coverage``: the share of the question's weight
    (by inverse document frequency) that the best sentence with its context must cover, else the
    question is declined (docs/decisions/0004-declining.md). ``max_question_chars`` bounds what is
    searched for.
    """

    max_sentences: int = 3
    min_coverage: float = 0.5
    max_question_chars: int = 2000


@dataclass(frozen=True, slots=True)
class Config:
    """The whole configuration; its fingerprint covers all of it."""

    index: IndexConfig = field(default_factory=IndexConfig)
    question: QuestionConfig = field(default_factory=QuestionConfig)
    retrieval: RetrievalConfig = field(default_factory=RetrievalConfig)
    answer: AnswerConfig = field(default_factory=AnswerConfig)


# What each number may be. The upper ends of the counts are far beyond use and well within what
# the engines take.
_BOUNDS: dict[str, tuple[float, float]] = {
    "max_chars": (20, 100_000),
    "max_file_mb": (1, 10_000),
    "near_duplicate_jaccard": (0.5, 1.0),
    "keep_generations": (1, 1000),
    "flat_mb": (1, 1_000_000),
    "passages": (1, 1000),
    "candidates": (1, 100_000),
    "dense_weight": (0.0, 100.0),
    "rerank": (0, 1000),
    "max_sentences": (1, 100),
    "min_coverage": (0.0, 1.0),
    "max_question_chars": (1, 100_000),
}

_Section = TypeVar("_Section", IndexConfig, QuestionConfig, RetrievalConfig, AnswerConfig)


def fingerprint(config: Config) -> str:
    """Name a configuration by its content: equal settings give equal fingerprints."""
    canonical = json.dumps(dataclasses.asdict(config), sort_keys=True)
    return hashlib.blake2b(canonical.encode(), digest_size=6).hexdigest()


def load_config(path: Path | None) -> Config:
    """Read a TOML file with the tables ``[index]``, ``[question]``, ``[retrieval]``, ``[answer]``.

    Raises:
        UsageError: the file is missing, is not TOML, or holds an unknown or ill-typed key.
    """
    if path is None:
        return Config()
    try:
        tables = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise UsageError(f"cannot read the configuration {path}: {error.strerror}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise UsageError(f"{path} is not valid TOML: {error}") from error
    return parse_config(tables, where=str(path))


def parse_config(tables: Mapping[str, object], *, where: str) -> Config:
    """Make a configuration of tables of settings; what is not set has its default.

    Raises:
        UsageError: an unknown or ill-typed key; ``where`` is named in the message.
    """
    known = {field.name for field in dataclasses.fields(Config)}
    if unknown := sorted(set(tables) - known):
        raise UsageError(
            f"{where}: unknown table [{unknown[0]}]; known: {', '.join(sorted(known))}"
        )
    return Config(
        index=_section(IndexConfig, tables.get("index", {}), f"{where} [index]"),
        question=_section(QuestionConfig, tables.get("question", {}), f"{where} [question]"),
        retrieval=_section(RetrievalConfig, tables.get("retrieval", {}), f"{where} [retrieval]"),
        answer=_section(AnswerConfig, tables.get("answer", {}), f"{where} [answer]"),
    )


def _section(kind: type[_Section], values: object, where: str) -> _Section:
    if not isinstance(values, dict):
        raise UsageError(f"{where} must be a table")
    defaults = kind()
    for name, value in values.items():
        if name not in {f.name for f in dataclasses.fields(kind)}:
            names = ", ".join(f.name for f in dataclasses.fields(kind))
            raise UsageError(f"{where}: unknown key {name!r}; known: {names}")
        wanted = type(getattr(defaults, name))
        # TOML writes 1 for 1.0; a bool is an int to Python but not to a person.
        number = wanted is float and isinstance(value, int) and not isinstance(value, bool)
        if not number and type(value) is not wanted:
            raise UsageError(f"{where}: {name} must be a {wanted.__name__}, not {value!r}")
        if not isinstance(value, str):
            low, high = _BOUNDS[name]
            # Written so that NaN, which compares false with everything, is refused too.
            if not low <= value <= high:
                raise UsageError(f"{where}: {name} must lie between {low} and {high}, got {value}")
    return dataclasses.replace(defaults, **values)
