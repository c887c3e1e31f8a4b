"""Suggestions: what is offered, what is left alone, where it stands and in which script."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from index.fold import fold
from index.lexical import LexicalDocument, LexicalIndex, write_lexical
from rag.spelling import Change, IndexVocabulary, Kind, suggest

TEXTS = [
    "手机银行的用户超过三千万。手机银行可以转账、缴费，也可以查询账户余额。",
    "邮储银行在农村的网点最多。邮储银行的客户可以在网点办理存款。",
    "远程银行的客服接通率为98%，客户满意度继续上升。",
    "网点的排队时间缩短，客户可以在线上取号。",
    "The mobile bank serves customers abroad. A bank without branches needs a mobile application.",
    "Deposits at the bank grew; the mobile application was described by customers as quick.",
]


class Collection:
    """The vocabulary of a few texts."""

    def __init__(self, folder):
        documents = (LexicalDocument(i, t, "", None, None, "", ()) for i, t in enumerate(TEXTS))
        write_lexical(folder, documents)
        self.lexical = LexicalIndex.open(folder, count=len(TEXTS))
        self.size = len(TEXTS)
        self.frequencies = self.lexical.document_frequencies
        self.words = self.lexical.words

    def best(self, question):
        hits = self.lexical.search(question, k=3)
        return (hits[0].score if hits else 0.0), [fold(TEXTS[hit.row]) for hit in hits]


@pytest.fixture(scope="module")
def collection(tmp_path_factory):
    return Collection(tmp_path_factory.mktemp("spelling") / "lexical")


@pytest.mark.parametrize(
    ("question", "meant", "change"),
    [
        ("手机因行有多少用户？", "手机银行有多少用户？", Change(2, 3, "因", "银", Kind.PINYIN)),
        ("邮储很行的网点多吗？", "邮储银行的网点多吗？", Change(2, 3, "很", "银", Kind.SHAPE)),
        ("手機因行有多少用戶？", "手機銀行有多少用戶？", Change(2, 3, "因", "銀", Kind.PINYIN)),
        ("手机机银行有多少用户？", "手机银行有多少用户？", Change(2, 3, "机", "", Kind.EDIT)),
        (
            "the mobile bakn abroad",
            "the mobile bank abroad",
            Change(11, 15, "bakn", "bank", Kind.EDIT),
        ),
        ("Mobiile bank", "Mobile bank", Change(0, 7, "Mobiile", "Mobile", Kind.EDIT)),
        ("aplication的用户", "application的用户", None),
        ("which custmers", "which customers", Change(6, 14, "custmers", "customers", Kind.EDIT)),
    ],
)
def test_what_was_meant(collection, question, meant, change):
    suggestion = suggest(question, vocabulary=collection)
    assert suggestion is not None
    assert suggestion.text == meant
    if change is not None:
        assert suggestion.changes == (change,)


def test_an_empty_collection_suggests_nothing():
    class Nothing:
        size = 0
        words = ()

        def frequencies(self, terms):
            return [0 for _ in terms]

        def best(self, _):
            return 0.0, []

    assert suggest("手机因行有多少用户？", vocabulary=Nothing()) is None


def test_two_slips(collection):
    suggestion = suggest("手机因行的客户满意渡", vocabulary=collection)
    assert suggestion.text == "手机银行的客户满意度"
    assert [(c.start, c.said, c.meant) for c in suggestion.changes] == [
        (2, "因", "银"),
        (9, "渡", "度"),
    ]


@pytest.mark.parametrize(
    "question",
    [
        "手机银行有多少用户？",
        "邮储银行哪些网点可以存款？",
        "远程银行的满意度是多少？",
        "量子力学是谁提出的？",  # not a word of it is in the collection
        "What did the customers describe?",
        "describes",  # an ending is no slip
        "banks.example.com or deposti@bank",  # an address is not words
        "",
        "？",
        "𠀀𠀁",
        "因" * 5000,
    ],
)
def test_what_is_left_alone(collection, question):
    assert suggest(question, vocabulary=collection) is None


@given(st.text(alphabet="手机因银很行邮储客户满意度网点看 bakn98?\u202e銀機", max_size=30))
@settings(deadline=None, max_examples=60)
def test_the_changes_are_where_they_say(collection, question):
    suggestion = suggest(question, vocabulary=collection)
    if suggestion is not None:
        text, moved = question, 0
        for change in suggestion.changes:
            assert question[change.start : change.end] == change.said
            start = change.start + moved
            text = text[:start] + change.meant + text[start + len(change.said) :]
            moved += len(change.meant) - len(change.said)
        assert text == suggestion.text != question


def test_over_an_open_index(sample):
    vocabulary = IndexVocabulary(sample.index)
    assert (
        suggest("江湾因行的小程序叫什么？", vocabulary=vocabulary).text
        == "江湾银行的小程序叫什么？"
    )
    assert suggest("江湾银行的小程序叫什么？", vocabulary=vocabulary) is None
