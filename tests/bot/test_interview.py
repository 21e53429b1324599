"""The questions about the home as a conversation: what leaves them, what brings back, what is kept."""

from typing import Any

import pytest

from bot.dialogue import respond
from bot.messages import Call, Heard, Result, Session
from bot.texts import Catalogue
from bot.understand import Words
from services.locales import FOLDER, read_table
from tests.bot.test_texts import SPOKEN
from tests.conversations.replay import START, Replay

FIRST = "ask.kafaalat_beneficiary"
"""What is asked first of a family of Multan of which nothing is known."""

Talk = Any


@pytest.fixture(scope="module")
def talk(words: Words, catalogue: Catalogue) -> Talk:
    """Says these lines in a new conversation; the keys of the last reply, and the conversation."""
    known: dict[tuple[str, ...], Session] = {}

    def after(language: str, lines: tuple[str, ...]) -> Session:
        if not lines:
            return Session(language=language, heard_at=START)
        if (language, *lines) not in known:
            replay = Replay(words, catalogue, after(language, lines[:-1]))
            replay.hear(lines[-1], [])
            known[language, *lines] = replay.session
        return known[language, *lines]

    def said(language: str, *lines: str, results: tuple[str, ...] = ()) -> tuple[list[str], Replay]:
        replay = Replay(words, catalogue, after(language, lines[:-1]))
        replay.hear(lines[-1], list(results))
        return [say.key for say in replay.turns[-1][0]], replay

    return said


def fit(replay: Replay) -> dict[str, Any]:
    found: dict[str, Any] = replay.session.slots["fit"]
    return found


def phrases(tag: str, kind: str, table: str = "answers") -> list[str]:
    return read_table(FOLDER, tag, "words.toml", table)[kind]


BEGUN = ("(button) fit", "Multan")


@pytest.mark.parametrize("tag", SPOKEN)
def test_every_phrase_for_a_step_back_takes_an_answer_back(tag: str, talk: Talk) -> None:
    for phrase in phrases(tag, "back"):
        keys, replay = talk(tag, *BEGUN, phrase)
        assert keys == ["fit.back", "ask.province"], phrase
        assert fit(replay)["said"] == {}
        assert fit(replay)["asked"] == ["province"]


@pytest.mark.parametrize("tag", SPOKEN)
def test_every_question_for_the_fee_is_answered_and_the_question_stays_open(tag: str, talk: Talk) -> None:
    for phrase in phrases(tag, "fee"):
        keys, _ = talk(tag, *BEGUN, f"{phrase}?")
        assert keys in (["fee.free", FIRST], ["fee.free"]), phrase


@pytest.mark.parametrize("tag", SPOKEN)
def test_who_leaves_the_questions_may_go_on_with_them(tag: str, talk: Talk) -> None:
    away = phrases(tag, "payment_status", "words")[0]
    for phrase in phrases(tag, "questions"):
        keys, replay = talk(tag, *BEGUN, "2", away)
        assert keys == ["cnic.ask"], away
        replay.hear(phrase, [])
        assert [say.key for say in replay.turns[-1][0]] == ["ask.skills_learner"], phrase
        assert fit(replay)["said"] == {"province": "multan", "kafaalat_beneficiary": False}


@pytest.mark.parametrize("tag", SPOKEN)
def test_who_refuses_the_cnic_is_led_to_the_questions(tag: str, talk: Talk) -> None:
    for phrase in phrases(tag, "no_card"):
        keys, _ = talk(tag, "(button) eligibility_check", phrase)
        assert keys in (["cnic.why", "fit.start", "ask.province"], ["cnic.why"]), phrase
        keys, replay = talk(tag, "(button) payment_status", phrase)
        assert keys == ["cnic.why"], phrase
        replay.hear("1", [])
        assert [say.key for say in replay.turns[-1][0]] == ["fit.start", "ask.province"]


