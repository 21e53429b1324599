"""What only an open question lets a text mean: an answer, a number, a refusal; and which facts it denies."""

from bot.messages import Json
from bot.understand.answers import Answer, answer, denied, drops, refuses
from bot.understand.expects import HOME, Expects
from bot.understand.names import FACT
from bot.understand.quantity import quantities
from bot.understand.skeleton import spelt_or_bare
from bot.understand.words import Words

ANSWERED = frozenset({"yes_no", HOME})
"""Slots of questions that a yes, a no or a "don't know" in a longer text answers."""

LISTENED = ANSWERED | {"amount", "cnic", "text", "district", "category"}
"""Slots of questions to whose answers is listened word by word."""

CARD = frozenset({"cnic", "facts"})
"""Slots of a question for the CNIC that nothing else answers."""

NOTHING_SAID = Answer()

MOST_ANSWERED = 40
"""Words of a text that is looked through for an answer: whoever writes more tells a story."""


def deny(
    slots: dict[str, Json],
    facts: dict[str, tuple[int, int]],
    tokens: list[str],
    words: Words,
    language: str,
) -> None:
    """Facts that are named only to be denied are false where that is said of everybody, else left out."""
    inside = {place for start, end in facts.values() for place in range(start, end)}
    for fact, (start, end) in facts.items():
        how = denied(tokens, start, end, words.particles, language, inside)
        if how == "none" and slots[fact] is True and fact not in words.undeniable:
            slots[fact] = False
        elif how:
            del slots[fact]


def nothing(slots: dict[str, Json], tokens: list[str], words: Words, language: str) -> None:
    """Facts of which a denial says that there is none: "no land" is land of 0 acres."""
    for fact in words.countable:
        for place, token in enumerate(tokens):
            named = not words.topics[fact].isdisjoint(spelt_or_bare(token))
            if named and denied(tokens, place, place + 1, words.particles, language, ()):
                slots.setdefault(FACT + fact, 0)


def measure(
    slots: dict[str, Json], clean: str, tokens: list[str], expects: Expects, words: Words, language: str
) -> None:
    """The number that a question about the home waits for, which no age and nothing below zero is."""
    bare = len(tokens) == 1 and "yes_no" in expects.slots
    found, others = quantities(
        clean,
        tokens,
        units=words.units,
        own=words.numbers,
        language=language,
        about=words.topics.get(expects.fact or "none", frozenset()),
        other=words.topics["other_units"],
        of_age=bare or not words.topics["age"].isdisjoint(tokens),
    )
    slots |= found
    if slots.get("amount") in others:
        del slots["amount"]


def listen(
    text: str, tokens: list[str], slots: dict[str, Json], expects: Expects, words: Words, language: str | None
) -> Answer:
    """What the text says to the open question, and the slots that only an answer fills."""
    waits = not LISTENED.isdisjoint(expects.slots) or "complaint" in slots
    if not waits or len(tokens) > MOST_ANSWERED or "cnic" in slots:
        return NOTHING_SAID
    if len(tokens) == 1 and tokens[0].isdecimal():
        return NOTHING_SAID
    clauses = words.particles.clauses(text, tokens, language or expects.language)
    told = {name for name in slots if name.startswith(FACT)} - {FACT + expects.fact}
    said = answer(
        text,
        clauses,
        about=words.topics.get(expects.fact or "none", frozenset()),
        others=words.topics[""] if expects.fact else frozenset(),
        told=bool(told),
        consent=HOME not in expects.slots,
    )
    if said.says == "back":
        slots["back"] = True
    if said.asks:
        slots["asking"] = True
    if CARD.issuperset(expects.slots) and (how := refuses(clauses) or ("no" if "no_card" in slots else "")):
        slots["refuses"] = how
    if HOME not in expects.slots and drops(clauses):
        slots["drop"] = "outright"
    return said if not ANSWERED.isdisjoint(expects.slots) else NOTHING_SAID
