"""The collection's endpoints: who may do what, what is refused, and what jobs leave behind."""

import signal
import subprocess
import sys
import threading
import time
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
from syncing import CONFIG, article, write

import ui.collection_admin
from index.search import open_index
from index.store import current_name
from index.sync import sync
from rag.answer import Asker
from rag.config import Config
from ui.admin import Admin
from ui.collection import Collection
from ui.collection_admin import fault
from ui.collection_routes import collection_part
from ui.guard import Guard
from ui.strings import Language, Strings

ROOT = Path(__file__).parents[1]
TOKEN = "right"
ASKED = [
    ("POST", "/uploads?name=a.md"),
    ("POST", "/jobs"),
    ("POST", "/removal"),
    ("GET", "/job"),
    *(("GET", path) for path in ("", "/articles", "/duplicates", "/quarantine", "/generations")),
]


def build(folder):
    write(folder / "articles", a_md=article(1), b_md=article(2), empty_md="")
    sync([folder / "articles"], folder / "index", config=CONFIG)
    return folder


@pytest.fixture
def place(tmp_path):
    return build(tmp_path)


@pytest.fixture(scope="module")
def reader(tmp_path_factory):
    """For what changes nothing: one for all."""
    with serving(build(tmp_path_factory.mktemp("read"))) as client:
        yield client


@contextmanager
def serving(place, *, token="", is_local=True):
    from fastapi import FastAPI
    from starlette.testclient import TestClient

    asker = Asker(open_index(place / "index"), config=Config())
    with closing(Collection(asker, check_every_s=0.0)) as collection:
        app = FastAPI()
        collection_part(collection, Admin(token, is_local=is_local))(app)
        app.add_middleware(Guard, hosts={"testserver"}, any_address=False)
        with TestClient(app, raise_server_exceptions=False) as client:
            client.collection = collection
            yield client


@pytest.fixture
def client(place):
    with serving(place) as client:
        yield client


def get(client, path, **params):
    response = client.get(f"/api/collection{path}", params=params)
    assert response.status_code == 200, response.text
    return response.json()


def post(client, path, body):
    return client.post(f"/api/collection{path}", json=body)


def upload(client, name, data, **params):
    return client.post("/api/collection/uploads", params={"name": name, **params}, content=data)


def finished(client):
    deadline = time.monotonic() + 20
    while (job := get(client, "/job")["job"])["state"] == "running":
        assert time.monotonic() < deadline
        time.sleep(0.01)
    return job


def run(client, kind, **what):
    response = post(client, "/jobs", {"kind": kind, **what})
    assert response.status_code == 200, response.text
    job = finished(client)
    assert job["id"] == response.json()["id"]
    return job


def paths(client):
    return [row["path"] for row in get(client, "/articles")["rows"]]


# --- who may -------------------------------------------------------------------------------------


def test_all_of_it_needs_the_token_where_there_is_one(place):
    with serving(place, token=TOKEN, is_local=False) as client:
        for method, path in ASKED:
            for headers in ({}, {"authorization": "Bearer wrong"}):
                response = client.request(method, f"/api/collection{path}", headers=headers)
                assert response.status_code == 401
                assert "token" in response.json()["error"]
        assert not (place / "index-uploads").exists()
        for method, path in ASKED:
            right = {"authorization": f"Bearer {TOKEN}"}
            response = client.request(method, f"/api/collection{path}", headers=right)
            assert response.status_code in (200, 400)
            assert response.headers["cache-control"] == "no-store"


def test_without_a_token_no_other_machine_sees_or_changes_anything(place):
    with serving(place, is_local=False) as client:
        for method, path in ASKED:
            response = client.request(method, f"/api/collection{path}")
            assert response.status_code == 403
            assert "YOUJU_ADMIN_TOKEN" in response.json()["error"]
    assert not (place / "index-uploads").exists()


