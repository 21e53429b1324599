"""What a rule may rely on: statements checked, aged, weighed against one another, and what follows."""

from datetime import date, timedelta
from typing import Any

import pytest

from services.eligibility.facts import Settled, Statement, WrongFact
from services.eligibility.rules import Among, Members, Range
from services.programmes.load import load_programmes

VOCABULARY = load_programmes().vocabulary
ON = date(2026, 11, 25)


def _settled(**raw: Any) -> Settled:
    return VOCABULARY.household(raw, ON)


def test_what_is_said_is_known() -> None:
    settled = _settled(
        poverty_score=20, province="sindh", vehicle=False, land_acres={"low": 0, "high": 5}, taxpayer=None
    )
    assert settled.household.facts == {
        "poverty_score": 20, "province": "sindh", "vehicle": False, "land_acres": Range(0, 5),
    }  # fmt: skip
    assert settled.states == {}
    assert settled.as_of == ON


@pytest.mark.parametrize(
    ("raw", "told"),
    [
        ({"age": 5}, "age: no such fact"),
        ({"poverty_scor": 5}, "did you mean poverty_score"),
        ({"household_income": -1}, "household_income: -1 is not between 0"),
        ({"household_income": 1000.5}, "household_income: 1000.5 is not a whole number"),
        ({"household_income": "much"}, "household_income: 'much' is no number"),
        ({"household_income": float("nan")}, "household_income: nan is no number"),
        ({"poverty_score": 101}, "poverty_score: 101 is not between 0 and 100"),
        ({"poverty_score": True}, "poverty_score: True is no number"),
        ({"poverty_score": {"low": 9, "high": 3}}, "poverty_score: from 9 to 3 is no range"),
        ({"vehicle": "no"}, "vehicle: 'no' is neither true nor false"),
        ({"province": "bihar"}, "province: 'bihar' is none of punjab"),
        ({"province": []}, "province: [] is none of punjab"),
        ({"vehicle": {"value": True, "when": "2026-01-01"}}, "vehicle: when is none of value"),
        ({"vehicle": {"value": True, "source": "gossip"}}, "vehicle: source 'gossip'"),
        ({"vehicle": {"value": True, "on": "yesterday"}}, "vehicle: 'yesterday' is no date"),
        ({"vehicle": {"value": True, "on": "2027-01-01"}}, "vehicle: stated on 2027-01-01, which is after"),
        ({"complete": "all"}, "complete: 'all'"),
        ({"members": ["amma"]}, "members, person 1: 'amma' is no table"),
        ({"members": [{"wealth": 1}]}, "members, person 1: wealth is none of"),
        ({"members": [{"age": 3}, {"age": 300}]}, "age: 300 is not between 0 and 120"),
        ({"members": [{"born": "2027-01-01"}]}, "born: 2027-01-01 is after 2026-11-25"),
        ({"members": [{"born": "long ago"}]}, "born: 'long ago' is no date"),
    ],
)
def test_what_cannot_be_is_refused_by_name(raw: dict[str, Any], told: str) -> None:
    with pytest.raises(WrongFact) as fault:
        VOCABULARY.household(raw, ON)
    assert told in str(fault.value)


def test_don_t_know_and_won_t_say_are_unknown_and_told_apart() -> None:
    settled = _settled(vehicle=None, taxpayer={"refused": True})
    assert settled.household.facts == {}
    assert settled.states == {"taxpayer": "refused"}


def test_an_old_statement_is_no_longer_relied_on() -> None:
    lasts = VOCABULARY.facts["poverty_score"].lasts
    assert lasts
    last_day, too_late = ON - lasts, ON - lasts - timedelta(days=1)
    kept = _settled(poverty_score={"value": 20, "source": "registry", "on": last_day.isoformat()})
    assert kept.household.facts == {"poverty_score": 20}
    assert kept.origins["poverty_score"].source == "registry"
    old = _settled(poverty_score={"value": 20, "source": "registry", "on": too_late.isoformat()})
    assert old.household.facts == {}
    assert old.states == {"poverty_score": "expired"}
    for_ever = _settled(vehicle={"value": True, "on": "1990-01-01"})
    assert for_ever.household.facts["vehicle"] is True


