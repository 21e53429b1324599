"""A line to an operator: its binds, and what waits to be sent by whichever has room.

One response for each message; a window and a rate for each bind; a pause for all when the operator says
that it is too much. A bind that is lost is made again, later each time.
"""

import asyncio
import enum
import logging
from collections import deque
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TypeAlias

from channels.smpp import codes
from channels.smpp.pdu import Address, Bind, Body, Pdu, Tlvs, encode_body
from channels.smpp.peer import Peer
from channels.smpp.profile import Mode, Profile

log = logging.getLogger("haqdar.smpp")

BINDING = {
    "transceiver": codes.BIND_TRANSCEIVER,
    "transmitter": codes.BIND_TRANSMITTER,
    "receiver": codes.BIND_RECEIVER,
}
TOO_MUCH = frozenset({codes.THROTTLED, codes.QUEUE_FULL})
FIRST_PAUSE, LONGEST_PAUSE = 0.5, 60.0
"""Seconds of silence after the operator said that it is too much, doubled each time."""

FIRST_RETRY = 0.5
"""Seconds until a lost bind is tried again, doubled each time."""


class Lost(enum.Enum):
    """There is no response: the message never left, or may have arrived all the same."""

    UNSENT = enum.auto()
    UNANSWERED = enum.auto()


Heard: TypeAlias = Callable[[Peer, Pdu], Awaitable[int]]
"""What is done with a deliver_sm; gives the status of its response, which leaves right after."""


@dataclass(slots=True)
class _Waiting:
    command: int
    body: bytes
    until: float
    answer: "asyncio.Future[Pdu | Lost]"


@dataclass(slots=True)
class _Link:
    mode: Mode
    peer: Peer | None = None
    open: int = 0
    tokens: float = 1.0
    filled: float = 0.0
    gone: asyncio.Event = field(default_factory=asyncio.Event)


