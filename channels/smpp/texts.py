"""Texts as short messages carry them: alphabets, headers and segments, both ways.

3GPP TS 23.038 (data coding), TS 23.040 9.2.3.24 (user data header). Splitting is `bot.segments`' alone.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

from bot.alphabets import ESC, UCS2, announced
from bot.segments import EACH, SINGLE, cut, segmented
from channels.smpp import codes
from channels.smpp.pdu import Message, Pdu

Default: TypeAlias = Literal["gsm7", "packed", "latin1"]
"""What data_coding 0 means at an operator's: septets one an octet, septets packed, or Latin-1."""

UCS2_CODING = 8

_CONCATENATED_8, _CONCATENATED_16 = 0x00, 0x08
_SINGLE_SHIFT, _LOCKING_SHIFT = 0x24, 0x25
_CARRIAGE_RETURN = 0x0D

_SMPP_CODINGS = {1: "ascii", 3: "latin1", 8: "ucs2"}
_BINARY_CODINGS = frozenset({2, 4, 5, 6, 7, 9, 10, 11, 12, 13, 14})


@dataclass(frozen=True, slots=True)
class Part:
    """Where a piece belongs in a longer text: `number` of `total`, counted from 1."""

    reference: int
    total: int
    number: int


@dataclass(frozen=True, slots=True)
class Piece:
    """Text as it came, or a part of one.

    `alphabet`: gsm7 (one septet an octet), latin1, ucs2; "" for binary data, and what nobody here can read.
    """

    alphabet: str
    octets: bytes
    locking: int = 0
    single: int = 0
    part: Part | None = None


@dataclass(frozen=True, slots=True)
class Segment:
    """Text as it goes: what a submit_sm says of it, and the octets with their header."""

    coding: int
    esm_class: int
    octets: bytes


def read(pdu: Pdu, message: Message, *, default: Default = "gsm7") -> Piece:
    """What a message says, undecoded."""
    octets = message.text or pdu.tlv(codes.MESSAGE_PAYLOAD) or b""
    header, rest = _divided(octets) if message.esm_class & codes.HAS_HEADER else ({}, 0)
    alphabet = _alphabet(message.coding, default)
    text = unpacked(octets, rest) if alphabet == "packed" else octets[rest:]
    if alphabet == "ascii":  # but some write septets under this number: nobody types NUL or ESC
        alphabet = "gsm7" if {0, ESC} & set(text) else "latin1"
    return Piece(
        "gsm7" if alphabet == "packed" else alphabet,
        text,
        locking=_language(header, _LOCKING_SHIFT),
        single=_language(header, _SINGLE_SHIFT),
        part=_part(header) or _sar(pdu),
    )


