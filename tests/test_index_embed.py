"""Both embedders through one test class, and what each does on its own."""

import hashlib
import json
import shutil
import subprocess
import sys
import threading
import unicodedata
from datetime import date

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from index import transformer
from index.article import Article, Chunk, Script
from index.embed import load_embedder, passage_text
from index.errors import UsageError
from index.hashing import HashEmbedder
from index.transformer import SentenceTransformerEmbedder

QUESTION_PREFIX, PASSAGE_PREFIX = "查询: ", "文章: "

TEXTS = [
    "招商银行的客户满意度为98.68%。",
    "交通銀行的手機銀行",
    "The bank opened 1,234 new branches.",
    "東京の銀行は新しいアプリを発表した。",
    "📚",
    "",
    "？！",
    "\ud83d lone",
    "\ud83d\ude00 pair",
    "nul \0 inside",
    "长" * 5_000,
]


@pytest.fixture(scope="session")
def model_folder(tmp_path_factory):
    """A BERT of 32 dimensions with random weights and a real tokenizer, saved as models are."""
    import torch
    from sentence_transformers import SentenceTransformer
    from transformers import BertConfig, BertModel, BertTokenizerFast

    folder = tmp_path_factory.mktemp("model")
    letters = sorted(set("".join(TEXTS[:4]) + QUESTION_PREFIX + PASSAGE_PREFIX) - {" "})
    pieces = [chr(c) for c in range(ord("a"), ord("z") + 1)]
    words = ["query", "passage", "the", "bank"]
    vocabulary = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *dict.fromkeys(letters + pieces)]
    vocabulary += [f"##{piece}" for piece in pieces] + words
    (folder / "vocab.txt").write_text("\n".join(vocabulary), encoding="utf-8")
    tokenizer = BertTokenizerFast(vocab=str(folder / "vocab.txt"), model_max_length=64)
    torch.manual_seed(3)
    config = BertConfig(
        vocab_size=len(vocabulary),
        hidden_size=32,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=64,
        max_position_embeddings=64,
    )
    BertModel(config).save_pretrained(folder / "bert")
    tokenizer.save_pretrained(folder / "bert")
    model = SentenceTransformer(
        str(folder / "bert"),
        device="cpu",
        prompts={"query": QUESTION_PREFIX, "document": PASSAGE_PREFIX},
    )
    model.save_pretrained(str(folder / "saved"))
    return folder / "saved"


@pytest.fixture(scope="session")
def model(model_folder):
    return load_embedder(str(model_folder), device="cpu")


@pytest.fixture(params=["hash", pytest.param("model", marks=pytest.mark.slow)])
def embedder(request):
    return HashEmbedder() if request.param == "hash" else request.getfixturevalue("model")


