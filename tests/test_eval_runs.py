"""Run folders are read back, and refused with a reason where something is wrong."""

import json

import pytest
from eval_runs import answer, case, write_run

from eval.runs import read_run
from index.errors import UsageError


@pytest.fixture
def folder(tmp_path):
    rows = [
        case("一", metrics={"recall@5": 1, "F1": None}, tags=["follow-up"]),
        case(
            "b",
            metrics={"recall@5": 0.5, "F1": None},
            answer=answer("答", probability=0.75),
            lang="en",
        ),
        case(
            "c",
            metrics={"recall@5": 0, "F1": None},
            answer=None,
            error={"type": "RemoteError", "message": "away"},
        ),
    ]
    return write_run(tmp_path / "run", rows, totals={"declining_F1": 0.4})


def test_a_run_comes_back(folder):
    run = read_run(folder)
    assert [row.id for row in run.rows] == ["一", "b", "c"]
    assert run.rows[0].groups == ("lang=zh-Hans", "kind=number", "tag=follow-up")
    assert run.rows[0].metrics == {"recall@5": 1.0, "F1": None}
    assert [row.declined for row in run.rows] == [False, False, None]
    assert [row.probability for row in run.rows] == [None, 0.75, None]
    assert run.rows[2].error == "RemoteError: away"
    assert run.full(run.rows[1])["answer"]["answer"] == "答"
    # A metric that applies to no case is none; one of the whole set is a total.
    assert run.metrics == ("recall@5",)
    assert run.scores.totals == {"declining_F1": 0.4}


def rewrite(path, change):
    record = json.loads(path.read_text(encoding="utf-8"))
    change(record)
    path.write_text(json.dumps(record), encoding="utf-8")


def test_what_is_no_run_is_refused(folder, tmp_path):
    with pytest.raises(UsageError, match="is no run folder"):
        read_run(tmp_path / "nowhere")
    rewrite(folder / "run.json", lambda run: run.update(schema_version=99))
    with pytest.raises(UsageError, match=r"run\.json: has schema version 99.*reads 1"):
        read_run(folder)
    (folder / "run.json").write_text("{", encoding="utf-8")
    with pytest.raises(UsageError, match=r"run\.json: is not valid JSON"):
        read_run(folder)


@pytest.mark.parametrize("name", ["run.json", "results.jsonl", "summary.json"])
def test_a_missing_file_is_named(folder, name):
    (folder / name).unlink()
    with pytest.raises(UsageError, match=f"{name}: cannot be read|no {name} in it"):
        read_run(folder)


def test_a_row_that_is_cut_off_is_named(folder):
    path = folder / "results.jsonl"
    path.write_bytes(path.read_bytes()[:-20])
    with pytest.raises(UsageError, match=r"results\.jsonl: line 3 is cut off.*--resume"):
        read_run(folder)


def test_rows_that_are_missing_are_counted(folder):
    path = folder / "results.jsonl"
    path.write_bytes(b"".join(path.read_bytes().splitlines(keepends=True)[:2]))
    with pytest.raises(UsageError, match=r"2 rows of 3.*--resume"):
        read_run(folder)
    assert len(read_run(folder, unfinished=True).rows) == 2


def test_a_run_that_was_interrupted_is_refused_unless_asked_for(folder):
    rewrite(folder / "run.json", lambda run: run.update(status="interrupted"))
    with pytest.raises(UsageError, match=r"the run is interrupted.*--resume"):
        read_run(folder)
    assert not read_run(folder, unfinished=True).finished


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"id": "一"}, "line 2: case '一' stands in line 1 too"),
        ({"metrics": {"recall@5": "high"}}, "line 2: is no row of a run .*'high' is no number"),
        ({"metrics": {"recall@5": float("nan")}}, "line 2: is no row of a run .*nan is no number"),
        ({"question": None}, "line 2: is no row of a run .*question must be a str"),
    ],
)
def test_a_bad_row_is_named(folder, change, message):
    path = folder / "results.jsonl"
    rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    rows[1] |= change
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    with pytest.raises(UsageError, match=message):
        read_run(folder)


def test_a_row_without_a_field_is_named(folder):
    path = folder / "results.jsonl"
    path.write_text(path.read_text(encoding="utf-8").replace('"slices"', '"slice"', 1))
    with pytest.raises(UsageError, match="line 1: has no field 'slices'"):
        read_run(folder)
