"""The kinds of extracts: their columns, what they are known by, and what must be here before them."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TypeAlias

import sqlalchemy as sa

from services.imports import keeping, values
from services.imports.keeping import Columns, Keep
from services.imports.values import Read, Terms
from services.privacy.identifiers import Keys
from services.registry import EnrolmentReason, EnrolmentStatus, PaymentReason, PaymentStatus
from services.store import tables

Reader: TypeAlias = Callable[[Terms, str], Read]

ROLES = ("head", "spouse", "child", "parent", "sibling", "grandchild", "other")
PAYMENT_POINTS = ("camp", "shop", "bank")
COMPLAINT_STATUSES = ("new", "assigned", "in_progress", "for_approval", "closed")


@dataclass(frozen=True, slots=True)
class Column:
    """A column of an extract: `kept` are the columns that its value is kept in, none where it only checks.

    `keep` makes them of the values that were read. `shown`: a wrong value may be repeated, because it says
    nothing about anybody.
    """

    name: str
    read: Reader
    kept: tuple[str, ...] = ()
    keep: Keep = keeping.as_it_is
    needed: bool = False
    shown: bool = True


@dataclass(frozen=True, slots=True)
class Step:
    """A row that must be here already. `on`: its columns -> the read columns that they equal, or `BEFORE`.

    `told` is the column of the extract that names it; `missing` says what to do where it is not here.
    """

    table: sa.Table
    on: Mapping[str, str]
    told: str
    missing: str


BEFORE = ""
"""The id of the step before."""


@dataclass(frozen=True, slots=True)
class Parent:
    """What a row belongs to: column `name` gets the id of the last step's row.

    `sought` are the read columns that name it. Where they are empty there is none.
    """

    name: str
    sought: tuple[str, ...]
    steps: tuple[Step, ...]


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of extract.

    `match`: the columns of `table` that a row is known by, and `key` the read columns that say them.
    `finish` goes over the read columns once all rows are whole, and makes those of `made` if they were not
    in the extract. `once`: columns that are only written with a new row.
    """

    name: str
    table: sa.Table
    columns: tuple[Column, ...]
    key: tuple[str, ...]
    match: tuple[str, ...]
    parents: tuple[Parent, ...] = ()
    finish: Callable[[Columns, Terms, Keys], None] = lambda columns, terms, keys: None
    made: tuple[str, ...] = ()
    once: tuple[str, ...] = ()


def _any(read: Read) -> Reader:
    """What is read alike in all extracts."""
    return lambda terms, column: read


_MEMBERS_FIRST = "is not known here: import the members first"


def _person(column: str, told: str) -> Step:
    return Step(tables.member, {"cnic": column}, told, _MEMBERS_FIRST)


HOUSEHOLDS = Kind(
    "households",
    tables.household,
    (
        Column(
            "key", _any(values.as_it_is), ("key",), keeping.number_of("household"), needed=True, shown=False
        ),
        Column("district", values.district, ("district",), needed=True),
        Column("province", values.province),
        Column("phone", _any(values.mobile), ("phone", "phone_sealed"), keeping.phone, shown=False),
        Column("score", _any(values.score), ("score",)),
        Column("surveyed_on", values.past_day, ("surveyed_on",)),
    ),
    key=("key",),
    match=("key",),
)

MEMBERS = Kind(
    "members",
    tables.member,
    (
        Column(
            "household",
            _any(values.as_it_is),
            ("household_key",),
            keeping.number_of("household"),
            needed=True,
            shown=False,
        ),
        Column("cnic", _any(values.thirteen), ("cnic", "cnic_last4"), keeping.cnic, needed=True, shown=False),
        Column("cnic_expires_on", values.day, ("cnic_expires_on",)),
        Column("name", _any(values.text_of(120)), ("name",), needed=True, shown=False),
        Column("sex", values.one_of(("f", "m", "x")), ("sex",), needed=True),
        Column("born_on", values.past_day, ("born_on",), needed=True),
        Column("role", values.one_of(ROLES), ("role",), needed=True),
    ),
    key=("cnic",),
    match=("cnic",),
    parents=(
        Parent(
            "household",
            ("household_key",),
            (
                Step(
                    tables.household,
                    {"key": "household_key"},
                    "household",
                    "is not known here: import the households first",
                ),
            ),
        ),
    ),
    finish=keeping.seal_names,
)

