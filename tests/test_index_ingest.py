"""From bytes to articles: the small collection in tests/data, records, and anything at all."""

import json
import random
import time
import unicodedata
from datetime import date
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from index.article import Article, Script
from index.errors import UnreadableError
from index.ingest import SUFFIXES, Problem, Reading, read_articles

DATA = Path(__file__).parent / "data" / "articles"
ZH = "远程银行的客服团队在去年完成了全部系统的升级，客户的等待时间明显缩短，投诉也少了很多。"


def read(name: str) -> Reading:
    return read_articles((DATA / name).read_bytes(), path=f"articles/{name}")


def one(data: str | bytes, path: str) -> Article:
    return read_articles(data.encode() if isinstance(data, str) else data, path=path).articles[0]


GOLDEN = {
    "2024-03-05-remote-bank.md": (
        "云端柜台: 一年之后",
        "2024-03-05",
        "城市日报",
        "李小明",
        "zh",
        Script.SIMPLIFIED,
        "utf-8-sig",
    ),
    "taiwan_big5.txt": (
        "遠端櫃檯滿一年",
        "2024-03-05",
        "城市晚報",
        "陳小玲",
        "zh",
        Script.TRADITIONAL,
        "big5-hkscs",
    ),
    "page_gbk.html": (
        "数字人上岗记",
        "2024-03-06",
        "城市新闻网",
        "李小明",
        "zh",
        Script.SIMPLIFIED,
        "gb18030",
    ),
    "english.txt": (
        "Video tellers keep late hours",
        "2024-03-07",
        "Reuters",
        "Jane Miller",
        "en",
        Script.LATIN,
        "utf-8",
    ),
    "japanese.txt": ("遠隔窓口、開設から一年", None, None, None, "ja", Script.JAPANESE, "utf-8"),
}


@pytest.mark.parametrize("name", GOLDEN)
def test_collection(name):
    article = read(name).articles[0]
    title, published, source, author, language, script, encoding = GOLDEN[name]
    assert article.title == title
    assert article.published == (date.fromisoformat(published) if published else None)
    assert (article.source, article.author) == (source, author)
    assert (article.language, article.script, article.encoding) == (language, script, encoding)
    assert article.path == f"articles/{name}"
    assert article.damages == ()


def test_markdown_of_the_collection():
    article = read("2024-03-05-remote-bank.md").articles[0]
    assert article.text == (
        "云端柜台开通一年，接听了31.5万个视频电话。\n客户怎么说\n夜里也有人接\n不用再请假去网点\n"
        "季度 | 电话（万个）\n一 | 6.2\n二 | 7.8"
    )
    assert [article.text[h.start : h.end] for h in article.headings] == ["客户怎么说"]
    assert article.tags == ("银行", "客服")
    assert article.metadata == {"layout": "post", "editor": "王小红"}


def test_page_of_the_collection():
    assert read("page_gbk.html").articles[0].text == (
        "数字人柜员在三月上岗，第一天就回答了八百个问题，其中七成是关于密码的。\n"
        "主管说，数字人不会累，但是遇到哭着打来的客户，还是要转给真人。"
    )


def test_jsonl_of_the_collection():
    reading = read("records.jsonl")
    first, second, fifth = reading.articles
    assert (first.id, first.path) == ("a-1", "articles/records.jsonl#a-1")
    assert first.text == "云端柜台的夜间服务从四月开始，每晚到十一点。😀"
    assert (first.published, first.source) == (date(2024, 3, 8), "城市日报")
    assert (first.tags, first.metadata) == (("银行",), {"desk": "economy"})
    assert second.path == "articles/records.jsonl#2"
    assert second.text == "第二条短讯。\n网点减少，电话增加，这是三年来的趋势。"
    assert second.title == "第二条短讯"
    assert len(second.id) == 16
    assert fifth.text == "half a pair \ufffd stays visible"
    assert fifth.damages[0].start == fifth.text.index("\ufffd")
    places = {p.place: p.reason for p in reading.problems}
    assert list(places) == ["line 3", "line 4", "line 5", "line 6", "line 8", "line 9"]
    assert places["line 3"] == 'the field "text" is missing'
    assert places["line 4"] == 'the field "text" must be a string, not a number'
    assert places["line 5"].startswith("not valid JSON")
    assert places["line 6"] == "id 'a-1' was given to another article in line 1"
    assert "'soon'" in places["line 8"]
    assert places["line 9"] == "a record must be an object of fields, not a list"


def test_csv_of_the_collection():
    reading = read("records_gbk.csv")
    third, fourth = reading.articles
    assert third.text == '带分号;和\n换行的正文，还有"引号"。'
    assert third.published == date(2024, 3, 10)
    assert third.tags == ("银行", "客服")
    assert third.metadata == {"编号": "1"}
    assert third.path == "articles/records_gbk.csv#2"
    assert (fourth.title, fourth.published) == ("短讯四", date(2024, 3, 12))
    assert fourth.encoding == "gb18030"
    assert reading.problems == (
        Problem("line 4", 'the field "text" is missing'),
        Problem("line 6", "6 cells where the header names 5"),
    )


