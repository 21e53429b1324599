"""What the staff do with complaints, what the citizen hears of it, and what the clock does meanwhile."""

import asyncio
import re
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from bot.messages import Outbound, Session
from services.complaints import Filing, acts, cases, file, shown
from services.complaints.acts import NotAllowed, Office
from services.complaints.cases import Case
from services.complaints.categories import LEVELS
from services.complaints.escalate import sweep
from services.complaints.life import Action, Staff
from services.delivery import Delivery, deliver_one
from services.notices import Posted
from services.privacy.identifiers import Keys
from services.store.engine import Store
from services.store.tables import conversation, grievance, grievance_event, outbound
from services.turns import Parts
from tests.services.deployment import NOW, deploy, inbound, rows
from tests.services.test_complaints import CNIC, DEDUCTION, say
from tests.services.test_delivery import Wire
from tests.services.test_turns import taken, texts

LOCAL, DISTRICT = Staff("sana", "local", "kech"), Staff("aslam khan", "district", "kech")
HEAD = Staff("head", "headquarters")
BRIBE = ("the office staff asked for a bribe", "the clerk in Turbat bazar, yesterday")
ANSWER = "The shop gives back Rs 500."
LATER = NOW + timedelta(hours=20)


@pytest.fixture
def parts(store: Store, keys: Keys) -> Parts:
    return deploy(store, keys)


@pytest.fixture
def office(parts: Parts) -> Office:
    return Office(parts.sources.categories, parts.sources.notices)


def filed(parts: Parts, *said: str, start: int = 1, **fields: Any) -> str:
    """The number of a new complaint."""
    replies = say(parts, *(said or DEDUCTION), start=start, **fields)
    found = re.search(r"\b\d{4}-\d{4}\b", replies[-1])
    assert found, replies
    return found[0]


def do(
    store: Store,
    office: Office,
    staff: Staff,
    reference: str,
    action: Action,
    at: datetime = NOW,
    **more: Any,
) -> tuple[Case, Posted | None]:
    """A deed of the staff in one transaction, as the command does it."""

    def work(connection: Any) -> tuple[Case, Posted | None]:
        case = acts.seen(connection, office, staff, reference)
        return acts.act(connection, office, staff, case, action, at=at, **more)

    return store.run_now(work)


def now_of(store: Store) -> Any:
    return rows(store, grievance)[0]


def notices(parts: Parts) -> list[Outbound]:
    found = [Outbound.from_json(parts.keys.open(row.message)) for row in rows(parts.store, outbound)]
    return [message for message in found if message.priority == "notice"]


def test_from_the_first_deed_to_the_yes_of_the_citizen(parts: Parts, office: Office) -> None:
    store = parts.store
    number = filed(parts)
    do(store, office, LOCAL, number, "assign", to="ali")
    do(store, office, LOCAL, number, "progress")
    case, posted = do(store, office, LOCAL, number, "close", LATER, text=ANSWER)
    assert (case.state.status, case.state.assignee) == ("for_approval", "ali")
    assert posted
    assert (posted.unsent, posted.segments) == ("", 1)
    (notice,) = notices(parts)
    assert ANSWER in notice.parts[0]
    assert "1 Yes" in notice.parts[0]
    assert (notice.recipient, notice.language) == ("+923990000001", "en")

    wire = Wire()
    sending = Delivery(store, parts.keys, {"sms": wire}, lambda: LATER)  # type: ignore[dict-item]
    assert asyncio.run(deliver_one(sending)), "and it goes out by itself"
    assert wire.sent == [notice]

    (said,) = say(parts, "1", start=20)
    assert "closed" in said
    assert now_of(store).status == "closed"
    story = [(event.actor, event.said["action"]) for event in life(parts, number)]
    assert story == [
        ("citizen", "file"), ("sana", "assign"), ("sana", "progress"), ("sana", "close"),
        ("citizen", "confirm"),
    ]  # fmt: skip


def life(parts: Parts, number: str) -> list[cases.Happened]:
    def work(connection: Any) -> list[cases.Happened]:
        case = cases.find(connection, number)
        assert case
        return cases.events(connection, parts.keys, case.id)

    return parts.store.read_now(work)


