"""What the tests of store and sync share: small articles, and the logical content of an index."""

import hashlib
from pathlib import Path

from index.article import Article, Chunk
from index.config import IndexConfig
from index.lexical import LexicalIndex
from index.store import open_generation
from index.sync import sync
from index.vectors import read_vectors

CONFIG = IndexConfig(embedder="hash", max_chars=60)

QUESTIONS = ("手机银行哪一年推出", "客户满意度", "a second branch", "小微企业贷款")


def article(number: int) -> str:
    """A short article; the same number gives the same text."""
    mark = hashlib.blake2b(str(number).encode(), digest_size=2).hexdigest()
    return (
        f"# 第{number}号通告\n\n"
        f"临江银行在{1990 + number % 30}年推出第{number}种手机银行，编号{mark}。"
        f"当年客户满意度为{number % 100}.{number % 7}%，比上一年高。\n\n"
        f"小微企业贷款共{number * 13}笔。The bank opened a second branch in {1991 + number % 30}.\n"
    )


def write(folder: Path, **files: str | bytes) -> None:
    """Write files; ``a_md`` stands for ``a.md``, ``sub__a_md`` for ``sub/a.md``."""
    for name, data in files.items():
        path = folder / name.replace("__", "/").replace("_", ".")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data.encode() if isinstance(data, str) else data)


def contents(index: Path) -> dict[str, object]:
    """Everything that an index says, without anything about how it came to say it."""
    generation = open_generation(index)
    try:
        articles: list[Article] = list(generation.articles())
        chunks: list[Chunk] = [generation.chunk(row) for row in range(generation.chunk_count)]
        vectors = read_vectors(generation.vectors_path, dim=generation.manifest.dim)
        lexical = LexicalIndex.open(generation.lexical_folder, count=len(chunks))
        assert vectors.shape == (len(chunks), generation.manifest.dim)
        return {
            "articles": articles,
            "chunks": chunks,
            "positions": generation.article_positions.tolist(),
            "vectors": vectors.tobytes(),
            "groups": {a.id: generation.group_of(a.id) for a in articles},
            "members": {a.id: generation.group_members(a.id) for a in articles},
            "found": [[(h.row, h.score) for h in lexical.search(q, k=20)] for q in QUESTIONS],
            "files": [(f.path, f.sha256) for f in generation.catalogue.files()],
        }
    finally:
        generation.close()


def clean_build(folder: Path, index: Path) -> dict[str, object]:
    """What an index of the folder says when it is built at once."""
    sync([folder], index, config=CONFIG)
    return contents(index)
