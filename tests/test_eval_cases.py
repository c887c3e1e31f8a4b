"""Case files: what is read, what is refused and in which words, and where a quote stands."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eval.cases import (
    Case,
    CaseFiles,
    CaseProblem,
    GoldSpan,
    Turn,
    load_cases,
    locate,
    parse_cases,
)
from index.errors import UsageError

MINIMAL = {"id": "a", "question": "谁？", "answerable": False, "lang": "zh-Hans"}
FULL = {
    "id": "b",
    "question": "那建行呢？",
    "dialogue": [{"question": "交行几天上线？", "answer": "7天。"}, {"question": "邮储呢？"}],
    "standalone": "建行几天上线？",
    "answers": ["12天"],
    "gold": [
        [{"article": "articles/a.md", "quote": "建行用了12天"}, {"article": "articles/b.md"}],
        [{"article": "articles/c.jsonl#x", "quote": "十二天"}],
    ],
    "answerable": True,
    "lang": "zh-Hans",
    "tags": ["number", "two-turn"],
}


def line(**changes):
    return json.dumps({**MINIMAL, **changes}, ensure_ascii=False)


def only_problem(text):
    reading = parse_cases([text])
    assert reading.cases == ()
    [problem] = reading.problems
    return problem


def test_a_full_case_comes_out_field_by_field():
    [case] = parse_cases([json.dumps(FULL)]).cases
    assert case == Case(
        id="b",
        question="那建行呢？",
        answerable=True,
        lang="zh-Hans",
        answers=("12天",),
        gold=(
            (GoldSpan("articles/a.md", "建行用了12天"), GoldSpan("articles/b.md")),
            (GoldSpan("articles/c.jsonl#x", "十二天"),),
        ),
        dialogue=(Turn("交行几天上线？", "7天。"), Turn("邮储呢？")),
        standalone="建行几天上线？",
        tags=("number", "two-turn"),
    )


def test_a_minimal_case_has_empty_tuples():
    [case] = parse_cases([json.dumps(MINIMAL)]).cases
    assert case == Case(id="a", question="谁？", answerable=False, lang="zh-Hans")
    assert (case.answers, case.gold, case.dialogue, case.tags) == ((), (), (), ())
    assert case.standalone is None


@pytest.mark.parametrize(
    ("text", "field", "reason"),
    [
        ("{", "", "not JSON at column 2"),
        ("[1]", "", "is a list; write an object"),
        ("[" * 100_000, "", "nested too deeply"),
        (line(answerable="yes"), "answerable", "is a text; write true or false"),
        (line(answerable=1), "answerable", "is a number; write true or false"),
        (line(question=" "), "question", "is empty"),
        (line(question=None), "question", "is null; write a text"),
        (line(id=7), "id", "is a number; write a text"),
        (line(id="\ud83d"), "id", "half a surrogate pair"),
        (line(lang="中文"), "lang", "is no language tag"),
        (line(anwsers=["x"]), "anwsers", "unknown field; the known ones are id, question"),
        (line(tags="a"), "tags", "is a text; write a list"),
        (line(tags=["a", "a"]), "tags[1]", "'a' is there twice"),
        (line(tags=[None]), "tags[0]", "is null; write a text"),
        (line(standalone="完整的问题"), "standalone", 'only a question with a "dialogue"'),
        (line(dialogue=["谁？"]), "dialogue[0]", "is a text; write an object"),
        (line(dialogue=[{"answer": "他"}]), "dialogue[0].question", "missing"),
        (line(dialogue=[{"question": "谁？", "role": "x"}]), "dialogue[0].role", "unknown field"),
        (line(answerable=True), "answerable", "there is nothing to compare with"),
        (line(answers=["x"]), "answers", "an unanswerable case has none"),
        (line(gold=[[{"article": "a.md"}]]), "gold", "an unanswerable case has none"),
        (line(gold=[{"article": "a.md"}]), "gold[0]", "is no list of alternatives"),
        (line(gold=[[]]), "gold[0]", "is no list of alternatives"),
        (line(gold=[[{"quote": "x"}]]), "gold[0][0].article", "missing"),
        (line(gold=[[{"article": "a", "start": 1}]]), "gold[0][0].start", "unknown field"),
        (line(gold=[[{"article": "a"}, {"article": "a"}]]), "gold[0][1]", "the same place twice"),
        ('{"id": "a", "id": "b"}', "id", "given twice"),
        ('{"id": ' + "9" * 5000 + "}", "", "not JSON that can be read"),
    ],
)
def test_a_bad_line_is_named_with_its_field_and_what_to_do(text, field, reason):
    problem = only_problem(text)
    assert (problem.line, problem.field) == (1, field)
    assert reason in problem.reason


@pytest.mark.parametrize("name", ["id", "question", "answerable", "lang"])
def test_a_required_field_that_is_missing_is_named(name):
    record = {key: value for key, value in MINIMAL.items() if key != name}
    problem = only_problem(json.dumps(record))
    assert problem.field == name
    assert problem.reason.startswith("missing; add")


def test_one_bad_line_does_not_hide_the_others():
    reading = parse_cases([line(), "", "oops", line(id="c"), line(id="a"), line(id="d", x=1)])
    assert [case.id for case in reading.cases] == ["a", "c"]
    assert [(p.line, p.field) for p in reading.problems] == [(3, ""), (5, "id"), (6, "x")]
    assert reading.problems[1].reason == (
        "'a' is already the id of line 1; give every case its own id"
    )


def test_a_problem_reads_as_one_line():
    assert str(CaseProblem(3, "gold[0]", "is empty")) == "line 3: gold[0]: is empty"
    assert str(CaseProblem(3, "", "not JSON")) == "line 3: not JSON"


def test_load_names_the_file_and_every_bad_line(tmp_path):
    path = tmp_path / "cases.jsonl"
    path.write_text(f"{line()}\n{{\n{line(id='b', lang='?')}\n", encoding="utf-8")
    with pytest.raises(UsageError) as caught:
        load_cases(path)
    first, second = str(caught.value).split("\n")
    assert first.startswith(f"{path}: line 2: not JSON at column 2")
    assert second == f"{path}: line 3: lang: '?' is no language tag; write zh-Hans, zh-Hant, en, …"


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"\n \n", "no case in this file; write one JSON object a line"),
        (b'\n"\xff"}', "line 2: not UTF-8; save the case file as UTF-8"),
    ],
)
def test_load_refuses_a_file_that_is_no_case_file(tmp_path, data, message):
    path = tmp_path / "cases.jsonl"
    path.write_bytes(data)
    with pytest.raises(UsageError) as caught:
        load_cases(path)
    assert str(caught.value) == f"{path}: {message}"


@pytest.mark.parametrize(
    "text",
    [
        '{"version": "1", "data": []}',
        '{"version": 1.1, "of": "a \\" b", "data": []}',
        '{"data": [], "version": "1"}',
        "\ufeff\n {\n 'data': []}",
        '{"title": "",\n "data": []}',
        "[]",
        " \n[\n",
        # On one line however long, nested however deep.
        '{"data": [' + "[" * 200_000,
        "[" * 200_000,
    ],
    ids=range(9),
)
def test_a_public_set_is_told_from_a_case_file(tmp_path, text):
    path = tmp_path / "dev.json"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(UsageError, match=r"one JSON document.*youju eval import squad"):
        load_cases(path)
    path.write_text(line() + "\n", encoding="utf-8")
    assert len(load_cases(path)) == 1


@pytest.mark.parametrize(
    ("first", "told"),
    [
        ("", None),
        ("\n \r\n", None),
        (line(id="before", question="“data”: {"), None),
        ("oops", "line 1: not JSON at column 1"),
        ('{"id": "x", "data', "line 1: not JSON at column 13"),
        ('{"gold": ' + "[" * 200_000, "line 1: nested too deeply"),
        ('{"gold": [["' + "x" * 200_000 + '"]]}', "line 1: id: missing"),
    ],
    ids=range(7),
)
def test_a_wrong_line_at_the_start_is_only_that(tmp_path, first, told):
    path = tmp_path / "cases.json"
    path.write_text(f"{first}\n{line()}\n", encoding="utf-8")
    assert [case.id for case in CaseFiles(path)][-1] == "a"
    problems = [str(problem).removeprefix(f"{path}: ") for problem in CaseFiles(path).problems()]
    assert len(problems) == (told is not None)
    assert all(problem.startswith(told) for problem in problems)


def test_a_folder_is_no_case_file(tmp_path):
    with pytest.raises(UsageError, match=r"is a folder; .*youju eval import beir"):
        load_cases(tmp_path)


def test_load_says_when_there_is_no_such_file(tmp_path):
    with pytest.raises(UsageError, match=r"none\.jsonl: cannot be read .*check the path"):
        load_cases(tmp_path / "none.jsonl")


def test_load_takes_a_byte_order_mark_windows_lines_and_line_separators_inside_texts(tmp_path):
    path = tmp_path / "cases.jsonl"
    question = "前\u2028后\u0085？"
    path.write_bytes(("\ufeff" + line(question=question) + "\r\n" + line(id="b")).encode())
    assert [(c.id, c.question) for c in load_cases(path)] == [("a", question), ("b", "谁？")]


def test_locate_gives_the_place_of_the_only_occurrence():
    assert locate(GoldSpan("a.md", "17秒"), "平均等待17秒，去年21秒。") == (4, 7)
    assert locate(GoldSpan("a.md"), "整篇") == (0, 2)


def test_locate_refuses_a_quote_that_is_not_there():
    with pytest.raises(UsageError) as caught:
        locate(GoldSpan("a.md", "18秒"), "平均等待17秒。")
    assert str(caught.value) == (
        "a.md: the gold quote '18秒' is not in the article; "
        "copy it from the text that `youju show` prints"
    )


@pytest.mark.parametrize("text", ["17秒，后来还是17秒", "a 17秒17秒"])
def test_locate_refuses_a_quote_that_is_there_twice(text):
    with pytest.raises(UsageError, match="more than once; lengthen it until it is unique"):
        locate(GoldSpan("a.md", "17秒"), text)


def test_locate_counts_occurrences_that_overlap():
    with pytest.raises(UsageError, match="more than once"):
        locate(GoldSpan("a.md", "哈哈"), "哈哈哈")


@given(st.text(), st.text(min_size=1), st.text())
def test_locate_finds_exactly_the_quote_or_refuses(before, quote, after):
    text = before + quote + after
    try:
        start, end = locate(GoldSpan("a.md", quote), text)
    except UsageError:
        assert text.find(quote) != text.rfind(quote)
    else:
        assert text[start:end] == quote
        assert text.find(quote) == text.rfind(quote) == start