def test_another_site_cannot_make_a_browser_do_it(client, place):
    for method, path in ASKED:
        for headers in (
            {"origin": "http://evil.example"},
            {"origin": "null"},
            {"sec-fetch-site": "cross-site"},
            {"sec-fetch-site": "same-site"},
        ):
            response = client.request(
                method,
                f"/api/collection{path}",
                # What a form may send without being asked for leave.
                headers={**headers, "content-type": "text/plain"},
                content='{"kind":"rebuild"}',
            )
            assert response.status_code == 403
    assert not (place / "index-uploads").exists()
    assert get(client, "/job")["job"] is None


def test_what_changes_something_is_never_a_get(reader):
    for path in ("/uploads?name=a.md", "/jobs", "/removal"):
        assert reader.get(f"/api/collection{path}").status_code == 405


# --- reading -------------------------------------------------------------------------------------


def test_the_overview_counts(reader):
    told = get(reader, "")
    assert told["counts"]["articles"] == 2
    assert told["counts"]["quarantined"] == 1
    assert told["max_file_bytes"] == 50 << 20
    assert ".docx" in told["suffixes"]
    assert told["job"] is None


def test_the_quarantine_says_why_and_what_to_do(reader):
    (row,) = get(reader, "/quarantine")["files"]
    assert row["path"] == "articles/empty.md"
    assert (row["reason"], row["fault"], row["file"]) == ("it is empty", "empty", None)


@pytest.mark.parametrize(
    ("reason", "word"),
    [
        ("it has 60.0 MB, more than the 50 MB allowed (max_file_mb)", "size"),
        ("the PDF has no text layer on its 3 page(s), probably a scan", "scan"),
        ("the encoding is not certain: it reads as gbk and as big5; save it as UTF-8", "encoding"),
        ("garbled: it looks like gbk read as latin-1; some of its bytes are lost", "original"),
        ("permission denied", "permission"),
        ("the link points to nothing", "link"),
        ("the id 'x' is already that of a.jsonl#1, which says something else", "identity"),
        ('the field "text" is missing', "record"),
        ("the DOCX document has no text", "empty"),
        ("an old .doc file or an encrypted document; save it as plain .docx", "format"),
        ("not valid JSON: Expecting value at character 1", "record"),
        ("nobody thought of this", "other"),
    ],
)  # fmt: skip
def test_the_fault_goes_by_the_reason_and_is_told_in_every_language(reason, word):
    assert fault(reason) == word
    told = Strings(Language.HANS).starting_with("collection_fault_", "collection_advice_")
    assert {f"collection_fault_{word}", f"collection_advice_{word}"} <= told.keys()


@pytest.mark.parametrize(
    "params",
    [
        {"sort": "nobody"},
        {"page": "0"},
        {"page": "x"},
        {"page": "9" * 30},
        {"size": "7"},
        {"q": "长" * 201},
    ],
)
def test_a_question_to_the_table_that_is_none_gets_an_answer(reader, params):
    response = reader.get("/api/collection/articles", params=params)
    if params.get("page", "").startswith("99"):
        assert response.json()["page"] == 1
    else:
        assert response.status_code == 400
        assert response.json()["error"]


@pytest.mark.parametrize("body", ["", "[]", "{", '{"kind": 1}', '{"kind":"removal","ids":"x"}'])
def test_a_body_that_is_none_is_refused(reader, body):
    response = reader.post("/api/collection/jobs", content=body)
    assert response.status_code == 400
    assert response.json()["error"]


# --- uploading -----------------------------------------------------------------------------------


def test_uploads_are_stored_taken_in_and_served_without_a_restart(client):
    assert upload(client, "新规.md", article(3).encode()).json() == {"name": "新规.md"}
    assert upload(client, "空.txt", b"").status_code == 200
    assert paths(client) == ["articles/a.md", "articles/b.md"]
    job = run(client, "uploads")
    assert job["state"] == "done"
    report = job["report"]
    assert (report["counts"]["added"], report["counts"]["quarantined"]) == (1, 1)
    (refused,) = [row for row in report["files"] if row["status"] == "quarantined"]
    assert (refused["path"], refused["reason"], refused["fault"]) == (
        "index-uploads/空.txt",
        "it is empty",
        "empty",
    )
    assert paths(client) == ["articles/a.md", "articles/b.md", "index-uploads/新规.md"]
    assert client.collection.summary().generation == "g000002"
    *_, last = client.collection.stream("第3种手机银行在哪一年推出？")
    assert any("新规" in c.path for c in last.answer.citations)


