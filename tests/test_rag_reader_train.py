"""The training of the reader in small: what it may read, what it draws, and that it learns."""

import json
import lzma
from dataclasses import replace

import numpy as np
import pytest

from index.errors import UsageError
from index.fold import fold
from rag.reader.corpus import load, read_corpus, save
from rag.reader.cutting import Likeness, cut_corpus
from rag.reader.export import write_reader
from rag.reader.layout import IN_TEXT
from rag.reader.learner import exported, judged, read
from rag.reader.network import Network
from rag.reader.pieces import choose_pieces
from rag.reader.reader import Excerpt, Reader
from rag.reader.recipe import Recipe
from rag.reader.retrieved import ask_with_retrieval
from rag.reader.switching import read_glosses, switched
from rag.reader.tasks import BEGINS, ENDS, INSIDE, MARKED, RIGHT, Tasks
from rag.reader.train import main, train
from rag.reader.words import SENTENCE, Vocabulary, Words

TOWNS = (
    "青岩",
    "白沙",
    "龙泉",
    "金山",
    "石桥",
    "柳林",
    "云台",
    "东湖",
    "南浦",
    "西岭",
    "北川",
    "平原",
)
TREES = (
    "银杏",
    "香樟",
    "柳树",
    "松树",
    "枫树",
    "槐树",
    "梧桐",
    "桂花",
    "玉兰",
    "榕树",
    "杉树",
    "桃树",
)


def passage(n):
    return (
        f"{TOWNS[n]}镇建于{1400 + 37 * n}年。镇上最多的树是{TREES[n]}。"
        f"每年{n % 12 + 1}月这里有庙会。居民约{n + 2}万人，多数人种田。"
    )


def rows(n):
    text = passage(n)
    asked = {
        f"{TOWNS[n]}镇建于哪一年？": f"{1400 + 37 * n}年",
        f"{TOWNS[n]}镇什么树最多？": TREES[n],
        f"{TOWNS[n]}镇几月有庙会？": f"{n % 12 + 1}月",
        f"{TOWNS[n]}镇的居民有多少？": f"{n + 2}万人",
    }
    return [{"q": q, "title": f"{TOWNS[n]}镇", "passage": text, "answer": a, "lang": "zh-Hans",
             "src": "cmrc2018.train", "lic": "open"} for q, a in asked.items()]  # fmt: skip


def news(n):
    town, tree = TOWNS[n], TREES[n]
    return (
        f"{town}镇今天宣布保护古树{tree}。记者在街上看到不少游客。"
        f"专家说古树{tree}很难得。{town}镇今天宣布的办法下月施行，市民都表示支持这一办法。"
    )


def write(path, found):
    path.parent.mkdir(parents=True, exist_ok=True)
    with lzma.open(path, "wt", encoding="utf-8") as file:
        file.writelines(json.dumps(row, ensure_ascii=False) + "\n" for row in found)


