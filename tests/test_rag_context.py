"""What a passage brings along, and the budget of a generator."""

from index.article import Article, Chunk, Script
from index.passage import Passage
from rag.context import contexts, widened

_TEXT = "一、开头的句子。二、它说明主题。三、这里是答案的前半。四、后半在这里。五、结尾。"


def passage(start, end, *, text=_TEXT):
    article = Article(
        id="a", text=text, title="", path="a.md", language="zh", script=Script.SIMPLIFIED,
        encoding="utf-8",
    )  # fmt: skip
    chunk = Chunk(f"a:{start}-{end}", "a", start, end, text[start:end])
    return Passage(chunk, article, 1.0)


def test_a_passage_brings_the_sentence_before_and_after():
    middle = passage(_TEXT.index("三"), _TEXT.index("四"))
    start, end = widened(middle.article, middle.chunk)
    assert _TEXT[start:end] == "二、它说明主题。三、这里是答案的前半。四、后半在这里。"
    whole = passage(0, len(_TEXT))
    assert widened(whole.article, whole.chunk) == (0, len(_TEXT))


def test_the_budget_is_the_generators_and_cuts_behind_a_sentence():
    whole = passage(0, len(_TEXT))
    assert [c.text for c in contexts([whole], max_tokens=len(_TEXT), count=len)] == [_TEXT]
    (cut,) = contexts([whole], max_tokens=20, count=len)
    assert cut.text == "一、开头的句子。二、它说明主题。"
    # A generator of another tokenizer takes more of it.
    (more,) = contexts([whole], max_tokens=20, count=lambda text: len(text) // 2)
    assert more.text == _TEXT[: len(more.text)]
    assert len(more.text) > len(cut.text)
    assert contexts([whole], max_tokens=3, count=len) == ()


def test_what_overlaps_is_given_once():
    first = passage(0, _TEXT.index("三"))
    second = passage(_TEXT.index("三"), len(_TEXT))
    given = contexts([first, second], max_tokens=1000, count=len)
    assert "".join(c.text for c in given) == _TEXT