def test_an_upload_too_large_is_refused_whether_or_not_it_says_so(client, place, monkeypatch):
    monkeypatch.setattr(
        ui.collection_admin.CollectionAdmin,
        "uploads",
        property(lambda _: ui.collection_admin.Uploads(place / "index-uploads", max_bytes=1 << 20)),
    )

    def pieces():
        for _ in range(20):
            yield b"x" * (1 << 17)

    for data in (b"x" * ((1 << 20) + 1), pieces()):
        response = upload(client, "a.md", data)
        assert response.status_code == 413
        assert response.json()["code"] == "size"
        assert "larger than 1 MB" in response.json()["error"]
    assert list((place / "index-uploads").glob("*")) == []


def test_what_cannot_be_stored_is_refused_with_a_word_for_it(client, place):
    upload(client, "taken.md", b"old")
    for name, status, code in (
        ("../../etc/cron.md", 400, "name"),
        ("..\\a.md", 400, "name"),
        ("a.exe", 400, "suffix"),
        ("", 400, "name"),
        ("taken.md", 409, "exists"),
    ):
        response = upload(client, name, b"new")
        assert (response.status_code, response.json()["code"]) == (status, code)
    assert [p.name for p in (place / "index-uploads").iterdir()] == ["taken.md"]
    assert (place / "index-uploads" / "taken.md").read_bytes() == b"old"


def test_replacing_is_asked_for(client):
    upload(client, "a.md", article(3).encode())
    run(client, "uploads")
    assert upload(client, "a.md", article(4).encode(), replace="true").status_code == 200
    job = run(client, "uploads")
    assert job["report"]["counts"]["changed"] == 1


# --- jobs ----------------------------------------------------------------------------------------


def test_there_is_one_job_at_a_time_and_progress_is_told(client, monkeypatch):
    go_on, halfway = threading.Event(), threading.Event()

    def slow(*args, on_progress, **how):
        on_progress("files read", 3, 7)
        halfway.set()
        assert go_on.wait(20)
        return sync(*args, on_progress=on_progress, **how)

    monkeypatch.setattr(ui.collection_admin, "sync", slow)
    assert post(client, "/jobs", {"kind": "update"}).status_code == 200
    assert halfway.wait(20)
    job = get(client, "/job")["job"]
    assert (job["state"], job["stage"], job["done"], job["total"]) == (
        "running",
        "files read",
        3,
        7,
    )
    # What anybody sees of it names neither report nor error.
    assert set(get(client, "")["job"]) >= {"kind", "state", "stage"}
    assert not {"report", "error"} & set(get(client, "")["job"])
    second = post(client, "/jobs", {"kind": "rebuild"})
    assert (second.status_code, second.json()["code"]) == (409, "busy")
    go_on.set()
    assert finished(client)["state"] == "done"
    assert run(client, "update")["state"] == "done"


@pytest.mark.parametrize("kind", ["uploads", "removal"])
def test_a_job_is_stopped_and_the_collection_is_as_it_was(client, place, monkeypatch, kind):
    upload(client, "a.md", article(3).encode())
    ids = []
    if kind == "removal":
        run(client, "uploads")
        ids = [r["id"] for r in get(client, "/articles")["rows"] if r["is_uploaded"]]
    before = (current_name(place / "index"), paths(client))
    go_on, halfway = threading.Event(), threading.Event()

    def slow(*args, on_progress, **how):
        def told(*progress):
            halfway.set()
            assert go_on.wait(20)
            on_progress(*progress)

        return sync(*args, on_progress=told, **how)

    monkeypatch.setattr(ui.collection_admin, "sync", slow)
    started = post(client, "/jobs", {"kind": kind, "ids": ids}).json()
    assert halfway.wait(20)
    assert post(client, "/jobs/stop", {"id": "0" * 16}).json()["code"] == "gone"
    assert post(client, "/jobs/stop", started).status_code == 200
    assert get(client, "/job")["job"]["stopping"] is True
    go_on.set()
    job = finished(client)
    assert (job["state"], job["error"], job["report"]) == ("stopped", None, None)
    assert (current_name(place / "index"), paths(client)) == before
    assert (place / "index-uploads" / "a.md").exists()
    assert post(client, "/jobs/stop", started).status_code == 404
    # Nothing is left in the way of the next one.
    monkeypatch.undo()
    assert run(client, kind, ids=ids)["state"] == "done"