def test_statements_that_contradict_leave_a_fact_unknown() -> None:
    told = [{"value": True, "source": "citizen"}, {"value": False, "source": "registry"}]
    settled = _settled(kafaalat_beneficiary=told)
    assert settled.household.facts == {}
    assert settled.states == {"kafaalat_beneficiary": "conflicting"}
    agreed = _settled(kafaalat_beneficiary=[told[0], {"value": True, "source": "registry"}])
    assert agreed.household.facts == {"kafaalat_beneficiary": True}
    newer = [told[0], {"value": False, "source": "registry", "on": "2020-01-01"}]  # that one is expired
    assert _settled(kafaalat_beneficiary=newer).household.facts == {"kafaalat_beneficiary": True}


def test_what_follows_is_known_too() -> None:
    assert _settled(bride_in_need=True).household.facts == {"bride_in_need": True, "bride": True}
    assert _settled(bride=False).household.facts == {"bride": False, "bride_in_need": False}
    assert _settled(bride=True).household.facts == {"bride": True}
    settled = _settled(disabled_unfit_for_work=True)
    assert settled.household.facts["disabled_member"] is True
    assert settled.origins["disabled_member"] == Statement(source="derived")


def test_one_question_stands_for_several_facts() -> None:
    none = _settled(filtered=False).household.facts
    filters = ("government_employee", "government_pensioner", "taxpayer", "vehicle", "travelled_abroad")
    assert all(none[name] is False for name in filters)
    some = _settled(filtered=True).household.facts
    assert some == {"filtered": True}
    assert _settled(vehicle=True).household.facts == {"vehicle": True, "filtered": True}
    assert _settled(**dict.fromkeys(filters, False)).household.facts["filtered"] is False


def test_a_contradiction_with_what_follows_is_a_conflict() -> None:
    settled = _settled(filtered=False, vehicle=True)
    assert settled.household.facts == {}  # neither of the two, nor the noes that only "none of these" told
    assert settled.states == {"filtered": "conflicting", "vehicle": "conflicting"}


def test_a_contradiction_of_two_leaves_what_is_said_beside_them() -> None:
    beside = dict.fromkeys(
        ("government_employee", "government_pensioner", "taxpayer", "travelled_abroad"), False
    )
    settled = _settled(filtered=False, vehicle=True, **beside)
    assert settled.household.facts == beside
    assert settled.states == {"filtered": "conflicting", "vehicle": "conflicting"}


def test_the_last_that_is_left_of_several_is_the_one() -> None:
    left = ("government_pensioner", "taxpayer", "vehicle", "travelled_abroad")
    known = _settled(filtered=True, **dict.fromkeys(left, False)).household.facts
    assert known["government_employee"] is True


def test_what_only_follows_gives_way_to_what_the_roster_says() -> None:
    rule = Members("disabled_member", "some_member", Among("disabled", frozenset({True})))
    roster = {"members": [{"disabled": False}], "complete": True}
    stated = VOCABULARY.household({"disabled_member": True, **roster}, ON).household
    assert rule.judge(stated) is True
    derived = VOCABULARY.household({"disabled_unfit_for_work": True, **roster}, ON).household
    assert rule.judge(derived) is None
    open_roster = {"members": [{"disabled": False}]}
    assert (
        rule.judge(VOCABULARY.household({"disabled_unfit_for_work": True, **open_roster}, ON).household)
        is True
    )


def test_members_have_ages_from_their_days_of_birth() -> None:
    settled = _settled(members=[{"born": "2024-11-26", "sex": "f"}, {"born": "2024-11-25"}, {"head": True}])
    assert [one.get("age") for one in settled.household.members] == [1, 2, None]
    assert settled.household.members[2] == {"head": True}
