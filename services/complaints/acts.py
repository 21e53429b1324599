"""What the staff do with complaints: see those that are theirs to see, work on them, answer them."""

import re
from collections.abc import Container, Iterable
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import Connection

from bot.messages import Json, Say
from bot.topics.complaint import told_of
from bot.understand.slots import link
from services.complaints import cases, notice
from services.complaints.cases import Case
from services.complaints.categories import Categories
from services.complaints.life import (
    ALONE,
    OPEN,
    Action,
    Refusal,
    Staff,
    after,
    names,
    refusal,
    visible,
    whereabouts,
)
from services.notices import Notices, Posted
from services.privacy.identifiers import Keys
from services.store.tables import grievance

LONGEST_NAME = 60
LONGEST_TEXT = 300
"""Characters of what is sent to a citizen: four SMS in Urdu script."""

CNIC = re.compile(r"\d(?:[ -]?\d){12}")


@dataclass(frozen=True, slots=True)
class Office:
    """What complaints are worked on with."""

    terms: Categories
    notices: Notices

    @property
    def keys(self) -> Keys:
        """What sealed facts are opened with."""
        return self.notices.keys


class NotAllowed(Exception):
    """This may not be done, or not now, or not by this person."""

    def __init__(self, why: Refusal) -> None:
        super().__init__(why)
        self.why = why


def staff_member(name: str, role: str, district: str | None, districts: Container[str]) -> Staff:
    """Somebody of the staff. ValueError says what is wrong."""
    if not name.strip() or len(name) > LONGEST_NAME or name in ALONE:
        raise ValueError(f"{name!r} cannot be somebody's name here")
    if role not in ("local", "district", "headquarters"):
        raise ValueError(f"no role is called {role!r}: local, district or headquarters")
    if role == "headquarters":
        return Staff(name, "headquarters")
    if district is None or district not in districts:
        raise ValueError(f"the role {role} needs --district with a code of locales/districts.tsv, as kech")
    return Staff(name, "local" if role == "local" else "district", district)


def seen(connection: Connection, office: Office, staff: Staff, reference: str) -> Case:
    """The complaint of this number. Raises `NotAllowed`, the same for none and for one that is hidden."""
    case = cases.find(connection, reference)
    if case is None or not _shown(connection, office, staff, case):
        raise NotAllowed("hidden")
    return case


def read(connection: Connection, office: Office, staff: Staff, case: Case, at: datetime) -> None:
    """Note that somebody has read a sensitive complaint; nothing for others."""
    if case.state.sensitive:
        said = {"action": "read"}
        cases.change(connection, office.keys, case, case.state, actor=staff.name, at=at, said=said)


def listed(
    connection: Connection,
    office: Office,
    staff: Staff,
    *,
    status: str | None = None,
    category: str | None = None,
) -> list[Case]:
    """What somebody may see, the oldest first."""
    where = []
    if staff.role != "headquarters":
        where.append(grievance.c.district == staff.district)
    if staff.role == "local":
        where.append(grievance.c.sensitive.is_(False))
    if status:
        where.append(grievance.c.status == status)
    if category:
        where.append(grievance.c.category == category)
    return [case for case in cases.listed(connection, *where) if _shown(connection, office, staff, case)]


def overdue(office: Office, found: Iterable[Case], at: datetime) -> list[Case]:
    """Of these, what waits for an office and is late: it went up one, or its time is over. Highest first."""
    late = [case for case in found if case.state.status in OPEN and _late(office, case, at)]
    return sorted(late, key=lambda case: (-case.state.level, case.at))


def act(
    connection: Connection,
    office: Office,
    staff: Staff,
    case: Case,
    action: Action,
    *,
    at: datetime,
    text: str = "",
    to: str | None = None,
    district: str | None = None,
    about: str | None = None,
    tell: bool = False,
) -> tuple[Case, Posted | None]:
    """Do this to a complaint as it was read: its new state, and what became of the message to the citizen.

    `text` is the answer or the note, `to` who gets it and in which `district` (which only headquarters may
    say), `about` a member of the staff whom a note names, `tell` sends a note to the citizen. Raises
    `NotAllowed`; `Overtaken` if the complaint, or the citizen's conversation, was changed meanwhile;
    ValueError for a text that may not be sent.
    """
    refused = refusal(case.state, action, staff.role, office.terms, at)
    if district and staff.role != "headquarters":
        refused = "role"
    if refused:
        raise NotAllowed(refused)
    if to and case.state.sensitive and _names(connection, office, case, to):
        raise NotAllowed("named")
    category = office.terms.by_id[case.category]
    to = staff.name if action == "progress" else to
    state = after(
        case.state, action, staff.role, category=category, terms=office.terms, at=at, to=to, district=district
    )
    moved = replace(case, state=state)
    posted = _posted(connection, office, moved, action, text, at, tell=tell)
    said: dict[str, Json] = {"action": action, "text": text, "to": to, "district": district, "about": about}
    said = {name: value for name, value in said.items() if value} | (posted.said() if posted else {})
    cases.change(connection, office.keys, case, state, actor=staff.name, at=at, said=said)
    return moved, posted


def _posted(
    connection: Connection, office: Office, case: Case, action: Action, text: str, at: datetime, *, tell: bool
) -> Posted | None:
    if action == "reopen":
        says = told_of(whereabouts(case.reference, case.state))
        return notice.tell(connection, office.notices, case, says, at)
    if action != "close" and not tell:
        return None
    if not text.strip() or len(text) > LONGEST_TEXT or CNIC.search(text) or link(text):
        raise ValueError(f"what is sent has 1 to {LONGEST_TEXT} characters, and no CNIC and no link in it")
    if action == "close":
        return notice.answer(connection, office.notices, case, text, at)
    if case.state.sensitive:
        raise ValueError("the phone may be shared: a sensitive complaint is answered, and not written about")
    says = (Say("complaint.note", {"reference": case.reference, "text": text}),)
    return notice.tell(connection, office.notices, case, says, at)


def _shown(connection: Connection, office: Office, staff: Staff, case: Case) -> bool:
    if not visible(case.state, staff):
        return False
    return not (case.state.sensitive and _names(connection, office, case, staff.name))


def _names(connection: Connection, office: Office, case: Case, person: str) -> bool:
    """Whether somebody of the staff is named in a complaint, by the citizen or by who looked into it."""
    texts = [str(value) for value in cases.facts(office.keys, case).values()]
    for event in cases.events(connection, office.keys, case.id):
        texts += [str(value) for value in event.said.get("facts", {}).values()]
        if event.said.get("about"):
            texts.append(str(event.said["about"]))
    return names(texts, person)


def _late(office: Office, case: Case, at: datetime) -> bool:
    passed = case.state.due_at is not None and case.state.due_at <= at
    return passed or case.state.level > office.terms.by_id[case.category].first
