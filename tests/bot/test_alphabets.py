"""Alphabets of SMS: every character there and back, and exactly as much as fits into 140 octets."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot import urdu_shift
from bot.alphabets import ESC, GSM7, TABLES, UCS2, Alphabet, announced, usable
from bot.segments import clusters, count, segmented, split

SINGLE, LOCKING, BOTH = TABLES["urdu"]
URDU = ("urdu",)
SEPTETS = (GSM7, SINGLE, LOCKING, BOTH)
EVERY = (*SEPTETS, UCS2)
NAMED = [pytest.param(alphabet, id=alphabet.name) for alphabet in EVERY]

SPOKEN = st.text(alphabet="ابپتٹجچخدڈرزسشعفقکگلمنںوہھیے \n۔،؟!0123456789۰۵abcXYZ\u0651\u0654", max_size=500)
GHAIN = st.text(alphabet="ابغپے ۔€[", max_size=200)
ANY = st.text(alphabet=st.characters(exclude_categories=("Cs",)), max_size=250)
TEXTS = st.one_of(SPOKEN, GHAIN, ANY)
CARRIED = st.sampled_from([(), URDU])


def _octets(alphabet: Alphabet, units: int, header: int) -> int:
    """Octets of user data, with the bits that are filled so that a text begins at a whole septet."""
    if alphabet.bits == 16:
        return header + 2 * units
    begins = -(-header * 8 // 7) * 7
    return -(-(begins + units * 7) // 8)


@pytest.mark.parametrize(
    ("alphabet", "alone", "joined_by_8", "joined_by_16"),
    [
        (GSM7, 160, 153, 152),
        (UCS2, 70, 67, 66),
        (SINGLE, 155, 149, 148),
        (LOCKING, 155, 149, 148),
        (BOTH, 152, 146, 145),
    ],
    ids=lambda value: getattr(value, "name", None),
)
def test_what_a_segment_holds(alphabet: Alphabet, alone: int, joined_by_8: int, joined_by_16: int) -> None:
    for reference, holds in ((0, alone), (8, joined_by_8), (16, joined_by_16)):
        assert alphabet.holds(reference) == holds
        header = {0: b"", 8: b"\x00\x03\x07\x02\x01", 16: b"\x08\x04\x00\x07\x02\x01"}[reference]
        header += alphabet.elements
        header = bytes((len(header),)) + header if header else b""
        assert _octets(alphabet, holds, len(header)) <= 140 < _octets(alphabet, holds + 1, len(header))


def test_what_announces_the_tables() -> None:
    assert [each.elements.hex(" ") for each in EVERY] == ["", "24 01 0d", "25 01 0d", "24 01 0d 25 01 0d", ""]
    assert announced() is GSM7
    assert announced(single=13) is SINGLE
    assert announced(locking=13) is LOCKING
    assert announced(locking=13, single=13) is BOTH
    assert announced(locking=1, single=13) is SINGLE, "a table that is not known is not heeded"


def test_known_positions() -> None:
    assert BOTH.encode("حق، دار۔") == bytes.fromhex("18461b26201a00251b3f")
    assert BOTH.encode("A*¡€") == bytes.fromhex("1b411b0b1b131b65")
    assert BOTH.encode(",.") == b"\x2c\x2e"
    assert GSM7.encode("@é{€") == b"\x00\x05\x1b\x28\x1b\x65"
    assert UCS2.encode("حa") == b"\x06\x2d\x00a"


def test_the_tables_hold_what_the_standard_s_do() -> None:
    locking = {c for c in urdu_shift.LOCKING if c not in "\0\x1b"}
    single = {c for c in urdu_shift.SINGLE if c not in "\0\x1b"}
    assert (len(urdu_shift.LOCKING), len(urdu_shift.SINGLE)) == (128, 128)
    assert (len(locking), len(single)) == (127, 88)
    assert not locking & single
    assert BOTH.lacks("کاغذ اور غریب ئؤ") == ["غ", "غ", "ئ", "ؤ"]


@pytest.mark.parametrize("alphabet", NAMED[:-1])
def test_every_character_there_and_back(alphabet: Alphabet) -> None:
    for character, code in alphabet.codes.items():
        assert alphabet.encode(character) == code
        assert alphabet.decode(code) == character
        assert alphabet.units(character) == len(code)
        assert not alphabet.lacks(character)
    whole = "".join(alphabet.codes)
    assert alphabet.decode(alphabet.encode(whole)) == whole
    with pytest.raises(KeyError):
        alphabet.encode("غ")


@pytest.mark.parametrize("alphabet", NAMED[:-1])
def test_every_position_is_read(alphabet: Alphabet) -> None:
    for position in range(128):
        if position != ESC:
            assert alphabet.decode(bytes((position,))) == alphabet.basic[position]
            escaped = alphabet.extension[position]
            assert alphabet.decode(bytes((ESC, position))) == (
                escaped if escaped != "\0" else alphabet.basic[position]
            )
    assert alphabet.decode(b"\x1b\x1b") == " "
    assert alphabet.decode(b"\x1b") == ""
    assert alphabet.decode(b"\x80\xff") == "\ufffd\ufffd"


@given(st.binary(max_size=200), st.sampled_from(EVERY))
def test_any_octets_give_a_text_that_can_be_kept(data: bytes, alphabet: Alphabet) -> None:
    alphabet.decode(data).encode("utf-8")


@given(TEXTS, CARRIED, st.sampled_from([8, 16]))
def test_the_same_text_comes_out_of_any_segments(text: str, tables: tuple[str, ...], reference: int) -> None:
    alphabet, parts = segmented(text, tables=tables, reference=reference)
    assert alphabet in usable(tables)
    written = [alphabet.encode(part) for part in parts]
    assert "".join(alphabet.decode(part) for part in written) == text
    holds = alphabet.holds(reference if len(parts) > 1 else 0)
    octets = {7: 1, 16: 2}[alphabet.bits]
    assert all(len(part) <= holds * octets for part in written)
    if reference == 8:
        cost = count(text, tables=tables)
        assert (cost.alphabet, cost.segments) == (alphabet.name, len(parts))
        assert cost.units == len(alphabet.encode(text)) // octets


@given(TEXTS, CARRIED, st.integers(1, 3))
def test_the_same_text_comes_out_of_any_split(text: str, tables: tuple[str, ...], segments: int) -> None:
    parts = split(text, segments=segments, tables=tables)
    assert "".join(parts) == text
    assert all(count(part, tables=tables).segments <= segments for part in parts)
    whole = clusters(text)
    if all(len(cluster) < 20 for cluster in whole):
        ends, at = set(), 0
        for cluster in whole:
            at += len(cluster)
            ends.add(at)
        at = 0
        for part in parts:
            at += len(part)
            assert at in ends or not part, "inside a letter with its marks"


@given(TEXTS)
def test_tables_never_cost_more_and_are_used_only_where_they_cost_less(text: str) -> None:
    without, carried = count(text), count(text, tables=URDU)
    assert carried.segments <= without.segments
    if carried.segments == without.segments:
        assert (carried.alphabet, carried.units) == (without.alphabet, without.units)
    else:
        assert carried.alphabet.startswith("urdu")
        assert not BOTH.lacks(text)


@given(SPOKEN)
def test_gsm_7_is_never_dearer_than_a_table(text: str) -> None:
    if not GSM7.lacks(text):
        for alphabet in TABLES["urdu"]:
            if not alphabet.lacks(text):
                assert alphabet.units(text) >= GSM7.units(text)


@pytest.mark.parametrize(
    ("characters", "ucs2", "urdu"),
    [(71, 2, 1), (100, 2, 1), (134, 2, 1), (152, 3, 1), (200, 3, 2), (268, 4, 2), (300, 5, 3), (400, 6, 3)],
)
def test_segments_of_long_texts(characters: int, ucs2: int, urdu: int) -> None:
    text = "ا" * characters
    assert (count(text).segments, count(text, tables=URDU).segments) == (ucs2, urdu)


@pytest.mark.parametrize(
    ("text", "alphabet", "units", "segments", "forced_by"),
    [
        ("ا" * 70, "ucs2", 70, 1, ()),
        ("ا" * 71, "urdu-locking", 71, 1, ()),
        ("ا" * 71 + "۔", "urdu", 73, 1, ()),
        ("ا" * 150 + "۔", "urdu", 152, 1, ()),
        ("ا" * 151 + "۔", "urdu", 153, 2, ()),
        ("paise aa gaye۔" * 6, "urdu-single", 90, 1, ()),
        ("ا" * 71 + "[", "urdu-locking", 73, 1, ()),
        ("ا" * 70 + "غئغ", "ucs2", 73, 2, ("غ", "ئ")),
        ("paise aa gaye", "gsm7", 13, 1, ()),
    ],
)
def test_the_cheapest_alphabet(
    text: str, alphabet: str, units: int, segments: int, forced_by: tuple[str, ...]
) -> None:
    cost = count(text, tables=URDU)
    assert (cost.alphabet, cost.units, cost.segments, cost.forced_by) == (
        alphabet,
        units,
        segments,
        forced_by,
    )


def test_an_escape_pair_is_not_split_over_two_segments() -> None:
    # 145 letters and a full stop: the pair begins at the last septet of the first segment.
    alphabet, parts = segmented("ا" * 145 + "۔" + "ب" * 10, tables=URDU)
    assert alphabet is BOTH
    assert parts == ("ا" * 145, "۔" + "ب" * 10)
    assert segmented("ا" * 144 + "۔" + "ب" * 10, tables=URDU)[1] == ("ا" * 144 + "۔", "ب" * 10)
    assert segmented("ا" * 144 + "۔" + "ب" * 10, tables=URDU, reference=16)[1][0] == "ا" * 144


def test_a_letter_keeps_its_marks_over_segments() -> None:
    _, parts = segmented("ا" * 148 + "ب\u0651" + "ج" * 20, tables=URDU)
    assert parts[1].startswith("ب\u0651")
