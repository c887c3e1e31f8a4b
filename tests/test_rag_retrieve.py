"""Fusion and the collapsing of reprints, on rankings small enough to follow by hand."""

from dataclasses import dataclass, field
from datetime import date

import pytest

from index.article import Article, Chunk, Script
from index.passage import Filters, Hit
from rag.config import RetrievalConfig
from rag.question import read_question
from rag.rerank import LightReranker
from rag.retrieve import Search, fuse, retrieve


def test_scores_combine_and_ties_fall_to_the_lower_row():
    lexical = [Hit(4, 10.0), Hit(2, 5.0), Hit(9, 5.0)]
    dense = [Hit(9, 0.5), Hit(1, -0.2)]
    fused = fuse(lexical, dense, ideal=20.0, dense_weight=0.3)
    assert [hit.row for hit in fused] == [4, 9, 2, 1]
    assert [hit.score for hit in fused] == pytest.approx([0.5, 0.4, 0.25, 0.0])
    ties = fuse([Hit(5, 1.0), Hit(3, 1.0)], [], ideal=2.0, dense_weight=0.3)
    assert [hit.row for hit in ties] == [3, 5]


def test_a_chance_match_does_not_outweigh_the_cosine():
    # A question in another language shares one number with row 1 and means row 2.
    lexical, dense = [Hit(1, 2.0)], [Hit(2, 0.6), Hit(1, 0.1)]
    assert fuse(lexical, dense, ideal=40.0, dense_weight=0.8)[0].row == 2
    # The same two units of BM25 are the whole of a question of two.
    assert fuse(lexical, dense, ideal=2.0, dense_weight=0.8)[0].row == 1


def test_one_silent_leg_leaves_the_other_alone():
    def rows(lexical, dense):
        return [hit.row for hit in fuse(lexical, dense, ideal=4.0, dense_weight=0.3)]

    assert rows([], []) == []
    assert rows([], [Hit(2, 0.9), Hit(1, 0.1)]) == [2, 1]
    assert rows([Hit(2, 3.0)], []) == [2]


@dataclass
class FakeIndex:
    """Rows 0, 1, 2 … are the chunks of one article each; ``scores`` is the lexical ranking."""

    texts: dict[str, tuple[str, date | None]]
    groups: dict[str, str]
    scores: list[float]
    asked: list[Filters] = field(default_factory=list)
    questions: list[str] = field(default_factory=list)

    def lexical(self, question, *, k, filters, synonyms=()):  # noqa: ARG002
        self.questions.append(question)
        self.asked.append(filters)
        ranked = sorted(enumerate(self.scores), key=lambda pair: -pair[1])
        return [Hit(row, score) for row, score in ranked[:k]]

    def dense(self, _question, *, k, filters, variants=()):  # noqa: ARG002 -- the index's own
        self.asked.append(filters)
        return []

    is_quick = False

    def idf(self, terms):
        return [1.0] * len(terms)

    def chunk(self, row):
        name, (text, _) = list(self.texts.items())[row]
        return Chunk(f"{name}:0-{len(text)}", name, 0, len(text), text)

    def article_of(self, row):
        name, (text, day) = list(self.texts.items())[row]
        return Article(
            id=name,
            text=text,
            title=name,
            path=f"{name}.md",
            language="zh",
            script=Script.SIMPLIFIED,
            encoding="utf-8",
            published=day,
        )

    def article(self, name):
        return self.article_of(list(self.texts).index(name))

    def article_id_of(self, row):
        return list(self.texts)[row]

    def group_members(self, representative):
        return tuple(n for n in self.texts if self.group_of(n) == representative)

    def group_of(self, article_id):
        return self.groups.get(article_id, article_id)


STORY = "江湾银行手机银行注册用户数在六月末达到三百万户，比上年末增加四十万户。"
REPRINT = "江灣銀行手機銀行註冊用戶數在六月末達到三百萬戶，比上年末增加四十萬戶。（轉載）"
OTHER = "该行同时宣布全市网点恢复营业，周末照常办理个人业务。"


