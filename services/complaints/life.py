"""The life of a complaint: who may do what to it when, and what becomes of it. Pure.

Staff never close a complaint: they answer it, and it waits for the word of the person. A yes closes it,
a no sends it one office up, and so does every deadline that passes.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal, TypeAlias, get_args

from bot.messages import Json
from bot.understand.normalise import loose
from services.complaints.categories import LAST, LEVELS, Categories, Category

Status: TypeAlias = Literal["new", "assigned", "in_progress", "for_approval", "closed"]
Role: TypeAlias = Literal["citizen", "clock", "local", "district", "headquarters"]
Action: TypeAlias = Literal[
    "assign", "progress", "close", "note", "read", "confirm", "deny", "reopen", "add", "escalate", "expire"
]
Refusal: TypeAlias = Literal["hidden", "role", "status", "level", "too_late", "named"]
"""Why something may not be done: not to be seen, not this role's, not in this state, ..."""

STATUSES: tuple[Status, ...] = get_args(Status)
ROLES: tuple[Role, ...] = get_args(Role)
ACTIONS: tuple[Action, ...] = get_args(Action)

STAFF: frozenset[Role] = frozenset({"local", "district", "headquarters"})
ALONE = frozenset({"citizen", "clock"})
"""Names of those who act and are no staff."""

REACH: dict[Role, int] = {
    "local": LEVELS.index("tehsil"),
    "district": LEVELS.index("district"),
    "headquarters": LAST,
}
"""The highest level at which a role may still answer: what went up is not settled below."""

LEAST_NAME = 4
"""Letters of a first name that is looked for by itself in what people wrote."""


@dataclass(frozen=True, slots=True)
class State:
    """Where a complaint stands. `due_at` is when the clock acts next, None for never."""

    status: Status
    level: int
    sensitive: bool
    due_at: datetime | None
    changed_at: datetime
    district: str | None = None
    assignee: str | None = None


@dataclass(frozen=True, slots=True)
class Staff:
    """Who acts: a name as the audit keeps it, and the district of all but headquarters."""

    name: str
    role: Role
    district: str | None = None


@dataclass(frozen=True, slots=True)
class _Rule:
    by: frozenset[Role]
    since: frozenset[Status]
    to: Status | None = None
    """The new status, None where it stays."""


OPEN: frozenset[Status] = frozenset({"new", "assigned", "in_progress"})
"""An office has it to work on."""

_ANY: frozenset[Status] = frozenset(STATUSES)
_ASKED: frozenset[Status] = frozenset({"for_approval"})
_CITIZEN: frozenset[Role] = frozenset({"citizen"})
_CLOCK: frozenset[Role] = frozenset({"clock"})
_ABOVE: frozenset[Role] = STAFF - {"local"}

RULES: dict[Action, _Rule] = {
    "assign": _Rule(STAFF, OPEN, "assigned"),
    "progress": _Rule(STAFF, frozenset({"new", "assigned"}), "in_progress"),
    "close": _Rule(STAFF, OPEN, "for_approval"),
    "note": _Rule(STAFF, _ANY),
    "read": _Rule(STAFF, _ANY),
    "confirm": _Rule(_CITIZEN, _ASKED, "closed"),
    "deny": _Rule(_CITIZEN, _ASKED, "in_progress"),
    "reopen": _Rule(_CITIZEN | _ABOVE, frozenset({"closed"}), "in_progress"),
    "add": _Rule(_CITIZEN, _ANY - {"closed"}),
    "escalate": _Rule(_CLOCK, OPEN),
    "expire": _Rule(_CLOCK, _ASKED, "closed"),
}


def begun(category: Category, district: str | None, at: datetime) -> State:
    """A new complaint."""
    due = category.due(category.first, at)
    return State("new", category.first, category.sensitive, due, at, district)


def refusal(state: State, action: Action, role: Role, terms: Categories, at: datetime) -> Refusal | None:
    """Why this may not be done, None where it may. The clock acts only once its time has come."""
    rule = RULES[action]
    if role == "local" and state.sensitive:
        return "hidden"
    if role not in rule.by:
        return "role"
    if state.status not in rule.since:
        return "status"
    if action == "close" and REACH[role] < state.level:
        return "level"
    if role == "clock" and (state.due_at is None or at < state.due_at):
        return "status"
    if action == "reopen" and role == "citizen" and at > state.changed_at + terms.reopen:
        return "too_late"
    return None


def after(
    state: State,
    action: Action,
    role: Role,
    *,
    category: Category,
    terms: Categories,
    at: datetime,
    to: str | None = None,
    district: str | None = None,
) -> State:
    """What becomes of a complaint; only for what `refusal` does not refuse.

    `to` is who gets it, `district` the one whose staff have it from then on.
    """
    status = RULES[action].to or state.status
    if action in ("note", "read", "add"):
        return state
    changed = replace(state, status=status, changed_at=at)
    if action == "assign":
        return replace(changed, assignee=to, district=district or state.district)
    if action == "progress":
        return replace(changed, assignee=state.assignee or to)
    if status == "for_approval":
        return replace(changed, due_at=at + terms.no_answer)
    if status == "closed":
        return replace(changed, due_at=None)
    # Not solved, or not in time: nobody who has failed is asked to judge that again.
    level = state.level if role in STAFF else min(state.level + 1, LAST)
    return replace(changed, level=level, due_at=category.due(level, at))


def whereabouts(reference: str, state: State) -> dict[str, Json]:
    """`reference`, `status`, `level`; where an office works on it, until when (`due`) and who is `next`."""
    told: dict[str, Json] = {"reference": reference, "status": state.status, "level": LEVELS[state.level]}
    if state.due_at is None or state.status not in OPEN:
        return told
    return {**told, "due": state.due_at.date().isoformat(), "next": LEVELS[state.level + 1]}


def visible(state: State, staff: Staff) -> bool:
    """Whether somebody may know of a complaint: of their own district, and if sensitive, above local."""
    if staff.role == "headquarters":
        return True
    hidden = staff.role == "local" and state.sensitive
    return state.district is not None and state.district == staff.district and not hidden


def names(texts: Iterable[str], person: str) -> bool:
    """Whether these texts name a member of the staff: the whole name, or a first name that tells enough."""
    wanted = loose(person).split()
    found = {word for text in texts for word in loose(text).split()}
    if not wanted:
        return False
    return found.issuperset(wanted) or (len(wanted[0]) >= LEAST_NAME and wanted[0] in found)
