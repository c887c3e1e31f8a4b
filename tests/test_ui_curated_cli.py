"""Approved answers on the terminal: checked, listed, shown."""

import json
import re
import textwrap
from pathlib import Path

import pytest
from click.testing import CliRunner

from ui.cli import app

FILE = """
[[answer]]
id = "robot"
questions = ["交通银行的机器人回答了多少笔提问？", "交行机器人满意度是多少"]
approved_by = "编辑部"
valid_until = 2024-12-31

[[answer.sentences]]
text = "到2020年2月底共55.57万笔，满意度98.68%。"
[[answer.sentences.citations]]
article = "articles/zh/2020-03-12-six-banks-online.md"
quote = "机器人一共回答提问55.57万笔"
"""


@pytest.fixture
def run(tmp_path, sample_folder):
    path = tmp_path / "curated.toml"

    def _run(*arguments, text=FILE):
        path.write_text(text, encoding="utf-8")
        named = [str(path) if a == "FILE" else a for a in arguments]
        return CliRunner().invoke(app, [*named, "--index", str(sample_folder)])

    _run.path = path
    return _run


def test_a_sound_file(run):
    found = run("curated", "check", "FILE")
    assert (found.exit_code, found.stdout) == (0, "1 answers can be served, 0 problems\n")


def test_the_example_of_the_guide(run):
    guide = (Path(__file__).parents[1] / "docs" / "guide.md").read_text(encoding="utf-8")
    (block,) = re.findall(r"^(    \[\[answer\]\]\n(?:(?:    .*)?\n)+)", guide, re.MULTILINE)
    found = run("curated", "check", "FILE", text=textwrap.dedent(block))
    assert (found.exit_code, found.output) == (0, "1 answers can be served, 0 problems\n")


def test_every_problem_is_a_line_and_the_status_is_2(run):
    broken = FILE.replace('提问55.57万笔"', '提问55.58万笔"').replace("2024-12-31", '"never"')
    found = run("curated", "check", "FILE", text=broken)
    assert found.exit_code == 2
    first, second = found.stdout.splitlines()
    assert first.startswith(f"{run.path}: answer 1 (robot): valid_until must be a day")
    assert second.startswith(f"{run.path}: answer 1 (robot): sentence 1: the quote '机器人一共回答")


@pytest.mark.parametrize(("day", "state"), [("2024-12-31", "valid"), ("2025-01-01", "expired")])
def test_the_list_tells_states(run, day, state):
    found = run("curated", "list", "FILE", "--today", day)
    assert found.exit_code == 0
    assert found.stdout.split() == [
        *(state, "robot", "…", "to", "2024-12-31", "编辑部"),
        *("交通银行的机器人回答了多少笔提问？", "(+1)"),
    ]
    (row,) = json.loads(run("curated", "list", "FILE", "--today", day, "--json").stdout)
    assert (row["id"], row["state"], row["valid_until"]) == ("robot", state, "2024-12-31")


def test_the_list_has_what_is_broken(run):
    found = run("curated", "list", "FILE", text=FILE.replace("six-banks", "ten-banks"))
    assert found.stdout.startswith("broken    answer 1 (robot)  sentence 1: no article has the id")


def test_asking_says_that_an_answer_is_approved(run, tmp_path):
    settings = tmp_path / "youju.toml"
    settings.write_text(f'[answer]\ncurated = "{run.path}"\n', encoding="utf-8")
    asking = ("交行機器人滿意度是多少？", "--config", str(settings), "--today")
    told = run("ask", *asking, "2024-06-01").stdout
    assert "到2020年2月底共55.57万笔，满意度98.68%。[1]" in told
    assert "(curated answer robot, approved by 编辑部, valid … to 2024-12-31)" in told
    assert "curated answer robot" in run("explain", *asking, "2024-06-01").stdout
    assert "curated" not in run("ask", *asking, "2025-01-01").stdout
