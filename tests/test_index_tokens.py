import pytest
from hypothesis import given
from hypothesis import strategies as st

from index.fold import fold
from index.tokens import MAX_TERM_CHARS, term_spans, terms

MIXED = st.text(st.sampled_from("银行銀、カなA bé1２,，.'’s%\n\u0301กา่은행فيहि७🙂"), max_size=40)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("銀行", ["银", "银行", "行"]),
        ("满意度98.68%", ["满", "满意", "意", "意度", "度", "98.68"]),
        ("7*24小時", ["7", "24", "小", "小时", "时"]),
        ("95559对公", ["95559", "对", "对公", "公"]),
        ("e动交行", ["e", "动", "动交", "交", "交行", "行"]),
        ("5G", ["5g", "5", "g"]),
        ("Top50", ["top50", "top", "50"]),
        ("3.5mm", ["3.5mm", "3.5", "mm"]),
        ("1,234 和 1234", ["1234", "和", "1234"]),
        ("２，３４５", ["2345"]),
        ("达50，100家", ["达", "50", "100", "家"]),
        ("1,2345", ["1", "2345"]),
        ("v1.2.0", ["v1.2.0", "v", "1.2.0"]),
        ("08月", ["8", "月"]),
        ("007", ["007"]),
        ("The bank's ATMs", ["the", "bank", "atm"]),
        ("banks’ policies", ["bank", "policy"]),
        ("U.S. e.g. node.js", ["us", "eg", "node", "js"]),
        ("cafe\u0301 CAFÉ", ["café", "café"]),
        ("ﬁne straße", ["fine", "strasse"]),
        ("হিন্দি में", ["হিন্দি", "में"]),
        ("은행에서", ["은행에서", "은행", "행에", "에서"]),
        ("ไทย", ["ไท", "ทย"]),
        ("カード・テスト", ["カ", "カー", "ー", "ード", "ド", "テ", "テス", "ス", "スト", "ト"]),
        ("١٢٣", ["123"]),
        ("snake_case", ["snake", "case"]),
        ("……！🙂", []),
        ("", []),
    ],
)
def test_examples(text, expected):
    assert terms(text) == expected


@given(MIXED | st.text(st.characters(), max_size=40))
def test_terms_are_clean_and_ordered(text):
    spans = term_spans(text)
    assert [term for term, _, _ in spans] == terms(text)
    assert [start for _, start, _ in spans] == sorted(start for _, start, _ in spans)
    for term, start, end in spans:
        assert 0 < len(term) <= MAX_TERM_CHARS
        assert not any(map(str.isspace, term))
        assert 0 <= start < end <= len(text)


@given(MIXED)
def test_folding_first_changes_no_term_but_wide_commas(text):
    text = text.replace("，", "、")
    assert terms(fold(text)) == terms(text)


@given(st.text(st.characters(), max_size=40))
def test_every_letter_and_digit_is_in_some_term(text):
    covered = {at for _, start, end in term_spans(text) for at in range(start, end)}
    assert {at for at, char in enumerate(fold(text)) if char.isalnum()} <= covered


def test_spans_point_at_the_original_characters():
    text = "交行5G服務，滿意度 98.68%"
    found = {text[start:end]: term for term, start, end in term_spans(text)}
    assert found["服務"] == "服务"
    assert found["98.68"] == "98.68"
    assert found["5G"] == "5g"


def test_a_run_without_an_end_is_cut():
    assert terms("x" * 1000) == ["x" * MAX_TERM_CHARS]
    assert terms("9" * 1000) == ["9" * MAX_TERM_CHARS]
