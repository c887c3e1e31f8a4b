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


@pytest.mark.parametrize(("lost", "last"), [(20, "case q19: "), (23, "… and 3 more")])
def test_an_import_names_the_first_of_what_it_left_out(tmp_path, lost, last):
    (tmp_path / "qrels").mkdir()
    ids = ["kept", *(f"q{n}" for n in range(lost))]
    (tmp_path / "corpus.jsonl").write_text('{"_id": "kept", "text": "wind on a wing"}', "utf-8")
    queries = "".join(json.dumps({"_id": id_, "text": "what is lifted"}) + "\n" for id_ in ids)
    (tmp_path / "queries.jsonl").write_text(queries, "utf-8")
    judged = "".join(f"{id_}\t{id_}\t1\n" for id_ in ids)
    (tmp_path / "qrels" / "test.tsv").write_text(f"query-id\tcorpus-id\tscore\n{judged}", "utf-8")
    done = CliRunner().invoke(
        app, ["eval", "import", "beir", str(tmp_path), "--output", str(tmp_path / "set")]
    )
    assert done.exit_code == 0, done.output
    told = done.stderr.splitlines()
    assert len(told) == min(lost, 20) + (lost > 20)
    assert told[-1].startswith(f"youju: {last}")


def test_declined_questions_become_drafts_that_can_be_run(index, tmp_path):
    def youju(*arguments):
        found = CliRunner().invoke(app, [*map(str, arguments), "--index", str(index)])
        assert found.exit_code == 0, found.output
        return found.stdout

    assert "[1]" in youju("ask", "江湾银行东门支行搬到哪里？")
    for number in ("13800138000", "13900139000"):  # masked, they are one question
        youju("ask", f"冥王星的电话{number}是谁的？", "--today", "2024-06-01")
    drafts, run = tmp_path / "drafts.jsonl", tmp_path / "run"
    assert youju("eval", "make-cases", "--from-log", "--output", drafts).startswith("1 draft, ")
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


def test_no_draft_is_no_file(index, tmp_path):
    output = tmp_path / "drafts.jsonl"
    for more, told in (
        (("nowhere/",), "0 drafts: no article of that path gives one; nothing was written"),
        (("--from-log",), "0 drafts: the log has no such question; nothing was written"),
    ):
        arguments = ["eval", "make-cases", *more, "--output", str(output), "--index", str(index)]
        found = CliRunner().invoke(app, arguments)
        assert (found.exit_code, found.stdout.strip()) == (0, told)
        assert not output.exists()


def test_one_wrong_line_stops_a_run_unless_it_is_to_go_on(index, tmp_path):
    cases, run = tmp_path / "cases.jsonl", tmp_path / "run"
    good = {"id": "a", "question": "东门支行搬到哪里？", "answerable": False, "lang": "zh-Hans"}
    lines = [json.dumps(good | {"id": str(n)}, ensure_ascii=False) for n in range(20)]
    lines[3], lines[7] = "{", lines[6]
    cases.write_text("\n".join(lines), encoding="utf-8")
    arguments = ["eval", "run", str(cases), "--index", str(index), "--output", str(run), "--once"]
    refused = CliRunner().invoke(app, arguments, standalone_mode=False)
    assert "line 4: not JSON" in str(refused.exception)
    assert "line 8: id: '6' is already the id of line 7" in str(refused.exception)
    assert str(refused.exception).endswith("2 lines are no case; nothing was asked")
    assert not run.exists()
    found = CliRunner().invoke(app, [*arguments, "--keep-going"])
    assert found.exit_code == 1
    assert "18 cases" in found.stdout
    assert found.stderr.splitlines()[-1] == "youju: 2 left out"
