"""Choose the reader's pieces and count how rare units are: folded texts in, a vocabulary out."""

from collections import Counter
from collections.abc import Iterable, Sequence

from rag.reader.words import UNIT, key_of

__all__ = ["choose_pieces"]

_CHARACTERS = 7_500
_SEEN = 2  # times that a character is, at least; a word once more
_WORD_PIECES = 7_000
_COUNTED = 2_000  # occurrences of a word at most that have a say in its pieces

_RARITY = (0.08, 0.015, 0.002)
"""Shares of the texts beyond which a unit is of rarity 0, 1, 2; the others are of rarity 3."""


def choose_pieces(texts: Sequence[str], others: Iterable[str]) -> tuple[list[str], dict[int, int]]:
    """Tell the pieces, and the rarity of each unit that is not of the rarest, by its key.

    ``others`` are sentences: they have characters and words like texts, but their number says
    nothing of how rare a unit is in one.
    """
    characters: Counter[str] = Counter()
    words: Counter[str] = Counter()
    holding: Counter[int] = Counter()  # texts
    for text in texts:
        units = Counter(UNIT.findall(text))
        _count(units, characters, words)
        holding.update({key_of(unit) for unit in units})
    for text in others:
        _count(Counter(UNIT.findall(text)), characters, words)
    order = sorted(characters, key=lambda char: (-characters[char], char))
    kept = [char for char in order[:_CHARACTERS] if characters[char] >= _SEEN]
    known = set(kept)
    pieces = [piece for piece in _word_pieces(words) if piece not in known]
    rarity = {
        key: sum(count <= share * len(texts) for share in _RARITY)
        for key, count in sorted(holding.items())
        if count > _RARITY[-1] * len(texts)
    }
    return [*kept, *pieces], rarity


def _count(units: Counter[str], characters: Counter[str], words: Counter[str]) -> None:
    for unit, count in units.items():
        (words if len(unit) > 1 else characters)[unit] += count


def _word_pieces(words: Counter[str]) -> list[str]:
    """WordPiece by the tokenizers library."""
    from tokenizers import Tokenizer
    from tokenizers.models import WordPiece
    from tokenizers.pre_tokenizers import Whitespace
    from tokenizers.trainers import WordPieceTrainer

    unknown = "[UNK]"
    tokenizer = Tokenizer(WordPiece(unk_token=unknown))
    tokenizer.pre_tokenizer = Whitespace()
    trainer = WordPieceTrainer(
        vocab_size=_WORD_PIECES, special_tokens=[unknown], show_progress=False
    )
    tokenizer.train_from_iterator(
        (
            " ".join([word] * min(count, _COUNTED))
            for word, count in sorted(words.items())
            if count > _SEEN
        ),
        trainer,
    )
    return sorted(piece for piece in tokenizer.get_vocab() if piece != unknown)
