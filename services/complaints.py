"""Complaints: filed under a short number that survives being read aloud, told only to their owner."""

from dataclasses import dataclass
from datetime import date, datetime

import sqlalchemy as sa
from sqlalchemy import Connection

from services.references import free_reference as free_reference
from services.store.tables import grievance

FIRST_STATUS = "new"


@dataclass(frozen=True, slots=True)
class Standing:
    """How a complaint stands."""

    reference: str
    status: str
    on: date


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
