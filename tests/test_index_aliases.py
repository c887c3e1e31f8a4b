"""Aliases: which names a question says, which it only seems to say, and what a file may hold."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from index.aliases import Aliases, AliasMatch, variants
from index.errors import UsageError
from index.fold import fold

ALIASES = Aliases.load()


def said(text):
    return [match.said for match in ALIASES.find(text)]


@pytest.mark.parametrize(
    ("question", "names"),
    [
        ("工行的客户满意度是多少？", ["工行"]),
        ("疫情期間工行線上繳費總共繳了多少錢？", ["工行"]),
        ("那建行呢？", ["建行"]),
        ("中行为什么要裁员", ["中行"]),
        ("交行为客户提供什么", ["交行"]),
        ("建行业务怎么办理", ["建行"]),
        ("请问招行业绩如何", ["招行"]),
        ("我在建行开户", ["建行"]),
        ("去中行办卡", ["中行"]),
        ("建设银行卡丢了", ["建设银行"]),
        ("平安银行卡电话", ["平安银行"]),
        ("交行手機銀行關愛版", ["交行", "手機銀行", "關愛版"]),
        ("工行、农行和建行", ["工行", "农行", "建行"]),
        ("中国工商银行在盈利方面排名第几", ["中国工商银行"]),
        ("中国银行业协会发布了什么", ["中国银行业协会"]),
        ("聊城农商银行发放了多少贷款", ["农商银行"]),
        ("icbc的手机银行", ["icbc", "手机银行"]),
        ("ＩＣＢＣ", ["ＩＣＢＣ"]),
        ("BOC和CCB", ["BOC", "CCB"]),
        ("How is ICBC's mobile banking?", ["ICBC", "mobile banking"]),
        ("Industrial and Commercial Bank of China", ["Industrial and Commercial Bank of China"]),
        ("who issues credit cards", ["credit cards"]),
        ("ABC's mobile banking", ["ABC", "mobile banking"]),
        ("那民生和光大银行呢", ["民生", "光大银行"]),
        ("Harbourline银行还有实体网点吗", ["Harbourline银行"]),
    ],
)
def test_names_that_are_said(question, names):
    assert said(question) == names


_TRAPS = """
集中行动 集中行使 空中行走 途中行李丢失 其中行贿的 心中行善 高中行书课 活动中行为不当 审理中行使
环境中行使 创建行业标准 在建行业项目 基建行业 扩建行为 土建行业 党建行动 构建行动方案
重建行政大楼 提交行政复议 执行中行为 外交行为 成交行情 社交行为 移交行政机关 公交行业 立交行驶
不交行李费 提交行驶证 杂交行为 公开招行政人员 校招行程 手工行当 化工行业 员工行为守则 农民工行李
罢工行为 义工行动 加工行业 三农行业 惠农行动 茶农行会 中央行政 中央行动 党中央行文
银行间市场利率 银行业监管 中国银行业 南京银行业 香港银行业 互联网联盟 物联网联合 官网联系方式
集邮储物柜 外汇丰收 明星展览 印刷脸部 人行道 法人行为 保证人行使追偿权 当事人行使权利
欧洲央行加息 美国证监会 花旗参 中信证券 招商证券 平安保险 改善民生 国计民生 发扬光大 江湾镇
李瑞银借款 abc boc ABC ABC公司 ABC电视台 www.icbc.com.cn XICBC ICBCX icbc_cn info@icbc.com
Bank_of_China
"""


@pytest.mark.parametrize("trap", _TRAPS.split())
def test_a_short_name_inside_longer_words_does_not_fire(trap):
    assert said(trap) == []


def test_a_match_tells_the_other_names_usual_first():
    assert ALIASES.find("问：工行？") == (
        AliasMatch(
            2,
            4,
            "工行",
            ("工商银行", "中国工商银行", "ICBC", "Industrial and Commercial Bank of China"),
        ),
    )
    # A chunk that names 中国证监会 names 证监会.
    assert "中国证监会" not in ALIASES.find("证监会")[0].names
    assert ALIASES.find("credit cards")[0].names[:2] == ("信用卡", "贷记卡")
    # A name that often means something else is recognised, never searched for.
    assert "ABC" not in ALIASES.find("农行")[0].names


def test_variants_put_other_names_in_place():
    text = "工行和CCB的网银"
    assert variants(text, ALIASES.find(text)) == (
        "工商银行和建设银行的网上银行",
        "ICBC和建设银行的online banking",
    )
    assert variants("今天", ()) == ()


@given(st.text(alphabet=st.characters() | st.sampled_from("工农中建交行银业为ICBC ABC.’s")))
def test_any_text_gives_ordered_spans_of_what_is_said(text):
    at = 0
    for match in ALIASES.find(text):
        assert at <= match.start < match.end <= len(text)
        assert text[match.start : match.end] == match.said
        assert match.names
        at = match.end


def test_the_shipped_file_meets_what_is_folded():
    """A Han name written in another script would fold to one that the file has already."""
    for group in ALIASES.groups:
        assert all(fold(name) in ALIASES.pieces for name in group)


def written(tmp_path, text):
    path = tmp_path / "mine.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_a_file_of_ones_own_adds_names_and_groups(tmp_path):
    path = written(
        tmp_path,
        """
