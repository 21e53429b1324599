"""Provider webhooks: one address a channel. Acknowledged only after what came is committed."""

import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from functools import partial
from typing import TypeAlias

from fastapi import FastAPI
from fastapi import Request as HttpRequest
from fastapi import Response as HttpResponse
from starlette.background import BackgroundTask

from channels import Channel, Received, Refused, Request, Response
from services import delivery, turns
from services.store.engine import StoreUnavailable
from services.turns import Parts

LARGEST_BODY = 64 * 1024
"""Bytes. The largest honest webhook (a Telegram update with a long text) is well below."""

log = logging.getLogger("haqdar.webhooks")


Afterwards: TypeAlias = Callable[[Request], Awaitable[None]]
"""What is still to be done for a request, best effort, once its response is out."""


def add_webhooks(
    app: FastAPI, parts: Parts, names: Sequence[str], afterwards: Mapping[str, Afterwards]
) -> None:
    """Serve `/in/<channel>` for these channels."""
    for name in names:
        endpoint = _endpoint(parts, parts.channels[name], afterwards.get(name))
        app.add_route(f"/in/{name}", endpoint, methods=["POST"])


def _endpoint(
    parts: Parts, channel: Channel, afterwards: Afterwards | None
) -> Callable[[HttpRequest], Awaitable[HttpResponse]]:
    async def endpoint(http: HttpRequest) -> HttpResponse:
        body = await read_body(http)
        if body is None:
            return HttpResponse(status_code=413)
        target = http.url.path + (f"?{http.url.query}" if http.url.query else "")
        headers = {name.lower(): value for name, value in http.headers.items()}
        request = Request(http.method, target, headers, body, parts.clock())
        received = channel.receive(request)
        if isinstance(received, Refused):
            log.warning("refused on %s: %s", channel.name, received.reason)
            return HttpResponse(status_code=received.status)
        try:
            response = await handle(parts, channel, received)
        except StoreUnavailable:
            log.error("not acknowledged on %s: the database is away", channel.name)
            return HttpResponse(status_code=503, headers={"Retry-After": "5"})
        answered = to_http(response)
        if afterwards:
            answered.background = BackgroundTask(afterwards, request)
        return answered

    return endpoint


async def handle(parts: Parts, channel: Channel, received: Received) -> Response:
    """Commit all that a request held and make its acknowledgement."""
    for receipt in received.receipts:
        await parts.store.run(partial(delivery.record_receipt, channel=channel.name, receipt=receipt))
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
