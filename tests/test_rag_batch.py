"""The batch: rows in order, bad lines as error rows, filters applied."""

import json
from datetime import date

import pytest

from index.errors import UsageError
from index.passage import Filters
from rag.batch import answer_lines, parse_day, parse_request
from rag.question import Turn


def test_a_line_is_read():
    request = parse_request(
        {
            "id": 7,
            "question": "那建行呢？",
            "dialogue": [{"question": "工行呢？", "answer": "有。"}, {"question": "农行呢？"}],
            "filters": {"since": "2020", "until": "2020-02", "source": "甲", "lang": ["zh", "en"]},
            "today": "2021-03",
            "without": ["dates", "aliases"],
        }
    )
    assert request.id == 7
    assert request.asked.question == "那建行呢？"
    assert request.asked.dialogue == (Turn("工行呢？", "有。"), Turn("农行呢？"))
    assert request.asked.today == date(2021, 3, 1)
    assert request.asked.without == ("dates", "aliases")
    assert request.asked.filters == Filters(
        since=date(2020, 1, 1),
        until=date(2020, 2, 29),
        sources=("甲",),
        languages=("zh", "en"),
    )


BAD = [
    ("{", "not valid JSON"),
    ("[1]", "not a JSON object"),
    ('{"question": "a"}', '"id" is missing'),
    ('{"id": true, "question": "a"}', '"id" must be'),
    ('{"id": 1}', '"question" must be a string'),
    ('{"id": 1, "question": "a", "extra": 1}', "unknown field 'extra'"),
    ('{"id": 1, "question": "a", "dialogue": "x"}', '"dialogue" must be a list'),
    ('{"id": 1, "question": "a", "dialogue": [{"answer": "x"}]}', "turn 1"),
    ('{"id": 1, "question": "a", "filters": {"since": "soon"}}', "'soon' is not a date"),
    ('{"id": 1, "question": "a", "filters": {"since": "2021", "until": "2020"}}', "ends before"),
    ('{"id": 1, "question": "a", "filters": {"form": "x"}}', "unknown field 'form'"),
    ('{"id": 1, "question": "……"}', "nothing to search for"),
    ('{"id": 1, "question": "a", "today": 7}', '"today" must be a date string'),
    ('{"id": 1, "question": "a", "without": "date"}', "unknown step 'date'; known: rewriting"),
    ('{"id": 1, "question": "从2022年到2020年有什么？"}', "2020"),
    ("[" * 100_000, "not valid JSON"),
    ('{"id": 1, "question": "a", "n": ' + "9" * 5000 + "}", "not valid JSON"),
    ('{"id": "\\ud800", "question": "a"}', '"id" must be'),
    ('{"id": 1, "question": "a", "filters": {"since": ""}}', "'' is not a date"),
    ('{"id": 1, "question": "a", "filters": {"source": 0}}', '"source" must be a string'),
    ('{"id": 1, "question": "a", "filters": {"lang": {}}}', '"lang" must be a string'),
]


@pytest.mark.parametrize(("line", "message"), BAD, ids=range(len(BAD)))
def test_a_bad_line_is_an_error_row_and_the_rest_goes_on(sample, line, message):
    good = json.dumps({"id": "b", "question": "手机银行有什么功能？"})
    first, second = answer_lines([line, "\n", good], sample)
    assert message in first["error"]
    assert first["line"] == 1
    assert second["id"] == "b"
    assert "error" not in second


@pytest.mark.parametrize(
    ("text", "end", "day"),
    [
        ("2020", False, date(2020, 1, 1)),
        ("2020", True, date(2020, 12, 31)),
        ("2020-12", True, date(2020, 12, 31)),
        ("2021-02", True, date(2021, 2, 28)),
        ("2020-05-12", True, date(2020, 5, 12)),
        ("2020-5-2", False, date(2020, 5, 2)),
    ],
)
def test_days(text, end, day):
    assert parse_day(text, field="since", end=end) == day


@pytest.mark.parametrize(
    "text",
    ["", "2020-13", "2020-02-30", "20-1-1-1", "昨天", "99999", "20_20", "+2020", "0020", "٢٠٢٠"],
)
def test_what_is_no_day(text):
    with pytest.raises(UsageError, match=r"is not a date|not in the calendar"):
        parse_day(text, field="since")
