"""Reads of every page, straight on the driver's cursor: a select compiled once, rows as they come.

SQLAlchemy's own way makes a session, a connection, a context, a result and row objects, which cost
the listings index more than its fifty rows did. Only for reads that hot.
"""

from collections import deque
from collections.abc import Mapping
from typing import Any, Final
from weakref import WeakKeyDictionary

from sqlalchemy import ColumnElement, Connection, Engine, Select, Text, event, func, select
from sqlalchemy.engine.interfaces import DBAPIConnection, Dialect
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement

from portal.compiled import Compiled, Rows, fetched, is_watched, usual
from portal.extensions import db


class _Idle:
    """An engine's connections for reads outside transactions, each statement seeing what is now.

    They stay outside SQLAlchemy's pool: taking one from it, beginning and rolling back cost more
    than most statements here. There are as many as threads once read at the same time.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._connections: deque[DBAPIConnection] = deque()
        event.listen(engine, "engine_disposed", lambda _engine: self.close())

    def take(self) -> DBAPIConnection:
        """A connection that nobody else uses; whoever has read puts it back."""
        try:
            return self._connections.pop()
        except IndexError:
            return self._connect()

    def put_back(self, connection: DBAPIConnection) -> None:
        """Leave it to the next reader."""
        self._connections.append(connection)

    def close(self) -> None:
        """Close those that nobody uses."""
        while self._connections:
            self._connections.pop().close()

    def _connect(self) -> DBAPIConnection:
        pooled = self._engine.raw_connection()
        connection: Any = pooled.driver_connection
        pooled.detach()
        if self._engine.dialect.name == "sqlite":
            # Its connections begin nothing of themselves, see database.prepare_engine().
            connection.execute("PRAGMA query_only=ON")
        else:
            connection.autocommit = True
            connection.execute("SET default_transaction_read_only = on")
        return connection  # type: ignore[no-any-return]


_idle: Final[WeakKeyDictionary[Engine, _Idle]] = WeakKeyDictionary()


class Reading:
    """A select without expanding lists, run by its bind parameters' names.

    Values come as the driver gives them: on SQLite a day is text and a
    boolean 0 or 1.
    """

    def __init__(self, statement: Select[Any]) -> None:
        self.statement = statement
        self._compiled = Compiled(statement)

    @property
    def names(self) -> list[str]:
        """The columns' names."""
        return [str(column.name) for column in self.statement.selected_columns]

    def rows(self, parameters: Mapping[str, Any]) -> Rows:
        """All rows; inside a transaction those it sees.

        Raises:
            DBAPIError: as from a connection's execute().
        """
        if db.session.registry.has() and db.session().in_transaction():
            return self._of_session(parameters)
        found = self.rows_now(db.engine, parameters)
        return self._of_session(parameters) if found is None else found

    def rows_now(self, engine: Engine | Connection, parameters: Mapping[str, Any]) -> Rows | None:
        """All rows as they are now; the one way that needs no application context.

        None where they have to be read by rows(): somebody listens to the engine's statements, or
        its server was restarted.

        Raises:
            DBAPIError: as from a connection's execute().
        """
        # A test's engine is one connection, whose transaction nobody else sees into.
        if not isinstance(engine, Engine) or engine.dispatch.before_cursor_execute:
            return None
        idle = _idle.get(engine)
        if idle is None:
            idle = _idle.setdefault(engine, _Idle(engine))
        return self._of_driver(idle, engine.dialect, parameters)

    def _of_session(self, parameters: Mapping[str, Any]) -> Rows:
        connection: Connection = db.session.connection()
        if is_watched(connection):
            return [tuple(row) for row in connection.execute(self.statement, parameters)]
        text, values = self._compiled.for_(connection.dialect, parameters)
        try:
            return fetched(connection.connection, text, values)
        except connection.dialect.loaded_dbapi.Error as error:
            raise usual(error, connection.dialect, text, values) from error

    def _of_driver(
        self, idle: _Idle, dialect: Dialect, parameters: Mapping[str, Any]
    ) -> Rows | None:
        text, values = self._compiled.for_(dialect, parameters)
        connection = idle.take()
        try:
            found = fetched(connection, text, values)
        except dialect.loaded_dbapi.Error as error:
            if not dialect.is_disconnect(error, connection, None):
                idle.put_back(connection)
                raise usual(error, dialect, text, values) from error
            connection.close()
        except BaseException:
            connection.close()
            raise
        else:
            idle.put_back(connection)
            return found
        # The server was restarted: what else lies here is as dead, and a read can be said twice.
        idle.close()
        return None


def in_one_text(statement: Select[Any]) -> Select[Any]:
    """The same rows as one value: the JSON texts of their arrays with commas between, NULL for none.

    What is kept by all the values of fifty rows is found by one text at a fraction of what making
    and comparing eight hundred objects costs. The rows' order in it is not promised: sort what is
    read from it.
    """
    row: ColumnElement[str] = _Array(*statement.selected_columns)
    rows = statement.with_only_columns(row.label("row")).subquery()
    return select(func.aggregate_strings(rows.c.row, ",").label("rows"))


class _Array(FunctionElement[str]):
    """The JSON text of an array of values."""

    type = Text()
    inherit_cache = True


@compiles(_Array, "sqlite")
def _array_on_sqlite(element: _Array, compiler: Any, **kw: Any) -> str:
    return f"json_array({compiler.process(element.clauses, **kw)})"


@compiles(_Array, "postgresql")
def _array_on_postgresql(element: _Array, compiler: Any, **kw: Any) -> str:
    return f"CAST(json_build_array({compiler.process(element.clauses, **kw)}) AS TEXT)"
