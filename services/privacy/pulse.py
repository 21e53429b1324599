"""What all strangers ask in the last minutes, kept in this process: how many numbers, and how many miss.

Exact and bounded: no more numbers are kept than the largest budget of all counts to.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from services.privacy.limits import Rates, Reason

Kind: TypeAlias = Reason | Literal["misses"]


@dataclass(frozen=True, slots=True)
class Alarm:
    """That something looks like counting through CNICs. It names nobody.

    `numbers` that strangers asked about within the window, `missed` that no source knows.
    """

    kind: Kind
    numbers: int
    missed: int
    window: float


@dataclass(slots=True)
class Pulse:
    """A sliding window; times are seconds of one clock that only goes forward. For one event loop.

    `most`: numbers that are kept, and so the highest count that `numbers` gives.
    """

    rates: Rates
    most: int
    _recent: dict[bytes, tuple[float, bool]] = field(default_factory=dict)
    _missed: int = 0
    _raised: dict[Kind, float] = field(default_factory=dict)

    def numbers(self, now: float) -> int:
        """Different numbers that strangers asked about in the window."""
        while self._recent:
            oldest = next(iter(self._recent))
            if self._recent[oldest][0] > now - self.rates.window:
                break
            self._drop(oldest)
        return len(self._recent)

    def note(self, subject: bytes, now: float, *, missed: bool) -> None:
        """A stranger asked about this number (its keyed hash); `missed`: no source knows it."""
        self._drop(subject)
        if self.numbers(now) >= self.most:
            self._drop(next(iter(self._recent)))
        self._recent[subject] = (now, missed)  # a dict keeps the order in which it was filled
        self._missed += missed

    def alarms(self, kinds: Iterable[Kind], now: float) -> tuple[Alarm, ...]:
        """Alarms to raise now: of these kinds and of misses, each once in a period."""
        numbers = self.numbers(now)
        due = set(kinds)
        if numbers >= self.rates.least and self._missed >= self.rates.share * numbers:
            due.add("misses")
        due = {kind for kind in due if now - self._raised.get(kind, -self.rates.period) >= self.rates.period}
        self._raised |= dict.fromkeys(due, now)
        return tuple(Alarm(kind, numbers, self._missed, self.rates.window) for kind in sorted(due))

    def _drop(self, subject: bytes) -> None:
        _, missed = self._recent.pop(subject, (0.0, False))
        self._missed -= missed
