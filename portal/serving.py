"""`portal serve`: web workers and one background worker, started, watched, and stopped together."""

import http.client
import multiprocessing
import os
import signal
import socket
import subprocess
import sys
import time
from collections import deque
from collections.abc import Callable, Iterable
from contextlib import suppress
from io import BytesIO
from ipaddress import ip_address
from pathlib import Path
from tempfile import TemporaryFile
from threading import Event, Lock, Thread
from typing import IO, TYPE_CHECKING, Any, Final, cast

import structlog
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from flask import Flask
from granian.constants import HTTPModes, Interfaces
from granian.http import HTTP1Settings
from granian.log import LogLevels
from granian.server.mp import MPServer
from rich.console import Console
from rich.table import Table
from sqlalchemy import event
from sqlalchemy.exc import DBAPIError

from portal import config, create_app, database
from portal.accounts.actions import has_people
from portal.config import SettingError, Settings
from portal.extensions import db
from portal.statistics import robots
from portal.web import logs
from portal.worker import die_with_parent

if TYPE_CHECKING:
    from _typeshed.wsgi import InputStream, StartResponse, WSGIApplication, WSGIEnvironment

log = structlog.get_logger()
LONGEST_HEAD: Final = 16 * 1024
"""Bytes of a request line and its headers; a longer head is answered 431."""
SLOWEST_HEAD: Final = 10_000
"""Milliseconds that a client may take to send it."""
SLOWEST_BODY: Final = 20.0
"""Seconds that it may take to send a body of up to 1 MiB; then it is answered 408."""
LARGEST_UPLOAD: Final = 96 * config.MIB
"""Bytes of a body with files that is read before its request has its turn."""
SLOWEST_UPLOAD: Final = 300.0
"""Seconds that it may take to send such a body."""
WAITING_THREADS: Final = 128
"""Requests of one web worker whose bodies may be on their way at once."""
GRACE: Final = 20
"""Seconds that a request in flight has to finish when the server stops."""
DEMO_PEOPLE: Final = (
    ("staff@a.example", "职员 staff"),
    ("seller@a.example", "销售 seller"),
    ("manager@a.example", "主管 manager"),
    ("staff@b.example", "另一家 another provider"),
    ("admin@portal.example", "管理员 admin"),
)
_MIGRATIONS: Final = Path(__file__).parent / "migrations"
_LONGEST_PAUSE: Final = 5.0
_CALM: Final = 10.0


class CannotServe(Exception):  # noqa: N818 - a sentence for whoever typed the command
    """The server may not start; the message says why and what to do."""


def serve(settings: Settings, host: str, port: int, workers: int) -> None:
    """Serve until SIGTERM or SIGINT.

    Args:
        settings: the operator's.
        host: address to listen on.
        port: TCP port.
        workers: web processes.

    Raises:
        CannotServe: tables are missing, the port is taken, or demo people would be exposed.
        SettingError: a setting cannot work.
    """
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: sys.exit(0))
    has_demo = _check(create_app(settings), host)
    _check_port(host, port)
    background = _Background()
    greeting = Thread(target=_greet, args=(settings, host, port, has_demo), daemon=True)
    server = _WebServer(
        "portal",
        companions=(background.start, greeting.start),
        address=host,
        port=port,
        interface=Interfaces.WSGI,
        workers=workers,
        blocking_threads=WAITING_THREADS,
        http=HTTPModes.http1,
        websockets=False,
        http1_settings=HTTP1Settings(
            header_read_timeout=SLOWEST_HEAD, max_buffer_size=LONGEST_HEAD
        ),
        log_level=LogLevels.error,
        log_dictconfig=logs.library_logging(),
        respawn_failed_workers=True,
        workers_kill_timeout=GRACE,
    )
    server.on_shutdown(background.stop)
    robots.prepare()  # before the web workers are forked: they share it
    server.serve(target_loader=_load)


def _check(app: Flask, host: str) -> bool:
    """Refuse what would not work or not be safe; returns whether there are demo people."""
    with app.app_context():
        try:
            with db.engine.connect() as connection:
                present = MigrationContext.configure(connection).get_current_heads()
                dialect = connection.dialect.name
            wanted = ScriptDirectory(str(_MIGRATIONS)).get_heads()
            if set(present) != set(wanted):
                raise CannotServe("The database's tables are missing or old: run `portal init`.")
            has_demo = any(has_people(domain) for domain in ("a.example", "b.example"))
        finally:
            db.session.remove()
            db.engine.dispose()  # nothing open is handed down to the web workers
    if has_demo and not _is_loopback(host):
        raise CannotServe(
            f"There are demo people with a published password here, so {host} is refused: "
            "serve on 127.0.0.1, or start with a data directory without demo data."
        )
    if dialect == "sqlite" and is_old_sqlite():
        log.warning(
            "this SQLite is older than 3.51.3 and can lose a commit when two processes checkpoint "
            "at once: only the background worker checkpoints",
            version=database.sqlite_module().sqlite_version,
        )
    return has_demo


