"""The collection behind the page: its summary, its answers, and the generation that it serves."""

import threading
import time
from contextlib import closing

import pytest
from syncing import CONFIG, article, write

from index.errors import UsageError
from index.search import open_index
from index.store import current_name, rollback
from index.sync import sync
from rag.answer import Asker
from rag.config import AnswerConfig, Config
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


def test_a_sample_article_that_somebody_edited_gives_no_example_and_no_error(sample, monkeypatch):
    def lost(*_):
        raise UsageError("the gold quote is not in the article")

    monkeypatch.setattr("ui.collection.GoldFinder.locate", lost)
    assert Collection(sample).summary().examples == ()


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


def test_a_generation_that_cannot_answer_does_not_take_over(growing, caplog, monkeypatch):
    opened = []
    monkeypatch.setattr(Asker, "prepare", _fails)
    monkeypatch.setattr(
        "ui.collection.open_index", lambda *a, **k: opened.append(open_index(*a, **k)) or opened[-1]
    )
    growing.grow(2)
    growing.refresh()
    assert "g000002 is not served: broken" in caplog.text
    assert [is_closed(index) for index in opened] == [True]
    monkeypatch.undo()
    assert growing.summary().generation == "g000001"
    *_, last = growing.stream(QUESTION)  # whoever asks at 0 tries anew
    assert last.answer.index_generation == "g000002"


def _fails(_asker):
    raise UsageError("broken")


def test_nobody_waits_for_a_generation_that_is_being_opened(growing, monkeypatch):
    growing._check_every_s = 0.001
    reached, go = threading.Event(), threading.Event()

    def slow(_asker):
        reached.set()
        assert go.wait(5)

    monkeypatch.setattr(Asker, "prepare", slow)
    growing.grow(2)
    time.sleep(0.002)
    *_, first = growing.stream(QUESTION)
    assert first.answer.index_generation == "g000001"
    assert reached.wait(5)
    *_, second = growing.stream(QUESTION)
    assert second.answer.index_generation == "g000001"
    go.set()
    growing.refresh()  # waits for the thread that opens
    # Summed up before it took over: no question does that.
    assert growing._served._summary is not None
    assert growing.summary().generation == "g000002"


def test_what_was_refused_is_left_alone_until_it_changes(growing, monkeypatch):
    growing._check_every_s = 0.001
    tries = []

    def fails(directory, **_how):
        tries.append(directory)
        raise UsageError("broken")

    monkeypatch.setattr("ui.collection.open_index", fails)
    growing.grow(2)
    growing.refresh()
    for _ in range(3):
        time.sleep(0.002)
        growing.refresh(max_age_s=0.001)
        with growing._opening:
            pass
    assert len(tries) == 1
    growing.grow(3)
    growing.refresh(max_age_s=0.001)
    with growing._opening:
        pass
    assert len(tries) == 2


CURATED = """
[[answer]]
id = "year"
questions = ["第1种手机银行在哪一年推出？"]
approved_by = "客户服务部"

[[answer.sentences]]
text = "{}"
citations = [{{ article = "articles/a1.md", quote = "{}" }}]
"""


@pytest.fixture
def curated(tmp_path):
    """A collection of one article with a file of curated answers; ``edit`` writes the file."""
    folder, directory, file = tmp_path / "articles", tmp_path / "index", tmp_path / "curated.toml"
    write(folder, a1_md=article(1))
    sync([folder], directory, config=CONFIG)

    def edit(text):
        file.write_text(CURATED.format(text, article(1).split("。")[0][-8:]), encoding="utf-8")

    edit("第一版。")
    config = Config(answer=AnswerConfig(curated=str(file)))
    with closing(Collection(Asker(open_index(directory), config=config), check_every_s=0.0)) as it:
        it.edit, it.file = edit, file
        yield it


def said(collection):
    *_, last = collection.stream(QUESTION)
    return [sentence.text for sentence in last.answer.sentences]


def test_curated_answers_that_are_edited_count_without_a_restart(curated):
    before = curated._served.asker.index
    assert said(curated) == ["第一版。"]
    curated.edit("改过的第二版。")
    assert said(curated) == ["改过的第二版。"]
    assert is_closed(before)


def test_curated_answers_broken_in_mid_edit_leave_the_old_ones(curated, caplog):
    assert said(curated) == ["第一版。"]
    curated.file.write_text("[[answer]\nid = ", encoding="utf-8")
    assert said(curated) == ["第一版。"]
    assert "is not served" in caplog.text
    # Another generation takes the page down no more than that.
    curated.file.unlink()
    assert said(curated) == ["第一版。"]
    curated.edit("修好的一版。")
    assert said(curated) == ["修好的一版。"]


def test_curated_answers_that_are_broken_at_the_start_are_told_at_the_start(curated):
    curated.file.write_text("[[answer]\nid = ", encoding="utf-8")
    asker = curated._served.asker
    fresh = Collection(Asker(open_index(curated.directory), config=asker.config))
    with closing(fresh), pytest.raises(UsageError, match="curated"):
        fresh.summary()
