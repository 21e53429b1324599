"""The table of who learns what, played through the service."""

import asyncio
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml

from bot.messages import Call
from services.asking import Context
from services.privacy import consents, links
from services.privacy.identifiers import Keys
from services.registry.families import demo_cnic
from services.status import registry_status
from services.store.engine import Store
from services.turns import Parts
from tests.services.deployment import NOW, deploy, sample, settle

CASES: list[dict[str, Any]] = yaml.safe_load((Path(__file__).parent / "cases.yaml").read_text("utf-8"))
WORDS = {"case", "phone", "number", "link", "policy", "learns", "told"}
HERS = sample("enrolled, payment ready")
REFUSED = sample("not eligible score above")
NOBODYS = "9000000000012"
ANOTHER = "+923990000009"
CONVERSATION = b"c" * 16


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["case"])
def test_who_learns_what(case: dict[str, Any], store: Store, keys: Keys) -> None:
    assert not set(case) - WORDS
    settle(store, keys)
    parts = deploy(store, keys, disclosure=case.get("policy", "registered_phone"))
    woman = REFUSED if case.get("number") == "refused" else HERS
    cnic = NOBODYS if case.get("number") == "nobodys" else woman.cnic
    phone = {"registered": woman.phone, "another": ANOTHER, "none": None}[case["phone"]]
    hashed = keys.hash("phone", phone) if phone else None
    _link(case.get("link"), parts, hashed or CONVERSATION, cnic)
    data = _ask(parts, cnic, hashed)
    assert data["disclosure"] == {"nothing": "none"}.get(case["learns"], case["learns"])
    told = {
        "payments": bool(data.get("payments")),
        "standing": any("programme" in one for one in data.get("enrolments", [])),
        "word": data["disclosure"] == "word",
    }
    assert {name for name, said in told.items() if said} == set(case.get("told", []))
    if case["learns"] == "nothing":
        assert set(data) <= {"disclosure", "last4", "provable", "code"}
        assert data["last4"] == cnic[-4:]


def test_every_refusal_is_the_same(store: Store, keys: Keys) -> None:
    settle(store, keys)
    parts = deploy(store, keys)
    stranger = keys.hash("phone", ANOTHER)
    told = [_ask(parts, cnic, stranger) for cnic in (HERS.cnic, REFUSED.cnic, NOBODYS, demo_cnic(2))]
    assert len({tuple(sorted({**one, "last4": ""}.items())) for one in told}) == 1


def _ask(parts: Parts, cnic: str, phone: bytes | None) -> dict[str, Any]:
    async def ask() -> dict[str, Any]:
        context = Context(
            conversation=CONVERSATION,
            channel="sms",
            message="m1",
            reply="r",
            phone=phone,
            provable=False,
            at=NOW,
            ends=asyncio.get_running_loop().time() + 3,
            sources=parts.sources,
        )
        result = await registry_status(Call("registry.status", {"cnic": cnic}, "m1:0"), context)
        assert result.ok
        return dict(result.data)

    return asyncio.run(ask())


def _link(kind: str | None, parts: Parts, holder: bytes, cnic: str) -> None:
    keys, store = parts.keys, parts.store
    long_ago = NOW - timedelta(days=366)
    when = long_ago if kind and kind.endswith("a year ago") else NOW - timedelta(days=1)
    if kind and kind.startswith("code"):
        store.run_now(
            lambda c: links.remember(
                c, keys, holder=holder, cnic=cnic, first_name="Amina", how="code", now=when
            )
        )
    elif kind:
        subject = keys.hash("cnic", demo_cnic(3) if kind == "helper of another" else cnic)
        store.run_now(
            lambda c: consents.give(
                c,
                keys,
                "m0:1",
                subject=subject,
                recipient=keys.hash("phone", ANOTHER),
                scopes=frozenset({"enrolment.status", "payment.timeline"}),
                words="as shown",
                evidence="sms:m0",
                now=when,
            )
        )
        if kind == "helper withdrawn":
            assert store.run_now(lambda c: consents.withdraw(c, subject, NOW)) == 1
