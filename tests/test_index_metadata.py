"""Title, date, source and author from small layouts; dates as people write them."""

import time
from datetime import date

import pytest

from index.article import Article
from index.credits import is_stamp
from index.dates import find_dates, parse_date
from index.ingest import read_articles
from index.metadata import path_date, path_title, shorten

# Two sentences that no rule may take for anything but running text.
ZH = (
    "远程银行的客服团队在去年完成了全部系统的升级，客户的等待时间明显缩短，投诉也比上一年少了很多。"
    "负责人表示，下一步还会把更多的柜面业务搬到线上，让客户少跑路。"
)
HANT = (
    "遠端銀行的客服團隊在去年完成了全部系統的升級，客戶的等待時間明顯縮短，投訴也比上一年少了很多。"
    "負責人表示，下一步還會把更多的櫃檯業務搬到線上，讓客戶少跑路。"
)
EN = (
    "The remote banking centre finished the upgrade of all its systems last year. "
    "Customers now wait less, and the number of complaints has fallen by a third."
)


def read(text: str, path: str = "news/a1.txt") -> Article:
    return read_articles(text.encode(), path=path).articles[0]


# path, file, and what must come out: title, published, source, author
LAYOUTS = {
    "headline, then prose": ("a1.txt", f"银行客服转型记\n{ZH}", "银行客服转型记", None, None, None),
    "headline with a question": (
        "a1.txt",
        f"谁来接听下一通电话？\n{ZH}",
        "谁来接听下一通电话？",
        None,
        None,
        None,
    ),
    "stamp with label": (
        "a1.txt",
        f"银行客服转型记\n2021-03-05 10:20:30　来源：城市日报　作者：李小明\n{ZH}",
        "银行客服转型记",
        "2021-03-05",
        "城市日报",
        "李小明",
    ),
    "stamp without label": (
        "a1.txt",
        f"银行客服转型记\n2021年3月5日 10:20 城市新闻网\n{ZH}",
        "银行客服转型记",
        "2021-03-05",
        "城市新闻网",
        None,
    ),
    "stamp in traditional script": (
        "a1.txt",
        f"銀行客服轉型記\n發布時間：2021年03月05日　來源：城市晚報\n{HANT}",
        "銀行客服轉型記",
        "2021-03-05",
        "城市晚報",
        None,
    ),
    "ROC year": (
        "a1.txt",
        f"銀行客服轉型記\n民國109年5月12日\n{HANT}",
        "銀行客服轉型記",
        "2020-05-12",
        None,
        None,
    ),
    "credit tail in brackets": (
        "a1.txt",
        f"银行客服转型记\n{ZH}（文章来源：城市财经网）",
        "银行客服转型记",
        None,
        "城市财经网",
        None,
    ),
    "editor line": (
        "a1.txt",
        f"银行客服转型记\n{ZH}\n责任编辑：王小红",
        "银行客服转型记",
        None,
        None,
        None,
    ),
    "signature": (
        "a1.txt",
        f"银行客服转型记\n{ZH}(王小红)",
        "银行客服转型记",
        None,
        None,
        "王小红",
    ),
    "two signatures": (
        "a1.txt",
        f"银行客服转型记\n{ZH}（记者 王小红 李明）",
        "银行客服转型记",
        None,
        None,
        "王小红、李明",
    ),
    "dateline with year": (
        "a1.txt",
        f"银行客服转型记\n新华社北京2021年3月5日电 {ZH}",
        "银行客服转型记",
        "2021-03-05",
        "新华社",
        None,
    ),
    "dateline, nothing gives the year": (
        "a1.txt",
        f"银行客服转型记\n新华社北京3月5日电 {ZH}",
        "银行客服转型记",
        None,
        "新华社",
        None,
    ),
    "dateline, the file name gives the year": (
        "2021-03-06-x.txt",
        f"银行客服转型记\n新华社北京3月5日电 {ZH}",
        "银行客服转型记",
        "2021-03-05",
        "新华社",
        None,
    ),
    "dateline over the turn of the year": (
        "20210101_x.txt",
        f"银行客服转型记\n中新网12月31日电 {ZH}",
        "银行客服转型记",
        "2020-12-31",
        "中新网",
        None,
    ),
    "dateline, a date in the body gives the year": (
        "a1.txt",
        f"银行客服转型记\n中新网3月5日电 {ZH}\n截至2021年2月28日，{ZH}",
        "银行客服转型记",
        "2021-03-05",
        "中新网",
        None,
    ),
    "dateline, the body's date is too far": (
        "a1.txt",
        f"银行客服转型记\n中新网3月5日电 {ZH}\n早在2018年1月28日，{ZH}",
        "银行客服转型记",
        None,
        "中新网",
        None,
    ),
    "dateline of the paper itself": (
        "a1.txt",
        f"银行客服转型记\n本报讯 {ZH}",
        "银行客服转型记",
        None,
        None,
        None,
    ),
    "paper without a day": (
        "a1.txt",
        f"银行客服转型记\n城市商报讯（记者 李小明）{ZH}",
        "银行客服转型记",
        None,
        "城市商报",
        "李小明",
    ),
    "a cited report is no source": (
        "a1.txt",
        f"银行客服转型记\n据城市商报3月5日报道，{ZH}",
        "银行客服转型记",
        None,
        None,
        None,
    ),
    "a company is no dateline": (
        "a1.txt",
        f"银行客服转型记\n互联网腾讯 {ZH}",
        "银行客服转型记",
        None,
        None,
        None,
    ),
    "reporter in brackets": (
        "a1.txt",
        f"银行客服转型记\n新华社北京3月5日电（记者李小明）{ZH}",
        "银行客服转型记",
        None,
        "新华社",
        "李小明",
    ),
    "Taiwan reporter": (
        "a1.txt",
        f"銀行客服轉型記\n〔記者陳小玲／台北報導〕{HANT}",
        "銀行客服轉型記",
        None,
        None,
        "陳小玲",
    ),
    "Taiwan reporter without brackets": (
        "a1.txt",
        f"銀行客服轉型記\n記者林小華／高雄報導\n{HANT}",
        "銀行客服轉型記",
        None,
        None,
        "林小華",
    ),
    "Taiwan agency": (
        "a1.txt",
        f"銀行客服轉型記\n（中央社記者王小明台北12日電）{HANT}",
        "銀行客服轉型記",
        None,
        "中央社",
        "王小明",
    ),
    "bracketed dateline": (
        "a1.txt",
        f"銀行客服轉型記\n【城市時報2021年03月05日訊】{HANT}",
        "銀行客服轉型記",
        "2021-03-05",
        "城市時報",
        None,
    ),
    "byline after the title": (
        "a1.txt",
        f"银行客服转型记\n某银行网络金融部总经理 李小明\n{ZH}",
        "银行客服转型记",
        None,
        None,
        "李小明",
    ),
    "breadcrumb with an issue": (
        "a1.txt",
        f"首页 > 金融月刊 > 2021年3月\n银行客服转型记\n{ZH}",
        "银行客服转型记",
        "2021-03-01",
        "金融月刊",
        None,
    ),
    "breadcrumb with an issue, and a list of issues": (
        "a1.txt",
        f"首页 > 金融城 > 2021年3月\n银行客服转型记\n{ZH}\n过刊查询\n2021年02月 2021年01月",
        "银行客服转型记",
        "2021-03-01",
        "金融城",
        None,
    ),
    "breadcrumb with a folder of the month": (
        "a1.txt",
        f"当前位置：首页 > 信用卡业务 > 2024年4月\n银行客服转型记\n{ZH}",
        "银行客服转型记",
        None,
        None,
        None,
    ),
    "breadcrumb with a section": (
        "a1.txt",
        f"当前位置：首页 > 财经 > 银行\n银行客服转型记\n{ZH}",
        "银行客服转型记",
        None,
        None,
        None,
    ),
    "Reuters": (
        "a1.txt",
        f"Remote banking grows up\nLONDON (Reuters) - {EN}",
        "Remote banking grows up",
        None,
        "Reuters",
        None,
    ),
    "Xinhua in English": (
        "a1.txt",
        f"Remote banking grows up\nBEIJING, March 3, 2021 (Xinhua) -- {EN}",
        "Remote banking grows up",
        "2021-03-03",
        "Xinhua",
        None,
    ),
    "By X, date": (
        "a1.txt",
        f"Remote banking grows up\nBy Jane Miller, March 3, 2021\n{EN}",
        "Remote banking grows up",
        "2021-03-03",
        None,
        "Jane Miller",
    ),
    "By X alone": (
        "a1.txt",
        f"Remote banking grows up\nBy Jane Miller\n{EN}",
        "Remote banking grows up",
        None,
        None,
        "Jane Miller",
    ),
    "date in the name, prose only": (
        "2021-03-05-银行客服转型记.txt",
        ZH,
        "银行客服转型记",
        "2021-03-05",
        None,
        None,
    ),
    "compact date in the name": (
        "20210305_remote-banking-report.txt",
        EN,
        "remote banking report",
        "2021-03-05",
        None,
        None,
    ),
    "an English slug for a Chinese text": (
        "2021-03-05-remote-bank.txt",
        f"谁来接听下一通电话？{ZH}",
        "谁来接听下一通电话？",
        "2021-03-05",
        None,
        None,
    ),
    "date in the folders": (
        "2021/03/05/a1.txt",
        f"银行客服转型记\n{ZH}",
        "银行客服转型记",
        "2021-03-05",
        None,
        None,
    ),
    "hash as a name": (
        "003_ece5416f2cfa0aba.txt",
        ZH,
        "远程银行的客服团队在去年完成了全部系统的升级，客户的等待时间明显缩短…",
        None,
        None,
        None,
    ),
    "a date in the body is no date": (
        "a1.txt",
        f"银行客服转型记\n2021年3月5日，{ZH}",
        "银行客服转型记",
        None,
        None,
        None,
    ),
    "a stated original title": (
        "a1.txt",
        f"转型记\n{ZH}\n原标题：银行客服转型记：从电话到视频",
        "转型记",
        None,
        None,
        None,
    ),
    "front matter": (
        "x.md",
        '---\ntitle: "银行: 客服转型"\ndate: 2021-03-05 23:30:00 +0800\n'
        f"author: 李小明\nsource: 城市日报\n---\n{ZH}",
        "银行: 客服转型",
        "2021-03-05",
        "城市日报",
        "李小明",
    ),
    "front matter wins over the name": (
        "2020-01-01-x.md",
        f"---\ntitle: 题\ndate: 2021-03-05\n---\n{ZH}",
        "题",
        "2021-03-05",
        None,
        None,
    ),
    "Jekyll name without a date field": (
        "2021-03-05-bank.md",
        f"---\ntitle: 题\n---\n{ZH}",
        "题",
        "2021-03-05",
        None,
        None,
    ),
    "Markdown heading as title": (
        "x.md",
        f"# 银行客服转型记\n\n{ZH}",
        "银行客服转型记",
        None,
        None,
        None,
    ),
    "HTML metas": (
        "x.html",
        "<html><head><title>银行客服转型记_城市新闻网</title>"
        '<meta property="article:published_time" content="2021-03-05T08:00:00+08:00">'
        '<meta name="author" content="李小明">'
        '<meta property="og:site_name" content="城市新闻网"></head>'
        f"<body><h1>银行客服转型记</h1><div>{ZH}</div></body></html>",
        "银行客服转型记",
        "2021-03-05",
        "城市新闻网",
        "李小明",
    ),
    "HTML stamp": (
        "x.html",
        "<html><head><title>银行客服转型记 - 城市新闻网</title></head><body><h1>银行客服转型记</h1>"
        '<div class="article-info">2021-03-05 08:00 来源：城市日报</div>'
        f'<div class="article-content"><p>{ZH}</p></div></body></html>',
        "银行客服转型记",
        "2021-03-05",
        "城市日报",
        None,
    ),
    "HTML linked data": (
        "x.html",
        '<html><head><script type="application/ld+json">{"@context":"https://schema.org","@type":'
        '"NewsArticle","headline":"Remote banking grows up","datePublished":"2021-03-05",'
        '"author":[{"@type":"Person","name":"Jane Miller"}],"publisher":{"name":"The City Paper"}}'
        f"</script></head><body><article><h1>Remote banking grows "
        f"up</h1><p>{EN}</p></article></body></html>",
        "Remote banking grows up",
        "2021-03-05",
        "The City Paper",
        "Jane Miller",
    ),
    "HTML time element": (
        "x.html",
        "<html><head><title>Remote banking grows up | The City Paper</title></head><body><main>"
        f"<h1>Remote banking grows up</h1>"
        f'<time datetime="2021-03-05">5 March</time><p>{EN}</p></main></body></html>',
        "Remote banking grows up",
        "2021-03-05",
        None,
        None,
    ),
}


