import pytest
from hypothesis import given
from hypothesis import strategies as st

from index.plausibility import Language, assess, line_assessments


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("今天天气很好，我们去公园。", Language.CHINESE),
        ("圖書館的舊報紙已經全部掃描完畢。", Language.CHINESE),
        ("これは日本語の文章です。", Language.JAPANESE),
        ("오늘 아침에는 비가 많이 내렸습니다.", Language.KOREAN),
        ("La bibliothèque a numérisé ses journaux d'été.", Language.LATIN),
        ("Библиотека оцифровала газеты.", Language.OTHER),
    ],
)
def test_good_writing_is_plausible_in_its_language(text, language):
    assessment = assess(text)
    assert assessment.language is language
    assert assessment.mean > -7.3


def test_ascii_says_nothing():
    assert assess("plain words") == assess("words plain")
    assert (assess("plain words").foreign, assess("plain words").mean) == (0, 0.0)
    assert assess("x" * 9000 + "今天").mean == pytest.approx(assess("今天").mean, abs=3.0)


@given(st.text(min_size=1, max_size=40))
def test_counting_long_texts_gives_what_summing_short_ones_gives(text):
    # 4,096 characters and more are counted instead of summed.
    short, long = assess(text + "\n"), assess((text + "\n") * 5000)
    assert long.foreign == 5000 * short.foreign
    assert long.total == pytest.approx(5000 * short.total, rel=0.2, abs=50.0)


@given(st.lists(st.sampled_from(["今天", "", "plain", "犇骉龘", "𠀀😀"]), min_size=1))
def test_lines_cover_the_text_in_order(lines):
    text = "\n".join(lines)
    spans = list(line_assessments(text, Language.CHINESE))
    assert "".join(text[start:end] for start, end, _, _ in spans) == text
    assert [text[start:end].rstrip("\n") for start, end, _, _ in spans] == text.splitlines()
    assert sum(foreign for _, _, _, foreign in spans) == sum(not c.isascii() for c in text)
