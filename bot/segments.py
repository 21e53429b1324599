"""SMS arithmetic: alphabets, units, segments, and splits that never break a character.

GSM 03.38 (3GPP TS 23.038): 160 septets in one segment, 153 in each of several; otherwise UCS-2 with
70 and 67 code units. Characters of the extension table cost two septets.
"""

import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal, TypeAlias

Alphabet: TypeAlias = Literal["gsm7", "ucs2"]

_BASIC = (
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
_EXTENSION = "\f^{}\\[~]|€"
_NOT_GSM = re.compile(f"[^{re.escape(_BASIC + _EXTENSION)}]")
_TWO_SEPTETS = re.compile(f"[{re.escape(_EXTENSION)}]")

SINGLE = {"gsm7": 160, "ucs2": 70}
EACH = {"gsm7": 153, "ucs2": 67}
"""Units of one segment that stands alone, and of each of several."""

_JOINER = "\u200d"
_BREAK_AFTER = re.compile(r"\s")


@dataclass(frozen=True, slots=True)
class Count:
    """Cost of a text: `units` are septets or UTF-16 code units; `forced_by` names what forced UCS-2."""

    alphabet: Alphabet
    units: int
    segments: int
    forced_by: tuple[str, ...] = ()


@lru_cache(maxsize=4096)
def count(text: str) -> Count:
    """What a text costs as SMS. The empty text is one segment."""
    foreign = _NOT_GSM.findall(text)
    if not foreign:
        units = len(text) + len(_TWO_SEPTETS.findall(text))
        alphabet: Alphabet = "gsm7"
    else:
        units = len(text) + sum(character > "\uffff" for character in foreign)
        alphabet = "ucs2"
    if units <= SINGLE[alphabet]:
        segments = 1
    else:
        segments = len(_cut(text, alphabet, limit=EACH[alphabet], at_spaces=False))
    return Count(alphabet, units, segments, tuple(dict.fromkeys(foreign)))


def split(text: str, *, segments: int = 1) -> tuple[str, ...]:
    """Parts of at most so many segments each; joined, they are the text.

    Breaks after spaces or line ends where that makes no more parts, and never inside an escape pair,
    a surrogate pair or a letter with its marks.
    """
    whole = count(text)
    if whole.segments <= segments:
        return (text,)
    limit = SINGLE[whole.alphabet] if segments == 1 else EACH[whole.alphabet]
    tight = _grouped(_cut(text, whole.alphabet, limit=limit, at_spaces=False), segments)
    neat = _grouped(_cut(text, whole.alphabet, limit=limit, at_spaces=True), segments)
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


def _units(piece: str, alphabet: Alphabet) -> int:
    if alphabet == "gsm7":
        return len(piece) + len(_TWO_SEPTETS.findall(piece))
    return len(piece) + sum(character > "\uffff" for character in piece)


def _grouped(segments: tuple[str, ...], size: int) -> tuple[str, ...]:
    return tuple("".join(segments[i : i + size]) for i in range(0, len(segments), size))


def _cut(text: str, alphabet: Alphabet, *, limit: int, at_spaces: bool) -> tuple[str, ...]:
    parts: list[str] = []
    part, used, neat = "", 0, 0
    for piece in _pieces(text, alphabet, limit):
        cost = _units(piece, alphabet)
        if used + cost > limit:
            if at_spaces and neat:
                parts.append(part[:neat])
                part = part[neat:]
            else:
                parts.append(part)
                part = ""
            used, neat = _units(part, alphabet), 0
        part += piece
        used += cost
        if _BREAK_AFTER.match(piece[-1]):
            neat = len(part)
    return (*parts, part) if part or not parts else tuple(parts)


def _pieces(text: str, alphabet: Alphabet, limit: int) -> list[str]:
    # A base with more marks than a segment holds (Zalgo) has no unbroken place: cut it by characters.
    pieces = []
    for piece in clusters(text):
        if _units(piece, alphabet) <= limit:
            pieces.append(piece)
        else:
            pieces.extend(piece)
    return pieces
