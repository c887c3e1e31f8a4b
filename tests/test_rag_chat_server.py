"""A chat server as a generator: one that works, one that misbehaves, and a real one."""

import json
import logging
import socket
import subprocess
import sys
import threading
import time
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib.util import find_spec

import pytest
from chat_models import TEXTS, chat_model, task

from index import http
from index.errors import RemoteError, UsageError
from index.http import Server
from rag.chat_server import ChatServerGenerator
from rag.config import ModelConfig
from rag.generate import GeneratorError, NoAnswerError

CONFIG = ModelConfig(deadline_s=10.0, max_tokens=100)


def chunk(text="", finish=None, **delta):
    choice = {"index": 0, "delta": {"content": text, **delta}, "finish_reason": finish}
    return {"id": "1", "object": "chat.completion.chunk", "choices": [choice]}


def events(*parts, done=True):
    """Server-sent events: a chunk for each text, any other object as it is."""
    lines = [json.dumps(p if isinstance(p, dict) else chunk(p), ensure_ascii=False) for p in parts]
    lines += ["[DONE]"] if done else []
    return "".join(f"data: {line}\n\n" for line in lines).encode()


def whole(*texts):
    return events({"choices": [], "usage": {}}, *texts, chunk(finish="stop"))


class Handler(BaseHTTPRequestHandler):
    def log_message(self, *_):
        pass

    def do_POST(self):
        body = json.loads(self.rfile.read(int(self.headers["content-length"])))
        self.server.asked.append((self.path, body, self.headers.get("authorization")))
        script = self.server.script
        act = script.pop(0) if script else whole("好。")
        if isinstance(act, bytes):
            act = {"body": act}
        if callable(act):
            act(self, body)
            return
        data = act.get("body", b"")
        self.send_response(act.get("status", 200))
        self.send_header("content-type", act.get("type", "text/event-stream; charset=utf-8"))
        for name, value in act.get("headers", {}).items():
            self.send_header(name, value)
        self.send_header("content-length", str(act.get("length", len(data))))
        self.end_headers()
        self.wfile.write(data)


@pytest.fixture
def server(monkeypatch):
    monkeypatch.setattr(http, "_FIRST_WAIT_S", 0.01)
    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        server.script, server.asked = [], []
        thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
        thread.start()
        yield server
        server.shutdown()
        thread.join()


@pytest.fixture
def ask(server):
    """Ask the server; returns the drafts."""
    opened = []

    def asking(of=None, **settings):
        spec = f"openai:http://127.0.0.1:{server.server_port}/v1#small"
        environment = {"YOUJU_CHAT_API_KEY": "sk-secret"}
        config = replace(CONFIG, **settings)
        opened.append(ChatServerGenerator(spec, config=config, environment=environment))
        return list(opened[-1].drafts(of or task()))

    yield asking
    for generator in opened:
        generator.close()


def streaming(*parts, gap_s=0.0):
    """Sends the parts one after the other, without saying how long it all is."""

    def act(handler, _):
        handler.send_response(200)
        handler.send_header("content-type", "text/event-stream")
        handler.end_headers()
        try:
            for part in parts:
                handler.wfile.write(part)
                handler.wfile.flush()
                time.sleep(gap_s)
        except OSError:
            handler.server.broken = True

    return act


def test_an_answer_with_citations(server, ask):
    def cites(handler, body):
        keys = [
            line.removeprefix("<passage ").removesuffix(">")
            for line in body["messages"][1]["content"].splitlines()
            if line.startswith("<passage ")
        ]
        said = f"<think>嗯</think>工行有4.16亿户[{keys[0]}]。建行有3.51亿户【{keys[1]}】[zz9zz9]。"
        streaming(whole(*said))(handler, body)

    server.script = [cites]
    first, second = ask()
    assert (first.text, [span.text for span in first.spans]) == ("工行有4.16亿户。", [TEXTS[0]])
    assert (second.text, [span.text for span in second.spans]) == ("建行有3.51亿户。", [TEXTS[1]])
    [(path, body, key)] = server.asked
    assert (path, key) == ("/v1/chat/completions", "Bearer sk-secret")
    assert [m["role"] for m in body["messages"]] == ["system", "user"]
    del body["messages"]
    assert body == {
        "model": "small", "stream": True, "max_tokens": 100, "temperature": 0.0, "seed": 0,
    }  # fmt: skip


