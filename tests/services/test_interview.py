"""The next question: it is worth its cost, it is never useless, and it ends."""

from collections.abc import Callable
from datetime import date
from functools import cache
from typing import Any

import pytest

from services.app import build_advice
from services.eligibility.decision import decide
from services.eligibility.facts import Statement
from services.eligibility.interview import Interview, Question
from services.programmes.advice import MOST_IN_A_ROW, MOST_QUESTIONS, Advice
from services.programmes.load import load_programmes

PROGRAMMES = load_programmes()
VOCABULARY = PROGRAMMES.vocabulary
INTERVIEW = Interview(VOCABULARY)
ON = date(2026, 11, 25)


@cache
def advice() -> Advice:
    return build_advice(PROGRAMMES)


def _asked(
    answer: Callable[[str], Any], *ids: str, worth: float = 0.0, said: dict[str, Any] | None = None
) -> tuple[list[str], dict[str, str]]:
    """The facts that are asked until nothing is left to ask, and the verdicts then."""
    in_play = [PROGRAMMES.by_id[id] for id in ids] or PROGRAMMES.open(ON)
    rules = [one.rules(ON) for one in in_play]
    said, asked = dict(said or {}), []
    while True:
        household = VOCABULARY.household(said, ON).household
        decisions = [decide(rule, household, ON) for rule in rules]
        question = INTERVIEW.next(rules, household, decisions, closed=asked, worth=worth)
        if question is None:
            return asked, {decision.rules.programme: decision.verdict for decision in decisions}
        assert question.fact not in asked
        assert VOCABULARY.facts[question.fact].asked
        asked.append(question.fact)
        value = answer(question.fact)
        if value is not None:
            said[question.fact] = value


POOR = {
    "province": "sindh", "household_income": 20_000, "land_acres": 0, "ever_married_woman": True,
    "school_child": True, "skills_learner": True, "house_builder": True,
}  # fmt: skip


def test_one_programme_takes_few_questions() -> None:
    asked, verdicts = _asked(lambda fact: POOR.get(fact, False), "kafaalat")
    assert asked == ["filtered", "ever_married_woman", "land_acres"]
    assert verdicts == {"kafaalat": "not_yet_known"}  # the score is open, and nobody is asked for it
    asked, verdicts = _asked(
        lambda fact: {"province": "punjab", "land_acres": 5}.get(fact, True), "kisan_card"
    )
    assert verdicts == {"kisan_card": "not_eligible"}
    assert len(asked) <= 3


def test_a_no_ends_it_at_once() -> None:
    asked, verdicts = _asked(lambda fact: True, "kafaalat", said={"vehicle": True})
    assert (asked, verdicts) == ([], {"kafaalat": "not_eligible"})


def test_all_programmes_together_take_fewer_questions_than_one_after_the_other() -> None:
    together, verdicts = _asked(lambda fact: POOR.get(fact, False))
    apart = sum(
        len(_asked(lambda fact: POOR.get(fact, False), one.file.id)[0]) for one in PROGRAMMES.open(ON)
    )
    assert len(together) <= 9 < apart
    assert verdicts["kafaalat"] == "not_yet_known"
    open_still = {id for id, verdict in verdicts.items() if verdict != "not_eligible"}
    assert open_still == {"kafaalat", "hunarmand"}  # a score and a list that only the programmes know


def test_a_question_that_is_worth_little_is_left_out() -> None:
    every, _ = _asked(lambda fact: POOR.get(fact, False))
    worthy, _ = _asked(lambda fact: POOR.get(fact, False), worth=0.03)
    assert set(worthy) <= set(every)
    costly, _ = _asked(lambda fact: POOR.get(fact, False), worth=0.5)
    assert len(costly) < len(worthy)
    named, _ = _asked(lambda fact: True, "transgender_persons")
    assert "transgender_member" in named


def test_yes_to_any_of_these_asks_which() -> None:
    answers = {"filtered": True, "government_employee": False, "vehicle": True}
    asked, verdicts = _asked(lambda fact: answers.get(fact, False), "kafaalat")
    assert asked[0] == "filtered"
    assert "vehicle" in asked
    assert verdicts == {"kafaalat": "not_eligible"}


def test_who_does_not_know_the_whole_is_not_asked_for_its_parts() -> None:
    asked, _ = _asked(lambda fact: None, "kafaalat")
    assert "filtered" in asked
    assert not {"vehicle", "taxpayer", "government_employee"} & set(asked)


@pytest.mark.parametrize("id", [one.file.id for one in PROGRAMMES.open(ON)])
def test_every_open_programme_comes_to_an_end(id: str) -> None:
    for answer in (True, False, None):
        asked, verdicts = _asked(lambda fact, told=answer: _fitting(fact, told), id)
        assert len(asked) <= 10
        assert verdicts[id] != "not_yet_known" or answer is None or _unaskable(id)


def _fitting(fact: str, told: bool | None) -> Any:
    if told is None:
        return None
    kind = VOCABULARY.facts[fact].kind
    return told if kind == "yes_no" else "punjab" if kind == "choice" else 5 if told else 0


def _unaskable(id: str) -> bool:
    return any(not VOCABULARY.facts[name].asked for name in PROGRAMMES.by_id[id].rules(ON).facts())


