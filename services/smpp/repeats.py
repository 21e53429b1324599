"""Whether a text is the same one again, or a person wrote the same words anew.

SMPP gives a person's text no id. An SMSC delivers it again if our acknowledgement did not reach it: because
none was sent, or because the line broke right after. The same words, after an acknowledgement that arrived,
are new: people answer two menus with the same "1" within a minute.
"""

from collections import OrderedDict
from dataclasses import dataclass
from typing import Protocol

MEMORY = 120.0
"""Seconds. Whoever was answered longer ago than that writes anew."""

CROSSED = 2.0
"""Seconds after an acknowledgement in which the same text may have been under way already."""

BROKEN = 5.0
"""Seconds. A line that breaks so soon after an acknowledgement may have swallowed it."""

MINUTE = 60


class Line(Protocol):
    """What is needed of a connection: when it was lost, in the loop's time."""

    lost_at: float | None


@dataclass(slots=True)
class _Heard:
    id: str
    minute: int
    number: int
    at: float
    answered_at: float | None = None
    line: Line | None = None

    def is_same(self, now: float, crossed: float) -> bool:
        if self.answered_at is None or self.line is None:
            return True
        if self.line.lost_at is None:
            return now - self.answered_at < crossed
        return self.line.lost_at - self.answered_at < BROKEN


class Repeats:
    """What one process heard in the last two minutes, by what was said (`key`: sender and octets)."""

    def __init__(self) -> None:
        self._heard: OrderedDict[str, _Heard] = OrderedDict()

    def candidates(self, key: str, *, at: float, now: float, quick: bool = False) -> list[str]:
        """The ids that a text may have been heard under; the last is to be given to it if it is new.

        `at`: seconds since the epoch; `now`: the loop's time. There are several where this process does not
        remember, and which of them was heard the database knows. `quick`: people answer within a second.
        """
        while self._heard and next(iter(self._heard.values())).at < now - MEMORY:
            self._heard.popitem(last=False)
        minute = int(at) // MINUTE
        known = self._heard.get(key)
        if known is None:
            return [f"{key}:{minute - 1}:0", f"{key}:{minute}:0"]
        if known.is_same(now, 0.0 if quick else CROSSED):
            return [known.id]
        number = known.number + 1 if known.minute == minute else 1
        return [f"{key}:{minute}:{number}"]

    def begin(self, key: str, id: str, *, now: float) -> None:
        """Remember that a text is being heard under this id."""
        known = self._heard.get(key)
        if known is None or known.id != id:
            _, minute, number = id.rsplit(":", 2)
            self._heard[key] = _Heard(id, int(minute), int(number), now)
        self._heard.move_to_end(key)
        self._heard[key].at = now

    def answered(self, key: str, line: Line, *, now: float) -> None:
        """Remember that it is acknowledged on this connection."""
        known = self._heard[key]
        known.answered_at, known.line = now, line