SECRET = "本段只属于开发集，谁都不许拿来训练，哪怕换掉一两个字也还是同一段文字，不可以。"
ENGLISH = "The bank opened in 1904. Its first office stood near the river and burned down twice."


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    """A data folder in small: every kind of row, some that must not be used."""
    folder = tmp_path_factory.mktemp("data")
    train_, dev = folder / "train", folder / "dev"
    write(
        dev / "crud_news.corpus.jsonl.xz",
        [{"doc_id": f"n{n}", "text": news(n)} for n in range(12)]
        + [{"doc_id": "gold", "text": SECRET}],
    )
    write(
        dev / "crud_news.queries.jsonl.xz", [{"q": f"{TOWNS[2]}镇什么树最多？", "gold": ["gold"]}]
    )
    write(dev / "stard.corpus.jsonl.xz", [])
    write(dev / "stard.queries.jsonl.xz", [])
    question = rows(0)[0]
    english = {
        "title": "Bank",
        "passage": ENGLISH,
        "lang": "en",
        "src": "squad11.train",
        "lic": "open",
    }
    write(
        train_ / "qa_passage.jsonl.xz",
        [row for n in range(12) for row in rows(n)]
        + [question | {"passage": SECRET.replace("不可以", "不应该"), "answer": "训练"}]
        + [question | {"passage": "无关。", "lic": "nc", "src": "c3.train"}]
        + [question | {"answer": "不在里面"}]
        + [english | {"q": "When did the bank open?", "answer": "1904"}],
    )
    (train_ / "news_docs.ids.txt").write_text("\n".join(f"n{n}" for n in range(10)))
    write(
        train_ / "title_body.jsonl.xz",
        [
            {"title": "快报", "text": news(10), "src": "bulletin", "lic": "press"},
            {"title": "别用", "text": news(11), "src": "forum", "lic": "unclear"},
        ],
    )
    pair = {"a": "The bank is open.", "b": "银行开着门。", "lang_a": "en", "lang_b": "zh-Hans"}
    write(
        train_ / "parallel.jsonl.xz",
        [
            pair | {"src": "tatoeba", "lic": "open"},
            pair | {"src": "tatoeba", "lic": "nc"},
            pair | {"src": "tatoeba", "lic": "open", "lang_b": "fr"},
        ],
    )
    entries = [("银行", "bank"), ("河", "river"), ("办公室", "office")]
    write(
        train_ / "dictionary.jsonl.xz",
        [{"a": a, "b": b, "src": "dict", "lic": "open"} for a, b in entries],
    )
    return folder


@pytest.fixture(scope="module")
def corpus(data):
    return read_corpus(data)


@pytest.fixture(scope="module")
def cut(corpus):
    """The vocabulary, and the material cut by it, with one question asked with retrieval."""
    texts = [fold(one.text) for one in corpus.questions["zh"].passages]
    texts += [fold(text) for text in corpus.documents] + ["".join(TREES)]
    vocabulary = Vocabulary(*choose_pieces(texts, [ENGLISH.lower()] * 3))
    return vocabulary, cut_corpus(corpus, vocabulary)


@pytest.fixture(autouse=True, scope="module")
def one_thread():
    """Networks this small take longer to share among threads than to run."""
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


SMALL = Recipe(width=64, layers=2, embedding=32, places=768, steps=40, warmup=10)


def test_only_what_may_be_used_is_used(corpus):
    assert len(corpus.questions["zh"].questions) == 47
    assert dict(corpus.dropped) == {
        "c3.train: licence nc": 1,
        # A passage with another word in it, and a question word for word.
        "cmrc2018.train: repeats a development text": 2,
        "cmrc2018.train: the answer is not in the passage": 1,
        "forum: licence unclear": 1,
    }
    assert sorted(corpus.documents) == sorted([*map(news, range(10)), f"快报\n{news(10)}"])
    assert corpus.pairs == [("The bank is open.", "银行开着门。")]
    for found in corpus.questions.values():
        for one in found.questions:
            assert found.passages[one.passage].text[one.start : one.end].strip()


def test_a_folder_without_data_is_named(tmp_path):
    with pytest.raises(UsageError, match="--data names the folder"):
        read_corpus(tmp_path)


def test_a_corpus_is_read_as_it_was_written(corpus, tmp_path):
    path = tmp_path / "corpus.json.xz"
    whole = replace(
        corpus, retrieved=ask_with_retrieval(corpus.questions, tmp_path, most={"zh": 3})
    )
    save(whole, path)
    assert load(path) == whole
    one = whole.retrieved[0]
    assert one.text == corpus.questions["zh"].questions[0].text
    right = [
        candidate.excerpt.text[begin:]
        for candidate in one.candidates
        for begin, is_right in zip(candidate.excerpt.sentences, candidate.right, strict=True)
        if is_right
    ]
    assert [text.split("。")[0] for text in right] == ["青岩镇建于1400年"]


def test_switching_keeps_places():
    glosses = read_glosses([("银行", "bank"), ("河岸", "bank"), ("办公室", "the office; (x) post")])
    assert glosses == {"bank": ["银行", "河岸"], "office": ["办公室"], "post": ["办公室"]}
    text = "the banks of 1904 had one office."
    replaced = 0
    for salt in range(30):
        places = [text.index("banks") + 2, text.index("1904"), text.index("one"), len(text) - 1]
        after, moved = switched(text, glosses, salt=salt, places=places)
        assert after[moved[1] :].startswith("1904")
        assert after[moved[2] :].startswith("one")
        assert after[moved[3] :] == "."
        if "banks" not in after:
            assert after[moved[0] :].startswith(("银行", "河岸"))
            replaced += 1
    assert 10 < replaced < 30


