"""Complaints as tables, pages and CSV, for the staff. A CNIC is shown by its last four digits."""

import csv
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import TextIO

import sqlalchemy as sa
from rich.table import Table
from sqlalchemy import Connection

from bot.evidence import FIELDS
from bot.messages import Json
from services.complaints import cases
from services.complaints.acts import CNIC, Office
from services.complaints.cases import Case, Happened
from services.complaints.categories import LEVELS
from services.store.tables import outbound

SAID = ("first_words", *FIELDS, "phone", "date", "also", "told", "details")
"""Facts in the order in which they are shown; details are those of complaints from elsewhere."""

HEAD = (
    "reference", "category", "status", "level", "district", "sensitive", "assignee", "filed_at", "changed_at",
    "due_at",
)  # fmt: skip

FORMULA = ("=", "+", "-", "@", "\t", "\r")
"""What a spreadsheet would take for the beginning of a formula."""

UNSENT = {
    "window_closed": "not sent: the channel allows free text only for a while after the person's last "
    "message; it is told when the person writes again",
    "channel_off": "not sent: the channel of this conversation is off here",
    "unknown_conversation": "not sent: the conversation is gone",
}


def table(found: Iterable[Case]) -> Table:
    """A line a complaint."""
    shown = Table("number", "category", "status", "office", "district", "with", "filed", "due", box=None)
    for case in found:
        state = case.state
        shown.add_row(
            case.reference,
            case.category,
            state.status,
            LEVELS[state.level],
            state.district or "-",
            state.assignee or "-",
            _day(case.at),
            _day(state.due_at),
        )
    return shown


def page(connection: Connection, office: Office, case: Case, *, with_cnic: bool) -> Iterator[str]:
    """All of one complaint: where it stands, what was said, and what happened, line by line."""
    head = _head(case)
    yield from (f"{name}: {head[name]}" for name in HEAD if head[name])
    facts = cases.facts(office.keys, case)
    yield from (f"{name}: {text}" for name, text in _said(facts, with_cnic=with_cnic).items() if text)
    for event in cases.events(connection, office.keys, case.id):
        yield _line(event, with_cnic=with_cnic)
        if event.said.get("told"):
            yield f"    to the citizen: {_delivered(connection, str(event.said['told']))}"
        if event.said.get("unsent"):
            yield f"    to the citizen: {UNSENT[event.said['unsent']]}"


def write_csv(office: Office, found: Iterable[Case], file: TextIO, *, with_cnic: bool) -> int:
    """A row a complaint; how many."""
    columns = (*HEAD, *(name for name in SAID if with_cnic or name != "cnic"))
    writer = csv.DictWriter(file, columns, extrasaction="ignore")
    writer.writeheader()
    rows = 0
    for case in found:
        facts = _said(cases.facts(office.keys, case), with_cnic=with_cnic)
        writer.writerow({name: _cell(value) for name, value in (_head(case) | facts).items()})
        rows += 1
    return rows


def _head(case: Case) -> dict[str, str]:
    state = case.state
    return {
        "reference": case.reference,
        "category": case.category,
        "status": state.status,
        "level": LEVELS[state.level],
        "district": state.district or "",
        "sensitive": "yes" if state.sensitive else "",
        "assignee": state.assignee or "",
        "filed_at": case.at.isoformat(timespec="seconds"),
        "changed_at": state.changed_at.isoformat(timespec="seconds"),
        "due_at": state.due_at.isoformat(timespec="seconds") if state.due_at else "",
    }


def _said(facts: Mapping[str, Json], *, with_cnic: bool) -> dict[str, str]:
    return {name: _words(facts.get(name), with_cnic=with_cnic) for name in SAID}


def _words(value: Json, *, with_cnic: bool) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, Mapping):
        value = list(value.values())
    parts: Sequence[Json] = value if isinstance(value, list) else [value]
    text = " / ".join(str(part) for part in parts)
    return text if with_cnic else CNIC.sub(lambda found: f"...{found[0][-4:]}", text)


def _line(event: Happened, *, with_cnic: bool) -> str:
    said = event.said
    words = [str(said["action"]), f"-> {event.status}"]
    words += [f"({LEVELS[said['level']]})"] if "level" in said else []
    words += [f"{name} {said[name]}" for name in ("to", "district", "about") if said.get(name)]
    for value in (said.get("text"), *(said.get("facts") or {}).values()):
        if value:
            words.append(f"| {_words(value, with_cnic=with_cnic)}")
    return f"{event.at.isoformat(' ', 'minutes')[:16]} {event.actor}: {' '.join(words)}"


def _delivered(connection: Connection, id: str) -> str:
    row = connection.execute(sa.select(outbound.c.status, outbound.c.error).where(outbound.c.id == id)).one()
    return f"{row.status} ({row.error})" if row.error else str(row.status)


def _cell(value: str) -> str:
    return f"'{value}" if value.startswith(FORMULA) else value


def _day(at: datetime | None) -> str:
    return at.date().isoformat() if at else "-"
