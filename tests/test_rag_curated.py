"""Approved answers: checked against the index, matched safely, served with citations, expiring."""

import json
import logging
from dataclasses import replace
from datetime import date

import pytest

from index.aliases import Aliases
from index.config import IndexConfig
from index.errors import UsageError
from index.passage import Filters
from index.search import open_index
from index.sync import sync
from rag.answer import Asker
from rag.config import AnswerConfig, Config, GateConfig, fingerprint
from rag.curated import Curated, State, check_curated, state_of
from rag.explain import explanation_json, explanation_text
from rag.question import Asked, Turn
from rag.schema import Approval, Finished, Retrieved, SentenceAdded, Verdict

DAY = date(2024, 6, 1)
HOTLINE = """---
title: 客服热线公告
date: 2024-03-01
source: 临江银行
---
临江银行的客服热线是95000，二十四小时有人接听。
境外客户请拨打010-95000。热线不收服务费。
"""
OTHER = """---
title: 网点公告
date: 2024-04-01
source: 晚报
---
临江银行的网点周末不开门。临江银行的网点周末不开门，节日除外。
"""
ENTRY = """
[[answer]]
id = "hotline"
questions = ["临江银行的客服热线是多少？", "怎么联系临江银行"]
approved_by = "客户服务部"
valid_from = 2024-04-01
valid_until = 2024-12-31

[[answer.sentences]]
text = "请拨打95000，二十四小时有人接听。"
citations = [{ article = "%s", quote = "客服热线是95000，二十四小时有人接听" }]

[[answer.sentences]]
text = "热线不收服务费。"
citations = [{ article = "%s", quote = "热线不收服务费。" }]
"""


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """A folder of two articles, indexed."""
    base = tmp_path_factory.mktemp("curated")
    articles = base / "articles"
    articles.mkdir()
    (articles / "hotline.md").write_text(HOTLINE, encoding="utf-8")
    (articles / "hours.md").write_text(OTHER, encoding="utf-8")
    sync([articles], base / "index", config=IndexConfig(embedder="hash"))
    return base


@pytest.fixture(scope="module")
def index(place):
    with open_index(place / "index") as opened:
        yield opened


@pytest.fixture
def write(tmp_path):
    def _write(text):
        path = tmp_path / "curated.toml"
        path.write_text(text, encoding="utf-8")
        return path

    return _write


def entry(path="articles/hotline.md"):
    return ENTRY % (path, path)


def asker_of(index, path, **gate):
    config = Config(answer=AnswerConfig(curated=str(path)), gate=GateConfig(**gate))
    return Asker(index, config=config)


def checked(path, index):
    return check_curated(path, index, aliases=Aliases.load())


# --- answering -----------------------------------------------------------------------------------


def test_an_approved_answer_goes_before_a_composed_one(index, write):
    asker = asker_of(index, write(entry()))
    events = list(asker.stream_to(Asked("請問臨江銀行的客服熱線是多少呢？", DAY)))
    assert isinstance(events[0], Retrieved)
    assert [type(e) for e in events[1:]] == [SentenceAdded, SentenceAdded, Finished]
    answer = events[-1].answer
    assert answer.generator == "curated"
    assert answer.approval == Approval("hotline", "客户服务部", "2024-04-01", "2024-12-31")
    assert [s.text for s in answer.sentences] == [
        "请拨打95000，二十四小时有人接听。",
        "热线不收服务费。",
    ]
    assert [s.citations for s in answer.sentences] == [(1,), (2,)]
    for citation in answer.citations:
        text = index.article(citation.article_id).text
        assert text[citation.start : citation.end] == citation.quote
    assert answer.citations[0].quote == "客服热线是95000，二十四小时有人接听"
    assert answer.citations[0].source == "临江银行"
    assert not answer.abstained
    assert answer.frame == "經人工審核的標準答案，出處如下："
    assert sum((answer.gate.supported, answer.gate.partly, answer.gate.unsupported)) == 2
    assert answer.sentences[1].verdict is Verdict.SUPPORTED
    told = json.loads(json.dumps(answer.to_json()))
    assert told["approval"]["id"] == "hotline"


