"""A run: its rows and summary, what a kill leaves behind, and what is refused."""

import contextlib
import errno
import json
import os
import random
import signal
import subprocess
import sys
import time
from dataclasses import replace
from datetime import date
from itertools import islice
from pathlib import Path

import pytest

import eval.run as run_module
from eval.cases import Case, CaseFiles, GoldSpan, load_cases
from eval.metrics import METRICS
from eval.metrics.text import units
from eval.rows import RowWriter, read_rows
from eval.run import evaluate
from eval.scoring import slices_of
from eval.scripts import in_other_script
from eval.summary import summarize
from index.errors import UsageError
from index.search import open_index
from rag.answer import Asker
from rag.config import AnswerConfig, Config
from rag.question import Turn

ROOT = Path(__file__).parents[1]
SAMPLE = ROOT / "eval" / "sets" / "sample.jsonl"


@pytest.fixture(scope="module")
def cases():
    """A few of each sort: answerable and not, both scripts and English, with a dialogue."""
    return load_cases(SAMPLE)[:12] + [c for c in load_cases(SAMPLE) if not c.answerable][:3]


@pytest.fixture(scope="module")
def sample(sample):
    """Without the reader, which only makes a question slower here."""
    return Asker(sample.index, config=Config(answer=AnswerConfig(reader="off")))


@pytest.fixture
def asker(sample):
    return Wrapped(sample)


class Wrapped:
    """An asker that can be made to fail, and counts what it is asked."""

    def __init__(self, asker, *, fails_on="", stops_after=None):
        self.index, self.config = asker.index, asker.config
        self.asked = []
        self._asker, self._fails_on, self._stops_after = asker, fails_on, stops_after

    def prepare(self):
        self._asker.prepare()

    def answer_to(self, asked):
        if self._stops_after is not None and len(self.asked) >= self._stops_after:
            raise KeyboardInterrupt
        self.asked.append(asked)
        if self._fails_on and self._fails_on in asked.question:
            raise RuntimeError("the model fell over")
        return self._asker.answer_to(asked)


def rows_of(folder):
    return list(read_rows(folder / "results.jsonl"))


def untimed(folder):
    return [{**row, "timings_ms": None} for row in rows_of(folder)]


def uncounted(summary):
    return {name: value for name, value in summary.items() if name != "latency_ms"}


def test_a_run_is_a_folder_that_explains_itself(cases, asker, tmp_path):
    result = evaluate(cases, asker, output=tmp_path / "run", name="sample")
    run = json.loads((tmp_path / "run" / "run.json").read_text(encoding="utf-8"))
    assert (run["schema_version"], run["status"]) == (1, "finished")
    assert run["cases"]["name"] == "sample"
    assert run["cases"]["count"] == len(cases)
    assert run["config"]["retrieval"]["passages"] == 8
    assert run["config_fingerprint"] == rows_of(result.folder)[0]["answer"]["config_fingerprint"]
    assert run["index"]["generation"] == asker.index.generation
    assert run["generator"] == "extractive"
    assert run["hardware"]["cores"] >= 1
    assert run["settings"] == {"today": "2024-06-10", "other_script": True}
    assert json.loads((result.folder / "summary.json").read_text()) == result.summary
    assert [row["id"] for row in rows_of(result.folder)] == [case.id for case in cases]


def test_a_row_holds_the_answer_its_metrics_and_where_the_gold_stands(cases, asker, tmp_path):
    folder = evaluate(cases[:1], asker, output=tmp_path).folder
    (row,) = rows_of(folder)
    case = cases[0]
    assert (row["question"], row["lang"], row["tags"]) == (case.question, "zh-Hans", ["name"])
    assert row["slices"] == {
        "script": "zh-Hans",
        "language": "zh",
        "kind": "name",
        "answerable": "yes",
        "turns": "1",
    }
    (((span,),), text) = (
        row["gold"]["spans"],
        asker.index.article(row["gold"]["spans"][0][0]["article_id"]).text,
    )
    assert text[span["start"] : span["end"]] == case.gold[0][0].quote
    assert row["answer"]["passages"][0]["score"] > 0
    assert "timings_ms" not in row["answer"]
    assert row["timings_ms"]["total"] > 0
    assert set(row["metrics"]) == {m.name for m in METRICS if m.over == "case"}
    assert row["metrics"]["recall@1"] == 1.0
    assert row["metrics"]["verbatim"] == 1.0


