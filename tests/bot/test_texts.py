"""The catalogue: every text of every language, and what a wrong one does."""

import re
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from string import Formatter

import pytest

from bot import standing
from bot.evidence import FIELDS
from bot.messages import Choice, Heard, Limits, Say, Session
from bot.questions import choices_of
from bot.render import AIM, render
from bot.segments import count
from bot.steps import CNIC_ENDS, SEND_CODE, SHARE_PHONE, menu_of
from bot.texts import Catalogue, Entry, Language, known_locale, placeholders
from bot.topics import OPENINGS, complaint, eligibility, privacy
from services.checks import texts as faults_of
from services.eligibility.decision import decide
from services.eligibility.facts import Statement
from services.eligibility.rules import facts_of
from services.programmes.advice import reasons
from services.programmes.load import load_programmes
from services.registry import EnrolmentReason, EnrolmentStatus, PaymentReason, PaymentStatus
from tests.bot.longest import ALONG, BUDGETED, LONG_NAME, LONGEST, PARTS_OF_TEXTS, PRIVATE

PROGRAMMES = load_programmes()
TODAY = datetime(2026, 10, 5, tzinfo=UTC)

SMS = Limits(alphabet="sms", units=10, parts=2)
SPOKEN = (
    "bal", "brh", "en", "pa-Arab", "pa-Latn", "ps", "ps-Latn", "sd", "sd-Latn", "skr", "ur", "ur-Latn",
)  # fmt: skip
KINDS = {"", "money", "number", "date", "day", "when", "cycle", "place", "local", "language"}


def _literals(kind: object) -> tuple[str, ...]:
    return tuple(getattr(kind, "__args__", ()))


def test_nothing_is_missing_or_strange(catalogue: Catalogue) -> None:
    assert faults_of(catalogue) == []
    for tag in SPOKEN:
        assert catalogue.language(tag).reply
        assert not catalogue.missing(tag)


@pytest.mark.parametrize("tag", SPOKEN)
def test_every_text_can_be_said(catalogue: Catalogue, tag: str) -> None:
    for (key, form), entry in catalogue.texts[tag].items():
        for _, kind in placeholders(entry.text):
            assert kind in KINDS or kind.endswith("."), (key, kind)
        # A formatter that Python itself does not understand would fail only when it is said.
        assert list(Formatter().parse(entry.text))
        assert entry.text.strip() == entry.text, (key, form)
        assert "  " not in entry.text, (key, form)


def _sayable() -> Iterator[Say]:
    for status in _literals(PaymentStatus):
        for hindrance in (None, *_literals(PaymentReason)):
            if status == "blocked" and hindrance == "not_collected":
                continue
            for point in (LONG_NAME, None):
                payment = {**LONGEST, "status": status, "reason": hindrance, "point": point, "children": []}
                yield standing.of_payment(payment | {"as_of": None})[0]
    for status in _literals(EnrolmentStatus):
        for reason in (None, *_literals(EnrolmentReason)):
            enrolment = {**LONGEST, "status": status, "reason": reason}
            yield standing.of_enrolment(enrolment, "0012")
        yield standing.of_word([{"status": status}], "0012")
    yield standing.of_word([], "0012")
    for key in (
        "status.not_known_now", "status.no_payment", "eligibility.no_record", "eligibility.not_known_now",
        "complaint.filed", "complaint.filed_quietly", "complaint.not_filed", "complaint.none_found",
        "complaint.not_known_now", "complaint.needed", "complaint.already", "complaint.ready",
        "complaint.closed", "complaint.reopened", "complaint.too_late", "complaint.ombudsman",
        "complaint.note", "complaint.by", "complaint.by_last", "complaint.answer",
        "cnic.ask", "cnic.ask_again", "cnic.ask_theirs", "cnic.wrong_length", "cnic.repeated",
        "complaint.dropped", "complaint.in_words", *PRIVATE, "status.no_payment",
    ):  # fmt: skip
        yield Say(key, LONGEST)
    yield Say("cnic.why", choices=(eligibility.FIT,))
    for key in ("fit.back", "fit.back.none", "fit.possible", "fit.again", "fit.noted"):
        yield Say(key, {"low": 0, "high": 10_000_000})
    yield from _complaints()
    yield from _advice()
    two = tuple(Choice(end, "cnic.ending", {"last4": "0012"}) for end in CNIC_ENDS[:2])
    yield Say("cnic.which_of_two", choices=two)
    yield Say("privacy.prove", choices=(SHARE_PHONE,))
    yield Say("privacy.neutral", LONGEST, (SEND_CODE,))
    yield Say("privacy.what", choices=menu_of("helper", "who_asked", "forget_me"))
    yield Say("privacy.forget", choices=privacy.YES_NO)
    yield Say("helper.confirm", LONGEST, privacy.YES_NO)
    yield Say("helper.there_are", LONGEST, (privacy.END, privacy.ANOTHER))
    yield Say("cnic.whose", choices=tuple(Choice(end, "cnic.person", LONGEST) for end in CNIC_ENDS[:3]))


