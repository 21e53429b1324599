"""Is my family in the programme, and why: what the registry says of a CNIC, never a prediction."""

from bot import standing
from bot.messages import Event, Result, Say, Session, Turn
from bot.steps import ask_cnic, cnic_of, look_up, remember_cnic, reply, withheld


def open(session: Session, event: Event) -> Turn:
    """The person asks whether they qualify."""
    return got_cnic(session, event)


def got_cnic(session: Session, event: Event) -> Turn:
    """Look up once the CNIC is known."""
    cnic = cnic_of(session, event)
    if cnic is None:
        return ask_cnic(session, event, then=got_cnic)
    return look_up(remember_cnic(session, cnic), "registry.status", cnic=cnic, then=got_standing)


def got_standing(session: Session, event: Event) -> Turn:
    """Say how the family stands and why. Unknown is never "no"."""
    match event:
        case Result(ok=False):
            return reply(session, Say("eligibility.not_known_now"))
        case Result(data={"disclosure": "none"}):
            return withheld(session, event, then=got_cnic)
        case Result(data={"disclosure": "word", "enrolments": enrolments, "last4": last4}):
            return reply(session, standing.of_word(enrolments, last4))
        case Result(data={"enrolments": [first, *_], "last4": last4}):
            return reply(session, standing.of_enrolment(first, last4))
    return reply(session, Say("eligibility.no_record"))
