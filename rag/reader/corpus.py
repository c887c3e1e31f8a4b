"""Read what a reader is trained on: the data folder in, texts and questions on them out.

Two rules are kept here mechanically. Licence: of rows marked ``open`` the questions are used, too,
of those marked ``press`` the text alone, all others not at all. Development data: what repeats a
text or a question of a development set, exactly or nearly, is dropped and counted.
"""

import json
import lzma
import random
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from index.encoder.corpus import Guard, read_rows
from index.errors import UsageError
from index.fold import fold
from index.sentences import sentences
from rag.reader.reader import Excerpt
from rag.reader.switching import read_glosses, switched

__all__ = [
    "Corpus",
    "Labelled",
    "Question",
    "QuestionSet",
    "Retrieved",
    "load",
    "read_corpus",
    "save",
]  # fmt: skip

_LANGUAGES = {"cmrc2018.train": "zh", "squad11.train": "en", "jaquad.train": "ja"}
"""Sources of questions. Others are of unclear or non-commercial licence, or no text's reading."""

_NO_SENTENCES = ("django_docs.po",)
"""Translations full of markup and code."""

_NEWS = 30_000
_LAW_SHARE = 0.08
_DOCUMENT_CHARS = 1_500


@dataclass(frozen=True, slots=True)
class Question:
    """A question on ``passage`` (a number); its answer is ``text[start:end]`` of that one."""

    text: str
    passage: int
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class QuestionSet:
    """Passages of one kind and the questions on them."""

    passages: list[Excerpt]
    questions: list[Question]


@dataclass(frozen=True, slots=True)
class Labelled:
    """A retrieved passage, and which of its sentences hold the answer."""

    excerpt: Excerpt
    right: tuple[bool, ...]


@dataclass(frozen=True, slots=True)
class Retrieved:
    """A question with the passages that retrieval gives it, the best first."""

    text: str
    candidates: tuple[Labelled, ...]


@dataclass(slots=True)
class Corpus:
    """All texts, as they are.

    ``questions`` by kind: the languages, and ``switched``, folded English with Chinese words.
    ``documents`` and ``pairs`` (English, Chinese) have no labels. ``sources`` counts the rows
    used, ``dropped`` those left out by source and reason.
    """

    questions: dict[str, QuestionSet] = field(default_factory=dict)
    documents: list[str] = field(default_factory=list)
    pairs: list[tuple[str, str]] = field(default_factory=list)
    retrieved: list[Retrieved] = field(default_factory=list)
    sources: Counter[str] = field(default_factory=Counter)
    dropped: Counter[str] = field(default_factory=Counter)


def read_corpus(data: Path, *, seed: int = 0) -> Corpus:
    """Read everything but what takes retrieval (see `rag.reader.retrieved`).

    Args:
        data: The folder that holds ``train`` and ``dev``. Of ``dev``, the news articles named by
            ``train/news_docs.ids.txt`` are read as text, the rest only to keep it out.
        seed: Of the choice of news and laws.

    Raises:
        UsageError: the folder lacks a file, or questions that may be used.
    """
    corpus = Corpus()
    try:
        guard = Guard(data / "dev")
        _read_questions(data / "train", corpus, guard)
        _read_documents(data, corpus, guard, random.Random(seed))  # noqa: S311 - no secret
        _read_pairs(data / "train", corpus, guard)
        entries = read_rows(data / "train" / "dictionary.jsonl.xz")
        glosses = read_glosses((row["a"], row["b"]) for row in entries if row["lic"] == "open")
    except FileNotFoundError as error:
        raise UsageError(
            f"{error.filename} is missing: --data names the folder that holds train/ and dev/"
        ) from None
    if not corpus.questions:
        raise UsageError(f"{data / 'train'} has no questions that a reader may be trained on")
    if "en" in corpus.questions:
        corpus.questions["switched"] = _switched(corpus.questions["en"], glosses)
    return corpus


def _read_questions(train: Path, corpus: Corpus, guard: Guard) -> None:
    rows = []
    for row in read_rows(train / "qa_passage.jsonl.xz"):
        if row["lic"] != "open":
            corpus.dropped[f"{row['src']}: licence {row['lic']}"] += 1
        elif row["src"] in _LANGUAGES:
            rows.append(row)
    rows = _kept(rows, corpus, guard, "passage", "q")
    numbers: dict[tuple[str, str], int] = {}
    for row in rows:
        kind = _LANGUAGES[row["src"]]
        found = corpus.questions.setdefault(kind, QuestionSet([], []))
        number = numbers.get((kind, row["passage"]))
        if number is None:
            number = numbers[kind, row["passage"]] = len(found.passages)
            begins = tuple(start for start, _ in sentences(row["passage"]))
            found.passages.append(Excerpt(row["title"], row["passage"], begins))
        answer = fold(row["answer"])
        start = fold(row["passage"]).find(answer)
        if start < 0 or not answer:
            corpus.dropped[f"{row['src']}: the answer is not in the passage"] += 1
            continue
        corpus.sources[row["src"]] += 1
        found.questions.append(Question(row["q"], number, start, start + len(answer)))


