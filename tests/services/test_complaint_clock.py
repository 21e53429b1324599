"""What the clock does with complaints, and several who work on one at the same time."""

import asyncio
import os
import signal
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest

from services.complaints import acts, cases
from services.complaints.acts import Office
from services.complaints.cases import Case
from services.complaints.categories import LEVELS
from services.complaints.escalate import sweep
from services.complaints.life import Staff
from services.privacy.identifiers import Keys
from services.store import conversations
from services.store.conversations import Overtaken
from services.store.engine import Store, StoreUnavailable, open_store
from services.store.tables import conversation, grievance, grievance_event, outbound
from services.turns import Parts
from tests.services.deployment import NOW, deploy, inbound, rows
from tests.services.test_complaint_staff import (
    ANSWER,
    HEAD,
    LATER,
    LOCAL,
    do,
    filed,
    life,
    notices,
    now_of,
    swept,
)
from tests.services.test_complaints import DEDUCTION, say
from tests.services.test_turns import taken, texts


@pytest.fixture
def parts(store: Store, keys: Keys) -> Parts:
    return deploy(store, keys)


@pytest.fixture
def office(parts: Parts) -> Office:
    return Office(parts.sources.categories, parts.sources.notices)


def test_what_is_late_goes_up_office_by_office(parts: Parts, office: Office) -> None:
    number = filed(parts)
    do(parts.store, office, LOCAL, number, "assign", to="ali")
    at, levels = NOW, []
    assert swept(parts, office, NOW + timedelta(days=6)) == 0
    for days in (7, 7, 7, 9):
        at += timedelta(days=days)
        assert swept(parts, office, at) == 1
        assert swept(parts, office, at) == 0, "once"
        levels.append(LEVELS[now_of(parts.store).level])
    assert levels == ["district", "zone", "headquarters", "ombudsman"]
    assert now_of(parts.store).due_at is None
    assert swept(parts, office, at + timedelta(days=999)) == 0
    (notice,) = notices(parts)
    assert "Ombudsman" in notice.parts[0]
    assert now_of(parts.store).status == "assigned"
    late = acts.overdue(office, parts.store.read_now(lambda c: acts.listed(c, office, HEAD)), at)
    assert [case.reference for case in late] == [number]


def test_without_a_word_it_is_closed_and_may_be_opened_again(parts: Parts, office: Office) -> None:
    number = filed(parts)
    do(parts.store, office, LOCAL, number, "close", LATER, text=ANSWER)
    assert swept(parts, office, LATER + timedelta(days=15)) == 1
    assert now_of(parts.store).status == "closed"
    assert "no word came" in notices(parts)[-1].parts[0]
    told, again = say(parts, number, "1", start=20)
    assert "no word came" in told
    assert "goes on" in again
    assert now_of(parts.store).level == 1


def test_two_processes_move_it_once(parts: Parts, office: Office, database_url: str) -> None:
    for n in range(5):
        filed(
            parts,
            "the agent cut 500 rupees",
            "at the shop in Turbat bazar",
            "no",
            "skip",
            sender=f"+92399000010{n}",
        )
    other = open_store(database_url, pool=2)

    def run(store: Store) -> int:
        return asyncio.run(sweep(store, office, NOW + timedelta(days=8)))

    with ThreadPoolExecutor(2) as threads:
        moved = sum(threads.map(run, (parts.store, other)))
    other.close()
    assert moved == 5
    assert {row.level for row in rows(parts.store, grievance)} == {1}
    assert len(rows(parts.store, grievance_event)) == 10


