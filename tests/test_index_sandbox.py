"""The guarded child: reused, stopped when it hangs, replaced when it dies."""

import os
import sys
import time

import pytest

from index.errors import UnreadableError
from index.sandbox import Sandbox

PAGE = (
    "<html><body><main><p>"
    + "远程银行的客服团队在去年完成了全部系统的升级，客户的等待时间明显缩短。" * 3
    + "</p></main></body></html>"
)
# A child whose parsers misbehave on request; everything else is the real one.
CHILD = """
import os, time
import index.sandbox as sandbox
from index.errors import UnreadableError

def say(data):
    print(data.decode() * 1000, flush=True)
    os.system("echo and so does a child of the child")
    raise UnreadableError("said")

bad = {
    "sleep": lambda data: time.sleep(float(data)),
    "fill": lambda data: bytearray(int(data)),
    "die": lambda data: os.kill(os.getpid(), int(data)),
    "say": say,
}
real = sandbox._parser
sandbox._parser = lambda task: bad.get(task) or real(task)
sandbox.serve()
"""


@pytest.fixture
def sandbox():
    sandbox = Sandbox([sys.executable, "-c", CHILD])
    yield sandbox
    sandbox.close()


def test_a_child_started_after_faiss_has_worked_answers(sandbox):
    # A forked child hangs after any FAISS work in the parent; ours is started anew.
    import faiss
    import numpy as np

    rows = np.random.default_rng(0).standard_normal((2000, 64)).astype(np.float32)
    index = faiss.IndexFlatIP(64)
    index.add(rows)
    faiss.omp_set_num_threads(2)
    index.search(rows, 5)
    assert sandbox.run("html", PAGE.encode(), timeout_s=20).blocks[0].text.startswith("远程银行")


def test_one_child_serves_many(sandbox):
    first = sandbox.run("html", PAGE.encode())
    child = sandbox._process.pid
    started = time.perf_counter()
    for _ in range(20):
        assert sandbox.run("html", PAGE.encode()) == first
    assert time.perf_counter() - started < 2
    assert sandbox._process.pid == child
    assert first.blocks[0].text.startswith("远程银行")


def test_time_limit_kills_the_child_and_the_next_request_works(sandbox):
    sandbox.run("html", PAGE.encode())
    child = sandbox._process.pid
    started = time.perf_counter()
    with pytest.raises(UnreadableError, match=r"longer than 0\.5 s"):
        sandbox.run("sleep", b"60", timeout_s=0.5)
    assert time.perf_counter() - started < 3
    with pytest.raises(ProcessLookupError):
        os.kill(child, 0)
    assert sandbox.run("html", PAGE.encode()).blocks


def test_memory_limit(sandbox):
    with pytest.raises(UnreadableError, match="memory"):
        sandbox.run("fill", b"8000000000")
    assert sandbox.run("html", PAGE.encode()).blocks


def test_a_crash_is_no_crash_of_ours(sandbox):
    with pytest.raises(UnreadableError, match="crashed"):
        sandbox.run("die", b"9")
    assert sandbox.run("html", PAGE.encode()).blocks


def test_refusals_and_failures_come_back_as_reasons(sandbox):
    with pytest.raises(UnreadableError, match="no text"):
        sandbox.run("html", b"<html><body></body></html>")
    with pytest.raises(UnreadableError, match="the parser failed on it: KeyError"):
        sandbox.run("no such parser", b"")


def test_output_of_a_library_does_not_mix_with_the_answer(sandbox):
    with pytest.raises(UnreadableError, match="said"):
        sandbox.run("say", b"said")
    assert sandbox.run("html", PAGE.encode()).blocks


def test_surrogates_and_large_answers_pass(sandbox):
    text = (
        "<html><body><main>"
        + "<p>远程银行的客服团队在去年完成了升级，等待时间缩短。</p>" * 20_000
        + "</main></body></html>"
    )
    assert len(sandbox.run("html", text.encode()).blocks) == 20_000


def test_the_real_child_starts_from_anywhere(tmp_path, monkeypatch):
    # A folder named like our package must not be taken for it.
    (tmp_path / "index").mkdir()
    (tmp_path / "index" / "__init__.py").write_text("raise SystemExit('the wrong package')")
    monkeypatch.chdir(tmp_path)
    sandbox = Sandbox()
    try:
        assert sandbox.run("html", PAGE.encode()).blocks
    finally:
        sandbox.close()


def test_closing_twice_is_fine(sandbox):
    sandbox.run("html", PAGE.encode())
    sandbox.close()
    sandbox.close()
    assert sandbox.run("html", PAGE.encode()).blocks
