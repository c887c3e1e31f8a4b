"""The sample collection and the cases on it: what is read, and that every gold stands there."""

import datetime
import re
from collections import Counter
from functools import cache
from itertools import pairwise
from pathlib import Path

import pytest

from eval.cases import load_cases, locate
from index.article import Script
from index.duplicates import Fingerprint, group_near_duplicates, signature
from index.fold import fold
from index.ingest import SUFFIXES, read_articles

ROOT = Path(__file__).parents[1]
SEEDS = ROOT.parent / "shared" / "seeds"

# path below articles/ -> title, source, published, script, encoding
COLLECTION = {
    "en/2020-03-30-clinic-in-the-app.md": (
        "The clinic inside the banking app", "Remote Banking Review", "2020-03-30", "Latn",
        "utf-8"),
    "en/2023-09-20-outage-report.md": (
        "Three hours and forty-two minutes: inside the Jiangwan Bank outage",
        "Remote Banking Review", "2023-09-20", "Latn", "utf-8"),
    "en/briefs.jsonl#what-is-a-remote-bank": (
        "What is a remote bank?", "Remote Banking Review", "2019-05-14", "Latn", "utf-8"),
    "en/briefs.jsonl#harbourline-jiangwan-corridor": (
        "Harbourline and Jiangwan open a student payment corridor", "Harbour Ledger",
        "2024-01-23", "Latn", "utf-8"),
    "en/harbourline-questions.txt": (
        "Moving to Harbourline Bank online: your questions answered",
        "Harbourline Bank Help Centre", "2022-02-08", "Latn", "utf-8"),
    "en/jiangwan-app-review.html": (
        "Review: Jiangwan Bank's app, version 6", "Harbour Ledger", "2022-10-05", "Latn", "utf-8"),
    "en/two-ways-without-queues.pdf": (
        "Two ways to run a bank without queues", "Remote Banking Review", "2023-07-12", "Latn",
        "pdf"),
    "zh-hant/2020-03-16-liu-da-hang.md": (
        "疫情下的無接觸銀行：六大行各出奇招", "南灣財經", "2020-03-16", "Hant", "utf-8"),
    # A name beside the date is no source without a label or a familiar ending ("網", "報").
    "zh-hant/2021-09-06-nanwan-virtual-branch.txt": (
        "南灣銀行試行虛擬分行 櫃員隔屏辦事", None, "2021-09-06", "Hant", "big5-hkscs"),
    "zh-hant/2022-12-05-video-kyc-faq.md": (
        "遠距視訊開戶常見問題", "行動金融月刊", "2022-12-05", "Hant", "utf-8"),
    "zh-hant/column-human-touch.docx": (
        "隔着屏幕，如何有人情味", "南灣財經", "2024-01-15", "Hant", "docx"),
    "zh-hant/columns.jsonl#minghe-outage-2022": (
        "明禾銀行行動銀行當機五小時 董事長鞠躬致歉", "行動金融月刊", "2022-03-11", "Hant", "utf-8"),
    "zh-hant/columns.jsonl#nanwan-fee-2023": (
        "南灣銀行下調小額結餘收費", "南灣財經", "2023-06-08", "Hant", "utf-8"),
    "zh-hant/minghe-senior-mode.html": (
        "把字放大還不夠：明禾銀行樂齡版走訪", "行動金融月刊", "2021-10-14", "Hant", "utf-8"),
    "zh/2018-09-25-mini-program.md": (
        "江湾银行小程序上线，取号不用再排队", "江湾日报", "2018-09-25", "Hans", "utf-8"),
    "zh/2019-03-18-jiangwan-three-million.md": (
        "江湾银行：手机银行用户跨过三百万", "江湾日报", "2019-03-18", "Hans", "utf-8"),
    "zh/2020-03-12-six-banks-online.md": (
        "六家大行的“不见面”账本", "线上银行观察", "2020-03-12", "Hans", "utf-8"),
    "zh/2020-04-03-home-agents.md": (
        "客服坐席搬进客厅：一次没有预案的换班", "数字金融周刊", "2020-04-03", "Hans", "utf-8"),
    "zh/2021-03-22-jiangwan-annual.html": (
        "两年多了275万户：江湾银行交出2020年成绩单", "江湾日报", "2021-03-22", "Hans", "utf-8"),
    # Without lines there is no headline: its opening question serves.
    "zh/2021-06-18-ukey-explained.txt": (
        "U盾、短信验证码、手机盾，到底谁更安全？", None, "2021-06-18", "Hans", "utf-8"),
    "zh/2022-06-03-shanghai-two-months.md": (
        "网点关门的两个月，客户经理在忙什么", "线上银行观察", "2022-06-03", "Hans", "utf-8"),
    "zh/2022-08-22-hefei-reprint.txt": (
        "小微老板的“远程管家”：一支合肥团队的日常", "江湾日报", "2022-08-22", "Hans", "gb18030"),
    "zh/2024-05-20-slow-transfer.md": (
        "慢一点的转账，能拦住多少骗子", "数字金融周刊", "2024-05-20", "Hans", "utf-8"),
    "zh/corporate-hotline.html": (
        "企业打进来的电话，谁来接", "线上银行观察", "2020-04-08", "Hans", "gb18030"),
    "zh/hefei-remote-centre.docx": (
        "电话那头的普惠专员", "普惠通讯", "2022-08-16", "Hans", "docx"),
    "zh/help-change-number.html": (
        "换了手机号，手机银行还能用吗？", "江湾银行帮助中心", "2023-05-11", "Hans", "utf-8"),
    "zh/jiangwan-2022-service-report.pdf": (
        "江湾银行2022年线上服务报告（摘要）", "江湾银行客户服务部", "2023-03-28", "Hans", "pdf"),
    "zh/mobile-banking-twenty-years.md": (
        "口袋里的网点：手机银行二十年", "数字金融周刊", "2024-06-10", "Hans", "utf-8"),
    "zh/notices.csv#jw-2023-017": (
        "关于手机银行系统维护的公告", "江湾银行", "2023-04-18", "Hans", "utf-8"),
    "zh/notices.csv#jw-2023-022": (
        "关于调整部分服务收费的公告", "江湾银行", "2023-08-01", "Hans", "utf-8"),
    "zh/notices.csv#jw-2024-003": (
        "中山路支行迁址公告", "江湾银行", "2024-02-05", "Hans", "utf-8"),
    "zh/silver-phone-class.txt": (
        "学会视频通话之后，她学会了自己交水费", "江湾日报", "2021-11-09", "Hans", "utf-16-le"),
    "zh/yunxia.jsonl#jiangwan-yunxia-pact": (
        "江湾银行与云峡农商银行签约，共用远程客服", "江湾日报", "2023-06-30", "Hans", "utf-8"),
    "zh/yunxia.jsonl#yunxia-app": (
        "云峡农商银行推出方言语音转账", "普惠通讯", "2023-10-17", "Hans", "utf-8"),
    "zh/yunxia.jsonl#yunxia-loan-faq": (
        "“茶农贷”线上申请问答", "云峡农商银行", "2023-02-14", "Hans", "utf-8"),
    "zh/yunxia.jsonl#yunxia-van": (
        "流动银行车开进云峡山", "普惠通讯", "2022-11-02", "Hans", "utf-8"),
}  # fmt: skip

