"""Which CNICs a phone may ask about beside what registries say: codes read, consents, numbers asked before.

`holder` is the keyed hash of a proven phone number or, where a channel proves none, the conversation.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Connection
from sqlalchemy.dialects import postgresql, sqlite

from services.privacy.disclosure import Links
from services.privacy.identifiers import Keys
from services.registry import SCOPES
from services.store.prepared import Prepared
from services.store.tables import consent, phone_link

LASTS = timedelta(days=365)
"""How long a link holds, and a number is remembered, after it was last used."""

MOST_REMEMBERED = 6
"""Numbers that one phone is offered to choose from; a family on one phone has no more."""


@dataclass(frozen=True, slots=True)
class Remembered:
    """A number that this holder may ask about, with what is needed to choose it."""

    cnic: str
    first_name: str


_link = Prepared(
    sa.select(phone_link.c.how, phone_link.c.until)
    .where(phone_link.c.holder == sa.bindparam("h"))
    .where(phone_link.c.subject == sa.bindparam("s"))
    .where(phone_link.c.until > sa.bindparam("now"))
)
_consent = Prepared(
    sa.select(consent.c.id, consent.c.scopes)
    .where(consent.c.recipient == sa.bindparam("h"))
    .where(consent.c.subject == sa.bindparam("s"))
    .where(consent.c.until > sa.bindparam("now"))
    .where(consent.c.withdrawn_at.is_(None))
)
_mine = Prepared(
    sa.select(phone_link.c.person)
    .where(phone_link.c.holder == sa.bindparam("h"))
    .where(phone_link.c.until > sa.bindparam("now"))
    .order_by(phone_link.c.since)
    .limit(MOST_REMEMBERED)
)


def _remembering(insert: Any) -> Prepared:
    statement = insert(phone_link)
    new = statement.excluded
    kept = sa.case((phone_link.c.how == sa.literal_column("'code'"), phone_link.c.how), else_=new.how)
    return Prepared(
        statement.on_conflict_do_update(
            index_elements=["holder", "subject"],
            set_={"how": kept, "person": new.person, "until": new.until},
        ),
        [column.name for column in phone_link.columns],
    )


_remember = {"sqlite": _remembering(sqlite.insert), "postgresql": _remembering(postgresql.insert)}


def of(connection: Connection, holder: bytes, subject: bytes, now: datetime) -> tuple[Links, bool]:
    """What links a holder to a CNIC's keyed hash, and whether it is remembered for long enough yet."""
    asked = {"h": holder, "s": subject, "now": now}
    link, given = _link.first(connection, asked), _consent.first(connection, asked)
    remembered = link is not None and link.until - now > LASTS / 2
    return (
        Links(
            code=link is not None and link.how == "code",
            consent=given.id if given else None,
            scopes=SCOPES & set(given.scopes.split()) if given else frozenset(),
        ),
        remembered,
    )


def mine(connection: Connection, keys: Keys, holder: bytes, now: datetime) -> Sequence[Remembered]:
    """The numbers that a holder has proven to be concerned with, the first one first."""
    rows = _mine.all(connection, {"h": holder, "now": now})
    return [Remembered(**json.loads(keys.open(row.person))) for row in rows]


def remember(
    connection: Connection,
    keys: Keys,
    *,
    holder: bytes,
    cnic: str,
    first_name: str,
    how: str,
    now: datetime,
) -> None:
    """Note that a holder has proven to be concerned with a number. A code that was read stays one."""
    person = keys.seal(json.dumps({"cnic": cnic, "first_name": first_name}, ensure_ascii=False))
    row = {
        "holder": holder,
        "subject": keys.hash("cnic", cnic),
        "how": how,
        "person": person,
        "since": now,
        "until": now + LASTS,
    }
    _remember[connection.dialect.name].run(connection, row)


def end_old(connection: Connection, now: datetime) -> int:
    """Forget links that nobody used for so long; how many."""
    return connection.execute(sa.delete(phone_link).where(phone_link.c.until <= now)).rowcount
