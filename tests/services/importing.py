"""Small extracts for tests of the import, and what a database then holds, as far as it can be compared."""

import csv
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from services.imports.kinds import KINDS
from services.imports.layout import Layout
from services.imports.reading import open_extract
from services.imports.runs import Done, Job, new_job, run
from services.imports.traces import KeysFile, RejectsFile
from services.imports.values import Terms
from services.locales import load_places
from services.privacy.identifiers import Keys
from services.store.engine import Store
from services.store.tables import enrolment, grievance, household, member, payment, payment_point
from tests.extracts import COLUMNS, write_extracts
from tests.services.deployment import NOW, country, programmes

COMPLAINTS = {"short_payment": False, "staff": True}


@cache
def places() -> Mapping[str, Mapping[str, Any]]:
    """All districts."""
    return load_places()


def terms(layout: Layout | None = None) -> Terms:
    """What values are measured by, on the day of the tests."""
    known = {id: [str(one.name("en"))] for id, one in programmes().by_id.items()}
    return Terms(NOW.date(), places(), known, COMPLAINTS, layout or Layout())


def job(keys: Keys, kind: str, file: Path, layout: Layout | None = None, name: str = "") -> Job:
    """A file that is to be imported."""
    return new_job(name or file.name, KINDS[kind], open_extract(file), terms(layout), keys)


def take(store: Store, keys: Keys, kind: str, file: Path, **options: Any) -> Done:
    """Import a file; what is not taken is listed beside it."""
    layout, name = options.pop("layout", None), options.pop("name", "")
    one = job(keys, kind, file, layout, name)
    seen = KeysFile(file.parent / "seen" / one.digest)
    return run(store, one, RejectsFile(rejects_of(file)), seen, lambda: NOW, **options)


def take_all(store: Store, keys: Keys, files: Mapping[str, Path], **options: Any) -> dict[str, Done]:
    """Import all files, in the order in which that goes."""
    return {kind: take(store, keys, kind, files[kind], **options) for kind in COLUMNS}


def sample_files(folder: Path, households: int = 60) -> dict[str, Path]:
    """The extracts of so many synthetic families."""
    return write_extracts(folder, country(), households=households, today=NOW.date())


def rejects_of(file: Path) -> Path:
    """Where it is listed what was not taken of a file."""
    return file.with_name(f"{file.name}.rejects.csv")


def rejects(file: Path) -> list[tuple[int, str, str, str]]:
    """What was not taken of a file: (row, column, value, why)."""
    if not rejects_of(file).exists():
        return []
    with rejects_of(file).open(encoding="utf-8-sig", newline="") as opened:
        return [(int(row), *rest) for row, *rest in list(csv.reader(opened))[1:]]  # type: ignore[misc]


def write(file: Path, header: Sequence[str], *rows: Sequence[Any]) -> Path:
    """A CSV file."""
    with file.open("w", encoding="utf-8", newline="") as opened:
        csv.writer(opened).writerows([header, *rows])
    return file


def read(file: Path) -> list[list[str]]:
    """The rows of a CSV file, its header first."""
    with file.open(encoding="utf-8", newline="") as opened:
        return list(csv.reader(opened))


def held(store: Store, keys: Keys) -> dict[str, list[Any]]:
    """All that can be compared of two databases: natural keys instead of ids, and texts instead of seals."""
    person = member.alias("person")
    payee = member.alias("payee")
    selects = {
        household: sa.select(*_but(household, "id")),
        member: sa.select(*_but(member, "id", "household"), household.c.key.label("household")).join(
            household
        ),
        enrolment: sa.select(
            *_but(enrolment, "id", "member", "payee"), person.c.cnic, payee.c.cnic.label("payee")
        )
        .join(person, enrolment.c.member == person.c.id)
        .outerjoin(payee, enrolment.c.payee == payee.c.id),
        payment: sa.select(
            *_but(payment, "id", "enrolment", "point"),
            person.c.cnic,
            enrolment.c.programme,
            payment_point.c.key.label("point"),
        )
        .join(enrolment, payment.c.enrolment == enrolment.c.id)
        .join(person, enrolment.c.member == person.c.id)
        .outerjoin(payment_point, payment.c.point == payment_point.c.id),
        payment_point: sa.select(*_but(payment_point, "id")),
        grievance: sa.select(*_but(grievance)),
    }
    sealed = {"phone_sealed", "facts"}
    found = {}
    for table, select in selects.items():
        told = store.read_now(lambda connection: connection.execute(select).mappings().all())  # noqa: B023
        rows = [
            {
                name: keys.open(value)
                if value and (name in sealed or (table is member and name == "name"))
                else value
                for name, value in row.items()
            }
            for row in told
        ]
        found[table.name] = sorted(rows, key=repr)
    return found


def _but(table: sa.Table, *names: str) -> list[sa.Column[Any]]:
    return [column for column in table.c if column.name not in names]
