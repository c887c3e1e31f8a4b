from datetime import date

import numpy as np
import opencc
import pytest
from hypothesis import given
from hypothesis import strategies as st

from index.duplicates import Fingerprint, group_near_duplicates, signature

TOPICS = ["存款", "贷款", "理财", "客服", "网点", "手机", "安全", "利率", "汇款", "基金"]


def story(seed, count=24):
    """A text of ``count`` sentences, each of which occurs in no other story."""
    rng = np.random.default_rng(seed)
    letters = [chr(c) for c in rng.permutation(np.arange(0x4E00, 0x5E00))]
    return [
        f"{TOPICS[int(rng.integers(len(TOPICS)))]}{''.join(letters[i * 20 : i * 20 + 18])}。"
        for i in range(count)
    ]


def groups(*texts, jaccard=0.7):
    items = [Fingerprint(str(n), signature(text), None) for n, text in enumerate(texts)]
    found = group_near_duplicates(items, jaccard=jaccard)
    return [found[str(n)] for n in range(len(texts))]


def test_reprints_group_with_the_first():
    sentences = story(1)
    original = "".join(sentences)
    dateline = "某报四月一日讯（记者 甲）" + original + "（责任编辑：乙）"
    shortened = "另一个标题\n" + "\n".join(sentences[:5] + sentences[7:])
    assert groups(original, "".join(story(2)), dateline, shortened) == ["0", "1", "0", "0"]


def test_copies_in_the_other_script_group():
    text = "银行推出新的手机客户端，为老年人提供大字版界面和语音导航。" + "".join(story(3))
    traditional = opencc.OpenCC("s2t").convert(text)
    assert traditional != text
    assert groups(text, traditional) == ["0", "0"]


def test_space_case_width_and_punctuation_do_not_count():
    text = "The bank answers 24 hours a day, in both scripts, and cites every sentence it says."
    assert signature(text) == signature(text.upper().replace(" ", "\n").replace(",", "，"))


def test_a_text_that_shares_half_is_another_article():
    one, two = story(4), story(5)
    assert groups("".join(one), "".join(one[:12] + two[12:])) == ["0", "1"]


def test_the_threshold_is_the_callers():
    one, two = story(4), story(5)
    changed = "".join(one[:21] + two[21:])
    assert groups("".join(one), changed, jaccard=0.6) == ["0", "0"]
    assert groups("".join(one), changed, jaccard=0.9) == ["0", "1"]


def test_short_texts_group_only_when_equal():
    assert groups("今日停业。", "今日，停業！", "明日停业。", "今日停业") == ["0", "0", "2", "0"]


def test_texts_without_words_never_group():
    assert signature("……！") == b""
    assert groups("", "", "？？") == ["0", "1", "2"]


def test_the_earliest_represents_then_the_smallest_id():
    mark = signature("".join(story(6)))
    days = {"a": None, "d": date(2024, 2, 2), "c": date(2024, 1, 1), "b": date(2024, 1, 1)}
    items = [Fingerprint(name, mark, day) for name, day in days.items()]
    expected = dict.fromkeys("abcd", "b")
    assert group_near_duplicates(items, jaccard=0.7) == expected
    assert group_near_duplicates(items[::-1], jaccard=0.7) == expected


def test_a_group_does_not_drift():
    sentences = [story(n) for n in range(20, 24)]
    # Each version replaces 3 of 24 sentences; the last shares half with the first.
    versions = [list(sentences[0])]
    for step in range(1, 5):
        changed = list(versions[-1])
        changed[(step - 1) * 3 : step * 3] = sentences[step % 4][:3]
        versions.append(changed)
    found = groups(*("".join(v) for v in versions))
    assert found[:2] == ["0", "0"]
    assert found[4] != "0"


@given(st.text(max_size=200))
def test_every_text_has_a_signature_that_groups_with_itself(text):
    length = len(signature(text))
    assert length in (0, 16) or (512 <= length <= 768 and length % 4 == 0)
    first, second = groups(text, text)
    assert first == "0"
    assert second == ("0" if signature(text) else "1")


def test_the_signature_is_the_same_on_every_machine():
    text = (
        "有据：言之有据，每一句话都指向文章里的原文。" * 4
        + "Evidence for every sentence, in both scripts."
    )
    assert signature(text)[:8].hex() == "5ef82d08ad780500"


def report(*figures):
    body = "".join(story(7))
    return body + "收盘{}元，涨{}%，成交{}万股，金额{}万元，换手{}%。".format(*figures) + body[::-1]


def test_reports_on_one_template_with_other_figures_stay_apart():
    monday = report(2.72, 0.37, 8.2, 22.46, 1.02)
    tuesday = report(2.73, 1.09, 1.8, 4.91, 0.97)
    reprint = "2024-04-01 15:40:02 作者 甲\n" + report("２.７２", 0.37, 8.2, 22.46, 1.02)
    assert groups(monday, tuesday, reprint) == ["0", "1", "0"]


def test_one_corrected_figure_does_not_part_a_reprint():
    assert groups(report(2.72, 0.37, 8.2, 22.46, 1.02), report(2.72, 0.37, 8.2, 22.46, 1.12)) == [
        "0",
        "0",
    ]


def test_a_text_of_many_figures_is_compared_by_a_sample():
    body = "".join(story(8, 60))
    numbers = [str(n) for n in range(1000, 1300)]
    one, same = body + "、".join(numbers), body + "、".join(numbers[:280])
    other = body + "、".join(numbers[:150]) + "、".join(str(n) for n in range(5000, 5150))
    assert groups(one, same, other, jaccard=0.5) == ["0", "0", "2"]


def test_a_crowded_bucket_still_finds_the_reprint():
    body = "".join(story(9, 40))
    texts = [body + f"甲{n}.11乙{n}.22丙{n}.33丁{n}.44。" for n in range(100, 400)]
    found = groups(*texts, texts[350 - 100] + "（编辑）")
    assert found == [str(n) for n in range(300)] + ["250"]


def test_the_estimate_is_close_to_the_truth():
    for seed in range(5):
        one, two = story(seed + 50, 60), story(seed + 90, 60)
        x, y = "".join(one), "".join(one[:50] + two[50:])

        def shingles(text):
            plain = text.replace("。", "")
            return {plain[i : i + 5] for i in range(len(plain) - 4)}

        truth = len(shingles(x) & shingles(y)) / len(shingles(x) | shingles(y))
        a, b = (np.frombuffer(signature(t)[:512], dtype="<u4") for t in (x, y))
        assert abs(float((a == b).mean()) - truth) < 0.16  # four standard errors


def test_a_foreign_signature_is_refused():
    with pytest.raises(ValueError, match="not a signature: 3 bytes"):
        group_near_duplicates([Fingerprint("a", b"abc", None)], jaccard=0.7)
