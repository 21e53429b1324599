"""The simulated operator, and the service that is set up for one."""

import asyncio
import io
import re
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest
from pydantic import SecretStr
from rich.console import Console
from typer.testing import CliRunner

from channels.smpp import codes
from channels.smpp.channel import SmsSmpp
from channels.smpp.pdu import Message, Pdu
from services.app import build_channels, build_web
from services.checks import report, show_settings
from services.cli import app
from services.delivery import Delivery, _settle_abandoned, deliver_forever
from services.privacy.identifiers import Keys
from services.settings import Settings
from services.smsc.commands import lines
from services.store.engine import Store
from tests.channels.smpp.doubles import SALAM, certificate, line, profile, smsc, until
from tests.channels.smpp.test_line import run
from tests.services.deployment import built, deploy
from tests.services.test_delivery import OUT, Clock, Wire, queued, row

RUNNER = CliRunner()


def test_lines_of_a_file() -> None:
    given = ["salam\n", "\n", "+923990000002 mera paisa\n", "+923990000003\tصلہ\n"]
    assert list(lines(given, "+923990000001")) == [
        ("+923990000001", "salam"),
        ("+923990000002", "mera paisa"),
        ("+923990000003", "صلہ"),
    ]


def test_it_delivers_a_file_and_what_is_typed_and_counts(tmp_path: Path) -> None:
    file = tmp_path / "texts"
    file.write_text("salam\n+923990000002 ji\n", "utf-8")
    pem = str(certificate(tmp_path, "smsc.example"))
    for arguments, typed in (([str(file)], ""), (["-"], "salam\nji\n")):
        done = RUNNER.invoke(
            app,
            ["smsc", "--port", "0", "--seconds", "0.3", "--certificate", pem, "--texts", *arguments],
            input=typed,
        )
        assert done.exit_code == 0, done.output
        assert re.search(r"listening on 127\.0\.0\.1:\d+", done.output)
        assert "delivered=2, acknowledged=0" in done.output


def test_it_shows_what_citizens_would_see(tmp_path: Path) -> None:
    file = tmp_path / "texts"
    file.write_text("salam\n", "utf-8")
    command = [sys.executable, "-m", "services.cli", "smsc", "--port", "0", "--seconds", "60"]
    operator = subprocess.Popen(
        [*command, "--texts", str(file)], stdout=subprocess.PIPE, text=True, cwd=Path(__file__).parents[3]
    )
    assert operator.stdout
    port = int(operator.stdout.readline().rpartition(":")[2])

    async def work() -> None:
        async with line(port) as us:
            await us.submit(SALAM)
            await us.submit(Message(SALAM.source, SALAM.destination, b"\1\2", 4))

    run(work())
    assert [operator.stdout.readline() for _ in range(2)] == [
        "to +923990000001: salam\n",
        "to +923990000001: b'\\x01\\x02'\n",
    ]
    operator.kill()
    operator.wait()
    operator.stdout.close()


def test_it_refuses_each_nth_and_answers_late_even_to_who_has_gone() -> None:
    async def work() -> None:
        async with smsc(refuse_every=2, receipts="never") as (_, port), line(port) as us:
            found = [await us.submit(SALAM) for _ in range(2)]
            assert [isinstance(each, Pdu) and each.status for each in found] == [0, codes.INVALID_DESTINATION]
        async with smsc(delay=0.02, cut_every=1) as (them, port), line(port) as us:
            await us.submit(SALAM)
            await asyncio.sleep(0.05)
            assert them.counts.submitted == 1

    run(work())


def test_settings_make_the_short_code_the_channel_of_sms() -> None:
    operator = {"name": "one", "host": "127.0.0.1", "system_id": "us"}
    settings = Settings(smpp=(operator,), twilio_auth_token=SecretStr("x"))  # type: ignore[arg-type]
    channels, off = build_channels(settings)
    assert isinstance(channels["sms"], SmsSmpp)
    assert "sms" not in off
    assert "ussd" not in channels


