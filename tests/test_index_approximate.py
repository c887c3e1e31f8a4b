"""When vectors get codes, how many candidates they take, and what a sync makes of it."""

from dataclasses import replace

import numpy as np
import pytest
from syncing import CONFIG, article, contents, write

import index.approximate
from index.approximate import Recall, approximate, is_large, sample_questions
from index.config import IndexConfig
from index.errors import IndexDamagedError, UnusableIndexError, UsageError
from index.hashing import HashEmbedder
from index.passage import Filters
from index.search import open_index
from index.store import open_generation, verify
from index.sync import sync
from index.vectors import VectorIndex, unit_rows, write_vectors

CODES = replace(CONFIG, vectors="codes")


def random_rows(n, dim, seed=0):
    return unit_rows(np.random.default_rng(seed).standard_normal((n, dim)))


def test_the_kind_follows_the_size_of_the_vectors_whatever_their_dimension():
    auto = IndexConfig(flat_mb=1)
    assert not is_large(auto, count=1024, dim=256)
    assert is_large(auto, count=1025, dim=256)
    assert is_large(auto, count=1024, dim=257)
    assert not is_large(IndexConfig(vectors="flat"), count=10**9, dim=512)
    assert is_large(IndexConfig(vectors="codes"), count=1, dim=2)
    assert not is_large(IndexConfig(vectors="codes"), count=0, dim=2)


def test_questions_are_single_sentences_from_all_over():
    chunks = [
        f"第{n}家网点今天开始办理业务。好。它的电话号码是{n}{n}{n}{n}号。" for n in range(1000)
    ]
    asked = sample_questions(chunks.__getitem__, count=1000)
    assert len(asked) == 200
    assert asked[:2] == ["第0家网点今天开始办理业务。", "它的电话号码是5555号。"]
    assert asked[-2:] == ["第990家网点今天开始办理业务。", "它的电话号码是995995995995号。"]
    assert sample_questions(["短。"].__getitem__, count=1) == ["短。"]


def test_recall_is_the_share_of_true_neighbours(tmp_path):
    rows = random_rows(300, 8)
    path = tmp_path / "vectors.faiss"
    write_vectors(path, rows)
    truth = Recall.of(random_rows(7, 8, seed=3), rows, k=10)
    assert truth.measure(VectorIndex.open(path, dim=8, count=300)) == 1.0
    # An index of every second row only can find what is left.
    write_vectors(path, rows[::2])
    kept = [np.sort(np.argsort(-(rows @ question))[:10]) % 2 == 0 for question in truth.questions]
    half = truth.measure(VectorIndex.open(path, dim=8, count=150))
    assert half == pytest.approx(np.mean(kept))


def test_candidates_are_raised_until_recall_is_reached(tmp_path):
    rows, questions = random_rows(5000, 32), random_rows(100, 32, seed=1)
    exact, path = tmp_path / "vectors.faiss", tmp_path / "vectors.codes"
    write_vectors(exact, rows)
    made = approximate(path, exact=exact, rows=rows, questions=questions)
    assert (made.kind, made.k, made.questions) == ("codes", 10, 100)
    assert 32 < made.candidates <= 256
    assert made.recall >= 0.99
    index = VectorIndex.open(exact, dim=32, count=5000, codes=path, candidates=made.candidates)
    right = 0
    for question in questions:
        true = np.argsort(-(rows @ question))[:10]
        right += len({hit.row for hit in index.search(question, k=10)} & set(true.tolist()))
    assert right / 1000 == pytest.approx(made.recall, abs=0.002)
    assert approximate(path, exact=exact, rows=rows, questions=questions) == made


def test_what_does_not_reach_recall_leaves_no_file(tmp_path, monkeypatch):
    monkeypatch.setattr(index.approximate, "_TARGET", 1.1)
    rows = random_rows(50, 8)
    write_vectors(tmp_path / "vectors.faiss", rows)
    path = tmp_path / "vectors.codes"
    assert (
        approximate(path, exact=tmp_path / "vectors.faiss", rows=rows, questions=rows[:5]) is None
    )
    assert not path.exists()


@pytest.fixture
def folder(tmp_path):
    source = tmp_path / "source"
    write(source, **{f"a{n}_md": article(n) for n in range(30)})
    return source


