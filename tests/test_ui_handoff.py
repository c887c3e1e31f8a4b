"""Handing over to a person: what the pack says, that nobody can forge it, and that it arrives."""

import hashlib
import hmac
import html
import json
import threading
import time
from contextlib import contextmanager
from dataclasses import replace
from html.parser import HTMLParser
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from activity_records import NOW, citation, passage, record, sentence
from fastapi import FastAPI
from starlette.testclient import TestClient
from ui_askers import ARTICLES, FIRST_SENTENCE, LIBRARY, PAYLOADS, POISON

from eval.activity import read_entries
from index.errors import IndexDamagedError, UsageError
from ui.activity import ActivityLog, Known, answer_digest
from ui.feedback_routes import REASONS, feedback_part
from ui.handoff import MAX_CITATIONS, MAX_LOOKUPS, MAX_NOTE, build_pack
from ui.handoff_delivery import (
    FolderDesk,
    Taken,
    WebhookDesk,
    open_desk,
    pack_files,
    signature,
)
from ui.handoff_page import pack_page
from ui.record import from_record, to_record
from ui.strings import ALL, Language, Strings

PHONE = "13800138000"


def find(article_id):
    if article_id == "damaged":
        raise IndexDamagedError("catalogue.sqlite differs from its hash")
    return ARTICLES[article_id]


def told(**changes):
    return record(
        1,
        f"我的电话{PHONE}能办吗？",
        citations=[citation(LIBRARY, FIRST_SENTENCE)],
        sentences=[sentence(FIRST_SENTENCE, 1)],
        passages=[passage(LIBRARY.id, "假标题", start=0, end=30)],
        **changes,
    )


def pack_of(*records, note="", contact="", known=None, language=Language.HANS):
    return build_pack(
        [from_record(row) for row in records],
        note=note,
        contact=contact,
        language=language,
        generation="g000002",
        article=find,
        known=known or {},
        now=NOW,
    )


def test_a_pack_holds_the_dialogue_with_the_articles_own_words():
    given = told()
    pack = pack_of(
        given,
        note=f"请回电{PHONE}",
        contact=PHONE,
        known={given["id"]: Known(answer_digest(given))},
    )
    assert pack["note"] == "请回电[phone]"
    assert pack["contact"] == PHONE  # it was left to be used
    assert pack["reference"].startswith("20260320-")
    (exchange,) = pack["conversation"]
    assert exchange["question"] == "我的电话[phone]能办吗？"
    assert (exchange["given"], exchange["outcome"]) == ("as given", "answered")
    assert exchange["sentences"][0]["verdict"] == "supported"
    (cited,) = exchange["citations"]
    assert (cited["verified"], cited["quote"]) == (True, FIRST_SENTENCE)
    assert cited["title"] == LIBRARY.title
    (found,) = exchange["passages"]
    assert (found["title"], found["text"]) == (LIBRARY.title, LIBRARY.text[:30])


@pytest.mark.parametrize(
    "forged",
    [
        {"quote": "行长跑了。"},
        {"start": 3, "end": 3 + len(FIRST_SENTENCE)},
        {"article_id": "nobody"},
        {"article_id": "damaged"},
        {"quote": "", "start": 5, "end": 5},
    ],
)
def test_a_forged_record_puts_no_words_into_an_articles_mouth(forged):
    row = told()
    row["citations"] = [{**row["citations"][0], "title": "伪造的标题", **forged}]
    pack = pack_of(row)
    (exchange,) = pack["conversation"]
    (cited,) = exchange["citations"]
    assert (cited["verified"], cited["quote"], cited["verdict"]) == (False, None, None)
    assert cited["unverified_quote"] == row["citations"][0]["quote"]
    assert cited["title"] in (None, LIBRARY.title)
    assert exchange["given"] == "unknown"
    assert exchange["sentences"][0]["verdict"] is None
    page = pack_page(pack, ALL[Language.HANS])
    assert ALL[Language.HANS].handoff_unverified in page
    assert ALL[Language.HANS].handoff_unknown in page
    assert "<blockquote>行长跑了。" not in page


