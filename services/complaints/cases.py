"""Complaints in the database: how each stands, and the events that brought it there.

An event is never changed. A complaint is changed only from the state in which it was read, in the same
transaction as the event that says why; whoever comes second is told so.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast

import sqlalchemy as sa
from sqlalchemy import Connection

from bot.messages import Json
from services.complaints.life import STATUSES, State, Status
from services.privacy.identifiers import Keys
from services.store.conversations import Overtaken
from services.store.tables import Id, conversation, grievance, grievance_event

_UNCLOSED = tuple(status for status in STATUSES if status != "closed")


CLEARED: Mapping[str, Json] = {"action": "cleared"}
"""What is left of an event whose words are kept no longer."""


@dataclass(frozen=True, slots=True)
class Case:
    """One complaint as it was read. `facts` is sealed JSON."""

    id: str
    reference: str
    conversation: bytes
    category: str
    facts: bytes
    at: datetime
    cnic: bytes | None
    state: State


@dataclass(frozen=True, slots=True)
class Happened:
    """One event: `said` holds at least the `action`, perhaps `text`, `to`, `level`, `told`, `unsent`."""

    number: int
    status: str
    actor: str
    at: datetime
    said: Mapping[str, Json]


def begin(connection: Connection, keys: Keys, case: Case) -> None:
    """Write a new complaint with its first event."""
    state = case.state
    connection.execute(
        sa.insert(grievance).values(
            id=case.id,
            reference=case.reference,
            conversation=case.conversation,
            category=case.category,
            status=state.status,
            cnic=case.cnic,
            district=state.district,
            sensitive=state.sensitive,
            level=state.level,
            assignee=state.assignee,
            due_at=state.due_at,
            facts=case.facts,
            at=case.at,
            changed_at=state.changed_at,
        )
    )
    _tell(connection, keys, case.id, state, "citizen", {"action": "file"}, case.at)


def change(
    connection: Connection,
    keys: Keys,
    case: Case,
    state: State,
    *,
    actor: str,
    at: datetime,
    said: Mapping[str, Json],
) -> None:
    """Move a complaint on and say why. Raises `Overtaken` if it no longer stands as in `case`."""
    seen = case.state
    # First, because it also makes others wait who would take the same number for their event.
    changed = connection.execute(
        sa.update(grievance)
        .where(grievance.c.id == case.id, grievance.c.status == seen.status, grievance.c.level == seen.level)
        .where(grievance.c.assignee.is_not_distinct_from(seen.assignee))
        .values(
            status=state.status,
            level=state.level,
            district=state.district,
            assignee=state.assignee,
            due_at=state.due_at,
            changed_at=state.changed_at,
        )
    )
    if changed.rowcount != 1:
        raise Overtaken
    _tell(connection, keys, case.id, state, actor, said, at)


def find(connection: Connection, reference: str) -> Case | None:
    """The complaint of this number, whoever made it."""
    return _one(connection, sa.select(grievance).where(grievance.c.reference == reference))


def again(connection: Connection, id: str) -> Case | None:
    """The complaint of this id as it stands now."""
    return _one(connection, sa.select(grievance).where(grievance.c.id == id))


def owned(
    connection: Connection,
    who: bytes,
    phone: bytes | None,
    *,
    reference: str | None = None,
    status: Status | None = None,
) -> Case | None:
    """The newest complaint of a conversation, or of another one with the same proven phone."""
    found = _of(who, phone)
    if reference:
        found = found.where(grievance.c.reference == reference)
    if status:
        found = found.where(grievance.c.status == status)
    return _one(connection, found)


def recent(
    connection: Connection, who: bytes, phone: bytes | None, *, category: str, since: datetime
) -> list[Case]:
    """A person's open complaints of a category that were filed since then, newest first."""
    found = _of(who, phone).where(grievance.c.category == category, grievance.c.status.in_(_UNCLOSED))
    rows = connection.execute(_newest(found.where(grievance.c.at >= since)))
    return [_case(row) for row in rows]


def due(connection: Connection, now: datetime, *, most: int) -> list[str]:
    """Ids of complaints whose time has come, the longest overdue first."""
    found = (
        sa.select(grievance.c.id)
        .where(grievance.c.status.in_(_UNCLOSED), grievance.c.due_at <= now)
        .order_by(grievance.c.due_at)
        .limit(most)
    )
    return [row.id for row in connection.execute(found)]


def listed(connection: Connection, *where: sa.ColumnElement[bool]) -> list[Case]:
    """All complaints of which this is true, the newest last."""
    rows = connection.execute(sa.select(grievance).where(*where).order_by(grievance.c.at, grievance.c.id))
    return [_case(row) for row in rows]


def events(connection: Connection, keys: Keys, id: str) -> list[Happened]:
    """The life of a complaint, oldest first."""
    found = (
        sa.select(grievance_event).where(grievance_event.c.grievance == id).order_by(grievance_event.c.number)
    )
    return [
        Happened(row.number, row.status, row.actor, row.at, _opened(keys, row.note) or CLEARED)
        for row in connection.execute(found)
    ]


def facts(keys: Keys, case: Case) -> dict[str, Json]:
    """What the person said; nothing once its time is over."""
    return _opened(keys, case.facts)


def _opened(keys: Keys, sealed: bytes | None) -> dict[str, Json]:
    return cast(dict[str, Json], json.loads(keys.open(sealed))) if sealed else {}


def _of(who: bytes, phone: bytes | None) -> sa.Select[Any]:
    if phone is None:
        return sa.select(grievance).where(grievance.c.conversation == who)
    own = sa.select(sa.literal(who, Id))
    same_phone = sa.select(conversation.c.id).where(conversation.c.phone == phone)
    return sa.select(grievance).where(grievance.c.conversation.in_(sa.union_all(own, same_phone)))


def _newest(found: sa.Select[Any]) -> sa.Select[Any]:
    return found.order_by(grievance.c.at.desc(), grievance.c.id.desc())


def _one(connection: Connection, found: sa.Select[Any]) -> Case | None:
    row = connection.execute(_newest(found).limit(1)).first()
    return _case(row) if row else None


def _case(row: Any) -> Case:
    state = State(
        row.status, row.level, row.sensitive, row.due_at, row.changed_at, row.district, row.assignee
    )
    return Case(
        row.id,
        row.reference,
        row.conversation,
        row.category,
        row.facts,
        row.at,
        row.cnic,
        state,
    )


def _tell(
    connection: Connection,
    keys: Keys,
    id: str,
    state: State,
    actor: str,
    said: Mapping[str, Json],
    at: datetime,
) -> None:
    last = sa.select(sa.func.coalesce(sa.func.max(grievance_event.c.number), 0)).where(
        grievance_event.c.grievance == id
    )
    number = connection.execute(last).scalar_one() + 1
    note = keys.seal(json.dumps({**said, "level": state.level}, ensure_ascii=False))
    connection.execute(
        sa.insert(grievance_event).values(
            grievance=id, number=number, status=state.status, actor=actor, note=note, at=at
        )
    )
