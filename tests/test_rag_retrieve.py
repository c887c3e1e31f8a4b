"""Fusion and the collapsing of reprints, on rankings small enough to follow by hand."""

from dataclasses import dataclass, field
from datetime import date

import pytest

from index.article import Article, Chunk, Script
from index.passage import Filters, Hit
from rag.config import RetrievalConfig
from rag.retrieve import fuse, retrieve


def test_scores_combine_and_ties_fall_to_the_lower_row():
    lexical = [Hit(4, 10.0), Hit(2, 5.0), Hit(9, 5.0)]
    dense = [Hit(9, 0.5), Hit(1, -0.2)]
    fused = fuse(lexical, dense, dense_weight=0.3)
    assert [hit.row for hit in fused] == [4, 9, 2, 1]
    assert [hit.score for hit in fused] == pytest.approx([1.0, 0.65, 0.5, 0.0])
    assert [h.row for h in fuse([Hit(5, 1.0), Hit(3, 1.0)], [], dense_weight=0.3)] == [3, 5]


def test_one_silent_leg_leaves_the_other_alone():
    assert fuse([], [], dense_weight=0.3) == []
    assert [h.row for h in fuse([], [Hit(2, 0.9), Hit(1, 0.1)], dense_weight=0.3)] == [2, 1]
    assert [h.row for h in fuse([Hit(2, 3.0)], [], dense_weight=0.3)] == [2]


@dataclass
class FakeIndex:
    """Rows 0, 1, 2 … are the chunks of one article each; ``scores`` is the lexical ranking."""

    texts: dict[str, tuple[str, date | None]]
    groups: dict[str, str]
    scores: list[float]
    asked: list[Filters] = field(default_factory=list)

    def lexical(self, _question, *, k, filters):
        self.asked.append(filters)
        ranked = sorted(enumerate(self.scores), key=lambda pair: -pair[1])
        return [Hit(row, score) for row, score in ranked[:k]]

    def dense(self, _question, *, k, filters):  # noqa: ARG002 -- the index's own signature
        self.asked.append(filters)
        return []

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

    def article_id_of(self, row):
        return list(self.texts)[row]

    def group_members(self, representative):
        return tuple(n for n in self.texts if self.group_of(n) == representative)

    def group_of(self, article_id):
        return self.groups.get(article_id, article_id)


STORY = "江湾银行手机银行注册用户数在六月末达到三百万户，比上年末增加四十万户。"
REPRINT = "江灣銀行手機銀行註冊用戶數在六月末達到三百萬戶，比上年末增加四十萬戶。（轉載）"
OTHER = "该行同时宣布全市网点恢复营业，周末照常办理个人业务。"


def found(index, limit=8):
    config = RetrievalConfig(passages=limit)
    return retrieve(index, "注册用户数", config=config, filters=Filters())


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
    retrieve(index, "注册", config=RetrievalConfig(), filters=filters)
    assert index.asked == [filters, filters]
