"""Is this message real? The sender test first; what was reported is kept for the staff."""

from bot.messages import Event, Heard, Say, Session, Turn
from bot.steps import ask, look_up, reply, slot

EVIDENCE = ("link", "phone", "amount")


def open(session: Session, event: Event) -> Turn:
    """A doubtful message, perhaps quoted whole."""
    if any(slot(event, name) for name in EVIDENCE):
        return got_message(session, event)
    return ask(session, Say("scam.how_to_tell"), then=got_message, expects=("text",))


def got_message(session: Session, event: Event) -> Turn:
    """Report what the person sent."""
    text = event.text if isinstance(event, Heard) else ""
    if not text:
        return reply(session, Say("scam.how_to_tell"))
    phone = slot(event, "phone")
    return look_up(session, "scam.report", text=text, phone=phone, then=got_report)


def got_report(session: Session, event: Event) -> Turn:
    """Say what to do, whether or not the report could be kept."""
    return reply(session, Say("scam.verdict"))
