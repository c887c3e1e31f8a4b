"""Sweeps: every point once, nothing repeated, an index for each setting of it."""

import json
import os
from pathlib import Path
from types import SimpleNamespace

import pytest
from click.testing import CliRunner
from eval_runs import case, write_run

from eval.sweep import pareto, read_sweep, sweep, sweep_blocks, write_sweep
from eval.workers import usual_jobs
from index.errors import UsageError
from rag.answer import Asker
from rag.config import Config
from ui import eval_compare_cli
from ui.cli import app

GRID = '[grid]\n"retrieval.passages" = [2, 8]\n"index.max_chars" = [160, 320]\n'


@pytest.fixture
def plan_file(tmp_path):
    cases = tmp_path / "cases.jsonl"
    cases.write_text("{}\n", encoding="utf-8")
    (tmp_path / "articles").mkdir()

    def write(grid=GRID, **given):
        values = {
            "cases": [str(cases)],
            "output": str(tmp_path / "out"),
            "index": str(tmp_path / "index"),
            "articles": [str(tmp_path / "articles")],
            "metric": "recall@5",
        } | given
        lines = [f"{name} = {value!r}" for name, value in values.items() if value is not None]
        path = tmp_path / "sweep.toml"
        path.write_text("\n".join([*lines, grid]), encoding="utf-8")
        return path

    return write


class World:
    """Evaluates by a formula and remembers what it was asked to do."""

    def __init__(self):
        self.runs, self.builds, self.contents = [], [], "v1"

    def evaluate(self, point, folder):
        self.runs.append((point.config.retrieval.passages, point.config.index.max_chars))
        quality = point.config.retrieval.passages / 10
        write_run(
            folder,
            [case("q", metrics={"recall@5": quality})],
            latency=point.config.index.max_chars,
        )

    def build_index(self, articles, folder, config):
        self.builds.append((folder.name, config.index.max_chars, len(articles)))
        return self.contents

    def sweep(self, path):
        return sweep(read_sweep(path), evaluate=self.evaluate, build_index=self.build_index)


def test_every_point_is_run_once_and_never_again(plan_file):
    world, path = World(), plan_file()
    outcomes = world.sweep(path)
    assert world.runs == [(2, 160), (2, 320), (8, 160), (8, 320)]
    assert [o.point.settings for o in outcomes][1] == {
        "retrieval.passages": 2,
        "index.max_chars": 320,
    }
    assert [o.mean("recall@5") for o in outcomes] == [0.2, 0.2, 0.8, 0.8]
    # One index for each setting of the index, not for each point.
    assert [max_chars for _, max_chars, _ in world.builds] == [160, 320]
    assert len({name for name, _, _ in world.builds}) == 2
    again = world.sweep(path)
    assert len(world.runs) == 4
    assert [o.is_new for o in outcomes] == [True] * 4
    assert [o.is_new for o in again] == [False] * 4
    # A wider grid keeps what it has.
    world.sweep(plan_file(GRID.replace("[2, 8]", "[2, 4, 8]")))
    assert world.runs[4:] == [(4, 160), (4, 320)]


def test_changed_articles_or_cases_are_run_anew(plan_file, tmp_path):
    world, path = World(), plan_file()
    world.sweep(path)
    world.contents = "v2"
    world.sweep(path)
    assert len(world.runs) == 8
    (tmp_path / "cases.jsonl").write_text("{} \n", encoding="utf-8")
    world.sweep(path)
    assert len(world.runs) == 12


def test_a_run_that_was_interrupted_goes_on(plan_file):
    world, path = World(), plan_file('[grid]\n"retrieval.passages" = [2, 8]\n')
    folders = []

    def stopped(point, folder):
        folders.append(folder)
        if point.config.retrieval.passages == 8:
            raise KeyboardInterrupt
        world.evaluate(point, folder)

    with pytest.raises(KeyboardInterrupt):
        sweep(read_sweep(path), evaluate=stopped, build_index=world.build_index)
    assert world.builds == [("index", 320, 1)]  # the one that is there, only named
    world.runs.clear()
    world.sweep(path)
    assert world.runs == [(8, 320)]


def test_the_table_is_sorted_and_marks_the_front(plan_file):
    world, path = World(), plan_file()
    outcomes = world.sweep(path)
    plan = read_sweep(path)
    table = next(block for block in sweep_blocks(plan, outcomes) if hasattr(block, "rows"))
    assert table.head[:6] == (
        *("#", "recall@5", "p50 ms", "Pareto"),
        *("retrieval.passages", "index.max_chars"),
    )
    assert [row[1].text for row in table.rows] == ["0.800", "0.800", "0.200", "0.200"]
    assert [row[3].text for row in table.rows] == ["yes", "yes", "", ""]
    _, page = write_sweep(plan, outcomes)
    assert page.read_text(encoding="utf-8").count("<svg") == 1