def _complaints() -> Iterator[Say]:
    """Menus, and what is asked for."""
    for field in FIELDS.values():
        yield Say(field.key, choices=field.choices)
    first = complaint.open(Session(), Heard(TODAY, slots={"choice": "x"}))
    more = complaint.got_category(Session(), Heard(TODAY, slots={"choice": "other"}))
    yield from (*first.says, *more.says, *complaint.ask_solved(Session(), "4829-1736", "x" * 40).says)
    yield Say("complaint.status.closed_unanswered", LONGEST, complaint.SOLVED[1:])


BANDS = [[0, 44_999], [45_000, 149_999], [150_000, 10_000_000]]
QUESTIONS = {
    "yes_no": {}, "choice": {}, "number": {"low": 0, "high": 10_000_000, "whole": True, "bands": BANDS},
}  # fmt: skip


NAMED = {"age_from": 18, "age_to": 60, "town": 5, "village": 10}
"""Numbers that questions name."""


def _advice() -> Iterator[Say]:
    """Every question, verdict and reason, as the eligibility topic puts them together."""
    for fact in PROGRAMMES.vocabulary.facts.values():
        if fact.asked:
            bands = QUESTIONS[fact.kind] if PROGRAMMES.units.get(fact.name) != "acres" else {}
            choices, _ = choices_of({"kind": fact.kind, **bands})
            yield Say(f"ask.{fact.name}", NAMED, choices)
            yield Say("fit.why", choices=choices)
    fit = {"why": [["x", {}]], "apply": "x", "documents": ["x"]}
    for key in ("fit.eligible", "fit.hangs_on_score", "fit.hangs_on_list", "fit.not_known"):
        for id in PROGRAMMES.by_id:
            yield Say(key, {"programme": id}, eligibility._offers(fit))
    for key in ("fit.none", "fit.too_little", "why.nothing"):
        yield Say(key, LONGEST)
    yield Say("eligibility.which_way", choices=(eligibility.FIT,))


def _together() -> Iterator[list[Say]]:
    """What is said in one message of several sentences."""
    for by in ("complaint.by", "complaint.by_last"):
        for key in (
            "filed",
            "filed_quietly",
            "reopened",
            *(f"status.{s}" for s in ("new", "assigned", "in_progress")),
        ):
            yield [Say(f"complaint.{key}", LONGEST), Say(by, LONGEST)]
    yield list(complaint.ask_solved(Session(), "4829-1736", "x" * 40).says)
    for say in _advice():
        if say.key.startswith("ask.") and len(say.choices) <= 3:
            yield [Say("fit.start"), say]
    named = ["transgender_persons", "special_persons", "taleemi_wazaif"]
    fit = {"why": [["x", {}]], "apply": "x", "documents": ["x"]}
    yield [
        Say("fit.several", {"programmes": named}),
        Say("fit.several.first", {"programme": named[0]}, eligibility._offers(fit)),
    ]
    more = (Choice("why", "fit.choice.more"),)
    for id, programme in PROGRAMMES.by_id.items():
        for day in (*programme.days(), date(2026, 11, 25)):
            for household in (
                {},
                *({name: value} for name in programme.rules(day).facts() for value in _some(name)),
            ):
                settled = PROGRAMMES.vocabulary.settle({n: [Statement(v)] for n, v in household.items()}, day)
                decision = decide(programme.rules(day), settled.household, day)
                for key, args in reasons(PROGRAMMES, decision):
                    source = "why.source" if args.get("source_date") else "why.source_undated"
                    yield [Say(key, args), Say(source, args, more)]
                    if key.endswith(".failed"):
                        told = {
                            "verdict": "not_eligible",
                            "why": [[key, args]],
                            "programme": id,
                            "registry": "nser",
                            "hangs": None,
                        }
                        says, choices = eligibility._one([told])
                        yield [*says[:-1], Say(says[-1].key, says[-1].args, choices)]


