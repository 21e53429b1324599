"""The rules themselves: a tree of conditions, judged true, false or not yet known.

Strong Kleene logic: what is unknown stays unknown unless the rest decides without it. A fact may be known
in part, as a `Range` of numbers or a set of values, and then decides as far as that part reaches.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

Member: TypeAlias = Mapping[str, Any]
"""Facts of one person of a household, as far as they are known."""


@dataclass(frozen=True, slots=True)
class Range:
    """A number known only in part: between `low` and `high`, both included."""

    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Household:
    """Facts as rules see them: name -> value, `Range` or frozenset of what it may be.

    What is unknown, refused or in conflict is not there. `complete`: nobody of the home is missing
    from `members`. `derived`: facts that nobody stated, and that the members may contradict.
    """

    facts: Mapping[str, Any]
    members: tuple[Member, ...] = ()
    complete: bool = False
    derived: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Within:
    """A number between bounds. `open_low`, `open_high`: the bound itself is outside."""

    fact: str
    low: float = float("-inf")
    high: float = float("inf")
    open_low: bool = False
    open_high: bool = False

    def judge(self, household: Household) -> bool | None:
        """Whether it holds, None while that is not known."""
        value = household.facts.get(self.fact)
        if value is None:
            return None
        if value.__class__ is Range:
            if self._holds(value.low) and self._holds(value.high):
                return True
            below = value.high < self.low or (self.open_low and value.high == self.low)
            above = value.low > self.high or (self.open_high and value.low == self.high)
            return False if below or above else None
        return self._holds(value)

    def _holds(self, value: float) -> bool:
        if (self.open_low and value == self.low) or (self.open_high and value == self.high):
            return False
        return self.low <= value <= self.high


@dataclass(frozen=True, slots=True)
class Among:
    """One of these values: yes or no, or a choice."""

    fact: str
    values: frozenset[Any]

    def judge(self, household: Household) -> bool | None:
        """Whether it holds, None while that is not known."""
        value = household.facts.get(self.fact)
        if value is None:
            return None
        if value.__class__ is frozenset:
            if value <= self.values:
                return True
            return None if value & self.values else False
        return value in self.values


@dataclass(frozen=True, slots=True)
class AllOf:
    """Every part holds."""

    parts: "tuple[Rule, ...]"

    def judge(self, household: Household) -> bool | None:
        """False as soon as one part is, whatever the others are."""
        found: bool | None = True
        for part in self.parts:
            told = part.judge(household)
            if told is False:
                return False
            if told is None:
                found = None
        return found


@dataclass(frozen=True, slots=True)
class AnyOf:
    """One part at least holds."""

    parts: "tuple[Rule, ...]"

    def judge(self, household: Household) -> bool | None:
        """True as soon as one part is, whatever the others are."""
        found: bool | None = False
        for part in self.parts:
            told = part.judge(household)
            if told:
                return True
            if told is None:
                found = None
        return found


@dataclass(frozen=True, slots=True)
class Not:
    """The part does not hold."""

    part: "Rule"

    def judge(self, household: Household) -> bool | None:
        """The opposite of the part; unknown stays unknown."""
        told = self.part.judge(household)
        return None if told is None else not told


Quantity: TypeAlias = Literal["some_member", "every_member", "head", "applicant"]


@dataclass(frozen=True, slots=True)
class Members:
    """Something about the people of a home, asked as one yes-or-no fact and told by the roster if known.

    `some_member` needs `count` of them. All that `part` says must be true of one and the same person.
    """

    fact: str
    quantity: Quantity
    part: "Rule"
    count: int = 1

    def judge(self, household: Household) -> bool | None:
        """The fact itself where it was stated, else what the roster says, unless what follows from other
        facts contradicts it. Nobody is assumed to be absent."""
        value = household.facts.get(self.fact)
        if value is None:
            return self._by_roster(household)
        if household.members and self.fact in household.derived and self._by_roster(household) is not value:
            return value if self._by_roster(household) is None else None
        return bool(value)

    def _by_roster(self, household: Household) -> bool | None:
        told = [self.part.judge(Household(one)) for one in self._meant(household)]
        if self.quantity == "some_member":
            if told.count(True) >= self.count:
                return True
            sure = household.complete and told.count(True) + told.count(None) < self.count
            return False if sure else None
        if False in told:
            return False
        if self.quantity == "every_member":
            return True if household.complete and None not in told else None
        return True if told and None not in told else None

    def _meant(self, household: Household) -> Iterable[Member]:
        if self.quantity in ("head", "applicant"):
            return [one for one in household.members if one.get(self.quantity)]
        return household.members


Rule: TypeAlias = Within | Among | AllOf | AnyOf | Not | Members


def atoms(rule: Rule) -> Iterator[Within | Among | Members]:
    """Every condition on a fact of the household, from left to right."""
    match rule:
        case AllOf(parts) | AnyOf(parts):
            for part in parts:
                yield from atoms(part)
        case Not(part):
            yield from atoms(part)
        case _:
            yield rule


def facts_of(rule: Rule) -> tuple[str, ...]:
    """Names of the facts of the household that a rule looks at, each once."""
    return tuple(dict.fromkeys(atom.fact for atom in atoms(rule)))


def negated(rule: Rule, opposite: Callable[[Among], Among]) -> Rule:
    """What holds just where the rule does not, as conditions and not as a "not" around them.

    So that a limit can be named: "not 1,000 or more" is "below 1,000". `opposite` knows the values of facts.
    """
    match rule:
        case AllOf(parts):
            return AnyOf(tuple(negated(part, opposite) for part in parts))
        case AnyOf(parts):
            return AllOf(tuple(negated(part, opposite) for part in parts))
        case Not(part):
            return part
        case Members():
            return Not(rule)
        case Among():
            return opposite(rule)
    sides = []
    if rule.low > float("-inf"):
        sides.append(Within(rule.fact, high=rule.low, open_high=not rule.open_low))
    if rule.high < float("inf"):
        sides.append(Within(rule.fact, low=rule.high, open_low=not rule.open_high))
    return sides[0] if len(sides) == 1 else AnyOf(tuple(sides))


def as_data(rule: Rule) -> list[Any]:
    """The tree as JSON, always the same for the same rule: what a version of rules is told by."""
    match rule:
        case AllOf(parts) | AnyOf(parts):
            return [type(rule).__name__, *(as_data(part) for part in parts)]
        case Not(part):
            return ["Not", as_data(part)]
        case Within(fact, low, high, open_low, open_high):
            return ["Within", fact, repr(float(low)), repr(float(high)), open_low, open_high]
        case Among(fact, values):
            return ["Among", fact, *sorted(map(str, values))]
    return ["Members", rule.fact, rule.quantity, as_data(rule.part), rule.count]
