"""What all strangers ask in the last minutes: counted once, for a while, and told of seldom."""

from collections.abc import Iterable
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from services.privacy.limits import load_limits
from services.privacy.pulse import Alarm, Pulse

LIMITS = load_limits()


def pulse(most: int = 100, **rates: float) -> Pulse:
    standard = {"window": 60, "period": 600, "least": 4, "share": 0.5}
    return Pulse(replace(LIMITS.pulse, **{**standard, **rates}), most)  # type: ignore[arg-type]


def noted(one: Pulse, numbers: Iterable[int], at: float, missed: bool = False) -> None:
    for number in numbers:
        one.note(number.to_bytes(16), at, missed=missed)


def test_numbers_are_counted_once_and_for_a_while() -> None:
    one = pulse()
    noted(one, [1, 2, 3, 2, 1], at=0)
    noted(one, [4], at=30)
    assert one.numbers(59) == 4
    assert one.numbers(60) == 1
    assert one.numbers(90) == 0


def test_a_number_that_is_asked_again_stays() -> None:
    one = pulse()
    noted(one, [1, 2], at=0)
    noted(one, [1], at=50)
    assert one.numbers(70) == 1


def test_no_more_is_kept_than_is_counted_to() -> None:
    one = pulse(most=10)
    noted(one, range(1000), at=0, missed=True)
    assert one.numbers(0) == len(one._recent) == one._missed == 10
    noted(one, range(1000), at=1, missed=False)
    assert one._missed == 0


def test_many_misses_raise_an_alarm_once_in_a_period() -> None:
    one = pulse()
    noted(one, [1, 2, 3], at=0, missed=True)
    assert one.alarms((), 0) == (), "three say nothing yet"
    noted(one, [4, 5, 6], at=0)
    assert one.alarms((), 0) == (Alarm("misses", 6, 3, 60),)
    assert one.alarms((), 599) == ()
    noted(one, range(10, 14), at=600, missed=True)
    assert one.alarms((), 600) == (Alarm("misses", 4, 4, 60),)


def test_a_family_s_misses_raise_none() -> None:
    one = pulse()
    noted(one, [1, 2], at=0, missed=True)
    noted(one, [3, 4, 5], at=0)
    assert one.alarms((), 0) == ()


def test_each_kind_of_alarm_has_its_own_period() -> None:
    one = pulse()
    assert [alarm.kind for alarm in one.alarms({"sweep", "crowd"}, 0)] == ["crowd", "sweep"]
    assert [alarm.kind for alarm in one.alarms({"sweep", "block"}, 1)] == ["block"]  # type: ignore[arg-type]


@given(st.lists(st.tuples(st.integers(0, 30), st.floats(0, 20), st.booleans()), max_size=60))
def test_the_pulse_counts_as_the_definition_does(asked: list[tuple[int, float, bool]]) -> None:
    one, now, last = pulse(), 0.0, dict[int, tuple[float, bool]]()
    for number, later, missed in asked:
        now += later
        one.note(number.to_bytes(16), now, missed=missed)
        last[number] = (now, missed)
        within = [missed for at, missed in last.values() if at > now - 60]
        assert (one.numbers(now), one._missed) == (len(within), sum(within))
