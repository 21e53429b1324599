"""The guard by itself: what it counts, what follows from it, and when answers leave."""

import asyncio
import math
import time
from collections.abc import Iterable
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.privacy.evenly import COARSE, Held, even, leave_evenly
from services.privacy.guard import (
    Asking,
    Block,
    Counts,
    Verdict,
    asking_of,
    block_of,
    count,
    forget,
    judge,
    make_guard,
    near_of,
    remember,
)
from services.privacy.identifiers import Keys
from services.privacy.limits import REASONS, STANDARD, UNSEEN, Budget, load_limits
from services.privacy.pulse import Alarm
from services.store.engine import Store
from services.store.prepared import Prepared
from services.store.tables import asked
from tests.services.deployment import rows

LIMITS = load_limits()
TODAY = date(2026, 11, 24)
ANSWERS = ("open", "slow", "closed")

# --- limits


def test_every_budget_has_its_limits() -> None:
    assert set(LIMITS.budgets) == set(REASONS)
    assert not any(LIMITS.budgets[reason].slow or LIMITS.budgets[reason].closed for reason in UNSEEN)


@pytest.mark.parametrize(
    ("old", "new", "fault"),
    [
        ("[budgets.crowd]", "[budgets.crowd]\nclosed = 90", "crowd: an asker must not see it"),
        ("[budgets.sweep]", "[budgets.sweep]\nslow = 9", "sweep: an asker must not see it"),
        ("[budgets.own]", "[budgets.own]\nhushed = 9", "own: is about linked numbers"),
        ("closed = 1000", "closed = 200", "network: slow comes before closed"),
        ("closed = 15", "closed = 0", "budgets.ladder.closed: Input should be greater"),
        ("[budgets.everyone]", "[budgets.nobody]", "budgets.nobody"),
        ("near_digits = 3", "near_digits = 3\nfar = 1", "far: "),
        ("share = 0.6", "share = 60", "pulse.share"),
        ("step = 0.5", "step = 'long'", "slow.step"),
    ],
)
def test_limits_that_make_no_sense_are_refused(old: str, new: str, fault: str, tmp_path: Path) -> None:
    file = tmp_path / "guard.toml"
    text = STANDARD.read_text("utf-8")
    assert text.count(old) == 1
    file.write_text(text.replace(old, new), "utf-8")
    with pytest.raises(ValueError, match=fault):
        load_limits(file)


def test_a_budget_that_is_missing_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "guard.toml"
    text = STANDARD.read_text("utf-8")
    everyone, pulse = text.index("[budgets.everyone]"), text.index("[pulse]")
    file.write_text(text[:everyone] + text[pulse:], "utf-8")
    with pytest.raises(ValueError, match=r"budgets\.everyone: is missing"):
        load_limits(file)


# --- what is near, and what is a block


def test_near_numbers_differ_in_their_last_digits() -> None:
    assert near_of("9000000000012") == near_of("9000000000999") == "9000000000"
    assert near_of("9000000000012") != near_of("9000000001012")


@pytest.mark.parametrize(
    ("sender", "network", "block"),
    [
        ("+923990001234", "", Block("phones", "+923990001")),
        ("whatsapp:+923990001234", "", Block("phones", "+923990001")),
        ("whatsapp:PK.1234567", "", Block()),
        ("77", "", Block()),
        ("0123456789abcdef", "9.9.9.9", Block("network", "9.9.9.0/24")),
        ("0123456789abcdef", "::ffff:9.9.9.77", Block("network", "9.9.9.0/24")),
        ("0123456789abcdef", "2620:fe:0:1::9", Block("network", "2620:fe::/48")),
        ("0123456789abcdef", "127.0.0.1", Block()),
        ("0123456789abcdef", "10.1.2.3", Block()),
        ("0123456789abcdef", "fd00::1", Block()),
        ("0123456789abcdef", "unix:", Block()),
    ],
)
def test_addresses_that_are_easily_had_together_are_a_block(sender: str, network: str, block: Block) -> None:
    assert block_of(sender, network, LIMITS.blocks) == block