def is_old_sqlite() -> bool:
    """Whether the SQLite in use still has the race between two checkpoints."""
    version: tuple[int, ...] = database.sqlite_module().sqlite_version_info
    return version < database.SQLITE_FLOOR


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _check_port(host: str, port: int) -> None:
    """The web workers share their port among themselves: a stranger on it would not be noticed."""
    try:
        with socket.create_server((host, port), family=_family(host)):
            pass
    except OSError as error:
        raise CannotServe(
            f"Cannot listen on {host} port {port} ({error.strerror}): choose another with --port."
        ) from error


def _family(host: str) -> socket.AddressFamily:
    return socket.AF_INET6 if ":" in host else socket.AF_INET


def origin_of(host: str, port: int) -> str:
    """The origin under which a server on `host` and `port` is reached from its own machine.

    Raises:
        CannotServe: it listens everywhere, so that only the operator knows its name.
    """
    if host in {"0.0.0.0", "::"}:  # noqa: S104 - compared, not bound
        raise CannotServe(
            "Set PORTAL_PUBLIC_ORIGIN, such as https://offers.example, to serve on every address."
        )
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def _load(_target: str) -> Any:
    """In a web worker: the application."""
    # Until the server's own handlers are there, a signal ends the process.
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, signal.SIG_DFL)
    os.setpgid(0, 0)  # Ctrl-C goes to the supervisor, which stops its workers in order
    if parent := multiprocessing.parent_process():
        die_with_parent(parent.pid or 0)
    app = create_app(config.settings_from(os.environ))
    with app.app_context():
        if db.engine.dialect.name == "sqlite" and is_old_sqlite():
            event.listen(db.engine, "connect", _leave_checkpoints)
        # The first connection makes SQLite's shared memory file, which a full disk refuses: with
        # one open from the start, pages are read even then. Without a database it is tried later.
        with suppress(DBAPIError), db.engine.connect() as connection:
            connection.exec_driver_sql("SELECT version_num FROM alembic_version")
    return _in_turn(app)


def _in_turn(app: Flask) -> "WSGIApplication":
    """The application behind a gate: whole bodies come in, one request at a time.

    Python runs one thread at a time anyway; taking turns saves it the quarrel. Bodies are read
    before the gate, so that somebody who sends one slowly, or never, is waited for by a thread that
    nobody misses; a large one waits on disk. The Server header is empty, since Granian puts in its
    name where there is none.
    """
    gate = Lock()

    def serve_in_turn(
        environ: "WSGIEnvironment", start_response: "StartResponse"
    ) -> Iterable[bytes]:
        def start(status: str, headers: list[tuple[str, str]], *error: Any) -> Any:
            return start_response(status, [*headers, ("Server", "")], *error)

        length = environ.get("CONTENT_LENGTH") or "0"
        if not length.isdecimal() or not 0 < int(length) <= _most_read_ahead(environ):
            with gate:
                return app(environ, cast("StartResponse", start))
        is_small = int(length) <= config.MIB
        with BytesIO() if is_small else TemporaryFile() as body:
            seconds = SLOWEST_BODY if is_small else SLOWEST_UPLOAD
            if not _read_ahead(environ["wsgi.input"], int(length), body, seconds):
                start("408 Request Timeout", [("Content-Length", "0"), ("Connection", "close")])
                return []
            environ["wsgi.input"] = cast("InputStream", body)
            with gate:
                return app(environ, cast("StartResponse", start))

    return serve_in_turn


def _most_read_ahead(environ: "WSGIEnvironment") -> int:
    """Bytes of a body that are read before the gate; the application refuses a longer one unread.

    Whoever is not signed in can send no file: without a cookie, or elsewhere, nothing large is
    taken in.
    """
    may_upload = "HTTP_COOKIE" in environ and environ["PATH_INFO"].startswith("/portal/")
    return LARGEST_UPLOAD if may_upload else config.MIB


def _read_ahead(stream: "InputStream", length: int, body: IO[bytes], seconds: float) -> bool:
    """Read a body into a file; False where it ends early or takes longer than `seconds`."""
    deadline = time.monotonic() + seconds
    while length > 0:
        part = stream.read(min(length, config.MIB))
        if not part or time.monotonic() > deadline:
            return False
        body.write(part)
        length -= len(part)
    body.seek(0)
    return True


def _leave_checkpoints(connection: Any, _record: Any) -> None:
    connection.execute("PRAGMA wal_autocheckpoint=0")