words = "行宇宙"
[[group]]
names = ["工行", "宇宙行"]
[[group]]
names = ["湾湾办", "江湾小程序"]
""",
    )
    aliases = Aliases.load(path)
    (match,) = aliases.find("宇宙行有多少网点")
    assert match.names[:2] == ("工商银行", "中国工商银行")
    assert "宇宙行" in aliases.find("ICBC")[0].names
    assert aliases.find("湾湾办")[0].names == ("江湾小程序",)
    assert said("宇宙行") == []  # the shipped names are not touched


def test_a_file_of_ones_own_silences_and_is_sure(tmp_path):
    path = written(
        tmp_path, 'words = "交行 民生问题"\n[[group]]\nnames = ["农业银行", "ABC", "民生问题行"]\n'
    )
    aliases = Aliases.load(path)
    assert aliases.find("交行的满意度") == ()
    assert [match.said for match in aliases.find("ABC")] == ["ABC"]
    assert "ABC" in aliases.find("农行")[0].names


def test_a_changed_file_is_read_again(tmp_path):
    import os

    path = written(tmp_path, '[[group]]\nnames = ["甲甲甲", "乙乙乙"]\n')
    assert Aliases.load(path) is Aliases.load(path)
    assert Aliases.load(path).find("甲甲甲")[0].names == ("乙乙乙",)
    path.write_text('[[group]]\nnames = ["甲甲甲", "丙丙丙"]\n', encoding="utf-8")
    os.utime(path, ns=(1, 1))
    assert Aliases.load(path).find("甲甲甲")[0].names == ("丙丙丙",)


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("[[group]\n", "is not valid TOML"),
        ("alias = 1\n", "unknown key 'alias'"),
        ("words = 3\n", "words must be one string"),
        ("group = 3\n", "a group begins with"),
        ('[[group]]\nname = ["甲乙"]\n', "group 1 must hold names"),
        ('[[group]]\nnames = "甲乙"\n', "names must be a list of strings"),
        ('[[group]]\nnames = ["甲乙", 3]\n', "names must be a list of strings"),
        ('[[group]]\nnames = ["甲乙"]\n', "needs two names at least"),
        ('[[group]]\nnames = ["甲乙", "丙"]\n', "'丙' cannot be a name"),
        ('[[group]]\nnames = ["甲乙", ""]\n', "'' cannot be a name"),
        (
            '[[group]]\nnames = ["甲乙", "丙丁"]\n[[group]]\nnames = ["戊己", "丙丁"]\n',
            r"group 2 \(戊己\): the name 丙丁 stands already in the group of 甲乙",
        ),
        ('[[group]]\nnames = ["甲乙", "甲乙"]\n', "stands already in the group of 甲乙"),
        ('words = "甲乙"\n[[group]]\nnames = ["甲乙", "丙丁"]\n', "甲乙 is also among the words"),
        (
            '[[group]]\nnames = ["工行", "建行"]\n',
            r"group 1 \(工行\) has names of two things, of 工商银行 and of 建设银行",
        ),
    ],
)
def test_a_file_that_is_wrong_is_refused_with_its_name(tmp_path, text, complaint):
    path = written(tmp_path, text)
    with pytest.raises(UsageError, match=complaint) as caught:
        Aliases.load(path)
    assert str(path) in str(caught.value)


def test_a_file_that_is_not_there_is_refused(tmp_path):
    with pytest.raises(UsageError, match=r"cannot read the aliases .*none\.toml"):
        Aliases.load(tmp_path / "none.toml")
