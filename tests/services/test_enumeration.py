"""Counting through CNICs learns nothing: not from the words, not from the time, not from who else asks."""

import asyncio
import logging
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from scipy.stats import ks_2samp, mannwhitneyu

from benchmarks import apart
from benchmarks.guard import ALPHA, asked, asks, deployment, fill, forget, lax, neutral, times
from bot.messages import Call, Result
from channels.web import Web
from services.alerts import alert_staff
from services.asking import Answerer, Context
from services.privacy.guard import make_guard
from services.privacy.identifiers import Keys
from services.privacy.limits import Budget, Slow
from services.privacy.pulse import Alarm
from services.registry import SCOPES, Person, Record, Unavailable
from services.registry.chosen import OWN_TABLES, even_for
from services.registry.lookup import Connected
from services.status import registry_status
from services.store.engine import Store, StoreUnavailable
from services.store.tables import asked as asked_table
from services.store.tables import desk_item
from services.turns import Parts
from tests.services.deployment import LIMITS, NOW, catalogue, deploy, inbound, rows, sample, settle
from tests.services.served import served
from tests.services.test_turns import taken, texts

NEUTRAL, TOO_MANY = "privacy.neutral", "privacy.too_many"


def far(number: int) -> str:
    """CNICs that are not near one another, and are nobody's."""
    return f"{9_100_000_000_000 + number * 10_007}"


def said(parts: Parts, *cnics: str, **of: Any) -> list[str]:
    """The text keys of the replies to these numbers, one message each."""
    first = len(rows(parts.store, asked_table)) * 1000
    messages = [inbound(cnic, id=f"{of}{first + number}", **of) for number, cnic in enumerate(cnics)]
    return [one.outbound.about for one in taken(parts, *messages)]


# --- the words


def test_numbers_in_a_row_from_fifty_phones_learn_nothing_from_the_words(store: Store, keys: Keys) -> None:
    questions = asks(800, 50)
    unknown = asked(deployment(store, keys, bucket=0), questions)
    forget(store)
    fill(store, keys, questions)
    replies = asked(deployment(store, keys, bucket=0), questions)
    words = Counter(reply.words for reply in replies)
    assert set(words) == neutral(catalogue())
    assert len({(reply.words, len(reply.text), reply.segments) for reply in replies}) == len(words)
    assert [reply.text for reply in replies] == [reply.text for reply in unknown]
    fates = Counter(reply.ask.fate for reply in replies)
    assert min(fates.values()) > 40
    assert len(fates) == 5


# --- the time


@pytest.fixture
def filled(store: Store, keys: Keys) -> Store:
    fill(store, keys, asks(2000, 50))
    return store


@pytest.mark.parametrize("database", ["sqlite"])
def test_the_time_of_an_answer_does_not_tell_which_numbers_exist(filled: Store, keys: Keys) -> None:
    parts = deployment(filled, keys, bucket=0.004, limits=lax())
    found = times(asked(parts, asks(2000, 50)))
    assert not found.told(ALPHA), found
    assert found.seen < 0.07, "so small a difference would have been noticed"


@pytest.mark.parametrize("database", ["sqlite"])
def test_two_milliseconds_more_on_a_hit_are_noticed_where_nothing_hides_them(
    filled: Store, keys: Keys
) -> None:
    parts = deployment(filled, keys, bucket=0, limits=lax(), leaky=True)
    found = times(asked(parts, asks(1200, 50)))
    assert found.told(ALPHA), found
    assert found.auc > 0.5


def test_the_statistics_are_those_of_others() -> None:
    random = np.random.default_rng(7)
    for shift, digits in ((0.0, 9), (0.1, 9), (0.3, 1)):  # few digits: many ties
        one = np.round(random.lognormal(size=400), digits)
        other = np.round(random.lognormal(size=300) + shift, digits)
        found = apart.compare(one, other, labellings=5000)
        rank = mannwhitneyu(other, one, alternative="two-sided")
        ks = ks_2samp(one, other, method="asymp")
        assert found.auc == pytest.approx(rank.statistic / (400 * 300))
        assert found.auc_p == pytest.approx(rank.pvalue, abs=0.03)
        assert found.ks == pytest.approx(ks.statistic)
        assert found.ks_p == pytest.approx(ks.pvalue, abs=0.03)


def test_equal_samples_are_not_told_apart() -> None:
    found = apart.compare(np.ones(50), np.ones(60), labellings=100)
    assert (found.auc, found.auc_p, found.ks, found.ks_p) == (0.5, 1.0, 0.0, 1.0)
    assert str(found) == "AUC 0.5000 (p 1), KS 0.0000 (p 1)"


# --- turns under the guard


class Counting:
    """A source without anybody, that counts how often it is asked."""

    name, scopes = "counting", SCOPES

    def __init__(self) -> None:
        self.asked: list[str] = []

    async def find(self, cnic: str, scopes: object) -> Record | None:
        self.asked.append(cnic)
        return None


