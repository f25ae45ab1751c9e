"""What every table and every write shares: the declarative base, column types, transaction()."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from types import ModuleType
from typing import Annotated, Any, Final, cast

from sqlalchemy import (
    BigInteger,
    Connection,
    CursorResult,
    Engine,
    Integer,
    MetaData,
    String,
    UpdateBase,
    event,
)
from sqlalchemy.engine import URL
from sqlalchemy.orm import DeclarativeBase, Session, mapped_column

from portal.extensions import db

# The newest SQLite with a wheel: the standard library's may carry the WAL-reset race, in which a
# committed row can be lost (mended in 3.51.3).
try:
    from pysqlite3 import dbapi2 as newest_sqlite
except ImportError:  # no wheel for this platform
    newest_sqlite = sqlite3

SQLITE_FLOOR: Final = (3, 51, 3)
_WRITES: Final = "portal_writes"


class Base(DeclarativeBase):
    """Base of every model; constraints get predictable names so that migrations can drop them."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s",
            "pk": "pk_%(table_name)s",
        }
    )


# SQLite gives a rowid only to a column declared INTEGER.
BigId: Final = BigInteger().with_variant(Integer, "sqlite")
Identifier = Annotated[int, mapped_column(BigId, primary_key=True)]
Seconds = Annotated[int, mapped_column(BigInteger)]
"""A moment in UTC seconds since 1970."""
Fen = Annotated[int, mapped_column(BigInteger)]
"""Money in minor units of the currency beside it."""
Code = Annotated[str, mapped_column(String(32))]


class Missing(LookupError):  # noqa: N818 - an answer, not a fault
    """The row does not exist, or is another tenant's: the reader is told the same in both cases."""


@contextmanager
def transaction() -> Iterator[Session]:
    """One write, whole or not at all: commits at the end, rolls back on any exception.

    On SQLite it takes the write lock at once (BEGIN IMMEDIATE): a transaction that reads first and
    upgrades later fails with SQLITE_BUSY_SNAPSHOT without waiting. Any read transaction still open
    is ended first, so what is loaded inside is the present state. Nested use joins the outer one.

    Raises:
        RuntimeError: rows were changed outside a transaction.
    """
    session = db.session()
    if session.info.get(_WRITES):
        yield session
        return
    if session.new or session.dirty or session.deleted:
        raise RuntimeError("rows were changed outside transaction()")
    session.rollback()
    session.connection(execution_options={_WRITES: True})
    session.info[_WRITES] = True
    try:
        yield session
        session.commit()
    except BaseException:
        session.rollback()
        raise
    finally:
        session.info[_WRITES] = False


def rows_changed(session: Session, statement: UpdateBase) -> int:
    """Run an UPDATE or DELETE and say how many rows it met."""
    return cast(CursorResult[Any], session.execute(statement)).rowcount


def engine_options(url: URL) -> dict[str, Any]:
    """SQLAlchemy's engine keywords for the database behind `url`.

    PostgreSQL times out before the reader does (5 s a statement, 3 s for a connection); pre-ping
    replaces connections that a restart of the server broke.
    """
    if url.get_backend_name() == "sqlite":
        return {"module": newest_sqlite, "connect_args": {"timeout": 5}}
    options = (
        "-c statement_timeout=5000 -c idle_in_transaction_session_timeout=30000 -c timezone=UTC"
    )
    return {
        "pool_pre_ping": True,
        "pool_timeout": 3,
        "connect_args": {"connect_timeout": 3, "options": options},
    }


def sqlite_module() -> ModuleType:
    """The SQLite driver in use, for start-up checks of its version."""
    module: ModuleType = newest_sqlite
    return module


def prepare_engine(engine: Engine) -> None:
    """Hook SQLite's connection settings and BEGIN into `engine`; other engines stay as they are."""
    if engine.dialect.name != "sqlite":
        return
    event.listen(engine, "connect", _configure_sqlite)
    event.listen(engine, "begin", _begin_sqlite)


def _configure_sqlite(connection: Any, _record: Any) -> None:
    # The driver's own implicit BEGIN would come too late and be deferred: we say BEGIN ourselves.
    connection.isolation_level = None
    cursor = connection.cursor()
    for pragma in (
        "journal_mode=WAL",
        "synchronous=FULL",
        "foreign_keys=ON",
        "busy_timeout=5000",
        "trusted_schema=OFF",
        "temp_store=MEMORY",
        "cache_size=-16000",
    ):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _begin_sqlite(connection: Connection) -> None:
    writes = connection.get_execution_options().get(_WRITES, False)
    # Straight to the driver: SQLAlchemy's own way costs each request half a statement more.
    connection.connection.cursor().execute("BEGIN IMMEDIATE" if writes else "BEGIN")
