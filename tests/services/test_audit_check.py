"""Whoever has the database but not the key changes nothing of the audit unseen."""

import hmac
from collections.abc import Callable
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st

from services.privacy import audit, audit_check
from services.privacy.audit_check import Fault, Head, anchor, digest, heads_of, read_anchor, verify
from services.privacy.identifiers import Keys
from services.store.engine import Store
from services.store.tables import audit as table
from services.store.tables import audit_cut, audit_head
from tests.services.audits import entry, fill, tamper
from tests.services.deployment import rows

OTHER = Keys.from_secret(b"another secret that is also only for the tests")
ROW_5 = sa.and_(table.c.chain == 3, table.c.number == 5)


def faults(store: Store, keys: Keys, anchored: Any = None) -> list[tuple[int, int, str]]:
    return [(one.chain, one.number, one.what) for one in verify(store, keys, anchored).faults]


def heads(store: Store) -> Any:
    return store.read_now(heads_of)


@pytest.fixture
def filled(store: Store, keys: Keys) -> Store:
    """Eight rows in chain 3, two in chain 4."""
    fill(store, keys, 8)
    fill(store, keys, 2, chain=4)
    return store


def test_nothing_is_wrong(filled: Store, keys: Keys) -> None:
    told: list[int] = []
    verdict = verify(filled, keys, heads(filled), tell=told.append)
    assert (verdict.rows, verdict.count, verdict.unanchored) == (10, 0, [])
    assert told == [8, 10]
    assert verdict.heads == heads(filled)


