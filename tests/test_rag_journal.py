"""What was asked lately, found again by its id."""

from datetime import date

import pytest

from index.errors import UsageError
from index.passage import Filters
from rag.journal import KEPT, Journal
from rag.question import Asked, Turn

ASKED = Asked(
    "那建行呢？",
    date(2026, 3, 4),
    dialogue=(Turn("工行有多少用户？", "五亿。"), Turn("然后呢？")),
    filters=Filters(since=date(2020, 1, 1), sources=("新华社",), languages=("zh",)),
    k=5,
    without=("dates",),
)


def test_a_request_comes_back_whole(tmp_path):
    journal = Journal(tmp_path)
    journal.remember("0123456789ab", ASKED)
    journal.remember("ffffffffffff", Asked("别的？", date(2026, 3, 5)))
    assert journal.find("0123456789ab") == ASKED
    assert journal.find("ffffffffffff") == Asked("别的？", date(2026, 3, 5))


def test_an_unknown_id_says_what_to_do(tmp_path):
    with pytest.raises(UsageError, match=r"no answer 'abc' is remembered in .*ask again"):
        Journal(tmp_path).find("abc")


def test_the_file_does_not_grow_without_end_and_bad_lines_do_no_harm(tmp_path):
    journal = Journal(tmp_path)
    path = tmp_path / "asked.jsonl"
    path.write_text("{broken\n[]\n" + "{}\n" * (4 * KEPT) + " " * 200 * KEPT + "\n")
    journal.remember("0123456789ab", ASKED)
    assert len(path.read_text().splitlines()) == KEPT
    assert journal.find("0123456789ab") == ASKED


def test_where_nothing_can_be_written_nothing_fails(tmp_path):
    Journal(tmp_path / "gone").remember("0123456789ab", ASKED)
    assert not (tmp_path / "gone").exists()
