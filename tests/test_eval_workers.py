"""Askers in processes of their own: the same answers, and what happens when one dies."""

import dataclasses
import errno
import json
import os
import signal
import subprocess
from datetime import date

import pytest

import eval.workers as workers_module
from eval.workers import Reply, Workers, is_light, reply_to, usual_jobs
from index.errors import UsageError
from rag.answer import Asker
from rag.config import AnswerConfig, Config, GateConfig, QuestionConfig, RetrievalConfig
from rag.question import Asked, Turn

DAY = date(2024, 6, 10)


@pytest.fixture(scope="module")
def asker(sample):
    """Without the reader, which only makes a question slower here."""
    return Asker(sample.index, config=Config(answer=AnswerConfig(reader="off")))


@pytest.fixture(scope="module")
def workers(asker):
    with Workers(asker, 1) as started:
        yield started


def untimed(reply):
    return Reply({**reply.answer, "timings_ms": None} if reply.answer else None, reply.error)


@pytest.mark.parametrize(
    "asked",
    [
        Asked("江湾银行的小程序首批有几项功能？", DAY),
        Asked("去年呢？", DAY, dialogue=(Turn("2022年江湾银行接了多少电话？", None),)),
        Asked("那建行呢？", DAY, dialogue=(Turn("工行的客服电话是多少？", "95588。"),)),
        Asked("？？", DAY),
        Asked("半个字\ud800", DAY),
    ],
    ids=lambda asked: asked.question.encode("ascii", "replace").decode(),
)
def test_a_process_answers_as_the_asker_does(asker, workers, asked):
    told = workers.ask(asked)
    # As a row is written: JSON has no tuples.
    own = reply_to(asker, asked)
    own = Reply(json.loads(json.dumps(own.answer)), own.error)
    assert untimed(told) == untimed(own)
    assert (told.answer is None) == (asked.question == "？？")


def test_a_process_that_dies_is_replaced(workers):
    first = workers.ask(Asked("江湾银行", DAY))
    worker = workers._idle.queue[0]
    os.kill(worker._process.pid, signal.SIGKILL)
    assert untimed(workers.ask(Asked("江湾银行", DAY))) == untimed(first)
    assert workers._idle.queue[0] is not worker


def test_a_question_on_which_it_dies_twice_is_an_error(workers, monkeypatch):
    monkeypatch.setattr(workers_module._Worker, "ask", lambda *_: None)
    reply = workers.ask(Asked("江湾银行", DAY))
    assert reply.error["type"] == "WorkerDied"
    assert "2 times" in reply.error["message"]


def test_an_index_that_was_written_meanwhile_is_refused(asker):
    with Workers(asker, 1) as started:
        started.close()
        started._setup["generation"] = "g999999"
        started._idle.put(workers_module._Worker(started._setup))
        with pytest.raises(UsageError, match="was written while the run began"):
            started.ask(Asked("江湾银行", DAY))


def test_a_process_that_cannot_begin_says_what_to_do(asker, monkeypatch):
    monkeypatch.setattr(workers_module.sys, "executable", "/bin/false")
    with Workers(asker, 1) as started, pytest.raises(UsageError, match=r"status 1\).*--jobs 1"):
        started.ask(Asked("江湾银行", DAY))


def test_where_one_cannot_be_started_none_is_left(asker, monkeypatch):
    started, start = [], subprocess.Popen

    def limited(*args, **given):
        if len(started) == 2:
            raise BlockingIOError(errno.EAGAIN, os.strerror(errno.EAGAIN))
        started.append(start(*args, **given))
        return started[-1]

    monkeypatch.setattr(subprocess, "Popen", limited)
    with pytest.raises(UsageError, match=r"unavailable\).*ask fewer at a time: --jobs 1"):
        Workers(asker, 3)
    assert [process.returncode is None for process in started] == [False, False]


def test_one_that_cannot_be_replaced_is_replaced_later(workers, monkeypatch):
    first = workers.ask(Asked("江湾银行", DAY))
    os.kill(workers._idle.queue[0]._process.pid, signal.SIGKILL)
    with monkeypatch.context() as patch:
        patch.setattr(subprocess, "Popen", refused)
        with pytest.raises(UsageError, match="--jobs 1"):
            workers.ask(Asked("江湾银行", DAY))
    assert untimed(workers.ask(Asked("江湾银行", DAY))) == untimed(first)


def refused(*_, **__):
    raise OSError(errno.ENOMEM, os.strerror(errno.ENOMEM))


@pytest.mark.parametrize(("cores", "jobs"), [(6, 6), (64, 8), (None, 1)])
def test_without_bound_cores_all_of_them_answer(asker, monkeypatch, cores, jobs):
    monkeypatch.delattr(os, "sched_getaffinity", raising=False)
    monkeypatch.setattr(os, "cpu_count", lambda: cores)
    assert usual_jobs(asker) == jobs


def test_no_model_of_somebody_else_is_loaded_once_a_core(asker, monkeypatch):
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: set(range(64)), raising=False)
    assert is_light(asker)
    assert usual_jobs(asker) == 8
    config = asker.config
    for other in (
        dataclasses.replace(config, answer=AnswerConfig(generator="transformers:some-model")),
        dataclasses.replace(config, retrieval=RetrievalConfig(reranker="some-model")),
        dataclasses.replace(config, gate=GateConfig(judge="some-model")),
        dataclasses.replace(config, question=QuestionConfig(rewriter="openai:http://a.test/v1#m")),
    ):
        heavy = Asker(asker.index, config=other)
        assert (is_light(heavy), usual_jobs(heavy)) == (False, 1)
