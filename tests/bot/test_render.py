"""Rendering: one message, in the form and at the size of the channel."""

from datetime import timedelta

import pytest

from bot.messages import Choice, Limits, Say
from bot.render import render
from bot.segments import count
from bot.texts import Catalogue, Entry, Language

SMS = Limits(alphabet="sms", units=10, parts=2)
CHAT = Limits(alphabet="text", units=100, parts=3, choices=2, choice_length=12, window=timedelta(hours=24))


def catalogue(**texts: str) -> Catalogue:
    languages = {
        "en": Language("en", "English", "English", "Latn", "ltr", "en", (), True),
        "ur": Language("ur", "اردو", "Urdu", "Arab", "rtl", "ur", ("en",), True),
    }
    entries = {}
    for name, text in texts.items():
        key, _, form = name.partition("__")
        entries[key, form or "long"] = Entry(text)
    return Catalogue(languages, {"en": entries, "ur": entries})


def test_the_long_form_where_it_costs_one_segment() -> None:
    said = render([Say("a")], "en", SMS, catalogue(a="x" * 160, a__short="y"))
    assert said.parts == ("x" * 160,)


def test_the_short_form_where_the_long_one_costs_more() -> None:
    said = render([Say("a")], "en", SMS, catalogue(a="x" * 161, a__short="y"))
    assert said.parts == ("y",)


def test_urdu_may_cost_two_segments() -> None:
    said = render([Say("a")], "ur", SMS, catalogue(a="ا" * 134, a__short="ب"))
    assert said.parts == ("ا" * 134,)
    said = render([Say("a")], "ur", SMS, catalogue(a="ا" * 135, a__short="ب"))
    assert said.parts == ("ب",)


def test_typographic_characters_do_not_double_the_cost() -> None:
    said = render([Say("a")], "en", SMS, catalogue(a="it’s “here” – now…"))
    assert said.parts == ('it\'s "here" - now...',)
    assert count(said.parts[0]).alphabet == "gsm7"


def test_choices_are_numbered_lines_by_sms() -> None:
    say = Say("a", choices=(Choice("one", "b"), Choice("two", "c")))
    said = render([say], "en", SMS, catalogue(a="Which?", b="First", c="Second"))
    assert said.parts == ("Which?\n1 First\n2 Second",)
    assert [choice.id for choice in said.choices] == ["one", "two"]


def test_choices_are_buttons_where_they_fit() -> None:
    say = Say("a", choices=(Choice("one", "b"),))
    said = render([say], "en", CHAT, catalogue(a="Which?", b="First"))
    assert said.parts == ("Which?",)
    assert [choice.label for choice in said.choices] == ["First"]


@pytest.mark.parametrize("labels", [["too long for a button"], ["a", "b", "c"]])
def test_choices_are_lines_where_buttons_do_not_fit(labels: list[str]) -> None:
    texts = {f"c{n}": label for n, label in enumerate(labels)}
    say = Say("a", choices=tuple(Choice(str(n), f"c{n}") for n in range(len(labels))))
    said = render([say], "en", CHAT, catalogue(a="Which?", **texts))
    assert said.parts[0].startswith("Which?\n1 ")


def test_several_says_are_one_message() -> None:
    said = render([Say("a"), Say("b")], "en", CHAT, catalogue(a="First.", b="Second."))
    assert said.parts == ("First.\nSecond.",)


def test_pages_end_at_sentences_and_keep_the_text() -> None:
    text = "One sentence that is fifty characters long, nearly. " * 5
    said = render([Say("a")], "en", CHAT, catalogue(a=text.strip()))
    assert "".join(said.parts) == text.strip()
    assert all(len(part) <= 100 for part in said.parts)
    assert said.parts[0].rstrip().endswith(".")
    assert render([Say("a")], "en", CHAT, catalogue(a="x" * 150)).parts == ("x" * 100, "x" * 50)


def test_numbers_with_dashes_keep_their_order_in_urdu_on_screens_only() -> None:
    texts = catalogue(a="کال 0800-26477 کریں")
    assert "\u20660800-26477\u2069" in render([Say("a")], "ur", CHAT, texts).parts[0]
    assert "\u2066" not in render([Say("a")], "ur", SMS, texts).parts[0]
    assert "\u2066" not in render([Say("a")], "en", CHAT, texts).parts[0]


def test_a_message_of_many_segments_is_cut_at_the_channel_s_parts() -> None:
    said = render([Say("a")], "en", Limits("sms", units=2, parts=2), catalogue(a="word " * 90))
    assert "".join(said.parts) == "word " * 90
    assert all(count(part).segments <= 2 for part in said.parts)
