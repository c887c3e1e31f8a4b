"""The page's log: what is kept, that it is masked and forgotten, that it is never in the way."""

import logging
import os
import shutil
import sqlite3
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from activity_records import NOW, citation, passage, record
from click.testing import CliRunner
from ui_askers import FIRST_SENTENCE, LIBRARY

from eval.activity import ACTIVITY, MIGRATIONS, Outcome, activity_path, logged, read_entries
from eval.drafts import Reason, from_log
from index.errors import UsageError
from ui.activity import MAX_RATINGS, ActivityLog, _take, answer_digest
from ui.cli import app
from ui.exchange import Exchange
from ui.strings import Language


@pytest.fixture
def log(tmp_path):
    with ActivityLog(tmp_path / "activity.sqlite", days=90, now=lambda: NOW) as log:
        yield log


def entries(log, **range_):
    log.flush()
    return read_entries(log.path, now=NOW, **range_)


def test_an_exchange_is_kept_with_what_came_of_it_but_not_its_answer(log):
    cited = [citation(LIBRARY, FIRST_SENTENCE), citation(LIBRARY, FIRST_SENTENCE, 2)]
    log.record(record(1, citations=cited, answer="私密的回答", approval={"id": "a7"}))
    log.record(record(2, outcome="declined", reason="太远", passages=[passage(), passage()]))
    first, second = entries(log)
    assert (first.id, first.outcome, first.approval) == ("0" * 15 + "1", Outcome.ANSWERED, "a7")
    assert first.at == NOW - timedelta(hours=2)
    assert [(a.id, a.published) for a in first.cited] == [(LIBRARY.id, "2021-05-06")]
    assert (first.evidence_ms, first.sentence_ms, first.total_ms) == (12.0, 20.0, 30.0)
    assert (second.reason, second.cited) == ("太远", ())
    assert [(a.title, a.similarity) for a in second.nearest] == [("甲", 0.2)]
    log.close()
    assert "私密的回答".encode() not in log.path.read_bytes()


def test_no_number_of_a_person_reaches_the_disk(log):
    secret = "13800138000"
    said = f"我的电话{secret}，卡6222021234567894"
    log.record(
        record(
            1,
            said,
            searched=said + "？",
            outcome="failed",
            error=f"not understood: {said}",
            filters={"sources": [said], "since": None},
            answer=said,
        )
    )
    log.rate(f"{1:016x}", solved=False, reasons=["other"], comment=said)
    (entry,) = entries(log)
    assert entry.question == "我的电话[phone]，卡[card]"
    assert entry.comment == entry.question
    assert "[phone]" in entry.reason
    files = [path.read_bytes() for path in log.path.parent.iterdir()]
    assert sum(secret.encode() in data or b"6222021234567894" in data for data in files) == 0
    assert log.path.stat().st_mode & 0o777 == 0o600


def test_a_rating_can_be_changed_but_not_without_end(log):
    log.record(record(1))
    name = f"{1:016x}"
    log.rate(name, solved=False, reasons=["wrong", "outdated"], comment="旧了")
    (entry,) = entries(log)
    assert (entry.solved, entry.reasons, entry.comment) == (False, ("wrong", "outdated"), "旧了")
    assert entry.failing
    for _ in range(MAX_RATINGS - 1):
        log.rate(name, solved=True, reasons=[], comment="")
    with pytest.raises(PermissionError):
        log.rate(name, solved=False, reasons=[], comment="")
    (entry,) = entries(log)
    assert (entry.solved, entry.failing) == (True, False)
    with pytest.raises(LookupError):
        log.rate(f"{9:016x}", solved=True, reasons=[], comment="")
    assert log.dropped == 0


def test_abandoned_is_what_ended_without_an_answer_and_had_no_sequel(log):
    declined = {"outcome": "declined"}
    log.record(record(1, **declined))
    log.record(record(2, conversation="c", **declined))
    log.record(record(3, conversation="c", ago=timedelta(hours=1)))
    log.record(record(4, **declined))
    log.rate(f"{4:016x}", solved=True, reasons=[], comment="")
    log.record(record(5, outcome="stopped"))
    log.hand_off("20260320-ACDEFG", f"{5:016x}", "zh-Hans")
    log.record(record(6, outcome="stopped"))
    log.record(record(7, outcome="failed", ago=timedelta(minutes=5)))
    found = {int(entry.id, 16): entry for entry in entries(log)}
    assert {name for name, entry in found.items() if entry.abandoned} == {1, 6}
    assert {name for name, entry in found.items() if entry.handed_off} == {5}
    assert {name for name, entry in found.items() if entry.failing} == {1, 2, 4, 5, 6, 7}


