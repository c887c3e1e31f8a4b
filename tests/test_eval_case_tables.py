"""Cases out of a table: what its columns give, and what is told of a cell or file that is wrong."""

import json

import pytest

from eval.cases import CaseFiles, GoldSpan, load_cases
from index.errors import UsageError

HEAD = "id,question,answerable,lang"


def table(tmp_path, text, *, name="cases.csv", encoding="utf-8"):
    path = tmp_path / name
    path.write_bytes(text.encode(encoding))
    return path


def problems(path):
    return [str(problem).removeprefix(f"{path}: ") for problem in CaseFiles(path).problems()]


def test_a_row_gives_the_fields_of_its_columns(tmp_path):
    dialogue = json.dumps([{"question": "前？"}], ensure_ascii=False).replace('"', '""')
    text = (
        f"{HEAD},answers,tags,today,gold_article,gold_quote,dialogue\r\n"
        f'a,"谁，\n何时？",TRUE,zh-Hans,甲|乙,"x | y",2020-05-12,a.md,"引""文",\r\n'
        "\r\n"
        f'b,那呢？,false,zh-Hans,,,,,,"{dialogue}"\r\n'
    )
    first, second = load_cases(table(tmp_path, text, encoding="utf-8-sig"))
    assert (first.question, first.answerable, first.answers) == ("谁，\n何时？", True, ("甲", "乙"))
    assert first.gold == ((GoldSpan("a.md", '引"文'),),)
    assert (first.tags, str(first.today)) == (("x", "y"), "2020-05-12")
    assert [turn.question for turn in second.dialogue] == ["前？"]
    assert (second.answerable, second.gold, second.answers) == (False, (), ())


def test_columns_of_a_tsv_file_are_separated_by_tabs(tmp_path):
    path = table(tmp_path, f"{HEAD}\na,b,false,en\n".replace(",", "\t"), name="cases.tsv")
    assert [case.question for case in load_cases(path)] == ["b"]


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_a_line_ends_as_the_program_that_wrote_it_ends_lines(tmp_path, end):
    # Excel's “CSV (Macintosh)” ends them with CR alone.
    rows = [HEAD, f'a,"前{end}后\u2028完",false,zh', "b,q,false,en", "c,q,maybe,en"]
    path = table(tmp_path, "".join(row + end for row in rows))
    assert [(case.id, case.question) for case in CaseFiles(path)] == [
        ("a", f"前{end}后\u2028完"),
        ("b", "q"),
    ]
    # A cell of two lines is among those before it.
    assert problems(path) == ["line 5: answerable: 'maybe' is neither; write true or false"]


@pytest.mark.parametrize(
    ("rows", "told"),
    [
        ("a,q,maybe,en", "line 2: answerable: 'maybe' is neither; write true or false"),
        ("a,q", "line 2: answerable: missing; add true or false"),
        ("a,q,false,en,x", "line 2: has 5 cells, the first row names 4; quote cells with commas"),
        # A row is named by the line that it begins on, however far it goes.
        ('a,"q\nq",maybe,en', "line 2: answerable: 'maybe' is neither; write true or false"),
        (
            'a,q,false,en\nb,"open,false,en\nc,q,false,en',
            'line 3: a cell begins with " and does not end with one, read up to line 4; close it',
        ),
        ('a,"q"x,false,en', "line 2: not a row of a table (',' expected after '\"')"),
    ],
)
def test_a_row_that_is_no_case_is_named(tmp_path, rows, told):
    assert problems(table(tmp_path, f"{HEAD}\n{rows}\n")) == [told]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (HEAD.replace(",lang", ""), "line 1: the column 'lang' is missing; add it"),
        (f"{HEAD},id", "line 1: the column 'id' is there twice; keep one"),
        (f"{HEAD},answer", "line 1: unknown column 'answer'; the known ones are id, "),
        (HEAD.replace(",", ";"), "line 1: the columns are separated by “;”; separate them by"),
        (HEAD.replace(",", "\t"), "line 1: the columns are separated by tabs; separate them by"),
    ],
)
def test_a_head_that_names_no_case_is_refused(tmp_path, text, told):
    path = table(tmp_path, text + "\n")
    with pytest.raises(UsageError) as caught:
        problems(path)
    assert str(caught.value).startswith(f"{path}: {told}")


def test_a_table_in_another_encoding_is_refused_by_its_line(tmp_path):
    path = table(tmp_path, f"{HEAD}\na,hello,false,en\nb,你好,false,zh\n", encoding="gbk")
    with pytest.raises(UsageError, match="line 3: not UTF-8; save the table as “CSV UTF-8”"):
        problems(path)
