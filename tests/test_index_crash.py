"""Killed anywhere, an index is the old one or the new one, and the next sync is a clean build."""

import contextlib
import errno
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from syncing import CONFIG, article, clean_build, contents, write

import index.sync
from index.errors import IndexMissingError, UnusableIndexError
from index.store import open_generation, verify
from index.sync import sync


class Crash(BaseException):
    """Stands for the kill: nothing in the program catches it."""


@contextmanager
def counting(below: Path, act: Callable[[int, str], None]) -> Iterator[None]:
    """Call ``act(number, what)`` before every change to the disk below a folder.

    What is after one change is before the next. Covered are the system calls that the store makes
    itself, and the steps in which a library writes: catalogue, vectors and lexical index.
    """
    count = 0

    def step(what: str) -> None:
        nonlocal count
        count += 1
        act(count, what)

    def ours(value: object) -> bool:
        if isinstance(value, int):
            value = str(Path(f"/proc/self/fd/{value}").readlink())
        return isinstance(value, (str, os.PathLike)) and str(value).startswith(str(below))

    def wrapped(name: str, original: Callable[..., Any]) -> Callable[..., Any]:
        def call(*args: Any, **kwargs: Any) -> Any:
            descriptor = kwargs.get("dir_fd")
            subject = descriptor if isinstance(descriptor, int) else args[0]
            is_write = name != "open" or bool(len(args) > 1 and args[1] & os.O_CREAT)
            if not (is_write and ours(subject)):
                return original(*args, **kwargs)
            step(f"{name} {subject}")
            return original(*args, **kwargs)

        return call

    with pytest.MonkeyPatch.context() as patch:
        names = ("open", "write", "fsync", "replace", "rename", "mkdir", "unlink", "rmdir")
        for name in names:
            patch.setattr(os, name, wrapped(name, getattr(os, name)))
        writer = index.sync.CatalogueWriter
        for place, name in (
            (index.sync, "write_vectors"),
            (index.sync, "write_lexical"),
            (writer, "add_article"),
            (writer, "copy_file"),
            (writer, "place"),
            (writer, "group"),
            (writer, "add_chunks"),
            (writer, "copy_chunks"),
            (writer, "close"),
        ):
            original = getattr(place, name)

            def call(
                *args: Any,
                _original: Callable[..., Any] = original,
                _name: str = name,
                **kwargs: Any,
            ) -> Any:
                step(_name)
                return _original(*args, **kwargs)

            patch.setattr(place, name, call)
        yield


def nothing(_number: int, _what: str) -> None:
    return


def steps_of(run: Callable[[], object], below: Path) -> list[str]:
    seen: list[str] = []
    with counting(below, lambda _, what: seen.append(what)):
        run()
    return seen


def failing_at(target: int, error: BaseException) -> Callable[[int, str], None]:
    def act(number: int, _: str) -> None:
        if number == target:
            raise error

    return act


@pytest.fixture
def swift(tmp_path: Path) -> Iterator[Path]:
    """A folder in memory where there is one: hundreds of syncs wait for the disk otherwise."""
    memory = Path("/dev/shm")
    if not os.access(memory, os.W_OK):
        yield tmp_path
        return
    with tempfile.TemporaryDirectory(dir=memory, prefix="youju-test-") as folder:
        yield Path(folder)


