"""What a citizen is told of a complaint without having asked just now: an answer, or that time ran out."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from bot.dialogue import AWAY
from bot.messages import Json, Limits, Outbound, Say, Session
from bot.render import render
from bot.segments import count
from bot.texts import Catalogue
from bot.topics import complaint
from services.complaints.cases import Case
from services.privacy.identifiers import Keys
from services.store import conversations
from services.store.conversations import Reached


@dataclass(frozen=True, slots=True)
class Post:
    """What a notice is written with. `limits` are those of the channels that are on."""

    keys: Keys
    catalogue: Catalogue
    limits: Mapping[str, Limits]


@dataclass(frozen=True, slots=True)
class Posted:
    """What became of a notice: the id in the outbox and its segments, or why it was left `unsent`."""

    outbound: str = ""
    segments: int = 0
    unsent: str = ""

    def said(self) -> dict[str, Json]:
        """For the event that it belongs to."""
        return {"unsent": self.unsent} if self.unsent else {"told": self.outbound}


def answer(connection: Connection, post: Post, case: Case, text: str, at: datetime) -> Posted:
    """Tell the answer and ask whether that solves it, so that a 1 or a yes is understood days later.

    A sensitive answer is not left standing on a phone that others read too, and a question that is open
    just now is not taken away: then the answer is told once the number of the complaint is sent.
    """
    reached = conversations.reach(connection, case.conversation)
    if reached is None:
        return Posted(unsent="unknown_conversation")
    session = Session.from_json(post.keys.open(reached.session))
    asking = bool(session.expects) and at - reached.heard_at < AWAY
    if asking or case.state.sensitive:
        says: tuple[Say, ...] = (Say("complaint.ready", {"reference": case.reference}),)
        return _put(connection, post, case, reached, says, None, at)
    asked = complaint.ask_solved(session, case.reference, text)
    return _put(connection, post, case, reached, asked.says, asked.session, at)


def tell(connection: Connection, post: Post, case: Case, says: tuple[Say, ...], at: datetime) -> Posted:
    """Tell something that needs no answer."""
    reached = conversations.reach(connection, case.conversation)
    if reached is None:
        return Posted(unsent="unknown_conversation")
    return _put(connection, post, case, reached, says, None, at)


def _put(
    connection: Connection,
    post: Post,
    case: Case,
    reached: Reached,
    says: tuple[Say, ...],
    session: Session | None,
    at: datetime,
) -> Posted:
    limits = post.limits.get(reached.channel)
    if limits is None:
        return Posted(unsent="channel_off")
    if limits.window is not None and at - reached.heard_at > limits.window:
        return Posted(unsent="window_closed")
    rendered = render(says, reached.language, limits, post.catalogue)
    # Of this state and no other: said once, however often it is tried.
    named = f"{case.id}:{case.state.status}:{case.state.level}:{at.isoformat()}"
    out = Outbound(
        id=post.keys.hash("reply", f"complaint:{named}").hex(),
        channel=reached.channel,
        recipient=post.keys.open(reached.address),
        parts=rendered.parts,
        choices=rendered.choices,
        language=reached.language,
        priority="notice",
        about=",".join(say.key for say in says)[:80],
    )
    segments = sum(count(part).segments for part in out.parts)
    conversations.speak_first(
        connection,
        case.conversation,
        seen=reached.version,
        session=post.keys.seal(session.to_json()) if session else None,
        said={
            "id": out.id,
            "channel": out.channel,
            "message": post.keys.seal(out.to_json()),
            "about": out.about,
            "segments": segments,
            "status": "queued",
            "due_at": at,
            "at": at,
        },
    )
    return Posted(out.id, segments)
