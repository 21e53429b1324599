"""Numbers that people keep, as 4829-1736: of complaints and of requests to change a record alike.

No two matters share one, whatever they are about, so that a number alone tells which is meant.
"""

import hashlib

import sqlalchemy as sa
from sqlalchemy import Connection

from bot.understand.reference import luhn_check_digit
from services.store.tables import change_request, grievance

_taken = sa.union_all(
    *(
        sa.select(table.c.id).where(table.c.reference == sa.bindparam("reference"))
        for table in (grievance, change_request)
    )
)


def free_reference(connection: Connection, call: str) -> str:
    """A number for the matter of this call: the same one if the call is repeated."""
    attempt = 0
    while True:
        reference = _reference(f"{call}/{attempt}")
        taken = connection.execute(_taken, {"reference": reference}).scalar()
        if taken is None or taken == call:
            return reference
        attempt += 1


def _reference(seed: str) -> str:
    seven = f"{int.from_bytes(hashlib.sha256(seed.encode()).digest()[:8]) % 10**7:07d}"
    digits = seven + luhn_check_digit(seven)
    return f"{digits[:4]}-{digits[4:]}"
