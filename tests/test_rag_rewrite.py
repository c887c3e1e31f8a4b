"""A language model that completes follow-ups, against a local server."""

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from index import server as model_server
from index.errors import UsageError
from rag.question import Turn
from rag.rewrite import ChatRewriter

DIALOGUE = (Turn("工行手机银行有多少用户？", "五亿户。"),)


class Handler(BaseHTTPRequestHandler):
    def log_message(self, *_):
        pass

    def do_POST(self):
        body = json.loads(self.rfile.read(int(self.headers["content-length"])))
        self.server.asked.append((self.path, body, self.headers.get("authorization")))
        status, answer = self.server.answers.pop(0)
        data = json.dumps(answer).encode()
        self.send_response(status)
        self.send_header("content-length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)


@pytest.fixture
def server(monkeypatch):
    monkeypatch.setattr(model_server, "_FIRST_WAIT_S", 0.01)
    monkeypatch.setenv("YOUJU_CHAT_API_KEY", "secret")
    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as running:
        running.daemon_threads = True
        running.asked, running.answers = [], []
        thread = threading.Thread(target=running.serve_forever, daemon=True)
        thread.start()
        running.spec = f"openai:http://127.0.0.1:{running.server_port}/v1#small"
        yield running
        running.shutdown()


def says(text):
    return 200, {"choices": [{"message": {"role": "assistant", "content": text}}]}


def rewritten(server, *answers):
    server.answers = list(answers)
    rewriter = ChatRewriter(server.spec)
    try:
        return rewriter.rewrite("那建行呢？", DIALOGUE)
    finally:
        rewriter.close()


def test_the_model_writes_the_question_out(server):
    assert rewritten(server, says("建行手机银行有多少用户？")) == "建行手机银行有多少用户？"
    ((path, body, key),) = server.asked
    assert path == "/v1/chat/completions"
    assert (body["model"], body["temperature"]) == ("small", 0)
    assert key == "Bearer secret"
    # The dialogue is data in a message of its own, not part of the order.
    order, data = body["messages"]
    assert order["role"] == "system"
    assert "工行" not in order["content"]
    assert json.loads(data["content"]) == {
        "turns": [{"question": "工行手机银行有多少用户？", "answer": "五亿户。"}],
        "question": "那建行呢？",
    }


@pytest.mark.parametrize(
    "text", ["", "  ", "第一行\n第二行", "长" * 400, None, 7, "<think>嗯</think>"]
)
def test_what_is_no_question_is_left_to_the_rules(server, text):
    assert rewritten(server, says(text)) is None


def test_quotes_and_thoughts_are_taken_off(server):
    made = rewritten(server, says("<think>工行…\n建行</think>\n“建行有多少用户？”"))
    assert made == "建行有多少用户？"


def test_a_server_that_is_away_or_no_chat_server_is_left_to_the_rules(server):
    assert rewritten(server, (503, {}), (503, {})) is None
    assert len(server.asked) == 2
    assert rewritten(server, (200, {"data": []})) is None
    gone = ChatRewriter("openai:http://127.0.0.1:9/v1#m")
    assert gone.rewrite("那建行呢？", DIALOGUE) is None


def test_a_busy_server_is_asked_again(server):
    assert rewritten(server, (503, {}), says("建行有多少用户？")) == "建行有多少用户？"


def test_a_refused_key_is_told(server):
    with pytest.raises(UsageError, match=r"refused the key .*YOUJU_CHAT_API_KEY"):
        rewritten(server, (401, {}))


def test_a_malformed_address_is_told():
    with pytest.raises(UsageError, match="names no chat server; write openai:URL#MODEL"):
        ChatRewriter("http://127.0.0.1")
