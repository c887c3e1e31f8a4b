"""The terminal: ``youju index | ask | explain | chat | show | info | curated | eval``.

Commands read their arguments, call one function of the layer below and print what it returns.
Everything heavy is imported inside the command that needs it, so that ``--help`` is instant.
"""

import json
import os
import sys
from contextlib import ExitStack, closing
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import click

from index.errors import UsageError, YoujuError
from ui.curated_cli import curated
from ui.eval_cli import evaluation
from ui.options import (
    FILE,
    INDEX,
    config_option,
    generator_option,
    index_option,
    open_asker,
)

if TYPE_CHECKING:
    from index.article import Article
    from index.passage import Filters
    from rag.answer import Asker
    from rag.question import Asked
    from rag.schema import Answer

__all__ = ["main"]

_FILTER_OPTIONS = (
    click.option(
        "--since",
        metavar="DATE",
        help="Only articles of this date or later: 2020-05-12, 2020-05, 2020.",
    ),
    click.option("--until", metavar="DATE", help="Only articles of this date or earlier."),
    click.option(
        "--source",
        metavar="NAME",
        multiple=True,
        help="Only articles of this source; may be repeated.",
    ),
    click.option(
        "--lang", metavar="xx", multiple=True, help="Only articles in this language: zh, en, …"
    ),
    click.option("--tag", metavar="NAME", multiple=True, help="Only articles with this tag."),
    click.option("--today", metavar="DATE", help="The day that 去年 or “last month” counts from."),
    click.option(
        "--without",
        type=click.Choice(["rewriting", "aliases", "dates"]),
        multiple=True,
        help="Leave out a step of understanding the question; may be repeated.",
    ),
)


def _asking_options(command: Any) -> Any:  # noqa: ANN401 - whatever click decorates
    """The options of every command that asks."""
    for option in reversed(_FILTER_OPTIONS):
        command = option(command)
    return command


# What is printed and read is UTF-8 whatever the locale says; a byte of a question that is not
# UTF-8 makes its own line a bad one.
_OUTPUT: Any = {"encoding": "utf-8", "errors": "backslashreplace"}
_LINES: Any = {"encoding": "utf-8-sig", "errors": "surrogateescape"}


def main() -> NoReturn:
    """Run the command line; a mistake of its user is one line on stderr and exit status 2."""
    # Small matrices, read while others are waited for: more threads for one product make the
    # others late and spin on busy cores (python -m ui.bench). NumPy reads it when it is imported.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    # Articles hold any character, and JSON is UTF-8 whatever the locale; a terminal that cannot
    # show one gets an escape, not a traceback.
    if sys.stdout is None:  # closed by `>&-`
        sys.stdout = open(os.devnull, "w", encoding="utf-8")  # noqa: PTH123, SIM115 -- open till exit
    sys.stdout.reconfigure(**_OUTPUT)  # type: ignore[union-attr]  # a TextIOWrapper here
    if sys.stderr is not None:
        sys.stderr.reconfigure(errors="backslashreplace")  # type: ignore[union-attr]  # likewise
    status: int | str | None = 0
    try:
        app()
    except SystemExit as exit_:
        status = exit_.code
    except YoujuError as error:
        status = _fail(str(error))
    except BrokenPipeError:
        pass
    except OSError as error:
        status = _fail(f"{error.filename or 'the output'}: {error.strerror}")
    except KeyboardInterrupt:
        status = 130
    try:
        sys.stdout.flush()
    except BrokenPipeError:
        # `youju ask … | head`: the reader left, which is no mistake. Python would complain again
        # when it closes the stream at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        status = 0
    except OSError as error:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        status = _fail(f"cannot write the output: {error.strerror}")
    raise SystemExit(status)


@click.group(no_args_is_help=True)
@click.version_option(package_name="youju", message="youju %(version)s")
def app() -> None:
    """Ask a collection of articles; every sentence of the answer cites its evidence."""


app.add_command(curated)
app.add_command(evaluation)


