"""A second opinion by a language model: a run's folder in, ``judge.jsonl`` and ``judge.json`` out.

Two things are asked of every answer that was given: which of its sentences follow from their own
quotes (faithfulness, as a share; Es et al. 2024), and how well it meets the question (relevance,
a grade from 0 to 4 as a share of 4; Liu et al. 2023). The figures never enter ``summary.json``:
what is measured without a model stays comparable for ever. A judgement that could not be had is a
row with the error, counted, and part of no mean.
"""

import hashlib
import json
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from pathlib import Path
from typing import Any

from eval.chat_model import ChatModel, read_prompt
from eval.rows import read_rows
from index.atomic import replace_file
from index.errors import RemoteError
from index.progress import Progress

__all__ = ["JUDGE", "JUDGEMENTS", "judge_row", "judge_run"]

JUDGEMENTS = "judge.jsonl"
JUDGE = "judge.json"
_BEST_GRADE = 4
_PROMPTS = ("faithfulness", "relevance")
_BLOCK = 64  # rows in memory at a time
SCHEMA_VERSION = 1


def judge_run(
    folder: Path, model: ChatModel, *, jobs: int = 4, progress: bool = False
) -> dict[str, Any]:
    """Judge every answer of a run; returns what is written to ``judge.json``.

    Raises:
        UsageError: the folder holds no run, or the server refuses the key or the model.
    """
    results = folder / "results.jsonl"
    total = sum(1 for _ in read_rows(results))
    shown = Progress(shown=progress)
    sums = dict.fromkeys(_PROMPTS, 0.0)
    counts = dict.fromkeys(_PROMPTS, 0)
    judged = failed = done = 0
    temporary = folder / f"{JUDGEMENTS}.tmp"
    with temporary.open("w", encoding="utf-8") as file, ThreadPoolExecutor(jobs) as pool:
        rows = read_rows(results)
        while block := list(islice(rows, _BLOCK)):
            for judgement in pool.map(lambda row: judge_row(row, model), block):
                done += 1
                shown.update("judged", done, total)
                if judgement is None:
                    continue
                judged += 1
                failed += bool(judgement["errors"])
                for name in _PROMPTS:
                    if judgement[name] is not None:
                        sums[name] += judgement[name]
                        counts[name] += 1
                file.write(json.dumps(judgement, ensure_ascii=False) + "\n")
    shown.clear()
    temporary.replace(folder / JUDGEMENTS)
    report = {
        "schema_version": SCHEMA_VERSION,
        "model": model.name,
        "prompts": {name: _digest(read_prompt(name)) for name in _PROMPTS},
        "answers": judged,
        "failed": failed,
        "usage": model.usage.to_json(),
        "metrics": {
            f"judge.{name}": {
                "mean": round(sums[name] / counts[name], 6) if counts[name] else None,
                "n": counts[name],
            }
            for name in _PROMPTS
        },
    }
    text = json.dumps(report, ensure_ascii=False, indent=2) + "\n"
    replace_file(folder / JUDGE, text.encode())
    return report


def judge_row(row: Mapping[str, Any], model: ChatModel) -> dict[str, Any] | None:
    """Judge one answer; None where none was given (declined, or an error)."""
    answer = row["answer"]
    if answer is None or not answer["sentences"]:
        return None
    judgement: dict[str, Any] = {"id": row["id"], "errors": []}
    for name, judge in (("faithfulness", _faithfulness), ("relevance", _relevance)):
        try:
            judgement[name] = judge(answer, model)
        except RemoteError as error:
            judgement[name] = None
            judgement["errors"].append(f"{name}: {error}")
    return judgement


def _faithfulness(answer: Mapping[str, Any], model: ChatModel) -> float:
    quotes = {citation["n"]: citation["quote"] for citation in answer["citations"]}
    sentences = [
        {
            "number": number,
            "sentence": sentence["text"],
            "quotes": [quotes[n] for n in sentence["citations"] if n in quotes],
        }
        for number, sentence in enumerate(answer["sentences"], start=1)
    ]

    def read(reply: Mapping[str, Any]) -> float:
        named = {n for n in reply["borne_out"] if isinstance(n, int) and not isinstance(n, bool)}
        return len(named & set(range(1, len(sentences) + 1))) / len(sentences)

    return model.ask(read_prompt("faithfulness"), sentences, read=read)


def _relevance(answer: Mapping[str, Any], model: ChatModel) -> float:
    said = " ".join(sentence["text"] for sentence in answer["sentences"])

    def read(reply: Mapping[str, Any]) -> float:
        grade = reply["grade"]
        if isinstance(grade, bool) or grade not in range(_BEST_GRADE + 1):
            raise ValueError(f"grade {grade!r}")
        return float(grade) / _BEST_GRADE

    asked = {"question": answer["searched"], "answer": said}
    return model.ask(read_prompt("relevance"), asked, read=read)


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:12]
