"""Train the tokenizer: a Unigram vocabulary over folded text.

In: a sample of texts of all languages. Out: a ``tokenizers.Tokenizer`` that folds (see
``charsmap``), parts the text at blanks and where the script changes, marks the start of a word
with ``▁`` and knows ``size`` pieces.

A Han piece never carries the mark: Chinese has no blanks between words, and 银行 is the same word
after a comma as after another word. There the mark stands alone, as a piece without a meaning.
"""

import json
import math
import random
import unicodedata
from collections.abc import Mapping, Sequence

from tokenizers import Regex, Tokenizer, models, pre_tokenizers, trainers

from index.encoder.charsmap import fold_normalizer, folded_characters
from index.encoder.corpus import Corpus
from index.encoder.pieces import PARTS

__all__ = ["MARK", "SCARCE", "UNKNOWN", "sample_texts", "train_tokenizer"]

MARK = "▁"
UNKNOWN = "<unk>"

_CHARS = {
    "news": 2_500_000,
    "bulletin": 500_000,
    "law": 500_000,
    "passage-zh": 750_000,
    "passage-en": 2_500_000,
    "passage-ja": 1_000_000,
}
"""How much of each kind of document the vocabulary is counted on."""

_SENTENCE_CHARS = 125_000
"""At most, of each further language: one with little text gets all of it."""


SCARCE = {"el": 1250, "ro": 950, "tr": 1050, "hi": 1150, "ar": 1150, "ru": 1150, "de": 650}
"""How many pieces are counted on the texts of one language alone, those already known included."""


def sample_texts(corpus: Corpus, *, seed: int = 0) -> list[str]:
    """Draw the texts on which the vocabulary is counted."""
    rng = random.Random(seed)  # noqa: S311 - nothing here is secret
    texts: list[str] = []
    for kind, budget in _CHARS.items():
        documents = corpus.documents[kind]
        for number in rng.sample(range(len(documents)), len(documents)):
            budget -= sum(map(len, documents[number]))
            if budget < 0:
                break
            texts += documents[number]
    for word, gloss in corpus.pairs["dictionary"]:
        texts += (word, gloss)
    for task, pairs in sorted(corpus.pairs.items()):
        if task.startswith("translation-"):
            budget = 1_000_000 if task.endswith("-rest") else 4 * _SENTENCE_CHARS
            for pair in rng.sample(pairs, len(pairs)):
                budget -= len(pair[0]) + len(pair[1])
                if budget < 0:
                    break
                texts += pair
    return texts


def train_tokenizer(
    texts: Sequence[str], scarce: Mapping[str, Sequence[str]], *, size: int, progress: bool = False
) -> Tokenizer:
    """Count a vocabulary of ``size`` pieces, the unknown one included, as number 0.

    Args:
        texts: What most pieces are counted on.
        scarce: Texts by language, of languages too rare in ``texts`` to get pieces of their own.
        size: Of the vocabulary.
        progress: Show the library's progress bar.
    """
    tokenizer = Tokenizer(models.Unigram())
    tokenizer.normalizer = fold_normalizer(folded_characters())
    tokenizer.pre_tokenizer = _pre_tokenizer()
    trainer = trainers.UnigramTrainer(
        vocab_size=int(size * 1.12),  # marked Han pieces are merged with the unmarked ones below
        max_piece_length=14,
        shrinking_factor=0.5,  # rounds of twice the usual step: a third of the time
        n_sub_iterations=1,
        unk_token=UNKNOWN,
        special_tokens=[UNKNOWN],
        initial_alphabet=_alphabet(),
        show_progress=progress,
    )
    tokenizer.train_from_iterator(texts, trainer)

    state = json.loads(tokenizer.to_str())
    scores: dict[str, float] = {}
    for piece, score in state["model"]["vocab"]:
        if piece[:1] == MARK and len(piece) > 1 and not _has_blanks(piece[1]):
            piece = piece[1:]
        if piece in scores:
            score = max(scores[piece], score) + math.log1p(math.exp(-abs(scores[piece] - score)))
        scores[piece] = score
    del scores[UNKNOWN]
    scores.setdefault(MARK, -5.0)
    lowest = min(scores.values())
    made = [*_thai_clusters(), *_vietnamese_rimes()]
    for piece in made:
        scores.setdefault(piece, lowest)
    added = _scarce_pieces(scarce, tokenizer, known=scores)

    # Single characters stay, whatever their score: without them a rare name is unknown.
    fixed = {piece for piece in scores if len(piece) == 1}.union(made)
    ranked = sorted(scores, key=lambda piece: (piece not in fixed, -scores[piece], piece))
    kept = ranked[: size - 1 - len(added)]
    # Just rarer than the rarest piece that was counted: likelier than its parts, all the same.
    rarest = min(scores[piece] for piece in kept if piece not in fixed) - 1
    pieces = [(piece, scores[piece]) for piece in kept] + [(piece, rarest) for piece in added]
    state["model"]["vocab"] = [
        [UNKNOWN, 0.0],
        *([piece, round(score, 3)] for piece, score in pieces),
    ]
    state["model"]["unk_id"] = 0
    state["added_tokens"] = []
    trained: Tokenizer = Tokenizer.from_str(json.dumps(state))
    return trained


