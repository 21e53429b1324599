"""The connector asked, with a peer at the other end that answers as it is told."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from services.privacy.identifiers import Keys
from services.registry import Record
from services.registry.spdci import connect
from tests.dci.parties import CNIC, NOW
from tests.dci.peers import asking, numbers, peer, searched, told

SOCIAL: Any = frozenset({"person.link", "survey.recency"})
IBR: Any = frozenset({"enrolment.status"})

HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"


def connected(folder: Path, base: str, keys: Keys, **changed: Any) -> Any:
    held = asking(folder, base, **{"timeout": 10, **changed})
    return connect(held.registries[0], held.us, keys=keys, clock=lambda: NOW, new_id=numbers())


def find(
    folder: Path, keys: Keys, reply: Any, *, scopes: Any = SOCIAL, cnic: str = CNIC, **changed: Any
) -> Record | None:
    """What the connector makes of a peer that answers so."""

    async def run() -> Record | None:
        answer: Callable[[Any], Awaitable[bytes | None]] = reply
        async with peer(answer) as base:
            registry = connected(folder, base, keys, **changed)
            try:
                found: Record | None = await registry.find(cnic, scopes)
                return found
            finally:
                await registry.close()

    return asyncio.run(run())


def says(message: Callable[[Any], Any], **options: Any) -> Any:
    """A peer that answers with a signed message."""

    async def reply(request: Any) -> bytes:
        return told(request, message(request), **options)

    return reply


def records(*found: Any, **changed: Any) -> Any:
    return says(lambda request: searched(request, list(found), **changed))


def beneficiary(
    cnic: str = CNIC, programme: Any = "KAFAALAT", status: str = "1", **more: Any
) -> dict[str, Any]:
    return {
        "member": {"member_identifier": [{"identifier_type": "UIN", "identifier_value": cnic}]},
        "programme_identifier": [{"programme_identifier": programme}],
        "enrollment_date": "2022-02-01T00:00:00Z",
        "enrollment_status": status,
        **more,
    }
