"""The remote embedder against a local server, one that works and one that misbehaves."""

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import numpy as np
import pytest

from index import http, remote
from index.errors import RemoteError, UsageError
from index.remote import RemoteEmbedder

DIM = 8


class Server(ThreadingHTTPServer):
    """Answers as an embeddings server does, unless ``script`` says otherwise for a request."""

    daemon_threads = True

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Handler)
        self.script = []
        self.asked = []
        self.keys = []

    @property
    def spec(self):
        return f"openai:http://127.0.0.1:{self.server_port}/v1#small"


class Handler(BaseHTTPRequestHandler):
    def log_message(self, *_):
        pass

    def do_POST(self):
        body = json.loads(self.rfile.read(int(self.headers["content-length"])))
        self.server.asked.append((self.path, body))
        self.server.keys.append(self.headers.get("authorization"))
        status, answer, headers = 200, right(body), {}
        if self.server.script:
            status, answer, headers = self.server.script.pop(0)(body)
        data = answer if isinstance(answer, bytes) else json.dumps(answer).encode()
        self.send_response(status)
        for name, value in {"content-length": str(len(data)), **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(data)


def vector(text, dim=DIM):
    return [float(len(text) + place) for place in range(dim)]


def right(body, dim=DIM):
    rows = [{"index": i, "embedding": vector(t, dim)} for i, t in enumerate(body["input"])]
    # The order of the list is not promised, the index is.
    return {"data": rows[::-1]}


def says(status, answer=b"", **headers):
    return lambda _: (status, answer, {k.replace("_", "-"): v for k, v in headers.items()})


@pytest.fixture
def server(monkeypatch):
    monkeypatch.setattr(http, "_FIRST_WAIT_S", 0.01)
    monkeypatch.setattr(http, "_LONGEST_WAIT_S", 0.02)
    with Server() as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield server
        server.shutdown()
        thread.join()


@pytest.fixture
def connect():
    made = []

    def connect(spec, **environment):
        made.append(RemoteEmbedder(spec, environment=environment))
        return made[-1]

    yield connect
    for embedder in made:
        embedder.close()


def test_vectors_come_back_in_order_and_of_unit_length(server, connect):
    embedder = connect(server.spec)
    assert (embedder.name, embedder.dim) == ("openai-small-8", DIM)
    texts = [f"第{n}段" + "字" * n for n in range(150)]
    vectors = embedder.embed_passages(texts)
    expected = np.array([vector(t) for t in texts])
    expected /= np.linalg.norm(expected, axis=1, keepdims=True)
    np.testing.assert_allclose(vectors, expected, atol=1e-6)
    assert vectors.dtype == np.float32
    batches = [len(body["input"]) for _, body in server.asked[1:]]
    assert batches == [64, 64, 22]
    assert {(path, body["model"]) for path, body in server.asked} == {("/v1/embeddings", "small")}


def test_no_texts_and_broken_texts(server, connect):
    embedder = connect(server.spec)
    assert embedder.embed_questions([]).shape == (0, DIM)
    assert embedder.embed_questions(["", "半个\ud83d"]).shape == (2, DIM)
    assert server.asked[-1][1]["input"] == [" ", "半个\ufffd"]
    with pytest.raises(TypeError):
        embedder.embed_questions("one text")


def test_long_texts_are_sent_in_smaller_batches(server, connect):
    connect(server.spec).embed_passages(["字" * 25_000] * 5)
    assert [len(body["input"]) for _, body in server.asked[1:]] == [2, 2, 1]


def test_the_key_is_sent_and_never_shown(server, connect, caplog):
    server.script = [says(503), says(401, {"error": "bad key"})]
    with pytest.raises(UsageError, match=r"refused the key .*YOUJU_EMBEDDINGS_API_KEY") as refused:
        connect(server.spec, YOUJU_EMBEDDINGS_API_KEY="sk-secret")
    assert server.keys == ["Bearer sk-secret"] * 2
    assert "sk-secret" not in str(refused.value) + caplog.text
    connect(server.spec, OPENAI_API_KEY="sk-other")
    assert server.keys[-1] == "Bearer sk-other"
    connect(server.spec)
    assert server.keys[-1] is None


@pytest.mark.parametrize("status", [429, 500, 503])
def test_a_busy_server_is_asked_again(server, connect, status):
    embedder = connect(server.spec)
    server.script = [says(status, retry_after="0"), says(status)]
    assert embedder.embed_questions(["银行"]).shape == (1, DIM)
    assert len(server.asked) == 4


def test_a_server_that_stays_away_is_named(server, connect):
    server.script = [says(503)] * 9
    with pytest.raises(RemoteError, match=r"answered with status 503, 5 times in a row"):
        connect(server.spec)
    assert len(server.asked) == 5


def test_nobody_listens(server, connect):
    spec = server.spec
    server.shutdown()
    server.server_close()
    with pytest.raises(RemoteError, match="cannot be reached"):
        connect(spec)


def test_a_slow_server_times_out(server, connect, monkeypatch):
    monkeypatch.setattr(remote, "_TIMEOUT_S", 0.2)
    monkeypatch.setattr(remote, "_ATTEMPTS", 2)
    gone = threading.Event()

    def slowly(body):
        gone.wait(5)
        return 200, right(body), {}

    server.script = [slowly, slowly]
    with pytest.raises(RemoteError, match=r"did not answer within 0\.2 s, 2 times"):
        connect(spec := server.spec)
    gone.set()
    assert spec


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        (says(200, b"<html>hello"), "did not answer as an embeddings server"),
        (says(200, {"error": "no"}), "did not answer as an embeddings server"),
        (says(200, {"data": [{"index": 0}]}), "did not answer as an embeddings server"),
        (says(200, {"data": []}), "answered 1 texts with 0 vectors"),
        (lambda b: (200, right(b, dim=3), {}), "3 dimensions instead of 8"),
        (
            says(200, {"data": [{"index": 0, "embedding": [float("nan")] * DIM}]}),
            "not finite",
        ),
        (says(400, {"error": "too long"}), "status 400: .*too long"),
        (says(302, b"", location="http://127.0.0.1:1/"), "status 302"),
    ],
)
def test_what_is_no_answer_is_refused(server, connect, answer, message):
    embedder = connect(server.spec)
    server.script = [answer]
    with pytest.raises(RemoteError, match=message):
        embedder.embed_questions(["银行"])


def test_an_unknown_model_is_the_users_mistake(server, connect):
    server.script = [says(404, {"error": "no such model"})]
    with pytest.raises(UsageError, match="no model 'small'"):
        connect(server.spec)


@pytest.mark.parametrize(
    "spec",
    ["openai:", "openai:http://host", "openai:ftp://host#m", "openai:http://h#", "openai:#m"],
)
def test_a_malformed_spec_is_explained(spec, connect):
    with pytest.raises(UsageError, match="openai:URL#MODEL"):
        connect(spec)
