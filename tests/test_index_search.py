"""An index opened from disk: both legs with filters, access by row, refusals, threads, start-up."""

import json
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from pathlib import Path

import numpy as np
import pytest

from index.config import IndexConfig
from index.embed import passage_text
from index.errors import IndexDamagedError, IndexMismatchError, IndexMissingError, UsageError
from index.hashing import HashEmbedder
from index.passage import Filters
from index.search import open_index
from index.sync import sync

ARTICLES = [
    {
        "id": "bocom",
        "title": "交行智能机器人",
        "text": "交通银行的在线机器人每天应答十万笔提问。客户的满意度达到98.68%。",
        "source": "新华社",
        "published": "2020-03-01",
        "language": "zh",
        "tags": ["客服", "手机银行"],
    },
    {
        "id": "post",
        "title": "郵儲銀行發放貸款",
        "text": "郵儲銀行今年發放了兩千筆極速貸。每筆貸款平均五萬元。",
        "source": "人民日報",
        "published": "2023-06-30",
        "language": "zh",
        "tags": ["贷款"],
    },
    {
        "id": "branches",
        "title": "A bank opens branches",
        "text": "The bank opened 1,234 new branches. Customers like mobile banking.",
        "source": "Reuters",
        "language": "en",
    },
    {
        "id": "long",
        "title": "长篇报道",
        "text": "".join(f"第{i}家网点在第{i}天开始办理业务。" for i in range(200)),
        "published": "2021-01-01",
        "language": "zh",
    },
]


def build(folder, articles=ARTICLES):
    source = folder / "source"
    source.mkdir(parents=True, exist_ok=True)
    lines = [json.dumps(article, ensure_ascii=False) for article in articles]
    (source / "articles.jsonl").write_text("\n".join(lines), encoding="utf-8")
    sync([source], folder / "index", config=IndexConfig(embedder="hash"), embedder=HashEmbedder())
    return folder / "index"


@pytest.fixture(scope="module")
def directory(tmp_path_factory):
    return build(tmp_path_factory.mktemp("search"))


@pytest.fixture(scope="module")
def index(directory):
    with open_index(directory) as opened:
        yield opened


def found_articles(index, hits):
    return [index.article_of(hit.row).id for hit in hits]


def test_what_is_open_describes_itself(index):
    assert index.generation == "g000001"
    assert index.manifest.embedder_name == HashEmbedder().name
    assert (index.article_count, index.chunk_count) == (4, index.manifest.counts.chunks)
    assert index.chunk_count > 10
    assert sorted(article.id for article in index.articles()) == sorted(
        article["id"] for article in ARTICLES
    )


def test_rows_lead_to_chunks_and_articles(index):
    for row in range(index.chunk_count):
        chunk, article = index.chunk(row), index.article_of(row)
        assert chunk.article_id == article.id
        assert article.text[chunk.start : chunk.end] == chunk.text
    assert index.article("bocom").published == date(2020, 3, 1)
    with pytest.raises(KeyError):
        index.article("nobody")
    with pytest.raises(IndexError):
        index.chunk(index.chunk_count)


@pytest.mark.parametrize("leg", ["lexical", "dense"])
@pytest.mark.parametrize(
    ("question", "expected"),
    [
        ("交行机器人的满意度是多少？", "bocom"),
        ("郵儲銀行發放了多少筆極速貸？", "post"),
        ("邮储银行发放了多少笔极速贷？", "post"),
        ("How many new branches did the bank open?", "branches"),
        ("第150家网点哪天开始办理业务？", "long"),
    ],
)
def test_both_legs_find_the_article(index, leg, question, expected):
    assert found_articles(index, getattr(index, leg)(question, k=3))[0] == expected


def test_lexical_finds_the_very_chunk(index):
    best = index.lexical("第150家网点哪天开始办理业务？", k=1)[0]
    assert "第150家网点在第150天" in index.chunk(best.row).text


