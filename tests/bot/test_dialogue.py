"""The order of deciding, step by step, where the whole conversations do not show it."""

from datetime import UTC, datetime, timedelta

import pytest

from bot.dialogue import MOST_MISSES, respond
from bot.messages import Button, Heard, Inbound, Outbound, Result, Session, Turn
from bot.topics import OPENINGS

NOW = datetime(2026, 10, 5, 9, 0, tzinfo=UTC)
CNIC = "9000000000012"


def heard(intent: str | None = None, confidence: float = 0.99, text: str = "x", **slots: object) -> Heard:
    return Heard(at=NOW, text=text, intent=intent, confidence=confidence, slots=slots)


def said(turn: Turn) -> list[str]:
    return [say.key for say in turn.says]


def told(turn: Turn, **data: object) -> Turn:
    assert turn.call
    return respond(turn.session, Result(turn.call, NOW, data=data))


def answer(session: Session, event: Heard | Result) -> Turn:
    """As `respond`, on a phone that has asked about nobody before."""
    turn = respond(session, event)
    return told(turn, people=[]) if turn.call and turn.call.name == "registry.mine" else turn


def complained(intent: str = "complaint_staff", **slots: object) -> Turn:
    """Somebody complains, and is asked for the evidence."""
    return told(respond(Session(), heard(intent, **slots)), ask=["what", "district"], required=["what"])


def failed(turn: Turn, error: str = "late") -> Turn:
    assert turn.call
    return respond(turn.session, Result(turn.call, NOW, ok=False, error=error))


def test_an_unsure_intent_is_not_acted_on() -> None:
    unsure = Heard(at=NOW, text="paisa?", guesses=("payment_status", "complaint_deduction"))
    asked = respond(Session(), unsure)
    assert said(asked) == ["fallback.which"]
    assert asked.session.choices == ("payment_status", "complaint_deduction", "menu")
    assert said(answer(Session(), heard("payment_status", 0.6))) == ["cnic.ask"]


@pytest.mark.parametrize("intent", sorted(OPENINGS))
def test_every_opening_says_or_asks_something_from_any_state(intent: str) -> None:
    for before in (Session(), answer(Session(), heard("payment_status")).session):
        turn = respond(before, heard(intent))
        assert turn.says or turn.call
        assert Session.from_json(turn.session.to_json()) == turn.session


def test_words_that_work_anywhere_work_in_an_open_question() -> None:
    asked = complained()
    assert asked.session.expects == ("text",)
    for intent, key in (("menu", "menu.offer"), ("language_change", "language.which")):
        assert said(respond(asked.session, heard(intent, text="x"))) == [key]
    assert respond(asked.session, heard("stop")).call.name == "consent.stop"
    assert respond(asked.session, heard("human_help")).call.args == {"reason": "complaint"}
    assert respond(Session(), heard("human_help")).call.args == {"reason": "asked"}


def test_a_step_that_a_newer_version_no_longer_has() -> None:
    stale = Session(topic="status", step="gone", expects=("cnic",))
    assert said(answer(stale, heard("payment_status"))) == ["cnic.ask"]
    assert said(respond(stale, heard())) == ["fallback.menu"]
    result = Result(call=None, at=NOW)  # type: ignore[arg-type]
    assert said(respond(stale, result)) == ["fallback.menu"]


def test_a_resumed_question_that_a_newer_version_no_longer_has() -> None:
    paused = {"topic": "status", "step": "gone", "expects": ["cnic"]}
    waiting = Session(topic="resume", step="answered", expects=("yes_no",), slots={"paused": paused})
    assert said(respond(waiting, heard("yes"))) == ["fallback.menu"]


def test_an_old_session_s_unknown_fields_are_ignored() -> None:
    assert Session.from_json('{"language": "en", "mood": "good"}') == Session(language="en")