def test_empty_file():
    with pytest.raises(UnreadableError, match="empty"):
        read("empty.md")


@pytest.mark.parametrize("suffix", sorted(SUFFIXES))
@pytest.mark.parametrize("data", [b"", b" \n\t", b"\xef\xbb\xbf", b"\xef\xbb\xbf\n", b"\x00" * 50])
def test_nothing_is_unreadable_in_every_format(suffix, data):
    with pytest.raises(UnreadableError):
        read_articles(data, path="a/x" + suffix)


def test_unknown_kind():
    with pytest.raises(UnreadableError, match=r"files of kind \.exe are not read; known: \.csv"):
        read_articles(b"MZ", path="a/x.exe")


def test_only_boilerplate_is_unreadable():
    with pytest.raises(UnreadableError, match="no text left"):
        read_articles("设为首页 | 收藏本站\n京ICP备12345678号".encode(), path="a/x.txt")


@pytest.mark.parametrize("text", ["。", "——\n……", "😀"])
def test_only_punctuation_is_unreadable(text):
    with pytest.raises(UnreadableError, match="nothing but punctuation"):
        read_articles(text.encode(), path="a/x.txt")


def test_binary_is_unreadable():
    noise = random.Random(7).randbytes(4000)
    with pytest.raises(UnreadableError):
        read_articles(noise, path="a/x.txt")


# --- records


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize("mark", ["", "\ufeff"])
def test_csv_delimiters(delimiter, mark):
    rows = [["id", "Text", "author"], ["7", ZH, "李小明"]]
    text = mark + "\r\n".join(delimiter.join(row) for row in rows)
    article = one(text, "a/x.csv")
    assert (article.id, article.text, article.author) == ("7", ZH, "李小明")


def test_csv_huge_field():
    huge = ZH * 10_000
    assert one(f'text\n"{huge}"\n', "a/x.csv").text == huge


def test_csv_open_quote_costs_its_own_line():
    reading = read_articles(
        f'title,text\na,{ZH}\nb,"open {ZH}\nc,{ZH}\nd,{ZH}\n'.encode(), path="a/x.csv"
    )
    assert [a.title for a in reading.articles] == ["a", "c", "d"]
    assert reading.problems[0].place == "line 3"
    assert "quote" in reading.problems[0].reason


def test_csv_without_text_column():
    with pytest.raises(UnreadableError, match='no column is named "text"; the first row has: a, b'):
        read_articles(b"a,b\n1,2\n", path="a/x.csv")


def test_jsonl_with_line_separator_inside_a_string():
    article = one('{"text": "one\u2028two"}\n', "a/x.jsonl")
    assert article.text == "one\ntwo"


@pytest.mark.parametrize(
    "line",
    [
        "[" * 100_000,
        '{"text": NaN}',
        '{"text": "x", "n": 1e999}',
        '{"text": "x", "n": ' + "9" * 5000 + "}",
        '{"text": "x", "tags": [1]}',
        '{"text": "x", "id": 1.5}',
        '{"text": "x", "title": ["t"]}',
        '{"text": "\\u200b"}',
        '{"text": null}',
    ],
)
def test_bad_records(line):
    reading = read_articles(
        f'{{"text": "good"}}\n{line}\n{{"text": "good too"}}'.encode(), path="a/x.jsonl"
    )
    assert [a.text for a in reading.articles] == ["good", "good too"]
    assert [p.place for p in reading.problems] == ["line 2"]


@pytest.mark.parametrize("unit", ["[", "![", "![](", "[a](/", "<p ", "<a", "\n", "-", "| "])
def test_telling_markup_from_text_takes_linear_time(unit):
    record = json.dumps({"text": ZH + unit * 40_000})
    started = time.perf_counter()
    assert one(record, "a/x.jsonl").text.startswith(ZH[:20])
    assert time.perf_counter() - started < 8


def test_a_number_sign_in_a_file_name_is_part_of_it():
    article = one(ZH, "a/C#入门_2020-05-12.txt")
    assert (article.title, article.published) == ("C#入门", date(2020, 5, 12))
    record = one(json.dumps({"text": ZH}), "a/C#入门.jsonl")
    assert (record.path, record.title[:4]) == ("a/C#入门.jsonl#1", ZH[:4])


def test_a_file_of_bad_records_is_unreadable():
    with pytest.raises(
        UnreadableError, match=r"no record could be read; line 1: .* \(and 1 more\)"
    ):
        read_articles(b"{}\n{}\n", path="a/x.jsonl")


def test_surrogates_of_json():
    record = {
        "text": "a \ud83d b \ude00 c",
        "title": "t\ud83d",
        "extra": {"k": "\ud83d"},
        "author": "x\udc00",
    }
    article = one(json.dumps(record), "a/x.jsonl")
    assert article.text == "a \ufffd b \ufffd c"
    assert article.title == "t\ufffd"
    json.dumps(article.metadata, ensure_ascii=False).encode()
    assert article.author == "x\ufffd"