class Line:
    """All binds of one account. `jitter` gives a random number from 0 to 1."""

    def __init__(self, profile: Profile, heard: Heard, *, jitter: Callable[[], float]) -> None:
        self._profile, self._heard, self._jitter = profile, heard, jitter
        self._links = [_Link(mode) for mode in profile.binds]
        self._queue: deque[_Waiting] = deque()
        self._pause, self._paused_until = 0.0, 0.0
        self._wake: asyncio.TimerHandle | None = None
        self._pumping = False
        self._stopping = False
        self._hearing: set[asyncio.Task[None]] = set()
        self._keeping: list[asyncio.Task[None]] = []

    @property
    def bound(self) -> int:
        """How many binds stand."""
        return sum(link.peer is not None for link in self._links)

    async def start(self) -> None:
        """Begin to bind; returns at once."""
        self._loop = asyncio.get_running_loop()
        self._keeping = [asyncio.create_task(self._keep(link)) for link in self._links]

    async def stop(self) -> None:
        """Let what is under way come to its end, unbind, and hang up. What still waits is told `UNSENT`."""
        self._stopping = True
        self._refuse_waiting()
        with suppress(TimeoutError):
            async with asyncio.timeout(self._profile.response_timeout):
                while self._hearing or any(link.open for link in self._links):
                    await asyncio.sleep(0.01)
        for task in self._keeping:
            task.cancel()
        await asyncio.gather(*self._keeping, return_exceptions=True)
        for link in self._links:
            if link.peer:
                await link.peer.ask(codes.UNBIND)
                link.peer.close()
        if self._wake:
            self._wake.cancel()

    async def submit(self, body: Body, *, command: int = codes.SUBMIT_SM, tlvs: Tlvs = ()) -> Pdu | Lost:
        """Send one message as soon as there is room, and give its response."""
        if self._stopping or len(self._queue) >= self._profile.queue:
            return Lost.UNSENT
        answer: asyncio.Future[Pdu | Lost] = self._loop.create_future()
        until = self._loop.time() + self._profile.waiting
        self._queue.append(_Waiting(command, encode_body(command, body, tlvs), until, answer))
        self._pump_soon()
        return await answer

    def _refuse_waiting(self) -> None:
        while self._queue:
            self._tell(self._queue.popleft(), Lost.UNSENT)

    @staticmethod
    def _tell(waiting: _Waiting, answer: Pdu | Lost) -> None:
        if not waiting.answer.done():  # whoever asked may have gone
            waiting.answer.set_result(answer)

    def _pump_soon(self) -> None:
        if not self._pumping:
            self._pumping = True
            self._loop.call_soon(self._pump)

    def _pump(self) -> None:
        self._pumping = False
        now = self._loop.time()
        while self._queue and self._queue[0].until <= now:
            self._tell(self._queue.popleft(), Lost.UNSENT)
        again = self._queue[0].until if self._queue else 0.0
        if self._paused_until > now:
            again = min(again, self._paused_until)
        else:
            for link in self._links:
                while self._queue and self._has_room(link):
                    ready = self._ready_in(link, now)
                    if ready > 0:
                        again = min(again, now + ready)
                        break
                    self._send(link, self._queue.popleft())
        if self._queue:
            if self._wake:
                self._wake.cancel()
            self._wake = self._loop.call_at(max(again, now + 0.001), self._pump)

    def _has_room(self, link: _Link) -> bool:
        peer = link.peer
        return (
            peer is not None
            and link.mode != "receiver"
            and link.open < self._profile.window
            and not (peer.clogged or peer.is_lost)
        )

    def _ready_in(self, link: _Link, now: float) -> float:
        """Seconds until a bind may send one more; 0 takes one of its tokens."""
        rate = self._profile.rate
        if rate is None:
            return 0.0
        link.tokens = min(max(1.0, rate / 10), link.tokens + (now - link.filled) * rate)
        link.filled = now
        if link.tokens < 1:
            return (1 - link.tokens) / rate
        link.tokens -= 1
        return 0.0

    def _send(self, link: _Link, waiting: _Waiting) -> None:
        peer = link.peer
        assert peer
        link.open += 1

        def done(pdu: Pdu | None) -> None:
            link.open -= 1
            if pdu is None:
                self._tell(waiting, Lost.UNANSWERED)
            elif pdu.status in TOO_MUCH:
                self._slow_down()
                self._queue.appendleft(waiting)
            else:
                self._tell(waiting, pdu)
            if self._queue:
                self._pump_soon()

        peer.request(waiting.command, waiting.body, done)

    def _slow_down(self) -> None:
        now = self._loop.time()
        if now < self._paused_until:  # the rest of the same window
            return
        eased = now - self._paused_until > 2 * self._pause
        self._pause = FIRST_PAUSE if eased or not self._pause else min(2 * self._pause, LONGEST_PAUSE)
        self._paused_until = now + self._pause
        log.warning("%s: too much for the operator, %.1f s of silence", self._profile.name, self._pause)

    async def _keep(self, link: _Link) -> None:
        tries = 0
        while True:
            if await self._bind(link):
                tries = 0
                await link.gone.wait()
                link.peer = None
                log.info("%s: a bind has ended", self._profile.name)
            pause = min(FIRST_RETRY * 2**tries, self._profile.reconnect)
            tries = min(tries + 1, 16)
            await asyncio.sleep(pause * (0.5 + self._jitter() / 2))

    async def _bind(self, link: _Link) -> bool:
        profile = self._profile
        link.gone = gone = asyncio.Event()
        peer = Peer(
            self._take,
            lost=lambda peer: gone.set(),
            room=self._pump_soon,
            patience=profile.response_timeout,
            keepalive=profile.keepalive,
        )
        try:
            async with asyncio.timeout(profile.response_timeout):
                await self._loop.create_connection(
                    lambda: peer,
                    profile.host,
                    profile.port,
                    ssl=profile.encryption,
                    server_hostname=profile.server_name,
                )
        except (OSError, TimeoutError) as fault:  # ssl's faults are OSErrors
            log.warning("%s: no connection: %s", profile.name, type(fault).__name__)
            return False
        command = BINDING[link.mode]
        try:
            answer = await peer.ask(command, encode_body(command, self._credentials()))
        except asyncio.CancelledError:
            peer.abort()
            raise
        if answer is None or answer.status != codes.OK or peer.is_lost:
            told = "no answer" if answer is None else f"status {answer.status:#x}"
            log.warning("%s: bind refused: %s", profile.name, told)
            peer.abort()
            return False
        link.peer, link.filled = peer, self._loop.time()
        log.info("%s: bound as %s", profile.name, link.mode)
        self._pump_soon()
        return True

    def _credentials(self) -> Bind:
        profile = self._profile
        password = profile.password.get_secret_value()
        numbers = Address(profile.address_range)
        return Bind(profile.system_id, password, profile.system_type, addresses=numbers)

    def _take(self, peer: Peer, pdu: Pdu) -> None:
        if pdu.command not in (codes.DELIVER_SM, codes.DATA_SM):
            peer.answer(pdu, codes.INVALID_BIND_STATE)
        elif self._stopping or len(self._hearing) >= self._profile.inbound:
            peer.answer(pdu, codes.TRY_LATER)
        else:
            task = asyncio.create_task(self._hear(peer, pdu))
            self._hearing.add(task)
            task.add_done_callback(self._hearing.discard)

    async def _hear(self, peer: Peer, pdu: Pdu) -> None:
        try:
            status = await self._heard(peer, pdu)
        except Exception:  # a bug that one text meets: it comes again, and the others are heard
            log.exception("a message could not be heard")
            status = codes.TRY_LATER
        if not peer.is_lost:
            peer.answer(pdu, status)
