"""The composition root: what the settings turn on, and what runs beside the web."""

import asyncio
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from channels.telegram import Telegram
from services.app import build, build_channels, build_web, from_environment
from services.privacy.identifiers import Keys
from services.registry.chosen import DEFAULT, RestSource
from services.registry.lookup import Connected
from services.registry.rest import Rest
from services.registry.sql import SqlRegistry
from services.settings import Settings
from services.store.engine import Store
from tests.channels.doubles import SECRET, Reply, TelegramWire
from tests.services.deployment import NOW, built, deploy, inbound
from tests.services.test_turns import taken, texts

TOKEN = SecretStr("1:a")


def test_a_missing_token_turns_one_channel_off_and_no_other() -> None:
    channels, off = build_channels(Settings(telegram_token=TOKEN, telegram_secret=SecretStr(SECRET)))
    assert sorted(channels) == ["telegram", "web"]
    assert sorted(off) == ["sms", "whatsapp"]
    assert "twilio_auth_token" in off["sms"]
    channels, off = build_channels(Settings(telegram_token=TOKEN))
    assert "telegram_secret" in off["telegram"], "without a secret no webhook could be trusted"
    channels, off = build_channels(Settings(telegram_token=TOKEN, telegram_mode="polling"))
    assert "telegram" in channels


def test_it_is_built_from_the_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HAQDAR_DATA_DIR", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    assert from_environment().title == "Haqdar"
    whole = build(Settings(data_dir=tmp_path))
    assert whole.parts.clock().tzinfo
    assert not taken(whole.parts, inbound("salam", channel="web", sender="a"))[0].outbound.parts[0].isspace()
    asked = taken(whole.parts, inbound("9000000000012", id="2", channel="web", sender="a"))
    assert "0012" in asked[0].outbound.parts[0]
    whole.parts.store.close()


def chosen(timeout: float, **told: Any) -> RestSource:
    """A source elsewhere that is never asked here."""
    rest = Rest(url="https://bank.example", body={"cnic": "{cnic}"}, subject="cnic", **told)
    return RestSource(kind="rest", name="bank", timeout=timeout, rest=rest)


PHONES, PAYMENTS = {"person": {"phones": "phone"}}, {"payments": {"list": "payments"}}


@pytest.mark.parametrize(
    ("sources", "own", "even"),
    [
        ((), None, 0.25),
        ((chosen(2.5, **PAYMENTS),), None, 0.25),
        ((chosen(2.5, **PHONES),), None, 2.6),
        ((chosen(0.1, **PHONES),), None, 0.25),
        ((chosen(2.5, **PHONES),), 1.5, 1.5),
        ((), 0.0, 0.0),
    ],
)
def test_refusals_leave_no_sooner_than_the_slowest_source_that_knows_phones(
    sources: tuple[RestSource, ...], own: float | None, even: float, tmp_path: Path
) -> None:
    settings = Settings(data_dir=tmp_path, sources=(*DEFAULT, *sources), refusal_bucket=own)
    whole = build(settings)
    assert whole.parts.sources.desk.guard.bucket == pytest.approx(even)
    asyncio.run(whole.parts.sources.close())


def test_every_source_and_the_database_are_closed_once_when_the_service_stops(
    store: Store, keys: Keys, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    closed: list[str] = []

    async def close() -> None:
        closed.append("bank")

    async def ends(*_: object) -> None:
        raise ValueError("a bug")

    ours = SqlRegistry(store, keys, lambda: NOW.date())
    parts = deploy(store, keys, sources=[Connected(ours), Connected(ours, close=close)])
    real = store.close
    monkeypatch.setattr(store, "close", lambda: closed.append("database"))
    monkeypatch.setattr("services.app.enforce_daily", ends)
    app = build_web(built(parts), Settings())

    async def run() -> None:
        async with app.router.lifespan_context(app):
            await asyncio.sleep(0.01)
            assert not closed

    asyncio.run(run())
    real()
    assert closed == ["bank", "database"]
    assert "what ran beside the web had ended" in caplog.messages


@pytest.mark.parametrize(
    ("mode", "faults", "asked"),
    [
        ("webhook", [], ["setMyCommands"] * 3 + ["setWebhook"]),
        ("webhook", [Reply(raises="refused")] * 2, ["setMyCommands", "setWebhook"]),
        ("polling", [], ["setMyCommands"] * 3 + ["getMe", "getUpdates"]),
    ],
)
def test_telegram_is_set_up_beside_the_web(
    mode: str, faults: list[Reply], asked: list[str], store: Store, keys: Keys
) -> None:
    wire = TelegramWire()
    wire.replies = list(faults)
    telegram = Telegram(token="1:a", secret=SECRET if mode == "webhook" else "", request=wire)
    app = build_web(
        built(deploy(store, keys, channels={"telegram": telegram})),
        Settings(telegram_mode=mode, public_url="https://haqdar.example/"),  # type: ignore[arg-type]
    )

    async def run() -> None:
        async with app.router.lifespan_context(app), asyncio.timeout(5):
            while len(wire.posted) < len(asked):
                await asyncio.sleep(0.01)

    asyncio.run(run())
    assert [posted["method"] for posted in wire.posted][: len(asked)] == asked
    if "setWebhook" in asked:
        assert wire.posted[-1]["url"] == "https://haqdar.example/in/telegram"


def test_programme_facts_reach_a_person(store: Store, keys: Keys) -> None:
    said = texts(
        taken(
            deploy(store, keys),
            inbound("information about kafalat", id="1"),
            inbound("how do I register", id="2"),
            inbound("flood cash information", id="3"),
        )
    )
    assert "13,500" in said[0]
    assert "BISP" in said[0]
    assert "CNIC" in said[1]
    assert "closed" in said[2]
