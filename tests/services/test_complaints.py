"""Complaints of citizens: filed once, told to their owner only, closed by nobody else."""

import asyncio
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from services.answers import ANSWERS, Context
from services.complaints import free_reference, load_categories
from services.complaints.categories import KINDS, LEVELS, OWN
from services.privacy.identifiers import Keys
from services.store.engine import Store
from services.store.tables import conversation, grievance, grievance_event
from services.turns import Parts
from tests.services.deployment import NOW, deploy, inbound, rows
from tests.services.test_turns import taken, texts

CNIC = "9000000000012"
STRANGER = "+923990000002"


@pytest.fixture
def parts(store: Store, keys: Keys) -> Parts:
    return deploy(store, keys)


def say(parts: Parts, *said: str, start: int = 1, **fields: Any) -> list[str]:
    """What is answered to these messages of one person."""
    messages = (inbound(text, id=f"{start + n}{fields}", **fields) for n, text in enumerate(said))
    return texts(taken(parts, *messages))


DEDUCTION = ("the agent cut 500 rupees", "at the shop in Turbat bazar, on Monday", "no", "skip")


def test_a_complaint_is_filed_and_its_state_told_to_its_owner_only(parts: Parts) -> None:
    filed = say(parts, *DEDUCTION)[-1]
    (kept,) = rows(parts.store, grievance)
    assert kept.reference in filed
    assert "1 December" in filed, "in seven days"
    facts = parts.keys.open(kept.facts)
    assert DEDUCTION[1] in facts
    assert '"amount": 500' in facts
    assert (kept.district, kept.status, kept.level, kept.sensitive) == ("kech", "new", 0, False)
    assert kept.due_at == NOW + timedelta(days=7)
    (event,) = rows(parts.store, grievance_event)
    assert (event.number, event.status, event.actor) == (1, "new", "citizen")

    mine, latest = say(parts, kept.reference, "status of my complaint", start=5)
    assert kept.reference in mine
    assert kept.reference in latest
    assert "1 December" in mine
    unknown = free_reference_that_is_free(parts)
    theirs, nobodys = say(parts, kept.reference, unknown, sender=STRANGER)
    assert kept.reference not in theirs
    assert theirs == nobodys


def free_reference_that_is_free(parts: Parts) -> str:
    return parts.store.read_now(lambda connection: free_reference(connection, "nobody's"))


def test_the_same_proven_phone_is_the_same_person(parts: Parts) -> None:
    say(parts, *DEDUCTION)
    (kept,) = rows(parts.store, grievance)
    by_telegram = inbound(kept.reference, id="t", channel="telegram", sender="77")
    (unproven,) = texts(taken(parts, by_telegram))
    assert kept.reference not in unproven
    proven = inbound(kept.reference, id="u", channel="telegram", sender="77", contact="+923990000001")
    (shown,) = texts(taken(parts, proven))
    assert kept.reference in shown


def test_a_complaint_number_that_is_taken_is_not_given_twice(parts: Parts) -> None:
    first = parts.store.read_now(lambda connection: free_reference(connection, "call"))
    say(parts, *DEDUCTION)
    parts.store.run_now(lambda c: c.execute(grievance.update().values(reference=first)))
    second = parts.store.read_now(lambda connection: free_reference(connection, "call"))
    assert second != first
    (kept,) = rows(parts.store, grievance)
    own = parts.store.read_now(lambda connection: free_reference(connection, kept.id))
    assert own != first


def test_a_cnic_is_kept_as_a_hash_and_sealed(parts: Parts) -> None:
    say(parts, "the agent cut 500 rupees", "at the shop in Turbat bazar", "no", CNIC)
    (kept,) = rows(parts.store, grievance)
    assert kept.cnic == parts.keys.hash("cnic", CNIC)
    assert CNIC.encode() not in kept.facts
    assert CNIC in parts.keys.open(kept.facts)


def test_the_same_matter_told_twice_is_one_complaint(parts: Parts) -> None:
    say(parts, *DEDUCTION)
    again = say(
        parts, "the agent cut 500 rupees", "the shop near the bridge in Turbat", "yes", "skip", start=9
    )
    (kept,) = rows(parts.store, grievance)
    assert kept.reference in again[-1]
    filed, added = rows(parts.store, grievance_event)
    assert (filed.status, added.status, added.number) == ("new", "new", 2)
    assert "near the bridge" in parts.keys.open(added.note), "and nothing of it is lost"


@pytest.mark.parametrize(
    ("said", "fields"),
    [
        (("the agent cut 900 rupees", *DEDUCTION[1:]), {}),
        (DEDUCTION, {"sender": STRANGER}),
        (("the office staff asked for a bribe", "the clerk in Turbat bazar, 500 rupees"), {}),
    ],
    ids=["another sum", "another person", "another kind"],
)
def test_another_matter_is_another_complaint(parts: Parts, said: tuple[str, ...], fields: Any) -> None:
    say(parts, *DEDUCTION)
    say(parts, *said, start=9, **fields)
    assert len({row.reference for row in rows(parts.store, grievance)}) == 2


