"""A listener on a real store, with connections that are pretended."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from channels.smpp import codes
from channels.smpp.pdu import Address, Message, Pdu, Tlvs
from services.privacy.identifiers import Keys
from services.smpp.runner import Listener, hear
from services.store.engine import Store
from services.store.tables import inbound, outbound
from tests.services.deployment import NOW, rows

PHONE = "923990000001"


@dataclass
class Clock:
    """Set by hand."""

    now: datetime = NOW

    def __call__(self) -> datetime:
        return self.now


@dataclass
class OtherEnd:
    """As much of a connection as hearing looks at."""

    lost_at: float | None = None


@dataclass
class Desk:
    """A listener on a real store, whose connections are pretended."""

    listener: Listener
    store: Store
    clock: Clock
    peer: OtherEnd = field(default_factory=OtherEnd)
    woken: list[int] = field(default_factory=list)

    async def deliver(self, text: bytes, *, peer: OtherEnd | None = None, **fields: Any) -> int:
        """A deliver_sm from the phone; the status of its acknowledgement."""
        tlvs: Tlvs = fields.pop("tlvs", ())
        message = Message(Address(PHONE, 1, 1), Address("8171"), text, **fields)
        pdu = Pdu(codes.DELIVER_SM, 1, 0, message, tlvs)
        return await hear(self.listener, "one", peer or self.peer, pdu)  # type: ignore[arg-type]

    def heard(self) -> list[Any]:
        return rows(self.store, inbound)

    def said(self) -> list[Any]:
        return rows(self.store, outbound)

    def texts(self, keys: Keys) -> list[str]:
        return [keys.open(row.text) for row in self.heard()]
