"""The lexical leg: BM25 as the formula says, filters as ``Filters.match`` says, any question."""

import math
import os
import random
import stat
import subprocess
import sys
from collections import Counter
from datetime import date
from functools import cache

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from index import lexical
from index.errors import IndexDamagedError
from index.lexical import LexicalDocument, LexicalIndex, write_lexical
from index.passage import Filters
from index.tokens import terms


def document(row, body, *, context="", published=None, source=None, language="zh", tags=()):
    return LexicalDocument(row, body, context, published, source, language, tuple(tags))


def written(folder, documents):
    write_lexical(folder, documents)
    return LexicalIndex.open(folder, count=len(documents))


HAN = [chr(0x4E00 + i) for i in range(300)]

BODIES = [
    ("招商银行的客户满意度为98.68%。", "客服"),
    ("交通銀行的滿意度是多少？", "服務"),
    ("The bank opened 1,234 new branches.", "Branches"),
    ("東京の銀行は新しいアプリを発表した。", "アプリ"),
    ("满意度满意度满意度", ""),
    ("📚", ""),
    ("招商银行的客户满意度为98.68%。", "客服"),
    ("天气晴朗", "银行满意度"),
]


@pytest.fixture(scope="module")
def index(tmp_path_factory):
    documents = [document(row, body, context=title) for row, (body, title) in enumerate(BODIES)]
    return written(tmp_path_factory.mktemp("lexical") / "lexical", documents)


def bm25(question, texts, *, k1=1.2, b=0.75):
    """BM25 with Lucene's idf, straight from the formula; exact for texts of up to 40 terms."""
    split = [terms(text) for text in texts]
    mean = sum(map(len, split)) / len(split)
    scores = [0.0] * len(texts)
    for term, times in Counter(terms(question)).items():
        df = sum(term in words for words in split)
        idf = math.log(1 + (len(texts) - df + 0.5) / (df + 0.5))
        for row, words in enumerate(split):
            tf = words.count(term)
            norm = k1 * (1 - b + b * len(words) / mean)
            scores[row] += times * idf * tf * (k1 + 1) / (tf + norm)
    return scores


@pytest.mark.parametrize("weight", [0.0, 0.5, 2.0])
@pytest.mark.parametrize(
    "question", ["银行满意度", "满意满意满意度多少", "bank 1234", "新しい銀行"]
)
def test_scores_are_bm25_over_text_and_context(index, question, weight):
    in_text = bm25(question, [body for body, _ in BODIES])
    in_context = bm25(question, [context for _, context in BODIES])
    expected = {
        row: one + weight * other
        for row, (one, other) in enumerate(zip(in_text, in_context, strict=True))
        if one + weight * other > 0
    }
    found = index.search(question, k=20, context_weight=weight)
    assert {hit.row: hit.score for hit in found} == pytest.approx(expected, rel=1e-4)
    assert found == sorted(found, key=lambda hit: (-hit.score, hit.row))


def test_either_script_finds_both(index):
    rows = {hit.row for hit in index.search("滿意度", k=10)}
    assert rows == {hit.row for hit in index.search("满意度", k=10)} == {0, 1, 4, 6, 7}


def test_numbers_are_found_whole(index):
    assert [hit.row for hit in index.search("98.68", k=10)] == [0, 6]
    assert [hit.row for hit in index.search("1234", k=10)] == [2]
    assert index.search("98", k=10) == []


def test_equal_chunks_come_in_row_order_and_the_cut_keeps_the_lower(index):
    assert [hit.row for hit in index.search("招商银行", k=2)] == [0, 6]
    assert [hit.row for hit in index.search("招商银行", k=1)] == [0]


@pytest.mark.parametrize("question", ["", " \n", "？！。…", "\ud83d", "📚", "\0", "龘靐齉"])
def test_a_question_without_known_terms_finds_nothing(index, question):
    assert index.search(question, k=10) == []


@pytest.mark.parametrize(
    "question",
    ['银行"', "银行 AND (", "body:银行 OR *:*", "-银行", "+银行^9", "[银行 TO", "银行~2", "\\银行"],
)
def test_query_syntax_means_nothing(index, question):
    rows = {hit.row for hit in index.search("银行", k=10)}
    assert {hit.row for hit in index.search(question, k=10)} >= rows


@settings(max_examples=60, deadline=None)
@given(question=st.text())
def test_any_text_is_a_question(index, question):
    found = index.search(question, k=10)
    assert all(hit.score > 0 for hit in found)
    assert index.search(question, k=10) == found