def look(index, question="注册用户数", *, k=None, **search):
    asked = Search(read_question(question), **search)
    config = RetrievalConfig(rerank=0)  # the order of the fusion
    return retrieve(index, asked, config=config, reranker=LightReranker({}), k=k)


def found(index, limit=8):
    return look(index, k=limit).passages


def test_reprints_collapse_into_the_earliest():
    index = FakeIndex(
        texts={
            "late": (REPRINT, date(2021, 7, 3)),
            "early": (STORY, date(2021, 7, 1)),
            "undated": (STORY, None),
            "other": (OTHER, date(2021, 7, 1)),
        },
        groups={"late": "early", "undated": "early"},
        scores=[9.0, 8.0, 7.0, 6.0],
    )
    first, second = found(index)
    assert first.article.id == "early"
    assert first.reprints == ("late", "undated")
    assert first.score == 1.0
    assert second.article.id == "other"
    assert second.reprints == ()


def test_a_reprint_below_the_limit_still_counts():
    index = FakeIndex(
        texts={
            "late": (REPRINT, date(2021, 7, 3)),
            "other": (OTHER, None),
            "early": (STORY, date(2021, 7, 1)),
        },
        groups={"late": "early"},
        scores=[9.0, 8.0, 1.0],
    )
    assert [p.article.id for p in found(index, limit=2)] == ["early", "other"]


def test_other_words_in_the_same_group_stay():
    index = FakeIndex(
        texts={"early": (STORY, date(2021, 7, 1)), "longer": (OTHER, date(2021, 7, 2))},
        groups={"longer": "early"},
        scores=[9.0, 8.0],
    )
    assert [p.article.id for p in found(index)] == ["early", "longer"]


def test_filters_reach_both_legs():
    index = FakeIndex(texts={"a": (STORY, None)}, groups={}, scores=[1.0])
    filters = Filters(sources=("甲",))
    look(index, "注册", filters=filters)
    assert index.asked == [filters, filters]


def test_a_comparison_asks_for_each_side_and_gets_both():
    texts = {
        "a1": ("工行的手机银行用户数达到五亿户。", None),
        "a2": ("工行手机银行用户数又增加了一成。", None),
        "a3": ("工行说手机银行用户数还会增加。", None),
        "b": ("建行的用户数是四亿户。", None),
    }
    index = FakeIndex(texts=texts, groups={}, scores=[9.0, 8.9, 8.8, 8.0])
    question, sides = "工行和建行的手机银行用户数", ("工行的手机银行用户数", "建行的手机银行用户数")
    compared = look(index, question, sides=sides, k=2)
    assert index.questions == [question, *sides]
    # By score alone it would be a1 and a2: the second passage brings what the first one lacks.
    assert [p.article.id for p in compared.passages] == ["a1", "b"]
    one_side = look(index, "工行的手机银行用户数", k=2)
    assert [p.article.id for p in one_side.passages] == ["a1", "a2"]


def test_every_candidate_has_its_fate():
    index = FakeIndex(
        texts={
            "late": (REPRINT, date(2021, 7, 3)),
            "early": (STORY, date(2021, 7, 1)),
            "other": (OTHER, None),
        },
        groups={"late": "early"},
        scores=[9.0, 8.0, 7.0],
    )
    retrieval = look(index, k=1)
    fates = {r.candidate.article.id: r.fate for r in retrieval.ranked}
    assert fates == {
        "early": "passage 1",
        "late": "reprint of 'early' (early)",
        "other": "beyond the passages asked for",
    }


def test_the_reranker_has_the_last_word():
    index = FakeIndex(texts={"a": (OTHER, None), "b": (STORY, None)}, groups={}, scores=[9.0, 8.0])
    asked = Search(read_question("注册用户数"))
    reranked = retrieve(
        index, asked, config=RetrievalConfig(), reranker=LightReranker({"coverage": 5.0})
    )
    assert [p.article.id for p in reranked.passages] == ["b", "a"]
    assert reranked.passages[0].score == 1.0
    assert 0 < reranked.passages[1].score < 0.1
