"""The audit: who asked after whom, for what, and what was given; append-only, in chains of keyed hashes.

Each row's hash covers the row and the hash before it, made with a key outside the database: who has only
the database can neither change a row nor add one. There are 16 chains, so that hosts that write at the
same time seldom wait for one another. Whether all of it is as it was written: `audit_check.py`.

Rows hold keyed hashes, of a key of their own, and no text of a citizen. They are kept for years
(`retention.toml`) and then cut off at the old end: `cut` notes, sealed by the key, up to where.
"""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import groupby
from typing import Any, Literal, TypeAlias

import sqlalchemy as sa
from sqlalchemy import Connection

from bot.messages import Json
from services.privacy.identifiers import Keys
from services.store.prepared import Prepared
from services.store.tables import audit, audit_cut, audit_head

CHAINS = 16
FIRST = bytes(32)
"""The hash before the first row of a chain."""

FILES = "files"
"""Stands where a person does in rows on what concerns many: files that the staff took out."""

Asker: TypeAlias = Literal["own", "helper", "other", "partner", "staff"]
"""The person's own phone, one that has their consent, any other phone, a partner's system, the staff."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One look-up of one person. `actor` and `subject` are what `actor_of` and `subject_of` give.

    `office` is the name of the partner or office that asked, which its subject may be told. `sources` are
    name, outcome and milliseconds of each source asked. `rules` is the hash of the rules that were applied,
    `consent` the id of the consent that was relied on.
    """

    at: datetime
    actor: bytes
    by: Asker
    channel: str
    purpose: str
    subject: bytes
    asked: frozenset[str]
    given: frozenset[str]
    decision: str
    sources: tuple[tuple[str, str, int], ...] = ()
    rules: str | None = None
    consent: str | None = None
    office: str | None = None


@dataclass(frozen=True, slots=True)
class Looked:
    """That somebody looked a person up. `actor` tells two askers apart, and no more."""

    at: datetime
    by: Asker
    office: str | None
    channel: str
    purpose: str
    given: tuple[str, ...]
    decision: str
    actor: bytes

    def data(self) -> dict[str, Json]:
        """For the bot to say: all but the asker's hash."""
        names = ("by", "office", "channel", "purpose", "decision")
        told = {name: getattr(self, name) for name in names}
        return {"at": self.at.isoformat(), "given": list(self.given), **told}


_head = Prepared(
    sa.select(audit_head.c.number, audit_head.c.hash)
    .where(audit_head.c.chain == sa.bindparam("of"))
    .with_for_update()
)
_append = Prepared(sa.insert(audit), [column.name for column in audit.columns])
_move = Prepared(
    sa.update(audit_head)
    .where(audit_head.c.chain == sa.bindparam("of"))
    .values(number=sa.bindparam("new_number"), hash=sa.bindparam("new_hash"))
)
_encode = json.JSONEncoder(separators=(",", ":")).encode


def subject_of(keys: Keys, cnic: str) -> bytes:
    """A person in the audit, by a key that no other table's hashes are made with."""
    return keys.hash("audit", cnic)


def actor_of(keys: Keys, who: bytes | str) -> bytes:
    """An asker in the audit: of a conversation its hash, of staff and partners their name."""
    return keys.hash("audit", f"by:{who if isinstance(who, str) else who.hex()}")


def of_file(keys: Keys, at: datetime, *, staff: str, purpose: str, rows: int, kind: str) -> Entry:
    """That somebody of the staff took out a file of this kind (its suffix) with so many rows."""
    return Entry(
        at=at,
        actor=actor_of(keys, staff),
        by="staff",
        channel="file",
        purpose=purpose,
        subject=subject_of(keys, FILES),
        asked=frozenset(),
        given=frozenset(),
        decision=f"{rows} rows as {kind.lstrip('.')}",
        office=staff,
    )