def _some(name: str) -> list[object]:
    fact = PROGRAMMES.vocabulary.facts[name]
    kinds = {
        "yes_no": [True, False],
        "choice": list(fact.values),
        "number": [fact.low, min(fact.high, 999_999)],
    }
    return kinds[fact.kind]  # type: ignore[return-value]


@pytest.mark.parametrize("tag", SPOKEN)
def test_replies_of_several_sentences_stay_within_their_budget(catalogue: Catalogue, tag: str) -> None:
    too_long = {}
    for says in _together():
        parts = render(says, tag, SMS, catalogue).parts
        cost = [count(part) for part in parts]
        if sum(part.segments for part in cost) > AIM[cost[0].alphabet]:
            too_long[tuple(say.key for say in says)] = f"{[part.units for part in cost]} {parts}"
    assert not too_long, "\n".join(f"{keys} {told}" for keys, told in too_long.items())


@pytest.mark.parametrize("tag", SPOKEN)
def test_replies_stay_within_their_budget_with_the_longest_arguments(catalogue: Catalogue, tag: str) -> None:
    too_long = []
    for say in _sayable():
        parts = render([say], tag, SMS, catalogue).parts
        cost = [count(part) for part in parts]
        if sum(part.segments for part in cost) > AIM[cost[0].alphabet]:
            too_long.append(f"{say.key} {[part.units for part in cost]} {parts}")
    assert not too_long, "\n".join(too_long)


def test_the_budget_covers_every_text_of_its_topics(catalogue: Catalogue) -> None:
    said = {say.key for say in _sayable()}
    statuses = {key for key in catalogue.keys("en") if key.startswith("complaint.status.")}
    for key in catalogue.keys("en") - statuses:
        if key.startswith(BUDGETED) and not key.startswith(PARTS_OF_TEXTS):
            assert key in said or key in ("privacy.share_phone", "cnic.ending", "cnic.person"), key


@pytest.mark.parametrize("tag", SPOKEN)
def test_what_is_said_beside_something_else_costs_a_segment(catalogue: Catalogue, tag: str) -> None:
    for key in catalogue.keys("en"):
        if key.startswith(ALONG):
            text = catalogue.text(key, tag, LONGEST, form="short")
            assert count(text).segments <= (1 if count(text).alphabet == "gsm7" else 2), (key, text)


def test_programmes_and_places_have_their_texts(catalogue: Catalogue) -> None:
    for id, programme in PROGRAMMES.by_id.items():
        file = programme.file
        keys = {f"programme.name.{id}", f"programme.about.{id}"}
        keys |= {f"document.name.{paper}" for papers in file.documents for paper in papers.bring}
        keys |= {f"programme.apply.{way.how}" for way in file.apply}
        keys |= {f"programme.per.{benefit.per}" for benefit in file.benefits.values()}
        for tag in SPOKEN:
            for key in keys:
                assert any((key, "long") in catalogue.texts[own] for own in catalogue.chain(tag)), (tag, key)
    for place in catalogue.places.values():
        assert place["en"]
        assert place["ur"]


def test_every_criterion_and_question_has_its_sentences(catalogue: Catalogue) -> None:
    keys = set()
    for programme in PROGRAMMES.by_id.values():
        for criterion, versions in programme.conditions.items():
            keys |= {f"why.{criterion}.{state}" for state in ("met", "failed", "unknown")}
            names = {name for version in versions for name in facts_of(version.rule)}
            keys |= {f"ask.{name}" for name in names if PROGRAMMES.vocabulary.facts[name].asked}
    keys |= {f"province.{value}" for value in PROGRAMMES.vocabulary.facts["province"].values}
    for tag in SPOKEN:
        lacking = keys - catalogue.keys(tag)
        assert not lacking, (tag, sorted(lacking))


def test_menus_name_only_what_there_is(catalogue: Catalogue) -> None:
    for key in catalogue.keys("en"):
        if key.startswith("menu.") and key not in ("menu.offer", "menu.anything_else"):
            assert key.removeprefix("menu.") in OPENINGS


