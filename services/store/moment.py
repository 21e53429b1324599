"""The column type of moments in time, the same on both databases."""

from datetime import UTC, datetime

import sqlalchemy as sa
from sqlalchemy import Dialect


class Moment(sa.TypeDecorator[datetime]):
    """A moment in UTC. SQLite keeps no time zone, and PostgreSQL answers in the session's."""

    impl = sa.DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """ValueError for a moment without a time zone: nobody could say when that was."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a moment needs its time zone")
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """In UTC, whatever the database answers in."""
        if value is None:
            return None
        return value.astimezone(UTC) if value.tzinfo else value.replace(tzinfo=UTC)
