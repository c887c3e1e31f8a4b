"""A sync: every file is a row of the report, and the index says what the files say."""

import errno
import json
import os
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from syncing import CONFIG, article, clean_build, contents, write

import index.embedding
import index.reading
import index.sync
import index.walk
from index.article import Article, Chunk
from index.embed import Vectors
from index.errors import (
    IndexDamagedError,
    IndexMismatchError,
    UnreadableError,
    UnusableIndexError,
    UsageError,
)
from index.hashing import HashEmbedder
from index.report import FileRow, Status, SyncReport
from index.store import generations, open_generation, rollback
from index.sync import sync
from index.walk import Oddity, Walk, legible_path, read_file


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "articles"
    folder.mkdir()
    return folder


@pytest.fixture
def run(folder: Path, tmp_path: Path) -> Callable[..., SyncReport]:
    """Sync the folder; each sync is first tried dry, and must then do what the dry run said."""

    def run(*paths: Path, **options: object) -> SyncReport:
        values = {"config": CONFIG, **options}
        before = sorted(tmp_path.rglob("*"))
        dry = sync(paths or [folder], tmp_path / "index", dry_run=True, **values)  # type: ignore[arg-type]
        assert sorted(tmp_path.rglob("*")) == before
        report = sync(paths or [folder], tmp_path / "index", **values)  # type: ignore[arg-type]
        assert dry.rows == report.rows
        assert (dry.dry_run, dry.articles) == (True, report.articles)
        assert not report.dry_run
        return report

    return run


def statuses(report: SyncReport) -> dict[str, Status]:
    found = {row.path: row.status for row in report.rows}
    assert len(found) == len(report.rows)
    return found


def row(report: SyncReport, path: str) -> FileRow:
    (found,) = [row for row in report.rows if row.path == path]
    return found


def paths_in(index: Path) -> list[str]:
    return [str(a.path) for a in contents(index)["articles"]]  # type: ignore[attr-defined]


def record(text: str, **fields: object) -> str:
    return json.dumps({"title": "通告", "text": text, **fields}, ensure_ascii=False) + "\n"


# --- what a person does to a folder --------------------------------------------------------------


def test_adds_edits_deletions_and_what_stays(
    folder: Path, run: Callable[..., SyncReport], tmp_path: Path
) -> None:
    write(folder, a_md=article(1), sub__b_md=article(2), c_txt=article(3))
    first = run()
    assert statuses(first) == dict.fromkeys(
        ["articles/a.md", "articles/c.txt", "articles/sub/b.md"], Status.ADDED
    )
    assert (first.generation, first.articles, first.exit_status) == ("g000001", 3, 0)
    assert first.embedded == first.chunks == open_generation(tmp_path / "index").chunk_count

    write(folder, a_md=article(4), d_md=article(5))
    (folder / "c.txt").unlink()
    second = run()
    assert statuses(second) == {
        "articles/a.md": Status.CHANGED,
        "articles/c.txt": Status.REMOVED,
        "articles/d.md": Status.ADDED,
        "articles/sub/b.md": Status.UNCHANGED,
    }
    assert row(second, "articles/c.txt").article_ids == row(first, "articles/c.txt").article_ids
    assert second.generation == "g000002"
    assert contents(tmp_path / "index") == clean_build(folder, tmp_path / "clean")


