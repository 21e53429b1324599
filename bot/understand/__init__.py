"""From a text to what it means: language, intent and slots. Any text in, never an exception.

The order of deciding: what the open question expects; whole-message words; rules; the model.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from bot.messages import Heard, Json, Session
from bot.understand.intents import judge
from bot.understand.language import detect
from bot.understand.normalise import loose, plain
from bot.understand.slots import amount_in_words, link, numbers, without_links
from bot.understand.words import Words, compile_words

__all__ = ["Expects", "Words", "compile_words", "understand"]

SURE = 0.6
"""From this probability on an intent is stated; below, it is only a guess."""

WORTH_ASKING = 0.12
"""Guesses below this are not offered."""

BARE_NUMBER = 0.9
"""Confidence that a CNIC alone asks for its payment status."""

ONLY_ALONE = frozenset({"stop", "start"})
"""Intents that a number in the text speaks against: "STOP 12345" is somebody's quoted message."""

MOST_WORDS_IN_A_NAME = 3


@dataclass(frozen=True, slots=True)
class Expects:
    """What the open question waits for: names of slots, ids of the last menu, the session's language."""

    slots: tuple[str, ...] = ()
    choices: tuple[str, ...] = ()
    language: str = ""
    """The session's, "" before anything was heard: then the script of a short text decides."""

    @classmethod
    def of(cls, session: Session) -> "Expects":
        """What a session waits for."""
        known = session.language if session.heard_at or session.chosen else ""
        return cls(session.expects, session.choices, known)


def understand(text: str, expects: Expects, words: Words, *, at: datetime) -> Heard:
    """What a text means. Unsure is `intent=None` with `guesses`, never a guess about money or identity."""
    clean, simple = plain(text), loose(text)
    slots = _slots(clean, simple, expects, words)
    if not simple:
        return Heard(at=at, text=text, slots=slots)
    # "Menu" and "salam" are said in every language, and "menu" is Punjabi for "to me".
    tongues = () if simple in words.commands else words.tongues
    language = detect(without_links(clean), tongues, expects.language)
    choice = _choice(simple, expects, words)
    if choice:
        slots["choice"] = choice
        return Heard(at=at, text=text, confidence=1.0, slots=slots, language=language)
    intent, confidence, guesses = _intent(clean, simple, slots, expects, words)
    return Heard(at, text, intent, confidence, guesses, slots, language)


def _slots(clean: str, simple: str, expects: Expects, words: Words) -> dict[str, Json]:
    slots = numbers(clean, words.codes)
    tokens = simple.split()
    if "amount" not in slots:
        said = amount_in_words(tokens, words.amounts)
        if said is not None:
            slots["amount"] = said
    if "amount" in expects.slots and "amount" not in slots and _small_number(tokens):
        slots["amount"] = int(tokens[0])
    for name, table in (
        ("district", words.places), ("programme", words.programmes),
        ("about", words.about), ("asks", words.asks), ("paper", words.papers),
    ):  # fmt: skip
        found = _named(tokens, table)
        if found:
            slots[name] = found
    if link(clean):
        slots["link"] = True
    if "language" in expects.slots and (named := _named(tokens, words.languages)):
        slots["language"] = named
    if "text" in expects.slots and simple:
        slots["text"] = clean.strip()
    return slots


def _intent(
    clean: str, simple: str, slots: dict[str, Json], expects: Expects, words: Words
) -> tuple[str | None, float, tuple[str, ...]]:
    command = words.commands.get(simple)
    if command:
        if command == "language_change" and (named := _named(simple.split(), words.languages)):
            slots["language"] = named
        return command, 1.0, ()
    if _only_number(simple) and any(name in slots for name in ("cnic", "cnics", "cnic_wrong")):
        return ("payment_status", BARE_NUMBER, ()) if "cnic" not in expects.slots else (None, 0, ())
    if "reference" in slots and len(simple.split()) <= 4:
        return "complaint_deduction", BARE_NUMBER, ()
    if slots.get("link"):
        return "scam_check", BARE_NUMBER, ()
    ranked = judge(words.model, simple)
    if not ranked:
        return None, 0.0, ()
    intent, confidence = ranked[0]
    if confidence >= SURE and not (intent in ONLY_ALONE and _has_digit(simple)):
        if intent == "language_change" and (named := _named(simple.split(), words.languages)):
            slots["language"] = named
        return intent, confidence, ()
    guesses = tuple(name for name, probability in ranked if probability >= WORTH_ASKING)
    if "programme" in slots and ("asks" in slots or intent == "programme_info" or not guesses):
        return "programme_info", SURE, ()
    return None, confidence, guesses


def _choice(simple: str, expects: Expects, words: Words) -> str | None:
    if not expects.choices:
        return None
    tokens = simple.split()
    if len(tokens) == 2 and tokens[0] in ("no", "number", "option", "nambar"):
        tokens = tokens[1:]
    if len(tokens) != 1:
        return simple if simple in expects.choices else None
    token = tokens[0]
    number = int(token) if token.isdecimal() and len(token) < 3 else words.ordinals.get(token, 0)
    if 1 <= number <= len(expects.choices):
        return expects.choices[number - 1]
    return token if token in expects.choices else None


def _named(tokens: list[str], table: Mapping[str, str]) -> str | None:
    for size in range(MOST_WORDS_IN_A_NAME, 0, -1):
        for start in range(len(tokens) - size + 1):
            found = table.get(" ".join(tokens[start : start + size]))
            if found:
                return found
    return None


def _small_number(tokens: list[str]) -> bool:
    return len(tokens) == 1 and tokens[0].isdecimal() and len(tokens[0]) <= 6


def _has_digit(simple: str) -> bool:
    return any(character.isdecimal() for character in simple)


def _only_number(simple: str) -> bool:
    letters = sum(character.isalpha() for character in simple)
    return letters <= 3
