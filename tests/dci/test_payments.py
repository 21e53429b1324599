"""Payments by G2P Connect: found by payee, then asked for one by one, and believed only when both agree."""

import asyncio
import json
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from services.dci import disburse
from services.dci.signatures import DIALECTS
from services.registry import Payment, Record, Refused, Registry
from services.registry.g2pconnect import MOST, connect
from tests.dci.parties import CNIC, NOW
from tests.dci.peers import asking, numbers, peer, told
from tests.dci.schemas import faults, request_faults

TIMELINE: Any = frozenset({"payment.timeline"})
PAYEE = f"cnic:{CNIC}@bisp"


def status(reference: str, **changed: Any) -> dict[str, Any]:
    plain = {
        "reference_id": reference, "timestamp": "2026-11-01T09:00:00Z", "status": "succ",
        "amount": "9999.00", "payee_fa": PAYEE, "currency_code": "PKR",
    }  # fmt: skip
    return {**plain, **changed}


def found(
    folder: Path,
    *items: Any,
    listed: Any = None,
    change: Callable[[Any, Any], Any] = lambda message, request: message,
    scopes: Any = TIMELINE,
    seen: list[Any] | None = None,
    **profile: Any,
) -> Record | None:
    """What is made of a payment system that holds these."""
    dialect = profile.get("dialect", "spdci-cavage")

    async def reply(request: Any) -> bytes:
        if seen is not None:
            seen.append(request)
        asked = request["message"]
        transaction = {"transaction_id": asked["transaction_id"], "correlation_id": "c-1"}
        if "search_criteria" in asked:
            names = ("reference_id", "timestamp", "status")
            short = [{name: one[name] for name in names} for one in items] if listed is None else listed
            message = {**transaction, "disbursements_status": short}
        else:
            done = {"transaction_id": "t-0", "disbursements_status": list(items)}
            message = {**transaction, "txnstatus_response": {"txn_type": "on-disburse", "txn_status": done}}
        return told(request, change(message, asked), dialect=dialect)

    async def run() -> Record | None:
        async with peer(reply) as base:
            held = asking(folder, base, kind="payments", **{"timeout": 10, **profile})
            registry = connect(held.registries[0], held.us, clock=lambda: NOW, new_id=numbers())
            try:
                return await registry.find(CNIC, scopes)
            finally:
                await registry.close()  # type: ignore[attr-defined]

    return asyncio.run(run())


@pytest.mark.parametrize("dialect", sorted(DIALECTS))
def test_payments_newest_first(tmp_path: Path, dialect: str) -> None:
    record = found(
        tmp_path,
        status("INSTR-2025Q4-000001"),
        status("INSTR-2026-Q3-000007", status="pdng", amount="9999", timestamp=None),
        dialect=dialect,
    )
    assert record == Record(
        NOW.date(),
        payments=(
            Payment("kafaalat", "2026-Q3", 9999, "on_the_way"),
            Payment("kafaalat", "2025-Q4", 9999, "ready", on=date(2026, 11, 1)),
        ),
    )


@pytest.mark.parametrize(
    ("wire", "reason", "word"),
    [
        ("rcvd", "", "on_the_way"),
        ("pdng", "", "on_the_way"),
        ("succ", "", "ready"),
        ("rjct", "rjct.payee_fa.invalid", "blocked"),
        ("rjct", "rjct.amount.invalid", "not_released"),
    ],
)
def test_every_status_has_a_word(tmp_path: Path, wire: str, reason: str, word: str) -> None:
    record = found(tmp_path, status("2026-Q3", status=wire, status_reason_code=reason))
    assert record is not None
    assert record.payments is not None
    assert record.payments[0].status == word


def test_no_payments_is_none(tmp_path: Path) -> None:
    seen: list[Any] = []
    assert found(tmp_path, seen=seen) is None
    assert len(seen) == 1


def test_payments_are_not_told_where_they_were_not_asked_for(tmp_path: Path) -> None:
    assert found(tmp_path, status("2026-Q3"), scopes=frozenset({"person.link"})) == Record(NOW.date())


@pytest.mark.parametrize(
    "items",
    [
        [status("2026-Q3", payee_fa="cnic:9000000000020@bisp")],
        [status("2026-Q3", payee_fa="")],
        [status("2026-Q3", status="reversed")],
        [status("2026-Q3", status="")],
        [status("2026-Q3", amount="many")],
        [status("2026-Q3", amount=None)],
        [status("2026-Q3", currency_code="USD")],
        [status("no cycle")],
        [status("2026-Q3"), status("2026-Q3")],
        [status(f"2026-Q3-{n}") for n in range(MOST + 1)],
        [status("")],
    ],
)
def test_answers_that_are_no_fact(tmp_path: Path, items: Any) -> None:
    with pytest.raises(Refused):
        found(tmp_path, *items)


@pytest.mark.parametrize(
    "listed",
    [
        [{"reference_id": "2026-Q2"}],
        [{"reference_id": "2026-Q3"}, {"reference_id": "2026-Q2"}],
        [{"reference_id": "2026-Q3", "payee_fa": "cnic:9000000000020@bisp"}],
    ],
)
def test_both_answers_must_agree(tmp_path: Path, listed: Any) -> None:
    with pytest.raises(Refused):
        found(tmp_path, status("2026-Q3"), listed=listed)


@pytest.mark.parametrize(
    "change",
    [
        lambda message, asked: {**message, "transaction_id": "other"},
        lambda message, asked: {"transaction_id": message["transaction_id"]},
    ],
)
def test_answers_to_another_question(tmp_path: Path, change: Any) -> None:
    with pytest.raises(Refused):
        found(tmp_path, status("2026-Q3"), change=change)


@pytest.mark.parametrize("name", ["disbursements", "disburemsents", "disburemsents_status"])
def test_lists_of_payments_under_every_spelling(name: str) -> None:
    item = status("2026-Q3")
    for message in (
        {name: [item]},
        {name: item},
        {"txnstatus_response": {"txn_status": {name: [item]}}},
        {"txn_status_response": {name: [item]}},
    ):
        read = disburse.read_payments(message)
        assert read is not None
        assert [one.amount for one in read] == [9999]
    assert disburse.read_payments({name: "nothing"}) is None


def test_what_is_sent_is_valid(tmp_path: Path) -> None:
    seen: list[Any] = []
    found(tmp_path, status("2026-Q3"), seen=seen)
    search, state = seen
    assert not request_faults(json.dumps(search).encode(), "disburse", "/disburse/sync/search")
    assert not request_faults(json.dumps(state).encode(), "disburse", "/disburse/sync/txn/status")
    assert search["message"]["search_criteria"][0]["attribute_value"] == PAYEE
    assert state["message"]["txnstatus_request"]["attribute_value"] == ["2026-Q3"]
    told_of = "/components/schemas/DisburseResponse/properties/disbursements_status/items"
    assert not faults(status("2026-Q3"), "disburse", told_of), "the peer of these tests is a proper one"


def test_it_is_a_registry(tmp_path: Path) -> None:
    held = asking(tmp_path, "https://pay.example.org", kind="payments", name="pay")
    registry: Registry = connect(held.registries[0], held.us, clock=lambda: NOW)
    assert (registry.name, registry.scopes) == ("pay", TIMELINE)
