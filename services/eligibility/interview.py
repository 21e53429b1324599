"""What to ask next: the question that is expected to settle most for its cost, or none.

Nothing here is about one programme. Households are drawn from how common each answer is, what is known of
this one is laid over them, and the rules judge them all as columns; so a question's worth is how much
surer it makes the verdicts, with all that facts have to do with one another counted in.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice, product
from typing import Any

import numpy as np
from numpy.typing import NDArray

from services.eligibility.cells import bands, cells
from services.eligibility.decision import Decision, Rules, open_facts
from services.eligibility.facts import Fact, Vocabulary
from services.eligibility.masks import Columns, Masks
from services.eligibility.rules import Household, Range, Rule

DRAWN = 4096
"""Households drawn: an answer that one in a hundred gives is still met forty times."""

SEED = 8171

MOST_ANSWERS = 1024

FEWEST_ALIKE = 128
"""Drawn households that must agree for their number to mean anything."""

NOTHING = 1e-9


@dataclass(frozen=True, slots=True)
class Question:
    """A fact to ask for, with the bands that its number may be answered by (none where it is no number)."""

    fact: str
    bands: tuple[Range, ...] = ()


class Interview:
    """Chooses questions. Built once; `next` has no memory and may be called from anywhere."""

    def __init__(self, vocabulary: Vocabulary) -> None:
        self._vocabulary = vocabulary
        self._drawn = _draw(vocabulary)
        self._tied = sorted(
            {name for clause in vocabulary.clauses for name, _ in (*clause.given, clause.then)}
        )
        self._masks: dict[str, Masks] = {}

    def next(
        self,
        rules: Sequence[Rules],
        household: Household,
        decisions: Sequence[Decision],
        *,
        closed: Collection[str] = (),
        worth: float = 0.0,
    ) -> Question | None:
        """The best question about a household, None where no answer would change a verdict.

        `decisions` are what the rules say of it now. `closed`: facts that were asked already, or refused.
        `worth`: bits for its cost that a question must be expected to settle.
        """
        in_play = [
            rule
            for rule, decision in zip(rules, decisions, strict=True)
            if decision.verdict == "not_yet_known"
        ]
        names = self._askable(in_play, household, self._shut(closed, household))
        if not names:
            return None
        facts = self._vocabulary.facts
        gains = self._gains(in_play, household, names)
        best = max(names, key=lambda name: (gains[name] / facts[name].cost, name))
        if gains[best] / facts[best].cost < worth:
            return None
        trees = [criterion.rule for rule in in_play for criterion in rule.criteria]
        return Question(best, tuple(bands(facts[best], trees)) if facts[best].kind == "number" else ())

    def _shut(self, closed: Collection[str], household: Household) -> set[str]:
        """Facts not to be asked: those, and what they are the whole of. Whoever does not know whether
        anything of a list applies is not asked for each of it."""
        shut = set(closed)
        for clause in self._vocabulary.clauses:
            given, value = clause.given[0]
            if len(clause.given) == 1 and value is False and given in closed and given not in household.facts:
                shut.add(clause.then[0])
        return shut

    def _askable(self, rules: Sequence[Rules], household: Household, shut: set[str]) -> list[str]:
        """Facts that a person can be asked and that can settle a criterion, in a fixed order."""
        direct: set[str] = set()
        for rule in rules:
            for criterion in rule.criteria:
                waiting = open_facts(criterion.rule, household)
                asked = [name for name in waiting if self._may_ask(name, household, shut)]
                if asked and self._can_settle(criterion.rule, household, asked):
                    direct.update(asked)
        direct = {self._first(name, household) for name in direct}
        found = {name for name in direct if self._may_ask(name, household, shut)}
        for clause in self._vocabulary.clauses:
            given, value = clause.given[0]
            # "Is any of these so?" says something about each of them, and may be asked instead.
            whole = len(clause.given) == 1 and value is False
            if whole and clause.then[0] in direct and self._may_ask(given, household, shut):
                found.add(given)
        return sorted(found)

    def _first(self, name: str, household: Household) -> str:
        """The fact to ask for before this one, where that is not known to be so; else this one."""
        before = self._vocabulary.facts[name].after
        return before if before and household.facts.get(before) is not True else name

    def _may_ask(self, name: str, household: Household, shut: set[str]) -> bool:
        known = household.facts.get(name)
        partly = known is None or isinstance(known, (Range, frozenset))
        return partly and name not in shut and self._vocabulary.facts[name].asked

    def _can_settle(self, rule: Rule, household: Household, names: Sequence[str]) -> bool:
        """Whether any answers to these facts would decide a rule, whatever else stays unknown."""
        choices = [cells(self._vocabulary.facts[name], [rule]) for name in names]
        return any(
            rule.judge(Household({**household.facts, **dict(zip(names, values, strict=True))})) is not None
            for values in islice(product(*choices), MOST_ANSWERS)
        )

    def _gains(self, rules: Sequence[Rules], household: Household, names: Sequence[str]) -> dict[str, float]:
        """Bits of all verdicts that the answer to each question is expected to settle."""
        columns = self._like(household)
        outcomes = [self._made_ready(rule).judge(columns).verdict for rule in rules]
        before = sum(_entropy(np.bincount(outcome, minlength=3)) for outcome in outcomes)
        trees = [criterion.rule for rule in rules for criterion in rule.criteria]
        gains = {}
        for name in names:
            answers, count = _answers(self._vocabulary.facts[name], columns, trees)
            after = 0.0
            for outcome in outcomes:
                table = np.bincount(answers * 3 + outcome, minlength=count * 3).reshape(count, 3)
                after += _entropy(table)
            gains[name] = max((before - after) / DRAWN, NOTHING)
        return gains

    def _made_ready(self, rules: Rules) -> Masks:
        kept = self._masks.get(rules.version)
        if kept is None:
            kept = self._masks[rules.version] = Masks(rules, self._vocabulary)
        return kept

    def _like(self, household: Household) -> Columns:
        """The drawn households, with all that is known of this one; what nobody can be asked is unknown."""
        alike = self._alike(household)
        low = {name: column[alike] for name, column in self._drawn.low.items()}
        high, codes = dict(low), {name: column[alike] for name, column in self._drawn.codes.items()}
        for name, fact in self._vocabulary.facts.items():
            value = household.facts.get(name)
            if fact.kind == "number":
                if isinstance(value, Range):
                    low[name] = high[name] = np.clip(low[name], value.low, value.high)
                elif value is not None:
                    low[name] = high[name] = np.full(DRAWN, float(value))
                elif not fact.asked:
                    del low[name], high[name]
            elif value is not None and not isinstance(value, frozenset):
                every = (False, True) if fact.kind == "yes_no" else fact.values
                codes[name] = np.full(DRAWN, every.index(value), np.int8)
            elif value is None and not fact.asked:
                del codes[name]
        return Columns(DRAWN, low, high, codes)

    def _alike(self, household: Household) -> NDArray[np.intp]:
        """Drawn households that agree with what is known of facts that say something about others."""
        agree = np.ones(DRAWN, bool)
        for name in self._tied:
            value = household.facts.get(name)
            if isinstance(value, bool):
                agree &= self._drawn.codes[name] == value
        found = np.flatnonzero(agree)
        return np.resize(found, DRAWN) if len(found) >= FEWEST_ALIKE else np.arange(DRAWN)


def _draw(vocabulary: Vocabulary) -> Columns:
    """Households as common as the facts' chances say, of which the clauses hold. Always the same ones."""
    numbers = np.random.default_rng(SEED)
    columns: dict[str, NDArray[np.float64]] = {}
    codes: dict[str, NDArray[np.int8]] = {}
    for name, fact in vocabulary.facts.items():
        # Evenly spread shares in a random order: the answers are as common as they should be, exactly.
        share = (numbers.permutation(DRAWN) + 0.5) / DRAWN
        if fact.kind == "number":
            points = [(0.0, fact.low), *((part, number) for number, part in fact.chance.items())]
            drawn = np.interp(share, [part for part, _ in points], [number for _, number in points])
            columns[name] = np.round(drawn) if fact.whole else drawn
        elif fact.kind == "yes_no":
            codes[name] = (share < fact.chance[True]).astype(np.int8)
        else:
            ends = np.cumsum([fact.chance[value] for value in fact.values])
            codes[name] = np.searchsorted(ends, share).clip(max=len(ends) - 1).astype(np.int8)
    _agree(codes, vocabulary)
    return Columns(DRAWN, columns, columns, codes)


