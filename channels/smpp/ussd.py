"""Menus by USSD over the binds of a short code: what was dialled or typed comes in, a screen goes back.

SMPP 3.4, 5.3.2.44 (ussd_service_op) and 5.3.2.43 (its_session_info). A session lives as long as the operator
waits, seconds: so it is kept in memory, and who is answered too late dials again.
"""

from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from bot.alphabets import GSM7, UCS2
from bot.messages import Inbound, Outbound
from channels import Failed, Received, Refused, Request, Response, Sent
from channels.smpp import addresses, codes, texts
from channels.smpp.line import Line
from channels.smpp.outcomes import outcome
from channels.smpp.pdu import Address, Message, Pdu, Tlvs
from channels.smpp.profile import Profile
from channels.ussd import LIMITS, NAME

SERVICE = "USSD"
DIALS, TYPED = frozenset({0, 1}), 18
"""Operations of a phone: a code was dialled; a question was answered."""

ASK, RELEASE = 2, 17
"""Operations of ours: wait for what is typed next; show this and hang up."""

GSM7_CODING, UCS2_CODING = 0x0F, 0x48
MOST_SESSIONS = 10_000


@dataclass(frozen=True, slots=True)
class Typed:
    """What came in a session of a profile. The operator wants `session` back, where it gave one."""

    inbound: Inbound
    profile: str
    session: bytes | None


def is_ussd(pdu: Pdu, message: Message) -> bool:
    """Whether a deliver_sm is of a USSD session."""
    return message.service.upper() == SERVICE or pdu.tlv(codes.USSD_OPERATION) is not None


def read(profile: Profile, pdu: Pdu, message: Message, phone: str, at: datetime) -> Typed | None:
    """What was dialled (an empty text) or typed; None for a session that is over."""
    session = pdu.tlv(codes.ITS_SESSION)
    if session and session[-1] & 1:
        return None
    text = texts.text((texts.read(pdu, message, default=profile.default_alphabet),))
    told = pdu.tlv(codes.USSD_OPERATION)
    operation = int.from_bytes(told) if told else TYPED
    if operation != TYPED and operation not in DIALS:
        return None
    dialled = operation in DIALS or text.startswith("*")
    inbound = Inbound("", NAME, phone, at, "" if dialled else text, contact=phone)
    return Typed(inbound, profile.name, session)


class UssdSmpp:
    """The menus of all profiles that carry them."""

    name = NAME
    limits = LIMITS
    proves_phone = False

    def __init__(self, profiles: Mapping[str, Profile], lines: Mapping[str, Line]) -> None:
        self._profiles, self._lines = profiles, lines
        self._sessions: OrderedDict[str, Typed] = OrderedDict()

    def opened(self, typed: Typed) -> None:
        """Remember how a phone is to be answered."""
        self._sessions[typed.inbound.sender] = typed
        self._sessions.move_to_end(typed.inbound.sender)
        if len(self._sessions) > MOST_SESSIONS:
            self._sessions.popitem(last=False)

    def receive(self, request: Request) -> Received | Refused:
        """What comes in, comes by the binds of the short code."""
        return Refused(400, "not by itself")

    def answer(self, outbounds: Sequence[Outbound]) -> Response | None:
        """Replies are messages of their own."""
        return None if outbounds else Response()

    async def send(self, outbound: Outbound) -> Sent | Failed:
        """The screen, while the phone's session waits for it; each question has one answer."""
        typed = self._sessions.pop(outbound.recipient, None)
        address = addresses.recipient(outbound.recipient)
        if typed is None or address is None:
            return Failed("window_closed")
        profile = self._profiles[typed.profile]
        message, tlvs = screen(profile, outbound, address, typed.session)
        answer = await self._lines[profile.name].submit(message, tlvs=tlvs)
        return outcome(profile, outbound, (answer,))


def screen(
    profile: Profile, outbound: Outbound, address: Address, session: bytes | None
) -> tuple[Message, Tlvs]:
    """The submit_sm of a screen, and its parameters."""
    text = "\n".join(outbound.parts)
    alphabet = UCS2 if GSM7.lacks(text) else GSM7
    octets = alphabet.encode(text)
    if alphabet is GSM7 and profile.default_alphabet == "packed":
        octets = texts.packed(b"", octets)
    tlvs: Tlvs = ((codes.USSD_OPERATION, bytes((RELEASE if outbound.ends else ASK,))),)
    if session:
        tlvs += ((codes.ITS_SESSION, session[:-1] + bytes((session[-1] | int(outbound.ends),))),)
    source = Address(profile.source, profile.source_ton, profile.source_npi)
    coding = UCS2_CODING if alphabet is UCS2 else GSM7_CODING
    return Message(source, address, octets, coding, service=SERVICE), tlvs
