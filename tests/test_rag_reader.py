"""The reader: how it cuts text, that its file computes what torch does, and what it prefers."""

import json
from dataclasses import replace

import numpy as np
import pytest
from chat_models import article

from index.article import Chunk
from index.errors import UsageError
from index.passage import Passage
from rag.config import AnswerConfig
from rag.question import read_question
from rag.rank import Ranked
from rag.reader.export import write_reader
from rag.reader.network import HEAD, MAX_PIECES, Network
from rag.reader.reader import MODEL, UNREAD, Excerpt, Reader, Told, bundled_reader
from rag.reader.words import Vocabulary, Words, runs_shared
from rag.reread import load_reader, reread, told_of
from rag.statements import FEATURES, Statement

PIECES = ["银", "行", "的", "4", "bank", "##ing", "b"]
VOCABULARY = Vocabulary(PIECES, {ord("的"): 0})
WIDTH = 2 * HEAD


@pytest.fixture(scope="module")
def weights():
    """A small network with two layers."""
    rng = np.random.default_rng(0)

    def matrix(rows, columns):
        return rng.normal(0, columns**-0.5, (rows, columns)).astype(np.float32)

    def vector(size):
        return rng.normal(0, 0.1, size).astype(np.float32)

    found = {
        "pieces": matrix(len(VOCABULARY), 16) * 4, "project": matrix(WIDTH, 16),
        "project_bias": vector(WIDTH), "marks": matrix(48, WIDTH), "gain": 1 + vector(WIDTH),
        "middle": matrix(WIDTH, WIDTH), "middle_bias": vector(WIDTH), "head": matrix(3, WIDTH),
        "head_bias": vector(3),
    }  # fmt: skip
    for n in range(2):
        found |= {
            f"{n}.attend": matrix(3 * WIDTH, WIDTH), f"{n}.mix": matrix(WIDTH, WIDTH),
            f"{n}.mix_bias": vector(WIDTH), f"{n}.widen": matrix(4 * WIDTH, WIDTH),
            f"{n}.widen_bias": vector(4 * WIDTH), f"{n}.narrow": matrix(WIDTH, 4 * WIDTH),
            f"{n}.narrow_bias": vector(WIDTH),
        }  # fmt: skip
    return found


@pytest.fixture(scope="module")
def folder(tmp_path_factory, weights):
    path = tmp_path_factory.mktemp("reader")
    write_reader(path, weights, pieces=PIECES, rarity={ord("的"): 0})
    return path


def rounded(value):
    """To 127 steps a row, as the file holds it."""
    if value.ndim < 2:
        return value
    step = np.abs(value).max(axis=1, keepdims=True) / 63
    return np.round(value / step) * step


def by_torch(weights, pieces, marks):
    """The same network written down with torch's own functions; what is multiplied is in bytes."""
    import torch
    from torch.nn import functional

    w = {name: torch.from_numpy(rounded(value)) for name, value in weights.items()}
    size = (WIDTH,)

    def linear(rows, matrix, bias=None):
        low, high = rows.min().clamp(max=0), rows.max().clamp(min=0)
        step = (high - low) / 255
        zero = torch.round(-low / step)
        in_bytes = (torch.round(rows / step) + zero).clamp(0, 255)
        return functional.linear((in_bytes - zero) * step, matrix, bias)

    state = linear(w["pieces"][pieces], w["project"], w["project_bias"])
    state = state + w["marks"][marks]
    angles = torch.arange(len(pieces))[:, None] * 10_000 ** (-torch.arange(0, HEAD, 2) / HEAD)

    def turned(x):
        a, b = x.chunk(2, -1)
        both = (a * angles.cos() - b * angles.sin(), a * angles.sin() + b * angles.cos())
        return functional.rms_norm(torch.cat(both, -1), (HEAD,)) * 1.2

    for n in range(2):
        q, k, v = linear(functional.rms_norm(state, size), w[f"{n}.attend"]).chunk(3, -1)
        q, k, v = (x.view(len(pieces), -1, HEAD).transpose(0, 1) for x in (q, k, v))
        mixed = functional.scaled_dot_product_attention(turned(q), turned(k), v)
        mixed = mixed.transpose(0, 1).reshape(len(pieces), WIDTH)
        state = state + linear(mixed, w[f"{n}.mix"], w[f"{n}.mix_bias"])
        inner = linear(functional.rms_norm(state, size), w[f"{n}.widen"], w[f"{n}.widen_bias"])
        inner = functional.gelu(inner, approximate="tanh")
        state = state + linear(inner, w[f"{n}.narrow"], w[f"{n}.narrow_bias"])
    state = functional.rms_norm(state, size) * w["gain"]
    inner = functional.gelu(linear(state, w["middle"], w["middle_bias"]), approximate="tanh")
    return linear(inner + state, w["head"], w["head_bias"]).numpy()


