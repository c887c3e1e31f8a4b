"""Metrics against values worked out by hand, names that parse back, and trec_eval itself."""

import random
from math import log2

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eval.metrics import METRICS, parse
from eval.metrics import retrieval as r
from eval.metrics.answers import exact_match, longest_common, rouge_l, unit_f1
from eval.metrics.citations import agreement, citation_precision, citation_recall
from eval.metrics.declining import calibration_error, precision_recall_f1, risk_coverage_area
from eval.metrics.seen import PassageSeen, Seen, said_units
from eval.metrics.text import contains, units
from index.errors import UsageError

N = frozenset()
A, B = frozenset({0}), frozenset({1})


@pytest.mark.parametrize(
    ("name", "value"),
    [
        # The ranking is: nothing, fact 0, fact 0 again, fact 1; three facts are needed.
        ("recall@1", 0.0),
        ("recall@2", 1 / 3),
        ("recall", 2 / 3),
        ("complete", 0.0),
        ("precision@4", 3 / 4),
        ("precision@5", 3 / 5),
        ("RR", 1 / 2),
        ("AP", (1 / 2 + 3 / 4) / 3),
        ("AP@3", (1 / 2) / 3),
        ("nDCG@10", (1 / log2(3) + 1 / log2(5)) / (1 + 1 / log2(3) + 1 / log2(4))),
        ("nDCG@2", (1 / log2(3)) / (1 + 1 / log2(3))),
    ],
)
def test_ranked_measures_by_hand(name, value):
    spans = ([("a", 0, 5), ("b", 0, 5)], [("c", 0, 5)], [("d", 0, 5)])
    seen = Seen(
        answerable=True,
        gold=tuple(map(tuple, spans)),
        passages=tuple(PassageSeen((i, 0, 9), frozenset((i,))) for i in ("x", "a", "b", "c")),
    )
    assert parse(name).measure(seen) == pytest.approx(value, abs=1e-12)
    assert parse(f"passage.{name}").measure(seen) == pytest.approx(value, abs=1e-12)


def test_the_three_levels_differ_in_what_counts():
    seen = Seen(
        answerable=True,
        gold=((("a", 10, 20),), (("b", 0, 50),)),
        quoted=((("a", 10, 20),), ()),  # the second fact is a whole article
        passages=(
            PassageSeen(("a", 0, 10), frozenset("a")),  # the right article, beside the quote
            PassageSeen(("a", 5, 15), frozenset("a")),  # half of the quote
            PassageSeen(("a", 8, 25), frozenset("a")),  # all of it
            PassageSeen(("c", 0, 9), frozenset("cb")),  # an article whose reprint is gold
        ),
    )
    assert parse("RR").measure(seen) == 1.0
    assert parse("recall@2").measure(seen) == 1.0  # two articles: a, then c for b
    assert parse("passage.RR").measure(seen) == 1 / 2
    assert parse("passage.recall").measure(seen) == 1 / 2  # b itself has no passage
    assert parse("span.RR").measure(seen) == 1 / 3
    assert parse("span.recall").measure(seen) == 1.0  # of the one fact with a quote


def test_two_facts_of_one_article_are_one_article_to_find():
    seen = Seen(
        answerable=True,
        gold=((("a", 0, 5),), (("a", 50, 60),)),
        passages=(PassageSeen(("a", 0, 9), frozenset("a")),),
    )
    assert parse("recall@1").measure(seen) == 1.0
    assert parse("passage.recall@1").measure(seen) == 1 / 2


def test_an_item_with_several_facts_is_no_better_than_the_best():
    assert r.ndcg([frozenset({0, 1})], 2, 10) == pytest.approx(1.0)


@given(st.lists(st.frozensets(st.integers(0, 4), max_size=3), max_size=12), st.integers(1, 12))
def test_ranked_measures_lie_between_0_and_1(ranking, k):
    for measure in (r.recall, r.precision, r.reciprocal_rank, r.average_precision, r.ndcg):
        assert 0 <= measure(ranking, 5, k) <= 1


