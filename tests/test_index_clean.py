"""Characters are settled; navigation, archives, notices and credits go, and only those."""

import time
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from index.clean import Reason, clean_blocks, clean_line, is_prose, remove_boilerplate
from index.formats.parsed import Block, Kind
from index.headings import find_headings

PROSE = "远程银行的客服团队在去年完成了全部系统的升级，客户的等待时间明显缩短，投诉也少了很多。"


@pytest.mark.parametrize(
    ("raw", "clean"),
    [
        ("\u3000\u3000工商銀行\u00a0 年報\u2003\t", "工商銀行 年報"),
        ("a\u200bb\u2060c\ufeffd\u00ade", "abcde"),
        ("x\u202eevil\u202c\u2066y\u2069\u200f", "xevily"),
        ("Cafe\u0301", "Café"),
        ("e\u200b\u0301", "é"),
        ("a\r\nb\rc\n\n\n d \u2028e\x0bf\x85g", "a\nb\nc\nd\ne\nf\ng"),
        ("nul\x00bell\x07del\x7fc1\x9b!", "nulbelldelc1!"),
        ("half \ud83d pair", "half \ufffd pair"),
        ("，。！？（）“”：；", "，。！？（）“”：；"),
        ("👨\u200d👩\u200d👧 ok", "👨\u200d👩\u200d👧 ok"),
        ("می\u200cخواهم", "می\u200cخواهم"),
        ("汉\u200d字\u200c", "汉字"),
        ("hidden\U000e0049\U000e0067", "hidden"),
        ("\ufa12", "\u6674"),
        (" \u3000\n\t", ""),
    ],
)
def test_clean_line(raw, clean):
    assert clean_line(raw) == clean


@given(st.text())
def test_cleaning_is_idempotent_and_composed(text):
    once = clean_line(text)
    assert clean_line(once) == once
    assert unicodedata.is_normalized("NFC", once)
    assert not any("\ud800" <= c <= "\udfff" for c in once)
    assert once == once.strip(" \n")
    assert "\n\n" not in once


def part(*lines: str | Block):
    blocks = [x if isinstance(x, Block) else Block(x) for x in lines]
    cleaned = remove_boilerplate(clean_blocks(blocks))
    return [b.text for b in cleaned.kept], {r.text: r.reason for r in cleaned.removed}


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("设为首页 | 收藏本站 | 关于我们 | 广告服务", Reason.NAVIGATION),
        ("設為首頁｜收藏本站｜聯繫我們", Reason.NAVIGATION),
        ("Home | About us | Contact | Privacy policy", Reason.NAVIGATION),
        ("当前位置：首页 > 财经 > 银行 > 正文", Reason.NAVIGATION),
        ("您现在的位置: 首页 >> 新闻", Reason.NAVIGATION),
        ("首页 > 金融科技 > 2024年4月", Reason.NAVIGATION),
        ("2022年03月 2022年02月 2022年01月", Reason.ARCHIVE),
        ("2024 2023 2022 2021", Reason.ARCHIVE),
        ("责任编辑：王小明", Reason.CREDIT),
        ("責任編輯:Rachel", Reason.CREDIT),
        ("原标题：银行客服：从电话到视频", Reason.CREDIT),
        ("（文章来源：城市日报）", Reason.CREDIT),
        ("来源：城市日报 作者：李小明 编辑：王小红", Reason.CREDIT),
    ],
)
def test_sure_lines_go_wherever_they_stand(line, reason):
    kept, removed = part(PROSE, line, PROSE)
    assert kept == [PROSE, PROSE]
    assert list(removed.values()) == [reason]


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("Copyright © 2020 城市日报 All Rights Reserved", Reason.LEGAL),
        ("京ICP备12345678号-1 京公网安备11010802020000号", Reason.LEGAL),
        ("版权所有 城市日报社 未经授权不得转载", Reason.LEGAL),
        ("<http://news.example.com/a?id=1>", Reason.LINK),
        ("原文链接：https://news.example.com/a", Reason.LINK),
        ("返回首页 | 返回列表", Reason.NAVIGATION),
        ("上一篇 下一篇", Reason.NAVIGATION),
        ("分享到：微信 微博 QQ空间", Reason.NAVIGATION),
        ("本文仅代表作者观点，不代表本站立场。", Reason.DISCLAIMER),
        ("免责声明：本网转载的文章版权归原作者所有，如涉及侵权请联系删除。", Reason.DISCLAIMER),
        ("金融 科技 · 保险 汽车 · 房产 教育 · 健康 旅游", Reason.NAVIGATION),
        ("体育 | 娱乐 | 房产 | 教育", Reason.NAVIGATION),
    ],
)
def test_lines_that_end_a_page(line, reason):
    kept, removed = part(PROSE, line)
    assert kept == [PROSE]
    assert list(removed.values()) == [reason]


