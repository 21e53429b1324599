"""Provider webhooks: one address a channel. Acknowledged only after what came is committed."""

import logging
from collections.abc import Sequence

from fastapi import APIRouter, FastAPI
from fastapi import Request as HttpRequest
from fastapi import Response as HttpResponse

from channels import Channel, Received, Refused, Request, Response
from services import delivery, turns
from services.store.engine import StoreUnavailable
from services.turns import Parts

LARGEST_BODY = 64 * 1024
"""Bytes. The largest honest webhook (a Telegram update with a long text) is well below."""

log = logging.getLogger("haqdar.webhooks")


def add_webhooks(app: FastAPI, parts: Parts, names: Sequence[str]) -> None:
    """Serve `/in/<channel>` for these channels."""
    router = APIRouter()
    for name in names:
        router.add_api_route(
            f"/in/{name}", _endpoint(parts, parts.channels[name]), methods=["POST"], name=name
        )
    app.include_router(router)


def _endpoint(parts: Parts, channel: Channel):  # type: ignore[no-untyped-def]
    async def endpoint(http: HttpRequest) -> HttpResponse:
        body = await read_body(http)
        if body is None:
            return HttpResponse(status_code=413)
        target = http.url.path + (f"?{http.url.query}" if http.url.query else "")
        headers = {name.lower(): value for name, value in http.headers.items()}
        received = channel.receive(Request(http.method, target, headers, body, parts.clock()))
        if isinstance(received, Refused):
            log.warning("refused", extra={"channel": channel.name, "why": received.reason})
            return HttpResponse(status_code=received.status)
        try:
            response = await handle(parts, channel, received)
        except StoreUnavailable:
            log.error("store unavailable", extra={"channel": channel.name})
            return HttpResponse(status_code=503, headers={"Retry-After": "5"})
        return to_http(response)

    return endpoint


async def handle(parts: Parts, channel: Channel, received: Received) -> Response:
    """Commit all that a request held and make its acknowledgement."""
    for receipt in received.receipts:
        await parts.store.run(
            lambda connection, r=receipt: delivery.record_receipt(connection, channel.name, r)
        )
    response = None
    for inbound in received.inbounds:
        taken = await turns.take(parts, inbound)
        response = taken.response
    return response or channel.answer(()) or Response()


async def read_body(http: HttpRequest) -> bytes | None:
    """The request's body, None where it is larger than any honest one."""
    body = bytearray()
    async for chunk in http.stream():
        body += chunk
        if len(body) > LARGEST_BODY:
            return None
    return bytes(body)


def to_http(response: Response) -> HttpResponse:
    """Our response as the framework's."""
    return HttpResponse(
        content=response.body,
        status_code=response.status,
        media_type=response.content_type,
        headers=dict(response.headers),
    )
