"""The registry in our own tables, for deployments that are handed the data itself."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, TypeAlias, TypeVar

import sqlalchemy as sa
from sqlalchemy import Connection, Row

from services.privacy.identifiers import Keys
from services.registry import Enrolment, Payment, PaymentPoint, Record, Scope, Unavailable
from services.store.engine import Store, StoreUnavailable
from services.store.prepared import Prepared
from services.store.tables import enrolment, household, member, payment, payment_point

T = TypeVar("T")
AnyRow: TypeAlias = Row[*tuple[Any, ...]]

_person = Prepared(
    sa.select(
        member.c.id,
        member.c.household,
        member.c.name,
        member.c.sex,
        member.c.role,
        member.c.cnic_expires_on,
        household.c.district,
        household.c.phone,
        household.c.surveyed_on,
    )
    .join_from(member, household)
    .where(member.c.cnic == sa.bindparam("cnic"))
)

# Children's stipends are paid to their mother, so they belong to her answer. The tables do not say
# whose mother a woman is: each grown woman of the household stands for all of its children. `home` is
# NULL, and so equal to nothing, for everybody else.
_concerned = sa.or_(
    member.c.id == sa.bindparam("person"),
    sa.and_(member.c.household == sa.bindparam("home"), member.c.role == "child"),
)
_columns = (
    enrolment.c.id,
    enrolment.c.programme,
    enrolment.c.status,
    enrolment.c.reason,
    enrolment.c.since,
)
_enrolments = Prepared(
    sa.select(*_columns)
    .join_from(member, enrolment)
    .where(_concerned)
    .order_by(member.c.role == "child", enrolment.c.since.desc(), enrolment.c.id)
)
_enrolments_with_payments = Prepared(
    sa.select(
        *_columns,
        payment.c.cycle,
        payment.c.amount,
        payment.c.status.label("outcome"),
        payment.c.reason.label("hindrance"),
        payment.c.on,
        payment_point.c.district,
        payment_point.c.kind,
        payment_point.c.name,
        payment_point.c.name_ur,
    )
    .select_from(member.join(enrolment).outerjoin(payment).outerjoin(payment_point))
    .where(_concerned)
    .order_by(
        member.c.role == "child",
        enrolment.c.since.desc(),
        enrolment.c.id,
        payment.c.id,
    )
)
_points = Prepared(
    sa.select(
        payment_point.c.district,
        payment_point.c.kind,
        payment_point.c.name,
        payment_point.c.name_ur,
    )
    .where(payment_point.c.district == sa.bindparam("place"))
    .where(payment_point.c.open_from <= sa.bindparam("day"))
    .where(
        sa.or_(
            payment_point.c.open_until.is_(None),
            payment_point.c.open_until > sa.bindparam("day"),
        )
    )
    .order_by(payment_point.c.kind, payment_point.c.name)
)


@dataclass(frozen=True, slots=True)
class SqlRegistry:
    """A `Registry` over the tables of the store. `today` is what its records are said to be of."""

    store: Store
    keys: Keys
    today: Callable[[], date]

    async def find(self, cnic: str, scopes: frozenset[Scope]) -> Record | None:
        """What is held of the person with this number, in two statements; see `Registry.find`.

        The answer to a grown woman of the household (`head` or `spouse`) includes what its children
        are enrolled in and are paid, because it is paid to her.
        """
        hashed = self.keys.hash("cnic", cnic)
        found = await self._ask(lambda connection: _find(connection, hashed, scopes))
        if found is None:
            return None
        person, rows = found
        return Record(
            cnic_last4=cnic[-4:],
            name=self.keys.open(person.name),
            district=person.district,
            sex=person.sex,
            phone=person.phone,
            surveyed_on=person.surveyed_on,
            cnic_expires_on=person.cnic_expires_on,
            as_of=self.today(),
            enrolments=_enrolments_of(rows) if "enrolment" in scopes else (),
            payments=_payments_of(rows) if "payments" in scopes else (),
        )

    async def payment_points(self, district: str, on: date) -> tuple[PaymentPoint, ...]:
        """Open points of a district, banks first; see `Registry.payment_points`."""
        asked = {"place": district, "day": on}
        rows = await self._ask(lambda connection: _points.all(connection, asked))
        return tuple(_point(row) for row in rows)

    async def _ask(self, work: Callable[[Connection], T]) -> T:
        try:
            return await self.store.read(work)
        except StoreUnavailable as away:
            raise Unavailable("the registry's database is away") from away


def _find(
    connection: Connection, cnic: bytes, scopes: frozenset[Scope]
) -> tuple[AnyRow, Sequence[AnyRow]] | None:
    person = _person.first(connection, {"cnic": cnic})
    if person is None:
        return None
    receives = person.sex != "m" and person.role in ("head", "spouse")
    concerned = {"person": person.id, "home": person.household if receives else None}
    wanted = _enrolments_with_payments if "payments" in scopes else _enrolments
    return person, wanted.all(connection, concerned) if scopes else ()


def _enrolments_of(rows: Sequence[AnyRow]) -> tuple[Enrolment, ...]:
    # An enrolment is in as many rows as it has payments.
    distinct = {row.id: Enrolment(row.programme, row.status, row.since, row.reason) for row in rows}
    return tuple(distinct.values())


def _payments_of(rows: Sequence[AnyRow]) -> tuple[Payment, ...]:
    paid = sorted((row for row in rows if row.cycle), key=lambda row: row.cycle, reverse=True)
    return tuple(
        Payment(
            programme=row.programme,
            cycle=row.cycle,
            amount=row.amount,
            status=row.outcome,
            reason=row.hindrance,
            on=row.on,
            point=_point(row) if row.kind else None,
        )
        for row in paid
    )


def _point(row: AnyRow) -> PaymentPoint:
    return PaymentPoint(row.district, row.kind, row.name, row.name_ur)