def test_an_answer_that_was_changed_on_the_way_is_marked():
    given = told()
    changed = told(answer="全部免费。[1]", approval={"id": "x", "by": "行长"} | _no_dates())
    pack = pack_of(changed, known={given["id"]: Known(answer_digest(given))})
    (exchange,) = pack["conversation"]
    assert (exchange["given"], exchange["approval"]) == ("changed", None)
    assert exchange["citations"][0]["verified"]
    assert ALL[Language.HANS].handoff_changed in pack_page(pack, ALL[Language.HANS])


@pytest.mark.parametrize("language", Language)
def test_that_a_model_failed_is_told(language):
    strings = ALL[language]
    fallen = to_record(replace(from_record(told()), fallback=f"no answer from {PHONE}"))
    for value, said in (
        (fallen["fallback"], strings.handoff_fell_back),
        # As records of earlier versions have it.
        ("", strings.handoff_fell_back),
        (f"no answer from <{PHONE}>", "no answer from <[phone]>"),
    ):
        pack = pack_of(told(fallback=value), language=language)
        assert pack["conversation"][0]["fallback"] == said
        page = pack_page(pack, strings)
        assert strings.handoff_fallback in page
        assert said in html.unescape(page)
    for value in (False, None):
        pack = pack_of(told(fallback=value), language=language)
        assert pack["conversation"][0]["fallback"] is None
        assert strings.handoff_fallback not in pack_page(pack, strings)


def _no_dates():
    return {"valid_from": None, "valid_until": None}


def test_there_must_be_something_to_hand_over():
    with pytest.raises(UsageError, match="nothing to hand over"):
        pack_of(note="  ")
    with pytest.raises(UsageError, match=f"at most {MAX_NOTE}"):
        pack_of(note="长" * (MAX_NOTE + 1))
    assert pack_of(note="想开户")["conversation"] == []


class _Tags(HTMLParser):
    def __init__(self):
        super().__init__()
        self.found = set()
        self.attributes = set()
        self.texts = []

    def handle_starttag(self, tag, attrs):
        self.found.add(tag)
        self.attributes |= {name for name, _ in attrs}

    def handle_data(self, data):
        self.texts.append(data)


@pytest.mark.parametrize("language", Language)
def test_the_readable_page_shows_hostile_text_as_text(language):
    hostile = "\n".join(PAYLOADS)
    row = record(
        2,
        hostile,
        searched=hostile + "!",
        answer=hostile,
        reason=hostile[:1500],
        outcome="declined",
        suggestions=[PAYLOADS[0]],
        without=["dates"],
        filters={
            "since": "2020-01-01",
            "until": None,
            "sources": [PAYLOADS[1]],
            "languages": [],
            "tags": [],
        },
        citations=[citation(POISON, POISON.text[:40])],
        passages=[passage(POISON.id, start=0, end=len(POISON.text))],
    )
    page = pack_page(pack_of(row, note=hostile, contact=PAYLOADS[0]), ALL[language])
    parser = _Tags()
    parser.feed(page)
    assert parser.found <= {
        *("html", "head", "meta", "title", "style", "body", "main", "section"),
        *("h1", "h2", "h3", "p", "dl", "div", "dt", "dd", "ol", "li", "bdi", "sup", "span"),
        "blockquote",
    }
    assert parser.attributes <= {
        *("lang", "charset", "http-equiv", "content", "name", "class", "title", "value")
    }
    assert PAYLOADS[1] in "".join(parser.texts)
    assert "default-src 'none'" in html.unescape(page.split("<body>")[0])


# ---- to a folder, to a webhook ------------------------------------------------------------------


