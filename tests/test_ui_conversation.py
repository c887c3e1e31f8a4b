"""A conversation answers in turn, loses no question, and asks nothing twice by mistake."""

import copy
import threading
import time

import pytest

from ui import conversation as module
from ui.conversation import Conversation, Request, Taken
from ui.exchange import Exchange, Outcome


def answering(request, before, signals):
    """Two updates, then the end; says which questions came before."""
    exchange = Exchange(request.question)
    yield exchange
    if signals.ended.is_set():
        yield exchange.stopped()
        return
    from dataclasses import replace

    said = "|".join(e.question for e in before)
    yield replace(exchange, outcome=Outcome.ANSWERED, answer=said)


def drive(conversation, request):
    """What a handler of the page does: answer where one is told to."""
    taken = conversation.submit(request)
    shown = list(conversation.answers(answering)) if taken is Taken.TO_ANSWER else []
    return taken, shown


def asked(conversation):
    return [e.question for e in conversation.shown().exchanges]


def test_an_answer_is_seen_growing_and_the_last_view_is_not_busy():
    conversation = Conversation()
    taken, shown = drive(conversation, Request("一"))
    assert taken is Taken.TO_ANSWER
    assert [s.busy for s in shown] == [True, False]
    assert shown[-1].exchanges[0].outcome is Outcome.ANSWERED
    drive(conversation, Request("二"))
    assert asked(conversation) == ["一", "二"]
    assert conversation.last.answer == "一"


def test_what_is_asked_while_an_answer_runs_is_answered_after_it():
    conversation = Conversation()
    assert conversation.submit(Request("一")) is Taken.TO_ANSWER
    growing = conversation.answers(answering)
    next(growing)
    assert conversation.submit(Request("二")) is Taken.WAITS
    assert conversation.shown().waiting == ("二",)
    assert conversation.shown().busy
    views = list(growing)
    assert [e.question for e in views[-1].exchanges] == ["一", "二"]
    assert views[-1].exchanges[1].answer == "一"
    assert not views[-1].busy


def test_a_question_at_the_very_end_of_an_answer_is_answered():
    """After the last update, before the reader asks for more: there "once" lost it."""
    conversation = Conversation()
    conversation.submit(Request("一"))
    growing = conversation.answers(answering)
    while next(growing).busy:
        pass
    assert conversation.submit(Request("二")) is Taken.WAITS
    views = list(growing)
    assert [e.question for e in views[-1].exchanges] == ["一", "二"]
    assert conversation.submit(Request("三")) is Taken.TO_ANSWER


def test_the_same_words_at_once_are_one_question(monkeypatch):
    conversation = Conversation()
    drive(conversation, Request("一"))
    assert conversation.submit(Request("一")) is Taken.REPEATED
    monkeypatch.setattr(module, "REPEAT_S", 0.0)
    assert drive(conversation, Request("一"))[0] is Taken.TO_ANSWER
    assert asked(conversation) == ["一", "一"]
    # While it is being answered it is never asked a second time.
    conversation.submit(Request("二"))
    growing = conversation.answers(answering)
    next(growing)
    assert conversation.submit(Request("二")) is Taken.REPEATED
    assert conversation.submit(Request("二", without=("dates",))) is Taken.WAITS
    list(growing)


def test_asking_again_takes_the_place_of_the_answer_and_of_what_leaned_on_it():
    conversation = Conversation()
    for question in ("一", "二", "三"):
        drive(conversation, Request(question))
    first, second, third = conversation.shown().exchanges
    drive(conversation, Request("三", replaces=third.id))
    assert asked(conversation) == ["一", "二", "三"]
    assert conversation.last.id != third.id
    drive(conversation, Request("二b", replaces=second.id))
    assert asked(conversation) == ["一", "二b"]
    assert conversation.shown().exchanges[0] is first
    drive(conversation, Request("四", replaces="0123456789abcdef"))
    assert asked(conversation) == ["一", "二b", "四"]


def test_editing_lasts_until_it_is_sent_or_left():
    conversation = Conversation()
    assert conversation.edit() is None
    drive(conversation, Request("一"))
    edited = conversation.edit()
    assert edited.question == "一"
    assert conversation.edited == edited.id
    conversation.leave_as_it_is()
    assert conversation.edited is None
    conversation.edit()
    drive(conversation, Request("一b", replaces=conversation.edited))
    assert asked(conversation) == ["一b"]
    assert conversation.edited is None


