"""What the clock does to complaints: one office up when time has run out, closed when no word came."""

import logging
from datetime import datetime
from functools import partial

from sqlalchemy import Connection

from bot.messages import Say
from services.complaints import cases, notice
from services.complaints.acts import Office
from services.complaints.categories import LAST
from services.complaints.life import Action, after, refusal, whereabouts
from services.store.conversations import Overtaken
from services.store.engine import Store, StoreUnavailable

log = logging.getLogger("haqdar.complaints")

MOST = 100
"""Complaints of one round, so that others get their turn."""


async def sweep(store: Store, office: Office, now: datetime) -> int:
    """Move on what is due; how many. Any number of processes may do this at once, and any may die of it."""
    moved = 0
    for id in await store.read(lambda connection: cases.due(connection, now, most=MOST)):
        try:
            moved += await store.run(partial(_move, office=office, id=id, now=now))
        except Overtaken:  # somebody was faster; what is still due is so in the next round
            continue
        except StoreUnavailable:
            raise
        except Exception:  # a bug that one complaint meets must not keep the others where they are
            log.exception("a complaint could not be moved on")
    return moved


def _move(connection: Connection, *, office: Office, id: str, now: datetime) -> bool:
    case = cases.again(connection, id)
    assert case is not None  # complaints are never deleted
    action: Action = "expire" if case.state.status == "for_approval" else "escalate"
    if refusal(case.state, action, "clock", office.terms, now):
        return False
    category = office.terms.by_id[case.category]
    state = after(case.state, action, "clock", category=category, terms=office.terms, at=now)
    said = {"action": action}
    says: tuple[Say, ...] = ()
    if action == "expire":
        says = (
            Say("complaint.status.closed_unanswered", {"reference": case.reference, "on": _day(case.at)}),
        )
    elif state.level == LAST:
        says = (Say("complaint.ombudsman", whereabouts(case.reference, state)),)
    if says:
        said |= notice.tell(connection, office.notices, case, says, now).said()
    cases.change(connection, office.keys, case, state, actor="clock", at=now, said=said)
    return True


def _day(at: datetime) -> str:
    return at.date().isoformat()