def test_a_folder_gets_both_files_for_its_owners_eyes_alone(tmp_path):
    folder = tmp_path / "deep" / "handoff"
    desk = open_desk(str(folder), otherwise=tmp_path, environment={})
    pack = pack_of(note="想开户")
    assert desk.take(pack, "<!DOCTYPE html>页") is Taken.STORED
    names = sorted(path.name for path in folder.iterdir())
    assert names == [f"{pack['reference']}.html", f"{pack['reference']}.json"]
    assert json.loads((folder / names[1]).read_bytes()) == pack
    assert {path.stat().st_mode & 0o777 for path in folder.iterdir()} == {0o600}
    assert folder.stat().st_mode & 0o777 == 0o700


def test_a_folder_that_cannot_be_written_is_no_dead_end(tmp_path):
    (tmp_path / "handoff").write_text("a file in the way")
    assert FolderDesk(tmp_path / "handoff").take(pack_of(note="想开户"), "") is Taken.FAILED


@pytest.mark.parametrize(
    "target",
    [
        *("ftp://host/x", "https://", "https://me:secret@host/x", "https://me:secret@[/x"),
        *("http://127.0.0.1:99999/x", "http://host:x/", "http://[::1/x", "http://ho\tst/\x00"),
    ],
)
def test_an_address_that_is_no_webhooks_is_refused(target, tmp_path):
    with pytest.raises(UsageError, match="handoff") as refusal:
        open_desk(target, otherwise=tmp_path, environment={})
    assert "secret@" not in str(refusal.value)


class _Webhook:
    """A server that misbehaves as told: one behaviour for each request, then it is well."""

    def __init__(self, *behaviours):
        self.behaviours = list(behaviours)
        self.got = []
        self.accepted = threading.Event()


@contextmanager
def webhook(*behaviours):
    state = _Webhook(*behaviours)

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            body = self.rfile.read(int(self.headers["content-length"]))
            state.got.append((dict(self.headers.items()), body))
            behaviour = state.behaviours.pop(0) if state.behaviours else 200
            if behaviour == "cut":
                self.connection.close()
                return
            if behaviour == "slow":
                time.sleep(1.5)  # longer than an attempt may take
                behaviour = 200
            self.send_response(behaviour)
            self.send_header("content-length", "0")
            if behaviour == 302:
                self.send_header("location", "http://127.0.0.1:9/elsewhere")
            self.end_headers()
            if behaviour == 200:
                state.accepted.set()

        def log_message(self, *_):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    state.url = f"http://127.0.0.1:{server.server_port}/tickets"
    try:
        yield state
    finally:
        server.shutdown()
        server.server_close()


@pytest.fixture
def hasty(monkeypatch):
    """Nobody waits for a webhook. Only that: a busy machine needs the time that an attempt has."""
    monkeypatch.setattr("ui.handoff_delivery._WAIT_S", 0.2)


def settled(folder):
    """Wait until nothing is kept any more."""
    deadline = time.monotonic() + 10
    while list(folder.glob("*")) and time.monotonic() < deadline:
        time.sleep(0.02)
    return list(folder.glob("*")) == []


def test_a_webhook_gets_the_pack_signed_and_nothing_is_kept(tmp_path):
    pack = pack_of(told(), note="想开户")
    with webhook() as hook, WebhookDesk(hook.url, folder=tmp_path, secret="钥匙") as desk:
        assert desk.take(pack, "页") is Taken.SENT
        ((headers, body),) = hook.got
    assert json.loads(body) == pack
    sent = {name.lower(): value for name, value in headers.items()}
    assert sent["x-youju-reference"] == pack["reference"]
    expected = hmac.new("钥匙".encode(), body, hashlib.sha256).hexdigest()
    assert sent["x-youju-signature"] == signature(body, "钥匙") == f"sha256={expected}"
    assert settled(tmp_path)


@pytest.mark.usefixtures("hasty")
@pytest.mark.parametrize("wrong", [500, 503, 404, 302, "cut"])
def test_a_webhook_that_fails_gets_the_pack_later(wrong, tmp_path):
    pack = pack_of(note="想开户")
    with (
        webhook(wrong, wrong) as hook,
        WebhookDesk(hook.url, folder=tmp_path, first_pause_s=0.3) as desk,
    ):
        assert desk.take(pack, "页") is Taken.WAITING
        assert (tmp_path / f"{pack['reference']}.json").exists()
        assert (tmp_path / f"{pack['reference']}.html").read_text() == "页"
        assert hook.accepted.wait(10)
        assert settled(tmp_path)
    assert len(hook.got) == 3
    assert {body for _, body in hook.got} == {hook.got[0][1]}


