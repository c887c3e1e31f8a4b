"""The dense leg against brute force, and what it refuses; both kinds pass the same tests."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from index.codes import write_codes
from index.errors import IndexDamagedError
from index.vectors import VectorIndex, read_vectors, unit_rows, write_vectors


def unit(rows):
    return unit_rows(np.asarray(rows, dtype=np.float64))


def random_rows(n, dim, seed=0):
    return unit(np.random.default_rng(seed).standard_normal((n, dim)))


def written(folder, rows, kind="flat", candidates=200):
    path = folder / "vectors.faiss"
    write_vectors(path, rows)
    if kind == "flat":
        return VectorIndex.open(path, dim=rows.shape[1], count=len(rows))
    write_codes(folder / "vectors.codes", rows)
    return opened(folder, rows, candidates)


def opened(folder, rows, candidates=200):
    return VectorIndex.open(
        folder / "vectors.faiss",
        dim=rows.shape[1],
        count=len(rows),
        codes=folder / "vectors.codes",
        candidates=candidates,
    )


def brute_force(rows, vector, k, allowed=None):
    scores = (rows.astype(np.float64) * vector.astype(np.float64)).sum(axis=1).astype(np.float32)
    order = [
        row
        for row in np.lexsort((np.arange(len(rows)), -scores))
        if allowed is None or allowed[row]
    ]
    return [(int(row), float(scores[row])) for row in order[:k]]


def pairs(hits):
    return [(hit.row, hit.score) for hit in hits]


@pytest.fixture(scope="module")
def rows():
    rows = random_rows(700, 24)
    rows[[5, 90, 91, 400, 699]] = rows[17]  # exact ties, near and far
    return rows


@pytest.fixture(scope="module", params=["flat", "codes"])
def kind(request):
    return request.param


@pytest.fixture(scope="module")
def index(rows, kind, tmp_path_factory):
    return written(tmp_path_factory.mktemp("vectors"), rows, kind)


@pytest.fixture
def no_narrow_masks(monkeypatch):
    """Send every mask through the codes, also one that would be scored row by row."""
    monkeypatch.setattr("index.vectors._FEW_ALLOWED", 0)


@pytest.mark.parametrize("k", [1, 2, 3, 5, 10, 99, 100, 101, 699, 700, 5000])
def test_equals_brute_force_at_every_depth(index, rows, k):
    for question in (rows[17], rows[3], random_rows(1, 24, seed=9)[0]):
        assert pairs(index.search(question, k=k)) == brute_force(rows, question, k)


@pytest.mark.parametrize("share", [0.002, 0.05, 0.5, 0.99])
def test_the_filter_applies_before_the_ranking(index, rows, share):
    allowed = np.random.default_rng(4).random(len(rows)) < share
    found = index.search(rows[17], k=20, allowed=allowed)
    assert pairs(found) == brute_force(rows, rows[17], 20, allowed)
    assert len(found) == min(20, allowed.sum())


@pytest.mark.parametrize("share", [0.002, 0.05, 0.5, 0.99])
@pytest.mark.parametrize("candidates", [1, 50])
@pytest.mark.usefixtures("no_narrow_masks")
def test_as_many_rows_come_back_as_are_allowed(rows, candidates, share, tmp_path):
    index = written(tmp_path, rows, "codes", candidates)
    allowed = np.random.default_rng(4).random(len(rows)) < share
    for k in (1, 20, 700):
        found = index.search(rows[17], k=k, allowed=allowed)
        assert len({hit.row for hit in found}) == min(k, allowed.sum())
        assert all(allowed[hit.row] for hit in found)
        assert found == sorted(found, key=lambda hit: (-hit.score, hit.row))
        scores = dict(brute_force(rows, rows[17], len(rows)))
        assert all(hit.score == scores[hit.row] for hit in found)


def test_a_narrow_filter_misses_nothing_however_few_the_candidates(rows, tmp_path):
    index = written(tmp_path, rows, "codes", candidates=1)
    allowed = np.arange(len(rows)) % 9 == 4
    assert pairs(index.search(rows[17], k=20, allowed=allowed)) == brute_force(
        rows, rows[17], 20, allowed
    )


def test_more_candidates_find_more_of_the_neighbours(tmp_path):
    rows = random_rows(4000, 32)
    questions = random_rows(50, 32, seed=1)
    written(tmp_path, rows, "codes")
    recalls = []
    for candidates in (1, 60, 400):
        index = opened(tmp_path, rows, candidates)
        right = sum(
            len(set(pairs(index.search(q, k=10))) & set(brute_force(rows, q, 10)))
            for q in questions
        )
        recalls.append(right / 500)
    assert recalls == sorted(recalls)
    assert recalls[0] < 0.95
    assert recalls[-1] == 1.0


@pytest.mark.parametrize("copies", [1, 2, 16, 40, 3000])
@pytest.mark.usefixtures("no_narrow_masks")
def test_copies_of_one_row_are_found_in_row_order(copies, kind, tmp_path):
    index = written(tmp_path, np.repeat(random_rows(1, 16), copies, axis=0), kind)
    allowed = np.arange(copies) % 3 != 1
    for question in (random_rows(1, 16)[0], random_rows(1, 16, seed=5)[0]):
        found = index.search(question, k=5, allowed=allowed)
        assert [hit.row for hit in found] == [0, 2, 3, 5, 6][: allowed.sum()]


@pytest.mark.parametrize("dim", [1, 2, 7, 24, 31, 384, 512])
def test_any_dimension_has_codes(dim, tmp_path):
    rows = random_rows(400, dim)
    index = written(tmp_path, rows, "codes")
    assert pairs(index.search(rows[5], k=3)) == brute_force(rows, rows[5], 3)


def test_ties_at_the_cut_keep_the_lowest_rows(index, rows):
    assert [hit.row for hit in index.search(rows[17], k=3)] == [5, 17, 90]


def test_a_collection_of_equal_rows_comes_back_in_row_order(kind, tmp_path):
    index = written(tmp_path, np.repeat(random_rows(1, 16), 3000, axis=0), kind)
    assert [hit.row for hit in index.search(random_rows(1, 16)[0], k=7)] == list(range(7))


@settings(max_examples=30, deadline=None)
@given(data=st.data())
def test_small_indexes_equal_brute_force(data, kind, tmp_path_factory):
    axis = st.sampled_from([[1.0, 0.0], [0.0, 1.0], [-1.0, 0.0], [0.6, 0.8]])
    rows = unit(data.draw(st.lists(axis, min_size=1, max_size=60)))
    allowed = np.array(data.draw(st.lists(st.booleans(), min_size=len(rows), max_size=len(rows))))
    question = unit([data.draw(axis)])[0]
    k = data.draw(st.integers(1, 70))
    index = written(tmp_path_factory.mktemp("small"), rows, kind)
    found = index.search(question, k=k, allowed=allowed)
    assert pairs(found) == brute_force(rows, question, k, allowed)


def test_nothing_allowed_and_nothing_indexed_find_nothing(index, rows, tmp_path):
    assert index.search(rows[0], k=5, allowed=np.zeros(len(rows), dtype=bool)) == []
    empty = written(tmp_path, np.zeros((0, 24), dtype=np.float32))
    assert empty.search(rows[0], k=5) == []
    assert read_vectors(empty.path, dim=24).shape == (0, 24)


def test_rows_are_read_back_as_written(index, rows):
    back = read_vectors(index.path, dim=24)
    assert back.dtype == np.float32
    assert np.array_equal(back, rows)


def test_searching_changes_no_byte(index, rows):
    files = sorted(index.path.parent.iterdir())
    before = [path.read_bytes() for path in files]
    index.search(rows[0], k=5)
    assert [path.read_bytes() for path in files] == before
    assert sorted(index.path.parent.iterdir()) == files


def test_threads_find_what_one_finds(index):
    questions = random_rows(200, 24, seed=2)
    alone = [index.search(question, k=10) for question in questions]
    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(lambda question: index.search(question, k=10), questions)) == alone


def test_one_question_is_searched_by_one_thread(index, rows):
    # Several OpenMP threads make a single search slower (the last rows of python -m eval.bench).
    import faiss

    faiss.omp_set_num_threads(4)
    index.search(rows[0], k=3)
    assert faiss.omp_get_max_threads() == 1


def test_a_search_goes_on_after_the_files_are_deleted(rows, kind, tmp_path):
    index = written(tmp_path, rows, kind)
    for path in tmp_path.iterdir():
        path.unlink()
    assert index.search(rows[3], k=1)[0].row == 3


@pytest.mark.parametrize(
    ("bad", "reason"),
    [
        (np.zeros(8, dtype=np.float32), "must be"),
        (np.zeros((3, 8), dtype=np.float32), "row 0, of length 0"),
        (np.full((3, 8), np.nan, dtype=np.float32), "finite"),
        (np.full((3, 8), np.inf, dtype=np.float32), "finite"),
    ],
)
def test_rows_that_are_no_unit_vectors_are_not_written(bad, reason, tmp_path):
    with np.errstate(all="ignore"), pytest.raises(ValueError, match=reason):
        write_vectors(tmp_path / "v", bad)
    assert not (tmp_path / "v").exists()


def test_a_wrong_question_is_a_value_error(index, rows):
    with pytest.raises(ValueError, match="25 dimensions, the index 24"):
        index.search(random_rows(1, 25)[0], k=1)
    with pytest.raises(ValueError, match="finite"):
        index.search(np.full(24, np.nan, dtype=np.float32), k=1)
    with pytest.raises(ValueError, match="k must be"):
        index.search(rows[0], k=0)
    with pytest.raises(ValueError, match="mask"):
        index.search(rows[0], k=1, allowed=np.ones(3, dtype=bool))


def test_files_that_do_not_fit_are_damaged(index, tmp_path):
    data = index.path.read_bytes()
    for name, content in {"cut": data[: len(data) // 2], "head": b"xx" + data, "none": b""}.items():
        path = tmp_path / name
        path.write_bytes(content)
        with pytest.raises(IndexDamagedError, match=name):
            VectorIndex.open(path, dim=24, count=700)
    with pytest.raises(IndexDamagedError, match="missing"):
        VectorIndex.open(tmp_path / "nowhere", dim=24, count=700)
    with pytest.raises(IndexDamagedError, match="24 dimensions"):
        VectorIndex.open(index.path, dim=25, count=700)
    with pytest.raises(IndexDamagedError, match="700 vectors"):
        VectorIndex.open(index.path, dim=24, count=701)


def test_codes_that_do_not_fit_are_damaged(rows, tmp_path):
    import faiss

    written(tmp_path, rows, "codes")
    path = tmp_path / "vectors.codes"
    sound = path.read_bytes()
    for wrong in (rows[:-1], rows[:, :8]):
        path.unlink()
        write_codes(path, unit(wrong))
        with pytest.raises(IndexDamagedError, match="where the manifest says 700 of 24"):
            opened(tmp_path, rows)
    for content in (sound[: len(sound) // 2], b"xx" + sound, b""):
        path.unlink()
        path.write_bytes(content)
        with pytest.raises(IndexDamagedError, match=r"vectors\.codes"):
            opened(tmp_path, rows)
    for other in (faiss.IndexFlatIP(24), faiss.IndexPQFastScan(24, 12, 4)):
        path.unlink()
        faiss.write_index(other, str(path))
        with pytest.raises(IndexDamagedError, match="another kind"):
            opened(tmp_path, rows)
    path.unlink()
    with pytest.raises(IndexDamagedError, match="missing"):
        opened(tmp_path, rows)


def test_codes_of_rows_that_are_not_there_are_damaged(rows, tmp_path):
    # The right number of codes with wrong numbers: what a flipped bit in the file looks like.
    import faiss

    written(tmp_path, rows, "codes")
    path = tmp_path / "vectors.codes"
    index = faiss.read_index(str(path))
    index.reset()
    index.add_with_ids(rows, np.arange(len(rows)) + 500)
    path.unlink()
    faiss.write_index(index, str(path))
    with pytest.raises(IndexDamagedError, match="beyond its 700"):
        opened(tmp_path, rows).search(rows[3], k=20)


def test_exact_rows_that_were_cut_under_an_open_index_are_damaged(rows, tmp_path):
    index = written(tmp_path, rows, "codes")
    with (tmp_path / "vectors.faiss").open("r+b") as file:
        file.truncate(2000)
    with pytest.raises(IndexDamagedError, match="ends within its rows"):
        index.search(rows[600], k=5)


def test_another_kind_of_faiss_index_is_refused(tmp_path):
    import faiss

    faiss.write_index(faiss.IndexFlatL2(8), str(tmp_path / "l2"))
    faiss.write_index(faiss.IndexHNSWFlat(8, 4), str(tmp_path / "hnsw"))
    for name in ("l2", "hnsw"):
        with pytest.raises(IndexDamagedError, match="another kind"):
            VectorIndex.open(tmp_path / name, dim=8, count=0)


def test_a_disk_that_refuses_is_an_os_error(tmp_path):
    with pytest.raises(OSError, match="cannot write the vectors"):
        write_vectors(tmp_path / "no" / "folder", random_rows(2, 8))
    with pytest.raises(OSError, match="cannot write the vectors"):
        write_codes(tmp_path / "no" / "folder", random_rows(2, 8))


def test_unit_rows_gives_a_direction_to_a_row_without_one():
    rows = unit([[3.0, 4.0], [0.0, 0.0]])
    assert rows.tolist() == [[pytest.approx(0.6), pytest.approx(0.8)], [1.0, 0.0]]
