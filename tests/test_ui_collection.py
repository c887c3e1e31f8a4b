"""The collection behind the page: its summary, its answers, and the generation that it serves."""

import threading
from contextlib import closing

import pytest
from syncing import CONFIG, article, write

from index.search import open_index
from index.store import current_name, rollback
from index.sync import sync
from rag.answer import Asker
from rag.config import Config
from rag.question import Turn
from rag.schema import Finished, Retrieved
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


# --- following the generation on the disk --------------------------------------------------------

QUESTION = "第1种手机银行在哪一年推出？"


@pytest.fixture
def growing(tmp_path):
    """An index of one article, served; ``grow(n)`` publishes a generation of n articles."""
    folder, directory = tmp_path / "articles", tmp_path / "index"

    def grow(count):
        write(folder, **{f"a{n}_md": article(n) for n in range(1, count + 1)})
        sync([folder], directory, config=CONFIG)

    grow(1)
    asker = Asker(open_index(directory), config=Config())
    with closing(Collection(asker, check_every_s=0.0)) as collection:
        collection.grow = grow
        yield collection


def is_closed(index):
    try:
        index.listing()
    except Exception:
        return True
    return False


def test_the_next_question_gets_the_new_generation_and_one_under_way_keeps_its_own(growing):
    before = growing._served.asker.index
    stream = growing.stream(QUESTION)
    assert isinstance(next(stream), Retrieved)
    growing.grow(3)
    *_, second = growing.stream(QUESTION)
    assert second.answer.index_generation == "g000002"
    assert growing.summary().articles == 3
    # The first goes on in the old generation, which is closed by its end and not before.
    assert not is_closed(before)
    *_, first = stream
    assert first.answer.index_generation == "g000001"
    assert is_closed(before)


def test_a_stream_that_is_given_up_lets_go_of_its_generation(growing):
    before = growing._served.asker.index
    stream = growing.stream(QUESTION)
    next(stream)
    growing.grow(2)
    growing.refresh()
    assert not is_closed(before)
    stream.close()
    assert is_closed(before)


def test_a_generation_that_nobody_uses_is_closed_at_once(growing):
    before = growing._served.asker.index
    growing.grow(2)
    growing.refresh()
    assert is_closed(before)
    assert growing.summary().generation == "g000002"


def test_a_rollback_is_followed_too(growing):
    growing.grow(2)
    growing.refresh()
    assert rollback(growing.directory) == "g000001"
    growing.refresh()
    assert growing.summary().generation == "g000001"


def test_the_models_that_are_loaded_are_kept(growing):
    embedder, gate = growing._served.asker.index.embedder, growing._served.asker._gate
    growing.grow(2)
    growing.refresh()
    assert growing._served.asker.index.embedder is embedder
    assert growing._served.asker._gate is gate


def test_what_cannot_be_opened_leaves_the_old_one_serving(growing, caplog):
    (growing.directory / "CURRENT").write_text("g000007\n")
    growing.refresh()
    assert "g000007 is not served" in caplog.text
    *_, last = growing.stream(QUESTION)
    assert last.answer.index_generation == "g000001"


def test_the_disk_is_looked_at_only_so_often(growing, monkeypatch):
    looks = []
    monkeypatch.setattr(
        "ui.collection.current_name", lambda at: looks.append(at) or current_name(at)
    )
    for _ in range(20):
        growing.refresh(max_age_s=60.0)
    assert looks == []
    growing.refresh(max_age_s=0.0)
    assert len(looks) == 1


def test_no_answer_mixes_generations_while_many_ask(growing):
    """Askers in threads, a writer beside them: each answer is of one generation throughout."""
    wrong, seen, stop = [], set(), threading.Event()

    def ask():
        while not stop.is_set():
            try:
                with growing.index() as index:
                    ids = {row.id for row in index.listing()}
                    assert len(ids) == index.article_count
                events = list(growing.stream(QUESTION))
                answer = events[-1].answer
                number = int(answer.index_generation[1:])
                seen.add(number)
                # Generation n holds n articles: no passage may be of a later one.
                passages = next(e for e in events if isinstance(e, Retrieved)).passages
                names = {int(p.article.path.split("/a")[-1].split(".")[0]) for p in passages}
                if max(names) > number or {p.article.id for p in answer.passages} != {
                    p.article.id for p in passages
                }:
                    wrong.append((number, names))
            except Exception as error:
                wrong.append(repr(error))

    askers = [threading.Thread(target=ask) for _ in range(4)]
    for thread in askers:
        thread.start()
    for count in range(2, 6):
        growing.grow(count)
    growing.refresh()
    *_, last = growing.stream(QUESTION)
    stop.set()
    for thread in askers:
        thread.join()
    assert wrong == []
    assert last.answer.index_generation == "g000005"
    assert len(seen) > 1