def test_what_was_done_meanwhile_is_left_alone(
    parts: Parts, office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    number = filed(parts)
    late = NOW + timedelta(days=8)
    ids = parts.store.read_now(lambda c: cases.due(c, late, most=9))
    do(parts.store, office, LOCAL, number, "close", late, text=ANSWER)
    monkeypatch.setattr(cases, "due", lambda connection, now, *, most: ids)
    assert swept(parts, office, late) == 0
    assert now_of(parts.store).status == "for_approval"

    def overtaken(*args: Any, **rest: Any) -> None:
        raise Overtaken

    monkeypatch.setattr(cases, "change", overtaken)
    assert swept(parts, office, late + timedelta(days=20)) == 0, "and what is overtaken is for the next round"


def test_a_bug_that_one_meets_does_not_keep_the_others(
    parts: Parts, office: Office, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    poor, other = filed(parts), filed(parts, *DEDUCTION, start=20, sender="+923990000002")
    change = cases.change

    def fails(fault: Exception) -> Any:
        def work(connection: Any, keys: Keys, case: Case, *args: Any, **rest: Any) -> None:
            if case.reference == poor:
                raise fault
            change(connection, keys, case, *args, **rest)

        return work

    late = NOW + timedelta(days=8)
    monkeypatch.setattr(cases, "change", fails(RuntimeError("a bug")))
    assert swept(parts, office, late) == 1
    assert "could not be moved on" in caplog.text
    assert {row.reference: row.level for row in rows(parts.store, grievance)} == {poor: 0, other: 1}
    monkeypatch.setattr(cases, "change", fails(StoreUnavailable("away")))
    with pytest.raises(StoreUnavailable):
        swept(parts, office, late)


def test_two_of_the_staff_at_once(parts: Parts, office: Office) -> None:
    number = filed(parts)
    case = parts.store.read_now(lambda c: acts.seen(c, office, LOCAL, number))

    def give(to: str) -> bool:
        try:
            parts.store.run_now(
                lambda c: acts.act(c, office, Staff(to, "local", "kech"), case, "assign", at=NOW, to=to)
            )
        except Overtaken:
            return False
        return True

    with ThreadPoolExecutor(2) as threads:
        done = list(threads.map(give, ("ali", "sana")))
    assert sorted(done) == [False, True]
    assert now_of(parts.store).assignee == ("ali" if done[0] else "sana")


def test_notes_of_several_at_once_are_all_kept(parts: Parts, office: Office) -> None:
    number = filed(parts)
    with ThreadPoolExecutor(4) as threads:
        list(
            threads.map(lambda n: do(parts.store, office, LOCAL, number, "note", text=f"note {n}"), range(8))
        )
    assert [event.number for event in life(parts, number)] == list(range(1, 10))


def test_an_answer_and_a_message_of_the_citizen_at_once(store: Store, keys: Keys) -> None:
    """The message was begun before the answer came: it is begun anew, and the answer's question stays."""
    number = filed(deploy(store, keys))
    moments: list[str] = []

    def at(step: str) -> None:
        if step == "answered" and not moments:
            moments.append(step)
            do(store, office, LOCAL, number, "close", text=ANSWER)

    parts = deploy(store, keys, at=at)
    office = Office(parts.sources.categories, parts.sources.notices)
    (thanked,) = texts(taken(parts, inbound("thank you", id="9")))
    assert moments
    assert thanked
    (closed,) = texts(taken(parts, inbound("1", id="10")))
    assert "closed" in closed


def test_a_turn_that_was_faster_is_not_undone(parts: Parts, office: Office) -> None:
    filed(parts)
    key = rows(parts.store, conversation)[0].id
    reached = parts.store.read_now(lambda c: conversations.reach(c, key))
    assert reached
    say(parts, "when will my money come", start=20)

    def speak(connection: Any) -> None:
        conversations.speak_first(connection, key, seen=reached.version, session=b"old", said={})

    with pytest.raises(Overtaken):
        parts.store.run_now(speak)


@pytest.mark.parametrize("action", ["close", "escalate"])
def test_killed_before_the_commit(action: str, parts: Parts, office: Office, database_url: str) -> None:
    """Either nothing has happened or everything: state, event, message and session."""
    number = filed(parts)
    before = [rows(parts.store, table) for table in (grievance, grievance_event, outbound, conversation)]
    parts.store.close()
    child = os.fork()
    if child == 0:
        try:
            store = open_store(database_url, pool=2)
            change = cases.change

            def then_die(*args: Any, **rest: Any) -> None:
                change(*args, **rest)
                os.kill(os.getpid(), signal.SIGKILL)

            cases.change = then_die
            if action == "close":
                do(store, office, LOCAL, number, "close", LATER, text=ANSWER)
            else:
                asyncio.run(sweep(store, office, NOW + timedelta(days=8)))
        finally:
            os._exit(1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == -signal.SIGKILL

    store = open_store(database_url, pool=2)
    assert [rows(store, table) for table in (grievance, grievance_event, outbound, conversation)] == before
    if action == "close":
        do(store, office, LOCAL, number, "close", LATER, text=ANSWER)
    else:
        assert asyncio.run(sweep(store, office, NOW + timedelta(days=8))) == 1
    assert len(rows(store, grievance_event)) == 2
    store.close()
