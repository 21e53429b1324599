"""Whether rules make sense at all: whether they can be met, and each of them decides something."""

from collections.abc import Collection
from itertools import product
from math import prod
from typing import Any

from services.eligibility.cells import cells
from services.eligibility.decision import Rules
from services.eligibility.facts import Vocabulary
from services.eligibility.rules import Household, facts_of
from services.programmes.reading import Fault

MOST_HOUSEHOLDS = 20_000
"""Combinations of facts of one criterion that are tried: a rule with more nobody could explain."""


class Sense:
    """Checks rules against what their facts can be."""

    def __init__(self, vocabulary: Vocabulary) -> None:
        self._vocabulary = vocabulary

    def check(self, rules: Rules, exclusions: Collection[str]) -> None:
        """Raises `Fault` for a criterion, or all of them together, that nobody can meet or fail."""
        met: dict[str, set[Any]] = {}
        for criterion in rules.criteria:
            path = ("exclusions" if criterion.id in exclusions else "criteria", criterion.id)
            names = facts_of(criterion.rule)
            choices = [cells(self._vocabulary.facts[name], [criterion.rule]) for name in names]
            if prod(map(len, choices)) > MOST_HOUSEHOLDS:
                raise Fault(path, "has too many cases for anybody to explain; make several criteria of it")
            told = {True: 0, False: 0, None: 0}
            allowed: dict[str, set[Any]] = {name: set() for name in names}
            for values in product(*choices):
                facts = dict(zip(names, values, strict=True))
                verdict = criterion.rule.judge(Household(facts))
                told[verdict] += 1
                if verdict and len(names) == 1:
                    allowed[names[0]].add(values[0])
            if not told[True]:
                raise Fault(path, "can never be met")
            if not told[False]:
                raise Fault(path, "can never fail: it decides nothing")
            if len(names) == 1:
                self._together(met, names[0], criterion.rule, path)

    def _together(self, met: dict[str, Any], name: str, rule: Any, path: tuple[str, ...]) -> None:
        """Two criteria on the same fact must leave something."""
        others = [*met.get(name, ()), rule]
        met[name] = others
        values = cells(self._vocabulary.facts[name], others)
        if not any(all(one.judge(Household({name: value})) for one in others) for value in values):
            raise Fault(path, f"can never be met together with the others on {name}")
