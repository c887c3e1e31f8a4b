"""Run folders made by hand, for the tests of what is done with runs."""

import json
from pathlib import Path


def case(id_, *, metrics, **given):
    """One row of results.jsonl; everything but the id and the metrics has a plain default."""
    row = {
        "id": id_,
        "question": f"question {id_}?",
        "lang": "zh-Hans",
        "tags": [],
        "answerable": True,
        "slices": {"kind": "number"},
        "gold": {"answers": [], "spans": []},
        "answer": answer(),
        "metrics": metrics,
        "error": None,
        "timings_ms": {"total": 10.0},
    }
    return row | given


def answer(text="说了。", *, passages=(), citations=(), abstained=False, **given):
    """An answer of one sentence."""
    marks = [c["n"] for c in citations]
    return {
        "answer": text,
        "sentences": [] if abstained else [{"text": text, "citations": marks}],
        "citations": list(citations),
        "passages": list(passages),
        "abstained": abstained,
        "reason": "no match" if abstained else None,
    } | given


def passage(text, *, start=0, path="a.md", title="A"):
    """A passage of an article whose id is its path."""
    return {
        "article_id": path,
        "title": title,
        "path": path,
        "published": "2020-01-02",
        "start": start,
        "end": start + len(text),
        "text": text,
        "score": 0.5,
    }


def citation(n, start, end, quote, *, path="a.md", verdict="supported"):
    """A citation of the article at ``path``."""
    return {
        "n": n,
        "article_id": path,
        "path": path,
        "title": "A",
        "start": start,
        "end": end,
        "quote": quote,
        "verdict": verdict,
    }


def write_run(folder: Path, rows, *, totals=None, sha256="s1", **about) -> Path:
    """Write a finished run of these rows; the summary holds plain means."""
    folder.mkdir(parents=True)
    lines = [json.dumps(row, ensure_ascii=False) + "\n" for row in rows]
    (folder / "results.jsonl").write_text("".join(lines), encoding="utf-8")
    summary = {
        "schema_version": 1,
        "cases": len(rows),
        "metrics": means(rows)
        | {n: {"mean": v, "n": len(rows)} for n, v in (totals or {}).items()},
        "slices": {},
        "latency_ms": {"total": {"p50": 10.0, "p95": 20.0}},
    }
    for group in sorted({f"lang={row['lang']}" for row in rows}):
        members = [row for row in rows if f"lang={row['lang']}" == group]
        summary["slices"][group] = means(members)
    (folder / "summary.json").write_text(json.dumps(summary), encoding="utf-8")
    run = {
        "schema_version": 1,
        "run_id": folder.name,
        "status": "finished",
        "commit": "c0ffee",
        "config": {"retrieval": {"passages": 8}},
        "config_fingerprint": "f00d",
        "cases": {"name": "by hand", "sha256": sha256, "count": len(rows)},
    }
    (folder / "run.json").write_text(json.dumps(run | about), encoding="utf-8")
    return folder


def means(rows):
    """The mean of every metric over the rows that have it."""
    found = {}
    for name in {name for row in rows for name in row["metrics"]}:
        values = [v for row in rows if (v := row["metrics"].get(name)) is not None]
        if values:
            found[name] = {"mean": sum(values) / len(values), "n": len(values)}
    return found


def write_pair(folder: Path, before, after, *, metric="recall@5", **rows):
    """Two runs that differ in one metric: its values before and after, case by case."""
    made = []
    for name, values in (("a", before), ("b", after)):
        cases = [
            case(f"q{n}", metrics={metric: v}, **{k: of[n] for k, of in rows.items()})
            for n, v in enumerate(values)
        ]
        made.append(write_run(folder / name, cases))
    return made
