"""From a text to what it means: language, intent and slots. Any text in, never an exception.

The order of deciding: what the open question expects; whole-message words; rules; the model.
"""

import re
from collections.abc import Callable
from datetime import datetime
from functools import cache

from bot.messages import Heard, Json
from bot.understand.answers import asks_why
from bot.understand.dates import dates
from bot.understand.expects import HOME, Expects, choice_of
from bot.understand.features import Pieces, pieces
from bot.understand.language import detect
from bot.understand.linear import ranked
from bot.understand.listening import ANSWERED, MOST_ANSWERED, deny, listen, measure, nothing
from bot.understand.matters import several
from bot.understand.measures import measures
from bot.understand.money import amount_in_words
from bot.understand.names import FACT
from bot.understand.normalise import loose, plain, strict
from bot.understand.slots import link, numbers, without_links
from bot.understand.together import together
from bot.understand.unknown import names_unknown
from bot.understand.words import FUZZY, Words, compile_words

__all__ = ["Expects", "Words", "compile_words", "understand"]

SURE = 0.4
"""From this probability on an intent is stated; below, it is only a guess."""

SURE_OF = {"out_of_scope": 0.25, "start": 0.75}
"""The same for what is none of the bot's business, since the answer to that offers its subjects anyway; and
for a wish to be sent messages again, which nobody must be thought to have had."""

WORTH_ASKING = 0.05
"""Guesses below this are not offered."""

MOST_GUESSES = 3

PLACE_ALONE = 2
ASKED_WITH_A_PLACE = ("payment_point_location", "registration_survey")
"""What somebody may want who sends nothing but the name of a place."""

TAKEN_FOR = frozenset({"document_problem", "out_of_scope"})
CLEARLY = 0.8
"""What a question for an unknown card or scheme is taken for, unless it is this clear."""

NAME_ALONE = 4
"""A programme named in so few words is asked about, where nothing else is clear."""

FEW_WORDS = 3
"""Words beside which a bare number answers the question for one."""

ENOUGH_FOR_TWO = 5
"""Words of the shortest text that has two matters."""

BARE_NUMBER = 0.7
"""Confidence that a CNIC alone asks for its payment status: less than ends an open question."""

READ = 1000
"""Characters of a text that the models look at: whoever writes more has said what it is about."""

OWN_WORDS = ("text", "words")
"""Slots that any text fills that was asked for: a story, or a few words such as a name or a time."""

ONLY_ALONE = frozenset({"stop", "start"})
"""Intents that a number in the text speaks against: "STOP 12345" is somebody's quoted message."""

CODE_DIGITS = 6
"""Of a one-time code."""

_LETTER = re.compile(r"[^\W\d]")
_DIGITS = re.compile(r"[^0-9]")

OUTRIGHT, BY_THE_WAY = 0.95, 0.6
"""Confidence that a text answers the open question: outright, or with a denial somewhere in it."""

OTHERWISE = 0.75
"""From this confidence on the model's word for another matter stands against such a denial."""

BRIEF_ANSWER = 6
"""Words of an answer that tells no other language: half of them are the question's own."""

ANSWERS = frozenset({"yes", "no", "dont_know", "wont_say"})

LANGUAGE_WORDS = 3
"""Words of the longest name of a language."""


def understand(text: str, expects: Expects, words: Words, *, at: datetime) -> Heard:
    """What a text means. Unsure is `intent=None` with `guesses`, never a guess about money or identity."""
    clean, simple = plain(text), loose(text)
    if not simple:
        return Heard(at=at, text=text, slots=_slots(clean, [], expects, words, None, at))
    tokens = simple.split()
    worded = without_links(clean)[:READ]
    # Looked at once, and not at all where a rule decides: it is what understanding costs.
    look = cache(lambda: pieces(simple[:READ], strict(worded)))
    choice = choice_of(simple, expects, words)
    language = None
    # What the bot itself told somebody to write says nothing of how they write.
    if not choice and expects.language not in words.examples.get(simple, ()):
        telling = simple not in words.shared
        language = detect(words.language, look, worded, expects.language, telling=telling)
    slots = _slots(clean, tokens, expects, words, language, at)
    if choice:
        slots["choice"] = choice
        return Heard(at=at, text=text, confidence=1.0, slots=slots, language=language)
    said = listen(worded, tokens, slots, expects, words, language)
    if said.says and len(tokens) <= BRIEF_ANSWER and expects.language:
        language = None
    answered = said.says in ANSWERS or (said.says == "why" and "programme" not in slots)
    if answered and said.sure and simple not in words.commands:
        return Heard(at, text, said.says, OUTRIGHT, (), slots, language)
    intent, confidence, guesses = _intent(simple, look, slots, expects, words)
    if confidence < 1 and not ANSWERED.isdisjoint(expects.slots):
        if said.says in ANSWERS and (confidence < OTHERWISE or intent in ANSWERS):
            return Heard(at, text, said.says, BY_THE_WAY, (), slots, language)
        told = any(name.startswith(FACT) for name in slots)
        vague = HOME in expects.slots and (told or len(tokens) > FEW_WORDS)
        if intent in ANSWERS and (
            said.asks or said.sure or said.elsewhere or vague
        ):  # "are you sure?" is no yes
            intent = None
    also: tuple[str, ...] = ()
    if intent and len(tokens) >= ENOUGH_FOR_TWO:
        found = several(worded, words.joins, words.meaning)
        also = tuple(other for other in found if other != intent) if intent in found else ()
    return Heard(at, text, intent, confidence, guesses, slots, language, also=also)