def test_they_are_those_of_trec_eval():
    reason = "pytrec_eval-terrier is a development dependency: pip install '.[dev]'"
    pytrec_eval = pytest.importorskip("pytrec_eval", reason=reason)
    draw = random.Random(7)
    qrels, runs, rankings = {}, {}, {}
    for query in (f"q{n}" for n in range(200)):
        documents = [f"d{n}" for n in range(30)]
        right = draw.sample(documents, draw.randint(1, 8))
        found = draw.sample(documents, draw.randint(1, 25))
        qrels[query] = dict.fromkeys(right, 1)
        runs[query] = {d: float(len(found) - place) for place, d in enumerate(found)}
        place_of = {d: n for n, d in enumerate(right)}
        rankings[query] = (
            [frozenset((place_of[d],)) if d in place_of else frozenset() for d in found],
            len(right),
        )
    names = {"recall_5", "recall_10", "P_5", "ndcg_cut_10", "ndcg", "map", "map_cut_10"}
    theirs = pytrec_eval.RelevanceEvaluator(qrels, names | {"recip_rank"}).evaluate(runs)
    for query, (ranking, facts) in rankings.items():
        ours = {
            "recall_5": r.recall(ranking, facts, 5),
            "recall_10": r.recall(ranking, facts, 10),
            "P_5": r.precision(ranking, facts, 5),
            "ndcg_cut_10": r.ndcg(ranking, facts, 10),
            "ndcg": r.ndcg(ranking, facts),
            "map": r.average_precision(ranking, facts),
            "map_cut_10": r.average_precision(ranking, facts, 10),
            "recip_rank": r.reciprocal_rank(ranking, facts),
        }
        assert ours == pytest.approx(theirs[query], abs=1e-9)


def test_our_names_are_those_of_ir_measures():
    reason = "ir_measures is a development dependency: pip install '.[dev]'"
    ir_measures = pytest.importorskip("ir_measures", reason=reason)
    qrels = {"q": {"a": 1, "b": 1, "c": 1}}
    run = {"q": {"x": 4.0, "a": 3.0, "y": 2.0, "b": 1.0}}
    seen = Seen(
        answerable=True,
        gold=tuple(((i, 0, 5),) for i in "abc"),
        passages=tuple(PassageSeen((i, 0, 9), frozenset(i)) for i in "xayb"),
    )
    names = {"nDCG@10": "nDCG@10", "RR": "RR", "AP": "AP", "recall@2": "R@2", "precision@4": "P@4"}
    measures = [ir_measures.parse_measure(name) for name in names.values()]
    theirs = ir_measures.calc_aggregate(measures, qrels, run)
    for ours, name in names.items():
        value = theirs[ir_measures.parse_measure(name)]
        assert parse(ours).measure(seen) == pytest.approx(value, abs=1e-9)


def test_every_name_parses_back():
    assert len({metric.name for metric in METRICS}) == len(METRICS)
    for metric in METRICS:
        assert parse(str(metric)) == metric
        assert metric.definition
    assert [str(parse(name)) for name in ("MRR", "MAP", "ndcg@3")] == ["RR", "AP", "nDCG@3"]
    assert (parse("span.nDCG@7").k, parse("contains@2").k) == (7, 2)
    worse = {metric.name for metric in METRICS if not metric.higher_is_better}
    assert worse == {"calibration_error", "risk_coverage_area"}


@pytest.mark.parametrize("name", ["recal@5", "recall@0", "precision", "span.F1", "nDCG@", ""])
def test_a_name_of_nothing_is_refused(name):
    with pytest.raises(UsageError, match="there is no metric"):
        parse(name)


def test_units_fold_script_width_and_punctuation():
    assert units("滿意度（98.68％）！") == units("满意度 98.68%")
    assert units("１，２３４ users") == ("1234", "users")
    assert units("App2.0的iOS版") == ("app", "2.0", "的", "ios", "版")
    assert units("カード") == ("カ", "ー", "ド")


@pytest.mark.parametrize(
    ("text", "part", "stands"),
    [
        ("平均等待１７秒。", "17秒", True),
        ("平均等待117秒。", "17秒", False),
        ("增长3.5%", "3", False),
        ("the bank's lawn", "law", False),
        ("滿意度", "满意", True),
        ("任何话", "。", False),
    ],
)
def test_an_answer_stands_in_a_text_by_whole_units(text, part, stands):
    assert contains(units(text), units(part)) is stands


def test_answers_by_hand():
    said, right = units("等了17秒"), units("17秒")
    assert unit_f1(said, [right]) == pytest.approx(2 * 2 / (4 + 2))
    assert unit_f1(said, [units("无"), right]) == pytest.approx(2 / 3)
    assert unit_f1(units("的的"), [units("的")]) == pytest.approx(2 / 3)
    assert (exact_match(said, [right]), exact_match(right, [right])) == (0.0, 1.0)
    assert rouge_l("江湾银行", ["江银湾行"]) == pytest.approx(2 * 3 / 8)
    assert (unit_f1((), [right]), rouge_l("", ["一"]), exact_match((), [right])) == (0, 0, 0)