def test_contacts_go_with_a_footer_and_stay_without():
    contact = "电话:010-55550000 传真:010-55550001"
    assert part(PROSE, contact)[0] == [PROSE, contact]
    assert part(PROSE, contact, "京ICP备12345678号")[0] == [PROSE]
    advice = "瑞士报警电话：117，医疗急救：144"
    assert part(PROSE, advice)[0] == [PROSE, advice]


def test_a_paragraph_below_a_list_head_saves_both():
    body = "警方核实了转载的内容，删除了其中三条，并且约谈了两家平台的负责人，要求他们限期整改。"
    assert part(PROSE, "相关报道", body)[0] == [PROSE, "相关报道", body]


def test_a_single_line_that_begins_with_the_original_title_is_the_article():
    line = "原标题：银行换了系统 银行的客服在去年换了系统，客户不再久等。"
    assert part(line) == ([line], {})


def test_disclaimer_with_its_label_on_a_line_of_its_own():
    notice = "本網發佈的專欄、投稿，其文字均來源於作者投稿或轉載；如涉及版權問題，請聯繫我們刪除。"
    kept, removed = part(PROSE, "責任編輯：小美", "免責聲明：", notice)
    assert kept == [PROSE]
    assert removed["免責聲明："] is removed[notice] is Reason.DISCLAIMER


def test_archive_list_to_the_end_of_the_page():
    lines = [
        "往期回顾",
        "2022年03月 2022年02月",
        "查看所有过刊",
        "本期精选",
        "某银行副总经理谈数字..",
        "客服 | 关于",
    ]
    kept, removed = part(PROSE, *lines)
    assert kept == [PROSE]
    assert len(removed) == len(lines)


@pytest.mark.parametrize(
    "line",
    [
        "相关阅读习惯正在改变，纸质书的销量在五年里第一次出现了回升。",
        "他在电话:12345里说，银行的服务比过去好了很多，也更愿意听客户的意见。",
        "法院认为，该网站在页面下方标注的版权所有字样不能证明其权利，判决驳回全部诉讼请求。",
        "2022年3月，公司营收增长。",
        "首页改版之后，访问量比上个月翻了一番，其中一半来自手机。",
        "如有侵权，权利人可以要求平台承担连带责任，这是新法的第一条。法院已在三个案件里适用。",
    ],
)
def test_prose_with_the_words_of_boilerplate_stays(line):
    assert part(PROSE, line, PROSE)[0] == [PROSE, line, PROSE]
    assert line in part(PROSE, line)[0]


def test_tables_and_code_are_never_navigation():
    rows = [Block("首页 | 收藏本站 | 关于我们", Kind.ROW), Block("a | b | c", Kind.CODE)]
    assert part(PROSE, *rows)[0] == [PROSE, "首页 | 收藏本站 | 关于我们", "a | b | c"]


def test_a_plain_table_is_no_bar_of_links():
    rows = ["城市 | 省份 | 面积", "合肥 | 安徽 | 很大", "潍坊 | 山东 | 不小"]
    assert part(PROSE, *rows)[0] == [PROSE, *rows]


def test_a_row_of_years_above_figures_is_the_head_of_a_table():
    rows = ["2019年 | 2020年 | 2021年", "1.2 | 2.3 | 4.5"]
    assert part(PROSE, *rows, PROSE)[0] == [PROSE, *rows, PROSE]
    assert part(PROSE, "2019 2020 2021", "2016 2017 2018")[0] == [PROSE]


def test_the_time_of_an_event_is_no_credit():
    line = "时间：5月12日下午三点"
    assert part(PROSE, line, PROSE)[0] == [PROSE, line, PROSE]
    assert part("时间：2020-05-12 10:30", PROSE)[0] == [PROSE]


@pytest.mark.parametrize("row", ["2001 | " * 40 + "合计", "2020-01 " * 60 + "合计"])
def test_a_long_row_of_years_takes_no_time(row):
    started = time.perf_counter()
    assert part(PROSE, row, PROSE)[0] == [PROSE, row, PROSE]
    assert time.perf_counter() - started < 2


def test_a_list_of_related_articles_in_the_middle_stays():
    assert part(PROSE, "相关报道", PROSE)[0] == [PROSE, "相关报道", PROSE]


def test_a_document_of_nothing_but_navigation_is_empty():
    assert part("设为首页 | 收藏本站", "京ICP备12345678号") == (
        [],
        {"设为首页 | 收藏本站": Reason.NAVIGATION, "京ICP备12345678号": Reason.LEGAL},
    )