@pytest.mark.usefixtures("hasty")
def test_a_webhook_that_says_nothing_for_long_is_given_up_and_tried_again(tmp_path, monkeypatch):
    monkeypatch.setattr("ui.handoff_delivery._TIMEOUT_S", 0.3)
    with (
        webhook("slow") as hook,
        WebhookDesk(hook.url, folder=tmp_path, first_pause_s=0.3) as desk,
    ):
        assert desk.take(pack_of(note="想开户"), "页") is Taken.WAITING
        deadline = time.monotonic() + 20
        while not hook.got and time.monotonic() < deadline:  # one was begun in the short time
            time.sleep(0.01)
        monkeypatch.setattr("ui.handoff_delivery._TIMEOUT_S", 10)
        assert settled(tmp_path)
    assert len(hook.got) >= 2
    assert {body for _, body in hook.got} == {hook.got[0][1]}


def test_what_was_kept_is_sent_after_a_restart_and_one_that_is_refused_holds_up_nobody(
    tmp_path, monkeypatch
):
    kept = pack_of(note="第一")
    monkeypatch.setattr("ui.handoff_delivery._WAIT_S", 0.2)
    with WebhookDesk("http://127.0.0.1:9/", folder=tmp_path, first_pause_s=60) as desk:
        assert desk.take(kept, "页") is Taken.WAITING
    monkeypatch.undo()
    with (
        webhook(400, 200) as hook,
        WebhookDesk(hook.url, folder=tmp_path, first_pause_s=60) as desk,
    ):
        deadline = time.monotonic() + 10
        while not hook.got and time.monotonic() < deadline:
            time.sleep(0.02)
        fresh = pack_of(note="第二")
        assert desk.take(fresh, "页") is Taken.SENT
        assert json.loads(hook.got[0][1]) == kept
        assert settled(tmp_path)


def test_one_pack_that_cannot_be_sent_does_not_end_the_sender(tmp_path, monkeypatch):
    posted = []

    async def post(_, body, __):
        posted.append(body)
        if b"first" in body:
            raise LookupError("a fault of ours")
        return 200

    monkeypatch.setattr("ui.handoff_delivery._post", post)
    monkeypatch.setattr("ui.handoff_delivery._WAIT_S", 0.2)
    with WebhookDesk("http://127.0.0.1:9/", folder=tmp_path, first_pause_s=60) as desk:
        assert desk.take(pack_of(note="first"), "页") is Taken.WAITING
        monkeypatch.setattr("ui.handoff_delivery._WAIT_S", 5.0)
        assert desk.take(pack_of(note="second"), "页") is Taken.SENT
    assert len(list(tmp_path.glob("*.json"))) == 1
    assert b"second" in posted[-1] or b"second" in posted[-2]


def test_a_webhook_gets_nothing_that_was_handed_over_to_the_folder(tmp_path):
    stored, fresh = pack_of(note="第一"), pack_of(note="第二")
    open_desk("", otherwise=tmp_path, environment={}).take(stored, "页")
    with webhook() as hook:
        desk = open_desk(hook.url, otherwise=tmp_path, environment={})
        try:
            assert desk.take(fresh, "页") is Taken.SENT
        finally:
            desk.close()
    assert [json.loads(body) for _, body in hook.got] == [fresh]
    assert (tmp_path / f"{stored['reference']}.json").exists()


def test_a_folder_takes_only_so_much(tmp_path, monkeypatch):
    pack = pack_of(note="想开户")
    monkeypatch.setattr("ui.handoff_delivery._MAX_FOLDER_BYTES", 2000)
    (tmp_path / "somebody's own").write_bytes(b"x" * 5000)  # is not counted
    desk = FolderDesk(tmp_path)
    assert desk.take(pack, "x" * 1000) is Taken.STORED
    assert desk.take(pack_of(note="想销户"), "x" * 1000) is Taken.FAILED
    assert len(list(pack_files(tmp_path))) == 2


