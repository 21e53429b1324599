"""What a citizen is told of a complaint, and what becomes of it by the citizen's word."""

from collections.abc import Callable
from datetime import datetime

from sqlalchemy import Connection

from bot.messages import Json
from services.complaints import cases
from services.complaints.cases import Case
from services.complaints.categories import Categories
from services.complaints.life import Action, Status, after, refusal, whereabouts
from services.privacy.identifiers import Keys

Effect = Callable[[Connection], None]


def standing(
    connection: Connection,
    keys: Keys,
    terms: Categories,
    *,
    who: bytes,
    phone: bytes | None,
    reference: str | None,
    at: datetime,
) -> dict[str, Json]:
    """How a person's own complaint stands: the one of this number, or the newest; empty for nobody's.

    `on`, and as `whereabouts` tells; the `answer` that waits for a word; of a closed
    one, whether it was `unanswered` and may be opened again (`reopen`).
    """
    case = cases.owned(connection, who, phone, reference=reference)
    if case is None:
        return {}
    told = {"on": case.at.date().isoformat(), **whereabouts(case.reference, case.state)}
    if case.state.status == "for_approval":
        answer = _last(connection, keys, case, "close").get("text")
        told |= {"answer": answer} if answer else {}
    if case.state.status == "closed":
        closing = _last(connection, keys, case, "confirm", "expire")
        told["unanswered"] = closing.get("action") == "expire"
        told["reopen"] = refusal(case.state, "reopen", "citizen", terms, at) is None
    return told


def confirm(
    connection: Connection,
    keys: Keys,
    terms: Categories,
    *,
    who: bytes,
    phone: bytes | None,
    reference: str | None,
    solved: bool,
    at: datetime,
) -> tuple[dict[str, Json], Effect | None]:
    """What the word of a person makes of their complaint, and how to write that down.

    Without a reference it is the newest that waits for a word. Where nothing can change, it is told how
    the complaint stands; `late` says that it may not be opened again.
    """
    waits: Status | None = None if reference else "for_approval"
    case = cases.owned(connection, who, phone, reference=reference, status=waits)
    if case is None:
        return {}, None
    closed = case.state.status == "closed"
    action: Action = "confirm" if solved else "reopen" if closed else "deny"
    refused = refusal(case.state, action, "citizen", terms, at)
    if refused:
        late = {"late": True} if refused == "too_late" else {}
        return {**whereabouts(case.reference, case.state), **late}, None
    category = terms.by_id[case.category]
    state = after(case.state, action, "citizen", category=category, terms=terms, at=at)

    def write(connection: Connection) -> None:
        cases.change(connection, keys, case, state, actor="citizen", at=at, said={"action": action})

    return whereabouts(case.reference, state), write


def _last(connection: Connection, keys: Keys, case: Case, *actions: Action) -> dict[str, Json]:
    """What was said at the latest of these actions, nothing where none was."""
    events = reversed(cases.events(connection, keys, case.id))
    return next((dict(event.said) for event in events if event.said["action"] in actions), {})