def _agree(codes: Mapping[str, NDArray[np.int8]], vocabulary: Vocabulary) -> None:
    """Make what follows hold: the drawn facts that say something stand, and what they imply gives way."""
    for _ in vocabulary.clauses:
        for clause in vocabulary.clauses:
            told = np.logical_and.reduce([codes[name] == value for name, value in clause.given])
            if clause.then[1] or len(clause.given) > 1:
                codes[clause.then[0]][told] = clause.then[1]


def _answers(fact: Fact, columns: Columns, trees: Sequence[Any]) -> tuple[NDArray[np.intp], int]:
    """Which of the possible answers each household gives, and how many there are."""
    if fact.kind != "number":
        return columns.codes[fact.name].astype(np.intp), 2 if fact.kind == "yes_no" else len(fact.values)
    ends = [band.high for band in bands(fact, trees)]
    return np.searchsorted(ends, columns.low[fact.name]).clip(max=len(ends) - 1), len(ends)


def _entropy(table: NDArray[np.intp]) -> float:
    """Bits of uncertainty, weighed by the number of households, of each row of counts together."""
    counts = np.atleast_2d(table).astype(float)
    rows = counts.sum(axis=1, keepdims=True)
    with np.errstate(divide="ignore", invalid="ignore"):
        bits = np.where(counts > 0, counts * np.log2(rows / counts), 0.0)
    return float(bits.sum())
