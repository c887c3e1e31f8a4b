"""Parsing in a child process that may hang, blow up or die without taking us along.

Comes in: the name of a parser and bytes. Goes out: what it parsed. One child is started when it
is first needed and serves one request after another; it is killed when a request takes too long,
limits its own memory, and is replaced after some hundred requests, because C libraries leak. Never
forked: a fork after FAISS has run hangs.

Messages are a length and that many bytes: JSON, or the raw document. Nothing is pickled.
"""

import atexit
import json
import os
import subprocess
import sys
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import IO, Any

from index.errors import UnreadableError
from index.formats.parsed import Parsed

__all__ = ["TIMEOUT_S", "Sandbox", "run_guarded", "serve"]

TIMEOUT_S = 30.0
# Address space, not resident memory: the interpreter and the libraries take about 0.5 GB of it.
MAX_MEMORY_MB = 2048
_MAX_REQUESTS = 300


class Sandbox:
    """A child process and the pipe to it. Safe to share between threads; one request at a time.

    ``command`` is what the child runs instead of this module; it must call ``serve``.
    """

    def __init__(self, command: Sequence[str] | None = None) -> None:
        self._command = list(command or [sys.executable, "-m", "index.sandbox"])
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._owner = 0
        self._requests = 0

    def run(self, task: str, data: bytes, *, timeout_s: float = TIMEOUT_S) -> Parsed:
        """Parse ``data`` by the parser named ``task`` in the child.

        Raises:
            UnreadableError: the parser refused the document, or took too long, too much memory,
                or crashed.
        """
        with self._lock:
            process = self._started()
            timed_out = threading.Event()

            def stop() -> None:
                timed_out.set()
                process.kill()

            watch = threading.Timer(timeout_s, stop)
            watch.daemon = True
            watch.start()
            try:
                answer = self._exchange(process, task, data)
            except (OSError, EOFError, ValueError):
                answer = None
            finally:
                watch.cancel()
            if answer is None or timed_out.is_set():
                self._close()
            self._requests += 1
            if self._requests >= _MAX_REQUESTS:
                self._close()
        if answer is None:
            raise UnreadableError(
                f"parsing took longer than {timeout_s:g} s and was stopped"
                if timed_out.is_set()
                else "the parser crashed on it (out of memory, or a damaged file)"
            )
        if "refused" in answer:
            raise UnreadableError(str(answer["refused"]))
        return Parsed.from_json(answer["parsed"])

    def close(self) -> None:
        """End the child, if there is one."""
        with self._lock:
            self._close()

    def _started(self) -> subprocess.Popen[bytes]:
        # After a fork the pipe belongs to the parent: two readers would mix their answers.
        if self._process is not None and self._owner == os.getpid():
            if self._process.poll() is None:
                return self._process
            self._close()
        root = Path(__file__).resolve().parents[1]
        self._process = subprocess.Popen(
            self._command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            # The current folder comes first on the child's path: it must be ours.
            cwd=root,
            env={**os.environ, "PYTHONPATH": str(root), "PYTHONIOENCODING": "utf-8"},
        )
        self._owner = os.getpid()
        self._requests = 0
        return self._process

    @staticmethod
    def _exchange(process: subprocess.Popen[bytes], task: str, data: bytes) -> dict[str, Any]:
        assert process.stdin is not None
        assert process.stdout is not None
        _send(process.stdin, task.encode())
        _send(process.stdin, data)
        answer: dict[str, Any] = json.loads(_receive(process.stdout))
        return answer

    def _close(self) -> None:
        process, self._process = self._process, None
        if process is None or self._owner != os.getpid():
            return
        process.kill()
        process.wait()
        for pipe in (process.stdin, process.stdout):
            if pipe is not None:
                try:
                    pipe.close()
                except OSError:
                    # A write that the killed child never took is still in the buffer.
                    continue


_SANDBOX = Sandbox()
atexit.register(_SANDBOX.close)


def run_guarded(task: str, data: bytes, *, timeout_s: float = TIMEOUT_S) -> Parsed:
    """Parse in the child that this process shares: "pdf", "docx", "html", "fragment", "markdown".

    Raises:
        UnreadableError: the document was refused, or cost too much, or crashed the parser.
    """
    return _SANDBOX.run(task, data, timeout_s=timeout_s)


def _send(pipe: IO[bytes], data: bytes) -> None:
    pipe.write(len(data).to_bytes(8, "big"))
    pipe.write(data)
    pipe.flush()


def _receive(pipe: IO[bytes]) -> bytes:
    size = int.from_bytes(_read(pipe, 8), "big")
    return _read(pipe, size)


def _read(pipe: IO[bytes], size: int) -> bytes:
    data = pipe.read(size)
    if len(data) < size:
        raise EOFError
    return data


def serve() -> None:
    """Answer requests on standard input until it ends. Runs in the child."""
    requests = sys.stdin.buffer
    # Libraries print; the answers get a descriptor of their own.
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    _limit_memory()
    while True:
        try:
            task = _receive(requests).decode()
            data = _receive(requests)
        except EOFError:
            return
        _send(answers, json.dumps(_answer(task, data)).encode())


def _answer(task: str, data: bytes) -> dict[str, Any]:
    try:
        return {"parsed": _parser(task)(data).to_json()}
    except UnreadableError as error:
        return {"refused": str(error)}
    except MemoryError:
        return {"refused": f"parsing needs more than {MAX_MEMORY_MB} MB of memory"}
    # A parser's own error, of any kind, is a fact about the document, not about us.
    except Exception as error:
        return {"refused": f"the parser failed on it: {type(error).__name__}: {error}"[:300]}


def _parser(task: str) -> Callable[[bytes], Parsed]:
    from index.formats import docx, html, markdown, pdf

    def on_text(parse: Callable[[str], Parsed]) -> Callable[[bytes], Parsed]:
        return lambda data: parse(data.decode("utf-8"))

    return {
        "pdf": pdf.parse,
        "docx": docx.parse,
        "html": on_text(html.parse),
        "fragment": on_text(html.parse_fragment),
        "markdown": on_text(markdown.parse),
    }[task]


def _limit_memory() -> None:
    try:
        import resource
    except ImportError:
        # Windows has no such limit; the time limit still holds there.
        return
    limit = MAX_MEMORY_MB * 1024 * 1024
    _, hard = resource.getrlimit(resource.RLIMIT_AS)
    if hard != resource.RLIM_INFINITY:
        limit = min(limit, hard)
    resource.setrlimit(resource.RLIMIT_AS, (limit, hard))


if __name__ == "__main__":
    serve()
