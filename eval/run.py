"""Ask every case and keep what came of it: cases and an asker in, a run's folder out.

    from eval.run import evaluate

    result = evaluate(load_cases(path), Asker(index, config=config), output=Path("var/runs/first"))
    result.summary["metrics"]["recall@5"]["mean"]

The folder holds ``run.json`` (what was run, with what), ``results.jsonl`` (a row a case, in the
order of the cases) and ``summary.json``. Rows are written as they come, so that a run that was
killed goes on where it stopped. Answers are not kept in memory: what grows with the cases is a
few hundred bytes each.
"""

import dataclasses
import hashlib
import json
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence, Set
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import partial
from heapq import heappush, heappushpop
from itertools import islice
from pathlib import Path
from time import perf_counter
from typing import Any

from eval.cases import Case
from eval.gold import GoldFinder
from eval.metrics.citations import Span
from eval.rows import RowWriter, read_rows, telling
from eval.scoring import cited_spans, row_of
from eval.scripts import in_other_script
from eval.summary import summarize
from eval.surroundings import commit, hardware, versions
from eval.workers import Reply, Workers, reply_to
from index.atomic import TEMPORARY, make_folder, replace_file
from index.errors import UsageError
from index.manifest import render_manifest
from index.progress import Progress
from rag.answer import Asker
from rag.answer import today as this_day
from rag.config import fingerprint
from rag.question import Asked

__all__ = ["RESULTS", "RUN", "SUMMARY", "RunResult", "evaluate"]

SCHEMA_VERSION = 1
RUN = "run.json"
RESULTS = "results.jsonl"
SUMMARY = "summary.json"

_TWICE = 500
"""Chinese cases that are asked in the other script, too. A share of so many is known to within
0.02 where it is near 1, and a large set is not asked all over again."""

_NAMED = 20
"""Cases without their gold that a refusal names: asked of another index, all of them are."""

_AHEAD = 4
"""Cases a thread that may be answered before an earlier, slower one is written."""


@dataclass(frozen=True, slots=True)
class RunResult:
    """What a run came to. ``left_out`` names the cases whose gold is not in the index."""

    folder: Path
    summary: Mapping[str, Any]
    left_out: tuple[str, ...] = ()

    @property
    def errors(self) -> int:
        """How many cases raised an error instead of an answer."""
        return int(self.summary["errors"])

    @property
    def fallbacks(self) -> int:
        """How many answers are quotes because their generator failed."""
        return int(self.summary["fallbacks"])


def evaluate(
    cases: Iterable[Case],
    asker: Asker,
    *,
    output: Path,
    name: str = "cases",
    jobs: int = 1,
    processes: bool = False,
    limit: int | None = None,
    today: date | None = None,
    other_script: bool = True,
    resume: bool = False,
    keep_going: bool = False,
    progress: bool = False,
) -> RunResult:
    """Ask every case and write a run's folder.

    Args:
        cases: The cases. They are gone through twice; an iterator is made a list first.
        asker: What answers them.
        output: The folder of the run, made if need be.
        name: What the set of cases is called in the report.
        jobs: How many questions are asked at a time.
        processes: Ask in as many processes, each with an asker of its own, of the same index and
            configuration: for the generator that quotes, which computes all the time. Threads
            share ``asker`` and do where a model behind a server answers.
        limit: Ask only so many, the first ones.
        today: The day on which cases without a day of their own are asked; None takes that of the
            newest article, so that a run does not depend on the calendar.
        other_script: Ask Chinese questions in the other script too, for ``script_invariance``; of
            more than 500, so many, spread over the set.
        resume: Go on with the run in ``output``, if one was begun there.
        keep_going: Leave out cases whose gold is not in the index, instead of refusing them all.
        progress: Show on a terminal how far the run is.

    Raises:
        UsageError: gold is not in the index; there are no cases; no question could be answered
            with the asker's configuration; ``output`` holds another run, or one that was begun
            with other cases, settings or another index.
    """
    started = _now()
    cases = cases if isinstance(cases, Sequence) or iter(cases) is not cases else list(cases)
    gold = GoldFinder(asker.index)
    survey = _survey(cases, gold, limit=limit, keep_going=keep_going)
    asker.prepare()
    day = today or gold.latest or this_day()
    run = _describe(
        asker, survey, name=name, today=day, other_script=other_script, jobs=jobs, started=started
    )
    _make_output(output)
    run = _begin(output, run, resume=resume)
    clock = perf_counter()
    try:
        with RowWriter(output / RESULTS) as rows, ExitStack() as stack:
            ask: Callable[[Asked], Reply] = partial(reply_to, asker)
            if processes and rows.done < survey.count:
                count = min(jobs, survey.count - rows.done)
                ask = stack.enter_context(Workers(asker, count)).ask
            _ask_all(
                _chosen(cases, survey, limit),
                _Asking(ask, gold, today=day, twice=survey.twice if other_script else frozenset()),
                rows,
                output / RESULTS,
                survey=survey,
                jobs=jobs,
                progress=progress,
            )
    except BaseException:
        with suppress(UsageError):  # the disk is full: what went wrong first is what is told
            _write(output / RUN, run | {"status": "interrupted", "finished": _now()})
        raise
    asked = perf_counter()
    summary = summarize(read_rows(output / RESULTS))
    _write(output / SUMMARY, summary)
    durations = {"asking": asked - clock, "summary": perf_counter() - asked}
    _write(
        output / RUN,
        run
        | {
            "status": "finished",
            "finished": _now(),
            "durations_s": {part: round(s, 3) for part, s in durations.items()},
        },
    )
    _write_report(output)
    return RunResult(output, summary, survey.left_out)