def test_a_sentence_comes_before_the_answer_ends(server):
    released = threading.Event()

    def slow(handler, body):
        streaming(events("工行增长了。", "建", done=False))(handler, body)
        released.wait(5)
        handler.wfile.write(whole("行下降了。"))

    server.script = [slow]
    spec = f"openai:http://127.0.0.1:{server.server_port}/v1#small"
    generator = ChatServerGenerator(spec, config=CONFIG, environment={})
    written = generator.drafts(task())
    started = time.monotonic()
    assert next(written).text == "工行增长了。"
    assert time.monotonic() - started < 4
    released.set()
    assert [draft.text for draft in written] == ["建行下降了。"]
    generator.close()


def test_one_object_instead_of_a_stream_is_read_too(server, ask):
    message = {"choices": [{"message": {"content": "工行增长了。"}, "finish_reason": "stop"}]}
    server.script = [{"type": "application/json", "body": json.dumps(message).encode()}]
    assert [draft.text for draft in ask()] == ["工行增长了。"]


def test_what_a_server_sends_beside_the_text_is_passed_over(server, ask):
    server.script = [
        b": keep-alive\n\nevent: message\r\nid: 7\r\n"
        + events(chunk(None, role="assistant"), chunk("", reasoning_content="嗯。"), done=False)
        + whole("工行增", "长了。").replace(b"\n", b"\r\n")
    ]
    assert [draft.text for draft in ask()] == ["工行增长了。"]


def test_the_model_may_find_no_answer(server, ask):
    server.script = [whole("NO_", "ANSWER")]
    with pytest.raises(NoAnswerError):
        ask()


def test_an_answer_at_its_longest_loses_its_last_words(server, ask):
    server.script = [events("工行增长了。建行", chunk(finish="length"))]
    assert [draft.text for draft in ask()] == ["工行增长了。"]


@pytest.mark.parametrize(
    ("act", "message"),
    [
        (events("工行增", done=False), "broke off"),
        ({"body": events("工行增", done=False), "length": 10_000}, "broke off"),
        (b"data: {\n\n", "did not answer as a chat server"),
        (b"data: [1, 2]\n\n", "did not answer as a chat server"),
        (b"data: \xff\xfe\n\n", "did not answer as a chat server"),
        (b"data: " + b"[" * 100_000 + b"\n\n", "did not answer as a chat server"),
        (events({"choices": [{}]}), "did not answer as a chat server"),
        (events({"choices": [None]}), "did not answer as a chat server"),
        (events({"choices": 3}), "did not answer as a chat server"),
        (events({"error": {"message": "out of sk-secret memory"}}), "failed: out of … memory"),
        (events({"error": "gone"}), "failed: gone"),
        (events({"choices": []}), "broke off"),
        (events(chunk(finish="stop")), "wrote no sentence"),
        (events(), "broke off"),
        (b"", "broke off"),
        (events(chunk(None, tool_calls=[{"index": 0}])), "asked for a tool"),
        (events(chunk(finish="tool_calls")), "asked for a tool"),
        (events("工", chunk(finish="content_filter")), "a filter"),
        (events(chunk([{"type": "text"}])), "without a text"),
        ({"type": "text/html", "body": b"<html>"}, r"content type text/html"),
        ({"type": "application/json", "body": b"{}"}, "did not answer as a chat server"),
        ({"type": "application/json", "body": b"[" * 2_000_000}, "more than 1,000,000 bytes"),
        (b"data: " + b"x" * 2_000_000, "an endless line"),
        ({"status": 400, "body": b"sk-secret is\ntoo long"}, "status 400: … is too long"),
    ],
)
def test_a_server_that_misbehaves_is_told(server, ask, act, message):
    server.script = [act] * 3
    with pytest.raises(GeneratorError, match=message) as failed:
        ask()
    assert "sk-secret" not in str(failed.value)


