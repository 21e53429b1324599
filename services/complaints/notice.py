"""What a citizen is told of a complaint without having asked just now: an answer, or that time ran out."""

from datetime import datetime

from sqlalchemy import Connection

from bot.dialogue import AWAY
from bot.messages import Say, Session
from bot.topics import complaint
from services.complaints.cases import Case
from services.notices import FLEETING, Notices, Posted
from services.store import conversations


def answer(connection: Connection, notices: Notices, case: Case, text: str, at: datetime) -> Posted:
    """Tell the answer and ask whether that solves it, so that a 1 or a yes is understood days later.

    A sensitive answer is not left standing on a phone that others read too, a question that is open just now
    is not taken away, and no screen stays: then the answer is told once the number of the complaint is sent.
    """
    ready = (Say("complaint.ready", {"reference": case.reference}),)
    reached = conversations.reach(connection, case.conversation)
    if reached is None or case.state.sensitive or reached.channel == FLEETING:
        return tell(connection, notices, case, ready, at)
    session = Session(language=reached.language)
    if reached.session:  # else the person asked to be forgotten, but for this complaint
        session = Session.from_json(notices.keys.open(reached.session))
    if session.expects and at - reached.heard_at < AWAY:
        return tell(connection, notices, case, ready, at)
    asked = complaint.ask_solved(session, case.reference, text)
    return notices.to_conversation(
        connection,
        _named(case, at),
        case.conversation,
        asked.says,
        at,
        awaits=asked.session,
        seen=reached.version,
    )


def tell(connection: Connection, notices: Notices, case: Case, says: tuple[Say, ...], at: datetime) -> Posted:
    """Tell something that needs no answer."""
    return notices.to_conversation(connection, _named(case, at), case.conversation, says, at)


def _named(case: Case, at: datetime) -> str:
    """Of this state and no other: said once, however often it is tried."""
    return f"complaint:{case.id}:{case.state.status}:{case.state.level}:{at.isoformat()}"