def _pre_tokenizer() -> pre_tokenizers.PreTokenizer:
    """Part at blanks and around Latin words and numbers, then mark the start of each part.

    ``UnicodeScripts`` parts at nearly the same places and takes as long as all the rest together.
    """
    return pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(Regex(" +"), "removed"),
            pre_tokenizers.Split(Regex(PARTS), "isolated"),
            pre_tokenizers.Metaspace(MARK, prepend_scheme="always", split=True),
        ]
    )


def _scarce_pieces(
    scarce: Mapping[str, Sequence[str]], tokenizer: Tokenizer, *, known: Mapping[str, float]
) -> list[str]:
    """Count pieces of languages with a few thousand sentences, by byte pair encoding.

    In one Unigram count with the others, such a language falls apart into letters.
    """
    found: dict[str, None] = {}
    for language, count in SCARCE.items():
        counted = Tokenizer(models.BPE())
        counted.normalizer = tokenizer.normalizer
        counted.pre_tokenizer = tokenizer.pre_tokenizer
        trainer = trainers.BpeTrainer(vocab_size=count, max_token_length=12, show_progress=False)
        counted.train_from_iterator(scarce.get(language, ()), trainer)
        ranked = sorted(counted.get_vocab().items(), key=lambda item: item[1])
        found.update((piece, None) for piece, _ in ranked if len(piece) > 1 and piece not in known)
    return list(found)


def _has_blanks(char: str) -> bool:
    """Tell whether the script of a character parts its words by blanks."""
    return not (
        "\u3040" <= char <= "\u30ff" or "\u3400" <= char <= "\u9fff" or char >= "\U00020000"
    )


def _alphabet() -> list[str]:
    """List the characters that are pieces even where the sample lacks them."""
    han = [
        bytes((high, low)).decode("gb2312")  # the common ones, in two levels
        for high in range(0xB0, 0xF8)
        for low in range(0xA1, 0xFF)
        if not (high == 0xD7 and low > 0xF9)
    ]
    hangul = [chr(code) for code in range(0xAC00, 0xD7A4)]
    hangul = [char for char in hangul if _in_ksx1001(char)]
    others = [chr(code) for code in (*range(0x0E01, 0x0E3B), *range(0x0E40, 0x0E4F))]  # Thai
    return [MARK, *han, *hangul, *others, *"aăâbcdđeêghiklmnoôơpqrstuưvxyfjwz0123456789"]


def _thai_clusters() -> list[str]:
    """List consonants with one vowel sign: there is no Thai text to count longer pieces on."""
    consonants = [chr(code) for code in range(0x0E01, 0x0E2F)]
    after = [chr(code) for code in (0x0E30, 0x0E31, 0x0E32, *range(0x0E34, 0x0E3A), 0x0E47)]
    before = [chr(code) for code in range(0x0E40, 0x0E45)]
    return [c + v for c in consonants for v in after] + [v + c for c in consonants for v in before]


def _vietnamese_rimes() -> list[str]:
    """List the rimes of Vietnamese syllables with their tones, for the same reason."""
    # The vowel that bears the tone stands between dots where there is more than one.
    open_rimes = (
        "a e ê i o ô ơ u ư y .i.a .u.a .ư.a o.a. o.e. u.ê. u.ơ. u.y. .a.i .a.o .a.u .a.y .â.u .â.y "
        ".e.o .ê.u .i.u .o.i .ô.i .ơ.i .u.i .ư.i .ư.u i.ê.u y.ê.u u.ô.i ư.ơ.i ư.ơ.u o.a.i o.a.y "
        "u.â.y u.y.a"
    )
    nuclei = "a ă â e ê i o ô ơ u ư i.ê. y.ê. u.ô. ư.ơ. o.a. o.ă. u.â. u.y. u.yê."
    rimes = [(rime, "̣̀́̉̃") for rime in open_rimes.split()]
    for nucleus in nuclei.replace("yê", "yê").split():
        for coda in ("m", "n", "ng", "nh", "p", "t", "c", "ch"):
            if coda in ("nh", "ch") and nucleus not in ("a", "ê", "i", "u.y."):
                continue
            tones = "̣́" if coda in ("p", "t", "c", "ch") else "̣̀́̉̃"
            rimes.append((nucleus + coda if "." in nucleus else f".{nucleus}.{coda}", tones))
    pieces = []
    for rime, tones in rimes:
        before, vowel, after = rime.split(".") if "." in rime else ("", rime, "")
        pieces += [
            before + unicodedata.normalize("NFC", vowel + tone) + after for tone in ("", *tones)
        ]
    return [piece for piece in pieces if len(piece) > 1]


def _in_ksx1001(char: str) -> bool:
    try:
        encoded = char.encode("euc-kr")
    except UnicodeEncodeError:
        return False
    return len(encoded) == 2