def test_no_text_asks_for_a_secret(catalogue: Catalogue) -> None:
    """Each mention of a PIN or OTP is a warning, in the languages whose negations we can check."""
    never = re.compile(
        r"\b(?:never|nobody|not|don't|fraud|na|thag|nahi|nahe|natha|natho|konhe|nai|no|ma|kisi ko na)\b"
        r"|نہ|نہیں|نه|مه|مہ|فراڈ|مدئی|تفبو|پاپبو|کپبو|حق کسے اف|ٹھگ|نئیں|ٺڳ|ٹھڳ|ټګ|ټگ|نٿو|ڪونه",
        re.IGNORECASE,
    )
    for tag in SPOKEN:
        for entry in catalogue.texts[tag].values():
            if re.search(r"\b(?:PIN|OTP)\b", entry.text):
                assert never.search(entry.text), entry.text


def test_a_missing_text_or_argument_is_named(catalogue: Catalogue) -> None:
    with pytest.raises(KeyError, match=r"no\.such\.key"):
        catalogue.text("no.such.key", "en")
    with pytest.raises(KeyError, match="amount"):
        catalogue.text("status.ready", "en", {"programme": "kafaalat"})


def test_values_are_shown_in_the_language(catalogue: Catalogue) -> None:
    def shown(template: str, value: object, tag: str) -> str:
        own = Catalogue(
            catalogue.languages,
            {tag: {("t", "long"): Entry(template), ("cycle.Q3", "long"): Entry("Q3 {year}")}},
            {},
            catalogue.places,
        )
        return own.text("t", tag, {"x": value})

    assert shown("{x:money}", 13500, "ur") == "13,500"
    assert shown("{x:money}", 1234567, "ps") == "1,234,567"
    assert shown("{x:date}", "2026-01-05", "en") == "5 January 2026"
    assert shown("{x:date}", "2026-01-05", "ur") == "5 جنوری 2026"
    assert shown("{x:day}", "2026-01-05", "en") == "5 January"
    assert shown("{x:when}", "2026", "ur") == "2026"
    assert shown("{x:when}", "2026-01", "ur") == "جنوری 2026"
    assert shown("{x:when}", "2026-01-05", "en") == "5 Jan 2026"
    assert shown("{x:cycle}", "2026-Q3", "en") == "Q3 2026"
    assert shown("{x:place}", "kech", "ur") == "کیچ"
    assert shown("{x:place}", "new_place", "en") == "New Place"
    assert shown("{x:local}", {"en": "Camp", "ur": "کیمپ"}, "ur") == "کیمپ"
    assert shown("{x:local}", "as it is", "ur") == "as it is"
    assert shown("{x}", ["a", "b"], "en") == "a, b"
    assert shown("{x}", ["a", "b"], "ur") == "a، b"


def test_plurals_and_the_chain_of_languages() -> None:
    languages = {
        "ur": Language("ur", "اردو", "Urdu", "Arab", "rtl", "ur", ("en",), True),
        "en": Language("en", "English", "English", "Latn", "ltr", "en", (), True),
        "skr": Language("skr", "سرائیکی", "Saraiki", "Arab", "rtl", "ur", ("ur", "en")),
    }
    catalogue = Catalogue(
        languages,
        {
            "en": {("days", "long"): Entry("{n} day", "{n} days"), ("only", "long"): Entry("only English")},
            "ur": {("days", "long"): Entry("{n} دن")},
        },
    )
    assert catalogue.text("days", "en", {"n": 1}) == "1 day"
    assert catalogue.text("days", "en", {"n": 2}) == "2 days"
    assert catalogue.text("days", "skr", {"n": 2}) == "2 دن"
    assert catalogue.text("only", "skr") == "only English"
    assert catalogue.missing("ur") == {"only"}
    assert catalogue.language("xx").tag == "ur"


def test_locales_are_known() -> None:
    assert known_locale("ur")
    assert not known_locale("xx_nowhere")


def test_commands_do_not_clash_between_languages() -> None:
    """A word that stands alone means one thing, whatever the language of its file."""
    import tomllib

    meanings: dict[str, set[str]] = {}
    for file in Path("locales").glob("*/phrases.toml"):
        for intent, words in tomllib.loads(file.read_text("utf-8")).get("words", {}).items():
            for word in words:
                meanings.setdefault(word.lower(), set()).add(intent)
    assert {word: found for word, found in meanings.items() if len(found) > 1} == {}
