"""One answer as the page makes it: how it grows, how it ends, and who is told."""

import threading

import pytest
from pydantic import BaseModel, Field
from ui_askers import FIRST_SENTENCE, ScriptedAsker

from index.errors import UsageError
from index.passage import Filters
from rag.frame import frame_text
from ui.conversation import Request, Signals
from ui.exchange import Outcome
from ui.page import _answer, _describe_once
from ui.strings import ALL, Language

ENGLISH = ALL[Language.ENGLISH]


def answered(question, *, told=None, signals=None, asker=None, **how):
    return _answer(
        asker or ScriptedAsker(pause_s=0),
        Request(question, **how),
        (),
        signals or Signals(),
        strings=ENGLISH,
        on_ended=None if told is None else lambda *ended: told.append(ended),
    )


@pytest.mark.parametrize(
    ("question", "outcome"),
    [
        ("多少笔？", Outcome.ANSWERED),
        ("今天天气怎么样？", Outcome.DECLINED),
        ("？！", Outcome.FAILED),
        ("没有索引", Outcome.FAILED),
        ("出错", Outcome.FAILED),
        ("银" * 2001, Outcome.FAILED),
    ],
)
def test_whoever_wants_to_know_is_told_once_how_it_ended(question, outcome):
    told = []
    *growing, last = answered(question, told=told)
    assert all(exchange.running for exchange in growing)
    assert last.outcome is outcome
    assert told == [(last, Language.ENGLISH)]
    assert last.language is Language.ENGLISH
    assert len(last.question) <= 2001


def test_one_id_from_the_first_view_to_the_last():
    assert len({exchange.id for exchange in answered("多少笔？")}) == 1


def test_who_leaves_is_told_of_as_stopped():
    told = []
    growing = answered("要很久的问题", told=told, asker=ScriptedAsker(pause_s=0.01))
    next(growing)
    growing.close()
    assert [ended.outcome for ended, _ in told] == [Outcome.STOPPED]


def test_stopping_keeps_what_was_said():
    signals, told = Signals(), []
    asker = ScriptedAsker(pause_s=0.01)
    for exchange in answered("要很久的问题", told=told, signals=signals, asker=asker):
        if exchange.sentences:
            signals.ended.set()
    assert exchange.outcome is Outcome.STOPPED
    assert exchange.sentences[0].text == FIRST_SENTENCE
    assert len(told) == 1


def test_a_listener_that_fails_costs_nobody_an_answer():
    def fails(*_ended):
        raise RuntimeError("disk full")

    *_, last = _answer(
        ScriptedAsker(pause_s=0),
        Request("多少笔？"),
        (),
        Signals(),
        strings=ENGLISH,
        on_ended=fails,
    )
    assert last.outcome is Outcome.ANSWERED


def test_filters_and_steps_go_to_the_asker_and_stay_with_the_exchange():
    seen = {}

    class Asker(ScriptedAsker):
        def stream(self, question, **how):
            seen.update(how)
            return super().stream(question, **how)

    filters = Filters(tags=("网点",))
    asker = Asker(pause_s=0)
    *_, last = answered("多少笔？", asker=asker, filters=filters, without=("dates",))
    assert seen == {"dialogue": (), "without": ("dates",), "filters": filters}
    assert (last.filters, last.without) == (filters, ("dates",))


def test_the_frame_is_known_before_the_first_sentence():
    first = next(answered("多少笔？"))
    assert first.frame == frame_text("多少笔？", quotes=True)


def test_a_nudge_shows_the_running_answer_again():
    go = threading.Event()

    class Asker(ScriptedAsker):
        def _play(self, question, said, passages=None):
            events = super()._play(question, said, passages)
            yield next(events)
            go.wait(5)
            yield from events

    signals = Signals()
    growing = answered("多少笔？", signals=signals, asker=Asker(pause_s=0))
    next(growing)
    found = next(growing)
    signals.changed.set()
    assert next(growing) == found
    go.set()
    *_, last = growing
    assert last.outcome is Outcome.ANSWERED


@pytest.mark.parametrize("strings", ALL.values(), ids=lambda strings: strings.language.value)
def test_an_index_that_cannot_be_read_is_told_in_the_language_of_the_page(strings, caplog):
    *_, last = _answer(
        ScriptedAsker(pause_s=0), Request("没有索引"), (), Signals(), strings=strings, on_ended=None
    )
    assert last.error == strings.failed_index
    assert "var/index" not in last.error
    assert "there is no index in var/index" in caplog.text


def test_a_summary_that_fails_costs_no_question():
    class Asker(ScriptedAsker):
        def summary(self):
            raise UsageError("curated.toml is no TOML")

    told = []
    *_, last = answered("多少笔？", told=told, asker=Asker(pause_s=0))
    assert (last.outcome, last.question) == (Outcome.FAILED, "多少笔？")
    assert [ended for ended, _ in told] == [last]


def test_a_model_keeps_its_schema_and_is_still_asked_for_others():
    class Model(BaseModel):
        n: int = Field(alias="number")

    plain, named = Model.model_json_schema(), Model.model_json_schema(by_alias=False)
    assert plain != named
    for _ in range(2):  # a page for each language
        _describe_once(Model)
        Model.model_json_schema()["properties"].clear()
        assert Model.model_json_schema() == plain
        assert Model.model_json_schema(by_alias=False) == Model.model_json_schema(False) == named