@dataclass(frozen=True, slots=True)
class _Survey:
    """What is known of the cases before the first is asked.

    ``twice`` are those that may be asked in the other script as well.
    """

    count: int
    sha256: str
    skipped: frozenset[str]
    left_out: tuple[str, ...]
    reworded: frozenset[str]
    twice: frozenset[str]


def _survey(
    cases: Iterable[Case], gold: GoldFinder, *, limit: int | None, keep_going: bool
) -> _Survey:
    """Go through the cases once: count and hash them, find all their gold.

    Raises:
        UsageError: naming the cases whose gold is not in the index, unless ``keep_going``.
    """
    digest = hashlib.sha256()
    count = 0
    problems: list[str] = []
    skipped: list[str] = []
    reworded: set[str] = set()
    chinese: list[tuple[int, str]] = []
    for case in islice(cases, limit):
        try:
            gold.locate(case)
        except UsageError as error:
            problems.append(f"case {case.id}: {error}")
            skipped.append(case.id)
            continue
        count += 1
        line = json.dumps(case.to_json(), ensure_ascii=False, sort_keys=True)
        digest.update(line.encode("utf-8", "replace") + b"\n")
        if case.paraphrase_of is not None:
            reworded.add(case.paraphrase_of)
        if case.lang.startswith("zh"):
            _keep_lowest(chinese, case.id)
    if problems and not keep_going:
        more = len(problems) - _NAMED
        rest = [f"… and {more} more cases of which the gold is not found"] if more > 0 else []
        raise UsageError("\n".join([*problems[:_NAMED], *rest]))
    if not count:
        raise UsageError("there is no case to ask: the files hold none that can be asked")
    return _Survey(
        count=count,
        sha256=digest.hexdigest(),
        skipped=frozenset(skipped),
        left_out=tuple(problems),
        reworded=frozenset(reworded),
        twice=frozenset(id_ for _, id_ in chinese),
    )


def _keep_lowest(heap: list[tuple[int, str]], id_: str) -> None:
    """Keep the ``_TWICE`` ids of the lowest hashes: the same ones in whatever order they come."""
    digest = hashlib.blake2b(id_.encode("utf-8", "replace"), digest_size=8).digest()
    entry = (-int.from_bytes(digest), id_)
    if len(heap) < _TWICE:
        heappush(heap, entry)
    else:
        heappushpop(heap, entry)


def _chosen(cases: Iterable[Case], survey: _Survey, limit: int | None) -> Iterator[Case]:
    return (case for case in islice(cases, limit) if case.id not in survey.skipped)


def _describe(
    asker: Asker,
    survey: _Survey,
    *,
    name: str,
    today: date,
    other_script: bool,
    jobs: int,
    started: str,
) -> dict[str, Any]:
    """``run.json`` as it stands when a run begins."""
    revision, clean = commit()
    manifest = asker.index.manifest
    run = {
        "schema_version": SCHEMA_VERSION,
        "run_id": "",
        "status": "running",
        "started": started,
        "finished": None,
        "commit": revision,
        "clean": clean,
        "versions": versions(),
        "config": dataclasses.asdict(asker.config),
        "config_fingerprint": fingerprint(asker.config),
        "index": {
            "folder": str(asker.index.folder.parents[1]),
            "generation": asker.index.generation,
            "embedder": manifest.embedder_name,
            "digest": hashlib.sha256(render_manifest(manifest)).hexdigest(),
        },
        "cases": {"name": name, "sha256": survey.sha256, "count": survey.count},
        "settings": {"today": today.isoformat(), "other_script": other_script},
        "generator": getattr(asker.config.answer, "generator", "extractive"),
        "jobs": jobs,
        "hardware": hardware(),
        "durations_s": {},
    }
    identity = json.dumps([value for _, value in _identity(run)], sort_keys=True)
    return run | {"run_id": hashlib.blake2b(identity.encode(), digest_size=6).hexdigest()}


def _identity(run: Mapping[str, Any]) -> list[tuple[str, Any]]:
    """What decides the rows of a run, each with its name."""
    return [
        ("settings of the system", run["config_fingerprint"]),
        ("index", run["index"]["digest"]),
        ("cases", [run["cases"]["sha256"], run["cases"]["count"]]),
        ("settings of the run", run["settings"]),
        ("commit", run["commit"]),
    ]


