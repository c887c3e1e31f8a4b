"""Public formats: what becomes of each field, and what is refused."""

import json
import random
from pathlib import Path

import pytest

from eval.cases import GoldSpan, load_cases, quote_around
from eval.formats.beir import read_beir
from eval.formats.collection import language_of, write_collection
from eval.formats.rgb import read_rgb
from eval.formats.squad import read_squad
from eval.formats.trec import qrels_lines, read_qrels, read_run, run_lines, score
from eval.rows import read_rows
from eval.run import evaluate
from index.config import IndexConfig
from index.errors import UsageError
from index.search import open_index
from index.sync import sync
from rag.answer import Asker
from rag.config import Config

CONTEXT = "江灣銀行有三家網點。南灣銀行有三家網點。江灣銀行總部設在和平路。"


def written(tmp_path, value, name="set.json"):
    path = tmp_path / name
    path.write_text(json.dumps(value, ensure_ascii=False), encoding="utf-8")
    return path


def question(name, text, *answers, **more):
    given = [{"text": said, "answer_start": at} for said, at in answers]
    return {"id": name, "question": text, "answers": given, **more}


@pytest.fixture
def squad(tmp_path):
    qas = [
        question("q1", "江灣銀行總部設在哪裡？", ("和平路", CONTEXT.index("和平路"))),
        question("q2", "南灣銀行有幾家網點？", ("三家", CONTEXT.rindex("三家")), ("三家網點", 0)),
        question("q3", "行長是誰？", is_impossible=True),
        question("q4", "問號在哪？", ("不在此", 3)),
    ]
    paragraphs = [{"id": "p1", "context": CONTEXT, "qas": qas}]
    return written(
        tmp_path, {"version": "1", "data": [{"title": "銀行", "paragraphs": paragraphs}]}
    )


def test_squad_by_hand(squad):
    collection = read_squad(squad)
    (article,) = collection.articles
    assert (article.id, article.title, article.text) == ("p1", "銀行", CONTEXT)
    place, number, nothing, lost = collection.cases
    assert (place.id, place.lang, place.answers) == ("q1", "zh-Hant", ("和平路",))
    assert place.gold == ((GoldSpan("p1", "江灣銀行總部設在和平路。"),),)
    # The second of two: 三家 stands in the first sentence too.
    assert number.gold == ((GoldSpan("p1", "南灣銀行有三家網點。"),),)
    assert number.answers == ("三家", "三家網點")
    assert (nothing.answerable, nothing.answers, nothing.gold) == (False, (), ())
    assert lost.gold == ((GoldSpan("p1"),),)
    assert collection.notes == [
        "case q4: its answer is not in the text; its gold is the whole article"
    ]


def test_the_first_layout_of_cmrc(tmp_path):
    qas = [{"query_id": "Q_0", "query_text": "总部在哪？", "answers": ["和平路", "和平路"]}]
    entry = {"context_id": "D_0", "context_text": "总部在和平路。", "title": "行", "qas": qas}
    collection = read_squad(written(tmp_path, [entry]))
    (case,) = collection.cases
    assert (case.id, case.lang, case.answers) == ("Q_0", "zh-Hans", ("和平路",))
    assert case.gold == ((GoldSpan("D_0", "总部在和平路。"),),)


def test_an_import_can_be_indexed_and_asked(squad, tmp_path):
    done = write_collection(read_squad(squad), tmp_path / "set")
    assert (done.articles, done.cases) == (1, 4)
    sync([done.articles_folder], tmp_path / "index", config=IndexConfig())
    with open_index(tmp_path / "index") as index:
        result = evaluate(
            load_cases(done.cases_file), Asker(index, config=Config()), output=tmp_path / "run"
        )
    metrics = result.summary["metrics"]
    assert (metrics["recall@1"]["mean"], metrics["recall@1"]["n"]) == (1.0, 3)
    assert metrics["span.recall@1"]["n"] == 2
    with pytest.raises(UsageError, match="holds something already"):
        write_collection(read_squad(squad), tmp_path / "set")


