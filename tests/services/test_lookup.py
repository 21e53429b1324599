"""Several sources asked as one: what each may do wrong, and what the view then says."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.privacy.identifiers import Keys
from services.registry import (
    SCOPES,
    Enrolment,
    Payment,
    Person,
    Record,
    Refused,
    Scope,
    Unavailable,
)
from services.registry.breaker import Breaker
from services.registry.copies import StoredCopies, keep
from services.registry.lookup import Connected, Copies, Copy, Lookup
from services.registry.view import Reading, View, consolidate
from services.store.engine import Store
from tests.services.deployment import NOW

CNIC = "9000000000012"
TODAY = NOW.date()
MONEY: frozenset[Scope] = frozenset({"payment.timeline"})
READY = Payment("kafaalat", "2026-Q4", 13500, "ready", on=TODAY)


@dataclass
class Source:
    """A source that does as it is told."""

    name: str
    does: Callable[[], Record | None]
    scopes: frozenset[Scope] = SCOPES
    wait: float = 0
    asked: int = 0

    async def find(self, cnic: str, scopes: frozenset[Scope]) -> Record | None:
        self.asked += 1
        assert scopes <= self.scopes
        await asyncio.sleep(self.wait)
        return self.does()


class NoCopies:
    async def find(self, source: str, cnic: str, scopes: frozenset[Scope]) -> Copy | None:
        return None


def says(**facts: Any) -> Callable[[], Record]:
    return lambda: Record(**{"as_of": TODAY, **facts})


def breaks(fault: Exception) -> Callable[[], Record]:
    def does() -> Record:
        raise fault

    return does


def view(
    *sources: Source | Connected,
    scopes: frozenset[Scope] = SCOPES,
    copies: Copies | None = None,
    seconds: float = 0.05,
) -> View:
    async def look() -> View:
        connected = [one if isinstance(one, Connected) else Connected(one) for one in sources]
        lookup = Lookup(connected, copies or NoCopies())
        return await lookup.find(CNIC, scopes, ends=asyncio.get_running_loop().time() + seconds)

    return asyncio.run(look())


def test_facts_of_one_family_come_together_from_every_source() -> None:
    bank = Source("bank", says(payments=(READY,)), MONEY)
    survey = Source("survey", says(surveyed_on=date(2024, 1, 5)), frozenset({"survey.recency"}))
    desk = Source("desk", says(enrolments=(Enrolment("kafaalat", "enrolled", TODAY),)))
    found = view(bank, survey, desk)
    assert [told.value for told in found.payments] == [READY]
    assert found.payments[0].source == "bank"
    assert found.surveyed_on is not None
    assert found.surveyed_on.value == date(2024, 1, 5)
    assert found.enrolments[0].source == "desk"
    assert [reading.outcome for reading in found.readings] == ["found"] * 3


def test_no_source_is_asked_for_what_it_does_not_hold_or_was_not_wanted() -> None:
    bank, survey = Source("bank", says(), MONEY), Source("survey", says(), frozenset({"survey.recency"}))
    found = view(bank, survey, scopes=MONEY)
    assert (bank.asked, survey.asked) == (1, 0)
    assert [reading.source for reading in found.readings] == ["bank"]


def test_what_a_source_sends_beyond_the_question_is_cut_off() -> None:
    talkative = Source(
        "talkative", says(payments=(READY,), card_expires_on=TODAY, person=Person("A", "kech", "f"))
    )
    found = view(talkative, scopes=MONEY)
    assert found.payments
    assert found.card_expires_on is None
    assert not found.persons


@pytest.mark.parametrize(
    ("does", "wait", "outcome"),
    [
        (says(), 30, "late"),
        (breaks(Unavailable()), 0, "late"),
        (breaks(Refused()), 0, "refused"),
        (breaks(ConnectionResetError()), 0, "refused"),
        (lambda: None, 0, "empty"),
    ],
)
def test_one_source_that_fails_leaves_the_rest(does: Any, wait: float, outcome: str) -> None:
    found = view(Source("bad", does, MONEY, wait), Source("good", says(payments=(READY,)), MONEY))
    assert {reading.source: reading.outcome for reading in found.readings} == {
        "bad": outcome,
        "good": "found",
    }
    assert [told.value for told in found.payments] == [READY]
    assert found.missing("payment.timeline") == (() if outcome == "empty" else ("bad",))


def test_a_source_that_is_alone_and_late_is_not_an_empty_one() -> None:
    found = view(Source("bad", says(), MONEY, 30))
    assert not found.payments
    assert found.missing("payment.timeline") == ("bad",)
    assert found.missing("survey.recency") == ()


def test_all_are_asked_at_the_same_time() -> None:
    slow = [Source(f"s{number}", says(), MONEY, 0.03) for number in range(5)]
    assert [reading.outcome for reading in view(*slow, seconds=0.1).readings] == ["found"] * 5


def test_a_bug_in_a_connector_is_logged_without_its_words(caplog: pytest.LogCaptureFixture) -> None:
    view(Source("bad", breaks(ValueError(CNIC)), MONEY))
    assert "ValueError" in caplog.text
    assert CNIC not in caplog.text


def test_the_newest_is_told_and_the_other_kept() -> None:
    older = replace(READY, status="not_released")
    yesterday = TODAY - timedelta(days=1)
    found = view(
        Source("old", says(as_of=yesterday, payments=(older,)), MONEY),
        Source("new", says(payments=(READY,)), MONEY),
    )
    (told,) = found.payments
    assert (told.value, told.source) == (READY, "new")
    assert [(other.value.status, other.source) for other in told.others] == [("not_released", "old")]


def test_authority_goes_before_newness() -> None:
    bank = Connected(
        Source("bank", says(as_of=TODAY - timedelta(days=9), payments=(READY,)), MONEY), authority=1
    )
    school = Source("school", says(payments=(replace(READY, status="blocked"),)), MONEY)
    (told,) = view(school, bank).payments
    assert (told.source, told.others[0].source) == ("bank", "school")


def test_sources_that_agree_are_one() -> None:
    (told,) = view(
        Source("a", says(payments=(READY,)), MONEY), Source("b", says(payments=(READY,)), MONEY)
    ).payments
    assert told.others == ()


record = st.builds(
    Record,
    as_of=st.dates(date(2026, 1, 1), TODAY),
    payments=st.lists(
        st.builds(
            Payment,
            programme=st.sampled_from(["kafaalat", "nashonuma"]),
            cycle=st.sampled_from(["2026-Q3", "2026-Q4"]),
            amount=st.integers(1, 3),
            status=st.sampled_from(["ready", "blocked"]),
        ),
        max_size=3,
    ).map(tuple),
)


@given(st.lists(st.tuples(record, st.integers(0, 2)), max_size=5), st.randoms())
def test_the_view_does_not_depend_on_who_answered_first(said: list[tuple[Record, int]], random: Any) -> None:
    readings = [
        Reading(f"s{number}", MONEY, "found", one, authority=authority)
        for number, (one, authority) in enumerate(said)
    ]
    shuffled = sorted(readings, key=lambda reading: random.random())
    first, second = consolidate(readings), consolidate(sorted(shuffled, key=lambda one: one.source))
    assert first == second
    payments = {p for one, _ in said for p in one.payments or ()}
    told = {t.value for t in first.payments} | {o.value for t in first.payments for o in t.others}
    assert told <= payments
    assert {(p.programme, p.cycle) for p in told} == {(p.programme, p.cycle) for p in payments}


def test_a_breaker_opens_waits_and_tries_one() -> None:
    breaker = Breaker(most=3, pause=10)
    for _ in range(3):
        assert breaker.lets_through(0)
        breaker.note(False, 0)
    assert not breaker.lets_through(9.9)
    assert breaker.lets_through(10)
    assert not breaker.lets_through(10), "one at a time"
    breaker.note(False, 10)
    assert not breaker.lets_through(19.9)
    assert breaker.lets_through(20)
    breaker.note(True, 20)
    assert breaker.lets_through(20)
    assert breaker.lets_through(20)


def test_a_source_that_keeps_failing_is_left_alone() -> None:
    bad = Source("bad", breaks(Unavailable()), MONEY)
    connected = Connected(bad, breaker=Breaker(most=2, pause=60))
    for _ in range(4):
        assert view(connected).readings[0].outcome == "late"
    assert bad.asked == 2


def test_all_connections_are_let_go_of_whatever_one_of_them_does(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("services.registry.lookup.CLOSING", 0.01)
    closed: list[str] = []

    def closing(name: str, does: Callable[[], Awaitable[None]]) -> Connected:
        async def close() -> None:
            closed.append(name)
            await does()

        return Connected(Source(name, says()), close=close)

    async def breaks_off() -> None:
        raise ConnectionResetError("9000000000012")

    sources = [
        closing("breaks", breaks_off),
        closing("hangs", lambda: asyncio.sleep(60)),
        Connected(Source("ours", says())),
        closing("ends", lambda: asyncio.sleep(0)),
    ]
    asyncio.run(Lookup(sources, NoCopies()).close())
    assert sorted(closed) == ["breaks", "ends", "hangs"]
    assert sorted(line.getMessage() for line in caplog.records) == [
        "source breaks could not be closed: ConnectionResetError",
        "source hangs could not be closed: TimeoutError",
    ]


def copies_of(
    store: Store, keys: Keys, age: timedelta, record: Record, scopes: frozenset[Scope] = MONEY
) -> StoredCopies:
    reading = Reading("bank", scopes, "found", record)
    store.run_now(lambda c: keep(c, keys, keys.hash("cnic", CNIC), reading, NOW - age))
    return StoredCopies(store, keys, lambda: NOW)


def test_an_older_answer_stands_in_with_its_age(store: Store, keys: Keys) -> None:
    copies = copies_of(store, keys, timedelta(hours=2), says(payments=(READY,))())
    bank = Connected(Source("bank", breaks(Unavailable()), MONEY), kept=86_400)
    found = view(bank, scopes=MONEY, copies=copies)
    (reading,), (told,) = found.readings, found.payments
    assert (reading.outcome, reading.age, reading.worth_keeping) == ("stale", 7200, False)
    assert (told.value, told.stale) == (READY, True)
    assert found.missing("payment.timeline") == ()


@pytest.mark.parametrize("kept", [0, 3600])
def test_an_answer_that_is_too_old_does_not_stand_in(store: Store, keys: Keys, kept: float) -> None:
    copies = copies_of(store, keys, timedelta(hours=2), says(payments=(READY,))())
    found = view(
        Connected(Source("bank", breaks(Unavailable()), MONEY), kept=kept), scopes=MONEY, copies=copies
    )
    assert found.missing("payment.timeline") == ("bank",)


def test_a_fresh_answer_spares_the_source(store: Store, keys: Keys) -> None:
    copies = copies_of(store, keys, timedelta(minutes=5), says(payments=(READY,))())
    bank = Source("bank", says(), MONEY)
    found = view(Connected(bank, fresh=600, kept=86_400), scopes=MONEY, copies=copies)
    assert bank.asked == 0
    assert [told.value for told in found.payments] == [READY]
    assert not found.readings[0].worth_keeping, "it would never grow old"
    assert view(Connected(bank, fresh=60), scopes=MONEY, copies=copies).readings[0].record == says()()
    assert bank.asked == 1


def test_who_is_linked_is_never_kept(store: Store, keys: Keys) -> None:
    link: frozenset[Scope] = frozenset({"person.link"})
    copies = copies_of(store, keys, timedelta(0), says(person=Person("A", "kech", "f"))(), link)
    found = view(
        Connected(Source("bank", breaks(Unavailable()), link), fresh=600, kept=600),
        scopes=link,
        copies=copies,
    )
    assert found.missing("person.link") == ("bank",)
    assert not found.persons


def test_a_copy_is_replaced_and_sealed(store: Store, keys: Keys) -> None:
    copies_of(store, keys, timedelta(hours=2), says(payments=(READY,))())
    copies = copies_of(store, keys, timedelta(hours=1), says(payments=())())
    found = asyncio.run(copies.find("bank", CNIC, MONEY))
    assert found is not None
    assert (found.record.payments, found.age) == ((), 3600)
    assert asyncio.run(copies.find("other", CNIC, MONEY)) is None
