"""Takes back, from a file, what those who keep the registry made of the requests."""

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import partial
from itertools import islice
from pathlib import Path
from typing import TypeAlias

import sqlalchemy as sa
from sqlalchemy import Connection

from bot.messages import Json
from bot.understand.reference import is_reference
from services.privacy.identifiers import Keys
from services.store.engine import Store
from services.store.tables import change_request
from services.updates.files import lines
from services.updates.requests import UNSAID

BATCH = 500
"""Verdicts of one transaction."""

VERDICTS = ("done", "refused")
WANTED = "evidence"
"""The office wants to see papers first: that settles nothing, a verdict follows."""

REASONS = ("papers", "nadra", "differs", "unproven")
"""Why a request was refused, as people are told it; a note is for the staff."""

LONGEST_NOTE = 500

Line: TypeAlias = tuple[int, Mapping[str, Json]]


@dataclass(frozen=True, slots=True)
class Settled:
    """A request that has just got its verdict, and the conversation that may be told.

    `on` is the day on which it was made, `reason` one of REASONS or UNSAID.
    """

    conversation: bytes
    reference: str
    kind: str
    status: str
    on: date
    reason: str = UNSAID


Tell: TypeAlias = Callable[[Connection, Settled], bool]
"""Tells whoever made a request; whether it goes out."""


@dataclass(slots=True)
class Outcome:
    """How many requests a file settled, how many it had before, and which lines are wrong, and why.

    `evidence` counts those that wait for papers, `told` the people to whom a message goes out.
    """

    done: int = 0
    refused: int = 0
    evidence: int = 0
    known: int = 0
    told: int = 0
    faults: list[tuple[int, str]] = field(default_factory=list)


def settle(
    store: Store, keys: Keys, file: Path, at: datetime, tell: Tell = lambda connection, settled: False
) -> Outcome:
    """Take verdicts, one a line: `reference`, `status`, and perhaps a `reason` and a `note`.

    `tell` is called for each request that this settles, in the same transaction. Done and refused are
    final: the same file again changes nothing. Raises ValueError for a file that is neither CSV nor JSON
    Lines.
    """
    outcome, told = Outcome(), lines(file)
    while batch := list(islice(told, BATCH)):
        store.run_now(partial(_settle, keys=keys, batch=batch, at=at, tell=tell, outcome=outcome))
    return outcome


def _settle(
    connection: Connection, *, keys: Keys, batch: Iterable[Line], at: datetime, tell: Tell, outcome: Outcome
) -> None:
    t = change_request.c
    wanted = sa.select(change_request).with_for_update()
    for number, line in batch:
        reference, status, note = _reference(line), _text(line, "status").lower(), _text(line, "note")
        reason = _text(line, "reason").lower() or UNSAID
        held = connection.execute(wanted.where(t.reference == reference)).first()
        # Nothing of the line is repeated: whatever may stand in the wrong column.
        if held is None:
            outcome.faults.append((number, "no request has this reference"))
        elif status not in (*VERDICTS, WANTED):
            outcome.faults.append((number, f"{reference}: status is neither done nor refused nor evidence"))
        elif reason not in (*REASONS, UNSAID):
            outcome.faults.append((number, f"{reference}: reason is none of {', '.join(REASONS)}"))
        elif len(note) > LONGEST_NOTE:
            outcome.faults.append((number, f"{reference}: note is longer than {LONGEST_NOTE} characters"))
        elif held.status == status:
            outcome.known += 1
        elif held.status in VERDICTS:
            outcome.faults.append((number, f"{reference}: it is {held.status} already"))
        else:
            facts = {**json.loads(keys.open(held.facts)), "note": note, "reason": reason}
            values = {
                "status": status,
                "changed_at": at,
                "facts": keys.seal(json.dumps(facts, ensure_ascii=False)),
            }
            connection.execute(sa.update(change_request).where(t.id == held.id).values(values))
            settled = Settled(held.conversation, held.reference, held.kind, status, held.at.date(), reason)
            outcome.told += bool(tell(connection, settled))
            outcome.done += status == "done"
            outcome.refused += status == "refused"
            outcome.evidence += status == WANTED


def _text(line: Mapping[str, Json], name: str) -> str:
    value = line.get(name)
    return value.strip() if isinstance(value, str) else ""


def _reference(line: Mapping[str, Json]) -> str:
    """As it is kept, however it is written; "" where it is none."""
    digits = _text(line, "reference").replace("-", "").replace(" ", "")
    return f"{digits[:4]}-{digits[4:]}" if digits.isdecimal() and is_reference(digits) else ""
