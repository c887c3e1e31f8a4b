"""Askers in processes of their own: as many questions are answered at once as there are cores.

In: an asker, of which each process opens the index and the configuration for itself, then
questions. Out: answers in their JSON form, the same as the asker would give. The generator that
quotes computes all the time, so threads of one process would only wait for each other.

A process is never forked (a fork after FAISS has run hangs), and nothing is pickled: messages are
lines of JSON. One that dies is replaced and asked again; a question on which it dies twice is an
error of that question. When the parent is gone, its end of the pipe is closed and they end, too.
"""

import contextlib
import dataclasses
import json
import os
import queue
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import IO, Any

from index.closing import Closing
from index.errors import UsageError, YoujuError
from index.search import open_index
from rag.answer import Asker
from rag.batch import parse_request
from rag.config import parse_config
from rag.question import Asked

__all__ = ["Reply", "Workers", "is_light", "reply_to", "serve", "usual_jobs"]

_ROOT = Path(__file__).resolve().parents[1]
_ATTEMPTS = 2
_GRACE_S = 5.0
_MOST = 8  # unless more are asked for: each holds some 200 MB
# A process for each core: libraries that would start a thread for each core again are held to one.
_ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")


@dataclasses.dataclass(frozen=True, slots=True)
class Reply:
    """What came back for one question: its answer as JSON, or the type and message of an error."""

    answer: Mapping[str, Any] | None = None
    error: Mapping[str, str] | None = None


def is_light(asker: Asker) -> bool:
    """Whether one more of an asker costs little: it loads no model but those of the project."""
    config = asker.config
    return (
        config.answer.generator == "extractive"
        and config.retrieval.reranker == "light"
        and not config.gate.judge
        and not config.question.rewriter
        and asker.index.is_quick
    )


def usual_jobs(asker: Asker) -> int:
    """How many questions to ask at a time where nobody says."""
    if not is_light(asker):
        return 1
    # Where a process is bound to no cores of its own (macOS), all of them.
    bound = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return min(bound or 1, _MOST)


def reply_to(asker: Asker, asked: Asked) -> Reply:
    """Ask one question; what goes wrong with it is an error of its own, whatever it is."""
    try:
        return Reply(answer=asker.answer_to(asked).to_json())
    except Exception as error:
        return Reply(error={"type": type(error).__name__, "message": str(error)})


class Workers(Closing):
    """Processes that answer. Safe to share by as many threads as there are processes."""

    def __init__(self, asker: Asker, count: int) -> None:
        """Start ``count`` processes; they open the index while the caller goes on.

        Raises:
            UsageError: the system starts no more processes; none is left then.
        """
        self._setup = {
            "index": str(asker.index.folder.parents[1]),
            "generation": asker.index.generation,
            "config": dataclasses.asdict(asker.config),
        }
        self._idle: queue.LifoQueue[_Worker] = queue.LifoQueue()
        try:
            for _ in range(count):
                self._idle.put(_Worker(self._setup))
        except BaseException:
            self.close()
            raise

    def ask(self, asked: Asked) -> Reply:
        """Ask a process that has nothing to do.

        Raises:
            UsageError: a process could not open the index as the caller did, or one that died
                could not be replaced.
        """
        worker = self._idle.get()
        try:
            for _ in range(_ATTEMPTS):
                if (reply := worker.ask(asked)) is not None:
                    return reply
                replacement = _Worker(self._setup)  # first: what is put back must be open
                status = worker.close()
                worker = replacement
            told = f"the process that answered it ended, {_ATTEMPTS} times (status {status})"
            return Reply(error={"type": "WorkerDied", "message": told})
        finally:
            self._idle.put(worker)

    def close(self) -> None:
        """End the processes, once nobody asks any more."""
        while not self._idle.empty():
            self._idle.get().close()


class _Worker:
    """One process and the pipes to it; one question at a time."""

    def __init__(self, setup: Mapping[str, Any]) -> None:
        self._process = _start()
        self._is_ready = False
        with contextlib.suppress(OSError):  # it died at once: the first question will tell
            _send(_pipe(self._process.stdin), setup)

    def ask(self, asked: Asked) -> Reply | None:
        """Ask one question; None where the process died of it.

        Raises:
            UsageError: it refused to begin, or died before it could be asked anything.
        """
        if not self._is_ready:
            self._wait_until_ready()
        turns = [
            {"question": t.question} | ({} if t.answer is None else {"answer": t.answer})
            for t in asked.dialogue
        ]
        request = {"question": asked.question, "dialogue": turns, "today": asked.today.isoformat()}
        try:
            _send(_pipe(self._process.stdin), {"id": 0, **request})
        except OSError:
            return None
        told = self._read()
        return None if told is None else Reply(**told)

    def close(self) -> int:
        """End the process and give its exit status."""
        with contextlib.suppress(OSError):
            _pipe(self._process.stdin).close()
        try:
            self._process.wait(_GRACE_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
        _pipe(self._process.stdout).close()
        return self._process.wait()

    def _wait_until_ready(self) -> None:
        told = self._read()
        if told is None:
            raise UsageError(
                f"a process that was to answer ended while it opened the index (status "
                f"{self._process.wait()}); if memory was short, ask fewer at a time: --jobs 1"
            )
        if told["refused"] is not None:
            raise UsageError(told["refused"])
        self._is_ready = True

    def _read(self) -> dict[str, Any] | None:
        line = _pipe(self._process.stdout).readline()
        return dict(json.loads(line)) if line.endswith("\n") else None


def _start() -> subprocess.Popen[str]:
    path = os.pathsep.join(filter(None, (str(_ROOT), os.environ.get("PYTHONPATH"))))
    try:
        return subprocess.Popen(
            # -P: the current folder may hold an index or an eval.py of its own.
            [sys.executable, "-P", "-m", "eval.workers"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            encoding="utf-8",
            env={**os.environ, **_ONE_THREAD, "PYTHONPATH": path, "PYTHONIOENCODING": "utf-8"},
            # Ctrl-C is for the parent alone, which lets them finish their question.
            process_group=0,
        )
    except OSError as error:
        raise UsageError(
            f"a process that was to answer could not be started ({error.strerror}); "
            "ask fewer at a time: --jobs 1"
        ) from error


def serve(source: IO[str], target: IO[str]) -> None:
    """Answer line by line until the source ends: what the process of a worker does."""
    setup = json.loads(source.readline())
    config = parse_config(setup["config"], where="the run's configuration")
    try:
        index = open_index(Path(setup["index"]))
    except YoujuError as error:
        _send(target, {"refused": str(error)})
        return
    with index:
        if index.generation != setup["generation"]:
            told = f"the index {setup['index']} was written while the run began; start it again"
            _send(target, {"refused": told})
            return
        asker = Asker(index, config=config)
        _send(target, {"refused": None})
        for line in source:
            reply = reply_to(asker, parse_request(json.loads(line)).asked)
            _send(target, dataclasses.asdict(reply))


def _send(pipe: IO[str], message: Mapping[str, Any]) -> None:
    # Escaped to ASCII, half a surrogate pair gets through as well.
    pipe.write(json.dumps(message) + "\n")
    pipe.flush()


def _pipe(pipe: IO[str] | None) -> IO[str]:
    assert pipe is not None
    return pipe


def _main() -> None:
    # What a library prints must not come between the answers. A broken pipe: the parent is gone.
    with (
        contextlib.suppress(BrokenPipeError),
        os.fdopen(os.dup(sys.stdout.fileno()), "w", encoding="utf-8") as answers,
    ):
        os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
        serve(sys.stdin, answers)


if __name__ == "__main__":
    _main()
