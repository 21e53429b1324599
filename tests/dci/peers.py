"""Both ends on loopback: our own server as it is served, and peers written by hand that may do anything."""

import asyncio
import hashlib
import itertools
import json
import threading
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import uvicorn
from fastapi import FastAPI

from services.dci import envelope
from services.dci.signatures import DIALECTS
from services.partners import Partners
from services.registry import SCOPES, Record
from services.web.dci import add_dci
from services.web.dci_answers import Lookups, PartnerLookup
from tests.dci.parties import CNIC, NOW, THEM, US, key, pem, public_pem

TOKEN = "a-token-that-only-tests-have"


def write_keys(folder: Path) -> None:
    """The key files of both parties."""
    for name in (US, THEM):
        (folder / f"{name}.pem").write_bytes(pem(key(name).key))
        (folder / f"{name}.pub").write_bytes(public_pem(key(name).key.public_key()))


def partners(folder: Path, us: str, **groups: Any) -> Partners:
    """Partners as a file would make them; `us` is whose side this is."""
    write_keys(folder)
    context = {"folder": folder, "environ": {"TOKEN": TOKEN}}
    named = {"id": us, "key": f"{us}.pem", "key_id": "k-1"}
    return Partners.model_validate({"us": named, **groups}, context=context)


def asking(folder: Path, base: str, **changed: Any) -> Partners:
    """Us, with one registry that we ask."""
    registry = {
        "name": "nser", "kind": "social", "id": THEM, "base": base, "dialect": "spdci-cavage",
        "keys": f"{THEM}.pub", "token": {"env": "TOKEN"}, "scopes": ["person.link", "survey.recency"],
    }  # fmt: skip
    ibr = {"programmes": {"KAFAALAT": "kafaalat", "TALEEMI": "taleemi_wazaif", "NASHONUMA": "nashonuma"},
           "scopes": ["enrolment.status", "person.link"]}  # fmt: skip
    payments = {"programme": "kafaalat", "scopes": ["payment.timeline"]}
    more = {"ibr": ibr, "payments": payments}.get(changed.get("kind", ""), {})
    return partners(folder, US, registries=[{**registry, **more, **changed}])


def answering(folder: Path, **changed: Any) -> Partners:
    """Them, with us as their client."""
    client = {
        "name": "bot", "id": US, "dialect": "spdci-cavage", "keys": f"{US}.pub",
        "token_sha256": hashlib.sha256(TOKEN.encode()).hexdigest(),
        "fields": ["name", "sex", "survey_date", "enrolment"],
        "programmes": {"KAFAALAT": "kafaalat", "NASHONUMA": "nashonuma"},
    }  # fmt: skip
    return partners(folder, THEM, clients=[{**client, **changed}])


def numbers() -> Callable[[], str]:
    """Ids that can be foreseen."""
    count = itertools.count(1)
    return lambda: f"id-{next(count)}"


@dataclass
class Known:
    """A registry that holds what it is given; it can be away."""

    records: Mapping[str, Record] = field(default_factory=dict)
    fault: Exception | None = None
    asked: list[Any] = field(default_factory=list)
    name: str = "known"
    scopes: Any = SCOPES

    async def find(self, cnic: str, scopes: Any) -> Record | None:
        """See `Registry`."""
        self.asked.append(scopes)
        if self.fault:
            raise self.fault
        return self.records.get(cnic)


def service(
    folder: Path, registry: Any, store: Any, *, audit: Any = None, clock: Any = lambda: NOW, **client: Any
) -> tuple[FastAPI, list[PartnerLookup]]:
    """Their server, and what its audit was told."""
    told: list[PartnerLookup] = []

    async def note(lookup: PartnerLookup) -> None:
        told.append(lookup)

    app = FastAPI(openapi_url=None)
    lookups = Lookups(registry, audit or note, store)
    add_dci(app, answering(folder, **client), lookups, clock=clock, new_id=numbers())
    return app, told


@contextmanager
def served(app: FastAPI) -> Iterator[str]:
    """The address of a running server."""
    config = uvicorn.Config(app, port=0, log_level="error", access_log=False, timeout_graceful_shutdown=2)
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        while not server.started:
            assert thread.is_alive(), "the server did not start"
            time.sleep(0.005)
        yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join()


Reply = Callable[[dict[str, Any]], Awaitable[bytes | AsyncIterator[bytes] | None]]
"""A request's body -> the bytes to answer with, at once or bit by bit; None: the connection is torn down."""


@asynccontextmanager
async def peer(reply: Reply) -> AsyncIterator[str]:
    """The address of a peer that answers so."""

    tasks: set[asyncio.Task[None]] = set()

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task
        tasks.add(task)
        with suppress(ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            await talk(reader, writer)
        writer.transport.abort()

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        lines = (line.partition(": ") for line in head.split("\r\n")[1:])
        length = next(int(value) for name, _, value in lines if name.lower() == "content-length")
        answer = await reply(json.loads(await reader.readexactly(length)))
        if answer is not None:
            async for chunk in _chunks(answer):
                writer.write(chunk)
            writer.close()
            await writer.wait_closed()

    server = await asyncio.start_server(handle, "127.0.0.1", 0)
    try:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    finally:
        server.close()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks)
        await asyncio.sleep(0)


async def _chunks(answer: bytes | AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    if isinstance(answer, bytes):
        yield answer
    else:
        async for chunk in answer:
            yield chunk


def http(body: bytes, *, status: str = "200 OK", kind: str = "application/json", more: str = "") -> bytes:
    """An HTTP response, byte by byte."""
    head = f"HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {len(body)}\r\n{more}\r\n"
    return head.encode() + body


def told(
    request: Mapping[str, Any], message: Any, *, dialect: str = "spdci-cavage", who: Any = None, **header: Any
) -> bytes:
    """A signed answer of theirs to a request."""
    plain = {
        "id": "m-9", "at": NOW, "action": "on-search", "sender": THEM, "receiver": US, "count": 1,
        "completed": 1,
    }  # fmt: skip
    made = envelope.response_header(**{**plain, **header})
    at = datetime.fromisoformat(made["message_ts"])
    written = envelope.seal(made, message, dialect=DIALECTS[dialect], key=who or key(THEM), at=at)
    more = "".join(f"{name}: {value}\r\n" for name, value in written.headers.items() if name == "Signature")
    return http(written.body, more=more)


def searched(request: Mapping[str, Any], records: Any, **changed: Any) -> dict[str, Any]:
    """The message that answers a search."""
    asked = request["message"]
    item = (
        asked["search_request"][0] if "search_request" in asked else {"reference_id": asked["transaction_id"]}
    )
    found = {
        "reference_id": item["reference_id"], "timestamp": "2026-11-24T09:00:00Z", "status": "succ",
        "data": {"reg_records": records}, **changed,
    }  # fmt: skip
    return {"transaction_id": asked["transaction_id"], "correlation_id": "c-1", "search_response": [found]}


def person(cnic: str = CNIC, **more: Any) -> dict[str, Any]:
    """A person's record."""
    return {"identifier": [{"identifier_type": "UIN", "identifier_value": cnic}], **more}
