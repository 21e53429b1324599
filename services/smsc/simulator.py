"""The simulated SMSC: it delivers, answers, sends receipts, and fails every n-th time as told."""

import asyncio
import itertools
import ssl
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from channels.smpp import codes, texts
from channels.smpp.pdu import Address, Bind, Message, Pdu, Tlvs, encode_body
from channels.smpp.peer import Peer
from channels.smpp.receipts import IdFormat
from channels.smpp.texts import Piece

NAME = "haqdar-smsc"

Tell: TypeAlias = Callable[[str, str], None]
"""Is told the number of a phone and a whole text that it shows."""


@dataclass(frozen=True, slots=True)
class Habits:
    """How it behaves. `..._every`: each n-th time, 0 for never. Times are seconds."""

    code: str = "8171"
    password: str | None = None
    delay: float = 0.0
    """Until a message is answered."""
    throttle_every: int = 0
    silent_every: int = 0
    """A message that is taken, but never answered."""
    refuse_every: int = 0
    cut_every: int = 0
    """The line is cut right after a message was taken."""
    double_every: int = 0
    """A text of a person that is delivered twice."""
    receipts: Literal["early", "at once", "late", "never"] = "at once"
    late: float = 2.0
    response_ids: IdFormat = "text"
    receipt_ids: IdFormat = "text"
    window: int = 10
    """Texts of people on one bind that may wait for their acknowledgement."""
    patience: float = 10.0
    again: float = 0.2
    """Until a text that was not acknowledged is delivered again."""


@dataclass(slots=True)
class Counts:
    """What happened so far."""

    submitted: int = 0
    throttled: int = 0
    delivered: int = 0
    acknowledged: int = 0
    again: int = 0
    receipts: int = 0


@dataclass(slots=True)
class _Phones:
    """Puts together what phones would, and shows it."""

    tell: Tell
    parts: dict[tuple[str, int, int], dict[int, Piece]] = field(default_factory=dict)

    def take(self, pdu: Pdu, message: Message) -> None:
        piece = texts.read(pdu, message)
        number = f"+{message.destination.number}"
        if not piece.alphabet:
            self.tell(number, repr(message.text))
        elif piece.part is None:
            self.tell(number, texts.text((piece,)))
        else:
            key = number, piece.part.reference, piece.part.total
            parts = self.parts.setdefault(key, {})
            parts[piece.part.number] = piece
            if len(parts) == piece.part.total:
                del self.parts[key]
                self.tell(number, texts.text([parts[each] for each in sorted(parts)]))


