"""Scripted askers for the page's tests: deterministic answers over articles written here.

Run as a program it serves the page: ``python tests/ui_askers.py [PORT]``.
"""

import contextlib
import os
import re
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path

from index.article import Article, Chunk, Damage, Heading, Script
from index.errors import IndexDamagedError, IndexMissingError, UsageError
from index.passage import Passage
from rag.frame import frame_text
from rag.schema import (
    Answer,
    AnswerSentence,
    Citation,
    Finished,
    Retrieved,
    SentenceAdded,
    Verdict,
)
from ui.page import CollectionSummary, Facet

FIRST_SENTENCE = "试运行三个月，城南营业厅的智能柜台共办理业务1.26万笔，其中八成由客户自助完成。"
SECOND_SENTENCE = "平均等候时间从17分钟降到6分钟。"
LIBRARY_TEXT = (
    "城南营业厅试点记\n\n"
    "开门第一天，大堂里贴了一张笑脸😀和一面小旗🇨🇳，𠮷祥物也搬了出来。\n"
    + "".join(
        f"这是第{n}段铺垫，讲的是柜台怎样布置、人员怎样分工、设备怎样调试。\n" for n in range(1, 60)
    )
    + FIRST_SENTENCE
    + "排队的人少了，"
    + SECOND_SENTENCE
    + "\n\n后来的安排\n\n"
    + "".join(f"第{n}个营业厅也要照样做一遍，先易后难，逐步铺开。\n" for n in range(2, 40))
)

LIBRARY = Article(
    id="counter/城南 1",
    text=LIBRARY_TEXT,
    title="城南营业厅试点记",
    path="articles/counter.md",
    language="zh",
    script=Script.SIMPLIFIED,
    encoding="utf-8",
    author="何小满",
    source="江畔日报",
    published=date(2024, 5, 6),
    url="https://news.example.org/2024/counter?id=7&x=1",
    headings=(
        Heading(0, 8, 1),
        Heading(LIBRARY_TEXT.index("后来的安排"), LIBRARY_TEXT.index("后来的安排") + 5, 2),
    ),
    damages=(Damage(LIBRARY_TEXT.index("小旗"), LIBRARY_TEXT.index("小旗") + 2, "lead byte lost"),),
)

ENGLISH = Article(
    id="english-1",
    text="The branch on River Street opened in May 2021. It serves 300 people a day on average.",
    title="River Street branch opens",
    path="articles/branch.txt",
    language="en",
    script=Script.LATIN,
    encoding="utf-8",
)

# What an article, a question or a model may carry. Each line would run, load, redirect, style
# or reorder something if any step on its way took it for markup.
PAYLOADS = (
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(2)>",
    "![beacon](https://evil.example/b.png)",
    "[click](javascript:alert(3))",
    "[link](https://evil.example/)",
    "<https://evil.example/auto>",
    "www.evil.example",
    "${alert(4)}",
    "{{alert(5)}}",
    "<svg onload=alert(6)><image href=https://evil.example/s.svg /></svg>",
    "<style>body{background:url(https://evil.example/c)}</style>",
    "<div style='position:fixed;inset:0;background:url(//evil.example/d)'>over</div>",
    "<iframe src=https://evil.example/f></iframe>",
    "<form action=https://evil.example/><input name=q></form>",
    "<video src=https://evil.example/v autoplay></video>",
    "</div></details></span><a href=#cite/x/0/1/1>forged</a>",
    "&lt;script&gt;alert(7)&lt;/script&gt; &#60;b&#62; &amp;",
    "$$\\href{javascript:alert(8)}{x}$$ \\(y\\)",
    "```html\n<script>alert(9)</script>\n```",
    "# heading\n\n* list\n1. one\n> quote\n---\n| a | b |\n|---|---|",
    '<thinking>hidden</thinking> __i18n__{"a":1}',
    "before\u202egnp.exe\u202c after \u2067isolated\u2069 \u2069\u2069",
    "zero\u200bwidth\u200c\u200d\ufeff\u00ad\u2028joined\u2029end",
    "tabs\tand   spaces \u3000 wide\u00a0nbsp",
    "' onmouseover='alert(10)' \" onfocus=\"alert(11)\" `alert(12)`",
    "👩‍👩‍👧 e\u0301 𠮷 \x07\x1b[31m",
)
POISON_TEXT = "开头😀。" + "\n".join(PAYLOADS) + "\n结尾。"
POISON = Article(
    id="p<\"'&/?#%20",
    text=POISON_TEXT,
    title=("".join(PAYLOADS[:8]) + "标题" * 5000)[:10_000],
    path="articles/<img src=x onerror=alert(13)>.md",
    language='zh"><script>alert(14)</script>',
    script=Script.SIMPLIFIED,
    encoding="utf-8",
    author=PAYLOADS[1],
    source=PAYLOADS[21],
    published=date(2020, 1, 1),
    url="javascript:alert(15)",
)

