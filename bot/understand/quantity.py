"""The plain number that answers a question, and the years of an age: which of the two a number is."""

import re
from collections.abc import Mapping, Sequence, Set
from itertools import zip_longest

from bot.messages import Json
from bot.understand.money import NumberWords
from bot.understand.normalise import loose
from bot.understand.skeleton import spelt_or_bare

FEW = 3
"""Words of a text whose number is the answer, whatever stands beside it."""

AGED = 5
"""Words of a text whose number of years is the age of the one who was asked about."""

_NUMBER = re.compile(r"(?<![\w.,-])-?\d[\d,]*(?:\.\d+)?")


def quantities(
    text: str,
    words: Sequence[str],
    *,
    units: Mapping[str, str],
    own: NumberWords,
    language: str,
    about: Set[str],
    other: Set[str],
    of_age: bool,
) -> tuple[dict[str, Json], set[float]]:
    """Slots `number` (how many) and `years` (how old) of a plain text, and its numbers of anything else.

    `words` are the text's loose ones.

    In a long text only a number beside a word of `about` counts: "5 acres", but not "8 children"; in none
    one beside a word of `other`, which are units that were not asked for. `of_age`: the text speaks of an
    age, so that a number without a unit is one, too.
    """
    found: dict[str, Json] = {}
    others: set[float] = set()
    for one in _NUMBER.finditer(text):
        value = float(one[0].replace(",", ""))
        after = loose(text[one.end() :].lstrip()[:24]).partition(" ")[0]
        unit = units.get(after, "year" if of_age else "")
        elsewhere = bool(unit) or not other.isdisjoint(spelt_or_bare(after))
        if elsewhere or value < 0:
            others.add(abs(value))
        if unit == "year" and len(words) <= AGED:
            found.setdefault("years", value)
        if not elsewhere and _counts(words, after, about):
            found.setdefault("number", value)
    if found or any(word.isdecimal() for word in words):
        return found, others
    only = own.only.get(language, {})
    for word, after in zip_longest(words, words[1:], fillvalue=""):
        role, value = own.common.get(word) or only.get(word, ("", 0.0))
        if role == "unit" and _counts(words, after, about):
            return {"number": value}, others
    return found, others


def _counts(words: Sequence[str], after: str, about: Set[str]) -> bool:
    return len(words) <= FEW or not about.isdisjoint(spelt_or_bare(after))