def test_nothing_changed_means_no_new_generation(
    folder: Path,
    run: Callable[..., SyncReport],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    write(folder, a_md=article(1), b_md="", z_jsonl=record("网点开门。", id="1") + "{broken\n")
    run()
    stamps = {path: path.stat().st_mtime_ns for path in (tmp_path / "index").rglob("*")}
    os.utime(folder / "a.md")  # touched: hashed again, and the same

    def load(*_: object) -> None:
        raise AssertionError("no embedder is needed")

    monkeypatch.setattr(index.embedding, "load_embedder", load)
    again = run()
    assert (again.generation, again.is_new_generation, again.embedded) == ("g000001", False, 0)
    assert {p: p.stat().st_mtime_ns for p in (tmp_path / "index").rglob("*")} == stamps
    # What is wrong is said again, though nothing is read anew.
    assert again.exit_status == 1
    assert statuses(again) == {
        "articles/a.md": Status.UNCHANGED,
        "articles/b.md": Status.QUARANTINED,
        "articles/z.jsonl": Status.UNCHANGED,
        "articles/z.jsonl line 2": Status.QUARANTINED,
    }


def test_an_empty_folder_gives_an_empty_index(
    run: Callable[..., SyncReport], tmp_path: Path
) -> None:
    report = run()
    assert (report.generation, report.articles, report.chunks, report.rows) == ("g000001", 0, 0, ())
    assert not run().is_new_generation
    assert contents(tmp_path / "index")["articles"] == []


def test_unchanged_passages_are_not_embedded_again(
    folder: Path, run: Callable[..., SyncReport], tmp_path: Path
) -> None:
    class Counting(HashEmbedder):
        seen: list[str] = []  # noqa: RUF012 - shared on purpose

        def embed_passages(self, texts: Sequence[str], *, progress: bool = False) -> Vectors:
            self.seen.extend(texts)
            return super().embed_passages(texts, progress=progress)

    write(folder, a_md=article(1), b_md=article(2))
    run(embedder=Counting())
    total = len(Counting.seen)
    Counting.seen.clear()
    (folder / "b.md").rename(folder / "0.md")
    write(
        folder, a_md=article(1) + "\n新的一段说，网点搬到了江边的新楼，从下周一起在那里开门迎客。\n"
    )
    report = run(embedder=Counting())
    assert 0 < len(Counting.seen) == report.embedded < total
    assert any("江边的新楼" in text for text in Counting.seen)
    assert not any("第2号" in text for text in Counting.seen)
    assert contents(tmp_path / "index") == clean_build(folder, tmp_path / "clean")


def test_a_same_second_edit_of_the_same_size_is_seen(
    folder: Path, run: Callable[..., SyncReport], tmp_path: Path
) -> None:
    write(folder, a_md=article(1))
    before = (folder / "a.md").stat()
    run()
    data = (folder / "a.md").read_bytes().replace("比上一年高".encode(), "比上一年低".encode())
    with (folder / "a.md").open("r+b") as file:
        file.write(data)
    os.utime(folder / "a.md", ns=(before.st_atime_ns, before.st_mtime_ns))
    assert statuses(run()) == {"articles/a.md": Status.CHANGED}
    assert "比上一年低" in contents(tmp_path / "index")["articles"][0].text  # type: ignore[index]


def test_a_settled_file_is_not_read_again(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(folder, a_md=article(1))
    real = index.walk.time.time_ns
    monkeypatch.setattr(index.walk.time, "time_ns", lambda: real() + 10**10)
    sync([folder], tmp_path / "index", config=CONFIG)

    def read(*_: object, **__: object) -> None:
        raise AssertionError("it is as it was")

    monkeypatch.setattr(index.sync, "read_file", read)
    assert statuses(sync([folder], tmp_path / "index", config=CONFIG)) == {
        "articles/a.md": Status.UNCHANGED
    }
    with pytest.raises(AssertionError):
        sync([folder], tmp_path / "index", config=CONFIG, rehash=True)


def test_a_touched_file_settles_with_the_next_generation(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(folder, a_md=article(1))
    sync([folder], tmp_path / "index", config=CONFIG)
    real_time, real_read = index.walk.time.time_ns, index.sync.read_file
    monkeypatch.setattr(index.walk.time, "time_ns", lambda: real_time() + 10**10)
    hashed: list[bytes] = []

    def read(location: bytes, *, max_bytes: int) -> object:
        hashed.append(os.path.basename(location))  # noqa: PTH119 - bytes
        return real_read(location, max_bytes=max_bytes)

    monkeypatch.setattr(index.sync, "read_file", read)
    assert not sync([folder], tmp_path / "index", config=CONFIG).is_new_generation
    write(folder, b_md=article(2))
    sync([folder], tmp_path / "index", config=CONFIG)
    assert hashed == [b"a.md", b"a.md", b"b.md"]
    assert not sync([folder], tmp_path / "index", config=CONFIG).is_new_generation
    assert hashed == [b"a.md", b"a.md", b"b.md"]


def test_another_chunk_length_cuts_everything_anew(
    folder: Path, run: Callable[..., SyncReport], tmp_path: Path
) -> None:
    write(folder, a_md=article(1), b_md=article(2))
    short = run()
    long = run(config=replace(CONFIG, max_chars=400))
    assert statuses(long) == dict.fromkeys(["articles/a.md", "articles/b.md"], Status.UNCHANGED)
    assert long.is_new_generation
    assert short.chunks is not None
    assert long.chunks is not None
    assert 2 <= long.chunks < short.chunks
    sync([folder], tmp_path / "clean", config=replace(CONFIG, max_chars=400))
    assert contents(tmp_path / "index") == contents(tmp_path / "clean")


def test_reprints_are_grouped_under_the_earliest(
    folder: Path, run: Callable[..., SyncReport], tmp_path: Path
) -> None:
    body = "".join(f"临江银行在第{n}个区开了{n * 3}家网点，客户都说好。" for n in range(20))
    write(
        folder,
        a_jsonl=record(body + "（转载）", id="reprint", published="2022-02-02")
        + record(body, id="first", published="2021-01-01")
        + record("完全不同的一篇，说的是天气和江水。", id="other"),
    )
    run()
    generation = open_generation(tmp_path / "index")
    assert generation.group_of("reprint") == generation.group_of("first") == "first"
    assert generation.group_members("first") == ("reprint", "first")
    assert generation.group_of("other") == "other"
    with pytest.raises(KeyError):
        generation.group_of("nobody")
    generation.close()


# --- scope ---------------------------------------------------------------------------------------


def test_what_comes_from_elsewhere_stays(
    folder: Path, run: Callable[..., SyncReport], tmp_path: Path
) -> None:
    write(folder, a_md=article(1))
    write(tmp_path / "more", b_md=article(2))
    run()
    report = run(tmp_path / "more")
    assert statuses(report) == {"more/b.md": Status.ADDED}
    assert paths_in(tmp_path / "index") == ["articles/a.md", "more/b.md"]
    (folder / "a.md").unlink()
    assert statuses(run(tmp_path / "more")) == {"more/b.md": Status.UNCHANGED}
    assert paths_in(tmp_path / "index") == ["articles/a.md", "more/b.md"]
    assert statuses(run()) == {"articles/a.md": Status.REMOVED}
    assert paths_in(tmp_path / "index") == ["more/b.md"]


def test_a_part_of_a_known_folder_keeps_its_name(
    folder: Path, run: Callable[..., SyncReport], tmp_path: Path
) -> None:
    write(folder, a_md=article(1), sub__b_md=article(2))
    run()
    write(folder, sub__b_md=article(3), sub__c_md=article(4))
    assert statuses(run(folder / "sub")) == {
        "articles/sub/b.md": Status.CHANGED,
        "articles/sub/c.md": Status.ADDED,
    }
    write(folder, sub__b_md=article(5))
    assert statuses(run(folder / "sub" / "b.md")) == {"articles/sub/b.md": Status.CHANGED}
    assert contents(tmp_path / "index") == clean_build(folder, tmp_path / "clean")


def test_a_folder_around_a_known_one_takes_it_in(
    folder: Path, run: Callable[..., SyncReport], tmp_path: Path
) -> None:
    write(folder, sub__b_md=article(2))
    assert statuses(run(folder / "sub")) == {"sub/b.md": Status.ADDED}
    assert statuses(run()) == {"articles/sub/b.md": Status.CHANGED}
    assert contents(tmp_path / "index") == clean_build(folder, tmp_path / "clean")


def test_a_file_named_by_itself(
    folder: Path, run: Callable[..., SyncReport], tmp_path: Path
) -> None:
    write(folder, a_md=article(1), b_md=article(2), _hidden_md=article(3))
    (folder / "notes.xyz").write_text("?")
    assert statuses(run(folder / "a.md", folder / "notes.xyz")) == {
        "articles/a.md": Status.ADDED,
        "articles/notes.xyz": Status.QUARANTINED,
    }
    assert statuses(run()) == {
        "articles/a.md": Status.UNCHANGED,
        "articles/b.md": Status.ADDED,
        "articles/notes.xyz": Status.SKIPPED,
    }
    assert contents(tmp_path / "index") == clean_build(folder, tmp_path / "clean")


def test_an_emptied_folder_is_said_with_the_way_back(
    folder: Path, run: Callable[..., SyncReport], tmp_path: Path
) -> None:
    write(folder, a_md=article(1), b_md=article(2))
    write(tmp_path / "more", c_md=article(3))
    assert run(folder, tmp_path / "more").notes == ()
    back = f"`youju index --rollback --index {tmp_path / 'index'}` brings them back"
    (folder / "a.md").unlink()
    assert run().notes == ()
    (folder / "b.md").unlink()
    assert sync([folder], tmp_path / "index", config=CONFIG, dry_run=True).notes == (
        f"every article from {folder} would be removed (1)",
    )
    assert run().notes == (
        f"every article from {folder} was removed (1); if that was not meant, {back}",
    )
    assert run().notes == ()
    (tmp_path / "more" / "c.md").unlink()
    assert run(tmp_path / "more").notes == (
        f"every article of the index was removed (1); if that was not meant, {back}",
    )
    rollback(tmp_path / "index")
    assert paths_in(tmp_path / "index") == ["more/c.md"]


def test_new_contents_of_a_folder_are_no_loss(folder: Path, run: Callable[..., SyncReport]) -> None:
    write(folder, a_md=article(1), b_md=article(2))
    run()
    write(folder, a_md=article(3))
    (folder / "b.md").rename(folder / "c.md")
    assert run().notes == ()


def test_a_renamed_folder_is_cited_by_its_new_name(
    folder: Path, run: Callable[..., SyncReport], tmp_path: Path
) -> None:
    write(folder, a_md=article(1), b_md=article(2))
    first = run()
    renamed = tmp_path / "renamed"
    folder.rename(renamed)
    report = run(renamed)
    assert statuses(report) == {
        "articles/a.md": Status.DUPLICATE,
        "articles/b.md": Status.DUPLICATE,
        "renamed/a.md": Status.ADDED,
        "renamed/b.md": Status.ADDED,
    }
    assert row(report, "articles/a.md").reason == "duplicate of renamed/a.md"
    assert (report.embedded, report.notes) == (0, ())
    assert paths_in(tmp_path / "index") == ["renamed/a.md", "renamed/b.md"]
    assert not run(renamed).is_new_generation
    assert statuses(run(folder)) == dict.fromkeys(
        ["articles/a.md", "articles/b.md"], Status.REMOVED
    )
    assert contents(tmp_path / "index") == clean_build(renamed, tmp_path / "clean")
    assert row(report, "renamed/a.md").article_ids == row(first, "articles/a.md").article_ids


@pytest.mark.parametrize("rebuild", [False, True])
def test_what_was_deleted_is_taken_out_by_its_name(
    folder: Path, run: Callable[..., SyncReport], tmp_path: Path, rebuild: bool
) -> None:
    write(folder, sub__a_md=article(1), sub__b_md=article(2), c_md=article(3))
    run()
    (folder / "c.md").unlink()
    report = run(folder / "c.md", rebuild=rebuild)
    assert statuses(report) == {"articles/c.md": Status.REMOVED}
    folder.rename(tmp_path / "gone")
    report = run(rebuild=rebuild)
    assert statuses(report) == dict.fromkeys(
        ["articles/sub/a.md", "articles/sub/b.md"], Status.REMOVED
    )
    assert report.notes[0].startswith("every article of the index was removed (2); ")
    assert report.articles == 0
    with pytest.raises(UsageError, match="no such file or folder"):
        run()


def test_a_vanished_file_gives_up_an_id(
    folder: Path, run: Callable[..., SyncReport], tmp_path: Path
) -> None:
    """Also to a file that says something else, so that no citation leads nowhere."""
    write(folder, a_jsonl=record("网点开门。", id="x"))
    write(tmp_path / "more", b_jsonl=record("网点关门。", id="x"))
    run()
    assert statuses(run(tmp_path / "more")) == {"more/b.jsonl": Status.QUARANTINED}
    (folder / "a.jsonl").unlink()
    assert statuses(run(tmp_path / "more")) == {
        "articles/a.jsonl": Status.QUARANTINED,
        "more/b.jsonl": Status.ADDED,
    }
    assert paths_in(tmp_path / "index") == ["more/b.jsonl#x"]
    assert run(tmp_path / "more").exit_status == 0


def test_what_may_not_be_looked_at_is_not_gone(
    folder: Path, run: Callable[..., SyncReport], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(folder, sub__a_md=article(1))
    run(folder / "sub")
    real = {name: getattr(os, name) for name in ("lstat", "stat")}

    def refusing(name: str) -> Callable[..., object]:
        def call(path: object, *rest: object, **options: object) -> object:
            if path == os.fsencode(folder / "sub"):
                raise PermissionError(errno.EACCES, "Permission denied")
            return real[name](path, *rest, **options)

        return call

    for name in real:
        monkeypatch.setattr(os, name, refusing(name))
    report = sync([folder / "sub"], tmp_path / "index", config=CONFIG)
    assert report.articles == 1
    assert report.exit_status == 1


def test_a_path_that_is_not_there_is_wrong_usage(folder: Path, tmp_path: Path) -> None:
    write(folder, a_md=article(1))
    for paths in ([folder, tmp_path / "nowhere"], []):
        with pytest.raises(UsageError):
            sync(paths, tmp_path / "index", config=CONFIG)
    with pytest.raises(UsageError, match="max_chars is 0"):
        sync([folder], tmp_path / "index", config=replace(CONFIG, max_chars=0))
    with pytest.raises(UsageError):
        sync([folder], tmp_path / "index", config=replace(CONFIG, embedder="/no/such/model"))
    assert [path.name for path in tmp_path.iterdir()] == ["articles"]


def test_the_index_is_not_an_article(folder: Path) -> None:
    write(folder, a_md=article(1))
    there = folder / "var" / "index"
    sync([folder], there, config=CONFIG)
    assert statuses(sync([folder], there, config=CONFIG)) == {"articles/a.md": Status.UNCHANGED}
    with pytest.raises(UsageError, match="part of the index itself"):
        sync([there / "generations"], there, config=CONFIG)


# --- bad input -----------------------------------------------------------------------------------


def test_bad_files_are_rows_and_the_rest_is_indexed(
    folder: Path, run: Callable[..., SyncReport], tmp_path: Path
) -> None:
    write(
        folder,
        good_md=article(1),
        empty_md="",
        blank_md=" \n\n",
        binary_txt=bytes(range(256)) * 40,
        broken_pdf=b"%PDF-1.7\nnot really",
        broken_docx=b"PK\x03\x04nothing",
        wrong_md=b"# \xff\xfe\xfa" + bytes([0x81, 0xFF, 0x80]) * 50,
        large_md="长" * 400_000,
        picture_png=b"\x89PNG",
        makefile=b"all:",
    )
    (folder / "loop.md").symlink_to("loop.md")
    (folder / "dangling.md").symlink_to("nowhere.md")
    (folder / "sub").mkdir()
    (folder / "sub" / "back").symlink_to("..")
    os.mkfifo(folder / "pipe.md")
    report = run(config=replace(CONFIG, max_file_mb=1))
    found = statuses(report)
    quarantined = {path for path, status in found.items() if status is Status.QUARANTINED}
    assert quarantined == {
        "articles/empty.md",
        "articles/blank.md",
        "articles/binary.txt",
        "articles/broken.pdf",
        "articles/broken.docx",
        "articles/wrong.md",
        "articles/large.md",
        "articles/loop.md",
        "articles/dangling.md",
        "articles/sub/back",
    }
    assert {path for path, status in found.items() if status is Status.SKIPPED} == {
        "articles/picture.png",
        "articles/makefile",
        "articles/pipe.md",
    }
    assert found["articles/good.md"] is Status.ADDED
    assert all(r.reason for r in report.rows if r.status is not Status.ADDED)
    reasons = {r.path.removeprefix("articles/"): str(r.reason) for r in report.rows}
    assert "empty" in reasons["empty.md"]
    assert "1.1 MB, more than the 1 MB allowed (max_file_mb)" in reasons["large.md"]
    assert "symlink loop" in reasons["loop.md"]
    assert "symlink loop" in reasons["sub/back"]
    assert "points to nothing" in reasons["dangling.md"]
    assert "not a regular file" in reasons["pipe.md"]
    assert (report.exit_status, report.articles) == (1, 1)
    assert paths_in(tmp_path / "index") == ["articles/good.md"]


@pytest.mark.parametrize("bad", [b"", bytes(range(256)) * 40, "长".encode() * 400_000])
def test_a_file_that_breaks_keeps_its_articles(
    folder: Path, run: Callable[..., SyncReport], tmp_path: Path, bad: bytes
) -> None:
    config = replace(CONFIG, max_file_mb=1)
    write(folder, a_md=article(1), b_md=article(2))
    old = run(config=config)
    before = contents(tmp_path / "index")
    write(folder, a_md=bad)
    for _ in range(2):  # tried again every time
        report = run(config=config)
        broken = row(report, "articles/a.md")
        assert broken.status is Status.QUARANTINED
        assert str(broken.reason).endswith("read from it before stay indexed")
        assert broken.article_ids == row(old, "articles/a.md").article_ids != ()
        assert report.exit_status == 1
        assert contents(tmp_path / "index") == before
    write(folder, c_md=article(3))  # nor does it go when something else changes
    assert run(config=config).articles == 3
    write(folder, a_md=article(4))
    assert statuses(run(config=config))["articles/a.md"] is Status.CHANGED
    assert contents(tmp_path / "index") == clean_build(folder, tmp_path / "clean")


def test_a_file_that_vanishes_midway_keeps_its_articles(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(folder, a_md=article(1), b_md=article(2))
    sync([folder], tmp_path / "index", config=CONFIG)
    write(folder, a_md=article(3), c_md=article(4), d_md=article(5))
    real = index.sync.walk

    def walk(*args: object, **options: object) -> object:
        found = real(*args, **options)  # type: ignore[arg-type]
        (folder / "a.md").unlink()
        (folder / "c.md").unlink()
        return found

    with monkeypatch.context() as patch:
        patch.setattr(index.sync, "walk", walk)
        report = sync([folder], tmp_path / "index", config=CONFIG)
    assert statuses(report) == {
        "articles/a.md": Status.QUARANTINED,
        "articles/b.md": Status.UNCHANGED,
        "articles/c.md": Status.QUARANTINED,
        "articles/d.md": Status.ADDED,
    }
    assert "vanished" in str(row(report, "articles/c.md").reason)
    assert paths_in(tmp_path / "index") == ["articles/a.md", "articles/b.md", "articles/d.md"]
    report = sync([folder], tmp_path / "index", config=CONFIG)
    assert statuses(report)["articles/a.md"] is Status.REMOVED
    assert contents(tmp_path / "index") == clean_build(folder, tmp_path / "clean")


def test_what_may_not_be_read_keeps_its_articles(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(folder, a_md=article(1), sub__b_md=article(2), sub__c_md=article(3))
    sync([folder], tmp_path / "index", config=CONFIG)
    before = contents(tmp_path / "index")
    write(folder, a_md=article(4))
    real_open, real_listdir = os.open, os.listdir

    def refuse(
        path: object, real: Callable[..., object], *rest: object, **options: object
    ) -> object:
        if path in (os.fsencode(folder / "a.md"), os.fsencode(folder / "sub")):
            raise PermissionError(errno.EACCES, "Permission denied")
        return real(path, *rest, **options)

    monkeypatch.setattr(os, "open", lambda path, *a, **k: refuse(path, real_open, *a, **k))
    monkeypatch.setattr(os, "listdir", lambda path=".": refuse(path, real_listdir))
    report = sync([folder], tmp_path / "index", config=CONFIG)
    assert row(report, "articles/sub").reason == "permission denied"
    assert str(row(report, "articles/a.md").reason).startswith("permission denied; ")
    assert statuses(report) == {
        "articles/a.md": Status.QUARANTINED,
        "articles/sub": Status.QUARANTINED,
        "articles/sub/b.md": Status.UNCHANGED,
        "articles/sub/c.md": Status.UNCHANGED,
    }
    monkeypatch.undo()
    assert contents(tmp_path / "index") == before


def test_a_file_that_grows_while_it_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "a.md"
    path.write_bytes(b"1")
    real = os.fstat
    calls: list[int] = []

    def fstat(descriptor: int) -> os.stat_result:
        calls.append(descriptor)
        if len(calls) in written_at:
            with path.open("ab") as file:
                file.write(b"2")
        return real(descriptor)

    monkeypatch.setattr(os, "fstat", fstat)
    written_at = {2}
    assert read_file(os.fsencode(path), max_bytes=100).data == b"12"
    calls.clear()
    written_at = set(range(1, 99))
    with pytest.raises(UnreadableError, match="being written"):
        read_file(os.fsencode(path), max_bytes=100)


def test_a_parser_that_fails_unexpectedly_is_a_row(
    folder: Path, run: Callable[..., SyncReport], monkeypatch: pytest.MonkeyPatch
) -> None:
    write(folder, a_md=article(1), b_md=article(2))
    real = index.reading.read_articles

    def read(data: bytes, *, path: str) -> object:
        if path.endswith("a.md"):
            raise RecursionError("too deep")
        return real(data, path=path)

    monkeypatch.setattr(index.reading, "read_articles", read)
    report = run()
    assert statuses(report) == {
        "articles/a.md": Status.QUARANTINED,
        "articles/b.md": Status.ADDED,
    }
    assert "RecursionError: too deep" in str(row(report, "articles/a.md").reason)


def test_damaged_spots_are_warnings_with_their_place(
    folder: Path, run: Callable[..., SyncReport]
) -> None:
    write(
        folder,
        a_md="# 通告\n\n第一行没有问题，说的是网点。\n\n当年的满意度是��成，比上一年高。\n",
    )
    report = run()
    (warning,) = row(report, "articles/a.md").warnings
    assert warning == "line 2, column 8: the source has lost bytes here ('��')"


def test_a_damaged_record_is_named(folder: Path, run: Callable[..., SyncReport]) -> None:
    write(
        folder,
        a_jsonl=record("网点开门，一切都好。", id="j5")
        + record("满意度是��成，比上一年高。", id="j6"),
    )
    assert row(run(), "articles/a.jsonl").warnings == (
        "articles/a.jsonl#j6: line 1, column 5 of its text: the source has lost bytes here ('��')",
    )


# --- records -------------------------------------------------------------------------------------


def test_bad_records_are_rows_and_the_others_are_indexed(
    folder: Path, run: Callable[..., SyncReport]
) -> None:
    write(folder, a_jsonl=record("网点开门。", id="1") + "{broken\n" + record("网点关门。", id="3"))
    report = run()
    assert statuses(report) == {
        "articles/a.jsonl": Status.ADDED,
        "articles/a.jsonl line 2": Status.QUARANTINED,
    }
    assert row(report, "articles/a.jsonl").article_ids == ("1", "3")
    assert report.exit_status == 1


def test_broken_records_are_listed_in_the_order_of_the_file(
    folder: Path, run: Callable[..., SyncReport]
) -> None:
    write(folder, a_jsonl=record("网点开门。", id="1") + "{broken\n" * 11, b_md=article(1))
    assert [row.path for row in run().rows] == [
        "articles/a.jsonl",
        *(f"articles/a.jsonl line {number}" for number in range(2, 13)),
        "articles/b.md",
    ]


def test_a_kept_record_is_cut_anew(
    folder: Path,
    run: Callable[..., SyncReport],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Its file is read by today's code, but its chunks may be of yesterday's."""
    whole = record("甲地有网点。", id="x") + record("乙地有网点。客户都说好。", id="y")
    write(folder, a_jsonl=whole)
    run()
    write(folder, a_jsonl=whole[: whole.index("乙")])

    def cut(article: Article, *, max_chars: int) -> list[Chunk]:
        assert max_chars == CONFIG.max_chars
        text = article.text[:2]
        return [Chunk(f"{article.id}:0-2", article.id, 0, 2, text, ())]

    monkeypatch.setattr(index.embedding, "chunk_article", cut)
    assert run().articles == 2
    assert [c.text for c in contents(tmp_path / "index")["chunks"]] == ["甲地", "乙地"]  # type: ignore[attr-defined]
    write(folder, b_md="丙地有网点。")
    assert run().articles == 3
    assert [c.text for c in contents(tmp_path / "index")["chunks"]] == ["甲地", "乙地", "丙地"]  # type: ignore[attr-defined]


def test_records_that_a_break_cut_off_stay(
    folder: Path, run: Callable[..., SyncReport], tmp_path: Path
) -> None:
    whole = "".join(record(f"第{n}家网点开门，地址在江边{n}号。", id=str(n)) for n in range(6))
    write(folder, a_jsonl=whole)
    run()
    before = contents(tmp_path / "index")
    write(folder, a_jsonl=whole[: int(len(whole) * 0.6)])
    report = run()
    assert report.articles == 6
    assert [w for w in row(report, "articles/a.jsonl").warnings if "stay indexed until" in w]
    assert {a.id for a in contents(tmp_path / "index")["articles"]} == set("012345")  # type: ignore[attr-defined]
    write(folder, a_jsonl=whole[: int(len(whole) * 0.6)] + "\n")
    assert run().articles == 6
    write(folder, a_jsonl=whole)
    run()
    assert contents(tmp_path / "index") == before
    # A record that is deleted from a sound file is gone, in one with an old fault too.
    write(folder, a_jsonl="{broken\n" + whole.split("\n", 1)[1])
    assert run().articles == 6
    write(folder, a_jsonl=whole.split("\n", 1)[1])
    assert run().articles == 5
    write(folder, b_jsonl="{broken\n" + record("甲地有网点。", id="x") + record("乙地有。", id="y"))
    assert run().articles == 7
    write(folder, b_jsonl="{broken\n" + record("甲地有网点。", id="x"))
    assert run().articles == 6


def test_an_id_that_is_taken_is_quarantined(
    folder: Path, run: Callable[..., SyncReport], tmp_path: Path
) -> None:
    write(folder, b_jsonl=record("网点开门。", id="x") + record("网点搬家。", id="y"))
    assert run().exit_status == 0
    write(folder, a_jsonl=record("网点关门。", id="x"))  # earlier in path order: it takes the id
    report = run()
    taken = row(report, "articles/b.jsonl#x")
    assert taken.status is Status.QUARANTINED
    assert "the id 'x' is already that of articles/a.jsonl#x" in str(taken.reason)
    assert report.exit_status == 1
    assert contents(tmp_path / "index") == clean_build(folder, tmp_path / "clean")
    (folder / "a.jsonl").unlink()
    assert run().exit_status == 0
    assert contents(tmp_path / "index") == clean_build(folder, tmp_path / "clean")


# --- duplicates ----------------------------------------------------------------------------------


def test_a_copy_is_a_duplicate_until_the_first_goes(
    folder: Path, run: Callable[..., SyncReport], tmp_path: Path
) -> None:
    write(folder, a_md=article(1), b_md=article(1), sub__c_md=article(1))
    (folder / "link.md").symlink_to("a.md")
    report = run()
    assert statuses(report) == {
        "articles/a.md": Status.ADDED,
        "articles/b.md": Status.DUPLICATE,
        "articles/link.md": Status.DUPLICATE,
        "articles/sub/c.md": Status.DUPLICATE,
    }
    assert row(report, "articles/b.md").reason == "duplicate of articles/a.md"
    assert (report.articles, report.exit_status) == (1, 0)
    (folder / "a.md").unlink()
    (folder / "link.md").unlink()
    report = run()
    assert statuses(report) == {
        "articles/a.md": Status.REMOVED,
        "articles/b.md": Status.ADDED,
        "articles/link.md": Status.REMOVED,
        "articles/sub/c.md": Status.DUPLICATE,
    }
    assert "takes the place" in str(row(report, "articles/b.md").reason)
    assert paths_in(tmp_path / "index") == ["articles/b.md"]
    assert contents(tmp_path / "index") == clean_build(folder, tmp_path / "clean")


def test_a_copy_from_elsewhere_takes_the_place(
    folder: Path, run: Callable[..., SyncReport], tmp_path: Path
) -> None:
    write(folder, a_md=article(1))
    write(tmp_path / "more", b_md=article(1))
    run()
    assert statuses(run(tmp_path / "more")) == {"more/b.md": Status.DUPLICATE}
    (folder / "a.md").unlink()
    assert statuses(run()) == {"articles/a.md": Status.REMOVED, "more/b.md": Status.ADDED}
    assert paths_in(tmp_path / "index") == ["more/b.md"]


def test_a_copy_of_a_file_of_records_is_one_row(
    folder: Path, run: Callable[..., SyncReport]
) -> None:
    both = record("甲地有网点。", id="x") + record("乙地有网点。", id="y")
    write(folder, a_jsonl=both, b_jsonl=both, c_jsonl=both + record("丙地有网点。", id="z"))
    report = run()
    assert statuses(report) == {
        "articles/a.jsonl": Status.ADDED,
        "articles/b.jsonl": Status.DUPLICATE,
        "articles/c.jsonl": Status.ADDED,
        "articles/c.jsonl#x": Status.DUPLICATE,
        "articles/c.jsonl#y": Status.DUPLICATE,
    }
    assert row(report, "articles/c.jsonl").article_ids == ("z",)


# --- links and names -----------------------------------------------------------------------------


def test_links_to_folders_are_followed_once(
    folder: Path, run: Callable[..., SyncReport], tmp_path: Path
) -> None:
    write(tmp_path / "outside", x_md=article(1), deep__y_md=article(2))
    write(folder, real__z_md=article(3))
    (folder / "again").symlink_to("real")
    (folder / "out").symlink_to(tmp_path / "outside")
    (tmp_path / "outside" / "home").symlink_to(folder)
    report = run()
    assert statuses(report) == {
        "articles/again": Status.SKIPPED,
        "articles/out/deep/y.md": Status.ADDED,
        "articles/out/home": Status.SKIPPED,
        "articles/out/x.md": Status.ADDED,
        "articles/real/z.md": Status.ADDED,
    }
    # A link that breaks, as of a drive that is not mounted, deletes nothing.
    (tmp_path / "outside").rename(tmp_path / "gone")
    report = run()
    assert statuses(report)["articles/out"] is Status.QUARANTINED
    assert report.articles == 3


def test_what_two_named_folders_share_is_one_row(
    folder: Path, run: Callable[..., SyncReport]
) -> None:
    write(folder, part__a_md=article(1))
    (folder / "part" / "b.jpg").write_bytes(b"x")
    assert [(row.path, row.status) for row in run(folder, folder / "part").rows] == [
        ("articles/part/a.md", Status.ADDED),
        ("articles/part/b.jpg", Status.SKIPPED),
    ]


def test_hidden_files_are_passed_over(folder: Path, run: Callable[..., SyncReport]) -> None:
    write(folder, a_md=article(1))
    (folder / ".hidden.md").write_text(article(2), encoding="utf-8")
    (folder / ".git").mkdir()
    (folder / ".git" / "b.md").write_text(article(3), encoding="utf-8")
    (folder / "~$a.docx").write_bytes(b"lock")
    assert statuses(run()) == {
        "articles/a.md": Status.ADDED,
        "articles/~$a.docx": Status.SKIPPED,
    }
    assert statuses(run(folder / ".hidden.md")) == {"articles/.hidden.md": Status.ADDED}


def test_names_that_are_not_utf_8(folder: Path, run: Callable[..., SyncReport]) -> None:
    for name in ("通告.md".encode("gb18030"), b"\xff\xff.md", b"line\nbreak.md"):
        try:
            descriptor = os.open(os.path.join(os.fsencode(folder), name), os.O_CREAT | os.O_WRONLY)  # noqa: PTH118 - bytes
        except OSError:
            pytest.skip("this file system takes only UTF-8 names")
        os.write(descriptor, article(len(name)).encode())
        os.close(descriptor)
    report = run()
    assert [row.path for row in report.rows] == [
        r"articles/\xff\xff.md",
        r"articles/line\nbreak.md",
        "articles/通告.md",
    ]
    assert run().is_new_generation is False


@pytest.mark.parametrize(
    ("location", "root", "path"),
    [
        (b"/x/articles/a.md", b"/x/articles", "articles/a.md"),
        (b"/x/articles/a.md", None, "articles/a.md"),
        (b"/a.md", b"/", "a.md"),
        (b"/x/articles", b"/x/articles", "articles"),
    ],
)
def test_legible_path(location: bytes, root: bytes | None, path: str) -> None:
    assert legible_path(location, root) == path


def test_what_a_walk_could_not_see() -> None:
    found = Walk(
        oddities=[
            Oddity(b"/x/a", Status.QUARANTINED, "permission denied"),
            Oddity(b"/x/b", Status.SKIPPED, "already read"),
        ]
    )
    assert found.blocked([b"/x/a", b"/x/a/1/2.md", b"/x/ab/1.md", b"/x/b/1.md"]) == {
        b"/x/a",
        b"/x/a/1/2.md",
    }


# --- embedders, rebuilding, damage ---------------------------------------------------------------


class Other(HashEmbedder):
    name = "other-1"
    dim = 3

    def embed_passages(self, texts: Sequence[str], *, progress: bool = False) -> Vectors:
        del progress
        lengths = np.array([len(text) for text in texts], dtype=np.float64)
        rows = np.stack([np.cos(lengths), np.sin(lengths), np.zeros(len(texts))], axis=1)
        return rows.astype(np.float32)


def test_another_embedder_is_refused_until_a_rebuild(
    folder: Path, run: Callable[..., SyncReport], tmp_path: Path
) -> None:
    write(folder, a_md=article(1))
    write(tmp_path / "more", b_md=article(2))
    run()
    run(tmp_path / "more")
    before = contents(tmp_path / "index")
    for dry_run in (True, False):
        with pytest.raises(IndexMismatchError, match=r"other-1.*`youju index PATH… --rebuild`"):
            sync([folder], tmp_path / "index", config=CONFIG, embedder=Other(), dry_run=dry_run)
    assert contents(tmp_path / "index") == before
    report = run(embedder=Other(), rebuild=True)
    assert statuses(report) == {"articles/a.md": Status.UNCHANGED}
    assert report.embedded == report.chunks
    generation = open_generation(tmp_path / "index")
    assert (generation.manifest.embedder_name, generation.manifest.dim) == ("other-1", 3)
    assert [a.path for a in generation.articles()] == ["articles/a.md", "more/b.md"]
    generation.close()
    assert rollback(tmp_path / "index") == "g000002"
    assert contents(tmp_path / "index") == before


@pytest.mark.parametrize("fault", ["shape", "not finite", "length"])
def test_an_embedder_that_breaks_its_word_publishes_nothing(
    folder: Path, tmp_path: Path, fault: str
) -> None:
    class Faulty(HashEmbedder):
        def embed_passages(self, texts: Sequence[str], *, progress: bool = False) -> Vectors:
            vectors = super().embed_passages(texts, progress=progress)
            if fault == "shape":
                return vectors[:-1]
            vectors[0] = np.nan if fault == "not finite" else 2.0
            return vectors

    write(folder, a_md=article(1))
    with pytest.raises(UnusableIndexError, match="no usable vectors"):
        sync([folder], tmp_path / "index", config=CONFIG, embedder=Faulty())
    assert generations(tmp_path / "index") == []


def test_a_damaged_index_is_not_built_upon(
    folder: Path, run: Callable[..., SyncReport], tmp_path: Path
) -> None:
    write(folder, a_md=article(1))
    run()
    good = contents(tmp_path / "index")
    (tmp_path / "index" / "generations" / "g000001" / "catalogue.sqlite").write_bytes(b"x")
    with pytest.raises(IndexDamagedError, match="--rebuild"):
        sync([folder], tmp_path / "index", config=CONFIG)
    report = sync([folder], tmp_path / "index", config=CONFIG, rebuild=True)
    assert "named paths alone" in report.notes[0]
    assert contents(tmp_path / "index") == good


def test_a_generation_that_was_never_made_current_is_taken_up(
    folder: Path, run: Callable[..., SyncReport], tmp_path: Path
) -> None:
    write(folder, a_md=article(1))
    run()
    good = contents(tmp_path / "index")
    (tmp_path / "index" / "CURRENT").unlink()
    report = sync([folder], tmp_path / "index", config=CONFIG)
    assert (report.generation, report.is_new_generation) == ("g000001", False)
    assert contents(tmp_path / "index") == good


# --- the report ----------------------------------------------------------------------------------


def test_the_report_as_json(folder: Path, run: Callable[..., SyncReport]) -> None:
    write(folder, a_md=article(1), b_md="")
    found = json.loads(json.dumps(run().to_json()))
    assert found["counts"] == {
        "added": 1,
        "changed": 0,
        "unchanged": 0,
        "removed": 0,
        "quarantined": 1,
        "duplicate": 0,
        "skipped": 0,
    }
    assert found["generation"] == "g000001"
    assert [(f["status"], f["path"]) for f in found["files"]] == [
        ("added", "articles/a.md"),
        ("quarantined", "articles/b.md"),
    ]
    assert found["files"][0]["article_ids"] != []
    assert found["files"][1]["reason"] == "it is empty"


@pytest.mark.parametrize("progress", [False, True])
def test_progress_and_device_reach_the_embedder(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, progress: bool
) -> None:
    class Showing(HashEmbedder):
        asked: list[bool] = []  # noqa: RUF012 - shared on purpose

        def embed_passages(self, texts: Sequence[str], *, progress: bool = False) -> Vectors:
            self.asked.append(progress)
            return super().embed_passages(texts, progress=progress)

    loaded: list[tuple[str, str | None]] = []

    def load(spec: str, *, device: str | None = None) -> HashEmbedder:
        loaded.append((spec, device))
        return Showing()

    monkeypatch.setattr(index.embedding, "load_embedder", load)
    Showing.asked.clear()
    write(folder, a_md=article(1))
    sync([folder], tmp_path / "index", config=CONFIG, device="cuda:1", progress=progress)
    assert loaded == [("hash", "cuda:1")]
    assert Showing.asked == [progress]


def test_progress_is_for_terminals(
    folder: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    write(folder, a_md=article(1))
    sync([folder], tmp_path / "index", config=CONFIG, progress=True)
    assert capsys.readouterr() == ("", "")
    monkeypatch.setattr("sys.stderr.isatty", lambda: True, raising=False)
    sync([folder], tmp_path / "other", config=CONFIG, progress=True)
    shown = capsys.readouterr()
    assert shown.out == ""
    assert "files read 1/1" in shown.err
    assert shown.err.endswith("\r")
