"""Which language a text is in, None where it is too short or too ordinary to tell."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from bot.understand.normalise import strict

LETTER = 1.5
"""A letter that only one language writes weighs as much as this many of its words."""

LEAD = 0.75
"""By how much the best must lead, so that a borrowed word does not change the language."""

SHORT = 2
"""Texts of so few words keep the session's language, unless they are in the other script."""

WRITTEN_BY_MOST = {True: "ur", False: "ur-Latn"}
"""By whether the script is Arabic: the language that stands for a script until more is known."""


@dataclass(frozen=True, slots=True)
class Tongue:
    """What marks a language: `words` that it (nearly) alone uses, `letters` that it alone writes."""

    tag: str
    arabic: bool
    words: frozenset[str]
    letters: frozenset[str]


def detect(text: str, tongues: Iterable[Tongue], session: str) -> str | None:
    """BCP 47 tag of the language whose words and letters the text shows most clearly.

    `session` is the language of the conversation, "" for a new one. None keeps it: the text has too
    little of any.
    """
    words = strict(text).split()
    arabic = sum("\u0600" <= character <= "\u08ff" for character in text)
    latin = sum(character.isascii() and character.isalpha() for character in text)
    if not (arabic or latin):
        return None
    of_script = [tongue for tongue in tongues if tongue.arabic == (arabic >= latin)]
    same_script = any(tongue.tag == session for tongue in of_script)
    scores = _scores(words, text, of_script)
    if len(words) <= SHORT and same_script:
        certain = [tag for score, tag in scores if score > LETTER]
        return certain[0] if len(certain) == 1 else None
    if not scores:
        brief = len(words) <= SHORT and session
        return None if same_script or brief else WRITTEN_BY_MOST[arabic >= latin]
    if len(scores) == 1 or scores[0][0] - scores[1][0] >= LEAD:
        return scores[0][1]
    tied = [tag for score, tag in scores if scores[0][0] - score < LEAD]
    if session in tied:
        return session
    common = WRITTEN_BY_MOST[arabic >= latin]
    return common if common in tied or not same_script else None


def _scores(words: Sequence[str], text: str, tongues: Sequence[Tongue]) -> list[tuple[float, str]]:
    letters = set(text)
    scores = (
        (
            sum(word in tongue.words for word in words) + LETTER * len(letters & tongue.letters),
            tongue.tag,
        )
        for tongue in tongues
    )
    return sorted((score for score in scores if score[0] > 0), reverse=True)
