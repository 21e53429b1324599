"""Asking for codes is asking after numbers: counted, slowed, refused and told of as a look is."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from services.alerts import alert_staff
from services.linking import send_code
from services.privacy.guard import make_guard
from services.privacy.identifiers import Keys
from services.privacy.limits import Budget, Slow
from services.store.engine import Store
from services.store.tables import asked as asked_table
from services.store.tables import desk_item, follow_up, one_time_code
from services.turns import Parts
from tests.services.deployment import LIMITS, NOW, deploy, inbound, rows, sample, settle
from tests.services.test_enumeration import NEUTRAL, TOO_MANY, Counting, asked_directly, closing, far, said
from tests.services.test_turns import taken


def codes_for(parts: Parts, *cnics: str, sender: str = "p") -> list[dict[str, Any]]:
    """What one phone is told that asks for codes for these numbers, each asking committed."""
    told = []
    for cnic in cnics:
        result, context, _ = asked_directly(parts, cnic, sender.encode() * 16, answer=send_code)
        parts.store.run_now(lambda c, context=context: [effect(c) for effect in context.effects])
        told.append(dict(result.data))
    return told


def test_codes_for_numbers_in_a_row_are_counted_refused_and_told_of(store: Store, keys: Keys) -> None:
    source = Counting()
    parts = deploy(store, keys, registry=source)
    refused = {"disclosure": "none", "closed": True}
    assert codes_for(parts, *(f"{9_200_000_000_000 + n}" for n in range(16))) == [{}] * 14 + [refused] * 2
    assert codes_for(parts, *(far(n) for n in range(23)), sender="q") == [{}] * 20 + [refused] * 3
    assert codes_for(parts, far(22), sender="r") == [{}], "others may go on"
    assert (
        len(rows(store, asked_table)) == len(rows(store, one_time_code)) == len(rows(store, follow_up)) == 35
    )
    assert {item.reason for item in rows(store, desk_item)} == {"guard.ladder", "guard.numbers"}
    assert not source.asked, "whether a number exists is found out after the turn"


def test_a_code_and_a_look_at_one_number_are_one_number(store: Store, keys: Keys) -> None:
    parts = deploy(store, keys, registry=Counting())
    numbers = [far(n) for n in range(21)]
    said(parts, *numbers[:20], sender="+923990000009")
    result, context, _ = asked_directly(
        parts, numbers[19], keys.hash("phone", "+923990000009"), answer=send_code
    )
    assert (result.data, len(context.effects)) == ({}, 2)
    other, _, _ = asked_directly(parts, numbers[20], keys.hash("phone", "+923990000009"), answer=send_code)
    assert other.data["closed"]


@pytest.mark.parametrize("exists", [True, False])
@pytest.mark.parametrize("limits", [lambda: LIMITS, closing])
def test_the_answer_to_who_wants_a_code_leaves_at_the_same_time(
    store: Store, keys: Keys, exists: bool, limits: Callable[[], Any]
) -> None:
    settle(store, keys)
    guard = make_guard(limits(), alert_staff(store, keys, lambda: NOW), bucket=0.02)
    parts = deploy(store, keys, guard=guard)
    cnic = sample("enrolled, payment ready").cnic if exists else far(1)
    _, context, took = asked_directly(parts, cnic, answer=send_code)
    assert took >= 0.02
    assert [held.bucket for held in context.held] == [0.02]


def test_who_asks_for_ever_more_codes_waits_longer(store: Store, keys: Keys) -> None:
    budgets = {**LIMITS.budgets, "numbers": Budget(slow=2, closed=9)}
    limits = replace(LIMITS, budgets=budgets, slow=Slow(step=0.01, most=0.02))
    parts = deploy(store, keys, guard=make_guard(limits, alert_staff(store, keys, lambda: NOW)))
    codes_for(parts, far(1), far(2))
    _, context, took = asked_directly(parts, far(3), b"p" * 16, answer=send_code)
    assert took >= 0.02
    assert [held.least for held in context.held] == [0.02]


def test_who_asked_too_much_is_told_so_instead_of_getting_a_code(store: Store, keys: Keys) -> None:
    settle(store, keys)
    strict = make_guard(closing(), alert_staff(store, keys, lambda: NOW))
    told = []
    for number, cnic in enumerate((sample("enrolled, payment ready").cnic, far(1))):
        sender = f"+92399000010{number}"
        assert said(deploy(store, keys), cnic, sender=sender) == [NEUTRAL]
        (one,) = taken(
            deploy(store, keys, guard=strict), inbound(id=sender, sender=sender, choice="send_code")
        )
        told.append((one.outbound.about, one.outbound.parts))
    assert told[0] == told[1]
    assert told[0][0] == TOO_MANY
    assert not rows(store, one_time_code)
