"""``youju eval compare | gate | baseline | report | sweep``: what is done with finished runs.

``register`` adds the commands to the group that ``youju eval`` is. Commands read their arguments,
call one function of the layer below and print what it returns.
"""

import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from index.errors import UsageError

if TYPE_CHECKING:
    from eval.document import Block
    from eval.sweep import Point
    from rag.config import Config

__all__ = ["register"]

_PATH = click.Path(path_type=Path)
_LIMIT = click.option(
    "--limit",
    type=click.IntRange(0),
    default=10,
    show_default=True,
    metavar="N",
    help="How many questions are listed each way.",
)


def register(group: click.Group) -> None:
    """Add the commands to a group."""
    for command in (compare, gate, baseline, report, sweep):
        group.add_command(command)


@click.command()
@click.argument("before", metavar="A", type=_PATH)
@click.argument("after", metavar="B", type=_PATH)
@click.option("--metric", metavar="NAME", multiple=True, help="Only this one; may be repeated.")
@click.option("--common", is_flag=True, help="Take the cases that both have, where sets differ.")
@_LIMIT
@click.option("--output", type=_PATH, metavar="FILE", help="Write it too: FILE.md or FILE.html.")
def compare(
    *,
    before: Path,
    after: Path,
    metric: tuple[str, ...],
    common: bool,
    limit: int,
    output: Path | None,
) -> None:
    """Compare run B with run A, case by case: changes, and the questions that flipped.

    A may be a baseline file.
    """
    from eval.baseline import read_scores
    from eval.compare import compare as compare_runs
    from eval.compare_report import asked_in, comparison_blocks
    from eval.runs import read_run

    write = _writer(output)
    (old, old_run), new = read_scores(before), read_run(after)
    found = compare_runs(
        old,
        new.scores,
        groups={row.id: row.groups for row in new.rows},
        metrics=metric,
        common=common,
    )
    asked = asked_in(new, old_run)
    _print(comparison_blocks(found, asked, limit=limit))
    if write is not None:
        # What is read at leisure lists every question.
        write(f"{after} against {before}", comparison_blocks(found, asked, limit=len(new.rows)))


@click.command()
@click.argument("run", type=_PATH)
@click.option("--baseline", type=_PATH, required=True, metavar="FILE", help="What is compared to.")
@click.option("--thresholds", type=_PATH, metavar="FILE", help="TOML file of what may change.")
@_LIMIT
def gate(*, run: Path, baseline: Path, thresholds: Path | None, limit: int) -> None:
    """Judge a run by a committed baseline.

    Exit status 0 when it passes, 1 for a regression, 2 for wrong input.
    """
    from eval.baseline import read_baseline
    from eval.compare_report import asked_in
    from eval.gate import gate as judge
    from eval.gate_report import gate_blocks
    from eval.runs import read_run
    from eval.thresholds import read_thresholds

    judged = read_run(run)
    result = judge(judged, read_baseline(baseline), read_thresholds(thresholds))
    _print(gate_blocks(result, asked_in(judged), limit=limit))
    sys.exit(0 if result.passed else 1)


@click.command()
@click.argument("run", type=_PATH)
@click.option("--output", type=_PATH, required=True, metavar="FILE", help="The file to commit.")
def baseline(*, run: Path, output: Path) -> None:
    """Make a run the baseline of the gate: one small file, a line a case."""
    from eval.baseline import baseline_json
    from eval.runs import read_run
    from index.atomic import replace_file

    text = baseline_json(read_run(run))
    if not output.parent.is_dir():
        raise UsageError(f"--output {output}: there is no folder {output.parent}")
    replace_file(output, text.encode())
    click.echo(f"wrote {output}; commit it")


@click.command()
@click.argument("run", type=_PATH)
@click.option(
    "--baseline", type=_PATH, metavar="FILE", help="Tell what changed: a baseline file or a run."
)
def report(*, run: Path, baseline: Path | None) -> None:
    """Write report.md and report.html, one page that opens offline, into a run's folder."""
    from eval.report import write_report

    for path in write_report(run, baseline=baseline):
        click.echo(f"wrote {path}")


@click.command()
@click.argument("config", metavar="CONFIG.toml", type=_PATH)
def sweep(*, config: Path) -> None:
    """Try a grid of settings: one run each, then a table and plots of quality against time.

    Started again, it repeats no finished run.
    """
    from eval.document import terminal
    from eval.sweep import read_sweep, sweep_blocks, write_sweep
    from eval.sweep import sweep as sweep_all
    from ui.render import plain

    plan = read_sweep(config)
    outcomes = sweep_all(
        plan,
        evaluate=lambda point, folder: _evaluate(plan.cases, point, folder),
        build_index=_build_index if plan.builds_indexes else _name_index,
        tell=lambda line: click.echo(plain(line), err=True),
    )
    click.echo(plain(terminal(sweep_blocks(plan, outcomes))), nl=False)
    for path in write_sweep(plan, outcomes):
        click.echo(f"wrote {path}")


def _evaluate(cases: "Sequence[Path]", point: "Point", folder: Path) -> None:
    """Run one point of a sweep, going on with what is in its folder.

    One question at a time, whatever answers: the times of all points stand in one table.
    """
    from eval.cases import CaseFiles
    from eval.run import evaluate
    from index.search import open_index
    from rag.answer import Asker

    files = CaseFiles(*cases)
    with open_index(point.index) as index:
        asker = Asker(index, config=point.config)
        evaluate(
            files,
            asker,
            output=folder,
            name=files.name,
            jobs=1,
            resume=True,
            progress=True,
        )


def _build_index(articles: "Sequence[Path]", folder: Path, config: "Config") -> str:
    from index.sync import sync

    sync(articles, folder, config=config.index, progress=True)
    return _name_index(articles, folder, config)


def _name_index(_: "Sequence[Path]", folder: Path, __: "Config") -> str:
    """What names the contents of an index: the hash of its manifest."""
    from contextlib import closing
    from hashlib import sha256

    from index.manifest import render_manifest
    from index.store import open_generation

    with closing(open_generation(folder)) as generation:
        return sha256(render_manifest(generation.manifest)).hexdigest()


def _print(blocks: "list[Block]") -> None:
    from eval.document import terminal
    from ui.render import plain

    click.echo(plain(terminal(blocks)), nl=False)


def _writer(output: Path | None) -> "Callable[[str, list[Block]], None] | None":
    """What writes blocks into a file of this name; refuses the name before any work is done."""
    if output is None:
        return None
    if output.suffix not in (".md", ".html"):
        raise UsageError(f"--output {output}: end the name in .md or .html")
    if not output.parent.is_dir():
        raise UsageError(f"--output {output}: there is no folder {output.parent}")

    def write(title: str, blocks: "list[Block]") -> None:
        from eval.document import markdown
        from eval.page import page
        from index.atomic import replace_file

        text = page(title, blocks) if output.suffix == ".html" else markdown(blocks)
        replace_file(output, text.encode())
        click.echo(f"wrote {output}", err=True)

    return write
