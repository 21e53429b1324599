"""WhatsApp by Twilio: as its SMS, with buttons' payloads, places, and senders that may hide their number."""

from collections.abc import Sequence
from datetime import timedelta

from twilio.http import HttpClient

from bot.messages import Inbound, Limits, Outbound
from channels import Failed, Received, Refused, Request, Response, Sent
from channels._twilio import E164, Fields, Wire, media, receipt, wire

NAME = "whatsapp"
PREFIX = "whatsapp:"
LIMITS = Limits(alphabet="text", units=1600, parts=3, window=timedelta(hours=24))


class WhatsAppTwilio:
    """A WhatsApp sender. `transport` replaces the SDK's HTTP client."""

    name = NAME
    limits = LIMITS
    proves_phone = False

    def __init__(
        self,
        *,
        account_sid: str,
        auth_token: str,
        sender: str,
        public_url: str,
        transport: HttpClient | None = None,
    ) -> None:
        self._wire: Wire = wire(
            NAME,
            account_sid=account_sid,
            auth_token=auth_token,
            sender=sender,
            public_url=public_url,
            transport=transport,
        )

    def receive(self, request: Request) -> Received | Refused:
        """A person's message or a status callback.

        The address may be a business-scoped user id instead of a number: then there is no contact.
        """
        fields = self._wire.fields(request)
        if isinstance(fields, Refused):
            return fields
        told = receipt(fields, request)
        if told:
            return Received(receipts=(told,))
        sender = fields.get("From", "")
        number = sender.removeprefix(PREFIX)
        inbound = Inbound(
            id=fields["MessageSid"],
            channel=NAME,
            sender=sender,
            at=request.at,
            text=fields.get("Body", ""),
            choice=fields.get("ButtonPayload") or fields.get("ListId") or None,
            contact=number if E164.fullmatch(number) else None,
            location=_location(fields),
            media=media(fields),
        )
        return Received((inbound,))

    def answer(self, outbounds: Sequence[Outbound]) -> Response | None:
        """The replies in the webhook's response."""
        return self._wire.answer(outbounds)

    async def send(self, outbound: Outbound) -> Sent | Failed:
        """What is not a reply."""
        return await self._wire.send(outbound)


def _location(fields: Fields) -> tuple[float, float] | None:
    try:
        return float(fields["Latitude"]), float(fields["Longitude"])
    except (KeyError, ValueError):
        return None