# ---- over HTTP ----------------------------------------------------------------------------------


@pytest.fixture
def served(tmp_path):
    with ActivityLog(tmp_path / "activity.sqlite", days=90, now=lambda: NOW) as log:
        yield _client(log, FolderDesk(tmp_path / "handoff")), log, tmp_path / "handoff"


def _client(log, desk, *, app=None, address=("10.0.0.1", 50000)):
    if app is None:
        app = FastAPI()
        feedback_part(log=log, desk=desk, article=find, generation=lambda: "g000002")(app)
    return TestClient(app, client=address)


def test_a_rating_is_checked_and_kept(served):
    client, log, _ = served
    log.record(told())
    rating = {"id": f"{1:016x}", "solved": False, "reasons": ["wrong"], "text": f"电话{PHONE}"}
    assert client.post("/api/ratings", json=rating).status_code == 200
    assert client.get("/api/feedback").json() == {"ratings": True, "handoff": "folder"}
    for wrong in (
        {"solved": "no"},
        {"reasons": ["silly"]},
        {"reasons": [["wrong"]]},
        {"reasons": "wrong"},
        {"solved": True},
        {"text": "长" * 501},
        {"text": None},
        {"id": 7},
        {"id": "\ud800"},
    ):
        answer = client.post("/api/ratings", content=json.dumps({**rating, **wrong}))
        assert answer.status_code == 422, wrong
        assert answer.json()["error"]
    assert client.post("/api/ratings", json={**rating, "id": "f" * 16}).status_code == 404
    assert client.post("/api/ratings", content=b"x" * 20_000).status_code == 413
    assert client.post("/api/ratings", content=b"[1]").status_code == 422
    assert client.post("/api/ratings", content=b"[" * 9_000).status_code == 422
    last = [client.post("/api/ratings", json=rating).status_code for _ in range(20)][-1]
    assert last == 429


def test_without_a_log_ratings_are_refused_and_hand_offs_taken(tmp_path):
    client = _client(None, FolderDesk(tmp_path))
    assert client.get("/api/feedback").json()["ratings"] is False
    rating = {"id": f"{1:016x}", "solved": True}
    assert client.post("/api/ratings", json=rating).status_code == 403
    body = {"conversation": [told()], "language": "en", "note": "", "contact": ""}
    assert client.post("/api/handoff", json=body).json()["taken"] == "stored"


def test_a_hand_off_answers_with_the_reference_and_a_copy(served):
    client, log, folder = served
    log.record(told())
    body = {"conversation": [told()], "language": "zh-Hant", "note": "請回電", "contact": "甲"}
    answer = client.post("/api/handoff", json=body).json()
    reference = answer["pack"]["reference"]
    assert answer["pack"]["conversation"][0]["given"] == "as given"
    assert (folder / f"{reference}.html").read_text("utf-8") == answer["page"]
    assert ALL[Language.HANT].handoff_passages in answer["page"]
    log.flush()
    (entry,) = read_entries(log.path, now=NOW)
    assert entry.handed_off
    for wrong in (
        {"conversation": [{"id": "x"}]},
        {"conversation": {}},
        {"conversation": [told()] * 201},
        {"language": "fr"},
        {"language": ["en"]},
        {"note": 5},
        {"conversation": [], "note": " "},
    ):
        assert client.post("/api/handoff", json={**body, **wrong}).status_code == 422, wrong


