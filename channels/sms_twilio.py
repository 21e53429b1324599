"""SMS by Twilio: signed webhooks in, replies as TwiML in the response, other messages by REST."""

from collections.abc import Sequence

from twilio.http import HttpClient

from bot.messages import Inbound, Limits, Outbound
from channels import Failed, Received, Refused, Request, Response, Sent
from channels._twilio import E164, Wire, media, receipt, wire

NAME = "sms"
LIMITS = Limits(alphabet="sms", units=10, parts=2)
"""Ten segments are 1530 characters; Twilio takes 1600 in one request."""


class SmsTwilio:
    """A number, or a messaging service (MG...). `transport` replaces the SDK's HTTP client."""

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
        """A person's message or a status callback. The sender's number is the network's word."""
        fields = self._wire.fields(request)
        if isinstance(fields, Refused):
            return fields
        told = receipt(fields, request)
        if told:
            return Received(receipts=(told,))
        sender = fields.get("From", "")
        inbound = Inbound(
            id=fields["MessageSid"],
            channel=NAME,
            sender=sender,
            at=request.at,
            text=fields.get("Body", ""),
            contact=sender if E164.fullmatch(sender) else None,
            media=media(fields),
        )
        return Received((inbound,))

    def answer(self, outbounds: Sequence[Outbound]) -> Response | None:
        """The replies in the webhook's response."""
        return self._wire.answer(outbounds)

    async def send(self, outbound: Outbound) -> Sent | Failed:
        """What is not a reply."""
        return await self._wire.send(outbound)
