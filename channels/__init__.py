"""The contract of a channel: a provider's wire format on one side, `bot.messages` on the other.

A channel verifies and parses what comes in, shapes what goes out, and sends. It keeps no state,
reads no settings and decides nothing about the conversation.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal, Protocol, TypeAlias

from bot.messages import Inbound, Limits, Outbound

Status: TypeAlias = Literal["queued", "sending", "unknown", "answered", "sent", "failed", "delivered", "read"]
STATUS_ORDER: tuple[Status, ...] = (
    "queued", "sending", "unknown", "answered", "sent", "failed", "delivered", "read",
)  # fmt: skip
"""Receipts only ever raise a status along this order, so their order of arrival cannot matter."""


@dataclass(frozen=True, slots=True)
class Request:
    """An HTTP request as it came: `target` is path and query, header names are lower case.

    `client` is the IP address that it came from, not what its headers claim; "" where that is not known.
    """

    method: str
    target: str
    headers: Mapping[str, str]
    body: bytes
    at: datetime
    client: str = ""


@dataclass(frozen=True, slots=True)
class Receipt:
    """What became of an outbound message. One of `outbound` (our id) and `reference` (theirs) is set."""

    status: Status
    at: datetime
    outbound: str = ""
    reference: str = ""
    error: str = ""


@dataclass(frozen=True, slots=True)
class Received:
    """What a verified request held: messages, receipts, both, or (legally) nothing."""

    inbounds: tuple[Inbound, ...] = ()
    receipts: tuple[Receipt, ...] = ()


@dataclass(frozen=True, slots=True)
class Refused:
    """A request that is not to be trusted or read: nothing is stored and nothing is said."""

    status: Literal[400, 403, 413]
    reason: str


@dataclass(frozen=True, slots=True)
class Response:
    """The HTTP response that acknowledges a request, with the reply in it where the provider takes it so."""

    status: int = 200
    body: bytes = b""
    content_type: str = "text/plain; charset=utf-8"
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Sent:
    """Accepted by the provider under its `reference`."""

    reference: str


@dataclass(frozen=True, slots=True)
class Failed:
    """Not accepted. `retry`: safe and useful to send again, after `after` seconds if the provider said so.

    `reason` is one of: opted_out, window_closed, unreachable, unknown_number, blocked, filtered, too_long,
    misconfigured, throttled, unavailable, refused; or unknown where it may have gone out all the same
    (never sent again by itself).
    """

    reason: str
    retry: bool = False
    after: float | None = None
    code: str = ""


class Channel(Protocol):
    """One way in and out. Implementers: the modules of this folder."""

    @property
    def name(self) -> str:
        """As in its address `/in/<name>` and in stored messages."""
        ...

    @property
    def limits(self) -> Limits:
        """What a reply may be."""
        ...

    @property
    def proves_phone(self) -> bool:
        """Whether a person can prove the phone number here by a button (choice id `share_phone`)."""
        ...

    def receive(self, request: Request) -> Received | Refused:
        """Verify and parse a provider's request. Never sends, never raises on bad input."""
        ...

    def answer(self, outbounds: Sequence[Outbound]) -> Response | None:
        """The response that carries these replies, or None where each must go through `send`.

        With no outbounds: the plain acknowledgement.
        """
        ...

    async def send(self, outbound: Outbound) -> Sent | Failed:
        """Hand one message to the provider. Never raises for what the provider or the network does."""
        ...