class TestEveryEmbedder:
    """What the protocol promises."""

    def test_rows_are_unit_vectors_in_order(self, embedder):
        for rows in (embedder.embed_questions(TEXTS), embedder.embed_passages(TEXTS)):
            assert rows.shape == (len(TEXTS), embedder.dim)
            assert rows.dtype == np.float32
            assert np.linalg.norm(rows, axis=1) == pytest.approx(1.0, abs=1e-5)
        alone = np.concatenate([embedder.embed_passages([text]) for text in TEXTS])
        assert alone == pytest.approx(embedder.embed_passages(TEXTS), abs=2e-6)

    def test_no_texts_give_no_rows(self, embedder):
        assert embedder.embed_questions([]).shape == (0, embedder.dim)
        assert embedder.embed_passages([], progress=True).shape == (0, embedder.dim)

    def test_the_same_text_has_the_same_vector(self, embedder):
        assert np.array_equal(embedder.embed_questions(TEXTS), embedder.embed_questions(TEXTS))

    def test_one_string_is_refused(self, embedder):
        with pytest.raises(TypeError, match="sequence of texts"):
            embedder.embed_questions("银行")
        with pytest.raises(TypeError, match="sequence of texts"):
            embedder.embed_passages("银行")

    def test_progress_is_silent_where_there_is_no_terminal(self, embedder, capfd):
        embedder.embed_passages(TEXTS, progress=True)
        assert capfd.readouterr() == ("", "")

    def test_threads_get_their_own_answers(self, embedder):
        expected = [embedder.embed_questions([text]) for text in TEXTS]
        wrong = []

        def ask():
            for text, rows in zip(TEXTS, expected, strict=True):
                if not np.array_equal(embedder.embed_questions([text]), rows):
                    wrong.append(text)

        threads = [threading.Thread(target=ask) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert wrong == []


# --- The hashed encoder ---


def similarity(one, other):
    rows = HashEmbedder().embed_questions([one, other])
    return float(rows[0] @ rows[1])


def test_hash_vectors_are_the_same_on_every_machine():
    # Places and signs, without the floats. A change here changes every index: it needs a new name.
    rows = HashEmbedder().embed_questions(
        ["交通银行WAP版", "98.68% of the Bank", "アプリ", "ไทย", ""]
    )
    places = hashlib.blake2b(np.sign(rows).astype(np.int8).tobytes(), digest_size=8).hexdigest()
    assert places == "9caf3b68de8d8285"
    assert HashEmbedder().name.startswith("hash-ngram-1-512-opencc")
    assert HashEmbedder().name.endswith(f"-unicode{unicodedata.unidata_version}")


def test_hash_vectors_do_not_depend_on_the_batch(monkeypatch):
    from index import hashing

    whole = HashEmbedder().embed_passages(TEXTS * 3)
    monkeypatch.setattr(hashing, "_HASH_BATCH_CHARS", 40)
    assert np.array_equal(HashEmbedder().embed_passages(TEXTS * 3), whole)


def test_more_texts_than_one_batch_keep_their_order():
    texts = [f"第{i}号银行" for i in range(5_000)]
    rows = HashEmbedder().embed_passages(texts)
    assert np.array_equal(rows[4_321], HashEmbedder().embed_questions([texts[4_321]])[0])


def test_hash_folds_before_it_counts():
    assert similarity("手機銀行ＡＰＰ", "手机银行app") == pytest.approx(1.0)
    assert similarity("  手机，银行 ", "手机。银行") == pytest.approx(1.0)


def test_hash_nearness_follows_shared_spelling():
    near = similarity("交通银行推出手机银行", "交通银行的手机银行")
    far = similarity("交通银行推出手机银行", "今天上海的天气")
    assert near > 0.5 > 0.2 > abs(far)
    assert similarity("mobile banking", "mobile bank") > 0.5 > similarity("mobile", "weather")


def test_hash_gives_texts_without_letters_one_direction():
    assert similarity("", "？！…📚") == pytest.approx(1.0)
    assert similarity("", "银行") == pytest.approx(0.0, abs=0.2)


@settings(max_examples=100, deadline=None)
@given(st.lists(st.text(max_size=40), max_size=8))
def test_hash_takes_any_text(texts):
    rows = HashEmbedder().embed_passages(texts)
    assert rows.shape == (len(texts), 512)
    assert np.linalg.norm(rows, axis=1) == pytest.approx(1.0, abs=1e-5)


def test_hash_imports_no_model_library():
    code = (
        "import sys; from index.embed import load_embedder;"
        "load_embedder('hash').embed_questions(['银行']);"
        "print([m for m in ('torch', 'sentence_transformers', 'transformers') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


# --- Models ---


def raw_model(folder):
    from sentence_transformers import SentenceTransformer

    return SentenceTransformer(str(folder), device="cpu")


def with_prompts(model_folder, folder, prompts):
    """Copy the model into ``folder``, its configuration saying ``prompts``."""
    shutil.copytree(model_folder, folder)
    path = folder / "config_sentence_transformers.json"
    config = json.loads(path.read_text(encoding="utf-8"))
    if prompts is None:
        config.pop("prompts")
    else:
        config["prompts"] = prompts
    path.write_text(json.dumps(config), encoding="utf-8")
    return folder


@pytest.mark.slow
def test_prefixes_of_the_model_are_put_before_the_texts(model, model_folder):
    raw = raw_model(model_folder)
    text = "银行的客户满意度"
    for rows, prefix in (
        (model.embed_questions([text]), QUESTION_PREFIX),
        (model.embed_passages([text]), PASSAGE_PREFIX),
    ):
        expected = raw.encode([prefix + text], normalize_embeddings=True, prompt="")
        assert rows == pytest.approx(expected, abs=1e-6)
    assert not np.allclose(model.embed_questions([text]), model.embed_passages([text]), atol=1e-3)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("prompts", "name", "question", "passage"),
    [
        ({"query": "q: ", "passage": "p: "}, "any", "q: ", "p: "),
        ({"retrieval.query": "q: ", "retrieval.passage": "p: "}, "any", "q: ", "p: "),
        ({"query": "q: "}, "multilingual-e5-small", "q: ", ""),
        ({"query": "", "document": ""}, "multilingual-e5-small", "query: ", "passage: "),
        (None, "multilingual-e5-small", "query: ", "passage: "),
        (None, "any", "", ""),
    ],
)
def test_prefixes_reach_the_real_library(model_folder, tmp_path, prompts, name, question, passage):
    folder = with_prompts(model_folder, tmp_path / name, prompts)
    embedder = SentenceTransformerEmbedder(str(folder), device="cpu")
    raw = raw_model(folder)
    for rows, prefix in (
        (embedder.embed_questions(["the bank"]), question),
        (embedder.embed_passages(["the bank"]), passage),
    ):
        expected = raw.encode([prefix + "the bank"], normalize_embeddings=True, prompt="")
        assert rows == pytest.approx(expected, abs=1e-6)


@pytest.mark.parametrize(
    ("name", "question", "passage"),
    [
        ("intfloat/multilingual-e5-small", "query: ", "passage: "),
        ("/models/e5-base-v2/", "query: ", "passage: "),
        ("intfloat/multilingual-e5-large-instruct", "Instruct: ", ""),
        ("BAAI/bge-large-zh-v1.5", "为这个句子生成表示以用于检索相关文章：", ""),
        ("bge-small-en-v1.5", "Represent this sentence for searching relevant passages: ", ""),
        ("BAAI/bge-m3", "", ""),
        ("sentence-transformers/all-MiniLM-L6-v2", "", ""),
        ("someone/hotel5-e50", "", ""),
    ],
)
def test_families_without_prompts_get_those_of_their_cards(tmp_path, name, question, passage):
    found = transformer._prompts(tmp_path, name)
    assert found["query"].startswith(question)
    assert bool(found["query"]) == bool(question)
    assert found["document"] == passage


def test_a_renamed_folder_is_known_by_its_origin(tmp_path):
    (tmp_path / "config.json").write_text('{"_name_or_path": "intfloat/e5-small"}')
    assert transformer._prompts(tmp_path, "/models/mine") == {
        "query": "query: ",
        "document": "passage: ",
    }


@pytest.mark.slow
def test_the_name_follows_the_files_and_not_the_place(model, model_folder, tmp_path):
    same = tmp_path / "same"
    shutil.copytree(model_folder, same)
    (same / "README.md").write_text("another card")
    assert SentenceTransformerEmbedder(str(same), device="cpu").name == model.name
    weights = bytearray((same / "model.safetensors").read_bytes())
    weights[-3] ^= 1
    (same / "model.safetensors").write_bytes(weights)
    assert SentenceTransformerEmbedder(str(same), device="cpu").name != model.name
    prompted = with_prompts(model_folder, tmp_path / "prompted", {"query": "q: "})
    assert SentenceTransformerEmbedder(str(prompted), device="cpu").name != model.name


def test_a_path_without_a_model_says_what_to_give(tmp_path):
    for spec in (str(tmp_path / "none"), "./none", "a/b/c", "", " "):
        with pytest.raises(UsageError, match=r"no model at .*; give a folder"):
            load_embedder(spec)
    with pytest.raises(UsageError, match=r"neither modules\.json nor config\.json"):
        load_embedder(str(tmp_path))
    (tmp_path / "config.json").write_text("{}")
    with pytest.raises(UsageError, match=r"no \.safetensors file"):
        load_embedder(str(tmp_path))


@pytest.mark.parametrize("spec", ["nobody/no-such-model", "no-such-model", "bad name!", "a--b"])
def test_a_name_that_is_not_in_the_cache_is_a_usage_error(spec, monkeypatch, tmp_path):
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path))
    with pytest.raises(UsageError, match=r"no model at .*local cache"):
        load_embedder(spec)