@pytest.mark.parametrize("name", LAYOUTS)
def test_layout(name):
    path, text, title, published, source, author = LAYOUTS[name]
    article = read(text, "news/" + path)
    found = (article.title, article.published, article.source, article.author)
    assert found == (title, date.fromisoformat(published) if published else None, source, author)
    # Whatever was taken out, the prose is whole.
    assert ("Customers now wait less" in article.text) or ("少跑路" in article.text)


@pytest.mark.parametrize(
    ("opening", "title"),
    [
        ("新华社北京5月12日电（记者李小明）银行的客服换了新的系统。", "银行的客服换了新的系统"),
        ("城市商报讯（记者 李小明）银行的客服换了新的系统。", "银行的客服换了新的系统"),
        ("原标题：银行的客服换了新的系统。", "银行的客服换了新的系统"),
        ("LONDON (Reuters) - Banks change.", "Banks change"),
    ],
)
def test_an_opening_sentence_as_title_has_no_dateline(opening, title):
    assert read(f"{opening}\n{ZH}").title == title


def test_partial_dateline_is_kept():
    article = read(f"银行客服转型记\n新华社北京3月5日电 {ZH}")
    assert article.published is None
    assert article.metadata["dateline"] == "3月5日"


def test_a_year_that_was_derived_says_from_what():
    article = read(f"银行客服转型记\n新华社北京3月5日电 {ZH}", "2021-03-06-x.txt")
    assert article.metadata["published_from"] == "the dateline and the file name"


