"""Takes back, from a file, what those who keep the registry made of the requests."""

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
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

BATCH = 500
"""Verdicts of one transaction."""

VERDICTS = ("done", "refused")
LONGEST_NOTE = 500

Line: TypeAlias = tuple[int, Mapping[str, Json]]


@dataclass(frozen=True, slots=True)
class Settled:
    """A request that has just got its verdict, and the conversation that may be told."""

    conversation: bytes
    reference: str
    kind: str
    status: str


Tell: TypeAlias = Callable[[Connection, Settled], None]


@dataclass(slots=True)
class Outcome:
    """How many requests a file settled, how many it had before, and which lines are wrong, and why."""

    done: int = 0
    refused: int = 0
    known: int = 0
    faults: list[tuple[int, str]] = field(default_factory=list)


def settle(
    store: Store, keys: Keys, file: Path, at: datetime, tell: Tell = lambda connection, settled: None
) -> Outcome:
    """Take verdicts: `reference`, `status` (done or refused) and perhaps a `note` a line.

    `tell` is called for each request that this settles, in the same transaction. A verdict is final: the same
    file again changes nothing. Raises ValueError for a file that is neither CSV nor JSON Lines.
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
        held = connection.execute(wanted.where(t.reference == reference)).first()
        # Nothing of the line is repeated: whatever may stand in the wrong column.
        if held is None:
            outcome.faults.append((number, "no request has this reference"))
        elif status not in VERDICTS:
            outcome.faults.append((number, f"{reference}: status is neither done nor refused"))
        elif len(note) > LONGEST_NOTE:
            outcome.faults.append((number, f"{reference}: note is longer than {LONGEST_NOTE} characters"))
        elif held.status == status:
            outcome.known += 1
        elif held.status in VERDICTS:
            outcome.faults.append((number, f"{reference}: it is {held.status} already"))
        else:
            facts = {**json.loads(keys.open(held.facts)), "note": note}
            values = {
                "status": status,
                "changed_at": at,
                "facts": keys.seal(json.dumps(facts, ensure_ascii=False)),
            }
            connection.execute(sa.update(change_request).where(t.id == held.id).values(values))
            tell(connection, Settled(held.conversation, held.reference, held.kind, status))
            outcome.done += status == "done"
            outcome.refused += status == "refused"


def _text(line: Mapping[str, Json], name: str) -> str:
    value = line.get(name)
    return value.strip() if isinstance(value, str) else ""


def _reference(line: Mapping[str, Json]) -> str:
    """As it is kept, however it is written; "" where it is none."""
    digits = _text(line, "reference").replace("-", "").replace(" ", "")
    return f"{digits[:4]}-{digits[4:]}" if digits.isdecimal() and is_reference(digits) else ""
