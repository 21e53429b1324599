"""Fits the linear models: the same phrases give the same weights, on any machine with this library."""

from collections.abc import Sequence
from dataclasses import dataclass
from random import Random
from typing import Any

import numpy as np
from joblib import Parallel, delayed
from numpy.typing import NDArray
from scipy.sparse import csr_matrix
from sklearn.linear_model import LogisticRegression

from bot.understand.features import Hashes, pieces
from bot.understand.linear import Linear, rows, weighed
from bot.understand.normalise import loose, strict
from services.learning.noise import misspelt

SEED = 8171
FOLDS = 3
NOTHING = ""
ROUGH = 0.2
"""How far a fit may stop from its best. A hundredth of it takes three times as long and is no better."""

STEPS = 127
"""Weights are whole numbers of at most this size."""


@dataclass(frozen=True, slots=True)
class Example:
    """A text and what it is: `NOTHING` speaks against every label. `group` keeps together what must not be
    both learnt from and tested on."""

    label: str
    text: str
    group: int = 0


@dataclass(frozen=True, slots=True)
class Recipe:
    """How one model is fitted: rows of its table, strength of its fit, and which pieces it reads."""

    rows: int
    strength: float
    marks: bool


MEANING = Recipe(rows=1 << 17, strength=30.0, marks=False)
LANGUAGE = Recipe(rows=1 << 16, strength=10.0, marks=True)


def read(text: str, recipe: Recipe) -> tuple[Hashes, Hashes]:
    """What a model of this recipe sees of a text."""
    found = pieces(loose(text), strict(text))
    return found.grams, found.marks if recipe.marks else found.words


def table(texts: Sequence[str], recipe: Recipe, worth: NDArray[np.float16]) -> csr_matrix:
    """A row for each text, scaled to length 1 as `Linear.scores` scales it."""
    places, values, ends = [], [], [0]
    for text in texts:
        grams, words = read(text, recipe)
        found = rows(grams, words, recipe.rows)
        told, size = weighed(found, len(words), worth)
        places.append(found)
        values.append(told / max(size, np.float32(1e-6)))
        ends.append(ends[-1] + len(found))
    made = csr_matrix(
        (np.concatenate(values).astype(np.float64), np.concatenate(places).astype(np.int32), ends),
        shape=(len(texts), recipe.rows),
    )
    made.sum_duplicates()
    return made


def rarity(texts: Sequence[str], recipe: Recipe) -> NDArray[np.float16]:
    """How telling each row is: the less texts have it, the more."""
    having = np.zeros(recipe.rows)
    for text in texts:
        having[np.unique(rows(*read(text, recipe), recipe.rows))] += 1
    return (np.log((1 + len(texts)) / (1 + having)) + 1).astype(np.float16)


def fit(
    examples: Sequence[Example], recipe: Recipe, *, copies: int, calibrated_on: Sequence[Example]
) -> Linear:
    """Weights and calibration. `copies` are noisy ones of each example, to learn from beside it."""
    labels = tuple(sorted({example.label for example in examples} - {NOTHING}))
    slope, offset = calibration(calibrated_on, recipe, labels, copies)
    return _fitted(examples, recipe, labels, copies).calibrated(slope, offset)


def calibration(
    examples: Sequence[Example], recipe: Recipe, labels: tuple[str, ...], copies: int
) -> tuple[float, float]:
    """Slope and offset that turn the score of a label into the log-odds that it is right.

    Learnt on a third of the examples, by weights that were fitted without it.
    """
    known = [example for example in examples if example.group % FOLDS]
    unseen = [example for example in examples if not example.group % FOLDS]
    model = _fitted(known, recipe, labels, copies)
    scores = [model.scores(*read(example.text, recipe)) for example in unseen]
    truths = [[label == example.label for label in labels] for example in unseen]
    judge: Any = LogisticRegression(C=1e6)
    judge.fit(np.concatenate(scores).reshape(-1, 1), np.concatenate(truths))
    return float(judge.coef_[0, 0]), float(judge.intercept_[0])


def _fitted(examples: Sequence[Example], recipe: Recipe, labels: tuple[str, ...], copies: int) -> Linear:
    chance = Random(SEED)
    texts = [example.text for example in examples]
    texts += [misspelt(example.text, chance) for _ in range(copies) for example in examples]
    given = np.array([example.label for example in examples] * (1 + copies))
    worth = rarity(texts[: len(examples)], recipe)
    seen = table(texts, recipe, worth)
    found = Parallel(n_jobs=-1)(delayed(_against_all)(seen, given == label, recipe) for label in labels)
    weights, bias = np.array([weights for weights, _ in found]).T, np.array([bias for _, bias in found])
    return _model(labels, weights, bias, worth)


def _against_all(
    seen: csr_matrix, truth: NDArray[np.bool_], recipe: Recipe
) -> tuple[NDArray[np.float64], float]:
    one: Any = LogisticRegression(
        C=recipe.strength, solver="liblinear", dual=True, max_iter=200, tol=ROUGH, random_state=SEED
    )
    one.fit(seen, truth)
    return one.coef_[0], one.intercept_[0]


def _model(
    labels: tuple[str, ...],
    weights: NDArray[np.float64],
    bias: NDArray[np.float64],
    worth: NDArray[np.float16],
) -> Linear:
    largest = np.abs(weights).max(axis=0)
    scale = np.where(largest > 0, largest / STEPS, 1.0)
    whole = np.ascontiguousarray(np.clip(np.rint(weights / scale), -STEPS, STEPS), np.int8)
    return Linear(labels, whole, scale.astype(np.float32), bias.astype(np.float32), worth)