@app.command("index")
@click.argument("paths", metavar="PATH...", nargs=-1, type=FILE)
@index_option
@click.option("--dry-run", is_flag=True, help="Report what would change; write nothing.")
@click.option("--rebuild", is_flag=True, help="Embed everything again, with another embedder say.")
@click.option(
    "--exact", is_flag=True, help="Compare a question with every vector, however many there are."
)
@click.option("--rollback", is_flag=True, help="Serve the generation before the current one.")
@click.option(
    "--embedder",
    metavar="NAME",
    help="bundled (default), a sentence-transformers model by name or folder, or openai:URL#MODEL "
    "for an embeddings server.",
)
@click.option("--device", metavar="NAME", help="Where a model runs: cpu, cuda, cuda:1, mps.")
@config_option
@click.option("--json", "as_json", is_flag=True, help="Print the report as JSON.")
@click.option("--verbose", "-v", is_flag=True, help="List unchanged and skipped files too.")
def index_command(
    *,
    paths: tuple[Path, ...],
    index: Path,
    dry_run: bool,
    rebuild: bool,
    exact: bool,
    rollback: bool,
    embedder: str | None,
    device: str | None,
    config: Path | None,
    as_json: bool,
    verbose: bool,
) -> None:
    """Sync folders of articles into the index: adds, edits and deletions.

    Exit status 0, 1 when a file was quarantined (the rest is indexed), 2 for wrong usage.
    """
    if rollback:
        from index.store import rollback as roll_back

        others = (paths, dry_run, rebuild, exact, embedder, device, config, as_json, verbose)
        if any(others):
            raise UsageError("--rollback stands alone (beside --index): it only moves the pointer")
        click.echo(f"now serving {roll_back(index)} of {index}")
        return
    if not paths:
        raise UsageError("name a folder or file of articles: youju index FOLDER")
    import dataclasses

    from index.sync import sync
    from rag.config import load_config
    from ui.report import report_text

    settings = load_config(config).index
    if embedder is not None:
        settings = dataclasses.replace(settings, embedder=embedder)
    if exact:
        settings = dataclasses.replace(settings, vectors="flat")
    report = sync(
        list(paths),
        index,
        config=settings,
        device=device,
        dry_run=dry_run,
        rebuild=rebuild,
        progress=True,
    )
    if as_json:
        click.echo(json.dumps(report.to_json(), ensure_ascii=False, indent=2))
    else:
        click.echo(report_text(report, verbose=verbose))
    sys.exit(report.exit_status)


@app.command()
@click.argument("question", required=False)
@index_option
@click.option("--json", "as_json", is_flag=True, help="Print the answer as JSON.")
@click.option("--k", type=click.IntRange(1, 100), help="Passages the answer may draw on.")
@_asking_options
@click.option(
    "--batch",
    type=FILE,
    metavar="FILE",
    help='Questions as JSON lines {"id", "question", …}; "-" is stdin.',
)
@click.option(
    "--output",
    type=FILE,
    metavar="FILE",
    help='Where the answers of --batch go; "-" (default) is stdout.',
)
@generator_option
@config_option
def ask(
    *,
    question: str | None,
    index: Path,
    as_json: bool,
    k: int | None,
    since: str | None,
    until: str | None,
    source: tuple[str, ...],
    lang: tuple[str, ...],
    tag: tuple[str, ...],
    today: str | None,
    without: tuple[str, ...],
    batch: Path | None,
    output: Path | None,
    generator: str | None,
    config: Path | None,
) -> None:
    """Ask one question, or a batch of them.

    Exit status 0 (declining to answer is an answer), 1 when a line of a batch failed, 2 for
    wrong usage.
    """
    if (question is None) == (batch is None):
        raise UsageError('ask one question (youju ask "…") or a batch (youju ask --batch FILE)')
    if output is not None and batch is None:
        raise UsageError("--output belongs to --batch; use > FILE for one answer")
    if batch is not None:
        if since or until or source or lang or tag:
            raise UsageError('in a batch, filters stand in each line: {"filters": {"since": …}}')
        if today or without:
            raise UsageError('in a batch, each line says its own {"today": …, "without": […]}')
        with open_asker(index, config, generator=generator) as asker:
            failed = _run_batch(asker, batch, output, k=k)
        sys.exit(1 if failed else 0)

    from rag.journal import Journal

    filters = _filters(since=since, until=until, source=source, lang=lang, tag=tag)
    asked = _asked(question or "", filters=filters, k=k, today=today, without=without, suggest=True)
    with open_asker(index, config, generator=generator) as asker:
        if as_json:
            answer = asker.answer_to(asked)
            click.echo(json.dumps(answer.to_json(), ensure_ascii=False, indent=2))
        else:
            chosen = ["--index", str(index)] if index != INDEX else []
            answer = _print_stream(asker, asked, chosen=chosen)
        Journal(index).remember(answer.answer_id, asked)


