"""The terminal's measuring commands: ``youju eval run | judge | import | make-cases | …``.

As in `ui.cli`, a command reads its arguments, calls one function and prints what it returns.
"""

import json
import sys
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from index.errors import UsageError
from ui.eval_compare_cli import register
from ui.options import FILE, config_option, generator_option, index_option, open_asker

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from eval.cases import Case
    from eval.chat_model import Usage
    from index.article import Article

__all__ = ["evaluation"]

_RUNS = Path("var/runs")
_MODEL_CACHE = Path("var/model-replies")
_NOTES = 20  # of an import, that are printed: a set may lack the articles of all its cases
# The figures that are printed when a run has ended; the folder holds all of them.
_HEADLINE = (
    *("complete", "recall@5", "RR", "nDCG@10", "cited@1", "citation_precision", "citation_recall"),
    *("contains@1", "contains", "short_F1", "F1", "ROUGE-L", "verbatim", "supported"),
    *("answered", "correct", "decided"),
    *("declining_precision", "declining_recall", "declining_F1", "script_invariance"),
    *("paraphrase_consistency", "calibration_error", "risk_coverage_area"),
)


@click.group("eval", no_args_is_help=True)
def evaluation() -> None:
    """Measure how well questions are answered."""


@evaluation.command("run")
@click.argument("cases", metavar="CASES...", nargs=-1, required=True, type=FILE)
@index_option
@config_option
@generator_option
@click.option("--output", type=FILE, help="Folder of the run; a new one in var/runs otherwise.")
@click.option(
    "--jobs",
    type=click.IntRange(1, 256),
    help="Questions asked at a time; one a core (at most 8) if only our models answer, else 1.",
)
@click.option("--limit", type=click.IntRange(1), help="Ask only the first so many cases.")
@click.option("--today", metavar="DATE", help="The day of cases without one; the newest article's.")
@click.option(
    "--once", is_flag=True, help="Do not ask Chinese questions in the other script as well."
)
@click.option("--resume", is_flag=True, help="Go on with the run in --output.")
@click.option("--keep-going", is_flag=True, help="Name cases that are wrong and ask the others.")
def run(
    *,
    cases: tuple[Path, ...],
    index: Path,
    config: Path | None,
    generator: str | None,
    output: Path | None,
    jobs: int | None,
    limit: int | None,
    today: str | None,
    once: bool,
    resume: bool,
    keep_going: bool,
) -> None:
    """Ask every case of the files and write a folder of results.

    Exit status 0, 1 when a case raised an error, was left out or was answered by quotes because its
    generator failed, 2 for wrong usage.
    """
    if resume and output is None:
        raise UsageError("--resume goes on with a run: name its folder with --output")
    from eval.cases import CaseFiles
    from eval.run import evaluate
    from eval.workers import is_light, usual_jobs
    from rag.batch import parse_day

    files = CaseFiles(*cases)
    problems = [str(problem) for problem in files.problems()]
    if problems and not keep_going:
        raise UsageError(
            "\n".join([*problems, f"{_lines(len(problems))} no case; nothing was asked"])
        )
    folder = output or _RUNS / f"{datetime.now(UTC):%Y-%m-%dT%H-%M-%S}-{files.name}"
    try:
        with open_asker(index, config, generator=generator) as asker:
            result = evaluate(
                files,
                asker,
                output=folder,
                name=files.name,
                jobs=jobs or usual_jobs(asker),
                processes=is_light(asker),
                limit=limit,
                today=parse_day(today, field="--today") if today is not None else None,
                other_script=not once,
                resume=resume,
                keep_going=keep_going,
                progress=True,
            )
    except KeyboardInterrupt:
        click.echo(f"\nstopped; go on with the same command, --output {folder} --resume", err=True)
        raise
    left_out = [*problems, *result.left_out]
    for problem in left_out:
        _complain(problem)
    click.echo(_figures(result.summary, _HEADLINE))
    click.echo(f"{result.summary['cases']} cases, {folder / 'report.html'}")
    if left_out:
        _complain(f"{len(left_out)} left out")
    if result.errors:
        _complain(f"{result.errors} raised an error: rows with one in {folder / 'results.jsonl'}")
    if result.fallbacks:
        _complain(
            f"{result.fallbacks} answered by quotes, because the generator failed: what was "
            "measured there is not the generator"
        )
    sys.exit(1 if left_out or result.errors or result.fallbacks else 0)


