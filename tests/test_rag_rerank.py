"""Both rerankers and the file of weights."""

import numpy as np
import pytest

from index.errors import UsageError
from rag.config import RetrievalConfig
from rag.evidence import FEATURES, Evidence
from rag.rerank import WEIGHTS, CrossEncoderReranker, LightReranker, load_reranker
from rag.weights import read_weights


def test_the_light_one_is_a_weighted_sum_that_can_be_taken_apart():
    features = np.zeros((2, len(FEATURES)))
    features[0, FEATURES.index("dense")] = 0.5
    features[1, FEATURES.index("coverage")] = 1.0
    evidence = Evidence(features, np.zeros((2, 0)), np.zeros(0))
    reranker = LightReranker({"dense": 4.0, "coverage": 1.5})
    assert reranker.score("", (), evidence) == pytest.approx([2.0, 1.5])
    assert reranker.parts(evidence) == [{"dense": 2.0}, {"coverage": 1.5}]


def test_the_shipped_weights_name_every_feature():
    weights = read_weights(WEIGHTS, FEATURES)
    assert set(weights) <= set(FEATURES)
    assert sum(value != 0 for value in weights.values()) >= 10


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[weights]\ndens = 1.0\n", r"unknown feature 'dens'; known: lexical"),
        ('[weights]\ndense = "much"\n', "dense must be a number"),
        ("[weights\n", "is not valid TOML"),
    ],
)
def test_bad_weights_are_named(tmp_path, text, message):
    path = tmp_path / "own.toml"
    path.write_text(text)
    with pytest.raises(UsageError, match=message):
        load_reranker(RetrievalConfig(weights=str(path)))


def test_missing_weights_are_named(tmp_path):
    with pytest.raises(UsageError, match=r"cannot read the weights .*gone\.toml"):
        load_reranker(RetrievalConfig(weights=str(tmp_path / "gone.toml")))


def test_a_missing_cross_encoder_is_named(tmp_path):
    reranker = load_reranker(RetrievalConfig(reranker=str(tmp_path / "none")))
    assert isinstance(reranker, CrossEncoderReranker)
    evidence = Evidence(np.zeros((1, len(FEATURES))), np.zeros((1, 0)), np.zeros(0))
    with pytest.raises(UsageError, match="cannot be loaded"):
        reranker.score("银行", (_candidate("银行"),), evidence)


@pytest.mark.slow
def test_a_real_cross_encoder_orders_the_candidates(tmp_path):
    """One with a tiny BERT made on the spot: what matters is the way through, not the order."""
    from sentence_transformers import CrossEncoder
    from transformers import BertConfig, BertForSequenceClassification, BertTokenizerFast

    letters = sorted({*"银行手机用户abc"})
    vocabulary = tmp_path / "vocab.txt"
    vocabulary.write_text("\n".join(["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *letters]))
    config = BertConfig(
        vocab_size=5 + len(letters), hidden_size=16, num_hidden_layers=1, num_attention_heads=2,
        intermediate_size=16, num_labels=1,
    )  # fmt: skip
    folder = tmp_path / "cross"
    BertForSequenceClassification(config).save_pretrained(folder)
    BertTokenizerFast(str(vocabulary)).save_pretrained(folder)
    reranker = CrossEncoderReranker(str(folder), device="cpu")
    candidates = (_candidate("银行"), _candidate("手机用户"))
    evidence = Evidence(np.zeros((2, len(FEATURES))), np.zeros((2, 0)), np.zeros(0))
    scores = reranker.score("手机", candidates, evidence)
    expected = CrossEncoder(str(folder), device="cpu").predict(
        [("手机", "\n银行"), ("手机", "\n手机用户")]
    )
    assert scores == pytest.approx(expected, abs=1e-5)
    assert reranker.score("手机", (), evidence).shape == (0,)


def _candidate(text):
    from index.article import Article, Chunk, Script
    from rag.evidence import Candidate

    article = Article(
        id="a", text=text, title="", path="a.md", language="zh", script=Script.SIMPLIFIED,
        encoding="utf-8",
    )  # fmt: skip
    return Candidate(0, Chunk("a:0", "a", 0, len(text), text), article, 1.0, 0.5)