@pytest.mark.parametrize("id", ["dhee_rani", "special_persons", "himmat_card", "tahafuz"])
@pytest.mark.parametrize("told", [True, False, None])
def test_nobody_is_asked_about_somebody_who_may_not_be_there(id: str, told: bool | None) -> None:
    asked, _ = _asked(lambda fact: _fitting(fact, told), id)
    for place, fact in enumerate(asked):
        before = VOCABULARY.facts[fact].after
        assert not before or (told and before in asked[:place])


def test_a_number_may_be_answered_by_a_band() -> None:
    rules = [PROGRAMMES.by_id["kp_apna_ghar"].rules(ON)]
    household = VOCABULARY.household({"province": "khyber_pakhtunkhwa", "house_builder": True}, ON).household
    decisions = [decide(rule, household, ON) for rule in rules]
    question = INTERVIEW.next(rules, household, decisions)
    assert isinstance(question, Question)
    assert (question.fact, [(b.low, b.high) for b in question.bands]) == (
        "household_income",
        [(0, 149_999), (150_000, 10_000_000)],
    )


def test_advice_asks_and_then_tells_the_most_helpful_first() -> None:
    first = advice().next({}, [], ON)
    assert first == {"ask": {"fact": "province", "kind": "choice"}, "first": True}
    said = {
        **POOR,
        "province": "lahore",
        "filtered": False,
        "bride_in_need": True,
        "kafaalat_beneficiary": False,
    }
    told = advice().next(said, ["province"] * MOST_QUESTIONS, ON)
    fits = [fit["programme"] for fit in told["fits"]]
    assert fits[:2] == ["dhee_rani", "kafaalat"]
    assert all(fit["verdict"] != "not_eligible" for fit in told["fits"])
    kafaalat = told["fits"][1]
    assert (kafaalat["hangs"], kafaalat["registry"], kafaalat["apply"]) == (
        "score",
        "nser",
        "tehsil_office_survey",
    )
    key, args = kafaalat["why"][0]
    assert key == "why.poverty_score.unknown"
    assert (args["limit"], args["limit_most"], args["source"]["en"]) == (32, 37, "Economic Survey")


def test_advice_on_one_programme_says_no_as_well() -> None:
    told = advice().next({"land_acres": 30}, [], ON, programme="kisan_card")
    (fit,) = told["fits"]
    assert (fit["verdict"], fit["why"][0][0]) == ("not_eligible", "why.farm_land.failed")
    assert fit["why"][0][1]["value"] == 30


def test_a_name_means_the_programme_of_the_familys_province() -> None:
    fits = {
        place: advice().next({"province": place}, [], ON, programme="sehat_card")
        for place in ("khyber_pakhtunkhwa", "islamabad", "punjab")
    }
    told = {place: answer["fits"][0] for place, answer in fits.items() if "fits" in answer}
    assert told["khyber_pakhtunkhwa"]["programme"] == "sehat_card_kp"
    assert told["islamabad"]["programme"] == "sehat_card"
    assert (told["punjab"]["programme"], told["punjab"]["verdict"]) == ("sehat_card", "not_eligible")


def test_advice_on_anything_tells_a_no_to_the_core_programme_and_who_says_so() -> None:
    said = {"government_employee": True, "province": "multan"}
    told = advice().next(said, ["x"] * MOST_QUESTIONS, ON)
    assert told["refused"]["programme"] == "kafaalat"
    key, args = told["refused"]["why"][0]
    assert (key, args["run_by"]["en"]) == ("why.government_employee.failed", "BISP")
    assert all(fit["programme"] != "kafaalat" for fit in told["fits"])
    assert "refused" not in advice().next({"province": "multan"}, ["x"] * MOST_QUESTIONS, ON)
    assert "refused" not in advice().next(said, [], ON, programme="kafaalat")


def test_advice_knows_what_the_registry_knows() -> None:
    known = {"kafaalat_beneficiary": Statement(True, "registry", date(2026, 11, 1))}
    told = advice().next({"school_child": True}, [], ON, programme="taleemi_wazaif", known=known)
    assert told["fits"][0]["verdict"] == "eligible"
    # What the family says and the registry denies is open, not a yes.
    known = {"kafaalat_beneficiary": Statement(False, "registry", date(2026, 11, 1))}
    told = advice().next(
        {"school_child": True, "kafaalat_beneficiary": True}, ["kafaalat_beneficiary"], ON,
        programme="taleemi_wazaif", known=known,
    )  # fmt: skip
    assert told["fits"][0]["verdict"] == "not_yet_known"


def test_advice_on_what_takes_nobody_is_its_state() -> None:
    assert advice().next({}, [], ON, programme="emergency_cash")["state"] == "closed"
    assert advice().next({}, [], ON, programme="savings_scheme")["state"] == "unsure"
    assert advice().next({}, [], ON, programme="no_such")["state"] == "unsure"


def test_silence_ends_the_questions() -> None:
    asked: list[str] = []
    said: dict[str, Any] = {}
    while "ask" in (told := advice().next(said, asked, ON)):
        asked.append(told["ask"]["fact"])
        said[asked[-1]] = "-"
    assert len(asked) == MOST_IN_A_ROW
    assert all(fit["hangs"] == "answers" for fit in told["fits"])