def test_pickled_weights_are_refused(tmp_path):
    (tmp_path / "modules.json").write_text("[]")
    (tmp_path / "model.safetensors").touch()
    (tmp_path / "2_Dense").mkdir()
    (tmp_path / "2_Dense" / "pytorch_model.bin").touch()
    with pytest.raises(UsageError, match=r"2_Dense/pytorch_model\.bin is pickled"):
        load_embedder(str(tmp_path))


@pytest.mark.slow
def test_a_model_with_code_of_its_own_is_refused_and_not_run(model_folder, tmp_path):
    folder = tmp_path / "coded"
    shutil.copytree(model_folder, folder)
    (folder / "own.py").write_text(f"open({str(tmp_path / 'ran')!r}, 'w')\nclass Own: ...\n")
    modules = json.loads((folder / "modules.json").read_text())
    modules[0]["type"] = "own.Own"
    (folder / "modules.json").write_text(json.dumps(modules))
    with pytest.raises(UsageError, match="cannot be loaded"):
        load_embedder(str(folder))
    assert not (tmp_path / "ran").exists()


@pytest.mark.slow
def test_damaged_models_are_usage_errors(model_folder, tmp_path):
    for name, content in {
        "model.safetensors": b"not safetensors",
        "config.json": b"{",
        "config_sentence_transformers.json": b"\xff",
    }.items():
        folder = tmp_path / name
        shutil.copytree(model_folder, folder)
        (folder / name).write_bytes(content)
        with pytest.raises(UsageError):
            load_embedder(str(folder))