def test_a_slow_drip_ends_at_the_deadline(server, ask):
    drip = [bytes([byte]) for byte in events(*"工行增长了" * 100)]
    assert len(drip) * 0.01 > 20  # seconds, if nothing ended it
    server.script = [streaming(*drip, gap_s=0.01)]
    started = time.monotonic()
    # Long enough for a busy machine to connect.
    with pytest.raises(GeneratorError, match=r"not done within 1\.5 s"):
        ask(deadline_s=1.5)
    # A server that says nothing at all.
    server.script = [lambda *_: time.sleep(4)]
    with pytest.raises(GeneratorError, match=r"not done within 1\.5 s"):
        ask(deadline_s=1.5)
    assert time.monotonic() - started < 15


def test_an_answer_without_end_is_cut(server, ask):
    def flood(handler, body):
        parts = (events(f"第{n}句话说的是别的。", done=False) for n in range(10**6))
        streaming(*(next(parts) for _ in range(2000)))(handler, body)

    server.script = [flood]
    said = ask(max_tokens=10)
    assert 10 < len(said) < 20
    assert all(draft.text.endswith("别的。") for draft in said)


def test_closing_the_iterator_lets_go_of_the_server(server):
    parts = [events(f"第{n}句话。", done=False) for n in range(5000)]
    server.broken = False
    server.script = [streaming(*parts, gap_s=0.002)]
    spec = f"openai:http://127.0.0.1:{server.server_port}/v1#small"
    generator = ChatServerGenerator(spec, config=CONFIG, environment={})
    written = generator.drafts(task())
    next(written)
    written.close()
    end = time.monotonic() + 5
    while not server.broken and time.monotonic() < end:
        time.sleep(0.01)
    assert server.broken
    generator.close()


def test_a_busy_server_is_asked_again(server, ask, caplog):
    server.script = [
        {"status": 429, "headers": {"retry-after": "0.05"}}, {"status": 503}, whole("好。"),
    ]  # fmt: skip
    with caplog.at_level(logging.DEBUG):
        assert [draft.text for draft in ask()] == ["好。"]
    assert len(server.asked) == 3
    assert "trying again" in caplog.text
    assert "sk-secret" not in caplog.text
    server.script = [{"status": 503}] * 9
    with pytest.raises(GeneratorError, match="status 503, 3 times in a row"):
        ask()


def test_a_server_that_hangs_up_before_the_first_word_is_asked_again(server, ask):
    def hangs_up(handler, _):
        handler.connection.shutdown(socket.SHUT_RDWR)

    server.script = [hangs_up, {"body": b"", "length": 50}, whole("好。")]
    assert [draft.text for draft in ask()] == ["好。"]
    # After the first word, nothing is said twice.
    server.asked.clear()
    server.script = [{"body": events("工行", done=False), "length": 5000}]
    with pytest.raises(GeneratorError, match="broke off"):
        ask()
    assert len(server.asked) == 1


def test_a_wait_beyond_the_deadline_is_not_waited(server, ask):
    server.script = [{"status": 429, "headers": {"retry-after": "3600"}}]
    started = time.monotonic()
    with pytest.raises(GeneratorError, match=r"status 429, once .*3600 s"):
        ask()
    assert time.monotonic() - started < 5


