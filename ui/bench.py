"""How long the page makes people wait: ``python -m ui.bench --index DIR``.

The real page is started over an index in a process of its own and asked over HTTP as a browser
asks it, through Gradio's queue: the time to the first evidence, to the first sentence and to the
whole answer, asked one after another; then many people at once, each with questions of their own,
whose answers are compared with those given alone. ``--browser`` adds the time from a click on a
citation to its marked characters.
"""

import argparse
import base64
import json
import re
import secrets
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from eval.cases import load_cases

if TYPE_CHECKING:
    import httpx

__all__ = ["Waited", "main", "percentile"]

_CASES = Path(__file__).parents[1] / "eval" / "sets" / "sample.jsonl"
_PAGE = "/zh-hans"
_START_S = 120.0
_TIMEOUT_S = 60.0
_RECORD = re.compile(r'yj-record\\?" hidden>([A-Za-z0-9_-]+)')
_CLICKS = 20
_EACH = 3
"""Questions of each of those who ask at once."""


@dataclass(frozen=True, slots=True)
class Waited:
    """One question: seconds until its first evidence, first sentence and whole answer.

    ``record`` is the exchange as the page handed it over. A declined answer has no sentence.
    """

    evidence: float
    sentence: float | None
    whole: float
    record: dict[str, Any]


