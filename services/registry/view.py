"""One family's facts from all sources: who said what and when, and what is not known just now."""

from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Generic, Literal, TypeAlias, TypeVar

from services.registry import Enrolment, Payment, Person, Record, Scope

T = TypeVar("T")
Outcome: TypeAlias = Literal["found", "empty", "refused", "late", "stale"]
"""`stale` is an older answer in place of one that did not come. Only `empty` means *holds nothing*."""

ANSWERED: frozenset[Outcome] = frozenset({"found", "empty", "stale"})


@dataclass(frozen=True, slots=True)
class Reading:
    """What became of asking one source. `took` in seconds; `age` in seconds, of a kept answer.

    `authority`: a source of higher authority is believed before any of a lower one. `worth_keeping`: the
    answer came from the source itself, which is one whose answers are kept.
    """

    source: str
    scopes: frozenset[Scope]
    outcome: Outcome
    record: Record | None = field(default=None, repr=False)
    took: float = 0.0
    age: float = 0.0
    authority: int = 0
    worth_keeping: bool = False


@dataclass(frozen=True, slots=True)
class Told(Generic[T]):
    """A fact with its provenance; `others` are what other sources say instead, best first."""

    value: T
    source: str
    as_of: date
    stale: bool = False
    others: tuple["Told[T]", ...] = ()


@dataclass(frozen=True, slots=True)
class View:
    """Everything that the sources say of one CNIC, within the scopes that they were asked for."""

    readings: tuple[Reading, ...] = ()
    persons: tuple[Told[Person], ...] = ()
    enrolments: tuple[Told[Enrolment], ...] = ()
    payments: tuple[Told[Payment], ...] = ()
    surveyed_on: Told[date] | None = None
    card_expires_on: Told[date] | None = None

    def missing(self, scope: Scope) -> tuple[str, ...]:
        """Sources that should have told this and did not: what they hold is not known now."""
        return tuple(
            reading.source
            for reading in self.readings
            if scope in reading.scopes and reading.outcome not in ANSWERED
        )

    @property
    def person(self) -> Person | None:
        """Who it is by the most authoritative source, None where no source knows the number."""
        return self.persons[0].value if self.persons else None


def consolidate(readings: Sequence[Reading]) -> View:
    """One view of all answers: per field the newest of the most authoritative sources, others kept."""
    said = sorted(
        (reading for reading in readings if reading.record),
        key=lambda reading: (reading.authority, reading.record.as_of if reading.record else date.min),
        reverse=True,
    )
    surveyed = _each(said, lambda record: _one(record.surveyed_on), lambda _: None, lambda day: day)
    card = _each(said, lambda record: _one(record.card_expires_on), lambda _: None, lambda day: day)
    return View(
        readings=tuple(readings),
        persons=tuple(_told(reading, reading.record.person) for reading in said if reading.record.person),  # type: ignore[union-attr]
        enrolments=_each(
            said,
            lambda record: record.enrolments or (),
            lambda one: (one.programme, one.beneficiary),
            lambda one: (one.status, one.reason),
        ),
        payments=_each(
            said,
            lambda record: record.payments or (),
            lambda one: (one.programme, one.cycle, one.beneficiary),
            lambda one: (one.status, one.reason, one.amount),
        ),
        surveyed_on=surveyed[0] if surveyed else None,
        card_expires_on=card[0] if card else None,
    )


def _each(
    readings: Sequence[Reading],
    values: Callable[[Record], Iterable[T]],
    about: Callable[[T], Hashable],
    says: Callable[[T], Hashable],
) -> tuple[Told[T], ...]:
    """The facts of all sources, best first: `about` tells which are the same one, `says` which differ."""
    found: dict[Hashable, list[Told[T]]] = {}
    for reading in readings:
        for value in values(reading.record) if reading.record else ():
            same = found.setdefault(about(value), [])
            if all(says(value) != says(other.value) for other in same):
                same.append(_told(reading, value))
    return tuple(replace(best, others=tuple(others)) for best, *others in found.values())


def _told(reading: Reading, value: T) -> Told[T]:
    assert reading.record
    return Told(value, reading.source, reading.record.as_of, stale=reading.outcome == "stale")


def _one(value: date | None) -> tuple[date, ...]:
    return (value,) if value else ()
