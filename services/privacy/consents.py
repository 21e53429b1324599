"""What beneficiaries allowed whom: owner of `consent`. One is withdrawn or runs out; it is never changed."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy import Connection

from services.privacy.identifiers import Keys
from services.registry import Scope
from services.store.tables import consent

LASTS = timedelta(days=365)
MOST_HELPERS = 3
HELP = "help"
"""Purpose of a helper's consent."""


@dataclass(frozen=True, slots=True)
class Consent:
    """A consent in force."""

    id: str
    until: datetime


def in_force(connection: Connection, subject: bytes, now: datetime) -> Sequence[Consent]:
    """The helpers of a beneficiary, the first one first."""
    wanted = (
        sa.select(consent.c.id, consent.c.until)
        .where(consent.c.subject == subject, consent.c.purpose == HELP)
        .where(consent.c.until > now, consent.c.withdrawn_at.is_(None))
        .order_by(consent.c.given_at)
    )
    return [Consent(row.id, row.until) for row in connection.execute(wanted)]


def give(
    connection: Connection,
    keys: Keys,
    call: str,
    *,
    subject: bytes,
    recipient: bytes,
    scopes: frozenset[Scope],
    words: str,
    evidence: str,
    now: datetime,
) -> None:
    """Write a consent down: `words` as they were shown, `evidence` names the message that said yes."""
    connection.execute(
        sa.insert(consent).values(
            id=call,
            subject=subject,
            recipient=recipient,
            purpose=HELP,
            scopes=" ".join(sorted(scopes)),
            words=keys.seal(words),
            evidence=evidence,
            given_at=now,
            until=now + LASTS,
        )
    )


def withdraw(connection: Connection, subject: bytes, now: datetime) -> int:
    """End all consents of a beneficiary to helpers; how many there were."""
    return connection.execute(
        sa.update(consent)
        .where(consent.c.subject == subject, consent.c.purpose == HELP, consent.c.withdrawn_at.is_(None))
        .values(withdrawn_at=now)
    ).rowcount
