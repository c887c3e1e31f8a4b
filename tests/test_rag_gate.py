"""The gate: what a cited text says passes in other words, what it does not say does not."""

import dataclasses
import threading
from datetime import date

import numpy as np
import pytest

from index.article import Article, Script
from index.errors import UsageError
from rag.alignment import changes
from rag.facts import flatten
from rag.gate import Gate, Thresholds, read_thresholds
from rag.generate import Span
from rag.judge import CrossEncoderJudge, load_judge
from rag.names import reads_as_name, strange_organisations
from rag.polarity import contradictions
from rag.schema import Verdict
from rag.verbatim import find_verbatim
from rag.wording import Wording, units_of


def article(text, *, title="公告", published=None, name="a1"):
    return Article(
        id=name, text=text, title=title, path=f"{name}.md", language="zh",
        script=Script.SIMPLIFIED, encoding="utf-8", published=published,
    )  # fmt: skip


def passage(text, **kwargs):
    made = article(text, **kwargs)
    return Span(made, 0, len(made.text))


REPORT = passage(
    "截至2018年末，该行手机银行注册用户为312.6万户，一年净增71.2万户。"
    "客服电话的平均等待时间是48秒，他希望两年之内压到半分钟以下。"
    "2018年该行关闭11家支行，年末还剩143家。小程序暂时不能转账，也不能查余额。"
    "行长沈予安透露，新版本由本行团队自行开发，不再外包。今年的网点数量比上一年下降18.4%。",
    title="江湾银行：手机银行用户跨过三百万",
    published=date(2019, 3, 18),
)
TRADITIONAL = passage(
    "南灣銀行宣布，由2023年7月1日起調低零售戶口的服務費。平均結餘不足五千元的綜合戶口，"
    "月費由60元減至25元；長者、學生和領取綜援的客戶繼續豁免。今次是該行自2016年以來首次調整零售收費。",
    title="南灣銀行下調小額結餘收費",
)
ENGLISH = passage(
    "Harbourline Bank serves 2.3 million customers with 640 employees, none of them in a branch. "
    "Its telephone team answers 91 percent of calls within thirty seconds. "
    "An expired certificate on an internal gateway was the trigger. "
    "The Basic account is free. The regulator has not asked for a report.",
    title="Two ways to run a bank without queues",
)
GATE = Gate()


def check(sentence, span, **kwargs):
    return GATE.check(sentence, (span,), offered=(), **kwargs)


@pytest.mark.parametrize(
    ("sentence", "span", "quote"),
    [
        # numerals restyled, word order, synonyms, a name in place of 该行
        (
            "到2018年底，江湾银行手机银行注册用户达三百一十二万六千户，全年净增71.2万户。",
            REPORT,
            "截至2018年末，该行手机银行注册用户为312.6万户，一年净增71.2万户。",
        ),
        (
            "客服电话平均等待四十八秒。",
            REPORT,
            "客服电话的平均等待时间是48秒，他希望两年之内压到半分钟以下。",
        ),
        (
            "客服電話的平均等待時間為48秒，他希望兩年內壓到30秒以下。",
            REPORT,
            "客服电话的平均等待时间是48秒，他希望两年之内压到半分钟以下。",
        ),
        (
            "小程序目前既不能转账，也无法查询余额。",
            REPORT,
            "小程序暂时不能转账，也不能查余额。",
        ),
        (
            "月費由60元降至25元，長者和學生繼續獲豁免。",
            TRADITIONAL,
            "平均結餘不足五千元的綜合戶口，月費由60元減至25元；",
        ),
        (
            "Harbourline has 2.3 million customers and 640 employees, none of them in a branch.",
            ENGLISH,
            "Harbourline Bank serves 2.3 million customers with 640 employees, none of them in a "
            "branch.",
        ),
        (
            "The telephone team answers 91% of calls within 30 seconds.",
            ENGLISH,
            "Its telephone team answers 91 percent of calls within thirty seconds.",
        ),
    ],
)
def test_a_paraphrase_is_supported_by_its_sentence(sentence, span, quote):
    finding = check(sentence, span)
    assert (finding.verdict, finding.reason) == (Verdict.SUPPORTED, "")
    assert quote in [s.text for s in finding.spans]
    assert len(finding.spans) <= 3
    assert all(s.article.text[s.start : s.end] == s.text for s in finding.spans)