def test_another_question_is_composed(index, write):
    asker = asker_of(index, write(entry()))
    for question in ("临江银行的网点周末开门吗？", "建设银行的客服热线是多少？"):
        answer = asker.answer_to(Asked(question, DAY))
        assert answer.approval is None
        assert answer.generator == "extractive"


@pytest.mark.parametrize(
    ("day", "served"),
    [("2024-03-31", False), ("2024-04-01", True), ("2024-12-31", True), ("2025-01-01", False)],
)
def test_it_is_served_on_its_days_alone(index, write, day, served):
    asker = asker_of(index, write(entry()))
    answer = asker.answer_to(Asked("怎么联系临江银行", date.fromisoformat(day)))
    assert (answer.approval is not None) is served


def test_filters_that_exclude_a_cited_article_exclude_the_entry(index, write):
    asker = asker_of(index, write(entry()))

    def approval(**filters):
        asked = Asked("怎么联系临江银行", DAY, filters=Filters(**filters))
        return asker.answer_to(asked).approval

    assert approval(sources=("临江银行",))
    assert approval(since=date(2024, 3, 1))
    assert approval(sources=("晚报",)) is None
    assert approval(since=date(2024, 3, 2)) is None
    assert approval(tags=("x",)) is None


def test_a_follow_up_is_matched_as_it_reads_in_full(index, write):
    asker = asker_of(index, write(entry().replace("怎么联系临江银行", "临江银行的网点周末开门吗")))
    dialogue = (Turn("建设银行的网点周末开门吗？", "不开门。"),)
    asked = Asked("那临江银行呢？", DAY, dialogue=dialogue)
    answer = asker.answer_to(asked)
    assert answer.searched == "临江银行的网点周末开门吗？"
    assert answer.approval
    assert asker.answer_to(replace(asked, without=("rewriting",))).approval is None


@pytest.mark.parametrize("policy", ["drop", "refuse", "mark"])
def test_the_gate_marks_what_was_approved_and_never_drops_it(index, write, policy):
    text = entry().replace('热线不收服务费。"\nc', '热线收服务费。"\nc')
    answer = asker_of(index, write(text), policy=policy).answer_to(Asked("怎么联系临江银行", DAY))
    assert [s.text for s in answer.sentences][1] == "热线收服务费。"
    assert answer.sentences[1].verdict is Verdict.UNSUPPORTED
    assert answer.sentences[1].citations == (2,)
    assert answer.gate.unsupported == 1
    assert answer.gate.dropped == 0


def test_a_language_and_a_threshold_of_its_own(index, write):
    chinese = entry().replace("approved_by", 'language = "zh"\napproved_by')
    assert asker_of(index, write(chinese)).answer_to(Asked("怎么联系临江银行", DAY)).approval
    english = entry().replace("approved_by", 'language = "en"\napproved_by')
    assert not asker_of(index, write(english)).answer_to(Asked("怎么联系临江银行", DAY)).approval
    strict = asker_of(index, write(entry().replace("approved_by", "min_match = 1\napproved_by")))
    assert strict.answer_to(Asked("怎么联系临江银行？", DAY)).approval
    assert not strict.answer_to(Asked("如何联系临江银行", DAY)).approval


def test_names_that_a_person_takes_back_do_not_match(index, write):
    asker = asker_of(index, write(entry().replace("临江银行的客服热线", "工商银行的客服热线")))
    asked = Asked("工行的客服热线是多少", DAY)
    assert asker.answer_to(asked).approval
    assert asker.answer_to(replace(asked, without=("aliases",))).approval is None


def test_explaining_says_who_approved_it(index, write):
    inspection = asker_of(index, write(entry())).inspect(Asked("怎么联系临江银行", DAY))
    text = explanation_text(inspection, index=index)
    assert "curated answer hotline, approved by 客户服务部, valid 2024-04-01 to 2024-12-31" in text
    assert explanation_json(inspection, index=index)["approval"]["by"] == "客户服务部"


