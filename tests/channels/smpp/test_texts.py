"""Texts through every alphabet, header and cut, both ways."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.alphabets import DEFAULT, EXTENSION, NONE
from bot.segments import count, segmented
from channels.smpp import codes, texts
from channels.smpp.pdu import Address, Message, Pdu, Tlvs
from channels.smpp.texts import Part, Piece, packed, read, unpacked, written

GSM = "".join(sorted(set(DEFAULT + EXTENSION) - {NONE, "\x1b"}))
URDU = "یہ ایک پیغام ہے۔ قسط 14500 روپے، غریب کی کارڈ؟ "
chars = st.characters(exclude_categories=("Cs",), exclude_characters="\ufeff\ufffe")  # marks of byte order
anything = st.one_of(
    st.text(st.sampled_from(GSM), max_size=500),
    st.text(st.sampled_from(URDU), max_size=400),
    st.text(st.sampled_from("a😀é€ک"), max_size=300),
    st.text(chars, max_size=200),
)


def pdu(
    text: bytes, coding: int = 0, esm: int = 0, tlvs: Tlvs = (), command: int = codes.DELIVER_SM
) -> tuple[Pdu, Message]:
    message = Message(Address("923990000001", 1, 1), Address("8171"), text, coding, esm)
    return Pdu(command, 1, 0, message, tlvs), message


def arrive(segments: tuple[texts.Segment, ...], default: texts.Default = "gsm7") -> list[Piece]:
    """What a phone that sent these would be understood to say."""
    return [read(*pdu(s.octets, s.coding, s.esm_class), default=default) for s in segments]


@given(anything, st.sampled_from(["gsm7", "latin1", "packed"]), st.integers(0, 255))
def test_any_text_comes_back_from_any_alphabet_and_split(
    text: str, default: texts.Default, reference: int
) -> None:
    segments = written(text, reference=reference, default=default)
    pieces = arrive(segments, default)
    assert all(len(each.octets) <= 160 + 6 for each in segments)
    if len(pieces) > 1:
        parts = [piece.part for piece in pieces]
        assert parts == [Part(reference, len(pieces), number) for number in range(1, len(pieces) + 1)]
    if default == "packed" and text.endswith(("\r", "@")):
        assert texts.text(pieces) in (text, text[:-1])  # eight packed septets look like seven and filling
    else:
        assert texts.text(pieces) == text


@given(anything)
def test_any_text_comes_back_in_the_tables_of_a_language(text: str) -> None:
    segments = written(text, reference=7, tables=("urdu",))
    assert texts.text(arrive(segments)) == text
    assert len(segments) == count(text, tables=("urdu",)).segments


@given(anything)
def test_segments_are_those_that_were_counted_and_fit_the_radio(text: str) -> None:
    _, pieces = segmented(text)
    segments = written(text, reference=1)
    assert len(segments) == len(pieces) == count(text).segments
    for segment in segments:
        if segment.coding == texts.UCS2_CODING:
            assert len(segment.octets) <= 140
    for segment in written(text, reference=1, default="packed"):
        assert len(segment.octets) <= 140


@given(st.binary(max_size=40), st.binary(max_size=160).map(lambda b: bytes(each & 0x7F for each in b)))
def test_packed_septets_come_back_behind_any_header(header: bytes, septets: bytes) -> None:
    back = unpacked(packed(header, septets), len(header))
    ambiguous = septets.endswith((b"\0", b"\r"))
    assert back == septets or (ambiguous and back == septets[:-1])


def test_packed_as_others_pack() -> None:
    assert packed(b"", b"hellohello") == bytes.fromhex("E8329BFD4697D9EC37"), (
        "the example that everybody gives"
    )
    assert unpacked(bytes.fromhex("E8329BFD4697D9EC37")) == b"hellohello"
    assert unpacked(b"") == b""


CONCAT_8 = bytes.fromhex("050003070201")
CONCAT_16 = bytes.fromhex("06080400070201")
SHIFT_ONLY = bytes.fromhex("0325010D")
BOTH = bytes.fromhex("08000307020125010D")


@pytest.mark.parametrize(
    ("coding", "octets", "said"),
    [
        (0, b"salam @ \x1b\x65".replace(b"@", b"\x00"), "salam @ €"),
        (1, b"plain @", "plain @"),
        (1, b"septets \x00 \x1b\x65", "septets @ €"),
        (3, "café".encode("latin-1"), "café"),
        (8, "قسط".encode("utf-16-be"), "قسط"),
        (8, b"\xff\xfe" + "قسط".encode("utf-16-le"), "قسط"),
        (8, b"\xfe\xff" + "قسط".encode("utf-16-be"), "قسط"),
        (8, "قسط".encode("utf-16-be") + b"\x06", "قسط\ufffd"),
        (8, b"\xd8\x3d", "\ufffd"),
        (0x0F, b"ussd", "ussd"),
        (0x10, b"flash", "flash"),
        (0x18, "قسط".encode("utf-16-be"), "قسط"),
        (0x48, "قسط".encode("utf-16-be"), "قسط"),
        (0x80, b"reserved", "reserved"),
        (0xC8, b"waiting", "waiting"),
        (0xE0, "قسط".encode("utf-16-be"), "قسط"),
        (0xF0, b"class", "class"),
        (0, b"\xff\x41", "\ufffdA"),
    ],
)
def test_codings_that_carry_text(coding: int, octets: bytes, said: str) -> None:
    piece = read(*pdu(octets, coding))
    assert texts.text([piece]) == said


@pytest.mark.parametrize("coding", [2, 4, 5, 6, 9, 13, 14, 0x14, 0x20, 0x34, 0xF4, 0xF5])
def test_codings_that_carry_none(coding: int) -> None:
    piece = read(*pdu(b"\1\2\3", coding))
    assert not piece.alphabet
    assert texts.text([piece]) == ""


@pytest.mark.parametrize(
    ("octets", "part", "said"),
    [
        (CONCAT_8 + b"abc", Part(7, 2, 1), "abc"),
        (CONCAT_16 + b"abc", Part(7, 2, 1), "abc"),
        (SHIFT_ONLY + b"\0", None, "ا"),
        (BOTH + b"\0", Part(7, 2, 1), "ا"),
        (bytes.fromhex("05000307020" + "0") + b"abc", None, "abc"),  # number 0
        (bytes.fromhex("050003070203") + b"abc", None, "abc"),  # number 3 of 2
        (bytes.fromhex("050003070101") + b"abc", None, "abc"),  # one of one
        (bytes.fromhex("0400020702") + b"abc", None, "abc"),  # an element of a wrong length
        (bytes.fromhex("03000907") + b"abc", None, "abc"),  # an element that runs over
        (
            bytes.fromhex("0C050415820000") + bytes.fromhex("0003070201") + b"\0" + b"abc",
            Part(7, 2, 1),
            "abc",
        ),
        (b"\x00abc", None, "abc"),  # an empty header
        (b"\x20abc", None, " abc"),  # a header longer than all: text
        (b"", None, ""),
        (bytes.fromhex("02250" + "0") + b"abc", None, "abc"),  # a table without its language
    ],
)
def test_headers(octets: bytes, part: Part | None, said: str) -> None:
    piece = read(*pdu(octets, 0, codes.HAS_HEADER))
    assert piece.part == part
    assert texts.text([piece]) == said


def sar(reference: int, total: int, number: int) -> Tlvs:
    return (
        (codes.SAR_REFERENCE, reference.to_bytes(2)),
        (codes.SAR_TOTAL, bytes((total,))),
        (codes.SAR_NUMBER, bytes((number,))),
    )


def test_parts_by_parameters_and_text_in_the_payload() -> None:
    piece = read(*pdu(b"", 0, 0, (*sar(300, 3, 2), (codes.MESSAGE_PAYLOAD, b"abc"))))
    assert piece == Piece("gsm7", b"abc", part=Part(300, 3, 2))
    piece = read(*pdu(b"", 0, 0, ((codes.MESSAGE_PAYLOAD, b"x" * 5000),), codes.DATA_SM))
    assert texts.text([piece]) == "x" * 5000
    piece = read(*pdu(b"", 0, codes.HAS_HEADER, ((codes.MESSAGE_PAYLOAD, CONCAT_8 + b"abc"),)))
    assert piece.part == Part(7, 2, 1)
    assert read(*pdu(b"abc", 0, 0, sar(1, 2, 1)[:2])) == Piece("gsm7", b"abc"), (
        "half of the parameters are none"
    )


def test_what_a_phone_cut_inside_a_character_is_whole_again() -> None:
    emoji = "😀".encode("utf-16-be")
    assert texts.text([Piece("ucs2", emoji[:2]), Piece("ucs2", emoji[2:])]) == "😀"
    assert texts.text([Piece("gsm7", b"a\x1b"), Piece("gsm7", b"\x65")]) == "a€"
    assert texts.text([Piece("gsm7", b"a"), Piece("ucs2", "ق".encode("utf-16-be"))]) == "aق"


def test_a_class_and_what_an_operator_s_latin_1_cannot_say() -> None:
    assert [s.coding for s in written("salam", reference=1, message_class=0)] == [0x10]
    assert [s.coding for s in written("قسط", reference=1, message_class=1)] == [0x19]
    (segment,) = written("5 €", reference=1, default="latin1")
    assert (segment.coding, segment.octets) == (8, "5 €".encode("utf-16-be"))
    assert len(written("Ω" * 71, reference=1, default="latin1")) == 2
    (segment,) = written("à [x]", reference=1, default="latin1")
    assert (segment.coding, segment.octets) == (0, "à [x]".encode("latin-1"))
