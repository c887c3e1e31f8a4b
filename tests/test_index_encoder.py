import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from tokenizers import Tokenizer, models, pre_tokenizers

from index.encoder.charsmap import fold_normalizer, folded_characters
from index.encoder.folder import write_model
from index.encoder.pieces import Cutter
from index.encoder.static import MODEL, StaticEncoder, is_static_model
from index.errors import UsageError
from index.fold import fold

_PARTS = (
    "银行今天下调了贷款利率",
    "開放式基金的申購費用",
    "The central bank raised its policy rate",
    "東京タワーの高さは333メートルです",
    "한국은행은 기준금리를 동결했다",
    "Le conseil d'administration s'est réuni à Genève",
    "Совет директоров утвердил отчёт",
    "🙂 C++ 3.5% ＡＢＣ",
)


@pytest.fixture(scope="module")
def encoder():
    return StaticEncoder()


@pytest.fixture(scope="module")
def texts():
    """A thousand texts: every pair and triple of the parts, in a fixed order."""
    drawn = np.random.default_rng(0)
    return [
        "。".join(_PARTS[part] for part in drawn.integers(len(_PARTS), size=1 + number % 6))
        + f" {number}"
        for number in range(1_000)
    ]


def cosine(encoder, a, b):
    first, second = encoder.embed_questions([a, b])
    return float(first @ second)


def test_the_folder_is_small_and_complete():
    files = [path for path in MODEL.rglob("*") if path.is_file()]
    assert sum(path.stat().st_size for path in files) <= 16_000_000
    assert {"model.safetensors", "tokenizer.json", "modules.json", "README.md"} <= {
        path.name for path in files
    }
    assert is_static_model(MODEL)


@pytest.mark.slow
def test_sentence_transformers_gives_the_same_vectors(encoder, texts):
    from sentence_transformers import SentenceTransformer

    model = SentenceTransformer(str(MODEL), device="cpu")
    theirs = model.encode(texts, convert_to_numpy=True)
    ours = encoder.embed_passages(texts)
    assert model.get_embedding_dimension() == encoder.dim
    assert (ours * theirs).sum(axis=1).min() >= 0.9999
    assert np.abs(np.linalg.norm(theirs, axis=1) - 1).max() < 1e-5


def test_rows_are_unit_float32_in_order_whatever_the_batch(encoder, texts):
    together = encoder.embed_passages(texts)
    assert together.dtype == np.float32
    assert together.shape == (1_000, encoder.dim)
    assert np.abs(np.linalg.norm(together, axis=1) - 1).max() < 1e-5
    alone = np.concatenate([encoder.embed_passages([text]) for text in texts[:50]])
    assert np.array_equal(alone, together[:50])
    assert np.array_equal(together[:50], encoder.embed_questions(texts[:50]))


def test_a_second_load_gives_the_same_name_and_vectors(encoder, texts):
    again = StaticEncoder()
    assert again.name == encoder.name
    assert np.array_equal(again.embed_questions(texts[:20]), encoder.embed_questions(texts[:20]))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("銀行", "银行"),
        ("臺灣的貸款利率", "台湾的贷款利率"),
        ("ＢＡＮＫ　Ｒａｔｅ", "bank rate"),
        ("利率是多少？", "利率是多少"),
        ("３．５％", "3.5%"),
    ],
)
def test_spellings_of_one_thing_meet(encoder, one, other):
    assert cosine(encoder, one, other) == pytest.approx(1.0, abs=1e-6)


def test_languages_meet(encoder):
    passages = encoder.embed_passages(
        [
            "中国人民银行宣布下调存款准备金率。",
            "科学家在深海发现了一种新的鱼类。",
            "国家足球队昨晚赢得了比赛。",
            "医院开始为老人接种疫苗。",
        ]
    )
    questions = encoder.embed_questions(
        [
            "The central bank lowered the deposit reserve ratio",
            "Scientists discovered a new fish in the deep sea",
            "The national football team won the match last night",
            "Hospital begins vaccinating the elderly",
        ]
    )
    assert (questions @ passages.T).argmax(axis=1).tolist() == [0, 1, 2, 3]


def test_nothing_in_gives_no_rows(encoder):
    assert encoder.embed_questions([]).shape == (0, encoder.dim)
    assert encoder.embed_passages([]).shape == (0, encoder.dim)


def test_texts_without_a_piece_share_a_direction(encoder):
    empty = encoder.embed_passages(["", "。", " \n", "\ue000"])
    assert np.array_equal(empty, np.eye(encoder.dim, dtype=np.float32)[[0, 0, 0, 0]])


def test_what_utf8_cannot_write_is_a_blank(encoder):
    broken, whole = encoder.embed_passages(["银行\ud83d利率", "银行 利率"])
    assert np.array_equal(broken, whole)


