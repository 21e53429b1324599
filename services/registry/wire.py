"""One HTTP question to a source: in time, not too long, not compressed, and nothing of it in an error."""

import asyncio
import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

import httpx

from services.registry import Refused, Unavailable

LARGEST = 256 * 1024
"""Bytes of the longest answer about one person that is read."""

_LATER = (408, 425, 429)
"""Statuses besides 5xx after which the same question may be asked again."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back."""

    status: int
    headers: Mapping[str, str]
    body: bytes


@dataclass(slots=True)
class Wire:
    """The connections to one source, `name` in errors. `timeout` in seconds, `largest` in bytes."""

    name: str
    timeout: float
    largest: int = LARGEST
    ca: str | None = None
    proxy: str | None = None
    _client: httpx.AsyncClient | None = field(default=None, repr=False)

    async def send(
        self,
        method: Literal["GET", "POST"],
        url: str,
        *,
        headers: Mapping[str, str],
        body: bytes | None = None,
    ) -> Answer:
        """The answer to one request, of whatever status below 500.

        Raises `Unavailable` where the source could not be asked just now, and `Refused` where what came
        is too long or compressed: neither can be an honest answer about one person.
        """
        asked = {**headers, "Accept-Encoding": "identity"}  # so that what is counted is what there is
        try:
            async with asyncio.timeout(self.timeout):
                answer = await self._send(method, url, asked, body)
        except (TimeoutError, httpx.TransportError) as fault:
            raise Unavailable(f"{self.name} does not answer: {type(fault).__name__}") from None
        if answer.status in _LATER or answer.status >= 500:
            raise Unavailable(f"{self.name} answers {answer.status}")
        return answer

    async def close(self) -> None:
        """Let go of the connections."""
        client, self._client = self._client, None
        if client:
            await client.aclose()

    async def _send(self, method: str, url: str, headers: dict[str, str], body: bytes | None) -> Answer:
        received = bytearray()
        async with self._open().stream(method, url, content=body, headers=headers) as answer:
            if answer.headers.get("content-encoding", "identity") != "identity":
                raise Refused(f"{self.name} sent something compressed")
            async for chunk in answer.aiter_raw():
                received += chunk
                if len(received) > self.largest:
                    raise Refused(f"{self.name} sent too much")
        return Answer(answer.status_code, answer.headers, bytes(received))

    def _open(self) -> httpx.AsyncClient:
        if self._client is None:
            verify = ssl.create_default_context(cafile=self.ca) if self.ca else True
            # Redirects are not followed, and the machine's own proxies and .netrc have no say.
            self._client = httpx.AsyncClient(
                verify=verify, proxy=self.proxy, trust_env=False, timeout=self.timeout
            )
        return self._client
