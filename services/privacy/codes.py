"""One-time codes to a registered phone: who reads it there is let in; nobody is told whether one was sent.

A code may be `about` one matter, which its message names: then it is right for nothing else.
"""

from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy import Connection

from services.privacy.identifiers import Keys
from services.store.tables import one_time_code

LASTS = timedelta(minutes=30)
"""An SMS may be slow, and the phone may be in another house."""

MOST_TRIES = 5
MOST_A_DAY = 3
"""Codes that one asker may have sent, and that one phone is troubled with."""

DIGITS = 6


def code_of(keys: Keys, call: str) -> str:
    """The code of this call, the same one if the call is repeated; it does not begin with 0."""
    span = 9 * 10 ** (DIGITS - 1)
    return str(10 ** (DIGITS - 1) + int.from_bytes(keys.hash("code", call)) % span)


def may_be_sent(connection: Connection, id: str) -> bool:
    """Whether this code is among the first of its day, for its asker and for its phone."""
    this = connection.execute(sa.select(one_time_code).where(one_time_code.c.id == id)).one()
    earlier = sa.or_(
        one_time_code.c.at < this.at, sa.and_(one_time_code.c.at == this.at, one_time_code.c.id <= id)
    )
    for column, value in ((one_time_code.c.holder, this.holder), (one_time_code.c.subject, this.subject)):
        wanted = (
            sa.select(sa.func.count())
            .where(column == value, earlier)
            .where(one_time_code.c.at > this.at - timedelta(days=1))
        )
        if (connection.execute(wanted).scalar() or 0) > MOST_A_DAY:
            return False
    return True


def issue(
    connection: Connection,
    keys: Keys,
    call: str,
    *,
    holder: bytes,
    subject: bytes,
    now: datetime,
    about: str = "",
) -> None:
    """Note that a code was asked for, whether there is a phone that it can be sent to or not."""
    digest = _digest(keys, call, about, code_of(keys, call))
    connection.execute(
        sa.insert(one_time_code).values(
            id=call, holder=holder, subject=subject, code=digest, tries=0, at=now, until=now + LASTS
        )
    )


def check(
    connection: Connection,
    keys: Keys,
    *,
    holder: bytes,
    subject: bytes,
    code: str,
    now: datetime,
    about: str = "",
) -> tuple[bool, str | None]:
    """Whether it is the code last sent for this holder and CNIC, and the id to `use` for the try."""
    wanted = (
        sa.select(one_time_code)
        .where(one_time_code.c.holder == holder, one_time_code.c.subject == subject)
        .order_by(one_time_code.c.at.desc())
        .limit(1)
    )
    row = connection.execute(wanted).first()
    if row is None or row.until <= now or row.tries >= MOST_TRIES:
        return False, None
    return row.code == _digest(keys, row.id, about, code), row.id


def use(connection: Connection, id: str, *, right: bool) -> None:
    """Count a try; a code that was right is used up."""
    tries = sa.literal(MOST_TRIES) if right else one_time_code.c.tries + 1
    connection.execute(sa.update(one_time_code).where(one_time_code.c.id == id).values(tries=tries))


def _digest(keys: Keys, id: str, about: str, code: str) -> bytes:
    return keys.hash("code", f"{id}:{about}:{code}" if about else f"{id}:{code}")
