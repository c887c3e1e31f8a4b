"""Questions that must work on the seed articles, cited to the right place, and some to decline."""

import pytest

# question, file of the article, what the first sentence must quote
ANSWERED = [
    (
        "截至2月底，交行在线智能机器人应答了多少笔客户提问，满意度多少？",
        "002_",
        ("55.57萬筆", "98.68%"),
    ),
    (
        "工行合肥中心的线上普惠客户服务团队为多少家小微企业指导完成线上提款，融资金额多少？",
        "003_",
        ("11万", "263亿元"),
    ),
    ("交通银行哪一年推出国内第一个WAP版手机银行？", "004_", ("2004年",)),
    ("云端银行是哪一年正式推出的？", "000_", ("2019年",)),
    ("招商银行对公专线的接通率和客户满意度分别是多少？", "001_", ("98.52%", "99.91%")),
    (
        "2023年交行手机银行智能风控系统拦截了多少笔风险交易，避免了多少损失？",
        "004_",
        ("近20万笔", "4.13亿元"),
    ),
    ("郵儲銀行今年以來發放了多少筆極速貸？", "002_", ("10萬筆",)),
    ("建行社区疫情防控系统覆盖了多少单位？", "002_", ("1.5萬余家單位",)),
]
DECLINED = [
    "招商银行2023年的净利润是多少？",
    "今天上海的天气怎么样？",
    "Who won the 2022 World Cup?",
]


@pytest.mark.parametrize(("question", "file", "expected"), ANSWERED, ids=range(len(ANSWERED)))
def test_answered_and_cited_to_the_right_place(seeds, question, file, expected):
    answer = seeds.answer(question)
    assert not answer.abstained, answer.reason
    first = answer.citations[answer.sentences[0].citations[0] - 1]
    assert first.path.rsplit("/", 1)[-1].startswith(file)
    for figure in expected:
        assert figure in answer.sentences[0].text
    for citation in answer.citations:
        text = seeds.index.article(citation.article_id).text
        assert text[citation.start : citation.end] == citation.quote


@pytest.mark.parametrize("question", DECLINED, ids=range(len(DECLINED)))
def test_declined(seeds, question):
    answer = seeds.answer(question)
    assert answer.abstained
    assert answer.reason
    assert answer.sentences == ()
    assert answer.citations == ()
