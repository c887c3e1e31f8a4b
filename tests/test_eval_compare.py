"""Comparing two runs whose differences, p and flips are known by hand."""

import pytest
from eval_runs import answer, case, write_pair, write_run

from eval.baseline import baseline_json, read_baseline
from eval.compare import compare
from eval.compare_report import asked_in, comparison_blocks
from eval.document import markdown, terminal
from eval.page import page
from eval.runs import read_run
from index.errors import UsageError


def compared(a, b, **options):
    old, new = read_run(a), read_run(b)
    groups = {row.id: row.groups for row in new.rows}
    return compare(old.scores, new.scores, groups=groups, **options)


def test_one_metric_by_hand(tmp_path):
    # Six lost, none won, four unmoved: p = 2 / 2^6.
    a, b = write_pair(tmp_path, [1] * 8 + [0] * 2, [0] * 6 + [1] * 2 + [0] * 2)
    (change,) = compared(a, b).changes
    assert (change.before, change.after, change.change.mean) == (0.8, 0.2, -0.6)
    assert (change.better, change.worse, change.pairs) == (0, 6, 10)
    assert change.p == change.p_corrected == pytest.approx(2 / 2**6)
    assert change.gain == -0.6
    assert -1 <= change.change.low < -0.6 < change.change.high < 0


def test_p_is_corrected_for_the_number_of_metrics(tmp_path):
    names = ("m1", "m2", "m3")
    before = [case(f"q{n}", metrics=dict.fromkeys(names, 1)) for n in range(6)]
    after = [case(f"q{n}", metrics={"m1": 0, "m2": 0, "m3": 1}) for n in range(6)]
    a, b = write_run(tmp_path / "a", before), write_run(tmp_path / "b", after)
    p = 2 / 2**6
    found = {c.metric: c for c in compared(a, b).changes}
    assert [found[n].p for n in names] == pytest.approx([p, p, 1.0])
    assert [found[n].p_corrected for n in names] == pytest.approx([3 * p, 3 * p, 1.0])
    assert [c.metric for c in compared(a, b, metrics=["m2"]).changes] == ["m2"]
    with pytest.raises(UsageError, match="no metric 'm9' in both runs; both have: m1, m2, m3"):
        compared(a, b, metrics=["m9"])


def test_a_metric_that_is_better_when_smaller(tmp_path):
    a, b = write_pair(tmp_path, [0.9], [0.1], metric="calibration_error")
    found = compared(a, b)
    assert found.changes[0].gain == pytest.approx(0.8)
    assert [flip.id for flip in found.better] == ["q0"]


def test_cases_without_a_value_are_counted_not_compared(tmp_path):
    a, b = write_pair(tmp_path, [1, None, None, 0], [1, 1, None, None])
    (change,) = compared(a, b).changes
    assert (change.pairs, change.unpaired, change.before, change.after) == (1, 2, 1.0, 1.0)


def test_flips_both_ways(tmp_path):
    a, b = write_pair(tmp_path, [1, 0, 0.5, 0.6, None], [0, 1, 0.4, 1.0, 1])
    found = compared(a, b)
    assert [flip.id for flip in found.worse] == ["q0"]
    assert [flip.id for flip in found.better] == ["q1"]
    (step,) = found.worse[0].worse
    assert (step.metric, step.before, step.after) == ("recall@5", 1.0, 0.0)


def test_a_case_that_is_answered_no_more_got_worse_whatever_was_found(tmp_path):
    found = {"recall@1": 0, "recall@5": 0, "RR": 0}
    rows = [
        [case("q", metrics=found | {"correct": 0, "decided": 1})],
        [case("q", metrics=dict.fromkeys(found, 1) | {"correct": 0, "decided": 0})],
    ]
    a, b = (write_run(tmp_path / name, given) for name, given in zip("ab", rows, strict=True))
    assert [flip.id for flip in compared(a, b).worse] == ["q"]
    assert compared(a, b).better == ()
    assert [flip.id for flip in compared(b, a).better] == ["q"]


