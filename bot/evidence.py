"""What may be asked about a complaint, one thing a message, and how its answer is taken."""

from collections.abc import Mapping
from dataclasses import dataclass

from bot.messages import Choice, Event, Heard, Json
from bot.questions import SILENCE

LONGEST_BARE_CNIC = 20
"""Characters: a text no longer than this that holds a CNIC holds no story."""

FEW_WORDS = 4
"""A longer answer to a question for a number or a name says more than that: its words are kept too."""

SKIPPED = "?"
"""What stands for an answer that somebody does not have or will not give."""

BY_THE_WAY = ("amount", "district", "cnic", "phone", "date")
"""What any answer may tell beside what was asked."""

NOT_SURE = Choice("dont_know", "fit.dont_know")


@dataclass(frozen=True, slots=True)
class Field:
    """One thing to ask: the text of the question, the slot that answers it, perhaps choices.

    `like` are intents that its answers sound like: "at the shop, since March" is no question for a shop.
    """

    key: str
    slot: str = "text"
    choices: tuple[Choice, ...] = ()
    like: tuple[str, ...] = ()


PLACES = ("payment_point_location", "payment_status")
RECORDS = ("document_problem", "update_details", "registration_survey", "eligibility_check", "payment_status")

FIELDS: Mapping[str, Field] = {
    "amount": Field("complaint.how_much", "amount"),
    "where": Field("complaint.where", like=PLACES),
    "what": Field("complaint.what_staff"),
    "why": Field("complaint.why_appeal"),
    "since": Field("complaint.ask.since", like=PLACES),
    "receipt": Field(
        "complaint.ask.receipt", "yes_no", (Choice("yes", "fit.yes"), Choice("no", "fit.no"), NOT_SURE)
    ),
    "district": Field("complaint.ask.district", "district"),
    "cnic": Field("complaint.ask.cnic", "cnic"),
    "wallet": Field("complaint.ask.wallet", like=RECORDS),
    "child": Field("complaint.ask.child", like=RECORDS),
    "wrong": Field("complaint.ask.wrong", like=RECORDS),
    "death": Field("complaint.ask.death", like=RECORDS),
    "sender": Field("complaint.ask.sender", like=("scam_check",)),
}
"""Evidence, as the categories of complaints name it."""


def expected(name: str, *, required: bool) -> tuple[str, ...]:
    """What the question for this waits for: its slot, its like, and being skipped unless it is required."""
    field = FIELDS[name]
    return (field.slot, *field.like) if required else (field.slot, *field.like, "dont_know")


def taken(name: str, event: Event) -> Json:
    """The answer as it was meant; SKIPPED, or None where it is none."""
    if not isinstance(event, Heard):
        return None
    said = str(event.slots.get("choice") or event.intent or "")
    if said in SILENCE:
        return SKIPPED
    slot = FIELDS[name].slot
    if slot == "yes_no":
        return {"yes": True, "no": False}.get(said)
    if slot == "text" and said == "no" and event.confidence == 1.0:  # nothing to say
        return SKIPPED
    if slot == "text" and event.slots.get("cnic") and len(event.text) <= LONGEST_BARE_CNIC:
        return None
    if slot == "text" and (
        (said == "yes" and event.confidence == 1.0) or not any(map(str.isalpha, event.text))
    ):
        return None  # a bare yes or number is nobody's story
    return event.slots.get(slot)


def told(event: Event) -> dict[str, Json]:
    """What a text tells by the way."""
    if not isinstance(event, Heard):
        return {}
    return {name: event.slots[name] for name in BY_THE_WAY if event.slots.get(name)}