def test_a_question_is_like_other_passages_with_its_words(cut):
    vocabulary, _ = cut
    texts = [
        Words.of(t, vocabulary) for t in ("青岩镇的树", "白沙镇的树", "青岩镇的人", "一二三四五")
    ]
    likeness = Likeness(texts)
    assert len(likeness.like(Words.of("青岩镇的树", vocabulary), 0)) == 3
    many = Likeness(texts + [texts[3]] * 10)
    assert {1, 2} <= set(many.like(Words.of("青岩镇的树", vocabulary), 0).tolist())


def characters(vocabulary, pieces):
    names = {number: text for text, number in vocabulary._numbers.items()}
    return [names[int(piece)] for piece in pieces]


def test_goals_are_where_the_answer_is(cut):
    vocabulary, material = cut
    bare = replace(SMALL, hidden=0.0, unseen=0.0, room=(300, 301))
    tasks = Tasks(material, vocabulary, bare)
    found = set()
    for number in range(300):
        batch = tasks.draw(number, 0.5)
        found.add(batch.task)
        assert batch.pieces.shape == batch.marks.shape == batch.goals.shape
        if batch.task == "masked":
            hidden = batch.wanted >= 0
            assert 0.05 < hidden.mean() < 0.35
            assert (batch.pieces[~hidden] != batch.wanted[~hidden]).all()
            continue
        assert (batch.wanted == -1).all()
        for n, (pieces, goals) in enumerate(zip(batch.pieces, batch.goals, strict=True)):
            assert ((goals & MARKED > 0) == (pieces == SENTENCE)).all()
            assert (batch.marks[n][goals & INSIDE > 0] >= IN_TEXT).all()
            right, begins, ends = (np.flatnonzero(goals & bit) for bit in (RIGHT, BEGINS, ENDS))
            if n % batch.group:
                assert not len(right) + len(begins) + len(ends)
                continue
            assert len(right)
            assert len(begins) == len(ends) > 0
            for begin, end in zip(begins, ends, strict=True):
                marked = np.flatnonzero(goals[:begin] & MARKED)[-1]
                assert marked in right
                said = "".join(characters(vocabulary, pieces[begin : end + 1]))
                if batch.task.startswith("zh"):
                    answers = {row["answer"] for k in range(12) for row in rows(k)}
                    assert said in answers
                elif batch.task == "recurring":
                    # What recurs was taken out of the question.
                    assert said not in "".join(characters(vocabulary, pieces[:marked]))
    assert found == {"masked", "recurring", "zh", "zh+like", "en", "switched"}


def test_noise_hides_pieces_and_what_is_shared(cut):
    vocabulary, material = cut
    loud = Tasks(material, vocabulary, replace(SMALL, hidden=1.0, unseen=1.0))
    batch = next(b for n in range(50) if (b := loud.draw(n, 0.9)).task == "zh+like")
    inside = batch.goals & INSIDE > 0
    assert len(set(batch.pieces[inside].tolist())) == 1
    assert (batch.marks[inside] < IN_TEXT + 4).all()


def test_batches_depend_on_seed_and_number(cut):
    vocabulary, material = cut
    one, other = (Tasks(material, vocabulary, replace(SMALL, seed=seed)) for seed in (0, 1))
    assert all((a == b).all() if hasattr(a, "shape") else a == b
               for a, b in zip(one.draw(3, 0.2), one.draw(3, 0.2), strict=True))  # fmt: skip
    drawn = [(one.draw(n, 0.2), other.draw(n, 0.2)) for n in range(5)]
    assert not all(a.pieces.tolist() == b.pieces.tolist() for a, b in drawn)


