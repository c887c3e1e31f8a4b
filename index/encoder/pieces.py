"""Cut texts into the pieces of a Unigram vocabulary, fast.

In: texts. Out: the numbers of their pieces, the same that a ``tokenizer.json`` of this vocabulary
gives, some seven times as fast (docs/decisions/0006-encoder.md). sentencepiece finds the likeliest
cut; folding, and parting as the vocabulary needs it, are done here.
"""

import re
import struct
import unicodedata
from collections.abc import Iterable, Sequence

from index.fold import fold

__all__ = ["PARTS", "Cutter", "fold_character", "sentencepiece_model"]

PARTS = "[0-9]+|[a-zß-ɏ\u0300-\u036fḀ-ỿ]+"
"""Runs of folded text that are parted from their neighbours: numbers, words of Latin letters."""

_PARTS = re.compile(PARTS)

_MANY_CHARS = 50_000  # to cut at once, from which on more than one thread is worth it

_SURROGATE = re.compile("[\ud800-\udfff]")


def fold_character(char: str) -> str:
    """Fold a character as the vocabulary sees it.

    Letters and digits fold as ``index.fold`` has it. Punctuation, symbols, controls and white
    space become a blank: they part words and carry no meaning of their own in a mean of vectors.
    """
    if unicodedata.category(char) in ("Cs", "Cn", "Co"):
        return char
    folded = fold(char)
    return " " if unicodedata.category(folded)[0] in "PSZC" else folded


class _Table(dict[int, str]):
    """Code point → folded character, filled when a character is first met."""

    def __missing__(self, code: int) -> str:
        folded = self[code] = fold_character(chr(code))
        return folded


_TABLE = _Table()


class Cutter:
    """A vocabulary, ready to cut. Safe to share by threads."""

    def __init__(self, model: bytes) -> None:
        """Load what ``sentencepiece_model`` wrote; raises RuntimeError for anything else."""
        import sentencepiece

        self._model = sentencepiece.SentencePieceProcessor(model_proto=model)

    def __len__(self) -> int:
        """How many pieces there are."""
        return int(self._model.get_piece_size())

    def number_of(self, piece: str) -> int:
        """Tell the number of a piece; an unknown one has the number 0."""
        return int(self._model.piece_to_id(piece))

    def cut(self, texts: Sequence[str]) -> list[list[int]]:
        """Cut each text; a blank text has no pieces.

        Half a surrogate pair, which UTF-8 cannot hold, counts as an unknown character.
        """
        parted = [_parted(text) for text in texts]
        if sum(map(len, parted)) < _MANY_CHARS:
            # One by one: a list starts threads, which takes longer than cutting some pages.
            return [self._model.encode(text) for text in parted]
        pieces: list[list[int]] = self._model.encode(parted, num_threads=-1)
        return pieces


def _parted(text: str) -> str:
    folded = _SURROGATE.sub("\ufffd", text).translate(_TABLE)
    return " ".join(_PARTS.sub(r" \g<0> ", folded).split())


def sentencepiece_model(pieces: Iterable[tuple[str, float]]) -> bytes:
    """Write a vocabulary as a sentencepiece model; the first piece is the unknown one.

    The message is ``ModelProto`` of https://github.com/google/sentencepiece
    (src/sentencepiece_model.proto): pieces, then that it is a Unigram model without control pieces,
    then that the text arrives normalised.
    """
    parts = []
    for number, (piece, score) in enumerate(pieces):
        kind = 2 if number == 0 else 1  # unknown, normal
        fields = _bytes(1, piece.encode()) + _float(2, score) + _integer(3, kind)
        parts.append(_bytes(1, fields))
    absent = -1  # of the begin, the end and the padding of a sentence
    parts.append(_bytes(2, _integer(3, 1) + b"".join(_integer(n, absent) for n in (41, 42, 43))))
    # No normalisation; a blank becomes the mark, and one stands before the text.
    settings = _integer(3, 1) + _integer(4, 1) + _integer(5, 1)
    parts.append(_bytes(3, _bytes(1, b"identity") + settings))
    return b"".join(parts)


def _varint(value: int) -> bytes:
    value &= (1 << 64) - 1
    out = bytearray()
    while value > 127:
        out.append(value & 127 | 128)
        value >>= 7
    return bytes([*out, value])


def _integer(field: int, value: int) -> bytes:
    return _varint(field << 3) + _varint(value)


def _float(field: int, value: float) -> bytes:
    return _varint(field << 3 | 5) + struct.pack("<f", value)


def _bytes(field: int, value: bytes) -> bytes:
    return _varint(field << 3 | 2) + _varint(len(value)) + value
