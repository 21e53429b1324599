"""A linear model of hashed pieces: small integers as weights, scored without any learning library."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from bot.understand.features import Hashes

WORD_WEIGHT = 2.0
"""How much a word, a skeleton or a pair of them counts against one n-gram."""

RANKED = 6
"""Labels that anybody asks for."""

_HALF = np.float32(0.5)


@dataclass(frozen=True, slots=True, eq=False)
class Linear:
    """One label against all others, for each label: `weights` has a row for each hashed piece."""

    labels: tuple[str, ...]
    weights: NDArray[np.int8]
    scale: NDArray[np.float32]
    """What one unit of a label's weights is worth, in halves of log-odds."""
    bias: NDArray[np.float32]
    worth: NDArray[np.float16]
    """How telling each row is: what hardly any text has weighs more (inverse document frequency)."""

    def judge(self, grams: Hashes, words: Hashes) -> NDArray[np.float32]:
        """Probability of each label. They may add up to less than 1: the rest is that none is right."""
        # The logistic function of the log-odds, in a form that nothing overflows.
        chances: NDArray[np.float32] = np.tanh(self.scores(grams, words)) * _HALF + _HALF
        total = float(chances.sum())
        return chances / total if total > 1 else chances

    def scores(self, grams: Hashes, words: Hashes) -> NDArray[np.float32]:
        """What speaks for each label: its bias alone where there is nothing to see."""
        places = rows(grams, words, len(self.weights))
        if not len(places):
            return self.bias
        told, size = weighed(places, len(words), self.worth)
        total: NDArray[np.float32] = told @ self.weights.take(places, axis=0).astype(np.float32)
        return total * (self.scale / size) + self.bias

    def calibrated(self, slope: float, offset: float) -> "Linear":
        """The model whose log-odds are `slope` times this one's score, and `offset`."""
        half = np.float32(slope / 2)
        return replace(self, scale=self.scale * half, bias=self.bias * half + np.float32(offset / 2))


def weighed(
    places: NDArray[np.intp], words: int, worth: NDArray[np.float16]
) -> tuple[NDArray[np.float32], np.float32]:
    """What each piece of a text counts, the last `words` of them being words, and the length of it all."""
    told = worth.take(places).astype(np.float32)
    told[len(places) - words :] *= np.float32(WORD_WEIGHT)
    return told, np.sqrt(told @ told)


def rows(grams: Hashes, words: Hashes, size: int) -> NDArray[np.intp]:
    """The rows of these pieces in a table of `size` rows, a power of two."""
    shift = np.uint32(33 - size.bit_length())
    return (np.concatenate((grams, words)) >> shift).astype(np.intp)


def ranked(labels: Sequence[str], chances: NDArray[np.float32]) -> list[tuple[str, float]]:
    """The likeliest labels with their probability, best first."""
    places = np.argsort(-chances, kind="stable")[:RANKED].tolist()
    return [(labels[place], float(chances[place])) for place in places]
