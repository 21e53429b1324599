"""Texts with more than one matter: each is answered, the most urgent first."""

from datetime import UTC, datetime

import pytest

from bot.dialogue import respond
from bot.messages import Heard, Session
from bot.understand import Expects, Words, understand
from bot.understand.matters import by_urgency, clauses

NOW = datetime(2026, 10, 5, 9, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "first", "also"),
    [
        ("agent ne 500 kaat liye aur camp kahan laga hai", "complaint_deduction", {"payment_point_location"}),
        ("angutha nahi lagta, mera paisa kab aye ga", "biometric_problem", {"payment_status"}),
        ("انگوٹھا نہیں لگتا۔ پیسے کب آئیں گے", "biometric_problem", {"payment_status"}),
        ("my money has not come and how do I register my sister", "payment_status", {"registration_survey"}),
    ],
)
def test_two_matters_in_one_text(text: str, first: str, also: set[str], words: Words) -> None:
    heard = understand(text, Expects(), words, at=NOW)
    assert {heard.intent, *heard.also} == {first, *also}
    assert by_urgency({str(heard.intent), *heard.also})[0] == first


@pytest.mark.parametrize(
    "text", ["mera paisa kab aye ga", "salam, mera paisa kab aye ga", "agent ne 500 kaat liye aur 200 bhi"]
)
def test_one_matter_stays_one(text: str, words: Words) -> None:
    assert understand(text, Expects(), words, at=NOW).also == ()


def test_clauses_are_cut_at_stops_and_joining_words() -> None:
    joins = frozenset({"aur"})
    assert clauses("one two aur three four. five six", joins) == ["one two", "three four", "five six"]
    assert clauses("one two aur three", joins) == []
    assert len(clauses(". ".join(["one two"] * 20), joins)) == 6


def test_the_second_matter_follows_when_the_first_is_answered() -> None:
    both = Heard(at=NOW, text="x", intent="programme_info", confidence=0.9, also=("biometric_problem",))
    turn = respond(Session(language="en"), both)
    keys = [say.key.partition(".")[0] for say in turn.says]
    assert keys == ["biometric", "programme"]
    assert not turn.says[0].choices, "numbers belong to the last thing said"
    assert not turn.session.slots.get("also")


def test_the_second_matter_waits_for_an_open_question_and_a_new_subject_ends_it() -> None:
    both = Heard(at=NOW, text="x", intent="payment_status", confidence=0.9, also=("programme_info",))
    asked = respond(Session(language="en"), both)
    assert asked.session.slots["also"] == ["programme_info"]
    other = Heard(at=NOW, text="x", intent="human_help", confidence=1.0)
    assert not respond(asked.session, other).session.slots.get("also")