def test_words_are_cut_and_compared_by_unit():
    words = Words.of("银行的4 banking x", VOCABULARY)
    assert words.pieces.tolist() == [7, 8, 9, 10, 11, 12, 5]
    assert words.units.tolist() == [0, 1, 2, 3, 4, 4, 5]
    assert words.starts.tolist() == [0, 1, 2, 3, 5, 13]
    assert words.rarity.tolist() == [3, 3, 0, 3, 3, 3]
    other = Words.of("bankings银行", VOCABULARY)  # an inflected word meets its other form
    assert runs_shared(words.keys, other.keys).tolist() == [2, 2, 0, 0, 1, 0]
    assert runs_shared(words.keys, words.keys[1:4]).tolist() == [0, 3, 3, 3, 0, 0]
    assert runs_shared(words.keys[:0], words.keys).tolist() == []


def test_the_file_computes_what_torch_does(folder, weights):
    rng = np.random.default_rng(1)
    texts = [(rng.integers(0, len(VOCABULARY), n), rng.integers(0, 48, n)) for n in (40, 1, 70)]
    found = Network(folder / "model.onnx").run(texts)
    for (pieces, marks), values in zip(texts, found, strict=True):
        assert values.shape == (len(pieces), 3)
        wanted = by_torch(weights, pieces, marks)
        # A sum that falls on the other side of a half becomes another byte, and that goes on.
        assert np.abs(values - wanted).max() < 0.1
        assert np.sqrt(((values - wanted) ** 2).mean()) < 0.02 * wanted.std()


def test_no_two_products_overflow_sixteen_bits(folder):
    import onnx
    from onnx import numpy_helper

    for path in (folder, MODEL):
        graph = onnx.load(path / "model.onnx").graph
        held = {one.name: numpy_helper.to_array(one) for one in graph.initializer}
        matrices = [held[n.input[1]] for n in graph.node if n.op_type == "DynamicQuantizeMatMul"]
        assert len(matrices) >= 2 * 4 + 3  # four a layer, and three outside
        assert max(np.abs(m.astype(int)).max() for m in matrices) * 255 * 2 < 2**15


def test_excerpts_do_not_see_each_other(folder):
    reader = Reader(folder)
    one = Excerpt("", "银行。的4。", (0, 3))
    two = Excerpt("bank", "的银行4", (0,))
    (alone,), (other,) = reader.read("银行?", [one]), reader.read("银行?", [two])
    together = reader.read("银行?", [one, two])
    for beside, by_itself in zip(together, (alone, other), strict=True):
        for one_told, told in zip(beside, by_itself, strict=True):
            assert one_told.short == told.short
            assert one_told[:2] == pytest.approx(told[:2], abs=1e-5)
    assert reader.read("银行?", []) == []


def test_what_does_not_fit_is_not_read(folder):
    text = "银行的4。" * 200
    first, last = Reader(folder).read("银行?", [Excerpt("", text, (0, len(text) - 5))])[0]
    assert len(text) > MAX_PIECES
    assert first != UNREAD
    assert last is UNREAD


@pytest.mark.parametrize("broken", ["model.onnx", "vocabulary.json"])
def test_a_broken_folder_is_named(tmp_path, weights, broken):
    write_reader(tmp_path, weights, pieces=PIECES, rarity={})
    (tmp_path / broken).write_bytes(b"{}")
    with pytest.raises(UsageError, match=broken):
        Reader(tmp_path).read("银行?", [Excerpt("", "银行", (0,))])


@pytest.mark.parametrize(
    ("question", "right", "short"),
    [
        ("林文华是哪一年大学毕业的？", 1, "1984年"),
        ("林文華出生在哪裡？", 0, "厦门"),
        ("林文华获得过什么奖？", 3, "国家科技进步奖"),
        ("Who did Lin Wenhua marry?", 4, "Chen Yu"),
    ],
)
def test_the_bundled_reader_finds_the_sentence_and_the_answer_in_it(question, right, short):
    text = (
        "林文华一九六二年出生于厦门。他1984年从复旦大学毕业，1990年取得博士学位。"
        "此后他在南京工作了十二年。2005年他获得国家科技进步奖。"
        "In 1988 Lin Wenhua married the physician Chen Yu."
    )
    starts = (0, 14, text.index("此后"), text.index("2005"), text.index("In"))
    told = bundled_reader().read(question, [Excerpt("林文华", text, starts)])[0]
    assert int(np.argmax([one.sentence for one in told])) == right
    assert short in text[slice(*told[right].short)]
    assert len(text[slice(*told[right].short)]) <= len(short) + len("the physician ")


def test_both_scripts_read_alike():
    texts = ("銀行於2004年成立。", "银行于2004年成立。")
    one, other = (
        bundled_reader().read("银行哪年成立？", [Excerpt("", text, (0,))]) for text in texts
    )
    assert one == other


