"""USSD screens: as much as fits, nothing lost, and keys that are never taken for an answer."""

import re
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.messages import Choice, Limits, Say, Session
from bot.render import Rendered, labelled, render
from bot.screens import goes_on, key_lines, screen, screens, turned, wants_menu
from bot.segments import clusters, count
from bot.texts import Catalogue
from channels.ussd import LIMITS

KEYS = "\n0 Back\n9 More"
GSM = st.text(alphabet="abcXYZ 0189.?\n{€", max_size=900)
URDU = st.text(alphabet="ابپتکگلمنوہیے ۔،؟\n0123456789\u0651", max_size=500)
ANY = st.text(alphabet=st.characters(exclude_categories=("Cs",)), max_size=400)
LABELS = st.lists(st.one_of(st.text("abc de", max_size=60), st.text("ابپ ت", max_size=60)), max_size=9)


def _room(text: str) -> int:
    return {"gsm7": 182, "ucs2": 80}[count(text).alphabet]


def _bare(text: str) -> str:
    return re.sub(r"\s", "", text)


@pytest.mark.parametrize(
    ("text", "lines", "shown"),
    [
        ("a" * 182, [], ("a" * 182,)),
        ("€" * 91, [], ("€" * 91,)),
        ("a" * 183, [], ("a" * 168, "a" * 15)),
        ("ا" * 80, [], ("ا" * 80,)),
        ("ا" * 81, [], ("ا" * 66, "ا" * 15)),
        ("a" * 179, ["1 b"], ("a" * 168, "a" * 11 + "\n1 b")),
        ("a" * 178, ["1 b"], ("a" * 178 + "\n1 b",)),
        ("Which?", ["1 a", "2 b", "3 c", "4 d"], ("Which?\n1 a\n2 b\n3 c\n4 d",)),
        ("Which?", ["1 a", "2 b", "3 c", "4 d", "5 e"], ("Which?\n1 a\n2 b\n3 c\n4 d", "5 e")),
        ("", ["1 " + "a" * 170], ("\n1 " + "a" * 170,)),
        ("", ["1 " + "a " * 100], ("1 " + ("a " * 83).strip(), ("a " * 17).strip())),
    ],
)
def test_what_screens_hold(text: str, lines: list[str], shown: tuple[str, ...]) -> None:
    assert screens(text, lines, LIMITS, keys=KEYS) == shown


def test_a_screen_ends_after_a_sentence_where_that_costs_nothing() -> None:
    first, second = "a" * 90 + ".", "b" * 120
    assert screens(f"{first} {second}", (), LIMITS, keys=KEYS) == (first, second)
    words = ("word " * 28).strip() + "."
    shown = screens(" ".join([words] * 4), (), LIMITS, keys=KEYS)
    assert len(shown) == 4
    assert set(shown) == {words}
    tight = screens(" ".join(["d " * 50 + "."] * 3), (), LIMITS, keys=KEYS)
    assert len(tight) == 2
    assert tight[0].endswith("d"), "whole sentences would need a screen more"


@given(st.one_of(GSM, URDU, ANY), LABELS)
def test_nothing_is_lost_and_every_screen_has_room_for_its_keys(text: str, labels: list[str]) -> None:
    lines = [f"{number} {label}" for number, label in enumerate(labels, 1)]
    shown = screens(text, lines, LIMITS, keys=KEYS)
    assert _bare("".join(shown)) == _bare(text + "".join(lines))
    assert all(shown) or len(shown) == 1
    for body in shown:
        whole = body + KEYS if len(shown) > 1 else body
        assert count(whole).units <= _room(whole)
        listed = [line for line in body.split("\n") if line in lines and line not in text.split("\n")]
        assert len(listed) <= 4


@given(URDU)
def test_no_screen_begins_with_a_mark(text: str) -> None:
    marked = "".join(f"{letter}\u0651" for letter in text if letter.isalpha())
    assert not any(body.startswith("\u0651") for body in screens(marked, (), LIMITS, keys=KEYS))
    assert clusters(marked) == [
        cluster for body in screens(marked, (), LIMITS, keys=KEYS) for cluster in clusters(body)
    ]


def _session(catalogue: Catalogue, *bodies: str, **fields: object) -> Session:
    return labelled(Session(language="en", **fields), Rendered(bodies, paged=True))  # type: ignore[arg-type]


