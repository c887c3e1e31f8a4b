"""The list of what could not be read, kept over syncs of other folders."""

import json

from syncing import CONFIG, article, write

from index.progress import Progress
from index.quarantine import QUARANTINE, Quarantined, keep_quarantine, read_quarantine
from index.store import generations
from index.sync import sync

RECORDS = '{"title":"a","text":"临江银行在2021年推出手机银行服务。"}\n{"x":1}\n'


def told(index):
    return [(row.path, row.reason, row.was_read) for row in read_quarantine(index)]


def test_files_and_records_are_listed_until_they_are_mended(tmp_path):
    folder, index = tmp_path / "a", tmp_path / "index"
    write(folder, good_md=article(1), empty_md="", list_jsonl=RECORDS)
    sync([folder], index, config=CONFIG)
    assert told(index) == [
        ("a/empty.md", "it is empty", False),
        ("a/list.jsonl line 2", 'the field "text" is missing', False),
    ]
    sync([folder], index, config=CONFIG)  # nothing changed: nothing is forgotten
    assert len(told(index)) == 2
    write(folder, empty_md=article(2))
    sync([folder], index, config=CONFIG)
    assert [path for path, _, _ in told(index)] == ["a/list.jsonl line 2"]
    (folder / "list.jsonl").unlink()
    sync([folder], index, config=CONFIG)
    assert told(index) == []


def test_a_sync_of_one_folder_keeps_the_findings_in_another(tmp_path):
    one, two, index = tmp_path / "one", tmp_path / "two", tmp_path / "index"
    write(one, bad_md="", good_md=article(1))
    write(two, worse_md="", good_md=article(2))
    sync([one], index, config=CONFIG)
    sync([two], index, config=CONFIG)
    assert [path for path, _, _ in told(index)] == ["one/bad.md", "two/worse.md"]
    (one / "bad.md").unlink()
    sync([two], index, config=CONFIG)
    assert [path for path, _, _ in told(index)] == ["one/bad.md", "two/worse.md"]
    sync([one], index, config=CONFIG)
    assert [path for path, _, _ in told(index)] == ["two/worse.md"]


def test_a_file_that_was_read_before_is_told_apart(tmp_path):
    folder, index = tmp_path / "a", tmp_path / "index"
    write(folder, a_md=article(1))
    sync([folder], index, config=CONFIG)
    write(folder, a_md="")
    sync([folder], index, config=CONFIG)
    ((path, reason, was_read),) = told(index)
    assert (path, was_read) == ("a/a.md", True)
    assert reason.startswith("it is empty; the articles that were read from it before")


def test_a_broken_file_alone_makes_no_generation_and_a_dry_run_writes_nothing(tmp_path):
    folder, index = tmp_path / "a", tmp_path / "index"
    write(folder, a_md=article(1))
    sync([folder], index, config=CONFIG)
    write(folder, bad_md="")
    sync([folder], index, config=CONFIG, dry_run=True)
    assert told(index) == []
    sync([folder], index, config=CONFIG)
    assert generations(index) == ["g000001"]
    assert [path for path, _, _ in told(index)] == ["a/bad.md"]


def test_a_broken_list_reads_as_empty_and_is_written_anew(tmp_path):
    row = Quarantined(
        "a/\udcff.md".encode("utf-8", "replace").decode(), b"/a/\xff.md", "it is empty"
    )
    for broken in (b"{", b"[]", b'{"version": 9, "files": []}', b'{"version": 1, "files": [1]}'):
        (tmp_path / QUARANTINE).write_bytes(broken)
        assert read_quarantine(tmp_path) == []
        keep_quarantine(tmp_path, [row], covers=lambda _: True)
        assert read_quarantine(tmp_path) == [row]
        assert json.loads((tmp_path / QUARANTINE).read_bytes())["version"] == 1


def test_a_listener_is_told_the_start_and_end_of_every_task(tmp_path):
    folder, heard = tmp_path / "a", []
    write(folder, **{f"n{n}_md": article(n) for n in range(5)})
    sync([folder], tmp_path / "index", config=CONFIG, on_progress=lambda *at: heard.append(at))
    assert heard[0] == ("files read", 0, 5)
    assert ("files read", 5, 5) in heard
    assert ("articles cut and embedded", 5, 5) in heard
    assert any(task == "passages tokenised" for task, _, _ in heard)


def test_a_listener_is_not_told_more_often_than_people_can_see():
    heard = []
    progress = Progress(shown=False, listener=lambda *at: heard.append(at))
    for done in range(10_001):
        progress.update("counting", done, 10_000)
    assert heard[0] == ("counting", 0, 10_000)
    assert heard[-1] == ("counting", 10_000, 10_000)
    assert len(heard) < 50