class Scene:
    """A folder before and after an edit, and what an index says of each."""

    def __init__(self, base: Path, *, is_first: bool) -> None:
        self.base = base
        self.folder = base / "articles"
        self.before = base / "before"
        self.old: dict[str, object] | None = None
        write(self.folder, a_md=article(1), b_md=article(2), c_md=article(3))
        if not is_first:
            sync([self.folder], self.before, config=CONFIG)
            write(self.folder, d_md=article(30))
            sync([self.folder], self.before, config=CONFIG)  # so that one generation is pruned
            self.old = contents(self.before)
        write(self.folder, b_md=article(20), e_md=article(3))
        (self.folder / "a.md").unlink()
        self.new = clean_build(self.folder, base / "clean")

    def fresh(self, name: str) -> Path:
        """A copy of the index as it was before the edit."""
        index = self.base / name
        shutil.rmtree(index, ignore_errors=True)
        if self.before.exists():
            shutil.copytree(self.before, index)
        return index

    def check(self, index: Path, where: str) -> bool:
        """Check that an index is whole, old or new; then that a rerun makes it the new one."""
        try:
            now = contents(index)
        except IndexMissingError:
            assert self.old is None, where
            now = None
        assert now in (self.old, self.new), where
        sync([self.folder], index, config=CONFIG)
        assert contents(index) == self.new, where
        assert not list(index.rglob(".tmp-*")), where
        verify(index)
        return now == self.new


@pytest.fixture(params=[True, False], ids=["first build", "update"])
def scene(request: pytest.FixtureRequest, swift: Path) -> Scene:
    return Scene(swift, is_first=request.param)


needs_proc = pytest.mark.skipif(
    not Path("/proc/self/fd").exists(), reason="the names of open files are read from /proc"
)


@needs_proc
@pytest.mark.slow
def test_a_crash_at_every_step_leaves_the_old_or_the_new(scene: Scene) -> None:
    index = scene.fresh("index")
    steps = steps_of(lambda: sync([scene.folder], index, config=CONFIG), index)
    assert contents(index) == scene.new
    assert len(steps) > 40
    outcomes = []
    for number, what in enumerate(steps, 1):
        index = scene.fresh("index")
        with counting(index, failing_at(number, Crash())), pytest.raises(Crash):
            sync([scene.folder], index, config=CONFIG)
        outcomes.append(scene.check(index, f"step {number}: {what}"))
    # There is one moment: before it everything is old, after it everything is new.
    assert outcomes == sorted(outcomes)
    moment = outcomes.index(True)
    assert steps[moment - 1].startswith("replace ")
    assert steps[moment - 1].endswith("CURRENT")


@needs_proc
@pytest.mark.slow
def test_a_full_disk_at_every_step_is_an_error_of_ours(scene: Scene) -> None:
    index = scene.fresh("index")
    steps = steps_of(lambda: sync([scene.folder], index, config=CONFIG), index)
    for number, what in enumerate(steps, 1):
        index = scene.fresh("index")
        full = OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        try:
            with counting(index, failing_at(number, full)):
                sync([scene.folder], index, config=CONFIG)
        except UnusableIndexError as error:
            assert not list(index.glob("generations/.tmp-draft")), what
            assert "No space left" in str(error), what  # noqa: PT017 - some steps may succeed
        else:
            # Only what comes after the swap may fail in silence: deleting what is too old.
            assert contents(index) == scene.new, what
        scene.check(index, f"step {number}: {what}")


