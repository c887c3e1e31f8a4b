"""Read the training data: which rows may be used, and as what.

In: the data folder (``train`` and ``dev``). Out: a ``Corpus`` of documents (lists of sentences,
without labels) and of text pairs, by task. It does not know tokens or vectors.

Two rules are kept here mechanically. Licence: rows marked ``open`` are used as they are, rows
marked ``press`` as unlabelled text only, all others not at all. Development data: a training row
that repeats a text of a development set, exactly or nearly, is dropped and counted.
"""

import json
import lzma
import random
import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from index.encoder.switch import Switcher
from index.fold import fold

__all__ = ["Corpus", "Guard", "Pair", "read_corpus", "read_rows"]

Pair = tuple[str, str]

_WINDOW = 24
"""Characters of a shingle: in Chinese about a sentence, in English four or five words."""

_NEAR = 0.2
"""The share of a text's shingles found in development texts from which it counts as a repeat."""

_PIVOT = frozenset(
    {"en", "zh-Hans", "zh-Hant", "ja", "ko", "fr", "es", "id", "pt", "ru", "it", "de"}
)
"""Languages with sentence pairs enough for batches of their own; the others share theirs."""

_CODES = {"ell": "el", "ron": "ro", "tur": "tr", "hin": "hi", "arz": "ar", "arq": "ar", "rus": "ru"}
"""Three-letter codes of Tatoeba for languages that other sources name by two letters."""

_RUNNING = ("tico19.all", "django_docs.po", "tldr.pairs")
"""Translations whose rows follow each other as the sentences of their documents do."""

_RETRIEVED = ("crud_news", "stard")
"""Development sets that are searched among texts which are also in the training data (news, the
laws of China). What is kept away from training are the documents that answer a question."""


@dataclass(slots=True)
class Corpus:
    """What an encoder is trained on.

    ``documents`` are lists of sentences by kind, ``pairs`` texts that belong together by task,
    ``languages`` the sentences of translation pairs by language (but English), ``sources`` counts
    the rows used and ``dropped`` those left out, by source and reason.
    """

    documents: dict[str, list[list[str]]] = field(default_factory=lambda: defaultdict(list))
    pairs: dict[str, list[Pair]] = field(default_factory=lambda: defaultdict(list))
    languages: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    sources: Counter[str] = field(default_factory=Counter)
    dropped: Counter[str] = field(default_factory=Counter)


def read_rows(path: Path) -> Iterator[dict[str, Any]]:
    """Read a ``.jsonl.xz`` file row by row."""
    with lzma.open(path, "rt", encoding="utf-8") as lines:
        for line in lines:
            yield json.loads(line)


def read_corpus(data: Path, *, seed: int = 0) -> Corpus:
    """Read everything that training may use.

    Args:
        data: The folder that holds ``train`` and ``dev``. Of ``dev``, the news articles named by
            ``train/news_docs.ids.txt`` are read as text, the rest only to keep it out.
        seed: Of the random choices in made-up mixed-language pairs.
    """
    guard = Guard(data / "dev")
    corpus = Corpus()
    _read_documents(data, corpus, guard)
    _read_questions(data / "train", corpus, guard)
    _read_translations(data / "train", corpus, guard)
    _switch_languages(corpus, random.Random(seed))  # noqa: S311 - nothing here is secret
    return corpus


class Guard:
    """Knows the development texts: exactly the short ones, by shingles the long ones."""

    def __init__(self, dev: Path) -> None:
        """Read every development set under a folder."""
        self._exact: set[str] = set()
        shingles = [np.zeros(0, dtype=np.uint64)]
        for path in sorted(dev.glob("*.jsonl.xz")):
            name, _, kind = path.name.removesuffix(".jsonl.xz").rpartition(".")
            wanted = None
            if kind == "corpus" and name in _RETRIEVED:
                queries = read_rows(dev / f"{name}.queries.jsonl.xz")
                wanted = {gold for row in queries for gold in row.get("gold", ())}
            texts = []
            for row in read_rows(path):
                if wanted is not None and row["doc_id"] not in wanted:
                    continue
                texts += [_letters(row[key]) for key in ("q", "a", "b", "text") if row.get(key)]
            self._exact.update(texts)
            shingles.append(np.unique(_shingles(texts)[0]))
        self._shingles = np.unique(np.concatenate(shingles))

    def repeats(self, texts: Sequence[str]) -> npt.NDArray[np.bool_]:
        """Tell for each text whether it repeats a development text."""
        letters = [_letters(text) for text in texts]
        exact = np.array([text in self._exact for text in letters], dtype=bool)
        hashes, owners = _shingles(letters)
        places = np.searchsorted(self._shingles, hashes)
        places[places == len(self._shingles)] = 0
        known = self._shingles[places] == hashes
        found = np.bincount(owners, weights=known, minlength=len(texts))
        total = np.bincount(owners, minlength=len(texts))
        near: npt.NDArray[np.bool_] = found > _NEAR * np.maximum(total, 1)
        return exact | near


