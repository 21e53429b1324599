"""Requests to change a record: kept under a number, told only to their owner, and settled by others.

A request is `new`, then `exported` to those who keep the registry, by their word in want of `evidence`, and
at last `done` or `refused`. Nothing here touches what is on record.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, TypeAlias

import sqlalchemy as sa
from sqlalchemy import Connection, Row

from services.privacy.identifiers import Keys
from services.store.tables import change_request

FIRST_STATUS = "new"
UNSETTLED = (FIRST_STATUS, "exported", "evidence")
UNSAID = "unsaid"
"""The reason of a refusal where the office gave none."""

AnyRow: TypeAlias = Row[*tuple[Any, ...]]


@dataclass(frozen=True, slots=True)
class Standing:
    """How a request stands; `on` is the day on which it was made, `reason` why it was refused."""

    reference: str
    kind: str
    status: str
    on: date
    reason: str = UNSAID


def propose(
    connection: Connection,
    call: str,
    *,
    reference: str,
    conversation: bytes,
    kind: str,
    subject: bytes | None,
    facts: bytes,
    proven: bool,
    at: datetime,
) -> None:
    """Write a request. `facts` is sealed JSON: `cnic`, and what was `said`; `subject` the CNIC's keyed hash.

    `proven`: whether the phone that is registered for that CNIC stands behind it.
    """
    connection.execute(
        sa.insert(change_request).values(
            id=call,
            reference=reference,
            conversation=conversation,
            subject=subject,
            kind=kind,
            facts=facts,
            proven=proven,
            status=FIRST_STATUS,
            at=at,
            changed_at=at,
        )
    )


def confirm(connection: Connection, conversation: bytes, reference: str, at: datetime) -> None:
    """Note that the registered phone agrees to an open request of this conversation.

    One that was exported without that is new again, so that the registry hears of it.
    """
    t = change_request.c
    mine = sa.update(change_request).where(t.conversation == conversation, t.reference == reference)
    unsettled = mine.where(t.status.in_(UNSETTLED))
    connection.execute(unsettled.values(proven=True, status=FIRST_STATUS, changed_at=at))


def of_reference(
    connection: Connection, keys: Keys, conversation: bytes, reference: str | None
) -> Standing | None:
    """The request of this number if this conversation made it; without a number, its newest."""
    mine = sa.select(change_request).where(change_request.c.conversation == conversation)
    if reference:
        mine = mine.where(change_request.c.reference == reference)
    row = connection.execute(mine.order_by(change_request.c.at.desc()).limit(1)).first()
    if row is None:
        return None
    reason = json.loads(keys.open(row.facts)).get("reason", UNSAID)
    return Standing(row.reference, row.kind, row.status, row.at.date(), reason)


def newest(connection: Connection, *, kind: str | None, status: str | None, most: int) -> Sequence[AnyRow]:
    """The newest requests, of one kind or status or of any."""
    t = change_request.c
    wanted = sa.select(t.reference, t.kind, t.status, t.proven, t.at).order_by(t.at.desc(), t.id).limit(most)
    if kind:
        wanted = wanted.where(t.kind == kind)
    if status:
        wanted = wanted.where(t.status == status)
    return connection.execute(wanted).all()


def row(connection: Connection, reference: str) -> AnyRow | None:
    """All that is kept of the request with this number."""
    return connection.execute(
        sa.select(change_request).where(change_request.c.reference == reference)
    ).first()


def part(
    connection: Connection,
    *,
    statuses: Sequence[str],
    kind: str | None,
    since: datetime | None,
    after: AnyRow | None,
    most: int,
) -> Sequence[AnyRow]:
    """The oldest requests of these statuses, or those that follow one."""
    t = change_request.c
    wanted = sa.select(change_request).where(t.status.in_(statuses)).order_by(t.at, t.id).limit(most)
    if kind:
        wanted = wanted.where(t.kind == kind)
    if since:
        wanted = wanted.where(t.at >= since)
    if after:
        wanted = wanted.where(sa.or_(t.at > after.at, sa.and_(t.at == after.at, t.id > after.id)))
    return connection.execute(wanted).all()


def mark_exported(connection: Connection, *, references: Sequence[str], at: datetime) -> int:
    """Count those of these requests that are new as exported; how many they were."""
    t = change_request.c
    new = sa.update(change_request).where(t.reference.in_(references), t.status == FIRST_STATUS)
    return connection.execute(new.values(status="exported", changed_at=at)).rowcount