def test_the_fingerprint_covers_what_stands_in_the_file(write):
    config = Config(answer=AnswerConfig(curated=str(write(entry()))))
    before = fingerprint(config)
    assert before == fingerprint(config)
    write(entry().replace("95000", "95001"))
    assert fingerprint(config) != before


# --- checking ------------------------------------------------------------------------------------


def test_a_sound_file(index, write):
    answers, problems = checked(write(entry()), index)
    assert problems == ()
    (answer,) = answers
    spans = [span for sentence in answer.sentences for span in sentence.spans]
    assert [s.text for s in spans] == ["客服热线是95000，二十四小时有人接听", "热线不收服务费。"]
    by_id = checked(write(entry(spans[0].article.id)), index)[0][0]
    assert by_id.sentences == answer.sentences


def test_the_nth_time_that_a_quote_stands_there(index, write):
    quote = 'quote = "热线不收服务费。"'
    path = write(
        entry("articles/hours.md")
        .replace("客服热线是95000，二十四小时有人接听", "网点周末不开门")
        .replace(quote, 'quote = "网点周末不开门", nth = 2')
    )
    (answer,), problems = checked(path, index)
    assert problems == ()
    first, second = (sentence.spans[0] for sentence in answer.sentences)
    assert first.text == second.text
    assert second.start == first.article.text.index(second.text, first.start + 1)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        (
            "articles/hotline.md",
            "articles/none.md",
            "no article has the id or path 'articles/none.md'",
        ),
        ("热线是95000", "热线是95001", "is not in articles/hotline.md (any more); copy the exact"),
        (
            'quote = "热线不收服务费。"',
            'quote = "熱線不收服務費。"',
            "is written '热线不收服务费。'",
        ),
        ('服务费。" }', '服务费。", nth = 2 }', "stands 1 times in articles/hotline.md, nth is 2"),
        ('服务费。" }', '服务费。", nth = 0 }', "nth must be a whole number from 1 on, not 0"),
        ("2024-12-31", "2024-01-31", "valid_until 2024-01-31 is before valid_from 2024-04-01"),
        ("2024-12-31", '"soon"', "valid_until must be a day such as 2024-06-30, not soon"),
        ("approved_by", "approved", "unknown key 'approved'"),
        ('approved_by = "客户服务部"', "", "approved_by is missing"),
        ('"怎么联系临江银行"', '"？"', "questions must be texts with at least one letter"),
        ('"怎么联系临江银行"', '"这是什么？"', "does not say what it is about; write it out"),
        ('id = "hotline"', "", "answer 1: id is missing"),
        (
            "approved_by",
            'language = "中文"\napproved_by',
            "language must be a code such as zh or en",
        ),
        ("approved_by", "min_match = 1.5\napproved_by", "min_match must be a number above 0"),
        ('text = "热线不收服务费。"', "", "sentence 2: text is missing"),
    ],
)
def test_what_is_wrong_is_said(index, write, old, new, said):
    assert old in entry()
    answers, problems = checked(write(entry().replace(old, new)), index)
    assert answers == ()
    assert any(said in str(problem) for problem in problems), [str(p) for p in problems]


def test_a_path_that_two_articles_have_names_none(write, tmp_path):
    for n, text in enumerate((HOTLINE, OTHER)):
        (tmp_path / str(n) / "news").mkdir(parents=True)
        (tmp_path / str(n) / "news" / "a.md").write_text(text, encoding="utf-8")
    folders = [tmp_path / str(n) / "news" for n in (0, 1)]
    sync(folders, tmp_path / "index", config=IndexConfig(embedder="hash"))
    with open_index(tmp_path / "index") as opened:
        assert len(opened.ids_at("news/a.md")) == 2
        _, problems = checked(write(entry("news/a.md")), opened)
    assert "2 articles have the path news/a.md; name one by its id" in str(problems[0])