# (the first to appear, its reprint)
REPRINTS = [
    ("zh/2020-03-12-six-banks-online.md", "zh-hant/2020-03-16-liu-da-hang.md"),
    ("zh/hefei-remote-centre.docx", "zh/2022-08-22-hefei-reprint.txt"),
]

# Words of the navigation, side columns, footers and file heads around the texts.
AROUND_THE_TEXT = [
    "版权所有", "版權所有", "All rights reserved", "Copyright", "热门文章", "相关阅读", "編輯推薦",
    "返回首页", "隐私政策", "隱私權", "有用吗", "Comments", "kite_88", "投稿", "layout:",
    "<p>", "</",
]  # fmt: skip

# A question is of one kind; what the kind is can be read off the answer that it asks for.
KINDS = {"number", "date", "name", "place", "list", "comparison", "reason", "how", "yes-no", "what"}
# Of these the short answer stands in the gold quote, character by character.
EXTRACTIVE = {"number", "date", "name", "place", "list"}
TRAITS = {
    "two-turn", "follow-up", "new-topic", "cross-script", "cross-language", "several-articles",
    "reprint", "versions", "time-range", "careless",
}  # fmt: skip


def sample_files():
    return sorted(path for path in (ROOT / "articles").rglob("*") if path.is_file())


