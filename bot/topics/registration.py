"""How to be surveyed or registered: free, at the tehsil office, with which papers; or that nobody can be."""

from bot.messages import Event, Result, Say, Session, Turn
from bot.steps import look_up, reply, slot, unknown_programme

SURVEYED_FOR = "kafaalat"
"""The survey is one for all programmes; its papers are kept with the core programme."""


def open(session: Session, event: Event) -> Turn:
    """The person asks how to register, or about the survey or its office."""
    if slot(event, "unknown"):
        return unknown_programme(session)
    if slot(event, "asks") == "office":
        return reply(session, Say("registration.office"))
    programme = slot(event, "programme") or SURVEYED_FOR
    return look_up(session, "programme.facts", programme=programme, then=got_facts)


def got_facts(session: Session, event: Event) -> Turn:
    """Say where to go and what to bring; of a programme that takes nobody, that."""
    match event:
        case Result(ok=True, data={"state": ("closed" | "suspended" | "unsure") as state} as facts):
            also = [matter for matter in session.slots.get("also") or () if matter != "programme_info"]
            return reply(session.with_slots(also=also or None), Say(f"programme.{state}", facts))
        case Result(ok=True, data={"programme": id, "apply": _} as facts) if id != SURVEYED_FOR:
            return reply(session, Say("programme.apply", facts))
        case Result(ok=True, data={"documents": documents}):
            return reply(session, Say("registration.how", {"documents": documents}))
    return reply(session, Say("registration.where"))
