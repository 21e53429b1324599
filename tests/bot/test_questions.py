"""Questions about the home: how they are put, and every way of answering, or of not answering."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from bot.dialogue import respond
from bot.messages import Call, Choice, Heard, Result, Session
from bot.questions import choices_of, value_of, volunteered
from bot.topics import eligibility
from bot.understand import Expects, Words, understand

AT = datetime(2026, 11, 25, 9, 0, tzinfo=UTC)
YES_NO = {"fact": "vehicle", "kind": "yes_no"}
INCOME = {
    "fact": "household_income", "kind": "number", "low": 0, "high": 1_000_000, "whole": True,
    "bands": [[0, 44_999], [45_000, 149_999], [150_000, 1_000_000]],
}  # fmt: skip
ACRES = {"fact": "land_acres", "kind": "number", "low": 0, "high": 1000, "whole": False}
PROVINCE = {"fact": "province", "kind": "choice"}


def _heard(text: str, question: dict[str, Any], words: Words) -> Heard:
    choices, expects = choices_of(question)
    waits = Expects(expects, tuple(choice.id for choice in choices), "en", fact=str(question["fact"]))
    return understand(text, waits, words, at=AT)


@pytest.mark.parametrize(
    ("question", "text", "value"),
    [
        (YES_NO, "1", True), (YES_NO, "2", False), (YES_NO, "3", "?"), (YES_NO, "yes", True),
        (YES_NO, "nahi", False), (YES_NO, "نہیں", False), (YES_NO, "pata nahi", "?"), (YES_NO, "skip", "-"),
        (YES_NO, "hamari gaari hai", True), (YES_NO, "kya matlab", None),
        (INCOME, "1", {"low": 0, "high": 44_999}), (INCOME, "3", {"low": 150_000, "high": 1_000_000}),
        (INCOME, "4", "?"), (INCOME, "30000", 30_000), (INCOME, "pachas hazar", 50_000),
        (INCOME, "99999999", None), (INCOME, "bohat kam", None),
        (ACRES, "0", 0), (ACRES, "5", 5), (ACRES, "15 acre", 15), (ACRES, "2.5 acre", 2.5),
        (ACRES, "۳ ایکڑ", 3), (ACRES, "no", 0), (ACRES, "don't know", "?"), (ACRES, "2000", None),
        (PROVINCE, "Punjab", "punjab"), (PROVINCE, "main Okara mein rehti hun", "okara"),
        (PROVINCE, "سندھ", "sindh"), (PROVINCE, "pata nahi", "?"), (PROVINCE, "door", None),
    ],
)  # fmt: skip
def test_answers(question: dict[str, Any], text: str, value: Any, words: Words) -> None:
    assert value_of(question, _heard(text, question, words)) == value


def test_a_result_is_no_answer() -> None:
    result = Result(Call("x"), AT)
    assert value_of(YES_NO, result) is None
    assert volunteered(result) == {}


def test_numbers_are_offered_in_bands_that_say_where_they_end() -> None:
    choices, _ = choices_of(INCOME)
    assert choices == (
        Choice("band0", "fit.band.below", {"n": 45_000}),
        Choice("band1", "fit.band.between", {"low": 45_000, "high": 150_000}),
        Choice("band2", "fit.band.at_least", {"n": 150_000}),
        Choice("dont_know", "fit.dont_know"),
    )
    upto = {**INCOME, "bands": [[0, 37_000], [37_001, 59_999], [60_001, 1_000_000]]}
    assert choices_of(upto)[0][:3] == (
        Choice("band0", "fit.band.at_most", {"n": 37_000}),
        Choice("band1", "fit.band.between", {"low": 37_000, "high": 60_000}),
        Choice("band2", "fit.band.above", {"n": 60_000}),
    )
    assert choices_of(ACRES) == ((), ("amount", "dont_know", "home"))


def test_what_is_told_by_the_way_is_not_asked_again(words: Words) -> None:
    text = "main bewa hun, bacha mazoor hai, Okara se hun, kya mujhe paise mil sakte hain"
    told = volunteered(understand(text, Expects(), words, at=AT))
    assert told == {"ever_married_woman": True, "disabled_member": True, "province": "okara"}


def _asking(question: dict[str, Any], **slots: Any) -> Session:
    fit = {"programme": None, "said": {}, "asked": [], "question": None}
    session = Session(slots={"fit": fit, **slots}, topic="eligibility", step="got_next", heard_at=AT)
    return respond(
        session, Result(Call("eligibility.next"), AT, data={"ask": question, "first": True})
    ).session


def test_an_answer_that_is_none_is_asked_for_once_more_and_then_left_open(words: Words) -> None:
    session = _asking(PROVINCE)
    turn = respond(session, _heard("bas yahin", PROVINCE, words))
    assert [say.key for say in turn.says] == ["fit.again", "ask.province"]
    turn = respond(turn.session, _heard("bas yahin", PROVINCE, words))
    assert turn.call
    assert turn.call.args["said"] == {"province": "?"}
    assert turn.call.args["asked"] == ["province"]


def test_a_source_that_is_down_is_told_so() -> None:
    session = replace(_asking(YES_NO), step="got_next")
    turn = respond(session, Result(Call("eligibility.next"), AT, ok=False, error="late"))
    assert [say.key for say in turn.says] == ["eligibility.not_known_now"]
    assert turn.session.slots["fit"]["asked"] == ["vehicle"], "what was said is kept for the next try"


def test_a_programme_that_is_open_without_known_rules_is_told_by_what_it_is() -> None:
    session = replace(_asking(YES_NO), step="got_next")
    turn = respond(session, Result(Call("x"), AT, data={"state": "open", "programme": "panagah"}))
    assert [say.key for say in turn.says] == ["programme.no_amount"]


def test_an_answer_after_the_interview_was_forgotten_begins_it_anew() -> None:
    session = Session(topic="eligibility", step="got_answer", heard_at=AT)
    turn = eligibility.got_answer(session, Heard(at=AT, slots={"choice": "yes"}))
    assert turn.call
    assert turn.call.args["asked"] == []


def _told(session: Session, *fits: dict[str, Any], programme: str | None = None) -> Any:
    fit = {"programme": programme, "said": {"vehicle": False, "taxpayer": "?"}, "asked": [], "question": None}
    session = replace(session.with_slots(fit=fit), topic="eligibility", step="got_next")
    return respond(session, Result(Call("eligibility.next"), AT, data={"fits": list(fits)}))


FIT = {
    "programme": "kafaalat", "verdict": "not_yet_known", "hangs": "score", "registry": "nser", "rules": "x",
    "why": [["why.land.met", {"source": {"en": "A", "ur": "ا"}}]], "apply": "website",
    "link": "x", "documents": ["own_cnic"],
}  # fmt: skip


def test_verdicts_and_what_follows_from_each() -> None:
    start = Session(heard_at=AT)
    assert [say.key for say in _told(start).says] == ["fit.none"]
    assert [say.key for say in _told(start, {**FIT, "hangs": "answers"}).says] == ["fit.not_known"]
    named = _told(start, {**FIT, "hangs": "answers"}, programme="kafaalat")
    assert [say.key for say in named.says] == ["fit.not_known"]
    listed = _told(start, {**FIT, "hangs": "list"})
    assert [say.key for say in listed.says] == ["fit.hangs_on_list"]
    assert listed.session.slots["fit_said"] == {"vehicle": False}  # a "don't know" may be asked again
    no = {**FIT, "verdict": "not_eligible", "hangs": None, "registry": "pser"}
    refused = _told(start, no, programme="kafaalat")
    assert [choice.id for choice in refused.says[-1].choices] == ["others"]


def test_after_a_verdict_one_may_ask_how_with_what_why_or_what_else() -> None:
    session = _told(Session(heard_at=AT), FIT).session

    def after(choice: str) -> Any:
        return respond(session, Heard(at=AT, slots={"choice": choice}, confidence=1.0))

    assert [say.key for say in after("apply").says] == ["programme.apply"]
    assert [say.key for say in after("documents").says] == ["programme.documents"]
    assert [say.key for say in after("no").says] == ["menu.anything_else"]
    why = after("why")
    assert [say.key for say in why.says] == ["why.land.met", "why.source_undated"]
    assert [choice.id for choice in why.says[-1].choices] == ["apply"]
    other = eligibility.got_choice(session, Heard(at=AT, slots={"choice": "others"}))
    assert other.call
    assert other.call.args["programme"] is None
    assert respond(why.session, Heard(at=AT, intent="why", confidence=1.0)).says[0].key == "why.nothing"


def test_a_bare_province_is_no_wish_for_its_language(words: Words) -> None:
    heard = understand("punjab", Expects(), words, at=AT)
    assert heard.intent is None
    assert heard.slots["province"] == "punjab"
    assert understand("punjabi", Expects(), words, at=AT).intent == "language_change"


def test_a_number_that_is_no_cnic_is_asked_for_again(words: Words) -> None:
    turn = respond(Session(language="en", heard_at=AT), understand("am I eligible?", Expects(), words, at=AT))
    assert [say.key for say in turn.says] == ["eligibility.which_way"]
    wrong = understand("99999-1234", Expects.of(turn.session), words, at=AT)
    turn = respond(turn.session, wrong)
    assert [say.key for say in turn.says] == ["cnic.wrong_length"]
