"""Turns through the real HTTP webhook, signature checked, against the bare driver doing the same SQL."""

import asyncio
import os
import shutil
import socket
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlencode
from urllib.request import urlopen

import psycopg
import sqlalchemy as sa
from pydantic import SecretStr
from twilio.request_validator import RequestValidator

from bot.messages import Inbound
from services.app import Built, build, clock, open_database
from services.locales import load_places
from services.privacy import audit
from services.privacy.identifiers import Keys
from services.programmes.load import load_programmes
from services.registry import demo
from services.registry.families import Country
from services.settings import Settings
from services.store.prepared import Prepared
from services.store.tables import asked, conversation, inbound, outbound, phone_link
from services.turns import take
from tests import databases

HOUSEHOLDS = 2000
TURNS = 3000
CONNECTIONS = 16
KEPT = 20
"""Requests on one connection: providers open new ones, and workers share them as they are free."""

RATIO, SLOWEST, MEMORY = 0.4, 100.0, 150.0
"""Least share of the bare driver's rate; milliseconds of p99 at half load; megabytes of a worker."""

TOKEN = "0" * 32
URL = "https://haqdar.example"


def run(kind: str) -> bool:
    """Print rates, latencies and memory on one kind of database; whether all limits are kept."""
    folder = Path(tempfile.mkdtemp(prefix="haqdar-bench-"))
    workers = os.cpu_count() or 1
    try:
        with _database(kind, folder) as url:
            settings = _settings(folder, url)
            _fill(settings)
            bare = _bare(settings, folder)
            with _served(settings, workers) as (port, pid):
                http, _ = asyncio.run(_load(port, "h", rate=None, served=False))
                began, idle = time.process_time(), _cpu(pid)
                rate, _ = asyncio.run(_load(port, "a", rate=None))
                client = time.process_time() - began
                busy = _cpu(pid) - idle
                _, waits = asyncio.run(_load(port, "b", rate=rate / 2))
                memory = _memory(pid)
        name = f"{kind}, {workers} worker{'s' if workers > 1 else ''}"
        print(  # noqa: T201
            f"{name}: HTTP and signature alone {http:.0f}/s; with the bare driver's statements after them "
            f"{1 / (1 / http + 1 / bare) / bare:.2f} of its rate is the most that there could be"
        )
        return _told(name, rate, bare, waits, memory, busy / (TURNS / rate), client / (TURNS / rate))
    finally:
        shutil.rmtree(folder)