@cache
def readings():
    return {
        path.relative_to(ROOT).as_posix(): read_articles(
            path.read_bytes(), path=path.relative_to(ROOT).as_posix()
        )
        for path in sample_files()
    }


@cache
def articles():
    return {article.path: article for r in readings().values() for article in r.articles}


@cache
def cases():
    return load_cases(ROOT / "eval" / "sets" / "sample.jsonl")


def answerable():
    return [case for case in cases() if case.answerable]


def letters(text):
    """Fold a text and keep its letters and digits, so that punctuation and layout do not count."""
    return "".join(char for char in fold(text) if char.isalnum())


def shared_run(one, two):
    """Find the longest run of characters that two texts share."""
    best = ""
    for start in range(len(one)):
        while one[start : start + len(best) + 1] in two and start + len(best) < len(one):
            best = one[start : start + len(best) + 1]
    return best


# --- the collection ----------------------------------------------------------------------------


def test_every_file_is_read_without_a_problem():
    assert {
        path: reading.problems for path, reading in readings().items() if reading.problems
    } == {}
    assert {a.path: a.damages for a in articles().values() if a.damages} == {}


def test_titles_sources_dates_scripts_and_encodings_are_those_of_the_table():
    found = {
        path.removeprefix("articles/"): (
            article.title,
            article.source,
            article.published.isoformat() if article.published else None,
            article.script.value,
            article.encoding,
        )
        for path, article in articles().items()
    }
    assert found == COLLECTION


def test_languages_follow_the_scripts():
    for article in articles().values():
        expected = "en" if article.script is Script.LATIN else "zh"
        assert article.language.split("-")[0] == expected, article.path


def test_every_format_is_there():
    found = {path.suffix for path in sample_files()}
    assert found == {".md", ".html", ".txt", ".pdf", ".docx", ".jsonl", ".csv"}
    assert found <= SUFFIXES


def test_the_collection_is_as_large_and_as_mixed_as_promised():
    scripts = Counter(article.script for article in articles().values())
    assert scripts == {Script.SIMPLIFIED: 22, Script.TRADITIONAL: 7, Script.LATIN: 7}
    assert {path.name for path in sample_files() if path.stat().st_size > 200_000} == set()
    years = {article.published.year for article in articles().values() if article.published}
    assert years == set(range(2018, 2025))


def test_one_piece_is_long_and_has_headings_on_several_levels():
    long = [article for article in articles().values() if len(article.text) >= 4000]
    [piece] = long
    assert piece.path == "articles/zh/mobile-banking-twenty-years.md"
    assert len({heading.level for heading in piece.headings}) == 3
    assert [piece.text[h.start : h.end] for h in piece.headings[:4]] == [
        "一、按键时代",
        "1. 屏幕只有火柴盒大",
        "2. 2004年：国内第一个WAP版",
        "二、客户端时代",
    ]
    assert min(len(article.text) for article in articles().values()) >= 250


