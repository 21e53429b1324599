"""How rules are written in the files, read into the tree that judges.

A table of conditions, all of which must hold: `fact: yes`, `fact: {at_most: 32}` (also below, at_least,
above, between), `fact: {one_of: [a, b]}`. Beside facts stand `all`, `any` and `not`; and `some_member`,
`every_member`, `head` or `applicant` with conditions on one and the same person, beside `fact`, the name
under which it is asked, and perhaps `count`.
"""

from collections.abc import Mapping
from math import inf
from typing import Any

from services.eligibility.facts import Fact, Vocabulary, WrongFact
from services.eligibility.rules import AllOf, Among, AnyOf, Members, Rule, Within, negated
from services.programmes.reading import Fault, Path

BOUNDS = frozenset({"at_most", "below", "at_least", "above", "between"})
QUANTITIES = ("some_member", "every_member", "head", "applicant")


def rule_of(raw: Any, facts: Mapping[str, Fact], vocabulary: Vocabulary, path: Path) -> Rule:
    """The tree of one table. Raises `Fault` with the path of what is wrong."""
    if not isinstance(raw, Mapping) or not raw:
        raise Fault(path, f"{raw!r} is no table of conditions")
    quantity = next((word for word in QUANTITIES if word in raw), None)
    if quantity:
        return _members(raw, quantity, vocabulary, path)
    parts: list[Rule] = []
    for name, wanted in raw.items():
        at = (*path, name)
        if name in ("all", "any"):
            if not isinstance(wanted, list) or not wanted:
                raise Fault(at, "needs a list of conditions")
            several = tuple(rule_of(one, facts, vocabulary, (*at, n)) for n, one in enumerate(wanted))
            parts.append(AllOf(several) if name == "all" else AnyOf(several))
        elif name == "not":
            parts.append(opposite(rule_of(wanted, facts, vocabulary, at), facts))
        else:
            parts.append(_condition(name, wanted, facts, at))
    return parts[0] if len(parts) == 1 else AllOf(tuple(parts))


def opposite(rule: Rule, facts: Mapping[str, Fact]) -> Rule:
    """What holds just where the rule does not."""

    def others(atom: Among) -> Among:
        fact = facts[atom.fact]
        every = frozenset({True, False}) if fact.kind == "yes_no" else frozenset(fact.values)
        return Among(atom.fact, every - atom.values)

    return negated(rule, others)


def _members(raw: Mapping[str, Any], quantity: Any, vocabulary: Vocabulary, path: Path) -> Members:
    unknown = raw.keys() - {quantity, "fact", "count"}
    if unknown:
        raise Fault((*path, sorted(unknown)[0]), f"stands beside {quantity}: only fact and count may")
    fact, count = raw.get("fact"), raw.get("count", 1)
    if not isinstance(fact, str) or fact not in vocabulary.facts or vocabulary.facts[fact].kind != "yes_no":
        raise Fault(path, f"{quantity} needs `fact`, the yes-or-no fact under which it is asked")
    if not isinstance(count, int) or count < 1:
        raise Fault((*path, "count"), f"{count!r} is no number of people")
    part = rule_of(raw[quantity], vocabulary.members, vocabulary, (*path, quantity))
    return Members(fact, quantity, part, count)


def _condition(name: str, wanted: Any, facts: Mapping[str, Fact], path: Path) -> Rule:
    fact = facts.get(name)
    if fact is None:
        raise Fault(path, f"no such fact; known are {', '.join(sorted(facts))}")
    try:
        if isinstance(wanted, Mapping) and wanted.keys() <= BOUNDS and wanted and fact.kind == "number":
            return _within(fact, wanted)
        if isinstance(wanted, Mapping):
            if wanted.keys() != {"one_of"} or not isinstance(wanted["one_of"], list):
                raise Fault(path, f"needs one of {', '.join(sorted(BOUNDS))}, one_of, or a value")
            return Among(name, frozenset(fact.checked(one) for one in wanted["one_of"]))
        value = fact.checked(wanted)
    except WrongFact as fault:
        raise Fault(path, str(fault).partition(": ")[2]) from None
    return Within(name, value, value) if fact.kind == "number" else Among(name, frozenset({value}))


def _within(fact: Fact, wanted: Mapping[str, Any]) -> Within:
    low, high, open_low, open_high = -inf, inf, False, False
    for word, bound in wanted.items():
        if word == "between":
            if not isinstance(bound, list) or len(bound) != 2:
                raise WrongFact(f"{fact.name}: between needs two numbers")
            low, high = (fact.checked(one) for one in bound)
        elif word in ("at_most", "below"):
            high, open_high = fact.checked(bound), word == "below"
        else:
            low, open_low = fact.checked(bound), word == "above"
    if low > high or (low == high and (open_low or open_high)):
        raise WrongFact(f"{fact.name}: nothing is so")
    return Within(fact.name, low, high, open_low, open_high)