def test_all_problems_are_told_at_once(index, write):
    broken = entry().replace("95000", "95001").replace("2024-12-31", "2023-12-31")
    more = entry().replace('"hotline"', '"other"').replace("热线不收", "热线要收")
    path = write(broken + more + '[[answers]]\nid = "x"\n')
    answers, problems = checked(path, index)
    assert answers == ()
    assert [(p.entry, p.what[:12]) for p in problems] == [
        ("the file", "unknown key "),
        ("answer 1 (hotline)", "valid_until "),
        ("answer 1 (hotline)", "sentence 1: "),
        ("answer 2 (other)", "sentence 2: "),
    ]


def test_one_question_has_one_answer_a_day(index, write):
    again = (
        entry().replace('"hotline"', '"again"').replace("怎么联系临江银行", "如何联系临江银行呢")
    )
    answers, problems = checked(write(entry() + again), index)
    assert [a.entry.id for a in answers] == ["hotline"]
    assert [p.entry for p in problems] == ["answer 2 (again)"] * 2
    told = "'如何联系临江银行呢' is answered by answer 1 (hotline) on the same days"
    assert told in str(problems[1])
    later = again.replace("2024-12-31", "2025-12-31").replace("2024-04-01", "2025-01-01")
    answers, problems = checked(write(entry() + later), index)
    assert problems == ()
    curated = Curated(answers, aliases=Aliases.load())
    for day, which in ((DAY, "hotline"), (date(2025, 6, 1), "again")):
        found = curated.find("怎么联系临江银行", day=day)
        assert found is not None
        assert found.entry.id == which


def test_an_id_stands_once(index, write):
    other = entry().replace("临江银行的客服", "南山银行的客服").replace("联系临江", "联系南山")
    _, problems = checked(write(entry() + other), index)
    assert [str(p) for p in problems] == [
        "answer 2 (hotline): the id stands already at an answer before it; give it another"
    ]


def test_a_file_that_is_none(index, write, tmp_path):
    with pytest.raises(UsageError, match="cannot read the curated answers"):
        checked(tmp_path / "none.toml", index)
    with pytest.raises(UsageError, match="is not valid TOML"):
        checked(write("[[answer"), index)
    with pytest.raises(UsageError, match="cannot read the curated answers"):
        asker_of(index, tmp_path / "none.toml").answer_to(Asked("怎么联系临江银行", DAY))


def test_states():
    from rag.curated_file import Entry

    entry = Entry("answer 1", "x", ("q",), (), "me", valid_from=DAY, valid_until=DAY)
    assert state_of(entry, DAY) is State.VALID
    assert state_of(entry, date(2024, 5, 31)) is State.NOT_YET
    assert state_of(entry, date(2024, 6, 2)) is State.EXPIRED


def test_a_sync_that_takes_a_quote_away_ends_the_answer(write, tmp_path, caplog):
    articles = tmp_path / "articles"
    articles.mkdir()
    (articles / "hotline.md").write_text(HOTLINE, encoding="utf-8")
    config = IndexConfig(embedder="hash")
    sync([articles], tmp_path / "index", config=config)
    path = write(entry())
    asked = Asked("怎么联系临江银行", DAY)
    with open_index(tmp_path / "index") as opened:
        assert asker_of(opened, path).answer_to(asked).approval
    # What stands before it moves the quote: it is found where it is now.
    (articles / "hotline.md").write_text(HOTLINE.replace("临江银行的", "本市临江银行的"), "utf-8")
    sync([articles], tmp_path / "index", config=config)
    with open_index(tmp_path / "index") as opened:
        answer = asker_of(opened, path).answer_to(asked)
        assert answer.approval
        for citation in answer.citations:
            text = opened.article(citation.article_id).text
            assert text[citation.start : citation.end] == citation.quote
    (articles / "hotline.md").write_text(HOTLINE.replace("不收服务费", "免费"), "utf-8")
    sync([articles], tmp_path / "index", config=config)
    with (
        open_index(tmp_path / "index") as opened,
        caplog.at_level(logging.WARNING, logger="rag.curated"),
    ):
        assert asker_of(opened, path).answer_to(asked).approval is None
    assert "answer 1 (hotline): sentence 2: the quote '热线不收服务费。' is not in" in caplog.text
