"""What the files of this folder may hold: one table each of shapes, refused if a key is unknown.

Every value that may change has the day `from` which it holds, perhaps a day `to` which it does (not
included), a source and how sure that is. A value is never edited: a newer one is added.
"""

from collections.abc import Mapping, Sequence
from datetime import date
from itertools import pairwise
from typing import Annotated, Any, Literal, TypeAlias, TypeVar

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

State: TypeAlias = Literal["open", "closed", "suspended", "unsure"]
Confidence: TypeAlias = Literal["official", "press", "blog", "unsure"]
Code: TypeAlias = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]*$")]
Tag: TypeAlias = Annotated[str, StringConstraints(pattern=r"^[a-z]{2,3}(-[A-Z][a-z]{3})?$")]

TOLD: frozenset[Confidence] = frozenset({"official", "press"})
"""What citizens may be told as a fact."""

GRADES: Mapping[str, frozenset[str]] = {
    "official": frozenset({"official"}),
    "press": frozenset({"official", "press"}),
    "blog": frozenset({"official", "press", "guide"}),
    "unsure": frozenset({"official", "press", "guide"}),
}
"""Confidence of a value -> grades of sources that can carry it."""

TIMES_A_YEAR: Mapping[str, int] = {
    "quarter": 4, "quarter_child": 4, "month": 12, "half_year": 2, "year": 1, "once": 1, "crop": 2,
}  # fmt: skip


class Data(BaseModel):
    """What every table of the files has in common: no unknown key, no change after reading."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)


class Name(Data):
    """A name in both scripts."""

    en: str
    ur: str


class Forms(Data):
    """A name as it is said at length and where room is short."""

    long: str
    short: str


class Source(Data):
    """Where a fact comes from. `date` is a year, month or day, as exact as the source shows it."""

    grade: Literal["official", "press", "guide"]
    name: Name
    title: str
    url: str | None = None
    date: Any = None


class Dated(Data):
    """A value that holds from a day on (without one: as far back as is known)."""

    since: date = Field(default=date.min, alias="from")
    until: date | None = Field(default=None, alias="to")
    source: str
    confidence: Confidence
    note: str = ""

    def holds(self, on: date) -> bool:
        """Whether a day is within."""
        return self.since <= on and (self.until is None or on < self.until)


class Standing(Dated):
    """Whether a programme takes people."""

    state: State


class Rate(Data):
    """Rupees, for everybody or for one sex and ages (first and last, both included)."""

    rupees: Annotated[int, Field(gt=0)]
    sex: Literal["f", "m"] | None = None
    ages: tuple[int, int] | None = None

    def holds(self, sex: str, age: int) -> bool:
        """Whether this is the rate of such a person."""
        of_sex = self.sex is None or self.sex == sex
        return of_sex and (self.ages is None or self.ages[0] <= age <= self.ages[1])


class Amount(Dated):
    """What is paid."""

    rates: Annotated[tuple[Rate, ...], Field(min_length=1)]


class Benefit(Data):
    """One thing that a programme gives: rupees `per` period, perhaps to be paid back."""

    per: Literal["quarter", "quarter_child", "month", "half_year", "year", "once", "crop"]
    loan: bool = False
    amounts: Annotated[tuple[Amount, ...], Field(min_length=1)]


class Condition(Dated):
    """A rule as written: see `services.programmes.grammar`. `args`: numbers that its sentences name and the
    rule itself does not hold, such as the ages of those for whom somebody is asked."""

    rule: Annotated[dict[str, Any], Field(min_length=1)]
    args: Mapping[Code, int] = {}


class Documents(Dated):
    """Papers to bring: codes of texts `document.*`."""

    bring: Annotated[tuple[Code, ...], Field(min_length=1)]


class Way(Dated):
    """How to apply: code of a text `programme.apply.*`, and what that text may name."""

    how: Code
    link: str = ""
    number: str = ""


class Fixed(Dated):
    """A number that people text or call."""

    value: str


class Free(Dated):
    """What is never paid for."""

    of: Annotated[tuple[Code, ...], Field(min_length=1)]


class File(Data):
    """One programme as its file has it."""

    id: Code
    names: Mapping[Tag, str | Forms]
    about: Mapping[Tag, str]
    also: Annotated[tuple[str, ...], Field(min_length=1)]
    run_by: Name
    province: Code | None = None
    registry: Literal["nser", "pser"] | None = None
    part_of: Code | None = None
    """The programme of which it is a special case: told of where it is named, not listed beside it."""
    elsewhere: tuple[Code, ...] = ()
    """Programmes of other provinces that people there mean by the same name."""
    enrolled: Code | None = None
    """The yes-or-no fact that says a family has it already: then it is not offered."""
    states: Annotated[tuple[Standing, ...], Field(min_length=1)]
    benefits: Mapping[Code, Benefit] = {}
    criteria: Mapping[Code, tuple[Condition, ...]] = {}
    exclusions: Mapping[Code, tuple[Condition, ...]] = {}
    documents: tuple[Documents, ...] = ()
    apply: tuple[Way, ...] = ()
    codes: tuple[Fixed, ...] = ()
    helplines: tuple[Fixed, ...] = ()
    free: tuple[Free, ...] = ()


class Chances(Dated):
    """How common each answer to each fact is, for choosing what to ask first: never for a verdict."""

    of: Mapping[Code, Any]


class FactFile(Data):
    """`facts.yaml`."""

    facts: Mapping[Code, "FactEntry"]
    members: Mapping[Code, "FactEntry"]
    implications: tuple["ImplicationEntry", ...] = ()
    unions: Mapping[Code, tuple[Code, ...]] = {}
    chances: tuple[Chances, ...]


class FactEntry(Data):
    """One fact: see `services.eligibility.facts.Fact`. `unit` names the kind of number in texts."""

    kind: Literal["yes_no", "number", "choice"]
    unit: Literal["rupees", "years", "acres", "points", "number"] | None = None
    low: float | None = None
    high: float | None = None
    whole: bool = False
    values: tuple[Code, ...] = ()
    asked: bool = True
    after: str | None = None
    cost: Annotated[float, Field(gt=0)] = 1.0
    changes: bool = False
    lasts_days: Annotated[int, Field(gt=0)] | None = None


class ImplicationEntry(Data):
    """Where one fact is so, another is."""

    given: dict[Code, bool] = Field(alias="if")
    then: dict[Code, bool]


Any_Dated = TypeVar("Any_Dated", bound=Dated)


def newest(values: Sequence[Any_Dated], on: date) -> Any_Dated | None:
    """The value that may be told on a day, the newest of those that hold."""
    told = (value for value in values if value.holds(on) and value.confidence in TOLD)
    return max(told, key=lambda value: value.since, default=None)


def overlap(values: Sequence[Dated]) -> int | None:
    """Position of the first value that another of equal standing is in the way of, None where none is.

    Without `to`, a value ends where the next begins. A value that may not be told stands beside.
    """
    told = [(value, place) for place, value in enumerate(values) if value.confidence in TOLD]
    told.sort(key=lambda entry: entry[0].since)
    for (earlier, _), (later, place) in pairwise(told):
        if earlier.since == later.since or (earlier.until and later.since < earlier.until):
            return place
    return next((p for p, v in enumerate(values) if v.until and v.until <= v.since), None)
