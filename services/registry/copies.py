"""What sources last said, sealed, for when they do not answer: owner of `source_copy`."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import cache

import sqlalchemy as sa
from pydantic import TypeAdapter
from sqlalchemy import Connection

from services.privacy.identifiers import Keys
from services.registry import Record, Scope
from services.registry.lookup import Copy
from services.registry.view import Reading
from services.store.engine import Store, StoreUnavailable
from services.store.tables import source_copy


@dataclass(frozen=True, slots=True)
class StoredCopies:
    """`Copies` in our own store."""

    store: Store
    keys: Keys
    clock: Callable[[], datetime]

    async def find(self, source: str, cnic: str, scopes: frozenset[Scope]) -> Copy | None:
        """See `Copies.find`. A store that is away keeps nothing."""
        wanted = (
            sa.select(source_copy.c.record, source_copy.c.at)
            .where(source_copy.c.source == source)
            .where(source_copy.c.subject == self.keys.hash("cnic", cnic))
            .where(source_copy.c.scopes == named(scopes))
        )
        try:
            row = await self.store.read(lambda connection: connection.execute(wanted).first())
        except StoreUnavailable:
            return None
        if row is None:
            return None
        record = _records().validate_json(self.keys.open(row.record))
        return Copy(record, (self.clock() - row.at).total_seconds())


def keep(connection: Connection, keys: Keys, subject: bytes, reading: Reading, at: datetime) -> None:
    """Put what a source said in the place of what it said before; `subject` is the CNIC's keyed hash."""
    values = {"source": reading.source, "subject": subject, "scopes": named(reading.scopes)}
    same = [source_copy.c[name] == value for name, value in values.items()]
    connection.execute(sa.delete(source_copy).where(*same))
    if reading.record:
        sealed = keys.seal(_records().dump_json(reading.record).decode())
        connection.execute(sa.insert(source_copy).values(**values, record=sealed, at=at))


def named(scopes: frozenset[Scope]) -> str:
    """Scopes as one name."""
    return " ".join(sorted(scopes))


@cache
def _records() -> TypeAdapter[Record]:
    return TypeAdapter(Record)
