"""Alphabets of SMS: which characters each can say, in how many units, and how they are written and read.

GSM 03.38 (3GPP TS 23.038) with or without national language tables, and UCS-2. A message has 140 octets; what
announces concatenation or tables takes some of them. A phone that lacks a table shows other letters instead.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache

from bot import urdu_shift

OCTETS = 140
"""Of user data in one segment, its header included."""

ESC = 0x1B
NONE = "\0"
LOCKING_SHIFT, SINGLE_SHIFT = 0x25, 0x24
"""Information elements that announce a table, each with one octet: the language."""

CONCATENATION = {0: 0, 8: 5, 16: 6}
"""Octets of the element that joins segments, by the bits of its reference; 0 where a segment stands alone."""

DEFAULT = (
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞ\x1bÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
_EXTENDED = {
    0x0A: "\f", 0x14: "^", 0x28: "{", 0x29: "}", 0x2F: "\\", 0x3C: "[", 0x3D: "~", 0x3E: "]", 0x40: "|",
    0x65: "€",
}  # fmt: skip
EXTENSION = "".join(_EXTENDED.get(position, NONE) for position in range(128))


@dataclass(frozen=True, slots=True)
class Alphabet:
    """One way to write a text: `foreign` finds what it lacks, `double` what takes two units.

    `bits` of a unit: 7 (a septet) or 16. `basic` and `extension` are tables of 128 characters, "" for UCS-2.
    `locking` and `single` are the languages of national tables, 0 where there are none.
    """

    name: str
    bits: int
    foreign: re.Pattern[str]
    double: re.Pattern[str]
    basic: str = ""
    extension: str = ""
    locking: int = 0
    single: int = 0
    codes: Mapping[str, bytes] = field(default_factory=dict, repr=False, compare=False)

    def lacks(self, text: str) -> list[str]:
        """The characters of a text that this alphabet cannot say, in their order."""
        return self.foreign.findall(text)

    def units(self, text: str) -> int:
        """Septets, or UTF-16 code units, of a text that it can say."""
        return len(text) + len(self.double.findall(text))

    @property
    def elements(self) -> bytes:
        """What the user data header of every segment must hold so that a phone takes the right tables."""
        single = bytes((SINGLE_SHIFT, 1, self.single)) if self.single else b""
        return single + (bytes((LOCKING_SHIFT, 1, self.locking)) if self.locking else b"")

    def holds(self, reference: int = 0) -> int:
        """Units of one segment; `reference`: bits of the number that joins it to others (8, 16), 0 alone."""
        header = CONCATENATION[reference] + len(self.elements)
        return (OCTETS - header - bool(header)) * 8 // self.bits

    def encode(self, text: str) -> bytes:
        """The text as one septet an octet, or as UTF-16BE. KeyError for a character that it lacks."""
        if self.bits == 16:
            return text.encode("utf-16-be", "replace")
        return b"".join([self.codes[character] for character in text])

    def decode(self, data: bytes) -> str:
        """What was written so: the inverse of `encode`. Any octets give a text.

        As the standard has it, an escape to a position that is empty shows the character of the basic table,
        and two escapes a space.
        """
        if self.bits == 16:
            return data.decode("utf-16-be", "replace")
        text, table = [], self.basic
        for septet in data:
            if septet == ESC:
                if table is self.extension:
                    text.append(" ")
                table = self.basic if table is self.extension else self.extension
                continue
            text.append(_shown(septet, table, self.basic))
            table = self.basic
        return "".join(text)


def _shown(septet: int, table: str, basic: str) -> str:
    if septet > 0x7F:
        return "\ufffd"
    return table[septet] if table[septet] != NONE else basic[septet]


def _septets(name: str, basic: str, extension: str, *, locking: int = 0, single: int = 0) -> Alphabet:
    codes: dict[str, bytes] = {}
    for lead, table in ((b"", basic), (bytes((ESC,)), extension)):
        for position, character in enumerate(table):
            if position != ESC and character != NONE:
                codes.setdefault(character, lead + bytes((position,)))
    double = "".join(character for character, code in codes.items() if len(code) == 2)
    return Alphabet(
        name,
        7,
        foreign=re.compile(f"[^{re.escape(''.join(codes))}]"),
        double=re.compile(f"[{re.escape(double)}]"),
        basic=basic,
        extension=extension,
        locking=locking,
        single=single,
        codes=codes,
    )


GSM7 = _septets("gsm7", DEFAULT, EXTENSION)
UCS2 = Alphabet("ucs2", 16, foreign=re.compile(r"(?!)"), double=re.compile("[\U00010000-\U0010ffff]"))

_URDU = urdu_shift.LANGUAGE
TABLES: Mapping[str, tuple[Alphabet, ...]] = {
    "urdu": (
        _septets("urdu-single", DEFAULT, urdu_shift.SINGLE, single=_URDU),
        _septets("urdu-locking", urdu_shift.LOCKING, EXTENSION, locking=_URDU),
        _septets("urdu", urdu_shift.LOCKING, urdu_shift.SINGLE, locking=_URDU, single=_URDU),
    ),
}
"""National language tables that an operator may carry, by name, with the alphabets that they make."""


@cache
def usable(tables: tuple[str, ...]) -> tuple[Alphabet, ...]:
    """The alphabets that may be used where an operator carries these tables: the safest first."""
    return (GSM7, UCS2, *(alphabet for name in tables for alphabet in TABLES[name]))


def announced(*, locking: int = 0, single: int = 0) -> Alphabet:
    """The seven-bit alphabet of a message that announces these languages. Tables not known are not heeded."""
    known = {(each.locking, each.single): each for each in usable(tuple(TABLES)) if each.bits == 7}
    languages = {language for pair in known for language in pair}
    return known[locking if locking in languages else 0, single if single in languages else 0]
