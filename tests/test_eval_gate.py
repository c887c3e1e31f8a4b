"""The gate: what fails, what passes, what is refused."""

import re
from pathlib import Path

import click
import pytest
from click.testing import CliRunner
from eval_runs import answer, case, write_pair, write_run

from eval.gate import gate
from eval.runs import read_run
from eval.thresholds import Thresholds, read_thresholds
from index.errors import UsageError
from ui.eval_compare_cli import register


def thresholds(tmp_path, text):
    path = tmp_path / "thresholds.toml"
    path.write_text(text, encoding="utf-8")
    return read_thresholds(path)


def judged(a, b, limits=None):
    return gate(read_run(b), read_run(a).scores, limits or Thresholds())


def test_the_same_run_passes(tmp_path):
    a, b = write_pair(tmp_path, [1, 0, 1], [1, 0, 1])
    assert judged(a, b).passed


def test_a_significant_fall_fails_and_names_its_questions(tmp_path):
    tags = [["x"]] * 10 + [["y"]] * 10
    a, b = write_pair(tmp_path, [1] * 20, [0] * 6 + [1] * 14, tags=tags)
    (found,) = judged(a, b).regressions
    assert (found.metric, found.group, found.before, found.after) == ("recall@5", "all", 1.0, 0.7)
    assert found.p == pytest.approx(2 / 2**6)
    assert found.cases == ("q0", "q1", "q2", "q3", "q4", "q5")
    assert [part.group for part in found.slices] == ["tag=x"]
    assert "fell by 0.3000, allowed 0.0000" in found.reason


def test_a_fall_that_chance_explains_passes_unless_alpha_is_1(tmp_path):
    a, b = write_pair(tmp_path, [1] * 20, [0] * 5 + [1] * 15)  # p = 2 / 2^5 = 0.0625
    assert judged(a, b).passed
    assert not judged(a, b, thresholds(tmp_path, "alpha = 0.0625")).passed
    assert not judged(a, b, thresholds(tmp_path, "alpha = 1")).passed
    assert judged(a, b, thresholds(tmp_path, "alpha = 1\nmax_drop = 0.25")).passed
    assert not judged(a, b, thresholds(tmp_path, "alpha = 1\nmax_drop = 0.249")).passed


def test_floors_and_ceilings_hold_whatever_the_baseline_says(tmp_path):
    a, b = write_pair(tmp_path, [1, 0], [1, 0])
    limits = thresholds(tmp_path, '[metric."recall@5"]\nfloor = 0.51')
    (found,) = judged(a, b, limits).regressions
    assert found.reason == "0.5000 is below the floor 0.51"
    assert judged(a, b, thresholds(tmp_path, '[metric."recall@5"]\nfloor = 0.5')).passed
    limits = thresholds(tmp_path, '[metric."recall@5"]\nceiling = 0.4')
    assert judged(a, b, limits).regressions[0].reason == "0.5000 is above the ceiling 0.4"


def test_a_rise_is_a_fall_where_smaller_is_better(tmp_path):
    a, b = write_pair(tmp_path, [0] * 6, [1] * 6, metric="calibration_error")
    assert not judged(a, b).passed
    assert judged(b, a).passed


def test_slices_are_judged_where_named(tmp_path):
    langs = ["en"] * 10 + ["zh-Hans"] * 30
    a, b = write_pair(tmp_path, [1] * 40, [0] * 7 + [1] * 33, lang=langs)
    text = 'max_drop = 0.2\n[[slice]]\nname = "lang=*"\nmetrics = ["recall@5"]\n'
    (found,) = judged(a, b, thresholds(tmp_path, text)).regressions
    assert (found.group, found.after) == ("lang=en", 0.3)
    # Two slices are judged together, so the p is doubled.
    assert found.p == pytest.approx(2 * 2 / 2**7)
    assert judged(a, b, thresholds(tmp_path, text + "min_cases = 11")).passed
    assert judged(a, b, thresholds(tmp_path, text + "max_drop = 0.7")).passed


def test_metrics_of_the_whole_set_are_judged_where_named(tmp_path):
    rows = [case("1", metrics={"m": 1})]
    a = write_run(tmp_path / "a", rows, totals={"declining_F1": 0.5, "calibration_error": 0.1})
    b = write_run(tmp_path / "b", rows, totals={"declining_F1": 0.4, "calibration_error": 0.2})
    assert judged(a, b).passed
    text = "[metric.declining_F1]\nmax_drop = 0.05\n[metric.calibration_error]\nmax_drop = 0.11"
    (found,) = judged(a, b, thresholds(tmp_path, text)).regressions
    assert (found.metric, found.p) == ("declining_F1", None)


def test_a_metric_that_no_case_has_any_more_fails(tmp_path):
    a, b = write_pair(tmp_path, [1, 0], [None, None])
    (found,) = judged(a, b).regressions
    assert found.reason == "applies to no case any more"


