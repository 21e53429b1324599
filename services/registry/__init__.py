"""The contract of a registry connector: what a source is asked, and what it answers.

Entities and words are those of the delivery chain (person, household, enrolment, payment cycle, payment
instruction and outcome, financial address). Connectors translate their wire's words into these.
"""

from dataclasses import dataclass, field
from datetime import date
from typing import Literal, Protocol, TypeAlias

Scope: TypeAlias = Literal[
    "person.link", "enrolment.status", "payment.timeline", "survey.recency", "card.validity"
]
"""What may be asked of a source. Scores and rosters are no scope: they never travel to a chat."""

SCOPES: frozenset[Scope] = frozenset(Scope.__args__)  # type: ignore[attr-defined]

EnrolmentStatus: TypeAlias = Literal[
    "enrolled", "under_verification", "survey_needed", "not_eligible", "suspended", "exited"
]
EnrolmentReason: TypeAlias = Literal[
    "score_above", "government_employee", "travelled_abroad", "vehicle", "phone_bill", "passport_fee",
    "cnic_expired", "survey_old", "never_surveyed", "marital_status", "deceased",
]  # fmt: skip
PaymentStatus: TypeAlias = Literal["not_released", "on_the_way", "ready", "withdrawn", "returned", "blocked"]
"""Outcome of a payment instruction: due, released, credited, and how it ended."""

PaymentReason: TypeAlias = Literal["cnic_expired", "biometric_failed", "wallet_sim", "not_collected"]

REASONS_THAT_ARE_FACTS: frozenset[EnrolmentReason] = frozenset(
    {"government_employee", "travelled_abroad", "vehicle", "passport_fee"}
)
"""Reasons for a refusal that are facts about the home, of the same name in the rules."""


class Unavailable(Exception):
    """The source could not be asked just now: its facts are unknown, which is never *no*."""


class Refused(Unavailable):
    """The source would not answer, or its answer cannot be believed: another's record, a broken one."""


@dataclass(frozen=True, slots=True)
class PaymentPoint:
    """Where money is handed out: `kind` is camp, shop or bank."""

    district: str
    kind: Literal["camp", "shop", "bank"]
    name: str
    name_ur: str


@dataclass(frozen=True, slots=True)
class Payment:
    """One payment of one cycle (such as "2026-Q3"); `amount` in rupees; `on` is when it got this status.

    `beneficiary` is the first name of the child that it is for, "" where it is for the person asked about.
    `provider` is the bank or wallet, `account_last4` all that is ever held of the account.
    """

    programme: str
    cycle: str
    amount: int
    status: PaymentStatus
    reason: PaymentReason | None = None
    on: date | None = None
    point: PaymentPoint | None = None
    beneficiary: str = ""
    provider: str | None = None
    account_last4: str | None = None


@dataclass(frozen=True, slots=True)
class Enrolment:
    """Standing in a programme, with the reason where the status has one; `beneficiary` as in `Payment`."""

    programme: str
    status: EnrolmentStatus
    since: date
    reason: EnrolmentReason | None = None
    beneficiary: str = ""


@dataclass(frozen=True, slots=True)
class Person:
    """Who a CNIC belongs to. `phones` are keyed hashes; `reach` is a sealed number to send a code to.

    "" is *not said*: not every source tells name, district and sex.
    """

    first_name: str
    district: str
    sex: Literal["f", "m", "x", ""]
    phones: frozenset[bytes] = frozenset()
    reach: bytes | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Record:
    """What one source says of one CNIC, cut to the scopes it was asked for, newest payment first.

    None is *not said*; an empty tuple is *none on record*. `as_of` is the day that all of it is true of.
    """

    as_of: date
    person: Person | None = None
    enrolments: tuple[Enrolment, ...] | None = None
    payments: tuple[Payment, ...] | None = None
    surveyed_on: date | None = None
    card_expires_on: date | None = None


class Registry(Protocol):
    """A source of facts about beneficiaries. Implementers: the modules of this folder.

    `name` is what provenance calls it. `scopes` are all that it can tell; it is asked for no other.
    """

    @property
    def name(self) -> str: ...

    @property
    def scopes(self) -> frozenset[Scope]: ...

    async def find(self, cnic: str, scopes: frozenset[Scope]) -> Record | None:
        """The record of these 13 digits, None where there is none.

        Raises `Unavailable` where it cannot be asked and `Refused` where its answer is none. An answer
        about another person is `Refused`: the connector checks that the subject matches.
        """
        ...


class Remote(Registry, Protocol):
    """A source elsewhere, which connections are held to."""

    async def close(self) -> None:
        """Let go of the connections."""
        ...


class PaymentPoints(Protocol):
    """A source of the places where money is handed out."""

    async def payment_points(self, district: str, on: date) -> tuple[PaymentPoint, ...]:
        """Those of a district that are open on a day. Raises `Unavailable`."""
        ...