@pytest.mark.parametrize("value", [{"rows": []}, [{"context": "x"}], {"data": [{"title": 1}]}, 7])
def test_what_is_no_squad_is_refused(tmp_path, value):
    with pytest.raises(UsageError, match="not SQuAD-style JSON"):
        read_squad(written(tmp_path, value))


@pytest.mark.parametrize(
    ("paragraph", "told"),
    [
        ({"context": 5, "qas": []}, r"\(the context is no text\)"),
        ({"context": "x", "qas": {}}, r"\(qas is no list\)"),
        ({"context": "x"}, r"\(there is no 'qas'\)"),
        (
            {"context": "x", "qas": [question("q", "谁？"), {"question": "谁？"}]},
            r"at or after data\[0\]\.paragraphs\[0\]\.qas\[1\] \(there is no 'id'\)",
        ),
        (
            {"context": "x", "qas": [{"id": "q", "question": "谁？", "answers": "x"}]},
            r"qas\[0\] \(answers is no list\)",
        ),
    ],
)
def test_what_is_wrong_in_a_squad_file_is_named(tmp_path, paragraph, told):
    with pytest.raises(UsageError, match=told):
        read_squad(written(tmp_path, {"data": [{"paragraphs": [paragraph]}]}))


def test_an_import_is_there_whole_or_not_at_all(squad, beir, tmp_path):
    with pytest.raises(UsageError, match="the set holds 0 articles and 0 cases"):
        write_collection(
            read_squad(written(tmp_path, {"data": []}, "empty.json")), tmp_path / "set"
        )
    with (beir / "corpus.jsonl").open("a", encoding="utf-8") as file:
        file.write("\n{")
    with pytest.raises(UsageError, match=r"corpus\.jsonl: line 4: not JSON"):
        write_collection(read_beir(beir), tmp_path / "set")
    # Nothing of either is left.
    assert sorted(path.name for path in tmp_path.iterdir()) == ["beir", "empty.json", "set.json"]
    assert write_collection(read_squad(squad), tmp_path / "set").cases == 4


@pytest.mark.parametrize("name", ["there", "link", "."])
def test_an_empty_folder_is_filled_in_its_place(squad, tmp_path, monkeypatch, name):
    there = tmp_path / "there"
    there.mkdir()
    (tmp_path / "link").symlink_to(there)
    monkeypatch.chdir(there)
    same = there.stat().st_ino
    folder = Path(name) if name == "." else tmp_path / name
    with pytest.raises(UsageError, match="the set holds 0 articles"):
        write_collection(read_squad(written(tmp_path, {"data": []}, "empty.json")), folder)
    assert list(there.iterdir()) == []
    (there / ".tmp-there").mkdir()  # left by one that was killed
    done = write_collection(read_squad(squad), folder)
    assert len(load_cases(done.cases_file)) == done.cases == 4
    assert sorted(path.name for path in there.iterdir()) == ["articles", "cases.jsonl"]
    # Renamed over, a mounted volume would have been refused.
    assert there.stat().st_ino == same
    with pytest.raises(UsageError, match="holds something already"):
        write_collection(read_squad(squad), folder)


def test_gold_that_the_corpus_lacks_is_left_out_and_named(beir, tmp_path):
    with (beir / "queries.jsonl").open("a", encoding="utf-8") as file:
        file.write('\n{"_id": "3", "text": "what of the lost one"}')
    with (beir / "qrels" / "test.tsv").open("a", encoding="utf-8") as file:
        file.write("1\td3\t1\n3\td8\t1\n")  # d3 is empty, so no article; there is no d8
    collection = read_beir(beir)
    written = write_collection(collection, tmp_path / "set")
    (case,) = load_cases(written.cases_file)
    assert case.gold == ((GoldSpan("d1"),), (GoldSpan("d2"),))
    assert collection.notes[1:] == [
        "case 1: d3 is no article here",
        "case 3: d8 is no article here; left out",
    ]


