"""The audit: written once, in order, whoever writes at the same time; and what its subject may learn."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st

from services.privacy import audit, audit_check
from services.privacy.identifiers import Keys
from services.store.engine import Store
from services.store.tables import audit as table
from services.store.tables import audit_cut, audit_head
from tests.services.audits import ALL, cnic, entry, fill
from tests.services.deployment import NOW, rows

YEAR = timedelta(days=365)


def write(store: Store, keys: Keys, *entries: audit.Entry) -> None:
    store.run_now(lambda connection: audit.append(connection, keys, entries))


def looked_up(store: Store, keys: Keys, number: int, **options: Any) -> list[audit.Looked]:
    asked = {"since": NOW - YEAR, **options}
    return store.read_now(lambda connection: audit.of_subject(connection, keys, cnic(number), **asked))


def test_rows_are_numbered_without_gaps_in_each_chain(store: Store, keys: Keys) -> None:
    write(store, keys, *(entry(keys, n, chain=chain) for n in range(3) for chain in (9, 0)))
    write(store, keys, entry(keys, chain=9))
    numbers = sorted((row.chain, row.number) for row in rows(store, table))
    assert numbers == [(0, 1), (0, 2), (0, 3), (9, 1), (9, 2), (9, 3), (9, 4)]
    heads = {row.chain: row.number for row in rows(store, audit_head)}
    assert heads == {chain: {0: 3, 9: 4}.get(chain, 0) for chain in range(audit.CHAINS)}
    assert audit_check.verify(store, keys).count == 0


def test_nobody_is_named_in_it(store: Store, keys: Keys) -> None:
    write(store, keys, entry(keys, 7, office="bank", consent="sms:1:0"))
    (row,) = rows(store, table)
    assert cnic(7) not in str(row)
    assert row.subject != keys.hash("cnic", cnic(7)), "it cannot be joined with another table"
    assert audit.actor_of(keys, "asma") != audit.subject_of(keys, "asma")
    assert audit.actor_of(keys, b"c" * 16) != b"c" * 16


def test_the_database_itself_refuses_a_change(store: Store, keys: Keys) -> None:
    fill(store, keys, 2)
    statements: list[Any] = [
        sa.update(table).values(purpose="x"),
        sa.delete(table),
        sa.delete(table).where(table.c.number == 2),
    ]
    if not store.is_sqlite:
        statements.append(sa.text("TRUNCATE audit"))
    for statement in statements:
        with pytest.raises(sa.exc.DBAPIError, match="append-only"):
            store.run_now(lambda c, s=statement: c.execute(s))
    assert len(rows(store, table)) == 2


def test_what_is_undone_leaves_no_gap(store: Store, keys: Keys) -> None:
    fill(store, keys, 1)

    def stumble(connection: Any) -> None:
        audit.append(connection, keys, [entry(keys, chain=3)])
        raise KeyError

    with pytest.raises(KeyError):
        store.run_now(stumble)
    fill(store, keys, 1)
    assert sorted(row.number for row in rows(store, table)) == [1, 2]
    assert audit_check.verify(store, keys).count == 0


def test_writers_at_the_same_time_leave_no_gap_and_do_not_lock_one_another_out(
    store: Store, keys: Keys
) -> None:
    each, chains = 12, (5, 6, 7)

    def work(number: int) -> None:
        for turn in range(each):
            # Each in another order, which would be a deadlock if they were written so.
            order = [chains[(number + turn + step) % 3] for step in range(3)]
            write(store, keys, *(entry(keys, number, chain=chain) for chain in order))

    with ThreadPoolExecutor(4) as threads:
        list(threads.map(work, range(4)))
    verdict = audit_check.verify(store, keys)
    assert (verdict.rows, verdict.faults) == (4 * each * 3, [])
    assert [verdict.heads[chain].number for chain in chains] == [4 * each] * 3


def test_people_learn_who_looked_them_up(store: Store, keys: Keys) -> None:
    bank = entry(
        keys, 7, at=NOW + timedelta(minutes=1), by="partner", office="bank", given=frozenset({"person.link"})
    )
    nobody = entry(keys, 7, at=NOW - 2 * YEAR)
    write(store, keys, entry(keys, 7), entry(keys, 8), bank, nobody)
    newest, own = looked_up(store, keys, 7)
    assert newest.data() == {
        "at": "2026-11-24T09:01:00+00:00", "by": "partner", "office": "bank", "channel": "sms",
        "purpose": "payment_status", "given": ["person.link"], "decision": "own",
    }  # fmt: skip
    assert (own.by, own.office, own.at, own.given) == ("own", None, NOW, tuple(sorted(ALL)))
    assert [one.by for one in looked_up(store, keys, 7, last=1)] == ["partner"]
    assert len(looked_up(store, keys, 7, since=NOW - 3 * YEAR)) == 3
    assert looked_up(store, keys, 9) == []


def test_the_old_end_is_cut_off(store: Store, keys: Keys) -> None:
    fill(store, keys, 5)

    def cut(seconds: int, most: int = 10) -> int:
        before = NOW + timedelta(seconds=seconds)
        return store.run_now(lambda c: audit.cut(c, keys, 3, before, most=most))

    assert cut(0) == 0
    assert cut(3, most=2) == 2
    assert cut(3, most=2) == 1
    assert [row.number for row in rows(store, table)] == [4, 5]
    assert [row.number for row in rows(store, audit_cut)] == [3]
    assert audit_check.verify(store, keys).count == 0
    with pytest.raises(sa.exc.DBAPIError, match="append-only"):
        store.run_now(lambda c: c.execute(sa.delete(table)))
    assert cut(60) == 2
    fill(store, keys, 1)
    verdict = audit_check.verify(store, keys)
    assert (verdict.rows, verdict.count, verdict.heads[3].number) == (1, 0, 6)


KEYS = Keys.from_secret(b"a secret that is only for the tests")
moments = st.datetimes(
    datetime(1970, 1, 1),
    datetime(2100, 1, 1),
    timezones=st.sampled_from([NOW.tzinfo, timezone(timedelta(hours=5))]),
)
texts = st.text(alphabet=st.characters(exclude_categories=("Cs",)), max_size=8)
fields = st.tuples(
    st.binary(min_size=32, max_size=32), st.integers(0, 15), st.integers(1, 2**40), moments,
    st.binary(min_size=16, max_size=16), texts, texts, st.binary(min_size=16, max_size=16), texts,
)  # fmt: skip


@given(fields, fields)
def test_no_two_rows_are_written_alike(one: tuple[Any, ...], other: tuple[Any, ...]) -> None:
    assert (audit.covered(*one) == audit.covered(*other)) == (one == other)


@given(fields, fields, st.integers(0, 8))
def test_each_field_counts(one: tuple[Any, ...], other: tuple[Any, ...], place: int) -> None:
    mixed = (*one[:place], other[place], *one[place + 1 :])
    assert (audit.covered(*one) == audit.covered(*mixed)) == (one[place] == other[place])


@given(moments)
def test_a_moment_is_written_alike_in_every_zone(at: datetime) -> None:
    row = (bytes(32), 1, 1, at, bytes(16), "sms", "x", bytes(16), "{}")
    moved = (*row[:3], at.astimezone(timezone(timedelta(hours=-3))), *row[4:])
    assert audit.covered(*row) == audit.covered(*moved)


def test_an_entry_is_told_apart_from_its_like() -> None:
    one = entry(KEYS)
    for change in (
        {"office": "a"},
        {"rules": None},
        {"sources": ()},
        {"given": frozenset()},
        {"by": "other"},
    ):
        assert audit._told(replace(one, **change)) != audit._told(one)