@pytest.mark.parametrize(
    ("sentence", "span", "reason"),
    [
        ("截至2018年末，手机银行注册用户为321.6万户。", REPORT, "321.6万户 is not in"),  # number
        ("截至2018年末，手机银行注册用户为312.6亿户。", REPORT, "312.6亿户 is not in"),  # unit
        ("截至2018年末，手机银行注册用户为312.6万人。", REPORT, "312.6万人 is not in"),
        ("截至2017年末，手机银行注册用户为312.6万户。", REPORT, "2017年末 is not in"),  # date
        ("2018年该行关闭143家支行，年末还剩143家。", REPORT, "143家 is not in"),  # another's number
        ("行长李慕华透露，新版本由本行团队自行开发，不再外包。", REPORT, "李慕华"),  # name
        ("招商银行2018年关闭11家支行。", REPORT, "招商银行 is not in"),
        ("小程序可以转账，也可以查余额。", REPORT, "the source denies"),  # negation
        ("新版本由本行团队自行开发，还是外包。", REPORT, "外包"),
        ("客服电话的平均等待时间不是48秒。", REPORT, "the source denies nothing like it"),
        ("今年的网点数量比上一年增长18.4%。", REPORT, "增长, where the source says 下降"),
        ("今次是該行自2016年以來再次調整零售收費。", TRADITIONAL, "再次, where the source"),
        ("平均結餘超過五千元的綜合戶口，月費由60元減至25元。", TRADITIONAL, "五千元 is not in"),
        ("該行推出「零用貸」，月費由60元減至25元。", TRADITIONAL, "零用貸 is not in"),  # quotation
        ("Nanwan Bank serves 2.3 million customers with 640 employees.", ENGLISH, "Nanwan"),
        ("Harbourline serves 2.3 billion customers with 640 employees.", ENGLISH, "2.3 billion"),
        ("The Basic account is not free.", ENGLISH, "deny"),
        ("The regulator has asked for a report.", ENGLISH, "denies"),
    ],
)  # fmt: skip
def test_an_alteration_is_not_supported_and_is_named(sentence, span, reason):
    finding = check(sentence, span)
    assert finding.verdict in (Verdict.UNSUPPORTED, Verdict.PARTLY)
    assert reason in finding.reason
    assert finding.spans


@pytest.mark.parametrize(
    ("sentence", "span"),
    [
        ("客服电话的平均等待时间是48秒，比同业快得多并获得行业大奖。", REPORT),
        ("月費由60元減至25元，港交所將於下周公布新指引。", TRADITIONAL),
        ("The Basic account is free, and the moon rover landed safely.", ENGLISH),
        # two facts merged, of which the text has one
        ("2018年该行关闭11家支行，员工总数增至900人。", REPORT),
    ],
)
def test_an_added_clause_leaves_the_sentence_partly_supported(sentence, span):
    assert check(sentence, span).verdict is Verdict.PARTLY


def test_a_verbatim_sentence_is_found_at_its_place():
    sentence = "2018年该行关闭11家支行，年末还剩143家。"
    (span,) = check(sentence, REPORT).spans
    assert (span.text, span.start) == (sentence, REPORT.article.text.index(sentence))


def test_a_quote_that_leans_on_its_context_is_supported():
    assert check("一年净增71.2万户。", REPORT).verdict is Verdict.SUPPORTED


def test_a_quote_of_another_article_is_not():
    assert (
        check("2018年该行关闭11家支行，年末还剩143家。", TRADITIONAL).verdict is Verdict.UNSUPPORTED
    )


@pytest.mark.parametrize("sentence", ["不能转账。", "小程序暂时不能转账"])
def test_a_whole_piece_of_a_denial_is_verbatim(sentence):
    assert find_verbatim(sentence, (REPORT,)) is not None


@pytest.mark.parametrize("sentence", ["转账，也不能查余额。", "312.6万户", "2.6万户", "外包"])
def test_what_is_cut_out_of_a_denial_or_a_number_is_not_verbatim(sentence):
    found = find_verbatim(sentence, (REPORT,))
    assert (found is None) is (sentence != "312.6万户")


def test_a_quote_in_the_other_script_or_width_is_verbatim():
    found = find_verbatim("２０１８年該行關閉１１家支行", (REPORT,))
    assert found is not None
    assert found.text == "2018年该行关闭11家支行"


def test_without_a_citation_only_what_is_supported_gets_one():
    offered = (TRADITIONAL, REPORT)
    finding = GATE.check("客服电话平均等待四十八秒。", (), offered=offered)
    assert finding.verdict is Verdict.SUPPORTED
    assert finding.spans[0].article is REPORT.article
    finding = GATE.check("客服电话平均等待四十九秒。", (), offered=offered)
    assert (finding.verdict, finding.spans) == (Verdict.UNCITED, ())
    assert GATE.check("你好。", (), offered=()).verdict is Verdict.UNCITED


@pytest.mark.parametrize("sentence", ["", "  ", "。。", "……"])
def test_a_sentence_that_says_nothing_is_not_supported(sentence):
    assert check(sentence, REPORT).verdict is Verdict.UNSUPPORTED


