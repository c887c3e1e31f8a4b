"""How events become an exchange, and how an exchange becomes a record and comes back."""

import copy
import json
from dataclasses import fields, replace
from datetime import UTC, date, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from ui_askers import FIRST_SENTENCE, PAYLOADS, ScriptedAsker

from index.errors import UsageError
from index.passage import Filters
from rag.question import Turn
from rag.schema import Approval, FellBack, Finished, GateCounts
from rag.understand import Step
from ui.exchange import (
    Alias,
    DateRead,
    Exchange,
    Outcome,
    Understood,
    apply_event,
    dialogue,
    suggested,
    undoable,
)
from ui.record import filters_from_json, from_record, records_from_text, to_record
from ui.strings import Language

ASKER = ScriptedAsker(pause_s=0)


def play(question, until=None):
    exchange = Exchange(question)
    for event in list(ASKER.stream(question))[:until]:
        exchange = apply_event(exchange, event)
    return exchange


def full():
    """An exchange with something in every field."""
    whole = play("多少笔？")
    first = replace(whole.sentences[0], short=(0, 4), lead="江湾银行", item=True, group="工行")
    return replace(
        whole,
        language=Language.HANT,
        without=("dates",),
        filters=Filters(date(2020, 1, 2), date(2021, 3, 4), ("江畔日报",), ("zh",), ("网点",)),
        searched="工行多少笔？",
        reason="why",
        sentences=(first, *whole.sentences[1:]),
        understood=Understood(
            completed="工行多少笔？",
            aliases=(Alias("工行", ("工商银行", "ICBC")),),
            dates=(DateRead("去年", "2020-01-01", None, True),),
            sides=("a", "b"),
            suggestion="多少比？",
            without=("dates",),
        ),
        frame="以下为文章原句：",
        notice="请勿告诉他人",
        fallback="it failed",
        suggestions=("还有呢？",),
        gate=GateCounts(1, 2, 3, 4, 5, 6),
        probability=0.75,
        approval=Approval("a1", "客服部", "2020-01-01", "2030-01-01"),
        timings_ms={"first_sentence": 12.5, "total": 20.0},
    )


def test_an_answer_grows_sentence_by_sentence_and_ends_as_the_answer_says():
    whole = play("多少笔？")
    assert play("多少笔？", until=-1).running
    assert [s.text for s in play("多少笔？", until=2).sentences] == [FIRST_SENTENCE]
    assert whole.outcome is Outcome.ANSWERED
    assert not whole.running
    assert [c.n for c in whole.citations] == [1, 2, 3]
    last = list(ASKER.stream("多少笔？"))[-1]
    assert isinstance(last, Finished)
    assert whole.sentences == last.answer.sentences
    assert play("今天天气怎么样？").outcome is Outcome.DECLINED


def test_each_exchange_has_an_id_and_a_moment_of_its_own():
    one, other = Exchange("问"), Exchange("问")
    assert one.id != other.id
    assert int(one.id, 16) >= 0
    assert len(one.id) == 16
    assert one.asked.tzinfo is UTC


def test_only_what_was_answered_or_declined_is_dialogue():
    exchanges = (play("多少笔？"), Exchange("停").stopped(), Exchange("错").failed("x"))
    assert dialogue(exchanges) == (Turn("多少笔？", exchanges[0].answer),)


def test_quotes_after_a_failure_replace_what_the_model_said():
    fallen = apply_event(play("多少笔？", until=2), FellBack("cut"))
    assert (fallen.sentences, fallen.citations, fallen.fallback) == ((), (), "cut")


def test_a_name_whose_other_names_all_hold_it_is_nothing_to_tell(sample):
    retrieved = next(iter(sample.stream("Which is older, Harbourline or 工行?")))
    read = {match.said: match.names for match in retrieved.reading.aliases}
    assert read["Harbourline"] == ()
    understood = apply_event(Exchange("问"), retrieved).understood
    assert [alias.said for alias in understood.aliases] == ["工行"]


def test_what_can_be_taken_back_is_what_shaped_the_answer():
    assert undoable(full()) == (Step.REWRITING, Step.ALIASES, Step.DATES)
    assert undoable(replace(full(), outcome=None)) == ()
    assert undoable(play("多少笔？")) == ()
    assert suggested(full()) == "多少比？"
    assert suggested(play("多少笔？")) is None