def text(pieces: Sequence[Piece]) -> str:
    """The text of pieces in their order. What one phone cut inside a character is whole again."""
    if len({(each.alphabet, each.locking, each.single) for each in pieces}) > 1:
        return "".join(text((each,)) for each in pieces)
    octets = b"".join(each.octets for each in pieces)
    first = pieces[0]
    if not first.alphabet:
        return ""
    if first.alphabet == "latin1":
        return octets.decode("latin-1")
    if first.alphabet == "ucs2":
        # The order of octets is fixed, but some senders say by a mark that theirs is the other.
        order = "utf-16" if octets[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-16-be"
        return octets.decode(order, "replace")
    return announced(locking=first.locking, single=first.single).decode(octets)


def written(
    text: str,
    *,
    reference: int,
    tables: tuple[str, ...] = (),
    default: Default = "gsm7",
    message_class: int | None = None,
) -> tuple[Segment, ...]:
    """The segments of a text. `reference` (0 to 255) joins them; the operator carries `tables`."""
    alphabet, pieces = segmented(text, tables=tables)
    if default == "latin1" and alphabet is not UCS2 and not _in_latin1(text):
        alphabet, pieces = UCS2, _in_ucs2(text)
    coding = UCS2_CODING if alphabet is UCS2 else 0
    if message_class is not None:
        coding |= 0x10 | message_class
    segments = []
    for number, piece in enumerate(pieces, 1):
        joined = bytes((_CONCATENATED_8, 3, reference, len(pieces), number)) if len(pieces) > 1 else b""
        elements = joined + alphabet.elements
        header = bytes((len(elements),)) + elements if elements else b""
        if alphabet is UCS2 or default == "gsm7":
            octets = header + alphabet.encode(piece)
        elif default == "latin1":
            octets = header + piece.encode("latin-1")
        else:
            octets = packed(header, alphabet.encode(piece))
        segments.append(Segment(coding, codes.HAS_HEADER if header else 0, octets))
    return tuple(segments)


def unpacked(octets: bytes, header: int = 0) -> bytes:
    """Septets, one an octet, of packed user data whose first `header` octets are a header.

    Eight septets that end at a carriage return or a zero are seven and what fills the last octet (TS 23.038,
    6.1.2.3.1).
    """
    bits = int.from_bytes(octets, "little")
    begin, end = -(-header * 8 // 7), len(octets) * 8 // 7
    septets = bytes(bits >> 7 * place & 0x7F for place in range(begin, end))
    if end > begin and len(octets) % 7 == 0 and septets[-1] in (0, _CARRIAGE_RETURN):
        return septets[:-1]
    return septets


def packed(header: bytes, septets: bytes) -> bytes:
    """A header and septets as they go over the air: these begin at the next multiple of seven bits."""
    begin = -(-len(header) * 8 // 7)
    if (begin + len(septets)) % 8 == 7:
        septets += bytes((_CARRIAGE_RETURN,))
    bits = int.from_bytes(header, "little")
    for place, septet in enumerate(septets, begin):
        bits |= septet << 7 * place
    return bits.to_bytes(-(-(begin + len(septets)) * 7 // 8), "little")


def _in_latin1(text: str) -> bool:
    return all(character <= "\xff" for character in text)


def _in_ucs2(text: str) -> tuple[str, ...]:
    if UCS2.units(text) <= SINGLE[UCS2.name]:
        return (text,)
    return cut(text, UCS2, limit=EACH[UCS2.name])


def _alphabet(coding: int, default: Default) -> str:
    if coding in _SMPP_CODINGS:
        return _SMPP_CODINGS[coding]
    if coding in _BINARY_CODINGS:
        return ""
    group, kind = coding >> 4, coding >> 2 & 3
    if group == 0xE:
        return "ucs2"
    if group == 0xF:
        return "" if kind & 1 else default
    if 0 < group < 8:
        compressed = coding & 0x20
        return "" if compressed or kind == 1 else "ucs2" if kind == 2 else default
    return default


def _divided(octets: bytes) -> tuple[dict[int, bytes], int]:
    """Elements of the header, and where the text begins. A header that does not fit is none: it is text."""
    end = 1 + octets[0] if octets else 1
    if end > len(octets):
        return {}, 0
    elements: dict[int, bytes] = {}
    place = 1
    while place + 2 <= end:
        name, length = octets[place], octets[place + 1]
        value = octets[place + 2 : min(place + 2 + length, end)]
        if len(value) == length:
            elements[name] = value
        place += 2 + length
    return elements, end


def _part(elements: dict[int, bytes]) -> Part | None:
    match elements.get(_CONCATENATED_8), elements.get(_CONCATENATED_16):
        case bytes() as value, _ if len(value) == 3:
            return _valid(value[0], value[1], value[2])
        case _, bytes() as value if len(value) == 4:
            return _valid(value[0] << 8 | value[1], value[2], value[3])
    return None


def _sar(pdu: Pdu) -> Part | None:
    values = [pdu.tlv(tag) for tag in (codes.SAR_REFERENCE, codes.SAR_TOTAL, codes.SAR_NUMBER)]
    if None in values:
        return None
    return _valid(*(int.from_bytes(value) for value in values if value is not None))


def _valid(reference: int, total: int, number: int) -> Part | None:
    return Part(reference, total, number) if 1 <= number <= total and 1 < total <= 255 else None


def _language(elements: dict[int, bytes], name: int) -> int:
    value = elements.get(name, b"")
    return value[0] if value else 0