@evaluation.command("import")
@click.argument("form", metavar="FORMAT", type=click.Choice(["squad", "beir", "rgb"]))
@click.argument("source", type=FILE)
@click.option("--output", type=FILE, required=True, help="A new folder for articles and cases.")
@click.option("--split", default="test", show_default=True, help="Which qrels of a BEIR folder.")
def import_command(*, form: str, source: Path, output: Path, split: str) -> None:
    """Make an article folder and cases of a public question set.

    FORMAT is squad (also CMRC, DRCD, XQuAD), beir (a folder) or rgb.
    """
    from eval.formats.collection import write_collection

    if form == "squad":
        from eval.formats.squad import read_squad

        collection = read_squad(source)
    elif form == "beir":
        from eval.formats.beir import read_beir

        collection = read_beir(source, split=split)
    else:
        from eval.formats.rgb import read_rgb

        collection = read_rgb(source)
    written = write_collection(collection, output)
    for note in collection.notes[:_NOTES]:
        _complain(note)
    if (more := len(collection.notes) - _NOTES) > 0:
        _complain(f"… and {more} more")
    click.echo(f"{written.articles} articles, {written.cases} cases")
    click.echo(f"youju index {written.articles_folder} --index {output / 'index'}")
    click.echo(f"youju eval run {written.cases_file} --index {output / 'index'}")


@evaluation.command("make-cases")
@click.argument("paths", metavar="[PATH]...", nargs=-1)
@index_option
@config_option
@click.option("--output", type=FILE, required=True, help="The new case file.")
@click.option(
    "--per-article",
    type=click.IntRange(1, 1000),
    default=5,
    show_default=True,
    help="Drafts of one article at most.",
)
@click.option("--model", metavar="SPEC", help="openai:URL#MODEL asks in its own words instead.")
@click.option("--from-log", is_flag=True, help="Draft from questions that went wrong.")
@click.option(
    "--reason",
    "reasons",
    type=click.Choice(["disliked", "handed-off", "declined", "failed", "abandoned"]),
    multiple=True,
    help="With --from-log: only those that went wrong in this way; may be repeated.",
)
def make_cases(
    *,
    paths: tuple[str, ...],
    index: Path,
    config: Path | None,
    output: Path,
    per_article: int,
    model: str | None,
    from_log: bool,
    reasons: tuple[str, ...],
) -> None:
    """Draft cases for a person to confirm, of the articles of an index or of what was asked.

    Only articles whose path begins with one of PATH, where any is given. Every draft has the tag
    "draft".
    """
    if from_log and (paths or model):
        raise UsageError("--from-log stands alone: it drafts from the log, not from articles")
    if reasons and not from_log:
        raise UsageError("--reason chooses from the log: give --from-log too")
    if output.exists():
        raise UsageError(f"{output} is there already; name a new file with --output")
    from index.atomic import make_folder, replace_file

    lines: list[str] = []
    with open_asker(index, config) as asker:
        if from_log:
            from eval.activity import cases_from_log
            from eval.drafts import Reason

            found = cases_from_log(index, asker, tuple(map(Reason, reasons)) or tuple(Reason))
        else:
            chosen = (a for a in asker.index.articles() if not paths or a.path.startswith(paths))
            found = _drafted(chosen, model, per_article)
        lines.extend(json.dumps(case.to_json(), ensure_ascii=False) + "\n" for case in found)
    if not lines:
        where = "the log has no such question" if from_log else "no article of that path gives one"
        click.echo(f"0 drafts: {where}; nothing was written")
        return
    make_folder(output.absolute().parent)
    replace_file(output, "".join(lines).encode("utf-8", "replace"))
    told = f"{len(lines)} draft{'s' * (len(lines) > 1)}, {output}"
    click.echo(f"{told}: read each one, put it right, take its tag “draft” away")


def _drafted(articles: "Iterable[Article]", model: str | None, limit: int) -> "Iterator[Case]":
    """Draft article by article; one that a model fails on is named and passed over."""
    from eval.chat_model import ChatModel
    from eval.drafts import by_model, by_rule
    from index.errors import RemoteError

    if model is None:
        for article in articles:
            yield from by_rule(article, limit=limit)
        return
    with closing(ChatModel(model, cache=_MODEL_CACHE)) as chat:
        for article in articles:
            try:
                yield from by_model(article, chat, limit=limit)
            except RemoteError as error:
                _complain(f"{article.path}: {error}")
        _complain(_spent(chat.usage))


