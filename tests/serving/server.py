"""A real `portal serve` for tests: started on a free port, stopped, or killed."""

import ctypes
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from flask import Flask

from portal.config import Settings, database_url
from tests.conftest import dispose, migrated_app

START_SECONDS: Final = 60.0
STOP_SECONDS: Final = 30.0
_libc: Final = ctypes.CDLL(None)
Seed = Callable[[Flask], None]


def free_port() -> int:
    """A TCP port of the loopback that nobody listens on."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


def until(what: Callable[[], object], seconds: float = 10.0, pause: float = 0.02) -> None:
    """Wait until `what()` is true, at most `seconds`."""
    deadline = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < deadline, f"not within {seconds} s"
        time.sleep(pause)


def children_of(pid: int) -> list[int]:
    """Ids of the living processes that a process has started."""
    found = Path(f"/proc/{pid}/task/{pid}/children")
    own = [int(child) for child in found.read_text().split()]
    # Started by another thread of it: those are listed under that thread.
    for task in Path(f"/proc/{pid}/task").iterdir():
        if task.name != str(pid):
            own += [int(child) for child in (task / "children").read_text().split()]
    return own


def command_of(pid: int) -> str:
    """The command line of a process, empty when it is gone."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode()
    except OSError:
        return ""


def is_alive(pid: int) -> bool:
    """Whether a process runs (a zombie does not)."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def _end_with_the_tests() -> None:
    """In the server: be stopped when the tests themselves are killed."""
    _libc.prctl(1, signal.SIGTERM)  # PR_SET_PDEATHSIG


class Server:
    """One `portal serve` with its web workers and its background worker."""

    def __init__(self, settings: Settings, *, workers: int = 2, **environment: str) -> None:
        self.settings = settings
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.log = settings.data_dir / "serve.log"
        self._workers = workers
        kept = {name: text for name, text in os.environ.items() if not name.startswith("PORTAL_")}
        self.environment = {
            **kept,
            "PORTAL_DATA_DIR": str(settings.data_dir),
            "PORTAL_DATABASE_URL": database_url(settings),
            **environment,
        }
        self.process: subprocess.Popen[bytes] | None = None

    def command(self, *words: str) -> list[str]:
        """A `portal` command line."""
        return [sys.executable, "-m", "portal.cli", *words]

    def start(self) -> None:
        """Start it and wait until it answers."""
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                self.command("serve", f"--port={self.port}", f"--workers={self._workers}"),
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                preexec_fn=_end_with_the_tests,  # noqa: PLW1509 - one call into the kernel
            )
        deadline = time.monotonic() + START_SECONDS
        while not self.answers():
            has_ended = self.process.poll() is not None
            if has_ended or time.monotonic() > deadline:
                self.kill()
                raise AssertionError(f"the server did not start:\n{self.output()[-4000:]}")
            time.sleep(0.05)

    @property
    def pid(self) -> int:
        """Of the supervisor."""
        assert self.process is not None
        return self.process.pid

    def web_workers(self) -> list[int]:
        """Process ids of the web workers."""
        return [pid for pid in children_of(self.pid) if " serve " in command_of(pid)]

    def background_workers(self) -> list[int]:
        """Process id of the background worker; empty while it is being replaced."""
        return [pid for pid in children_of(self.pid) if " worker " in command_of(pid)]

    def answers(self) -> bool:
        """Whether /healthz answers."""
        try:
            with urllib.request.urlopen(f"{self.url}/healthz", timeout=2) as answer:
                return bool(answer.status == 200)
        except OSError:
            return False

    def output(self) -> str:
        """All that it has printed."""
        return self.log.read_text(errors="replace")

    def stop(self) -> int:
        """Stop it as an operator does; returns its exit code."""
        assert self.process is not None
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        try:
            return self.process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self.kill()
            raise

    def kill(self) -> None:
        """Kill -9 the supervisor."""
        assert self.process is not None
        self.process.kill()
        self.process.wait()


@contextmanager
def running(
    settings: Settings, seed: Seed | None = None, *, workers: int = 2, **environment: str
) -> Iterator[Server]:
    """A server on an empty database with all tables; it is stopped at the end.

    Args:
        settings: from `tests.conftest.settings_for`.
        seed: fills the database first; called in the application's context.
        workers: web processes.
        environment: further PORTAL_... variables.
    """
    app = migrated_app(settings)
    try:
        if seed is not None:
            with app.app_context():
                seed(app)
    finally:
        dispose(app)
    server = Server(settings, workers=workers, **environment)
    server.start()
    try:
        yield server
    finally:
        server.stop()
