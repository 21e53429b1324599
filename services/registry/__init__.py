"""The contract of a registry connector: what a source is asked and what it answers."""

from dataclasses import dataclass, field
from datetime import date
from typing import Literal, Protocol, TypeAlias

Scope: TypeAlias = Literal["enrolment", "payments"]
"""What may be asked of a source. Scores and rosters are no scope: they never travel to a chat."""

EnrolmentStatus: TypeAlias = Literal[
    "enrolled", "under_verification", "survey_needed", "not_eligible", "suspended", "exited"
]
EnrolmentReason: TypeAlias = Literal[
    "score_above", "government_employee", "travelled_abroad", "vehicle", "phone_bill", "passport_fee",
    "cnic_expired", "survey_old", "never_surveyed", "marital_status", "deceased",
]  # fmt: skip
PaymentStatus: TypeAlias = Literal["not_released", "on_the_way", "ready", "withdrawn", "returned", "blocked"]
PaymentReason: TypeAlias = Literal["cnic_expired", "biometric_failed", "wallet_sim", "not_collected"]


REASONS_THAT_ARE_FACTS: frozenset[EnrolmentReason] = frozenset(
    {"government_employee", "travelled_abroad", "vehicle", "passport_fee"}
)
"""Reasons for a refusal that are facts about the home, of the same name in the rules."""


class Unavailable(Exception):
    """The source could not be asked just now: its facts are unknown, which is never *no*."""


@dataclass(frozen=True, slots=True)
class PaymentPoint:
    """Where money is handed out: `kind` is camp, shop or bank."""

    district: str
    kind: Literal["camp", "shop", "bank"]
    name: str
    name_ur: str


@dataclass(frozen=True, slots=True)
class Payment:
    """One payment of one cycle (such as "2026-Q3"); `amount` in rupees; `on` is when it got this status."""

    programme: str
    cycle: str
    amount: int
    status: PaymentStatus
    reason: PaymentReason | None = None
    on: date | None = None
    point: PaymentPoint | None = None


@dataclass(frozen=True, slots=True)
class Enrolment:
    """Standing of a person in a programme, with the reason where the status has one."""

    programme: str
    status: EnrolmentStatus
    since: date
    reason: EnrolmentReason | None = None


@dataclass(frozen=True, slots=True)
class Record:
    """What a registry holds of one CNIC, newest payment first.

    `phone` is the keyed hash of the registered number.
    """

    cnic_last4: str
    name: str
    district: str
    sex: Literal["f", "m", "x"]
    phone: bytes | None
    surveyed_on: date | None
    cnic_expires_on: date | None
    as_of: date
    enrolments: tuple[Enrolment, ...] = ()
    payments: tuple[Payment, ...] = field(default=())


class Registry(Protocol):
    """A source of facts about beneficiaries. Implementers: the modules of this folder."""

    async def find(self, cnic: str, scopes: frozenset[Scope]) -> Record | None:
        """The record of these 13 digits, None where there is none. Raises `Unavailable`."""
        ...

    async def payment_points(self, district: str, on: date) -> tuple[PaymentPoint, ...]:
        """Where money is handed out in a district on a day. Raises `Unavailable`."""
        ...
