"""Complaints in the bot, where the whole conversations do not show it."""

from datetime import UTC, datetime

import pytest

from bot.dialogue import respond
from bot.evidence import FIELDS, expected, taken, told
from bot.messages import Heard, Result, Say, Session, Turn
from bot.topics import complaint

NOW = datetime(2026, 10, 5, 9, 0, tzinfo=UTC)
CNIC = "9000000000012"
MONEY = ["amount", "where", "receipt", "district", "cnic"]


def heard(intent: str | None = None, said: str = "x", confidence: float = 0.9, **slots: object) -> Heard:
    return Heard(at=NOW, text=said, intent=intent, confidence=confidence, slots=slots)


def words(said: str, **slots: object) -> Heard:
    return heard(None, said, 0.1, text=said, **slots)


def pressed(choice: str) -> Heard:
    return Heard(at=NOW, confidence=1.0, slots={"choice": choice})


def found(turn: Turn, **data: object) -> Turn:
    assert turn.call
    return respond(turn.session, Result(turn.call, NOW, data=data))


def lost(turn: Turn) -> Turn:
    assert turn.call
    return respond(turn.session, Result(turn.call, NOW, ok=False, error="late"))


def said(turn: Turn) -> list[str]:
    return [say.key for say in turn.says]


def begun(event: Heard, session: Session | None = None, ask: list[str] = MONEY, required: str = "") -> Turn:
    return found(respond(session or Session(), event), ask=ask, required=[required])


def draft(turn: Turn) -> dict[str, object]:
    return dict(turn.session.slots["complaint"]["facts"])


@pytest.mark.parametrize(
    ("event", "category"),
    [
        (heard("complaint_deduction"), "short_payment"),
        (heard("complaint_deduction", category="wallet"), "wallet"),
        (heard("complaint_deduction", asks="complaint", amount=500), "short_payment"),
        (heard("complaint_staff", category="wallet"), "staff"),
        (pressed("complaint_not_received"), "unauthorised_withdrawal"),
        (pressed("complaint_appeal"), "appeal"),
    ],
)
def test_the_kind_that_is_meant(event: Heard, category: str) -> None:
    turn = respond(Session(), event)
    assert turn.call
    assert (turn.call.name, turn.call.args) == ("complaint.asks", {"category": category})


def test_a_complaint_about_anything_asks_which() -> None:
    menu = respond(Session(), heard("complaint_deduction", asks="complaint"))
    assert said(menu) == ["complaint.which"]
    more = respond(menu.session, pressed("other"))
    assert said(more) == ["complaint.which_else"]
    named = respond(more.session, heard("biometric_problem", "thumb not read", 0.95, category="biometric"))
    assert named.call
    assert named.call.args == {"category": "biometric"}
    assert draft(found(named, ask=["since"], required=[]))["first_words"] == "x"
    again = respond(menu.session, heard(None, "hm"))
    assert said(again) == ["complaint.which"]
    away = respond(menu.session, heard("payment_status", "when will my money come to me", 0.95))
    assert away.call
    assert away.call.name == "registry.mine"


@pytest.mark.parametrize("intent", ["complaint_deduction", "complaint_staff"])
def test_a_complaint_s_number_asks_for_its_state(intent: str) -> None:
    turn = respond(Session(), heard(intent, reference="4829-1736"))
    assert turn.call
    assert turn.call.args == {"reference": "4829-1736"}


def test_what_was_said_already_is_not_asked_for() -> None:
    turn = begun(heard("complaint_deduction", amount=500, district="kech"), Session(slots={"cnic": CNIC}))
    assert said(turn) == ["complaint.where"]
    receipt = respond(turn.session, words("at the shop on Monday"))
    assert said(receipt) == ["complaint.ask.receipt"]
    filed = respond(receipt.session, pressed("no"))
    assert filed.call
    assert filed.call.name == "complaint.file"
    assert filed.call.args == {
        "category": "short_payment", "amount": 500, "district": "kech", "cnic": CNIC, "first_words": "x",
        "where": "at the shop on Monday", "receipt": False,
    }  # fmt: skip


