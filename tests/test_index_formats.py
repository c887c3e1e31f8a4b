"""Markdown, HTML, plain text, PDF, DOCX and files of records, each taken apart."""

import io
import time
import zipfile

import pytest

from index.errors import UnreadableError
from index.formats import html, markdown, pdf, plain
from index.formats.parsed import Block, Fields, Kind, Parsed, Problem
from index.ingest import read_articles

ZH = "远程银行的客服团队在去年完成了全部系统的升级，客户的等待时间明显缩短，投诉也少了很多。"
ZH2 = "负责人表示，下一步还会把更多的柜面业务搬到线上，让客户少跑路，也让员工少加班。"
EN = "The remote banking centre finished the upgrade of its systems, and customers wait less."


def texts(parsed: Parsed) -> list[tuple[str, str]]:
    return [(b.kind.value[0], b.text) for b in parsed.blocks]


def one(data: bytes | str, path: str):
    reading = read_articles(data.encode() if isinstance(data, str) else data, path=path)
    assert len(reading.articles) == 1
    return reading.articles[0]


# --- Markdown


def test_markdown_blocks():
    source = """# Title

First *para* with a [link](http://x.example), `code()` and ![an image](a.png) here
and a second line.

中文段落第一行
第二行。

## Part

- one
- two with **bold**

3. three
4. four

| a | b |
|---|---|
| 1 | 2 |

```python
x = {{ 1 }}
  y
```

> quoted
"""
    assert texts(markdown.parse(source)) == [
        ("h", "Title"),
        ("p", "First para with a link, code() and  here and a second line."),
        ("p", "中文段落第一行第二行。"),
        ("h", "Part"),
        ("i", "one"),
        ("i", "two with bold"),
        ("i", "3. three"),
        ("i", "4. four"),
        ("r", "a | b"),
        ("r", "1 | 2"),
        ("c", "x = {{ 1 }}"),
        ("c", "  y"),
        ("p", "quoted"),
    ]


def test_headings_keep_their_offsets():
    article = one(f"# 题\n\n{ZH}\n\n## 第一节\n\n{ZH2}\n\n### 小节\n\n{ZH}", "a/x.md")
    assert article.title == "题"
    assert [(h.level, article.text[h.start : h.end]) for h in article.headings] == [
        (2, "第一节"),
        (3, "小节"),
    ]
    assert article.text == "\n".join([ZH, "第一节", ZH2, "小节", ZH])


def test_markdown_with_html_and_liquid():
    source = (
        "---\ntitle: 题\n---\n"
        f"{{% include ad.html %}}\n<p>{ZH}</p> <p><strong>新渠道</strong></p>\n\n"
        f"{{{{ page.date }}}}{ZH2} <!--more-->\n{{: .lead}}\n\n<script>alert(1)</script>\n"
    )
    assert texts(markdown.parse(source)) == [("p", ZH), ("p", "新渠道"), ("p", ZH2)]


def test_chinese_emphasis_that_commonmark_leaves():
    assert texts(markdown.parse("**重点：**内容和**“引语”**都在。")) == [
        ("p", "重点：内容和“引语”都在。")
    ]
    assert texts(markdown.parse("2 ** 3 = a__b__c")) == [("p", "2 ** 3 = a__b__c")]


@pytest.mark.parametrize("mark", ["\ufeff", ""])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_front_matter_survives_bom_and_crlf(mark, end):
    text = mark + end.join(["---", "title: 题", "date: 2020-05-12", "tags: [a, b]", "---", ZH])
    article = one(text, "a/x.md")
    assert (article.title, article.published.isoformat(), article.tags) == (
        "题",
        "2020-05-12",
        ("a", "b"),
    )
    assert article.text == ZH


def test_front_matter_values_stay_what_was_written():
    source = "---\ntitle: No\nversion: 1.10\ndraft: false\nn: 007\nnested: {a: [1]}\nempty:\n---\nx"
    parsed = markdown.parse(source)
    assert parsed.fields.title == "No"
    assert parsed.fields.extra == {
        "version": "1.10", "draft": "false", "n": "007", "nested": {"a": ["1"]},
    }  # fmt: skip


