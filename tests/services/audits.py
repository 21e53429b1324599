"""An audit for tests: entries about invented people, all of one chain where wanted, and how to tamper."""

from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from services.privacy import audit
from services.privacy.audit import Entry
from services.privacy.identifiers import Keys
from services.store.engine import Store
from tests.services.deployment import NOW

ALL = frozenset({"person.link", "enrolment.status", "payment.timeline"})


def cnic(number: int) -> str:
    """A number that nobody has."""
    return f"9{number:012d}"


def entry(keys: Keys, number: int = 0, *, chain: int | None = None, **fields: Any) -> Entry:
    """A look-up of the person of this number, or of somebody of this chain."""
    subject = audit.subject_of(keys, cnic(number))
    if chain is not None:
        subject = bytes([chain]) + subject[1:]
    values: dict[str, Any] = {
        "at": NOW, "actor": audit.actor_of(keys, b"c" * 16), "by": "own", "channel": "sms",
        "purpose": "payment_status", "subject": subject, "asked": ALL, "given": ALL, "decision": "own",
        "sources": (("store", "ok", 3), ("partner", "late", 1200)), "rules": "5f3a", **fields,
    }  # fmt: skip
    return Entry(**values)


def fill(store: Store, keys: Keys, rows: int, *, chain: int = 3, at: datetime = NOW) -> None:
    """Rows of one chain, a second apart."""
    entries = [entry(keys, n, chain=chain, at=at + timedelta(seconds=n)) for n in range(rows)]
    store.run_now(lambda connection: audit.append(connection, keys, entries))


def tamper(store: Store, *statements: sa.Executable | str) -> None:
    """Do what somebody with the database and without the key can do: the triggers are no hindrance."""

    def work(connection: sa.Connection) -> None:
        if store.is_sqlite:
            connection.exec_driver_sql("DROP TRIGGER IF EXISTS audit_no_change")
            connection.exec_driver_sql("DROP TRIGGER IF EXISTS audit_no_removal")
        else:
            connection.exec_driver_sql("ALTER TABLE audit DISABLE TRIGGER ALL")
        for statement in statements:
            connection.execute(sa.text(statement) if isinstance(statement, str) else statement)

    store.run_now(work)