def test_a_very_long_question_keeps_its_rarest_terms(tmp_path):
    common = "".join(chr(0x4E00 + i) for i in range(2_000))
    bodies = [common, common, common, "罕见词在这里龘"]
    index = written(tmp_path / "l", [document(row, body) for row, body in enumerate(bodies)])
    found = {hit.row: hit.score for hit in index.search(common * 50 + "龘", k=4)}
    # 龘 (in one chunk) and 255 of the 3,999 common terms (in three), each asked 50 times.
    assert found[3] == pytest.approx(index.search("龘", k=1)[0].score)
    assert found[0] == found[1] == found[2] < 255 * 50 * index.idf(["一"])[0]


def test_document_frequencies_and_idf_count_chunks_by_their_text(index):
    assert index.document_count == len(BODIES)
    assert index.document_frequencies(["满意", "98.68", "客服", "龘", "\ud83d"]) == [4, 2, 0, 0, 0]
    assert index.idf(["满意", "龘"]) == [
        pytest.approx(math.log(1 + 4.5 / 4.5)),
        pytest.approx(math.log(1 + 8.5 / 0.5)),
    ]
    assert index.idf([]) == []


DATES = st.one_of(st.none(), st.dates(date(1, 1, 1), date(9999, 12, 31)))
NAMES = st.sampled_from(
    ["新华社", "新華社", "Reuters", "ＲＥＵＴＥＲＳ", "人民日报 海外版", "人民日报", "\ud83d", ""]
)
LANGUAGES = st.sampled_from(["zh", "ZH", "en", "zh-Hant"])
TAGS = st.lists(NAMES, max_size=3).map(tuple)


@pytest.fixture(scope="module")
def articles(tmp_path_factory):
    """Sixty articles of one text, all different to a filter."""
    names = [
        "新华社",
        "新華社",
        "Reuters",
        "reuters",
        "人民日报 海外版",
        "\ud83d",
        "x" * 70_000,
        None,
    ]
    days = [None, date(1, 1, 1), date(1969, 12, 31), date(2020, 2, 29), date(9999, 12, 31)]
    made = [
        document(
            row,
            "银行",
            published=days[row % 5],
            source=names[row % 8],
            language=["zh", "en", "zh-Hant"][row % 3],
            tags=[name for name in names[: row % 4] if name],
        )
        for row in range(60)
    ]
    return made, written(tmp_path_factory.mktemp("filters") / "l", made)


def expected_rows(made, filters):
    return [
        one.row
        for one in made
        if filters.match(
            published=one.published, source=one.source, language=one.language, tags=one.tags
        )
    ]


@settings(max_examples=150, deadline=None)
@given(
    range_=st.tuples(DATES, DATES).map(lambda r: tuple(sorted(r)) if None not in r else r),
    sources=TAGS,
    languages=st.lists(LANGUAGES, max_size=2).map(tuple),
    tags=TAGS,
)
def test_filters_do_what_match_says(articles, range_, sources, languages, tags):
    made, index = articles
    filters = Filters(*range_, sources=sources, languages=languages, tags=tags)
    found = index.search("银行", k=100, filters=filters)
    assert [hit.row for hit in found] == expected_rows(made, filters)


def test_a_source_of_any_length_can_be_filtered_by(articles):
    made, index = articles
    filters = Filters(sources=("X" * 70_000,))
    found = index.search("银行", k=100, filters=filters)
    assert [hit.row for hit in found] == expected_rows(made, filters) == list(range(6, 60, 8))


def test_a_filter_applies_before_the_ranking_and_adds_no_score(index, tmp_path):
    bodies = [f"银行 {'满意度' * (20 - row)}" for row in range(20)]
    made = [document(row, body, source="ab"[row % 2]) for row, body in enumerate(bodies)]
    index = written(tmp_path / "l", made)
    everything = {hit.row: hit.score for hit in index.search("满意度", k=20)}
    found = index.search("满意度", k=5, filters=Filters(sources=("b",), languages=("ZH",)))
    assert [hit.row for hit in found] == [row for row in everything if row % 2][:5]
    assert [hit.score for hit in found] == [everything[hit.row] for hit in found]


@pytest.mark.slow
def test_several_segments_rank_as_one(tmp_path, monkeypatch):
    draw = random.Random(7)
    base = ["".join(draw.choices(HAN, k=100)) for _ in range(40)]
    bodies = [
        draw.choice(base) if row % 2 else "".join(draw.choices(HAN, k=100)) for row in range(9_000)
    ]
    made = [document(row, body) for row, body in enumerate(bodies)]
    monkeypatch.setattr(lexical, "terms", cache(terms))
    one = written(tmp_path / "one", made)
    monkeypatch.setattr(lexical, "_HEAP_BYTES", 15_000_000)  # the least that tantivy takes
    many = written(tmp_path / "many", made)
    assert (one._searcher.num_segments, many._searcher.num_segments > 1) == (1, True)
    for body in base:  # each stands in about a hundred chunks: ties across every cut
        question = body[:12]
        assert many.search(question, k=30) == one.search(question, k=30)
        assert many.search(question, k=30) == many.search(question, k=300)[:30]


