"""What the log comes to: counts, times, clusters, gaps, drafts; and who may see it."""

import csv
import io
import json
import shutil
from datetime import date, timedelta

import pytest
from activity_records import NOW, citation, passage, record
from click.testing import CliRunner
from fastapi import FastAPI
from starlette.testclient import TestClient
from ui_askers import FIRST_SENTENCE, LIBRARY

from eval.activity import activity_path, read_entries
from eval.cases import load_cases
from eval.clusters import FAR, cluster
from eval.drafts import Reason
from index.errors import UsageError
from ui.activity import ActivityLog
from ui.admin import Admin
from ui.cli import app
from ui.eval_cli import make_cases
from ui.operations import draft_lines, overview, table_csv
from ui.operations_routes import operations_part

NETWORKS = ("江湾银行有多少个网点？", "江灣銀行有多少個網點？", "江湾银行的网点有多少个")
MARS = "火星上能开户吗？"


@pytest.fixture
def log(tmp_path):
    with ActivityLog(tmp_path / "activity.sqlite", days=900, now=lambda: NOW) as log:
        yield log


@pytest.fixture
def busy_log(log):
    """Ten questions of three days."""
    for n, question in enumerate(NETWORKS):
        log.record(record(n, question, ago=timedelta(days=2, minutes=n)))
    log.rate(f"{0:016x}", solved=True, reasons=[], comment="")
    log.rate(f"{1:016x}", solved=False, reasons=["outdated"], comment="这是旧数")
    far = {"outcome": "declined", "passages": [passage("b", "乙", dense=FAR - 0.1)]}
    near = {"outcome": "declined", "passages": [passage("b", "乙", dense=FAR + 0.1)]}
    for n in range(10, 14):
        log.record(record(n, MARS, ago=timedelta(days=1, minutes=n), **far))
    log.record(record(20, "怎么开发票？", ago=timedelta(days=1), **near))
    old = citation(LIBRARY, FIRST_SENTENCE, published="2018-01-02")
    log.record(record(30, "试点办了多少？", ago=timedelta(hours=1), citations=[old]))
    log.record(
        record(
            31, "怎么转账？", ago=timedelta(hours=1), outcome="stopped", timings_ms={"total": 900}
        )
    )
    log.hand_off("20260320-ACDEFG", f"{30:016x}", "zh-Hans")
    log.flush()
    return log


def read(log):
    return read_entries(log.path, now=NOW)


def of(log, days=3):
    today = NOW.astimezone().date()
    return overview(read(log), since=today - timedelta(days=days - 1), until=today)


def test_what_happened_is_counted(busy_log):
    found = of(busy_log)
    assert found["totals"] == {
        "questions": 10,
        "answered": 4,
        "declined": 5,
        "stopped": 1,
        "failed": 0,
        "handed_off": 1,
        "abandoned": 6,
        "rated": 2,
        "solved": 1,
    }
    assert [row["questions"] for row in found["series"]] == [3, 5, 2]
    assert [row["solved"] for row in found["series"]] == [1, 0, 0]
    assert found["reasons"] == {"outdated": 1}
    latency = {row["moment"]: row for row in found["latency"]}
    assert [latency["first_evidence"][name] for name in ("p50", "p95", "n")] == [12.0, 12.0, 9]
    assert (latency["total"]["p50"], latency["total"]["p95"]) == (30.0, 900)


@pytest.mark.parametrize(("days", "step", "rows"), [(92, "day", 92), (100, "week", 15)])
def test_long_ranges_go_in_longer_steps(log, days, step, rows):
    found = of(log, days)
    assert (found["step"], len(found["series"])) == (step, rows)
    assert found["totals"]["questions"] == sum(row["questions"] for row in found["series"]) == 0
    months = overview([], since=date(2020, 5, 20), until=date(2023, 1, 2))["series"]
    assert (months[0]["day"], months[-1]["day"], len(months)) == ("2020-05-01", "2023-01-01", 33)


def test_questions_of_one_meaning_are_one_cluster_whatever_the_script(busy_log):
    found = of(busy_log)
    top = {row["label"]: row for row in found["questions"]}
    (networks,) = [row for label, row in top.items() if "网点" in label or "網點" in label]
    # Three questions, two of them the same in the two scripts.
    assert (networks["count"], networks["wordings"], networks["unsolved"]) == (3, 2, 1)
    assert found["questions"][0]["label"] == MARS
    failing = found["failing"][0]
    assert (failing["label"], failing["declined"], failing["abandoned"]) == (MARS, 4, 4)
    assert {row["label"] for row in found["failing"]} >= {NETWORKS[1], "试点办了多少？"}
    comments = [e["comment"] for row in found["failing"] for e in row["examples"]]
    assert "这是旧数" in comments


