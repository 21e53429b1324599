"""Messages that are not the reply to one: rendered for whom they go to, and put into the outbox.

The only way to write to somebody out of turn: an answer to a complaint, what became of a change, the late
part of an answer, a code.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy import Connection

from bot.messages import Json, Outbound, Say, Session
from bot.render import render
from bot.segments import count
from bot.texts import Catalogue
from channels import Channel
from services.privacy.identifiers import Keys
from services.store import conversations
from services.store.tables import conversation, outbound

TO_PHONES = "sms"
"""The channel by which a phone number can be written to unasked."""


FLEETING = "ussd"
"""The channel of phone numbers that holds nothing once its session is over: they are written to by SMS."""


@dataclass(frozen=True, slots=True)
class Posted:
    """What became of a notice: the id in the outbox and its segments, or why it was left `unsent`.

    Unsent is what has an `unknown_conversation`, a channel that is off here (`channel_off`), or one that
    allows no message so long after the person's last (`window_closed`).
    """

    outbound: str = ""
    segments: int = 0
    unsent: str = ""

    def said(self) -> dict[str, Json]:
        """For the record of the matter that it belongs to."""
        return {"unsent": self.unsent} if self.unsent else {"told": self.outbound}


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
    ) -> Posted:
        """Write to a phone number, in the language that it last wrote in. Idempotent by `id`."""
        to = self.keys.hash("address", f"{TO_PHONES}:{phone}")
        wanted = sa.select(conversation.c.language).where(conversation.c.id == to)
        language = connection.execute(wanted).scalar() or self.default_language
        out = self._rendered(id, TO_PHONES, phone, says, language)
        return self._queue(connection, to, out, at)

    def to_conversation(
        self,
        connection: Connection,
        id: str,
        to: bytes,
        says: Sequence[Say],
        at: datetime,
        *,
        awaits: Session | None = None,
        seen: int = 0,
    ) -> Posted:
        """Write to somebody who wrote before, unless the channel does not allow it any more.

        A channel's reply window (WhatsApp's 24 hours) runs from their last message. Who dialled is sent an
        SMS, which awaits nothing. Where else an answer is expected, the session `awaits` it, in the place
        of the one that was `seen` in this version. Idempotent by `id`. Raises `Overtaken` if a turn was
        committed since that version.
        """
        reached = conversations.reach(connection, to)
        if reached is None or not reached.address:
            return Posted(unsent="unknown_conversation")
        if reached.channel not in self.channels:
            return Posted(unsent="channel_off")
        window = self.channels[reached.channel].limits.window
        if reached.channel == FLEETING and self.reach_phones:
            return self.to_phone(connection, id, phone=self.keys.open(reached.address), says=says, at=at)
        if window is not None and at - reached.heard_at > window:
            return Posted(unsent="window_closed")
        out = self._rendered(id, reached.channel, self.keys.open(reached.address), says, reached.language)
        session = self.keys.seal(awaits.to_json()) if awaits else None
        return self._queue(connection, to, out, at, session=session, seen=seen)

    def _rendered(
        self, id: str, channel: str, recipient: str, says: Sequence[Say], language: str
    ) -> Outbound:
        rendered = render(says, language, self.channels[channel].limits, self.catalogue)
        return Outbound(
            id=self.keys.hash("reply", f"notice:{id}").hex(),
            channel=channel,
            recipient=recipient,
            parts=rendered.parts,
            choices=rendered.choices,
            language=language,
            priority="notice",
            about=",".join(say.key for say in says)[:80],
        )

    def _queue(
        self,
        connection: Connection,
        to: bytes,
        out: Outbound,
        at: datetime,
        *,
        session: bytes | None = None,
        seen: int = 0,
    ) -> Posted:
        tables = self.channels[out.channel].limits.tables
        segments = sum(count(part, tables=tables).segments for part in out.parts)
        said = {
            "id": out.id,
            "channel": out.channel,
            "message": self.keys.seal(out.to_json()),
            "about": out.about,
            "segments": segments,
            "status": "queued",
            "due_at": at,
            "at": at,
        }
        if not connection.execute(sa.select(outbound.c.id).where(outbound.c.id == out.id)).first():
            conversations.speak_first(connection, to, seen=seen, session=session, said=said)
        return Posted(out.id, segments)