def contents(folder):
    return {path.name: (path.read_bytes(), path.stat().st_mtime_ns) for path in folder.iterdir()}


def test_opening_and_searching_change_no_file(tmp_path):
    written(tmp_path / "l", [document(0, "银行")])
    before = contents(tmp_path / "l")
    LexicalIndex.open(tmp_path / "l", count=1).search("银行", k=1)
    assert contents(tmp_path / "l") == before


def test_every_file_can_be_read_by_whom_the_umask_allows(tmp_path):
    (tmp_path / "plain").touch()
    allowed = stat.S_IMODE((tmp_path / "plain").stat().st_mode)
    written(tmp_path / "l", [document(0, "银行")])
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in (tmp_path / "l").iterdir()}
    assert set(modes.values()) == {allowed}, modes


def test_a_folder_that_cannot_be_written_is_opened_all_the_same(tmp_path, monkeypatch):
    written(tmp_path / "l", [document(0, "银行")])
    before = contents(tmp_path / "l")
    monkeypatch.setattr(os, "access", lambda _, mode: mode != os.W_OK)
    monkeypatch.setattr(lexical.tempfile, "tempdir", str(tmp_path))
    index = LexicalIndex.open(tmp_path / "l", count=1)
    assert [hit.row for hit in index.search("银行", k=1)] == [0]
    assert contents(tmp_path / "l") == before
    assert [path.name for path in tmp_path.iterdir()] == ["l"]


def test_an_empty_index_finds_nothing(tmp_path):
    index = written(tmp_path / "l", [])
    assert index.search("银行", k=5) == []
    assert index.idf(["银行"]) == [pytest.approx(math.log(2))]


def test_files_that_do_not_fit_are_damaged(tmp_path):
    folder = tmp_path / "l"
    written(folder, [document(row, body) for row, (body, _) in enumerate(BODIES)])
    with pytest.raises(IndexDamagedError, match="8 chunks where the manifest says 9"):
        LexicalIndex.open(folder, count=9)
    with pytest.raises(IndexDamagedError, match="missing"):
        LexicalIndex.open(tmp_path / "nowhere", count=8)
    for path in sorted(folder.iterdir()):
        if path.name in (".tantivy-meta.lock", ".managed.json"):
            continue
        data = path.read_bytes()
        path.write_bytes(bytes(len(data)))
        if path.suffix != ".pos":  # empty: we keep no positions
            with pytest.raises(IndexDamagedError, match="cannot be read"):
                LexicalIndex.open(folder, count=8).search("银行", k=1)
        path.write_bytes(data)
    assert LexicalIndex.open(folder, count=8).search("晴朗", k=1)[0].row == 7


def test_wrong_calls_are_value_errors(index, tmp_path):
    with pytest.raises(ValueError, match="k must be"):
        index.search("银行", k=0)
    with pytest.raises(ValueError, match="row 3 came where row 1 was due"):
        write_lexical(tmp_path / "a", [document(0, "a"), document(3, "b")])
    (tmp_path / "b").mkdir()
    (tmp_path / "b" / "old").touch()
    with pytest.raises(ValueError, match="not empty"):
        write_lexical(tmp_path / "b", [document(0, "a")])


def test_a_disk_that_refuses_is_an_os_error(tmp_path):
    # A limit on the size of files stands for the full disk; it needs a process of its own.
    code = """
import resource, sys
from pathlib import Path
from index.lexical import LexicalDocument, write_lexical
resource.setrlimit(resource.RLIMIT_FSIZE, (3000, 3000))
body = "".join(chr(0x4E00 + i) for i in range(5000))
try:
    write_lexical(Path(sys.argv[1]), [LexicalDocument(0, body, "", None, None, "zh", ())])
except OSError as error:
    print(error)
"""
    folder = tmp_path / "l"
    done = subprocess.run(
        [sys.executable, "-c", code, str(folder)], capture_output=True, text=True, check=True
    )
    assert done.stdout.startswith(f"cannot write the lexical index to {folder}: ")