def test_is_prose():
    assert is_prose(PROSE)
    assert not is_prose("短句。")
    assert not is_prose("某银行网络金融部总经理、金融科技创新研究院院长、高级工程师 李小明谈银行")


def headings(*lines: str | Block):
    blocks = [x if isinstance(x, Block) else Block(x) for x in lines]
    return [(b.level, b.text) for b in find_headings(blocks) if b.kind is Kind.HEADING]


def test_numbered_headings_have_levels_by_rank():
    lines = [
        "一、过去",
        PROSE,
        "二、现在",
        "1.电话",
        "(1)人工",
        PROSE,
        "(2)机器",
        PROSE,
        "2.视频",
        PROSE,
    ]
    assert headings(*lines) == [
        (1, "一、过去"), (1, "二、现在"), (2, "1.电话"), (3, "(1)人工"), (3, "(2)机器"),
        (2, "2.视频"),
    ]  # fmt: skip


def test_a_numbered_list_is_no_headings():
    assert headings(PROSE, "1.苹果", "2.香蕉", "3.梨") == []


def test_short_lines_between_prose_are_headings():
    lines = [PROSE, "工商银行：从电话到视频", PROSE, "总结", PROSE]
    assert headings(*lines) == [(1, "工商银行：从电话到视频"), (1, "总结")]


@pytest.mark.parametrize(
    "line",
    [
        "图1 手机银行功能",
        "表 2 各行对比",
        "他走了。",
        "某银行总经理 李小明",
        "http://a.example",
        "（完）",
        "注：略",
        "123",
    ],
)
def test_no_headings(line):
    assert headings(PROSE, line, PROSE) == []


def test_bold_paragraphs_are_headings_and_nest():
    bold = [Block("新渠道", bold=True), Block("云端银行送去服务", bold=True)]
    assert headings(PROSE, *bold, PROSE) == [(1, "新渠道"), (2, "云端银行送去服务")]


def test_marked_headings_are_left_alone():
    marked = Block("第一章", Kind.HEADING, level=2)
    assert headings(marked, PROSE, "总结", PROSE) == [(2, "第一章")]


def test_plain_headings_around_numbered_ones():
    lines = ["背景", PROSE, "一、过去", PROSE, "二、现在", PROSE]
    assert headings(*lines) == [(1, "背景"), (2, "一、过去"), (2, "二、现在")]


@pytest.mark.parametrize("unit", ["a", "1", " a", "。", "|", "http://", "a. ", "(来源:甲)", "「"])
def test_a_line_of_a_million_characters_takes_linear_time(unit):
    line = unit * (1_000_000 // len(unit))
    started = time.perf_counter()
    kept, removed = part(PROSE, line, PROSE)
    find_headings([Block(text) for text in kept])
    # Seconds in all; the quadratic patterns of old took minutes.
    assert time.perf_counter() - started < 20
    assert kept[0] == PROSE
    assert len(kept) + len(removed) >= 3


def test_credits_in_brackets_come_off_the_end_only():
    line = f"{PROSE}(来源:城市日报){PROSE}(来源:城市日报)(责任编辑:王小红)"
    kept, removed = part(line)
    assert kept == [f"{PROSE}(来源:城市日报){PROSE}"]
    assert list(removed) == ["(来源:城市日报) (责任编辑:王小红)"]


@pytest.mark.parametrize(
    "line",
    [
        "声明：本公司删除了有关内容，并承担法律责任。",
        "郑重声明：银行已经核实此事，并且向客户道歉。",
    ],
)
def test_what_a_company_announces_is_no_disclaimer(line):
    assert part(PROSE, line)[0] == [PROSE, line]


@pytest.mark.parametrize(
    "line",
    [
        "声明：转载此文是出于传递更多信息之目的。",
        "提示：以上数据仅供参考，股市有波动。",
        "特别声明：如有侵权请联系本站核实后删除。",
        "免责声明：如有问题请联系我们。",
    ],
)
def test_what_a_publisher_declares_is_a_disclaimer(line):
    kept, removed = part(PROSE, line)
    assert kept == [PROSE]
    assert list(removed.values()) == [Reason.DISCLAIMER]


@pytest.mark.parametrize(
    "line",
    ["来源：收入主要来自手续费", "作者：一位老客户", "发布：每月第一个星期一", "Source: fees"],
)
def test_one_weak_label_inside_the_article_is_no_credit(line):
    assert part(PROSE, line, PROSE) == ([PROSE, line, PROSE], {})
    for outside in ([line, PROSE, PROSE], [PROSE, PROSE, line]):
        assert part(*outside) == ([PROSE, PROSE], {line: Reason.CREDIT})