@app.command()
@click.argument("question")
@index_option
@click.option("--json", "as_json", is_flag=True, help="Print it as JSON, with every candidate.")
@click.option("--k", type=click.IntRange(1, 100), help="Passages the answer may draw on.")
@_asking_options
@config_option
def explain(
    *,
    question: str,
    index: Path,
    as_json: bool,
    k: int | None,
    since: str | None,
    until: str | None,
    source: tuple[str, ...],
    lang: tuple[str, ...],
    tag: tuple[str, ...],
    today: str | None,
    without: tuple[str, ...],
    config: Path | None,
) -> None:
    """Say why a question is answered as it is. QUESTION may be the id of an earlier answer."""
    import re

    from rag.explain import explanation_json, explanation_text
    from rag.journal import Journal
    from ui import render

    filters = _filters(since=since, until=until, source=source, lang=lang, tag=tag)
    if re.fullmatch("[0-9a-f]{12}", question):
        if filters or today or without or k:
            raise UsageError("an answer's id stands alone: it keeps its own filters and date")
        asked = Journal(index).find(question)
    else:
        asked = _asked(question, filters=filters, k=k, today=today, without=without)
    with open_asker(index, config) as asker:
        inspection = asker.inspect(asked)
        if as_json:
            told = explanation_json(inspection, index=asker.index)
            click.echo(json.dumps(told, ensure_ascii=False, indent=2))
        else:
            click.echo(render.plain(explanation_text(inspection, index=asker.index)))


@app.command()
@click.argument("article_id")
@index_option
@click.option("--cite", metavar="START:END", help="Mark these characters.")
@click.option("--json", "as_json", is_flag=True, help="Print the article as JSON.")
def show(
    *,
    article_id: str,
    index: Path,
    cite: str | None,
    as_json: bool,
) -> None:
    """Show an article as it is stored, with cited characters marked."""
    from index.store import open_generation
    from ui import render

    with closing(open_generation(index)) as generation:
        try:
            found = generation.article(article_id)
        except KeyError:
            raise UsageError(
                f"no article {article_id!r} in {index}; "
                f"youju info --articles --index {index} lists the ids"
            ) from None
    span = _span(cite, len(found.text)) if cite else None
    if as_json:
        click.echo(json.dumps(_article_json(found), ensure_ascii=False, indent=2))
    else:
        click.echo(render.article(found, render.Style(sys.stdout), cite=span))


@app.command()
@index_option
@click.option("--articles", is_flag=True, help="List every article.")
@click.option("--verify", is_flag=True, help="Compare every file with its hash.")
@click.option("--json", "as_json", is_flag=True, help="Print it as JSON.")
def info(
    *,
    index: Path,
    articles: bool,
    verify: bool,
    as_json: bool,
) -> None:
    """Say what the index holds: generation, counts, dates, embedder."""
    from index.store import open_generation
    from index.store import verify as verify_generation
    from ui import render

    if verify:
        verify_generation(index)
    with closing(open_generation(index)) as generation:
        manifest = generation.manifest
        approximation = manifest.approximation
        held = list(generation.articles())
    days = sorted(a.published for a in held if a.published)
    languages = sorted({f"{a.language} ({a.script.value})" for a in held})
    facts: dict[str, Any] = {
        "index": str(index),
        "generation": manifest.generation,
        "created": manifest.created,
        "articles": manifest.counts.articles,
        "chunks": manifest.counts.chunks,
        "earliest": days[0].isoformat() if days else None,
        "latest": days[-1].isoformat() if days else None,
        "languages": languages,
        "embedder": manifest.embedder_name,
        "dimensions": manifest.dim,
        "vectors": approximation.kind if approximation else "flat",
        "recall": approximation.recall if approximation else 1.0,
        "verified": verify,
    }
    if articles:
        facts["list"] = [
            {
                "id": a.id,
                "title": a.title,
                "published": a.published.isoformat() if a.published else None,
                "source": a.source,
                "path": a.path,
            }
            for a in held
        ]
    if as_json:
        click.echo(json.dumps(facts, ensure_ascii=False, indent=2))
        return
    listed = facts.pop("list", [])
    for name, value in facts.items():
        shown = ", ".join(value) if isinstance(value, list) else value
        click.echo(f"{name:<12}{'-' if shown in (None, '') else shown}")
    for row in listed:
        where = ", ".join(filter(None, (row["source"], row["path"])))
        line = f"{row['id']}  {row['published'] or '-':<10}  {row['title']}  ({where})"
        click.echo(render.plain(line))


