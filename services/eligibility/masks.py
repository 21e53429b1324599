"""The same rules over columns: millions of households at once, with the reasons as bits.

A number that is not known is not a number (NaN), and a code that is not known is -1: both make every
comparison false, which is just what three-valued logic needs of "is it true?" and of "is it false?".
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from services.eligibility.decision import Rules, Verdict
from services.eligibility.facts import Clause, Vocabulary
from services.eligibility.rules import AllOf, Among, AnyOf, Not, Rule, Within, facts_of

BLOCK = 65_536
"""Households judged at a time: their columns stay in the processor's own memory."""

VERDICTS: tuple[Verdict, ...] = ("eligible", "not_eligible", "not_yet_known")
"""Verdict of each code in `Judged.verdict`."""

Bools: TypeAlias = NDArray[np.bool_]
Truth: TypeAlias = tuple[Bools | None, Bools | None]
"""Where it is true, and where it is false; None where it is so nowhere."""


@dataclass(frozen=True, slots=True)
class Columns:
    """Facts of households. `low`, `high`: bounds of numbers, the same array where they are exact.
    `codes`: -1 unknown; yes or no as 1 and 0, choices by the position of the value."""

    size: int
    low: Mapping[str, NDArray[np.float64]] = field(default_factory=dict)
    high: Mapping[str, NDArray[np.float64]] = field(default_factory=dict)
    codes: Mapping[str, NDArray[np.int8]] = field(default_factory=dict)

    def block(self, start: int, end: int) -> "Columns":
        """Some of the households, without copying."""
        low = {name: column[start:end] for name, column in self.low.items()}
        high = {
            name: low[name] if column is self.low[name] else column[start:end]
            for name, column in self.high.items()
        }
        return Columns(end - start, low, high, {n: column[start:end] for n, column in self.codes.items()})

    def unknown(self, fact: str) -> Bools:
        """Which households' fact is not fully known."""
        if fact in self.codes:
            return self.codes[fact] < 0
        if fact in self.low:
            return np.not_equal(self.low[fact], self.high[fact])
        return np.ones(self.size, bool)


@dataclass(frozen=True, slots=True)
class Judged:
    """`verdict`: codes of `VERDICTS`. `failed` and `unknown`: bit i is the rules' criterion i."""

    verdict: NDArray[np.uint8]
    failed: NDArray[Any]
    unknown: NDArray[Any]


def settled(columns: Columns, vocabulary: Vocabulary) -> Columns:
    """What follows from the columns by the vocabulary's clauses, as `Vocabulary.settle` does for one."""
    names = {name for clause in vocabulary.clauses for name, _ in (*clause.given, clause.then)}
    if not names & columns.codes.keys():
        return columns
    unknown = np.full(columns.size, -1, np.int8)
    said = {name: columns.codes.get(name, unknown) for name in names}
    for clauses in vocabulary.rounds:
        while True:
            follows = _following({name: (code == 0, code == 1) for name, code in said.items()}, clauses)
            clashing = {name: (no & yes & (said[name] >= 0)) for name, (no, yes) in follows.items()}
            if not any(mask.any() for mask in clashing.values()):
                break
            said = {name: np.where(clashing[name], np.int8(-1), code) for name, code in said.items()}
    # A fact that was stated and contradicted is not known, whatever else would follow for it.
    lost = {name: (columns.codes.get(name, unknown) >= 0) & (code < 0) for name, code in said.items()}
    codes = dict(columns.codes)
    for name, (no, yes) in follows.items():
        told = np.where(yes & ~no, np.int8(1), np.where(no & ~yes, np.int8(0), np.int8(-1)))
        codes[name] = np.where(lost[name], np.int8(-1), told)
    return Columns(columns.size, columns.low, columns.high, codes)


def _following(
    told: dict[str, tuple[Bools, Bools]], clauses: Iterable[Clause]
) -> dict[str, tuple[Bools, Bools]]:
    """Where each fact is told to be no, and where yes, with all that follows, contradictions included."""
    follows = {name: (no.copy(), yes.copy()) for name, (no, yes) in told.items()}
    news = True
    while news:
        news = False
        for clause in clauses:
            holds = np.logical_and.reduce([follows[name][value] for name, value in clause.given])
            known = follows[clause.then[0]][clause.then[1]]
            if (holds & ~known).any():
                known |= holds
                news = True
    return follows