def test_after_twenty_numbers_nothing_more_is_looked_up(store: Store, keys: Keys) -> None:
    source = Counting()
    parts = deploy(store, keys, registry=source)
    numbers = [far(n) for n in range(23)]
    assert said(parts, *numbers) == [NEUTRAL] * 20 + [TOO_MANY] * 3
    assert source.asked == numbers[:20]
    assert len(rows(store, asked_table)) == 20
    assert said(parts, numbers[0]) == [NEUTRAL], "what was asked before is not one more"
    assert said(parts, numbers[22], sender="+923990000002") == [NEUTRAL], "others may go on"


def test_a_ladder_of_numbers_ends_sooner(store: Store, keys: Keys) -> None:
    parts = deploy(store, keys, registry=Counting())
    assert said(parts, *(f"{9_200_000_000_000 + n}" for n in range(16))) == [NEUTRAL] * 14 + [TOO_MANY] * 2


def test_the_refusal_says_nothing_of_the_last_number(store: Store, keys: Keys) -> None:
    parts = deploy(store, keys, registry=Counting())
    found = texts(taken(parts, *(inbound(far(n), id=str(n)) for n in range(22))))
    assert found[20] == found[21]
    assert not any(character.isdigit() for character in found[20])


def test_a_family_is_told_its_own_however_much_else_was_asked(store: Store, keys: Keys) -> None:
    settle(store, keys)
    ready = sample("enrolled, payment ready")
    parts = deploy(store, keys)
    own, *others = said(parts, ready.cnic, *(far(n) for n in range(21)), sender=ready.phone)
    assert own.startswith("status.ready")
    assert others == [NEUTRAL] * 20 + [TOO_MANY]
    assert said(parts, ready.cnic, sender=ready.phone) == [own]


def test_an_owner_is_not_shut_out_by_those_who_ask_for_her_number(store: Store, keys: Keys) -> None:
    settle(store, keys)
    ready = sample("enrolled, payment ready")
    parts = deploy(store, keys)
    for number in range(20):
        assert said(parts, ready.cnic, sender=f"+92399000{number:04d}") == [NEUTRAL]
    assert said(parts, ready.cnic, sender=ready.phone)[0].startswith("status.ready")


def test_where_anyone_is_told_a_word_nobody_is_told_many(store: Store, keys: Keys) -> None:
    settle(store, keys)
    parts = deploy(store, keys, disclosure="anyone")
    found = said(parts, *(far(n) for n in range(9)))
    assert NEUTRAL not in found[:8]
    assert found[8] == NEUTRAL


def test_staff_are_told_once_and_no_number_is_named(
    store: Store, keys: Keys, caplog: pytest.LogCaptureFixture
) -> None:
    parts = deploy(store, keys, registry=Counting())
    for sender in range(3):
        said(parts, *(f"{9_200_000_000_000 + n}" for n in range(17)), sender=f"+9239911{sender}0000")
    (item,) = rows(store, desk_item)
    assert (item.reason, item.status) == ("guard.ladder", "waiting")
    (line,) = [each for each in caplog.records if each.name == "haqdar.guard"]
    assert "ladder" in line.getMessage()
    assert not any(secret in line.getMessage() for secret in ("92000", "92399"))