class _Letters(dict[int, str | None]):
    """Code point → folded letter or digit, None for everything else; filled as needed."""

    def __missing__(self, code: int) -> str | None:
        folded = fold(chr(code))
        letter = self[code] = folded if folded.isalnum() else None
        return letter


_LETTERS = _Letters()


def _letters(text: str) -> str:
    return text.translate(_LETTERS)


def _shingles(texts: Sequence[str]) -> tuple[npt.NDArray[np.uint64], npt.NDArray[np.int64]]:
    """Hash every window of ``_WINDOW`` characters; with each hash comes its text's number."""
    codes = np.frombuffer("".join(texts).encode("utf-32-le", "surrogatepass"), dtype="<u4")
    owners = np.repeat(np.arange(len(texts)), [len(text) for text in texts])
    if len(codes) < _WINDOW:
        return np.zeros(0, dtype=np.uint64), np.zeros(0, dtype=np.int64)
    count = len(codes) - _WINDOW + 1
    hashes = np.zeros(count, dtype=np.uint64)
    for shift in range(_WINDOW):
        hashes *= np.uint64(0x9E3779B97F4A7C15)
        hashes += codes[shift : shift + count]
    whole = owners[:count] == owners[_WINDOW - 1 :]
    return hashes[whole], owners[:count][whole]


def _sentences(text: str) -> list[str]:
    """Cut a text roughly into sentences: training needs no exact ones, but a hundred megabytes."""
    cuts = re.findall(r".+?(?:[。！？!?；।]+[”’」』）\"]*|\.(?=\s)|\n|$)", text)
    return [cut for cut in cuts if len(cut) > 3]


def _read_documents(data: Path, corpus: Corpus, guard: Guard) -> None:
    allowed = set((data / "train" / "news_docs.ids.txt").read_text().split())
    news = read_rows(data / "dev" / "crud_news.corpus.jsonl.xz")
    rows = [
        ("news", "crud_news.corpus", "", row["text"]) for row in news if row["doc_id"] in allowed
    ]
    for row in read_rows(data / "train" / "title_body.jsonl.xz"):
        if row["lic"] == "open":
            kind = "law" if row["src"] == "cn_laws.articles" else "abstract"
            rows.append((kind, row["src"], row["title"], row["text"]))
        elif row["lic"] == "press":  # as unlabelled text: without its title
            rows.append(("bulletin", row["src"], "", row["text"]))
        else:
            corpus.dropped[f"{row['src']}: licence {row['lic']}"] += 1
    repeats = guard.repeats([text for *_, text in rows])
    for (kind, source, title, text), repeated in zip(rows, repeats, strict=True):
        if repeated:
            corpus.dropped[f"{source}: repeats a development text"] += 1
            continue
        corpus.sources[source] += 1
        corpus.documents[kind].append(_sentences(text))
        if title:
            corpus.pairs[f"title-{kind}"].append((title, text))


