"""The web server: what it answers, what it refuses, what every response carries."""

import asyncio
import json
import re
import socket
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest
from ui_askers import ENGLISH, LIBRARY, POISON, ScriptedAsker, serving

from index.errors import UsageError
from ui.guard import CONTENT_SECURITY_POLICY, Guard, is_loopback
from ui.server import serve

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def client():
    with serving() as server, httpx.Client(base_url=server.url) as client:
        yield client


def test_the_page_names_nothing_outside_that_a_browser_would_load(client):
    page = client.get("/zh-hans/")
    assert page.status_code == 200
    assert "有据 Youju" in page.text
    config = client.get("/zh-hans/config").json()
    assert config["analytics_enabled"] is False
    assert "fonts.googleapis" not in page.text + client.get("/zh-hans/theme.css").text


@pytest.mark.parametrize(
    ("accept", "cookie", "leads_to"),
    [
        ("zh-TW,zh;q=0.9", None, "/zh-hant/?care=1"),
        ("en-GB,en;q=0.9,zh;q=0.8", None, "/en/?care=1"),
        ("en", "zh-Hans", "/zh-hans/?care=1"),
        ("fr", "../../evil", "/zh-hans/?care=1"),
    ],
)
def test_the_browser_or_a_choice_decides_the_language(client, accept, cookie, leads_to):
    headers = {"accept-language": accept}
    if cookie:
        headers["cookie"] = f"yj-language={cookie}"
    response = client.get("/?care=1", headers=headers)
    assert response.status_code == 307
    assert response.headers["location"] == leads_to


@pytest.mark.parametrize(
    "path",
    ["/", "/en/", "/api/article?id=english-1", "/page/chat.js", "/en/config", "/favicon.ico"],
)
def test_every_response_carries_the_policy(client, path):
    headers = client.get(path).headers
    assert headers["content-security-policy"] == CONTENT_SECURITY_POLICY
    assert "unsafe-eval" not in CONTENT_SECURITY_POLICY
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["x-frame-options"] == "DENY"
    assert headers["referrer-policy"] == "same-origin"
    assert "access-control-allow-origin" not in headers


def test_an_article_is_cut_around_the_cited_characters(client):
    response = client.get("/api/article", params={"id": ENGLISH.id, "start": 4, "end": 10})
    assert response.status_code == 200
    assert response.headers["cache-control"] == "no-store"
    article = response.json()
    assert article["title"] == ENGLISH.title
    assert "".join(run["text"] for run in article["quote"]) == "branch"
    assert article["before"][0]["text"] == "The "


def test_an_article_id_may_hold_any_character(client):
    for article in (LIBRARY, POISON):
        response = client.get("/api/article", params={"id": article.id, "whole": "true"})
        assert response.json()["id"] == article.id
        assert "".join(run["text"] for run in response.json()["after"]) == article.text


@pytest.mark.parametrize(
    ("params", "status"),
    [
        ({"id": "nobody"}, 404),
        ({"id": ENGLISH.id, "start": 5, "end": 4}, 404),
        ({"id": ENGLISH.id, "start": 0, "end": 10**9}, 404),
        ({"id": ENGLISH.id, "start": "x"}, 422),
        ({}, 422),
        ({"id": "damaged"}, 503),
    ],
)
def test_what_cannot_be_shown_is_an_error_of_the_right_kind(client, params, status):
    assert client.get("/api/article", params=params).status_code == status


@pytest.mark.parametrize(
    "host", ["evil.example", "127.0.0.1.evil.example", "127.0.0.1:80:80", "127.0.0.1@evil"]
)
def test_other_hosts_are_refused(client, host):
    response = client.get("/", headers={"host": host})
    assert (response.status_code, response.text) == (400, "unknown host")
    assert response.headers["content-security-policy"] == CONTENT_SECURITY_POLICY


@pytest.mark.parametrize("host", ["localhost:7860", "LOCALHOST", "[::1]:7860", "127.0.0.1"])
def test_the_names_of_this_machine_are_not(client, host):
    assert client.get("/api/article?id=english-1", headers={"host": host}).status_code == 200


@pytest.mark.parametrize(
    "headers",
    [
        {"origin": "http://evil.example"},
        {"origin": "null"},
        {"origin": "http://127.0.0.1:9999"},
        {"origin": "http://127.0.0.1:7860.evil.example"},
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site"},
    ],
)
def test_requests_that_another_site_makes_are_refused(client, headers):
    for response in (
        client.post("/gradio_api/queue/join", headers=headers, json={}),
        client.get("/api/article?id=english-1", headers=headers),
    ):
        assert response.status_code == 403