def test_stopping_ends_the_running_answer_only():
    conversation = Conversation()
    conversation.submit(Request("一"))
    growing = conversation.answers(answering)
    next(growing)
    conversation.submit(Request("二"))
    conversation.stop()
    views = list(growing)
    assert [e.outcome for e in views[-1].exchanges] == [Outcome.STOPPED, Outcome.ANSWERED]


def test_starting_over_forgets_the_running_answer_and_what_waits():
    conversation = Conversation()
    conversation.submit(Request("一"))
    growing = conversation.answers(answering)
    next(growing)
    conversation.submit(Request("二"))
    conversation.start_over()
    assert not conversation.shown().exchanges
    assert conversation.submit(Request("三")) is Taken.WAITS
    views = list(growing)
    assert all("一" not in [e.question for e in view.exchanges] for view in views)
    assert [e.question for e in views[-1].exchanges] == ["三"]


def test_earlier_exchanges_can_be_put_back():
    conversation = Conversation()
    drive(conversation, Request("一"))
    kept = conversation.shown().exchanges
    other = Conversation()
    drive(other, Request("别的"))
    other.restore(kept)
    drive(other, Request("二"))
    assert asked(other) == ["一", "二"]
    assert other.last.answer == "一"


def test_a_reader_who_leaves_blocks_nobody():
    conversation = Conversation()
    conversation.submit(Request("一"))
    growing = conversation.answers(answering)
    next(growing)
    growing.close()
    assert drive(conversation, Request("二"))[0] is Taken.TO_ANSWER
    assert asked(conversation) == ["二"]


def test_too_many_waiting_questions_are_refused_aloud():
    conversation = Conversation()
    conversation.submit(Request("0"))
    growing = conversation.answers(answering)
    next(growing)
    for n in range(module.MAX_WAITING):
        assert conversation.submit(Request(f"第{n}问")) is Taken.WAITS
    assert conversation.submit(Request("还有")) is Taken.TOO_MANY
    list(growing)
    assert len(asked(conversation)) == module.MAX_WAITING + 1


def test_each_tab_gets_a_conversation_of_its_own():
    first = Conversation()
    drive(first, Request("一"))
    assert copy.deepcopy(first).shown().exchanges == ()


@pytest.mark.parametrize("threads", [8])
def test_from_many_threads_no_question_is_lost_and_none_asked_twice(threads, monkeypatch):
    monkeypatch.setattr(module, "MAX_WAITING", 10_000)
    conversation = Conversation()
    running, most, lock = 0, 0, threading.Lock()

    def slow(request, before, signals):
        nonlocal running, most
        with lock:
            running += 1
            most = max(most, running)
        yield from answering(request, before, signals)
        time.sleep(0.0005)
        with lock:
            running -= 1

    def person(name):
        for n in range(25):
            if conversation.submit(Request(f"{name}-{n}")) is Taken.TO_ANSWER:
                for _ in conversation.answers(slow):
                    pass

    people = [threading.Thread(target=person, args=(name,)) for name in range(threads)]
    for one in people:
        one.start()
    for one in people:
        one.join()
    monkeypatch.setattr(module, "MAX_EXCHANGES", 10_000)
    wanted = {f"{name}-{n}" for name in range(threads) for n in range(25)}
    assert sorted(asked(conversation)) == sorted(wanted)
    assert most == 1


def test_a_question_that_waits_when_the_reader_leaves_is_answered_when_it_is_asked_again():
    conversation = Conversation()
    assert conversation.submit(Request("甲")) is Taken.TO_ANSWER
    views = conversation.answers(answering)
    next(views)
    assert conversation.submit(Request("乙")) is Taken.WAITS
    views.close()
    assert conversation.submit(Request("乙")) is Taken.TO_ANSWER
    list(conversation.answers(answering))
    assert asked(conversation) == ["乙"]


def test_a_full_queue_that_nobody_answers_takes_a_question(monkeypatch):
    monkeypatch.setattr("ui.conversation.MAX_WAITING", 2)
    conversation = Conversation()
    conversation.submit(Request("甲"))
    views = conversation.answers(answering)
    next(views)
    assert [conversation.submit(Request(q)) for q in "乙丙"] == [Taken.WAITS, Taken.WAITS]
    assert conversation.submit(Request("丁")) is Taken.TOO_MANY
    views.close()
    assert conversation.submit(Request("丁")) is Taken.TO_ANSWER
    list(conversation.answers(answering))
    assert asked(conversation) == ["乙", "丙", "丁"]