def test_a_job_that_fails_says_so_and_the_collection_is_as_it_was(client, place, monkeypatch):
    def broken(*_, **__):
        raise RuntimeError("secret of the inside")

    monkeypatch.setattr(ui.collection_admin, "sync", broken)
    upload(client, "a.md", article(3).encode())
    job = run(client, "uploads")
    assert job["state"] == "failed"
    assert "RuntimeError" in job["error"]
    assert "secret" not in job["error"]
    assert current_name(place / "index") == "g000001"
    assert len(paths(client)) == 2
    monkeypatch.undo()
    assert run(client, "uploads")["report"]["counts"]["added"] == 1


def test_an_index_that_another_process_writes_is_told(client, place):
    from index.store import writing

    with writing(place / "index"):
        job = run(client, "update")
    assert (job["state"], job["code"]) == ("failed", "locked")


def test_a_removal_that_fails_deletes_nothing(client, place):
    from index.store import writing

    upload(client, "c.md", article(3).encode())
    run(client, "uploads")
    ids = [row["id"] for row in get(client, "/articles")["rows"] if row["is_uploaded"]]
    with writing(place / "index"):
        job = run(client, "removal", ids=ids)
    assert (job["state"], job["code"]) == ("failed", "locked")
    assert job["error"].endswith("; no file was deleted")
    assert [at.name for at in (place / "index-uploads").iterdir()] == ["c.md"]
    assert run(client, "update")["report"]["counts"]["removed"] == 0


def test_the_number_in_quarantine_follows_the_list(client, place, monkeypatch):
    reads = []
    real = ui.collection_admin.read_quarantine
    monkeypatch.setattr(
        ui.collection_admin, "read_quarantine", lambda at: reads.append(at) or real(at)
    )
    assert [get(client, "")["counts"]["quarantined"] for _ in range(3)] == [1, 1, 1]
    assert len(reads) == 1
    write(place / "articles", leer_md="")
    run(client, "update")
    assert get(client, "")["counts"]["quarantined"] == 2


def test_an_update_takes_in_what_changed_and_leaves_alone_what_is_away(client, place):
    (place / "articles" / "a.md").unlink()
    write(place / "articles", c_md=article(3))
    job = run(client, "update")
    counts = job["report"]["counts"]
    assert (counts["added"], counts["removed"]) == (1, 1)
    # A disk that is not mounted must not empty the collection.
    (place / "articles").rename(place / "elsewhere")
    response = post(client, "/jobs", {"kind": "update"})
    assert (response.status_code, response.json()["code"]) == (400, "no_folders")
    upload(client, "d.md", article(4).encode())
    job = run(client, "rebuild")
    assert job["report"]["articles"] == 3
    assert any("is not there" in note for note in job["report"]["notes"])


def test_a_rebuild_makes_a_new_generation_of_the_same(client):
    before = paths(client)
    job = run(client, "rebuild")
    assert job["report"]["is_new_generation"]
    assert job["report"]["generation"] == "g000002"
    assert job["report"]["embedded"] > 0
    assert paths(client) == before


def test_a_rollback_serves_the_generation_before(client):
    upload(client, "c.md", article(3).encode())
    run(client, "uploads")
    newest, oldest = get(client, "/generations")["generations"]
    assert (newest["name"], newest["is_current"], newest["articles"]) == ("g000002", True, 3)
    assert (oldest["name"], oldest["is_previous"], oldest["articles"]) == ("g000001", True, 2)
    assert oldest["created"].startswith("20")
    job = run(client, "rollback")
    assert job["report"] == {"generation": "g000001"}
    assert len(paths(client)) == 2
    again = run(client, "rollback")
    assert (again["state"], again["code"]) == ("failed", "nothing_earlier")
    # The file is still there, and is read in again.
    assert run(client, "update")["report"]["articles"] == 3


