"""Our registry for partner systems: SP-DCI v1.0 over HTTP, one path prefix a client.

`POST /{client}/registry/sync/search`, `.../enrolled`, `.../txn/status`; `GET /.well-known/jwks.json`.
A message is taken only with its client's token *and* signature, once, and within its allowance. What a
client may not learn is left out; what it learns is audited before it is sent. The address in
`sender_uri` is never called.
"""

import hashlib
import hmac
import json
import logging
import uuid
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any, TypeAlias

from fastapi import FastAPI, Request, Response
from fastapi.responses import JSONResponse

from services.dci import envelope, loose
from services.dci.codes import ErrorCode, HeaderReason
from services.dci.envelope import Broken, Envelope
from services.dci.keys import write_set
from services.dci.search import LONGEST_ID
from services.dci.signatures import LIFE, SKEW, Unauthentic
from services.partners import ClientPartner, Partners, Us
from services.registry import Unavailable
from services.store import partner_messages
from services.store.engine import StoreUnavailable
from services.web.dci_answers import Asked, Lookups, Wrong, enrolled, searches, status
from services.web.webhooks import read_body

Answering: TypeAlias = Callable[[Lookups, Asked], Awaitable[Mapping[str, Any]]]

RETRY = {"Retry-After": "60"}

log = logging.getLogger("haqdar.partners")


@dataclass(frozen=True, slots=True)
class Service:
    """What every request needs."""

    us: Us
    clients: Mapping[str, ClientPartner]
    lookups: Lookups
    clock: Callable[[], datetime]
    new_id: Callable[[], str]

    async def respond(self, http: Request, action: str, answering: Answering) -> Response:
        """The whole way of one message."""
        body = await read_body(http)
        if body is None:
            raise Wrong(413, "err.request.bad", "the message is too long")
        at = self.clock()
        client, received = self._authentic(http, body, at)
        reason = await self._take(client, received, at) or _header_fault(client, received, action, at)
        if reason:
            return self._sealed(client, at, action, reason, None, 1)
        transaction = loose.text(received.message.get("transaction_id"))
        if not 0 < len(transaction) <= LONGEST_ID:
            raise Wrong(400, "err.request.bad", "there is no transaction_id, or it is too long")
        asked = Asked(client, received.header.message_id, transaction, received.message, at, self.new_id())
        message = await answering(self.lookups, asked)
        if action == "search":
            note = partial(partner_messages.answered, sender=client.id, transaction=transaction, at=at)
            await self.lookups.store.run(note)
        return self._sealed(client, at, action, None, message, received.header.total_count or 1)

    def _authentic(self, http: Request, body: bytes, at: datetime) -> tuple[ClientPartner, Envelope]:
        """The client and its message. Everything is looked at, so that no fault can be told from another."""
        client = self.clients.get(http.path_params["client"])
        known = client is not None
        client = client or next(iter(self.clients.values()))
        scheme, _, token = http.headers.get("authorization", "").partition(" ")
        shown = hashlib.sha256(token.encode("utf-8", "replace")).hexdigest()
        held = hmac.compare_digest(shown, client.token_sha256) and scheme.lower() == "bearer"
        received = None
        try:
            received = envelope.read(body, http.headers, client.signs)
            received.verify(client.signs, client.trusted, sender=client.id, at=at)
            authentic = True
        except (Broken, Unauthentic):
            authentic = False
        if received is None or not (known and held and authentic):
            log.warning("a message to the partners' interface was not authentic")
            raise Wrong(401, "err.request.unauthorized", "the message is not authentic")
        return client, received

    async def _take(self, client: ClientPartner, received: Envelope, at: datetime) -> HeaderReason | None:
        header = received.header
        id = header.message_id
        if not 0 < len(id) <= partner_messages.LONGEST_ID or not id.isprintable():
            raise Wrong(400, "err.request.bad", "there is no message_id, or it cannot be kept")
        if header.receiver not in ("", self.us.id):
            raise Wrong(400, "err.receiver_id.invalid", "the message is for somebody else")
        if header.encrypted:
            raise Wrong(400, "err.encryption.invalid", "encrypted messages are not taken here")
        taken = await self.lookups.store.run(
            partial(
                partner_messages.take,
                sender=client.id,
                id=id,
                at=at,
                per_minute=client.per_minute,
                per_day=client.per_day,
            )
        )
        if taken == "too_many":
            log.warning("client %s has used up its allowance", client.name)
            raise Wrong(429, "err.request.too_many_requests", "the allowance is used up")
        return "rjct.message_id.duplicate" if taken == "repeated" else None

    def _sealed(
        self,
        client: ClientPartner,
        at: datetime,
        action: str,
        reason: HeaderReason | None,
        message: Mapping[str, Any] | None,
        count: int,
    ) -> Response:
        header = envelope.response_header(
            id=self.new_id(),
            at=at,
            action="txn-on-status" if action == "txn-status" else f"on-{action}",
            sender=self.us.id,
            receiver=client.id,
            count=count,
            completed=0 if reason else count,
            status="rjct" if reason else "succ",
            reason=reason,
        )
        written = envelope.seal(header, message, dialect=client.signs, key=self.us.signing, at=at)
        return Response(written.body, headers=dict(written.headers))


def add_dci(
    app: FastAPI,
    partners: Partners,
    lookups: Lookups,
    *,
    clock: Callable[[], datetime],
    new_id: Callable[[], str] = lambda: str(uuid.uuid4()),
) -> None:
    """Serve the clients of a partners' file, and publish our key to all partners."""
    clients = {client.name: client for client in partners.clients}
    service = Service(partners.us, clients, lookups, clock, new_id)
    keys = write_set([partners.us.signing.public])

    @app.get("/.well-known/jwks.json")
    async def jwks() -> JSONResponse:
        return JSONResponse(keys, headers={"Cache-Control": "public, max-age=300"})

    if not clients:
        return
    for path, action, answering in (
        ("sync/search", "search", searches),
        ("sync/enrolled", "search", enrolled),
        ("sync/txn/status", "txn-status", status),
    ):
        app.add_route(f"/{{client}}/registry/{path}", _endpoint(service, action, answering), methods=["POST"])


def _endpoint(
    service: Service, action: str, answering: Answering
) -> Callable[[Request], Awaitable[Response]]:
    async def endpoint(http: Request) -> Response:
        try:
            return await service.respond(http, action, answering)
        except Wrong as wrong:
            return _error(wrong.status, wrong.code, str(wrong))
        except (Unavailable, StoreUnavailable):
            log.error("a partner's message was not answered: the registry or the store is away")
            return _error(503, "err.service.unavailable", "not just now")

    return endpoint


def _error(status: int, code: ErrorCode, why: str) -> Response:
    body = json.dumps(envelope.error(code, why))
    headers = RETRY if status in (429, 503) else None
    return Response(body, status, headers=headers, media_type="application/json")


def _header_fault(
    client: ClientPartner, received: Envelope, action: str, at: datetime
) -> HeaderReason | None:
    header = received.header
    if header.version not in ("", envelope.VERSION):
        return "rjct.version.invalid"
    if header.at is None or abs(header.at - at) > LIFE + SKEW:
        return "rjct.message_ts.invalid"
    if header.action != action:
        return "rjct.action.invalid"
    asked = len(loose.parts(received.message.get("search_request"))) or 1
    if received.header.total_count != asked:
        return "rjct.total_count.invalid"
    return "rjct.total_count.limit_exceeded" if asked > client.batch else None