# As large as an article gets: 5 MB, what is cited near its end, all of it poisoned.
HUGE_LINE = "<img src=x onerror=alert(16)>" + "厚" * 300 + "\n"
HUGE_QUOTE = "<b>第五兆字节</b>里说的话。"
HUGE_TEXT = HUGE_LINE * (5_000_000 // len(HUGE_LINE.encode()) + 1) + HUGE_QUOTE + HUGE_LINE * 40
HUGE = Article(
    id="huge",
    text=HUGE_TEXT,
    title="五兆",
    path="articles/huge.txt",
    language="zh",
    script=Script.SIMPLIFIED,
    encoding="utf-8",
)

ARTICLES = {article.id: article for article in (LIBRARY, ENGLISH, POISON)}
"""What the collection tells of; beside it stands one huge article."""

EXAMPLES = ("试点期间办理了多少笔业务？", "When did the River Street branch open?", PAYLOADS[1])


def citation(article, quote, n, verdict=Verdict.SUPPORTED):
    start = article.text.index(quote)
    return Citation(
        n=n,
        article_id=article.id,
        title=article.title,
        source=article.source,
        published=article.published.isoformat() if article.published else None,
        path=article.path,
        url=article.url,
        start=start,
        end=start + len(quote),
        quote=quote,
        verdict=verdict,
    )


def passage(article, quote, score):
    start = article.text.index(quote)
    chunk = Chunk(f"{article.id}:{start}", article.id, start, start + len(quote), quote)
    return Passage(chunk, article, score, lexical=score, dense=None)


DECLINED = "資料裡沒有<b>依據</b>。"


class ScriptedAsker:
    """Answers by the question's words; counts how its streams end."""

    def __init__(self, *, pause_s=0.03):
        self.pause_s = pause_s
        self.closed = 0
        self.dialogues = []
        self.rebuilt = False

    def summary(self):
        return CollectionSummary(
            articles=len(ARTICLES) + self.rebuilt,
            chunks=42,
            earliest=date(2020, 1, 1),
            latest=date(2024, 5, 6),
            generation="g000001",
            built=datetime(2026, 11, 2, 9, 30, tzinfo=UTC),
            examples=EXAMPLES,
            sources=(Facet("江畔日报", 1), Facet(PAYLOADS[21], 1)),
            languages=(Facet("zh", 1), Facet("en", 1), Facet(POISON.language, 1)),
            tags=(Facet("网点", 2), Facet(PAYLOADS[1], 1)),
        )

    def article(self, article_id):
        if article_id == "damaged":
            raise IndexDamagedError("catalogue.sqlite differs from its hash; run: youju index")
        return HUGE if article_id == HUGE.id else ARTICLES[article_id]

    def stream(self, question, *, dialogue=(), without=(), filters=None):  # noqa: ARG002 -- the protocol's
        self.dialogues.append(tuple(dialogue))
        self.rebuilt = self.rebuilt or "换一批文章" in question
        if "出错" in question:
            raise RuntimeError("secret detail of the inside")
        if question == "？！":
            raise UsageError("nothing to search for")
        if "没有索引" in question:
            raise IndexMissingError("there is no index in var/index; run: youju index articles")
        if filters is not None and filters.languages == ("en",):
            return self._play(question, [], passages=())
        if "毒" in question or "evil" in question:
            said = [((line,), POISON, line) for line in PAYLOADS]
        elif "五兆" in question:
            said = [((HUGE_QUOTE,), HUGE, HUGE_QUOTE)]
        elif "很久" in question:
            said = [((FIRST_SENTENCE,), LIBRARY, FIRST_SENTENCE)] * 400
        elif "天气" in question:
            said = []
        else:
            said = [
                ((FIRST_SENTENCE,), LIBRARY, FIRST_SENTENCE),
                ((SECOND_SENTENCE,), LIBRARY, SECOND_SENTENCE),
                (
                    ("The branch on River Street opened in May 2021.",),
                    ENGLISH,
                    "The branch on River Street opened in May 2021.",
                ),
            ]
        return self._play(question, said)

    def further(self, question, *, declined, dialogue=(), without=(), filters=None):  # noqa: ARG002 -- the protocol's
        return ("城北呢？", "<b>城东</b>呢？") if question == EXAMPLES[0] else ()

    def _play(self, question, said, passages=None):
        finished = False
        try:
            if passages is None:
                passages = (
                    passage(LIBRARY, FIRST_SENTENCE + "排队的人少了，" + SECOND_SENTENCE, 0.91),
                    passage(POISON, POISON_TEXT, 0.5),
                    passage(ENGLISH, ENGLISH.text, 0.4),
                )
            time.sleep(self.pause_s)
            yield Retrieved(passages)
            if len(said) > 30:  # a long answer is thought over; a busy browser sees the evidence
                time.sleep(40 * self.pause_s)
            sentences, citations = [], []
            for at, ((text,), article, quote) in enumerate(said, 1):
                time.sleep(self.pause_s)
                verdict = Verdict.PARTLY if at == 3 else Verdict.SUPPORTED
                cited = citation(article, quote, at, verdict)
                sentence = AnswerSentence(text, (at,))
                sentences.append(sentence)
                citations.append(cited)
                yield SentenceAdded(sentence, (cited,))
            finished = True
            yield Finished(
                Answer(
                    question=question,
                    searched=question,
                    answer="\n".join(s.text for s in sentences) or DECLINED,
                    sentences=tuple(sentences),
                    citations=tuple(citations),
                    passages=passages,
                    abstained=not sentences,
                    reason=None if sentences else "no article of the collection says it",
                    generator="scripted",
                    frame=frame_text(question, quotes=True) if sentences else "",
                    index_generation="g000001",
                    config_fingerprint="test",
                )
            )
        finally:
            if not finished:
                self.closed += 1


@dataclass(frozen=True)
class Server:
    url: str
    process: subprocess.Popen

    def closed_streams(self):
        """How many streams were closed before their end."""
        self.process.stdin.write("?\n")
        self.process.stdin.flush()
        return int(self.process.stdout.readline())


@contextmanager
def serving(command=(__file__,)):
    """The page in a process of its own: what Gradio warns of on import is its own affair.

    ``command`` are the arguments of Python; they start the page of the scripted asker.
    """
    root = Path(__file__).parents[1]
    with tempfile.NamedTemporaryFile() as log:
        process = subprocess.Popen(
            [sys.executable, *command],
            cwd=root,
            env={**os.environ, "PYTHONPATH": str(root), "PYTHONIOENCODING": "utf-8"},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
        )
        with process:
            try:
                yield Server(_address(process, Path(log.name)), process)
            finally:
                process.terminate()


def _address(process, log):
    """Wait until the server says where it listens and answers there."""
    deadline = time.monotonic() + 100
    while time.monotonic() < deadline and process.poll() is None:
        found = re.search(r"Youju: (http://127\.0\.0\.1:\d+)/", log.read_text("utf-8"))
        if found:
            with contextlib.suppress(OSError), urllib.request.urlopen(found[1], timeout=30):
                return found[1]
        time.sleep(0.05)
    raise AssertionError(f"the page did not start: {log.read_text('utf-8')}")


def main(port):
    from eval.activity import ACTIVITY
    from ui.activity import ActivityLog
    from ui.feedback_routes import feedback_part
    from ui.handoff_delivery import open_desk
    from ui.server import serve

    asker = ScriptedAsker()

    def report():
        # The parent asks over stdin how many streams were closed before their end.
        for _ in sys.stdin:
            print(asker.closed, flush=True)

    threading.Thread(target=report, daemon=True).start()
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        log = stack.enter_context(ActivityLog(Path(folder, ACTIVITY), days=1))
        desk = open_desk("", otherwise=Path(folder, "handoff"), environment={})
        stack.callback(desk.close)
        feedback = feedback_part(
            log=log,
            desk=desk,
            article=asker.article,
            generation=lambda: asker.summary().generation,
        )
        serve(asker, port=port, parts=[feedback], on_ended=log.on_ended)


if __name__ == "__main__":
    main(int(sys.argv[1]) if sys.argv[1:] else 0)
