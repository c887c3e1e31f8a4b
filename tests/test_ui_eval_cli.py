"""Measuring from the terminal, end to end: questions asked become drafts, drafts a run."""

import json

import pytest
from click.testing import CliRunner

from eval.cases import load_cases
from index.config import IndexConfig
from index.sync import sync
from ui.cli import app


@pytest.fixture
def index(tmp_path):
    articles = tmp_path / "articles"
    articles.mkdir()
    (articles / "a.md").write_text(
        "# 通告\n\n江湾银行东门支行搬到和平路12号。新址有停车位。\n", encoding="utf-8"
    )
    sync([articles], tmp_path / "index", config=IndexConfig())
    return tmp_path / "index"


def test_declined_questions_become_drafts_that_can_be_run(index, tmp_path):
    def youju(*arguments):
        found = CliRunner().invoke(app, [*map(str, arguments), "--index", str(index)])
        assert found.exit_code == 0, found.output
        return found.stdout

    assert "[1]" in youju("ask", "江湾银行东门支行搬到哪里？")
    for number in ("13800138000", "13900139000"):  # masked, they are one question
        youju("ask", f"冥王星的电话{number}是谁的？", "--today", "2024-06-01")
    drafts, run = tmp_path / "drafts.jsonl", tmp_path / "run"
    assert youju("eval", "make-cases", "--from-log", "--output", drafts).startswith("1 drafts")
    (case,) = load_cases(drafts)
    assert not case.answerable
    assert case.tags[0] == "draft"
    assert case.question.startswith("冥王星的电话")
    assert "138" not in case.question
    youju("eval", "run", drafts, "--output", run, "--once")
    (row,) = (json.loads(line) for line in (run / "results.jsonl").read_text("utf-8").splitlines())
    assert row["answer"]["abstained"]
    assert row["slices"]["answerable"] == "no"
    again = CliRunner().invoke(
        app, ["eval", "make-cases", "--from-log", "--output", str(drafts), "--index", str(index)]
    )
    assert again.exit_code != 0  # a file that a person may have put right is not overwritten