@pytest.fixture
def beir(tmp_path):
    folder = tmp_path / "beir"
    (folder / "qrels").mkdir(parents=True)
    rows = {
        "corpus": [
            {"_id": "d1", "title": "t", "text": "wind on a wing"},
            {"_id": "d2", "title": "", "text": "heat of a plate"},
            {"_id": "d3", "text": " "},
        ],
        "queries": [
            {"_id": "1", "text": "what is it that lifts the wing"},
            {"_id": "2", "text": "unjudged"},
        ],
    }
    for name, lines in rows.items():
        text = "\n".join(map(json.dumps, lines))
        (folder / f"{name}.jsonl").write_text(text, encoding="utf-8")
    judged = "query-id\tcorpus-id\tscore\n1\td1\t2\n1\td2\t1\n1\td9\t0\n"
    (folder / "qrels" / "test.tsv").write_text(judged, encoding="utf-8")
    return folder


def test_beir_by_hand(beir, tmp_path):
    collection = read_beir(beir)
    done = write_collection(collection, tmp_path / "out")
    assert (done.articles, done.cases) == (2, 1)
    (case,) = load_cases(done.cases_file)
    assert (case.id, case.question, case.lang) == ("1", "what is it that lifts the wing", "en")
    assert case.gold == ((GoldSpan("d1"),), (GoldSpan("d2"),))
    assert collection.notes == ["d3: an empty document; left out"]
    line = (done.articles_folder / "part-0001.jsonl").read_text().splitlines()[1]
    assert json.loads(line) == {"id": "d2", "text": "heat of a plate"}
    with pytest.raises(UsageError, match="the splits of this folder: test"):
        read_beir(beir, split="dev")


def test_rgb_by_hand(tmp_path):
    rows = [
        {"id": 0, "query": "奖是谁得的？", "answer": ["甲", ["乙"]],
         "positive": ["甲得奖。", "是甲。"], "negative": ["丙没来。"]},
        {"id": 1, "query": "两个都是谁？", "answer": [["甲"], ["丁"]],
         "positive": [["甲得奖。"], ["丁也得奖。"]], "negative": []},
        {"id": 2, "query": "没有？", "answer": "无", "positive": [], "negative": ["丙没来。"]},
    ]  # fmt: skip
    path = tmp_path / "zh.json"
    path.write_text("\n".join(json.dumps(row) for row in rows), encoding="utf-8")
    collection = read_rgb(path)
    assert sorted(article.text for article in collection.articles) == sorted(
        ["甲得奖。", "是甲。", "丙没来。", "丁也得奖。"]
    )
    one, both = collection.cases
    assert (one.id, one.answers, [len(fact) for fact in one.gold]) == ("rgb-0", ("甲", "乙"), [2])
    assert (both.answers, [len(fact) for fact in both.gold]) == ((), [1, 1])
    assert collection.notes == ["line 3: no positive document; left out"]


def test_a_quote_grows_until_it_is_unique():
    text = "有三家。甲是。有三家。乙是。"
    assert quote_around(text, 0, 2) == "有三家。甲是。"
    assert quote_around("同。同。", 0, 1) == "同。同。"
    assert quote_around("哈哈", 0, 1) == "哈哈"


def test_the_language_of_a_short_question_is_told_by_its_context():
    assert language_of("？？", "Der Wagen ist nicht auf der Straße.") == "de"
    assert language_of("是不是？", "銀行業務") == "zh-Hant"


RUN = "q1 Q0 b 1 0.5 me\nq1 Q0 a 2 0.9 me\nq3 Q0 a 1 1 me\n"
QRELS = "q1 0 a 1\nq1 0 c 1\nq1 0 b 0\nq2 0 a 1\nq3 0 z 0\n"


def trec_files(tmp_path, run=RUN, qrels=QRELS):
    (tmp_path / "run.txt").write_text(run, encoding="utf-8")
    (tmp_path / "qrels.txt").write_text(qrels, encoding="utf-8")
    return tmp_path / "run.txt", tmp_path / "qrels.txt"


