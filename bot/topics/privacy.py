"""What a person may decide about what is kept of them: who may ask, who has asked, what is forgotten."""

from bot.messages import Choice, Event, Result, Say, Session, Turn
from bot.steps import ask, ask_cnic, cnic_of, look_up, menu_of, remember_cnic, reply, slot, withheld

END, ANOTHER = Choice("end_helpers", "helper.choice.end"), Choice("another", "helper.choice.another")
YES_NO = (Choice("yes", "privacy.yes"), Choice("no", "privacy.no"))
MOST_TOLD = 3
"""Enquiries that are told: the newest ones."""


def open(session: Session, event: Event) -> Turn:
    """What is kept private, and what may be decided."""
    return reply(session, Say("privacy.what", choices=menu_of("helper", "who_asked", "forget_me")))


def open_helper(session: Session, event: Event) -> Turn:
    """Somebody shall be allowed to ask in the beneficiary's place, or no longer."""
    return got_cnic_for_helper(session, event)


def got_cnic_for_helper(session: Session, event: Event) -> Turn:
    """See who may ask already, once the CNIC is known."""
    cnic = cnic_of(session, event)
    if cnic is None:
        return ask_cnic(session, event, then=got_cnic_for_helper)
    return look_up(remember_cnic(session, cnic), "helper.list", cnic=cnic, then=got_helpers)


def got_helpers(session: Session, event: Event) -> Turn:
    """Ask for the phone of the first, or what is to be done about those there are."""
    match event:
        case Result(ok=True, data={"disclosure": "none"}):
            return withheld(session, event, then=got_cnic_for_helper)
        case Result(ok=True, data={"helpers": []}):
            return ask(session, Say("helper.ask_phone"), then=got_phone, expects=("phone",))
        case Result(ok=True, data={"helpers": helpers, "full": full}):
            choices = (END,) if full else (END, ANOTHER)
            say = Say("helper.there_are", {"n": len(helpers), "until": helpers[-1]}, choices)
            return ask(session, say, then=got_wish, expects=("phone",))
    return reply(session, Say("privacy.not_now"))


def got_wish(session: Session, event: Event) -> Turn:
    """End all helpers' rights, or name one more."""
    if slot(event, "choice") == END.id:
        return look_up(session, "helper.end", cnic=session.slots["cnic"], then=got_ended)
    return got_phone(session, event)


def got_phone(session: Session, event: Event) -> Turn:
    """Read the number back, with what it will mean: a wrong digit would let a stranger ask."""
    phone = slot(event, "phone")
    if not phone:
        key = "helper.ask_phone_again" if session.misses else "helper.ask_phone"
        return ask(session, Say(key), then=got_phone, expects=("phone",))
    kept = session.with_slots(helper=phone)
    say = Say("helper.confirm", {"phone": _spelt(str(phone)), "last4": session.slots["cnic"][-4:]}, YES_NO)
    return ask(kept, say, then=got_yes, expects=("yes_no",))


def got_yes(session: Session, event: Event) -> Turn:
    """Write the consent down, or nothing."""
    phone = session.slots.get("helper")
    done = session.with_slots(helper=None)
    if not phone or not _agreed(event):
        return reply(done, Say("helper.not_given"))
    return look_up(done, "helper.give", cnic=session.slots["cnic"], phone=phone, then=got_given)


def got_given(session: Session, event: Event) -> Turn:
    """Say until when, and how it is ended."""
    match event:
        case Result(ok=True, data={"until": until}):
            return reply(session, Say("helper.given", {"until": until}))
        case Result(ok=True, data={"disclosure": "none"}):
            return withheld(session, event, then=got_cnic_for_helper)
    return reply(session, Say("privacy.not_now"))


def got_ended(session: Session, event: Event) -> Turn:
    """Nobody else may ask any more."""
    match event:
        case Result(ok=True, data={"disclosure": "own"}):
            return reply(session, Say("helper.ended"))
    return reply(session, Say("privacy.not_now"))


def open_who_asked(session: Session, event: Event) -> Turn:
    """Who has looked this number up."""
    return got_cnic_for_trace(session, event)


def got_cnic_for_trace(session: Session, event: Event) -> Turn:
    """Look into the audit, once the CNIC is known."""
    cnic = cnic_of(session, event)
    if cnic is None:
        return ask_cnic(session, event, then=got_cnic_for_trace)
    return look_up(remember_cnic(session, cnic), "audit.mine", cnic=cnic, then=got_trace)


def got_trace(session: Session, event: Event) -> Turn:
    """How often, and the newest ones with day and by whom."""
    match event:
        case Result(ok=True, data={"disclosure": "none"}):
            return withheld(session, event, then=got_cnic_for_trace)
        case Result(ok=True, data={"asked": []}):
            return reply(session, Say("privacy.nobody_asked"))
        case Result(ok=True, data={"asked": asked, "n": n}):
            lines = (Say(f"privacy.asked_by.{one['by']}", one) for one in asked[:MOST_TOLD])
            return reply(session, Say("privacy.asked", {"n": n}), *lines)
    return reply(session, Say("privacy.not_now"))


def open_forget(session: Session, event: Event) -> Turn:
    """Everything that this conversation has left shall be forgotten: ask once whether it is meant."""
    return ask(session, Say("privacy.forget", choices=YES_NO), then=got_sure, expects=("yes_no",))


def got_sure(session: Session, event: Event) -> Turn:
    """Forget, or leave everything as it is."""
    if not _agreed(event):
        return reply(session, Say("privacy.not_forgotten"))
    return look_up(session, "privacy.forget", then=got_forgotten)


def got_forgotten(session: Session, event: Event) -> Turn:
    """Say what is gone, and what must stay and why."""
    match event:
        case Result(ok=True, data={"stays": stays}):
            empty = Session(language=session.language, chosen=session.chosen, heard_at=session.heard_at)
            return reply(empty, Say("privacy.forgotten"), *(Say(f"privacy.stays.{one}") for one in stays))
    return reply(session, Say("privacy.not_now"))


def _agreed(event: Event) -> bool:
    return slot(event, "choice") == "yes" or getattr(event, "intent", None) == "yes"


def _spelt(phone: str) -> str:
    """As people write it here: 0300 1234567."""
    local = "0" + phone.removeprefix("+92")
    return f"{local[:4]} {local[4:]}"
