"""How understanding is measured, and the floors below which it must not fall."""

from pathlib import Path

import pytest
from rich.console import Console

from bot.understand import Words
from services.evaluation import CONFIDENT, BadLine, Case, Outcome, judge, read, report, slot_right

UNSEEN = sorted((Path(__file__).parents[1] / "unseen").glob("*.tsv"))
FLOORS = {"ur": 0.96, "ur-Latn": 0.95, "en": 0.95, "bal": 0.92, "brh": 0.92}
"""Least share of the messages of a language whose intent is found; of the others `ALL_OTHERS`."""

ALL_OTHERS = 0.92
LANGUAGE = 0.88
CONFIDENTLY_WRONG = 0.01
SLOTS = {"cnic": 0.97, "phone": 0.99, "amount": 0.97, "programme": 0.96, "district": 0.92}


@pytest.fixture(scope="module")
def outcomes(words: Words) -> list[Outcome]:
    cases = [case for file in UNSEEN for case in read(file.read_text("utf-8").splitlines())]
    return judge(cases, words)


@pytest.mark.parametrize("file", UNSEEN, ids=lambda file: file.stem)
def test_messages_that_were_not_learnt_from(file: Path, outcomes: list[Outcome]) -> None:
    own = [outcome for outcome in outcomes if outcome.case.language == file.stem]
    missed = [(o.case.text, o.case.intent, o.top) for o in own if not o.right]
    assert 1 - len(missed) / len(own) >= FLOORS.get(file.stem, ALL_OTHERS), missed
    sure = [o.case.text for o in own if not o.right and o.heard.confidence >= CONFIDENT]
    assert len(sure) / len(own) < CONFIDENTLY_WRONG, sure
    taken = [(o.case.text, o.heard.language) for o in own if o.heard.language != file.stem]
    assert 1 - len(taken) / len(own) >= LANGUAGE, taken


@pytest.mark.parametrize("slot", SLOTS)
def test_slots_of_messages_that_were_not_learnt_from(slot: str, outcomes: list[Outcome]) -> None:
    told = [o for o in outcomes if slot in o.case.slots]
    missed = [o.case.text for o in told if not slot_right(o.case.slots[slot], o.heard.slots.get(slot))]
    assert 1 - len(missed) / len(told) >= SLOTS[slot], missed


def test_out_of_scope_is_caught(outcomes: list[Outcome]) -> None:
    outside = [o for o in outcomes if o.case.intent == "out_of_scope"]
    helped = [o for o in outside if o.heard.intent not in (None, "out_of_scope")]
    assert len(helped) / len(outside) < 0.1, [o.case.text for o in helped]


def test_reading_a_file() -> None:
    assert list(read(["", "ur-Latn\tsalam\tgreeting", 'en\t500\t-\t{"amount": 500}'])) == [
        Case("ur-Latn", "salam", "greeting"),
        Case("en", "500", "-", {"amount": 500}),
    ]
    with pytest.raises(BadLine, match="line 1: language, text and intent"):
        list(read(["salam"]))
    with pytest.raises(BadLine, match="line 1: the slots are not JSON"):
        list(read(["en\tsalam\tgreeting\t{"]))


def test_slots_are_compared_as_people_read_them() -> None:
    assert slot_right("Tando Allahyar", "tando_allahyar")
    assert slot_right("03990000001", "+923990000001")
    assert not slot_right("Kech", None)


def test_the_report_names_what_went_wrong(words: Words) -> None:
    cases = [
        Case("en", "hello", "greeting"),
        Case("en", "hello", "stop"),
        Case("-", "500", "-", {"amount": 500}),
    ]
    out = Console(record=True, width=150)
    report(judge(cases, words), out)
    shown = out.export_text()
    assert "stop taken for greeting" in shown
    assert "amount" in shown
    report([], out)
    assert "nothing" not in out.export_text()
