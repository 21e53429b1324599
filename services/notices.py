"""Messages that are not the reply to one: rendered for whom they go to, and put into the outbox."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy import Connection

from bot.messages import Outbound, Say
from bot.render import render
from bot.segments import count
from bot.texts import Catalogue
from channels import Channel
from services.privacy.identifiers import Keys
from services.store.tables import conversation, outbound

TO_PHONES = "sms"
"""The channel by which a phone number can be written to unasked."""


@dataclass(frozen=True, slots=True)
class Notices:
    """What notices are made with."""

    keys: Keys
    catalogue: Catalogue
    channels: Mapping[str, Channel]
    default_language: str = "ur"

    @property
    def reach_phones(self) -> bool:
        """Whether this deployment can write to a phone number at all."""
        return TO_PHONES in self.channels

    def to_phone(
        self, connection: Connection, id: str, *, phone: str, says: Sequence[Say], at: datetime
    ) -> None:
        """Write to a phone number, in the language that it last wrote in. Idempotent by `id`."""
        to = self.keys.hash("address", f"{TO_PHONES}:{phone}")
        wanted = sa.select(conversation.c.language).where(conversation.c.id == to)
        language = connection.execute(wanted).scalar() or self.default_language
        self._queue(connection, id, to, TO_PHONES, phone, says, language, at)

    def to_conversation(
        self, connection: Connection, id: str, to: bytes, says: Sequence[Say], at: datetime
    ) -> bool:
        """Write to somebody who wrote before; false where the channel does not allow it any more.

        A channel's reply window (WhatsApp's 24 hours) runs from their last message. Idempotent by `id`.
        """
        row = connection.execute(sa.select(conversation).where(conversation.c.id == to)).first()
        if row is None or row.channel not in self.channels:
            return False
        window = self.channels[row.channel].limits.window
        if window is not None and at - row.heard_at > window:
            return False
        self._queue(connection, id, to, row.channel, self.keys.open(row.address), says, row.language, at)
        return True

    def _queue(
        self,
        connection: Connection,
        id: str,
        to: bytes,
        channel: str,
        recipient: str,
        says: Sequence[Say],
        language: str,
        at: datetime,
    ) -> None:
        name = self.keys.hash("reply", f"notice:{id}").hex()
        if connection.execute(sa.select(outbound.c.id).where(outbound.c.id == name)).first():
            return
        rendered = render(says, language, self.channels[channel].limits, self.catalogue)
        out = Outbound(
            id=name,
            channel=channel,
            recipient=recipient,
            parts=rendered.parts,
            choices=rendered.choices,
            language=language,
            priority="notice",
            about=",".join(say.key for say in says)[:80],
        )
        connection.execute(
            sa.insert(outbound).values(
                id=name,
                conversation=to,
                channel=channel,
                message=self.keys.seal(out.to_json()),
                about=out.about,
                segments=sum(count(part).segments for part in out.parts),
                status="queued",
                due_at=at,
                at=at,
            )
        )
