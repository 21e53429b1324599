"""Whether the audit is as it was written: gaps, changed rows, heads that do not fit, rows of no chain.

What this cannot see by itself is a tail that was cut off together with its head: so the heads are noted
elsewhere from time to time (an *anchor*), and compared.
"""

import hashlib
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from itertools import chain as chain_of
from typing import Any, Literal, TypeAlias

import sqlalchemy as sa
from sqlalchemy import Connection

from services.privacy.audit import CHAINS, FIRST, covered, covered_cut
from services.privacy.identifiers import Keys
from services.store.engine import Store
from services.store.tables import audit, audit_cut, audit_head

ROWS = 2000
"""Rows that are read at once."""

MOST_FAULTS = 100
"""Faults that are told one by one; all are counted."""

What: TypeAlias = Literal[
    "changed",  # the row is not as it was written, or was never written by us
    "missing",  # this row, and perhaps some after it, is gone; at 1: or was removed, and not by us
    "head",  # the chain's head is not the hash of its last row
    "no head",
    "unknown chain",
    "old key",  # the newest row is by an older secret, as none is after a rotation
    "not as anchored",  # this row was another one when the anchor was written
]


@dataclass(frozen=True, slots=True, order=True)
class Head:
    """Number and hash of a row that all before it are bound to: mostly a chain's newest."""

    number: int
    hash: bytes


BEGINNING = Head(0, FIRST)

Heads: TypeAlias = Mapping[int, Head]


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong, at which row of which chain."""

    chain: int
    number: int
    what: What


@dataclass(slots=True)
class Verdict:
    """What was found. `unanchored` are chains that were cut, for their age, after the anchor's row."""

    heads: dict[int, Head] = field(default_factory=dict)
    rows: int = 0
    count: int = 0
    faults: list[Fault] = field(default_factory=list)
    unanchored: list[int] = field(default_factory=list)


def heads_of(connection: Connection) -> Heads:
    """The newest row of each chain, as the database has it."""
    rows = connection.execute(sa.select(audit_head).order_by(audit_head.c.chain))
    return {row.chain: Head(row.number, row.hash) for row in rows}


def digest(heads: Heads) -> str:
    """64 hexadecimal digits that stand for all heads: short enough to be noted on paper."""
    return hashlib.sha256("".join(_lines(heads)).encode()).hexdigest()


def anchor(heads: Heads) -> str:
    """The heads as a file: a line each with chain, number and hash, and a last one with their digest."""
    return "".join(_lines(heads)) + f"digest {digest(heads)}\n"


def read_anchor(text: str) -> Heads:
    """What `anchor` wrote. Raises ValueError for anything else."""
    found = re.findall(r"^(\d{1,2}) (\d{1,18}) ([0-9a-f]{64})$", text, re.MULTILINE)
    heads = {int(chain): Head(int(number), bytes.fromhex(hashed)) for chain, number, hashed in found}
    if anchor(heads) != text:
        raise ValueError("the file is not one that `haqdar audit heads` wrote, or was changed")
    return heads


def verify(
    store: Store,
    keys: Keys,
    anchored: Heads | None = None,
    *,
    tell: Callable[[int], None] = lambda rows: None,
) -> Verdict:
    """Read the whole audit, in constant memory, while it is written. `tell` hears how many rows are done."""
    verdict = Verdict()

    def seen(rows: int) -> None:
        verdict.rows += rows
        tell(verdict.rows)

    found: list[Iterable[Fault]] = [store.read_now(_of_no_chain)]
    found += [
        _chain(store, keys, chain, (anchored or {}).get(chain), verdict, seen) for chain in range(CHAINS)
    ]
    for fault in chain_of(*found):
        verdict.count += 1
        if len(verdict.faults) < MOST_FAULTS:
            verdict.faults.append(fault)
    return verdict