def test_nobody_calls_us_by_https_for_the_short_code(tmp_path: Path) -> None:
    operator = {"name": "one", "host": "127.0.0.1", "system_id": "us", "password": "hidden", "ussd": True}
    settings = Settings(smpp=(operator,), data_dir=tmp_path)  # type: ignore[arg-type]
    channels, _ = build_channels(settings)
    assert isinstance(channels["sms"], SmsSmpp)
    assert channels["ussd"] is channels["sms"].ussd
    told = io.StringIO()
    assert not report(settings, Console(file=told))
    show_settings(settings, Console(file=told, width=400))
    assert "hidden" not in told.getvalue()


def test_the_service_binds_answers_and_unbinds(store: Store, keys: Keys, tmp_path: Path) -> None:
    shown: list[tuple[str, str]] = []

    async def work() -> None:
        async with smsc(tell=lambda *one: shown.append(one)) as (them, port):
            channel = SmsSmpp((profile(port),), jitter=lambda: 0.5)
            web = build_web(
                built(deploy(store, keys, channels={"sms": channel})), Settings(data_dir=tmp_path)
            )
            assert "/in/sms" not in {getattr(route, "path", "") for route in web.routes}
            async with web.router.lifespan_context(web):
                await until(lambda: them.bound)
                them.text("+923990000001", "salam")
                await until(lambda: shown and them.counts.acknowledged == 2)
            assert not them.bound

    run(work())
    assert shown[0][0] == "+923990000001"


def test_many_messages_at_a_time_and_none_waits_for_a_slow_one(store: Store, keys: Keys) -> None:
    queued(store, keys)
    gate = asyncio.Event()

    class Slow(Wire):
        async def send(self, message):  # type: ignore[no-untyped-def]
            await gate.wait()
            return await super().send(message)

    wire, woken = Slow(), []

    async def chore(now: object) -> None:
        woken.append(now)

    async def work() -> None:
        desk = Delivery(store, keys, {"sms": wire}, Clock(), idle=30, chores=(chore,), lanes=2)  # type: ignore[dict-item]
        task = asyncio.create_task(deliver_forever(desk))
        await until(lambda: row(store).status == "sending")
        desk.wake.set()
        await asyncio.sleep(0.02)
        assert len(woken) == 1, "chores are done at their own pace"
        gate.set()
        await until(lambda: row(store).status == "sent")
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(work())
    assert wire.sent == [OUT]


def test_what_is_on_its_way_when_the_service_stops_may_arrive_or_not(
    store: Store, keys: Keys, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("services.delivery.LAST_WAIT", 0.05)
    queued(store, keys)

    class Stuck(Wire):
        async def send(self, message):  # type: ignore[no-untyped-def]
            await asyncio.Event().wait()

    async def work() -> None:
        desk = Delivery(store, keys, {"sms": Stuck()}, Clock(), idle=0.01)  # type: ignore[dict-item]
        task = asyncio.create_task(deliver_forever(desk))
        await until(lambda: row(store).status == "sending")
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(work())
    assert row(store).status == "sending"


@pytest.mark.parametrize(("again", "status"), [(True, "queued"), (False, "unknown")])
def test_what_a_dead_process_left_is_sent_again_only_where_that_is_safe(
    store: Store, keys: Keys, again: bool, status: str
) -> None:
    queued(store, keys, status="sending")
    clock = Clock()
    desk = Delivery(store, keys, {}, clock, again=lambda outbound: again and outbound == OUT)
    clock.now += timedelta(minutes=1)
    store.run_now(lambda connection: _settle_abandoned(desk, connection))
    assert row(store).status == "sending", "it may still be on its way"
    clock.now += timedelta(minutes=2)
    store.run_now(lambda connection: _settle_abandoned(desk, connection))
    assert row(store).status == status


@pytest.mark.parametrize("fault", [RuntimeError("a bug"), None])
def test_a_message_that_fails_on_its_way_is_told(
    store: Store, keys: Keys, fault: Exception | None, caplog: pytest.LogCaptureFixture
) -> None:
    from services.store.engine import StoreUnavailable

    queued(store, keys)

    class Broken(Wire):
        async def send(self, message):  # type: ignore[no-untyped-def]
            raise fault or StoreUnavailable("away")

    async def work() -> None:
        desk = Delivery(store, keys, {"sms": Broken()}, Clock(), idle=0.01)  # type: ignore[dict-item]
        task = asyncio.create_task(deliver_forever(desk))
        await until(lambda: caplog.records)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(work())
    assert ("a bug" if fault else "away") in caplog.text