def test_broken_front_matter_costs_no_article():
    reading = read_articles(
        f"---\ntitle: 银行: 客服: 转型\ndate: 2020-05-12\ntags: [a, b\n---\n{ZH}".encode(),
        path="a/x.md",
    )
    article = reading.articles[0]
    assert article.title == "银行: 客服: 转型"
    assert article.published.isoformat() == "2020-05-12"
    assert article.text == ZH
    assert reading.problems[0].place == "line 2"
    assert "not valid YAML" in reading.problems[0].reason


def test_alias_bomb_is_refused_at_once():
    rows = ["a0: &a0 [lol,lol,lol]"] + [
        f"a{i}: &a{i} [{','.join([f'*a{i - 1}'] * 9)}]" for i in range(1, 30)
    ]
    started = time.perf_counter()
    reading = read_articles(
        ("---\ntitle: 题\n" + "\n".join(rows) + f"\n---\n{ZH}").encode(), path="x.md"
    )
    assert time.perf_counter() - started < 2
    assert reading.articles[0].title == "题"
    assert "aliases" in reading.problems[0].reason
    assert len(str(reading.articles[0].metadata)) < 5000


def test_nested_front_matter_is_refused():
    values, body, problems = markdown.split_front_matter(f"---\na: {'[' * 20_000}\n---\n{ZH}")
    assert body == ZH
    assert values == {}
    assert "nested" in problems[0].reason


def test_front_matter_with_a_bad_date_is_reported():
    reading = read_articles(f"---\ntitle: 题\ndate: someday\n---\n{ZH}".encode(), path="x.md")
    assert reading.articles[0].published is None
    assert reading.articles[0].metadata["date"] == "someday"
    assert reading.problems == (Problem("", "front matter: 'someday' is not a date"),)


def test_a_rule_is_no_front_matter():
    assert one(f"---\n\n{ZH}\n\n---\n\n{ZH2}", "x.md").text == f"{ZH}\n{ZH2}"


def test_yaml_objects_are_not_made():
    reading = read_articles(
        b"---\ntitle: !!python/object/apply:os.system ['true']\n---\nhello", path="x.md"
    )
    assert reading.articles[0].text == "hello"
    assert reading.problems


# --- HTML

PAGE = """<!doctype html><html lang="zh-CN"><head><meta charset="utf-8">
<title>远程银行升级记 - 城市新闻网</title>
<meta property="og:site_name" content="城市新闻网"><meta name="keywords" content="银行,客服">
<link rel="canonical" href="https://news.example.com/a/1.html"></head><body class="has-sidebar">
<div class="header"><a href="/">首页</a> <a href="/f">财经</a></div>
<nav><ul><li><a href="/a">国内</a></li><li><a href="/b">国际</a></li></ul></nav>
<div class="wrap"><div class="left"><h1>远程银行升级记</h1>
<div class="info"><span>2021-03-05 08:00</span> <span>来源：城市日报</span></div>
%s
</div><div class="sidebar"><h3>热门文章</h3>
<ul><li><a href="/1">某公司发布年报，营收增长百分之十，利润创下新高。</a></li></ul></div>
</div>
<div id="comments"><p>网友甲：写得好，希望更多的银行也能这样做，让大家都能少跑几次网点。</p></div>
<footer>Copyright © 2021 城市新闻网 京ICP备12345678号</footer></body></html>"""
ARTICLE = (
    f"<p>{ZH}</p><h2>下一步</h2><p>{ZH2}<br>第二行很短。</p><ul><li>电话</li><li>视频</li></ul>"
    "<table><tr><th>年</th><th>笔</th></tr><tr><td>2020</td><td>5</td></tr></table><p>图1 "
    "系统<img src=x alt=y></p>"
)
EXPECTED = [ZH, "下一步", ZH2, "第二行很短。", "电话", "视频", "年 | 笔", "2020 | 5", "图1 系统"]


