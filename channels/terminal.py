"""A conversation in the terminal: one line in, the reply as lines out, in the limits of another channel."""

from collections.abc import Sequence
from dataclasses import dataclass

from bot.messages import Inbound, Limits, Outbound
from channels import Failed, Received, Refused, Request, Response, Sent


@dataclass(frozen=True, slots=True)
class Terminal:
    """Plays the channel `name`: its limits, and its phone where that channel vouches for one."""

    limits: Limits
    name: str = "terminal"
    proves_phone: bool = False

    def receive(self, request: Request) -> Received | Refused:
        """One line of text; the target is the sender's address, and a header carries the message's id."""
        text = request.body.decode("utf-8", "replace").rstrip("\n")
        sender = request.target
        vouched = self.name in ("sms", "whatsapp", "ussd") and sender.startswith("+")
        inbound = Inbound(
            id=request.headers["id"],
            channel=self.name,
            sender=sender,
            at=request.at,
            text=text,
            contact=sender if vouched else None,
        )
        return Received(inbounds=(inbound,))

    def answer(self, outbounds: Sequence[Outbound]) -> Response | None:
        """The parts, a blank line between them."""
        parts = [part for outbound in outbounds for part in outbound.parts]
        return Response(body="\n\n".join(parts).encode())

    async def send(self, outbound: Outbound) -> Sent | Failed:
        """A terminal is read at once: there is nowhere else to send."""
        return Sent(outbound.id)
