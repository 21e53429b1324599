"""One signed question to a partner system and its signed answer, over HTTPS."""

import asyncio
import ssl
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

import httpx

from services.dci import envelope
from services.dci.envelope import Broken, Envelope
from services.dci.signatures import Unauthentic
from services.partners import RegistryPartner, Us
from services.registry import Refused, Unavailable

_LATER = (408, 425, 429)
"""Statuses besides 5xx after which the same question may be asked again."""


class Exchange:
    """Asks one partner. Whatever is wrong with an answer makes it none; errors name no person."""

    def __init__(
        self, us: Us, partner: RegistryPartner, clock: Callable[[], datetime], new_id: Callable[[], str]
    ) -> None:
        self._us, self._partner, self.now, self.new_id = us, partner, clock, new_id
        self._client: httpx.AsyncClient | None = None

    async def ask(self, path: str, action: str, message: Mapping[str, Any]) -> Envelope:
        """The answer to one message, verified and addressed to us.

        Raises `Unavailable` where the partner could not be asked just now, and `Refused` where what came
        is no answer: no JSON, too long, not signed by the partner, or a refusal.
        """
        at, partner = self.now(), self._partner
        header = envelope.request_header(
            id=self.new_id(),
            at=at,
            action=action,
            sender=self._us.id,
            receiver=partner.id,
            count=1,
            uri=self._us.uri,
        )
        sent = envelope.seal(header, message, dialect=partner.signs, key=self._us.signing, at=at)
        headers = {
            **sent.headers,
            "Accept": "application/json",
            "Accept-Encoding": "identity",  # so that what is counted is what there is
            "Authorization": f"Bearer {partner.token.get_secret_value()}",
        }
        try:
            async with asyncio.timeout(partner.timeout):
                answer, body = await self._post(partner.base + path, sent.body, headers)
        except (TimeoutError, httpx.TransportError) as fault:
            raise Unavailable(f"{partner.name} does not answer: {type(fault).__name__}") from None
        return self._believed(answer, body)

    async def close(self) -> None:
        """Let go of the connections."""
        if self._client:
            await self._client.aclose()

    async def _post(self, url: str, body: bytes, headers: Mapping[str, str]) -> tuple[httpx.Response, bytes]:
        if self._client is None:
            ca = self._partner.ca
            verify = ssl.create_default_context(cafile=ca) if ca else True
            # Redirects are not followed, and the machine's own proxies and .netrc have no say.
            self._client = httpx.AsyncClient(
                verify=verify, proxy=self._partner.proxy, trust_env=False, timeout=self._partner.timeout
            )
        received = bytearray()
        async with self._client.stream("POST", url, content=body, headers=dict(headers)) as answer:
            if answer.headers.get("content-encoding", "identity") != "identity":
                raise Refused(f"{self._partner.name} sent something compressed")
            async for chunk in answer.aiter_raw():
                received += chunk
                if len(received) > self._partner.largest:
                    raise Refused(f"{self._partner.name} sent too much")
        return answer, bytes(received)

    def _believed(self, answer: httpx.Response, body: bytes) -> Envelope:
        name, status = self._partner.name, answer.status_code
        if status in _LATER or status >= 500:
            raise Unavailable(f"{name} answers {status}")
        if not answer.is_success or "json" not in answer.headers.get("content-type", ""):
            raise Refused(f"{name} answers {status} without an answer")
        try:
            received = envelope.read(body, answer.headers, self._partner.signs)
            received.verify(
                self._partner.signs, self._partner.trusted, sender=self._partner.id, at=self.now()
            )
        except (Broken, Unauthentic) as fault:
            raise Refused(f"{name}: {fault}") from None
        told = received.header
        if told.receiver not in ("", self._us.id) or told.encrypted:
            raise Refused(f"{name} wrote to somebody else")
        if told.status in ("rcvd", "pdng"):
            raise Unavailable(f"{name} is still at it")
        if told.status != "succ":
            raise Refused(f"{name} refuses: {told.reason[:60]}")
        return received
