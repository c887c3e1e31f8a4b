"""The table of texts: complete, alike in all three languages, and all of it used."""

import re
from pathlib import Path
from string import Formatter

import pytest
from opencc import OpenCC

from ui.strings import ALL, Language, negotiate

UI = Path(__file__).parents[1] / "ui"
ROWS = sorted(ALL[Language.ENGLISH].starting_with(""))
SCRIPTS = "".join(path.read_text("utf-8") for path in sorted((UI / "static").glob("*.js")))
PROGRAM = "".join(
    path.read_text("utf-8") for path in sorted(UI.glob("*.py")) if path.stem != "strings"
)


def fields(text):
    return sorted(name for _, name, _, _ in Formatter().parse(text) if name is not None)


@pytest.mark.parametrize("row", ROWS)
def test_a_text_says_the_same_in_every_language(row):
    texts = [getattr(strings, row) for strings in ALL.values()]
    assert all(text.strip() for text in texts)
    # A placeholder that one language lacks would leave a number out there.
    assert len({tuple(fields(text)) for text in texts}) == 1


def test_each_script_is_its_own():
    to_traditional, to_simplified = OpenCC("s2t"), OpenCC("t2s")
    for row in ROWS:
        hans, hant = getattr(ALL[Language.HANS], row), getattr(ALL[Language.HANT], row)
        assert to_simplified.convert(hans) == hans
        # 台, 里 and their like are right in both scripts: OpenCC changes them one way only.
        simplified = [c for c in hant if to_traditional.convert(c) != c]
        assert not set(simplified) - set(_BOTH), (row, simplified)


_BOTH = "台里只面后干系才向借志于"


def test_english_is_english():
    table = ALL[Language.ENGLISH]
    assert [r for r in ROWS if re.search(r"[\u3400-\u9fff]", getattr(table, r))] == [
        "brand_latin",
        "document_title",
    ]


def test_every_text_is_used_and_every_text_that_a_script_uses_is_there():
    used = set(re.findall(r"\bstrings\.(\w+)", PROGRAM)) | set(
        re.findall(r"\btexts\.(\w+)", SCRIPTS)
    )
    rows = set(ROWS)
    known = rows | {"language", "starting_with", "tag"}
    assert used <= known, used - known
    # Names that are put together stand somewhere in full, or begin a name that is.
    by_name = {row for row in rows if re.search(rf"\b{row}\b", PROGRAM + SCRIPTS)}
    starts = set(re.findall(r"[\"'`{](\w+_)[\"'`{$]", PROGRAM + SCRIPTS))
    spelled = {row for row in rows if row.startswith(tuple(starts - {"yj_"}))}
    assert rows == by_name | spelled


@pytest.mark.parametrize(
    ("asked", "given"),
    [
        ("zh-TW,zh;q=0.9,en;q=0.8", Language.HANT),
        ("zh-Hant-HK", Language.HANT),
        ("zh-SG", Language.HANS),
        ("en;q=0.2, zh-CN;q=0.8", Language.HANS),
        ("fr, en-US;q=0.5", Language.ENGLISH),
        ("zh;q=0, en", Language.ENGLISH),
        ("", Language.HANS),
        ("fr;q=oops,,;;=", Language.HANS),
    ],
)
def test_the_browser_chooses_the_language(asked, given):
    assert negotiate(asked) is given
