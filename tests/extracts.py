"""The synthetic families as a ministry would hand them over: a CSV or Parquet file of each kind."""

import csv
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from datetime import date
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.csv as pacsv
import pyarrow.parquet as pq

from services.registry.families import Country, generate, payment_points
from services.store.tables import enrolment, household, member, payment, payment_point

COLUMNS: Mapping[str, tuple[str, ...]] = {
    "households": ("key", "district", "phone", "score", "surveyed_on"),
    "members": ("household", "cnic", "cnic_expires_on", "name", "sex", "born_on", "role"),
    "enrolments": ("cnic", "programme", "status", "reason", "since", "payee_cnic"),
    "points": ("key", "district", "kind", "name", "name_ur", "open_from", "open_until"),
    "payments": (
        "cnic", "programme", "cycle", "amount", "status", "reason", "on", "point", "provider", "account",
    ),
}  # fmt: skip
"""The kinds in the order in which they can be imported."""

TABLES = (household, member, enrolment, payment_point, payment)
"""In the order in which rows may be written."""


def write_extracts(
    folder: Path, country: Country, *, households: int, today: date, seed: int = 1
) -> dict[str, Path]:
    """CSV files of so many families, by kind."""
    files = {kind: folder / f"{kind}.csv" for kind in COLUMNS}
    with ExitStack() as stack:
        writers = {}
        for kind, file in files.items():
            opened = stack.enter_context(file.open("w", encoding="utf-8", newline=""))
            writers[kind] = csv.writer(opened)
            writers[kind].writerow(COLUMNS[kind])
        for kind, row in _rows(country, households, today, seed):
            writers[kind].writerow(row)
    return files


def as_parquet(file: Path, rows_of_a_group: int = 100_000) -> Path:
    """The same table as Parquet, with the types that a database would give it."""
    # What begins with a plus would be taken for a number with a fraction.
    table = pacsv.read_csv(file, convert_options=pacsv.ConvertOptions(column_types={"phone": pa.string()}))
    parquet = file.with_suffix(".parquet")
    pq.write_table(table, parquet, row_group_size=rows_of_a_group)
    return parquet


def _rows(country: Country, households: int, today: date, seed: int) -> Iterator[tuple[str, tuple[Any, ...]]]:
    for point in payment_points(today, country):
        yield "points", (f"P{point.id}", *point[1:])
    for family in generate(households, seed=seed, today=today, country=country):
        home = family.household
        yield "households", (f"H{home.id}", *home[1:])
        cnics = {}
        for person in family.members:
            cnics[person.id] = person.cnic
            told = (person.cnic_expires_on, person.name, person.sex, person.born_on, person.role)
            yield "members", (f"H{home.id}", person.cnic, *told)
        enrolments = {}
        for one in family.enrolments:
            key = enrolments[one.id] = (cnics[one.member], one.programme)
            yield "enrolments", (*key, one.status, one.reason, one.since, cnics.get(one.payee or 0))
        for paid in family.payments:
            point = f"P{paid.point}" if paid.point else None
            account = f"PK36SMPL000000{paid.id:06d}{paid.account_last4}"
            key = enrolments[paid.enrolment]
            yield "payments", (*key, *paid[2:7], point, paid.provider, account)
