"""A complaint: its facts are taken, a short reference is given, its state is told later."""

from bot.messages import Choice, Event, Heard, Json, Result, Say, Session, Turn
from bot.steps import ask, look_up, reply, slot

LONGEST_BARE_CNIC = 20
"""Characters: a text no longer than this that holds a CNIC holds no story."""

FEWEST_WORDS = 3
"""Words of a text that tells something by itself; one that follows a story needs less."""

STATUS = (Choice("complaint_status", "complaint.choice.status"),)


def open_deduction(session: Session, event: Event) -> Turn:
    """Money was cut: how much, then where."""
    if _asks_after(event):
        return open_status(session, event)
    begun = _begin(session, event, "short_payment")
    return got_amount(begun, event)


def open_staff(session: Session, event: Event) -> Turn:
    """Somebody behaved badly or asked for a bribe."""
    if _asks_after(event):
        return open_status(session, event)
    say = Say("complaint.what_staff", choices=STATUS)
    return ask(_begin(session, event, "staff"), say, then=got_details, expects=("text",))


def open_not_received(session: Session, event: Event) -> Turn:
    """Records say that money was withdrawn, the person says it was not she."""
    begun = _begin(session, event, "unauthorised_withdrawal")
    return ask(begun, Say("complaint.where"), then=got_details, expects=("text",))


def open_appeal(session: Session, event: Event) -> Turn:
    """The family was found not eligible and thinks that this is wrong."""
    begun = _begin(session, event, "appeal")
    return ask(begun, Say("complaint.why_appeal"), then=got_details, expects=("text",))


def open_status(session: Session, event: Event) -> Turn:
    """How a complaint stands: the one named, otherwise this person's newest."""
    reference = slot(event, "reference")
    return look_up(session, "complaint.status", reference=reference, then=got_standing)


def open_drop(session: Session, event: Event) -> Turn:
    """It was no complaint, or shall be none any more: nothing is filed."""
    return reply(session.with_slots(complaint=None), Say("complaint.dropped"))


def got_amount(session: Session, event: Event) -> Turn:
    """How much was cut, in rupees."""
    amount = slot(event, "amount")
    if not amount and not session.misses:
        say = Say("complaint.how_much", choices=STATUS)
        return ask(session, say, then=got_amount, expects=("amount",))
    kept = session.with_slots(complaint={**_facts(session), "amount": amount})
    return ask(kept, Say("complaint.where"), then=got_details, expects=("text",))


def got_details(session: Session, event: Event) -> Turn:
    """What happened, where and when, in the person's own words: file it."""
    text = slot(event, "text")
    cnic = slot(event, "cnic")
    if cnic and len(str(text)) <= LONGEST_BARE_CNIC:
        session, text = session.with_slots(cnic=cnic), None
    facts = {**_facts(session), "details": text}
    if not _tells(text, facts):
        return ask(session, Say("complaint.in_words"), then=got_details, expects=("text",))
    cnic = cnic or session.slots.get("cnic")
    return look_up(session, "complaint.file", cnic=cnic, then=got_reference, **facts)


def got_reference(session: Session, event: Event) -> Turn:
    """Give the reference."""
    done = session.with_slots(complaint=None)
    match event:
        case Result(ok=True, data={"reference": reference}):
            return reply(done, Say("complaint.filed", {"reference": reference}))
    return reply(done, Say("complaint.not_filed"))


def got_standing(session: Session, event: Event) -> Turn:
    """Say how the complaint stands: only to the one who made it."""
    match event:
        case Result(ok=True, data={"reference": _, "status": status} as data):
            return reply(session, Say(f"complaint.status.{status}", data))
        case Result(ok=True):
            return reply(session, Say("complaint.none_found"))
    return reply(session, Say("complaint.not_known_now"))


def _tells(text: Json, facts: dict[str, Json]) -> bool:
    """Whether words tell something: a bare number, yes or no is nobody's story."""
    words = [word for word in str(text or "").split() if any(map(str.isalpha, word))]
    before = len(str(facts.get("first_words", "")).split())
    return len(words) >= FEWEST_WORDS or (len(words) > 1 and before >= FEWEST_WORDS)


def _asks_after(event: Event) -> bool:
    """Whether a complaint that was made before is meant."""
    return bool(slot(event, "reference")) or slot(event, "asks") == "status"


def _begin(session: Session, event: Event, category: str) -> Session:
    facts: dict[str, Json] = {"category": category}
    if isinstance(event, Heard) and not slot(event, "choice"):
        facts["first_words"] = event.text
    return session.with_slots(complaint=facts)


def _facts(session: Session) -> dict[str, Json]:
    return dict(session.slots.get("complaint") or {})
