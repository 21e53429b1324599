"""Our server driven by hand: any request in, an answer that is verified and valid out."""

import asyncio
import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import httpx

from services.dci import envelope
from services.dci.signatures import DIALECTS
from services.registry import Enrolment, Payment, Person, Record
from services.store.engine import Store
from tests.dci.parties import CNIC, NOW, THEM, URDU, US, key, sealed
from tests.dci.peers import TOKEN, Known, service
from tests.dci.schemas import error_faults, response_faults

SEARCH = "/registry/sync/search"
ENROLLED = "/registry/sync/enrolled"
STATUS = "/registry/sync/txn/status"

NASEEM = Record(
    as_of=NOW.date(),
    person=Person(URDU, "kech", "f", frozenset([b"phone"]), b"sealed"),
    enrolments=(
        Enrolment("kafaalat", "enrolled", date(2022, 2, 1)),
        Enrolment("taleemi_wazaif", "enrolled", date(2023, 2, 1), beneficiary="Ali"),
    ),
    payments=(Payment("kafaalat", "2026-Q4", 9999, "ready"),),
    surveyed_on=date(2024, 3, 1),
    card_expires_on=date(2030, 1, 1),
)


class Driven:
    """A server and what it says to requests that are made by hand."""

    def __init__(self, folder: Path, store: Store, registry: Any = None, **options: Any) -> None:
        self.registry = registry or Known({CNIC: NASEEM})
        self.dialect = options.get("dialect", "spdci-cavage")
        self.app, self.audited = service(folder, self.registry, store, **options)
        self._count = 0

    def send(
        self,
        body: bytes,
        headers: Mapping[str, str],
        path: str = SEARCH,
        name: str = "bot",
        method: str = "POST",
    ) -> httpx.Response:
        """Whatever is given, as it is."""

        async def run() -> httpx.Response:
            transport = httpx.ASGITransport(self.app)
            async with httpx.AsyncClient(transport=transport, base_url="http://them") as client:
                prefix = f"/{name}" if name else ""
                return await client.request(method, prefix + path, content=body, headers=dict(headers))

        return asyncio.run(run())

    def ask(self, message: Any = None, path: str = SEARCH, **changed: Any) -> httpx.Response:
        """A message as it should be, but for what is changed in its header."""
        self._count += 1
        action = "txn-status" if path == STATUS else "search"
        plain = {"id": f"m-{self._count}", "action": action}
        written = sealed(self.dialect, message, **{**plain, **changed})
        return self.send(written.body, {**written.headers, "Authorization": f"Bearer {TOKEN}"}, path)

    def answer(self, message: Any = None, path: str = SEARCH, **changed: Any) -> Any:
        """What is answered to it, verified and valid."""
        response = self.ask(message, path, **changed)
        assert response.status_code == 200, response.text
        valid(response, path)
        received = envelope.read(response.content, response.headers, DIALECTS[self.dialect])
        known_as = replace(key(THEM).public, id="k-1")
        received.verify(DIALECTS[self.dialect], [known_as], sender=THEM, at=NOW)
        assert (received.header.sender, received.header.receiver) == (THEM, US)
        return json.loads(response.content)


def valid(response: httpx.Response, path: str) -> None:
    for file in ("social", "ibr") if path != ENROLLED else ("ibr",):
        if not (file == "ibr" and path == STATUS):
            assert not response_faults(response.content, file, path)


def turned(response: httpx.Response, status: int, code: str) -> None:
    assert response.status_code == status
    assert not error_faults(response.content)
    (error,) = response.json()["errors"]
    assert error["code"] == code
    assert CNIC not in response.text


def item(answer: Any) -> Any:
    (one,) = answer["message"]["search_response"]
    return one
