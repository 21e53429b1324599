"""Three-valued judging against oracles of another make: every completion tried, and every table whole."""

import random
from collections.abc import Iterator, Mapping
from datetime import date
from functools import cache
from itertools import islice, pairwise, product
from math import inf, nextafter, prod
from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from services.eligibility.cells import bands, cells
from services.eligibility.decision import Decision, Rules, decide, explain, open_facts
from services.eligibility.facts import Fact, Settled, Vocabulary
from services.eligibility.masks import VERDICTS, Columns, Masks, hanging, settled
from services.eligibility.rules import Household, Range, Within, facts_of
from services.programmes.load import load_programmes
from services.programmes.model import TOLD
from services.programmes.programme import Programme

PROGRAMMES = load_programmes()
VOCABULARY = PROGRAMMES.vocabulary
ON = date(2026, 11, 25)
VERSIONS = [
    (id, day) for id, one in sorted(PROGRAMMES.by_id.items()) for day in one.days() if one.rules(day).criteria
]
RULED = [one for one in PROGRAMMES.by_id.values() if one.rules(ON).criteria]
FACTS = VOCABULARY.facts

MOST = 200_000
"""Rows of a table that are judged one by one."""


def says(raw: Mapping[str, Any], facts: Mapping[str, Any]) -> bool:
    """A rule as the file has it, on a household of which everything is known: yes or no, and no third."""
    if "fact" in raw:
        return bool(facts[raw["fact"]])
    return all(_one(name, wanted, facts) for name, wanted in raw.items())


def _one(name: str, wanted: Any, facts: Mapping[str, Any]) -> bool:
    match name, wanted:
        case "all", list():
            return all(says(part, facts) for part in wanted)
        case "any", list():
            return any(says(part, facts) for part in wanted)
        case "not", dict():
            return not says(wanted, facts)
        case _, {"one_of": several}:
            return facts[name] in several
        case _, {"between": [low, high]}:
            return bool(low <= facts[name] <= high)
        case _, dict():
            value = facts[name]
            tests = {
                "at_most": lambda bound: value <= bound,
                "below": lambda bound: value < bound,
                "at_least": lambda bound: value >= bound,
                "above": lambda bound: value > bound,
            }
            return all(tests[word](bound) for word, bound in wanted.items())
    return bool(facts[name] == wanted)


def _conditions(programme: Programme, rules: Rules) -> Iterator[tuple[str, dict[str, Any], bool]]:
    """(criterion, rule as written, whether it excludes) of the rules in force."""
    for criterion in rules.criteria:
        for version in programme.conditions[criterion.id]:
            said = version.condition
            if said.since == criterion.since and said.source == criterion.source and said.confidence in TOLD:
                yield criterion.id, said.rule, version.excludes
                break


def _values(fact: Fact, raws: list[dict[str, Any]]) -> list[Any]:
    """Values that any of the rules could tell apart: each number named, and a bit to either side of it."""
    if fact.kind == "yes_no":
        return [True, False]
    if fact.kind == "choice":
        return list(fact.values)
    named = {number for raw in raws for number in _numbers(raw)}
    step = 1 if fact.whole else 0.01
    around = {fact.low, fact.high, *(n + d for n in named for d in (-step, 0, step))}
    return sorted(n for n in around if fact.low <= n <= fact.high)


def _numbers(raw: Any) -> Iterator[float]:
    if isinstance(raw, dict):
        for value in raw.values():
            yield from _numbers(value)
    elif isinstance(raw, list):
        for value in raw:
            yield from _numbers(value)
    elif isinstance(raw, (int, float)) and not isinstance(raw, bool):
        yield raw


@pytest.mark.parametrize(("id", "day"), VERSIONS, ids=[f"{id} {day}" for id, day in VERSIONS])
def test_every_table_is_what_trying_every_completion_gives(id: str, day: date) -> None:
    """Unknown is told just where some completion says yes and another says no; never otherwise."""
    programme = PROGRAMMES.by_id[id]
    rules = programme.rules(day)
    written = {name: (raw, bars) for name, raw, bars in _conditions(programme, rules)}
    assert set(written) == {criterion.id for criterion in rules.criteria}
    for criterion in rules.criteria:
        raw, bars = written[criterion.id]
        names = facts_of(criterion.rule)
        domains = [_values(FACTS[name], [raw]) for name in names]
        assert prod(len(domain) + 1 for domain in domains) < MOST
        whole = {values: says(raw, dict(zip(names, values, strict=True))) for values in product(*domains)}
        for partial in product(*([*domain, None] for domain in domains)):
            outcomes = {
                told is not bars
                for values, told in whole.items()
                if all(
                    wanted is None or wanted == value for wanted, value in zip(partial, values, strict=True)
                )
            }
            known = {name: value for name, value in zip(names, partial, strict=True) if value is not None}
            expected = outcomes.pop() if len(outcomes) == 1 else None
            assert criterion.rule.judge(Household(known)) is expected, (criterion.id, known)


