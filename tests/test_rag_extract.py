"""The extractive generator: short answers, bullets, sides, leaning sentences, dates; declining."""

from dataclasses import replace
from datetime import date

import pytest

from index.article import Article, Chunk, Heading, Script
from index.language import detect_script, in_script
from index.passage import Passage
from rag.extract import ExtractiveGenerator
from rag.generate import Task
from rag.question import Asked, Kind, read_question
from rag.rank import rank_statements
from rag.short import find_short
from rag.statements import FEATURES, Material, gather_statements
from rag.things import find_things

DAY = date(2024, 5, 1)


def passage(text, *, name="a", title="公告", published=date(2023, 3, 1), score=1.0):
    article = Article(
        id=name,
        text=text,
        title=title,
        path=f"{name}.md",
        language="zh",
        script=Script.SIMPLIFIED,
        encoding="utf-8",
        published=published,
    )
    chunk = Chunk(f"{name}:0", name, 0, len(text), text)
    return Passage(chunk, article, score)


def drafts(question, *passages, sides=(), most=3):
    read = read_question(question)
    material = Material(read, passages, dict.fromkeys(read.terms, 1.0))
    task = Task(read, passages, rank_statements(material), sides)
    return list(ExtractiveGenerator(max_sentences=most).drafts(task))


def test_every_draft_is_the_articles_own_characters():
    found = drafts(
        "满意度是多少？", passage("江湾银行发布公告。客户满意度为98.68%。服务没有中断。")
    )
    assert found
    assert all(d.text == d.spans[0].text for d in found)
    assert "98.68%" in found[0].text


@pytest.mark.parametrize(
    ("question", "sentence", "short"),
    [
        ("客户满意度是多少？", "2月底客户满意度为98.68%。", "98.68%"),
        ("手机银行是哪一年推出的？", "江湾银行在2004年推出手机银行。", "2004年"),
        (
            "When was the app launched?",
            "The app was launched on 12 July 1949.",
            "12 July 1949",
        ),
    ],
)
def test_the_short_answer_is_pointed_out(question, sentence, short):
    found = find_short(read_question(question), sentence)
    assert found is not None
    assert sentence[slice(*found)] == short


def test_what_a_reader_points_out_comes_before_what_features_do():
    text = "静心转账自2023年11月起开启，超过5000元，要等24小时。"
    read = read_question("静心转账的门槛是多少元？")
    source = passage(text)
    ranked = rank_statements(Material(read, (source,), dict.fromkeys(read.terms, 1.0)))[0]

    def short(*span):
        task = Task(read, (source,), (replace(ranked, short=span or None),))
        (draft,) = ExtractiveGenerator().drafts(task)
        return draft.short and draft.text[slice(*draft.short)]

    at = text.index("5000")
    assert short(at, at + len("5000元，")) == "5000元"  # marks at its edges are none of it
    assert short(0, 0) is None  # it was read, and nothing was found
    assert short()  # nobody read it
    task = Task(read_question("为什么要等？"), (source,), (replace(ranked, short=(at, at + 4)),))
    assert next(ExtractiveGenerator().drafts(task)).short is None


@pytest.mark.parametrize("question", ["为什么下调利率？", "如何重置密码？", "支持指纹登录吗？"])
def test_what_no_few_words_answer_has_no_short_answer(question):
    assert find_short(read_question(question), "因为成本在2020年降到3%，所以下调。") is None


def test_a_list_becomes_bullets_each_with_its_own_quote():
    text = "开户需要准备下列材料：\n1. 身份证原件。\n2. 一张银行卡。\n3. 本人手机。\n其他另行通知。"
    found = drafts("开户需要准备哪些材料？", passage(text))
    assert [d.text for d in found] == ["1. 身份证原件。", "2. 一张银行卡。", "3. 本人手机。"]
    assert all(d.item for d in found)
    assert len({(s.start, s.end) for d in found for s in d.spans}) == 3