@pytest.mark.parametrize("text", ["", "\n", "！"])
def test_an_empty_source_supports_nothing(text):
    assert check("用户为312.6万户。", passage(text)).verdict is Verdict.UNSUPPORTED


def test_what_is_too_long_for_a_sentence_is_not_compared():
    found = check("一" * 5000, REPORT)
    assert (found.verdict, found.reason) == (Verdict.UNSUPPORTED, "too long to be compared")
    long = passage("一二三" * 3000 + "，江湾银行有三家分行。", name="long")
    assert check("江湾银行有三家分行。", long).verdict is Verdict.SUPPORTED
    assert all(len(s.text) <= 1000 for s in check("江湾银行总共有三家分行。", long).spans)


def test_other_names_of_one_thing_are_the_same():
    source = passage("工商银行客户远程缴费925万笔，金额72亿元。", title="账本")
    assert check("工行客户远程缴费925万笔，金额72亿元。", source).verdict is Verdict.SUPPORTED
    assert check("建行客户远程缴费925万笔，金额72亿元。", source).verdict is not Verdict.SUPPORTED


def test_what_a_source_leans_on_is_the_bank_that_was_named_last():
    source = passage(
        "工商银行\n开户只要五分钟。\n农业银行\n开户改为先预约、再视频核实。", title="账本"
    )
    assert check("农业银行开户改为先预约再视频核实。", source).verdict is Verdict.SUPPORTED
    assert check("工商银行开户改为先预约再视频核实。", source).verdict is not Verdict.SUPPORTED


def test_a_relative_year_may_be_resolved():
    source = passage("去年该行受理投诉1,326件。", title="报告", published=date(2023, 2, 1))
    assert check("2022年该行受理投诉1326件。", source).verdict is Verdict.SUPPORTED
    assert check("2019年该行受理投诉1326件。", source).verdict is not Verdict.SUPPORTED


def test_across_languages_only_figures_are_compared():
    found = check("Jiangwan Bank closed 11 branches in 2018 and had 143 left.", REPORT)
    assert found.verdict is Verdict.PARTLY
    assert "another language" in found.reason
    found = check("Jiangwan Bank closed 12 branches in 2018 and had 143 left.", REPORT)
    assert found.verdict is Verdict.UNSUPPORTED


class _Judge:
    def __init__(self, says):
        self.says, self.asked = says, []

    def supports(self, sentence, source):
        self.asked.append((sentence, source))
        return self.says


def test_a_judge_has_the_last_word_but_is_not_asked_about_quotes():
    judge = _Judge(says=False)
    gate = Gate(judge=judge)
    assert gate.check("2018年该行关闭11家支行", (REPORT,), offered=()).verdict is Verdict.SUPPORTED
    assert judge.asked == []
    found = gate.check("客服电话平均等待四十八秒。", (REPORT,), offered=())
    assert (found.verdict, len(judge.asked)) == (Verdict.UNSUPPORTED, 1)
    assert "judge" in found.reason
    english = "Jiangwan Bank closed 11 branches in 2018 and had 143 left."
    yes = Gate(judge=_Judge(says=True))
    assert yes.check(english, (REPORT,), offered=()).verdict is Verdict.SUPPORTED


def test_the_similarity_can_be_another_one():
    def always(value):
        return lambda _: lambda texts: np.full(len(texts), value)

    strict = dataclasses.replace(read_thresholds(), clause=0.99, cosine=1.0)
    sentence = "客服电话平均只要等待四十八秒。"
    low = Gate(cosines=always(0.0), thresholds=strict).check(sentence, (REPORT,), offered=())
    high = Gate(cosines=always(1.0), thresholds=strict)
    assert low.verdict is Verdict.UNSUPPORTED
    assert high.check(sentence, (REPORT,), offered=()).verdict is Verdict.SUPPORTED


