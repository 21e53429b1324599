"""SMS by an operator's short code: what comes in by its line, and sending by the likeliest operator."""

import asyncio
import zlib
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TypeAlias

from bot.messages import Inbound, Limits, Outbound
from channels import Failed, Receipt, Received, Refused, Request, Response, Sent
from channels.smpp import addresses, codes, receipts, texts, ussd
from channels.smpp.line import Line
from channels.smpp.outcomes import outcome
from channels.smpp.pdu import Address, BadPdu, Message, Pdu, decode
from channels.smpp.peer import Peer
from channels.smpp.profile import Profile
from channels.smpp.texts import Piece
from channels.smpp.ussd import Typed, UssdSmpp

NAME = "sms"
"""That of SMS by other providers too: a phone's conversation does not depend on who carries it."""

UNITS, PARTS = 10, 2


@dataclass(frozen=True, slots=True)
class Long:
    """One part of a longer text. What belongs together has the same `key`."""

    key: str
    inbound: Inbound
    piece: Piece


Came: TypeAlias = Inbound | Long | Typed | Receipt | None
"""None for what is acknowledged and left alone."""

Hear: TypeAlias = Callable[[str, Peer, Pdu], Awaitable[int]]
"""Is told the profile's name, and gives the status of the response."""


class SmsSmpp:
    """The short code of one or several operators. `hear` is set by whoever takes what comes in."""

    name = NAME
    proves_phone = False

    def __init__(self, profiles: Sequence[Profile], *, jitter: Callable[[], float]) -> None:
        if len({profile.name for profile in profiles}) < len(profiles):
            raise ValueError("two SMPP profiles have the same name")
        self.profiles = {profile.name: profile for profile in profiles}
        carried = set.intersection(*(set(profile.tables) for profile in profiles))
        self.limits = Limits(alphabet="sms", units=UNITS, parts=PARTS, tables=tuple(sorted(carried)))
        self.hear: Hear = _busy
        self.lines = {
            profile.name: Line(profile, self._heard_by(profile.name), jitter=jitter) for profile in profiles
        }
        menus = any(profile.ussd for profile in profiles)
        self.ussd = UssdSmpp(self.profiles, self.lines) if menus else None
        """The channel of the menus that the same binds carry, where one does."""

    async def start(self) -> None:
        """Bind to all operators, and stay so."""
        for line in self.lines.values():
            await line.start()

    async def stop(self) -> None:
        """Unbind once what is under way is done."""
        await asyncio.gather(*(line.stop() for line in self.lines.values()))

    def receive(self, request: Request) -> Received | Refused:
        """One PDU as the body of a request to `/<profile>`. Who sends it, the bind has proved.

        Parts of longer texts give nothing by themselves.
        """
        try:
            pdu = decode(request.body)
        except BadPdu:
            return Refused(400, "no PDU")
        profile = self.profiles.get(request.target.removeprefix("/"))
        if profile is None or not isinstance(pdu.body, Message):
            return Refused(400, "no message of an operator that is known")
        match came(profile, pdu, pdu.body, request.at):
            case (Inbound() as inbound) | Typed(inbound=inbound):
                return Received((inbound,))
            case Receipt() as receipt:
                return Received(receipts=(receipt,))
        return Received()

    def answer(self, outbounds: Sequence[Outbound]) -> Response | None:
        """Replies are messages of their own here."""
        return None if outbounds else Response()

    async def send(self, outbound: Outbound) -> Sent | Failed:
        """By the operator whose prefix is the recipient's; what it does not take is tried by the others."""
        address = addresses.recipient(outbound.recipient)
        if address is None:
            return Failed("unknown_number")
        outcomes: list[Failed] = []
        likeliest = routes(tuple(self.profiles.values()), outbound.recipient)
        for profile in sorted(likeliest, key=lambda profile: not self.lines[profile.name].bound):
            became = await self._send_by(profile, outbound, address)
            if isinstance(became, Sent) or became.reason == "unknown":
                return became
            outcomes.append(became)
        return next((each for each in outcomes if each.retry), outcomes[0])

    def may_repeat(self, outbound: Outbound) -> bool:
        """Whether a message may be sent again though it may have gone out: by every operator's settings."""
        return all(outbound.priority in profile.repeatable for profile in self.profiles.values())

    async def _send_by(self, profile: Profile, outbound: Outbound, address: Address) -> Sent | Failed:
        messages = submits(profile, outbound, address)
        line = self.lines[profile.name]
        answers = await asyncio.gather(*(line.submit(message) for message in messages))
        return outcome(profile, outbound, answers)

    def _heard_by(self, name: str) -> Callable[[Peer, Pdu], Awaitable[int]]:
        return lambda peer, pdu: self.hear(name, peer, pdu)


def came(profile: Profile, pdu: Pdu, message: Message, at: datetime) -> Came:
    """What a deliver_sm or data_sm is. An `Inbound` has the operator's id, or none."""
    if receipts.is_receipt(pdu, message):
        told = receipts.read(pdu, message, ids=profile.receipt_ids)
        if told is None:
            return None
        return Receipt(told.status, at, reference=f"{profile.name}:{told.reference}", error=told.error)
    phone = addresses.phone(message.source, country=profile.country)
    if phone is None:  # another service's number or name; two that answer one another never end
        return None
    if ussd.is_ussd(pdu, message):
        return ussd.read(profile, pdu, message, phone, at) if profile.ussd else None
    piece = texts.read(pdu, message, default=profile.default_alphabet)
    id = (pdu.tlv(codes.RECEIPTED_ID) or b"").rstrip(b"\0").decode("latin-1")
    inbound = Inbound(
        id=f"{profile.name}:{id[:65]}" if id else "",
        channel=NAME,
        sender=phone,
        at=at,
        text=texts.text((piece,)),
        contact=phone,
        media=None if piece.alphabet else "other",
    )
    part = piece.part
    if part is None:
        return inbound
    if not piece.alphabet:  # told once that it cannot be read, not part by part
        return inbound if part.number == 1 else None
    key = f"{profile.name}:{phone}:{message.destination.number}:{part.reference}:{part.total}"
    return Long(key, inbound, piece)


def routes(profiles: Sequence[Profile], number: str) -> list[Profile]:
    """All operators, the one with the longest prefix of this number first. A hint: numbers are portable."""

    def longest(profile: Profile) -> int:
        return max((len(prefix) for prefix in profile.prefixes if number.startswith(prefix)), default=0)

    # Without a prefix that fits, one that names none is meant for everybody.
    return sorted(profiles, key=lambda profile: (-longest(profile), bool(profile.prefixes)))


def submits(profile: Profile, outbound: Outbound, address: Address) -> list[Message]:
    """The submit_sm of a message, in order; the last one asks for a receipt."""
    segments = [
        segment
        for number, part in enumerate(outbound.parts)
        for segment in texts.written(
            part,
            # Made from the id, so that a phone sees a message that is sent again as the same one.
            reference=zlib.crc32(f"{outbound.id}:{number}".encode()) & 0xFF,
            tables=profile.tables,
            default=profile.default_alphabet,
            message_class=profile.message_class,
        )
    ]
    source = Address(profile.source, profile.source_ton, profile.source_npi)
    return [
        Message(
            source,
            address,
            segment.octets,
            segment.coding,
            segment.esm_class,
            registered=int(profile.receipts and number == len(segments)),
            service=profile.service_type,
        )
        for number, segment in enumerate(segments, 1)
    ]


async def _busy(name: str, peer: Peer, pdu: Pdu) -> int:
    return codes.TRY_LATER