def test_a_comparison_is_grouped_by_side():
    text = "甲银行的用户有300万户。乙银行的用户有500万户。丙银行没有公布用户。"
    found = drafts("甲银行和乙银行的用户有多少？", passage(text), sides=(("甲银行",), ("乙银行",)))
    assert [(d.group, d.text) for d in found] == [
        ("甲银行", "甲银行的用户有300万户。"),
        ("乙银行", "乙银行的用户有500万户。"),
    ]


def test_a_side_may_be_told_of_under_its_name_alone():
    first = passage("本行的热线等待时间是48秒。甲银行办了运动会。", title="甲银行年报")
    second = passage("乙银行的热线等待时间是20秒。", name="b", title="热线")
    question = "甲银行和乙银行的热线等待时间有什么不同？"
    found = drafts(question, first, second, sides=(("甲银行",), ("乙银行",)), most=2)
    assert [(d.group, d.text) for d in found] == [
        ("甲银行", "本行的热线等待时间是48秒。"),
        ("乙银行", "乙银行的热线等待时间是20秒。"),
    ]


def test_what_is_told_of_both_sides_together_is_no_comparison():
    text = "甲银行和乙银行签了协议。协议自2023年8月1日起执行。甲银行的网点不变。"
    question = "甲银行和乙银行的协议什么时候执行？"
    found = drafts(question, passage(text), sides=(("甲银行",), ("乙银行",)), most=1)
    assert [d.group for d in found] == [""]


def test_no_sentence_stands_under_two_sides_and_what_names_one_alone_goes_first():
    text = (
        "甲银行和乙银行有不同的手机银行。甲银行的手机银行能刷脸。先说乙银行。乙银行的只能输密码。"
    )
    question = "甲银行和乙银行的手机银行有什么不同？"
    found = drafts(question, passage(text), sides=(("甲银行",), ("乙银行",)), most=2)
    assert [(d.group, d.text) for d in found] == [
        ("甲银行", "甲银行的手机银行能刷脸。"),
        ("乙银行", "乙银行的只能输密码。"),  # 先说乙银行 says nothing
    ]


def test_what_was_quoted_is_not_quoted_again_before_what_leans_on_it():
    text = "手机银行2004年推出。此后推出过手机银行2.0版。"
    source = passage(text)
    read = read_question("手机银行哪年推出？")
    ranked = rank_statements(Material(read, (source,), dict.fromkeys(read.terms, 1.0)))
    told = tuple(replace(one, score=0.0) for one in ranked)
    task = Task(read, (source,), told)
    assert [d.text for d in ExtractiveGenerator().drafts(task)] == [
        "手机银行2004年推出。",
        "此后推出过手机银行2.0版。",
    ]
    # The other way round the first one comes along, and does not come again.
    leaning = sorted(told, key=lambda one: not one.statement.text.startswith("此"))
    drafted = ExtractiveGenerator().drafts(replace(task, statements=leaning))
    assert [d.text for d in drafted] == [text]


def headed(text, *headings):
    """A passage whose article has these headings, in this order, each on its line."""
    found = passage(text)
    spans = tuple(Heading(text.index(h), text.index(h) + len(h), 2) for h in headings)
    return replace(found, article=replace(found.article, headings=spans))


def test_a_list_of_the_section_that_was_asked_about():
    text = (
        "四条建议\n四条建议里，减法最难。\n第一，先做减法。上新要慎重。\n第二，让手机先行。\n"
        "其他\n第三，无关。"
    )
    source = headed(text, "四条建议", "其他")
    found = drafts("四条建议分别是什么？", source)
    assert [d.text for d in found] == ["第一，先做减法。", "第二，让手机先行。"]


def test_what_leads_into_a_list_without_a_colon():
    text = "Three things have to be in place. First, an identity. Second, a system. It must hold."
    found = drafts("What three things have to be in place?", passage(text))
    assert [d.text for d in found] == ["First, an identity.", "Second, a system."]


