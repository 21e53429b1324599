"""Long texts in parts: late, doubled, missing, and numbers that phones use again."""

from datetime import UTC, datetime, timedelta
from itertools import permutations

import pytest

from channels.smpp.parts import LASTS, WAIT, Kept, is_due, is_whole, place, text
from channels.smpp.texts import Piece

NOW = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)
SECOND = timedelta(seconds=1)
WORDS = {1: "one ", 2: "two ", 3: "three"}


def piece(said: str) -> Piece:
    return Piece("gsm7", said.encode())


def came(*numbers: int, at: datetime = NOW, taken: bool = False, round: int = 0) -> list[Kept]:
    return [Kept(number, piece(WORDS[number]), at, round, taken) for number in numbers]


@pytest.mark.parametrize("order", list(permutations([1, 2, 3])))
def test_in_any_order(order: tuple[int, ...]) -> None:
    kept: list[Kept] = []
    for number in order:
        assert not is_whole(kept, 3)
        assert place(kept, number, piece(WORDS[number]), NOW) == (0, True)
        kept += came(number)
    assert is_whole(kept, 3)
    assert is_due(kept, 3, NOW)
    assert text(kept, 3) == "one two three"


def test_doubled_parts_are_known_also_after_the_text_was_taken() -> None:
    for taken in (False, True):
        kept = came(1, 2, taken=taken)
        assert place(kept, 2, piece("two "), NOW + SECOND) == (0, False)
    assert not is_due(came(1, 2, 3, taken=True), 3, NOW + LASTS)


def test_a_number_that_is_used_again_is_another_text() -> None:
    assert place(came(1, 2, taken=True), 1, piece("another"), NOW + SECOND) == (1, True)
    assert place(came(1), 1, piece("another"), NOW + SECOND) == (1, True)
    assert place(came(1, 2), 1, piece("one "), NOW + LASTS) == (1, True), "the same words, an hour later"
    assert place(came(1), 2, piece("two "), NOW + LASTS) == (1, True)
    assert place([*came(1), *came(1, round=1)], 2, piece("two "), NOW) == (1, True)


def test_what_has_come_is_heard_after_the_time_limit_and_marked() -> None:
    kept = came(1, 3)
    assert not is_due(kept, 3, NOW + WAIT - SECOND)
    assert is_due(kept, 3, NOW + WAIT)
    assert text(kept, 3) == "one …three"
    assert text(came(2), 5) == "…two …"
    assert not is_due(came(1, 3, taken=True), 3, NOW + LASTS)


def test_a_part_that_comes_after_the_limit_completes_what_was_heard() -> None:
    kept = came(1, 3, taken=True)
    late = NOW + WAIT + SECOND
    assert place(kept, 2, piece("two "), late) == (0, True)
    assert is_due([*kept, *came(2, at=late)], 3, late)
