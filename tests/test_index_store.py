"""Generations on disk: verified when opened, swapped whole, rolled back."""

import hashlib
import json
import os
import shutil
import subprocess
import sys
import threading
from dataclasses import replace
from datetime import date
from pathlib import Path

import numpy as np
import pytest
from syncing import CONFIG, article, contents, write

import index.store
from index.errors import (
    IndexDamagedError,
    IndexLockedError,
    IndexMismatchError,
    IndexMissingError,
    UnusableIndexError,
)
from index.manifest import (
    FORMAT_VERSION,
    MAX_MANIFEST_BYTES,
    Approximation,
    Counts,
    FileEntry,
    Manifest,
    config_fingerprint,
    parse_manifest,
    render_manifest,
)
from index.passage import Filters
from index.store import (
    generations,
    open_generation,
    read_current,
    rollback,
    verify,
    writing,
)
from index.sync import sync

RECORDS = "\n".join(
    json.dumps(record, ensure_ascii=False)
    for record in (
        {
            "id": "r1",
            "title": "网点",
            "text": "临江银行有12家网点。它们都在城里。",
            "source": "临江日报",
            "published": "2021-03-04",
            "language": "zh",
            "tags": ["网点", "城市"],
        },
        {
            "id": "r2",
            "title": "Branches",
            "text": "The bank has 12 branches. All of them are in town, near the river.",
            "source": "River Times",
            "published": "2022-05-06",
            "language": "en",
            "tags": ["branches"],
        },
        {
            "id": "r3",
            "title": "没有日期",
            "text": "这一篇没有日期，也没有来源，说的是临江银行的客服电话。",
        },
    )
)


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An index of two generations; tests copy it before they touch it."""
    base = tmp_path_factory.mktemp("store")
    folder = base / "articles"
    write(folder, a_md=article(1), b_md=article(2), r_jsonl=RECORDS)
    sync([folder], base / "index", config=CONFIG)
    write(folder, c_md=article(3))
    sync([folder], base / "index", config=CONFIG)
    return base / "index"


@pytest.fixture
def here(built: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(built, tmp_path / "index"))


def files_of(generation: Path) -> list[Path]:
    return sorted(path for path in generation.rglob("*") if path.is_file())


# --- reading -------------------------------------------------------------------------------------


def test_a_generation_gives_back_its_articles_and_chunks(built: Path) -> None:
    with_all = open_generation(built)
    articles = list(with_all.articles())
    assert [a.path for a in articles] == [
        "articles/a.md",
        "articles/b.md",
        "articles/c.md",
        "articles/r.jsonl#r1",
        "articles/r.jsonl#r2",
        "articles/r.jsonl#r3",
    ]
    assert with_all.article_ids() == tuple(a.id for a in articles)
    assert with_all.name == "g000002"
    assert with_all.manifest.parent == "g000001"
    assert (with_all.manifest.embedder_spec, with_all.manifest.dim) == ("hash", 512)
    assert with_all.manifest.config_fingerprint == config_fingerprint(CONFIG)
    for row in range(with_all.chunk_count):
        chunk, found = with_all.chunk(row), with_all.article_of_row(row)
        assert found.id == chunk.article_id
        assert found.text[chunk.start : chunk.end] == chunk.text != ""
        assert chunk.id == f"{found.id}:{chunk.start}-{chunk.end}"
        assert articles[with_all.article_positions[row]] == found
    r1 = with_all.article("r1")
    assert (r1.source, r1.published, r1.tags) == (
        "临江日报",
        date(2021, 3, 4),
        ("网点", "城市"),
    )
    for unknown in ("nobody", "\udcff"):  # what a shell passes for a byte that is not UTF-8
        with pytest.raises(KeyError):
            with_all.article(unknown)
        with pytest.raises(KeyError):
            with_all.group_of(unknown)
        assert with_all.group_members(unknown) == ()
    with pytest.raises(IndexError):
        with_all.chunk(with_all.chunk_count)
    with pytest.raises(IndexError):
        with_all.chunk(-1)
    with_all.close()


@pytest.mark.parametrize(
    "filters",
    [
        Filters(),
        Filters(since=date(2022, 1, 1)),
        Filters(until=date(2021, 12, 31)),
        Filters(sources=("臨江日報",)),
        Filters(languages=("en", "fr")),
        Filters(tags=("城市", "branches"), since=date(2022, 1, 1)),
        Filters(sources=("nobody",)),
    ],
)
def test_rows_allowed_says_what_the_filter_says(built: Path, filters: Filters) -> None:
    generation = open_generation(built)
    expected = []
    for row in range(generation.chunk_count):
        a = generation.article_of_row(row)
        expected.append(
            filters.match(published=a.published, source=a.source, language=a.language, tags=a.tags)
        )
    allowed = generation.rows_allowed(filters)
    assert allowed.dtype == np.bool_
    assert allowed.tolist() == expected
    generation.close()


def test_many_threads_read_one_generation(built: Path) -> None:
    generation = open_generation(built)
    expected = [generation.chunk(row) for row in range(generation.chunk_count)]
    wrong: list[object] = []

    def read() -> None:
        try:
            for _ in range(20):
                for row, chunk in enumerate(expected):
                    if generation.chunk(row) != chunk:
                        wrong.append(row)
        except Exception as error:  # a thread's error must reach the test
            wrong.append(error)

    threads = [threading.Thread(target=read) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []
    generation.close()


def test_a_reader_outlives_its_generation(here: Path) -> None:
    generation = open_generation(here, name="g000001")
    shutil.rmtree(generation.folder)
    assert [a.path for a in generation.articles()][:2] == ["articles/a.md", "articles/b.md"]
    assert generation.chunk(0).text != ""
    generation.close()


def test_a_generation_swapped_away_while_it_is_opened_is_opened_again(here: Path) -> None:
    index.store.rollback(here)
    seen = []

    def then(generation: index.store.Generation) -> str:
        seen.append(generation.name)
        if len(seen) == 1:  # a writer replaces and deletes it just now
            (here / "CURRENT").write_text("g000002\n")
            shutil.rmtree(generation.folder)
            (generation.vectors_path).read_bytes()
        return generation.name

    assert read_current(here, then) == "g000002"
    assert seen == ["g000001", "g000002"]


def test_an_error_of_the_current_generation_is_not_retried(here: Path) -> None:
    def then(_: object) -> None:
        raise IndexDamagedError("no")

    with pytest.raises(IndexDamagedError, match="no"):
        read_current(here, then)


def test_no_index(tmp_path: Path) -> None:
    for folder in (tmp_path, tmp_path / "nowhere"):
        with pytest.raises(IndexMissingError, match=r"`youju index PATH… --index .*`"):
            open_generation(folder)
        with pytest.raises(IndexMissingError):
            rollback(folder)
    assert list(tmp_path.iterdir()) == []


# --- damage --------------------------------------------------------------------------------------

DAMAGES = {
    "flip first": lambda data: bytes([data[0] ^ 1]) + data[1:],
    "flip last": lambda data: data[:-1] + bytes([data[-1] ^ 0x80]),
    "flip middle": lambda data: (
        data[: len(data) // 2] + bytes([data[len(data) // 2] ^ 4]) + data[len(data) // 2 + 1 :]
    ),
    "truncate": lambda data: data[:-1],
    "halve": lambda data: data[: len(data) // 2],
    "empty": lambda _: b"",
    "zero": lambda data: bytes(len(data)),
    "zero a page": lambda data: (
        data[: len(data) // 3]
        + bytes(min(4096, len(data) - len(data) // 3))
        + data[len(data) // 3 + min(4096, len(data) - len(data) // 3) :]
    ),
    "append": lambda data: data + b"\n",
}


def test_every_damage_to_every_file_is_found(here: Path) -> None:
    folder = here / "generations" / "g000002"
    tried = 0
    for path in files_of(folder):
        sound = path.read_bytes()
        for name, damage in DAMAGES.items():
            damaged = damage(sound) if sound or name == "append" else sound
            if damaged == sound:
                continue
            path.write_bytes(damaged)
            tried += 1
            with pytest.raises(IndexDamagedError, match="--rollback") as caught:
                open_generation(here)
            assert path.name in str(caught.value), (path, name)
        path.unlink()
        with pytest.raises(IndexDamagedError, match="missing"):
            open_generation(here)
        path.write_bytes(sound)
    assert tried > 60
    open_generation(here).close()


def test_every_byte_of_the_manifest_counts(here: Path) -> None:
    path = here / "generations" / "g000002" / "manifest.json"
    sound = path.read_bytes()
    for at in range(len(sound)):
        path.write_bytes(sound[:at] + bytes([sound[at] ^ 1]) + sound[at + 1 :])
        with pytest.raises(IndexDamagedError, match=r"manifest\.json"):
            parse_manifest(path.read_bytes(), where=str(path))
    path.write_bytes(sound)
    assert verify(here).generation == "g000002"


def test_a_file_of_another_generation_is_damage(here: Path) -> None:
    new, old = (here / "generations" / name for name in ("g000002", "g000001"))
    for name in ("catalogue.sqlite", "vectors.faiss", "manifest.json"):
        sound = (new / name).read_bytes()
        shutil.copy(old / name, new / name)
        with pytest.raises(IndexDamagedError, match=name):
            open_generation(here)
        (new / name).write_bytes(sound)


def test_a_large_index_is_hashed_by_verify(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(index.store, "HASHED_AT_OPEN_BYTES", 0)
    path = here / "generations" / "g000002" / "vectors.faiss"
    data = bytearray(path.read_bytes())
    data[-1] ^= 1
    path.write_bytes(data)
    open_generation(here).close()
    with pytest.raises(IndexDamagedError, match=r"vectors\.faiss"):
        verify(here)


@pytest.mark.parametrize("kind", ["link", "pipe", "folder"])
def test_a_file_that_is_none_is_damage(here: Path, kind: str, tmp_path: Path) -> None:
    path = here / "generations" / "g000002" / "vectors.faiss"
    if kind == "link":
        shutil.move(path, tmp_path / "elsewhere")
        path.symlink_to(tmp_path / "elsewhere")
    else:
        path.unlink()
        os.mkfifo(path) if kind == "pipe" else path.mkdir()
    with pytest.raises(IndexDamagedError, match=r"vectors\.faiss"):
        open_generation(here)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\n",
        b"../../x\n",
        b"g000001/../g000002\n",
        b"/etc/passwd",
        b"g1\n",
        b"g000002\n\n",
        b" g000002",
        b"g000002\0",
        "g０００００２".encode(),
        b"\xff\xfe",
        b"g" + b"0" * 5_000_000,
        b"g000009\n",
    ],
)
def test_a_hostile_current_is_refused(here: Path, data: bytes) -> None:
    (here / "CURRENT").write_bytes(data)
    with pytest.raises(IndexDamagedError, match="--rollback"):
        open_generation(here)
    assert rollback(here) == "g000002"
    assert open_generation(here).name == "g000002"


def test_a_name_that_is_none_is_refused(here: Path) -> None:
    for name in ("../../etc", "", "g000009/..", "CURRENT"):
        with pytest.raises(UnusableIndexError):
            open_generation(here, name=name)


def manifest() -> Manifest:
    entry = FileEntry(0, "0" * 64)
    return Manifest(
        generation="g000002",
        parent=None,
        created="2026-01-01T00:00:00+00:00",
        embedder_spec="hash",
        embedder_name="hash",
        dim=8,
        config={},
        config_fingerprint="",
        versions={"unicode": "1"},
        counts=Counts(1, 1, 1),
        files={"catalogue.sqlite": entry, "vectors.faiss": entry, "lexical/meta.json": entry},
    )


CODES = Approximation(kind="codes", candidates=64, recall=0.995, k=10, questions=200)


def with_codes() -> Manifest:
    files = {**manifest().files, "vectors.codes": FileEntry(0, "0" * 64)}
    return replace(manifest(), files=files, approximation=CODES)


@pytest.mark.parametrize("written", [manifest(), with_codes()], ids=["flat", "codes"])
def test_a_manifest_is_read_back(written: Manifest) -> None:
    assert parse_manifest(render_manifest(written), where="m") == written


def test_a_manifest_of_before_there_were_approximations_is_read() -> None:
    values = json.loads(render_manifest(manifest()))
    del values["approximation"], values["checksum"]
    data = json.dumps(values, indent=1, sort_keys=True) + "\n"
    values["checksum"] = hashlib.blake2b(data.encode(), digest_size=32).hexdigest()
    data = json.dumps(values, indent=1, sort_keys=True) + "\n"
    assert parse_manifest(data.encode(), where="m") == manifest()


@pytest.mark.parametrize(
    "name",
    [
        "../../x",
        "/etc/passwd",
        "lexical/../../x",
        "./x",
        "a//b",
        "..",
        "",
        "a\\..\\b",
        "a\0b",
        "manifest.json",
        "a/",
    ],
)
def test_a_manifest_names_no_file_outside(name: str) -> None:
    files = {**manifest().files, name: FileEntry(1, "0" * 64)}
    data = render_manifest(replace(manifest(), files=files))
    with pytest.raises(IndexDamagedError, match="no path inside the generation"):
        parse_manifest(data, where="m")


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"not JSON",
        b"[]",
        b"null",
        b"{}",
        b'{"format_version": true}',
        b"[" * 100_000,
        b'{"a":' * 100_000,
        b"9" * 10_000,
        b"\xff\xfe{}",
        b" " * (MAX_MANIFEST_BYTES + 1),
        render_manifest(manifest()) + b" ",
        render_manifest(manifest()).replace(b'"dim": 8', b'"dim": 9'),
        render_manifest(replace(manifest(), dim=-1)),
        render_manifest(replace(manifest(), dim="8")),  # type: ignore[arg-type]
        render_manifest(replace(manifest(), files={})),
        render_manifest(replace(manifest(), parent="../x")),
        render_manifest(replace(manifest(), generation="../x")),
        render_manifest(replace(manifest(), counts=Counts(1, 1, True))),
        render_manifest(replace(manifest(), files={"vectors.faiss": FileEntry(0, "x")})),
        render_manifest(replace(manifest(), approximation=CODES)),
        render_manifest(replace(with_codes(), approximation=replace(CODES, kind="hnsw"))),
        render_manifest(replace(with_codes(), approximation=replace(CODES, candidates=-1))),
        render_manifest(replace(with_codes(), approximation=replace(CODES, recall=1.5))),
        render_manifest(replace(with_codes(), approximation=replace(CODES, recall=float("nan")))),
        render_manifest(replace(with_codes(), approximation=[])),  # type: ignore[arg-type]
    ],
)
def test_a_hostile_manifest_is_refused(data: bytes, here: Path) -> None:
    with pytest.raises(IndexDamagedError, match="youju index"):
        parse_manifest(data, where="m")
    (here / "generations" / "g000002" / "manifest.json").write_bytes(data)
    with pytest.raises(IndexDamagedError, match=r"manifest\.json"):
        open_generation(here)


def test_another_format_version_is_a_mismatch() -> None:
    data = render_manifest(replace(manifest(), format_version=FORMAT_VERSION + 1, dim="new"))  # type: ignore[arg-type]
    with pytest.raises(IndexMismatchError, match=r"format version 2.*--rebuild"):
        parse_manifest(data, where="m")


def test_other_term_tables_are_a_mismatch_that_a_sync_mends(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path / "articles", a_md=article(1))
    monkeypatch.setattr(index.store, "term_versions", lambda: {"unicode": "1.0"})
    sync([tmp_path / "articles"], tmp_path / "index", config=CONFIG)
    monkeypatch.undo()
    with pytest.raises(IndexMismatchError, match=r"unicode 1\.0 \(here .*run `youju index PATH…`"):
        open_generation(tmp_path / "index")
    report = sync([tmp_path / "articles"], tmp_path / "index", config=CONFIG)
    assert (report.is_new_generation, report.embedded) == (True, 0)
    open_generation(tmp_path / "index").close()


# --- writing -------------------------------------------------------------------------------------


def test_rollback_goes_to_the_parent_and_then_no_further(here: Path) -> None:
    before = contents(here)
    assert rollback(here) == "g000001"
    assert len(open_generation(here).article_ids()) == 5
    with pytest.raises(IndexMissingError, match="--rebuild"):
        rollback(here)
    assert open_generation(here).name == "g000001"
    assert contents(here) != before


def test_rollback_leaves_a_damaged_generation(here: Path) -> None:
    (here / "generations" / "g000002" / "vectors.faiss").write_bytes(b"")
    with pytest.raises(IndexDamagedError):
        open_generation(here)
    assert rollback(here) == "g000001"
    open_generation(here).close()


def test_rollback_does_not_go_to_a_damaged_generation(here: Path) -> None:
    (here / "generations" / "g000001" / "vectors.faiss").write_bytes(b"")
    with pytest.raises(IndexMissingError, match="no earlier whole generation"):
        rollback(here)
    assert open_generation(here).name == "g000002"


def test_after_a_rollback_the_line_goes_on_from_there(tmp_path: Path) -> None:
    folder, there = tmp_path / "articles", tmp_path / "index"
    for number in range(1, 4):
        write(folder, **{f"a{number}_md": article(number)})
        sync([folder], there, config=replace(CONFIG, keep_generations=3))
    assert generations(there) == ["g000001", "g000002", "g000003"]
    rollback(there)
    write(folder, a9_md=article(9))
    report = sync([folder], there, config=replace(CONFIG, keep_generations=2))
    # g000003 was left behind: the new one and the one it came from stay.
    assert (report.generation, generations(there)) == ("g000004", ["g000002", "g000004"])
    assert rollback(there) == "g000002"


def test_only_so_many_generations_are_kept(tmp_path: Path) -> None:
    for number in range(5):
        write(tmp_path / "articles", a_md=article(number))
        sync([tmp_path / "articles"], tmp_path / "index", config=CONFIG)
    assert generations(tmp_path / "index") == ["g000004", "g000005"]
    assert sorted(path.name for path in (tmp_path / "index").iterdir()) == [
        "CURRENT",
        "LOCK",
        "generations",
    ]


def test_two_writers_do_not_meet(here: Path, tmp_path: Path) -> None:
    write(tmp_path / "articles", a_md=article(7))
    with writing(here):
        with pytest.raises(IndexLockedError, match="another process is writing"):
            sync([tmp_path / "articles"], here, config=CONFIG)
        with pytest.raises(IndexLockedError):
            rollback(here)
        open_generation(here).close()  # readers do not care
    assert sync([tmp_path / "articles"], here, config=CONFIG).generation == "g000003"


def test_the_lock_of_a_killed_writer_is_free(here: Path) -> None:
    holder = subprocess.Popen(
        [
            sys.executable,
            "-c",
            "import sys, time; from pathlib import Path; from index.atomic import exclusive_lock\n"
            "with exclusive_lock(Path(sys.argv[1])): print('held', flush=True); time.sleep(60)",
            str(here / "LOCK"),
        ],
        stdout=subprocess.PIPE,
        text=True,
    )
    assert holder.stdout is not None
    assert holder.stdout.readline() == "held\n"
    with pytest.raises(IndexLockedError), writing(here):
        pass
    holder.kill()
    holder.wait()
    holder.stdout.close()
    with writing(here):
        pass


def test_the_next_writer_clears_what_a_killed_one_left(here: Path) -> None:
    (here / "generations" / ".tmp-draft" / "lexical").mkdir(parents=True)
    (here / "generations" / ".tmp-draft" / "lexical" / "x").write_bytes(b"x")
    (here / ".tmp-CURRENT").write_bytes(b"g0")
    open_generation(here).close()
    with writing(here):
        pass
    assert not list(here.rglob(".tmp-*"))
