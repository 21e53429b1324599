"""Facts of the home that a number tells: five acres, three killas, a score of 28."""

from collections.abc import Sequence

from bot.messages import Json
from bot.understand.money import NumberWords
from bot.understand.names import Names

AWAY = {"land_acres": 1, "poverty_score": 4}
"""Fact -> words that may stand from its number to its own word: "5 acres", "my score came to 28"."""

MOST = {"land_acres": 1000, "poverty_score": 100}
"""Larger numbers are something else: rupees, years."""

COMPARED = ("measure", "compared")


def measures(tokens: Sequence[str], names: Names, numbers: NumberWords) -> dict[str, Json]:
    """Slots `fact.<fact>`: numbers beside a word that the names know as a `measure`."""
    found: dict[str, Json] = {}
    for place, token in enumerate(tokens):
        for slot, meant in names.exact.get(token, ()):
            fact, _, worth = str(meant).partition(" ")
            if slot != "measure" or fact not in AWAY:
                continue
            number = _beside(tokens, place, AWAY[fact], names, numbers)
            told = number * float(worth) if number is not None else None
            if told is not None and told <= MOST[fact]:
                found.setdefault(f"fact.{fact}", int(told) if told == int(told) else told)
    return found


def _beside(tokens: Sequence[str], place: int, away: int, names: Names, numbers: NumberWords) -> float | None:
    """The nearest number, what stands before rather than what stands after."""
    for step in range(1, away + 1):
        for at in (place - step, place + step):
            if 0 <= at < len(tokens) and (number := _number(tokens, at, names, numbers)) is not None:
                return number
    return None


def _number(tokens: Sequence[str], at: int, names: Names, numbers: NumberWords) -> float | None:
    token, after = tokens[at], tokens[at + 1 : at + 2]
    around = (*tokens[max(0, at - 1) : at], *after)
    if not names.leaving.isdisjoint(after) or any(COMPARED in names.exact.get(word, ()) for word in around):
        return None  # a limit that something is compared with
    if token.isdecimal():
        # "2.5" is read as two numbers, and neither of them is it.
        return None if any(word.isdecimal() for word in around) else float(token)
    role, value = numbers.common.get(token, ("", 0.0))
    return value if role == "unit" else None
