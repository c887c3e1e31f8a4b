"""The made-up collection of the benchmark, and its table."""

from dataclasses import replace

import pytest

from eval.bench_large import Figures, Language, build, serve, table
from index.config import IndexConfig
from index.hashing import HashEmbedder
from index.store import verify
from index.tokens import terms


@pytest.fixture(scope="module")
def language():
    return Language()


def test_the_same_number_gives_the_same_article_everywhere(language):
    assert language.article(3) == Language().article(3)
    assert language.article(3).text != language.article(4).text
    assert 1000 < len(language.article(3).text) < 1600


def test_a_question_is_about_an_article(language):
    articles = [set(terms(language.article(number).text)) for number in range(5)]
    best = second = 0.0
    for number in range(20):
        question = language.question(number, articles=5)
        assert 10 <= len(question) <= 60
        asked = {term for term in terms(question) if len(term) == 2}
        shares = sorted(len(asked & words) / len(asked) for words in articles)
        best, second = best + shares[-1], second + shares[-2]
    assert best > 1.5 * second
    assert language.question(1, articles=5) != language.question(2, articles=5)


@pytest.mark.parametrize(("kind", "shown"), [("flat", "flat"), ("codes", "codes, 32 candidates")])
def test_an_index_is_built_and_asked(tmp_path, kind, shown):
    config = IndexConfig(embedder="hash", vectors=kind)
    articles = build(tmp_path, chunks=200, config=config, embedder=HashEmbedder())
    manifest = verify(tmp_path)
    assert manifest.counts.articles == articles
    assert 180 <= manifest.counts.chunks <= 220
    figures = serve(tmp_path, questions=7, embedder=HashEmbedder())
    assert len(figures.lexical_ms) == len(figures.dense_ms) == len(figures.flat_cpu_ms) == 7
    assert figures.recall >= 0.98
    assert figures.kind.startswith(shown)


def test_the_table_says_what_is_met():
    figures = Figures(
        chunks=199_568,
        articles=40_000,
        kind="flat",
        open_s=0.6,
        lexical_ms=(10.0, 11.0, 90.0),
        lexical_cpu_ms=(1.0, 1.0, 1.0),
        dense_ms=(5.0, 5.0, 5.0),
        dense_cpu_ms=(1.0, 1.0, 1.0),
        flat_ms=(32.0, 32.0, 32.0),
        flat_cpu_ms=(1.0, 1.0, 1.0),
        recall=0.97,
        rss_mb=2000.0,
    )
    text = table(figures)
    assert "16.0    87.1" in text
    assert "0.50  (p50 20: met)  (p95 50: missed)" in text
    assert "0.60 s  (0.5: missed)" in text
    assert "2000 MB\n" in text
    assert "0.970  (0.98: missed)" in text
    assert "2000 MB  (1500: missed)" in table(replace(figures, chunks=1_000_400))