@pytest.mark.parametrize("tag", SPOKEN)
def test_the_label_that_is_shown_may_be_typed(tag: str, talk: Talk, catalogue: Catalogue) -> None:
    label = catalogue.text("eligibility.choice.fit", tag)
    keys, _ = talk(tag, "(button) eligibility_check", label)
    assert keys == ["fit.start", "ask.province"]


@pytest.mark.parametrize("tag", SPOKEN)
def test_what_is_no_complaint_is_dropped(tag: str, talk: Talk) -> None:
    for phrase in (*phrases(tag, "cancel"), *phrases(tag, "drop")):
        keys, replay = talk(tag, "(button) complaint_staff", phrase)
        assert keys[0] == "complaint.dropped", phrase
        assert "complaint" not in replay.session.slots


@pytest.mark.parametrize("tag", SPOKEN)
def test_no_problem_leaves_a_menu(tag: str, talk: Talk) -> None:
    for phrase in phrases(tag, "no_matter"):
        assert talk(tag, "(button) document_problem", phrase)[0] == ["menu.anything_else"], phrase
        assert talk(tag, phrase)[0] == ["menu.anything_else"], phrase
    for word in phrases(tag, "no", "words"):
        assert talk(tag, "(button) document_problem", word)[0] == ["menu.anything_else"], word


def test_a_story_is_noted_and_the_question_asked_again(talk: Talk) -> None:
    keys, replay = talk("ur-Latn", *BEGUN, "mere teen bachay school jate hain, ek beti nabina hai")
    assert keys[:1] == ["fit.noted"]
    assert fit(replay)["said"] == {"province": "multan", "school_child": True, "disabled_member": True}
    replay.hear("mera chota bhai Karachi mein nabina hai", [])
    assert fit(replay)["said"]["province"] == "multan", "where they live was said before"


def test_what_tells_nothing_new_is_asked_twice_and_left_open(talk: Talk) -> None:
    story = "meri beti nabina hai"
    keys, replay = talk("ur-Latn", *BEGUN, story, story)
    assert keys == ["fit.again", FIRST]
    replay.hear(story, [])
    assert fit(replay)["said"]["kafaalat_beneficiary"] == "?"


def test_an_answer_may_tell_more_than_was_asked_and_all_of_it_is_taken_back(talk: Talk) -> None:
    _, replay = talk("ur-Latn", *BEGUN, "nahi, aur meri beti nabina hai")
    assert fit(replay)["said"] == {
        "province": "multan",
        "kafaalat_beneficiary": False,
        "disabled_member": True,
    }
    replay.hear("ghalti ho gayi", [])
    assert fit(replay)["said"] == {"province": "multan"}


def test_after_the_verdict_the_last_answer_may_still_be_taken_back(talk: Talk) -> None:
    lines = ("kya mujhe kisan card mil sakta hai, Okara se hun", "15 acre")
    keys, replay = talk("ur-Latn", *lines, "jawab ghalat ho gaya")
    assert keys == ["fit.back", "ask.land_acres"]
    replay.hear("5 acre", [])
    assert fit(replay)["said"]["land_acres"] == 5


def test_with_no_question_asked_there_is_nothing_to_take_back(talk: Talk) -> None:
    assert talk("ur-Latn", "(button) back")[0] == ["menu.anything_else"]
    assert talk("ur-Latn", "pehla jawab ghalat tha")[0] != ["feedback.ask"]


def test_a_correction_belongs_to_the_question_that_is_open(talk: Talk) -> None:
    keys, _ = talk("ur-Latn", *BEGUN, "(button) payment_status", "ghalti ho gayi")
    assert "fit.back" not in keys
    keys, _ = talk("ur-Latn", *BEGUN, "(button) scam_check", "menu", "ghalti ho gayi")
    assert keys == ["fit.back", "ask.province"]


def test_another_programme_keeps_what_was_told(talk: Talk) -> None:
    _, replay = talk("ur-Latn", *BEGUN, "3", "kya main himmat card ki ahl hun")
    assert fit(replay)["programme"] == "himmat_card"
    assert fit(replay)["said"] == {"province": "multan"}, "a don't know may be asked again"


