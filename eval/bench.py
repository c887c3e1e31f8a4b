"""Start-up, answering and indexing times as one table: ``python -m eval.bench --index DIR``.

Every figure is the median of several runs in one sitting, beside its ratio to the bare start of
Python measured in between: machines differ and are noisy, ratios travel better than seconds.
"""

import argparse
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from time import perf_counter

__all__ = ["Row", "main", "table"]

# One search over 50,000 vectors of the stand-in's width by one OpenMP thread and by two.
_THREADS_CODE = """
import sys
from time import perf_counter
import faiss, numpy
rows = numpy.random.default_rng(0).standard_normal((50_000, 512)).astype(numpy.float32)
index = faiss.IndexFlatIP(512)
index.add(rows)
faiss.omp_set_num_threads(int(sys.argv[1]))
index.search(rows[:1], 10)
start = perf_counter()
for row in range(50):
    index.search(rows[row:row + 1], 10)
print((perf_counter() - start) / 50)
"""
_QUESTION = "手机银行的关爱版有什么功能？"
# Runs inside a fresh process, after everything that indexing imports has been imported.
_INDEX_CODE = """
import sys
from pathlib import Path
from time import perf_counter
import faiss, numpy, tantivy
from index.config import IndexConfig
from index.sync import sync
start = perf_counter()
sync([Path(sys.argv[1])], Path(sys.argv[2]), config=IndexConfig())
print(perf_counter() - start)
"""
_ASK_CODE = """
import sys
from pathlib import Path
from time import perf_counter
from index.search import open_index
from rag.answer import Asker
from rag.config import Config
with open_index(Path(sys.argv[1])) as index:
    asker = Asker(index, config=Config())
    asker.answer(sys.argv[2])
    start = perf_counter()
    for _ in range(20):
        asker.answer(sys.argv[2])
    print((perf_counter() - start) / 20)
"""


@dataclass(frozen=True, slots=True)
class Row:
    """One measured thing: seconds, the target it has (None for none), and its name."""

    name: str
    seconds: float
    target_s: float | None


def measure(index: Path, articles: Path, acceptance: Path, *, runs: int) -> list[Row]:
    """Time every row, interleaving the runs so that a slow spell of the machine hits all alike."""
    youju = str(Path(sys.executable).with_name("youju"))
    python = sys.executable
    timed: list[tuple[str, float | None, Callable[[], float]]] = [
        ("python -c pass", None, lambda: _wall([python, "-c", "pass"])),
        ("youju --help", 0.3, lambda: _wall([youju, "--help"])),
        (
            "youju ask, whole process",
            1.0,
            lambda: _wall([youju, "ask", _QUESTION, "--index", str(index)]),
        ),
        (
            "one answer, process warm",
            None,
            partial(_printed, [python, "-c", _ASK_CODE, str(index), _QUESTION]),
        ),
        *(
            (f"index {folder.name}, after imports", target, partial(_indexing, folder))
            for folder, target in ((articles, None), (acceptance, 3.0))
            if folder.is_dir()
        ),
        *(
            (
                f"one search of 50,000 vectors, {threads} thread{'s'[: threads - 1]}",
                None,
                partial(_printed, [python, "-c", _THREADS_CODE, str(threads)]),
            )
            for threads in (1, 2)
        ),
    ]
    seconds: dict[str, list[float]] = {name: [] for name, _, _ in timed}
    for _ in range(runs):
        for name, _, run in timed:
            seconds[name].append(run())
    return [Row(name, statistics.median(seconds[name]), target) for name, target, _ in timed]


def table(rows: Sequence[Row]) -> str:
    """The rows as text; ratios are to the first row."""
    base = rows[0].seconds
    lines = [f"{'':<42}{'seconds':>9}{'× python':>10}{'target':>9}"]
    for row in rows:
        target = f"{row.target_s:.1f}" if row.target_s is not None else "-"
        verdict = "" if row.target_s is None or row.seconds <= row.target_s else "  missed"
        lines.append(
            f"{row.name:<42}{row.seconds:>9.3f}{row.seconds / base:>10.1f}{target:>9}{verdict}"
        )
    return "\n".join(lines)


def _indexing(articles: Path) -> float:
    with tempfile.TemporaryDirectory() as scratch:
        target = str(Path(scratch) / "index")
        return _printed([sys.executable, "-c", _INDEX_CODE, str(articles), target])


def _printed(command: Sequence[str]) -> float:
    return float(_output(command))


def _wall(command: Sequence[str]) -> float:
    start = perf_counter()
    _output(command)
    return perf_counter() - start


def _output(command: Sequence[str]) -> str:
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def main(arguments: Sequence[str] | None = None) -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(prog="python -m eval.bench", description=__doc__)
    parser.add_argument("--index", type=Path, default=Path("var/index"))
    parser.add_argument("--articles", type=Path, default=Path("articles"), help="folder to index")
    parser.add_argument(
        "--acceptance",
        type=Path,
        default=Path("../shared/seeds"),
        help="folder of the acceptance articles; its row is left out where it is missing",
    )
    parser.add_argument("--runs", type=int, default=5)
    options = parser.parse_args(arguments)
    rows = measure(options.index, options.articles, options.acceptance, runs=options.runs)
    print(table(rows))


if __name__ == "__main__":
    main()
