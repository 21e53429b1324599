"""Which ids a text may have, by what this process remembers."""

from services.smpp.repeats import BROKEN, CROSSED, MEMORY, Repeats

AT = 60.0 * 1000 + 30


class Line:
    """A connection, by what is asked of it."""

    def __init__(self, lost_at: float | None = None) -> None:
        self.lost_at = lost_at


def begun(answered: float | None = None, line: Line | None = None) -> Repeats:
    repeats = Repeats()
    assert repeats.candidates("key", at=AT, now=0.0) == ["key:999:0", "key:1000:0"]
    repeats.begin("key", "key:1000:0", now=0.0)
    if answered is not None:
        repeats.answered("key", line or Line(), now=answered)
    return repeats


def test_until_it_is_acknowledged_it_is_the_same() -> None:
    assert begun().candidates("key", at=AT, now=MEMORY) == ["key:1000:0"]


def test_right_after_the_acknowledgement_it_is_the_same_and_then_it_is_new() -> None:
    repeats = begun(answered=1.0)
    assert repeats.candidates("key", at=AT, now=1.0 + CROSSED - 0.1) == ["key:1000:0"]
    assert repeats.candidates("key", at=AT, now=1.0 + CROSSED) == ["key:1000:1"]
    repeats.begin("key", "key:1000:1", now=4.0)
    assert repeats.candidates("key", at=AT + 60, now=5.0) == ["key:1000:1"], "not acknowledged yet"
    repeats.answered("key", Line(), now=5.0)
    assert repeats.candidates("key", at=AT, now=9.0) == ["key:1000:2"]
    assert repeats.candidates("key", at=AT + 60, now=9.0) == ["key:1001:1"]


def test_a_line_that_broke_soon_may_have_swallowed_the_acknowledgement() -> None:
    soon, late = Line(1.0 + BROKEN - 0.1), Line(1.0 + BROKEN)
    assert begun(1.0, soon).candidates("key", at=AT, now=50.0) == ["key:1000:0"]
    assert begun(1.0, late).candidates("key", at=AT, now=50.0) == ["key:1000:1"]


def test_what_is_long_ago_is_forgotten() -> None:
    repeats = begun(answered=1.0)
    assert repeats.candidates("key", at=AT + 180, now=MEMORY + 1) == ["key:1002:0", "key:1003:0"]
    assert not repeats._heard
