"""Long texts that come in parts: which belong together, when there is no more to wait for, and what they say.

Everything is a function of the parts that were kept; where they are kept is the shell's affair. A sender's
numbers for long texts are used again, by some phones at once: a `round` is one use of such a number.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from channels.smpp import texts
from channels.smpp.texts import Piece

WAIT = timedelta(minutes=2)
"""After its newest part nothing more is waited for: the person gets an answer to what has come."""

LASTS = timedelta(hours=1)
"""So long a part may still belong to a text; after that the same number is another text."""

MISSING = "…"
"""Stands for parts that did not come."""


@dataclass(frozen=True, slots=True)
class Kept:
    """A part that came. `taken`: what it says was heard."""

    number: int
    piece: Piece
    at: datetime
    round: int = 0
    taken: bool = False


def place(kept: Sequence[Kept], number: int, piece: Piece, at: datetime) -> tuple[int, bool]:
    """The round that a part belongs to, and whether it is new there. `kept`: all of the same key."""
    last = max((each.round for each in kept), default=0)
    current = [each for each in kept if each.round == last]
    if not current:
        return 0, True
    lasts = at - max(each.at for each in current) < LASTS
    same = next((each for each in current if each.number == number), None)
    if lasts and (same is None or same.piece == piece):
        return last, same is None
    return last + 1, True


def is_whole(current: Sequence[Kept], total: int) -> bool:
    """Whether no part of a round is missing."""
    return len(current) == total


def is_due(current: Sequence[Kept], total: int, now: datetime) -> bool:
    """Whether a round is to be heard now: there is something new in it, and nothing more to wait for."""
    if all(each.taken for each in current):
        return False
    return is_whole(current, total) or now - max(each.at for each in current) >= WAIT


def text(current: Sequence[Kept], total: int) -> str:
    """What a round says, as far as it came."""
    by_number = {each.number: each.piece for each in current}
    if len(by_number) == total:
        return texts.text([by_number[number] for number in sorted(by_number)])
    said = ""
    for number in range(1, total + 1):
        if number in by_number:
            said += texts.text([by_number[number]])
        elif not said.endswith(MISSING):
            said += MISSING
    return said