@pytest.mark.parametrize(
    "around",
    [
        "<article>%s</article>",
        "<main>%s</main>",
        '<div itemprop="articleBody">%s</div>',
        '<div class="article-content">%s</div>',
        '<div class="TRS_Editor">%s</div>',
        '<div class="zw_3f">%s</div>',
    ],
)
def test_main_text_of_a_page(around):
    article = one(PAGE % (around % ARTICLE), "a/x.html")
    assert article.text.split("\n") == EXPECTED
    assert [article.text[h.start : h.end] for h in article.headings] == ["下一步"]
    assert article.title == "远程银行升级记"
    assert article.published.isoformat() == "2021-03-05"
    assert (article.source, article.metadata["publisher"]) == ("城市日报", "城市新闻网")
    assert article.url == "https://news.example.com/a/1.html"
    assert article.tags == ("银行", "客服")


def test_a_form_around_the_page_is_no_form():
    search = "<form id=s><label>站内搜索，请在这里输入您要查找的关键词。</label></form>"
    page = f"<body><form id=aspnetForm><div><p>{ZH}</p><p>{ZH2}</p></div></form>{search}</body>"
    assert one(page, "x.html").text == f"{ZH}\n{ZH2}"


def test_page_laid_out_by_tables():
    page = (
        "<html><head><title>银行升级</title></head><body><table><tr><td width=150><a "
        "href=1>首页</a><br><a href=2>新闻</a></td>"
        f"<td><table><tr><td><p>{ZH}</p><p>{ZH2}</p></td></tr></table></td></tr></table></body>"
        f"</html>"
    )
    assert one(page, "x.html").text == f"{ZH}\n{ZH2}"


def test_teasers_in_article_tags_do_not_win():
    teasers = "".join(f"<article><h3>新闻{i}</h3><p>短短的摘要。</p></article>" for i in "一二三四")
    page = (
        f"<html><body>{teasers}<div class='content_x'><p>{ZH}</p><p>{ZH2}</p></div></body></html>"
    )
    text = one(page, "x.html").text
    assert ZH in text
    assert ZH2 in text


def test_charset_of_the_page_is_declared_to_the_decoder():
    assert html.declared_encoding(b'<html><meta charset="gb2312">') == "gb2312"
    assert (
        html.declared_encoding(b'<meta http-equiv=Content-Type content="text/html; charset=big5">')
        == "big5"
    )
    assert html.declared_encoding(b"<html>") is None
    page = (
        f'<html><head><meta charset="gbk"><title>题</title></head><body><p>{ZH}</p></body></html>'
    )
    article = one(page.encode("gbk"), "x.html")
    assert article.text == ZH
    assert article.encoding == "gb18030"


def test_entities_and_scripts():
    page = (
        f"<body><p>A&amp;B&nbsp;&lt;tag&gt; {EN}</p><script>var "
        f"x='<p>no</p>'</script><style>p{{}}</style></body>"
    )
    assert one(page, "x.html").text == f"A&B <tag> {EN}"


def test_a_page_of_scripts_is_unreadable():
    with pytest.raises(UnreadableError, match="no text"):
        read_articles(b"<html><body><script>var x = 1;</script></body></html>", path="x.html")


@pytest.mark.parametrize("path", ["x.html", "x.md"])
def test_nesting_bomb_is_refused_fast(path):
    bomb = "<html><body>" + "<div>" * 200_000 + ZH + "</div>" * 200_000
    started = time.perf_counter()
    with pytest.raises(UnreadableError, match="nested"):
        read_articles(bomb.encode(), path=path)
    assert time.perf_counter() - started < 8


def test_open_paragraphs_are_no_nesting():
    page = "<html><body><main>" + f"<p>{ZH}" * 2000 + "</main></body></html>"
    assert one(page, "x.html").text.count("\n") == 1999