@app.command()
@index_option
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option(
    "--port",
    type=click.IntRange(1, 65535),
    default=7860,
    show_default=True,
    help="Port to listen on.",
)
@click.option(
    "--allow-remote", is_flag=True, help="Permit an address that other machines can reach."
)
@click.option(
    "--allow-host",
    "hosts",
    multiple=True,
    metavar="NAME",
    help="A further name of the page, such as a proxy's. May be repeated.",
)
@click.option("--open/--no-open", "open_browser", help="Open the page in a browser.")
@generator_option
@config_option
def chat(
    *,
    index: Path,
    host: str,
    port: int,
    allow_remote: bool,
    hosts: tuple[str, ...],
    open_browser: bool,
    generator: str | None,
    config: Path | None,
) -> None:
    """Open the chat page at http://127.0.0.1:7860."""
    from eval.activity import activity_path
    from ui.activity import ActivityLog
    from ui.admin import Admin
    from ui.collection import Collection
    from ui.collection_routes import collection_part
    from ui.config import load_page_config
    from ui.feedback_routes import feedback_part
    from ui.guard import is_loopback
    from ui.handoff_delivery import open_desk, pack_folders
    from ui.kept import Retention, handoff_folder, move_out
    from ui.operations_routes import operations_part
    from ui.server import serve

    page = load_page_config(config)
    # A page that has a name of its own is reached by others, through whatever listens under it.
    admin = Admin(page.admin_token, is_local=is_loopback(host) and not hosts)
    with ExitStack() as stack:
        asker = stack.enter_context(open_asker(index, config, generator=generator))
        collection = stack.enter_context(closing(Collection(asker)))
        move_out(index)
        path, packs = activity_path(index), handoff_folder(index)
        log = stack.enter_context(ActivityLog(path, days=page.log_days)) if page.log else None
        desk = open_desk(page.handoff, otherwise=packs, environment=os.environ)
        stack.callback(desk.close)
        folders = pack_folders(page.handoff, otherwise=packs)
        unused = None if log else path
        stack.enter_context(Retention(folders, log=unused, days=page.log_days))
        serve(
            collection,
            host=host,
            port=port,
            open_browser=open_browser,
            allow_remote=allow_remote,
            hosts=hosts,
            parts=[
                collection_part(collection, admin),
                feedback_part(
                    log=log,
                    desk=desk,
                    article=collection.article,
                    generation=lambda: collection.summary().generation,
                ),
                operations_part(path, log=log, admin=admin),
            ],
            on_ended=log.on_ended if log else None,
            staff_only=not admin.is_open,
        )