@given(st.text("abcd", max_size=12), st.text("abcd", max_size=12))
def test_the_longest_common_subsequence_is_that_of_the_table(one, other):
    table = [[0] * (len(other) + 1) for _ in range(len(one) + 1)]
    for i, a in enumerate(one):
        for j, b in enumerate(other):
            table[i + 1][j + 1] = max(
                table[i][j] + 1 if a == b else 0, table[i][j + 1], table[i + 1][j]
            )
    assert longest_common(one, other) == table[-1][-1]


def test_citations_by_hand():
    cited = [("a", 0, 10), ("a", 50, 60), ("b", 0, 5)]
    gold = [[("a", 5, 8), ("z", 0, 1)], [("b", 5, 9)]]
    assert citation_precision(cited, gold) == pytest.approx(1 / 3)
    assert citation_recall(cited, gold) == 1 / 2  # b ends where the gold begins
    assert citation_precision([], gold) is None
    assert agreement(cited, cited[1:]) == pytest.approx(2 / 3)


def test_declining_by_hand():
    declined = [True, True, True, False, False]
    answerable = [False, False, True, False, True]
    precision, recall, f1 = precision_recall_f1(declined, answerable)
    assert (precision, recall) == (pytest.approx(2 / 3), pytest.approx(2 / 3))
    assert f1 == pytest.approx(2 / 3)
    assert precision_recall_f1([False], [True]) == (None, None, None)


def test_calibration_by_hand():
    # Bins 0.2-0.3 and 0.9-1.0: |0.25 - 0| * 1/3 and |0.95 - 1/2| * 2/3.
    assert calibration_error([0.25, 1.0, 0.9], [False, True, False]) == pytest.approx(
        0.25 / 3 + 0.45 * 2 / 3
    )
    assert calibration_error([], []) is None


def test_the_area_does_not_depend_on_the_order_of_ties():
    assert risk_coverage_area([0.5, 0.5], [True, False]) == pytest.approx(0.5)
    assert risk_coverage_area([0.5, 0.5], [False, True]) == pytest.approx(0.5)
    assert risk_coverage_area([0.9, 0.1], [True, False]) == pytest.approx((0 + 1 / 2) / 2)


def value(name, **fields):
    return parse(name).measure(Seen(**fields))


def test_what_is_right_depends_on_what_a_case_asks():
    right = {"answerable": True, "accepted": (units("17秒"),)}
    assert value("correct", **right, said=said_units(["等了17秒。"])) == 1.0
    assert value("correct", **right, declined=True) == 0.0
    assert value("correct", answerable=False, declined=True) == 1.0
    assert value("correct", answerable=False, said=said_units(["17秒"])) == 0.0
    gold = {"answerable": True, "gold": ((("a", 0, 5),),)}
    assert value("correct", **gold, cited=(("a", 4, 9),)) == 1.0
    assert value("contains@1", **right, said=said_units(["一。", "17秒。"])) == 0.0
    assert value("contains@2", **right, said=said_units(["一。", "17秒。"])) == 1.0
    pointed = {"said": said_units(["等了17秒。"]), "short": units("１７秒")}
    assert value("short_exact_match", **right, **pointed) == 1.0
    assert value("exact_match", **right, **pointed) == 0.0
    assert value("short_F1", **right, short=units("17分")) == 0.5
    assert value("short_F1", **right, said=said_units(["17秒。"])) == 0.0
    assert value("short_F1", answerable=False, short=units("17秒")) is None


def test_a_missing_result_scores_0_where_a_case_can_be_measured():
    fields = {
        "answerable": True,
        "accepted": (units("17秒"),),
        "gold": ((("a", 0, 5),),),
        "quoted": ((("a", 0, 5),),),
        "other_script": (),
    }
    values = {m.name: m.measure(Seen(**fields, missing=True)) for m in METRICS if m.measure}
    nothing_said = {"verbatim", "supported", "citations_per_sentence", "paraphrase_consistency"}
    assert {name for name, v in values.items() if v is None} == nothing_said
    assert {v for v in values.values() if v is not None} == {0.0}
    assert value("decided", answerable=False, missing=True) == 0.0
    assert value("correct", answerable=False, missing=True) == 0.0
    assert value("recall@5", answerable=False, missing=True) is None