def test_gaps_are_declined_questions_that_nothing_is_near(busy_log):
    (gap,) = of(busy_log)["gaps"]
    assert (gap["label"], gap["count"]) == (MARS, 4)
    assert [article["title"] for article in gap["nearest"]] == ["乙"]


def test_the_oldest_articles_cited(busy_log):
    assert of(busy_log)["oldest"] == [
        {
            "article_id": LIBRARY.id,
            "title": LIBRARY.title,
            "published": "2018-01-02",
            "cited": 1,
            "outdated": 0,
        }
    ]


def test_clusters_do_not_depend_on_the_order_and_name_their_middle():
    questions = [
        "怎么挂失银行卡？",
        "银行卡怎么挂失？",
        "怎么挂失？",
        "今天天气如何",
        "银行卡怎么挂失？",
    ]
    found = cluster(questions)
    # Where one wording was asked most it leads, whoever comes first.
    backwards = cluster(questions[::-1])
    sizes = sorted(len(c.members) for c in found)
    assert sizes == sorted(len(c.members) for c in backwards)
    assert {questions[c.label] for c in found} == {questions[::-1][c.label] for c in backwards}
    assert questions[found[0].label] == "银行卡怎么挂失？"
    assert sorted(at for c in found for at in c.members) == list(range(5))
    assert cluster([]) == ()


def test_chosen_clusters_become_cases_that_can_be_run(busy_log, tmp_path):
    found = of(busy_log)
    chosen = [row["id"] for row in found["failing"] if row["label"] == MARS]
    lines = draft_lines(read(busy_log), chosen)
    path = tmp_path / "drafts.jsonl"
    path.write_text("\n".join(lines), encoding="utf-8")
    (case,) = load_cases(path)
    assert (case.question, case.answerable, case.tags) == (
        MARS,
        False,
        ("draft", "log", "declined"),
    )
    everything = draft_lines(read(busy_log), [row["id"] for row in found["failing"]])
    tags = {json.loads(line)["question"]: json.loads(line)["tags"][2] for line in everything}
    assert tags[NETWORKS[1]] == "disliked"
    assert tags["试点办了多少？"] == "handed-off"
    assert draft_lines(read(busy_log), ["nothing"]) == []


def test_a_question_does_not_compute_in_a_spreadsheet():
    text = table_csv([{"label": '=HYPERLINK("http://evil")', "count": 3}], ("label", "count"))
    rows = list(csv.reader(io.StringIO(text.removeprefix("\ufeff"))))
    assert rows == [["label", "count"], ['\'=HYPERLINK("http://evil")', "3"]]


@pytest.mark.parametrize(
    "label", ["=1+1", "\n=1+1", " \u3000@x", "＝1+1", "＋1", "－1", "＠x", "\n"]
)
def test_a_question_does_not_compute(label):
    text = table_csv([{"label": label}], ("label",))
    assert list(csv.reader(io.StringIO(text.removeprefix("\ufeff"), newline="")))[1] == [
        "'" + label
    ]


# ---- over HTTP ----------------------------------------------------------------------------------


def client(path, log, admin):
    web = FastAPI()
    operations_part(path, log=log, admin=admin, today=NOW.astimezone().date)(web)
    return TestClient(web)


def test_only_administrators_read_the_log(busy_log):
    guarded = client(busy_log.path, busy_log, Admin("s3cret", is_local=True))
    posts = ("/api/operations/drafts", "/api/operations/table")
    assert guarded.get("/api/operations").status_code == 401
    assert [guarded.post(path, json={}).status_code for path in posts] == [401, 401]
    remote = client(busy_log.path, busy_log, Admin("", is_local=False))
    assert remote.get("/api/operations").status_code == 403
    held = {"authorization": "Bearer s3cret"}
    shown = guarded.get("/api/operations", headers=held).json()
    assert shown["totals"]["questions"] == 10
    assert shown["log"]["on"] is True
    # The page itself says nothing of the log.
    assert MARS not in guarded.get("/zh-hans/operations").text


def test_what_is_shown_follows_the_log_and_the_range(busy_log):
    web = client(busy_log.path, busy_log, Admin("", is_local=True))
    today = NOW.astimezone().date()
    day = {"since": today.isoformat(), "until": today.isoformat()}
    assert web.get("/api/operations", params=day).json()["totals"]["questions"] == 2
    busy_log.record(record(40, "新的？", ago=timedelta(0)))
    busy_log.flush()
    assert web.get("/api/operations", params=day).json()["totals"]["questions"] == 3
    for wrong in (
        {"since": "yesterday"},
        {"since": "2026-03-02", "until": "2026-03-01"},
        {"since": "0001-01-01"},
        {"since": "9999-12-31", "until": "9999-12-31"},
        {"until": "0001-01-05"},
    ):
        assert web.get("/api/operations", params=wrong).status_code == 422, wrong


