"""What is common in general text: a pair of Han characters or a Latin word in, how common out.

A small collection lacks 哪些 or "compared", which is no reason to take them for slips. The table
beside this module is made by ``python -m index.everyday --data DIR`` from texts under open
licences and news, counted and never quoted. It knows nothing of any collection.
"""

import argparse
import re
from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from index.tokens import terms

__all__ = ["how_common", "main"]

_TABLE = Path(__file__).with_suffix(".tsv")

_COMMON, _VERY_COMMON = 20, 200
"""Of about 161,000 texts: those that hold a pair which is common, or very common."""

_COMMON_WORD = 5
"""Of the same texts, few of them English: those that hold a word which is common."""

_PAIR = re.compile("[\u4e00-\u9fff]{2}")
_WORD = re.compile("[a-z]{3,}")
_SOURCES = (("qa_passage", ("q", "passage"), 40_000), ("title_body", ("title", "text"), 60_000))


def how_common(term: str) -> int:
    """Tell how common a folded pair or word is: 0 hardly, 1 common, 2 very common.

    >>> how_common("银行"), how_common("机因"), how_common("compare")
    (2, 0, 1)
    """
    table = _table()
    if term.isascii():
        return int(term in table.words)
    if len(term) != 2:
        return 0
    very, common = table.pairs.get(term[0], ("", ""))
    return 2 if term[1] in very else int(term[1] in common)


@dataclass(frozen=True, slots=True)
class _Table:
    pairs: Mapping[str, tuple[str, str]]
    words: frozenset[str]


@cache
def _table() -> _Table:
    pairs: dict[str, tuple[str, str]] = {}
    words: frozenset[str] = frozenset()
    for line in _TABLE.read_text(encoding="utf-8").splitlines():
        first, *rest = line.split("\t")
        if first == "=":
            words = frozenset(rest[0].split())
        elif not first.isascii():
            pairs[first] = rest[0], rest[1]
    return _Table(pairs, words)


def _count(data: Path) -> Counter[str]:
    """Term → texts that hold it, each text once; the Japanese ones are left out."""
    from index.encoder.corpus import read_rows

    counts: Counter[str] = Counter()
    seen: set[str] = set()
    for name, keys, limit in _SOURCES:
        rows = (
            row
            for row in read_rows(data / "train" / f"{name}.jsonl.xz")
            if row["lic"] in ("open", "press") and "jaquad" not in row["src"].lower()
        )
        for row, _ in zip(rows, range(limit), strict=False):
            for text in (row[key][:1500] for key in keys):
                if text not in seen:
                    seen.add(text)
                    counts.update(set(terms(text)))
    return counts


def main(arguments: list[str] | None = None) -> int:
    """Write the table anew."""
    parser = argparse.ArgumentParser(
        prog="python -m index.everyday", description="Make the table of common pairs and words."
    )
    parser.add_argument("--data", type=Path, required=True, help="holds train/")
    counts = _count(parser.parse_args(arguments).data)
    pairs: dict[str, list[list[str]]] = defaultdict(lambda: [[], []])
    for pair, count in sorted(counts.items()):
        if count >= _COMMON and _PAIR.fullmatch(pair):
            pairs[pair[0]][count < _VERY_COMMON].append(pair[1])
    words = sorted(w for w, n in counts.items() if n >= _COMMON_WORD and _WORD.fullmatch(w))
    rows = [
        "# Made by python -m index.everyday: a character, what very often and what often follows.",
        *(f"{first}\t{''.join(very)}\t{''.join(often)}" for first, (very, often) in pairs.items()),
        f"=\t{' '.join(words)}",
    ]
    _TABLE.write_text("\n".join(rows) + "\n", encoding="utf-8")
    print(f"{len(words):,} words, {_TABLE.stat().st_size:,} bytes in {_TABLE}")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
