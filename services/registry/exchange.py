"""One signed question to a partner system and its signed answer, over HTTPS."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from services.dci import envelope
from services.dci.envelope import Broken, Envelope
from services.dci.signatures import Unauthentic
from services.partners import RegistryPartner, Us
from services.registry import Refused, Unavailable
from services.registry.wire import Answer, Wire


class Exchange:
    """Asks one partner. Whatever is wrong with an answer makes it none; errors name no person."""

    def __init__(
        self, us: Us, partner: RegistryPartner, clock: Callable[[], datetime], new_id: Callable[[], str]
    ) -> None:
        self._us, self._partner, self.now, self.new_id = us, partner, clock, new_id
        ca = str(partner.ca) if partner.ca else None
        self._wire = Wire(partner.name, partner.timeout, partner.largest, ca, partner.proxy)

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
            "Authorization": f"Bearer {partner.token.get_secret_value()}",
        }
        answer = await self._wire.send("POST", partner.base + path, headers=headers, body=sent.body)
        return self._believed(answer)

    async def close(self) -> None:
        """Let go of the connections."""
        await self._wire.close()

    def _believed(self, answer: Answer) -> Envelope:
        name, status = self._partner.name, answer.status
        if not 200 <= status < 300 or "json" not in answer.headers.get("content-type", ""):
            raise Refused(f"{name} answers {status} without an answer")
        try:
            received = envelope.read(answer.body, answer.headers, self._partner.signs)
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
