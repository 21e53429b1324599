"""Programmes that nobody knows: a card or scheme named by a word that means nothing else here."""

from collections.abc import Sequence
from itertools import pairwise

from bot.understand.names import Names

SHORTEST = 3
HEAD = ("unknown", "head")


def names_unknown(tokens: Sequence[str], names: Names) -> bool:
    """Whether a strange word stands before "card", "scheme" and the like: "the Roti Kapra card"."""
    return any(
        HEAD in names.exact.get(token, ()) and _strange(before, names) for before, token in pairwise(tokens)
    )


def _strange(word: str, names: Names) -> bool:
    known = word in names.exact or word in names.ordinary or word in names.doubtful
    return len(word) >= SHORTEST and not known and not word.isdecimal()
