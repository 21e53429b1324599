"""How long things are kept: said for every table, done in small steps, and no longer than that."""

import asyncio
import logging
from datetime import datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from services.privacy import audit, audit_check, retention
from services.privacy.identifiers import Keys
from services.privacy.retention import Rule, blank, conditions, count, enforce, enforce_daily, plan
from services.store.engine import Store, StoreUnavailable
from services.store.tables import Moment, about, grievance_event, metadata
from services.store.tables import audit as audit_rows
from tests.services.anything import kept, put
from tests.services.audits import fill
from tests.services.deployment import NOW, rows

RULES = {rule.name: rule for rule in plan().rules}
NEVER = datetime(2000, 1, 1, tzinfo=NOW.tzinfo)


@pytest.fixture(autouse=True)
def _at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retention, "PAUSE", 0)


def run(store: Store, keys: Keys, now: datetime = NOW) -> dict[str, int]:
    return {name: rows for name, rows in asyncio.run(enforce(store, keys, now)).items() if rows}


def test_every_table_has_a_time_or_a_reason() -> None:
    timed = {rule.table.name for rule in plan().rules}
    assert timed | set(plan().kept) == set(metadata.tables)
    assert not timed & set(plan().kept)
    assert all(rule.why and rule.days > 0 for rule in plan().rules)
    assert all(plan().kept.values())


def test_a_rule_names_what_there_is() -> None:
    for rule in plan().rules:
        assert isinstance(rule.table.c[rule.since].type, Moment | sa.Date)
        assert {blank(rule.table.c[name]) for name in rule.clear} <= {None, b"", bytes(16)}
        rule.over_age(NOW)
    used = {(rule.only, rule.table.name) for rule in plan().rules if rule.only}
    assert used == set(conditions())


def test_free_text_of_citizens_has_a_time() -> None:
    from services.privacy.rotation import sealed_columns

    registry = {"household", "member"}
    assert {table.name for table in sealed_columns()} - registry <= {rule.table.name for rule in plan().rules}


PLAIN = [rule for rule in plan().rules if not rule.only and rule.table is not audit_rows]


@pytest.mark.parametrize("rule", PLAIN, ids=lambda rule: rule.name)
def test_a_row_is_removed_after_its_time_and_not_before(rule: Rule, store: Store, keys: Keys) -> None:
    just = NOW - timedelta(days=rule.days)
    of_days = isinstance(rule.table.c[rule.since].type, sa.Date)
    for at in (just, just - timedelta(days=1)):
        put(store, rule.table.name, **{rule.since: at.date() if of_days else at})
    assert store.read_now(lambda c: count(c, rule, NOW)) == 1
    assert run(store, keys) == {rule.name: 1}
    (left,) = kept(store, rule.table.name)
    assert getattr(left, rule.since) == (just.date() if of_days else just)
    assert run(store, keys) == {}


DAY = timedelta(days=1)
LONG_AGO = NOW - timedelta(days=366)


def test_idle_conversations_go_but_not_while_a_case_is_open(store: Store, keys: Keys) -> None:
    for name in ("idle", "complaining", "closed", "changing", "heard lately"):
        put(
            store, "conversation",
            id=name.ljust(16).encode()[:16],
            heard_at=NOW if name == "heard lately" else LONG_AGO,
        )  # fmt: skip
    put(store, "grievance", conversation=b"complaining     ", status="in_progress")
    put(store, "grievance", conversation=b"closed          ", status="closed")
    put(store, "change_request", conversation=b"changing        ", status="exported")
    assert run(store, keys) == {"conversation": 2}
    assert {row.id.strip() for row in kept(store, "conversation")} == {
        b"complaining",
        b"changing",
        b"heard lately",
    }


def test_who_said_stop_is_remembered_by_a_hash_only(store: Store, keys: Keys) -> None:
    put(store, "conversation", heard_at=LONG_AGO, opted_out_at=LONG_AGO, phone=b"p" * 16, address=b"sealed")
    assert run(store, keys) == {"conversation_stopped": 1}
    (row,) = kept(store, "conversation")
    assert (row.address, row.session, row.phone, row.opted_out_at) == (b"", b"", None, LONG_AGO)
    assert run(store, keys) == {}, "and is not touched again"


def test_the_last_of_who_was_forgotten_goes_in_two_days(store: Store, keys: Keys) -> None:
    for number, (forgotten, heard) in enumerate(((NOW - 3 * DAY, NOW - 3 * DAY), (NOW - 3 * DAY, NOW))):
        id = bytes([number]) * 16
        put(store, "conversation", id=id, forgotten_at=forgotten, heard_at=heard)
        put(store, "outbound", id=f"reply {number}", conversation=id, at=NOW - 3 * DAY)
    assert run(store, keys) == {"outbound_forgotten": 1, "conversation_forgotten": 1}
    assert [row.id for row in kept(store, "outbound")] == ["reply 1"], "who came back is as anybody"
    assert [row.id for row in kept(store, "conversation")] == [b"\x01" * 16]


