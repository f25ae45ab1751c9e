"""A throw-away PostgreSQL server for the tests, made from the machine's own package.

It listens on a Unix socket in a temporary folder only, so that it needs no port and meets no other
server. It ends, and its folder goes, with the process that started it, however that one ends.
"""

import os
import pwd
import shutil
import subprocess
import tempfile
import time
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

import psycopg
from psycopg import sql
from sqlalchemy.engine import make_url

_DEBIAN: Final = Path("/usr/lib/postgresql")
_OWNER: Final = "portal"
_START_SECONDS: Final = 30.0
# Nothing in it outlives the tests: durability would only cost time.
_SETTINGS: Final = (
    "listen_addresses=",
    "fsync=off",
    "synchronous_commit=off",
    "full_page_writes=off",
    "autovacuum=off",
    "max_connections=100",
    "max_wal_size=2GB",
    "timezone=UTC",
)
# The server is the child of a shell that waits for its input to end: this process holds the other
# end of that pipe, and the system closes it even when this process is killed.
_UNTIL_INPUT_ENDS: Final = (
    'folder=$1; shift; "$@" & server=$!; read -r _; kill -INT $server; wait $server; '
    'rm -rf "$folder"'
)


class PostgresError(RuntimeError):
    """The throw-away server did not start; the message ends with its log."""


def find_postgres() -> Path | None:
    """Folder of the newest PostgreSQL programs here, or None."""
    debian = [path for path in _DEBIAN.glob("*/bin") if (path / "initdb").exists()]
    if debian:
        return max(debian, key=lambda path: float(path.parent.name))
    found = shutil.which("initdb")
    return Path(found).resolve().parent if found else None


def create_database(server: str, name: str, template: str | None = None) -> str:
    """Make a database on the server and return its URL.

    Args:
        server: URL of any database of the server, such as `ThrowawayPostgres.url`.
        name: of the new database; one of that name is dropped first.
        template: database to copy; nobody may be connected to it.
    """
    statement = sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(
        sql.Identifier(name), sql.Identifier(template or "template0")
    )
    with _connect(server) as connection:
        connection.execute(_drop(name))
        connection.execute(statement)
    return make_url(server).set(database=name).render_as_string(hide_password=False)


def drop_database(server: str, name: str) -> None:
    """Remove a database, ending whoever is still connected to it."""
    with _connect(server) as connection:
        connection.execute(_drop(name))


def _drop(name: str) -> sql.Composed:
    return sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name))


def _connect(server: str) -> psycopg.Connection[Any]:
    plain = make_url(server).set(drivername="postgresql", database="postgres")
    return psycopg.connect(plain.render_as_string(hide_password=False), autocommit=True)


class ThrowawayPostgres:
    """A server from `with` to the end of its block; `url` is of its database `postgres`."""

    def __init__(self, programs: Path | None = None) -> None:
        """Take the programs of that folder, by default what `find_postgres` finds."""
        found = programs or find_postgres()
        if found is None:
            raise PostgresError("There is no PostgreSQL here: no initdb.")
        self._programs = found
        self._folder = Path()
        self._shell: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """URL for SQLAlchemy."""
        return f"postgresql+psycopg://{_OWNER}@/postgres?host={self._folder}"

    def create_database(self, name: str, template: str | None = None) -> str:
        """Make a database and return its URL; see the function of this name."""
        return create_database(self.url, name, template)

    def __enter__(self) -> Self:
        """Start it.

        Raises:
            PostgresError: it did not start.
        """
        self._folder = Path(tempfile.mkdtemp(prefix="portal-postgres-"))
        identity = _unprivileged()
        if identity:
            shutil.chown(self._folder, user=identity["user"])
        try:
            self._initialise(identity)
            self._start(identity)
            self._await_ready()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Stop it and remove its folder."""
        self.stop()

    def stop(self) -> None:
        """Stop it and remove its folder; doing so twice does no harm."""
        shell, self._shell = self._shell, None
        if shell is not None and shell.stdin is not None:
            shell.stdin.close()
            shell.wait(_START_SECONDS)
        shutil.rmtree(self._folder, ignore_errors=True)

    def _initialise(self, identity: dict[str, Any]) -> None:
        command = [
            str(self._programs / "initdb"),
            f"--pgdata={self._folder / 'data'}",
            f"--username={_OWNER}",
            "--auth=trust",
            "--encoding=UTF8",
            "--locale=C",
            "--no-sync",
        ]
        run = subprocess.run(
            command, cwd=self._folder, capture_output=True, text=True, check=False, **identity
        )
        if run.returncode:
            raise PostgresError(f"initdb failed: {run.stderr.strip()}")

    def _start(self, identity: dict[str, Any]) -> None:
        server = [str(self._programs / "postgres"), "-D", str(self._folder / "data")]
        server += ["-k", str(self._folder)]
        for setting in _SETTINGS:
            server += ["-c", setting]
        with (self._folder / "log").open("wb") as log:
            self._shell = subprocess.Popen(
                ["/bin/sh", "-c", _UNTIL_INPUT_ENDS, "sh", str(self._folder), *server],
                cwd=self._folder,
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=subprocess.STDOUT,
                # Ctrl-C is for the tests; they stop the server when they are done with it.
                start_new_session=True,
                **identity,
            )

    def _await_ready(self) -> None:
        until = time.monotonic() + _START_SECONDS
        while True:
            try:
                _connect(self.url).close()
            except psycopg.OperationalError as error:
                if time.monotonic() > until or self._has_failed():
                    log = (self._folder / "log").read_text(errors="replace")
                    raise PostgresError(f"PostgreSQL did not start:\n{log[-2000:]}") from error
                time.sleep(0.05)
            else:
                return

    def _has_failed(self) -> bool:
        return "is shut down" in (self._folder / "log").read_text(errors="replace")


def _unprivileged() -> dict[str, Any]:
    """Whom the server runs as, for subprocess: it refuses to be root."""
    if os.geteuid() != 0:
        return {}
    names = {entry.pw_name for entry in pwd.getpwall()}
    owner = pwd.getpwnam("postgres" if "postgres" in names else "nobody")
    return {"user": owner.pw_uid, "group": owner.pw_gid, "extra_groups": []}
