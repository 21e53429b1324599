"""The checks as questions to the database: each counts by district what is wrong, double, old or missing."""

import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from importlib.resources import files
from typing import Any, TypeAlias

import sqlalchemy as sa

from services.store.tables import enrolment, household, member, payment

Count: TypeAlias = sa.Select[str, int]
"""Rows of (district, how many)."""

HEAD, CHILD = "head", "child"

GROUPS = ("households", "members", "enrolments", "payments")
"""What checks count among."""


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that is looked for: among what, and how it is called."""

    id: str
    of: str
    says: str


@dataclass(frozen=True, slots=True)
class Limits:
    """What is too old, too many or not yet grown up, in years and families."""

    survey_years: int
    adult_years: int
    oldest_years: int
    phone_families: int


def load_checks() -> tuple[tuple[Check, ...], Limits]:
    """The checks in the order in which they are shown, and their limits."""
    data = tomllib.loads((files("services.quality") / "quality.toml").read_text("utf-8"))
    checks = tuple(Check(id, **told) for id, told in data["checks"].items())
    return checks, Limits(**data["limits"])


def totals() -> Mapping[str, Count]:
    """How many there are of each group."""
    return dict(zip(GROUPS, (build(sa.true()) for build in (_homes, _people, _enrolled, _paid)), strict=True))


def questions(limits: Limits, today: date) -> Mapping[str, Count]:
    """The question of each check, by its id."""
    of_home, head, born = member.c.household == household.c.id, member.c.role == HEAD, member.c.born_on
    people, heads = sa.exists().where(of_home), sa.exists().where(of_home, head)
    surveyed, score = household.c.surveyed_on, household.c.score
    shared = _having_many(limits.phone_families)
    return {
        "phone_missing": _homes(household.c.phone.is_(None)),
        "phone_of_many": _homes(household.c.phone.in_(shared)),
        "household_twice": _twice(),
        "survey_missing": _homes(surveyed.is_(None)),
        "survey_old": _homes(surveyed < _years_before(today, limits.survey_years)),
        "survey_in_future": _homes(surveyed > today),
        "score_missing": _homes(surveyed.is_not(None), score.is_(None)),
        "score_impossible": _homes(sa.or_(score < 0, score > 100)),
        "no_members": _homes(~people),
        "head_missing": _homes(people, ~heads),
        "heads_several": _several_heads(),
        "cnic_missing": _people(born <= _years_before(today, limits.adult_years), member.c.cnic.is_(None)),
        "cnic_expired": _people(member.c.cnic_expires_on < today),
        "born_in_future": _people(born > today),
        "too_old": _people(born < _years_before(today, limits.oldest_years)),
        "older_than_parent": _older_than_parent(),
        "member_twice": _once_too_often(),
        "enrolled_in_future": _enrolled(enrolment.c.since > today),
        "enrolled_before_birth": _enrolled(enrolment.c.since < born),
        "amount_impossible": _paid(payment.c.amount <= 0),
        "paid_in_future": _paid(payment.c.on > today),
        "paid_before_enrolment": _paid(payment.c.on < enrolment.c.since),
    }


def _by_district(rows: sa.FromClause, *where: Any, count: Any = None) -> Count:
    counted = sa.func.count() if count is None else count
    return (
        sa.select(household.c.district, counted)
        .select_from(rows)
        .where(*where)
        .group_by(household.c.district)
    )


def _counting(rows: sa.FromClause) -> Callable[..., Count]:
    return lambda *where: _by_district(rows, *where)


_of_members = household.join(member, member.c.household == household.c.id)
_of_enrolments = _of_members.join(enrolment, enrolment.c.member == member.c.id)
_homes, _people, _enrolled, _paid = map(
    _counting,
    (
        household,
        _of_members,
        _of_enrolments,
        _of_enrolments.join(payment, payment.c.enrolment == enrolment.c.id),
    ),
)


def _having_many(families: int) -> sa.Select[Any]:
    phone = household.c.phone
    return sa.select(phone).where(phone.is_not(None)).group_by(phone).having(sa.func.count() > families)


def _twice() -> Count:
    phone, born, sex = household.c.phone, member.c.born_on, member.c.sex
    found = (
        sa.select(phone, born, sex)
        .select_from(_of_members)
        .where(phone.is_not(None), member.c.role == HEAD)
        .group_by(phone, born, sex)
        .having(sa.func.count() > 1)
        .subquery()
    )
    same = sa.and_(found.c.phone == phone, found.c.born_on == born, found.c.sex == sex)
    return _by_district(_of_members.join(found, same), member.c.role == HEAD)


def _several_heads() -> Count:
    found = (
        sa.select(member.c.household)
        .where(member.c.role == HEAD)
        .group_by(member.c.household)
        .having(sa.func.count() > 1)
    )
    return _homes(household.c.id.in_(found))


def _older_than_parent() -> Count:
    head = member.alias()
    rows = _of_members.join(head, sa.and_(head.c.household == household.c.id, head.c.role == HEAD))
    return _by_district(
        rows,
        member.c.role == CHILD,
        member.c.born_on < head.c.born_on,
        count=sa.func.count(member.c.id.distinct()),
    )


def _once_too_often() -> Count:
    more = sa.func.count() - 1
    found = (
        sa.select(member.c.household, more.label("more"))
        .group_by(member.c.household, member.c.born_on, member.c.sex, member.c.role)
        .having(more > 0)
        .subquery()
    )
    rows = household.join(found, found.c.household == household.c.id)
    return _by_district(rows, count=sa.cast(sa.func.sum(found.c.more), sa.BigInteger))


def _years_before(day: date, years: int) -> date:
    if (day.month, day.day) == (2, 29):
        day = day.replace(day=28)
    return day.replace(year=day.year - years)