def test_our_own_page_may_post_and_a_link_from_elsewhere_may_be_followed(client):
    own = {"origin": str(client.base_url).rstrip("/"), "sec-fetch-site": "same-origin"}
    # 422: it passed the guard and Gradio found no body.
    assert client.post("/en/gradio_api/queue/join", headers=own, json={}).status_code == 422
    link = {"sec-fetch-site": "cross-site", "sec-fetch-mode": "navigate"}
    assert client.get("/en/", headers=link).status_code == 200
    assert client.post("/", headers=link).status_code == 403


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/zh-hant/gradio_api/upload"),
        ("GET", "/zh-hant/gradio_api/upload_progress?upload_id=x"),
        ("GET", "/zh-hant/gradio_api/file=/etc/passwd"),
        ("GET", "/zh-hant/gradio_api/file/etc/passwd"),
        ("GET", "/zh-hant/gradio_api/proxy=https://evil.example/"),
        ("POST", "/zh-hant/gradio_api/component_server"),
        ("POST", "/zh-hant/gradio_api/process_recording"),
        ("POST", "/zh-hant/gradio_api/vibe-edit"),
        ("GET", "/zh-hant/gradio_api/runs"),
        ("GET", "/zh-hant/gradio_api/info"),
        ("GET", "/zh-hant/gradio_api/openapi.json"),
        ("POST", "/zh-hant/gradio_api/call/ask"),
        ("POST", "/zh-hant/gradio_api/run/ask"),
        ("GET", "/zh-hant/monitoring"),
    ],
)
def test_what_gradio_offers_and_the_page_does_not_use_is_closed(client, method, path):
    response = client.request(method, path)
    assert (response.status_code, response.text) == (403, "not used by this page")


@pytest.mark.parametrize(
    ("path", "most_bytes"),
    [("/en/gradio_api/queue/join", 9_000_000), ("/api/handoff", 1_100_000), ("/", 1_100_000)],
)
@pytest.mark.parametrize("is_stated", [True, False])
def test_a_body_that_nobody_would_send_is_refused(path, most_bytes, is_stated):
    taken = []

    async def application(_, receive, send):
        """Reads to the end, and like FastAPI answers 400 to what it cannot read."""
        status, more = 200, True
        try:
            while more:
                message = await receive()
                taken.append(len(message["body"]))
                more = message["more_body"]
        except Exception:
            status = 400
        await send({"type": "http.response.start", "status": status, "headers": []})
        await send({"type": "http.response.body", "body": b""})

    def ask(path, length):
        taken.clear()
        left, sent = length, []

        async def receive():
            nonlocal left
            piece = min(left, 64_000)
            left -= piece
            return {"type": "http.request", "body": b"x" * piece, "more_body": left > 0}

        async def send(message):
            sent.append(message)

        headers = [(b"host", b"localhost")]
        if is_stated:
            headers.append((b"content-length", str(length).encode()))
        scope = {"type": "http", "path": path, "method": "POST", "headers": headers}
        guard = Guard(application, hosts=["localhost"], any_address=False)
        # In a thread of its own: a browser test beside this one keeps a loop in the main thread.
        with ThreadPoolExecutor(1) as pool:
            pool.submit(asyncio.run, guard(scope, receive, send)).result()
        (status,) = [m["status"] for m in sent if m["type"] == "http.response.start"]
        assert CONTENT_SECURITY_POLICY.encode() in dict(sent[0]["headers"]).values()
        return status

    assert ask(path, most_bytes) == 200
    assert ask(path, most_bytes + 1) == 413
    assert sum(taken) <= (0 if is_stated else most_bytes)
    # These go to the disk as they come.
    assert ask("/api/collection/uploads", 20_000_000) == 200


def test_gradio_answers_nothing_else_to_what_is_too_long(client):
    chunks = (b"x" * 500_000 for _ in range(19))
    assert client.post("/en/gradio_api/queue/join", content=chunks).status_code == 413


@pytest.mark.parametrize("path", ["/docs", "/redoc", "/openapi.json"])
def test_there_are_no_documentation_pages_that_load_from_elsewhere(client, path):
    assert client.get(path).status_code == 404


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        ("127.0.0.1", True),
        ("localhost", True),
        ("::1", True),
        ("127.9.9.9", True),
        ("0.0.0.0", False),
        ("::", False),
        ("192.168.1.5", False),
        ("example.org", False),
    ],
)
def test_which_addresses_only_this_machine_reaches(host, expected):
    assert is_loopback(host) is expected


def test_an_open_address_needs_to_be_meant():
    with pytest.raises(UsageError, match="--allow-remote"):
        serve(ScriptedAsker(), host="0.0.0.0")


def test_a_taken_port_is_told_at_once():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(UsageError, match=f"cannot listen on 127.0.0.1 port {port}"):
            serve(ScriptedAsker(), port=port)


def test_importing_the_server_imports_nothing_heavy():
    code = (
        "import sys, json, ui.server;"
        "print(json.dumps(sorted({'gradio', 'fastapi', 'uvicorn', 'torch', 'faiss'}"
        " & set(sys.modules))))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert json.loads(done.stdout) == []


@pytest.mark.parametrize("path", ["/zh-hans/", "/zh-hant/", "/en/"])
def test_the_page_names_all_its_scripts_and_styles_ahead(client, path):
    link = client.get(path).headers["link"]
    named = re.findall(r"</page/([^>]+)>; rel=(\w+)", link)
    modules = [name for name, kind in named if kind == "modulepreload"]
    styles = [name for name, kind in named if kind == "preload"]
    assert modules[0] == "chat.js"
    assert len(set(named)) == len(named)
    # Nothing that a module imports is left out: else it would be asked for a round trip later.
    for module in modules:
        text = client.get(f"/page/{module}").text
        for imported in re.findall(r'^(?:import|\}) .*from "\./(.+)";$', text, re.MULTILINE):
            assert imported in modules
    assert {"base.css", "chat.css", "care.css"} <= set(styles)
    assert all(client.get(f"/page/{style}").status_code == 200 for style in styles)
    assert "link" not in client.get("/page/chat.js").headers