@pytest.mark.parametrize(("id", "day"), VERSIONS, ids=[f"{id} {day}" for id, day in VERSIONS])
def test_a_verdict_follows_from_the_states_of_its_criteria(id: str, day: date) -> None:
    """No fact is looked at by two criteria, so the whole table is the product of the criteria's own."""
    rules = PROGRAMMES.by_id[id].rules(day)
    seen = [name for criterion in rules.criteria for name in facts_of(criterion.rule)]
    assert len(seen) == len(set(seen))
    ways = [_ways(criterion.rule) for criterion in rules.criteria]
    for chosen in islice(product(*ways), MOST):
        facts = {name: value for _, known in chosen for name, value in known.items()}
        decision = decide(rules, Household(facts), day)
        states = [state for state, _ in chosen]
        open_ = None in states or rules.gaps
        expected = "not_eligible" if False in states else "not_yet_known" if open_ else "eligible"
        assert decision.verdict == expected
        assert [row.state for row in decision.rows] == [
            {True: "met", False: "failed", None: "unknown"}[state] for state in states
        ]


@cache
def _ways(rule: Any) -> list[tuple[bool | None, dict[str, Any]]]:
    """A household for each state that a rule can be in."""
    names = facts_of(rule)
    found: dict[bool | None, dict[str, Any]] = {None: {}}
    for values in product(*(cells(FACTS[name], [rule]) for name in names)):
        known = dict(zip(names, values, strict=True))
        found.setdefault(rule.judge(Household(known)), known)
    assert set(found) == {True, False, None}
    return list(found.items())


def _random_columns(size: int, seed: int) -> Columns:
    numbers = np.random.default_rng(seed)
    rules = [criterion.rule for one in PROGRAMMES.by_id.values() for criterion in one.rules(ON).criteria]
    low: dict[str, Any] = {}
    high: dict[str, Any] = {}
    codes: dict[str, Any] = {}
    for name, fact in FACTS.items():
        if fact.kind == "number":
            values = np.array(cells(fact, rules))[numbers.integers(0, len(cells(fact, rules)), size)]
            other = np.array(cells(fact, rules))[numbers.integers(0, len(cells(fact, rules)), size)]
            kind = numbers.integers(0, 4, size)
            low[name] = np.where(kind == 0, np.nan, np.where(kind == 1, np.minimum(values, other), values))
            high[name] = np.where(kind == 0, np.nan, np.where(kind == 1, np.maximum(values, other), values))
        else:
            count = 2 if fact.kind == "yes_no" else len(fact.values)
            codes[name] = numbers.integers(-1, count, size).astype(np.int8)
    return Columns(size, low, high, codes)


def _row(columns: Columns, number: int) -> dict[str, Any]:
    facts: dict[str, Any] = {}
    for name, fact in FACTS.items():
        if fact.kind == "number":
            low, high = float(columns.low[name][number]), float(columns.high[name][number])
            if low == low:
                facts[name] = low if low == high else {"low": low, "high": high}
        elif (code := int(columns.codes[name][number])) >= 0:
            facts[name] = bool(code) if fact.kind == "yes_no" else fact.values[code]
    return facts


def test_many_at_once_are_judged_as_one_by_one() -> None:
    """Every programme on random partial households, contradictions among their facts included."""
    columns = _random_columns(3000, 11)
    ready = settled(columns, VOCABULARY)
    households = [VOCABULARY.household(_row(columns, number), ON) for number in range(columns.size)]
    for id, programme in PROGRAMMES.by_id.items():
        rules = programme.rules(ON)
        judged = Masks(rules, VOCABULARY).judge(ready)
        waits = hanging(judged, rules, ready)
        for number, one in enumerate(households):
            decision = decide(rules, one.household, ON)
            assert VERDICTS[judged.verdict[number]] == decision.verdict, (id, number)
            assert _named(rules, int(judged.failed[number])) == _in(decision, "failed")
            assert _named(rules, int(judged.unknown[number])) == _in(decision, "unknown")
            hung = [fact for fact, mask in waits.items() if mask[number]]
            assert not hung or (decision.missing == (hung[0],) or hung[0] in decision.missing)


def _named(rules: Rules, bits: int) -> list[str]:
    return [criterion.id for number, criterion in enumerate(rules.criteria) if bits >> number & 1]