@pytest.mark.parametrize("word", ["2", "no", "nahi"])
def test_a_no_days_later_sends_it_one_office_up(parts: Parts, office: Office, word: str) -> None:
    number = filed(parts)
    do(parts.store, office, LOCAL, number, "close", LATER, text=ANSWER)
    (said,) = texts(taken(parts, inbound(word, id="late")))
    assert "district" in said
    kept = now_of(parts.store)
    assert (kept.status, LEVELS[kept.level]) == ("in_progress", "district")
    with pytest.raises(NotAllowed) as refused:
        do(parts.store, office, LOCAL, number, "close", LATER, text=ANSWER)
    assert refused.value.why == "level", "whoever did not solve it is not asked to say so again"
    do(parts.store, office, DISTRICT, number, "close", LATER, text=ANSWER)


def test_an_open_question_is_not_taken_away(parts: Parts, office: Office) -> None:
    number = filed(parts)
    say(parts, "when will my money come", start=10)
    before = rows(parts.store, conversation)[0]
    do(parts.store, office, LOCAL, number, "close", text=ANSWER)
    after = rows(parts.store, conversation)[0]
    assert (after.session, after.version) == (before.session, before.version)
    (notice,) = notices(parts)
    assert ANSWER not in notice.parts[0]
    assert notice.parts[0].count(number) == 2
    do(parts.store, office, LOCAL, number, "note", text="she was not told yet")
    told, closed = say(parts, number, "1", start=12)
    assert ANSWER in told
    assert "closed" in closed


def test_a_question_that_was_left_is(parts: Parts, office: Office) -> None:
    number = filed(parts)
    say(parts, "when will my money come", start=10)
    do(parts.store, office, LOCAL, number, "close", LATER, text=ANSWER)
    session = Session.from_json(parts.keys.open(rows(parts.store, conversation)[0].session))
    assert (session.step, session.slots["to_confirm"]) == ("got_solved", number)


def test_a_sensitive_answer_does_not_stand_on_the_phone(parts: Parts, office: Office) -> None:
    number = filed(parts, *BRIBE)
    do(parts.store, office, DISTRICT, number, "close", text="The clerk was moved.")
    (notice,) = notices(parts)
    assert "clerk" not in notice.parts[0]
    (told,) = say(parts, number, start=12)
    assert "The clerk was moved." in told


@pytest.mark.parametrize(
    ("channel", "hours", "why"),
    [("whatsapp", 25, "window_closed"), ("whatsapp", 23, ""), ("sms", 999, ""), ("telegram", 999, "")],
)
def test_what_may_not_be_sent_is_left_and_told(
    parts: Parts, office: Office, channel: str, hours: int, why: str
) -> None:
    sender = {"whatsapp": "whatsapp:+923990000001"}.get(channel, "+923990000001")
    number = filed(parts, channel=channel, sender=sender)
    at = NOW + timedelta(hours=hours)
    _, posted = do(parts.store, office, LOCAL, number, "close", at, text=ANSWER)
    assert posted
    assert posted.unsent == why
    assert len(notices(parts)) == (0 if why else 1)
    last = life(parts, number)[-1].said
    assert last.get("unsent", "") == why
    (told,) = texts(taken(parts, inbound(number, id="asks", channel=channel, sender=sender)))
    assert ANSWER in told, "and it is there once the person asks"


def test_a_channel_that_is_off_and_a_conversation_that_is_gone(parts: Parts, office: Office) -> None:
    number = filed(parts)
    off = replace(office, notices=replace(office.notices, channels={}))
    _, posted = do(parts.store, off, LOCAL, number, "note", text="come on Monday", tell=True)
    assert posted
    assert posted.unsent == "channel_off"
    parts.store.run_now(lambda c: c.execute(sa.delete(conversation)))
    for action in ("note", "close"):
        _, posted = do(parts.store, off, LOCAL, number, action, text="x y", tell=True)  # type: ignore[arg-type]
        assert posted
        assert posted.unsent == "unknown_conversation"


def test_whoever_asked_to_be_forgotten_still_gets_the_answer(parts: Parts, office: Office) -> None:
    number = filed(parts)
    parts.store.run_now(lambda c: c.execute(sa.update(conversation).values(session=b"", phone=None)))
    _, posted = do(parts.store, office, LOCAL, number, "close", LATER, text=ANSWER)
    assert posted
    assert not posted.unsent
    (closed,) = say(parts, "1", start=20)
    assert number in closed
    assert now_of(parts.store).status == "closed"


