"""A question about money or secrets carries a notice in its own script; a file replaces them."""

import pytest

from index.errors import UsageError
from rag.notice import load_notices, notice_for


@pytest.mark.parametrize(
    ("question", "beginning"),
    [
        ("忘记登录密码怎么办？", "请勿把密码"),
        ("收不到驗證碼怎麼辦？", "請勿把密碼"),
        ("What is the PIN for?", "Never tell anyone"),
        ("轉帳限額是多少？", "轉帳前請核對"),
        ("房贷利率是多少？", "利率、额度"),
        ("How do I get a mortgage?", "Rates, limits"),
        ("哪些理财产品收益率高？", "以上内容出自文章"),
    ],
)
def test_a_risky_question_carries_a_notice(question, beginning):
    said = notice_for(question, load_notices())
    assert said is not None
    assert said.startswith(beginning)


@pytest.mark.parametrize(
    "question", ["手机银行有多少用户？", "shipping times", "基金会成立于哪年？", "opening hours"]
)
def test_another_question_carries_none(question):
    assert notice_for(question, load_notices()) is None


def test_a_file_replaces_the_notices(tmp_path):
    own = tmp_path / "own.toml"
    own.write_text(
        '[[notice]]\ntopic = "x"\nwords = ["保险"]\n[notice.text]\nLatn = "Ask a person."\n',
        encoding="utf-8",
    )
    assert notice_for("保險怎麼買？", load_notices(str(own))) == "Ask a person."
    assert notice_for("密码", load_notices(str(own))) is None
    assert load_notices("off") == ()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[[notice]]\nwords = 3\n[notice.text]\nLatn = 'x'\n", "words must be a list"),
        ("[[notice]]\nwords = ['a']\n", "needs an entry 'Latn'"),
        ("[[notice]]\n[notice.text]\nLatn = 'x'\n", "words are missing"),
        ("[[notice]]\nwords = ['a']\n[notice.text]\nLatn = 'x'\nEnglish = 'y'\n", "text.English"),
        ("[[notice]]\nword = ['a']\n", "unknown key 'word'"),
        ("x = 1\n", "only \\[\\[notice\\]\\]"),
        ("[[notice]", "not valid TOML"),
    ],
)
def test_mistakes_are_named(tmp_path, text, message):
    path = tmp_path / "own.toml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(UsageError, match=message):
        load_notices(str(path))


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(UsageError, match="cannot read the notices"):
        load_notices(str(tmp_path / "none.toml"))