def test_a_total_that_the_run_has_no_value_for_fails_where_named(tmp_path):
    rows = [case("1", metrics={"m": 1})]
    a = write_run(tmp_path / "a", rows, totals={"declining_precision": 0.5})
    b = write_run(tmp_path / "b", rows, totals={"declining_precision": None})
    assert judged(a, b).passed
    (found,) = judged(a, b, thresholds(tmp_path, 'metrics = ["declining_precision"]')).regressions
    assert (found.before, found.reason) == (0.5, "applies to no case any more")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("alhpa = 1", "unknown key 'alhpa'; known: alpha, max_drop"),
        ("alpha = 2", "alpha must lie between 0 and 1"),
        ("max_drop = nan", "max_drop must not be negative"),
        ('max_drop = "much"', "max_drop must be a number, not 'much'"),
        ('[metric."recall@5"]\nflor = 1', r'\[metric."recall@5"\]: unknown key .flor'),
        ("[metric]\nm = 1", r'\[metric."m"\] must be a table'),
        ('metrics = "all"', "metrics must be a list"),
        ("[slice]\nname = 1", "two brackets"),
        ('[[slice]]\nname = "x"', r"\[\[slice\]\] 1: needs a name such as"),
        ('[[slice]]\nname = "x=y"', r"\[\[slice\]\] 1: needs metrics"),
        ('[[slice]]\nname = "x=y"\nmetrics = ["m"]\nmin_cases = 0', "min_cases must be"),
        ("alpha =", "is not valid TOML"),
    ],
)
def test_bad_thresholds_are_refused(tmp_path, text, message):
    with pytest.raises(UsageError, match=message):
        thresholds(tmp_path, text)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('metrics = ["recall@7"]', "name the metric 'recall@7'.*it has: recall@5"),
        ('[metric."recall@7"]\nfloor = 1', "name the metric 'recall@7'"),
        (
            '[[slice]]\nname = "lang=fr"\nmetrics = ["recall@5"]',
            "the slice 'lang=fr'.*it has: kind=",
        ),
    ],
)
def test_thresholds_of_what_is_not_there_are_refused(tmp_path, text, message):
    a, b = write_pair(tmp_path, [1], [1])
    with pytest.raises(UsageError, match=message):
        judged(a, b, thresholds(tmp_path, text))


def test_a_baseline_with_a_metric_that_is_gone_is_refused(tmp_path):
    a = write_run(tmp_path / "a", [case("1", metrics={"old": 1, "m": 1})])
    b = write_run(tmp_path / "b", [case("1", metrics={"m": 1})])
    with pytest.raises(UsageError, match=r"has the metric 'old'.*youju eval baseline"):
        judged(a, b)


@pytest.fixture
def run_cli():
    group = click.Group()
    register(group)

    def run(*arguments):
        return CliRunner().invoke(group, [str(a) for a in arguments])

    return run


def test_the_command_line_from_baseline_to_status(tmp_path, run_cli):
    a, b = write_pair(
        tmp_path,
        [1] * 8,
        [0] * 6 + [1] * 2,
        question=["多少\x1b[31m钱？"] * 8,
        answer=[answer("不知道。")] * 8,
    )
    base = tmp_path / "base.json"
    made = run_cli("baseline", a, "--output", base)
    assert (made.exit_code, made.output) == (0, f"wrote {base}; commit it\n")
    passed = run_cli("gate", a, "--baseline", base)
    assert (passed.exit_code, passed.output) == (0, f"pass: {a} against {base}, 1 comparisons\n")
    failed = run_cli("gate", b, "--baseline", base, "--limit", "2")
    assert failed.exit_code == 1
    assert failed.output.startswith(f"REGRESSION: {b} against {base}: recall@5\n")
    assert "recall@5: 1.000 → 0.250" in failed.output
    assert "6 questions got worse, the first 2" in failed.output
    # What drives a terminal is taken out of a question.
    assert re.findall(r"^q\d +\S+ +\S+$", failed.output, re.MULTILINE) == [
        "q0    多少�[31m钱？  不知道。",
        "q1    多少�[31m钱？  不知道。",
    ]
    refused = run_cli("gate", b, "--baseline", tmp_path / "none.json")
    assert isinstance(refused.exception, UsageError)  # which the program's main makes status 2


def test_compare_writes_what_it_prints(tmp_path, run_cli):
    a, b = write_pair(tmp_path, [1] * 8, [0] * 6 + [1] * 2)
    page = tmp_path / "c.html"
    done = run_cli("compare", a, b, "--output", page, "--limit", "1")
    assert done.exit_code == 0
    assert "significantly worse: recall@5" in done.output
    assert "… and 5 more" in done.output
    assert page.read_text(encoding="utf-8").count("question q") == 6
    bad = run_cli("compare", a, b, "--output", tmp_path / "c.pdf")
    assert "end the name in .md or .html" in str(bad.exception)


def test_every_command_and_option_is_in_the_guide():
    guide = (Path(__file__).parents[1] / "docs" / "guide.md").read_text(encoding="utf-8")
    group = click.Group()
    register(group)
    for name, command in group.commands.items():
        assert f"youju eval {name}" in guide
        for parameter in command.params:
            assert [opt for opt in parameter.opts if opt[0] == "-" and opt not in guide] == []


def test_the_committed_thresholds_can_be_read():
    path = Path(__file__).parents[1] / "eval" / "baselines" / "thresholds.toml"
    limits = read_thresholds(path)
    assert limits.of("verbatim").floor == 1.0
    assert "recall@5" in limits.metrics
