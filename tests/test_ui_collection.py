"""The collection behind the page: its summary, its examples, the same answers as the terminal."""

import pytest

from rag.question import Turn
from rag.schema import Finished
from ui.collection import Collection
from ui.page import MAX_EXAMPLES


@pytest.fixture(scope="module")
def collection(sample):
    return Collection(sample)


def test_the_summary_counts_what_the_index_holds(collection, sample):
    summary = collection.summary()
    articles = list(sample.index.articles())
    days = sorted(a.published for a in articles if a.published)
    assert summary.articles == len(articles) == sample.index.article_count
    assert summary.chunks == sample.index.chunk_count
    assert (summary.earliest, summary.latest) == (days[0], days[-1])
    assert summary.generation == sample.index.generation
    assert summary.built.tzinfo is not None


def test_no_example_is_declined(collection, sample):
    examples = collection.summary().examples
    assert 1 <= len(examples) <= MAX_EXAMPLES
    assert len(set(examples)) == len(examples)
    assert [q for q in examples if sample.answer(q).abstained] == []


def test_the_page_gets_the_answer_that_the_terminal_gets(collection, sample):
    question, dialogue = "那交行的接通率呢？", (Turn("建行的居家坐席把人工接通率提高了多少？"),)
    *_, last = collection.stream(question, dialogue=dialogue)
    assert isinstance(last, Finished)
    expected = sample.answer(question, dialogue=dialogue)
    assert last.answer.citations == expected.citations
    assert last.answer.answer == expected.answer


def test_an_article_comes_by_its_id(collection, sample):
    article = next(sample.index.articles())
    assert collection.article(article.id) == article
    with pytest.raises(KeyError):
        collection.article("no such id")