def test_record_of_markdown():
    article = one(
        json.dumps({"text": f"# 题\n\n**重点**在[这里](http://a.example)。\n\n## 节\n\n{ZH}"}),
        "a/x.jsonl",
    )
    assert article.title == "题"
    assert article.text == f"重点在这里。\n节\n{ZH}"


def test_a_sentence_about_html_is_no_html():
    text = "标签 <p> 表示段落，5 < 6 而且 7 > 3。"
    assert one(json.dumps({"text": text}), "a/x.jsonl").text == text


def test_declared_title_is_cut_and_taken_out():
    article = one(json.dumps({"title": "长" * 300, "text": ZH}), "a/x.jsonl")
    assert article.title == "长" * 199 + "…"
    article = one(json.dumps({"title": "《升级》记", "text": f"升级记\n{ZH}"}), "a/x.jsonl")
    assert article.text == ZH


def test_same_record_twice_is_left_to_the_index():
    line = json.dumps({"id": "x", "text": ZH})
    assert len(read_articles(f"{line}\n{line}".encode(), path="a/x.jsonl").articles) == 2


def test_ids_do_not_depend_on_the_path():
    assert one(f"题目\n{ZH}", "a/x.txt").id == one(f"题目\r\n\r\n{ZH}\r\n", "b/y.txt").id


@pytest.mark.parametrize(
    ("declared", "text", "language"),
    [
        ("zh-TW", ZH, "zh"),
        ("en", ZH, "zh"),
        ("yue", ZH, "yue"),
        ("fr", "XQJ-200", "fr"),
        ("", ZH, "zh"),
    ],
)
def test_declared_language(declared, text, language):
    assert one(json.dumps({"text": text, "language": declared}), "a/x.jsonl").language == language


# --- anything at all


def check(reading: Reading) -> None:
    for article in reading.articles:
        assert article.text
        assert article.text == article.text.strip()
        assert unicodedata.is_normalized("NFC", article.text)
        assert "\r" not in article.text
        assert "\n\n" not in article.text
        assert 0 < len(article.title) <= 200
        assert "\n" not in article.title
        article.text.encode()
        json.dumps(article.metadata, ensure_ascii=False).encode()
        lines = article.text.split("\n")
        for heading in article.headings:
            assert article.text[heading.start : heading.end] in lines
            assert 1 <= heading.level <= 6
        for damage in article.damages:
            assert 0 <= damage.start < damage.end <= len(article.text)


# PDF and DOCX go to the child, which has tests of its own.
QUICK = sorted(SUFFIXES - {".pdf", ".docx"})
SNIPPETS = st.sampled_from(
    [
        "---\n",
        "title: ",
        "date: 2020-05-12\n",
        "- ",
        "# ",
        "## 二、",
        "**",
        "```\n",
        "| a | b |\n|---|---|\n",
        "<p>",
        "</p>",
        "<div class=nav>",
        "<table><tr><td>",
        "<li>",
        "<br>",
        "{% x %}",
        "{{",
        "\n",
        "\n\n",
        "\r\n",
        ",",
        '"',
        ";",
        "\t",
        '{"text": "',
        '"}',
        "text,title\n",
        "责任编辑：",
        "来源：",
        "2020年5月12日",
        "首页 > ",
        "免责声明：",
        "过刊查询\n",
        "©",
        "|",
        "（",
        "(王小明)",
        "一、",
        "1.",
        "\ufeff",
        "\u200b",
        "\u3000",
        "e\u0301",
        "\ud83d",
        "&#0;",
        "&#xD800;",
        ZH,
        "短句",
        "The bank said. ",
        "電",
        "<!--",
        "<script>",
        "新华社5月12日电",
        "〔記者陳小玲／台北報導〕",
    ]
)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.binary(max_size=300), st.sampled_from(QUICK))
@example(b"text\n\r\x00", ".csv")
@example(b"<html>&#xD800;", ".html")
def test_any_bytes(data, suffix):
    try:
        reading = read_articles(data, path="a/x" + suffix)
    except UnreadableError:
        pass
    else:
        check(reading)


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(SNIPPETS | st.text(max_size=8), max_size=25).map("".join), st.sampled_from(QUICK))
def test_any_text(text, suffix):
    data = text.encode("utf-8", "surrogatepass")
    try:
        reading = read_articles(data, path="2020-05-12-x" + suffix)
    except UnreadableError:
        pass
    else:
        check(reading)


@settings(max_examples=100, deadline=None)
@given(
    st.lists(
        st.dictionaries(
            st.sampled_from(["id", "text", "title", "published", "tags", "x"]),
            st.text() | st.none() | st.integers() | st.lists(st.text(), max_size=2),
        ),
        min_size=1,
        max_size=5,
    )
)
def test_any_records(rows):
    data = "\n".join(json.dumps(row) for row in rows).encode()
    try:
        reading = read_articles(data, path="a/x.jsonl")
    except UnreadableError:
        pass
    else:
        check(reading)
        assert len(reading.articles) + len(reading.problems) == len(rows)