def test_drafts_and_tables_are_saved(busy_log):
    web = client(busy_log.path, busy_log, Admin("", is_local=True))
    shown = web.get("/api/operations").json()
    chosen = {"clusters": [shown["failing"][0]["id"]]}
    saved = web.post("/api/operations/drafts", json=chosen).json()
    assert saved["name"].endswith(".jsonl")
    assert json.loads(saved["text"])["question"] == MARS
    table = web.post("/api/operations/table", json={"table": "failing"}).json()
    rows = list(csv.DictReader(io.StringIO(table["text"].removeprefix("\ufeff"))))
    assert rows[0]["label"] == MARS
    for path, wrong in (
        ("drafts", {"clusters": "all"}),
        ("drafts", {"clusters": ["gone"]}),
        ("table", {"table": "users"}),
        ("table", {"table": ["series"]}),
    ):
        assert web.post(f"/api/operations/{path}", json=wrong).status_code == 422, wrong
    stale = web.post("/api/operations/drafts", json={"clusters": ["gone"]})
    assert stale.json()["code"] == "stale"


def test_who_is_handed_over_without_a_question_counts_too(busy_log):
    busy_log.hand_off("20260320-ACDEFH", None, "zh-Hans")
    busy_log.hand_off("20260320-ACDEFJ", "f" * 16, "zh-Hans")  # the log lost its row
    busy_log.flush()
    web = client(busy_log.path, busy_log, Admin("", is_local=True))
    day = NOW.astimezone().date().isoformat()
    shown = web.get("/api/operations", params={"since": day, "until": day}).json()
    assert shown["totals"]["handed_off"] == 3
    assert shown["series"][0]["handed_off"] == 3


def test_a_log_that_is_off_is_told_and_what_it_held_stays(busy_log):
    busy_log.close()
    web = client(busy_log.path, None, Admin("", is_local=True))
    shown = web.get("/api/operations").json()
    assert (shown["log"]["on"], shown["log"]["exists"]) == (False, True)
    assert shown["totals"]["questions"] == 10


def test_a_broken_log_is_told(tmp_path):
    path = tmp_path / "activity.sqlite"
    path.write_bytes(b"no database" * 1000)
    with ActivityLog(path, days=90) as log:
        log.record(record(1))
        log._writer.join(timeout=0.3)  # it has found out by then
        web = client(path, log, Admin("", is_local=True))
        shown = web.get("/api/operations").json()
    assert "not a database" in shown["log"]["problem"]
    assert shown["totals"]["questions"] == 0


# ---- in the terminal ----------------------------------------------------------------------------


def test_the_terminal_drafts_from_the_log_what_is_asked_for(sample_folder, tmp_path):
    index = tmp_path / "index"
    shutil.copytree(sample_folder, index)
    with ActivityLog(activity_path(index), days=9000) as log:
        # Answered by now, so no case; declined still; disliked.
        log.record(record(1, "江湾银行的微信小程序叫啥？", outcome="declined"))
        log.record(record(2, "冥王星上有几家银行网点？", outcome="declined"))
        log.record(record(3, "江湾银行在哪里？"))
        log.rate(f"{3:016x}", solved=False, reasons=["wrong"], comment="")
    command = ["eval", "make-cases", "--from-log", "--index", str(index), "--output"]

    def drafted(name, *options):
        path = tmp_path / name
        done = CliRunner().invoke(app, [*command, str(path), *options], catch_exceptions=False)
        assert done.exit_code == 0, done.output
        return {(case.question, case.tags[2]) for case in load_cases(path)}

    disliked = ("江湾银行在哪里？", "disliked")
    assert drafted("all.jsonl") == {("冥王星上有几家银行网点？", "declined"), disliked}
    assert drafted("disliked.jsonl", "--reason", "disliked") == {disliked}
    options = ["eval", "make-cases", "--output", str(tmp_path / "x"), "--reason", "failed"]
    with pytest.raises(UsageError, match="--from-log too"):
        CliRunner().invoke(app, options, catch_exceptions=False)


def test_the_terminal_knows_every_reason():
    (option,) = [p for p in make_cases.params if p.name == "reasons"]
    assert list(option.type.choices) == [reason.value for reason in Reason]
