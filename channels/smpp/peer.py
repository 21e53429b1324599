"""One SMPP connection, of either side: frames, sequence numbers, response timers and keep-alive."""

import asyncio
from collections.abc import Callable
from typing import TypeAlias, cast

from channels.smpp import codes
from channels.smpp.pdu import BadPdu, Framer, Pdu, decode, encode, encode_body, framed

Done: TypeAlias = Callable[[Pdu | None], None]
"""Is told the response to a request, None where none came in time or the connection is gone."""

LAST_SEQUENCE = 0x7FFFFFFF
TICKS = 8
"""How often in a response's time it is looked whether one is late."""


class Peer(asyncio.Protocol):
    """`heard` is told each request that is not answered here; `lost` that the connection is gone; `room` that
    there is room to write again.

    Requests for a link's life (enquire_link), its end (unbind) and unknown ones are answered here.
    """

    def __init__(
        self,
        heard: "Callable[[Peer, Pdu], None]",
        *,
        lost: "Callable[[Peer], None]" = lambda peer: None,
        room: Callable[[], None] = lambda: None,
        patience: float = 10.0,
        keepalive: float = 30.0,
    ) -> None:
        self._heard, self._lost, self._room = heard, lost, room
        self._patience, self._keepalive = patience, keepalive
        self._framer = Framer()
        self._waiting: dict[int, tuple[float, Done]] = {}
        self._sequence = 0
        self._out: list[bytes] = []
        self._probing = False
        self.clogged = False
        self.lost_at: float | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """As asyncio calls it."""
        self._loop = asyncio.get_running_loop()
        self._transport = cast(asyncio.Transport, transport)  # uvloop's is one in all but name
        self._heard_at = self._loop.time()
        self._tick()

    def data_received(self, data: bytes) -> None:
        """As asyncio calls it."""
        self._heard_at = self._loop.time()
        try:
            frames = self._framer.feed(data)
        except BadPdu as bad:
            self._refuse(bad)
            self.close()
            return
        for frame in frames:
            try:
                pdu = decode(frame)
            except BadPdu as bad:
                self._refuse(bad)
            else:
                self._take(pdu)

    def pause_writing(self) -> None:
        """As asyncio calls it: the other side reads too slowly, so it is not listened to either."""
        self.clogged = True
        self._transport.pause_reading()

    def resume_writing(self) -> None:
        """As asyncio calls it."""
        self.clogged = False
        self._transport.resume_reading()
        self._room()

    def connection_lost(self, exc: Exception | None) -> None:
        """As asyncio calls it."""
        self.lost_at = self._loop.time()
        self._timer.cancel()
        waiting, self._waiting = self._waiting, {}
        for _, done in waiting.values():
            done(None)
        self._lost(self)

    def request(self, command: int, body: bytes, done: Done) -> None:
        """Send a request whose body is bytes already."""
        if self.lost_at is not None:
            self._loop.call_soon(done, None)
            return
        self._sequence = self._sequence % LAST_SEQUENCE + 1
        self._waiting[self._sequence] = (self._loop.time() + self._patience, done)
        self._write(framed(command, self._sequence, codes.OK, body))

    async def ask(self, command: int, body: bytes = b"") -> Pdu | None:
        """`request`, and its response."""
        answer: asyncio.Future[Pdu | None] = self._loop.create_future()
        self.request(command, body, lambda pdu: None if answer.done() else answer.set_result(pdu))
        return await answer

    def send(self, pdu: Pdu) -> None:
        """Send a response, or a request that has none."""
        self._write(encode(pdu))

    def answer(self, pdu: Pdu, status: int, id: str = "") -> None:
        """Send the response to a request; its `id` where it carries one."""
        command = pdu.command | codes.RESPONSE
        self._write(framed(command, pdu.sequence, status, encode_body(command, id)))

    def close(self) -> None:
        """Close once what was to be sent is sent."""
        self._flush()
        self._transport.close()

    def abort(self) -> None:
        """Close at once, for a peer that is dead or may not talk."""
        self._transport.abort()

    @property
    def is_lost(self) -> bool:
        """Whether the connection is gone or going."""
        return self._transport.is_closing()

    def _refuse(self, bad: BadPdu) -> None:
        if bad.answer:
            self.send(bad.answer)

    def _take(self, pdu: Pdu) -> None:
        if pdu.command & codes.RESPONSE:
            _, done = self._waiting.pop(pdu.sequence, (0.0, None))
            if done:
                done(pdu)
        elif pdu.command == codes.ENQUIRE_LINK:
            self._write(framed(codes.ENQUIRE_LINK | codes.RESPONSE, pdu.sequence, codes.OK, b""))
        elif pdu.command == codes.UNBIND:
            self._write(framed(codes.UNBIND | codes.RESPONSE, pdu.sequence, codes.OK, b""))
            self.close()
        elif pdu.command in codes.MESSAGES or pdu.command in codes.BINDS:
            self._heard(self, pdu)
        elif pdu.command != codes.ALERT_NOTIFICATION:
            self.send(Pdu(codes.GENERIC_NACK, pdu.sequence, codes.INVALID_COMMAND))

    def _write(self, frame: bytes) -> None:
        # All that is said in one round of the loop goes out in one write.
        if not self._out:
            self._loop.call_soon(self._flush)
        self._out.append(frame)

    def _flush(self) -> None:
        out, self._out = self._out, []
        if out and not self._transport.is_closing():
            self._transport.write(b"".join(out))

    def _tick(self) -> None:
        now = self._loop.time()
        late = [sequence for sequence, (until, _) in self._waiting.items() if until <= now]
        for sequence in late:
            self._waiting.pop(sequence)[1](None)
        if not self._probing and now - self._heard_at >= self._keepalive:
            self._probing = True
            self.request(codes.ENQUIRE_LINK, b"", self._probed)
        self._timer = self._loop.call_later(min(self._patience, self._keepalive) / TICKS, self._tick)

    def _probed(self, pdu: Pdu | None) -> None:
        self._probing = False
        if pdu is None:
            self.abort()
