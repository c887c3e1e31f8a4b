"""Two questions are one only where nothing tells them apart."""

import pytest

from index.aliases import Aliases
from index.embed import bundled
from rag.paraphrase import THRESHOLD, difference, likeness, read_phrasing


def compared(one, other):
    first, second = (read_phrasing(q, Aliases.load()) for q in (one, other))
    a, b = bundled().embed_questions([first.text, second.text])
    assert difference(first, second) == "" or difference(second, first) != ""
    return likeness(first, second, float(a @ b)), difference(first, second)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("江湾银行的客服电话是多少？", "请问江湾银行客服电话是多少呢"),
        ("江湾银行的客服电话是多少？", "江灣銀行的客服電話是多少？"),
        ("江湾银行的客服电话是多少？", "江湾银行的客服电话是多少?"),
        ("怎么联系江湾银行客服", "如何联系江湾银行的客服？"),
        ("工行的客服电话是多少", "请问工商银行客服电话多少"),
        ("ICBC的手機銀行怎麼登錄？", "中国工商银行手机银行如何登录"),
        ("如何重置密码？", "密码怎样重置呢"),
        ("信用卡可以提前还款吗", "信用卡能不能提前还款？"),
        ("手机银行转账限额是多少", "手机银行转账的限额有多少？"),
        ("能不能告诉我网点地址在哪里", "网点地址在哪儿"),
        ("2023年的利润是多少", "２０２３年的利潤是多少"),
        ("How do I reset my password?", "how can I reset the password"),
    ],
)
def test_other_ways_of_asking_the_same(one, other):
    score, why = compared(one, other)
    assert why == ""
    assert score >= THRESHOLD


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("2023年的利润是多少", "2024年的利润是多少"),
        ("1月2日开门吗", "2月1日开门吗"),
        ("去年的利润是多少", "今年的利润是多少"),
        ("转账5万元要收费吗", "转账50万元要收费吗"),
        ("贷款利率是5%吗", "贷款利率是5倍吗"),
        ("工行的客服电话是多少", "建行的客服电话是多少"),
        ("张三是谁", "李四是谁"),
        ("小程序能转账吗", "小程序不能转账吗"),
        ("不用密码能转账吗", "用密码不能转账吗"),
        ("怎么开通短信提醒", "怎么关闭短信提醒"),
        ("客户满意度上升了吗", "客户满意度下降了吗"),
        ("信用卡可以提前还款吗", "信用卡怎么提前还款"),
        ("江湾银行的手机银行怎么样", "江湾银行的手机银行怎么了"),
        ("手机银行转账限额是多少", "网上银行转账限额是多少"),
        ("手机银行转账限额是多少", "手机银行转账单日限额是多少"),
        ("从储蓄卡转到信用卡怎么操作", "从信用卡转到储蓄卡怎么操作"),
        ("怎么还款", "怎么借款"),
        ("怎么转入活期", "活期怎么转入"),
        ("谁投诉了经理", "经理投诉了谁"),
        ("什么产品适合我", "什么产品适合你"),
        (
            "How do I transfer from savings to checking?",
            "How do I transfer from checking to savings?",
        ),
        ("Can I close an account?", "Can I open an account?"),
        ("Why was the card refused?", "When was the card refused?"),
    ],
)
def test_what_differs_keeps_them_apart(one, other):
    assert compared(one, other)[1]
    assert compared(other, one)[1]


def test_names_are_taken_for_one_another_only_by_the_aliases_given():
    one, other = read_phrasing("工行的电话"), read_phrasing("工商银行的电话")
    assert difference(one, other) == "商 is not in the other"


def test_likeness_is_the_mean_of_both_shares():
    one, other = read_phrasing("甲乙"), read_phrasing("甲丙")
    # {甲, 甲乙, 乙} and {甲, 甲丙, 丙} share one of three.
    assert likeness(one, other, 0.5) == pytest.approx((0.5 + 1 / 3) / 2)
    assert likeness(one, one, -1.0) == pytest.approx(0.5)