@evaluation.command("judge")
@click.argument("folder", metavar="RUN", type=FILE)
@click.argument("model", metavar="SPEC")
@click.option(
    "--jobs", type=click.IntRange(1, 64), default=4, show_default=True, help="Calls at a time."
)
def judge(*, folder: Path, model: str, jobs: int) -> None:
    """Let a model (SPEC is openai:URL#MODEL) judge the answers of a run.

    Exit status 0, 1 when an answer could not be judged, 2 for wrong usage.
    """
    from eval.chat_model import ChatModel
    from eval.judge import judge_run

    with closing(ChatModel(model, cache=_MODEL_CACHE)) as chat:
        report = judge_run(folder, chat, jobs=jobs, progress=True)
        spent = _spent(chat.usage)
    for name, entry in report["metrics"].items():
        if entry["mean"] is not None:
            click.echo(f"{name:<24}{entry['mean']:.3f}  {entry['n']} answers")
    click.echo(f"{report['answers']} answers, {report['failed']} without a judgement; {spent}")
    sys.exit(1 if report["failed"] else 0)


def _spent(usage: "Usage") -> str:
    return (
        f"{usage.calls} calls ({usage.failures} failed), {usage.cached} from the cache, "
        f"{usage.prompt_tokens} + {usage.completion_tokens} tokens"
    )


@evaluation.command("trec")
@click.argument("run_file", metavar="RUN", type=FILE)
@click.argument("qrels", type=FILE)
@click.option(
    "--metric",
    "metrics",
    metavar="NAME",
    multiple=True,
    default=("nDCG@10", "recall@10", "RR", "AP"),
    show_default=True,
    help="What to measure; may be repeated.",
)
def trec(*, run_file: Path, qrels: Path, metrics: tuple[str, ...]) -> None:
    """Measure a TREC run file, of any system, by its judgements."""
    from eval.formats.trec import read_qrels, read_run, score

    scores = score(read_run(run_file), read_qrels(qrels), metrics)
    for name, mean in scores.means.items():
        click.echo(f"{name:<24}{mean:.4f}")
    click.echo(f"{scores.queries} queries, {scores.missing} of them missing in the run, scored 0")


@evaluation.command("export")
@click.argument("folder", metavar="RUN", type=FILE)
@click.option("--output", type=FILE, required=True, help="Folder for run.trec and qrels.trec.")
def export_command(*, folder: Path, output: Path) -> None:
    """Write what a run retrieved as TREC files, by article."""
    from eval.formats.trec import qrels_lines, run_lines
    from eval.rows import read_rows
    from eval.run import RESULTS

    results = folder / RESULTS
    output.mkdir(parents=True, exist_ok=True)
    with (output / "run.trec").open("w", encoding="utf-8") as file:
        file.writelines(run_lines(read_rows(results), tag="youju"))
    with (output / "qrels.trec").open("w", encoding="utf-8") as file:
        file.writelines(qrels_lines(read_rows(results)))
    click.echo(f"{output / 'run.trec'}, {output / 'qrels.trec'}")


def _figures(summary: Any, names: tuple[str, ...]) -> str:  # noqa: ANN401 - a summary's JSON
    """The headline as a table: a metric a line, with its interval and its number of cases."""
    lines = [f"{'':<24}{'mean':>8}  {'95 % interval':<16}{'cases':>7}"]
    for name in names:
        entry = summary["metrics"][name]
        if entry["mean"] is None:
            continue
        interval = f"[{entry['low']:.3f}, {entry['high']:.3f}]" if "low" in entry else ""
        lines.append(f"{name:<24}{entry['mean']:>8.3f}  {interval:<16}{entry['n']:>7}")
    for moment, spread in summary["latency_ms"].items():
        if spread["p50"] is not None:
            name = f"{moment.replace('_', ' ')}, ms"
            lines.append(f"{name:<24}{spread['p50']:>8.1f}  p95 {spread['p95']:.1f}")
    return "\n".join(lines)


def _lines(count: int) -> str:
    return "1 line is" if count == 1 else f"{count} lines are"


def _complain(message: str) -> None:
    from ui.render import plain

    click.echo(f"youju: {plain(message)}", err=True)


register(evaluation)