def append(connection: Connection, keys: Keys, entries: Iterable[Entry]) -> None:
    """Write what one transaction has to tell: call it once in it, last, because heads stay locked.

    Chains are taken in order, so that two transactions cannot wait for one another.
    """
    for chain, group in groupby(sorted(entries, key=_chain), _chain):
        head = _head.first(connection, {"of": chain})
        number, hashed = head.number, head.hash
        for entry in group:
            number += 1
            row = {
                "chain": chain,
                "number": number,
                "at": entry.at,
                "actor": entry.actor,
                "channel": entry.channel,
                "purpose": entry.purpose,
                "subject": entry.subject,
                "entry": _told(entry),
            }
            hashed = row["hash"] = keys.chain(covered(hashed, *row.values()))
            _append.run(connection, row)
        _move.run(connection, {"of": chain, "new_number": number, "new_hash": hashed})


def covered(
    before: bytes,
    chain: int,
    number: int,
    at: datetime,
    actor: bytes,
    channel: str,
    purpose: str,
    subject: bytes,
    entry: str,
) -> bytes:
    """What a row's hash is made of: one way to write each row, and no two rows alike."""
    when = at.astimezone(UTC).isoformat()
    fields = (before.hex(), chain, number, when, actor.hex(), channel, purpose, subject.hex(), entry)
    return _encode(fields).encode()


def of_subject(
    connection: Connection, keys: Keys, cnic: str, *, since: datetime, last: int = 50
) -> list[Looked]:
    """Who looked a person up since then, newest first."""
    rows = connection.execute(
        sa.select(audit)
        .where(audit.c.subject.in_(keys.hashes("audit", cnic)), audit.c.at >= since)
        .order_by(audit.c.at.desc(), audit.c.number.desc())
        .limit(last)
    )
    return [_looked(row) for row in rows]


def cut(connection: Connection, keys: Keys, chain: int, before: datetime, *, most: int) -> int:
    """Remove the rows at a chain's old end that are from before then, `most` at once; how many."""
    _head.first(connection, {"of": chain})
    oldest = (
        sa.select(audit.c.number, audit.c.at, audit.c.hash)
        .where(audit.c.chain == chain)
        .order_by(audit.c.number)
        .limit(most)
    )
    last, count = None, 0
    for row in connection.execute(oldest):
        if row.at >= before:
            break
        last, count = row, count + 1
    if last is None:
        return 0
    write_cut(connection, keys, chain, last.number, last.hash)
    connection.execute(sa.delete(audit).where(audit.c.chain == chain, audit.c.number <= last.number))
    return count


def write_cut(connection: Connection, keys: Keys, chain: int, number: int, hashed: bytes) -> None:
    """Note up to where a chain was cut, sealed with the newest secret."""
    connection.execute(sa.delete(audit_cut).where(audit_cut.c.chain == chain))
    seal = keys.chain(covered_cut(chain, number, hashed))
    connection.execute(sa.insert(audit_cut).values(chain=chain, number=number, hash=hashed, seal=seal))


def covered_cut(chain: int, number: int, hashed: bytes) -> bytes:
    """What the seal of a cut is made of."""
    return _encode(("cut", chain, number, hashed.hex())).encode()


def _chain(entry: Entry) -> int:
    return entry.subject[0] % CHAINS


def _told(entry: Entry) -> str:
    told: dict[str, Any] = {
        "by": entry.by,
        "asked": sorted(entry.asked),
        "given": sorted(entry.given),
        "decision": entry.decision,
        "sources": entry.sources,
    }
    for name in ("rules", "consent", "office"):
        if value := getattr(entry, name):
            told[name] = value
    return _encode(told)


def _looked(row: Any) -> Looked:
    told = json.loads(row.entry)
    return Looked(
        at=row.at,
        by=told["by"],
        office=told.get("office"),
        channel=row.channel,
        purpose=row.purpose,
        given=tuple(told["given"]),
        decision=told["decision"],
        actor=row.actor,
    )
