"""How long rows are kept: `retention.toml`, shown and enforced, a few rows at a time."""

import asyncio
import logging
import tomllib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cache, partial
from importlib.resources import files
from typing import Any, TypeAlias

import sqlalchemy as sa
from sqlalchemy import Connection

from services.privacy import audit
from services.privacy.identifiers import Keys
from services.store.engine import Store, StoreUnavailable
from services.store.tables import (
    about,
    change_request,
    conversation,
    grievance,
    grievance_event,
    metadata,
    outbound,
)
from services.store.tables import audit as audit_rows

log = logging.getLogger("haqdar.retention")

ROWS = 500
"""Rows that are looked through in one transaction."""

PAUSE = 0.01
"""Seconds between two transactions, so that turns come first."""

HOUR = 3600.0

Condition: TypeAlias = sa.ColumnElement[bool]
Place: TypeAlias = tuple[Any, ...] | None
"""Primary key of the row that was looked at last: () before the first, None after all of them."""


@dataclass(frozen=True, slots=True)
class Rule:
    """Rows of `table` whose column `since` is more than `days` ago are removed, or `clear` blanked."""

    name: str
    table: sa.Table
    days: int
    since: str
    why: str
    only: str | None = None
    clear: tuple[str, ...] = ()

    def over_age(self, now: datetime) -> Condition:
        """Which rows it is about."""
        column = self.table.c[self.since]
        ends: date = now - timedelta(days=self.days)
        if isinstance(column.type, sa.Date):
            ends = (now - timedelta(days=self.days)).date()
        about_these: list[Condition] = [column < ends]
        if self.only:
            about_these.append(conditions()[self.only, self.table.name])
        if self.clear:
            unlike = [self.table.c[name].is_distinct_from(blank(self.table.c[name])) for name in self.clear]
            about_these.append(sa.or_(*unlike))
        return sa.and_(*about_these)


@dataclass(frozen=True, slots=True)
class Plan:
    """All that `retention.toml` says; `kept` gives the reason for each table that has no rule."""

    rules: tuple[Rule, ...]
    ended: Mapping[str, tuple[str, ...]]
    kept: Mapping[str, str]


@cache
def plan() -> Plan:
    """What is kept how long."""
    read = tomllib.loads((files("services.privacy") / "retention.toml").read_text("utf-8"))
    ended = {table: tuple(statuses) for table, statuses in read.pop("ended").items()}
    kept = read.pop("kept")
    rules = [
        Rule(
            name=name,
            table=metadata.tables[rule.pop("table", name)],
            since=rule.pop("from"),
            clear=tuple(rule.pop("clear", ())),
            **rule,
        )
        for name, rule in read.items()
    ]
    return Plan(tuple(rules), ended, kept)


def open_cases(of: sa.ColumnElement[bytes]) -> Condition:
    """Whether a conversation has a complaint or a change of data that is not at its end."""
    cases = (
        sa.exists().where(table.c.conversation == of, table.c.status.not_in(plan().ended[table.name]))
        for table in (grievance, change_request)
    )
    return sa.or_(*cases)


@cache
def conditions() -> Mapping[tuple[str, str], Condition]:
    """What `only` may say of which table."""
    open_case = open_cases(conversation.c.id)
    stopped = conversation.c.opted_out_at.is_not(None)
    forgotten = conversation.c.heard_at <= conversation.c.forgotten_at
    of_ended_case = sa.exists().where(
        grievance.c.id == grievance_event.c.grievance, grievance.c.status.in_(plan().ended["grievance"])
    )
    return {
        ("idle", "conversation"): sa.and_(~stopped, ~open_case),
        ("stopped", "conversation"): sa.and_(stopped, ~open_case),
        ("forgotten", "conversation"): sa.and_(forgotten, ~stopped, ~open_case),
        ("forgotten", "outbound"): sa.exists().where(conversation.c.id == outbound.c.conversation, forgotten),
        ("ended", "grievance"): grievance.c.status.in_(plan().ended["grievance"]),
        ("ended", "change_request"): change_request.c.status.in_(plan().ended["change_request"]),
        ("ended", "grievance_event"): of_ended_case,
    }


