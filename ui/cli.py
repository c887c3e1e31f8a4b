"""The terminal: ``youju index | ask | chat | show | info``.

Commands read their arguments, call one function of the layer below and print what it returns.
Everything heavy is imported inside the command that needs it, so that ``--help`` is instant.
"""

import json
import os
import sys
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NoReturn

import typer

from index.errors import UsageError, YoujuError

if TYPE_CHECKING:
    from index.article import Article
    from index.passage import Filters
    from rag.answer import Asker

__all__ = ["main"]

app = typer.Typer(
    name="youju",
    help="Ask a collection of articles; every sentence of the answer cites its evidence.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,  # rich costs 0.1 s of every start
    pretty_exceptions_enable=False,
)

IndexOption = Annotated[
    Path, typer.Option("--index", envvar="YOUJU_INDEX", help="Folder of the index.")
]
ConfigOption = Annotated[
    Path | None, typer.Option("--config", help="TOML file of settings.", dir_okay=False)
]
_INDEX = Path("var/index")
# What is printed and read is UTF-8 whatever the locale says; a byte of a question that is not
# UTF-8 makes its own line a bad one.
_OUTPUT: Any = {"encoding": "utf-8", "errors": "backslashreplace"}
_LINES: Any = {"encoding": "utf-8-sig", "errors": "surrogateescape"}


def main() -> NoReturn:
    """Run the command line; a mistake of its user is one line on stderr and exit status 2."""
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


@app.callback(invoke_without_command=True)
def _root(
    version: Annotated[bool, typer.Option("--version", help="Print the version.")] = False,
) -> None:
    if version:
        from importlib.metadata import version as installed

        typer.echo(f"youju {installed('youju')}")
        raise typer.Exit


@app.command("index")
def index_command(
    paths: Annotated[
        list[Path] | None, typer.Argument(metavar="PATH...", help="Folders and files of articles.")
    ] = None,
    index: IndexOption = _INDEX,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Report what would change; write nothing.")
    ] = False,
    rebuild: Annotated[
        bool, typer.Option("--rebuild", help="Embed everything again, with another embedder say.")
    ] = False,
    rollback: Annotated[
        bool, typer.Option("--rollback", help="Serve the generation before the current one.")
    ] = False,
    embedder: Annotated[
        str | None,
        typer.Option(
            help="bundled (default), a sentence-transformers model by name or folder, or "
            "openai:URL#MODEL for an embeddings server."
        ),
    ] = None,
    device: Annotated[
        str | None, typer.Option(help="Where a model runs: cpu, cuda, cuda:1, mps.")
    ] = None,
    config: ConfigOption = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the report as JSON.")] = False,
    verbose: Annotated[
        bool, typer.Option("--verbose", "-v", help="List unchanged and skipped files too.")
    ] = False,
) -> None:
    """Sync folders of articles into the index: adds, edits and deletions.

    Exit status 0, 1 when a file was quarantined (the rest is indexed), 2 for wrong usage.
    """
    if rollback:
        from index.store import rollback as roll_back

        if paths or dry_run or rebuild or embedder or device or config or as_json or verbose:
            raise UsageError("--rollback stands alone (beside --index): it only moves the pointer")
        typer.echo(f"now serving {roll_back(index)} of {index}")
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
    report = sync(
        paths,
        index,
        config=settings,
        device=device,
        dry_run=dry_run,
        rebuild=rebuild,
        progress=True,
    )
    if as_json:
        typer.echo(json.dumps(report.to_json(), ensure_ascii=False, indent=2))
    else:
        typer.echo(report_text(report, verbose=verbose))
    raise typer.Exit(report.exit_status)


