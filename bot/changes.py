"""How a change in the home is asked about, what an answer to it is, and how all of it is read back.

A field is the data that `update.fields` gives: its `name`, what it `takes` (phone, place, date, words, who,
option, number), whether it is `needed`, and the `options` to pick from. What was said of it is kept as
`how` and `value`: the text `update.value.` + how shows the value, as a date, a place, or in the person's
own words.
"""

import re
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import TypeAlias

from bot.messages import Choice, Event, Heard, Json, Say

Field: TypeAlias = Mapping[str, Json]
Said: TypeAlias = dict[str, Json]

CNIC: Field = {"name": "cnic", "takes": "number"}
"""Whose record it is: asked last, and only once."""

UNKNOWN: Said = {"how": "unknown", "value": None}

WORDS = frozenset({"place", "date", "words", "who"})
"""What may also be said in one's own words, which are kept as they are."""

EXPECTS: Mapping[str, tuple[str, ...]] = {
    "phone": ("phone", "dont_know"),
    "place": ("district", "words", "dont_know"),
    "date": ("date", "words", "dont_know"),
    "words": ("words", "dont_know"),
    "who": ("words", "dont_know"),
    "option": ("choice", "dont_know"),
    "number": ("cnic", "yes_no", "dont_know"),
}
"""Slots that the question for a field waits for."""

SILENT = frozenset({"no", "dont_know", "wont_say"})
CERTAIN = 0.75
"""From this confidence on "I do not have it" is that, and not somebody's name."""

KIN = frozenset({"mother", "father", "wife", "husband", "sister", "brother", "son", "daughter"})
"""Persons of a text who are taken as the one that it is about."""

SHOWN, LINE = 70, 14
"""Characters that the answers of one message may take, and about how many a day or a number does: the rest is
for a person's own words."""

LAST, DOTS = 4, "..."
YES_NO = (Choice("yes", "fit.yes"), Choice("no", "fit.no"))

_ANY = re.compile(r"\w")
_LETTER = re.compile(r"[^\W\d_]")
_NUMBER = re.compile(r"\d(?:[ -]?\d){4,}(?=(?:[ -]?\d){4})[ -]?")
"""All but the last four digits of a number of nine or more."""
_DAY = timedelta(days=1)


def question(field: Field, *, again: bool) -> Say:
    """The question for a field; `again` says it with what was wrong."""
    name, takes = field["name"], field["takes"]
    key = f"update.again.{takes}" if again and takes in ("phone", "number") else f"update.ask.{name}"
    choices = [Choice(option, f"update.choice.{option}") for option in field.get("options", ())]
    if takes == "number":
        choices.append(Choice("dont_know", f"update.none.{name}"))
    elif not field.get("needed"):
        choices.append(Choice("dont_know", "fit.dont_know"))
    return Say(key, choices=tuple(choices))


def value_of(field: Field, event: Event) -> Said | None:
    """What was said of a field, `UNKNOWN` where nothing is known, None where it must be asked again."""
    if not isinstance(event, Heard):
        return None
    slots, takes = event.slots, field["takes"]
    choice = slots.get("choice")
    if choice == "dont_know" or (event.intent in SILENT and event.confidence >= CERTAIN):
        return UNKNOWN
    if choice in field.get("options", ()):
        return {"how": "option", "value": choice}
    found = told(event).get(takes) if takes != "who" else None  # "my husband Aslam" says more than husband
    if found or takes not in WORDS:
        return found
    own = _own(str(slots.get("words") or ""))
    return own if (_ANY if takes == "date" else _LETTER).search(own["value"]) else None


def told(event: Event) -> dict[str, Said]:
    """What a text tells by the way, by what a field takes: the new number, the place, the day, who it was."""
    slots = event.slots if isinstance(event, Heard) else {}
    found: dict[str, Said] = {}
    if phone := slots.get("phone"):
        found["phone"] = {"how": "phone", "value": f"0{phone[3:6]}-{phone[6:]}"}
    if place := slots.get("district"):
        found["place"] = {"how": "place", "value": place}
    # A day without its year may be guessed as one to come: then the person's own words are better.
    if (day := slots.get("date")) and date.fromisoformat(day) <= event.at.date() + _DAY:
        found["date"] = {"how": "date", "value": day}
    if cnic := slots.get("cnic"):
        found["number"] = {"how": "number", "value": cnic}
    if (person := slots.get("person")) in KIN:
        found["who"] = {"how": "who", "value": person}
    return found


def read_back(kind: str, fields: Sequence[Field], said: Mapping[str, Said]) -> tuple[Say, ...]:
    """All that was said, in one message, and whether it is right."""
    own = sum(answer["how"] == "words" for answer in said.values())
    room = (SHOWN - LINE * (len(said) - own)) // max(own, 1)
    lines = (Say("update.line", {"field": f["name"], **_shown(said[f["name"]], room)}) for f in fields)
    return Say("update.check", {"kind": kind}), *lines, Say("update.right", choices=YES_NO)


def _own(words: str) -> Said:
    shown = "".join(letter for letter in " ".join(words.split()) if letter.isprintable())
    return {"how": "words", "value": shown}


def _shown(answer: Said, room: int) -> Said:
    how, value = answer["how"], answer["value"]
    if how == "number":
        return {"how": how, "value": value[-LAST:]}
    if how != "words":
        return answer
    shown = _NUMBER.sub(DOTS, value)
    if len(shown) > room:
        cut = shown[: room - len(DOTS)]
        shown = (cut.rpartition(" ")[0] or cut) + DOTS
    return _own(shown)