def test_lost_and_won_outcomes_are_listed_first(tmp_path):
    none = {"recall@1": 0, "recall@5": 0, "RR": 0}
    full = dict.fromkeys(none, 1)
    moved = {
        "lost": (none | {"correct": 1}, full | {"correct": 0}),
        "unfound": (full | {"correct": 0}, none | {"correct": 0}),
        "halved": ({"recall@1": 1, "correct": 0}, {"recall@1": 0, "correct": 0}),
    }
    old = [case(id_, metrics=before) for id_, (before, _) in moved.items()]
    new = [case(id_, metrics=after) for id_, (_, after) in moved.items()]
    a, b = write_run(tmp_path / "a", old), write_run(tmp_path / "b", new)
    assert [flip.id for flip in compared(a, b).worse] == ["lost", "unfound", "halved"]
    assert [flip.id for flip in compared(b, a).better] == ["lost", "unfound", "halved"]


def test_slices_by_hand(tmp_path):
    langs = ["zh-Hans", "zh-Hans", "en", "en"]
    tags = [["x"], [], ["x"], []]
    a, b = write_pair(tmp_path, [1, 1, 1, 1], [1, 1, 0, 1], lang=langs, tags=tags)
    found = compared(a, b).slices
    by_group = {group: (c[0].pairs, c[0].after) for group, c in found.items()}
    assert by_group == {
        "kind=number": (4, 0.75),
        "lang=en": (2, 0.5),
        "lang=zh-Hans": (2, 1.0),
        "tag=x": (2, 0.5),
    }


def test_different_case_sets_are_told(tmp_path):
    a = write_run(tmp_path / "a", [case(i, metrics={"m": 1}) for i in ("1", "2", "3")])
    b = write_run(tmp_path / "b", [case(i, metrics={"m": 0}) for i in ("3", "4")])
    with pytest.raises(UsageError, match=r"2 only in \S+a \(1, 2\); 1 only in \S+b \(4\)"):
        compared(a, b)
    found = compared(a, b, common=True)
    assert (found.cases, found.left_out, found.changes[0].change.mean) == (1, 3, -1.0)
    c = write_run(tmp_path / "c", [case("9", metrics={"m": 0})])
    with pytest.raises(UsageError, match="no case in common"):
        compared(a, c, common=True)


def test_case_files_of_other_contents_are_refused(tmp_path):
    rows = [case("1", metrics={"m": 1})]
    a, b = write_run(tmp_path / "a", rows), write_run(tmp_path / "b", rows, sha256="s2")
    with pytest.raises(UsageError, match="the case files differ"):
        compared(a, b)


def test_a_baseline_scores_as_its_run(tmp_path):
    rows = [case("1", metrics={"m": 1, "F1": 1 / 3}), case("2", metrics={"m": None, "F1": 0})]
    run = read_run(write_run(tmp_path / "a", rows, totals={"declining_F1": 0.5}))
    path = tmp_path / "base.json"
    path.write_text(baseline_json(run), encoding="utf-8")
    scores = read_baseline(path)
    assert scores.values == run.scores.values
    assert scores.totals == {"declining_F1": 0.5}
    assert scores.cases_sha256 == "s1"
    assert '  "1": [1,0.3333333333333333],\n' in path.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[]", "is no JSON object"),
        ('{"schema_version": 7}', "schema version 7"),
        ('{"schema_version": 1}', "has no 'metrics'.*youju eval baseline"),
        (
            '{"schema_version": 1, "metrics": ["m"], "totals": {}, "cases": {}, '
            '"values": {"1": [1, 2]}}',
            "is no baseline",
        ),
    ],
)
def test_what_is_no_baseline_is_refused(tmp_path, text, message):
    path = tmp_path / "base.json"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(UsageError, match=message):
        read_baseline(path)


def test_the_report_shows_both_answers(tmp_path):
    evil = "<script>alert(1)</script> | *x*"
    a, b = (
        write_run(
            tmp_path / name,
            [case("q1", metrics={"recall@5": value}, question=evil, answer=answer(f"答{name}"))],
        )
        for name, value in (("a", 1), ("b", 0))
    )
    asked = asked_in(read_run(b), read_run(a))
    blocks = comparison_blocks(compared(a, b), asked)
    row = next(line for line in terminal(blocks).splitlines() if line.startswith("q1 "))
    assert row.split()[-5:] == ["答a", "答b", "recall@5", "1", "→"] or row.endswith("1 → 0")
    assert "答a" in row
    assert "答b" in row
    html = page("t", blocks)
    assert "<script" not in html
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in html
    assert r"\<script\>alert(1)\</script\> \| \*x\*" in markdown(blocks)
