"""The shapes of the synthetic families: rows in the order of the tables' columns."""

from typing import NamedTuple

# Rows are in the order of the tables' columns, with days as ISO text, which both databases take.
# They are tuples because millions of them pass. CNICs, names and phone numbers are still plain.


class HouseholdRow(NamedTuple):
    """A row of `household`."""

    id: int
    district: str
    phone: str | None
    score: float | None
    surveyed_on: str | None


class MemberRow(NamedTuple):
    """A row of `member`."""

    id: int
    household: int
    cnic: str
    cnic_last4: str
    cnic_expires_on: str | None
    name: str
    sex: str
    born_on: str
    role: str


class EnrolmentRow(NamedTuple):
    """A row of `enrolment`."""

    id: int
    member: int
    programme: str
    status: str
    reason: str | None
    since: str
    payee: int | None


class PaymentRow(NamedTuple):
    """A row of `payment`."""

    id: int
    enrolment: int
    cycle: str
    amount: int
    status: str
    reason: str | None
    on: str | None
    point: int | None
    provider: str | None
    account_last4: str | None


class PointRow(NamedTuple):
    """A row of `payment_point`."""

    id: int
    district: str
    kind: str
    name: str
    name_ur: str
    open_from: str
    open_until: str | None


class Family(NamedTuple):
    """A household with everything that hangs on it."""

    household: HouseholdRow
    members: list[MemberRow]
    enrolments: list[EnrolmentRow]
    payments: list[PaymentRow]