def test_hand_offs_are_bounded_and_whoever_is_refused_can_save_the_pack(tmp_path):
    client = _client(None, FolderDesk(tmp_path))
    body = {"conversation": [], "language": "en", "note": "help"}
    answers = [client.post("/api/handoff", json=body) for _ in range(61)]
    assert [answer.status_code for answer in answers] == [200] * 60 + [429]
    refused = answers[-1].json()
    assert (refused["code"], refused["pack"]["note"]) == ("busy", "help")
    assert "help" in refused["page"]
    assert len(list(tmp_path.glob("*.json"))) == 60
    # Another person is not kept from it, until there are too many of them.
    other = _client(None, FolderDesk(tmp_path), app=client.app, address=("10.0.0.7", 50000))
    assert other.post("/api/handoff", json=body).status_code == 200


def test_who_asks_for_too_much_is_not_even_read(tmp_path, monkeypatch):
    monkeypatch.setattr("ui.feedback_routes._MAX_MADE", 2)
    client = _client(None, FolderDesk(tmp_path))
    codes = [client.post(path, content=b"[").status_code for path in 2 * MAKING]
    assert codes == [422, 422, 429, 429]
    assert client.post(MAKING[0], content=b"x" * 1_000_001).json()["code"] == "busy"


MAKING = ("/api/handoff", "/api/handoff/preview")


def test_what_is_too_long_is_no_pack(served):
    client, _, _ = served
    for path in MAKING:
        answer = client.post(path, content=b"x" * 1_000_001)
        assert (answer.status_code, answer.json()["code"]) == (413, "too_long")


def test_a_pack_has_the_end_of_a_conversation_whatever_a_browser_claims():
    asked = []

    def find(article_id):
        asked.append(article_id)
        return replace(LIBRARY, title="长" * 10_000)

    cites = [{"n": 1, "article_id": f"a{n}", "verdict": "supported"} for n in range(60)]
    rows = [record(n, f"第{n}问", citations=cites) for n in range(40)]
    pack = build_pack(
        [from_record(row) for row in rows],
        note="",
        contact="",
        language=Language.HANS,
        generation="g000002",
        article=find,
        known={},
    )
    kept = pack["conversation"]
    assert {len(exchange["citations"]) for exchange in kept} == {MAX_CITATIONS}
    assert kept[-1]["question"] == "第39问"
    assert pack["left_out"] == 40 - len(kept) == 40 - MAX_LOOKUPS // MAX_CITATIONS
    assert len(asked) <= MAX_LOOKUPS
    assert {len(cited["title"]) for exchange in kept for cited in exchange["citations"]} == {300}
    page = pack_page(pack, ALL[Language.HANS])
    assert ALL[Language.HANS].handoff_left_out.format(count=pack["left_out"]) in page


def test_a_pack_is_no_longer_than_a_person_would_read(monkeypatch):
    monkeypatch.setattr("ui.handoff.MAX_PACK_CHARS", 12_000)
    rows = [record(n, answer="长" * 4000) for n in range(5)]
    pack = pack_of(*rows)
    assert (len(pack["conversation"]), pack["left_out"]) == (2, 3)
    assert pack_of(record(1, answer="长" * 20_000))["left_out"] == 0


def test_the_log_is_asked_once_for_a_whole_conversation(served, monkeypatch):
    client, log, _ = served
    rows = [record(n) for n in range(1, 30)]
    for row in rows:
        log.record(row)
    asked = []
    ask = log._ask
    monkeypatch.setattr(log, "_ask", lambda job: asked.append(job) or ask(job))
    body = {"conversation": rows, "language": "en"}
    pack = client.post("/api/handoff", json=body).json()["pack"]
    assert {exchange["given"] for exchange in pack["conversation"]} == {"as given"}
    assert len(asked) == 1


@pytest.mark.parametrize(
    "wrong",
    [
        {"asked": "0001-01-01T00:00:00+14:00"},
        {"asked": "9999-12-31T23:59:59-14:00"},
        {"conversation": "any 16 letters.."},
    ],
)
def test_a_record_that_no_page_wrote_is_told(wrong, served):
    body = {"conversation": [told(**wrong)], "language": "en"}
    answer = served[0].post("/api/handoff", json=body)
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid")


def test_every_reason_has_a_text():
    assert all(hasattr(Strings, f"rating_{reason}") for reason in REASONS)
