"""How a complaint is made: its short number, and the one that was made about the same matter before."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from bot.messages import Json
from services.complaints import cases
from services.complaints.cases import Case
from services.complaints.categories import Categories, Category
from services.complaints.life import State, begun, whereabouts
from services.privacy.identifiers import Keys

TELLING = ("amount", "district", "phone", "date")
"""Facts that two tellings of one matter do not contradict each other in."""


@dataclass(frozen=True, slots=True)
class Filing:
    """What somebody complains about. `call` is the id of the call that files it; `phone` a proven one."""

    call: str
    conversation: bytes
    phone: bytes | None
    category: Category
    facts: Mapping[str, Json]
    at: datetime


def file(connection: Connection, keys: Keys, filing: Filing, reference: str) -> None:
    """Write a complaint: the CNIC as a keyed hash to find it by, everything that was said sealed."""
    case = Case(
        id=filing.call,
        reference=reference,
        conversation=filing.conversation,
        category=filing.category.id,
        facts=keys.seal(json.dumps(dict(filing.facts), ensure_ascii=False)),
        at=filing.at,
        cnic=_cnic(keys, filing),
        state=_begun(filing),
    )
    cases.begin(connection, keys, case)


def promised(filing: Filing, reference: str) -> dict[str, Json]:
    """What a person is told of a new complaint: its number, by when somebody answers, who is next."""
    state = _begun(filing)
    return {**whereabouts(reference, state), "sensitive": state.sensitive}


def same_matter(connection: Connection, keys: Keys, filing: Filing, terms: Categories) -> Case | None:
    """The person's open complaint of the last hours that this one only tells again."""
    cnic = _cnic(keys, filing)
    since = filing.at - terms.double
    found = cases.recent(
        connection, filing.conversation, filing.phone, category=filing.category.id, since=since
    )
    for case in found:
        before = cases.facts(keys, case)
        of_one = cnic is None or case.cnic is None or cnic == case.cnic
        if of_one and all(_agree(filing.facts.get(name), before.get(name)) for name in TELLING):
            return case
    return None


def add(connection: Connection, keys: Keys, case: Case, filing: Filing) -> None:
    """Add what was told again to the complaint that there is. Raises `Overtaken`."""
    said = {"action": "add", "facts": dict(filing.facts)}
    cases.change(connection, keys, case, case.state, actor="citizen", at=filing.at, said=said)


def _begun(filing: Filing) -> State:
    return begun(filing.category, filing.facts.get("district"), filing.at)


def _agree(one: Json, other: Json) -> bool:
    return one is None or other is None or one == other


def _cnic(keys: Keys, filing: Filing) -> bytes | None:
    cnic = filing.facts.get("cnic")
    return keys.hash("cnic", str(cnic)) if cnic else None