def blank(column: sa.Column[Any]) -> bytes | None:
    """What stands in a column that was cleared: nothing, or as many zeros as a hash has bytes."""
    if column.nullable:
        return None
    assert isinstance(column.type, sa.LargeBinary)
    return bytes(column.type.length or 0)


def count(connection: Connection, rule: Rule, now: datetime) -> int:
    """How many rows are over age."""
    wanted = sa.select(sa.func.count()).select_from(rule.table).where(rule.over_age(now))
    return connection.execute(wanted).scalar_one()


async def enforce(
    store: Store,
    keys: Keys,
    now: datetime,
    *,
    tell: Callable[[str, int], None] = lambda name, rows: None,
) -> dict[str, int]:
    """Remove all that is over age; how many rows by rule. `tell` hears of each few.

    Each table is gone through in the order of its key, a transaction for some rows, so that nobody waits
    long and no index is needed. Stopped half-way it has done half, and begins anew the next time.
    """
    done: dict[str, int] = {}
    for rule in plan().rules:
        done[rule.name] = 0
        for step in _steps(rule, keys, now):
            place: Place = ()
            while place is not None:
                rows, place = await store.run(partial(step, place))
                done[rule.name] += rows
                tell(rule.name, rows)
                await asyncio.sleep(PAUSE)
    return done


async def enforce_daily(store: Store, keys: Keys, clock: Callable[[], datetime]) -> None:
    """`enforce` once a day until cancelled, in one of the processes of a deployment."""
    while True:
        try:
            if await store.run(partial(_claim, clock().date())):
                done = await enforce(store, keys, clock())
                log.info("over age and removed: %s", {name: rows for name, rows in done.items() if rows})
        except StoreUnavailable:
            log.warning("retention waits: the database is away")
        except sa.exc.IntegrityError:
            log.info("another process has begun")
        except Exception:  # a bug here must not keep the next day's from being tried
            log.exception("retention failed")
        await asyncio.sleep(HOUR)


def _claim(day: date, connection: Connection) -> bool:
    """Whether nobody has begun on this day before."""
    name, value = "retention_day", day.isoformat()
    known = connection.execute(sa.select(about.c.value).where(about.c.name == name)).scalar()
    if known is None:
        connection.execute(sa.insert(about).values(name=name, value=value))
        return True
    later = sa.update(about).where(about.c.name == name, about.c.value < value).values(value=value)
    return connection.execute(later).rowcount == 1


def _steps(rule: Rule, keys: Keys, now: datetime) -> list[Callable[[Place, Connection], tuple[int, Place]]]:
    if rule.table is audit_rows:
        before = now - timedelta(days=rule.days)
        return [partial(_cut, keys, before, chain) for chain in range(audit.CHAINS)]
    return [partial(_page, rule, now)]


def _page(rule: Rule, now: datetime, after: Place, connection: Connection) -> tuple[int, Place]:
    """What is over age among the next rows; how many, and where to go on."""
    columns = list(rule.table.primary_key.columns)
    key = sa.tuple_(*columns)

    def place(values: Sequence[Any]) -> Any:
        pairs = zip(columns, values, strict=True)
        return sa.tuple_(*(sa.bindparam(None, value, type_=column.type) for column, value in pairs))

    these = [key > place(after)] if after else []
    ends = sa.select(*columns).where(*these).order_by(*columns).offset(ROWS - 1).limit(1)
    last = connection.execute(ends).first()
    if last:
        these.append(key <= place(last))
    these.append(rule.over_age(now))
    change = sa.update(rule.table).values({name: blank(rule.table.c[name]) for name in rule.clear})
    gone = connection.execute((change if rule.clear else sa.delete(rule.table)).where(*these)).rowcount
    return gone, tuple(last) if last else None


def _cut(keys: Keys, before: datetime, chain: int, after: Place, connection: Connection) -> tuple[int, Place]:
    rows = audit.cut(connection, keys, chain, before, most=ROWS)
    return rows, () if rows == ROWS else None