# --- what follows from the counts


FAMILY = {"numbers": 12, "ladder": 12}
"""Four numbers, each once right and twice mistyped in its last digits; the cards were made out in a row."""


@pytest.mark.parametrize(
    ("who", "counts", "answer", "seconds", "word"),
    [
        ("a woman about her own number", Counts(), "open", 0, True),
        ("a family that mistypes all its four numbers once", Counts(8, 8), "open", 0, True),
        ("a family that mistypes them twice", Counts(**FAMILY), "open", 0, False),
        ("the same with its registered phone", Counts(numbers=9, own=4, linked=True), "open", 0, True),
        ("a shopkeeper about a 13th neighbour", Counts(numbers=13), "slow", 0.5, False),
        ("about a 14th", Counts(numbers=14), "slow", 1.0, False),
        ("about a 20th", Counts(numbers=20), "slow", 2.0, False),
        ("about a 21st", Counts(numbers=21), "closed", 2.0, False),
        ("the shopkeeper about his wife, whom he may ask for", Counts(50, linked=True), "open", 0, True),
        ("somebody counting upwards", Counts(15, 15), "closed", 2.0, False),
        ("the agent whose phone is many families'", Counts(own=13, linked=True), "slow", 0.5, True),
        ("a family whose number others ask for too", Counts(crowd=5000), "open", 0, False),
        ("a family beside whose numbers others count", Counts(sweep=5000), "open", 0, False),
        ("a family in a block of hired phones", Counts(phones=5000), "slow", 2.0, False),
        ("a visitor in a busy network", Counts(network=199), "open", 0, True),
        ("a visitor in a network that counts", Counts(network=1000), "closed", 2.0, False),
        ("anybody on the busiest day", Counts(everyone=3000), "slow", 0.5, True),
    ],
)
def test_who_is_answered_how(who: str, counts: Counts, answer: str, seconds: float, word: bool) -> None:
    verdict = judge(counts, LIMITS)
    assert (verdict.answer, verdict.seconds, verdict.word) == (answer, seconds, word), who


def test_a_link_of_another_day_counts_too() -> None:
    assert judge(Counts(numbers=99), LIMITS, linked=True) == Verdict()


def test_staff_hear_of_what_is_unusual_and_not_of_a_helper() -> None:
    assert judge(Counts(numbers=20), LIMITS).alarms == frozenset()
    assert judge(Counts(numbers=21, crowd=12), LIMITS).alarms == {"numbers", "crowd"}
    assert judge(Counts(numbers=21, crowd=12), LIMITS).reasons == {"numbers", "crowd"}
    assert judge(Counts(own=13, linked=True), LIMITS).alarms == {"own"}


many = st.integers(0, 1200)


@given(st.tuples(*[many] * len(REASONS)), st.tuples(*[many] * len(REASONS)), st.booleans())
def test_asking_for_more_never_opens(before: tuple[int, ...], more: tuple[int, ...], linked: bool) -> None:
    first = judge(Counts(*before, linked=linked), LIMITS)
    then = judge(Counts(*map(sum, zip(before, more, strict=True)), linked=linked), LIMITS)
    assert ANSWERS.index(then.answer) >= ANSWERS.index(first.answer)
    assert then.seconds >= first.seconds
    assert then.word <= first.word
    assert then.reasons >= first.reasons
    assert then.alarms >= first.alarms


@given(st.integers(0, 10**6), st.integers(0, 10**6))
def test_what_others_ask_cannot_be_seen(crowd: int, sweep: int) -> None:
    verdict = judge(Counts(crowd=crowd, sweep=sweep), LIMITS)
    assert (verdict.answer, verdict.seconds) == ("open", 0)


# --- what is counted