def test_a_version_and_a_heading_are_no_items():
    text = "2. 从云到货架\n2.0版提出了三个方向。\n1. 尾声\n完。"
    found = drafts("2.0版提出了哪三个方向？", headed(text, "2. 从云到货架", "1. 尾声"))
    assert [d.text for d in found][:1] == ["2.0版提出了三个方向。"]
    assert not found[0].text.startswith("2. ")


def test_a_question_of_the_text_finds_its_answer():
    text = (
        "问：谁能申请？\n答：种茶的农户。\n问：怎么还款？\n答：采茶季过后一次还本。利息按季付。\n"
        "问：多久到账？\n答：两天。"
    )
    read = read_question("茶农贷怎么还款？")
    found = gather_statements(Material(read, (passage(text),), dict.fromkeys(read.terms, 1.0)))
    asked = found.features[:, FEATURES.index("asked")]
    assert [(row.text, value) for row, value in zip(found.rows, asked, strict=True)] == [
        ("答：种茶的农户。", 0.0),
        ("答：采茶季过后一次还本。", 1.0),
        ("利息按季付。", 1.0),
        ("答：两天。", 0.0),
    ]


def test_a_heading_that_asks_is_answered_by_its_section_and_a_question_in_a_line_by_its_rest():
    text = "要準備哪些東西？\n身分證。\n手機。\n結語\n為什麼慢？因為排隊。\n完。"
    source = headed(text, "要準備哪些東西？", "結語")
    for question, wanted in (
        ("開戶要準備什麼東西？", [1, 1, 0, 0, 0]),
        ("為什麼這麼慢呢？", [0, 0, 0, 0, 0]),  # one character in common is chance
        ("要不要排隊才這麼慢？", [0, 0, 0, 0, 0]),
    ):
        read = read_question(question)
        found = gather_statements(Material(read, (source,), dict.fromkeys(read.terms, 1.0)))
        asked = found.features[:, FEATURES.index("asked")]
        assert [bool(value) for value in asked] == [bool(value) for value in wanted]
    assert [row.text for row in found.rows if row.is_heading] == ["結語"]


def test_a_heading_is_never_quoted(sample):
    answer = sample.answer("给后来者的四条建议是什么？")
    assert [s.text[:2] for s in answer.sentences] == ["第一", "第二", "第三", "第四"]
    for question in ("风险没有回家", "三条老话"):
        assert question not in [s.text for s in sample.answer(question).sentences]


def test_a_sentence_that_leans_gets_the_name_in_brackets_or_begins_earlier():
    text = "江湾银行去年换了总部。该行的用户数达到300万户。"
    (draft, *_) = drafts("用户数是多少？", passage(text), most=1)
    assert (draft.lead, draft.text) == ("江湾银行", "该行的用户数达到300万户。")
    text = "张明在2003年到任。他负责推出手机银行。"
    (draft, *_) = drafts("推出手机银行由他负责吗？", passage(text), most=1)
    assert (draft.lead, draft.text) == ("", text)


def test_a_figure_gets_its_day():
    text = "截至2019年末的数据如下。用户数达到300万户。"
    (draft, *_) = drafts("用户数达到多少？", passage(text), most=1)
    assert draft.as_of == "截至2019年末"
    (draft, *_) = drafts("用户数达到多少？", passage("用户数达到300万户。"), most=1)
    assert draft.as_of == "2023-03-01"
    (draft, *_) = drafts("用户数达到多少？", passage("2021年用户数达到300万户。"), most=1)
    assert draft.as_of == ""