def test_facts_told_for_no_clear_reason_begin_the_questions(talk: Talk) -> None:
    keys, replay = talk("ur-Latn", "salam, meri maa bewa hai aur ek behan nabina hai, Multan")
    assert keys == ["fit.start", FIRST]
    assert fit(replay)["said"] == {
        "ever_married_woman": True,
        "disabled_member": True,
        "province": "multan",
    }
    assert talk("ur-Latn", "bewa hun, Multan")[1].session.slots["fit"]["said"]["province"] == "multan"
    keys, _ = talk("ur-Latn", "main bewa hun mere paise kab ayenge")
    assert keys == ["cnic.ask"]
    keys, _ = talk("ur-Latn", "mera khawand guzar gaya, bachay school jate hain, kya kuch hai hamare waste?")
    assert keys == ["fit.start", "ask.province"]
    assert talk("ur-Latn", "mera khawand guzar gaya")[0][-1] != "ask.province"


def test_a_programme_that_is_asked_about_is_turned_to(talk: Talk) -> None:
    named = Heard(at=START, text="x", slots={"programme": "himmat_card", "asking": True})
    _, replay = talk("ur-Latn", *BEGUN)
    turn = respond(replay.session, named)
    assert turn.call
    assert turn.call.args["programme"] == "himmat_card"
    assert turn.call.args["said"] == {"province": "multan"}
    statement = Heard(at=START, text="x", slots={"programme": "himmat_card"})
    turn = respond(Session(heard_at=START), statement)
    assert turn.call
    assert turn.call.name == "programme.facts"


def test_what_is_told_how_leaves_the_rest_to_be_picked(talk: Talk) -> None:
    lines = ("kya mujhe kafaalat mil sakti hai, main bewa hun", "nahi", "0", "Kya sath laana hai")
    keys, replay = talk("ur-Latn", *lines)
    assert keys == ["programme.documents"]
    replay.hear("kaise milega", [])
    assert [say.key for say in replay.turns[-1][0]] == ["programme.apply"]


def test_a_programme_named_after_the_verdict_is_judged_from_what_was_told(talk: Talk) -> None:
    lines = ("kya mujhe kisan card mil sakta hai, Okara se hun", "15 acre", "main kafaalat ki ahl hun?")
    keys, replay = talk("ur-Latn", *lines)
    assert keys == ["fit.not_eligible", "why.land.failed"]
    assert replay.session.slots["fit_told"]["said"] == {"province": "okara", "land_acres": 15}


def test_a_cnic_that_is_sent_leaves_the_questions(talk: Talk) -> None:
    status = '{"disclosure": "own", "last4": "0012", "enrolments": [], "payments": []}'
    keys, replay = talk("ur-Latn", *BEGUN, "9000000000012", results=(status,))
    assert keys == ["status.no_payment"]
    assert fit(replay)["said"] == {"province": "multan"}


def test_asked_for_the_cnic_people_may_tell_of_the_home_or_ask_again(talk: Talk) -> None:
    asked = "(button) eligibility_check"
    keys, replay = talk("ur-Latn", asked, "meri beti nabina hai")
    assert keys == ["fit.start", "ask.province"]
    assert fit(replay)["said"] == {"disabled_member": True}
    assert talk("ur-Latn", asked, "kya main ahl hun?")[0] == ["fit.start", "ask.province"]
    assert talk("ur-Latn", asked, "99999-1234")[0] == ["cnic.wrong_length"]
    assert talk("ur-Latn", asked, "hmm achha woh")[0] == ["cnic.why"]
    status = '{"disclosure": "own", "last4": "0012", "enrolments": [], "payments": []}'
    assert talk("ur-Latn", "kya main ahl hun? 9000000000012", results=(status,))[0] == [
        "eligibility.no_record"
    ]
    _, replay = talk("ur-Latn", "9000000000012", results=(status,))
    replay.hear("kya main ahl hun?", [status])
    assert [say.key for say in replay.turns[-1][0]] == ["eligibility.no_record"]


