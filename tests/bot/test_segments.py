"""SMS arithmetic: the same as an independent library's, and never a broken character."""

import unicodedata

import pytest
import smsutil
from hypothesis import given
from hypothesis import strategies as st

from bot.segments import EACH, SINGLE, clusters, count, split

GSM = st.text(alphabet="abcXYZ 0189@£$\n{}[]~|€^\\ÄñüàΔ", max_size=400)
URDU = st.text(alphabet="ابپتٹجچحخدڈرزسشعغفقکگلمنںوہیے ۔،؟0123456789", max_size=400)
ANY = st.text(alphabet=st.characters(exclude_categories=("Cs",)), max_size=250)
MIXED = st.one_of(GSM, URDU, ANY)


@pytest.mark.parametrize(
    ("text", "alphabet", "units", "segments"),
    [
        ("", "gsm7", 0, 1),
        ("a" * 160, "gsm7", 160, 1),
        ("a" * 161, "gsm7", 161, 2),
        ("a" * 306, "gsm7", 306, 2),
        ("a" * 307, "gsm7", 307, 3),
        ("€" * 80, "gsm7", 160, 1),
        ("€" * 81, "gsm7", 162, 2),
        ("ا" * 70, "ucs2", 70, 1),
        ("ا" * 71, "ucs2", 71, 2),
        ("ا" * 134, "ucs2", 134, 2),
        ("ا" * 135, "ucs2", 135, 3),
        ("😀" * 35, "ucs2", 70, 1),
        ("😀" * 36, "ucs2", 72, 2),
        ("\f", "gsm7", 2, 1),
    ],
)
def test_cost_at_the_edges(text: str, alphabet: str, units: int, segments: int) -> None:
    cost = count(text)
    assert (cost.alphabet, cost.units, cost.segments) == (alphabet, units, segments)


def test_an_escape_pair_is_not_split_over_two_segments() -> None:
    # 152 letters and a euro sign: the pair begins at the last septet of the first segment.
    text = "a" * 152 + "€" + "b" * 152
    assert count(text).segments == 3
    assert split(text) == ("a" * 152 + "€" + "b" * 6, "b" * 146)


def test_which_characters_forced_ucs2() -> None:
    assert count("paise – aaye “kal” –").forced_by == ("–", "“", "”")
    assert count("paise aaye").forced_by == ()


# Of the empty text the library says UCS-2, and an escape that stands alone it takes for a letter.
@given(MIXED.filter(bool).filter(lambda text: "\x1b" not in text))
def test_counts_as_an_independent_library_does(text: str) -> None:
    other = smsutil.split(text)
    ours = count(text)
    assert {"gsm7": "gsm0338", "ucs2": "utf_16_be"}[ours.alphabet] == other.encoding.replace("-", "_")
    # The library splits letters from their marks and joined emoji, which may need a segment less.
    if all(len(piece) == 1 for piece in clusters(text)):
        assert ours.segments == max(1, len(other.parts))
    else:
        assert ours.segments >= len(other.parts)


@given(MIXED, st.integers(1, 3))
def test_split_keeps_the_text_and_the_limit(text: str, segments: int) -> None:
    parts = split(text, segments=segments)
    assert "".join(parts) == text
    alphabet = count(text).alphabet
    for part in parts:
        cost = count(part)
        limit = SINGLE[alphabet] if segments == 1 else EACH[alphabet] * segments
        assert cost.units <= limit or cost.segments <= segments
    if count(text).segments <= segments:
        assert len(parts) == 1


@given(URDU.filter(bool))
def test_no_part_begins_with_a_mark(text: str) -> None:
    marked = "".join(f"{letter}\u0651" for letter in text if letter.isalpha()) or "ا"
    for part in split(marked):
        assert not unicodedata.combining(part[0])


def test_breaks_after_words_where_that_costs_nothing() -> None:
    text = "paise aa gaye hain " * 10
    first, second = split(text)
    assert first.endswith(" ")
    assert second.startswith(("paise", "aa", "gaye", "hain"))


def test_a_letter_with_more_marks_than_a_segment_holds() -> None:
    zalgo = "ا" + "\u0651" * 200
    parts = split(zalgo)
    assert "".join(parts) == zalgo
    assert all(count(part).segments == 1 for part in parts)


def test_joined_emoji_stay_together() -> None:
    family = "👩\u200d👩\u200d👧"
    assert clusters(f"a{family}b") == ["a", family, "b"]