def test_a_question_is_dropped_after_three_misses() -> None:
    session = answer(Session(), heard("payment_status")).session
    keys = []
    for _ in range(MOST_MISSES):
        turn = respond(session, heard())
        session = turn.session
        keys += said(turn)
    assert keys == ["cnic.ask_again", "cnic.ask_again", "fallback.human"]
    assert session.step is None


def test_a_new_subject_is_taken_up_in_the_middle_of_a_question() -> None:
    asked = answer(Session(), heard("payment_status"))
    assert said(respond(asked.session, heard("payment_point_location"))) == ["payment_point.ask"]
    thanked = respond(asked.session, heard("thanks"))
    assert said(thanked) == ["thanks.welcome"]
    assert thanked.session.step == asked.session.step, "and the question stays open"


def test_a_closed_question_gives_way_to_a_clear_one() -> None:
    amount = Session(topic="complaint", step="got_evidence", expects=("amount",), heard_at=NOW)
    text = "a message from an unknown number says that I won 25000, is it true"
    turn = respond(amount, heard("scam_check", text=text, amount=25000))
    assert turn.session.topic != "complaint"


def test_what_is_not_understood_shows_no_further_payment() -> None:
    waiting = [{"programme": "nashonuma", "status": "ready", "amount": 2500}]
    more = Session(
        topic="status", step="after_payment", choices=("more",), slots={"payments": waiting}, heard_at=NOW
    )
    turn = respond(more, heard(confidence=0.2, text="xyz"))
    assert said(turn) == ["fallback.menu"]


def test_any_text_answers_a_question_for_words_unless_it_is_clearly_something_else() -> None:
    asked = complained().session
    clear = heard("payment_status", 0.98, "when will it come", text_="")
    assert said(answer(asked, clear)) == ["cnic.ask"]
    story = heard(
        "payment_status",
        0.98,
        "the clerk told me that my money will come only if I pay",
    )
    taken = respond(asked, Heard(NOW, story.text, story.intent, 0.98, slots={"text": story.text}))
    assert said(taken) == ["complaint.ask.district"]
    text = "payment come call"
    quoted = Heard(NOW, text, "payment_status", 0.99, slots={"text": text, "phone": "+923990000001"})
    assert said(respond(asked, quoted)) == ["complaint.ask.district"]


def test_the_remembered_cnic_is_forgotten_after_a_long_pause() -> None:
    known = answer(Session(), heard("payment_status", cnic=CNIC)).session
    assert known.slots["cnic"] == CNIC
    later = NOW + timedelta(hours=13)
    turn = answer(known, Heard(later, "x", "payment_status", 0.99))
    assert said(turn) == ["cnic.ask"]
    assert "cnic" not in turn.session.slots


def test_someone_else_s_number_is_never_filled_in_from_memory() -> None:
    known = answer(Session(), heard("payment_status", cnic=CNIC)).session
    assert answer(known, heard("payment_status")).call.args == {"cnic": CNIC}
    assert said(answer(known, heard("payment_status", person="mother"))) == ["cnic.ask_theirs"]


def test_a_number_without_a_sure_intent_is_looked_up() -> None:
    assert respond(Session(), heard(None, cnic=CNIC)).call.args == {"cnic": CNIC}
    assert said(respond(Session(), heard(None, cnic_wrong=12))) == ["cnic.wrong_length"]


def test_the_language_follows_the_question_until_one_is_chosen() -> None:
    turn = respond(Session(), Heard(NOW, "hi", "greeting", 1.0, language="en"))
    assert turn.session.language == "en"
    chosen = Session(language="ur", chosen=True)
    assert respond(chosen, Heard(NOW, "hi", "greeting", 1.0, language="en")).session.language == "ur"


def test_a_voice_note_leaves_the_open_question_open() -> None:
    asked = answer(Session(), heard("payment_status")).session
    turn = respond(asked, Heard(NOW, media="audio"))
    assert said(turn) == ["media.audio"]
    assert turn.session.step == "got_cnic"