def test_what_is_kept_no_longer_is_shown_as_cleared(parts: Parts, office: Office) -> None:
    number = filed(parts, *BRIBE)

    def clear(connection: Any) -> None:
        connection.execute(sa.update(grievance).values(status="closed", facts=b"", cnic=None))
        connection.execute(sa.update(grievance_event).values(note=None))
        connection.execute(sa.update(conversation).values(session=b"", address=b""))

    parts.store.run_now(clear)
    case = parts.store.read_now(lambda c: acts.seen(c, office, HEAD, number))
    page = "\n".join(parts.store.read_now(lambda c: list(shown.page(c, office, case, with_cnic=True))))
    assert "citizen: cleared" in page
    assert "Turbat" not in page
    _, posted = do(parts.store, office, HEAD, number, "reopen", text="again")
    assert posted
    assert posted.unsent == "unknown_conversation"
    _, posted = do(parts.store, office, HEAD, number, "close", text=ANSWER)
    assert posted
    assert posted.unsent == "unknown_conversation"


def test_notes_are_for_the_staff_unless_they_are_to_be_told(parts: Parts, office: Office) -> None:
    number = filed(parts)
    _, posted = do(parts.store, office, LOCAL, number, "note", text="the shop is closed")
    assert posted is None
    _, posted = do(parts.store, office, LOCAL, number, "note", text="Please bring the receipt.", tell=True)
    assert posted
    (notice,) = notices(parts)
    assert "Please bring the receipt." in notice.parts[0]


def test_what_is_sensitive_is_not_written_about(parts: Parts, office: Office) -> None:
    number = filed(parts, *BRIBE)
    with pytest.raises(ValueError, match="phone may be shared"):
        do(parts.store, office, DISTRICT, number, "note", text="come to us", tell=True)


def test_headquarters_give_it_to_a_district(parts: Parts, office: Office) -> None:
    number = filed(parts, "the agent cut 500 rupees", "at the shop by the bridge", "no", "dont know", "skip")
    assert hidden(parts, office, LOCAL, number), "nobody knows whose it is"
    do(parts.store, office, HEAD, number, "assign", to="ali", district="kech")
    assert not hidden(parts, office, LOCAL, number)
    with pytest.raises(NotAllowed) as refused:
        do(parts.store, office, LOCAL, number, "assign", to="ali", district="multan")
    assert refused.value.why == "role"


def test_a_page_tells_what_an_appeal_is_against(parts: Parts, office: Office) -> None:
    appeal = parts.sources.categories.by_id["appeal"]
    facts = {"told": {"programme": "kafaalat", "reason": "vehicle"}, "why": "we have no car"}
    filing = Filing("call", b"c" * 16, None, appeal, facts, NOW)

    def work(connection: Any) -> list[str]:
        file(connection, parts.keys, filing, "4829-1736")
        case = acts.seen(connection, office, HEAD, "4829-1736")
        return list(shown.page(connection, office, case, with_cnic=False))

    assert {"told: kafaalat / vehicle", "why: we have no car"} <= set(parts.store.run_now(work))


@pytest.mark.parametrize("text", ["", " ", "x" * 301, f"CNIC {CNIC} is paid", "see www.example.com/pay now"])
def test_what_is_sent_to_a_citizen_is_looked_at(parts: Parts, office: Office, text: str) -> None:
    number = filed(parts)
    with pytest.raises(ValueError, match="no CNIC and no link"):
        do(parts.store, office, LOCAL, number, "close", text=text)
    assert now_of(parts.store).status == "new"


def test_the_staff_open_it_again_and_the_citizen_hears(parts: Parts, office: Office) -> None:
    number = filed(parts)
    do(parts.store, office, LOCAL, number, "close", LATER, text=ANSWER)
    say(parts, "yes", start=20)
    (told,) = say(parts, number, start=21)
    assert "no word" not in told
    with pytest.raises(NotAllowed):
        do(parts.store, office, LOCAL, number, "reopen", text="x")
    do(parts.store, office, DISTRICT, number, "reopen", LATER, text="found another case of that shop")
    assert (now_of(parts.store).status, now_of(parts.store).level) == ("in_progress", 0)
    assert "goes on" in notices(parts)[-1].parts[0]