def test_a_late_write_of_a_library_keeps_no_draft(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A thread of tantivy may still make its lock file while the draft is being deleted."""
    folder, there = tmp_path / "articles", tmp_path / "index"
    write(folder, a_md=article(1))
    late = there / "generations" / ".tmp-draft" / "lexical" / ".tantivy-meta.lock"
    real_rmdir, real_write = os.rmdir, index.sync.write_lexical

    def rmdir(*args: Any, **kwargs: Any) -> None:
        with contextlib.suppress(FileNotFoundError):
            late.touch()
        real_rmdir(*args, **kwargs)

    def write_lexical(*args: Any) -> None:
        real_write(*args)
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "rmdir", rmdir)
    monkeypatch.setattr(index.sync, "write_lexical", write_lexical)
    with pytest.raises(UnusableIndexError, match="No space left"):
        sync([folder], there, config=CONFIG)
    assert list((there / "generations").iterdir()) == []


@needs_proc
def test_everything_is_synced_before_it_gets_its_name(scene: Scene) -> None:
    """What a power cut needs beyond a kill: no rename overtakes the data it makes visible."""
    index = scene.fresh("index")
    synced: set[str] = set()
    published: list[str] = []
    real_fsync, real_rename, real_replace = os.fsync, os.rename, os.replace

    def fsync(descriptor: int) -> None:
        synced.add(str(Path(f"/proc/self/fd/{descriptor}").readlink()))
        real_fsync(descriptor)

    def rename(source: Path, target: Path) -> None:
        if target.parent == index / "generations" and target.name.startswith("g"):
            inside = [str(path) for path in Path(source).rglob("*")]
            assert len(inside) > 8
            assert {*inside, str(source)} <= synced
            synced.discard(str(target.parent))
            published.append(target.name)
        real_rename(source, target)

    def replace_(source: Path, target: Path) -> None:
        assert target == index / "CURRENT"
        assert {str(source), str(index / "generations")} <= synced
        synced.discard(str(index))
        published.append("CURRENT")
        real_replace(source, target)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "fsync", fsync)
        patch.setattr(os, "rename", rename)
        patch.setattr(os, "replace", replace_)
        report = sync([scene.folder], index, config=CONFIG)
    assert published == [report.generation, "CURRENT"]
    assert str(index) in synced


def test_an_interrupt_while_embedding_loses_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, there = tmp_path / "articles", tmp_path / "index"
    write(folder, a_md=article(1))
    old = clean_build(folder, there)
    write(folder, b_md=article(2))

    def interrupted(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("index.hashing.HashEmbedder.embed_passages", interrupted)
        with pytest.raises(KeyboardInterrupt):
            sync([folder], there, config=CONFIG)
    assert contents(there) == old
    sync([folder], there, config=CONFIG)
    assert contents(there) == clean_build(folder, tmp_path / "clean")


# Starts a writer for each line that it reads: a fresh interpreter each time would spend seconds on
# imports. It forks before FAISS is loaded, afterwards that would not be safe.
WRITERS = """
import os, sys
from pathlib import Path
from index.config import IndexConfig
from index.sync import sync
assert "faiss" not in sys.modules
for _ in sys.stdin:
    child = os.fork()
    if child == 0:
        import faiss, tantivy
        print("ready", os.getpid(), flush=True)
        config = IndexConfig(embedder="hash", max_chars=60)
        sync([Path(sys.argv[1])], Path(sys.argv[2]), config=config)
        os._exit(0)
    print("ended", os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)
"""


@pytest.mark.slow
def test_real_kills_at_random_moments(swift: Path) -> None:
    folder, there = swift / "articles", swift / "index"
    write(folder, **{f"a{number:03}_md": article(number) for number in range(30)})
    sync([folder], there, config=CONFIG)
    chance = random.Random(20)
    longest_s, killed = 0.3, 0
    with subprocess.Popen(
        [sys.executable, "-c", WRITERS, folder, there],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as writers:
        assert writers.stdin is not None
        assert writers.stdout is not None
        for turn in range(24):
            old = contents(there)
            write(folder, **{f"a{turn:03}_md": article(99 + turn), f"b{turn:03}_md": article(turn)})
            new = clean_build(folder, swift / "clean")
            writers.stdin.write("\n")
            writers.stdin.flush()
            ready, pid = writers.stdout.readline().split()
            assert ready == "ready"
            began = time.monotonic()
            time.sleep(chance.uniform(0, longest_s))
            with contextlib.suppress(ProcessLookupError):  # it has ended already
                os.kill(int(pid), signal.SIGKILL)
            ended, status = writers.stdout.readline().split()
            assert ended == "ended"
            killed += int(status) == -signal.SIGKILL
            if int(status) == 0:
                longest_s = 0.8 * (time.monotonic() - began)
            assert contents(there) in (old, new)
            sync([folder], there, config=CONFIG)
            assert contents(there) == new
    assert killed >= 10


def test_readers_during_swaps_never_see_half(swift: Path) -> None:
    folder, there = swift / "articles", swift / "index"
    config = replace(CONFIG, keep_generations=1)  # the old one is deleted at once
    write(folder, a_md=article(0), b_md=article(0).replace("号", "號"))
    sync([folder], there, config=config)
    seen: set[tuple[str, tuple[str, ...]]] = set()
    errors: list[BaseException] = []
    done = threading.Event()

    def read() -> None:
        try:
            while not done.is_set():
                generation = open_generation(there)
                titles = tuple(a.title for a in generation.articles())
                for row in range(generation.chunk_count):
                    generation.article_of_row(row)
                seen.add((generation.name, titles))
                generation.close()
        except BaseException as error:  # a thread's error must reach the test
            errors.append(error)

    readers = [threading.Thread(target=read) for _ in range(2)]
    for reader in readers:
        reader.start()
    for number in range(1, 16):
        write(folder, a_md=article(number), b_md=article(number).replace("号", "號"))
        sync([folder], there, config=config)
    done.set()
    for reader in readers:
        reader.join()
    assert errors == []
    assert len(seen) > 3
    for name, titles in seen:
        number = int(name[1:]) - 1
        assert titles == (f"第{number}号通告", f"第{number}號通告")


# --- any way there is the same place -------------------------------------------------------------

RECORD = '{{"id": "{id}", "title": "通告", "text": "{text}"}}\n'
TEXTS = [
    article(1),
    article(2),
    article(2).replace("满意度", "滿意度"),
    article(3) + article(4).split("\n\n", 1)[1],
]
RECORDS = [
    RECORD.format(id="x", text="编号为甲的通告说，网点从周一起开门。"),
    RECORD.format(id="x", text="编号为甲的另一则通告说，网点从周二起关门。"),
    RECORD.format(id="y", text="编号为乙的通告说，网点搬到了江边。")
    + RECORD.format(id="x", text="编号为甲的通告说，网点从周一起开门。"),
]
NAMES = st.sampled_from(["a.md", "b.txt", "sub/c.md", "sub/d.md"])
RECORD_NAMES = st.sampled_from(["m.jsonl", "sub/n.jsonl", "z.jsonl"])
EDITS = st.one_of(
    st.tuples(st.just("write"), NAMES, st.sampled_from(TEXTS)),
    st.tuples(st.just("write"), RECORD_NAMES, st.sampled_from(RECORDS)),
    st.tuples(st.just("delete"), st.one_of(NAMES, RECORD_NAMES), st.just("")),
    st.tuples(st.just("rename"), NAMES, NAMES),
    st.tuples(st.just("rename"), RECORD_NAMES, RECORD_NAMES),
    st.tuples(st.just("sync"), st.sampled_from(["", "sub"]), st.just("")),
    st.tuples(st.just("longer"), st.just(""), st.just("")),
)


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(edits=st.lists(EDITS, min_size=2, max_size=14))
def test_any_edits_lead_to_the_clean_build(edits: list[tuple[str, str, str]], swift: Path) -> None:
    base = swift / str(len(list(swift.iterdir())))
    folder, there = base / "articles", base / "index"
    write(folder, keep_md=article(9), sub__keep_md=article(10))
    config = CONFIG
    for what, name, value in edits:
        path = folder / name
        if what == "write":
            path.write_text(value, encoding="utf-8")
        elif what == "delete":
            path.unlink(missing_ok=True)
        elif what == "rename" and path.exists():
            path.rename(folder / value)
        elif what == "longer":
            config = replace(config, max_chars=config.max_chars + 40)
        elif what == "sync":
            # A part of the folder first would be another root: name the whole once.
            sync([folder if not there.exists() else path], there, config=config)
    sync([folder], there, config=config)
    sync([folder], base / "clean", config=config)
    assert contents(there) == contents(base / "clean")
    again = sync([folder], there, config=config)
    assert not again.is_new_generation