def _chain(
    store: Store,
    keys: Keys,
    chain: int,
    anchored: Head | None,
    verdict: Verdict,
    seen: Callable[[int], None],
) -> Iterator[Fault]:
    head, last = store.read_now(partial(_ends, chain))
    if head is None:
        yield Fault(chain, 0, "no head")
        return
    verdict.heads[chain] = head
    done, removed, oldest = BEGINNING, BEGINNING, 1
    for row in _rows(store, chain, max(head.number, last), seen):
        if row.number != done.number + 1:
            removed = _removed(store, keys, chain)
            done = max(done, removed)
        if row.number != done.number + 1:
            yield Fault(chain, done.number + 1, "missing")
        elif made_by := _made_by(keys, done.hash, row, oldest):
            oldest = made_by
        else:
            yield Fault(chain, row.number, "changed")
        done = Head(row.number, row.hash)
        if anchored and anchored.number == done.number and anchored != done:
            yield Fault(chain, done.number, "not as anchored")
    if done.number < head.number:
        removed = _removed(store, keys, chain)
        done = max(done, removed)
    if done.number < head.number:
        yield Fault(chain, done.number + 1, "missing")
    elif done != head:
        yield Fault(chain, head.number, "head")
    elif done > removed and oldest < keys.generation:
        yield Fault(chain, head.number, "old key")
    if anchored and anchored.number > head.number:
        yield Fault(chain, head.number + 1, "missing")
    if anchored and anchored.number == removed.number and anchored != removed:
        yield Fault(chain, removed.number, "not as anchored")
    if anchored and 0 < anchored.number < removed.number:
        verdict.unanchored.append(chain)


def _made_by(keys: Keys, before: bytes, row: Any, oldest: int) -> int | None:
    """The generation of the secret that a row's hash was made with, from `oldest` on.

    A chain never goes back to an older secret: so one that was given away forges nothing afterwards.
    """
    data = covered(before, *row[:-1])
    for generation in range(oldest, keys.generation + 1):
        if keys.chain(data, generation) == row.hash:
            return generation
    return None


def _rows(store: Store, chain: int, until: int, seen: Callable[[int], None]) -> Iterator[Any]:
    after = 0
    while rows := store.read_now(partial(_page, chain, after, until)):
        yield from rows
        after = rows[-1].number
        seen(len(rows))


def _page(chain: int, after: int, until: int, connection: Connection) -> Sequence[Any]:
    return connection.execute(
        sa.select(audit)
        .where(audit.c.chain == chain, audit.c.number > after, audit.c.number <= until)
        .order_by(audit.c.number)
        .limit(ROWS)
    ).all()


def _ends(chain: int, connection: Connection) -> tuple[Head | None, int]:
    """A chain's head and its last row's number, as they stood at one moment."""
    last = sa.select(sa.func.max(audit.c.number)).where(audit.c.chain == chain).scalar_subquery()
    wanted = sa.select(audit_head.c.number, audit_head.c.hash, last.label("last"))
    row = connection.execute(wanted.where(audit_head.c.chain == chain)).first()
    return (Head(row.number, row.hash), row.last or 0) if row else (None, 0)


def _removed(store: Store, keys: Keys, chain: int) -> Head:
    """The row up to which a chain was cut for its age, if the seal is ours; else the chain's beginning."""
    wanted = sa.select(audit_cut).where(audit_cut.c.chain == chain)
    cut = store.read_now(lambda connection: connection.execute(wanted).first())
    if cut and keys.chain(covered_cut(chain, cut.number, cut.hash)) == cut.seal:
        return Head(cut.number, cut.hash)
    return BEGINNING


def _of_no_chain(connection: Connection) -> list[Fault]:
    found = set()
    for table in (audit, audit_head):
        strange = sa.or_(table.c.chain < 0, table.c.chain >= CHAINS)
        rows = sa.select(table.c.chain, sa.func.min(table.c.number)).where(strange).group_by(table.c.chain)
        found |= {Fault(row[0], row[1], "unknown chain") for row in connection.execute(rows)}
    return sorted(found, key=lambda fault: (fault.chain, fault.number))


def _lines(heads: Heads) -> Iterator[str]:
    for chain, head in sorted(heads.items()):
        yield f"{chain} {head.number} {head.hash.hex()}\n"