def test_a_closed_complaint_loses_its_words_and_is_still_counted(store: Store, keys: Keys) -> None:
    put(store, "grievance", id="1", status="closed", cnic=b"c" * 16, changed_at=LONG_AGO)
    put(store, "grievance", id="2", status="new", cnic=b"c" * 16, changed_at=LONG_AGO)
    for id in "12":
        put(store, "grievance_event", grievance=id, note=b"sealed", at=LONG_AGO)
    assert run(store, keys) == {"grievance": 1, "grievance_event": 1}
    closed, still_open = sorted(kept(store, "grievance"), key=lambda row: row.id)
    assert (closed.facts, closed.cnic, closed.conversation) == (b"", None, bytes(16))
    assert (closed.status, closed.at) == ("closed", NOW)
    assert closed.category
    assert still_open.facts
    assert still_open.cnic == b"c" * 16
    notes = {row.grievance: row.note for row in rows(store, grievance_event)}
    assert notes == {"1": None, "2": b"sealed"}


def test_changes_that_are_done_go(store: Store, keys: Keys) -> None:
    for status in ("new", "exported", "done", "refused"):
        put(store, "change_request", id=status, status=status, changed_at=LONG_AGO)
    assert run(store, keys) == {"change_request": 2}
    assert {row.id for row in kept(store, "change_request")} == {"new", "exported"}


def test_the_audit_is_cut_and_still_verified(store: Store, keys: Keys) -> None:
    fill(store, keys, 5, at=NOW - timedelta(days=RULES["audit"].days, seconds=2))
    fill(store, keys, 2, chain=4)
    assert store.read_now(lambda c: count(c, RULES["audit"], NOW)) == 2
    assert run(store, keys) == {"audit": 2}
    verdict = audit_check.verify(store, keys)
    assert (verdict.rows, verdict.count) == (5, 0)


def test_it_is_done_in_small_steps(store: Store, keys: Keys, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retention, "ROWS", 3)
    for number in range(10):
        at = NEVER if number % 3 else NOW
        put(store, "inbound", id=f"{number}", channel="ab"[number % 2], at=at)
    fill(store, keys, 7, at=NEVER)
    told: list[tuple[str, int]] = []
    asyncio.run(enforce(store, keys, NOW, tell=lambda name, rows: told.append((name, rows))))
    steps = [rows for name, rows in told if name == "inbound"]
    assert len(steps) == 4
    assert max(steps) <= 3
    assert sum(steps) == 6
    assert len(kept(store, "inbound")) == 4
    assert [rows for name, rows in told if name == "audit" and rows] == [3, 3, 1]


def test_steps_go_on_where_they_were_stopped(
    store: Store, keys: Keys, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retention, "ROWS", 2)
    for number in range(6):
        put(store, "inbound", id=f"{number}", at=NEVER)

    def stop(name: str, rows: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        asyncio.run(enforce(store, keys, NOW, tell=stop))
    assert len(kept(store, "inbound")) == 4
    assert run(store, keys) == {"inbound": 4}


class Clock:
    """A clock that is a day further each time the loop sleeps."""

    def __init__(self, days: int) -> None:
        self.now, self.left = NOW, days

    def __call__(self) -> datetime:
        return self.now

    async def sleep(self, seconds: float) -> None:
        if seconds == retention.HOUR:
            self.now += DAY / 2
            self.left -= 1
            if not self.left:
                raise asyncio.CancelledError


def serve(store: Any, keys: Keys, clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retention.asyncio, "sleep", clock.sleep)
    with pytest.raises(asyncio.CancelledError):
        asyncio.run(enforce_daily(store, keys, clock))


def test_the_running_service_does_it_once_a_day(
    store: Store, keys: Keys, monkeypatch: pytest.MonkeyPatch
) -> None:
    days: list[datetime] = []
    honest = retention.enforce

    async def noted(store: Store, keys: Keys, now: datetime) -> dict[str, int]:
        days.append(now)
        return await honest(store, keys, now)

    monkeypatch.setattr(retention, "enforce", noted)
    put(store, "inbound", at=NEVER)
    serve(store, keys, Clock(5), monkeypatch)
    serve(store, keys, Clock(1), monkeypatch)
    assert [day.day for day in days] == [24, 25, 26], "another process that begins on a day leaves it be"
    assert kept(store, "inbound") == []
    assert [row.value for row in rows(store, about)] == ["2026-11-26"]


@pytest.mark.parametrize(
    ("fault", "told"),
    [
        (StoreUnavailable("away"), "database is away"),
        (sa.exc.IntegrityError("", {}, Exception()), "another process"),
        (RuntimeError("a bug"), "retention failed"),
    ],
)
def test_it_goes_on_after_an_outage_or_a_bug(
    fault: Exception,
    told: str,
    keys: Keys,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.INFO)

    class Away:
        async def run(self, work: Any) -> Any:
            raise fault

    serve(Away(), keys, Clock(2), monkeypatch)
    assert caplog.text.count(told) == 2


def test_only_the_audit_is_cut(keys: Keys) -> None:
    cut = [rule.name for rule in plan().rules if len(retention._steps(rule, keys, NOW)) == audit.CHAINS]
    assert cut == ["audit"]