def _told(
    name: str, rate: float, bare: float, waits: list[float], memory: float, server: float, client: float
) -> bool:
    p50, p99 = waits[len(waits) // 2], waits[len(waits) * 99 // 100]
    print(  # noqa: T201
        f"turns on {name}: {rate:.0f}/s, {rate / bare:.2f} of the bare driver's {bare:.0f}/s "
        f"(at least {RATIO}); "
        f"at half load p50 {p50:.1f} ms, p99 {p99:.1f} ms (at most {SLOWEST:.0f}); "
        f"a worker {memory:.0f} MB (at most {MEMORY:.0f}); at full load the server used "
        f"{server:.0%} of a core, the load {client:.0%}"
    )
    return rate / bare >= RATIO and p99 < SLOWEST and memory < MEMORY


@contextmanager
def _database(kind: str, folder: Path) -> Iterator[str]:
    if kind == "sqlite":
        yield f"sqlite:///{folder / 'haqdar.db'}"
        return
    databases.begin_run()
    try:
        address = databases.postgresql_server()
        with psycopg.connect(f"{address} dbname=postgres", autocommit=True) as connection:
            connection.execute("ALTER SYSTEM RESET fsync")  # as in production
            connection.execute("SELECT pg_reload_conf()")
        with databases.postgresql_database(address) as name:
            yield databases.postgresql_url(address, name)
    finally:
        databases.end_run()


def _settings(folder: Path, url: str) -> Settings:
    return Settings(
        data_dir=folder,
        database_url=url,
        public_url=URL,
        twilio_account_sid="AC0",
        twilio_auth_token=SecretStr(TOKEN),
        twilio_sms_sender="+923990008171",
    )


def _fill(settings: Settings) -> None:
    store, keys = open_database(settings)
    programmes = load_programmes()
    country = Country(load_places(), programmes.quarterly_amount, programmes.score_limit)
    demo.load(store, keys, country, households=HOUSEHOLDS, seed=1, today=clock().date())
    store.close()


def _messages(mark: str) -> list[tuple[str, str, str]]:
    """(id, sender, text): each person asks, then sends the number."""
    found = []
    for number in range(TURNS // 2):
        home = number + 1 if mark == "a" else HOUSEHOLDS - number
        phone, cnic = demo.demo_phone(home), demo.demo_cnic(home)
        found.append((f"{mark}{number}x", phone, "mera paisa kab aye ga"))
        found.append((f"{mark}{number}y", phone, cnic))
    return found


def _bare(settings: Settings, folder: Path) -> float:
    """Turns a second of the driver alone, doing again exactly the statements that our turns made."""
    whole = build(settings)
    told: list[tuple[str, Any]] = []
    engine = whole.parts.store.engine
    sa.event.listen(engine, "before_cursor_execute", lambda c, cu, s, p, x, m: told.append((s, p)))
    sa.event.listen(engine, "commit", lambda c: told.append(("COMMIT", None)))
    Prepared.told = lambda sql, bound: told.append((sql, bound))  # what goes to the driver directly
    asyncio.run(_take_all(whole, _messages("c")))
    whole.parts.store.close()
    store, keys = open_database(settings)
    store.run_now(lambda connection: make_room(connection, keys))
    store.close()
    execute, close = _driver(settings)
    began = time.perf_counter()
    for statement, parameters in told:
        execute(statement, parameters)
    took = time.perf_counter() - began
    close()
    return TURNS / took


def make_room(connection: sa.Connection, keys: Keys) -> None:
    """Remove what turns have written, so that the same rows can be written again."""
    for chain in range(audit.CHAINS):  # whose rows go only as old ones do
        audit.cut(connection, keys, chain, datetime.max.replace(tzinfo=UTC), most=10**6)
    for table in (outbound, inbound, conversation, asked, phone_link):
        connection.execute(sa.delete(table))


async def _take_all(whole: Built, messages: list[tuple[str, str, str]]) -> None:
    for id, sender, text in messages:
        await take(whole.parts, Inbound(id, "sms", sender, clock(), text, contact=sender))


def _driver(settings: Settings) -> tuple[Callable[[str, Any], Any], Callable[[], Any]]:
    if settings.database.startswith("sqlite"):
        lite = sqlite3.connect(settings.database.removeprefix("sqlite:///"), isolation_level=None)
        lite.execute("PRAGMA synchronous=FULL")
        return lambda s, p: lite.execute(s, p or ()), lite.close
    connection = psycopg.connect(settings.database)

    def execute(statement: str, parameters: Any) -> None:
        connection.commit() if statement == "COMMIT" else connection.execute(statement.encode(), parameters)

    return execute, connection.close


@contextmanager
def _served(settings: Settings, workers: int) -> Iterator[tuple[int, int]]:
    """`haqdar serve` as a deployment runs it: (port, process id)."""
    port = _free_port()
    command = [sys.executable, "-m", "services.cli", "serve", "--workers", str(workers)]
    told = {name: value for name, value in os.environ.items() if not name.startswith("HAQDAR_")}
    told |= {
        "HAQDAR_PORT": str(port),
        "HAQDAR_DATA_DIR": str(settings.data_dir),
        "HAQDAR_DATABASE_URL": settings.database,
        "HAQDAR_PUBLIC_URL": URL,
        "HAQDAR_TWILIO_ACCOUNT_SID": "AC0",
        "HAQDAR_TWILIO_AUTH_TOKEN": TOKEN,
        "HAQDAR_TWILIO_SMS_SENDER": settings.twilio_sms_sender,
    }
    server = subprocess.Popen(command, env=told, stderr=subprocess.DEVNULL)  # tells of each refusal
    try:
        _await_ready(port)
        yield port, server.pid
    finally:
        server.terminate()
        server.wait()


def _free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])