NAMES = [
    ("工商银行的满意度最高", "一"),
    ("工行的满意度最高。", "二"),
    ("银行与工商部门的满意度", "三"),
    ("中国工商银行（ICBC）的满意度最高", "四"),
    ("天气晴朗", "工商银行"),
    ("天气晴朗", "五"),
]


@pytest.fixture(scope="module")
def named(tmp_path_factory):
    documents = [document(row, body, context=title) for row, (body, title) in enumerate(NAMES)]
    return written(tmp_path_factory.mktemp("names") / "lexical", documents)


def test_no_synonyms_are_the_search_as_it_was(named):
    plain = named.search("工行的满意度", k=6)
    for none in ((), [()], [("",)], [("工行", "满意度")]):  # the last says what is asked anyway
        assert named.search("工行的满意度", k=6, synonyms=none) == plain
    assert named.search("工行的满意度", k=6, synonyms=[("ICBC",)], synonym_weight=0) == plain


def test_a_chunk_with_another_name_gains_by_the_whole_name(named):
    plain = {hit.row: hit.score for hit in named.search("工行的满意度", k=6)}
    found = {
        hit.row: hit.score for hit in named.search("工行的满意度", k=6, synonyms=[("工商银行",)])
    }
    assert found[0] > plain[0]
    assert found[1] == plain[1]
    assert found[2] == plain[2]  # 工商 and 银行, but not 商银
    assert found[4] > plain[4]  # in the title
    assert 5 not in found


def test_several_names_do_not_add_up(named):
    def score(*names):
        hits = named.search("满意度", k=6, synonyms=[names])
        return next(hit.score for hit in hits if hit.row == 3)

    best = max(score("工商银行"), score("ICBC"))
    assert score("工商银行", "ICBC", "中国工商银行") == best > score("交通银行")


def test_two_things_add_up_and_a_thing_named_twice_does_not(named):
    def score(*groups):
        hits = named.search("满意度", k=6, synonyms=groups)
        return next(hit.score for hit in hits if hit.row == 3)

    assert score(("工商银行",), ("最高",)) > score(("工商银行",))
    assert score(("工商银行",), ("工商银行",)) == score(("工商银行",))


def test_names_of_any_form_and_number_are_searched_for(named):
    odd = [("OR", "body:x", "\ud800", "（", "长" * 500), *[(f"名{n}",) for n in range(300)]]
    assert [hit.row for hit in named.search("满意度", k=6, synonyms=odd)] == [
        hit.row for hit in named.search("满意度", k=6)
    ]


def test_filters_hold_for_what_a_synonym_finds(tmp_path):
    documents = [document(0, "工商银行", source="甲"), document(1, "工商银行", source="乙")]
    index = written(tmp_path / "lexical", documents)
    hits = index.search("工行", k=2, synonyms=[("工商银行",)], filters=Filters(sources=("乙",)))
    assert [hit.row for hit in hits] == [1]


def common_terms(tmp_path, monkeypatch, *, many):
    """20 chunks that all say 的; every third names a place, and one a number."""
    monkeypatch.setattr(lexical, "_MANY_CHUNKS", many)
    bodies = [f"的{HAN[50 + row]}{'岛' if row % 3 == 0 else ''}" for row in range(20)]
    bodies[7] += " 98"
    return written(tmp_path / "lexical", [document(row, body) for row, body in enumerate(bodies)])


def test_a_common_term_of_a_large_collection_does_not_count(tmp_path, monkeypatch):
    monkeypatch.setattr(lexical, "_ALWAYS_SEARCHED", 1)
    index = common_terms(tmp_path, monkeypatch, many=20)
    assert [hit.row for hit in index.search("的 98", k=20)] == [7]
    # It still does where the question has nothing rarer; 岛 (7 of 20) is common too.
    assert len(index.search("的", k=20)) == 20
    assert [hit.row for hit in index.search("的 岛", k=20)] == [0, 3, 6, 9, 12, 15, 18]


def test_the_rarest_terms_count_however_common(tmp_path, monkeypatch):
    monkeypatch.setattr(lexical, "_ALWAYS_SEARCHED", 2)
    index = common_terms(tmp_path, monkeypatch, many=20)
    found = [hit.row for hit in index.search("的 岛", k=20)]
    assert sorted(found) == list(range(20))
    assert set(found[:7]) == {0, 3, 6, 9, 12, 15, 18}


def test_every_term_counts_in_a_small_collection(tmp_path, monkeypatch):
    monkeypatch.setattr(lexical, "_ALWAYS_SEARCHED", 1)
    index = common_terms(tmp_path, monkeypatch, many=21)
    found = [hit.row for hit in index.search("的 98", k=20)]
    assert found[0] == 7
    assert sorted(found) == list(range(20))
