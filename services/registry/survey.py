"""The registry's own households as a table of facts, for judging all of them: in order of their ids."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from functools import partial
from typing import Any

import pyarrow as pa
import sqlalchemy as sa

from services.registry import REASONS_THAT_ARE_FACTS
from services.store.engine import Store
from services.store.tables import enrolment, household, member

SMALL = 2

SCHEMA = pa.schema([
    ("household", pa.int64()), ("district", pa.string()), ("enrolled", pa.string()),
    ("province", pa.string()),
    ("poverty_score", pa.float64()), ("poverty_score_on", pa.date32()), ("kafaalat_beneficiary", pa.bool_()),
    ("transgender_member", pa.bool_()), ("child_under_two", pa.bool_()),
    *((reason, pa.bool_()) for reason in sorted(REASONS_THAT_ARE_FACTS)),
])  # fmt: skip


class SurveySource:
    """A `Source` of `haqdar eligible` and `haqdar reach` over our own store."""

    def __init__(self, store: Store, provinces: Mapping[str, str], as_of: date, rows_of_a_part: int) -> None:
        self._store, self._provinces, self._as_of, self._size = store, provinces, as_of, rows_of_a_part
        count = sa.select(sa.func.count(), sa.func.max(household.c.id)).select_from(household)
        self.rows, self._last = store.read_now(lambda connection: connection.execute(count).one())
        self.names: Sequence[str] = SCHEMA.names

    def state(self) -> Mapping[str, Any]:
        """How many households there are, and the last one."""
        return {"input": "registry", "rows": self.rows, "last": self._last}

    def batches(self, skip: int) -> Iterator[pa.RecordBatch]:
        """See `services.programmes.bulk.Source`."""
        after, number = -1, 0
        while True:
            rows, after = self._store.read_now(partial(self._part, after))
            if not rows:
                return
            if number >= skip:
                yield pa.RecordBatch.from_pylist(rows, SCHEMA)
            number += 1

    def _part(self, after: int, connection: sa.Connection) -> tuple[list[dict[str, Any]], int]:
        ids = sa.select(household).where(household.c.id > after).order_by(household.c.id).limit(self._size)
        rows = {row.id: self._blank(row) for row in connection.execute(ids)}
        if not rows:
            return [], after
        first, last = min(rows), max(rows)
        within = member.c.household.between(first, last)
        people = (
            sa.select(
                member.c.household,
                sa.func.max(member.c.born_on).label("youngest"),
                sa.func.max(sa.case((member.c.sex == "x", 1), else_=0)).label("transgender"),
            )
            .where(within)
            .group_by(member.c.household)
        )
        for person in connection.execute(people):
            row = rows[person.household]
            row["transgender_member"] = bool(person.transgender) or None
            row["child_under_two"] = _years(person.youngest, self._as_of) < SMALL
        enrolled = (
            sa.select(member.c.household, enrolment.c.programme, enrolment.c.status, enrolment.c.reason)
            .join(enrolment, enrolment.c.member == member.c.id)
            .where(within)
        )
        for one in connection.execute(enrolled):
            row = rows[one.household]
            if one.status == "enrolled":
                row["enrolled"] = f"{row['enrolled']} {one.programme}".strip()
                if one.programme == "kafaalat":
                    row["kafaalat_beneficiary"] = True
            if one.reason in REASONS_THAT_ARE_FACTS:
                row[one.reason] = True
        return list(rows.values()), last

    def _blank(self, row: Any) -> dict[str, Any]:
        return {
            "household": row.id,
            "district": row.district,
            "enrolled": "",
            "province": self._provinces.get(row.district),
            "poverty_score": None if row.score is None else float(row.score),
            "poverty_score_on": row.surveyed_on,
            "kafaalat_beneficiary": False,
        }


def _years(born: date, on: date) -> int:
    return on.year - born.year - ((on.month, on.day) < (born.month, born.day))