def seen_by(parts: Parts, office: Office, staff: Staff) -> list[str]:
    return [case.reference for case in parts.store.read_now(lambda c: acts.listed(c, office, staff))]


def hidden(parts: Parts, office: Office, staff: Staff, number: str) -> bool:
    try:
        parts.store.read_now(lambda c: acts.seen(c, office, staff, number))
    except NotAllowed as refused:
        return refused.why == "hidden"
    return False


def test_local_staff_neither_see_nor_count_sensitive_ones(parts: Parts, office: Office) -> None:
    plain, bribe = filed(parts), filed(parts, *BRIBE, start=10)
    elsewhere = filed(parts, "the agent cut 900 rupees", "at the shop in Multan", "no", "skip", start=20)
    assert seen_by(parts, office, LOCAL) == [plain]
    assert set(seen_by(parts, office, DISTRICT)) == {plain, bribe}
    assert set(seen_by(parts, office, HEAD)) == {plain, bribe, elsewhere}
    assert hidden(parts, office, LOCAL, bribe)
    assert hidden(parts, office, LOCAL, "0000-0000")
    assert not hidden(parts, office, DISTRICT, bribe)
    filtered = parts.store.read_now(lambda c: acts.listed(c, office, HEAD, status="new", category="staff"))
    assert [case.reference for case in filtered] == [bribe]


def test_whoever_is_named_does_not_see_it(parts: Parts, office: Office) -> None:
    number = filed(parts, BRIBE[0], "Aslam of the office in Turbat bazar")
    assert hidden(parts, office, DISTRICT, number)
    other = Staff("bilal", "district", "kech")
    do(parts.store, office, HEAD, number, "note", text="it was his brother", about="bilal")
    assert hidden(parts, office, other, number)
    third = Staff("nadia", "district", "kech")
    with pytest.raises(NotAllowed) as refused:
        do(parts.store, office, third, number, "assign", to="Aslam")
    assert refused.value.why == "named"
    do(parts.store, office, third, number, "assign", to="nadia")
    plain = filed(
        parts, "the agent cut 900 rupees", "Aslam at the shop in Turbat bazar", "no", "skip", start=20
    )
    assert plain in seen_by(parts, office, DISTRICT), "only sensitive ones are hidden so"


def test_who_is_named_by_what_was_told_again(parts: Parts, office: Office) -> None:
    number = filed(parts, *BRIBE)
    say(parts, BRIBE[0], "it was Aslam in Turbat bazar", start=10)
    assert len(rows(parts.store, grievance)) == 1
    assert hidden(parts, office, DISTRICT, number)


def test_each_reading_of_a_sensitive_one_is_kept(parts: Parts, office: Office) -> None:
    plain, bribe = filed(parts), filed(parts, *BRIBE, start=10)

    def work(connection: Any) -> None:
        for number in (plain, bribe):
            case = acts.seen(connection, office, DISTRICT, number)
            acts.read(connection, office, DISTRICT, case, NOW)

    parts.store.run_now(work)
    assert [event.said["action"] for event in life(parts, plain)] == ["file"]
    assert [(event.actor, event.said["action"]) for event in life(parts, bribe)] == [
        ("citizen", "file"), ("aslam khan", "read"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("name", "role", "district", "fault"),
    [
        ("", "local", "kech", "name"),
        ("clock", "local", "kech", "name"),
        ("ali", "boss", "kech", "no role is called 'boss'"),
        ("ali", "local", "atlantis", "needs --district"),
        ("ali", "district", None, "needs --district"),
    ],
)
def test_who_is_no_staff(name: str, role: str, district: str | None, fault: str) -> None:
    with pytest.raises(ValueError, match=fault):
        acts.staff_member(name, role, district, ("kech",))
    assert acts.staff_member("ali", "headquarters", "kech", ()).district is None
    assert acts.staff_member("ali", "district", "kech", ("kech",)).role == "district"


def swept(parts: Parts, office: Office, now: datetime) -> int:
    return asyncio.run(sweep(parts.store, office, now))