def test_issue_has_month_precision():
    article = read(f"首页 > 金融月刊 > 2021年3月\n银行客服转型记\n{ZH}")
    assert article.metadata["published_precision"] == "month"
    assert article.metadata["section"] == "金融月刊"


def test_credits_leave_the_text_and_enter_the_metadata():
    article = read(f"转型记\n{ZH}\n原标题：银行客服转型记：从电话到视频\n责任编辑：王小红")
    assert article.text == ZH
    assert article.metadata["original_title"] == "银行客服转型记：从电话到视频"
    assert article.metadata["editor"] == "王小红"


def test_an_interview_keeps_its_questions():
    text = f"银行客服访谈\n记者：您怎么看远程银行？\n{ZH}\n编辑：谢谢您的时间。\n{ZH}"
    article = read(text)
    assert "记者：您怎么看远程银行？" in article.text
    assert "编辑：谢谢您的时间。" in article.text


@pytest.mark.parametrize(
    ("written", "day", "precision"),
    [
        ("2020-05-12", "2020-05-12", "day"),
        ("2020/5/2", "2020-05-02", "day"),
        ("2020.05.12", "2020-05-12", "day"),
        ("20200512", "2020-05-12", "day"),
        ("2020-05-12T23:59:59Z", "2020-05-12", "day"),
        ("2020年5月12日", "2020-05-12", "day"),
        ("２０２０年５月１２日", "2020-05-12", "day"),
        ("二〇二〇年五月十二日", "2020-05-12", "day"),
        ("民國一百零九年五月二十二日", "2020-05-22", "day"),
        ("中華民國109年5月12日", "2020-05-12", "day"),
        ("令和2年5月12日", "2020-05-12", "day"),
        ("令和元年5月12日", "2019-05-12", "day"),
        ("2020년 5월 12일", "2020-05-12", "day"),
        ("May 12, 2020", "2020-05-12", "day"),
        ("Tue, 12 May 2020 08:00:00 GMT", "2020-05-12", "day"),
        ("12-May-2020", "2020-05-12", "day"),
        ("Sept. 3rd, 2020", "2020-09-03", "day"),
        ("2020-05", "2020-05-01", "month"),
        ("2020年5月", "2020-05-01", "month"),
        ("May 2020", "2020-05-01", "month"),
        ("2020", "2020-01-01", "year"),
    ],
)
def test_parse_date(written, day, precision):
    assert parse_date(written) == (date.fromisoformat(day), precision)