def test_a_clear_question_goes_before_a_refusal(talk: Talk) -> None:
    asked = "(button) payment_status"
    keys, _ = talk("ur-Latn", asked, "nahi, pehle batayein Okara mein camp kahan hai?", results=("! late",))
    assert keys == ["payment_point.not_known_now"]
    keys, _ = talk("ur-Latn", asked, "cnic nahi dena, kya main kafaalat ki ahl hun?")
    assert keys == ["cnic.why", "fit.start", "ask.province"]


def test_who_has_refused_the_cnic_is_not_asked_for_it_to_know_what_fits(talk: Talk) -> None:
    lines = ("(button) payment_status", "cnic nahi dena", "kya main ahl hun?")
    keys, replay = talk("ur-Latn", *lines)
    assert keys == ["fit.start", "ask.province"]
    status = '{"disclosure": "own", "last4": "0012", "enrolments": [], "payments": []}'
    replay.hear("9000000000012", [status])
    assert "no_card" not in replay.session.slots


def test_a_number_that_is_no_answer_is_asked_for_no_third_time(talk: Talk) -> None:
    lines = ("kya mujhe kisan card mil sakta hai, Okara se hun", "haan")
    keys, replay = talk("ur-Latn", *lines)
    assert keys == ["fit.again", "ask.land_acres"]
    replay.hear("haan ji", [])
    assert [say.key for say in replay.turns[-1][0]] == ["ask.bank_default"]


def test_a_consent_is_given_by_nothing_less_than_a_yes(talk: Talk) -> None:
    for text in ("are you sure?", "hai", "haan magar abhi nahi karna"):
        assert talk("ur-Latn", "(button) forget_me", text)[0] == ["privacy.not_forgotten"], text
    _, replay = talk("ur-Latn", "(button) forget_me", "haan mita dein", results=('{"stays": []}',))
    assert [say.key for say in replay.turns[-1][0]] == ["privacy.forgotten"]


def test_a_reason_asked_for_elsewhere_is_not_that_of_the_questions(talk: Talk) -> None:
    assert talk("ur-Latn", *BEGUN, "kyun")[0] == ["fit.why"]
    assert talk("ur-Latn", *BEGUN, "menu", "kyun")[0] == ["why.nothing"]


def test_kind_words_leave_the_question_open_and_show_no_menu(talk: Talk) -> None:
    keys, replay = talk("ur-Latn", *BEGUN, "assalam o alaikum")
    assert keys == ["welcome.hello"]
    assert replay.turns[-1][0][0].choices == ()
    replay.hear("2", [])
    assert fit(replay)["said"]["kafaalat_beneficiary"] is False


def test_the_fee_is_told_whatever_is_open(talk: Talk) -> None:
    keys, replay = talk("ur-Latn", "(button) payment_status", "is ki fees kitni hai?")
    assert keys == ["fee.free"]
    assert replay.session.expects == ("cnic",)
    assert talk("ur-Latn", "is ki fees kitni hai?")[0] == ["fee.free"]
    story = ("(button) complaint_staff", "us ne kaha fees kitni doge aur 500 liye")
    assert talk("ur-Latn", *story)[0] == ["complaint.ask.district"]


def test_an_opinion_that_is_asked_for_gives_way_to_a_question(talk: Talk) -> None:
    question = "mujhe yeh batayein ke mera survey kahan se ho sakta hai?"
    keys, _ = talk("ur-Latn", "(button) feedback", question, results=("{}",))
    assert keys == ["registration.where"]
    keys, _ = talk("ur-Latn", "(button) feedback", "bohat acha kaam hai shukriya", results=("{}",))
    assert keys == ["feedback.thanks"]