def test_a_known_number_stays_out_of_what_does_not_ask_for_it() -> None:
    turn = begun(heard("complaint_staff"), Session(slots={"cnic": CNIC}), ask=["what"], required="what")
    filed = respond(turn.session, words("he was rude"))
    assert filed.call
    assert "cnic" not in filed.call.args


def test_a_bare_number_is_kept_and_the_story_asked_for_again() -> None:
    turn = begun(heard("complaint_staff"), ask=["what"], required="what")
    number = respond(turn.session, words(CNIC, cnic=CNIC))
    assert said(number) == ["complaint.what_staff"]
    filed = respond(number.session, words("the clerk"))
    assert filed.call
    assert filed.call.args["cnic"] == CNIC


def test_what_is_no_answer_is_kept_as_words() -> None:
    turn = begun(heard("complaint_deduction"))
    assert said(turn) == ["complaint.how_much"]
    other = respond(turn.session, heard(None, "it was bad"))
    assert said(other) == ["complaint.where"]
    assert other.session.misses == 0
    long = respond(turn.session, heard(None, "he cut 500 and did not give it", amount=500))
    kept = draft(long)
    assert (kept["amount"], kept["also"]) == (500, ["he cut 500 and did not give it"])
    assert draft(other)["also"] == ["it was bad"]


def test_questions_may_be_skipped_and_the_needed_one_ends_it() -> None:
    turn = begun(heard("complaint_deduction", amount=500))
    for answer in (heard("dont_know"), heard("no", confidence=1.0), heard("wont_say")):
        assert said(respond(turn.session, answer)) == ["complaint.ask.receipt"]
    needed = begun(heard("complaint_staff"), ask=["what"], required="what")
    ended = respond(needed.session, heard("dont_know", "dont know", 1.0, text="dont know"))
    assert said(ended) == ["complaint.needed"]
    assert "complaint" not in ended.session.slots


def test_a_wrong_cnic_is_told_and_one_of_two_picked() -> None:
    turn = begun(heard("complaint_deduction"), ask=["cnic"])
    wrong = respond(turn.session, heard(None, cnic_wrong=12))
    assert said(wrong) == ["cnic.wrong_length"]
    assert wrong.session.expects == ("cnic", "dont_know")
    two = respond(wrong.session, heard(None, cnics=[CNIC, "9000000000021"]))
    assert said(two) == ["cnic.which_of_two"]
    picked = respond(two.session, pressed("second"))
    assert picked.call
    assert picked.call.args["cnic"] == "9000000000021"


def test_a_long_pause_leaves_the_question_where_it_was() -> None:
    turn = begun(heard("complaint_deduction"))
    again = complaint.got_evidence(turn.session, Heard(NOW))
    assert said(again) == ["complaint.how_much"]
    result = complaint.got_evidence(turn.session, Result(call=None, at=NOW))  # type: ignore[arg-type]
    assert said(result) == ["complaint.how_much"]


def test_a_draft_that_is_gone_begins_anew() -> None:
    stale = Session(topic="complaint", step="got_evidence", expects=("text",))
    assert said(respond(stale, words("at the shop"))) == ["complaint.which"]


def test_answers_may_sound_like_other_subjects_unless_they_are_unmistakable() -> None:
    turn = begun(heard("complaint_deduction", amount=500))
    shop = respond(
        turn.session, heard("payment_point_location", "at the HBL shop", 0.95, text="at the HBL shop")
    )
    assert said(shop) == ["complaint.ask.receipt"]
    asked = respond(turn.session, heard("payment_point_location", "where is it", 0.99, text="where is it"))
    assert said(asked) == ["payment_point.ask"]
    place = begun(heard("complaint_deduction"), ask=["district"])
    named = respond(place.session, heard("payment_point_location", "Multan", 0.95, district="multan"))
    assert named.call
    assert named.call.args["district"] == "multan"