class Smsc:
    """One SMSC. Without `tell`, texts are not even read: for load."""

    def __init__(self, habits: Habits, tell: Tell | None = None) -> None:
        self.habits, self.counts = habits, Counts()
        self._phones = _Phones(tell) if tell else None
        self._bound: dict[Peer, int] = {}
        self._open: dict[Peer, int] = {}
        self._texts: deque[bytes] = deque()
        self._references = itertools.count()
        self._server: asyncio.Server | None = None

    async def start(self, host: str, port: int, *, encryption: ssl.SSLContext | None = None) -> int:
        """Listen; gives the port, which is chosen where 0 is asked for."""
        self._loop = asyncio.get_running_loop()
        self._server = await self._loop.create_server(self._accept, host, port, ssl=encryption)
        return int(self._server.sockets[0].getsockname()[1])

    async def stop(self) -> None:
        """Hang up."""
        for peer in list(self._bound):
            peer.abort()
        if self._server:
            self._server.close()
            await self._server.wait_closed()

    @property
    def waiting(self) -> int:
        """Texts of people that are not acknowledged yet."""
        return len(self._texts) + sum(self._open.values())

    @property
    def bound(self) -> int:
        """How many binds stand."""
        return len(self._bound)

    def text(self, number: str, text: str) -> None:
        """A person writes to the short code: delivered as soon as there is a bind, until acknowledged."""
        source, destination = Address(number.removeprefix("+"), 1, 1), Address(self.habits.code)
        for segment in texts.written(text, reference=next(self._references) & 0xFF):
            message = Message(source, destination, segment.octets, segment.coding, segment.esm_class)
            self.deliver(encode_body(codes.DELIVER_SM, message))
            self.counts.delivered += 1
            if _is_turn(self.habits.double_every, self.counts.delivered):
                self.deliver(encode_body(codes.DELIVER_SM, message))

    def deliver(self, body: bytes) -> None:
        """Deliver this body of a deliver_sm, whatever it is."""
        self._texts.append(body)
        self._push()

    def _accept(self) -> Peer:
        return Peer(
            self._heard, lost=self._forget, room=self._push, patience=self.habits.patience, keepalive=60
        )

    def _forget(self, peer: Peer) -> None:
        self._bound.pop(peer, None)
        self._open.pop(peer, None)

    def _heard(self, peer: Peer, pdu: Pdu) -> None:
        match pdu.body:
            case Bind(password=given) if peer in self._bound:
                peer.answer(pdu, codes.ALREADY_BOUND)
            case Bind(password=given) if given != (self.habits.password or given):
                peer.answer(pdu, codes.INVALID_PASSWORD)
            case Bind():
                self._bound[peer], self._open[peer] = pdu.command, 0
                peer.answer(pdu, codes.OK, NAME)
                self._loop.call_soon(self._push)
            case Message() as message if self._may_send(peer, pdu):
                self._submitted(peer, pdu, message)
            case _:
                peer.answer(pdu, codes.INVALID_BIND_STATE)

    def _may_send(self, peer: Peer, pdu: Pdu) -> bool:
        bound = self._bound.get(peer, codes.BIND_RECEIVER)
        return pdu.command != codes.DELIVER_SM and bound != codes.BIND_RECEIVER

    def _submitted(self, peer: Peer, pdu: Pdu, message: Message) -> None:
        habits, counts = self.habits, self.counts
        counts.submitted += 1
        turn = counts.submitted
        if _is_turn(habits.throttle_every, turn):
            counts.throttled += 1
            peer.answer(pdu, codes.THROTTLED)
            return
        if _is_turn(habits.refuse_every, turn):
            peer.answer(pdu, codes.INVALID_DESTINATION)
            return
        wanted = message.registered & 1 and habits.receipts != "never"
        if wanted and habits.receipts == "early":
            self._receipt(message, turn)
        if not _is_turn(habits.silent_every, turn):
            id = written_id(turn, habits.response_ids)
            if habits.delay:
                self._loop.call_later(habits.delay, self._answer, peer, pdu, id)
            else:
                peer.answer(pdu, codes.OK, id)
        if wanted and habits.receipts != "early":
            late = habits.late if habits.receipts == "late" else habits.delay
            self._loop.call_later(late, self._receipt, message, turn)
        if self._phones:
            self._phones.take(pdu, message)
        if _is_turn(habits.cut_every, turn):
            peer.abort()

    @staticmethod
    def _answer(peer: Peer, pdu: Pdu, id: str) -> None:
        if not peer.is_lost:
            peer.answer(pdu, codes.OK, id)

    def _receipt(self, message: Message, turn: int) -> None:
        self.counts.receipts += 1
        id = written_id(turn, self.habits.receipt_ids)
        text = f"id:{id} sub:001 dlvrd:001 stat:DELIVRD err:000 text:"
        told = Message(message.destination, message.source, text.encode("ascii"), esm_class=0x04)
        tlvs: Tlvs = ((codes.RECEIPTED_ID, id.encode("ascii") + b"\0"), (codes.MESSAGE_STATE, b"\2"))
        self.deliver(encode_body(codes.DELIVER_SM, told, tlvs))

    def _push(self) -> None:
        for peer, mode in self._bound.items():
            if mode == codes.BIND_TRANSMITTER or peer.is_lost:
                continue
            while self._texts and self._open[peer] < self.habits.window and not peer.clogged:
                self._open[peer] += 1
                self._send(peer, self._texts.popleft())

    def _send(self, peer: Peer, body: bytes) -> None:
        def done(pdu: Pdu | None) -> None:
            if peer in self._open:
                self._open[peer] -= 1
            if pdu is not None and pdu.status == codes.OK:
                self.counts.acknowledged += 1
                self._push()
            else:
                self.counts.again += 1
                self._loop.call_later(self.habits.again, self.deliver, body)

        peer.request(codes.DELIVER_SM, body, done)


def written_id(turn: int, ids: IdFormat) -> str:
    """The id of the n-th message, as operators write them."""
    return {"text": f"{turn:08x}", "hex": f"{turn:08X}", "decimal": f"{turn:010d}"}[ids]


def _is_turn(every: int, turn: int) -> bool:
    return every > 0 and turn % every == 0
