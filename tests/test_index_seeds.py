"""The acceptance collection: five real articles, where they are at hand."""

import time
from datetime import date
from pathlib import Path

import pytest

from index.article import Article, Script
from index.ingest import read_articles

SEEDS = Path(__file__).parents[2] / "shared" / "seeds"

pytestmark = pytest.mark.skipif(
    not SEEDS.is_dir(), reason="the acceptance articles (../shared/seeds) are not in this checkout"
)

NAMES = {
    "jekyll": "000_8e5239ca2f79c0ce.txt",
    "dateline": "001_f8637387506d8987.txt",
    "damaged": "002_0119d893c273449f.txt",
    "signed": "003_ece5416f2cfa0aba.txt",
    "magazine": "004_4aa1aa8326864f39.txt",
}
S, T = Script.SIMPLIFIED, Script.TRADITIONAL

# title, source, author, published, script, characters (at least, at most), headings
GOLDEN = {
    "jekyll": (
        "交行线上金融服务助力稳经济惠民生",
        "中国网财经",
        None,
        "2022-06-01",
        S,
        2120,
        2180,
        6,
    ),
    "dateline": (
        "为保障金融服务不中断,更好地支持实体经济发展…",
        "中新经纬客户端",
        None,
        None,
        S,
        2220,
        2260,
        3,
    ),
    "damaged": (
        "2020年之初,一場疫情改變了所有人的春節生活,不僅如此…",
        "中國電子銀行網",
        None,
        None,
        T,
        4600,
        4680,
        7,
    ),
    "signed": (
        "为减轻小微企业受复杂外部环境和疫情反复的影响,从中央到地方出台了一揽子纾困政策",
        None,
        "钱璐璐",
        None,
        S,
        1980,
        2020,
        3,
    ),
    "magazine": (
        "交通银行网络金融部总经理、金融科技创新研究院院长李肇宁:守正创新,金融为民,打造更有温度"
        "的手机银行",
        "中国信用卡",
        "李肇宁",
        "2024-04-01",
        S,
        4900,
        4990,
        19,
    ),
}

METADATA = {
    "jekyll": {"layout": "post", "categories": "zhongguowangcaijing"},
    "dateline": {"dateline": "4月1日"},
    "damaged": {"editor": "Rachel"},
    "signed": {},
    "magazine": {
        "section": "中国信用卡", "published_precision": "month",
        "copyright": "《中国金融电脑》杂志社",
        "original_title": "交通银行:守正创新,金融为民,打造更有温度的手机银行",
    },
}  # fmt: skip

GONE = {
    "jekyll": ["文章来源", "http", "返回", "layout", "<p>", "strong", "｜"],
    "dateline": [],
    "damaged": ["責任編輯", "Rachel", "免責聲明", "cebnet", "400-880-9888", "中國電子銀行網"],
    "signed": ["钱璐璐"],
    "magazine": [
        "设为首页", "收藏本站", "广告服务", "当前位置", "过刊", "2022年03月", "本期精选", "赵磊",
        "薛建华",
        "企业简介",
        "Copyright", "版权所有", "51915111", "ICP", "公网安备", "站多多", "原标题", "RSS", "\u2003",
    ],
}  # fmt: skip

THERE = {
    "jekyll": [
        "交行2019年正式推出的线上经营工具",
        "1.8倍",
        "针对受疫情影响产生的应急资金需求",
        "安全感。",
    ],
    "dateline": ["中新经纬客户端4月1日电", "98.52%", "99.91%", "工商银行编发"],
    "damaged": ["55.57萬筆", "98.68%", "1.5萬余家單位", "“極速貸”10萬筆", "歡迎指正。"],
    "signed": ["(合肥)", "11万小微企业", "263亿元", "来自小微的声音。"],
    "magazine": [
        "国内第一个WAP版",
        "近20万笔",
        "4.13亿元",
        "图1 交通银行手机银行8.0亮点功能(利民篇)",
        "院长 李肇宁",
        "Top 50",
    ],
}

HEADINGS = {
    "jekyll": [(1, "抓住新需求"), (2, "个人线上金融服务坚持“以客户为中心”"), (1, "解决新问题")],
    "dateline": [(1, "优化丰富“非接触服务渠道”,助力企业复工复产")],
    "damaged": [(1, "工商銀行:多措并舉助力疫情防控"), (1, "中國銀行:借助短視頻等手段加強營銷"),
                (1, "總結")],
    "signed": [(1, "多平台广覆盖智慧服务拓宽度")],
    "magazine": [
        (1, "一、交通银行手机银行的发展历程"), (2, "1.金融利民,满足客户多元财富管理需求"),
        (3, "(3)深化风控体系建设,提供立体安全的智能防护能力"),
        (2, "4.体验闭环,通过深度洞察提升客户体验"),
    ],
}  # fmt: skip


def seed(name: str) -> Article:
    path = SEEDS / NAMES[name]
    reading = read_articles(path.read_bytes(), path=f"seeds/{path.name}")
    assert reading.problems == ()
    return reading.articles[0]


@pytest.mark.parametrize("name", NAMES)
def test_what_is_known_of_each(name):
    article = seed(name)
    title, source, author, published, script, least, most, headings = GOLDEN[name]
    assert article.title == title
    assert (article.source, article.author) == (source, author)
    assert article.published == (date.fromisoformat(published) if published else None)
    assert (article.language, article.script, article.encoding) == ("zh", script, "utf-8")
    assert least <= len(article.text) <= most
    assert len(article.headings) == headings
    assert dict(article.metadata) == METADATA[name]


def test_url_and_tags_of_the_post():
    article = seed("jekyll")
    assert article.url.endswith("infoCode=NW202206012398717031")
    assert article.tags == ("中国网财经新闻",)


@pytest.mark.parametrize("name", NAMES)
def test_what_is_gone_and_what_is_there(name):
    text = seed(name).text
    assert [s for s in GONE[name] if s in text] == []
    assert [s for s in THERE[name] if s not in text] == []
    if name in ("jekyll", "magazine"):
        assert not text.startswith(GOLDEN[name][0])


@pytest.mark.parametrize("name", NAMES)
def test_headings(name):
    article = seed(name)
    found = [(h.level, article.text[h.start : h.end]) for h in article.headings]
    assert [h for h in HEADINGS[name] if h not in found] == []
    assert not any(h[1].startswith("图") for h in found)


def test_damaged_spots_are_reported_and_not_guessed():
    article = seed("damaged")
    spots = [article.text[d.start : d.end] for d in article.damages]
    assert len(spots) == 2
    assert all("??" in spot for spot in spots)
    assert [d.suggestion for d in article.damages] == ["。客戶再次到訪", "。客戶通過"]
    assert "注冊成功??蛻粼俅" in article.text
    assert "服務??蛻敉" in article.text
    assert all(seed(name).damages == () for name in NAMES if name != "damaged")


def test_all_five_are_read_within_a_second():
    seed("magazine")  # imports and tables
    started = time.perf_counter()
    for name in NAMES:
        seed(name)
    assert time.perf_counter() - started < 1.5
