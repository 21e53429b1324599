"""What is known of a household: declared facts, checked, and settled into what rules may rely on.

A statement says one fact with its source and age. Settling leaves out what is too old, refused or
contradicted, so that a rule never takes a missing fact for a no, nor an old one for the present.
"""

from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import dataclass, field
from datetime import date, timedelta
from difflib import get_close_matches
from typing import Any, Literal, TypeAlias

from services.eligibility.rules import Household, Member, Range

Kind: TypeAlias = Literal["yes_no", "number", "choice"]
Origin: TypeAlias = Literal["citizen", "registry", "derived"]


class WrongFact(ValueError):
    """A fact that cannot be true of anybody; the message names it and says what is expected."""


@dataclass(frozen=True, slots=True)
class Fact:
    """A fact that rules may speak of.

    `low`, `high`: of numbers, both included; `whole` ones have no fraction. `values`: of choices.
    `asked`: a person can be asked for it; otherwise only a registry knows. `after`: a fact that must be
    known to be so before this is asked: nobody is asked about a bride whom there is not. `cost`: how hard
    or intimate the question is, 1 being an easy one. `changes`: whether a family can change it. `lasts`:
    for how long a statement of it holds. `chance` says how common each answer is: for yes or no the share of
    yes, for choices each value's share, for numbers the share at or below each.
    """

    name: str
    kind: Kind
    low: float = float("-inf")
    high: float = float("inf")
    whole: bool = False
    values: tuple[str, ...] = ()
    asked: bool = True
    after: str = ""
    cost: float = 1.0
    changes: bool = False
    lasts: timedelta | None = None
    chance: Mapping[Any, float] = field(default_factory=dict)

    def checked(self, value: Any) -> Any:
        """The value as rules take it. Raises `WrongFact`."""
        if self.kind == "yes_no":
            if isinstance(value, bool):
                return value
            raise WrongFact(f"{self.name}: {value!r} is neither true nor false")
        if self.kind == "choice":
            several = value if isinstance(value, (list, tuple, set, frozenset)) else [value]
            wrong = [one for one in several if one not in self.values]
            if wrong or not several:
                raise WrongFact(f"{self.name}: {value!r} is none of {', '.join(self.values)}")
            return value if isinstance(value, str) else frozenset(several)
        if isinstance(value, Mapping) and value.keys() <= {"low", "high"}:
            low, high = value.get("low", self.low), value.get("high", self.high)
            value = Range(self._number(low), self._number(high))
            if value.low > value.high:
                raise WrongFact(f"{self.name}: from {low} to {high} is no range")
            return value
        return value if isinstance(value, Range) else self._number(value)

    def _number(self, value: Any) -> float:
        if isinstance(value, bool) or not isinstance(value, (int, float)) or value != value:
            raise WrongFact(f"{self.name}: {value!r} is no number")
        if not self.low <= value <= self.high:
            raise WrongFact(f"{self.name}: {value} is not between {self.low:g} and {self.high:g}")
        if self.whole and value != int(value) and abs(value) != float("inf"):
            raise WrongFact(f"{self.name}: {value} is not a whole number")
        return value


@dataclass(frozen=True, slots=True)
class Statement:
    """Somebody's word on one fact. `value` None: they do not know; `refused`: they will not say."""

    value: Any = None
    source: Origin = "citizen"
    on: date | None = None
    refused: bool = False


Told: TypeAlias = tuple[str, bool]
"""A yes-or-no fact and what it is."""


@dataclass(frozen=True, slots=True)
class Clause:
    """Where all of `given` are so, `then` is so too."""

    given: tuple[Told, ...]
    then: Told


def implication(given: Told, then: Told) -> list[Clause]:
    """Where the first is so, so is the second; and where the second is not, neither is the first."""
    turned = ((then[0], not then[1]),), (given[0], not given[1])
    return [Clause((given,), then), Clause(*turned)]