def test_two_women_of_one_phone_have_two_complaints(parts: Parts) -> None:
    say(parts, *DEDUCTION[:3], CNIC)
    parts.store.run_now(lambda c: c.execute(sa.update(conversation).values(session=parts.keys.seal("{}"))))
    say(parts, *DEDUCTION[:3], "9000000000021", start=9)
    assert len(rows(parts.store, grievance)) == 2


def test_a_matter_of_yesterday_is_a_new_one(parts: Parts) -> None:
    say(parts, *DEDUCTION)
    parts.store.run_now(lambda c: c.execute(sa.update(grievance).values(at=NOW - timedelta(hours=25))))
    say(parts, *DEDUCTION, start=9)
    assert len(rows(parts.store, grievance)) == 2


def test_a_sensitive_one_begins_above_the_local_office(parts: Parts) -> None:
    said = say(parts, "the office staff asked for a bribe", "the clerk in Turbat bazar, yesterday")
    (kept,) = rows(parts.store, grievance)
    assert (kept.sensitive, LEVELS[kept.level]) == (True, "district")
    assert "local office" in said[-1]


def test_an_unknown_kind_is_not_asked_about(parts: Parts) -> None:
    from bot.messages import Call

    context = Context(
        conversation=b"c" * 16,
        channel="sms",
        message="m",
        reply="r",
        phone=None,
        provable=False,
        at=NOW,
        ends=0,
        sources=parts.sources,
    )
    result = asyncio.run(ANSWERS["complaint.asks"](Call("complaint.asks", {"category": "x"}), context))
    assert (result.ok, result.error) == (False, "unknown_category")


def test_a_word_about_nothing_changes_nothing(parts: Parts) -> None:
    pressed = inbound(id="1", choice="complaint_solved", language="en")
    (said,) = texts(taken(parts, pressed))
    assert "no complaint" in said
    say(parts, *DEDUCTION, start=2)
    (kept,) = rows(parts.store, grievance)
    (working,) = say(parts, kept.reference, start=8)
    assert "waits" in working
    parts.store.run_now(lambda c: c.execute(sa.update(grievance).values(status="assigned")))
    from bot.messages import Call

    context = Context(
        conversation=kept.conversation,
        channel="sms",
        message="m",
        reply="r",
        phone=None,
        provable=False,
        at=NOW,
        ends=0,
        sources=parts.sources,
    )
    call = Call("complaint.confirm", {"reference": kept.reference, "solved": True})
    result = asyncio.run(ANSWERS["complaint.confirm"](call, context))
    assert (result.data["status"], context.effects) == ("assigned", [])


def test_our_own_categories_are_read() -> None:
    terms = load_categories()
    assert set(terms.by_id) == KINDS
    assert [one.id for one in terms.by_id.values() if one.sensitive] == ["staff"]
    for category in terms.by_id.values():
        assert sum(category.days.values()) == 30, "the official figure, shared out"
        last = LEVELS.index("ombudsman")
        assert category.due(last, NOW) is None
    assert terms.by_id["staff"].first == 1


def changed(folder: Path, *pairs: tuple[str, str]) -> Path:
    text = OWN.read_text("utf-8")
    for old, new in pairs:
        assert old in text
        text = text.replace(old, new, 1)
    file = folder / "mine.toml"
    file.write_text(text, "utf-8")
    return file


def test_a_deployment_has_its_own_deadlines(tmp_path: Path) -> None:
    mine = changed(tmp_path, ("tehsil = 7, district = 7,", "tehsil = 1, district = 13,"))
    assert load_categories(mine).by_id["appeal"].days["tehsil"] == 1


@pytest.mark.parametrize(
    ("old", "new", "fault"),
    [
        ("tehsil = 7", "tehsil = 8", "must share 30 days"),
        ("tehsil = 3, district = 7", "district = 10", ""),
        ("tehsil = 3, district = 7", "tehsil = 10", "every office"),
        ("{ tehsil = 3", "{ village = 3", "every office"),
        ('source = "S139"', 'source = "S1"', "needs a source"),
        ('ask = ["sender"]', 'ask = ["mood"]', "asks for 'mood'"),
        ('required = ["why"]', 'required = ["where"]', "requires what it does not ask for"),
        ("sensitive = true", "sensitiv = true", "has sensitiv"),
        ('deadline = "above_local"', 'deadline = "never"', "unknown deadline 'never'"),
        ("[category.identity]", "[category.other]", "[category.identity] is missing"),
        ("double_hours =", "doubled =", "see double"),
        ("[terms]", "[terms", "TOMLDecodeError"),
        ("[deadline.usual]\n", "", "cannot be read"),
    ],
)
def test_a_faulty_file_is_refused(tmp_path: Path, old: str, new: str, fault: str) -> None:
    mine = changed(tmp_path, (old, new))
    if not fault:
        assert load_categories(mine)
        return
    with pytest.raises(ValueError, match=r"mine\.toml") as refused:
        load_categories(mine)
    assert fault in str(refused.value)


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"none.toml: No such file"):
        load_categories(tmp_path / "none.toml")