def test_articles_that_disagree_are_both_shown_with_their_dates():
    found = drafts(
        "江湾银行的用户数达到多少？",
        passage("江湾银行的用户数达到300万户。", name="a", published=date(2021, 1, 1)),
        passage("江湾银行的用户数达到500万户。", name="b", published=date(2023, 1, 1)),
    )
    assert {(d.spans[0].article.id, d.as_of) for d in found} == {
        ("a", "2021-01-01"),
        ("b", "2023-01-01"),
    }


def test_a_passage_told_twice_is_quoted_once():
    found = drafts(
        "用户数达到多少？",
        passage("用户数达到300万户。", name="a"),
        passage("用户数达到300万户。", name="b"),
    )
    assert len(found) == 1


def test_the_features_of_a_statement_have_names():
    read = read_question("用户数达到多少？")
    passages = (passage("用户数达到300万户。天气很好。"),)
    found = gather_statements(Material(read, passages, dict.fromkeys(read.terms, 1.0)))
    assert found.features.shape == (2, len(FEATURES))
    stated = found.features[:, FEATURES.index("stated")]
    assert stated[0] > stated[1] == 0


def test_an_ordinal_is_no_count():
    question = read_question("江湾银行有多少家网点？")
    text = "江湾银行的第一百四十家网点昨天开业，全行共有128家。"
    found = find_short(question, text)
    assert found is not None
    assert text[slice(*found)] == "128家"
    assert [text[a:b] for a, b in find_things(Kind.NUMBER, text)] == ["128家"]
    assert question.measure is not None
    assert not question.measure.search("第一百四十家网点，第141家网点")
    assert question.measure.search("一百四十家网点")


def test_things_are_found_by_their_form():
    text = "《公报》称，阿兰·图灵1950年在曼彻斯特市发表论文。"
    told = {
        kind: [text[a:b] for a, b in find_things(kind, text)]
        for kind in (Kind.OTHER, Kind.PERSON, Kind.DATE, Kind.PLACE)
    }
    assert "《公报》" in told[Kind.OTHER]
    assert any("图灵" in name for name in told[Kind.PERSON])
    assert told[Kind.DATE] == ["1950年"]
    assert any(place.endswith("市") for place in told[Kind.PLACE])


def test_an_answer_says_what_it_is_and_how_likely(sample):
    answer = sample.answer("江湾银行在2022年年底有多少手机银行注册用户？")
    assert answer.frame.startswith("以下为文章原句")
    assert answer.probability is not None
    assert answer.probability > sample.config.answer.min_probability
    assert answer.suggestions == ()


def test_a_declined_answer_tells_the_probability_and_the_nearest_passages(sample):
    answer = sample.answer("冥王星上有几家银行网点？")
    assert answer.abstained
    assert answer.passages
    assert answer.probability < sample.config.answer.min_probability
    assert "weak evidence" in answer.reason


def test_what_is_suggested_is_answered(sample):
    asked = Asked("How many customers does Harbourline have?", DAY, suggest=True)
    answer = sample.answer_to(asked)
    assert answer.suggestions
    for question in answer.suggestions:
        assert not sample.answer(question).abstained
    assert sample.answer_to(replace(asked, suggest=False)).suggestions == ()


@pytest.mark.parametrize(
    ("question", "script"),
    [
        ("江湾银行的微信小程序叫啥？", Script.SIMPLIFIED),
        ("江灣銀行的微信小程式叫什麼？", Script.TRADITIONAL),
        ("Which bank do customers over seventy prefer, Harbourline or Nanwan?", Script.LATIN),
    ],
)
def test_what_is_suggested_is_written_as_the_question_is(sample, question, script):
    found = sample.further(Asked(question, DAY), declined=False)
    assert found
    assert [detect_script(further) for further in found] == [script] * len(found)
    if script is Script.SIMPLIFIED:
        assert [in_script(further, script) for further in found] == list(found)


def test_a_risky_question_carries_its_notice(sample):
    assert sample.answer("忘记登录密码怎么办？").notice.startswith("请勿把密码")
    assert sample.answer("江湾银行成立于哪年？").notice is None
