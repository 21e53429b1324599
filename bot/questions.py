"""How a question about the home is asked, and its answer taken. Which question, the rules decide elsewhere.

A question is the data that `eligibility.next` gives: `fact`, `kind` (yes_no, number, choice), of numbers
`low`, `high`, `whole` and perhaps `bands` to choose from; perhaps `args`, which its text names.
"""

from collections.abc import Mapping

from bot.messages import Choice, Event, Heard, Json
from bot.understand.expects import HOME
from bot.understand.names import FACT

__all__ = ["HOME", "choices_of", "impossible", "value_of", "volunteered"]

DONT_KNOW, WONT_SAY = "?", "-"
"""What is kept as the value of a fact that somebody does not know, or will not tell."""

SILENCE = {"dont_know": DONT_KNOW, "wont_say": WONT_SAY}

BAND = "band"
THOUSAND = 1000

AGES = (0, 120)
"""Years that a person may have."""


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
            return (Choice("yes", "fit.yes"), Choice("no", "fit.no"), dont_know), (
                "yes_no",
                "dont_know",
                HOME,
            )
        case {"kind": "number", "bands": [_, *_] as bands}:
            named = tuple(_band(number, low, high, question) for number, (low, high) in enumerate(bands))
            return (*named, dont_know), ("amount", "dont_know", HOME)
        case {"kind": "number"}:
            return (), ("amount", "dont_know", HOME)  # numbered lines would stand in the way of small numbers
    return (), ("province", "district", "dont_know", HOME)


def value_of(question: Mapping[str, Json], event: Event) -> Json:
    """The fact as it was said, None where the answer cannot be taken."""
    if not isinstance(event, Heard):
        return None
    choice = event.slots.get("choice")
    silent = SILENCE.get(str(choice)) or SILENCE.get(str(event.intent))
    guessed = question["kind"] == "number" and event.intent == "dont_know" and _said(event) is not None
    if silent and not guessed:  # "I don't know, perhaps 5" is better than nothing
        return silent
    if question["kind"] == "yes_no":
        own = event.slots.get(FACT + str(question["fact"]))
        said = {"yes": True, "no": False}.get(str(choice or event.intent))
        return own if isinstance(own, bool) else _of_age(question, event) if said is None else said
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


def impossible(question: Mapping[str, Json], event: Event) -> tuple[float, float] | None:
    """The least and the most that is possible, where a text names a number beyond that."""
    if not isinstance(event, Heard):
        return None
    if question["kind"] == "number":
        value, low, high = _said(event), question["low"], question["high"]
    else:
        aged = "age_to" in (question.get("args") or {})
        value, (low, high) = event.slots.get("years") if aged else None, AGES
    return None if value is None or low <= value <= high else (low, high)


def _of_age(question: Mapping[str, Json], heard: Heard) -> bool | None:
    """Whether an age that somebody gives as an answer is within what was asked."""
    limits, years = question.get("args") or {}, heard.slots.get("years")
    if years is None or "age_to" not in limits or impossible(question, heard):
        return None
    if "age_from" not in limits:
        return bool(years < limits["age_to"])
    return bool(limits["age_from"] <= years <= limits["age_to"])


def _number(question: Mapping[str, Json], heard: Heard) -> Json:
    amount = _said(heard)
    if amount is None and heard.intent == "no":
        amount = 0
    if amount is None or not question["low"] <= amount <= question["high"]:
        return None
    return int(amount) if question["whole"] or amount == int(amount) else amount


def _said(heard: Heard) -> Json:
    amount = heard.slots.get("amount")
    return heard.slots.get("number") if amount is None else amount
