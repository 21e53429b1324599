"""First messages: what a family tells of itself, and programmes that take nobody or that nobody knows."""

from datetime import UTC, datetime
from typing import Any

import pytest

from bot.dialogue import respond
from bot.messages import Call, Choice, Heard, Limits, Result, Say, Session, Turn
from bot.render import AIM, render
from bot.segments import count
from bot.texts import Catalogue
from bot.topics import eligibility
from bot.understand import Expects, Words, understand
from services.eligibility.decision import decide
from services.eligibility.facts import Statement
from services.programmes.advice import CORE, reasons
from services.programmes.load import load_programmes

AT = datetime(2026, 11, 25, 9, 0, tzinfo=UTC)
BISP = {"en": "BISP", "ur": "بی آئی ایس پی"}


SMS = Limits(alphabet="sms", units=10, parts=2)
PROGRAMMES = load_programmes()
LEFT_OUT: dict[str, Any] = {
    "government_employee": True, "government_pensioner": True, "taxpayer": True, "vehicle": True,
    "travelled_abroad": True, "land_acres": 900, "ever_married_woman": False, "transgender_member": False,
}  # fmt: skip
"""What families tell of themselves that leaves them out of the core programme."""


def _hear(text: str, words: Words) -> Heard:
    return understand(text, Expects(), words, at=AT)


def _heard(intent: str, **slots: Any) -> Heard:
    return Heard(at=AT, text="x", intent=intent, confidence=0.9, slots=slots)


def _told(turn: Turn, **data: Any) -> Turn:
    assert turn.call
    return respond(turn.session, Result(turn.call, AT, data=data))


def _said(turn: Turn) -> list[str]:
    return [say.key for say in turn.says]


@pytest.mark.parametrize(
    ("text", "facts"),
    [
        ("we have 5 acres of land", {"land_acres": 5}),
        ("ساڈے کول تِن کِلے زمین اے", {}),
        ("teen killa zameen hai hamari", {"land_acres": 3}),
        ("16 kanal zameen", {"land_acres": 2}),
        ("3 kanal hai bas", {"land_acres": 0.375}),
        ("2.5 acre", {}),
        ("8 bache hain aur zameen acre bhi nahi", {}),
        ("5000 acre", {}),
        ("my poverty score came out 28", {"poverty_score": 28}),
        ("28 is my score", {"poverty_score": 28}),
        ("mera score 32 se zyada hai", {}),
        ("score above 40 means what", {}),
        ("score kam karne ke 1500 mange", {}),
    ],
)
def test_a_number_beside_its_word_is_a_fact(text: str, facts: dict[str, float], words: Words) -> None:
    slots = _hear(text, words).slots
    assert {
        name[5:]: v for name, v in slots.items() if name in ("fact.land_acres", "fact.poverty_score")
    } == facts
    assert "measure" not in slots


@pytest.mark.parametrize(
    ("text", "facts"),
    [
        ("meri 3 betiyan school jati hain mian faut ho chuke", {"school_child", "ever_married_woman"}),
        ("khawand ka pichle saal inteqal hua", {"ever_married_woman"}),
        ("left me two years ago, my husband", {"ever_married_woman"}),
        ("منهنجا ٽي ٻار اسڪول وڃن ٿا", {"school_child"}),
        ("دھیاں میریاں دوویں پڑھدیاں نیں", {"school_child"}),
        ("زما دوه لوڼه سکول ته ځي", {"school_child"}),
        ("bache school nahi jate", set()),
        ("bache nahi hain, school kahan hai", set()),
        ("beta university mein parhta hai", {"public_university_student"}),
        ("bacha bimar hai, gaon mein na sarak na bijli na pani na school", set()),
        ("school ke paas dukan", set()),
    ],
)
def test_two_words_near_each_other_tell_a_fact(text: str, facts: set[str], words: Words) -> None:
    assert {name[5:] for name in _hear(text, words).slots if name.startswith("fact.")} == facts


