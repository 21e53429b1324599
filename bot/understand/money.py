"""Rupees said in words, in twelve languages: "sarhay tera hazar", "sawa lakh", "do hazar panch sau"."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

LEAST = 100
MOST_DIGITS = 3
"""Digits of a number that a scale word may follow: "13 hazar"."""

Role = tuple[str, float]


@dataclass(frozen=True, slots=True)
class NumberWords:
    """Word -> its role (unit, add, scale) and value; `only` are words that mean a number in one language
    and something else in others."""

    common: Mapping[str, Role]
    only: Mapping[str, Mapping[str, Role]] = field(default_factory=dict)
    joins: frozenset[str] = frozenset()
    """Words that may stand between the parts of one number: "do hazar aur paanch sau"."""
    rupees: frozenset[str] = frozenset()


def amount_in_words(words: Sequence[str], known: NumberWords, language: str | None) -> int | None:
    """The first amount of rupees that the words say, None where they say none."""
    own = known.only.get(language or "", {})
    total, unit, extra, scaled = 0.0, 0.0, 0.0, False
    counted = False
    for place, word in enumerate([*words, ""]):
        role, value = known.common.get(word) or own.get(word, ("", 0.0))
        if not role and word.isdecimal() and len(word) <= MOST_DIGITS:
            role, value = "unit", float(word)
        if role == "unit":
            # "twenty five" is a sum; "do teen hazar" is one guess or the other, not both.
            unit = unit + value if unit >= 20 and unit % 10 == 0 and value < 10 else value
            counted = True
        elif role == "add":
            extra, counted = extra + value, True
        elif role == "scale" and (counted or _alone(word, value, words[place + 1 :], known)):
            total += (unit + extra if unit else 1 + extra) * value
            unit, extra, counted, scaled = 0.0, 0.0, False, True
        elif not (word in known.joins and (counted or scaled)):
            if scaled:
                break
            total, unit, extra, counted = 0.0, 0.0, 0.0, False
    left = unit if counted and 10 <= unit < total else 0.0
    return round(total + left) if scaled and total >= LEAST else None


def _alone(word: str, value: float, after: Sequence[str], known: NumberWords) -> bool:
    """Whether a scale word without a number before it is one of its kind: "hazar kate", "zar rupai"."""
    return (word in known.common and value > LEAST) or (bool(after) and after[0] in known.rupees)