def _read_documents(data: Path, corpus: Corpus, guard: Guard, rng: random.Random) -> None:
    allowed = sorted(set((data / "train" / "news_docs.ids.txt").read_text().split()))
    news = set(rng.sample(allowed, min(_NEWS, len(allowed))))
    rows = [
        {"src": "crud_news.corpus", "text": row["text"][:_DOCUMENT_CHARS]}
        for row in read_rows(data / "dev" / "crud_news.corpus.jsonl.xz")
        if row["doc_id"] in news
    ]
    for row in read_rows(data / "train" / "title_body.jsonl.xz"):
        source, licence = row["src"], row["lic"]
        if licence not in ("open", "press"):
            corpus.dropped[f"{source}: licence {licence}"] += 1
        elif source != "cn_laws.articles" or rng.random() < _LAW_SHARE:
            text = f"{row['title']}\n{row['text']}"[:_DOCUMENT_CHARS]
            rows.append({"src": source, "text": text})
    for row in _kept(rows, corpus, guard, "text"):
        corpus.sources[row["src"]] += 1
        corpus.documents.append(row["text"])


def _read_pairs(train: Path, corpus: Corpus, guard: Guard) -> None:
    rows = [
        row
        for row in read_rows(train / "parallel.jsonl.xz")
        if row["lic"] == "open" and row["src"] not in _NO_SENTENCES
        if row["lang_a"] == "en" and row["lang_b"].startswith("zh")
    ]
    for row in _kept(rows, corpus, guard, "a", "b"):
        corpus.sources[row["src"]] += 1
        corpus.pairs.append((row["a"], row["b"]))


def _kept(
    rows: Sequence[dict[str, Any]], corpus: Corpus, guard: Guard, *names: str
) -> list[dict[str, Any]]:
    """The rows of which nothing repeats a development text."""
    barred: set[str] = set()
    for name in names:
        texts = sorted({row[name] for row in rows})
        repeats = guard.repeats(texts)
        barred |= {text for text, repeated in zip(texts, repeats, strict=True) if repeated}
    found = []
    for row in rows:
        if any(row[name] in barred for name in names):
            corpus.dropped[f"{row['src']}: repeats a development text"] += 1
        else:
            found.append(row)
    return found


def _switched(english: QuestionSet, glosses: dict[str, list[str]]) -> QuestionSet:
    """Question and passage with the same words replaced."""
    asked = defaultdict(list)
    for question in english.questions:
        asked[question.passage].append(question)
    found = QuestionSet([], [])
    for number, passage in enumerate(english.passages):
        questions = asked[number]
        ends = [place for one in questions for place in (one.start, one.end)]
        text, places = switched(
            fold(passage.text), glosses, salt=number, places=[*passage.sentences, *ends]
        )
        title, _ = switched(fold(passage.title), glosses, salt=number)
        count = len(passage.sentences)
        found.passages.append(Excerpt(title, text, tuple(places[:count])))
        for one, start, end in zip(
            questions, places[count::2], places[count + 1 :: 2], strict=True
        ):
            asks, _ = switched(fold(one.text), glosses, salt=number)
            found.questions.append(Question(asks, number, start, max(end, start + 1)))
    return found


def save(corpus: Corpus, path: Path) -> None:
    """Write a corpus as one file, for `load`."""
    record = {
        "questions": {
            kind: {
                "passages": [_plain(one) for one in found.passages],
                "questions": [
                    (one.text, one.passage, one.start, one.end) for one in found.questions
                ],
            }
            for kind, found in corpus.questions.items()
        },
        "documents": corpus.documents,
        "pairs": corpus.pairs,
        "retrieved": [
            (one.text, [(_plain(each.excerpt), each.right) for each in one.candidates])
            for one in corpus.retrieved
        ],
        "sources": corpus.sources,
        "dropped": corpus.dropped,
    }
    fresh = path.with_name(f"{path.name}.tmp")
    with lzma.open(fresh, "wt", encoding="utf-8", preset=1) as file:
        json.dump(record, file, ensure_ascii=False, separators=(",", ":"))
    fresh.replace(path)


def load(path: Path) -> Corpus:
    """Read what `save` wrote; raises UsageError for another file."""
    try:
        with lzma.open(path, "rt", encoding="utf-8") as file:
            record = json.load(file)
        return Corpus(
            questions={
                kind: QuestionSet(
                    [_excerpt(*row) for row in found["passages"]],
                    [Question(*row) for row in found["questions"]],
                )
                for kind, found in record["questions"].items()
            },
            documents=record["documents"],
            pairs=[(a, b) for a, b in record["pairs"]],
            retrieved=[
                Retrieved(
                    text, tuple(Labelled(_excerpt(*one), tuple(right)) for one, right in rows)
                )
                for text, rows in record["retrieved"]
            ],
            sources=Counter(record["sources"]),
            dropped=Counter(record["dropped"]),
        )
    except (OSError, EOFError, lzma.LZMAError, ValueError, KeyError, TypeError) as error:
        raise UsageError(f"{path} is no corpus of a reader; remove it: {error}") from None


def _plain(excerpt: Excerpt) -> tuple[str, str, tuple[int, ...]]:
    return excerpt.title, excerpt.text, excerpt.sentences


def _excerpt(title: str, text: str, begins: Sequence[int]) -> Excerpt:
    return Excerpt(title, text, tuple(begins))
