"""The retrieval table and the fit: ranks, halves, intervals, weights that can be found again."""

import numpy as np
import pytest

from eval.benchmarks import CROSS, SETS, Half, Query, half_of
from eval.fit import Sample, fit_weights, mean_reciprocal_rank, write_weights
from eval.retrieval import STEPS, bootstrap, ranks_of
from rag.config import RetrievalConfig
from rag.evidence import FEATURES
from rag.weights import read_weights


def test_halves_are_the_same_everywhere_and_about_equal():
    halves = [half_of(f"doc-{n}") for n in range(1_000)]
    assert halves[:4] == [half_of(f"doc-{n}") for n in range(4)]
    assert 430 < halves.count(Half.FIT) < 570
    assert set(CROSS) <= set(SETS)


def test_an_interval_holds_the_mean_and_narrows():
    few = np.array([1.0, 0.0] * 10)
    many = np.array([1.0, 0.0] * 1_000)
    (low, high), (lower, upper) = bootstrap(many), bootstrap(few)
    assert lower < low < 0.5 < high < upper
    assert bootstrap(np.ones(30)) == (1.0, 1.0)


def test_articles_are_ranked_not_chunks(sample):
    article = next(
        a for a in sample.index.articles() if a.path == "articles/zh/2020-03-12-six-banks-online.md"
    )
    query = Query("交行的在线机器人回答了多少笔提问？", frozenset((article.id,)), ())
    nowhere = Query("交行的在线机器人", frozenset(("no such article",)), ())
    ranks = ranks_of(sample.index, [query, nowhere], config=RetrievalConfig())
    assert set(ranks) == set(STEPS)
    assert ranks["passages"].tolist() == [1, 10_000]


def test_a_weight_that_decides_is_found():
    rng = np.random.default_rng(0)
    place = FEATURES.index("coverage")
    group = []
    for _ in range(60):
        features = rng.random((8, len(FEATURES)))
        right = features[:, place] == features[:, place].max()
        group.append(Sample(features, right, np.zeros((0, 3))))
    weights = fit_weights([group])
    others = [n for n, name in enumerate(FEATURES) if name not in ("coverage", "date_fit", "alias")]
    assert weights[place] > 5 * np.abs(weights[others]).max()


def test_the_cosine_decides_by_its_weight():
    # BM25, cosine, right: the right chunk has the better cosine.
    sample = Sample(
        np.zeros((2, len(FEATURES))),
        np.array([True, False]),
        np.array([[0.5, 0.6, 1.0], [0.7, 0.2, 0.0]]),
    )
    assert mean_reciprocal_rank([sample], cosine=0.1) == pytest.approx(0.5)
    assert mean_reciprocal_rank([sample], cosine=1.0) == pytest.approx(1.0)


def test_what_is_written_can_be_read(tmp_path):
    path = tmp_path / "weights.toml"
    write_weights(path, np.arange(len(FEATURES)) / 10, ["a", "b"])
    assert list(read_weights(path, FEATURES).values()) == pytest.approx(
        np.arange(len(FEATURES)) / 10
    )
    assert "fitting halves of: a, b" in path.read_text(encoding="utf-8")
