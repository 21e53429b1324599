"""Stop and start: whether messages may be sent that the person did not ask for."""

from bot.messages import Event, Result, Say, Session, Turn
from bot.steps import look_up, reply


def open_stop(session: Session, event: Event) -> Turn:
    """No more messages, please."""
    return look_up(session, "consent.stop", then=got_stop)


def got_stop(session: Session, event: Event) -> Turn:
    """Confirm once; own questions are still answered."""
    match event:
        case Result(ok=True):
            return reply(session, Say("consent.stopped"))
    return reply(session, Say("consent.not_stored"))


def open_start(session: Session, event: Event) -> Turn:
    """Messages are welcome again."""
    return look_up(session, "consent.start", then=got_start)


def got_start(session: Session, event: Event) -> Turn:
    """Confirm once."""
    match event:
        case Result(ok=True):
            return reply(session, Say("consent.started"))
    return reply(session, Say("consent.not_stored"))
