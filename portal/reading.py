"""Reads of every page, straight on the driver's cursor: a select compiled once, rows as they come.

SQLAlchemy's own way makes a context, a result and row objects for each statement, which cost the
listings index more than its fifty rows did. Only for reads that hot; whoever listens to statements
(tests, the bench) gets them the usual way, and errors are the usual ones.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from sqlalchemy import Connection, Select, Text, cast, select
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement

from portal.extensions import db

_KEPT: Final = "portal_reading"


def _connection() -> Connection:
    """The session's connection: in the same transaction it is the same, and need not be asked for.

    SQLAlchemy's own way to it costs as much as a short statement.
    """
    session = db.session()
    begun = session.get_transaction()
    kept: tuple[Any, Connection] | None = session.info.get(_KEPT)
    if kept is not None and begun is not None and kept[0] is begun:
        return kept[1]
    connection: Connection = session.connection()
    session.info[_KEPT] = (session.get_transaction(), connection)
    return connection


class Reading:
    """A select without expanding lists, run by its bind parameters' names.

    Values come as the driver gives them: on SQLite a day is text and a
    boolean 0 or 1.
    """

    def __init__(self, statement: Select[Any]) -> None:
        self.statement = statement
        self._compiled: dict[str, tuple[str, dict[str, Any], list[str] | None]] = {}

    @property
    def names(self) -> list[str]:
        """The columns' names."""
        return [str(column.name) for column in self.statement.selected_columns]

    def rows(self, parameters: Mapping[str, Any]) -> Sequence[tuple[Any, ...]]:
        """All rows.

        Raises:
            DBAPIError: as from a connection's execute().
        """
        connection = _connection()
        if connection.dispatch.before_cursor_execute:
            return [tuple(row) for row in connection.execute(self.statement, parameters)]
        text, fixed, order = self._for(connection, parameters)
        values: Any = {**fixed, **parameters}
        if order is not None:
            values = [values[name] for name in order]
        cursor = connection.connection.cursor()
        try:
            cursor.execute(text, values)
            return cursor.fetchall()
        except connection.dialect.loaded_dbapi.Error as error:
            base = connection.dialect.loaded_dbapi.Error
            raise DBAPIError.instance(text, values, error, base) from error
        finally:
            cursor.close()

    def _for(
        self, connection: Connection, parameters: Mapping[str, Any]
    ) -> tuple[str, dict[str, Any], list[str] | None]:
        """Text, the values that stand in the select itself, and the order of its parameters."""
        dialect = connection.dialect
        found = self._compiled.get(dialect.name)
        if found is None:
            # A parameter that the dialect wants in the text itself is put there.
            compiled: Any = self.statement.compile(dialect=dialect)
            whole = compiled.construct_expanded_state(dict(parameters))
            order = list(whole.positiontup) if whole.positiontup else None
            found = self._compiled[dialect.name] = (
                str(whole.statement), dict(whole.parameters), order,
            )  # fmt: skip
        return found


def in_one_text(statement: Select[Any]) -> Select[Any]:
    """The same rows as one value: the JSON text of an array of arrays, NULL or `[]` for none.

    What is kept by all the values of fifty rows is found by one text at a fraction of what making
    and comparing eight hundred objects costs. The rows' order in it is not promised: sort what is
    read from it.
    """
    rows = statement.subquery()
    return select(cast(_Rows(_Values(*rows.c)), Text).label("rows")).select_from(rows)


class _Values(FunctionElement[Any]):
    """A JSON array of values."""

    inherit_cache = True


class _Rows(FunctionElement[Any]):
    """A JSON array of what each row gives."""

    inherit_cache = True


_NAMES: Final = {
    (_Values, "sqlite"): "json_array",
    (_Values, "postgresql"): "json_build_array",
    (_Rows, "sqlite"): "json_group_array",
    (_Rows, "postgresql"): "json_agg",
}


@compiles(_Values)
@compiles(_Rows)
def _as_json(element: FunctionElement[Any], compiler: Any, **kw: Any) -> str:
    name = _NAMES[type(element), compiler.dialect.name]
    return f"{name}({compiler.process(element.clauses, **kw)})"
