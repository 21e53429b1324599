"""Has my money come, where do I collect it, and if not, why not."""

from bot import standing
from bot.messages import Event, Json, Result, Say, Session, Turn
from bot.steps import ask, ask_cnic, cnic_of, look_up, remember_cnic, reply, withheld


def open(session: Session, event: Event) -> Turn:
    """The person asks about a payment, perhaps with the CNIC in the same text."""
    return got_cnic(session.with_slots(payments=None), event)


def got_cnic(session: Session, event: Event) -> Turn:
    """Look up once the CNIC is known."""
    cnic = cnic_of(session, event)
    if cnic is None:
        return ask_cnic(session, event, then=got_cnic)
    return look_up(remember_cnic(session, cnic), "registry.status", cnic=cnic, then=got_status)


def got_status(session: Session, event: Event) -> Turn:
    """Say the newest payment, or how the family stands where there is none."""
    match event:
        case Result(ok=False):
            return reply(session, Say("status.not_known_now"))
        case Result(data={"disclosure": "none"}):
            return withheld(session, event, then=got_cnic)
        case Result(data={"disclosure": "word", "enrolments": enrolments, "last4": last4}):
            return reply(session, standing.of_word(enrolments, last4))
        case Result(data={"payments": [first, *others]}):
            return _say_payment(session, first, others)
        case Result(data={"enrolments": [first, *_], "last4": last4}):
            told = session.with_slots(refused=standing.refusal(first))
            return reply(told, standing.of_enrolment(first, last4))
    return reply(session, Say("status.no_payment"))


def after_payment(session: Session, event: Event) -> Turn:
    """The other payments, one a message."""
    waiting = session.slots.get("payments") or []
    if not waiting:
        return reply(session, Say("menu.anything_else"))
    return _say_payment(session, waiting[0], waiting[1:])


def _say_payment(session: Session, first: Json, others: list[Json]) -> Turn:
    say = standing.of_payment(first, more=bool(others))
    session = session.with_slots(withdrawn=standing.withdrawal(first))
    if not others:
        return reply(session.with_slots(payments=None), say)
    return ask(session.with_slots(payments=list(others)), say, then=after_payment)
