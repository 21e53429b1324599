"""The kinds of extracts: their columns, what they are known by, and what must be here before them."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

import sqlalchemy as sa

from services.imports import values
from services.imports.values import Read, Terms
from services.registry import EnrolmentReason, EnrolmentStatus, PaymentReason, PaymentStatus
from services.store import tables

Reader: TypeAlias = Callable[[Terms, str], Read]
Columns: TypeAlias = dict[str, list[Any]]
"""Columns of some rows, as they are kept."""

ROLES = ("head", "spouse", "child", "parent", "sibling", "grandchild", "other")
PAYMENT_POINTS = ("camp", "shop", "bank")
COMPLAINT_STATUSES = ("new", "assigned", "in_progress", "for_approval", "closed")


@dataclass(frozen=True, slots=True)
class Column:
    """A column of an extract: `kept` are the columns that its value is kept in, none where it only checks.

    `shown`: a wrong value may be repeated, because it says nothing about anybody.
    """

    name: str
    read: Reader
    kept: tuple[str, ...] = ()
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
    finish: Callable[[Columns, Terms], None] = lambda columns, terms: None
    made: tuple[str, ...] = ()
    once: tuple[str, ...] = ()


def _seal_names(columns: Columns, terms: Terms) -> None:
    seal = terms.keys.seal
    columns["name"] = list(map(seal, columns["name"], columns["cnic"]))


def _leave_out_own(columns: Columns, terms: Terms) -> None:
    """Who is paid is only told where it is another."""
    if "payee_cnic" in columns:
        both = zip(columns["payee_cnic"], columns["member_cnic"], strict=True)
        columns["payee_cnic"] = [None if payee == person else payee for payee, person in both]


def _name_in_urdu(columns: Columns, terms: Terms) -> None:
    told = columns.get("name_ur") or columns["name"]
    columns["name_ur"] = [urdu or name for urdu, name in zip(told, columns["name"], strict=True)]


def _complaints(columns: Columns, terms: Terms) -> None:
    keys, references = terms.keys, columns["reference"]
    columns["id"] = [f"extract/{one}" for one in references]
    owners = [keys.hash("extract", one) for one in columns["id"]]
    nothing = [None] * len(references)
    # Nobody's conversation, where no phone is told: then only staff find it.
    told = columns.get("conversation", nothing)
    columns["conversation"] = [one or owner for one, owner in zip(told, owners, strict=True)]
    facts = (
        json.dumps({"category": category, "details": details}, ensure_ascii=False)
        for category, details in zip(columns["category"], columns.get("facts", nothing), strict=True)
    )
    columns["facts"] = list(map(keys.seal, facts, owners))
    marks = zip(columns["category"], columns.get("sensitive", nothing), strict=True)
    columns["sensitive"] = [terms.complaints[category] if mark is None else mark for category, mark in marks]
    days = zip(columns.get("changed_at", nothing), columns["at"], strict=True)
    columns["changed_at"] = [changed or at for changed, at in days]


_MEMBERS_FIRST = "is not known here: import the members first"


def _person(column: str, told: str) -> Step:
    return Step(tables.member, {"cnic": column}, told, _MEMBERS_FIRST)


HOUSEHOLDS = Kind(
    "households",
    tables.household,
    (
        Column("key", values.key_of("household"), ("key",), needed=True, shown=False),
        Column("district", values.district, ("district",), needed=True),
        Column("province", values.province),
        Column("phone", values.phone, ("phone", "phone_sealed"), shown=False),
        Column("score", values.score, ("score",)),
        Column("surveyed_on", values.past_day, ("surveyed_on",)),
    ),
    key=("key",),
    match=("key",),
)

MEMBERS = Kind(
    "members",
    tables.member,
    (
        Column("household", values.key_of("household"), ("household_key",), needed=True, shown=False),
        Column("cnic", values.cnic, ("cnic", "cnic_last4"), needed=True, shown=False),
        Column("cnic_expires_on", values.day, ("cnic_expires_on",)),
        Column("name", values.text_of(120), ("name",), needed=True, shown=False),
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
    finish=_seal_names,
)

ENROLMENTS = Kind(
    "enrolments",
    tables.enrolment,
    (
        Column("cnic", values.cnic_hash, ("member_cnic",), needed=True, shown=False),
        Column("programme", values.programme, ("programme",), needed=True),
        Column("status", values.one_of(EnrolmentStatus.__args__), ("status",), needed=True),  # type: ignore[attr-defined]
        Column("reason", values.one_of(EnrolmentReason.__args__), ("reason",)),  # type: ignore[attr-defined]
        Column("since", values.day, ("since",), needed=True),
        Column("payee_cnic", values.cnic_hash, ("payee_cnic",), shown=False),
    ),
    key=("member_cnic", "programme"),
    match=("member", "programme"),
    parents=(
        Parent("member", ("member_cnic",), (_person("member_cnic", "cnic"),)),
        Parent("payee", ("payee_cnic",), (_person("payee_cnic", "payee_cnic"),)),
    ),
    finish=_leave_out_own,
)

PAYMENTS = Kind(
    "payments",
    tables.payment,
    (
        Column("cnic", values.cnic_hash, ("member_cnic",), needed=True, shown=False),
        Column("programme", values.programme, ("programme",), needed=True),
        Column("cycle", values.cycle, ("cycle",), needed=True),
        Column("amount", values.amount, ("amount",), needed=True),
        Column("status", values.one_of(PaymentStatus.__args__), ("status",), needed=True),  # type: ignore[attr-defined]
        Column("reason", values.one_of(PaymentReason.__args__), ("reason",)),  # type: ignore[attr-defined]
        Column("on", values.past_day, ("on",)),
        Column("point", values.key_of("point"), ("point_key",), shown=False),
        Column("provider", values.text_of(40), ("provider",)),
        Column("account", values.account, ("account_last4",), shown=False),
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
        Column("key", values.key_of("point"), ("key",), needed=True),
        Column("district", values.district, ("district",), needed=True),
        Column("province", values.province),
        Column("kind", values.one_of(PAYMENT_POINTS), ("kind",), needed=True),
        Column("name", values.text_of(120), ("name",), needed=True),
        Column("name_ur", values.text_of(120), ("name_ur",)),
        Column("open_from", values.day, ("open_from",), needed=True),
        Column("open_until", values.day, ("open_until",)),
    ),
    key=("key",),
    match=("key",),
    finish=_name_in_urdu,
    made=("name_ur",),
)

GRIEVANCES = Kind(
    "grievances",
    tables.grievance,
    (
        Column("reference", values.reference, ("reference",), needed=True),
        Column("phone", values.conversation, ("conversation",), shown=False),
        Column("category", values.complaint, ("category",), needed=True),
        Column("status", values.one_of(COMPLAINT_STATUSES), ("status",), needed=True),
        Column("cnic", values.cnic_hash, ("cnic",), shown=False),
        Column("district", values.district, ("district",)),
        Column("sensitive", values.yes_no, ("sensitive",)),
        Column("details", values.text_of(2000), ("facts",), shown=False),
        Column("at", values.moment, ("at",), needed=True),
        Column("changed_at", values.moment, ("changed_at",)),
    ),
    key=("reference",),
    match=("reference",),
    finish=_complaints,
    made=("id", "conversation", "facts", "sensitive", "changed_at"),
    once=("id", "conversation"),
)

KINDS: Mapping[str, Kind] = {
    kind.name: kind for kind in (HOUSEHOLDS, MEMBERS, ENROLMENTS, PAYMENTS, POINTS, GRIEVANCES)
}
"""In the order in which they are to be imported."""
