"""A statement compiled once, for the driver's own cursor: what hot reads and hot writes share.

Whoever listens to statements (tests, the bench) gets them the usual way, see is_watched(), and
errors are the usual ones.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from sqlalchemy import Connection, Select, UpdateBase
from sqlalchemy.engine.interfaces import Dialect
from sqlalchemy.exc import DBAPIError

Rows = Sequence[tuple[Any, ...]]
_Found = tuple[str, dict[str, Any], list[str] | None, list[tuple[str, Any]]]


class Compiled:
    """A statement without expanding lists, whose values are given by its parameters' names.

    Args:
        statement: made once.
        names: of the columns that an INSERT or UPDATE sets. Its values are what SQLAlchemy takes
            (days, lists for JSON); those of a SELECT are what the driver takes.
    """

    def __init__(self, statement: Select[Any] | UpdateBase, names: Sequence[str] = ()) -> None:
        self.statement: Final = statement
        self._names = list(names) or None
        self._found: dict[str, _Found] = {}

    def for_(self, dialect: Dialect, parameters: Mapping[str, Any]) -> tuple[str, Any]:
        """The text for this database, and the values as its driver takes them."""
        found = self._found.get(dialect.name)
        if found is None:
            found = self._found[dialect.name] = self._compile(dialect, parameters)
        text, fixed, order, processors = found
        values = {**fixed, **parameters}
        for name, processed in processors:
            values[name] = processed(values[name])
        return text, values if order is None else [values[name] for name in order]

    def _compile(self, dialect: Dialect, parameters: Mapping[str, Any]) -> _Found:
        # A parameter that the dialect wants in the text itself is put there.
        compiled: Any = self.statement.compile(dialect=dialect, column_keys=self._names)
        if compiled.prefetch:
            raise ValueError(f"columns have defaults in Python: {compiled}")
        whole = compiled.construct_expanded_state(dict(parameters))
        order = list(whole.positiontup) if whole.positiontup else None
        fixed = {name: value for name, value in whole.parameters.items() if name not in parameters}
        processors = [
            (name, process)
            for name, bind in compiled.binds.items()
            if self._names
            and name in parameters
            and (process := bind.type.dialect_impl(dialect).bind_processor(dialect))
        ]
        return str(whole.statement), fixed, order, processors


def fetched(connection: Any, text: str, values: Any) -> Rows:
    """The rows of a read on a connection of the driver."""
    cursor = connection.cursor()
    try:
        cursor.execute(text, values)
        return cursor.fetchall()  # type: ignore[no-any-return]
    finally:
        cursor.close()


def usual(error: Exception, dialect: Dialect, text: str, values: Any) -> BaseException:
    """The error that SQLAlchemy would have raised."""
    return DBAPIError.instance(text, values, error, dialect.loaded_dbapi.Error, dialect=dialect)


def is_watched(connection: Connection) -> bool:
    """Whether somebody listens to the statements of a connection."""
    return bool(connection.dispatch.before_cursor_execute)
