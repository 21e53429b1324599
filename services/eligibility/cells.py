"""The answers to a fact that make a difference: every value that some rule tells from the others."""

from collections.abc import Iterable
from math import inf
from typing import Any

from services.eligibility.facts import Fact
from services.eligibility.rules import Range, Rule, Within, atoms


def cells(fact: Fact, rules: Iterable[Rule]) -> list[Any]:
    """One value for each part of a fact's domain that the rules tell apart, in rising order."""
    if fact.kind == "yes_no":
        return [True, False]
    if fact.kind == "choice":
        return list(fact.values)
    return [band.low if band.low == band.high else _middle(fact, band) for band in bands(fact, rules)]


def bands(fact: Fact, rules: Iterable[Rule]) -> list[Range]:
    """The domain of a number, cut where some rule does. A band's ends are inside it."""
    cuts: set[tuple[float, bool]] = set()  # a bound, and whether it belongs to what lies below
    for rule in rules:
        for atom in atoms(rule):
            if isinstance(atom, Within) and atom.fact == fact.name:
                if atom.low > fact.low:
                    cuts.add((atom.low, atom.open_low))
                if atom.high < fact.high:
                    cuts.add((atom.high, not atom.open_high))
    found, low, above = [], fact.low, False
    for bound, below in [*sorted(cuts), (fact.high, True)]:
        start = _after(fact, low) if above else low
        end = bound if below else _before(fact, bound)
        if start <= end:
            found.append(Range(start, end))
        low, above = bound, below
    return found


def _after(fact: Fact, value: float) -> float:
    return value + 1 if fact.whole else value + _step(value)


def _before(fact: Fact, value: float) -> float:
    return value - 1 if fact.whole else value - _step(value)


def _step(value: float) -> float:
    """Less than anybody measures: a hundredth of a score, or of an acre."""
    return 0.01 if abs(value) < inf else 0.0


def _middle(fact: Fact, band: Range) -> float:
    middle = (band.low + band.high) / 2
    return float(int(middle)) if fact.whole else middle