def test_deep_page_keeps_its_text():
    page = (
        "<html><body>"
        + "<div>" * 600
        + f"<p>{ZH}</p><p>{ZH2}</p>"
        + "</div>" * 600
        + "</body></html>"
    )
    assert one(page, "x.html").text == f"{ZH}\n{ZH2}"


def test_page_saved_as_text():
    assert one(PAGE % f"<article>{ARTICLE}</article>", "a/x.txt").text.split("\n") == EXPECTED


# --- plain text


def test_wrapped_text_is_joined_and_lines_are_not():
    words = (EN + " ") * 4
    lines = [words[i : i + 60] for i in range(0, len(words), 60)]
    assert plain.is_wrapped(lines)
    assert not plain.is_wrapped([ZH, ZH2, ZH, ZH2])
    wrapped = (
        "远程银行的客服团队在去年完成了全部系统的升\n级，客户的等待时间明显缩短，投诉也少了很多"
        "\n，而且客户在夜里也能找到人说话，这在过去并\n不容易。\n\n第二段在这里，它也被折成了两"
        "行，因为写信的\n人用的是旧的软件。"
    )
    assert one(wrapped, "letter.txt").text == (
        "远程银行的客服团队在去年完成了全部系统的升级，客户的等待时间明显缩短，投诉也少了很多，"
        "而且客户在夜里也能找到人说话，这在过去并不容易。\n"
        "第二段在这里，它也被折成了两行，因为写信的人用的是旧的软件。"
    )


def test_poem_keeps_its_lines():
    poem = "静夜思\n床前明月光\n疑是地上霜\n举头望明月\n低头思故乡"
    assert one(poem, "静夜思.txt").text.endswith("床前明月光\n疑是地上霜\n举头望明月\n低头思故乡")


# --- PDF


def make_pdf(pages: list[list[str]], *, title: str = "", tail: bytes = b"") -> bytes:
    """A small PDF in Helvetica (Latin-1 text only), a line every 20 points."""
    objects: list[bytes] = []
    kids = " ".join(f"{4 + 2 * i} 0 R" for i in range(len(pages)))
    objects.append(b"<< /Type /Catalog /Pages 2 0 R >>")
    objects.append(f"<< /Type /Pages /Kids [{kids}] /Count {len(pages)} >>".encode())
    objects.append(
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>"
    )
    for i, lines in enumerate(pages):
        drawn = "".join(
            f"1 0 0 1 50 {780 - 20 * n} Tm "
            f"({line.replace('(', chr(92) + '(').replace(')', chr(92) + ')')}) Tj\n"
            for n, line in enumerate(lines)
        )
        stream = f"BT /F1 11 Tf\n{drawn}ET".encode("latin-1")
        objects.append(
            f"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents {5 + 2 * i} 0 R "
            "/Resources << /Font << /F1 3 0 R >> >> >>".encode()
        )
        objects.append(b"<< /Length %d >>\nstream\n%s\nendstream" % (len(stream), stream))
    if title:
        stamp = "/Author (Jane Miller) /CreationDate (D:20210305120000Z)"
        objects.append(f"<< /Title ({title}) {stamp} >>".encode())
    out = b"%PDF-1.4\n"
    offsets = []
    for number, body in enumerate(objects, start=1):
        offsets.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    start = len(out)
    out += b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    out += b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    info = b" /Info %d 0 R" % len(objects) if title else b""
    out += b"trailer\n<< /Size %d /Root 1 0 R%s%s >>\nstartxref\n%d\n%%%%EOF\n" % (
        len(objects) + 1,
        info,
        tail,
        start,
    )
    return out


def test_pdf_with_running_heads_and_hyphens():
    body = [
        [
            "The remote banking centre of the city finished the upgrade of all its sys-",
            "tems last year.",
        ],
        ["Customers now wait less than a minute, and the number of complaints fell by a", "third."],
        [
            "The next step is to bring more services of the counter to the telephone and to",
            "the screen.",
        ],
    ]
    pages = [["Banking Monthly No. 3", *lines, f"- {n} -"] for n, lines in enumerate(body, start=1)]
    article = one(make_pdf(pages, title="Remote banking grows up"), "a/x.pdf")
    assert article.title == "Remote banking grows up"
    assert article.author == "Jane Miller"
    assert article.published is None
    assert article.metadata["created"] == "2021-03-05"
    assert (article.encoding, article.language) == ("pdf", "en")
    assert article.text == (
        "The remote banking centre of the city finished the upgrade of all its systems last year.\n"
        "Customers now wait less than a minute, and the number of complaints fell by a third.\n"
        "The next step is to bring more services of the counter to the telephone and to the screen."
    )


