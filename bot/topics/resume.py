"""Coming back after a long pause: go on with what was open, or not."""

from dataclasses import replace

from bot.messages import Choice, Event, Heard, Say, Session, Turn
from bot.steps import ask, reply, slot

YES_NO = (Choice("yes", "resume.yes"), Choice("no", "resume.no"))


def open(session: Session, event: Event) -> Turn:
    """Ask before going on: the phone may be in other hands by now."""
    paused = {"topic": session.topic, "step": session.step, "expects": list(session.expects)}
    say = Say("resume.go_on", {"topic": str(session.topic)}, YES_NO)
    return ask(session.with_slots(paused=paused), say, then=answered, expects=("yes_no",))


def answered(session: Session, event: Event) -> Turn:
    """Yes: put the open question back in place and let its step ask again. No: forget it."""
    paused = session.slots.get("paused") or {}
    if slot(event, "choice") == "yes" or (isinstance(event, Heard) and event.intent == "yes"):
        back = replace(
            session.with_slots(paused=None),
            topic=paused.get("topic"),
            step=paused.get("step"),
            expects=tuple(paused.get("expects", ())),
            misses=0,
        )
        return Turn(back)
    return reply(replace(session, slots={}), Say("menu.anything_else"))
