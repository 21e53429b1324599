"""Loads the synthetic registry into the tables, streaming: as many families as wanted, in one commit."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import islice
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Connection

from services.privacy.identifiers import Keys
from services.registry.families import (
    Country,
    demo_cnic,
    demo_phone,
    generate,
    payment_points,
    sample_fates,
)
from services.registry.rows import Family, HouseholdRow, MemberRow
from services.store.engine import Store
from services.store.tables import enrolment, household, member, payment, payment_point

BATCH = 500
"""Families that are written together; memory does not grow with the size of the registry."""

TABLES = (household, member, enrolment, payment_point, payment)
"""In the order in which rows may be written; the reverse is the order of deleting."""


@dataclass(frozen=True, slots=True)
class Sample:
    """A number to try: `what` names the status (and reason) that is on record, and of the payment."""

    cnic: str
    phone: str
    what: str


def is_empty(connection: Connection) -> bool:
    """Whether the registry holds no household."""
    return connection.execute(sa.select(household.c.id).limit(1)).first() is None


def load(
    store: Store,
    keys: Keys,
    country: Country,
    *,
    households: int,
    seed: int,
    today: date,
    replace: bool = False,
    progress: Callable[[int], None] = lambda done: None,
) -> None:
    """Write that many families; `progress` is told how many there are. All of them or, on a fault, none.

    Raises FileExistsError, and changes nothing, where there are households and `replace` is not set.
    """

    def work(connection: Connection) -> None:
        if not is_empty(connection):
            if not replace:
                raise FileExistsError("the registry is not empty: add --replace to throw it away")
            for table in reversed(TABLES):
                connection.execute(sa.delete(table))
        points = payment_points(today, country)
        _write(connection, payment_point, ((row.id, None, *row[1:]) for row in points))
        families = generate(households, seed=seed, today=today, country=country)
        done = 0
        while batch := list(islice(families, BATCH)):
            _write_families(connection, keys, batch)
            done += len(batch)
            progress(done)

    store.run_now(work)


def samples(households: int) -> list[Sample]:
    """A household of every fate there is, as far as the registry is large enough; money first."""
    found = []
    for number, fate in enumerate(sample_fates()[:households], 1):
        standing = " ".join(filter(None, (fate.status, fate.reason)))
        outcome = " ".join(filter(None, (fate.outcome, fate.hindrance)))
        what = f"{standing}, payment {outcome}" if fate.status == "enrolled" else standing
        found.append(Sample(demo_cnic(number), demo_phone(number), what.replace("_", " ")))
    return sorted(found, key=lambda sample: "payment ready" not in sample.what)


def _write_families(connection: Connection, keys: Keys, families: Sequence[Family]) -> None:
    _write(connection, household, (_household(keys, family.household) for family in families))
    _write(connection, member, (_member(keys, row) for family in families for row in family.members))
    _write(connection, enrolment, (row for family in families for row in family.enrolments))
    _write(connection, payment, (row for family in families for row in family.payments))


def _household(keys: Keys, row: HouseholdRow) -> tuple[Any, ...]:
    phone, sealed = (keys.hash("phone", row.phone), keys.seal(row.phone)) if row.phone else (None, None)
    return (row.id, None, row.district, phone, sealed, row.score, row.surveyed_on)


def _member(keys: Keys, row: MemberRow) -> tuple[Any, ...]:
    return (*row[:2], keys.hash("cnic", row.cnic), *row[3:5], keys.seal(row.name), *row[6:])


def _write(connection: Connection, table: sa.Table, rows: Iterable[Sequence[Any]]) -> None:
    # The drivers' own bulk paths: some ten times the rate of one statement built for each row.
    names = ", ".join(f'"{column.name}"' for column in table.columns)
    if connection.dialect.name == "sqlite":
        marks = ", ".join("?" for _ in table.columns)
        statement = f"INSERT INTO {table.name} ({names}) VALUES ({marks})"
        written = [tuple(row) for row in rows]
        if written:
            connection.exec_driver_sql(statement, written)
        return
    driver: Any = connection.connection.driver_connection
    with driver.cursor() as cursor, cursor.copy(f"COPY {table.name} ({names}) FROM STDIN") as copy:
        for row in rows:
            copy.write_row(row)