def _read_questions(train: Path, corpus: Corpus, guard: Guard) -> None:
    rows = []
    for name in ("qa_passage", "qa_answer"):
        for row in read_rows(train / f"{name}.jsonl.xz"):
            if row["lic"] == "open":
                rows.append(row)
            else:
                corpus.dropped[f"{row['src']}: licence {row['lic']}"] += 1
    passages = sorted({row["passage"] for row in rows})
    repeated = dict(zip(passages, guard.repeats(passages), strict=True))
    asked = guard.repeats([row["q"] for row in rows])
    seen = set()
    for row, repeats in zip(rows, asked, strict=True):
        passage = row["passage"]
        if repeats or repeated[passage]:
            corpus.dropped[f"{row['src']}: repeats a development text"] += 1
            continue
        corpus.sources[row["src"]] += 1
        language = row["lang"] if row["lang"] in ("en", "ja") else "zh"
        corpus.pairs[f"question-{language}"].append((row["q"], passage))
        if passage not in seen:
            seen.add(passage)
            corpus.documents[f"passage-{language}"].append(_sentences(passage))


def _read_translations(train: Path, corpus: Corpus, guard: Guard) -> None:
    rows = []
    for row in read_rows(train / "parallel.jsonl.xz"):
        if row["lic"] == "open":
            rows.append(row)
        else:
            corpus.dropped[f"{row['src']}: licence {row['lic']}"] += 1
    repeats = guard.repeats([row["a"] for row in rows]) | guard.repeats([row["b"] for row in rows])
    runs: dict[str, list[Pair]] = defaultdict(list)  # successive rows of one document
    for row, repeated in zip(rows, repeats, strict=True):
        if repeated:
            corpus.dropped[f"{row['src']}: repeats a development text"] += 1
            continue
        corpus.sources[row["src"]] += 1
        other = row["lang_b"] if row["lang_a"] == "en" else row["lang_a"]
        task = f"translation-{other if other in _PIVOT else 'rest'}".replace("-Hans", "").replace(
            "-Hant", ""
        )
        corpus.pairs[task].append((row["a"], row["b"]))
        text = row["b"] if row["lang_a"] == "en" else row["a"]
        corpus.languages[_CODES.get(other, other)].append(text)
        if row["src"] in _RUNNING:
            runs[f"{row['src']} {other}"].append((row["a"], text))
    for name, run in runs.items():
        for start in range(0, len(run), 8):
            corpus.documents["run"].append([text + " " for _, text in run[start : start + 8]])
        if name.startswith("tldr"):
            continue  # its lines are commands: as text they do not go on from each other
        task = "window-zh" if name.endswith("zh-Hans") else "window"
        for start in range(0, len(run) - 4, 4):
            lines = run[start : start + 4]
            corpus.pairs[task] += [
                (lines[1][0], " ".join(b for _, b in lines)),
                (lines[2][1], " ".join(a for a, _ in lines)),
                (lines[1][1], " ".join(b for _, b in (lines[0], *lines[2:]))),
            ]
    for row in read_rows(train / "dictionary.jsonl.xz"):
        corpus.sources[row["src"]] += 1
        gloss = re.sub(r"\([^)]*\)|\S*\|\S*|\[[^]]*\]", " ", row["b"]).strip()
        if gloss and not gloss.startswith("variant of"):
            corpus.pairs["dictionary"].append((row["a"], gloss))


def _switch_languages(corpus: Corpus, rng: random.Random) -> None:
    """Make Chinese-English pairs from texts of one language, word by word with the dictionary.

    In a mean of token vectors word order is nothing, so a word-by-word gloss is nearly as good as
    a translation, and there are as many as there are texts.
    """
    switcher = Switcher(corpus.pairs["dictionary"])
    pairs = corpus.pairs["switched"]
    for kind in ("news", "bulletin"):
        for sentences in corpus.documents[kind]:
            if len(sentences) < 4:
                continue
            chosen = rng.randrange(len(sentences))
            keep = rng.random() < 0.5
            rest = "".join(s for i, s in enumerate(sentences) if i != chosen or keep)[:400]
            if rng.random() < 0.5:
                pairs.append((switcher.to_english(sentences[chosen], rng), rest))
            else:
                pairs.append((sentences[chosen], switcher.to_english(rest, rng)))
    for question, passage in corpus.pairs["question-zh"]:
        pairs.append((switcher.to_english(question, rng), passage))
        pairs.append((question, switcher.to_english(passage[:500], rng)))
    for question, passage in corpus.pairs["question-en"]:
        if rng.random() < 0.5:
            pairs.append((switcher.to_chinese(question, rng), passage))
        else:
            pairs.append((question, switcher.to_chinese(passage[:1000], rng)))