@pytest.mark.parametrize(
    ("text", "unknown"),
    [
        ("how can I get the Khushhali card", True), ("awami dost scheme kya hai", True),
        ("خوشحالی کارڈ کیسے ملے گا", True), ("khushhali card", True),
        ("kisan card kya hai", False), ("kissan kard kya hai", False), ("my id card is lost", False),
        ("mera card block ho gaya", False), ("card", False), ("konsa program hai", False),
        ("atm card phans gaya", False), ("12 card", False), ("ab card", False),
    ],
)  # fmt: skip
def test_a_strange_name_before_card_or_scheme_is_a_programme_that_nobody_knows(
    text: str, unknown: bool, words: Words
) -> None:
    heard = _hear(text, words)
    assert heard.slots.get("unknown", False) is unknown
    assert not unknown or heard.intent == "programme_info"


def test_who_is_sure_to_want_something_else_is_not_told_of_programmes(words: Words) -> None:
    assert _hear("jazz ka sasta internet package konsa hai", words).intent == "out_of_scope"


@pytest.mark.parametrize("intent", ["programme_info", "registration_survey", "eligibility_check"])
def test_of_an_unknown_programme_no_papers_are_named(intent: str) -> None:
    turn = respond(Session(), _heard(intent, unknown=True))
    assert _said(turn) == ["programme.unknown_name"]
    assert [choice.id for choice in turn.says[0].choices] == ["fit"]


def test_nobody_is_told_how_to_register_for_what_takes_nobody() -> None:
    asked = respond(Session(), _heard("registration_survey", programme="emergency_cash"))
    assert asked.call == Call("programme.facts", {"programme": "emergency_cash"})
    for state in ("closed", "suspended", "unsure"):
        assert _said(_told(asked, programme="emergency_cash", state=state)) == [f"programme.{state}"]


def test_that_a_programme_is_closed_answers_the_question_about_it_too() -> None:
    heard = Heard(
        at=AT, text="x", intent="programme_info", confidence=0.9, also=("registration_survey",),
        slots={"programme": "emergency_cash"},
    )  # fmt: skip
    asked = respond(Session(), heard)
    assert asked.call
    turn = _told(asked, programme="emergency_cash", state="closed")
    assert "programme.which" not in _said(turn)


def test_each_programme_is_joined_in_its_own_way() -> None:
    asked = respond(Session(), _heard("registration_survey", programme="kisan_card"))
    told = _told(asked, programme="kisan_card", state="open", apply="agriculture_office")
    assert _said(told) == ["programme.apply"]
    asked = respond(Session(), _heard("registration_survey"))
    assert asked.call == Call("programme.facts", {"programme": "kafaalat"})
    told = _told(asked, programme="kafaalat", state="open", apply="x", documents=["own_cnic"])
    assert _said(told) == ["registration.how"]


def test_where_the_office_is() -> None:
    assert _said(respond(Session(), _heard("registration_survey", asks="office"))) == ["registration.office"]


def test_who_decides() -> None:
    asked = respond(Session(), _heard("programme_info", asks="decides"))
    assert asked.call == Call("programme.facts", {"programme": "kafaalat"})
    assert _said(_told(asked, programme="kafaalat", state="open", run_by=BISP)) == ["programme.decides"]


def test_who_tells_a_score_asks_about_the_programme_that_goes_by_it() -> None:
    turn = respond(Session(), _heard("eligibility_check", **{"fact.poverty_score": 28}))
    assert turn.call
    assert (turn.call.args["programme"], turn.call.args["said"]) == ("kafaalat", {"poverty_score": 28})


FIT = {
    "programme": "hunarmand", "verdict": "not_yet_known", "hangs": "list", "registry": "nser", "rules": "x",
    "why": [["why.listed_household.unknown", {}]], "apply": "website", "link": "x",
}  # fmt: skip
REFUSED = {**FIT, "programme": "kafaalat", "verdict": "not_eligible", "why": [["why.vehicle.failed", {}]]}


