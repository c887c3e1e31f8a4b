"""The pace of a stream: grouped, complete, in order, closable."""

import threading
import time
from itertools import pairwise

import pytest

from ui.pace import RightOfWay, paced


def run(stream, interval_s=0.05, stop=None):
    return list(paced(stream, interval_s=interval_s, stop=stop or threading.Event()))


def test_a_fast_stream_is_grouped_and_nothing_is_lost():
    groups = run(iter(range(1000)))
    assert [item for group in groups for item in group] == list(range(1000))
    assert len(groups) <= 3


def test_groups_come_no_closer_than_the_interval():
    def stream():
        for n in range(12):
            time.sleep(0.01)
            yield n

    groups = paced(stream(), interval_s=0.05, stop=threading.Event())
    times = [time.monotonic() for _ in groups]
    gaps = [later - earlier for earlier, later in pairwise(times)]
    # The last group comes with the end of the stream, as soon as that is known.
    assert all(gap > 0.04 for gap in gaps[:-1])


def test_an_item_is_not_held_back_by_a_late_next_one():
    release = threading.Event()

    def stream():
        yield "first"
        yield "second"
        release.wait(10)
        yield "third"

    groups = paced(stream(), interval_s=0.05, stop=threading.Event())
    seen = next(groups)
    while "second" not in seen:
        seen = seen + next(groups)
    assert seen == ["first", "second"]
    release.set()
    assert [item for group in groups for item in group] == ["third"]


def test_a_failure_comes_after_what_came_before_it():
    def stream():
        yield 1
        yield 2
        raise ValueError("broken")

    groups = paced(stream(), interval_s=0.02, stop=threading.Event())
    seen = next(groups)
    while len(seen) < 2:
        seen = seen + next(groups)
    assert seen == [1, 2]
    with pytest.raises(ValueError, match="broken"):
        next(groups)


def test_stopping_does_not_wait_for_a_busy_stream_and_closes_it_afterwards():
    release, closed, stop = threading.Event(), threading.Event(), threading.Event()

    def stream():
        try:
            yield 1
            release.wait(10)
            yield 2
        finally:
            closed.set()

    groups = paced(stream(), interval_s=0.02, stop=stop)
    assert next(groups) == [1]
    stop.set()
    started = time.monotonic()
    assert list(groups) == []
    assert time.monotonic() - started < 1
    assert not closed.is_set()
    release.set()
    assert closed.wait(5)


def test_an_abandoned_stream_is_closed():
    closed = threading.Event()

    def stream():
        try:
            while True:
                time.sleep(0.005)
                yield 0
        finally:
            closed.set()

    groups = paced(stream(), interval_s=0.02, stop=threading.Event())
    next(groups)
    groups.close()
    assert closed.wait(5)


def test_a_nudge_hands_on_what_there_is_even_if_it_is_nothing():
    go, nudge = threading.Event(), threading.Event()

    def stream():
        yield 1
        go.wait(5)
        yield 2

    groups = paced(stream(), interval_s=0.01, stop=threading.Event(), nudge=nudge)
    assert next(groups) == [1]
    nudge.set()
    assert next(groups) == []
    assert not nudge.is_set()
    go.set()
    assert list(groups) == [[2]]


def is_clear(way, timeout_s):
    with way.patient(timeout_s=timeout_s) as clear:
        return clear


def test_what_can_wait_waits_for_all_that_is_urgent():
    way = RightOfWay()
    assert is_clear(way, 0)
    first, second = way.urgent(), way.urgent()
    first.__enter__()
    second.__enter__()
    assert not is_clear(way, 0.01)
    first.__exit__(None, None, None)
    assert not is_clear(way, 0.01)
    cleared = []
    waiter = threading.Thread(target=lambda: cleared.append(is_clear(way, 5)))
    waiter.start()
    second.__exit__(None, None, None)
    waiter.join()
    assert cleared == [True]


def test_one_waits_and_a_crowd_is_told_at_once():
    way = RightOfWay()
    with way.patient(timeout_s=0) as clear:
        assert clear
        crowd = []
        # An hour: who waited here would hold the test.
        threads = [
            threading.Thread(target=lambda: crowd.append(is_clear(way, 3600))) for _ in range(20)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(10)
        assert crowd == [False] * 20
    assert is_clear(way, 0)