class Masks:
    """The rules of one programme, made ready for columns."""

    def __init__(self, rules: Rules, vocabulary: Vocabulary) -> None:
        self.rules = rules
        self._tests = [_test(criterion.rule, vocabulary) for criterion in rules.criteria]
        self._bits: Any = np.uint8 if len(rules.criteria) <= 8 else np.uint16
        if len(rules.criteria) > 16:
            raise ValueError(f"{rules.programme}: more than 16 criteria")

    def judge(self, columns: Columns) -> Judged:
        """Judge all households of the columns, which are settled."""
        size = columns.size
        result = Judged(np.empty(size, np.uint8), np.empty(size, self._bits), np.empty(size, self._bits))
        for start in range(0, size, BLOCK):
            end = min(start + BLOCK, size)
            self._block(columns.block(start, end), result, slice(start, end))
        return result

    def _block(self, columns: Columns, result: Judged, at: slice) -> None:
        failed, unknown = result.failed[at], result.unknown[at]
        failed[:] = 0
        unknown[:] = 0
        for number, test in enumerate(self._tests):
            true, false = test(columns)
            bit = self._bits(1 << number)
            if false is not None:
                failed |= false.view(np.uint8) * bit
            if true is None and false is None:
                unknown |= bit
            elif true is None or false is None:
                told = false if true is None else true
                unknown |= (~told).view(np.uint8) * bit  # type: ignore[operator]
            else:
                unknown |= np.equal(true, false).view(np.uint8) * bit
        # 1 where anything failed; else 2 where anything is unknown; else 0.
        no = failed != 0
        open_ = unknown != 0 if self.rules.whole else np.ones(columns.size, bool)
        np.add(open_, open_, out=result.verdict[at], dtype=np.uint8)
        result.verdict[at][no] = 1


def _test(rule: Rule, vocabulary: Vocabulary) -> Callable[[Columns], Truth]:
    match rule:
        case AllOf(parts):
            tests = [_test(part, vocabulary) for part in parts]
            return lambda columns: _joined([test(columns) for test in tests])
        case AnyOf(parts):
            tests = [_test(part, vocabulary) for part in parts]
            return lambda columns: _swapped(_joined([_swapped(test(columns)) for test in tests]))
        case Not(part):
            inner = _test(part, vocabulary)
            return lambda columns: _swapped(inner(columns))
        case Within():
            return lambda columns: _within(rule, columns)
        case Among():
            fact = vocabulary.facts[rule.fact]
            every = (False, True) if fact.kind == "yes_no" else fact.values
            codes = [every.index(value) for value in rule.values]
            return lambda columns: _among(columns.codes.get(rule.fact), codes, len(every))
    return lambda columns: _among(columns.codes.get(rule.fact), [1], 2)


def _within(rule: Within, columns: Columns) -> Truth:
    low, high = columns.low.get(rule.fact), columns.high.get(rule.fact)
    if low is None or high is None:
        return None, None
    true = false = None
    if rule.low > float("-inf"):
        true = (low > rule.low) if rule.open_low else (low >= rule.low)
        false = (high <= rule.low) if rule.open_low else (high < rule.low)
    if rule.high < float("inf"):
        under = (high < rule.high) if rule.open_high else (high <= rule.high)
        over = (low >= rule.high) if rule.open_high else (low > rule.high)
        true = under if true is None else true & under
        false = over if false is None else false | over
    return true, false


def _among(column: NDArray[np.int8] | None, codes: list[int], every: int) -> Truth:
    if column is None:
        return None, None
    true = column == codes[0]
    for code in codes[1:]:
        true |= column == code
    if every == 2 and len(codes) == 1:
        return true, column == 1 - codes[0]
    return true, (column >= 0) & ~true


def _swapped(truth: Truth) -> Truth:
    return truth[1], truth[0]


def _joined(truths: list[Truth]) -> Truth:
    """True where all are, false where one is."""
    true: Bools | None = truths[0][0]
    false: Bools | None = truths[0][1]
    for more_true, more_false in truths[1:]:
        true = None if true is None or more_true is None else true & more_true
        if more_false is not None:
            false = more_false if false is None else false | more_false
    return true, false


def hanging(judged: Judged, rules: Rules, columns: Columns) -> dict[str, Bools]:
    """Fact -> households whose open verdict waits for this fact and for nothing else."""
    open_ = judged.verdict == 2
    waits: dict[str, Bools] = {}
    for fact in rules.facts():
        of = [number for number, one in enumerate(rules.criteria) if fact in facts_of(one.rule)]
        bits = sum(1 << number for number in of)
        waits[fact] = (
            open_ & ((judged.unknown & judged.unknown.dtype.type(bits)) != 0) & columns.unknown(fact)
        )
    count = sum((mask.astype(np.uint8) for mask in waits.values()), np.zeros(columns.size, np.uint8))
    return {fact: mask & (count == 1) for fact, mask in waits.items()}