def test_what_stands_around_the_texts_is_not_in_them():
    found = [(a.path, words) for a in articles().values() for words in AROUND_THE_TEXT
             if words in a.text]  # fmt: skip
    assert found == []


def test_the_reprints_and_nothing_else_are_near_duplicates():
    groups = group_near_duplicates(
        [Fingerprint(a.path, signature(a.text), a.published) for a in articles().values()],
        jaccard=0.7,
    )
    collapsed = {path: first for path, first in groups.items() if path != first}
    assert collapsed == {f"articles/{later}": f"articles/{first}" for first, later in REPRINTS}
    assert all(articles()[a].title != articles()[b].title for a, b in collapsed.items())


@pytest.mark.skipif(not SEEDS.is_dir(), reason="the seed articles are not beside this checkout")
def test_no_sentence_is_taken_over_from_the_seed_articles():
    run = 14
    known = set()
    for seed in SEEDS.glob("*.txt"):
        text = letters(seed.read_text(encoding="utf-8"))
        known.update(text[i : i + run] for i in range(len(text) - run + 1))
    assert known
    found = {}
    for article in articles().values():
        text = letters(article.text)
        shared = [
            text[i : i + run] for i in range(len(text) - run + 1) if text[i : i + run] in known
        ]
        if shared:
            found[article.path] = shared
    assert found == {}


# --- the cases ---------------------------------------------------------------------------------


def test_every_gold_quote_stands_exactly_once_in_its_article():
    for case in answerable():
        assert case.gold, case.id
        for fact in case.gold:
            for span in fact:
                assert span.quote is not None, case.id
                text = articles()[span.article].text
                start, end = locate(span, text)
                assert text[start:end] == span.quote


def test_the_short_answer_stands_in_every_gold_quote():
    """Wherever a figure, date, name, place or list is asked for; a list has its items there."""
    checked = 0
    for case in answerable():
        if not EXTRACTIVE & set(case.tags):
            continue
        checked += 1
        if "list" in case.tags:
            quotes = letters("".join(span.quote for fact in case.gold for span in fact))
            items = [item for answer in case.answers for item in answer.split("、")]
            assert all(letters(item) in quotes for item in items), case.id
            continue
        [fact] = case.gold
        for span in fact:
            assert any(letters(answer) in letters(span.quote) for answer in case.answers), case.id
    assert checked >= 150


def test_the_alternatives_of_a_fact_are_reprints_or_the_same_figure_told_twice():
    twins = {f"articles/{path}": f"articles/{twin}" for pair in REPRINTS for path, twin in
             (pair, pair[::-1])}  # fmt: skip
    for case in answerable():
        for fact in case.gold:
            paths = [span.article for span in fact]
            for path in paths:
                assert twins.get(path, path) in paths, f"{case.id}: the reprint is gold too"


def test_ids_say_what_a_case_is():
    for case in cases():
        lang, group, number = re.fullmatch(
            r"(zh-hans|zh-hant|en)-([a-z-]+)-(\d{3})", case.id
        ).groups()
        assert lang == case.lang.lower()
        assert int(number) >= 1
        if not case.answerable:
            assert group == "none"
        elif case.dialogue:
            assert group == "turn"
        else:
            assert group in KINDS
            assert group in case.tags


def test_every_case_has_one_kind_and_only_known_tags():
    for case in answerable():
        assert len(KINDS & set(case.tags)) == 1, case.id
        assert set(case.tags) <= KINDS | TRAITS, case.id
        assert case.answers, case.id
    for case in cases():
        if not case.answerable:
            assert len({"near-miss", "off-topic"} & set(case.tags)) == 1, case.id


