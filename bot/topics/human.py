"""A person of the staff takes over: the request is queued and the helpline is named."""

from bot.messages import Event, Result, Say, Session, Turn
from bot.steps import look_up, reply


def open(session: Session, event: Event) -> Turn:
    """The person wants to speak with someone."""
    return look_up(session, "desk.open", reason=session.topic or "asked", then=got_place)


def got_place(session: Session, event: Event) -> Turn:
    """Say that it is queued; where it could not be, name the helpline alone."""
    match event:
        case Result(ok=True):
            return reply(session, Say("human.queued"))
    return reply(session, Say("human.helpline"))
