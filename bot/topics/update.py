"""How to have details changed. The bot changes nothing itself: it says where and with which papers."""

from bot.messages import Choice, Event, Say, Session, Turn
from bot.steps import ask, reply, slot

CHANGES = ("phone", "moved", "marriage", "birth", "death")


def open(session: Session, event: Event) -> Turn:
    """Ask what changed."""
    choices = tuple(Choice(change, f"update.choice.{change}") for change in CHANGES)
    return ask(session, Say("update.which", choices=choices), then=got_change, expects=("choice",))


def got_change(session: Session, event: Event) -> Turn:
    """The next step for that change."""
    change = slot(event, "choice")
    if change not in CHANGES:
        return open(session, event)
    return reply(session, Say(f"update.{change}"))
