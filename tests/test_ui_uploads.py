"""The folder of uploaded files: nothing gets in under a wrong name, half, or over another."""

import contextlib
import os
import time

import pytest

from index.config import IndexConfig
from index.sync import sync
from ui.uploads import RefusedError, Uploads, uploads_folder


@pytest.fixture
def uploads(tmp_path):
    return Uploads(tmp_path / "index-uploads", max_bytes=1 << 20)


def store(uploads, name, data=b"text", **how):
    with uploads.receiving(name, **how) as arriving:
        arriving.write(data)


def names(uploads):
    return sorted(path.name for path in uploads.folder.iterdir()) if uploads.folder.exists() else []


@pytest.mark.parametrize(
    "name",
    [
        "文章 一.md",
        "<img src=x onerror=alert(1)>.md",
        "a'b\"c;$(rm -rf).txt",
        "全角　空格.txt",
        "UPPER.TXT",
        "家庭👩‍👩‍👧.md",
        "-rf.md",
        "..双点.md".lstrip("."),
    ],
)
def test_any_name_of_a_file_is_kept_as_it_is(uploads, name):
    store(uploads, name)
    assert names(uploads) == [name]


@pytest.mark.parametrize(
    "name",
    [
        "",
        " ",
        ".md",
        "..",
        "../a.md",
        "/etc/passwd.txt",
        "a/b.md",
        "..\\a.md",
        ".hidden.md",
        "~$lock.docx",
        "a\0.md",
        "a\n.md",
        "gnp.\u202edm.md",
        "half\ud800.md",
        " led.md",
        "trail.md ",
        "长" * 70 + ".md",
    ],
)
def test_a_name_that_is_none_is_refused_and_nothing_is_written(uploads, name):
    with pytest.raises(RefusedError) as refused:
        store(uploads, name)
    assert refused.value.code == "name"
    assert names(uploads) == []


@pytest.mark.parametrize("name", ["a.exe", "a", "a.md.sh", "a.py"])
def test_a_format_that_is_not_read_is_refused(uploads, name):
    with pytest.raises(RefusedError, match=r"known: .*\.docx") as refused:
        store(uploads, name)
    assert refused.value.code == "suffix"


def test_a_name_is_composed(uploads):
    store(uploads, "cafe\u0301.md")
    assert names(uploads) == ["caf\u00e9.md"]


def test_nothing_is_replaced_unasked(uploads):
    store(uploads, "a.md", b"old")
    with pytest.raises(RefusedError) as refused:
        store(uploads, "a.md", b"new")
    assert refused.value.code == "exists"
    assert (uploads.folder / "a.md").read_bytes() == b"old"
    store(uploads, "a.md", b"new", replace=True)
    assert (uploads.folder / "a.md").read_bytes() == b"new"
    assert names(uploads) == ["a.md"]


def test_who_stores_first_wins_when_two_store_at_once(uploads):
    def slowly():
        with uploads.receiving("a.md") as slow:
            slow.write(b"slow")
            store(uploads, "a.md", b"quick")

    with pytest.raises(RefusedError) as refused:
        slowly()
    assert refused.value.code == "exists"
    assert (uploads.folder / "a.md").read_bytes() == b"quick"
    assert names(uploads) == ["a.md"]


def test_what_is_too_large_is_refused_and_leaves_nothing(uploads):
    store(uploads, "full.md", b"x" * (1 << 20))
    with pytest.raises(RefusedError) as refused:
        store(uploads, "a.md", b"x" * ((1 << 20) + 1))
    assert refused.value.code == "size"
    assert names(uploads) == ["full.md"]


def test_an_upload_that_breaks_off_leaves_nothing(uploads):
    def break_off():
        with uploads.receiving("a.md") as arriving:
            arriving.write(b"half")
            raise ConnectionError

    with pytest.raises(ConnectionError):
        break_off()
    assert names(uploads) == []