def _make_output(output: Path) -> None:
    try:
        make_folder(output)
        is_folder = output.is_dir()
    except OSError as error:
        raise UsageError(
            f"{output}: cannot be made ({error.strerror}); name another folder with --output"
        ) from error
    if not is_folder:
        raise UsageError(f"{output} is a file; name a new folder with --output")


def _begin(output: Path, run: dict[str, Any], *, resume: bool) -> dict[str, Any]:
    """Write ``run.json``, or take up the one that is there."""
    path = output / RUN
    if path.exists() and not resume:
        raise UsageError(
            f"{output} already holds a run; name another folder with --output, or go on with it "
            "by --resume"
        )
    if not path.exists():
        # What a kill in its first moment left behind is nobody's.
        if any(not path.name.startswith(TEMPORARY) for path in output.iterdir()):
            raise UsageError(f"{output} holds other files; name an empty or a new folder")
        _write(path, run)
        return run
    try:
        begun = json.loads(path.read_text(encoding="utf-8"))
        before = _identity(begun)
    except (ValueError, KeyError, TypeError) as error:
        raise UsageError(f"{path} describes no run that can be resumed ({error!r})") from error
    for (what, then), (_, now) in zip(before, _identity(run), strict=True):
        if then != now:
            raise UsageError(
                f"{output} was begun with another state of: {what}; start a new run with another "
                "--output"
            )
    run |= {"started": begun["started"]}
    _write(path, run)
    return run


@dataclass(frozen=True, slots=True)
class _Replies:
    """What came back for one case; ``other``: in the other script, None where it was not asked."""

    own: Reply
    other: Reply | None


class _Asking:
    """Asks one case; shared by the threads."""

    def __init__(
        self, ask: Callable[[Asked], Reply], gold: GoldFinder, *, today: date, twice: Set[str]
    ) -> None:
        self._ask = ask
        self._today = today
        self._twice = twice
        self.gold = gold

    def ask(self, case: Case) -> _Replies:
        """Ask a case, and its question in the other script."""
        day = case.today or self._today
        own = self._ask(Asked(case.question, day, dialogue=case.dialogue))
        other = in_other_script(case) if case.id in self._twice else None
        if other is None:
            return _Replies(own, None)
        question, dialogue = other
        return _Replies(own, self._ask(Asked(question, day, dialogue=tuple(dialogue))))


def _ask_all(
    cases: Iterable[Case],
    asking: _Asking,
    rows: RowWriter,
    path: Path,
    *,
    survey: _Survey,
    jobs: int,
    progress: bool,
) -> None:
    """Ask what has no row yet, and write the rows in the order of the cases."""
    shown = Progress(shown=progress)
    cited: dict[str, Sequence[Span]] = {}
    remaining = iter(cases)
    for done, row in enumerate(islice(read_rows(path), rows.done)):
        case = next(remaining, None)
        if case is None or row["id"] != case.id:
            raise UsageError(f"{path}: row {done + 1} is not that of the case in its place")
        if case.id in survey.reworded:
            cited[case.id] = cited_spans(row["answer"])
    written = rows.done
    for case, replies in _in_order(remaining, asking.ask, jobs=jobs):
        own, other = replies.own, replies.other
        if case.id in survey.reworded:
            cited[case.id] = cited_spans(own.answer)
        row = row_of(
            case,
            asking.gold.locate(case),
            text_of=asking.gold.text,
            answer=own.answer,
            error=own.error or (other.error if other else None),
            asked_twice=other is not None,
            other_script=other.answer if other else None,
            original=cited.get(case.paraphrase_of) if case.paraphrase_of else None,
        )
        rows.append(row)
        written += 1
        shown.update("cases", written, survey.count)
    shown.clear()


def _in_order(
    cases: Iterator[Case], ask: Callable[[Case], _Replies], *, jobs: int
) -> Iterator[tuple[Case, _Replies]]:
    """Ask in threads, a bounded number of cases ahead, and give the replies in order."""
    with ThreadPoolExecutor(jobs) as pool:
        waiting: deque[tuple[Case, Future[_Replies]]] = deque()
        try:
            while True:
                for case in islice(cases, _AHEAD * jobs - len(waiting)):
                    waiting.append((case, pool.submit(ask, case)))
                if not waiting:
                    return
                case, future = waiting.popleft()
                yield case, future.result()
        finally:
            for _, future in waiting:
                future.cancel()


def _write(path: Path, value: Mapping[str, Any]) -> None:
    text = json.dumps(value, ensure_ascii=False, indent=2, default=str) + "\n"
    with telling(path):
        replace_file(path, text.encode("utf-8", "replace"))


def _write_report(folder: Path) -> None:
    """Write the report beside the results."""
    from eval.report import write_report

    with telling(folder):
        write_report(folder)


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