def test_a_sync_records_what_it_measured(folder, tmp_path):
    sync([folder], tmp_path / "index", config=CODES)
    manifest = verify(tmp_path / "index")
    chunks = manifest.counts.chunks
    assert chunks == 60
    made = manifest.approximation
    assert (made.kind, made.k, made.questions) == ("codes", 10, 60)
    assert made.candidates >= 32
    assert made.recall >= 0.99
    assert "vectors.codes" in manifest.files


def test_both_kinds_answer_alike_and_share_their_vectors(folder, tmp_path):
    sync([folder], tmp_path / "flat", config=CONFIG)
    sync([folder], tmp_path / "codes", config=CODES)
    assert open_generation(tmp_path / "flat").manifest.approximation is None
    assert contents(tmp_path / "flat") == contents(tmp_path / "codes")
    with open_index(tmp_path / "flat") as flat, open_index(tmp_path / "codes") as codes:
        for question in ("第7种手机银行", "a second branch in 1999"):
            for filters in (None, Filters(languages=("zh",))):
                assert codes.dense(question, k=5, filters=filters) == flat.dense(
                    question, k=5, filters=filters
                )


def test_changing_the_kind_embeds_nothing_and_updating_equals_a_clean_build(folder, tmp_path):
    here = tmp_path / "index"
    sync([folder], here, config=CONFIG)
    assert sync([folder], here, config=CODES).embedded == 0
    assert open_generation(here).manifest.approximation is not None
    write(folder, a3_md=article(300), new_md=article(301))
    (folder / "a4.md").unlink()
    sync([folder], here, config=CODES)
    sync([folder], tmp_path / "clean", config=CODES)
    assert contents(here) == contents(tmp_path / "clean")
    assert (
        open_generation(here).manifest.approximation
        == open_generation(tmp_path / "clean").manifest.approximation
    )
    assert sync([folder], here, config=CONFIG).embedded == 0
    assert "vectors.codes" not in open_generation(here).manifest.files


def test_a_sync_that_cannot_reach_recall_says_so_and_stays_flat(folder, tmp_path, monkeypatch):
    monkeypatch.setattr(index.approximate, "_TARGET", 1.1)
    report = sync([folder], tmp_path / "index", config=CODES)
    assert any("compared with every question" in note for note in report.notes)
    manifest = verify(tmp_path / "index")
    assert manifest.approximation is None
    assert "vectors.codes" not in manifest.files


@pytest.mark.parametrize("moment", ["write_codes", "Recall"])
def test_a_disk_that_fills_up_leaves_the_index_as_it_was(folder, tmp_path, monkeypatch, moment):
    here = tmp_path / "index"
    sync([folder], here, config=CODES)
    before = contents(here)
    write(folder, new_md=article(400))

    class Full:
        of = staticmethod(lambda *_, **__: full())

        def __call__(self, *_, **__):
            full()

    def full():
        raise OSError("No space left on device")

    monkeypatch.setattr(index.approximate, moment, Full())
    with pytest.raises(UnusableIndexError, match="what was indexed before is still there"):
        sync([folder], here, config=CODES)
    monkeypatch.undo()
    assert contents(here) == before
    assert sorted(path.name for path in (here / "generations").iterdir()) == ["g000001"]
    sync([folder], here, config=CODES)
    assert contents(here) != before


def test_an_index_of_nothing_is_flat(tmp_path):
    (tmp_path / "empty").mkdir()
    sync([tmp_path / "empty"], tmp_path / "index", config=CODES)
    assert verify(tmp_path / "index").approximation is None


@pytest.mark.parametrize("damage", ["missing", "cut", "changed"])
def test_a_damaged_file_of_codes_is_noticed(folder, tmp_path, damage):
    here = tmp_path / "index"
    sync([folder], here, config=CODES)
    path = here / "generations" / "g000001" / "vectors.codes"
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    if damage == "missing":
        path.unlink()
    else:
        path.write_bytes(data[: 100 if damage == "cut" else None])
    with pytest.raises(IndexDamagedError, match=r"vectors\.codes"):
        open_index(here, embedder=HashEmbedder())


@pytest.mark.parametrize(
    ("config", "reason"),
    [
        (replace(CONFIG, vectors="hnsw"), "vectors is 'hnsw'; it must be one of auto, flat, codes"),
        (replace(CONFIG, flat_mb=0), "flat_mb is 0"),
    ],
)
def test_settings_without_sense_are_refused(folder, tmp_path, config, reason):
    with pytest.raises(UsageError, match=reason):
        sync([folder], tmp_path / "index", config=config)
