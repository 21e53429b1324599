"""From says to parts: one message a turn, in the form and at the size that the channel allows."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from bot.messages import Button, Choice, Limits, Say, Session
from bot.screens import key_lines, screens
from bot.segments import SINGLE, count, split
from bot.texts import Catalogue, Form
from bot.understand.normalise import loose

AIM = {**dict.fromkeys(SINGLE, 1), "ucs2": 2}
"""Segments that a reply by SMS should not exceed: people and operators pay for each. A Roman segment
holds 160 characters, two of Urdu script 134, so the budget in words is about the same."""

LOOK_ALIKES = str.maketrans({
    "\u2018": "'", "\u2019": "'", "\u201c": '"', "\u201d": '"', "\u2013": "-", "\u2014": "-",
    "\u2026": "...", "\u00a0": " ", "\u202f": " ", "\u200b": None, "\u2022": "-", "`": "'",
})  # fmt: skip
"""Typographic characters that would make a Roman text cost twice, and what stands for them in SMS."""

_SENTENCE_END = re.compile(r"(?<=[.!?\u06d4\u061f])\s+|\n")
_CODE = re.compile(r"(?<![\w-])\d[\d-]*-\d[\d-]*\d(?![\w-])")


@dataclass(frozen=True, slots=True)
class Rendered:
    """Ready text in parts; `choices` are also numbered lines in it where the channel has no buttons.

    `paged`: the parts are screens, of which `bot.screens.screen` shows one at a time.
    """

    parts: tuple[str, ...]
    choices: tuple[Button, ...] = ()
    paged: bool = False


def render(says: Sequence[Say], language: str, limits: Limits, catalogue: Catalogue) -> Rendered:
    """All that a turn says, as one message, in parts only where the channel forces them."""
    choices = tuple(choice for say in says for choice in say.choices)
    if limits.alphabet == "sms":
        long, buttons = _sms(says, choices, language, catalogue, "long")
        if within_aim(long, tables=limits.tables):
            return Rendered((long,), buttons)
        short, buttons = _sms(says, choices, language, catalogue, "short")
        return Rendered(split(short, segments=limits.units, tables=limits.tables), buttons)
    if limits.alphabet == "ussd":
        return _paged(says, choices, language, limits, catalogue)
    buttons = _buttons(choices, language, catalogue, "long")
    text = _text(says, language, catalogue, "long")
    if not _fit(buttons, limits):
        text = _with_lines(text, buttons)
    if catalogue.language(language).direction == "rtl":
        text = _CODE.sub(lambda code: f"\u2066{code[0]}\u2069", text)
    return Rendered(_pages(text, limits.units), buttons)


def labelled(session: Session, shown: Rendered) -> Session:
    """The session with what was shown for its choices, so that a label may be typed instead of its number.
    Where the reply is screens, it keeps them, the first one in view.

    A reply that shows no choices leaves those of the open question as they are.
    """
    if shown.paged or session.screens:
        session = replace(session, screens=shown.parts if shown.paged else (), screen=0)
    if tuple(button.id for button in shown.choices) != session.choices:
        return session if session.choices else replace(session, labels=())
    return replace(session, labels=tuple(loose(button.label) for button in shown.choices))


def _sms(
    says: Sequence[Say],
    choices: tuple[Choice, ...],
    language: str,
    catalogue: Catalogue,
    form: Form,
) -> tuple[str, tuple[Button, ...]]:
    buttons = _buttons(choices, language, catalogue, form)
    text = _with_lines(_text(says, language, catalogue, form), buttons)
    return text.translate(LOOK_ALIKES), buttons


def _paged(
    says: Sequence[Say], choices: tuple[Choice, ...], language: str, limits: Limits, catalogue: Catalogue
) -> Rendered:
    keys = key_lines(language, catalogue)
    forms: tuple[Form, ...] = ("long", "short")
    for form in forms:
        buttons = _buttons(choices, language, catalogue, form)
        text = _text(says, language, catalogue, form).translate(LOOK_ALIKES)
        lines = [line.translate(LOOK_ALIKES) for line in _lines(buttons)]
        shown = screens(text, lines, limits, keys=keys)
        if len(shown) == 1:
            break
    return Rendered(shown, buttons, paged=True)


def _text(says: Sequence[Say], language: str, catalogue: Catalogue, form: Form) -> str:
    return "\n".join(catalogue.text(say.key, language, say.args, form=form) for say in says)


def _buttons(
    choices: tuple[Choice, ...], language: str, catalogue: Catalogue, form: Form
) -> tuple[Button, ...]:
    return tuple(
        Button(choice.id, catalogue.text(choice.key, language, choice.args, form=form)) for choice in choices
    )


def _with_lines(text: str, buttons: tuple[Button, ...]) -> str:
    return "\n".join((text, *_lines(buttons)))


def _lines(buttons: tuple[Button, ...]) -> list[str]:
    return [f"{number} {button.label}" for number, button in enumerate(buttons, 1)]


def _fit(buttons: tuple[Button, ...], limits: Limits) -> bool:
    return len(buttons) <= limits.choices and all(
        len(button.label) <= limits.choice_length for button in buttons
    )


def within_aim(text: str, *, tables: tuple[str, ...] = ()) -> bool:
    """Whether a reply of this text costs no more than it should."""
    cost = count(text, tables=tables)
    return cost.segments <= AIM[cost.alphabet]


def _pages(text: str, longest: int) -> tuple[str, ...]:
    pages: list[str] = []
    while len(text) > longest:
        ends = [match.end() for match in _SENTENCE_END.finditer(text, 0, longest)]
        end = ends[-1] if ends else longest
        pages.append(text[:end])
        text = text[end:]
    return (*pages, text)