def test_dense_equals_brute_force_over_what_was_embedded(index):
    texts = [
        passage_text(index.article_of(row), index.chunk(row)) for row in range(index.chunk_count)
    ]
    rows = HashEmbedder().embed_passages(texts)
    for question in ("满意度", "网点办理业务", "mobile banking"):
        scores = rows @ HashEmbedder().embed_questions([question])[0]
        found = index.dense(question, k=index.chunk_count)
        assert len(found) == index.chunk_count
        assert [hit.score for hit in found] == pytest.approx(sorted(scores, reverse=True), abs=1e-6)
        assert scores[[hit.row for hit in found]] == pytest.approx(
            [hit.score for hit in found], abs=1e-6
        )


@pytest.mark.parametrize("leg", ["lexical", "dense"])
@pytest.mark.parametrize(
    "filters",
    [
        Filters(since=date(2021, 1, 1)),
        Filters(until=date(2021, 1, 1)),
        Filters(since=date(2020, 3, 1), until=date(2020, 3, 1)),
        Filters(sources=("新華社", "ＲＥＵＴＥＲＳ")),
        Filters(languages=("EN",)),
        Filters(tags=("手機銀行",)),
        Filters(tags=("手機",)),
        Filters(languages=("zh",), tags=("贷款", "客服"), since=date(2022, 1, 1)),
    ],
)
def test_filters_apply_to_both_legs_before_the_ranking(index, leg, filters):
    question = "银行 网点 满意度 貸款 bank 业务"
    allowed = [
        row
        for row in range(index.chunk_count)
        if filters.match(
            published=index.article_of(row).published,
            source=index.article_of(row).source,
            language=index.article_of(row).language,
            tags=index.article_of(row).tags,
        )
    ]
    everything = getattr(index, leg)(question, k=index.chunk_count)
    found = getattr(index, leg)(question, k=3, filters=filters)
    assert found == [hit for hit in everything if hit.row in allowed][:3]
    assert len(found) == min(3, len(allowed))


def test_no_filter_is_a_filter_that_lets_all_through(index):
    assert index.dense("银行", k=5, filters=Filters()) == index.dense("银行", k=5)
    assert index.lexical("银行", k=5, filters=Filters()) == index.lexical("银行", k=5)


def test_a_blank_question_finds_nothing(index):
    assert index.dense(" \n", k=5) == index.lexical(" \n", k=5) == []


def test_rare_terms_say_more(index):
    rare, common, unknown = index.idf(["98.68", "第", "龘"])
    assert 0 < common < rare < unknown


def test_a_folder_without_an_index_says_what_to_run(tmp_path):
    for directory in (tmp_path, tmp_path / "none"):
        with pytest.raises(IndexMissingError, match="youju index"):
            open_index(directory)


class Other:
    """An embedder of another name or dimension."""

    def __init__(self, name, dim):
        self.name, self.dim = name, dim

    def embed_questions(self, texts):
        raise AssertionError(f"refused before it is asked for {texts}")

    def embed_passages(self, texts, *, progress=False):
        raise AssertionError(f"refused before it is asked for {texts} ({progress=})")


@pytest.mark.parametrize(("name", "dim"), [("other", 512), (HashEmbedder().name, 256)])
def test_another_embedder_is_refused_with_the_command_that_helps(directory, name, dim):
    with pytest.raises(IndexMismatchError, match=r"youju index .* --rebuild") as refused:
        open_index(directory, embedder=Other(name, dim))
    assert name in str(refused.value)
    assert str(directory) in str(refused.value)


def test_an_embedder_that_is_gone_names_the_index(tmp_path, monkeypatch):
    directory = build(tmp_path)
    monkeypatch.setattr(
        "index.search.load_embedder",
        lambda spec, device: (_ for _ in ()).throw(UsageError(f"no model at {spec!r} {device}")),
    )
    with pytest.raises(UsageError, match="was built with the embedder 'hash': no model at 'hash'"):
        open_index(directory)


@pytest.mark.parametrize("name", ["vectors.faiss", "catalogue.sqlite", "lexical/meta.json"])
def test_a_changed_byte_is_noticed(tmp_path, name):
    path = build(tmp_path) / "generations" / "g000001" / name
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)
    with pytest.raises(IndexDamagedError, match=Path(name).name):
        open_index(tmp_path / "index")


def contents(directory):
    return {
        path.relative_to(directory): (path.stat().st_mtime_ns, path.read_bytes())
        for path in directory.rglob("*")
        if path.is_file()
    }