def test_a_point_that_no_other_beats_is_on_the_front():
    # (ms, quality): slower but better stays, slower and no better goes; equals both stay.
    points = [(10, 0.5), (20, 0.7), (15, 0.5), (30, 0.7), (5, 0.1), (20, 0.7)]
    assert pareto(points) == [True, True, False, False, True, True]


@pytest.mark.parametrize(
    ("grid", "given", "message"),
    [
        ("", {}, r"needs a \[grid\]"),
        ("[grid]\npassages = [1]", {}, "write 'passages' as \"table.setting\""),
        ('[grid]\n"retrieval.pasages" = [1]', {}, "unknown key 'pasages'"),
        ('[grid]\n"retrieval.passages" = 3', {}, "must be a list of values, not 3"),
        ('[grid]\n"retrieval.passages" = [3, 3]', {}, "has a value twice"),
        ('[grid]\n"retrieval.passages" = [0]', {}, "passages must lie between 1 and"),
        ('[grid]\n"nowhere.passages" = [1]', {}, r"unknown table \[nowhere\]"),
        (GRID, {"articles": None}, "the grid changes the index"),
        (GRID, {"cases": ["none.jsonl"]}, "none.jsonl is not there"),
        (GRID, {"cases": None}, "needs cases"),
        (GRID, {"metric": None}, "needs metric"),
        (GRID, {"metrc": "x"}, "unknown key 'metrc'"),
    ],
)
def test_a_plan_that_cannot_be_run_is_refused_before_anything_runs(plan_file, grid, given, message):
    with pytest.raises(UsageError, match=message):
        read_sweep(plan_file(grid, **given))


def test_a_metric_that_no_run_has_is_refused(plan_file):
    with pytest.raises(UsageError, match=r"no metric 'recall@7' in .* it has: recall@5"):
        World().sweep(plan_file(metric="recall@7"))


def test_questions_are_asked_one_at_a_time_whatever_answers(sample, tmp_path, monkeypatch):
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: set(range(4)), raising=False)
    assert usual_jobs(Asker(sample.index, config=Config())) == 4
    asked = {}
    monkeypatch.setattr("eval.run.evaluate", lambda *_, **given: asked.update(given))
    point = SimpleNamespace(index=sample.index.folder.parents[1], config=Config())
    eval_compare_cli._evaluate([tmp_path / "cases.jsonl"], point, tmp_path)
    assert (asked["jobs"], asked.get("processes", False)) == (1, False)


def test_a_sweep_by_its_command(tmp_path):
    """A small grid over a small collection, with nothing in the place of anything."""
    (tmp_path / "articles").mkdir()
    (tmp_path / "articles" / "a.md").write_text(
        "# 通告\n\n江湾银行东门支行搬到和平路12号。新址有停车位。\n\n客户满意度为98.68%。\n",
        encoding="utf-8",
    )
    gold = [[{"article": "articles/a.md", "quote": "东门支行搬到和平路12号"}]]
    case_ = {"id": "a", "question": "江湾银行东门支行搬到哪里？", "answers": ["和平路12号"]}
    case_ |= {"gold": gold, "answerable": True, "lang": "zh-Hans", "tags": ["place"]}
    cases = tmp_path / "cases.jsonl"
    cases.write_text(json.dumps(case_) + "\n", encoding="utf-8")
    (tmp_path / "youju.toml").write_text('[index]\nembedder = "hash"\n', encoding="utf-8")
    plan = tmp_path / "sweep.toml"
    plan.write_text(
        f"""
cases = ["{cases}"]
output = "{tmp_path / "out"}"
articles = ["{tmp_path / "articles"}"]
config = "{tmp_path / "youju.toml"}"
metric = "recall@5"
[grid]
"retrieval.passages" = [1, 4]
"index.max_chars" = [20, 320]
""",
        encoding="utf-8",
    )
    first = CliRunner().invoke(app, ["eval", "sweep", str(plan)])
    assert first.exit_code == 0, first.output
    runs = sorted(p.parent for p in (tmp_path / "out").rglob("results.jsonl"))
    assert len(runs) == 4
    settings = [json.loads((run / "run.json").read_text("utf-8"))["config"] for run in runs]
    assert sorted((c["retrieval"]["passages"], c["index"]["max_chars"]) for c in settings) == [
        *((1, 20), (1, 320), (4, 20), (4, 320)),
    ]
    lines = [(run / "results.jsonl").read_text("utf-8") for run in runs]
    rows = [json.loads(line) for line in lines]  # one case, one line
    assert [row["metrics"]["recall@5"] for row in rows] == [1.0] * 4
    written = [Path(line[6:]) for line in first.stdout.splitlines() if line.startswith("wrote ")]
    assert [path.suffix for path in written] == [".md", ".html"]
    assert "| retrieval.passages | index.max\\_chars |" in written[0].read_text("utf-8")
    before = [(run / "results.jsonl").stat().st_mtime_ns for run in runs]
    again = CliRunner().invoke(app, ["eval", "sweep", str(plan)])
    assert again.exit_code == 0
    assert [(run / "results.jsonl").stat().st_mtime_ns for run in runs] == before
