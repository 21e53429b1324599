"""What a text is about: additive evidence of its words' skeletons, learnt from the phrases.

A complement naive Bayes over words, skeletons and pairs of skeletons. Words that no phrase holds count
against being sure, so that a text about something else is "not sure" rather than the nearest subject.
"""

import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import pairwise

from bot.understand.normalise import loose
from bot.understand.skeleton import skeleton

SMOOTHING = 0.3
SHARPNESS = 1.1
UNKNOWN_WEIGHT = 0.8
"""How much a word that no phrase holds takes from confidence, against a known word."""


@dataclass(frozen=True, slots=True)
class Model:
    """Evidence of each feature for each intent, in the order of `intents`."""

    intents: tuple[str, ...]
    weights: Mapping[str, tuple[float, ...]]
    informative: Mapping[str, float]
    """Skeleton -> how telling it is, 0 to 1."""


def features(text: str) -> tuple[list[str], list[str]]:
    """The features of a loosely normalised text, and the skeletons of its words."""
    words = [word for word in text.split() if not (word.isdecimal() and len(word) > 4)]
    bones = [bone for bone in map(skeleton, words) if bone]
    pairs = [f"{one}_{two}" for one, two in pairwise(bones)]
    named = [f"w:{word}" for word in words] + bones + pairs
    # Saying a word four times says it no more clearly.
    return list(dict.fromkeys(named)), list(dict.fromkeys(bones))


def train(examples: Iterable[tuple[str, str]]) -> Model:
    """Learn from (intent, phrase) pairs."""
    counts: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for intent, text in examples:
        counts[intent].update(set(features(loose(text))[0]))
    intents = tuple(sorted(counts))
    overall: Counter[str] = Counter()
    for counted in counts.values():
        overall.update(counted)
    size = len(overall)
    totals = {intent: sum(counts[intent].values()) for intent in intents}
    everything = sum(totals.values())
    weights = {}
    for feature, all_of_it in overall.items():
        row = []
        for intent in intents:
            inside = (counts[intent][feature] + SMOOTHING) / (totals[intent] + SMOOTHING * size)
            outside = (all_of_it - counts[intent][feature] + SMOOTHING) / (
                everything - totals[intent] + SMOOTHING * size
            )
            row.append(math.log(inside / outside))
        weights[feature] = tuple(row)
    return Model(intents, weights, _informative(counts, overall, len(intents)))


def judge(model: Model, text: str) -> list[tuple[str, float]]:
    """Intents with their probability, likeliest first; empty where no word is known."""
    named, bones = features(text)
    known = [model.weights[name] for name in named if name in model.weights]
    if not known:
        return []
    reach = 1 / math.sqrt(len(named))
    scores = [sum(column) * reach * SHARPNESS for column in zip(*known, strict=True)]
    top = max(scores)
    odds = [math.exp(score - top) for score in scores]
    doubt = _coverage(model, bones) / sum(odds)
    ranked = sorted(zip(model.intents, odds, strict=True), key=lambda pair: -pair[1])
    return [(intent, odd * doubt) for intent, odd in ranked[:4]]


def _coverage(model: Model, bones: list[str]) -> float:
    known = sum(model.informative.get(bone, 0.0) for bone in bones)
    unknown = sum(UNKNOWN_WEIGHT for bone in bones if bone not in model.informative)
    return known / (known + unknown) if known else 0.0


def _informative(counts: Mapping[str, Counter[str]], overall: Counter[str], intents: int) -> dict[str, float]:
    found = {}
    for feature, all_of_it in overall.items():
        if ":" in feature or "_" in feature:
            continue
        shares = [counted[feature] / all_of_it for counted in counts.values() if counted[feature]]
        entropy = -sum(share * math.log(share) for share in shares)
        found[feature] = max(0.1, 1 - entropy / math.log(intents))
    return found
