"""Alterations change what a sentence says, and the measures count them."""

import json
import lzma

import pytest

from eval.alterations import KINDS, SETS, Row, alter, main, measure, paraphrases, table, true_pairs
from eval.benchmarks import Half, half_of
from index.errors import UsageError
from rag.factreader import read_facts

TEXTS = {
    "d0": "赵伏羲于1961年出生在汉口，是一名工程师。他在1982年获得了3项专利，收入增长12%。"
    "学校占地21万平方米，周围种满了银杏，不对外开放。",
    "d1": "1703年裴仲达带领船队抵达敦煌，沿途运送茶叶。船上有48名水手，最大的船长30米。"
    "回程时没有遇到风暴，货物全部卖给当地商人。",
    "d2": "窦唯一担任导演，影片2011年5月3日在泉州首映。票房超过6亿元，观众首次看到海底镜头。"
    "拍摄用了两百天，剧组没有使用替身，海报挂满了车站。",
    "d3": "贺知秋发现了一种蝴蝶，它的翅膀是蓝色的。幼虫重12克，每天吃掉8片叶子。"
    "1988年标本被送往博物馆保存，参观者可以免费进入展厅。",
    "d4": "The bridge was designed by Helen Marsh and opened in June 1932. It carries 5,000 cars "
    "a day, more than the old ferry did. The toll is 4 dollars, and no trucks are allowed.",
    "d5": "Paul Kern was born in Vienna in 1871. His orchestra has 90 members, and it played in "
    "every province of the country. Ticket sales increased by 15 percent after the radio concert.",
}
QUESTIONS = [
    ("d0", "谁是工程师？", "赵伏羲"),
    ("d0", "收入增长多少？", "收入增长"),
    ("d0", "学校多大？", "平方米"),
    ("d1", "谁带领船队？", "裴仲达"),
    ("d1", "有多少水手？", "水手"),
    ("d1", "遇到了什么？", "风暴"),
    ("d2", "谁是导演？", "窦唯一"),
    ("d2", "票房多少？", "票房"),
    ("d2", "拍了多久？", "拍摄"),
    ("d3", "谁发现了蝴蝶？", "贺知秋"),
    ("d3", "幼虫多重？", "幼虫"),
    ("d3", "标本在哪一年送走？", "标本"),
    ("d4", "Who designed the bridge?", "Helen Marsh"),
    ("d4", "How many cars?", "5,000 cars"),
    ("d4", "What is the toll?", "toll"),
    ("d5", "Who was born in Vienna?", "Paul Kern"),
    ("d5", "How many members?", "90 members"),
    ("d5", "What increased?", "Ticket sales"),
]


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    folder = tmp_path_factory.mktemp("sets") / "dev"
    folder.mkdir()
    corpus = [{"doc_id": d, "title": d, "text": t} for d, t in TEXTS.items()]
    queries = [
        {"qid": f"q{n}", "q": q, "answers": [a], "gold": [d]}
        for n, (d, q, a) in enumerate(QUESTIONS)
    ]
    for name in SETS:
        for kind, rows in (("corpus", corpus), ("queries", queries)):
            with lzma.open(folder / f"{name}.{kind}.jsonl.xz", "wt", encoding="utf-8") as file:
                file.writelines(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
    return folder


def every_pair(data):
    return [p for half in Half for p in true_pairs("cmrc2018", data, half=half, limit=100)]


def test_a_true_pair_is_a_sentence_of_its_passage(data):
    pairs = every_pair(data)
    assert len(pairs) == 18
    for pair in pairs:
        assert pair.text in pair.passage.text
        assert pair.half is half_of(pair.passage.article.id)
    assert {p.name for p in pairs} == {
        "",
        "赵伏羲",
        "裴仲达",
        "窦唯一",
        "贺知秋",
        "Helen Marsh",
        "Paul Kern",
    }


@pytest.mark.parametrize("kind", KINDS)
def test_an_alteration_is_another_statement_and_repeatable(data, kind):
    pairs = every_pair(data)
    names = [p.name for p in pairs if p.name]
    made = [(p, alter(p, kind, pool=pairs, names=names, seed=7)) for p in pairs]
    again = [alter(p, kind, pool=pairs, names=names, seed=7) for p in pairs]
    assert [m for _, m in made] == again
    found = [(p, m) for p, m in made if m]
    if kind != "name in passage":  # each passage has one name only
        assert found
    for pair, altered in found:
        assert altered.text not in altered.passage.text
        if kind == "article":
            assert (altered.text, altered.passage == pair.passage) == (pair.text, False)
        else:
            assert altered.text != pair.text


def test_an_altered_number_is_another_number(data):
    pairs = every_pair(data)
    for pair in pairs:
        altered = alter(pair, "number", pool=pairs, names=(), seed=1)
        if altered:
            before, after = ([f.value for f in read_facts(t)] for t in (pair.text, altered.text))
            assert before != after


def test_every_paraphrase_has_its_quote_and_there_are_enough():
    found = paraphrases()
    assert len(found) >= 200
    assert len({p.id for p, _ in found}) == len(found)
    assert {p.tags[0] for p, _ in found} == {"zh-Hans", "zh-Hant", "en"}
    for pair, quote in found:
        assert quote in pair.passage.text
        assert pair.text not in pair.passage.text
    assert 0.4 < len(paraphrases(half=Half.FIT)) / len(found) < 0.6


def test_the_table_of_measures(data, capsys):
    found = measure(data, limit=9)
    rows = {(r.group, r.kind): r for r in found}
    assert rows["verbatim", "true"].rate == 1.0
    assert rows["verbatim", "article"].rate == 1.0
    text = table([Row("verbatim", "true", 4, 4), Row("verbatim", "number", 8, 6)])
    assert text.splitlines()[-1].split() == ["verbatim", "all", "alterations", "8", "0.7500"]
    main(["--data", str(data.parent), "--limit", "1"])
    assert "all alterations" in capsys.readouterr().out


def test_missing_sets_are_named(tmp_path):
    with pytest.raises(UsageError, match="is not there"):
        measure(tmp_path)