def test_threads_share_a_gate():
    sentences = ["客服电话平均等待四十八秒。", "客服电话平均等待四十九秒。"] * 10
    found = {}

    def work(n):
        found[n] = GATE.check(sentences[n], (REPORT,), offered=()).verdict

    threads = [threading.Thread(target=work, args=(n,)) for n in range(len(sentences))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [found[n] for n in range(20)] == [Verdict.SUPPORTED, Verdict.UNSUPPORTED] * 10


@pytest.mark.parametrize(
    ("said", "stated", "contrary"),
    [
        ("可以转账", "暂时不能转账。", True),
        ("無法轉帳", "暂时不能转账。", False),
        ("他不是行长", "他是行长。", True),
        ("不少客户投诉", "许多客户投诉。", False),
        ("不仅可以转账", "可以转账。", False),
        ("能不能转账", "可以转账。", False),
        ("用户增长两成", "用户下降两成。", True),
        ("用户增加两成", "用户提高两成。", False),
        ("首次调整收费", "再次调整收费。", True),
        ("全部客户", "部分客户。", True),
        ("the bank has branches", "the bank has no branches.", True),
        ("not only the bank pays", "the bank pays.", False),
        ("sales increased", "sales decreased in may.", True),
        ("split bills are missing", "the app lacks split bills.", False),
    ],
)
def test_what_turns_a_statement_around(said, stated, contrary):
    assert bool(list(contradictions(flatten(said), flatten(stated)))) is contrary


def test_names_are_told_by_how_they_are_written():
    assert [w for w in ("戴晓岚", "康斯坦丁", "北京", "介绍", "缩短至") if reads_as_name(w)] == [
        "戴晓岚", "康斯坦丁", "北京",
    ]  # fmt: skip
    said = "东海银行与工行合作"
    found = strange_organisations(said, "工商银行公告", title="", before="")
    assert [said[a:b] for a, b in found] == ["东海银行"]


def test_changes_lie_between_words_in_common():
    said, stated = units_of("行长李慕华透露新版本"), units_of("行长沈予安透露新版本")
    (change,) = changes(said, stated)
    assert "".join(u.term for u in said[change.first : change.last]) == "李慕华"
    assert "".join(u.term for u in stated[change.other_first : change.other_last]) == "沈予安"
    assert list(changes(said, units_of("今天下雨了"))) == []


def test_wording_is_held_by_pairs_words_and_stems():
    units = units_of("银行 lasting")
    assert list(Wording("開放銀行 lasted").holds(units)) == [1.0, 1.0, 0.85]
    assert list(Wording("银子在行").holds(units)) == [0.5, 0.5, 0.0]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[thresholds\n", "is not valid TOML"),
        ("[thresholds]\nclause = 0.5\n", "must hold a number for each of across"),
        (
            '[thresholds]\nclause = "a"\nsentence = 1\ncosine = 1\nacross = 1\n',
            "must hold a number",
        ),
    ],
)
def test_bad_thresholds_are_named(tmp_path, text, message):
    path = tmp_path / "own.toml"
    path.write_text(text)
    with pytest.raises(UsageError, match=message):
        read_thresholds(path)
    with pytest.raises(UsageError, match="cannot read the thresholds"):
        read_thresholds(tmp_path / "gone.toml")


def test_the_shipped_thresholds_are_in_reach():
    assert all(0 < value < 1 for value in dataclasses.asdict(read_thresholds()).values())
    assert isinstance(read_thresholds(), Thresholds)


def test_a_missing_judge_is_named(tmp_path):
    assert load_judge("") is None
    judge = load_judge(str(tmp_path / "none"))
    assert judge is not None
    with pytest.raises(UsageError, match=r"the judge .* cannot be loaded"):
        judge.supports("a", "b")


@pytest.mark.slow
@pytest.mark.parametrize(
    ("labels", "message"),
    [
        (["contradiction", "entailment", "neutral"], None),
        (["score"], None),
        (["good", "bad"], "the labels good, bad and none is entailment"),
    ],
)
def test_a_real_cross_encoder_judges(tmp_path, labels, message):
    """One with a tiny BERT made on the spot: what matters is the way through, not the verdict."""
    from sentence_transformers import CrossEncoder
    from transformers import BertConfig, BertForSequenceClassification, BertTokenizerFast

    letters = sorted({*"客服电话平均等待四十八秒"})
    vocabulary = tmp_path / "vocab.txt"
    vocabulary.write_text("\n".join(["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *letters]))
    config = BertConfig(
        vocab_size=5 + len(letters), hidden_size=16, num_hidden_layers=1, num_attention_heads=2,
        intermediate_size=16, num_labels=len(labels), id2label=dict(enumerate(labels)),
        label2id={label: n for n, label in enumerate(labels)},
    )  # fmt: skip
    folder = tmp_path / "cross"
    BertForSequenceClassification(config).save_pretrained(folder)
    BertTokenizerFast(str(vocabulary)).save_pretrained(folder)
    judge = CrossEncoderJudge(str(folder), device="cpu")
    if message:
        with pytest.raises(UsageError, match=message):
            judge.supports("电话", "客服电话")
        return
    output = np.atleast_1d(
        CrossEncoder(str(folder), device="cpu").predict([("客服电话", "电话")])[0]
    )
    expected = output[0] >= 0.5 if len(labels) == 1 else output.argmax() == 1
    assert judge.supports("电话", "客服电话") is bool(expected)
