"""A code to the registered phone proves that whoever asks can read it there."""

from bot.messages import Event, Result, Say, Session, Turn
from bot.steps import ask, look_up, remember_cnic, reply, slot, withheld


def open(session: Session, event: Event) -> Turn:
    """Have a code sent, for the number that was asked about just now."""
    cnic = session.slots.get("unproven")
    if not cnic:
        return reply(session, Say("privacy.code_for_what"))
    return look_up(session, "link.send_code", cnic=cnic, then=got_sent)


def got_sent(session: Session, event: Event) -> Turn:
    """The same words whether there is such a phone or not; others for whoever asked about too many."""
    match event:
        case Result(ok=False):
            return reply(session, Say("privacy.not_now"))
        case Result(data={"closed": True}):
            return withheld(session, event, then=got_sent)
    return ask(session, Say("privacy.code_sent"), then=got_code, expects=("code",))


def got_code(session: Session, event: Event) -> Turn:
    """Compare it; ask once more for what is no code."""
    code = slot(event, "code")
    if not code:
        return ask(session, Say("privacy.code_ask_again"), then=got_code, expects=("code",))
    return look_up(session, "link.check_code", cnic=session.slots["unproven"], code=code, then=got_checked)


def got_checked(session: Session, event: Event) -> Turn:
    """A right code leads on to what was asked."""
    match event:
        case Result(ok=True, data={"right": True}):
            proven = remember_cnic(session.with_slots(unproven=None), str(session.slots["unproven"]))
            return reply(proven.with_slots(also=["payment_status"]), Say("privacy.code_right"))
        case Result(ok=True, data={"over": False}):
            return ask(session, Say("privacy.code_wrong"), then=got_code, expects=("code",))
        case Result(ok=True):
            return reply(session, Say("privacy.code_over"))
    return reply(session, Say("privacy.not_now"))