def asking(number: int, sender: int = 1, *, day: date = TODAY, block: Block | None = None) -> Asking:
    keys = Keys.from_secret(b"a secret that is only for the tests")
    block = block or Block("phones", "+923990001")
    return asking_of(keys, f"{9_000_000_000_000 + number}", sender=sender.to_bytes(16), block=block, day=day)


def note(store: Store, *askings: Asking, known: bool = False) -> None:
    store.run_now(lambda connection: [remember(connection, each, known=known) for each in askings])


def counted(store: Store, one: Asking) -> Counts:
    return store.read_now(lambda connection: count(connection, one, LIMITS, everyone=7))


def test_the_first_enquiry_of_a_day(store: Store) -> None:
    assert counted(store, asking(1)) == Counts(everyone=7)


def test_different_numbers_of_one_asker(store: Store) -> None:
    note(store, asking(1), asking(2), asking(5000), asking(6, sender=2), asking(1, day=TODAY - timedelta(1)))
    found = counted(store, asking(3))
    assert (found.numbers, found.ladder, found.sweep, found.crowd) == (4, 3, 4, 1)
    assert counted(store, asking(1)).numbers == 3, "a number that was asked for already is not one more"


def test_the_same_enquiry_is_noted_once(store: Store) -> None:
    note(store, asking(1), asking(1), asking(1))
    assert len(rows(store, asked)) == 1


def test_own_numbers_are_free(store: Store) -> None:
    note(store, *(asking(n) for n in range(4)), known=True)
    found = counted(store, asking(9))
    assert (found.numbers, found.ladder, found.own, found.phones, found.sweep) == (1, 1, 4, 0, 1)
    assert not found.linked
    assert counted(store, asking(3)).linked
    assert not counted(store, asking(3, sender=2)).linked


def test_a_number_that_turns_out_to_be_ones_own_becomes_free_and_stays_so(store: Store) -> None:
    for known, linked in ((False, False), (True, True), (False, True)):
        note(store, asking(1), known=known)
        assert counted(store, asking(1)).linked == linked
        assert counted(store, asking(2)).numbers == (1 if linked else 2)


def test_askers_of_one_number(store: Store) -> None:
    note(store, *(asking(1, sender) for sender in range(2, 7)))
    assert counted(store, asking(1)).crowd == 6
    assert counted(store, asking(1, sender=2)).crowd == 5
    assert counted(store, asking(2)).crowd == 1


def test_numbers_of_a_block(store: Store) -> None:
    web = Block("network", "9.9.9.0/24")
    note(store, *(asking(n, sender=n, block=web) for n in range(20, 25)), asking(1, sender=8))
    here = counted(store, asking(9, sender=9, block=web))
    assert (here.network, here.phones) == (5, 0)
    assert counted(store, asking(9, sender=9)).phones == 1
    assert counted(store, asking(9, sender=9, block=Block("network", "9.9.8.0/24"))).network == 0
    nowhere = counted(store, asking(9, sender=9, block=Block()))
    assert (nowhere.phones, nowhere.network) == (0, 0)


def test_a_hot_number_is_not_counted_to_the_end(store: Store) -> None:
    everybody = [asking(1, sender) for sender in range(2, 700)]
    note(store, *everybody)
    found = counted(store, asking(1))
    assert found.crowd == LIMITS.budgets["crowd"].most + 1
    assert found.phones == LIMITS.budgets["phones"].most


def test_near_numbers_are_counted_whoever_asks(store: Store) -> None:
    note(store, *(asking(number, sender) for number in range(40) for sender in (100 + number, 200)))
    assert counted(store, asking(41)).sweep == 41
    assert counted(store, asking(39)).sweep == 40
    assert counted(store, asking(1000)).sweep == 1


