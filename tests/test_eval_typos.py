"""Slips that are put into questions: one place, the kind that was asked for, the same each time."""

import random

import pytest

from eval.typos import damage
from index.fold import fold

FREQUENCY = {"音": 5, "银": 9, "航": 4, "行": 9, "根": 7, "手": 3, "机": 9, "鸡": 2}
LOOKS = {"银": ["根"]}


def slip(question, kind, seed=0):
    chance = random.Random(seed)
    return damage(question, kind, frequency=FREQUENCY, looks=LOOKS, chance=chance)


@pytest.mark.parametrize("seed", range(8))
def test_a_homophone_in_its_sentence(seed):
    made = slip("手機銀行", "pinyin", seed)
    # 行 is hang here, so 航 may stand for it; nothing else known is read shou.
    assert made.text in ("手鸡銀行", "手機音行", "手機銀航")
    assert made.meant == fold("手機銀行")[made.place]


def test_a_look_alike():
    made = slip("手機銀行", "shape")
    assert (made.text, made.place, made.meant) == ("手機根行", 2, "银")


def test_one_edit_in_a_word_and_never_in_its_first_letter():
    made = {slip("the application", "edit", seed).text for seed in range(40)}
    assert len(made) > 10
    assert all(text.startswith("the a") for text in made)


def test_where_nothing_fits_there_is_none():
    assert slip("2020?", "pinyin") is None
    assert slip("手机", "shape") is None
    assert slip("a b c", "edit") is None
