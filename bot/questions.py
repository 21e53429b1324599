"""How a question about the home is asked, and its answer taken. Which question, the rules decide elsewhere.

A question is the data that `eligibility.next` gives: `fact`, `kind` (yes_no, number, choice), of numbers
`low`, `high`, `whole` and perhaps `bands` to choose from; perhaps `args`, which its text names.
"""

import re
from collections.abc import Mapping

from bot.messages import Choice, Event, Heard, Json
from bot.understand.normalise import plain

DONT_KNOW, WONT_SAY = "?", "-"
"""What is kept as the value of a fact that somebody does not know, or will not tell."""

SILENCE = {"dont_know": DONT_KNOW, "wont_say": WONT_SAY}

FACT = "fact."
"""Slots of what somebody says about the home without being asked."""

BAND = "band"
THOUSAND = 1000

_NUMBER = re.compile(r"\d+(?:\.\d+)?")


def volunteered(event: Event) -> dict[str, Json]:
    """Facts of the home that a text tells by the way: that there is a widow, where it is."""
    if not isinstance(event, Heard):
        return {}
    said = {name.removeprefix(FACT): value for name, value in event.slots.items() if name.startswith(FACT)}
    place = event.slots.get("province") or event.slots.get("district")
    return {**said, "province": place} if place else said


def choices_of(question: Mapping[str, Json]) -> tuple[tuple[Choice, ...], tuple[str, ...]]:
    """What may be picked, and what else is waited for."""
    dont_know = Choice("dont_know", "fit.dont_know")
    match question:
        case {"kind": "yes_no"}:
            return (Choice("yes", "fit.yes"), Choice("no", "fit.no"), dont_know), ("yes_no", "dont_know")
        case {"kind": "number", "bands": [_, *_] as bands}:
            named = tuple(_band(number, low, high, question) for number, (low, high) in enumerate(bands))
            return (*named, dont_know), ("amount", "dont_know")
        case {"kind": "number"}:
            return (), ("amount", "dont_know")  # numbered lines would stand in the way of small numbers
    return (), ("province", "district", "dont_know")


def value_of(question: Mapping[str, Json], event: Event) -> Json:
    """The fact as it was said, None where the answer cannot be taken."""
    if not isinstance(event, Heard):
        return None
    choice = event.slots.get("choice")
    silent = SILENCE.get(str(choice)) or SILENCE.get(str(event.intent))
    if silent:
        return silent
    if question["kind"] == "yes_no":
        own = event.slots.get(FACT + str(question["fact"]))
        return own if isinstance(own, bool) else {"yes": True, "no": False}.get(str(choice or event.intent))
    if question["kind"] == "number":
        if choice and str(choice).startswith(BAND):
            low, high = question["bands"][int(str(choice).removeprefix(BAND))]
            return {"low": low, "high": high}
        return _number(question, event)
    return event.slots.get("province") or event.slots.get("district")


def _band(number: int, low: float, high: float, question: Mapping[str, Json]) -> Choice:
    """A band by the round numbers beside its ends: nobody earns 149,999."""
    id, over, under = f"{BAND}{number}", _round(low - 1), _round(high + 1)
    if low <= question["low"]:
        return Choice(id, f"fit.band.{'below' if under else 'at_most'}", {"n": under or high})
    if high >= question["high"]:
        return Choice(id, f"fit.band.{'above' if over else 'at_least'}", {"n": over or low})
    return Choice(id, "fit.band.between", {"low": over or low, "high": under or high})


def _round(number: float) -> float | None:
    return None if number % THOUSAND else number


def _number(question: Mapping[str, Json], heard: Heard) -> Json:
    amount = heard.slots.get("amount")
    if amount is None:
        found = _NUMBER.search(plain(heard.text))
        amount = float(found[0]) if found else 0 if heard.intent == "no" else None
    if amount is None or not question["low"] <= amount <= question["high"]:
        return None
    return int(amount) if question["whole"] or amount == int(amount) else amount