def _in(decision: Decision, state: str) -> list[str]:
    return [row.criterion.id for row in decision.rows if row.state == state]


def _settled(**facts: Any) -> Settled:
    return VOCABULARY.household(facts, ON)


def test_a_verdict_never_leans_on_what_is_missing() -> None:
    """Whatever is added to what is known, a yes stays a yes and a no stays a no."""
    chance = random.Random(3)
    for programme in RULED:
        rules = programme.rules(ON)
        trees = [criterion.rule for criterion in rules.criteria]
        for _ in range(60):
            facts: dict[str, Any] = {}
            before = decide(rules, Household(dict(facts)), ON).verdict
            for name in chance.sample(rules.facts(), len(rules.facts())):
                facts[name] = chance.choice(cells(FACTS[name], trees))
                after = decide(rules, Household(dict(facts)), ON).verdict
                assert before in ("not_yet_known", after), (rules.programme, facts)
                before = after
            assert before != "not_yet_known", rules.programme


def test_what_decides_is_enough_and_nothing_less_is() -> None:
    chance = random.Random(5)
    for programme in RULED:
        rules = programme.rules(ON)
        trees = [criterion.rule for criterion in rules.criteria]
        for _ in range(40):
            facts = {
                name: chance.choice(cells(FACTS[name], trees))
                for name in rules.facts()
                if chance.random() < 0.7
            }
            decision = decide(rules, Household(facts), ON)
            if decision.verdict == "not_yet_known":
                assert decision.missing
                assert not set(decision.missing) & {n for n in facts if not isinstance(facts[n], Range)}
                continue
            kept = {name for criterion in decision.decided_by for name in facts_of(criterion.rule)}
            alone = Household({name: value for name, value in facts.items() if name in kept})
            assert decide(rules, alone, ON).verdict == decision.verdict


def test_the_nearest_change_does_turn_a_no_into_a_yes() -> None:
    tried = 0
    chance = random.Random(7)
    for programme in PROGRAMMES.by_id.values():
        rules = programme.rules(ON)
        trees = [criterion.rule for criterion in rules.criteria]
        for _ in range(40):
            facts = {name: chance.choice(cells(FACTS[name], trees)) for name in rules.facts()}
            decision = decide(rules, Household(facts), ON)
            changes = decision.would_change(VOCABULARY)
            assert bool(changes) == (decision.verdict == "not_eligible")
            if changes:
                tried += 1
                changed = {**facts, **{change.fact: change.needed for change in changes}}
                assert decide(rules, Household(changed), ON).verdict == "eligible"
                for left_out in changes:  # and no part of it would be enough
                    less = {**changed, left_out.fact: facts[left_out.fact]}
                    assert decide(rules, Household(less), ON).verdict == "not_eligible"
    assert tried > 300


def test_a_change_that_the_family_can_make_is_told_before_one_that_it_cannot() -> None:
    told = PROGRAMMES.decide("kafaalat", _settled(poverty_score=35, vehicle=True))
    changes = {change.fact: change.needed for change in told.would_change(VOCABULARY)}
    assert changes == {"disabled_member": True, "vehicle": False} or changes["vehicle"] is False
    salary = PROGRAMMES.decide(
        "kp_apna_ghar", _settled(household_income=200_000, province="khyber_pakhtunkhwa")
    )
    assert [(c.fact, c.now, c.needed) for c in salary.would_change(VOCABULARY)] == [
        ("household_income", 200_000, 149_999)
    ]


def test_the_same_rules_have_the_same_version_and_other_rules_another() -> None:
    again = load_programmes()
    versions = {}
    for id, day in VERSIONS:
        version = PROGRAMMES.by_id[id].rules(day).version
        assert again.by_id[id].rules(day).version == version
        versions.setdefault(version, set()).add(
            (id, tuple(c.since for c in PROGRAMMES.by_id[id].rules(day).criteria))
        )
    assert all(len(meant) == 1 for meant in versions.values())


def test_where_no_rule_is_known_nothing_is() -> None:
    for id, day in (("panagah", ON), ("sehat_card", date(2025, 8, 1)), ("hunarmand", date(2020, 1, 1))):
        rules = PROGRAMMES.by_id[id].rules(day)
        assert rules.criteria == ()
        assert decide(rules, Household({}), day).verdict == "not_yet_known"
        assert set(Masks(rules, VOCABULARY).judge(Columns(3)).verdict) == {VERDICTS.index("not_yet_known")}