def test_pdf_lines_inside_chinese_are_closed_up():
    lines = (
        "远程银行的客服团队在去年完成了全部系统的升\r\n级，客户的等待时间明显缩短，投诉也少了很"
        "多\r\n。\r\n第二段在这里，它说的是别的事情，也折成了两\r\n行。"
    )
    assert pdf.join_pages([lines]) == [
        "远程银行的客服团队在去年完成了全部系统的升级，客户的等待时间明显缩短，投诉也少了很多。",
        "第二段在这里，它说的是别的事情，也折成了两行。",
    ]


def test_pdf_paragraph_runs_over_the_page():
    first = (
        "a long line of text that fills the page nearly up to the margin of\r\nthe page and "
        "then goes on to the top of the next page where it is"
    )
    assert pdf.join_pages([first, "finished.\r\n"]) == [first.replace("\r\n", " ") + " finished."]


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (make_pdf([[]]), "no text layer"),
        (b"%PDF-1.7\nnot really", "broken"),
        (make_pdf([["hello"]])[:200], "broken"),
    ],
)
def test_pdf_without_text(data, reason):
    with pytest.raises(UnreadableError, match=reason):
        read_articles(data, path="x.pdf")


def test_encrypted_pdf():
    key = b" /Encrypt << /Filter /Standard /V 1 /R 2 /P -44 /O <%s> /U <%s> >> /ID [<00> <00>]" % (
        b"41" * 32,
        b"42" * 32,
    )
    with pytest.raises(UnreadableError, match="encrypted"):
        read_articles(make_pdf([["secret"]], tail=key), path="x.pdf")


# --- DOCX


def make_docx(build, **properties) -> bytes:
    import docx

    document = docx.Document()
    build(document)
    for name, value in properties.items():
        setattr(document.core_properties, name, value)
    out = io.BytesIO()
    document.save(out)
    return out.getvalue()


def test_docx():
    def build(document):
        document.add_heading("远程银行升级记", 0)
        document.add_paragraph(ZH)
        document.add_heading("数字", 1)
        table = document.add_table(rows=2, cols=2)
        for row, cells in zip(table.rows, [("年", "笔"), ("2020", "5")], strict=True):
            for cell, value in zip(row.cells, cells, strict=True):
                cell.text = value
        document.add_paragraph("电话", style="List Bullet")
        document.add_heading("结语", 2)
        document.add_paragraph(ZH2)

    article = one(
        make_docx(build, author="李小明", title="文档1", keywords="银行,客服"), "a/x.docx"
    )
    assert article.title == "远程银行升级记"
    assert article.author == "李小明"
    assert article.published is None  # the date in python-docx's template is none
    assert article.tags == ("银行", "客服")
    assert article.text.split("\n") == [ZH, "数字", "年 | 笔", "2020 | 5", "电话", "结语", ZH2]
    assert [(h.level, article.text[h.start : h.end]) for h in article.headings] == [
        (1, "数字"),
        (2, "结语"),
    ]


def test_docx_date_is_the_last_resort():
    from datetime import UTC, datetime

    made = make_docx(lambda d: d.add_paragraph(ZH), created=datetime(2021, 3, 5, tzinfo=UTC))
    article = one(made, "a/x.docx")
    assert article.published.isoformat() == "2021-03-05"
    assert article.metadata["published_from"] == "document properties"
    assert one(made, "a/2020-01-02 x.docx").published.isoformat() == "2020-01-02"