@pytest.mark.parametrize("database", ["sqlite"])
def test_counting_is_one_statement_that_reads_no_whole_table(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[tuple[str, Iterable[object]]] = []
    monkeypatch.setattr(Prepared, "told", lambda sql, values: told.append((sql, values)))
    counted(store, asking(1))
    ((sql, values),) = told
    plan = store.read_now(lambda c: c.exec_driver_sql(f"EXPLAIN QUERY PLAN {sql}", tuple(values)).all())
    searched = [step.detail for step in plan if "asked" in step.detail]
    assert len(searched) == 5
    assert all(step.startswith("SEARCH asked USING") for step in searched), plan
    assert any("asked_block (day=? AND block=? AND known=?)" in step for step in searched)


def test_what_is_past_is_forgotten(store: Store) -> None:
    note(store, asking(1), asking(1, day=TODAY - timedelta(1)), asking(1, day=TODAY - timedelta(2)))
    assert store.run_now(lambda connection: forget(connection, TODAY)) == 2
    assert [row.day for row in rows(store, asked)] == [TODAY]


def test_nothing_readable_is_kept(store: Store) -> None:
    note(store, asking(12))
    (row,) = rows(store, asked)
    assert all(len(value) == 16 for value in (row.sender, row.subject, row.near, row.block))
    assert "900000000" not in repr(row)
    assert len({row.subject, row.near, row.block}) == 3


# --- when answers leave


@pytest.mark.parametrize(
    ("what", "now", "least", "ends", "wait"),
    [
        ("found at once", 10.0, 0, math.inf, 0.25),
        ("found soon", 10.01, 0, math.inf, 0.24),
        ("not found a little later", 10.2, 0, math.inf, 0.05),
        ("just at the time", 10.25, 0, math.inf, 0.0),
        ("a source that is slow", 10.3, 0, math.inf, 0.2),
        ("slowed by the guard", 10.01, 0.6, math.inf, 0.74),
        ("closed by the guard", 10.001, 2.0, math.inf, 1.999),
        ("slowed, but the turn must end", 10.01, 2.0, 11.5, 1.49),
        ("a source that is late", 12.84, 0, 12.85, 0.01),
        ("later than the end", 12.9, 0, 12.85, 0.0),
    ],
)
def test_when_an_answer_leaves(what: str, now: float, least: float, ends: float, wait: float) -> None:
    assert even(10.0, now, 0.25, least=least, ends=ends) == pytest.approx(wait, abs=1e-9), what


def test_without_a_bucket_only_the_slowed_wait() -> None:
    assert even(10.0, 10.1, 0) == 0
    assert even(10.0, 10.1, 0, least=0.5) == pytest.approx(0.4)


@given(
    st.floats(0, 1e6), st.floats(0, 2), st.floats(0, 2), st.sampled_from([0.1, 0.25, 1.0]), st.floats(0, 3)
)
def test_answers_leave_at_a_multiple_or_at_the_end(
    started: float, took: float, least: float, bucket: float, end: float
) -> None:
    now, ends = started + took, started + end
    wait = even(started, now, bucket, least=least, ends=ends)
    leaves = now + wait - started
    assert wait >= 0
    assert leaves <= max(end, took) + 1e-6
    if leaves < end - 1e-6 and took < end:
        assert leaves / bucket == pytest.approx(round(leaves / bucket), abs=1e-5)
        assert leaves >= min(least, end) - 1e-6


def test_nobody_leaves_early_and_the_last_stretch_is_exact() -> None:
    async def late() -> list[float]:
        found = []
        for part in range(5):
            held = Held(time.monotonic() - part * 0.0003, bucket=0.004)
            await leave_evenly(held)
            found.append(time.monotonic() - held.started)
        return found

    took = asyncio.run(late())
    assert all(each >= 0.004 for each in took)
    assert min(took) < 0.004 + COARSE


def test_a_guard_s_pulse_counts_as_far_as_the_budget_of_all() -> None:
    async def nobody(alarm: Alarm) -> None: ...

    assert make_guard(LIMITS, nobody).pulse.most == 6000
    unlimited = replace(LIMITS, budgets=dict.fromkeys(REASONS, Budget()))
    assert make_guard(unlimited, nobody).pulse.most == 1