@pytest.mark.parametrize(
    ("status", "message"),
    [(401, "YOUJU_CHAT_API_KEY"), (403, "refused"), (404, "no model 'small'")],
)
def test_a_wrong_key_or_model_is_the_askers(server, ask, status, message):
    server.script = [{"status": status, "body": b"bad key sk-secret"}]
    with pytest.raises(UsageError, match=message) as refused:
        ask()
    assert "sk-secret" not in str(refused.value)
    assert len(server.asked) == 1


def test_nobody_there(monkeypatch):
    monkeypatch.setattr(http, "_FIRST_WAIT_S", 0.01)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    generator = ChatServerGenerator(
        f"openai:http://127.0.0.1:{port}/v1#small", config=CONFIG, environment={}
    )
    with pytest.raises(GeneratorError, match="cannot be reached"):
        list(generator.drafts(task()))
    with pytest.raises(NoAnswerError):
        list(generator.drafts(task(articles=[])))
    generator.close()


def test_an_address_holds_no_password():
    with pytest.raises(UsageError, match="user name or password") as refused:
        ChatServerGenerator("openai:http://me:sk-secret@127.0.0.1/v1#small", config=CONFIG)
    assert "sk-secret" not in str(refused.value)


def test_the_stream_ends_when_nothing_is_read(server):
    """A reader that goes away without a word leaves no thread behind that writes for ever."""
    server.script = [streaming(*[events("好。", done=False)] * 5000)]
    asked = Server(
        f"http://127.0.0.1:{server.server_port}/v1/chat/completions", what="chat", model="small",
        key_variables=("KEY",), environment={}, timeout_s=5, attempts=1,
    )  # fmt: skip
    events_ = asked.stream({}, deadline_s=20)
    next(events_)
    del events_
    end = time.monotonic() + 5
    while any(t.name == "youju-stream" for t in threading.enumerate()) and time.monotonic() < end:
        time.sleep(0.01)
    assert not any(t.name == "youju-stream" for t in threading.enumerate())
    with pytest.raises(RemoteError, match="not done within 0 s"):
        list(asked.stream({}, deadline_s=0))
    asked.close()


@pytest.mark.slow
@pytest.mark.skipif(
    not (find_spec("openai") and find_spec("accelerate")),
    reason="transformers serve needs openai and accelerate: pip install -e '.[dev]'",
)
def test_a_real_server_by_transformers_serve(tmp_path):
    folder = chat_model(tmp_path / "model", script="工行增长了。建行下降了！")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [
        sys.executable, "-m", "transformers.cli.transformers", "serve", str(folder),
        "--device", "cpu", "--host", "127.0.0.1", "--port", str(port),
    ]  # fmt: skip
    log = tmp_path / "serve.log"
    with log.open("wb") as output:
        process = subprocess.Popen(command, stdout=output, stderr=output)
        try:
            end = time.monotonic() + 90
            while process.poll() is None and time.monotonic() < end:
                with socket.socket() as probe:
                    if probe.connect_ex(("127.0.0.1", port)) == 0:
                        break
                time.sleep(0.2)
            generator = ChatServerGenerator(
                f"openai:http://127.0.0.1:{port}/v1#{folder}",
                config=replace(CONFIG, deadline_s=60.0),
                environment={},
            )
            said = [draft.text for draft in generator.drafts(task())]
            assert said == ["工行增长了。", "建行下降了！"], log.read_text()
            # Two tokens: a full stop is one.
            short = ChatServerGenerator(
                f"openai:http://127.0.0.1:{port}/v1#{folder}",
                config=replace(CONFIG, deadline_s=60.0, max_tokens=3),
                environment={},
            )
            assert [draft.text for draft in short.drafts(task())] == ["工行增长了。"]
            wrong = ChatServerGenerator(
                f"openai:http://127.0.0.1:{port}/v1#other", config=CONFIG, environment={}
            )
            with pytest.raises(GeneratorError, match="pinned"):
                list(wrong.drafts(task()))
            for opened in (generator, short, wrong):
                opened.close()
        finally:
            process.terminate()
            process.wait(30)