def test_trec_by_hand(tmp_path):
    run, qrels = trec_files(tmp_path)
    result = score(read_run(run), read_qrels(qrels), ["RR", "recall@10", "precision@1"])
    # q1: a first (by score), one of two found; q2: nothing, 0; q3 has no relevant document.
    assert (result.queries, result.missing) == (2, 1)
    assert result.means == {"RR": 0.5, "recall@10": 0.25, "precision@1": 0.5}


def test_graded_judgements_are_scored_as_trec_eval_does():
    reason = "pytrec_eval-terrier is a development dependency: pip install '.[dev]'"
    pytrec_eval = pytest.importorskip("pytrec_eval", reason=reason)
    draw = random.Random(3)
    judged, run = {}, {}
    for query in (f"q{n}" for n in range(60)):
        documents = [f"d{n}" for n in range(20)]
        judged[query] = {d: draw.randint(0, 3) for d in draw.sample(documents, 9)}
        # Scores of one digit: many ties, which trec_eval breaks by name.
        run[query] = {d: round(draw.random(), 1) for d in draw.sample(documents, 14)}
    names = {"nDCG@10": "ndcg_cut_10", "AP": "map", "RR": "recip_rank", "recall@5": "recall_5"}
    theirs = pytrec_eval.RelevanceEvaluator(judged, set(names.values())).evaluate(run)
    ours = score(run, judged, list(names))
    for name, their in names.items():
        mean = sum(values[their] for values in theirs.values()) / len(theirs)
        assert ours.means[name] == pytest.approx(mean, abs=1e-9)


@pytest.mark.parametrize(
    ("run", "qrels", "message"),
    [
        ("q1 Q0 b 1 0.5\n", QRELS, r"run\.txt: line 1: write QUERY Q0 DOCUMENT PLACE SCORE TAG"),
        ("q1 Q0 b 1 high me\n", QRELS, "the score 'high' is no number"),
        ("q1 Q0 b 1 nan me\n", QRELS, "the score 'nan' is no number"),
        (RUN, "q1 0 a 0\n", "name no relevant document"),
        (RUN + "q1 Q0 a 9 0.1 me\n", QRELS, "line 4: a is there twice for q1"),
        (RUN, "q1 0 a yes\n", "the grade 'yes' is no whole number"),
        (RUN, "q1 a\n", "line 1: write QUERY 0 DOCUMENT GRADE"),
    ],
)
def test_a_wrong_line_of_trec_is_named(tmp_path, run, qrels, message):
    run, qrels = trec_files(tmp_path, run, qrels)
    with pytest.raises(UsageError, match=message):
        score(read_run(run), read_qrels(qrels), ["RR"])


def test_a_metric_of_answers_is_none_of_a_ranking(tmp_path):
    run, qrels = trec_files(tmp_path)
    for name in ("F1", "passage.RR"):
        with pytest.raises(UsageError, match="cannot be told of a ranking alone"):
            score(read_run(run), read_qrels(qrels), [name])


def test_what_we_export_has_the_score_that_we_gave(sample, tmp_path):
    cases = load_cases(Path(__file__).parents[1] / "eval" / "sets" / "sample.jsonl")
    # One alternative a fact: there our measures and TREC's are the same.
    plain = [c for c in cases if c.gold and all(len(f) == 1 for f in c.gold)][:15]
    result = evaluate(plain, sample, output=tmp_path / "run", other_script=False)
    rows = list(read_rows(result.folder / "results.jsonl"))
    lines = "".join(run_lines(rows, tag="me")), "".join(qrels_lines(rows))
    run, qrels = trec_files(tmp_path, *lines)
    names = ["nDCG@10", "recall@5", "RR", "AP"]
    theirs = score(read_run(run), read_qrels(qrels), names)
    ours = {name: result.summary["metrics"][name]["mean"] for name in names}
    assert theirs.means == pytest.approx(ours, abs=1e-6)
