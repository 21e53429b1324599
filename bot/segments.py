"""SMS arithmetic: units, segments, and splits that never break a character.

A text that GSM 03.38 can say has 160 septets in one segment, 153 in each of several; any other 70 and 67 code
units of UCS-2. National language tables are used where the operator carries them and they cost less.
"""

import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache

from bot.alphabets import GSM7, TABLES, UCS2, Alphabet, usable

SINGLE = {alphabet.name: alphabet.holds() for alphabet in usable(tuple(TABLES))}
EACH = {alphabet.name: alphabet.holds(reference=8) for alphabet in usable(tuple(TABLES))}
"""Units of one segment that stands alone, and of each of several."""

_JOINER = "\u200d"
_BREAK_AFTER = re.compile(r"\s")


@dataclass(frozen=True, slots=True)
class Count:
    """Cost of a text: `units` are septets or UTF-16 code units; `forced_by` names what forced UCS-2."""

    alphabet: str
    units: int
    segments: int
    forced_by: tuple[str, ...] = ()


@lru_cache(maxsize=4096)
def count(text: str, *, tables: tuple[str, ...] = ()) -> Count:
    """What a text costs as SMS. The empty text is one segment.

    `tables`: names of the national language tables (`bot.alphabets.TABLES`) that the operator carries.
    """
    alphabet, segments = _cheapest(text, tables, 8)
    forced_by: list[str] = []
    if alphabet is UCS2:
        forced_by = min((each.lacks(text) for each in usable(tables) if each is not UCS2), key=len)
    return Count(alphabet.name, alphabet.units(text), len(segments), tuple(dict.fromkeys(forced_by)))


def segmented(
    text: str, *, tables: tuple[str, ...] = (), reference: int = 8
) -> tuple[Alphabet, tuple[str, ...]]:
    """The segments of one message, and the alphabet of all of them, for whoever writes the header.

    `reference`: bits of the number that joins the segments, 8 or 16.
    """
    return _cheapest(text, tables, reference)


def split(text: str, *, segments: int = 1, tables: tuple[str, ...] = ()) -> tuple[str, ...]:
    """Parts of at most so many segments each; joined, they are the text.

    Breaks after spaces or line ends where that makes no more parts, and never inside an escape pair,
    a surrogate pair or a letter with its marks.
    """
    if count(text, tables=tables).segments <= segments:
        return (text,)
    alphabet, _ = _cheapest(text, tables, 8)
    limit = alphabet.holds(0 if segments == 1 else 8)
    tight = _grouped(cut(text, alphabet, limit=limit), segments)
    neat = _grouped(cut(text, alphabet, limit=limit, at_spaces=True), segments)
    return neat if len(neat) == len(tight) else tight


def clusters(text: str) -> list[str]:
    """The text in pieces that belong together: a letter with its marks, a joined emoji."""
    pieces: list[str] = []
    for character in text:
        joins = unicodedata.combining(character) or character in (_JOINER, "\ufe0f")
        if pieces and (joins or pieces[-1].endswith(_JOINER)):
            pieces[-1] += character
        else:
            pieces.append(character)
    return pieces


def _cheapest(text: str, tables: tuple[str, ...], reference: int) -> tuple[Alphabet, tuple[str, ...]]:
    # What GSM 03.38 can say costs no less in any other alphabet; and every phone can read it, as UCS-2.
    if not GSM7.foreign.search(text):
        return GSM7, _segments(text, GSM7, reference)
    able = [each for each in usable(tables) if not each.foreign.search(text)]
    found = [(each, _segments(text, each, reference)) for each in able]
    return min(found, key=lambda one: len(one[1]))


def _segments(text: str, alphabet: Alphabet, reference: int) -> tuple[str, ...]:
    if alphabet.units(text) <= alphabet.holds():
        return (text,)
    return cut(text, alphabet, limit=alphabet.holds(reference))


def _grouped(segments: tuple[str, ...], size: int) -> tuple[str, ...]:
    return tuple("".join(segments[i : i + size]) for i in range(0, len(segments), size))


def cut(text: str, alphabet: Alphabet, *, limit: int, at_spaces: bool = False) -> tuple[str, ...]:
    """The text in as few pieces of so many units as there can be, or in pieces that end at spaces."""
    parts: list[str] = []
    part, used, neat = "", 0, 0
    for piece in _pieces(text, alphabet, limit):
        cost = alphabet.units(piece)
        if used + cost > limit:
            if at_spaces and neat:
                parts.append(part[:neat])
                part = part[neat:]
            else:
                parts.append(part)
                part = ""
            used, neat = alphabet.units(part), 0
        part += piece
        used += cost
        if _BREAK_AFTER.match(piece[-1]):
            neat = len(part)
    return (*parts, part) if part or not parts else tuple(parts)


def _pieces(text: str, alphabet: Alphabet, limit: int) -> list[str]:
    # A base with more marks than a segment holds (Zalgo) has no unbroken place: cut it by characters.
    pieces = []
    for piece in clusters(text):
        if alphabet.units(piece) <= limit:
            pieces.append(piece)
        else:
            pieces.extend(piece)
    return pieces