def test_turning_there_and_back(catalogue: Catalogue) -> None:
    session = Session.from_json(_session(catalogue, "one", "two", "three").to_json())
    assert screen(session, LIMITS, catalogue) == "one\n9 More"
    second = turned(session, " 9 ")
    assert second is not None
    assert screen(second, LIMITS, catalogue) == "two\n0 Back\n9 More"
    third = turned(second, "۹")
    assert third is not None
    assert screen(third, LIMITS, catalogue) == "three\n0 Back"
    assert turned(third, "9") is None
    assert turned(third, "0") == second
    assert turned(second, "0") == session
    assert turned(session, "0") is None
    assert wants_menu(session, "0")
    assert turned(session, "2") is None
    assert not wants_menu(session, "2")
    assert turned(Session(), "9") is None


def test_zero_is_an_answer_where_a_number_is_asked_for(catalogue: Catalogue) -> None:
    asked = _session(catalogue, "How many acres?", expects=("amount", "home"))
    assert screen(asked, LIMITS, catalogue) == "How many acres?"
    assert not wants_menu(asked, "0")
    first = _session(catalogue, "A few questions.", "How many acres?", expects=("amount", "home"))
    assert wants_menu(first, "0"), "the question was not seen yet"
    last = turned(first, "9")
    assert last is not None
    assert screen(last, LIMITS, catalogue) == "How many acres?"
    assert turned(last, "0") is None
    assert not wants_menu(last, "0")


def test_the_way_to_the_menu_where_something_is_open_and_there_is_room(catalogue: Catalogue) -> None:
    assert screen(_session(catalogue, "Which?", choices=("a",)), LIMITS, catalogue) == "Which?\n0 Menu"
    assert screen(_session(catalogue, "Done."), LIMITS, catalogue) == "Done."
    full = "a" * 176
    assert screen(_session(catalogue, full, choices=("a",)), LIMITS, catalogue) == full
    assert screen(_session(catalogue, full[1:], choices=("a",)), LIMITS, catalogue) == full[1:] + "\n0 Menu"
    half = "ا" * 74
    assert screen(_session(catalogue, half, choices=("a",)), LIMITS, catalogue) == half
    assert screen(_session(catalogue, half[1:], choices=("a",)), LIMITS, catalogue).endswith("\n0 Menu")


def test_a_dial_opens_the_menu_or_asks_again_what_is_open(catalogue: Catalogue) -> None:
    assert wants_menu(Session(), "")
    assert wants_menu(_session(catalogue, "one", "two"), "")
    assert not wants_menu(_session(catalogue, "one", expects=("cnic",)), "")


def test_the_line_is_kept_while_there_is_something_to_type(catalogue: Catalogue) -> None:
    assert not goes_on(_session(catalogue, "Done."))
    assert goes_on(_session(catalogue, "one", "two"))
    assert goes_on(Session(expects=("cnic",)))
    assert goes_on(Session(choices=("a",)))


def test_the_screens_are_those_of_the_last_reply(catalogue: Catalogue) -> None:
    session = turned(_session(catalogue, "one", "two"), "9")
    assert session is not None
    again = labelled(session, Rendered(("new",), paged=True))
    assert (again.screens, again.screen) == (("new",), 0)
    assert labelled(replace(again, screen=0), Rendered(("text",))).screens == ()


@pytest.mark.parametrize("tag", ["en", "ur", "sd", "ps", "bal"])
def test_a_reply_is_long_where_it_fits_one_screen_and_short_where_not(catalogue: Catalogue, tag: str) -> None:
    choices = tuple(Choice(intent, f"menu.{intent}") for intent in ("payment_status", "human_help"))
    for key in ("menu.offer", "cnic.ask", "fallback.human"):
        says = [Say(key, choices=choices)]
        shown = render(says, tag, LIMITS, catalogue)
        long, short = (catalogue.text(key, tag, form=form) for form in ("long", "short"))
        whole = render(says, tag, Limits("text", 1000), catalogue).parts[0]
        fits = count(whole).units <= _room(whole)
        assert _bare("".join(shown.parts)).startswith(_bare(long if fits else short))
        assert (len(shown.parts) == 1) or not fits
        assert [choice.id for choice in shown.choices] == ["payment_status", "human_help"]
        assert shown.paged


def test_the_keys_are_short(catalogue: Catalogue) -> None:
    for tag, language in catalogue.languages.items():
        if language.reply:
            assert len(key_lines(tag, catalogue)) <= 18, tag