@pytest.mark.parametrize(
    "written",
    ["", "03/04/2021", "2021-02-30", "yesterday", "1.2.3", "99999999", "1850-01-01", "5月12日"],
)
def test_no_date(written):
    assert parse_date(written) is None


def test_many_dates_take_linear_time():
    line = "2020-05-12, " * 20_000
    started = time.perf_counter()
    found = find_dates(line)
    assert (len(found), found[-1][1:]) == (20_000, (239_988, 239_998))
    assert not is_stamp(line)
    assert time.perf_counter() - started < 8


def test_path_date_ignores_numbers_that_are_none():
    assert path_date("a/0020_99991399.txt") is None
    assert path_date("posts/x_2020.05.12.md").value == date(2020, 5, 12)
    assert path_date("第3期_2020年5月.pdf").precision == "month"


def test_path_title():
    assert path_title("a/20200512_remote-bank_review.md") == "remote bank review"
    assert path_title("a/index.html") is None
    assert path_title("a/新建文本文档.txt") is None
    assert path_title("a/0042.txt") is None


def test_shorten_cuts_between_clauses():
    long = "在过去的一年里，" * 10 + "完。"
    assert shorten(long) == "，".join(["在过去的一年里"] * 5) + "…"
    assert shorten("Rates fell. Banks rose.") == "Rates fell"
    assert shorten("无标点" * 30) == ("无标点" * 30)[:40] + "…"


def test_a_folder_of_the_month_is_a_section_only():
    article = read(f"当前位置：首页 > 信用卡业务 > 2024年4月\n银行客服转型记\n{ZH}")
    assert dict(article.metadata) == {"section": "信用卡业务"}