@pytest.mark.parametrize("processes", [False, True])
def test_two_runs_are_the_same_but_for_timings(cases, sample, tmp_path, processes):
    one = evaluate(cases, sample, output=tmp_path / "one")
    two = evaluate(cases, sample, output=tmp_path / "two", jobs=2, processes=processes)
    assert untimed(one.folder) == untimed(two.folder)
    assert uncounted(one.summary) == uncounted(two.summary)


def test_a_case_that_raises_is_a_row_and_scores_0(cases, sample, tmp_path):
    broken = next(case for case in cases if case.answerable and not case.dialogue)
    result = evaluate(cases, Wrapped(sample, fails_on=broken.question), output=tmp_path / "run")
    assert (result.errors, result.summary["cases"]) == (1, len(cases))
    row = next(row for row in rows_of(result.folder) if row["id"] == broken.id)
    assert row["error"] == {"type": "RuntimeError", "message": "the model fell over"}
    assert row["answer"] is None
    assert row["metrics"]["recall@5"] == row["metrics"]["correct"] == 0.0
    whole = evaluate(cases, sample, output=tmp_path / "whole").summary["metrics"]["recall@5"]
    lost = result.summary["metrics"]["recall@5"]
    assert lost["n"] == whole["n"]
    assert lost["mean"] == pytest.approx(whole["mean"] - 1 / whole["n"], abs=1e-6)


def test_a_configuration_that_can_answer_nothing_is_refused_before_anything_is_asked(
    cases, sample, tmp_path
):
    lost = Asker(sample.index, config=Config(answer=AnswerConfig(generator="extractiv")))
    with pytest.raises(UsageError, match="'extractiv' names no generator"):
        evaluate(cases, lost, output=tmp_path / "run")
    assert not (tmp_path / "run").exists()


def test_a_run_that_was_interrupted_goes_on_and_repeats_nothing(cases, sample, asker, tmp_path):
    whole = evaluate(cases, asker, output=tmp_path / "whole")
    with pytest.raises(KeyboardInterrupt):
        evaluate(cases, Wrapped(sample, stops_after=9), output=tmp_path / "run")
    begun = rows_of(tmp_path / "run")
    assert 0 < len(begun) < len(cases)
    assert json.loads((tmp_path / "run" / "run.json").read_text())["status"] == "interrupted"
    rest = Wrapped(sample)
    result = evaluate(cases, rest, output=tmp_path / "run", resume=True)
    done = {row["question"] for row in begun}
    assert done.isdisjoint(asked.question for asked in rest.asked)
    assert untimed(result.folder) == untimed(whole.folder)
    assert uncounted(result.summary) == uncounted(whole.summary)
    again = Wrapped(sample)
    assert evaluate(cases, again, output=tmp_path / "run", resume=True).summary == result.summary
    assert again.asked == []


