"""What people think of the service, kept for those who run it."""

from bot.messages import Event, Heard, Result, Say, Session, Turn
from bot.steps import ask, look_up, reply, slot


def open(session: Session, event: Event) -> Turn:
    """The person offers an opinion: ask for it in their own words."""
    return ask(session, Say("feedback.ask"), then=got_text, expects=("text",))


def got_text(session: Session, event: Event) -> Turn:
    """Keep it."""
    text = slot(event, "text") or (event.text if isinstance(event, Heard) else "")
    if not text:
        return open(session, event)
    return look_up(session, "feedback.record", text=text, then=got_stored)


def got_stored(session: Session, event: Event) -> Turn:
    """Thank for it, or say honestly that it was not kept."""
    match event:
        case Result(ok=True):
            return reply(session, Say("feedback.thanks"))
    return reply(session, Say("feedback.not_stored"))
