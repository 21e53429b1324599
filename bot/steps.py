"""How a topic speaks: reply and be done, ask and wait, or look something up first.

A step is a pure function `(session, event) -> Turn`. The session remembers the next one by the name
of its topic's module and of the function, so a conversation survives a restart.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import TypeAlias

from bot.messages import Call, Choice, Event, Heard, Json, Result, Say, Session, Turn

Step: TypeAlias = Callable[[Session, Event], Turn]

CNIC_ENDS = ("first", "second", "third", "fourth", "fifth", "sixth")
"""Choice ids for "which of these numbers?": a number itself never travels in a button."""

FIT = Choice("fit", "eligibility.choice.fit")
"""A few questions that need no CNIC."""

SEND_CODE = Choice("send_code", "privacy.choice.code")
SHARE_PHONE = Choice("share_phone", "privacy.share_phone")
"""A channel that can prove a phone number shows this as its own kind of button."""


def reply(session: Session, *says: Say) -> Turn:
    """Say this and close the topic. Choices stay answerable by number."""
    done = replace(session, topic=None, step=None, expects=(), choices=_ids(says), misses=0)
    return Turn(done, says)


def ask(session: Session, *says: Say, then: Step, expects: tuple[str, ...] = ()) -> Turn:
    """Say this and wait: the next message that brings one of `expects`, or a choice, goes to `then`."""
    return Turn(_towards(session, then, expects=expects, choices=_ids(says)), says)


def look_up(session: Session, name: str, *, then: Step, **args: Json) -> Turn:
    """Have the shell answer the call `name`; its `Result` goes to `then`."""
    return Turn(_towards(session, then, expects=(), choices=()), call=Call(name, args))


def unknown_programme(session: Session) -> Turn:
    """A card or scheme was named that is not known here: no papers and no office for it."""
    return reply(session, Say("programme.unknown_name", choices=(FIT,)))


def menu_of(*intents: str) -> tuple[Choice, ...]:
    """Choices that open the topics of these intents."""
    return tuple(Choice(intent, f"menu.{intent}") for intent in intents)


def slot(event: Event, name: str) -> Json:
    """What was heard for a slot, None where nothing was."""
    return event.slots.get(name) if isinstance(event, Heard) else None


def for_another(event: Event) -> bool:
    """Whether the person asks on behalf of somebody: a mother, a neighbour."""
    return slot(event, "person") not in (None, "self")


def cnic_of(session: Session, event: Event) -> str | None:
    """The one CNIC that is meant: just given, picked, or given earlier in this conversation.

    Someone else's number is never filled in from memory: it must be given.
    """
    given = given_cnic(session, event)
    if given or number_unclear(event):
        return given
    remembered = session.slots.get("cnic")
    return str(remembered) if remembered else None


def given_cnic(session: Session, event: Event) -> str | None:
    """The CNIC of this very message: written, or picked from those offered."""
    given = slot(event, "cnic")
    if given:
        return str(given)
    offered = session.slots.get("cnics") or ()
    picked = slot(event, "choice")
    place = CNIC_ENDS.index(picked) if picked in CNIC_ENDS else len(CNIC_ENDS)
    return str(offered[place]) if place < len(offered) else None


def number_unclear(event: Event) -> bool:
    """Whether a message speaks of a CNIC that must be asked for: two, a wrong one, somebody else's."""
    return bool(slot(event, "cnics") or slot(event, "cnic_wrong") or for_another(event))


def remember_cnic(session: Session, cnic: str) -> Session:
    """The session with this CNIC as the one being talked about."""
    return session.with_slots(cnic=cnic, cnics=None, no_card=None)


def ask_cnic(session: Session, event: Event, *, then: Step) -> Turn:
    """Ask for the CNIC, saying what was wrong with the one that came, if one did.

    Whoever will not give it is told what it is for and what goes without it, and is not asked again.
    """
    refused = slot(event, "refuses") or ("no" if slot(event, "no_card") else None)
    if refused == "why":
        return ask(session, Say("cnic.why", choices=(FIT,)), then=then, expects=("cnic",))
    if refused:
        return reply(session.with_slots(no_card=True), Say("cnic.why", choices=(FIT,)))
    several = slot(event, "cnics")
    if several:
        pair = tuple(several[:2])
        choices = tuple(
            Choice(end, "cnic.ending", {"last4": cnic[-4:]})
            for end, cnic in zip(CNIC_ENDS, pair, strict=False)
        )
        kept = session.with_slots(cnics=list(pair))
        return ask(kept, Say("cnic.which_of_two", choices=choices), then=then, expects=("cnic",))
    wrong = slot(event, "cnic_wrong")
    if wrong == "repeated":
        say = Say("cnic.repeated")
    elif wrong:
        say = Say("cnic.wrong_length", {"n": wrong})
    elif for_another(event):
        say = Say("cnic.ask_theirs")
    elif session.misses:
        say = Say("cnic.ask_again")
    else:
        say = Say("cnic.ask")
    return ask(session, say, then=then, expects=("cnic",))


def ask_whose(session: Session, people: Sequence[Mapping[str, Json]], *, then: Step) -> Turn:
    """Ask which of the people on this phone is meant, by first name and last digits."""
    people = people[: len(CNIC_ENDS)]
    choices = tuple(
        Choice(end, "cnic.person", person) for end, person in zip(CNIC_ENDS, people, strict=False)
    )
    kept = session.with_slots(cnics=[person["cnic"] for person in people])
    return ask(kept, Say("cnic.whose", choices=choices), then=then, expects=("cnic",))


def withheld(session: Session, result: Result, *, then: Step) -> Turn:
    """The one neutral sentence: the same for no such CNIC, not yours and not eligible.

    Who asked about too many numbers today is told just that. Where the channel can prove the person's phone
    number, that is offered and `then` tries again.
    """
    if result.data.get("closed"):  # nothing was looked up, so no word about the number
        return reply(session.with_slots(cnic=None), Say("privacy.too_many"))
    if result.data.get("provable"):
        say = Say("privacy.prove", choices=(SHARE_PHONE,))
        return ask(session, say, then=then, expects=("proven",))
    # Forgotten, so that it does not stand in the place of the person's own number at the next question;
    # kept aside, so that a code can be asked for it.
    forgotten = session.with_slots(cnic=None, unproven=result.call.args.get("cnic"))
    choices = (SEND_CODE,) if result.data.get("code") else ()
    return reply(forgotten, Say("privacy.neutral", {"last4": result.data["last4"]}, choices))


def _towards(session: Session, then: Step, *, expects: tuple[str, ...], choices: tuple[str, ...]) -> Session:
    topic = then.__module__.rpartition(".")[2]
    return replace(session, topic=topic, step=then.__name__, expects=expects, choices=choices)


def _ids(says: tuple[Say, ...]) -> tuple[str, ...]:
    return tuple(choice.id for say in says for choice in say.choices)