def test_it_is_read_in_parts(filled: Store, keys: Keys, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(audit_check, "ROWS", 3)
    assert faults(filled, keys) == []
    tamper(filled, sa.delete(table).where(ROW_5))
    assert faults(filled, keys) == [(3, 5, "missing")]


@pytest.mark.parametrize(
    "changed",
    [
        {"at": sa.text("'2026-11-25 00:00:00.000000'")},
        {"actor": b"x" * 16},
        {"subject": b"\x03" + b"x" * 15},
        {"channel": "web"},
        {"purpose": "other"},
        {"entry": '{"by":"own"}'},
        {"hash": b"x" * 32},
    ],
    ids=lambda changed: next(iter(changed)),
)
def test_a_changed_column(filled: Store, keys: Keys, changed: dict[str, Any]) -> None:
    tamper(filled, sa.update(table).where(ROW_5).values(changed))
    found = faults(filled, keys)
    assert found[0] == (3, 5, "changed")
    assert found[1:] == ([(3, 6, "changed")] if "hash" in changed else [])


def swap(connection: sa.Connection) -> None:
    for old, new in ((5, 100), (6, 5), (100, 6)):
        here = sa.and_(table.c.chain == 3, table.c.number == old)
        connection.execute(sa.update(table).where(here).values(number=new))


def into_another_chain(connection: sa.Connection) -> None:
    connection.execute(
        sa.update(table).where(table.c.chain == 3, table.c.number == 8).values(chain=5, number=1)
    )


def forged(keys: Keys, number: int, before: bytes) -> dict[str, Any]:
    """A row as its forger would have it."""
    one = entry(keys, chain=3, decision="forged")
    row = {
        "chain": 3, "number": number, "at": one.at, "actor": one.actor, "channel": one.channel,
        "purpose": one.purpose, "subject": one.subject, "entry": audit._told(one),
    }  # fmt: skip
    return {**row, "hash": keys.chain(audit.covered(before, *row.values()))}


def add_row(connection: sa.Connection) -> None:
    before = connection.execute(sa.select(audit_head.c.hash).where(audit_head.c.chain == 3)).scalar_one()
    row = forged(OTHER, 9, before)
    connection.execute(sa.insert(table).values(row))


def add_row_and_head(connection: sa.Connection) -> None:
    add_row(connection)
    hashed = connection.execute(sa.select(table.c.hash).where(table.c.number == 9)).scalar_one()
    head = sa.update(audit_head).where(audit_head.c.chain == 3)
    connection.execute(head.values(number=9, hash=hashed))


def insert_in_the_middle(connection: sa.Connection) -> None:
    for number in (8, 7, 6, 5):
        here = sa.and_(table.c.chain == 3, table.c.number == number)
        connection.execute(sa.update(table).where(here).values(number=number + 1))
    before = connection.execute(
        sa.select(table.c.hash).where(table.c.chain == 3, table.c.number == 4)
    ).scalar_one()
    connection.execute(sa.insert(table).values(forged(OTHER, 5, before)))
    connection.execute(sa.update(audit_head).where(audit_head.c.chain == 3).values(number=9))


def rewrite_with_another_key(connection: sa.Connection) -> None:
    before = audit.FIRST
    for number in range(1, 9):
        row = forged(OTHER, number, before)
        before = row["hash"]
        here = sa.and_(table.c.chain == 3, table.c.number == number)
        connection.execute(sa.update(table).where(here).values(row))
    connection.execute(sa.update(audit_head).where(audit_head.c.chain == 3).values(hash=before))


def cut_off_the_beginning(connection: sa.Connection) -> None:
    last = connection.execute(
        sa.select(table.c.hash).where(table.c.chain == 3, table.c.number == 4)
    ).scalar_one()
    audit.write_cut(connection, OTHER, 3, 4, last)
    connection.execute(sa.delete(table).where(table.c.chain == 3, table.c.number <= 4))


def unknown(connection: sa.Connection) -> None:
    connection.execute(sa.update(table).where(table.c.chain == 4).values(chain=16))
    connection.execute(sa.insert(audit_head).values(chain=-1, number=7, hash=bytes(32)))


in_chain_3 = table.c.chain == 3
EVERY_ROW = [(3, number, "changed") for number in range(1, 9)]


@pytest.mark.parametrize(
    ("attack", "found"),
    [
        (lambda c: c.execute(sa.delete(table).where(in_chain_3, table.c.number == 1)), [(3, 1, "missing")]),
        (lambda c: c.execute(sa.delete(table).where(ROW_5)), [(3, 5, "missing")]),
        (lambda c: c.execute(sa.delete(table).where(in_chain_3, table.c.number > 6)), [(3, 7, "missing")]),
        (lambda c: c.execute(sa.delete(table).where(in_chain_3)), [(3, 1, "missing")]),
        (swap, [(3, 5, "changed"), (3, 6, "changed"), (3, 7, "changed")]),
        (into_another_chain, [(3, 8, "missing"), (5, 1, "changed"), (5, 0, "head")]),
        (add_row, [(3, 9, "changed"), (3, 8, "head")]),
        (add_row_and_head, [(3, 9, "changed")]),
        (insert_in_the_middle, [(3, number, "changed") for number in (5, 6, 7, 8, 9)]),
        (rewrite_with_another_key, EVERY_ROW),
        (cut_off_the_beginning, [(3, 1, "missing")]),
        (
            lambda c: c.execute(sa.update(audit_head).where(audit_head.c.chain == 3).values(hash=b"x" * 32)),
            [(3, 8, "head")],
        ),
        (
            lambda c: c.execute(sa.update(audit_head).where(audit_head.c.chain == 3).values(number=7)),
            [(3, 7, "head")],
        ),
        (lambda c: c.execute(sa.delete(audit_head).where(audit_head.c.chain == 3)), [(3, 0, "no head")]),
        (unknown, [(-1, 7, "unknown chain"), (16, 1, "unknown chain"), (4, 1, "missing")]),
    ],
    ids=[
        "first row deleted", "middle row deleted", "tail deleted", "all rows deleted", "rows swapped",
        "row moved to another chain", "row added", "row and head added", "row inserted",
        "all rewritten with another key", "beginning cut off with another key", "head changed",
        "head put back", "head deleted", "unknown chains",
    ],
)  # fmt: skip
def test_tampering(
    filled: Store, keys: Keys, attack: Callable[[sa.Connection], Any], found: list[tuple[int, int, str]]
) -> None:
    tamper(filled)
    filled.run_now(attack)
    assert faults(filled, keys) == found


def cut_tail_and_head(store: Store, number: int) -> None:
    last = sa.select(table.c.hash).where(in_chain_3, table.c.number == number).scalar_subquery()
    head = sa.update(audit_head).where(audit_head.c.chain == 3)
    tamper(
        store,
        head.values(number=number, hash=last),
        sa.delete(table).where(in_chain_3, table.c.number > number),
    )


def test_a_tail_cut_off_with_its_head_is_seen_with_an_anchor_only(filled: Store, keys: Keys) -> None:
    anchored = heads(filled)
    cut_tail_and_head(filled, 6)
    assert faults(filled, keys) == []
    assert faults(filled, keys, anchored) == [(3, 7, "missing")]


def test_what_grew_again_is_not_what_was_anchored(filled: Store, keys: Keys) -> None:
    """Even who has the key cannot make it fit the note that lies elsewhere."""
    anchored = heads(filled)
    cut_tail_and_head(filled, 6)
    fill(filled, keys, 4)
    assert faults(filled, keys) == []
    assert faults(filled, keys, anchored) == [(3, 8, "not as anchored")]


def test_rows_after_an_anchor_are_none_of_its_business(filled: Store, keys: Keys) -> None:
    anchored = heads(filled)
    fill(filled, keys, 3)
    assert faults(filled, keys, anchored) == []


def cut(store: Store, keys: Keys, number: int) -> None:
    def work(connection: sa.Connection) -> None:
        here = sa.select(table.c.at).where(in_chain_3, table.c.number == number + 1)
        until = connection.execute(here).scalar_one()
        audit.cut(connection, keys, 3, until, most=100)

    store.run_now(work)


def test_an_anchor_and_a_lawful_cut(filled: Store, keys: Keys) -> None:
    old = {**heads(filled), 3: Head(4, row_hash(filled, 4)), 5: Head(0, audit.FIRST)}
    false = {**old, 3: Head(4, b"x" * 32)}
    cut(filled, keys, 4)
    assert faults(filled, keys, old) == []
    assert faults(filled, keys, false) == [(3, 4, "not as anchored")]
    cut(filled, keys, 6)
    verdict = verify(filled, keys, old)
    assert (verdict.count, verdict.unanchored) == (0, [3])


def row_hash(store: Store, number: int) -> bytes:
    return next(bytes(row.hash) for row in rows(store, table) if (row.chain, row.number) == (3, number))


@pytest.mark.parametrize("column", ["number", "hash", "seal"])
def test_a_cut_cannot_be_changed(filled: Store, keys: Keys, column: str) -> None:
    cut(filled, keys, 4)
    tamper(filled, sa.update(audit_cut).values({column: 5 if column == "number" else b"x" * 32}))
    assert faults(filled, keys) == [(3, 1, "missing")]


def test_a_cut_while_it_is_read(filled: Store, keys: Keys, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(audit_check, "ROWS", 2)
    verdict = verify(filled, keys, tell=lambda rows: cut(filled, keys, 5) if rows == 2 else None)
    assert (verdict.faults, verdict.rows) == ([], 2 + 3 + 2)


def test_many_faults_are_counted(filled: Store, keys: Keys, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(audit_check, "MOST_FAULTS", 3)
    verdict = verify(filled, OTHER)
    assert verdict.count == 10
    assert verdict.faults == [Fault(3, number, "changed") for number in (1, 2, 3)]


def test_an_anchor_can_be_read_again(filled: Store) -> None:
    text = anchor(heads(filled))
    assert read_anchor(text) == heads(filled)
    assert digest(heads(filled)) in text
    for wrong in ("", "digest\n", text[:-2] + "\n", text.replace("3 8 ", "3 7 ", 1), f"x{text}"):
        with pytest.raises(ValueError, match="haqdar audit heads"):
            read_anchor(wrong)


@given(
    st.dictionaries(st.integers(0, 15), st.tuples(st.integers(0, 2**50), st.binary(min_size=32, max_size=32)))
)
def test_any_anchor_can_be_read_again(found: dict[int, tuple[int, bytes]]) -> None:
    some = {chain: Head(*head) for chain, head in found.items()}
    assert read_anchor(anchor(some)) == some


def test_the_digest_tells_heads_apart() -> None:
    one, other = {3: Head(1, bytes(32))}, {3: Head(2, bytes(32))}
    assert not hmac.compare_digest(digest(one), digest(other))
