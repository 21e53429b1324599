"""How to be surveyed or registered: free, at the tehsil office, with which papers."""

from bot.messages import Event, Result, Say, Session, Turn
from bot.steps import look_up, reply

SURVEYED_FOR = "kafaalat"
"""The survey is one for all programmes; its papers are kept with the core programme."""


def open(session: Session, event: Event) -> Turn:
    """The person asks how to register or about the survey."""
    return look_up(session, "programme.facts", programme=SURVEYED_FOR, then=got_facts)


def got_facts(session: Session, event: Event) -> Turn:
    """Say where to go and what to bring."""
    match event:
        case Result(ok=True, data={"documents": documents}):
            return reply(session, Say("registration.how", {"documents": documents}))
    return reply(session, Say("registration.where"))