def test_docx_bomb():
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("word/document.xml", b"<a>" + b" " * 50_000_000)
    assert len(out.getvalue()) < 100_000
    with pytest.raises(UnreadableError, match="times its size"):
        read_articles(out.getvalue(), path="x.docx")


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"PK\x03\x04 nothing", "not a DOCX"),
        (b"\xd0\xcf\x11\xe0 old", "old .doc"),
        (make_docx(lambda _: None), "no text"),
        (make_docx(lambda d: d.add_paragraph("x"))[:-100], "not a DOCX"),
    ],
)
def test_no_docx(data, reason):
    with pytest.raises(UnreadableError, match=reason):
        read_articles(data, path="x.docx")


# --- the wire


def test_parsed_survives_json():
    import json
    from datetime import date

    parsed = Parsed(
        (Block("a", Kind.HEADING, 2, 1, True), Block("b")),
        Fields(
            title="t", published=date(2020, 5, 1), precision="month", tags=("x",), extra={"k": [1]}
        ),
        (Problem("line 2", "r"),),
    )
    assert Parsed.from_json(json.loads(json.dumps(parsed.to_json()))) == parsed


@pytest.mark.parametrize("path", ["a/x.md", "a/x.txt"])
@pytest.mark.parametrize("brackets", ["[" * 100_000, "[" * 60_000, "{a: " * 30_000])
def test_a_bomb_in_the_front_matter_costs_the_front_matter(brackets, path):
    started = time.perf_counter()
    reading = read_articles(f"---\ntitle: 题\nx: {brackets}\n---\n{ZH}".encode(), path=path)
    assert time.perf_counter() - started < 8
    assert (reading.articles[0].title, reading.articles[0].text) == ("题", ZH)
    assert len(reading.problems) == 1
    assert reading.problems[0].reason.startswith("front matter is")
    assert reading.problems[0].reason.endswith("kept title")


def test_a_long_text_between_two_rules_is_no_front_matter():
    body = f"Note: 序\n\n{ZH}\n" + f"{ZH2}\n\n" * 2000
    values, rest, problems = markdown.split_front_matter(f"---\n{body}---\n{ZH}")
    assert (values, problems) == ({}, ())
    assert rest == f"---\n{body}---\n{ZH}"


def test_spaces_inside_a_field_take_linear_time():
    started = time.perf_counter()
    source = "---\ntitle: 题\nx: [1" + " " * 60_000 + "1\n---\n"
    assert markdown.split_front_matter(source + ZH)[0] == {"title": "题"}
    assert time.perf_counter() - started < 3


@pytest.mark.parametrize(
    ("declared", "site", "title"),
    [
        ("疫情下的银行客服 - 远程服务的未来 - 新浪网", "", "疫情下的银行客服 - 远程服务的未来"),
        ("疫情下的银行客服_新浪网", "", "疫情下的银行客服"),
        ("疫情下的银行客服 - 城市新闻网 - 财经", "城市新闻网", "疫情下的银行客服"),
        (
            "疫情下的银行客服 | 远程服务的未来 | 城市新闻网",
            "城市新闻网",
            "疫情下的银行客服 | 远程服务的未来",
        ),
    ],
)
def test_a_subtitle_is_no_name_of_a_site(declared, site, title):
    head = f'<title>{declared}</title><meta property="og:site_name" content="{site}">'
    page = f"<html><head>{head}</head><body><div><p>{ZH}</p><p>{ZH2}</p></div></body></html>"
    assert one(page, "x.html").title == title


@pytest.mark.parametrize("name", ["hot", "side", "links", "pages", "rank", "popular", "menu"])
def test_a_section_of_a_marked_article_may_have_any_name(name):
    page = (
        f"<html><body><article><p>{ZH}</p><div class='{name}'><p>{ZH2}</p></div>"
        f"<div class='related'><p>{ZH2}相关</p></div></article>"
        f"<div class='{name}'><p>别处的{ZH2}</p></div></body></html>"
    )
    assert one(page, "x.html").text == f"{ZH}\n{ZH2}"