def _slots(
    clean: str, tokens: list[str], expects: Expects, words: Words, language: str | None, at: datetime
) -> dict[str, Json]:
    slots = numbers(clean, words.codes)
    said = amount_in_words(tokens, words.numbers, language or expects.language)
    # "12 hazar 500" is more than its digits say; "1.5 lakh" is what they say.
    if said is not None and ("amount" not in slots or (said > slots["amount"] and "." not in clean)):
        slots["amount"] = said
    if "amount" in expects.slots and "amount" not in slots and (number := _small_number(tokens)):
        slots["amount"] = int(number)
    facts: dict[str, tuple[int, int]] = {}
    slots |= words.names.find(tokens, awaited="district" in expects.slots, facts=facts)
    if slots.pop("measure", None):
        slots |= measures(tokens, words.names, words.numbers)
    told = together(tokens, words.sides, words.particles, language or expects.language)
    for fact, where in told.items():
        if facts.setdefault(FACT + fact, where) == where:
            slots[FACT + fact] = True
    if facts or HOME in expects.slots:
        nothing(slots, tokens, words, language or expects.language)
    if facts:
        deny(slots, facts, tokens, words, language or expects.language)
    if HOME in expects.slots and len(tokens) <= MOST_ANSWERED:
        measure(slots, clean, tokens, expects, words, language or expects.language)
    sought = {slot: slot in expects.slots for slot in FUZZY if slot not in slots}
    if sought:
        slots |= words.names.find_misspelt(tokens, sought)
    if slots.pop("unknown", None) and "programme" not in slots and names_unknown(tokens, words.names):
        slots["unknown"] = True
    if "programme" in slots and asks_why(tokens, words.particles, language or expects.language):
        slots["why"] = True
    slots |= dates(clean, tokens, words.months, words.units, at.date())
    if link(clean):
        slots["link"] = True
    if "language" in expects.slots and (named := _language(tokens, words)):
        slots["language"] = named
    if "code" in expects.slots and len(code := _DIGITS.sub("", clean)) == CODE_DIGITS:
        slots["code"] = code
    for own in OWN_WORDS:
        if own in expects.slots and tokens:
            slots[own] = clean.strip()
    return slots


def _intent(
    simple: str, look: Callable[[], Pieces], slots: dict[str, Json], expects: Expects, words: Words
) -> tuple[str | None, float, tuple[str, ...]]:
    command = words.commands.get(simple)
    if command and not (
        simple.isdecimal() and "amount" in expects.slots
    ):  # a 0 that was asked for is a number
        _name_language(command, simple, slots, words)
        return command, 1.0, ()
    if _only_number(simple) and any(name in slots for name in ("cnic", "cnics", "cnic_wrong")):
        return ("payment_status", BARE_NUMBER, ()) if "cnic" not in expects.slots else (None, 0, ())
    if "reference" in slots and len(simple.split()) <= 4:
        return "complaint_deduction", BARE_NUMBER, ()
    if slots.get("link"):
        return "scam_check", BARE_NUMBER, ()
    seen = look()
    found = ranked(words.meaning.labels, words.meaning.judge(seen.grams, seen.words))
    intent, confidence = found[0]
    if intent == "out_of_scope" and "district" in slots and len(simple.split()) <= PLACE_ALONE:
        return None, 0.0, ASKED_WITH_A_PLACE
    if intent == "language_change" and "province" in slots and not _language(simple.split(), words):
        return None, 0.0, ASKED_WITH_A_PLACE
    if "unknown" in slots and intent in TAKEN_FOR and "paper" not in slots and confidence < CLEARLY:
        return "programme_info", SURE, ()
    sure = SURE_OF.get(intent, SURE)
    if "programme" in slots:
        sure = max(sure, SURE)
    if "change" in slots and (confidence < sure or intent == "out_of_scope"):
        return "update_details", SURE, ()
    if confidence >= sure and not (intent in ONLY_ALONE and _has_digit(simple)):
        _name_language(intent, simple, slots, words)
        return intent, confidence, ()
    guesses = tuple(name for name, chance in found[:MOST_GUESSES] if chance >= WORTH_ASKING)
    if "unknown" in slots or ("programme" in slots and len(simple.split()) <= NAME_ALONE):
        return "programme_info", SURE, ()
    return None, confidence, guesses


def _name_language(intent: str, simple: str, slots: dict[str, Json], words: Words) -> None:
    if intent == "language_change" and (named := _language(simple.split(), words)):
        slots["language"] = named


def _language(tokens: list[str], words: Words) -> str | None:
    """The language named last: "I cannot read Sindhi, write Urdu"."""
    for size in range(LANGUAGE_WORDS, 0, -1):
        for start in range(len(tokens) - size, -1, -1):
            found = words.languages.get(" ".join(tokens[start : start + size]))
            if found:
                return found
    return None


def _small_number(tokens: list[str]) -> str:
    """The one number of a few words: "5 acre"; "" where there is none."""
    found = [token for token in tokens if token.isdecimal()]
    return found[0] if len(found) == 1 and len(tokens) <= FEW_WORDS and len(found[0]) <= 6 else ""


def _has_digit(simple: str) -> bool:
    return any(character.isdecimal() for character in simple)


def _only_number(simple: str) -> bool:
    return len(_LETTER.findall(simple)) <= 3
