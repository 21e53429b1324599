"""USSD: a reply as screens of a few lines, turned by 9 (on) and 0 (back, or the menu), one shown at a time.

A screen of 160 octets holds 182 septets of GSM 03.38 or 80 code units of UCS-2; national language tables
are not known there. Turning belongs to the channel: topics know nothing of it, the session keeps the screens.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import replace
from itertools import pairwise

from bot.alphabets import GSM7, UCS2, Alphabet
from bot.messages import Limits, Session
from bot.segments import cut
from bot.texts import Catalogue
from bot.understand.normalise import loose

ON, BACK = "9", "0"

_SENTENCE = re.compile(r"(?<=[.!?\u06d4\u061f])\s+|\n")
_WORD = re.compile(r"\s+")


def screens(text: str, lines: Sequence[str], limits: Limits, *, keys: str) -> tuple[str, ...]:
    """The text and its numbered lines in screens, each but a single one with room for `keys` under it.

    A screen has at most `limits.choices` of the lines. It ends after a sentence where that makes no more
    screens, otherwise after a word, and never inside a letter with its marks or a line that fits into one.
    """
    text = text.strip()
    whole = "\n".join((text, *lines))
    alphabet = _alphabet(whole + keys)
    room = limits.units * 8 // alphabet.bits
    if len(lines) <= limits.choices and alphabet.units(whole) <= room:
        return (whole,)
    room -= alphabet.units(keys)
    tight, neat = (
        _filled(_pieces(text, ends, alphabet, room), lines, alphabet, room, limits.choices)
        for ends in ((_WORD,), (_SENTENCE, _WORD))
    )
    return neat if len(neat) == len(tight) else tight


def screen(session: Session, limits: Limits, catalogue: Catalogue) -> str:
    """The screen in view with the keys that lead away from it. The session must have screens.

    The way to the menu is shown on a single screen that waits for something, where there is room for it.
    """
    body = session.screens[session.screen]
    further = session.screen + 1 < len(session.screens)
    names = []
    if session.screen and _free(session):
        names.append((BACK, "screen.back"))
    if further:
        names.append((ON, "screen.on"))
    shown = _with_keys(body, names, session.language, catalogue)
    if not names and goes_on(session) and _free(session):
        with_menu = _with_keys(body, [(BACK, "screen.menu")], session.language, catalogue)
        alphabet = _alphabet(with_menu)
        if alphabet.units(with_menu) <= limits.units * 8 // alphabet.bits:
            return with_menu
    return shown


def key_lines(language: str, catalogue: Catalogue) -> str:
    """The most that is written under a screen: both keys, each on a line of its own."""
    return _with_keys("", [(BACK, "screen.back"), (ON, "screen.on")], language, catalogue)


def turned(session: Session, text: str) -> Session | None:
    """The session with another screen in view, None where the text turns nothing and is for the bot."""
    if not session.screens:
        return None
    typed = loose(text)
    if typed == ON and session.screen + 1 < len(session.screens):
        return replace(session, screen=session.screen + 1)
    if typed == BACK and session.screen and _free(session):
        return replace(session, screen=session.screen - 1)
    return None


def wants_menu(session: Session, text: str) -> bool:
    """Whether the menu is meant: by 0 where nothing lies before, or by dialling (an empty text) anew.

    Who dials while a question is open is asked it again.
    """
    typed = loose(text)
    return _free(session) if typed == BACK else not typed and not session.expects


def goes_on(session: Session) -> bool:
    """Whether there is anything left to type, so that the line must be kept."""
    return bool(session.expects or session.choices or len(session.screens) > 1)


def _free(session: Session) -> bool:
    """Whether 0 is a key: not on the last screen of a question for a number."""
    return "amount" not in session.expects or session.screen + 1 < len(session.screens)


def _with_keys(body: str, names: Iterable[tuple[str, str]], language: str, catalogue: Catalogue) -> str:
    return "\n".join((body, *(f"{key} {catalogue.text(name, language)}" for key, name in names)))


def _alphabet(text: str) -> Alphabet:
    return UCS2 if GSM7.foreign.search(text) else GSM7


def _pieces(text: str, ends: Sequence[re.Pattern[str]], alphabet: Alphabet, room: int) -> list[str]:
    """The text at these ends, a piece that is too long for a screen at the next ones, in the end anywhere."""
    if alphabet.units(text.rstrip()) <= room:
        return [text]
    if not ends:
        return list(cut(text, alphabet, limit=room))
    places = [0, *(found.end() for found in ends[0].finditer(text)), len(text)]
    pieces = (text[start:end] for start, end in pairwise(places))
    return [smaller for piece in pieces for smaller in _pieces(piece, ends[1:], alphabet, room)]


def _filled(
    pieces: Iterable[str], lines: Iterable[str], alphabet: Alphabet, room: int, most: int
) -> tuple[str, ...]:
    filled = [""]
    for piece in pieces:
        if alphabet.units((filled[-1] + piece).rstrip()) > room:
            filled.append("")
        filled[-1] += piece
    listed = 0
    fitting = (part for line in lines for part in cut(line, alphabet, limit=room, at_spaces=True))
    for line in fitting:
        joined = f"{filled[-1].rstrip()}\n{line}" if filled[-1] else line
        if listed == most or alphabet.units(joined) > room:
            filled.append(line)
            listed = 1
        else:
            filled[-1] = joined
            listed += 1
    return tuple(body.strip() for body in filled)
