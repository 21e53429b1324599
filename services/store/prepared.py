"""Statements of the busiest way, compiled once.

On SQLite a layer between us and the driver costs more than the statement does. So there the driver is
called directly, with the SQL, the conversions and the names that SQLAlchemy worked out at first use.
"""

import sqlite3
from collections import namedtuple
from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from typing import Any, ClassVar, TypeAlias

from sqlalchemy import Connection, Executable
from sqlalchemy.dialects.sqlite import dialect as make_dialect
from sqlalchemy.sql.compiler import SQLCompiler

Values: TypeAlias = Mapping[str, object]
Convert: TypeAlias = Callable[[Any], Any] | None

_SQLITE = make_dialect(dbapi=sqlite3)


class Prepared:
    """One statement of SQLAlchemy Core; `columns` are the names of an INSERT's values."""

    told: ClassVar[Callable[[str, Sequence[object]], None] | None] = None
    """Is told each statement that goes to the driver directly, as SQLAlchemy's events tell the others."""

    def __init__(self, statement: Executable, columns: Sequence[str] | None = None) -> None:
        self._statement = statement
        self._columns = columns

    def run(self, connection: Connection, values: Values) -> int:
        """Execute; how many rows an UPDATE changed. Raises as `Connection.execute` does."""
        cursor = self._direct(connection, values)
        return (connection.execute(self._statement, values) if cursor is None else cursor).rowcount

    def all(self, connection: Connection, values: Values) -> Sequence[Any]:
        """The rows, as named tuples."""
        cursor = self._direct(connection, values)
        if cursor is None:
            return connection.execute(self._statement, values).all()
        make, convert = self._rows
        if not convert:
            return [make(row) for row in cursor]
        return [make(_converted(row, convert)) for row in cursor]

    def first(self, connection: Connection, values: Values) -> Any:
        """The first row as a named tuple, or None."""
        rows = self.all(connection, values)
        return rows[0] if rows else None

    def _direct(self, connection: Connection, values: Values) -> sqlite3.Cursor | None:
        driver = connection.connection.driver_connection
        if not isinstance(driver, sqlite3.Connection):
            return None
        sql, names = self._sql
        bound = [
            convert(values.get(name, given)) if convert else values.get(name, given)
            for name, given, convert in names
        ]
        if Prepared.told:
            Prepared.told(sql, bound)
        try:
            return driver.execute(sql, bound)
        except sqlite3.Error:
            # A statement that failed has changed nothing: said again the long way, which names the fault.
            return None

    @cached_property
    def _compiled(self) -> SQLCompiler:
        compiled = self._statement.compile(dialect=_SQLITE, column_keys=self._columns)  # type: ignore[attr-defined]
        assert isinstance(compiled, SQLCompiler)
        return compiled

    @cached_property
    def _sql(self) -> tuple[str, list[tuple[str, object, Convert]]]:
        made, given = self._compiled, self._compiled.params
        names = made.positiontup or ()
        processors: Mapping[str, Any] = made._bind_processors
        return str(made), [(name, given[name], processors.get(name)) for name in names]

    @cached_property
    def _rows(self) -> tuple[Callable[[Sequence[Any]], Any], list[tuple[int, Convert]]]:
        columns = self._compiled._result_columns
        row: Any = namedtuple("Row", [column.keyname for column in columns])  # type: ignore[misc]
        converts = [column.type.dialect_impl(_SQLITE).result_processor(_SQLITE, None) for column in columns]
        return row._make, [(place, convert) for place, convert in enumerate(converts) if convert]


def _converted(row: Sequence[Any], convert: Sequence[tuple[int, Convert]]) -> list[Any]:
    values = list(row)
    for place, one in convert:
        if one:
            values[place] = one(values[place])
    return values
