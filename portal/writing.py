"""Writes of every save, straight on the driver's cursor: an INSERT or UPDATE compiled once.

In the running transaction, like any other statement of it. SQLAlchemy's own way builds an
expression, its key and a context each time, which cost a saved price more than its three rows did.
Only for writes that hot.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, Insert, Update
from sqlalchemy.orm import Session

from portal.compiled import Compiled, is_watched, usual


class Writing:
    """An INSERT of one row, or an UPDATE of some columns, run by its parameters' names.

    Args:
        statement: without values; an UPDATE's rows are named by bind parameters.
        names: the columns that are set.
    """

    def __init__(self, statement: Insert | Update, names: Sequence[str]) -> None:
        # Nothing that the database made up (an id) is asked for.
        self._statement = statement.inline()
        self._compiled = Compiled(self._statement, names)

    def run(self, session: Session, values: Mapping[str, Any]) -> None:
        """Write in the session's transaction.

        Raises:
            DBAPIError: as from a connection's execute().
        """
        connection: Connection = session.connection()
        if is_watched(connection):
            connection.execute(self._statement, values)
            return
        text, given = self._compiled.for_(connection.dialect, values)
        cursor = connection.connection.cursor()
        try:
            cursor.execute(text, given)
        except connection.dialect.loaded_dbapi.Error as error:
            raise usual(error, connection.dialect, text, given) from error
        finally:
            cursor.close()
