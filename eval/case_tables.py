"""Case files as tables: the fields of a case in the columns of a CSV or TSV file.

In: an open file. Out: for every row its line and what gives its fields, for `eval.cases` to check.

The first row names the columns, which are the fields of a case. An empty cell is a field left out.
``answers`` and ``tags`` list their texts with ``|`` between; ``answerable`` is true or false;
``dialogue`` and ``gold`` are written as JSON. For the usual case of one needed fact there are two
columns in place of ``gold``: ``gold_article`` and ``gold_quote``.
"""

import csv
import json
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import IO, Any

from eval.cases import FIELDS, BadFieldError, Record
from index.errors import UsageError

__all__ = ["table_records"]

_LISTS = ("answers", "tags")
_JSON = ("dialogue", "gold")
_ONE_FACT = ("gold_article", "gold_quote")
_COLUMNS = (*FIELDS, *_ONE_FACT)
_TRUTH = {"true": True, "false": False}


def table_records(file: IO[bytes], path: Path) -> Iterator[tuple[int, Record]]:
    """Read the rows of a table, each with the line that it begins on.

    Raises:
        UsageError: the file is not UTF-8, or its first row does not name the columns of a case.
    """
    rows = csv.reader(
        _lines(file, path), delimiter="\t" if path.suffix.lower() == ".tsv" else ",", strict=True
    )
    columns: list[str] | None = None
    while True:
        begins = rows.line_num + 1
        try:
            row = next(rows)
        except StopIteration:
            return
        except csv.Error as error:
            yield begins, partial(_refuse, _reason(error, begins, rows.line_num))
            continue
        if columns is None:
            columns = [name.strip() for name in row]
            _check_columns(columns, path)
        elif any(cell.strip() for cell in row):
            yield begins, partial(_fields, columns, row)


def _lines(file: IO[bytes], path: Path) -> Iterator[str]:
    # A file of bytes is cut at LF alone, splitlines cuts bytes at CR, LF and both.
    lines = (line for block in file for line in block.splitlines(keepends=True))
    for number, line in enumerate(lines, start=1):
        try:
            yield line.decode("utf-8-sig" if number == 1 else "utf-8")
        except UnicodeDecodeError as error:
            raise UsageError(
                f"{path}: line {number}: not UTF-8; save the table as “CSV UTF-8”"
            ) from error


def _reason(error: csv.Error, begins: int, ends: int) -> str:
    until = "" if begins == ends else f", read up to line {ends}"
    if "unexpected end of data" in str(error):
        return f'a cell begins with " and does not end with one{until}; close it'
    return f"not a row of a table ({error}{until})"


def _check_columns(columns: Sequence[str], path: Path) -> None:
    if len(columns) == 1 and (mark := next((m for m in ";\t|" if m in columns[0]), None)):
        told = "tabs" if mark == "\t" else f"“{mark}”"
        raise UsageError(
            f"{path}: line 1: the columns are separated by {told}; separate them by commas in a "
            ".csv file, by tabs in a .tsv file"
        )
    for name in columns:
        if name not in _COLUMNS:
            raise UsageError(
                f"{path}: line 1: unknown column {name!r}; the known ones are {', '.join(_COLUMNS)}"
            )
    if doubled := next((name for name in columns if columns.count(name) > 1), None):
        raise UsageError(f"{path}: line 1: the column {doubled!r} is there twice; keep one")
    for name in ("id", "question", "answerable", "lang"):
        if name not in columns:
            raise UsageError(f"{path}: line 1: the column {name!r} is missing; add it")


def _refuse(reason: str) -> Mapping[str, Any]:
    raise BadFieldError("", reason)


def _fields(columns: Sequence[str], row: Sequence[str]) -> Mapping[str, Any]:
    if len(row) > len(columns):
        raise BadFieldError(
            "", f"has {len(row)} cells, the first row names {len(columns)}; quote cells with commas"
        )
    record: dict[str, Any] = {}
    for name, cell in zip(columns, row, strict=False):
        if cell.strip():
            record[name] = _value(name, cell.strip())
    article, quote = (record.pop(name, None) for name in _ONE_FACT)
    if article is None and quote is not None:
        raise BadFieldError("gold_article", "is empty beside a gold_quote; name its article")
    if article is not None:
        if "gold" in record:
            raise BadFieldError("gold_article", "stands beside gold; keep one of the two")
        record["gold"] = [[{"article": article} | ({"quote": quote} if quote else {})]]
    return record


def _value(name: str, cell: str) -> object:
    if name in _LISTS:
        return [part.strip() for part in cell.split("|")]
    if name == "answerable":
        if cell.lower() not in _TRUTH:
            raise BadFieldError(name, f"{cell!r} is neither; write true or false")
        return _TRUTH[cell.lower()]
    if name in _JSON:
        try:
            return json.loads(cell)
        except (ValueError, RecursionError) as error:
            raise BadFieldError(name, f"not JSON ({error})") from error
    return cell