def test_what_an_objection_is_about_goes_along() -> None:
    refused = {"programme": "kafaalat", "reason": "vehicle"}
    session = Session(slots={"refused": refused, "withdrawn": {"amount": 13_500, "district": "kech"}})
    assert draft(begun(pressed("complaint_appeal"), session, ask=["why"])) == {"told": refused}
    taken_by_others = begun(pressed("complaint_not_received"), session, ask=["where"])
    assert draft(taken_by_others)["district"] == "kech"
    assert "told" not in draft(begun(heard("complaint_deduction"), session))


def test_what_cannot_be_found_out_or_saved_is_said() -> None:
    assert said(lost(respond(Session(), heard("complaint_staff")))) == ["complaint.not_filed"]
    asked = complaint.ask_solved(Session(), "4829-1736", "done")
    late = lost(respond(asked.session, heard("yes", confidence=1.0)))
    assert said(late) == ["complaint.not_known_now"]
    assert late.session.slots["to_confirm"] == "4829-1736", "and may be said again"


def test_what_waits_for_a_word_is_asked_again_where_yes_means_nothing() -> None:
    waiting = Session(slots={"to_confirm": "4829-1736"})
    for intent in ("yes", "no"):
        turn = respond(waiting, heard(intent, confidence=1.0))
        assert turn.call
        assert (turn.call.name, turn.call.args) == ("complaint.status", {"reference": "4829-1736"})
    assert said(respond(Session(), heard("yes", confidence=1.0))) == ["menu.offer"]
    chosen = respond(waiting, pressed("complaint_status"))
    assert chosen.call
    assert chosen.call.args == {"reference": None}


def test_the_answer_to_is_it_solved() -> None:
    asked = complaint.ask_solved(Session(), "4829-1736", "done")
    for event, solved in (
        (heard("yes", confidence=1.0), True),
        (heard("no", confidence=1.0), False),
        (pressed("complaint_solved"), True),
        (pressed("complaint_unsolved"), False),
    ):
        turn = respond(asked.session, event)
        assert turn.call
        assert turn.call.args == {"reference": "4829-1736", "solved": solved}
    unclear = complaint.got_solved(asked.session, heard(None))
    assert unclear.call
    assert unclear.call.name == "complaint.status"
    assert complaint.got_solved(asked.session, Result(unclear.call, NOW)).call


@pytest.mark.parametrize(
    ("data", "keys"),
    [
        ({}, ["complaint.none_found"]),
        ({"status": "closed", "late": True}, ["complaint.too_late"]),
        ({"status": "closed"}, ["complaint.closed"]),
        ({"status": "in_progress", "level": "ombudsman"}, ["complaint.ombudsman"]),
        ({"status": "in_progress", "level": "zone"}, ["complaint.reopened"]),
    ],
)
def test_what_is_said_of_a_word(data: dict[str, object], keys: list[str]) -> None:
    asked = complaint.ask_solved(Session(), "4829-1736", "done")
    turn = respond(asked.session, heard("no", confidence=1.0))
    assert said(found(turn, **data)) == keys


def test_an_answer_without_words_is_only_named() -> None:
    turn = respond(Session(), pressed("complaint_status"))
    old = found(turn, reference="4829-1736", status="for_approval", on="2026-10-05")
    assert said(old) == ["complaint.status.for_approval"]
    shut = found(turn, reference="4829-1736", status="closed", on="2026-10-05")
    assert shut.says == (Say("complaint.status.closed", {**shut.says[0].args}),)


def test_what_is_no_text_tells_no_evidence() -> None:
    result = Result(call=None, at=NOW)  # type: ignore[arg-type]
    assert taken("amount", result) is None
    assert told(result) == {}
    assert taken("receipt", heard("yes")) is True
    assert taken("receipt", heard(None)) is None
    assert all(field in FIELDS for field in MONEY)
    assert expected("what", required=True) == ("text",)
