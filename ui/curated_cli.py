"""``youju curated check | list``: a file of approved answers, held against the index."""

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ui.options import FILE, config_option, index_option

if TYPE_CHECKING:
    from datetime import date

    from rag.curated import CuratedAnswer
    from rag.curated_file import Problem

__all__ = ["curated"]


@click.group("curated")
def curated() -> None:
    """Check and list a file of approved answers, such as the settings name."""


@curated.command()
@click.argument("file", metavar="FILE", type=FILE)
@index_option
@config_option
def check(*, file: Path, index: Path, config: Path | None) -> None:
    """Say everything that is wrong with a file of approved answers.

    Exit status 0 when nothing is, 2 otherwise.
    """
    from ui.render import plain

    answers, problems = _check(file, index, config)
    for problem in problems:
        click.echo(plain(f"{file}: {problem}"))
    counts = f"{len(answers)} answers can be served, {len(problems)} problems"
    click.echo(counts, err=bool(problems))
    sys.exit(2 if problems else 0)


@curated.command("list")
@click.argument("file", metavar="FILE", type=FILE)
@index_option
@config_option
@click.option("--today", metavar="DATE", help="The day that the states are told for.")
@click.option("--json", "as_json", is_flag=True, help="Print them as JSON.")
def list_(
    *, file: Path, index: Path, config: Path | None, today: str | None, as_json: bool
) -> None:
    """List the approved answers of a file: valid, not yet, expired or broken."""
    from rag.answer import today as this_day
    from rag.batch import parse_day
    from ui.render import plain

    day = parse_day(today, field="--today") if today is not None else this_day()
    answers, problems = _check(file, index, config)
    rows = [_row(answer, day) for answer in answers]
    rows += [{"id": p.entry, "state": "broken", "problem": p.what} for p in problems]
    if as_json:
        click.echo(json.dumps(rows, ensure_ascii=False, indent=2))
        return
    for row in rows:
        line = f"{row['state']:<8}  {row['id']}"
        if row["state"] != "broken":
            days = f"{row['valid_from'] or '…'} to {row['valid_until'] or '…'}"
            line += f"  {days}  {row['approved_by']}  {row['questions'][0]}"
            if further := len(row["questions"]) - 1:
                line += f" (+{further})"
        else:
            line += f"  {row['problem']}"
        click.echo(plain(line))


def _check(
    file: Path, index: Path, config: Path | None
) -> "tuple[tuple[CuratedAnswer, ...], tuple[Problem, ...]]":
    from index.aliases import Aliases
    from index.search import open_index
    from rag.config import load_config
    from rag.curated import check_curated

    own = load_config(config).question.aliases
    with open_index(index) as opened:
        return check_curated(file, opened, aliases=Aliases.load(Path(own) if own else None))


def _row(answer: "CuratedAnswer", day: "date") -> dict[str, Any]:
    from rag.curated import state_of

    entry, approval = answer.entry, answer.approval
    return {
        "id": entry.id,
        "state": state_of(entry, day).value,
        "valid_from": approval.valid_from,
        "valid_until": approval.valid_until,
        "approved_by": entry.approved_by,
        "language": entry.language,
        "questions": list(entry.questions),
        "sentences": [sentence.text for sentence in answer.sentences],
    }