def test_asking_changes_no_file(directory):
    before = contents(directory)
    with open_index(directory) as index:
        index.lexical("银行", k=5, filters=Filters(languages=("zh",)))
        index.dense("银行", k=5, filters=Filters(languages=("zh",)))
        index.article_of(0)
    assert contents(directory) == before


def test_threads_get_the_answers_of_one(index):
    questions = ["满意度", "極速貸", "branches", "第99家网点"] * 5

    def ask(question):
        filters = Filters(languages=("zh", "en"))
        hits = index.lexical(question, k=5) + index.dense(question, k=5, filters=filters)
        return [(hit, index.chunk(hit.row).id, index.article_of(hit.row).id) for hit in hits]

    expected = [ask(question) for question in questions]
    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(ask, questions * 5)) == expected * 5


def test_an_open_index_answers_on_while_newer_ones_replace_it(tmp_path):
    directory = build(tmp_path)
    with open_index(directory) as index:
        before = (index.lexical("满意度", k=3), index.dense("满意度", k=3), index.article("bocom"))
        for number in range(4):  # more than are kept, so the open one is deleted
            build(tmp_path, [*ARTICLES, {"title": f"新{number}", "text": f"第{number}篇新文章。"}])
        assert not (directory / "generations" / index.generation).exists()
        after = (index.lexical("满意度", k=3), index.dense("满意度", k=3), index.article("bocom"))
        assert after == before
    with open_index(directory) as newer:
        assert newer.generation == "g000005"
        assert newer.lexical("新文章", k=1) != []


def test_opening_never_sees_half_a_generation(tmp_path):
    directory = build(tmp_path)
    failures = []
    done = threading.Event()

    def read():
        while not done.is_set():
            try:
                with open_index(directory) as index:
                    assert found_articles(index, index.lexical("满意度", k=1)) == ["bocom"]
            except BaseException as error:
                failures.append(error)
                return

    reader = threading.Thread(target=read)
    reader.start()
    for number in range(6):
        build(tmp_path, [*ARTICLES, {"title": f"新{number}", "text": f"第{number}篇新文章。"}])
    done.set()
    reader.join()
    assert failures == []


def test_closing_twice_is_allowed(directory):
    index = open_index(directory)
    index.close()
    index.close()


def test_asking_a_hash_index_imports_no_model_library(directory):
    code = (
        "import sys; from pathlib import Path; from index.search import open_index\n"
        "with open_index(Path(sys.argv[1])) as index:\n"
        "    assert index.dense('银行', k=1) and index.lexical('银行', k=1)\n"
        "heavy = {'torch', 'sentence_transformers', 'transformers', 'gradio', 'trafilatura'}\n"
        "print(sorted(heavy & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(directory)], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"


def test_vectors_of_the_index_are_unit_rows(index):
    assert np.linalg.norm(index._vectors._rows, axis=1) == pytest.approx(1.0, abs=1e-5)


def test_variants_move_the_question_towards_other_names(index):
    question, variant = "交行的在线机器人", "交通银行的在线机器人"
    plain = index.dense(question, k=100)
    assert index.dense(question, k=100, variants=()) == plain
    mixed = {hit.row: hit.score for hit in index.dense(question, k=100, variants=(variant,))}
    assert found_articles(index, plain)[0] == "bocom"
    # A cosine with the mean of two vectors of unit length, by the cosines with each of them.
    alone = {hit.row: hit.score for hit in index.dense(variant, k=100)}
    one, other = index.embedder.embed_questions([question, variant])
    length = float(np.linalg.norm(one + other))
    for hit in plain:
        assert mixed[hit.row] == pytest.approx((hit.score + alone[hit.row]) / length, abs=2e-3)
    assert mixed[plain[0].row] > plain[0].score
    assert index.dense(" ", k=100, variants=(variant,)) == []


def test_synonyms_reach_the_lexical_leg(index):
    plain = index.lexical("交行的贷款", k=100)
    assert index.lexical("交行的贷款", k=4, synonyms=()) == plain
    found = index.lexical("交行的机器人", k=4, synonyms=[("交通银行",)])
    assert found_articles(index, found)[0] == "bocom"
    assert found[0].score > index.lexical("交行的机器人", k=4)[0].score
