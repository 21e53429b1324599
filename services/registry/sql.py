"""The registry in our own tables, for deployments that are handed the data itself."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, TypeAlias, TypeVar

import sqlalchemy as sa
from sqlalchemy import Connection, Row

from services.privacy.identifiers import Keys
from services.registry import (
    SCOPES,
    Enrolment,
    Payment,
    PaymentPoint,
    Person,
    Record,
    Scope,
    Unavailable,
)
from services.store.engine import Store, StoreUnavailable
from services.store.prepared import Prepared
from services.store.tables import enrolment, household, member, payment, payment_point

T = TypeVar("T")
AnyRow: TypeAlias = Row[*tuple[Any, ...]]

_person = Prepared(
    sa.select(
        member.c.id,
        member.c.name,
        member.c.sex,
        member.c.cnic_expires_on,
        household.c.district,
        household.c.phone,
        household.c.phone_sealed,
        household.c.surveyed_on,
    )
    .join_from(member, household)
    .where(member.c.cnic == sa.bindparam("cnic"))
)

# A person's own, and what is paid to them for another: children's stipends go to their mother.
_concerned = sa.or_(enrolment.c.member == sa.bindparam("person"), enrolment.c.payee == sa.bindparam("person"))
_columns = (
    enrolment.c.id,
    enrolment.c.member,
    enrolment.c.programme,
    enrolment.c.status,
    enrolment.c.reason,
    enrolment.c.since,
    member.c.name,
)
_enrolled = enrolment.join(member, enrolment.c.member == member.c.id)
_first = (enrolment.c.payee.is_not(None), enrolment.c.since.desc(), enrolment.c.id)
_enrolments = Prepared(sa.select(*_columns).select_from(_enrolled).where(_concerned).order_by(*_first))
_enrolments_with_payments = Prepared(
    sa.select(
        *_columns,
        payment.c.cycle,
        payment.c.amount,
        payment.c.status.label("outcome"),
        payment.c.reason.label("hindrance"),
        payment.c.on,
        payment.c.provider,
        payment.c.account_last4,
        payment_point.c.district,
        payment_point.c.kind,
        payment_point.c.name.label("point"),
        payment_point.c.name_ur,
    )
    .select_from(_enrolled.outerjoin(payment).outerjoin(payment_point))
    .where(_concerned)
    .order_by(*_first, payment.c.id)
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
    name: str = "store"
    scopes: frozenset[Scope] = SCOPES

    async def find(self, cnic: str, scopes: frozenset[Scope]) -> Record | None:
        """What is held of the person with this number, in two statements; see `Registry.find`."""
        hashed = self.keys.hash("cnic", cnic)
        found = await self._ask(lambda connection: _find(connection, hashed, scopes))
        if found is None:
            return None
        person, rows = found
        names = {row.member: "" if row.member == person.id else self._first_name(row.name) for row in rows}
        return Record(
            as_of=self.today(),
            person=self._person(person) if "person.link" in scopes else None,
            enrolments=_enrolments_of(rows, names) if "enrolment.status" in scopes else None,
            payments=_payments_of(rows, names) if "payment.timeline" in scopes else None,
            surveyed_on=person.surveyed_on if "survey.recency" in scopes else None,
            card_expires_on=person.cnic_expires_on if "card.validity" in scopes else None,
        )

    async def payment_points(self, district: str, on: date) -> tuple[PaymentPoint, ...]:
        """Open points of a district, banks first; see `PaymentPoints`."""
        asked = {"place": district, "day": on}
        rows = await self._ask(lambda connection: _points.all(connection, asked))
        return tuple(PaymentPoint(row.district, row.kind, row.name, row.name_ur) for row in rows)

    def _person(self, row: AnyRow) -> Person:
        return Person(
            first_name=self._first_name(row.name),
            district=row.district,
            sex=row.sex,
            phones=frozenset([row.phone] if row.phone else []),
            reach=row.phone_sealed,
        )

    def _first_name(self, sealed: bytes) -> str:
        return self.keys.open(sealed).split(" ", 1)[0]

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
    if "payment.timeline" in scopes:
        return person, _enrolments_with_payments.all(connection, {"person": person.id})
    if "enrolment.status" in scopes:
        return person, _enrolments.all(connection, {"person": person.id})
    return person, ()


def _enrolments_of(rows: Sequence[AnyRow], names: Mapping[int, str]) -> tuple[Enrolment, ...]:
    # An enrolment is in as many rows as it has payments.
    distinct = {
        row.id: Enrolment(row.programme, row.status, row.since, row.reason, names[row.member]) for row in rows
    }
    return tuple(distinct.values())


def _payments_of(rows: Sequence[AnyRow], names: Mapping[int, str]) -> tuple[Payment, ...]:
    paid = sorted((row for row in rows if row.cycle), key=lambda row: row.cycle, reverse=True)
    return tuple(
        Payment(
            programme=row.programme,
            cycle=row.cycle,
            amount=row.amount,
            status=row.outcome,
            reason=row.hindrance,
            on=row.on,
            point=PaymentPoint(row.district, row.kind, row.point, row.name_ur) if row.kind else None,
            beneficiary=names[row.member],
            provider=row.provider,
            account_last4=row.account_last4,
        )
        for row in paid
    )