def test_a_single_string_is_refused(encoder):
    with pytest.raises(TypeError, match="sequence of texts"):
        encoder.embed_questions("银行")


def test_a_long_text_without_a_stop_is_read_whole(encoder):
    text = "银行利率" * 50_000
    assert cosine(encoder, text, "银行利率") > 0.9


def test_torch_is_not_imported():
    code = (
        "import sys; from index.encoder.static import StaticEncoder;"
        "StaticEncoder().embed_questions(['银行']);"
        "bad = {'torch', 'transformers', 'sentence_transformers', 'scipy'} & set(sys.modules);"
        "assert not bad, bad"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_other_folders_are_refused(tmp_path):
    assert not is_static_model(tmp_path)
    with pytest.raises(UsageError, match="no static encoder in"):
        StaticEncoder(tmp_path)


def _copy(folder, *, without=()):
    for name in ("pieces.model", "model.safetensors", "modules.json"):
        if name not in without:
            (folder / name).write_bytes((MODEL / name).read_bytes())


@pytest.mark.parametrize("name", ["pieces.model", "model.safetensors"])
def test_a_damaged_folder_is_refused(tmp_path, name):
    _copy(tmp_path)
    assert is_static_model(tmp_path)
    damaged = tmp_path / name
    damaged.write_bytes(damaged.read_bytes()[:1_000])
    with pytest.raises(UsageError, match="is damaged"):
        StaticEncoder(tmp_path)


def test_a_folder_without_its_vocabulary_is_left_to_sentence_transformers(tmp_path):
    _copy(tmp_path, without=["pieces.model"])
    assert not is_static_model(tmp_path)


def test_a_table_of_another_size_is_refused(tmp_path):
    from safetensors.numpy import save_file

    _copy(tmp_path, without=["model.safetensors"])
    tensors = {"embeddings": np.zeros((7, 2), np.int8), "weights": np.ones(7, np.float32)}
    save_file(tensors, tmp_path / "model.safetensors")
    with pytest.raises(UsageError, match=r"7 rows and 7 scales for \d{5} pieces"):
        StaticEncoder(tmp_path)


def test_both_vocabularies_cut_alike():
    tokenizer = Tokenizer.from_file(str(MODEL / "tokenizer.json"))
    cutter = Cutter((MODEL / "pieces.model").read_bytes())
    assert len(cutter) == tokenizer.get_vocab_size()
    drawn = np.random.default_rng(1)
    # Without marks that combine: the tokenizers library loses one after a character that folds.
    # Text that is stored or asked is composed (NFC).
    alphabet = [*"".join(_PARTS), *"，。 \n\t-09azÀéÅ①Ⅳ㎏ﬁİßｶﾞ々〇\u200b\ufeff\ue000"]
    texts = ["".join(drawn.choice(alphabet, size=60)) for _ in range(500)] + list(_PARTS)
    silent = {0, cutter.number_of("▁")}  # rows of zeros
    differing = []
    for text, ours in zip(texts, cutter.cut(texts), strict=True):
        theirs = tokenizer.encode(text, add_special_tokens=False).ids
        if [n for n in ours if n not in silent] != [n for n in theirs if n not in silent]:
            differing.append(text)
    assert not set(_PARTS) & set(differing)
    # Among random letters two cuts are now and then equally likely, and either may be taken.
    assert len(differing) <= 5


def test_the_normaliser_folds_as_the_index_does():
    mapping = {char: to for char, to in folded_characters().items() if ord(char) % 40 == 0}
    normalizer = fold_normalizer(mapping)
    assert len(mapping) > 300
    for char, folded in mapping.items():
        assert normalizer.normalize_str(f"中{char}中") == f"中{folded}中"
        assert folded in (fold(char), " ")
    # Characters that are in no key, some of them with the first bytes of one.
    for char in "中ぁกрعéñ가":
        assert normalizer.normalize_str(char) == mapping.get(char, char)


def test_a_written_model_is_the_mean_of_its_rows(tmp_path):
    tokenizer = Tokenizer(models.Unigram([("<unk>", 0.0), ("a", -1.0), ("b", -1.0)], unk_id=0))
    tokenizer.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    table = np.array([[0, 0, 0], [3, 0, 0], [0, 4, 0]], dtype=np.float32)
    write_model(Path(tmp_path), tokenizer, table)
    made = StaticEncoder(tmp_path).embed_passages(["a b", "a a b", "a"])
    expected = np.array([[3, 4, 0], [6, 4, 0], [1, 0, 0]]) / np.array([[5], [52**0.5], [1]])
    assert np.abs(made - expected).max() < 1e-6
