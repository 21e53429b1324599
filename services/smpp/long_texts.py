"""Parts of long texts, kept until they can be heard: owner of `sms_part`.

A part is acknowledged to the operator once it is committed here, so what is half received survives a crash.
"""

import base64
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy import Connection

from bot.messages import Inbound
from channels.smpp import parts
from channels.smpp.channel import NAME, Long
from channels.smpp.parts import Kept
from channels.smpp.texts import Piece
from services.privacy.identifiers import Keys
from services.store.tables import sms_part


@dataclass(frozen=True, slots=True)
class Round:
    """Parts of one text that came so far; `message` and `number` are its name in the table."""

    message: bytes
    number: int
    total: int
    kept: tuple[Kept, ...]
    sender: str

    def is_due(self, now: datetime) -> bool:
        """Whether it is to be heard now."""
        return parts.is_due(self.kept, self.total, now)

    def inbound(self, at: datetime) -> Inbound:
        """What a turn is made of. Its id is the same for the same parts, whenever and by whom it is made."""
        first = min(each.at for each in self.kept)
        id = f"{self.message.hex()}:{self.number}:{first.timestamp():.0f}:{len(self.kept)}"
        text = parts.text(self.kept, self.total)
        return Inbound(id, NAME, self.sender, at, text, contact=self.sender)


def keep(connection: Connection, keys: Keys, long: Long) -> tuple[bytes, int]:
    """Keep a part, once however often it comes; the name of its round."""
    assert long.piece.part
    message, at = keys.hash("address", long.key), long.inbound.at
    number = long.piece.part.number
    found = [kept for _, _, kept, _ in _read(connection, keys, sms_part.c.message == message)]
    round, fresh = parts.place(found, number, replace(long.piece, part=None), at)
    if fresh:
        connection.execute(
            sa.insert(sms_part).values(
                message=message,
                round=round,
                number=number,
                total=long.piece.part.total,
                part=keys.seal(_written(long)),
                taken=False,
                at=at,
            )
        )
    return message, round


def find(connection: Connection, keys: Keys, message: bytes, round: int) -> Round | None:
    """All that has come of one text."""
    where = sa.and_(sms_part.c.message == message, sms_part.c.round == round)
    rows = _read(connection, keys, where)
    if not rows:
        return None
    _, total, _, sender = rows[0]
    return Round(message, round, total, tuple(kept for _, _, kept, _ in rows), sender)


def overdue(connection: Connection, now: datetime, *, most: int = 50) -> list[tuple[bytes, int]]:
    """Names of texts with parts that wait to be heard for longer than anything is waited for."""
    wanted = (
        sa.select(sms_part.c.message, sms_part.c.round)
        .where(sms_part.c.taken.is_(False), sms_part.c.at <= now - parts.WAIT)
        .distinct()
        .limit(most)
    )
    return [(row.message, row.round) for row in connection.execute(wanted)]


def mark_taken(connection: Connection, round: Round) -> None:
    """Note that these parts were heard."""
    numbers = [each.number for each in round.kept]
    connection.execute(
        sa.update(sms_part)
        .where(sms_part.c.message == round.message, sms_part.c.round == round.number)
        .where(sms_part.c.number.in_(numbers))
        .values(taken=True)
    )


def _read(
    connection: Connection, keys: Keys, where: sa.ColumnElement[bool]
) -> Sequence[tuple[int, int, Kept, str]]:
    found = []
    for row in connection.execute(sa.select(sms_part).where(where).order_by(sms_part.c.number)):
        told = json.loads(keys.open(row.part))
        sender = told.pop("sender")
        piece = Piece(**{**told, "octets": base64.b64decode(told["octets"])})
        found.append((row.round, row.total, Kept(row.number, piece, row.at, row.round, row.taken), sender))
    return found


def _written(long: Long) -> str:
    told = asdict(replace(long.piece, part=None))
    return json.dumps(
        {**told, "octets": base64.b64encode(long.piece.octets).decode(), "sender": long.inbound.sender}
    )
