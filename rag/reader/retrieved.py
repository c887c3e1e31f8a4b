"""Ask training questions with retrieval: questions on passages in, each with what it finds out.

The passages are indexed as a user's articles are, and a question gets eight of them with their
neighbouring sentences, so that the reader is trained on what it will read.
"""

import json
from collections.abc import Mapping
from pathlib import Path

from index.config import IndexConfig
from index.errors import UsageError
from index.fold import fold
from index.progress import Progress
from index.search import Index, open_index
from index.sync import sync
from rag.answer import make_material
from rag.config import RetrievalConfig
from rag.context import widened
from rag.question import read_question
from rag.reader.corpus import Labelled, Question, QuestionSet, Retrieved
from rag.reader.reader import Excerpt
from rag.rerank import Reranker, load_reranker
from rag.retrieve import Search, retrieve
from rag.statements import gather_statements

__all__ = ["MOST", "ask_with_retrieval"]

MOST: Mapping[str, int] = {"zh": 4_000, "en": 2_000}
"""Questions of a kind that are asked."""


def ask_with_retrieval(
    sets: Mapping[str, QuestionSet], work: Path, *, most: Mapping[str, int] = MOST
) -> list[Retrieved]:
    """Ask questions spread over the passages; those that find no right sentence are left out."""
    config = RetrievalConfig()
    reranker = load_reranker(config)
    progress = Progress(shown=True)
    found = []
    for kind, limit in most.items():
        if kind not in sets:
            continue
        questions = sets[kind].questions
        chosen = questions[:: max(1, len(questions) // limit)][:limit]
        with open_index(_build(sets[kind], work / kind)) as index:
            for done, question in enumerate(chosen, start=1):
                one = _ask(index, question, sets[kind], config, reranker)
                if one is not None:
                    found.append(one)
                progress.update(f"{kind}: questions", done, len(chosen))
    progress.clear()
    return found


def _build(questions: QuestionSet, work: Path) -> Path:
    work.mkdir(parents=True, exist_ok=True)
    articles = work / "articles.jsonl"
    with articles.open("w", encoding="utf-8") as file:
        for number, passage in enumerate(questions.passages):
            record = {"id": str(number), "title": passage.title, "text": passage.text}
            file.write(json.dumps(record, ensure_ascii=False) + "\n")
    sync([articles], work / "index", config=IndexConfig(max_file_mb=1_000), progress=True)
    return work / "index"


def _ask(
    index: Index,
    question: Question,
    questions: QuestionSet,
    config: RetrievalConfig,
    reranker: Reranker,
) -> Retrieved | None:
    """None where a question cannot be asked or no sentence that is found holds its answer."""
    try:
        search = Search(read_question(question.text))
    except UsageError:
        return None
    found = retrieve(index, search, config=config, reranker=reranker)
    statements = gather_statements(make_material(index, search, found.passages)).rows
    answer = _plain(questions.passages[question.passage].text[question.start : question.end])
    right = [bool(answer) and answer in _plain(one.text) for one in statements]
    own = [one.article.id == str(question.passage) for one in statements]
    if any(r and o for r, o in zip(right, own, strict=True)):
        right = [r and o for r, o in zip(right, own, strict=True)]
    if not any(right):
        return None
    candidates = []
    for place, passage in enumerate(found.passages):
        start, end = widened(passage.article, passage.chunk)
        rows = [n for n, one in enumerate(statements) if one.passage == place]
        candidates.append(
            Labelled(
                Excerpt(
                    passage.article.title,
                    passage.article.text[start:end],
                    tuple(statements[n].start - start for n in rows),
                ),
                tuple(right[n] for n in rows),
            )
        )
    return Retrieved(question.text, tuple(candidates))


def _plain(text: str) -> str:
    """As answers are compared: folded, without spaces and punctuation but for 3.5 and 9%."""
    return "".join(c for c in fold(text) if c.isalnum() or c in ".%")