# Web workers are forked, and a lock that another thread holds at that moment stays locked in them
# for ever. So this process's own threads hold this one whenever they do anything but wait.
_no_fork: Final = Lock()


class _WebServer(MPServer):
    """Granian's processes, a dead one replaced at once, one that keeps dying ever more slowly."""

    def __init__(
        self, *args: Any, companions: tuple[Callable[[], None], ...], **keywords: Any
    ) -> None:
        super().__init__(*args, **keywords)
        self._companions = companions
        self._deaths: deque[float] = deque(maxlen=20)

    def _spawn_workers(self, spawn_target: Any, target_loader: Any) -> None:
        super()._spawn_workers(spawn_target, target_loader)  # type: ignore[no-untyped-call]
        for start in self._companions:
            start()

    def _respawn_workers(
        self, workers: list[int], spawn_target: Any, target_loader: Any, delay: float = 0
    ) -> None:
        now = time.monotonic()
        recent = sum(now - at < _CALM for at in self._deaths)
        self._deaths.append(now)
        log.warning("web worker replaced", recently=recent)
        if recent > 2:
            self.main_loop_interrupt.wait(min(0.1 * 2 ** (recent - 2), _LONGEST_PAUSE))
        with _no_fork:
            super()._respawn_workers(workers, spawn_target, target_loader, delay)
        # Granian ends the whole server when a worker dies twice within seconds; we do not.
        self.respawned_wrks.clear()

    def shutdown(self, exit_code: int = 0) -> None:
        self.interrupt_children.clear()  # dying while we stop is no fault
        super().shutdown(exit_code)  # type: ignore[no-untyped-call]


class _Background:
    """The background worker's process: started anew whenever it ends before it was told to."""

    def __init__(self) -> None:
        self._stopping = Event()
        self._process: subprocess.Popen[bytes] | None = None
        self._thread = Thread(target=self._watch, name="background", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """Ask it to stop, after the web workers: it counts what they have left."""
        self._stopping.set()
        if self._process is not None:
            self._process.terminate()
        self._thread.join(GRACE)
        if self._process is not None and self._process.poll() is None:
            self._process.kill()

    def _watch(self) -> None:
        deaths = 0
        while not self._stopping.is_set():
            started = time.monotonic()
            with _no_fork:
                self._process = subprocess.Popen(  # noqa: S603 - our own command, no shell
                    [sys.executable, "-m", "portal.cli", "worker", f"--parent={os.getpid()}"],
                    stdin=subprocess.DEVNULL,
                    start_new_session=True,
                )
            if self._stopping.is_set():
                self._process.terminate()
            code = self._process.wait()
            if self._stopping.is_set():
                return
            deaths = 0 if time.monotonic() - started > _CALM else deaths + 1
            with _no_fork:
                log.warning("background worker ended", code=code)
            self._stopping.wait(min(0.2 * 2**deaths, _LONGEST_PAUSE))


def _greet(settings: Settings, host: str, port: int, has_demo: bool) -> None:
    """Say where the site is once it answers, and who can sign in to the demo."""
    reached = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104
    has_answered = False
    while not has_answered:
        time.sleep(0.05)
        with _no_fork:
            has_answered = _answers(reached, port)
    with _no_fork:
        _print_greeting(settings, has_demo)


def _print_greeting(settings: Settings, has_demo: bool) -> None:
    console = Console(highlight=False)
    console.print(f"Offer Portal · 算力供应台: {settings.public_origin}", soft_wrap=True)
    if has_demo:
        table = Table(title=f"Demo sign-ins · 演示账号: {settings.public_origin}/sign-in")
        table.add_column("E-mail · 邮箱")
        table.add_column("Role · 角色")
        table.add_column("Password · 密码")
        for email, role in DEMO_PEOPLE:
            table.add_row(email, role, settings.demo_password)
        console.print(table)
    sys.stdout.flush()


def _answers(host: str, port: int) -> bool:
    connection = http.client.HTTPConnection(host, port, timeout=2)
    try:
        connection.request("GET", "/healthz", headers={"Host": "127.0.0.1"})
        return connection.getresponse().status == http.HTTPStatus.OK
    except OSError:
        return False
    finally:
        connection.close()


def public_settings(settings: Settings, host: str, port: int) -> Settings:
    """The settings with the public origin filled in from host and port where it is not set.

    The processes that are started read it from the environment.

    Raises:
        CannotServe: it listens everywhere and no origin is set.
    """
    if "PORTAL_PUBLIC_ORIGIN" in os.environ:
        return settings
    os.environ["PORTAL_PUBLIC_ORIGIN"] = origin_of(host, port)
    try:
        return config.settings_from(os.environ)
    except SettingError as error:
        raise CannotServe(f"{host} is no address to listen on.") from error
