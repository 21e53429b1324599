"""What the linear models see of a text: hashed pieces of it.

Letter n-grams inside words survive misspelling; words and their consonant skeletons (one key for a word's
many Roman spellings and its Arabic script) carry meaning between scripts. A piece is a number, by a hash
that is the same on every machine; a model takes of it as many bits as it has rows for.
"""

import zlib
from functools import lru_cache
from itertools import pairwise
from typing import NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from bot.understand.skeleton import skeleton

Hashes: TypeAlias = NDArray[np.uint32]

LONGEST_GRAM = 5

KEPT = 8192
"""Words whose pieces are remembered."""

_STEP, _SPREAD = np.uint32(0x01000193), np.uint32(0x85EBCA6B)
_GOLDEN, _BITS = 0x9E3779B1, 0xFFFFFFFF
"""Multiplied by this, the first bits of a hash depend on all of it."""

_LONG_NUMBER, _AMOUNT_DIGITS = 8, 3
_NO_GRAMS = np.zeros(0, np.uint32)
_ARABIC = "\u0600"


class Pieces(NamedTuple):
    """Hashes of one text's pieces."""

    grams: Hashes
    """Letters in a row inside a loosely normalised word, one to five."""
    words: Hashes
    """Words, skeletons and pairs of neighbouring skeletons: what carries meaning."""
    marks: Hashes
    """Words and letters as strictly normalised: what tells a language from its neighbours."""


def pieces(loosely: str, strictly: str) -> Pieces:
    """The pieces of a text that was normalised at both levels."""
    seen = [_seen(word) for word in _masked(loosely)]
    bones = [one.bone for one in seen if one.bone]
    words = [one.hash for one in seen]
    words += [one.bone_hash for one in seen if one.bone]
    words += [_named("p", f"{one} {two}") for one, two in pairwise(bones)]
    marks = [_mark(word) for word in strictly.split() if not word.isdecimal()]
    if not strictly.isascii():
        marks += [_mark(letter) for letter in dict.fromkeys(strictly) if letter >= _ARABIC]
    grams = np.concatenate([one.grams for one in seen]) if seen else _NO_GRAMS
    return Pieces(grams, np.array(words, np.uint32), np.array(marks, np.uint32))


class _Seen(NamedTuple):
    """What is known of one word, kept because people use few."""

    grams: Hashes
    hash: int
    bone: str
    bone_hash: int


@lru_cache(maxsize=KEPT)
def _seen(word: str) -> _Seen:
    bone = skeleton(word)
    return _Seen(_grams(word), _named("w", word), bone, _named("s", bone))


def _masked(text: str) -> list[str]:
    """Words, with numbers by their kind: which number it is does not matter to meaning."""
    return [_number(word) if word.isdecimal() else word for word in text.split()]


def _number(digits: str) -> str:
    if len(digits) > _LONG_NUMBER:
        return "000000000"
    return "000" if len(digits) >= _AMOUNT_DIGITS else "0"


@lru_cache(maxsize=KEPT)
def _mark(mark: str) -> int:
    return _named("m", mark)


def _named(kind: str, name: str) -> int:
    return zlib.crc32(f"{kind}{name}".encode()) * _GOLDEN & _BITS


def _grams(word: str) -> Hashes:
    """Hashes of all n-grams of a word with the space before and after it, but for the spaces alone."""
    letters = np.frombuffer(f" {word} ".encode("utf-32-le"), dtype=np.uint32)
    spread = letters * _SPREAD
    found = [spread[1:-1]]
    rolling = spread
    for size in range(2, min(LONGEST_GRAM, len(letters)) + 1):
        rolling = rolling[:-1] * _STEP + spread[size - 1 :]
        found.append(rolling)
    return np.concatenate(found) * np.uint32(_GOLDEN)