def percentile(seconds: Sequence[float], percent: int) -> float:
    """The value that ``percent`` of them do not exceed (nearest rank).

    >>> percentile([3.0, 1.0, 2.0], 50)
    2.0
    """
    ordered = sorted(seconds)
    return ordered[max(0, -(-percent * len(ordered) // 100) - 1)]


class _Page:
    """The page as a browser's Gradio asks it; every question in a tab of its own."""

    def __init__(self, client: "httpx.Client") -> None:
        self._client = client
        handlers = client.get(f"{_PAGE}/config").json()["dependencies"]
        self._ask = next(d for d in handlers if d["api_name"] == "ask")
        self._load = next(d for d in handlers if d["targets"][0][1] == "load")
        self._then = next(d for d in handlers if d["trigger_after"] == self._ask["id"])

    def open(self) -> str:
        """Open a tab; gives its name."""
        tab = secrets.token_hex(6)
        opening = {"data": [None], "fn_index": self._load["id"], "session_hash": tab}
        self._client.post(f"{_PAGE}/gradio_api/run/predict", json=opening).raise_for_status()
        return tab

    def ask(self, question: str, tab: str | None = None) -> Waited:
        """Ask, read until the answer is whole, then fetch further questions."""
        tab = tab or self.open()
        started = time.perf_counter()
        evidence = sentence = waited = None
        for line in self._events(tab, self._ask, question, ""):
            now = time.perf_counter() - started
            if "yj-passage" in line or "yj-notice" in line:
                evidence = evidence or now
            if "yj-said" in line:
                sentence = sentence or now
            if waited is None and (match := _RECORD.search(line)):
                waited = Waited(evidence or now, sentence, now, _decoded(match[1]))
        if waited is None:
            raise RuntimeError(f"no answer came to: {question}")
        # Nobody waits for these, but they are work that the others feel.
        for _ in self._events(tab, self._then):
            pass
        return waited

    def _events(self, tab: str, handler: dict[str, Any], *inputs: str) -> Iterator[str]:
        data = [*inputs, *(None,) * (len(handler["inputs"]) - len(inputs))]
        join = {"data": data, "fn_index": handler["id"], "session_hash": tab}
        self._client.post(f"{_PAGE}/gradio_api/queue/join", json=join).raise_for_status()
        stream = self._client.stream(
            "GET", f"{_PAGE}/gradio_api/queue/data", params={"session_hash": tab}
        )
        with stream as response:
            for line in response.iter_lines():
                yield line
                # Read to its end: who leaves before that is taken for gone.
                if '"process_completed"' in line:
                    return


def _decoded(text: str) -> dict[str, Any]:
    raw = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    record: dict[str, Any] = json.loads(raw)
    return record


@contextmanager
def _page(index: Path) -> Iterator[str]:
    """Start the page in a process of its own; gives its address."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    url = f"http://127.0.0.1:{port}"
    with tempfile.TemporaryDirectory() as folder:
        # What is asked here is logged as ever, but not beside the index: nobody asked it.
        alias = Path(folder, "index")
        alias.symlink_to(index.resolve())
        command = [sys.executable, "-m", "ui.cli", "chat"]
        process = subprocess.Popen(
            [*command, "--index", str(alias), "--port", str(port)], stderr=subprocess.DEVNULL
        )
        try:
            yield _started(process, url, index)
        finally:
            process.terminate()
            process.wait(timeout=10)


def _started(process: "subprocess.Popen[bytes]", url: str, index: Path) -> str:
    """Wait until the page answers; gives its address."""
    import httpx

    deadline = time.monotonic() + _START_S
    while True:
        if process.poll() is not None or time.monotonic() > deadline:
            sys.exit(f"the page did not start; try: youju chat --index {index}")
        try:
            httpx.get(f"{url}{_PAGE}/", timeout=5.0).raise_for_status()
            return url
        except httpx.HTTPError:
            time.sleep(0.2)


def _questions(count: int) -> list[str]:
    """Different questions, spread over the sample cases."""
    cases = [case for case in load_cases(_CASES) if not case.dialogue]
    asked = list(dict.fromkeys(case.question for case in cases))
    return asked[:: max(1, len(asked) // count)][:count]


def measure(url: str, *, questions: Sequence[str], people: int) -> list[tuple[str, list[float]]]:
    """Time one person, then many at once; raises where somebody got another's answer."""
    import httpx

    limits = httpx.Limits(max_connections=None)
    with httpx.Client(base_url=url, timeout=_TIMEOUT_S, limits=limits) as client:
        page = _Page(client)
        page.ask(questions[0])  # what is loaded with the first question
        alone = {question: page.ask(question) for question in questions}
        shares = [
            [questions[(n + step * 7) % len(questions)] for step in range(_EACH)]
            for n in range(people)
        ]

        # Who asks has the page open. A tab of its own for each question: none is a follow-up.
        tabs = [[page.open() for _ in share] for share in shares]

        def all_of(share: list[str], tabs: list[str]) -> list[tuple[str, Waited]]:
            return [(q, page.ask(q, tab)) for q, tab in zip(share, tabs, strict=True)]

        with ThreadPoolExecutor(max_workers=people) as pool:
            together = [row for rows in pool.map(all_of, shares, tabs) for row in rows]
    wrong = [
        question
        for question, waited in together
        if waited.record["question"] != question
        or waited.record["answer"] != alone[question].record["answer"]
    ]
    if wrong:
        sys.exit(f"{len(wrong)} questions got an answer that is not theirs: {wrong[:3]}")
    print(f"{len(together)} answers given to {people} people at once, each its own")
    return [
        ("first evidence", [w.evidence for w in alone.values()]),
        ("first sentence", [w.sentence for w in alone.values() if w.sentence is not None]),
        ("whole answer", [w.whole for w in alone.values()]),
        (f"first evidence, {people} at once", [w.evidence for _, w in together]),
        (f"whole answer, {people} at once", [w.whole for _, w in together]),
    ]


def clicks(url: str, *, question: str) -> list[float]:
    """Seconds from a click on a citation to its marked characters, in a browser."""
    import shutil

    from playwright.sync_api import sync_playwright

    chromium = shutil.which("chromium") or shutil.which("google-chrome")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        page = browser.new_page()
        page.goto(f"{url}{_PAGE}/")
        page.fill("#yj-question textarea", question)
        page.press("#yj-question textarea", "Enter")
        page.wait_for_selector("#yj-chat .yj-sources")
        page.wait_for_selector("#yj-question .submit-button")
        waited = [page.evaluate(_CLICK) / 1000 for _ in range(_CLICKS)]
        browser.close()
    return waited


_CLICK = """() => new Promise((resolve) => {
  document.querySelector('.yj-close')?.click();
  const started = performance.now();
  const seen = new MutationObserver(() => {
    if (!document.querySelector('#yj-panel mark')) return;
    seen.disconnect();
    requestAnimationFrame(() => resolve(performance.now() - started));
  });
  document.querySelector('#yj-panel .yj-body').replaceChildren();
  seen.observe(document.querySelector('#yj-panel'), {childList: true, subtree: true});
  document.querySelector('#yj-chat a.yj-cite').click();
})"""


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure, and print a table."""
    parser = argparse.ArgumentParser(prog="python -m ui.bench", description=__doc__)
    parser.add_argument("--index", type=Path, default=Path("var/index"))
    parser.add_argument("--questions", type=int, default=60, help="how many are asked alone")
    parser.add_argument("--people", type=int, default=20, help="how many ask at once")
    parser.add_argument("--browser", action="store_true", help="also time clicks on a citation")
    chosen = parser.parse_args(arguments)
    questions = _questions(max(chosen.questions, chosen.people))
    with _page(chosen.index) as url:
        rows = measure(url, questions=questions, people=chosen.people)
        if chosen.browser:
            rows.append(("click to highlight", clicks(url, question=questions[0])))
    print(f"{'milliseconds':<32} {'n':>5} {'p50':>7} {'p95':>7} {'max':>7}")
    for name, seconds in rows:
        p50, p95 = statistics.median(seconds), percentile(seconds, 95)
        print(
            f"{name:<32} {len(seconds):>5} {p50 * 1000:>7.0f} {p95 * 1000:>7.0f} "
            f"{max(seconds) * 1000:>7.0f}"
        )


if __name__ == "__main__":
    main()
