"""Leaves a source alone for a while after it has failed several times in a row."""

from dataclasses import dataclass


@dataclass(slots=True)
class Breaker:
    """`most` failures in a row open it for `pause` seconds; then one call is let through to try.

    Times are seconds of any steady clock. One breaker belongs to one source in one process.
    """

    most: int = 5
    pause: float = 30.0
    _failures: int = 0
    _until: float = 0.0

    def lets_through(self, now: float) -> bool:
        """Whether the source may be asked now. Asking while it recovers is for one caller at a time."""
        if self._failures < self.most:
            return True
        if now < self._until:
            return False
        self._until = now + self.pause
        return True

    def note(self, ok: bool, now: float) -> None:
        """What became of a call. Whoever answers, be it with *no such person*, is well."""
        if ok:
            self._failures = 0
            return
        self._failures += 1
        if self._failures >= self.most:
            self._until = now + self.pause