@pytest.fixture(scope="module")
def trained(cut, tmp_path_factory):
    vocabulary, material = cut
    path = tmp_path_factory.mktemp("trained") / "checkpoint.safetensors"
    tasks = Tasks(material, vocabulary, SMALL)
    return train(tasks, len(vocabulary), SMALL, checkpoint=path, device="cpu")


def test_the_loss_falls_and_the_file_reads_what_torch_learned(cut, trained, tmp_path):
    import torch

    from rag.reader.learner import loss_of, new_weights

    vocabulary, material = cut
    tasks = Tasks(material, vocabulary, SMALL)

    def loss(weights):
        found = []
        for number in range(1_000, 1_006):
            batch = tasks.draw(number, 0.9)
            on = [torch.from_numpy(a) for a in batch[2:]]
            with torch.no_grad():
                state = read(weights, on[0], on[1])
                found.append(loss_of(weights, state, *on[2:], group=batch.group, recipe=SMALL))
        return float(torch.stack(found).mean())

    fresh = new_weights(len(vocabulary), SMALL, device="cpu")
    assert loss(trained) < 0.9 * loss(fresh)

    pieces = list(vocabulary._numbers)[7:]
    write_reader(tmp_path, exported(trained), pieces=pieces, rarity=vocabulary.rarity)
    batch = tasks.draw(0, 0.9)
    with torch.no_grad():
        on = (torch.from_numpy(batch.pieces), torch.from_numpy(batch.marks))
        wanted = judged(trained, read(trained, *on))[0].numpy()
    texts = [(p[p > 0], m[p > 0]) for p, m in zip(batch.pieces, batch.marks, strict=True)]
    found = Network(tmp_path / "model.onnx").run(texts)
    for values, whole in zip(found, wanted, strict=True):
        assert np.abs(values - whole[: len(values)]).max() < 0.3  # seven bits a weight
        assert np.corrcoef(values.ravel(), whole[: len(values)].ravel())[0, 1] > 0.999
    (told,) = Reader(tmp_path).read("青岩镇建于哪一年？", [Excerpt("青岩镇", passage(0), (0, 9))])
    assert np.isfinite([(one.sentence, one.span) for one in told]).all()


def test_the_same_seed_gives_the_same_weights_also_after_a_stop(cut, tmp_path):
    vocabulary, material = cut

    class Stopping(Tasks):
        def draw(self, number, done):
            if number == 5 and done:
                raise KeyboardInterrupt
            return super().draw(number, done)

    path = tmp_path / "checkpoint.safetensors"
    still = replace(SMALL, dropout=0.0, steps=10, places=384, layers=1)
    make = {"pieces": len(vocabulary), "recipe": still, "device": "cpu"}
    tasks = Tasks(material, vocabulary, still)
    whole = train(tasks, checkpoint=tmp_path / "a", **make)
    again = train(tasks, checkpoint=tmp_path / "b", workers=1, **make)  # whoever draws
    assert all((whole[name] == again[name]).all() for name in whole)
    with pytest.raises(KeyboardInterrupt):
        train(Stopping(material, vocabulary, still), checkpoint=path, **make)
    resumed = train(tasks, checkpoint=path, **make)
    assert all((whole[name] - resumed[name]).abs().max() < 1e-5 for name in whole)


@pytest.mark.slow
def test_the_program_makes_a_reader(data, tmp_path, capsys):
    options = ["--data", str(data), "--output", str(tmp_path / "model"), "--work", str(tmp_path)]
    small = ["--width", "64", "--layers", "1", "--places", "768", "--steps", "100000"]
    assert main([*options, *small, "--minutes", "0.03"]) == 0
    assert json.loads((tmp_path / "recipe.json").read_text())["minutes"] == 0.03
    reader = Reader(tmp_path / "model")
    ((first, second),) = reader.read("建于哪一年？", [Excerpt("", "一。二。", (0, 2))])
    assert np.isfinite([first.sentence, first.span, second.sentence, second.span]).all()
    with pytest.raises(SystemExit):
        main([*options, "--width", "100"])
    assert "multiple of 64" in capsys.readouterr().err
    with pytest.raises(SystemExit):
        main([*options, *small[2:]])  # of another width
    assert "remove it to begin anew" in capsys.readouterr().err