@pytest.mark.slow
def test_a_kill_at_any_moment_loses_nothing_that_was_written(sample_folder, tmp_path):
    code = """
import os, signal, sys
from pathlib import Path
import eval.rows
from eval.cases import CaseFiles
from eval.run import evaluate
from index.search import open_index
from rag.answer import Asker
from rag.config import AnswerConfig, Config
index, output, left = Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3])
write = os.write
def dying(file, data):
    global left
    left -= 1
    if left == 0:  # in the middle of a row
        write(file, data[:100])
        os.kill(os.getpid(), signal.SIGKILL)
    return write(file, data)
eval.rows.os.write = dying
with open_index(index) as opened:
    files = CaseFiles(Path(sys.argv[4]))
    config = Config(answer=AnswerConfig(reader="off"))
    evaluate(files, Asker(opened, config=config), output=output, limit=15, resume=True)
"""

    def run(output, left):
        arguments = [sys.executable, "-c", code, sample_folder, output, left, SAMPLE]
        return subprocess.run(list(map(str, arguments)), cwd=ROOT, check=False).returncode

    # Writes are counted over run.json too; 7 and then 5 more fall into rows.
    assert run(tmp_path / "run", 7) == -signal.SIGKILL
    assert not (tmp_path / "run" / "results.jsonl").read_bytes().endswith(b"\n")
    assert run(tmp_path / "run", 5) == -signal.SIGKILL
    assert run(tmp_path / "run", 0) == 0
    assert run(tmp_path / "whole", 0) == 0
    assert untimed(tmp_path / "run") == untimed(tmp_path / "whole")
    summaries = [json.loads((tmp_path / n / "summary.json").read_text()) for n in ("run", "whole")]
    assert uncounted(summaries[0]) == uncounted(summaries[1])


# Runs the command in its argument for each line that it reads: a fresh interpreter each time would
# spend seconds on imports.
RUNNERS = """
import os, sys
import eval.run, rag.answer, ui.cli
for _ in sys.stdin:
    child = os.fork()
    if child == 0:
        print("ready", os.getpid(), flush=True)
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        sys.argv = ["youju", *sys.argv[1:]]
        ui.cli.main()
    print("ended", os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)
"""


