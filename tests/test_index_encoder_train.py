import json
import lzma
import random

import numpy as np
import pytest

from index.encoder.corpus import read_corpus
from index.encoder.pieces import Cutter, sentencepiece_model
from index.encoder.seeding import meanings, seed_directions
from index.encoder.static import StaticEncoder
from index.encoder.switch import Switcher
from index.encoder.tasks import SHARES, Tasks, tokenize_corpus
from index.encoder.train import Recipe, finish_table, main, train_table
from index.errors import UsageError

_TOPICS = ("银行", "天气", "足球", "铁路", "医院", "大学", "电影", "粮食")


def _article(number):
    topic = _TOPICS[number % len(_TOPICS)]
    return "".join(
        f"{topic}的第{number}条消息说明了第{part}个问题，大家都很关心{topic}。" for part in range(5)
    )


def _write(path, rows):
    path.parent.mkdir(parents=True, exist_ok=True)
    with lzma.open(path, "wt", encoding="utf-8") as file:
        file.writelines(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    """A training folder in small: every kind of row, some that must not be used."""
    folder = tmp_path_factory.mktemp("data")
    train, dev = folder / "train", folder / "dev"
    secret = "这一段文字属于开发集，任何训练都不可以见到它，无论是原文还是改了几个字的版本。"
    _write(
        dev / "crud_news.corpus.jsonl.xz",
        [{"doc_id": f"n{i}", "text": _article(i)} for i in range(40)]
        + [{"doc_id": "gold", "text": secret}],
    )
    _write(dev / "crud_news.queries.jsonl.xz", [{"qid": "0", "q": "谁？", "gold": ["gold"]}])
    _write(dev / "stard.corpus.jsonl.xz", [])
    _write(dev / "stard.queries.jsonl.xz", [])
    (train).mkdir()
    (train / "news_docs.ids.txt").write_text("\n".join(f"n{i}" for i in range(30)))
    law = {"src": "cn_laws.articles", "lic": "open"}
    _write(
        train / "title_body.jsonl.xz",
        [
            {"title": "储蓄条例第一条", "text": "储蓄存款受法律保护。任何人不得侵犯。", **law},
            {"title": "抄来的", "text": "前言。" + secret.replace("的版本", "的样子"), **law},
            {"title": "标题", "text": _article(90), "src": "bulletin", "lic": "press"},
            {"title": "别用", "text": _article(91), "src": "forum", "lic": "unclear"},
        ],
    )
    question = {"lang": "zh-Hans", "src": "qa", "lic": "open"}
    _write(
        train / "qa_passage.jsonl.xz",
        [
            {"q": f"第{i}条说什么？", "passage": _article(100 + i // 2), **question}
            for i in range(20)
        ]
        + [{"q": "不能用？", "passage": _article(99), **question, "lic": "nc"}],
    )
    _write(train / "qa_answer.jsonl.xz", [])
    pair = {"lang_a": "en", "lang_b": "zh-Hans", "src": "tico19.all", "lic": "open"}
    _write(
        train / "parallel.jsonl.xz",
        [{"a": f"bank number {i}", "b": f"第{i}家银行", **pair} for i in range(20)],
    )
    _write(
        train / "dictionary.jsonl.xz",
        [
            {"a": "银行", "b": "bank", "src": "dict", "lic": "open"},
            {"a": "天气", "b": "weather; (fig.) mood", "src": "dict", "lic": "open"},
        ],
    )
    return folder


def test_only_what_may_be_used_is_used(data):
    corpus = read_corpus(data)
    assert corpus.sources["crud_news.corpus"] == 30
    assert corpus.pairs["title-law"] == [("储蓄条例第一条", "储蓄存款受法律保护。任何人不得侵犯。")]
    # Press articles are text without a title.
    assert len(corpus.documents["bulletin"]) == 1
    assert not any("标题" in text for pairs in corpus.pairs.values() for p in pairs for text in p)
    assert corpus.dropped == {
        "cn_laws.articles: repeats a development text": 1,
        "forum: licence unclear": 1,
        "qa: licence nc": 1,
    }
    assert len(corpus.pairs["question-zh"]) == 20
    assert "".join(corpus.documents["news"][0]) == _article(0)


def test_glossing_goes_both_ways():
    switcher = Switcher([("银行", "bank"), ("中央银行", "central bank"), ("利率", "the rate; x")])
    rng = random.Random(1)
    english = {switcher.to_english("中央银行的利率", rng) for _ in range(30)}
    assert " central bank 的 rate " in english
    assert not any(text.startswith("中央 bank") for text in english)
    chinese = {switcher.to_chinese("Banks raise rates", rng) for _ in range(30)}
    assert "银行 raise 利率" in chinese


@pytest.mark.slow
def test_training_ends_in_a_model_that_runs(data, tmp_path):
    output, work = tmp_path / "model", tmp_path / "work"
    options = ["--data", str(data), "--output", str(output), "--work", str(work), "--teacher", ""]
    small = ["--steps", "30", "--batch", "16", "--dim", "16", "--vocabulary", "12000"]
    assert main([*options, *small]) == 0
    encoder = StaticEncoder(output)
    assert encoder.dim == 16
    vectors = encoder.embed_passages([_article(0), _article(8), _article(1)])
    assert vectors[0] @ vectors[1] > vectors[0] @ vectors[2]  # the same topic, another topic
    rows = json.loads((work / "rows.json").read_text())
    assert rows["used"]["crud_news.corpus"] == 30

    # A clean run gives the same bytes; a stopped one goes on where it was.
    first = (output / "model.safetensors").read_bytes()
    (work / "checkpoint.safetensors").unlink()
    assert main([*options, *small]) == 0
    assert (output / "model.safetensors").read_bytes() == first

    tasks = Tasks(work / "tokens.npz")
    seeds = np.load(work / "seeds.npy")
    counts = tasks.counts(len(seeds))
    recipe = Recipe(steps=12, batch=16, dim=16)
    start = {"seeds": seeds, "device": "cpu"}
    whole = train_table(tasks, counts, recipe, checkpoint=tmp_path / "a", **start)

    class Stopping(Tasks):
        def draw(self, number, size, **options):
            if number == 5:
                raise KeyboardInterrupt
            return super().draw(number, size, **options)

    part = tmp_path / "b.safetensors"
    with pytest.raises(KeyboardInterrupt):
        train_table(Stopping(work / "tokens.npz"), counts, recipe, checkpoint=part, **start)
    resumed = train_table(tasks, counts, recipe, checkpoint=part, **start)
    assert np.abs(resumed - whole).max() < 1e-5


def test_batches_hold_pairs_of_one_task(data, tmp_path):
    corpus = read_corpus(data)
    letters = {
        char for pairs in corpus.pairs.values() for p in pairs for text in p for char in text
    }
    letters |= {char for docs in corpus.documents.values() for d in docs for s in d for char in s}
    pieces = [("<unk>", 0.0), ("▁", -1.0), *((char, -2.0) for char in sorted(letters))]
    path = tmp_path / "tokens.npz"
    tokenize_corpus(corpus, Cutter(sentencepiece_model(pieces)), path)
    tasks = Tasks(path)

    def texts(batch):
        ends = [*batch.offsets[1:], len(batch.tokens)]
        return [
            "".join(pieces[token][0] for token in batch.tokens[start:end])
            for start, end in zip(batch.offsets, ends, strict=True)
        ]

    laws = tasks.draw(0, 4, seed=0, shares={"title-law": 1.0})
    assert texts(laws) == ["储蓄条例第一条"] * 4 + ["储蓄存款受法律保护任何人不得侵犯"] * 4
    assert len(set(laws.groups)) == 1  # no negatives of each other

    # Punctuation parts pieces and is none.
    articles = {_article(number).replace("，", "").replace("。", "") for number in range(30)}
    drawn = texts(tasks.draw(1, 64, seed=0, shares={"cloze-news": 1.0}))
    for asked, around in zip(drawn[:64], drawn[64:], strict=True):
        # The passage is a stretch of one article, mostly with a hole where the question was.
        cuts = [(around[:cut], around[cut:]) for cut in range(len(around))]
        (home,) = (a for a in articles if any(left in a and right in a for left, right in cuts))
        assert asked in home
        assert len(around) <= 128
    hidden = [asked not in around for asked, around in zip(drawn[:64], drawn[64:], strict=True)]
    assert 20 < sum(hidden) < 60
    again = texts(tasks.draw(1, 64, seed=0, shares={"cloze-news": 1.0}))
    assert again == drawn
    assert set(SHARES) >= {"cloze-news", "title-law", "question-zh", "dictionary"}


def test_rows_that_training_hardly_saw_get_the_typical_length():
    pieces = ["<unk>", "▁", "银行", "α", "λόγος", "ดี"]
    counts = np.array([0, 0, 500, 2, 3, 0])
    table = np.eye(6, dtype=np.float32) * np.array([1, 1, 8, 1, 1, 1], dtype=np.float32)
    lengths = np.linalg.norm(finish_table(table, counts, pieces), axis=1)
    assert lengths == pytest.approx([0, 0, 8, 8 * 0.35, 8, 8])


def test_words_of_one_meaning_start_near_each_other():
    pieces = [
        "<unk>",
        "▁bank",
        "银行",
        "▁rate",
        "利率",
        "▁river",
        "河",
        "▁fish",
        "鱼",
        "的银",
        "▁12",
    ]
    dictionary = [
        ("銀行", "bank; CL:家"),
        ("利率", "rate"),
        ("利率", "surname Li"),
        ("河", "river"),
    ]
    dictionary.append(("鱼", "fish"))
    said = meanings(pieces, dictionary)
    assert said == {
        1: "bank", 2: "bank; CL:家", 3: "rate", 4: "rate", 5: "river", 6: "river", 7: "fish",
        8: "fish",
    }  # fmt: skip
    concepts = ("bank", "rate", "river", "fish")

    def encode(texts):  # one axis for each concept, and one that all texts share
        return np.array(
            [[9, *(2.0 + n if c in t else 0 for n, c in enumerate(concepts))] for t in texts],
            dtype=np.float32,
        )

    rows = seed_directions(pieces, dictionary, dim=8, encode=encode, seed=3)
    assert rows.shape == (11, 8)
    assert np.linalg.norm(rows, axis=1) == pytest.approx(1.0)
    same = np.mean([rows[n] @ rows[n + 1] for n in (1, 3, 5, 7)])
    other = np.mean([rows[n] @ rows[m] for n in (1, 3) for m in (5, 6, 7, 8)])
    assert same > other + 0.3
    # The same pieces without a teacher: directions at random, the same for the same seed.
    random = seed_directions(pieces, dictionary, dim=8, encode=None, seed=3)
    assert np.abs(random[[0, 9, 10]] - rows[[0, 9, 10]]).max() < 1e-6
    assert np.abs(random[1:9] - rows[1:9]).max() > 0.1


def test_a_teacher_that_is_missing_is_named_before_any_work(data, tmp_path, monkeypatch):
    monkeypatch.setattr("index.encoder.train.find_spec", lambda _: None)
    options = ["--data", str(data), "--output", str(tmp_path / "m"), "--work", str(tmp_path)]
    with pytest.raises(UsageError, match="is not installed"):
        main(options)