def test_a_link_is_replaced_and_what_it_leads_to_is_left_alone(uploads, tmp_path):
    precious = tmp_path / "precious.md"
    precious.write_text("mine")
    uploads.folder.mkdir()
    (uploads.folder / "a.md").symlink_to(precious)
    with pytest.raises(RefusedError):
        store(uploads, "a.md", b"new")
    store(uploads, "a.md", b"new", replace=True)
    assert precious.read_text() == "mine"
    assert not (uploads.folder / "a.md").is_symlink()


def test_only_what_lies_in_the_folder_is_deleted(uploads, tmp_path):
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "b.md").write_text("mine")
    store(uploads, "a.md")
    (uploads.folder / "link.md").symlink_to(outside / "b.md")
    (uploads.folder / "folder").symlink_to(outside)
    at = os.fsencode(uploads.folder)
    for location in (
        os.fsencode(outside / "b.md"),
        at + b"/folder/b.md",
        at + b"/../outside/b.md",
    ):
        assert not uploads.holds(location)
        with pytest.raises(RefusedError), uploads.removing(location):
            pass
    for name in (b"/link.md", b"/a.md", b"/a.md"):  # gone already: that is what was wanted
        with uploads.removing(at + name):
            pass
    assert (outside / "b.md").read_text() == "mine"
    assert names(uploads) == ["folder"]


def test_what_a_killed_program_left_goes_and_what_arrives_now_stays(uploads):
    uploads.folder.mkdir()
    old, fresh = uploads.folder / ".arriving-old", uploads.folder / ".arriving-fresh"
    old.write_bytes(b"x")
    fresh.write_bytes(b"x")
    long_ago = time.time() - 7200
    os.utime(old, (long_ago, long_ago))
    store(uploads, "a.md")
    assert names(uploads) == [".arriving-fresh", "a.md"]


def test_the_folder_lies_beside_the_index_where_a_sync_takes_it(tmp_path):
    index = tmp_path / "index"
    folder = uploads_folder(index)
    assert folder == tmp_path / "index-uploads"
    store(Uploads(folder, max_bytes=1 << 20), "a.md", "# 标题\n\n临江银行在2020年开业。".encode())
    report = sync([folder], index, config=IndexConfig(embedder="hash"))
    assert [row.path for row in report.rows] == ["index-uploads/a.md"]


def fails_within(uploads, *names, meanwhile=lambda: None):
    with contextlib.ExitStack() as stack:
        for name in names:
            stack.enter_context(uploads.removing(os.fsencode(uploads.folder / name)))
        meanwhile()
        raise ConnectionError


def test_what_is_being_removed_is_away_and_comes_back_when_that_fails(uploads, tmp_path):
    store(uploads, "a.md", b"mine")
    (tmp_path / "far.md").write_text("far")
    (uploads.folder / "link.md").symlink_to(tmp_path / "far.md")
    seen = []
    with pytest.raises(ConnectionError):
        fails_within(
            uploads,
            "a.md",
            "link.md",
            meanwhile=lambda: seen.extend(n for n in names(uploads) if n[0] != "."),
        )
    assert seen == []
    assert names(uploads) == ["a.md", "link.md"]
    assert (uploads.folder / "a.md").read_bytes() == b"mine"
    assert (uploads.folder / "link.md").is_symlink()


def test_what_was_stored_during_a_removal_that_fails_stays(uploads):
    store(uploads, "a.md", b"old")
    with pytest.raises(ConnectionError):
        fails_within(uploads, "a.md", meanwhile=lambda: store(uploads, "a.md", b"new"))
    assert names(uploads) == ["a.md"]
    assert (uploads.folder / "a.md").read_bytes() == b"new"


@pytest.mark.parametrize("error", [PermissionError, NotImplementedError, OSError])
def test_a_disk_without_links_takes_uploads_too(uploads, monkeypatch, error):
    def link(*_, **__):
        raise error("no links here")

    monkeypatch.setattr(os, "link", link)
    store(uploads, "a.md", b"first")
    with pytest.raises(RefusedError) as refused:
        store(uploads, "a.md", b"second")
    assert refused.value.code == "exists"
    assert (uploads.folder / "a.md").read_bytes() == b"first"
    assert names(uploads) == ["a.md"]
