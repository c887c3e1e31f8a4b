"""Write the folding of ``pieces`` as a normaliser that a ``tokenizer.json`` can carry.

In: a mapping of single characters. Out: a ``Precompiled`` normaliser of the tokenizers library,
which looks characters up in a double-array trie: one pass over the text, in Rust. (A chain of
``Replace`` steps would be one pass for each of some ten thousand characters.)

The format is sentencepiece's: the length of the trie in bytes, the trie in the units of
darts-clone (https://github.com/s-yata/darts-clone), then the replacements, each ended by a zero.
"""

import struct
import sys
from collections.abc import Mapping
from typing import Any

import numpy as np
from tokenizers import normalizers

from index.encoder.pieces import fold_character

__all__ = ["fold_normalizer", "folded_characters"]

_HAS_LEAF = 1 << 8
_LEAF = 1 << 31

_TRIED = 16  # blocks, the last ones, that are searched for room; those before are nearly full


def folded_characters() -> dict[str, str]:
    """Map every character that ``fold_character`` changes."""
    characters = map(chr, range(1, sys.maxunicode + 1))
    return {char: folded for char in characters if (folded := fold_character(char)) != char}


def fold_normalizer(mapping: Mapping[str, str]) -> normalizers.Normalizer:
    """Build the normaliser that replaces each key, a single character, by its value."""
    normalizer: normalizers.Normalizer = normalizers.Precompiled(_charsmap(mapping))
    return normalizer


def _charsmap(mapping: Mapping[str, str]) -> bytes:
    replacements = bytearray()
    places: dict[str, int] = {}
    for folded in mapping.values():
        if folded not in places:
            places[folded] = len(replacements)
            replacements += folded.encode() + b"\0"
    trie = _double_array({char.encode(): places[folded] for char, folded in mapping.items()})
    return struct.pack("<I", 4 * len(trie)) + struct.pack(f"<{len(trie)}I", *trie) + replacements


_Node = dict[int, Any]  # byte → node, or the value of a key under byte 0


def _double_array(keys: Mapping[bytes, int]) -> list[int]:
    """Lay out a trie so that the child by byte ``c`` of a node with base ``b`` is at ``b ^ c``.

    A key's value is a leaf by byte 0. A node's children share one block of 256 units, because
    ``^ c`` changes the low eight bits only; a block is filled first fit.
    """
    root: _Node = {}
    for key, value in keys.items():
        node = root
        for byte in key:
            child = node.setdefault(byte, {})
            assert isinstance(child, dict)  # byte 0, the only leaf, occurs in no key
            node = child
        node[0] = value

    units = np.zeros(256, dtype=np.int64)
    taken = np.arange(256) == 0  # by the root
    bases = np.zeros(256, dtype=bool)  # of two nodes with one base, each would own all children
    pending: list[tuple[int, _Node]] = [(0, root)]
    while pending:
        place, node = pending.pop()
        labels = np.fromiter(node, dtype=np.int64)
        base = -1
        for block in range(max(0, len(units) - 256 * _TRIED), len(units), 256):
            tried = np.arange(block, block + 256)
            free = ~bases[tried] & ~taken[tried[:, None] ^ labels].any(axis=1)
            if free.any():
                base = block + int(free.argmax())
                break
        else:
            base = len(units)
            units = np.append(units, np.zeros(256, dtype=np.int64))
            taken = np.append(taken, np.zeros(256, dtype=bool))
            bases = np.append(bases, np.zeros(256, dtype=bool))
        bases[base] = True
        taken[base ^ labels] = True
        offset = place ^ base
        assert offset < 1 << 21  # the longest that a unit holds unscaled
        units[place] |= offset << 10
        if 0 in node:
            units[place] |= _HAS_LEAF
        for byte, child in node.items():
            if isinstance(child, int):
                units[base ^ byte] = child | _LEAF
            else:
                units[base ^ byte] = byte
                pending.append((base ^ byte, child))
    return [int(unit) for unit in units]
