"""Every setting in one frozen tree: the index's, retrieval's, the answer's.

Importing this reads no file and no environment; ``load_config`` reads the one file it is given.
"""

import dataclasses
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from index.config import IndexConfig
from index.errors import UsageError
from index.toml_file import read_toml

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

__all__ = [
    "AnswerConfig",
    "Config",
    "GateConfig",
    "ModelConfig",
    "QuestionConfig",
    "RetrievalConfig",
    "fingerprint",
    "load_config",
    "parse_config",
    "read_section",
    "with_generator",
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

    ``generator``: who writes it: ``extractive`` quotes, ``transformers:NAME`` is a local model,
    ``openai:URL#MODEL`` one behind a server. ``max_sentences``: the longest quoted answer.
    ``min_probability``: a question that the collection answers less likely than that is declined
    (docs/decisions/0004-declining.md). ``reader``: ``bundled`` reads the likeliest passages before
    a sentence is chosen (docs/decisions/0005-sentence-choice.md), ``off`` goes by the features
    alone. ``notices``: a file of notices on risks in place of ``rag/notices.toml``, ``off`` for
    none. ``curated``: a file of approved answers, which go before composed ones.
    ``max_question_chars`` bounds what is searched for.
    """

    generator: str = "extractive"
    max_sentences: int = 3
    min_probability: float = 0.3
    reader: str = "bundled"
    notices: str = ""
    curated: str = ""
    max_question_chars: int = 2000


@dataclass(frozen=True, slots=True)
class GateConfig:
    """What becomes of a sentence that its citation does not support.

    ``policy``: ``mark`` shows it with its verdict, ``drop`` leaves it out, ``refuse`` gives up
    the whole answer. ``judge``: a cross-encoder, by folder or hub name, that has a say, too.
    """

    policy: str = "mark"
    judge: str = ""


@dataclass(frozen=True, slots=True)
class ModelConfig:
    """How a language model is run, where one writes the answers.

    ``context_tokens``: the passages' share of the prompt at most. ``max_tokens``: the longest
    answer. ``deadline_s``: the longest wait for the whole answer. ``device`` and ``dtype`` of a
    local model: ``auto`` chooses.
    """

    context_tokens: int = 2000
    max_tokens: int = 512
    temperature: float = 0.0
    seed: int = 0
    deadline_s: float = 120.0
    device: str = "auto"
    dtype: str = "auto"


@dataclass(frozen=True, slots=True)
class Config:
    """The whole configuration; its fingerprint covers all of it."""

    index: IndexConfig = field(default_factory=IndexConfig)
    question: QuestionConfig = field(default_factory=QuestionConfig)
    retrieval: RetrievalConfig = field(default_factory=RetrievalConfig)
    answer: AnswerConfig = field(default_factory=AnswerConfig)
    gate: GateConfig = field(default_factory=GateConfig)
    model: ModelConfig = field(default_factory=ModelConfig)


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
    "min_probability": (0.0, 1.0),
    "max_question_chars": (1, 100_000),
    "context_tokens": (100, 1_000_000),
    "max_tokens": (1, 100_000),
    "temperature": (0.0, 2.0),
    "seed": (0, 2**31 - 1),
    "deadline_s": (0.1, 86_400),
}

# What each text may be, where not everything goes.
_CHOICES: dict[str, tuple[str, ...]] = {
    "policy": ("mark", "drop", "refuse"),
    "reader": ("bundled", "off"),
    "dtype": ("auto", "float32", "bfloat16", "float16"),
}

# Tables of the same file that a face of the program reads: they change no answer.
_FACES = frozenset({"page"})

_Section = TypeVar("_Section", bound="DataclassInstance")


def fingerprint(config: Config) -> str:
    """Name a configuration by its content: equal settings give equal fingerprints.

    What stands in a file that the settings name counts as well, as it is when this is called.
    """
    files = {
        name: _digest(Path(name))
        for name in (
            config.question.aliases,
            config.question.periods,
            config.retrieval.weights,
            config.answer.notices,
            config.answer.curated,
        )
        if name
    }
    canonical = json.dumps([dataclasses.asdict(config), files], sort_keys=True)
    return hashlib.blake2b(canonical.encode(), digest_size=6).hexdigest()


def _digest(path: Path) -> str:
    try:
        return hashlib.blake2b(path.read_bytes(), digest_size=16).hexdigest()
    except OSError:
        return ""  # "off" is no file; one that is missing is complained of by whoever reads it


def load_config(path: Path | None) -> Config:
    """Read a TOML file with a table for each section of ``Config``: ``[index]`` and so on.

    Raises:
        UsageError: the file is missing, is not TOML, or holds an unknown or ill-typed key.
    """
    if path is None:
        return Config()
    tables = read_toml(path, "configuration")
    return parse_config(tables, where=str(path))


def parse_config(tables: Mapping[str, object], *, where: str) -> Config:
    """Make a configuration of tables of settings; what is not set has its default.

    Raises:
        UsageError: an unknown or ill-typed key; ``where`` is named in the message.
    """
    known = {field.name for field in dataclasses.fields(Config)} | _FACES
    if unknown := sorted(set(tables) - known):
        raise UsageError(
            f"{where}: unknown table [{unknown[0]}]; known: {', '.join(sorted(known))}"
        )
    return Config(
        index=read_section(IndexConfig, tables.get("index", {}), f"{where} [index]"),
        question=read_section(QuestionConfig, tables.get("question", {}), f"{where} [question]"),
        retrieval=read_section(
            RetrievalConfig, tables.get("retrieval", {}), f"{where} [retrieval]"
        ),
        answer=read_section(AnswerConfig, tables.get("answer", {}), f"{where} [answer]"),
        gate=read_section(GateConfig, tables.get("gate", {}), f"{where} [gate]"),
        model=read_section(ModelConfig, tables.get("model", {}), f"{where} [model]"),
    )


def with_generator(config: Config, spec: str | None) -> Config:
    """The same configuration with another generator; None leaves it as it is."""
    if spec is None:
        return config
    return dataclasses.replace(config, answer=dataclasses.replace(config.answer, generator=spec))


def read_section(
    kind: type[_Section],
    values: object,
    where: str,
    *,
    bounds: Mapping[str, tuple[float, float]] = _BOUNDS,
    choices: Mapping[str, tuple[str, ...]] = _CHOICES,
) -> _Section:
    """Make one section, a dataclass of texts, numbers and switches, of a table of settings.

    ``bounds`` and ``choices`` say by name what a number or a text may be.

    Raises:
        UsageError: an unknown key, another type, a value out of bounds; ``where`` is named.
    """
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
        if isinstance(value, str):
            allowed = choices.get(name, (value,))
            if value not in allowed:
                raise UsageError(f"{where}: {name} must be one of {', '.join(allowed)}")
        elif not isinstance(value, bool):
            low, high = bounds[name]
            # Written so that NaN, which compares false with everything, is refused too.
            if not low <= value <= high:
                raise UsageError(f"{where}: {name} must lie between {low} and {high}, got {value}")
    return dataclasses.replace(defaults, **values)