@pytest.mark.slow
def test_real_kills_at_random_moments(sample_folder, tmp_path):
    chance = random.Random(6)

    def command(output):
        asked = ["eval", "run", SAMPLE, "--index", sample_folder, "--limit", 9, "--once"]
        return list(map(str, [*asked, "--output", tmp_path / output, "--resume"]))

    def size(output):
        rows = tmp_path / output / "results.jsonl"
        return rows.stat().st_size if rows.exists() else 0

    def finish(output, *, whole=0):
        """Run again and again until it ends; gives the sizes that the kills left.

        It is killed when its rows grew by up to a quarter of a ``whole`` run's.
        """
        left = []
        with subprocess.Popen(
            [sys.executable, "-c", RUNNERS, *command(output)],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        ) as runners:
            while True:
                runners.stdin.write("\n")
                runners.stdin.flush()
                ready, pid = runners.stdout.readline().split()
                assert ready == "ready"
                if whole and len(left) < 5:
                    target = size(output) + chance.randrange(whole // 4)
                    while size(output) < min(target, 0.9 * whole):
                        time.sleep(0.0005)
                    with contextlib.suppress(ProcessLookupError):  # it has ended already
                        os.kill(int(pid), signal.SIGKILL)
                ended, status = runners.stdout.readline().split()
                assert ended == "ended"
                if int(status) == 0:
                    runners.stdin.close()
                    return left
                assert int(status) == -signal.SIGKILL
                left.append(size(output))

    assert finish("whole") == []
    left = finish("run", whole=size("whole"))
    assert len(left) == 5
    assert len(set(left) - {0}) >= 2  # rows were there when it was killed
    assert untimed(tmp_path / "run") == untimed(tmp_path / "whole")
    summaries = [json.loads((tmp_path / n / "summary.json").read_text()) for n in ("run", "whole")]
    assert uncounted(summaries[0]) == uncounted(summaries[1])


def test_only_the_same_run_can_be_resumed(cases, sample, tmp_path):
    evaluate(cases[:2], sample, output=tmp_path)
    with pytest.raises(UsageError, match=r"already holds a run; .* --resume"):
        evaluate(cases[:2], sample, output=tmp_path)
    with pytest.raises(UsageError, match="another state of: cases"):
        evaluate(cases[:3], sample, output=tmp_path, resume=True)
    with pytest.raises(UsageError, match="another state of: settings of the run"):
        evaluate(cases[:2], sample, output=tmp_path, resume=True, today=date(2020, 1, 1))
    other = Asker(sample.index, config=Config(answer=AnswerConfig(max_sentences=1)))
    with pytest.raises(UsageError, match="another state of: settings of the system"):
        evaluate(cases[:2], other, output=tmp_path, resume=True)


def test_a_folder_of_other_things_is_left_alone(cases, sample, tmp_path):
    (tmp_path / "letter.txt").write_text("dear", encoding="utf-8")
    with pytest.raises(UsageError, match="holds other files"):
        evaluate(cases[:1], sample, output=tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["letter.txt"]


def test_a_kill_in_the_first_moment_leaves_nothing_in_the_way(cases, sample, tmp_path):
    (tmp_path / ".tmp-run.json").write_bytes(b"{")
    assert evaluate(cases[:1], sample, output=tmp_path, resume=True).summary["cases"] == 1


def test_a_folder_that_cannot_be_made_is_named(cases, sample, tmp_path):
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(UsageError, match=r"file is a file; name a new folder with --output"):
        evaluate(cases[:1], sample, output=tmp_path / "file")
    with pytest.raises(UsageError, match=r"file/run: cannot be made \(Not a directory\)"):
        evaluate(cases[:1], sample, output=tmp_path / "file" / "run")


def test_a_full_disk_says_which_file_and_how_to_go_on(cases, sample, tmp_path, monkeypatch):
    whole = evaluate(cases[:4], sample, output=tmp_path / "whole")
    write, left = os.write, [9_000]

    def full(file, data):
        if not left[0]:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        done = write(file, data[: left[0]])
        left[0] -= done
        return done

    with monkeypatch.context() as patch:
        patch.setattr(os, "write", full)
        with pytest.raises(UsageError, match=r"results\.jsonl: .*No space left.* --resume"):
            evaluate(cases[:4], sample, output=tmp_path / "run")
    result = evaluate(cases[:4], sample, output=tmp_path / "run", resume=True)
    assert untimed(result.folder) == untimed(whole.folder)


def test_quotes_in_place_of_a_generator_that_failed_are_counted(cases, sample, tmp_path):
    class Failing(Asker):
        def answer_to(self, asked):
            answer = super().answer_to(asked)
            return replace(answer, fallback="the server is away") if answer.sentences else answer

    failing = Failing(sample.index, config=sample.config)
    result = evaluate(cases[:3], failing, output=tmp_path, other_script=False)
    answered = [row for row in rows_of(tmp_path) if not row["answer"]["abstained"]]
    assert result.fallbacks == len(answered) > 0


def test_gold_that_is_not_in_the_index_is_named_before_anything_is_asked(cases, asker, tmp_path):
    lost = replace(cases[0], id="lost", gold=((GoldSpan("nowhere.md"),),))
    moved = replace(
        cases[0], id="moved", gold=((GoldSpan(cases[0].gold[0][0].article, "无此话"),),)
    )
    with pytest.raises(UsageError) as caught:
        evaluate([lost, cases[1], moved], asker, output=tmp_path / "run")
    first, second = str(caught.value).splitlines()
    assert first.startswith("case lost: the gold article nowhere.md is not in the index")
    assert second.startswith("case moved:")
    assert asker.asked == []
    result = evaluate([lost, cases[1], moved], asker, output=tmp_path / "run", keep_going=True)
    assert [row["id"] for row in rows_of(result.folder)] == [cases[1].id]
    assert list(result.left_out) == [first, second]


def test_cases_of_another_index_do_not_flood_the_terminal(cases, sample, tmp_path):
    gold = ((GoldSpan("nowhere.md"),),)
    lost = [replace(cases[0], id=f"lost-{n}", gold=gold) for n in range(300)]
    with pytest.raises(UsageError) as caught:
        evaluate(lost, sample, output=tmp_path / "run")
    told = str(caught.value).splitlines()
    assert len(told) == 21
    assert told[-1] == "… and 280 more cases of which the gold is not found"


def test_gold_may_be_named_by_the_articles_id(cases, sample, tmp_path):
    by_path = evaluate(cases[:1], sample, output=tmp_path / "path")
    ids = {article.path: article.id for article in sample.index.articles()}
    gold = tuple(tuple(GoldSpan(ids[s.article], s.quote) for s in fact) for fact in cases[0].gold)
    by_id = evaluate([replace(cases[0], gold=gold)], sample, output=tmp_path / "id")
    assert by_id.summary["metrics"] == by_path.summary["metrics"]


def test_the_short_answer_of_a_sentence_is_measured(cases, sample, tmp_path):
    rows = rows_of(evaluate(cases, sample, output=tmp_path, other_script=False).folder)
    for row in rows:
        said = row["answer"]["sentences"]
        short = next((s["text"][slice(*s["short"])] for s in said if s["short"]), "")
        if row["answerable"]:
            right = any(units(short) == units(answer) for answer in row["gold"]["answers"])
            assert row["metrics"]["short_exact_match"] == right
    assert {row["metrics"]["short_exact_match"] for row in rows} >= {0.0, 1.0}


def test_a_kind_of_question_has_one_name(cases):
    asked = {"谁是行长？": "name", "怎样换卡？": "how", "等了多少秒？": "number"}
    for question, kind in asked.items():
        assert slices_of(replace(cases[0], question=question, tags=()))["kind"] == kind


def test_cases_that_are_all_alike_have_no_interval(cases, sample, tmp_path):
    one = [case for case in cases if case.answerable][:1]
    metrics = evaluate(one, sample, output=tmp_path).summary["metrics"]
    assert metrics["recall@5"] == {"mean": metrics["recall@5"]["mean"], "n": 1}


def test_nothing_to_ask_is_said(sample, tmp_path):
    with pytest.raises(UsageError, match="there is no case to ask"):
        evaluate([], sample, output=tmp_path)


def test_the_day_is_the_cases_own_or_that_of_the_run(cases, asker, tmp_path):
    dated = replace(cases[0], today=date(2019, 1, 2))
    evaluate([dated, cases[1]], asker, output=tmp_path, today=date(2020, 3, 4), other_script=False)
    assert [asked.today for asked in asker.asked] == [date(2019, 1, 2), date(2020, 3, 4)]


class Script(Asker):
    """Answers a question in traditional characters with less than one in simplified ones."""

    def answer_to(self, asked):
        answer = super().answer_to(replace(asked, question="江湾银行的微信小程序叫啥？"))
        if "銀" in asked.question:
            return replace(answer, sentences=(), citations=(), abstained=True)
        return answer


def test_script_invariance_compares_what_both_scripts_cite(cases, sample, tmp_path):
    result = evaluate(cases[:1], sample, output=tmp_path / "good")
    (row,) = rows_of(result.folder)
    assert row["other_script"]["question"] == "江灣銀行的微信小程序叫啥？"
    assert row["metrics"]["script_invariance"] == 1.0
    result = evaluate(
        cases[:1], Script(sample.index, config=sample.config), output=tmp_path / "bad"
    )
    assert result.summary["metrics"]["script_invariance"]["mean"] == 0.0
    result = evaluate(cases[:1], sample, output=tmp_path / "once", other_script=False)
    assert result.summary["metrics"]["script_invariance"]["n"] == 0


def test_of_a_large_set_only_so_many_are_asked_in_both_scripts(
    cases, sample, tmp_path, monkeypatch
):
    monkeypatch.setattr(run_module, "_TWICE", 2)
    chosen = [case for case in cases if in_other_script(case)][:5]

    def twice(order, name):
        folder = evaluate(order, sample, output=tmp_path / name).folder
        return {row["id"] for row in rows_of(folder) if row["other_script"]}

    assert len(twice(chosen, "one")) == 2
    assert twice(chosen[::-1], "two") == twice(chosen, "three")


def test_a_question_in_the_other_script_has_its_dialogue_in_it_too():
    case = Case(
        "a", "那建行呢？國內的", True, "zh-Hant", dialogue=(Turn("郵儲幾天上線？", "7天。"),)
    )
    assert in_other_script(case) == ("那建行呢？国内的", [Turn("邮储几天上线？", "7天。")])
    assert in_other_script(replace(case, question="OK", lang="en")) is None
    assert in_other_script(replace(case, question="一二三")) is None


def test_paraphrases_are_compared_with_the_case_they_reword(cases, sample, tmp_path):
    first = cases[0]
    reworded = [
        replace(first, id="same", paraphrase_of=first.id),
        replace(cases[7], id="other", paraphrase_of=first.id),
    ]
    result = evaluate([first, *reworded], sample, output=tmp_path / "run")
    values = [row["metrics"]["paraphrase_consistency"] for row in rows_of(result.folder)]
    assert values == [None, 1.0, 0.0]
    broken = Wrapped(sample, fails_on=first.question)
    # Where the first one failed, nothing can agree with it, not even declining.
    result = evaluate(
        [first, replace(reworded[0], question="冥王星？")], broken, output=tmp_path / "broken"
    )
    assert rows_of(result.folder)[1]["metrics"]["paraphrase_consistency"] == 0.0


def test_the_order_of_rows_is_that_of_the_cases_however_slow_one_is(cases):
    from time import sleep

    def ask(case):
        sleep(0.05 if case is cases[0] else 0)
        return case.id

    asked = run_module._in_order(iter(cases), ask, jobs=4)
    assert [reply for _, reply in asked] == [case.id for case in cases]


def test_only_a_few_cases_are_asked_ahead():
    taken = []

    def endless():
        for n in range(10**9):
            taken.append(n)
            yield n

    assert [r for _, r in islice(run_module._in_order(endless(), str, jobs=2), 20)][-1] == "19"
    assert len(taken) < 40


def test_a_writer_takes_away_what_a_kill_cut_short(tmp_path):
    path = tmp_path / "rows.jsonl"
    path.write_bytes(b'{"id": "a"}\n{"id": "b"}\n{"id": "c", "te')
    assert [row["id"] for row in read_rows(path)] == ["a", "b"]
    with RowWriter(path) as rows:
        assert rows.done == 2
        rows.append({"id": "c"})
        with pytest.raises(UsageError, match="another process is writing"):
            RowWriter(path)
    assert [row["id"] for row in read_rows(path)] == ["a", "b", "c"]
    assert path.stat().st_size == len(b'{"id": "a"}\n') * 3


def test_a_row_that_was_spoilt_is_named(tmp_path):
    path = tmp_path / "rows.jsonl"
    path.write_bytes(b'{"id": "a"}\noops\n')
    with pytest.raises(UsageError, match="line 2 is no row"):
        list(read_rows(path))


def row(number, *, value, tags=(), declined=False, answerable=True, probability=None, error=None):
    answer = {
        "abstained": declined,
        "sentences": [] if declined else [{"text": "一", "citations": [1]}],
        "citations": [] if declined else [{"n": 1, "verdict": "supported"}],
        "probability": probability,
    }
    return {
        "id": str(number),
        "lang": "zh-Hans",
        "tags": list(tags),
        "slices": {"kind": "number"},
        "answerable": answerable,
        "answer": None if error else answer,
        "metrics": {"recall@5": value, "correct": 0.0 if declined else value},
        "error": {"type": error, "message": ""} if error else None,
        "timings_ms": {"total": float(number)},
    }


def test_a_summary_by_hand():
    rows = [
        row(1, value=1.0, tags=["a"], probability=0.9),
        row(2, value=0.0, declined=True, probability=0.2),
        row(3, value=None, answerable=False, declined=True, probability=0.1),
        row(4, value=0.0, error="RuntimeError"),
    ]
    summary = summarize(iter(rows))
    assert (summary["cases"], summary["errors"], summary["missing"]) == (4, 1, 0)
    recall = summary["metrics"]["recall@5"]
    assert (recall["mean"], recall["n"]) == (0.333333, 3)
    assert 0 <= recall["low"] < recall["mean"] < recall["high"] <= 1
    assert summary["slices"]["tag=a"]["recall@5"]["mean"] == 1.0
    assert summary["slices"]["lang=zh-Hans"]["recall@5"] == recall
    assert summary["metrics"]["declining_precision"] == {"mean": 0.5, "n": 4}
    assert summary["metrics"]["declining_recall"]["mean"] == 1.0
    # Bins of 0.9 (right), 0.2 (wrong: it is answerable), 0.1: (0.1 + 0.8 + 0.1) / 3
    assert summary["metrics"]["calibration_error"]["mean"] == pytest.approx(1 / 3, abs=1e-6)
    # From the surest: right, declined, unanswerable: (0 + 1/2 + 2/3) / 3
    assert summary["metrics"]["risk_coverage_area"]["mean"] == pytest.approx(7 / 18, abs=1e-6)
    assert summary["latency_ms"]["total"] == {"p50": 2.5, "p95": 3.85}
    assert summary["latency_ms"]["first_sentence"] == {"p50": None, "p95": None}
    assert summary["verdicts"] == {"supported": 1}
    assert list(summary["metrics"]) == [metric.name for metric in METRICS]


def test_a_row_without_an_answer_or_an_error_counts_as_missing():
    nothing = {**row(1, value=0.0), "answer": None}
    assert summarize([nothing])["missing"] == 1
    assert summarize([])["cases"] == 0


def test_an_interval_covers_about_as_often_as_it_says():
    # 60 samples of 40 coin flips each: a 95 % interval misses the true 0.5 about 3 times.
    import random

    draw = random.Random(0)
    covered = 0
    for _ in range(60):
        rows = [row(n, value=float(draw.random() < 0.5)) for n in range(40)]
        entry = summarize(rows)["metrics"]["recall@5"]
        covered += entry["low"] <= 0.5 <= entry["high"]
    assert 52 <= covered <= 60


def test_the_example_of_the_guide_runs(sample_folder, tmp_path, monkeypatch):
    import re

    guide = (ROOT / "docs" / "guide.md").read_text(encoding="utf-8")
    (example,) = re.findall(r"```python\n(.*?)```", guide, re.DOTALL)
    (tmp_path / "var").mkdir()
    (tmp_path / "var" / "index").symlink_to(sample_folder)
    few = tmp_path / "eval" / "sets"
    few.mkdir(parents=True)
    lines = SAMPLE.read_text(encoding="utf-8").splitlines(keepends=True)[:5]
    (few / "sample.jsonl").write_text("".join(lines), encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    done = subprocess.run(
        [sys.executable, "-c", example],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert re.fullmatch(r"recall@5 \d\.\d+\n", done.stdout)
    assert (tmp_path / "var" / "runs" / "first" / "summary.json").exists()


def test_cases_of_several_files_are_one_set(tmp_path, cases, sample):
    lines = [json.dumps(case.to_json(), ensure_ascii=False) for case in cases[:2]]
    for name, line in zip(("a", "b"), lines, strict=True):
        (tmp_path / f"{name}.jsonl").write_text(line + "\n", encoding="utf-8")
    files = CaseFiles(tmp_path / "a.jsonl", tmp_path / "b.jsonl")
    assert files.name == "a+b"
    result = evaluate(files, sample, output=tmp_path / "files")
    run = json.loads((result.folder / "run.json").read_text())
    listed = evaluate(cases[:2], sample, output=tmp_path / "list")
    assert (
        run["cases"]["sha256"]
        == json.loads((listed.folder / "run.json").read_text())["cases"]["sha256"]
    )
    assert len(rows_of(result.folder)) == 2


def test_an_iterator_of_cases_is_as_good_as_a_list(cases, sample, tmp_path):
    assert evaluate(iter(cases[:2]), sample, output=tmp_path).summary["cases"] == 2


def test_an_index_is_needed_only_while_it_runs(sample_folder, cases, tmp_path):
    with open_index(sample_folder) as index:
        result = evaluate(cases[:1], Asker(index, config=Config()), output=tmp_path)
    assert result.errors == 0