def test_a_removal_deletes_uploads_and_names_the_folder_of_everything_else(client, place):
    upload(client, "c.md", article(3).encode())
    upload(client, "leer.md", b"")
    run(client, "uploads")
    ids = {row["path"]: row["id"] for row in get(client, "/articles")["rows"]}
    both = [ids["index-uploads/c.md"], ids["articles/a.md"]]
    plan = post(client, "/removal", {"ids": both}).json()
    assert plan == {
        "uploaded": [{"path": "index-uploads/c.md", "articles": 1}],
        "elsewhere": [{"path": "a.md", "folder": str(place / "articles"), "articles": 1}],
    }
    job = run(client, "removal", ids=both)
    assert job["report"]["counts"]["removed"] == 1
    assert paths(client) == ["articles/a.md", "articles/b.md"]
    assert (place / "articles" / "a.md").exists()
    assert not (place / "index-uploads" / "c.md").exists()

    response = post(client, "/jobs", {"kind": "removal", "ids": [ids["articles/a.md"]]})
    assert (response.status_code, response.json()["code"]) == (400, "elsewhere")
    gone = post(client, "/removal", {"ids": both})
    assert (gone.status_code, gone.json()["code"]) == (404, "gone")

    # What is quarantined has no article; it goes by the name that the list gives it.
    files = {row["path"]: row["file"] for row in get(client, "/quarantine")["files"]}
    assert files["articles/empty.md"] is None
    run(client, "removal", files=[files["index-uploads/leer.md"]])
    assert not (place / "index-uploads" / "leer.md").exists()
    assert [row["path"] for row in get(client, "/quarantine")["files"]] == ["articles/empty.md"]
    made_up = post(client, "/removal", {"files": ["../../etc/passwd"]})
    assert (made_up.status_code, made_up.json()["code"]) == (404, "gone")


def test_a_file_of_many_articles_goes_as_a_whole_and_that_is_said(client):
    lines = "".join(
        f'{{"title": "第{n}条", "text": "临江银行在{2000 + n}年推出第{n}项服务，很受欢迎。"}}\n'
        for n in range(3)
    )
    upload(client, "三条.jsonl", lines.encode())
    run(client, "uploads")
    rows = get(client, "/articles", q="三条")["rows"]
    plan = post(client, "/removal", {"ids": [rows[0]["id"]]}).json()
    assert plan["uploaded"] == [{"path": "index-uploads/三条.jsonl", "articles": 3}]


_KILLED = """
import os, signal, sys, threading
from pathlib import Path
from index.search import open_index
from rag.answer import Asker
from rag.config import Config
from ui.collection import Collection
from ui.collection_admin import CollectionAdmin, Kind

class Fatal(CollectionAdmin):
    def _tell(self, job, stage, done, total):
        if stage == "passages tokenised":  # most of the new generation is written by now
            os.kill(os.getpid(), signal.SIGKILL)

asker = Asker(open_index(Path(sys.argv[1])), config=Config())
Fatal(Collection(asker)).start(Kind.UPLOADS)
threading.Event().wait(60)
"""


def test_killed_in_the_middle_the_collection_is_as_it_was_and_the_next_job_makes_good(place):
    with serving(place) as client:
        upload(client, "c.md", article(3).encode())
    command = [sys.executable, "-c", _KILLED, str(place / "index")]
    killed = subprocess.run(command, cwd=ROOT, timeout=60)
    assert killed.returncode == -signal.SIGKILL
    assert current_name(place / "index") == "g000001"
    with serving(place) as client:
        assert len(paths(client)) == 2
        assert run(client, "uploads")["report"]["counts"]["added"] == 1
        assert len(paths(client)) == 3


def test_a_request_is_no_longer_than_it_need_be_and_json(client):
    for path in ("/api/collection/jobs", "/api/collection/removal"):
        too_long = client.post(path, content=b" " * ((1 << 20) + 1))
        assert (too_long.status_code, too_long.headers["cache-control"]) == (413, "no-store")
        assert client.post(path, content=b"[1]").status_code == 400
        assert client.post(path, content=b"[" * 100_000).status_code == 400
