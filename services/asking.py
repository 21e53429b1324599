"""Who is asking, when, and with what means: what every function of the table of answers is handed."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import TypeAlias

from sqlalchemy import Connection

from bot.messages import Call, Json, Result
from services.complaints.categories import Categories, load_categories
from services.enquiry import Asker, Desk
from services.notices import Notices
from services.privacy.audit import Entry
from services.privacy.evenly import Held
from services.privacy.guard import Block
from services.privacy.identifiers import Keys
from services.programmes.advice import Advice
from services.programmes.programme import Programmes
from services.registry import PaymentPoints
from services.store.engine import Store

NO_BLOCK = Block()


@dataclass(frozen=True, slots=True)
class Sources:
    """Where answers come from."""

    store: Store
    keys: Keys
    desk: Desk
    points: PaymentPoints
    programmes: Programmes
    advice: Advice
    notices: Notices
    categories: Categories = field(default_factory=load_categories)

    async def close(self) -> None:
        """Let go of every connection, the database's last."""
        try:
            await self.desk.lookup.close()
        finally:
            self.store.close()


@dataclass(frozen=True, slots=True)
class Context:
    """One turn's asker. `effects` are run in the turn's own transaction. `ends`: loop time of the deadline.

    `phone` is the keyed hash of a number that the channel vouches for; `provable` that it could vouch
    for one. `message` names the inbound message, `reply` the outbound one.
    """

    conversation: bytes
    channel: str
    message: str
    reply: str
    phone: bytes | None
    provable: bool
    at: datetime
    ends: float
    sources: Sources
    block: Block = NO_BLOCK
    effects: list[Callable[[Connection], None]] = field(default_factory=list)
    proven: set[bytes] = field(default_factory=set)
    """Keyed hashes of CNICs that this very turn has linked to the asker."""
    held: list[Held] = field(default_factory=list)
    """How the answer is held back once more when all is written, whose length would tell too."""
    audits: list[Entry] = field(default_factory=list)
    """Look-ups of this turn, written last in its transaction."""
    again: bool = False
    """Whether this is the second try of a call whose answer is owed."""

    @property
    def holder(self) -> bytes:
        """Whom links belong to: the proven phone or, where there is none, this conversation."""
        return self.phone or self.conversation

    @property
    def asker(self) -> Asker:
        """The same, for an enquiry; what it must write is among this turn's effects."""
        return Asker(
            channel=self.channel,
            holder=self.holder,
            phone=self.phone,
            block=self.block,
            at=self.at,
            ends=self.ends,
            effects=self.effects,
            proven=self.proven,
            held=self.held,
            audits=self.audits,
        )


Answerer: TypeAlias = Callable[[Call, Context], Awaitable[Result]]


def failed(call: Call, context: Context, error: str) -> Result:
    """What was asked is not known now, for this reason."""
    return Result(call, context.at, ok=False, error=error)


def answered(call: Call, context: Context, **data: Json) -> Result:
    """What was found out."""
    return Result(call, context.at, data=data)


def named(call: Call, name: str) -> Mapping[str, Json]:
    """An argument that is itself named values, {} where the call has none."""
    value = call.args.get(name)
    return value if isinstance(value, Mapping) else {}