def test_what_is_too_old_goes_at_the_start_from_the_file_too(tmp_path):
    path = tmp_path / "activity.sqlite"
    with ActivityLog(path, days=100, now=lambda: NOW) as log:
        log.record(record(1, "很旧的问题", ago=timedelta(days=99)))
        log.record(record(2, "新的问题", ago=timedelta(days=1)))
        log.hand_off("20251211-ACDEFG", None, "en")
        log.rate(f"{1:016x}", solved=True, reasons=[], comment="")
    later = NOW + timedelta(days=3)
    with ActivityLog(path, days=100, now=lambda: later) as log:
        assert [entry.question for entry in entries(log)] == ["新的问题"]
    kept = b"".join(file.read_bytes() for file in tmp_path.iterdir())
    assert "很旧的问题".encode() not in kept
    with sqlite3.connect(path) as database:
        assert database.execute("SELECT count(*) FROM ratings").fetchone() == (0,)
    database.close()


def test_a_range_takes_its_beginning_and_not_its_end(log):
    for n in range(4):
        log.record(record(n, ago=timedelta(hours=n)))
    since, until = NOW - timedelta(hours=2), NOW
    assert [int(e.id, 16) for e in entries(log, since=since, until=until)] == [2, 1]


def test_many_threads_log_at_once(log):
    def work(at):
        for n in range(50):
            log.record(record(at * 100 + n))
            log.rate(f"{at * 100 + n:016x}", solved=n % 2 == 0, reasons=[], comment="")

    threads = [threading.Thread(target=work, args=(at,)) for at in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    found = entries(log)
    assert (len(found), sum(entry.solved for entry in found)) == (400, 200)
    assert log.dropped == 0


def test_programs_that_start_on_one_file_at_once_all_log(tmp_path, monkeypatch):
    monkeypatch.setattr("ui.activity._WAIT_S", 60.0)  # on a busy machine too
    for turn in range(6):
        path, barrier = tmp_path / f"{turn}.sqlite", threading.Barrier(6)

        def work(at, path=path, barrier=barrier):
            barrier.wait()
            with ActivityLog(path, days=90, now=lambda: NOW) as log:
                log.record(record(at))
                log.flush()
                assert not log.problem

        with ThreadPoolExecutor(6) as pool:
            list(pool.map(work, range(6)))
        assert len(read_entries(path, now=NOW)) == 6


def test_a_file_that_another_program_writes_is_waited_for(tmp_path, monkeypatch):
    path, tries = tmp_path / "activity.sqlite", []
    with closing(sqlite3.connect(path, isolation_level=None, check_same_thread=False)) as other:
        other.execute("BEGIN IMMEDIATE")  # SQLite refuses the switch to WAL at once

        def wait(seconds):
            tries.append(seconds)
            other.execute("ROLLBACK")

        monkeypatch.setattr("ui.activity.time.sleep", wait)
        with ActivityLog(path, days=90, now=lambda: NOW) as log:
            log.record(record(1))
            log.flush()
        assert (len(tries), log.problem) == (1, None)
    assert len(read_entries(path, now=NOW)) == 1


def test_a_file_that_another_program_never_lets_go_of_is_told(tmp_path, monkeypatch):
    monkeypatch.setattr("ui.activity._WAIT_S", 0.05)
    path = tmp_path / "activity.sqlite"
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with ActivityLog(path, days=90) as log:
            log.record(record(1))
        assert "locked" in log.problem


def test_a_step_that_another_program_took_is_not_taken_again(tmp_path):
    with closing(sqlite3.connect(tmp_path / "x.sqlite")) as one:
        _take(one, 1, "CREATE TABLE taken (step TEXT); INSERT INTO taken VALUES ('1; 2')")
        with closing(sqlite3.connect(tmp_path / "x.sqlite")) as other:  # it saw the form before
            _take(other, 1, "INSERT INTO taken VALUES ('again')")
            assert other.execute("SELECT step FROM taken").fetchall() == [("1; 2",)]
            assert other.execute("PRAGMA user_version").fetchone() == (1,)


def test_a_step_is_taken_whole_or_not_at_all(tmp_path):
    with closing(sqlite3.connect(tmp_path / "x.sqlite")) as database:
        with pytest.raises(sqlite3.Error):
            _take(database, 1, "CREATE TABLE half (n); INSERT INTO nowhere VALUES (1)")
        assert not database.in_transaction
        assert database.execute("SELECT * FROM sqlite_master").fetchall() == []
        assert database.execute("PRAGMA user_version").fetchone() == (0,)


def test_a_log_that_cannot_be_written_is_told_and_never_in_the_way(tmp_path, caplog):
    path = tmp_path / "activity.sqlite"
    path.write_bytes(b"no database" * 1000)
    with caplog.at_level(logging.ERROR), ActivityLog(path, days=90) as log:
        log.record(record(1))
        with pytest.raises(OSError, match="cannot be written"):
            log.rate(f"{1:016x}", solved=True, reasons=[], comment="")
        assert str(path) in log.problem
        assert log.dropped == 2
    assert "nothing is logged" in caplog.text
    assert path.read_bytes() == b"no database" * 1000
    with pytest.raises(UsageError, match="move it away"):
        read_entries(path)


def test_a_log_of_a_newer_version_is_left_alone(tmp_path):
    path = tmp_path / "activity.sqlite"
    with sqlite3.connect(path) as database:
        database.execute(f"PRAGMA user_version = {len(MIGRATIONS) + 1}")
    database.close()
    with ActivityLog(path, days=90) as log:
        log.record(record(1))
    assert "newer version" in log.problem
    with pytest.raises(UsageError, match="newer version"):
        read_entries(path)


def test_what_is_no_record_is_counted_and_not_raised(log, caplog):
    log.record({"id": 3})
    log.record(record(1, outcome="nonsense", asked="yesterday"))
    log.flush()
    assert log.dropped == 2
    assert "could not be logged" in caplog.text


def test_the_log_knows_its_own_answers(log):
    given = record(1, citations=[citation(LIBRARY, FIRST_SENTENCE)])
    log.record(given)
    known = log.known([f"{1:016x}", f"{2:016x}"])[f"{1:016x}"]
    assert known.gave(given)
    assert known.gave({**given, "question": "另一个问题"})
    assert not known.gave({**given, "answer": "有 13 家。[1]"})
    assert log.known([f"{2:016x}"]) == {}
    forged = {**given, "citations": [{**given["citations"][0], "quote": "行长跑了"}]}
    assert answer_digest(forged) != answer_digest(given)


def test_what_went_wrong_becomes_draft_cases(log):
    log.record(record(1, "谁是行长？", conversation="c", ago=timedelta(hours=3)))
    declined = {"outcome": "declined"}
    log.record(record(2, "那副行长呢？", conversation="c", searched="谁是副行长？", **declined))
    log.record(record(3, "他呢？", searched="张三呢？", **declined))
    log.record(record(4, "利率多少？"))
    log.rate(f"{4:016x}", solved=False, reasons=["wrong"], comment="")
    log.record(record(5, "利率多少？", outcome="stopped"))
    log.record(record(6, "好的", ago=timedelta(hours=1)))
    found = entries(log)
    cases = list(from_log(logged(found, tuple(Reason))))
    assert [(case.question, case.tags[2]) for case in cases] == [
        ("那副行长呢？", "declined"),
        ("张三呢？", "declined"),
        ("利率多少？", "disliked"),
    ]
    assert [turn.question for turn in cases[0].dialogue] == ["谁是行长？"]
    assert cases[0].today == found[0].at.astimezone().date()
    only = list(logged(found, (Reason.ABANDONED,), only={f"{5:016x}", f"{6:016x}"}))
    assert [(entry.asked.question, entry.reason) for entry in only] == [
        ("利率多少？", Reason.ABANDONED)
    ]


def test_a_log_that_is_not_there_holds_nothing(tmp_path):
    assert read_entries(tmp_path / "activity.sqlite") == []


# ---- the command that puts it together ----------------------------------------------------------


def chat(monkeypatch, folder, settings):
    """Run `youju chat` up to where it would serve; returns what it would serve with."""
    path = folder.parent / "youju.toml"
    path.write_text(settings, encoding="utf-8")
    seen = {}
    monkeypatch.setattr("ui.server.serve", lambda *_, **how: seen.update(how))
    command = ["chat", "--index", str(folder), "--config", str(path)]
    CliRunner().invoke(app, command, catch_exceptions=False)
    return seen


@pytest.fixture
def own_index(sample_folder, tmp_path):
    return Path(shutil.copytree(sample_folder, tmp_path / "index"))


def test_the_page_logs_what_ends_on_it(monkeypatch, own_index):
    seen = chat(monkeypatch, own_index, "[page]\nlog_days = 7\n")
    assert isinstance(seen["on_ended"].__self__, ActivityLog)
    assert (seen["on_ended"].__self__.path, seen["on_ended"].__self__.days) == (
        own_index.with_name("index-activity.sqlite"),
        7,
    )
    assert read_entries(activity_path(own_index)) == []
    assert not list(own_index.glob("*activity*"))


def test_without_the_log_nothing_is_written_and_what_it_held_leaves_with_its_days(
    monkeypatch, own_index
):
    seen = chat(monkeypatch, own_index, "[page]\nlog = false\n")
    path = activity_path(own_index)
    assert seen["on_ended"] is None
    assert not path.exists()
    now = datetime.now(UTC)
    with ActivityLog(path, days=90) as log:
        for number, ago in enumerate((timedelta(days=3), timedelta(hours=1))):
            log.record(record(number, asked=(now - ago).isoformat()))
    chat(monkeypatch, own_index, "[page]\nlog = false\nlog_days = 2\n")
    (left,) = read_entries(path)
    assert left.id == f"{1:016x}"


def test_packs_leave_with_their_days_and_nobody_elses_file_does(monkeypatch, own_index, tmp_path):
    packs = own_index.with_name("index-handoff")
    named = tmp_path / "desk"
    days_ago = time.time() - 3 * 86_400
    names = ("20260320-ACDEFG.json", "20260320-ACDEFG.html", ".tmp-20260320-ACDEFH.json")
    kept = []
    for folder in (packs, packs / "outgoing", named):
        folder.mkdir(parents=True)
        for name in (*names, "report.json", "20260320-ACDEFJ.json"):
            (folder / name).write_text("{}")
            if not name.endswith("J.json"):
                os.utime(folder / name, (days_ago, days_ago))
        kept += [folder / "report.json", folder / "20260320-ACDEFJ.json"]
    chat(monkeypatch, own_index, f'[page]\nlog_days = 2\nhandoff = "{named}"\n')
    left = [path for folder in (packs, named) for path in folder.rglob("*") if path.is_file()]
    assert sorted(left) == sorted(kept)


def test_what_lay_inside_the_index_is_moved_beside_it(monkeypatch, own_index):
    inside = own_index / ACTIVITY
    with ActivityLog(inside, days=36_500) as log:
        log.record(record(1))
        log.flush()
        copies = {end: (own_index / f"{ACTIVITY}{end}").read_bytes() for end in ("", "-wal")}
    for end, data in copies.items():  # as a program that was killed leaves them
        (own_index / f"{ACTIVITY}{end}").write_bytes(data)
    (own_index / "handoff").mkdir()
    (own_index / "handoff" / "20260320-ACDEFG.json").write_text("{}")
    chat(monkeypatch, own_index, "[page]\nlog_days = 36500\n")
    assert len(read_entries(activity_path(own_index))) == 1
    assert [path.name for path in own_index.with_name("index-handoff").iterdir()] == [
        "20260320-ACDEFG.json"
    ]
    assert not inside.exists()
    assert not (own_index / "handoff").exists()


def test_only_what_is_written_makes_what_was_shown_stale(log):
    log.record(record(1))
    log.flush()
    written = log.revision
    log.known([f"{1:016x}"])
    log.flush()
    assert log.revision == written
    log.rate(f"{1:016x}", solved=True, reasons=[], comment="")
    assert log.revision > written


def test_a_desk_that_is_no_webhook_stops_the_start(monkeypatch, own_index):
    with pytest.raises(UsageError, match="begins with https"):
        chat(monkeypatch, own_index, '[page]\nhandoff = "ftp://desk.example/in"\n')


def test_an_exchange_of_the_page_is_logged_as_it_ended(log):
    exchange = Exchange("电话13800138000？", language=Language.HANT).failed("出錯了")
    log.on_ended(exchange, Language.HANT)
    log.record(record(2, "重新問", conversation=exchange.id))
    first, second = entries(log)
    if first.id != exchange.id:
        first, second = second, first
    assert (first.outcome, first.reason, first.language) == (Outcome.FAILED, "出錯了", "zh-Hant")
    assert first.question == "电话[phone]？"
    assert (first.conversation, second.conversation) == (exchange.id, exchange.id)