@pytest.mark.parametrize(
    "exchange",
    [
        full(),
        play("今天天气怎么样？"),
        play("多少笔？", until=3).stopped(),
        Exchange("错").failed("x"),
        play("毒 " + "".join(PAYLOADS)),
    ],
)
def test_a_record_comes_back_as_the_exchange_that_it_was(exchange):
    record = json.loads(json.dumps(to_record(exchange)))
    back = from_record(record)
    moment = exchange.asked.replace(microsecond=exchange.asked.microsecond // 1000 * 1000)
    for field in fields(Exchange):
        wanted, got = getattr(exchange, field.name), getattr(back, field.name)
        if field.name == "asked":
            assert got == moment
        elif field.name == "passages" and wanted is None:
            assert got is None
        elif field.name == "fallback":
            # A browser hears that a model failed, not the words that name the service's machines.
            assert got == (None if wanted is None else "")
        else:
            assert got == wanted, field.name
    assert to_record(back) == record


@pytest.mark.parametrize(
    ("value", "fallback"),
    [(True, ""), (False, None), ("", ""), ("it failed", "it failed"), (None, None)],
)
def test_that_a_model_failed_is_read_from_records_of_every_version(value, fallback):
    back = from_record({**to_record(full()), "fallback": value})
    assert back.fallback == fallback
    assert to_record(back)["fallback"] is (fallback is not None)


def test_a_record_has_the_fields_that_were_agreed():
    record = to_record(full())
    assert " ".join(record) == (
        "v id conversation asked language question searched without filters outcome answer reason "
        "error "
        "sentences citations passages understood frame notice fallback suggestions gate "
        "probability generator approval index_generation timings_ms"
    )
    passage = record["passages"][0]
    assert " ".join(passage) == (
        "article_id title source published start end excerpt score lexical dense"
    )
    assert datetime.fromisoformat(record["asked"]).tzinfo is not None
    with pytest.raises(ValueError, match="has ended"):
        to_record(Exchange("问"))


@pytest.mark.parametrize(
    ("path", "value", "said"),
    [
        (("v",), 2, "v must be 1"),
        (("id",), "0123456789abcdeg", "16 hex digits"),
        (("id",), "' onmouseover=x ", "16 hex digits"),
        (("asked",), "yesterday", "asked must be a moment"),
        (("asked",), "2026-01-01T00:00:00", "time zone"),
        (("language",), "fr", "language must be one of"),
        (("outcome",), "running", "outcome must be one of"),
        (("without",), ["everything"], "without may hold"),
        (("question",), 5, "question must be a text"),
        (("answer",), "x" * 200_001, "at most 200000"),
        (("extra",), 1, "unknown field 'extra'"),
        (("sentences", 0, "short"), [3, 1], "short must be two offsets"),
        (("sentences", 0, "short"), [0, 10**6], "must be from 0 to"),
        (("sentences", 0, "verdict"), "true", "verdict must be one of"),
        (("sentences", 0, "citations"), ["1"], "must be a whole number"),
        (("citations", 0, "start"), -1, "must be from 0 to"),
        (("citations", 0, "n"), True, "must be a whole number"),
        (("citations", 0, "onclick"), "x", "unknown field 'onclick'"),
        (("citations",), {}, "citations must be a list"),
        (("passages",), [{}] * 9, "at most 8"),
        (("passages", 0, "score"), "high", "score must be a number"),
        (("passages", 0, "score"), float("inf"), "out of range"),
        (("timings_ms",), {"total": None, "x": []}, "must be a number"),
        (("filters", "since"), "2020-02-30", "a day that exists"),
        (("filters", "until"), "2019-01-01", "ends before it begins"),
        (("gate", "partly"), 1.5, "must be a whole number"),
        (("understood", "dates", 0, "limits"), "yes", "must be true or false"),
        (("approval",), [], "approval must be an object"),
    ],
)
def test_a_record_that_a_browser_made_up_is_refused(path, value, said):
    record = copy.deepcopy(to_record(full()))
    inside = record
    for step in path[:-1]:
        inside = inside[step]
    inside[path[-1]] = value
    with pytest.raises(UsageError, match=said):
        from_record(record)


def test_a_conversation_is_a_list_of_records_each_once():
    one, other = to_record(play("多少笔？")), to_record(full())
    back = records_from_text(json.dumps([one, other, one]))
    assert [e.id for e in back] == [one["id"], other["id"]]
    assert records_from_text("[]") == ()
    deep = "[" * 100_000
    for text in ("", "{}", "[1]", "null", deep, json.dumps([one] * 201), "x" * 8_000_001):
        with pytest.raises(UsageError):
            records_from_text(text)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner),
    max_leaves=8,
)


@settings(max_examples=150, deadline=None)
@given(st.sampled_from(sorted(to_record(full()))), JSON)
def test_nothing_in_a_field_does_worse_than_being_refused(name, value):
    record = {**to_record(full()), name: value}
    try:
        back = from_record(record)
    except UsageError:
        return
    assert to_record(back)["id"] == back.id


def test_filters_from_a_browser_are_read_strictly():
    filters = filters_from_json({"since": "2020-01-01", "sources": ["江畔日报"], "until": ""})
    assert filters == Filters(since=date(2020, 1, 1), sources=("江畔日报",))
    assert filters_from_json({}) == Filters()
    for wrong in ([], {"k": 1}, {"tags": "x"}, {"tags": [1]}, {"since": 5}, {"since": "soon"}):
        with pytest.raises(UsageError):
            filters_from_json(wrong)