def test_a_caption_is_read_as_text() -> None:
    assert said(respond(Session(), Heard(NOW, "x", "greeting", 1.0, media="image"))) == ["welcome.hello"]


def test_what_could_not_be_written_is_said_honestly() -> None:
    for intent, key in (
        ("stop", "consent.not_stored"),
        ("start", "consent.not_stored"),
        ("human_help", "human.helpline"),
        ("registration_survey", "registration.where"),
    ):
        assert said(failed(respond(Session(), heard(intent)))) == [key]


def test_a_programme_without_amount_papers_or_way_to_apply() -> None:
    asked = respond(Session(), heard("programme_info", programme="x"))
    assert said(told(asked, programme="x", state="open")) == ["programme.no_amount"]
    assert said(told(asked, programme="x", state="suspended")) == ["programme.suspended"]


def test_what_a_programme_does_not_have_is_not_told() -> None:
    asked = respond(Session(), heard("programme_info", programme="kafaalat"))
    open_ = told(asked, programme="kafaalat", state="open", documents=["own_cnic"])
    pressed_late = respond(open_.session, heard(choice="apply"))
    assert said(pressed_late) == ["menu.anything_else"]
    passed_over = respond(open_.session, heard())
    assert said(passed_over) == ["fallback.menu"]


def test_the_part_of_a_programme_that_was_asked_for_is_told_at_once() -> None:
    asked = respond(Session(), heard("programme_info", programme="kafaalat", asks="documents"))
    assert said(told(asked, programme="kafaalat", state="open", documents=["own_cnic"])) == [
        "programme.documents"
    ]
    assert asked.call
    assert asked.call.args == {"programme": "kafaalat"}


def test_other_payments_that_are_gone() -> None:
    stale = Session(topic="status", step="after_payment", choices=("more",))
    assert said(respond(stale, heard(choice="more"))) == ["menu.anything_else"]


def test_one_payment_point_of_a_district() -> None:
    asked = respond(Session(), heard("payment_point_location", district="kech"))
    point = {"kind": "bank", "name": {"en": "Bank", "ur": "بینک"}}
    assert said(told(asked, district="kech", points=[point])) == ["payment_point.one"]


def test_a_bare_status_word_where_that_is_given_to_anyone() -> None:
    asked = answer(Session(), heard("payment_status", cnic=CNIC))
    turn = told(asked, disclosure="word", last4="0012", enrolments=[])
    assert turn.says[0].args["status"] == "no_record"


def test_feedback_without_words_is_asked_for_again() -> None:
    asked = respond(Session(), heard("feedback")).session
    assert said(respond(asked, Heard(NOW, "", slots={"choice": "1"}))) == ["feedback.ask"]


def test_a_scam_report_without_words() -> None:
    asked = respond(Session(), heard("scam_check")).session
    assert said(respond(asked, Heard(NOW, "", slots={"choice": "1"}))) == ["scam.how_to_tell"]


def test_an_answer_that_is_no_change_or_paper() -> None:
    for intent, key in (("update_details", "update.which"), ("document_problem", "document.which")):
        asked = respond(Session(), heard(intent)).session
        assert said(respond(asked, heard(None))) == [key]


def test_nouns_survive_json() -> None:
    out = Outbound("1", "sms", "+923990000001", ("a", "b"), (Button("x", "X"),), "en", about="k")
    assert Outbound.from_json(out.to_json()) == out
    assert Inbound("1", "sms", "s", NOW).media is None


def test_a_plain_no_ends_a_story_instead_of_being_filed_as_one() -> None:
    asked = complained()
    assert asked.session.expects == ("text",)
    turn = respond(
        asked.session, Heard(at=NOW, text="nahi", intent="no", confidence=1.0, slots={"text": "nahi"})
    )
    assert turn.call is None
    assert turn.session.topic is None
    words = Heard(at=NOW, text="no one", intent="no", confidence=0.6, slots={"text": "no one helped"})
    assert said(respond(asked.session, words)) == ["complaint.ask.district"]