def test_the_bundled_files_are_small():
    files = list(bundled_reader()._folder.iterdir())
    assert sum(file.stat().st_size for file in files) < 15_000_000
    assert json.loads((bundled_reader()._folder / "vocabulary.json").read_text("utf-8"))["pieces"]


class Scripted:
    """Tells of each sentence what a table says, and remembers what it was asked to read."""

    def __init__(self, told):
        self.told = told
        self.excerpts = []

    def read(self, _, excerpts):
        self.excerpts += excerpts
        return [
            [self.told.get(excerpt.text[at : at + 2], Told(-5.0, -5.0)) for at in excerpt.sentences]
            for excerpt in excerpts
        ]


def ranking(*texts):
    """Passages of one article each, and their sentences in falling order of score."""
    passages, ranked = [], []
    for place, text in enumerate(texts):
        source = article(text, name=f"a{place}")
        chunk = Chunk(f"{source.id}:0", source.id, 0, len(text), text)
        passages.append(Passage(chunk, source, 1.0))
        start = 0
        for sentence in text.split("|"):
            end = start + len(sentence)
            statement = Statement(source, start, end, frozenset(), 0.0, place, None)
            ranked.append(Ranked(statement, -float(len(ranked)), np.zeros(len(FEATURES))))
            start = end + 1
    return passages, ranked


def test_reading_changes_the_order_of_what_was_read():
    passages, ranked = ranking("甲一|甲二", "乙一|乙二", "丙一")
    reader = Scripted({"乙二": Told(20.0, 20.0), "甲一": Told(0.0, 0.0)})
    found = reread(read_question("多少？"), ranked, passages, reader)
    assert [one.statement.text for one in found] == ["乙二", "甲一", "甲二", "乙一", "丙一"]
    assert found[0].score > found[1].score > found[2].score
    # Two passages are read; the third one's sentence counts as the worst of those that were.
    assert [excerpt.text for excerpt in reader.excerpts] == ["甲一|甲二", "乙一|乙二"]
    told = told_of(read_question("多少？"), ranked, passages, reader)
    assert told[-1].tolist() == [-5.0, -5.0]


def test_a_long_passage_is_read_around_its_likeliest_sentence():
    passages, ranked = ranking("|".join(f"{n}{'长' * 77}" for n in "一二三四五六七"))
    ranked = sorted(ranked, key=lambda one: not one.statement.text.startswith("六"))
    reader = Scripted({"六长": Told(0.0, 0.0)})
    told = told_of(read_question("多少？"), ranked, passages, reader)
    (excerpt,) = reader.excerpts
    assert [excerpt.text[at] for at in excerpt.sentences] == ["五", "六", "七"]
    assert told[0].tolist() == [0.0, 0.0]
    assert told[1:].tolist() == [[-5.0, -5.0]] * 6


def test_a_reader_that_reads_nothing_changes_nothing():
    passages, ranked = ranking("甲一|甲二")
    reader = Scripted({"甲一": UNREAD, "甲二": UNREAD})
    assert list(reread(read_question("多少？"), ranked, passages, reader)) == ranked


def test_a_sentence_that_leads_by_far_stays_the_first_and_is_read_for_its_short_answer():
    passages, ranked = ranking("甲一|甲二", "乙一")
    reader = Scripted({"甲一": Told(0.0, 0.0, (1, 2), 0.0), "甲二": Told(100.0, 100.0)})
    question = read_question("多少？")
    near = [replace(one, score=-n) for n, one in enumerate(ranked)]
    assert [one.score for one in reread(question, near, passages, reader)] != [0, -1, -2]
    assert len(reader.excerpts) == 2
    far = [replace(one, score=-9.0 * n) for n, one in enumerate(ranked)]
    found = reread(question, far, passages, reader)
    assert [one.score for one in found] == [one.score for one in far]
    assert [one.short for one in found] == [(1, 2), (0, 0), None]  # found, not found, not read
    assert len(reader.excerpts) == 3
    # Nothing is pointed out in a reason: there is nothing to read for.
    assert list(reread(read_question("为什么下调？"), far, passages, reader)) == far
    assert len(reader.excerpts) == 3


def test_the_short_answer_stands_where_the_article_has_it():
    passages, ranked = ranking("甲一|甲二|甲三")
    reader = Scripted(
        {"甲二": Told(20.0, 20.0, (4, 5), 9.0), "甲三": Told(0.0, 0.0, (6, 7), -99.0)}
    )
    found = reread(read_question("多少？"), ranked[1:], passages, reader)
    # The excerpt begins with the second sentence.
    assert [one.short for one in found] == [(7, 8), (0, 0)]


def test_the_reader_can_be_off():
    assert load_reader(AnswerConfig(reader="off")) is None
    assert load_reader(AnswerConfig()) is bundled_reader()