@app.command()
def ask(
    question: Annotated[str | None, typer.Argument(help="The question, in your own words.")] = None,
    index: IndexOption = _INDEX,
    as_json: Annotated[bool, typer.Option("--json", help="Print the answer as JSON.")] = False,
    k: Annotated[
        int | None, typer.Option("--k", min=1, max=100, help="Passages the answer may draw on.")
    ] = None,
    since: Annotated[
        str | None,
        typer.Option(help="Only articles of this date or later: 2020-05-12, 2020-05, 2020."),
    ] = None,
    until: Annotated[
        str | None, typer.Option(help="Only articles of this date or earlier.")
    ] = None,
    source: Annotated[
        list[str] | None, typer.Option(help="Only articles of this source; may be repeated.")
    ] = None,
    lang: Annotated[
        list[str] | None, typer.Option(help="Only articles in this language: zh, en, …")
    ] = None,
    tag: Annotated[list[str] | None, typer.Option(help="Only articles with this tag.")] = None,
    batch: Annotated[
        Path | None,
        typer.Option(help='Questions as JSON lines {"id", "question", …}; "-" is stdin.'),
    ] = None,
    output: Annotated[
        Path | None, typer.Option(help='Where the answers of --batch go; "-" (default) is stdout.')
    ] = None,
    config: ConfigOption = None,
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
        with _open_asker(index, config) as asker:
            failed = _run_batch(asker, batch, output, k=k)
        raise typer.Exit(1 if failed else 0)

    filters = _filters(since=since, until=until, source=source, lang=lang, tag=tag)
    with _open_asker(index, config) as asker:
        if as_json:
            answer = asker.answer(question or "", filters=filters, k=k)
            typer.echo(json.dumps(answer.to_json(), ensure_ascii=False, indent=2))
        else:
            show = ["youju", "show", *(["--index", str(index)] if index != _INDEX else [])]
            _print_stream(asker, question or "", filters, k=k, show=show)


@app.command()
def show(
    article_id: Annotated[str, typer.Argument(help="An article's id, as a citation gives it.")],
    index: IndexOption = _INDEX,
    cite: Annotated[
        str | None, typer.Option(metavar="START:END", help="Mark these characters.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the article as JSON.")] = False,
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
        typer.echo(json.dumps(_article_json(found), ensure_ascii=False, indent=2))
    else:
        typer.echo(render.article(found, render.Style(sys.stdout), cite=span))


@app.command()
def info(
    index: IndexOption = _INDEX,
    articles: Annotated[bool, typer.Option("--articles", help="List every article.")] = False,
    verify: Annotated[
        bool, typer.Option("--verify", help="Compare every file with its hash.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print it as JSON.")] = False,
) -> None:
    """Say what the index holds: generation, counts, dates, embedder."""
    from index.store import open_generation
    from index.store import verify as verify_generation
    from ui import render

    if verify:
        verify_generation(index)
    with closing(open_generation(index)) as generation:
        manifest = generation.manifest
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
        typer.echo(json.dumps(facts, ensure_ascii=False, indent=2))
        return
    listed = facts.pop("list", [])
    for name, value in facts.items():
        shown = ", ".join(value) if isinstance(value, list) else value
        typer.echo(f"{name:<12}{'-' if shown in (None, '') else shown}")
    for row in listed:
        where = ", ".join(filter(None, (row["source"], row["path"])))
        line = f"{row['id']}  {row['published'] or '-':<10}  {row['title']}  ({where})"
        typer.echo(render.plain(line))


@app.command()
def chat(
    index: IndexOption = _INDEX,
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=1, max=65535, help="Port to listen on.")] = 7860,
    allow_remote: Annotated[
        bool,
        typer.Option("--allow-remote", help="Permit an address that other machines can reach."),
    ] = False,
    open_browser: Annotated[
        bool, typer.Option("--open/--no-open", help="Open the page in a browser.")
    ] = False,
    config: ConfigOption = None,
) -> None:
    """Open the chat page at http://127.0.0.1:7860."""
    from ui.collection import Collection
    from ui.server import serve

    with _open_asker(index, config) as asker:
        serve(
            Collection(asker),
            host=host,
            port=port,
            open_browser=open_browser,
            allow_remote=allow_remote,
        )


@contextmanager
def _open_asker(index: Path, config: Path | None) -> Iterator["Asker"]:
    """The index, open for as long as a command needs it."""
    from index.search import open_index
    from rag.answer import Asker
    from rag.config import load_config

    settings = load_config(config)
    with open_index(index) as opened:
        yield Asker(opened, config=settings)


def _print_stream(
    asker: "Asker", question: str, filters: "Filters", *, k: int | None, show: list[str]
) -> None:
    from rag.schema import Finished, SentenceAdded
    from ui import render

    style = render.Style(sys.stdout)
    for event in asker.stream(question, filters=filters, k=k):
        match event:
            case SentenceAdded(sentence=said):
                typer.echo(render.sentence(said, style))
            case Finished(answer=answer) if answer.abstained:
                typer.echo(answer.answer)
                typer.echo(style.dim(f"({answer.reason})"))
                if answer.passages:
                    typer.echo("\n" + render.nearest(answer.passages, style))
            case Finished(answer=answer):
                typer.echo("\n" + render.citations(answer.citations, style, show=show))


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
                typer.echo(f"\r{done} answered, {failed} failed", err=True, nl=False)
    if sys.stderr.isatty() or failed:
        typer.echo(f"\r{done} lines, {failed} failed", err=True)
    return failed


def _filters(
    *,
    since: str | None,
    until: str | None,
    source: list[str] | None,
    lang: list[str] | None,
    tag: list[str] | None,
) -> "Filters":
    from index.passage import Filters
    from rag.batch import parse_day

    return Filters(
        since=parse_day(since, field="--since") if since is not None else None,
        until=parse_day(until, field="--until", end=True) if until is not None else None,
        sources=tuple(source or ()),
        languages=tuple(lang or ()),
        tags=tuple(tag or ()),
    )


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

    typer.echo(f"youju: {plain(message)}", err=True)
    return 2


if __name__ == "__main__":
    main()