def _print_stream(asker: "Asker", asked: "Asked", *, chosen: list[str]) -> "Answer":
    """Print an answer as it comes; ``chosen`` are the options that choose this index."""
    from rag.explain import approval_text
    from rag.schema import FellBack, Finished, Retrieved, SentenceAdded
    from ui import render

    style = render.Style(sys.stdout)
    group = ""
    for event in asker.stream_to(asked):
        match event:
            case Retrieved(reading=reading) if reading is not None:
                if notes := render.reading(reading, style):
                    click.echo(notes)
            case SentenceAdded(sentence=said):
                if said.group != group:
                    group = said.group
                    click.echo(style.bold(render.plain(group)))
                click.echo(render.sentence(said, style))
            case FellBack(reason=failed):
                click.echo(style.dim(f"(the model failed: {render.plain(failed)})"))
                click.echo(style.dim("(quoted from the articles instead:)"))
            case Finished(answer=answer):
                if answer.abstained:
                    click.echo(answer.answer)
                    click.echo(style.dim(f"({answer.reason})"))
                    if answer.passages:
                        click.echo("\n" + render.nearest(answer.passages, style))
                else:
                    if answer.approval:
                        told = render.plain(approval_text(answer.approval))
                        click.echo(style.dim(f"({told})"))
                    show = ["youju", "show", *chosen]
                    click.echo("\n" + render.citations(answer.citations, style, show=show))
                if answer.notice:
                    click.echo("\n" + answer.notice)
                for number, further in enumerate(answer.suggestions):
                    told = "also answered: " if number == 0 else "               "
                    click.echo(style.dim(told + render.plain(further)))
                return answer
    raise AssertionError("the stream ended without its last event")


def _run_batch(asker: "Asker", batch: Path, output: Path | None, *, k: int | None) -> int:
    """Answer a file of questions; returns how many lines failed."""
    from rag.batch import answer_lines

    with ExitStack() as stack:
        try:
            if str(batch) == "-":
                sys.stdin.reconfigure(**_LINES)  # type: ignore[union-attr]  # a TextIOWrapper here
                lines = sys.stdin
            else:
                lines = stack.enter_context(batch.open(**_LINES))
            sink = sys.stdout
            if output is not None and str(output) != "-":
                if output.exists() and str(batch) != "-" and output.samefile(batch):
                    raise UsageError(
                        f"--output {output} is the file of the questions; name another"
                    )
                sink = stack.enter_context(output.open("w", encoding="utf-8"))
        except OSError as error:
            raise UsageError(f"cannot open {error.filename}: {error.strerror}") from error
        done = failed = 0
        for row in answer_lines(lines, asker, k=k):
            sink.write(json.dumps(row, ensure_ascii=False) + "\n")
            done += 1
            failed += "error" in row
            if sys.stderr.isatty():
                click.echo(f"\r{done} answered, {failed} failed", err=True, nl=False)
    if sys.stderr.isatty() or failed:
        click.echo(f"\r{done} lines, {failed} failed", err=True)
    return failed


def _filters(
    *,
    since: str | None,
    until: str | None,
    source: tuple[str, ...],
    lang: tuple[str, ...],
    tag: tuple[str, ...],
) -> "Filters":
    from index.passage import Filters
    from rag.batch import parse_day

    return Filters(
        since=parse_day(since, field="--since") if since is not None else None,
        until=parse_day(until, field="--until", end=True) if until is not None else None,
        sources=source,
        languages=lang,
        tags=tag,
    )


def _asked(
    question: str,
    *,
    filters: "Filters",
    k: int | None,
    today: str | None,
    without: tuple[str, ...],
    suggest: bool = False,
) -> "Asked":
    from rag.answer import today as this_day
    from rag.batch import parse_day
    from rag.question import Asked

    day = parse_day(today, field="--today") if today is not None else this_day()
    return Asked(question, filters=filters, k=k, today=day, without=without, suggest=suggest)


def _span(text: str, length: int) -> tuple[int, int]:
    try:
        start, end = (int(part) for part in text.split(":"))
    except ValueError:
        raise UsageError(f"--cite {text!r}: write START:END, two whole numbers") from None
    if not 0 <= start < end <= length:
        raise UsageError(f"--cite {text}: the article has the characters 0:{length}")
    return start, end


def _article_json(article: "Article") -> dict[str, Any]:
    import dataclasses

    values = dataclasses.asdict(article)
    values["published"] = article.published.isoformat() if article.published else None
    return values


def _fail(message: str) -> int:
    """Print one line on stderr; returns the exit status of a mistake."""
    from ui.render import plain

    click.echo(f"youju: {plain(message)}", err=True)
    return 2


if __name__ == "__main__":
    main()