def union(whole: str, parts: Sequence[str]) -> list[Clause]:
    """A fact that is true where one of others is: "any of these" asked at once."""
    each = [clause for part in parts for clause in implication((part, True), (whole, True))]
    none = Clause(tuple((part, False) for part in parts), (whole, False))
    last = [
        Clause(((whole, True), *((other, False) for other in parts if other != part)), (part, True))
        for part in parts
    ]
    return [*each, none, *last]


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """All facts that may be spoken of, of households and of their members, and what follows from what."""

    facts: Mapping[str, Fact]
    members: Mapping[str, Fact] = field(default_factory=dict)
    clauses: tuple[Clause, ...] = ()

    def household(self, raw: Mapping[str, Any], as_of: date) -> "Settled":
        """Settle plain JSON: fact -> value, {low, high} or {value, source, on, refused}, or several of the
        last; besides them `members` and whether these are `complete`. Raises `WrongFact`."""
        raw = dict(raw)
        members = raw.pop("members", ())
        complete = raw.pop("complete", False)
        if not isinstance(complete, bool):
            raise WrongFact(f"complete: {complete!r} is neither true nor false")
        said = {name: _statements(name, told) for name, told in raw.items()}
        return self.settle(said, as_of, members=members, complete=complete)

    def settle(
        self,
        said: Mapping[str, Sequence[Statement]],
        as_of: date,
        *,
        members: Iterable[Mapping[str, Any]] = (),
        complete: bool = False,
    ) -> "Settled":
        """What may be relied on at the day `as_of`. Raises `WrongFact`."""
        known: dict[str, Any] = {}
        states: dict[str, str] = {}
        origins: dict[str, Statement] = {}
        for name, statements in said.items():
            fact = self._named(name)
            usable = [one for one in statements if not _expired(fact, one, as_of)]
            if len(usable) < len(statements):
                states[name] = "expired"
            values = [(fact.checked(one.value), one) for one in usable if one.value is not None]
            if any(one.refused for one in usable):
                states[name] = "refused"
            if not values:
                continue
            if any(value != values[0][0] for value, _ in values[1:]):
                states[name] = "conflicting"
                continue
            states.pop(name, None)
            known[name], origins[name] = values[0]
        self._infer(known, states, origins)
        roster = tuple(self._member(one, number, as_of) for number, one in enumerate(members, 1))
        derived = frozenset(name for name in known if origins[name].source == "derived")
        return Settled(Household(known, roster, complete, derived), states, origins, as_of)

    def _named(self, name: str) -> Fact:
        if name not in self.facts:
            near = get_close_matches(name, self.facts, n=3) or sorted(self.facts)
            raise WrongFact(f"{name}: no such fact; did you mean {', '.join(near)}?")
        return self.facts[name]

    def _member(self, one: Mapping[str, Any], number: int, as_of: date) -> Member:
        if not isinstance(one, Mapping):
            raise WrongFact(f"members, person {number}: {one!r} is no table of facts")
        found: dict[str, Any] = {}
        for name, value in one.items():
            if name in ("head", "applicant"):
                found[name] = bool(value)
            elif name == "born" and value is not None:
                found["age"] = self.members["age"].checked(_age(_day(value, name), as_of))
            elif name not in self.members:
                raise WrongFact(f"members, person {number}: {name} is none of {', '.join(self.members)}")
            elif value is not None:
                found[name] = self.members[name].checked(value)
        return found

    def _infer(self, known: dict[str, Any], states: dict[str, str], origins: dict[str, Statement]) -> None:
        """Add what follows. Statements that contradict one another by what follows from them are not relied
        on, none of them, and nor is anything that only they would say."""
        told = {(name, value) for name, value in known.items() if isinstance(value, bool)}
        follows = told
        for clauses in self.rounds:
            while True:
                follows = _following(told, clauses)
                clashing = {(name, value) for name, value in told if (name, not value) in follows}
                if not clashing:
                    break
                told -= clashing
                for name, _ in clashing:
                    del known[name]
                    states[name] = "conflicting"
        for name, value in follows:
            if name not in known and (name, not value) not in follows and states.get(name) != "conflicting":
                known[name], origins[name] = value, Statement(source="derived")
                states.pop(name, None)

    @property
    def rounds(self) -> tuple[tuple[Clause, ...], tuple[Clause, ...]]:
        """The clauses by which statements are compared, one after the other: at first only those between
        two facts, so that a contradiction of two does not spread to what is merely said beside them."""
        return tuple(clause for clause in self.clauses if len(clause.given) == 1), self.clauses


def _following(told: Set[Told], clauses: Iterable[Clause]) -> set[Told]:
    """Those facts and all that follows from them, contradictions included."""
    follows = set(told)
    news = True
    while news:
        news = False
        for clause in clauses:
            if clause.then not in follows and follows.issuperset(clause.given):
                follows.add(clause.then)
                news = True
    return follows


@dataclass(frozen=True, slots=True)
class Settled:
    """A household ready to be judged; `states` says of facts that are not known why: expired, refused,
    conflicting. `origins` says of the others where they are from."""

    household: Household
    states: Mapping[str, str]
    origins: Mapping[str, Statement]
    as_of: date


def _age(born: date | None, as_of: date) -> int:
    assert born is not None
    if born > as_of:
        raise WrongFact(f"born: {born} is after {as_of}")
    return as_of.year - born.year - ((as_of.month, as_of.day) < (born.month, born.day))


def _expired(fact: Fact, said: Statement, as_of: date) -> bool:
    if said.on is None:
        return False
    if said.on > as_of:
        raise WrongFact(f"{fact.name}: stated on {said.on}, which is after {as_of}")
    return fact.lasts is not None and as_of - said.on > fact.lasts


def _statements(name: str, told: Any) -> list[Statement]:
    if isinstance(told, list) and told and all(isinstance(one, Mapping) for one in told):
        return [_statement(name, one) for one in told]
    return [_statement(name, told)]


def _statement(name: str, told: Any) -> Statement:
    if not isinstance(told, Mapping) or told.keys() <= {"low", "high"}:
        return Statement(told)
    unknown = told.keys() - {"value", "source", "on", "refused"}
    if unknown:
        raise WrongFact(f"{name}: {', '.join(sorted(unknown))} is none of value, source, on, refused")
    source = told.get("source", "citizen")
    if source not in ("citizen", "registry", "derived"):
        raise WrongFact(f"{name}: source {source!r} is neither citizen nor registry")
    return Statement(told.get("value"), source, _day(told.get("on"), name), bool(told.get("refused")))


def _day(value: Any, name: str) -> date | None:
    if value is None or isinstance(value, date):
        return value
    try:
        return date.fromisoformat(str(value))
    except ValueError:
        raise WrongFact(f"{name}: {value!r} is no date such as 2026-11-25") from None
