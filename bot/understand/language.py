"""Which language a text is in, None where it is too short or too ordinary to tell."""

import re
from collections.abc import Callable

from bot.understand.features import Pieces
from bot.understand.linear import Linear, ranked

_ARABIC, _LATIN = re.compile("[\u0620-\u08ff]"), re.compile("[A-Za-z]")

SHORT = 2
"""Texts of so few words keep the session's language: "kab?", "ok" and a name tell of none."""

KEPT_BELOW = 0.75
"""Between neighbours, and this unsure, the session's language stays: a flip is worse than a near miss."""

BRIEF, KEPT_BELOW_IF_BRIEF = 3, 0.9
"""The same for texts of so few words, numbers not counted: "haan 5 saal pehle" is said in many languages."""

FEW_WITH_NUMBERS = 6
"""A text of more words is not brief, whatever of it are numbers."""

SHORT_FROM = 0.5
"""So short a first message is in the commonest language of its script, unless this sure of another."""

SWITCHED_FROM = 0.5
"""Between languages that are not neighbours, from this probability on the session turns to another."""

GUESSED_FROM = 0.05
"""Without a session, below this probability the commonest language of the script stands."""

SELDOM_FROM = 0.3
"""Languages that hardly anybody will write in must be this sure."""

NEIGHBOURS = (
    frozenset({"ur", "pa-Arab", "skr", "hno"}),
    frozenset({"ur-Latn", "pa-Latn", "sd-Latn", "ps-Latn", "bal-Latn", "en"}),
)
SELDOM = frozenset({"ar", "fa", "trw", "ks", "khw", "scl", "bft", "hno", "bal-Latn"})

WRITTEN_BY_MOST = {True: "ur", False: "ur-Latn"}
"""By whether the script is Arabic: the language that stands for a script until more is known."""


def detect(
    model: Linear, look: Callable[[], Pieces], text: str, session: str, *, telling: bool = True
) -> str | None:
    """BCP 47 tag of the language that a text is most likely in.

    `look` gives the text's pieces; `session` is the language of the conversation, "" for a new one. A text
    that is not `telling` is said in several languages.
    None keeps it: the text says too little against it.
    """
    arabic = 0 if text.isascii() else len(_ARABIC.findall(text))
    latin = len(_LATIN.findall(text)) if arabic else bool(_LATIN.search(text))
    if not (arabic or latin):
        return None
    in_arabic = arabic >= latin
    words = len(text.split())
    if words <= FEW_WITH_NUMBERS:
        words = sum(any(map(str.isalpha, word)) for word in text.split())
    short = words <= SHORT
    if session and short:
        return None
    same_script = bool(session) and _in_arabic(session) == in_arabic
    common = WRITTEN_BY_MOST[in_arabic]
    if not telling:
        return None if session else common
    tag, chance = _best(model, look(), in_arabic)
    if same_script:
        near = any({tag, session} <= group for group in NEIGHBOURS)
        kept = (KEPT_BELOW_IF_BRIEF if words <= BRIEF else KEPT_BELOW) if near else SWITCHED_FROM
        return None if tag == session or chance < kept else tag
    return tag if chance >= (SHORT_FROM if short else GUESSED_FROM) else common


def _best(model: Linear, seen: Pieces, arabic: bool) -> tuple[str, float]:
    found = ranked(model.labels, model.judge(seen.grams, seen.marks))
    for tag, chance in found:
        if _in_arabic(tag) == arabic and (tag not in SELDOM or chance >= SELDOM_FROM):
            return tag, chance
    return WRITTEN_BY_MOST[arabic], 0.0


def _in_arabic(tag: str) -> bool:
    return tag != "en" and not tag.endswith("-Latn")
