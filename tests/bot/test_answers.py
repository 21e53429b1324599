"""Free words as answers: yes, no, no answer, a question back and a step back, in every reply language."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from bot.messages import Button, Heard, Session
from bot.questions import choices_of, impossible, value_of, volunteered
from bot.render import Rendered, labelled
from bot.texts import Catalogue
from bot.understand import Expects, Words, understand
from bot.understand.answers import compile_particles
from bot.understand.normalise import loose
from services.locales import FOLDER, read_table
from tests.bot.test_texts import SPOKEN

AT = datetime(2026, 11, 25, 9, 0, tzinfo=UTC)
SAID = {"yes": True, "no": False, "?": "?", "-": "-"}
TABLE = [
    tuple(line.split("\t"))
    for line in Path(__file__).with_name("answers.tsv").read_text("utf-8").splitlines()
    if not line.startswith("#")
]
LAND = {"fact": "land_acres", "kind": "number", "low": 0, "high": 100_000, "whole": False}
NEEDED = {
    "yes", "no", "none", "polite", "some", "is", "or", "asks", "which", "why", "back", "fee", "questions",
    "no_matter", "no_card", "card", "complaint", "cancel", "drop", "before",
}  # fmt: skip


def yes_no(fact: str, **args: int) -> dict[str, Any]:
    return {"fact": fact, "kind": "yes_no", "args": args}


def hear(text: str, question: dict[str, Any], words: Words, language: str = "ur-Latn") -> Heard:
    choices, expects = choices_of(question)
    waits = Expects(expects, tuple(choice.id for choice in choices), language, fact=question["fact"])
    return understand(text, waits, words, at=AT)


@pytest.mark.parametrize(("language", "fact", "text", "meant"), TABLE)
def test_an_answer_in_free_words(language: str, fact: str, text: str, meant: str, words: Words) -> None:
    question = yes_no(fact)
    heard = hear(text, question, words, language)
    said = value_of(question, heard)
    if meant == "back":
        assert heard.slots["back"]
    elif meant == "why":
        assert heard.intent == "why"
    else:
        assert said == SAID.get(meant), heard
        assert "back" not in heard.slots
    assert heard.language in (None, language)


def test_the_table_has_every_kind_of_answer_in_every_language() -> None:
    for tag in SPOKEN:
        kinds = {meant for language, _, _, meant in TABLE if language == tag}
        assert {"yes", "no", "?", "-", "back", "why"} <= kinds, tag


@pytest.mark.parametrize("tag", SPOKEN)
def test_every_language_lists_what_its_words_do(tag: str) -> None:
    listed = read_table(FOLDER, tag, "words.toml", "answers")
    assert set(listed) >= NEEDED
    yes, no = (set(map(loose, listed[kind])) for kind in ("yes", "no"))
    assert not yes & (no | set(map(loose, listed["none"])))
    for kind, texts in listed.items():
        spelt = [loose(text) for text in texts]
        assert all(0 < len(text.split()) <= 4 for text in spelt), (kind, spelt)


@pytest.mark.parametrize(
    ("language", "text", "acres"),
    [
        ("en", "we own three acres", 3), ("en", "none of it is ours", 0),
        ("en", "we are 8 people", None),
        ("en", "perhaps 5 acres, i don't know", 5), ("en", "i'd rather not say", "-"), ("en", "-4", None),
        ("ur-Latn", "zameen koi nahi bhai", 0), ("ur-Latn", "do acre hain", 2), ("ur-Latn", "-2.5", None),
        ("ur-Latn", "meri umar 40 saal hai", None), ("ur-Latn", "hum 8 log ek kamre mein", None),
        ("ur", "ہماری زمین نہیں ہے", 0), ("ur", "ساڑھے", None), ("ur", "۴ ایکڑ اپنی ہے", 4),
        ("ur-Latn", "5 kanal", None), ("ur", "10 مرلے ہے", None), ("ur-Latn", "150 kanal", None),
        ("pa-Arab", "ساڈی زمین کوئی نئیں", 0), ("pa-Latn", "zameen hai e nai", 0), ("skr", "زمین کائناں", 0),
        ("sd", "اسان وٽ زمين ڪانهي", 0), ("sd-Latn", "zameen konhe", 0), ("ps", "زمکه نه لرو", 0),
        ("ps-Latn", "zmaka nishta", 0), ("bal", "زمین نیست", 0), ("brh", "زمین اف", 0),
        ("brh", "معلوم اف", "?"),
    ],
)  # fmt: skip
def test_a_number_in_free_words(language: str, text: str, acres: Any, words: Words) -> None:
    assert value_of(LAND, hear(text, LAND, words, language)) == acres


def test_rupees_are_not_taken_for_the_months_beside_them(words: Words) -> None:
    income = {"fact": "household_income", "kind": "number", "low": 0, "high": 10_000_000, "whole": True}
    for text, value in (("3 saal se 20000 kama rahe hain", 20_000), ("mahine ke 20 hazar aate hain", 20_000)):
        assert value_of(income, hear(text, income, words)) == value, text
    assert value_of(income, hear("500 saal", income, words)) is None


def test_what_cannot_be_is_told_with_what_can(words: Words) -> None:
    assert impossible(LAND, hear("-4", LAND, words)) == (0, 100_000)
    assert impossible(LAND, hear("4", LAND, words)) is None
    loan = yes_no("working_age_borrower", age_from=20, age_to=50)
    old = hear("meri umar 300 saal hai", loan, words)
    assert (value_of(loan, old), impossible(loan, old)) == (None, (0, 120))
    assert impossible(yes_no("vehicle"), hear("300 saal", yes_no("vehicle"), words)) is None
    assert impossible(LAND, object()) is None  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("text", "value"),
    [("45", True), ("60", False), ("umar 33", True), ("33 saal ki hun", True), ("jawan", None)],
)
def test_an_age_answers_a_question_for_one(text: str, value: bool | None, words: Words) -> None:
    loan = yes_no("working_age_borrower", age_from=20, age_to=50)
    assert value_of(loan, hear(text, loan, words)) is value


def test_under_two_is_not_two(words: Words) -> None:
    baby = yes_no("child_under_two", age_to=2)
    for text, value in (("1 saal", True), ("2 saal", False), ("3 saal ka hai", False)):
        assert value_of(baby, hear(text, baby, words)) is value, text


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("no disabled person lives here", {"disabled_member": False}),
        ("my father is not disabled", {}),
        ("I am a widow, no income at all", {"ever_married_woman": True}),
        ("no transgender or disabled person", {"transgender_member": False, "disabled_member": False}),
        ("ghar mein koi apahij nahi", {"disabled_member": False}),
        ("main apahij nahi hun", {}),
        ("koi khwaja sira ya mazoor nahi", {"transgender_member": False, "disabled_member": False}),
        ("hamare haan koi bewa nahi", {}),
        ("bewa hun aur kamane wala koi nahi", {"ever_married_woman": True}),
        ("گھر میں کوئی نابینا نہیں", {"disabled_member": False}),
        ("نہ کوئی معذور نہ کوئی خواجہ سرا", {"disabled_member": False, "transgender_member": False}),
        ("گھر وچ کوئی اپاہج نئیں", {"disabled_member": False}),
        ("ghar vich koi apahaj nai", {"disabled_member": False}),
        ("گھر وچ معذور کائنی", {"disabled_member": False}),
        ("گهر ۾ معذور ڪونهي", {"disabled_member": False}),
        ("مان بيواهه آهيان، آمدني ڪونهي", {"ever_married_woman": True}),
        ("ghar mein mazoor kona ahe", {"disabled_member": False}),
        ("کور کې معذور نشته", {"disabled_member": False}),
        ("معذور نه یم", {}),
        ("kor ke mazoor nishta", {"disabled_member": False}),
        ("لوگ ءَ معذور نیست", {"disabled_member": False}),
        ("اوراٹی معذور اف", {"disabled_member": False}),
    ],
)
def test_a_denied_fact_is_never_told_as_true(text: str, told: dict[str, bool], words: Words) -> None:
    language = "en" if text.isascii() and " is " in text else ""
    heard = understand(text, Expects(language=language), words, at=AT)
    assert volunteered(heard) == told


def test_a_denial_deep_in_another_story_is_no_answer(words: Words) -> None:
    question = yes_no("pregnant_or_nursing")
    story = hear("mera bacha mazoor hai, ghar mein aur koi nahi", question, words)
    assert value_of(question, story) is None
    assert volunteered(story) == {"disabled_member": True}
    own = hear("mera bacha mazoor hai, hamla koi nahi", question, words)
    assert value_of(question, own) is False


def test_another_matter_with_a_denial_in_it_is_no_answer(words: Words) -> None:
    heard = hear("mere paise abhi tak account mein nahi aaye", yes_no("vehicle"), words)
    assert heard.intent == "payment_status"


@pytest.mark.parametrize(
    ("text", "how"),
    [
        ("no", "no"), ("nahi bhejna", "no"), ("kyun?", "why"), ("why is that asked", "why"), ("skip", "no"),
        ("pata nahi", "no"), ("shanakhti card kis liye chahiye", "why"), ("mera paisa nahi aaya", None),
        ("apna card nahi bhejungi", "no"), ("9000000000012", None), ("شناختی کارڈ نہیں دوں گی", "no"),
        ("ڪارڊ جو نمبر نه ڏيندس", "no"), ("کارډ نمبر نه ورکوم", "no"), ("کارڈ ءِ نمبر ندیاں", "no"),
        ("کارڈ نا نمبر تفرہ", "no"), ("card da number nai dena", "no"), ("کارڈ دا نمبر نی ݙیوݨا", "no"),
        ("card jo number na dindas", "no"), ("card number na darkawam", "no"), ("کارڈ نئیں دینا", "no"),
    ],
)  # fmt: skip
def test_a_cnic_that_is_not_given(text: str, how: str | None, words: Words) -> None:
    heard = understand(text, Expects(("cnic",), (), "ur-Latn"), words, at=AT)
    assert heard.slots.get("refuses") == how


@pytest.mark.parametrize(
    ("text", "drops"),
    [
        ("cancel", True), ("it was no complaint", True), ("rehne do", True), ("complaint nahi", True),
        ("شکایت نہ", True), ("شڪايت ناهي", True), ("شکایت نشته", True), ("شکایت اف", True),
        ("koi shikayat nahi meri", True), ("pehle bhi shikayat ki thi kisi ne jawab nahi diya", False),
        ("the clerk did not give me the money", False), ("dukan wale ne paise kaate", False),
    ],
)  # fmt: skip
def test_what_is_no_complaint(text: str, drops: bool, words: Words) -> None:
    heard = understand(text, Expects(("text",), (), "ur-Latn"), words, at=AT)
    assert (heard.slots.get("drop") == "outright") is drops


MENU = ("payment_status", "fit", "menu")
LABELS = ("my payment", "what may fit us", "menu")


@pytest.mark.parametrize(
    ("text", "choice"),
    [
        ("What may fit us", "fit"), ("what may fit us?", "fit"), ("2 What may fit us", "fit"),
        ("what may fti us", "fit"), ("My Paymnt", "payment_status"), ("what may it be", None),
        ("1 what may fit us", None), ("2", "fit"), ("my payments are late", None), ("menu", "menu"),
    ],
)  # fmt: skip
def test_a_label_that_is_typed_is_chosen(text: str, choice: str | None, words: Words) -> None:
    heard = understand(text, Expects((), MENU, "en", LABELS), words, at=AT)
    assert heard.slots.get("choice") == choice


def test_of_labels_with_numbers_none_is_guessed_at(words: Words) -> None:
    labels = ("the one ending 0012", "the one ending 0013")
    waits = Expects(("cnic",), ("first", "second"), "en", labels)
    assert understand("the one ending 0014", waits, words, at=AT).slots.get("choice") is None
    assert understand("The one ending 0013", waits, words, at=AT).slots["choice"] == "second"
    near = Expects((), ("a", "b"), "en", ("red house", "rad house"))
    assert understand("rd house", near, words, at=AT).slots.get("choice") is None


def test_the_session_knows_what_was_shown() -> None:
    session = Session(choices=("yes", "no"))
    shown = Rendered(("x",), (Button("yes", "Ji haan!"), Button("no", "Nahi")))
    known = labelled(session, shown)
    assert known.labels == ("ji haan", "nahi")
    assert Session.from_json(known.to_json()) == known
    assert labelled(known, Rendered(("by the way",))).labels == ("ji haan", "nahi"), "the question stays open"
    assert labelled(Session(labels=("old",)), Rendered(("x",))).labels == ()


@pytest.mark.parametrize("tag", SPOKEN)
def test_what_the_bot_tells_people_to_write_keeps_the_language(
    tag: str, words: Words, catalogue: Catalogue
) -> None:
    for key in ("why.nothing", "complaint.why_appeal"):
        for form in ("long", "short"):
            entry = catalogue.entry(key, tag, form)  # type: ignore[arg-type]
            example = entry.text.partition(":")[2].strip() if entry else ""
            example = example.partition("۔ ")[0].partition(". ")[0]
            assert understand(example, Expects(language=tag), words, at=AT).language is None, example
    label = catalogue.text("eligibility.choice.fit", tag)
    assert understand(label, Expects(language=tag), words, at=AT).language is None, label


@pytest.mark.parametrize("text", ["haan 5 saal", "bilkul", "kya ae", "3 bache 2 betiyan", "jee sain"])
def test_a_word_or_two_change_no_language(text: str, words: Words) -> None:
    assert understand(text, Expects(language="ur-Latn"), words, at=AT).language is None


def test_a_word_of_one_language_does_the_same_in_all_that_do_not_know_better() -> None:
    particles = compile_particles(
        {"a": {"yes": ["ho", "zoro"], "none": ["xo"]}, "b": {"yes": ["zoro"], "is": ["hai"]}},
        {"a": ["ho"], "b": ["ho"]},
    )
    assert particles.of("ho", "a") == {"yes"}
    assert not particles.of("ho", "b"), "there it is an everyday word"
    assert particles.of("zoro", "c") == {"yes"}
    assert particles.of("hai", "a") == {"is"}
    assert not particles.of("xo", "b"), "too short to be trusted elsewhere"