def test_what_a_dropped_complaint_was_really_about_is_answered(talk: Talk) -> None:
    keys, _ = talk("en", "(button) complaint_staff", "no complaint. when will my payment come?")
    assert keys == ["complaint.dropped", "cnic.ask"]


def test_nothing_is_filed_without_words_that_tell_something(talk: Talk) -> None:
    for text in ("2", "haan", "2 3 4", "?"):
        keys, _ = talk("ur-Latn", "(button) complaint_staff", text)
        assert keys == ["complaint.in_words"], text
    keys, _ = talk("ur-Latn", "(button) complaint_appeal", "2")
    assert keys == ["complaint.in_words"]


def test_after_a_night_another_family_begins_anew(talk: Talk) -> None:
    _, replay = talk("ur-Latn", *BEGUN, "menu")
    later = replay.now.replace(day=replay.now.day + 1)
    turn = respond(replay.session, Heard(at=later, text="menu", intent="menu", confidence=1.0))
    assert "fit" not in turn.session.slots
    _, replay = talk("ur-Latn", *BEGUN)
    turn = respond(replay.session, Heard(at=later, text="x"))
    assert [say.key for say in turn.says] == ["resume.go_on"]
    assert "fit" in turn.session.slots


def test_questions_that_failed_go_on_later(talk: Talk) -> None:
    _, replay = talk("ur-Latn", *BEGUN)
    asked = respond(replay.session, Heard(at=START, slots={"choice": "no"}, confidence=1.0))
    assert asked.call
    down = respond(asked.session, Result(Call("eligibility.next"), START, ok=False, error="late"))
    again = respond(down.session, Heard(at=START, intent="fit", confidence=0.9, text="x"))
    assert again.call
    assert again.call.args["said"] == {"province": "multan", "kafaalat_beneficiary": False}


def test_whoever_will_not_send_the_cnic_is_asked_the_questions(talk: Talk) -> None:
    keys, _ = talk("ur-Latn", "cnic nahi dena chahta, sirf batao milega ya nahi")
    assert keys == ["fit.start", "ask.province"]


def test_why_not_another_programme_is_answered_from_what_was_told(talk: Talk) -> None:
    keys, replay = talk("ur-Latn", *BEGUN, "himmat card kyun nahi")
    assert fit(replay)["programme"] == "himmat_card"
    assert fit(replay)["said"]["province"] == "multan"
    assert keys[-1].startswith(("ask.", "fit.", "why."))


def test_a_wrong_that_is_told_goes_before_the_questions(talk: Talk) -> None:
    keys, _ = talk("ur", *BEGUN, "ایجنٹ پانچ سو مانگ رہا ہے فارم کے")
    assert keys[0].startswith("complaint.")
    keys, _ = talk("ur", *BEGUN, "آپ کو پکا ہے کیا")
    assert keys[-1] == FIRST, "a doubt is none"


def test_what_is_asked_or_told_beside_leaves_the_question_open(talk: Talk) -> None:
    for line, first in (
        ("daftar kahan hai", "registration.office"),
        ("mere paas cnic nahi hai", "fit.noted"),
        ("is ki fees kitni hai", "fee.free"),
    ):
        keys, replay = talk("ur-Latn", *BEGUN, line)
        assert keys == [first, FIRST]
        assert replay.session.topic == "eligibility"


def test_a_denial_of_something_else_is_noted_and_no_answer(talk: Talk) -> None:
    keys, replay = talk("brh", *BEGUN, "زمین ہچ اف")
    assert keys == ["fit.noted", FIRST]
    assert fit(replay)["said"] == {"province": "multan", "land_acres": 0}
    assert "land_acres" not in fit(talk("ur", *BEGUN, "زمین کتنی ہو")[1])["said"]


def test_a_yes_takes_the_only_thing_that_was_offered(talk: Talk) -> None:
    keys, replay = talk("ur-Latn", *BEGUN, "himmat card kyun nahi", "nahi", "haan")
    assert keys != ["menu.offer"]
    assert fit(replay)["programme"] is None