def test_an_alarm_that_cannot_be_kept_is_logged(
    store: Store, keys: Keys, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def away(work: object) -> None:
        raise StoreUnavailable("away")

    monkeypatch.setattr(store, "run", away)
    asyncio.run(alert_staff(store, keys, lambda: NOW)(Alarm("misses", 200, 190, 600)))
    assert [line.levelno for line in caplog.records] == [logging.WARNING, logging.ERROR]


# --- when answers leave


class Away(Counting):
    """A source that does not answer."""

    async def find(self, cnic: str, scopes: object) -> Record | None:
        raise Unavailable


def asked_directly(
    parts: Parts, cnic: str, phone: bytes | None = None, *, answer: Answerer = registry_status
) -> tuple[Result, Context, float]:
    """The answer to a call about this number, its context and how long it took."""

    async def ask() -> tuple[Result, Context, float]:
        began = time.monotonic()
        ends = asyncio.get_running_loop().time() + 3
        context = Context(
            conversation=b"c" * 16,
            channel="sms",
            message="1",
            reply="r",
            phone=phone,
            provable=False,
            at=NOW,
            ends=ends,
            sources=parts.sources,
        )
        result = await answer(Call(answer.__name__, {"cnic": cnic}, cnic), context)
        return result, context, time.monotonic() - began

    return asyncio.run(ask())


def closing() -> Any:
    """Limits under which nobody may ask for anything."""
    return replace(LIMITS, budgets={**LIMITS.budgets, "numbers": Budget(closed=1)})


@pytest.mark.parametrize(
    ("source", "limits", "told"),
    [
        (Counting, lambda: LIMITS, {"disclosure": "none", "last4": "0001", "provable": False, "code": True}),
        (Counting, closing, {"disclosure": "none", "closed": True}),
        (Away, lambda: LIMITS, {}),
    ],
)
def test_whatever_a_stranger_is_told_leaves_at_the_same_time(
    store: Store, keys: Keys, source: Callable[[], Any], limits: Callable[[], Any], told: dict[str, Any]
) -> None:
    guard = make_guard(limits(), alert_staff(store, keys, lambda: NOW), bucket=0.02)
    parts = deploy(store, keys, registry=source(), guard=guard)
    result, context, took = asked_directly(parts, "9000000000001")
    assert result.data == told
    assert took >= 0.02
    assert [held.bucket for held in context.held] == [0.02], "and once more when it is written"


class Sluggish(Counting):
    """A source that needs long for whom it knows, and for one number longer than it is waited for."""

    def __init__(self, keys: Keys) -> None:
        super().__init__()
        self.hers = Person("Amina", "kech", "f", frozenset({keys.hash("phone", "+923990000777")}))

    async def find(self, cnic: str, scopes: object) -> Record | None:
        known, hangs = cnic == far(1), cnic == far(2)
        await asyncio.sleep(60 if hangs else 0.27 if known else 0)
        return Record(NOW.date(), self.hers) if known else None

    async def close(self) -> None:
        """Nothing is held."""


@pytest.mark.parametrize("database", ["sqlite"])
def test_a_source_that_is_slow_with_whom_it_knows_does_not_show(store: Store, keys: Keys) -> None:
    """Buckets that an answer takes for a number that is known, one that hangs, and one that is not known."""
    source = Sluggish(keys)
    sources = [Connected(source, timeout=0.4, close=source.close)]

    def buckets(bucket: float) -> list[int]:
        guard = make_guard(LIMITS, alert_staff(store, keys, lambda: NOW), bucket=bucket)
        parts = deploy(store, keys, sources=sources, guard=guard)
        return [int(asked_directly(parts, far(number))[2] / bucket) for number in (1, 2, 3)]

    assert buckets(OWN_TABLES) == [2, 2, 1], "what is right for our own tables would tell"
    assert buckets(even_for(sources)) == [1, 1, 1]


def test_a_family_does_not_wait(store: Store, keys: Keys) -> None:
    settle(store, keys)
    ready = sample("enrolled, payment ready")
    guard = make_guard(LIMITS, alert_staff(store, keys, lambda: NOW), bucket=0.5)
    result, context, _ = asked_directly(
        deploy(store, keys, guard=guard), ready.cnic, keys.hash("phone", ready.phone)
    )
    assert result.data["disclosure"] == "own"
    assert not context.held


def test_a_phone_that_is_very_many_families_own_is_slowed_and_told_of(store: Store, keys: Keys) -> None:
    settle(store, keys)
    ready = sample("enrolled, payment ready")
    budgets = {**LIMITS.budgets, "own": Budget(slow=1, alarm=1)}
    limits = replace(LIMITS, budgets=budgets, slow=Slow(step=0.01, most=0.01))
    parts = deploy(store, keys, guard=make_guard(limits, alert_staff(store, keys, lambda: NOW)))
    said(parts, ready.cnic, sender=ready.phone)
    result, _, took = asked_directly(parts, ready.cnic, keys.hash("phone", ready.phone))
    assert result.data["disclosure"] == "own"
    assert took >= 0.01
    assert [item.reason for item in rows(store, desk_item)] == ["guard.own"]


# --- web visitors


@pytest.mark.parametrize("database", ["sqlite"])
def test_web_visitors_are_counted_by_their_network_whatever_their_cookies_and_headers_say(
    store: Store, keys: Keys
) -> None:
    budgets = {**LIMITS.budgets, "network": Budget(slow=2, closed=3)}
    guard = make_guard(replace(LIMITS, budgets=budgets), alert_staff(store, keys, lambda: NOW))
    parts = deploy(store, keys, registry=Counting(), guard=guard, channels={"web": Web(secure=False)})

    def ask(web: Any, number: int, forwarded: str) -> str:
        form = {"id": f"{number:032x}", "text": far(number)}
        web.cookies.clear()
        web.post("/en/", data=form, headers={"X-Forwarded-For": forwarded}).raise_for_status()
        return str(web.get("/en/", headers={"cookie": f"haqdar={number:032x}"}).text)

    with served(parts) as web:
        web.follow_redirects = True
        for number, claimed in enumerate(("9.9.9.1", "1.2.3.4, 9.9.9.2", "8.8.8.8, 9.9.9.3")):
            assert "I cannot show" in ask(web, number, claimed)
        assert "too many different numbers" in ask(web, 3, "8.8.8.8, 9.9.9.4")
        assert "I cannot show" in ask(web, 4, "9.9.8.1")
    assert len({row.block for row in rows(store, asked_table)}) == 2
