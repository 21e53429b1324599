"""Complaints: filed under a short number that survives being read aloud, told only to their owner."""

import hashlib
from dataclasses import dataclass
from datetime import date, datetime

import sqlalchemy as sa
from sqlalchemy import Connection

from bot.understand.reference import luhn_check_digit
from services.store.tables import grievance

FIRST_STATUS = "new"


@dataclass(frozen=True, slots=True)
class Standing:
    """How a complaint stands."""

    reference: str
    status: str
    on: date


def free_reference(connection: Connection, call: str) -> str:
    """A number for the complaint of this call, as 4829-1736: the same one if the call is repeated."""
    attempt = 0
    while True:
        reference = _reference(f"{call}/{attempt}")
        taken = connection.execute(
            sa.select(grievance.c.id).where(grievance.c.reference == reference)
        ).scalar()
        if taken is None or taken == call:
            return reference
        attempt += 1


def file(
    connection: Connection,
    call: str,
    *,
    reference: str,
    conversation: bytes,
    category: str,
    cnic: bytes | None,
    facts: bytes,
    at: datetime,
) -> None:
    """Write a complaint; `facts` is sealed JSON and `cnic` a keyed hash."""
    connection.execute(
        sa.insert(grievance).values(
            id=call,
            reference=reference,
            conversation=conversation,
            category=category,
            status=FIRST_STATUS,
            cnic=cnic,
            facts=facts,
            at=at,
            changed_at=at,
        )
    )


def standing(connection: Connection, conversation: bytes, reference: str | None) -> Standing | None:
    """The complaint of this number if this conversation made it; without a number, its newest."""
    mine = sa.select(grievance).where(grievance.c.conversation == conversation)
    if reference:
        mine = mine.where(grievance.c.reference == reference)
    row = connection.execute(mine.order_by(grievance.c.at.desc()).limit(1)).first()
    return Standing(row.reference, row.status, row.at.date()) if row else None


def _reference(seed: str) -> str:
    seven = f"{int.from_bytes(hashlib.sha256(seed.encode()).digest()[:8]) % 10**7:07d}"
    digits = seven + luhn_check_digit(seven)
    return f"{digits[:4]}-{digits[4:]}"