@pytest.mark.slow
def test_vectors_that_are_not_finite_are_a_usage_error(model_folder, tmp_path):
    from safetensors.numpy import load_file, save_file

    folder = tmp_path / "nan"
    shutil.copytree(model_folder, folder)
    tensors = load_file(folder / "model.safetensors")
    name = next(name for name in tensors if "LayerNorm.weight" in name)
    tensors[name] = np.full_like(tensors[name], np.nan)
    save_file(tensors, folder / "model.safetensors", metadata={"format": "pt"})
    with pytest.raises(UsageError, match="not finite"):
        load_embedder(str(folder), device="cpu").embed_questions(["银行"])


@pytest.mark.slow
@pytest.mark.parametrize("device", ["cuda:97", "abacus"])
def test_a_device_that_is_not_there_is_a_usage_error(model_folder, device):
    with pytest.raises(UsageError, match="no device"):
        load_embedder(str(model_folder), device=device)


# --- What is embedded of a chunk ---


def test_passage_text_is_title_headings_and_text():
    article = Article(
        id="a",
        text="x",
        title="标题",
        path="p",
        language="zh",
        script=Script.SIMPLIFIED,
        encoding="utf-8",
        published=date(2020, 1, 1),
    )
    chunk = Chunk(id="a:0-2", article_id="a", start=0, end=2, text="正文", headings=("一", "二"))
    assert passage_text(article, chunk) == "标题\n一 / 二\n正文"
    bare = Chunk(id="a:0-2", article_id="a", start=0, end=2, text="正文")
    assert passage_text(article, bare) == "标题\n正文"
