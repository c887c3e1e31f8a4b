"""Follow-ups written out in full: what gives way, what stays, and what is left alone."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from index.aliases import Aliases
from index.fold import fold
from rag.followup import Completion, Turn, complete

USERS = "工行手机银行有多少用户？"


def full(question, *earlier, answer=None, names=None):
    turns = [Turn(text) for text in earlier[:-1]] + [Turn(earlier[-1], answer)]
    done = complete(question, turns, names=names)
    return done.text if done else None


@pytest.mark.parametrize(
    ("earlier", "question", "expected"),
    [
        # an organisation for an organisation
        (USERS, "那建行呢？", "建行手机银行有多少用户？"),
        (USERS, "建行呢", "建行手机银行有多少用户？"),
        (USERS, "那招商银行呢？", "招商银行手机银行有多少用户？"),
        ("工行武汉分行怎么放款？", "那建行呢？", "建行武汉分行怎么放款？"),
        # a date for a date; a mere year for the year in it
        ("2020年底交行有多少用户？", "2018年呢？", "2018年底交行有多少用户？"),
        ("2020年底交行有多少用户？", "那两年前呢？", "2018年底交行有多少用户？"),
        ("2020年底交行有多少用户？", "去年呢？", "去年交行有多少用户？"),
        (USERS, "去年呢？", "去年工行手机银行有多少用户？"),
        ("茶农贷平时多久放款？", "三月份呢？", "茶农贷三月份多久放款？"),
        # a place, a version, a rate
        ("工行在浙江有多少网点？", "山东呢？", "工行在山东有多少网点？"),
        ("交行手机银行2.0是哪年发布的？", "3.0呢？", "交行手机银行3.0是哪年发布的？"),
        ("语音转账一笔最多转多少？", "一天呢？", "语音转账一天最多转多少？"),
        # another aspect of the same subject
        (USERS, "它的满意度呢？", "工行手机银行的满意度？"),
        (USERS, "其客服电话是多少？", "工行手机银行的客服电话是多少？"),
        (USERS, "满意度呢？", "工行手机银行的满意度？"),
        ("招行专线的接通率是多少？", "那满意度呢？", "招行专线的满意度是多少？"),
        # another thing, the same asked of it
        ("U盾的缺点是什么？", "手机盾呢？", "手机盾的缺点是什么？"),
        ("江湾银行跨行转账一笔多少钱？", "补卡呢？", "江湾银行补卡一笔多少钱？"),
        ("小程序能查网点吗？", "查余额呢？", "小程序能查余额吗？"),
        # both at once, and a new question of the new one
        (
            "江湾银行汇款的手续费是多少？",
            "那南湾银行的取款呢？",
            "南湾银行取款的手续费是多少？",
        ),
        ("在江湾银行更新护照要多久？", "那南湾银行呢，怎么办？", "在南湾银行更新护照怎么办？"),
        # pronouns
        ("江湾银行有多少用户？", "该行的行长是谁？", "江湾银行的行长是谁？"),
        ("中山路支行搬到哪里？", "那里能停车吗？", "中山路支行能停车吗？"),
        ("2020年底江湾银行有多少用户？", "它何时成立？", "江湾银行何时成立？"),
        # no subject
        ("中山路支行哪天搬家？", "为什么要搬？", "中山路支行为什么要搬？"),
        ("极速贷发了多少笔？", "一共多少钱？", "极速贷一共多少钱？"),
        # more of the same, and why
        ("首页有哪些按钮？", "还有别的吗？", "首页有哪些按钮，还有别的吗？"),
        # traditional characters stay traditional
        (
            "南灣銀行有多少間分行？",
            "那明禾銀行呢？",
            "明禾銀行有多少間分行？",
        ),
        ("明禾銀行的月費是多少？", "它的滿意度呢？", "明禾銀行的滿意度？"),
        # English
        ("How many branches did Bank A have in 2018?", "and in 2021?",
         "How many branches did Bank A have in 2021?"),
        ("How many branches did Bank A have in 2018?", "What about Bank B?",
         "How many branches did Bank B have in 2018?"),
        ("When did Bank A open?", "and last year?", "When did Bank A open last year?"),
        ("How many users does Bank A have?", "how about fees?", "What about the fees of Bank A?"),
        ("How many users does Bank A have?", "and its app?", "What about the app of Bank A?"),
        ("How many users does Bank A have?", "When was it founded?", "When was Bank A founded?"),
        ("How many booths does Nanwan Bank run?", "And how much do they cost?",
         "How much do the booths of Nanwan Bank cost?"),
        ("When did Bank A open?", "Why?", "Why did Bank A open?"),
        ("What does Bank A offer?", "Anything else?", "What does Bank A offer, anything else?"),
        ("When was version 6 of the app released?", "And version 5?",
         "When was version 5 of the app released?"),
    ],
)  # fmt: skip
def test_completed(earlier, question, expected):
    assert full(question, earlier) == expected


@pytest.mark.parametrize(
    ("earlier", "answer", "question", "expected"),
    [
        ("哪家银行的董事长为宕机道歉？", "明禾银行。", "它有多少用户？", "明禾银行有多少用户？"),
        ("新行长是谁？", "顾明川。", "他接替了谁？", "顾明川接替了谁？"),
        (
            "静心转账要等多久才到账？",
            "24小时。",
            "为什么？",
            "为什么静心转账要等24小时才到账？",
        ),
        (
            "Who used Cloud Bank every day?",
            "Ni Yanlin.",
            "How many customers did she call?",
            "How many customers did Ni Yanlin call?",
        ),
    ],
)
def test_the_answer_says_who_is_meant(earlier, answer, question, expected):
    assert full(question, earlier, answer=answer) == expected


def test_a_chain_is_completed_from_the_completed_turn_before():
    assert full("那农行呢？", USERS, "那建行呢？") == "农行手机银行有多少用户？"
    assert full("它的满意度呢？", USERS, "那建行呢？") == "建行手机银行的满意度？"
    earlier = "How many users did Bank A have in 2018?"
    assert full("and in 2020?", earlier, "What about Bank B?") == (
        "How many users did Bank B have in 2020?"
    )


def test_what_was_kept_and_what_changed_is_told():
    assert complete("那建行呢？", [Turn(USERS)]) == Completion(
        "建行手机银行有多少用户？", ("手机银行有多少用户",), "建行"
    )
    assert complete("它的满意度呢？", [Turn(USERS)]).kept == ("工行手机银行",)


def test_names_of_no_telling_shape_are_known_by_their_spans():
    def names(text):
        return [(text.find(n), text.find(n) + 2) for n in ("邮储", "光大") if n in text]

    assert full("邮储呢？", "光大的坐席有多少？", names=names) == "邮储的坐席有多少？"


@pytest.mark.parametrize(
    "question",
    [
        "什么是数字人民币？",
        "數字人民幣是什麼？",
        "南湾银行哪年成立？",
        "谁是孟捷？",
        "那曲在哪里？",
        "那家银行叫什么名字？",
        "那些网点为什么关了？",
        "其他银行有多少用户？",
        "其中哪家银行最快？",
        "这些年网点少了多少？",
        "石门村离镇上有多远？",
        "银龄手机课的讲师是谁？",
        "手机盾有什么缺点？",
        "Who founded Minghe?",
        "What is phishing?",
        "Is there a monthly fee?",
        "How long does it take to open an account?",
        "How many buttons does Minghe's senior mode keep on its home page?",
        "江湾银行和它的客户怎么沟通？",
    ],
)
@pytest.mark.parametrize("earlier", [USERS, "How many users did Bank A have in 2020?"])
def test_a_whole_question_inherits_nothing(earlier, question):
    assert full(question, earlier) is None


def test_without_a_dialogue_nothing_is_completed():
    assert complete("那建行呢？", []) is None


WORDS = [
    "那",
    "建行",
    "工行",
    "的",
    "呢",
    "？",
    "它",
    "2020年",
    "有多少",
    "满意度",
    "，",
    "the",
    "it",
    "why",
    "and",
    "A",
    "Bank",
]


@given(st.lists(st.sampled_from(WORDS), max_size=8), st.text(max_size=30))
def test_any_dialogue_is_survived(words, text):
    question = "".join(words)
    for first, second in ((question, text), (text, question), (question, question)):
        done = complete(first, [Turn(second, text), Turn(text, second)])
        if done:
            assert done.text.strip()
            assert fold(done.text) != fold(first.strip())


def test_a_turn_without_a_word_lends_none():
    assert full("建行呢", "") is None
    assert full("建行呢", "工行有多少网点？", "  ") is None


def test_beside_a_bank_a_word_that_may_be_one_is_one():
    """民生 alone is the people's livelihood; whoever spoke of a bank before means the bank."""
    aliases = Aliases.load(None)

    def names(text):
        return [(m.start, m.end) for m in aliases.find(text) if not m.is_product]

    assert names("那民生呢？") == []
    earlier = "平安信用卡中心有多少人在家接线？"
    assert full("那民生呢？", earlier, names=names) == "民生信用卡中心有多少人在家接线？"
    assert full("教育呢？", "国家怎么改善民生？", names=names) == "教育怎么改善民生？"