ENROLMENTS = Kind(
    "enrolments",
    tables.enrolment,
    (
        Column("cnic", _any(values.thirteen), ("member_cnic",), keeping.cnic_hash, needed=True, shown=False),
        Column("programme", values.programme, ("programme",), needed=True),
        Column("status", values.one_of(EnrolmentStatus.__args__), ("status",), needed=True),  # type: ignore[attr-defined]
        Column("reason", values.one_of(EnrolmentReason.__args__), ("reason",)),  # type: ignore[attr-defined]
        Column("since", values.day, ("since",), needed=True),
        Column("payee_cnic", _any(values.thirteen), ("payee_cnic",), keeping.cnic_hash, shown=False),
    ),
    key=("member_cnic", "programme"),
    match=("member", "programme"),
    parents=(
        Parent("member", ("member_cnic",), (_person("member_cnic", "cnic"),)),
        Parent("payee", ("payee_cnic",), (_person("payee_cnic", "payee_cnic"),)),
    ),
    finish=keeping.leave_out_own,
)

PAYMENTS = Kind(
    "payments",
    tables.payment,
    (
        Column("cnic", _any(values.thirteen), ("member_cnic",), keeping.cnic_hash, needed=True, shown=False),
        Column("programme", values.programme, ("programme",), needed=True),
        Column("cycle", _any(values.cycle), ("cycle",), needed=True),
        Column("amount", _any(values.amount), ("amount",), needed=True),
        Column("status", values.one_of(PaymentStatus.__args__), ("status",), needed=True),  # type: ignore[attr-defined]
        Column("reason", values.one_of(PaymentReason.__args__), ("reason",)),  # type: ignore[attr-defined]
        Column("on", values.past_day, ("on",)),
        Column("point", _any(values.as_it_is), ("point_key",), keeping.number_of("point"), shown=False),
        Column("provider", _any(values.text_of(40)), ("provider",)),
        Column("account", _any(values.account), ("account_last4",), shown=False),
    ),
    key=("member_cnic", "programme", "cycle"),
    match=("enrolment", "cycle"),
    parents=(
        Parent(
            "enrolment",
            ("member_cnic", "programme"),
            (
                _person("member_cnic", "cnic"),
                Step(
                    tables.enrolment,
                    {"member": BEFORE, "programme": "programme"},
                    "programme",
                    "has no enrolment of this person here: import the enrolments first",
                ),
            ),
        ),
        Parent(
            "point",
            ("point_key",),
            (
                Step(
                    tables.payment_point,
                    {"key": "point_key"},
                    "point",
                    "is not known here: import the points first",
                ),
            ),
        ),
    ),
)

POINTS = Kind(
    "points",
    tables.payment_point,
    (
        Column("key", _any(values.as_it_is), ("key",), keeping.number_of("point"), needed=True),
        Column("district", values.district, ("district",), needed=True),
        Column("province", values.province),
        Column("kind", values.one_of(PAYMENT_POINTS), ("kind",), needed=True),
        Column("name", _any(values.text_of(120)), ("name",), needed=True),
        Column("name_ur", _any(values.text_of(120)), ("name_ur",)),
        Column("open_from", values.day, ("open_from",), needed=True),
        Column("open_until", values.day, ("open_until",)),
    ),
    key=("key",),
    match=("key",),
    finish=keeping.name_in_urdu,
    made=("name_ur",),
)

GRIEVANCES = Kind(
    "grievances",
    tables.grievance,
    (
        Column("reference", _any(values.reference), ("reference",), needed=True),
        Column("phone", _any(values.mobile), ("conversation",), keeping.conversation, shown=False),
        Column("category", values.complaint, ("category",), needed=True),
        Column("status", values.one_of(COMPLAINT_STATUSES), ("status",), needed=True),
        Column("cnic", _any(values.thirteen), ("cnic",), keeping.cnic_hash, shown=False),
        Column("district", values.district, ("district",)),
        Column("sensitive", values.yes_no, ("sensitive",)),
        Column("details", _any(values.text_of(2000)), ("facts",), shown=False),
        Column("at", values.moment, ("at",), needed=True),
        Column("changed_at", values.moment, ("changed_at",)),
    ),
    key=("reference",),
    match=("reference",),
    finish=keeping.complaints,
    made=("id", "conversation", "facts", "sensitive", "changed_at"),
    once=("id", "conversation"),
)

KINDS: Mapping[str, Kind] = {
    kind.name: kind for kind in (HOUSEHOLDS, MEMBERS, ENROLMENTS, PAYMENTS, POINTS, GRIEVANCES)
}
"""In the order in which they are to be imported."""
