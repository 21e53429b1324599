"""One household and one programme: the verdict, and all that somebody may want to know about it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from itertools import islice, product
from math import inf, nextafter
from typing import Any, Literal, NamedTuple, TypeAlias

from services.eligibility.facts import Fact, Vocabulary
from services.eligibility.rules import (
    AllOf,
    Among,
    AnyOf,
    Household,
    Members,
    Not,
    Range,
    Rule,
    Within,
    atoms,
    facts_of,
)

Verdict: TypeAlias = Literal["eligible", "not_eligible", "not_yet_known"]
State: TypeAlias = Literal["met", "failed", "unknown"]

MOST_WAYS = 64
"""Ways out of a refusal that are looked through: more than any real rule has."""


@dataclass(frozen=True, slots=True)
class Criterion:
    """One condition of a programme as it stands on a day, with who says so and since when.

    `excludes`: it is told as a bar ("homes with a car are left out"); `rule` is what must hold either way.
    `args`: numbers that its sentences may name.
    """

    id: str
    rule: Rule
    source: str
    since: date
    confidence: str
    excludes: bool = False
    args: Mapping[str, float] = field(default_factory=dict, hash=False)


@dataclass(frozen=True, slots=True)
class Rules:
    """All conditions of a programme on a day. `version` changes whenever one of them does.

    `gaps`: criteria of which something confirmed is known for a later day only. Without them nobody can be
    told a yes.
    """

    programme: str
    criteria: tuple[Criterion, ...]
    version: str
    gaps: tuple[str, ...] = ()

    @property
    def whole(self) -> bool:
        """Whether a yes can follow from them."""
        return bool(self.criteria) and not self.gaps

    def facts(self) -> tuple[str, ...]:
        """Facts of the household that any of them looks at."""
        return tuple(dict.fromkeys(name for one in self.criteria for name in facts_of(one.rule)))


class Row(NamedTuple):
    """How one criterion stands."""

    criterion: Criterion
    state: State


class Change(NamedTuple):
    """A fact that would have to be otherwise, from what to what."""

    fact: str
    now: Any
    needed: Any


@dataclass(frozen=True, slots=True)
class Decision:
    """A verdict with its reasons. It is never more certain than the facts."""

    rules: Rules
    verdict: Verdict
    rows: tuple[Row, ...]
    household: Household
    as_of: date

    @property
    def decided_by(self) -> tuple[Criterion, ...]:
        """A smallest set of criteria that forces the verdict: one that failed is enough for a no, a yes
        needs them all, and an open verdict hangs on the unknown ones."""
        if self.verdict == "not_eligible":
            return (next(row.criterion for row in self.rows if row.state == "failed"),)
        if self.verdict == "eligible":
            return tuple(row.criterion for row in self.rows)
        return tuple(row.criterion for row in self.rows if row.state == "unknown")

    @property
    def missing(self) -> tuple[str, ...]:
        """Facts that are not known and could still change the verdict."""
        if self.verdict != "not_yet_known":
            return ()
        found: dict[str, None] = {}
        for criterion in self.decided_by:
            found.update(dict.fromkeys(open_facts(criterion.rule, self.household)))
        return tuple(found)

    def would_change(self, vocabulary: Vocabulary) -> tuple[Change, ...]:
        """The nearest change that turns a no into a yes; () where there is none, or no need of one.

        Fewest facts first, then those that a family can change; it is tried before it is told.
        """
        if self.verdict != "not_eligible":
            return ()
        failed = [row.criterion.rule for row in self.rows if row.state == "failed"]
        ways = [_ways(rule, self.household, vocabulary) for rule in failed]
        best: tuple[tuple[int, int], tuple[Change, ...]] | None = None
        for chosen in product(*ways):
            merged = {change.fact: change for way in chosen for change in way}
            tried = Household({**self.household.facts, **{c.fact: c.needed for c in merged.values()}})
            if any(
                row.criterion.rule.judge(tried) is not True for row in self.rows if row.state != "unknown"
            ):
                continue
            fixed = sum(not vocabulary.facts[name].changes for name in merged)
            rank = (fixed, len(merged))
            if best is None or rank < best[0]:
                best = rank, tuple(merged.values())
        return best[1] if best else ()


def decide(rules: Rules, household: Household, as_of: date) -> Decision:
    """Judge every criterion, so that the answer can say why. Where no rule is known, nothing is."""
    rows = []
    verdict: Verdict = "eligible" if rules.whole else "not_yet_known"
    for criterion in rules.criteria:
        told = criterion.rule.judge(household)
        if told:
            rows.append(Row(criterion, "met"))
        elif told is False:
            rows.append(Row(criterion, "failed"))
            verdict = "not_eligible"
        else:
            rows.append(Row(criterion, "unknown"))
            if verdict == "eligible":
                verdict = "not_yet_known"
    return Decision(rules, verdict, tuple(rows), household, as_of)


def open_facts(rule: Rule, household: Household) -> tuple[str, ...]:
    """Facts that an undecided rule waits for; parts that are decided already wait for nothing."""
    if rule.judge(household) is not None:
        return ()
    match rule:
        case AllOf(parts) | AnyOf(parts):
            return tuple(dict.fromkeys(name for part in parts for name in open_facts(part, household)))
        case Not(part):
            return open_facts(part, household)
    return (rule.fact,)


def _ways(rule: Rule, household: Household, vocabulary: Vocabulary) -> list[tuple[Change, ...]]:
    """Sets of changes, each of which makes a rule true."""
    if rule.judge(household):
        return [()]
    match rule:
        case AnyOf(parts):
            return [way for part in parts for way in _ways(part, household, vocabulary)][:MOST_WAYS]
        case AllOf(parts):
            ways = islice(product(*(_ways(part, household, vocabulary) for part in parts)), MOST_WAYS)
            return [tuple(dict.fromkeys(change for way in chosen for change in way)) for chosen in ways]
    atom = rule.part if isinstance(rule, Not) else rule
    assert isinstance(atom, (Within, Among, Members))
    now = household.facts.get(atom.fact)
    fact = vocabulary.facts[atom.fact]
    return [(Change(atom.fact, now, value),) for value in _nearest(rule, now, fact)]


def _nearest(rule: Rule, now: Any, fact: Fact) -> list[Any]:
    """Values nearest to the present one that make a condition true."""
    if isinstance(rule, Among):
        return sorted(rule.values, key=str)
    if not isinstance(rule, Within):
        return [not isinstance(rule, Not)]
    value = now.low if isinstance(now, Range) else now
    high = value is not None and (value > rule.high or (rule.open_high and value == rule.high))
    bound, is_open, inward = (rule.high, rule.open_high, -inf) if high else (rule.low, rule.open_low, inf)
    if is_open:
        bound = bound + (1 if inward > 0 else -1) if fact.whole else nextafter(bound, inward)
    return [bound]


def explain(decision: Decision, vocabulary: Vocabulary) -> dict[str, Any]:
    """The whole decision as JSON: what `haqdar eligible` prints and an audit keeps."""
    return {
        "programme": decision.rules.programme,
        "verdict": decision.verdict,
        "as_of": decision.as_of.isoformat(),
        "rules": decision.rules.version,
        "decided_by": [criterion.id for criterion in decision.decided_by],
        "gaps": list(decision.rules.gaps),
        "criteria": [
            {
                "id": row.criterion.id,
                "state": row.state,
                "facts": {n: plain(decision.household.facts.get(n)) for n in facts_of(row.criterion.rule)},
                "needed": needed(row.criterion.rule),
                "source": row.criterion.source,
                "since": row.criterion.since.isoformat() if row.criterion.since > date.min else None,
                "confidence": row.criterion.confidence,
            }
            for row in decision.rows
        ],
        "missing": list(decision.missing),
        "would_change": [
            {
                "fact": change.fact,
                "now": plain(change.now),
                "needed": plain(change.needed),
                "family_can": vocabulary.facts[change.fact].changes,
            }
            for change in decision.would_change(vocabulary)
        ],
    }


def needed(rule: Rule) -> dict[str, Any]:
    """Facts with the bounds or values that a rule compares them with."""
    found: dict[str, Any] = {}
    for atom in atoms(rule):
        if isinstance(atom, Within):
            bounds = {}
            if atom.low > float("-inf"):
                bounds["above" if atom.open_low else "at_least"] = atom.low
            if atom.high < float("inf"):
                bounds["below" if atom.open_high else "at_most"] = atom.high
            found.setdefault(atom.fact, []).append(bounds)
        elif isinstance(atom, Among):
            found.setdefault(atom.fact, []).append(sorted(atom.values, key=str))
        else:
            found.setdefault(atom.fact, []).append(True)
    return found


def plain(value: Any) -> Any:
    """A fact's value as JSON."""
    if isinstance(value, Range):
        return {"low": value.low, "high": value.high}
    return sorted(value) if isinstance(value, frozenset) else value
