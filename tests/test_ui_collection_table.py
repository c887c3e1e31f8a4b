"""The table of what is indexed: search, order, pages, filters, facets, duplicates."""

from contextlib import closing
from itertools import pairwise

import pytest
from syncing import CONFIG, article, write

from index.search import open_index
from index.sync import sync
from ui.collection_table import CollectionTable, Column, Query, clip

ENGLISH = "A bank opened a branch in the old harbour. " * 9
REPRINT = "临江银行推出新的手机银行服务，客户可以在家中办理业务，不必到网点排队等候。" * 8


@pytest.fixture(scope="module")
def table(tmp_path_factory):
    root = tmp_path_factory.mktemp("table")
    front = "---\ntitle: {}\nsource: {}\npublished: {}\ntags: [{}]\n---\n\n{}\n"
    write(
        root / "articles",
        a_md=front.format("開放ＡＰＩ手冊", "灣區日報", "2021-03-04", "技术, 手册", article(1)),
        b_md=front.format("Opening a branch", "Harbour Ledger", "2019-05-01", "branch", ENGLISH),
        c_md=front.format("新闻", "甲报", "2020-01-01", "技术", REPRINT),
        d_md=front.format("转载", "乙报", "2020-02-01", "", REPRINT + "转载自甲报。"),
        e_md=front.format("新闻", "甲报", "2020-01-01", "技术", REPRINT),
        f_txt=article(5),
    )  # fmt: skip
    write(root / "index-uploads", g_md=article(7))
    sync([root / "articles", root / "index-uploads"], root / "index", config=CONFIG)
    with closing(open_index(root / "index")) as index:
        yield CollectionTable(index, uploads=root / "index-uploads")


def paths(table, **query):
    return [row["path"].split("/")[-1] for row in table.page(Query(**query))["rows"]]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("", ["a.md", "b.md", "c.md", "d.md", "f.txt", "g.md"]),
        ("开放api", ["a.md"]),  # script, width and case do not matter
        ("湾区 手册", ["a.md"]),  # every word, in any part
        ("HARBOUR", ["b.md"]),
        ("uploads/g", ["g.md"]),
        ("没有这个", []),
        ("手册灣區", []),  # no word spans title and source
    ],
)
def test_a_search_looks_at_title_source_and_path_folded(table, text, found):
    assert paths(table, text=text) == found


def test_an_id_is_found(table):
    (row,) = table.page(Query(text="harbour"))["rows"]
    assert paths(table, text=row["id"].upper()) == ["b.md"]


def test_filters_narrow_by_source_language_and_tag(table):
    assert paths(table, source="甲报") == ["c.md"]
    assert paths(table, language="en") == ["b.md"]
    assert paths(table, tag="技术") == ["a.md", "c.md"]
    assert paths(table, tag="技术", source="甲报") == ["c.md"]


@pytest.mark.parametrize("column", Column)
def test_every_column_sorts_both_ways_and_the_unknown_comes_last(table, column):
    up, down = (
        table.page(Query(sort=column, descending=falling))["rows"] for falling in (False, True)
    )
    assert {row["id"] for row in up} == {row["id"] for row in down}
    if column in (Column.CHARS, Column.CHUNKS, Column.PUBLISHED, Column.PATH):
        values = [row[column] for row in up if row[column] is not None]
        assert all(a <= b for a, b in pairwise(values))
        assert [row[column] for row in down if row[column] is not None] == values[::-1]
    if column in (Column.SOURCE, Column.PUBLISHED):
        unknown = sum(row[column] is None for row in up)
        assert unknown >= 1
        for rows in (up, down):
            assert all(row[column] is None for row in rows[-unknown:])


def test_pages_are_cut_and_a_page_beyond_the_last_is_the_last(table):
    first = table.page(Query(size=4))
    assert (first["total"], first["pages"], len(first["rows"])) == (6, 2, 4)
    last = table.page(Query(size=4, page=9))
    assert (last["page"], len(last["rows"])) == (2, 2)
    assert table.page(Query(text="没有这个"))["pages"] == 1


def test_a_row_says_what_there_is(table):
    (row,) = table.page(Query(text="开放api"))["rows"]
    assert row["title"] == "開放ＡＰＩ手冊"
    assert (row["source"], row["published"]) == ("灣區日報", "2021-03-04")
    assert row["language"] == "zh-Hans"
    assert row["chars"] > 50
    assert row["chunks"] > 1
    assert (row["encoding"], row["repaired"], row["damages"]) == ("utf-8", None, 0)
    assert row["tags"] == ["技术", "手册"]
    assert not row["is_uploaded"]
    (uploaded,) = table.page(Query(text="uploads"))["rows"]
    assert uploaded["is_uploaded"]


def test_facets_count_and_years_are_in_order(table):
    facets = table.facets()
    assert {"value": "甲报", "count": 1} in facets["sources"]
    assert facets["tags"][0] == {"value": "技术", "count": 2}
    assert [y["value"] for y in facets["years"]] == ["2019", "2020", "2021"]
    assert facets["undated"] == facets["without_source"] == 2


def test_duplicates_name_the_representative_its_members_and_copies(table):
    told = table.duplicates()
    (group,) = told["groups"]
    assert group["representative"]["path"] == "articles/c.md"
    assert [m["path"] for m in group["members"]] == ["articles/d.md"]
    (copy,) = told["copies"]
    assert (copy["path"], copy["title"]) == ("articles/e.md", "新闻")
    assert "location" not in copy
    (member,) = table.page(Query(source="乙报"))["rows"]
    assert member["representative"]["title"] == "新闻"
    (one,) = table.page(Query(source="甲报"))["rows"]
    assert (one["representative"], one["duplicates"]) == (None, 1)


def test_files_are_named_with_what_they_hold(table):
    ids = [row["id"] for row in table.page(Query(text="uploads"))["rows"]]
    ((location, held),) = table.files_of(ids).items()
    assert location.endswith(b"/index-uploads/g.md")
    assert held == 1
    with pytest.raises(KeyError):
        table.files_of(["nobody"])


def test_a_long_title_is_clipped():
    assert len(clip("长" * 10_000)) == 301
    assert clip("短") == "短"