def test_tags_that_can_be_computed_are_right():
    reprinted = [{f"articles/{path}" for path in pair} for pair in REPRINTS]
    for case in answerable():
        found = [articles()[span.article].script for fact in case.gold for span in fact]
        asked = {"zh-Hans": Script.SIMPLIFIED, "zh-Hant": Script.TRADITIONAL, "en": Script.LATIN}
        same_language = [s for s in found if (s is Script.LATIN) == (case.lang == "en")]
        tags = {
            "two-turn": bool(case.dialogue),
            "follow-up": bool(case.dialogue) and case.standalone != case.question,
            "new-topic": bool(case.dialogue) and case.standalone == case.question,
            "cross-language": not same_language,
            "cross-script": bool(same_language) and asked[case.lang] not in found,
            "several-articles": len({fact[0].article for fact in case.gold}) > 1,
            "reprint": any(pair <= {s.article for s in fact} for fact in case.gold
                           for pair in reprinted),
        }  # fmt: skip
        assert {tag for tag in tags if tag in case.tags} == {t for t, on in tags.items() if on}, (
            case.id
        )


def test_a_question_that_leans_on_its_dialogue_is_written_out_in_full():
    for case in cases():
        assert (case.standalone is not None) == bool(case.dialogue), case.id
        if "new-topic" in case.tags:
            assert case.standalone == case.question, case.id
    leaning = [case for case in cases() if case.dialogue and case.standalone != case.question]
    assert len(leaning) >= 60


def test_questions_are_asked_once():
    asked = Counter(
        (letters(case.standalone or case.question), bool(case.dialogue)) for case in cases()
    )
    assert [question for question, times in asked.items() if times > 1] == []


def test_the_set_is_as_large_and_as_mixed_as_promised():
    tags = Counter(tag for case in answerable() for tag in case.tags)
    langs = Counter(case.lang for case in cases())
    assert len(cases()) >= 170
    assert sum(not case.answerable for case in cases()) >= 30
    assert min(langs[lang] for lang in ("zh-Hans", "zh-Hant", "en")) >= 40
    assert tags["follow-up"] >= 60
    assert tags["new-topic"] >= 10
    assert sum("cross-language" in c.tags and c.lang == "en" for c in answerable()) >= 15
    assert sum("cross-language" in c.tags and c.lang != "en" for c in answerable()) >= 5
    assert tags["cross-script"] >= 15
    assert all(tags[kind] >= 10 for kind in KINDS - {"place"})
    assert tags["several-articles"] >= 8
    assert tags["time-range"] >= 8
    assert tags["careless"] >= 15


def test_every_article_has_its_cases():
    asked = Counter(path for case in answerable()
                    for path in {span.article for fact in case.gold for span in fact})  # fmt: skip
    assert set(asked) == set(articles())
    assert min(asked.values()) >= 3


def test_questions_are_in_words_of_their_own():
    """A run of more than half the question taken from its article would test copying only."""
    copied = []
    for case in answerable():
        question = letters(case.question)
        texts = {letters(articles()[s.article].text) for fact in case.gold for s in fact}
        longest = max((shared_run(question, text) for text in texts), key=len)
        if len(longest) >= 10 and len(longest) * 2 > len(question):
            copied.append((case.id, longest))
    # Names such as "Harbourline" or "China Construction Bank" fill half of a short question.
    assert len(copied) <= 5, copied


def test_cases_come_in_the_order_of_their_numbers():
    last = {}
    for case in cases():
        group, number = case.id.rsplit("-", 1)
        last.setdefault(group, []).append(int(number))
    assert all(b == a + 1 for numbers in last.values() for a, b in pairwise(numbers))


def test_the_figures_that_grow_old_carry_their_dates():
    """Two articles give the same figure of one bank at two dates, the later one a larger one."""
    older = articles()["articles/zh/2019-03-18-jiangwan-three-million.md"]
    newer = articles()["articles/zh/2021-03-22-jiangwan-annual.html"]
    assert older.published < newer.published == datetime.date(2021, 3, 22)
    assert "手机银行注册用户为312.6万户" in older.text
    assert "手机银行注册用户达到587.4万户" in newer.text