def _advised(fits: list[dict[str, Any]], said: dict[str, Any], **more: Any) -> Turn:
    fit = {"programme": None, "said": said, "asked": [], "question": None}
    session = Session(slots={"fit": fit}, topic="eligibility", step="got_next", heard_at=AT)
    return respond(session, Result(Call("eligibility.next"), AT, data={"fits": fits, **more}))


def test_a_no_to_the_core_programme_is_told_first_with_its_reason() -> None:
    turn = _advised([FIT], {"vehicle": True}, refused=REFUSED)
    assert _said(turn) == ["fit.refused", "fit.hangs_on_list"]
    assert turn.says[0].args == {"programme": "kafaalat", "why": "vehicle.failed"}
    turn = _advised([FIT, {**FIT, "programme": "x"}, {**FIT, "programme": "y"}], {}, refused=REFUSED)
    assert _said(turn) == ["fit.refused", "fit.several"]
    assert turn.says[1].args == {"programmes": ["hunarmand", "x"]}
    assert [choice.id for choice in turn.says[1].choices] == ["apply"]
    none = _advised([], {}, refused=REFUSED)
    assert _said(none) == ["fit.refused", "fit.none"]
    assert none.session.slots["why"] == REFUSED["why"]


def test_a_family_that_was_never_surveyed_is_told_to_be_surveyed_first() -> None:
    scored = {**FIT, "programme": "kafaalat", "hangs": "score"}
    for fits in ([scored], [scored, FIT]):
        turn = _advised(fits, {"surveyed": False})
        assert _said(turn) == ["fit.never_surveyed"]
        assert turn.says[0].args == {"programme": "kafaalat"}
    assert _said(_advised([scored], {})) == ["fit.hangs_on_score"]


def test_too_few_answers_are_told_only_to_those_who_would_not_answer() -> None:
    open_ = {**FIT, "hangs": "answers"}
    assert _said(_advised([open_], {"vehicle": "-"})) == ["fit.too_little"]
    assert _said(_advised([open_], {"vehicle": "?"})) == ["fit.not_known"]


def _sayable() -> list[list[Say]]:
    ways = tuple(Choice(part, f"programme.choice.{part}") for part in ("documents", "apply"))
    offers = eligibility._offers({"why": [["x", {}]], "apply": "x", "documents": ["x"]})
    said = [
        [Say("registration.office")],
        [Say("programme.unknown_name", choices=(eligibility.FIT,))],
        [Say("programme.decides", {"run_by": BISP, "programme": "taleemi_wazaif"}, ways)],
        *([Say("fit.never_surveyed", {"programme": id}, offers)] for id in PROGRAMMES.by_id),
    ]
    several = Say("fit.several", {"programmes": ["himmat_card", "hunarmand"]}, (eligibility.APPLY,))
    settled = PROGRAMMES.vocabulary.settle({n: [Statement(v)] for n, v in LEFT_OUT.items()}, AT.date())
    decision = decide(PROGRAMMES.by_id[CORE].rules(AT.date()), settled.household, AT.date())
    for why in reasons(PROGRAMMES, decision):
        if why[0].endswith(".failed"):
            no = eligibility._refusal({"programme": CORE, "why": [why]})
            said += [[no, several], [no, Say("fit.none")]]
    return said


@pytest.mark.parametrize(
    "tag",
    ["bal", "brh", "en", "pa-Arab", "pa-Latn", "ps", "ps-Latn", "sd", "sd-Latn", "skr", "ur", "ur-Latn"],
)
def test_the_replies_stay_within_their_budget(catalogue: Catalogue, tag: str) -> None:
    for says in _sayable():
        parts = render(says, tag, SMS, catalogue).parts
        cost = [count(part) for part in parts]
        assert sum(part.segments for part in cost) <= AIM[cost[0].alphabet], parts