def test_before_a_limit_is_known_nobody_is_told_a_yes() -> None:
    """A score was asked for in early 2020 as well; which one, nobody told."""
    rules = PROGRAMMES.by_id["kafaalat"].rules(date(2020, 6, 1))
    assert rules.gaps == ("poverty_score",)
    facts = {
        "poverty_score": 90,
        "ever_married_woman": True,
        "filtered": False,
        "phone_bill": 0,
        "land_acres": 0,
    }
    facts |= {"passport_fee": False, "executive_cnics": False}
    told = PROGRAMMES.decide("kafaalat", VOCABULARY.household(facts, date(2020, 6, 1)))
    assert (told.verdict, {row.state for row in told.rows}) == ("not_yet_known", {"met"})
    # One that has ended is no condition any more.
    assert PROGRAMMES.by_id["nigehban"].rules(date(2026, 3, 1)).gaps == ()


def test_an_answer_of_another_day_can_be_given_again() -> None:
    facts = {"poverty_score": 31, "ever_married_woman": True}
    then = PROGRAMMES.decide("kafaalat", VOCABULARY.household(facts, date(2021, 1, 1)))
    now = PROGRAMMES.decide("kafaalat", VOCABULARY.household(facts, ON))
    assert (then.verdict, then.decided_by[0].id) == ("not_eligible", "poverty_score")
    assert now.verdict == "not_yet_known"
    assert explain(then, VOCABULARY)["as_of"] == "2021-01-01"
    assert explain(then, VOCABULARY)["rules"] != explain(now, VOCABULARY)["rules"]


def test_all_of_a_why_is_there() -> None:
    told = explain(PROGRAMMES.decide("kisan_card", _settled(land_acres=30, province="punjab")), VOCABULARY)
    assert told["verdict"] == "not_eligible"
    assert told["decided_by"] == ["farm_land"]
    assert told["missing"] == []
    land = next(row for row in told["criteria"] if row["id"] == "farm_land")
    assert (land["state"], land["facts"], land["source"]) == ("failed", {"land_acres": 30}, "S92")
    assert land["needed"] == {"land_acres": [{"at_least": 1.0, "at_most": 12.5}]}
    assert told["would_change"] == [{"fact": "land_acres", "now": 30, "needed": 12.5, "family_can": False}]
    open_ = explain(PROGRAMMES.decide("kisan_card", _settled(land_acres=3)), VOCABULARY)
    assert open_["missing"] == ["province", "bank_default"]


@given(
    st.floats(0, 100), st.floats(0, 100), st.booleans(), st.booleans(),
    st.floats(0, 100), st.floats(0, 100),
)  # fmt: skip
@settings(max_examples=300, deadline=None)
def test_bounds_decide_just_where_all_numbers_between_do(
    low: float, high: float, open_low: bool, open_high: bool, one: float, other: float
) -> None:
    low, high = sorted((low, high))
    assume(low < high)
    rule = Within("poverty_score", low, high, open_low, open_high)
    start, end = sorted((one, other))
    told = rule.judge(Household({"poverty_score": Range(start, end)}))
    beside = [nextafter(bound, side) for bound in (low, high) for side in (-inf, inf)]
    points = [start, end, *(p for p in (low, high, *beside) if start <= p <= end)]
    each = {rule.judge(Household({"poverty_score": point})) for point in points}
    assert each == ({told} if told is not None else {True, False})


def test_bands_are_the_whole_domain_cut_in_order() -> None:
    rules = [criterion.rule for one in PROGRAMMES.by_id.values() for criterion in one.rules(ON).criteria]
    for fact in FACTS.values():
        if fact.kind == "number":
            found = bands(fact, rules)
            assert (found[0].low, found[-1].high) == (fact.low, fact.high)
            for earlier, later in pairwise(found):
                assert earlier.high < later.low
                assert later.low - earlier.high <= (1 if fact.whole else 0.011)
            for rule in rules:
                for band in found:
                    if facts_of(rule) == (fact.name,):
                        assert rule.judge(Household({fact.name: band})) is not None


def test_open_facts_are_those_that_still_matter() -> None:
    rule = PROGRAMMES.by_id["kafaalat"].rules(ON).criteria[0].rule
    assert open_facts(rule, Household({})) == ("poverty_score", "disabled_member")
    assert open_facts(rule, Household({"disabled_member": False})) == ("poverty_score",)
    assert open_facts(rule, Household({"poverty_score": 35})) == ("disabled_member",)
    assert open_facts(rule, Household({"poverty_score": 10})) == ()


def test_a_small_vocabulary_needs_no_clauses() -> None:
    plain = Vocabulary({"age": Fact("age", "number", 0, 120)})
    columns = Columns(2, {"age": np.array([5.0, np.nan])}, {"age": np.array([5.0, np.nan])}, {})
    assert settled(columns, plain) is columns