def _await_ready(port: int) -> None:
    for _ in range(2400):  # a busy machine takes its time
        with suppress(OSError), urlopen(f"http://127.0.0.1:{port}/health") as answer:
            if answer.status == 200:
                return
        time.sleep(0.05)
    raise TimeoutError("the service did not start")


async def _load(
    port: int, mark: str, *, rate: float | None, served: bool = True
) -> tuple[float, list[float]]:
    """Turns a second, and sorted milliseconds of each; at a steady `rate`, or as fast as it goes.

    Not `served`: the requests lack an id, so that the service refuses them once their signature is checked.
    """
    validator = RequestValidator(TOKEN)
    requests = [_request(validator, *message, served=served) for message in _messages(mark)]
    # One person's two messages stay in order: each connection has its own people.
    lanes = [requests[2 * lane :: 2 * CONNECTIONS] for lane in range(CONNECTIONS)]
    for lane in range(CONNECTIONS):
        seconds = requests[2 * lane + 1 :: 2 * CONNECTIONS]
        lanes[lane] = [one for pair in zip(lanes[lane], seconds, strict=True) for one in pair]
    waits: list[float] = []
    began = time.perf_counter()
    pause = CONNECTIONS / rate if rate else 0
    await asyncio.gather(*(_lane(port, lane, n, pause, waits, served) for n, lane in enumerate(lanes)))
    return len(requests) / (time.perf_counter() - began), sorted(waits)


async def _lane(
    port: int, requests: list[bytes], number: int, pause: float, waits: list[float], served: bool
) -> None:
    status = b"HTTP/1.1 200" if served else b"HTTP/1.1 400"
    due = time.perf_counter() + pause * number / CONNECTIONS
    for count, request in enumerate(requests):
        if count % KEPT == 0:
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
        if pause:
            await asyncio.sleep(max(0, due - time.perf_counter()))
        began = due if pause else time.perf_counter()
        due += pause
        writer.write(request)
        head = await reader.readuntil(b"\r\n\r\n")
        assert head.startswith(status), head
        length = next(line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length"))
        body = await reader.readexactly(int(length.split(b":")[1]))
        assert (b"<Message" in body) == served
        waits.append((time.perf_counter() - began) * 1000)
        if count % KEPT == KEPT - 1:
            writer.close()


def _request(validator: RequestValidator, id: str, sender: str, text: str, served: bool) -> bytes:
    name = {"MessageSid": f"SM{id}"} if served else {}
    fields = {**name, "From": sender, "To": "+923990008171", "Body": text}
    signature = validator.compute_signature(f"{URL}/in/sms", fields)
    body = urlencode(fields).encode()
    head = (
        f"POST /in/sms HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-www-form-urlencoded\r\n"
        f"X-Twilio-Signature: {signature}\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


def _workers(pid: int) -> list[int]:
    """The processes that serve: the server itself, or the children that it supervises."""
    children = [int(word) for word in Path(f"/proc/{pid}/task/{pid}/children").read_text("ascii").split()]
    serving = [child for child in children if b"spawn_main" in Path(f"/proc/{child}/cmdline").read_bytes()]
    return serving or [pid]


def _memory(pid: int) -> float:
    """Megabytes of the largest worker."""
    return max(_kilobytes(worker) for worker in _workers(pid)) / 1024


def _kilobytes(pid: int) -> int:
    status = Path(f"/proc/{pid}/status").read_text("ascii")
    return next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmRSS"))


def _cpu(pid: int) -> float:
    """Seconds that the workers have computed."""
    return sum(_ticks(worker) for worker in _workers(pid)) / os.sysconf("SC_CLK_TCK")


def _ticks(pid: int) -> int:
    fields = Path(f"/proc/{pid}/stat").read_text("ascii").rpartition(")")[2].split()
    return int(fields[11]) + int(fields[12])
