"""Drafts of cases: by rule, by a model that may err, from the log."""

import json
from datetime import date

import pytest
from test_eval_judge import chat_server, says  # noqa: F401 - a fixture

from eval.cases import Case, parse_cases
from eval.chat_model import ChatModel
from eval.drafts import Logged, Reason, by_model, by_rule, declined, from_log
from index.article import Article, Heading, Script
from index.errors import RemoteError
from index.passage import Filters
from rag.journal import Journal
from rag.question import Asked, Turn

TEXT = (
    "江湾银行搬家\n"
    "江湾银行今年5月6日搬到了和平路。\n"
    "江湾银行的客户电话平均等待17秒，比去年少。\n"
    "新的小程序叫做“湾湾办”，上午九点开放。\n"
    "满意度升到了98.68%，是三年来最高的。\n"
    "停车\n"
    "新址有三十个车位，都不收费。"
)


def article(text=TEXT, *, language="zh", script=Script.SIMPLIFIED, headings=("停车",)):
    found = [(text.index(h), text.index(h) + len(h)) for h in headings]
    return Article(
        id="a1",
        text=text,
        title="搬迁通知",
        path="articles/a.md",
        language=language,
        script=script,
        encoding="utf-8",
        headings=tuple(Heading(a, b, 2) for a, b in found),
    )


def told(cases):
    return {case.question: case.answers for case in cases}


def test_what_a_sentence_tells_is_asked_for_in_its_place():
    drafts = by_rule(article(), limit=20)
    assert told(drafts) == {
        "江湾银行的客户电话平均等待多少秒，比去年少？": ("17秒",),
        "满意度升到了百分之多少，是三年来最高的？": ("98.68%",),
        "江湾银行今年什么时候搬到了和平路？": ("5月6日",),
        "哪家银行今年5月6日搬到了和平路？": ("江湾银行",),
        "哪家银行的客户电话平均等待17秒，比去年少？": ("江湾银行",),
        "新的小程序叫做什么，上午九点开放？": ("湾湾办",),
        "《搬迁通知》怎么说“停车”？": (),
    }


def test_every_draft_is_a_good_case_whose_quote_stands_once_in_the_article():
    drafts = by_rule(article(), limit=20)
    lines = [json.dumps(case.to_json(), ensure_ascii=False) for case in drafts]
    reading = parse_cases(lines)
    assert list(reading.cases) == drafts
    for case in drafts:
        assert case.tags[:2] == ("draft", "rule")
        ((span,),) = case.gold
        assert TEXT.count(span.quote) == 1
        assert all(answer in span.quote for answer in case.answers)
    heading = next(case for case in drafts if case.tags[2] == "heading")
    assert heading.gold[0][0].quote == "新址有三十个车位，都不收费。"


def test_kinds_take_turns_when_there_are_too_many():
    kinds = [case.tags[2] for case in by_rule(article(), limit=4)]
    assert kinds == ["number", "date", "name", "heading"]


def test_the_question_word_has_the_script_and_language_of_the_article():
    hant = article("南灣銀行的電話平均等待18秒。", script=Script.TRADITIONAL, headings=())
    (case,) = by_rule(hant)
    assert (case.question, case.lang) == ("南灣銀行的電話平均等待多少秒？", "zh-Hant")
    text = "The bank has 36 partner shops since 2019, and it answers 91% of all calls at once."
    english = article(text, language="en", script=Script.LATIN, headings=())
    number, day = by_rule(english)
    assert number.question.startswith("The bank has how many partner shops since 2019,")
    assert day.answers == ("since 2019",)
    assert (
        by_rule(article("Die Bank hat 36 Filialen in der Stadt.", language="de", headings=())) == []
    )


def test_questions_and_long_or_short_sentences_give_nothing():
    text = "你等了17秒吗，还是更久？\n等17秒。\n" + "很长" * 80 + "17秒。"
    assert by_rule(article(text, headings=())) == []


def test_a_models_drafts_are_kept_only_where_the_article_bears_them_out(chat_server, tmp_path):  # noqa: F811
    good = {"question": "打电话要等多久？", "answer": "17秒", "quote": "平均等待17秒"}
    cases = [
        good,
        {**good, "quote": "平均等待18秒"},
        {**good, "answer": "18秒"},
        {"question": "?"},
        "no case",
    ]
    chat_server.script = [(200, says(json.dumps({"cases": cases})))]
    model = ChatModel(chat_server.spec, cache=tmp_path)
    (case,) = by_model(article(), model)
    assert (case.question, case.answers) == ("打电话要等多久？", ("17秒",))
    assert case.tags == ("draft", "model")
    assert case.gold[0][0].quote == "江湾银行的客户电话平均等待17秒，比去年少。"
    assert model.usage.failures == 4
    chat_server.script = [(200, says('{"questions": []}'))]
    with pytest.raises(RemoteError, match='no list "cases"'):
        by_model(article("另一篇。", headings=()), model)


def test_questions_that_were_declined_become_drafts_without_gold(sample, tmp_path):
    journal = Journal(tmp_path)
    day = date(2024, 5, 6)
    dialogue = (Turn("工行呢？", "一亿。"),)
    for question, turns in (
        ("江湾银行的微信小程序叫啥？", ()),
        ("冥王星上有几家银行网点？", ()),
        ("冥王星上有几家銀行網點？", ()),
        ("火星殖民地的税率是多少？", dialogue),
    ):
        journal.remember("0" * 12, Asked(question, day, dialogue=turns, filters=Filters()))
    asked = list(declined(sample, journal.requests()))
    # The first is answered, the third is the second in the other script.
    assert [entry.asked.question for entry in asked] == [
        "冥王星上有几家银行网点？",
        "火星殖民地的税率是多少？",
    ]
    cases = list(from_log(asked))
    assert cases[1] == Case(
        cases[1].id,
        "火星殖民地的税率是多少？",
        answerable=False,
        lang="zh-Hans",
        dialogue=dialogue,
        tags=("draft", "log", "declined"),
        today=day,
    )


def test_other_reasons_are_drafted_the_same_way():
    (case,) = from_log([Logged(Asked("谁？", date(2024, 1, 1)), Reason.DISLIKED)])
    assert case.tags == ("draft", "log", "disliked")
