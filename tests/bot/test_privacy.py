"""Codes, helpers, who asked and forgetting, where the whole conversations do not show it."""

from datetime import UTC, datetime

import pytest

from bot.dialogue import respond
from bot.messages import Heard, Result, Session, Turn

NOW = datetime(2026, 10, 5, 9, 0, tzinfo=UTC)
CNIC = "9000000000012"
NEUTRAL = {"disclosure": "none", "last4": "0012", "code": True}


def heard(intent: str | None = None, **slots: object) -> Heard:
    return Heard(at=NOW, text="x", intent=intent, confidence=0.99 if intent else 0.0, slots=slots)


def said(turn: Turn) -> list[str]:
    return [say.key for say in turn.says]


def told(turn: Turn, **data: object) -> Turn:
    assert turn.call
    return respond(turn.session, Result(turn.call, NOW, data=data))


def failed(turn: Turn) -> Turn:
    assert turn.call
    return respond(turn.session, Result(turn.call, NOW, ok=False, error="late"))


def knows(intent: str) -> Turn:
    return respond(Session(slots={"cnic": CNIC}, heard_at=NOW), heard(intent))


def test_what_is_no_code_is_asked_for_once_more() -> None:
    sent = told(respond(Session(slots={"unproven": CNIC}, heard_at=NOW), heard("send_code")))
    again = respond(sent.session, heard())
    assert said(again) == ["privacy.code_ask_again"]
    assert said(failed(respond(again.session, heard(code="483920")))) == ["privacy.not_now"]


def test_a_code_that_could_not_be_sent_is_not_said_to_be() -> None:
    wanted = respond(Session(slots={"unproven": CNIC}, heard_at=NOW), heard("send_code"))
    assert said(failed(wanted)) == ["privacy.not_now"]
    assert said(told(wanted, disclosure="none", closed=True)) == ["privacy.too_many"]


@pytest.mark.parametrize("intent", ["helper", "who_asked"])
def test_without_a_number_it_is_asked_for(intent: str) -> None:
    assert said(respond(Session(), heard(intent))) == ["cnic.ask"]


@pytest.mark.parametrize("intent", ["helper", "who_asked"])
def test_a_source_that_is_away_changes_nothing(intent: str) -> None:
    assert said(failed(knows(intent))) == ["privacy.not_now"]


def test_a_stranger_learns_of_no_enquiry() -> None:
    assert said(told(knows("who_asked"), **NEUTRAL)) == ["privacy.neutral"]


def test_a_helper_is_named_beside_another() -> None:
    there = told(knows("helper"), disclosure="own", helpers=["2027-10-05"], full=False)
    another = respond(there.session, heard(choice="another"))
    assert said(another) == ["helper.ask_phone"]
    named = respond(there.session, heard(phone="+923990000009"))
    assert said(named) == ["helper.confirm"]
    agreed = respond(named.session, heard("yes"))
    assert said(told(agreed, **NEUTRAL)) == ["privacy.neutral"]
    assert said(failed(agreed)) == ["privacy.not_now"]


def test_helpers_that_could_not_be_ended_are_not_said_to_be() -> None:
    there = told(knows("helper"), disclosure="own", helpers=["2027-10-05"] * 3, full=True)
    ending = respond(there.session, heard(choice="end_helpers"))
    assert said(failed(ending)) == ["privacy.not_now"]


def test_what_could_not_be_forgotten_is_not_said_to_be() -> None:
    asked = respond(Session(), heard("forget_me"))
    assert said(failed(respond(asked.session, heard("yes")))) == ["privacy.not_now"]
