"""A server of our own on a free port, and readers that load it over real connections."""

import http.client
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

START_SECONDS: Final = 30.0
STOP_SECONDS: Final = 20.0
BROWSER: Final = (
    "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0"
)


@dataclass(frozen=True)
class Server:
    """A running `portal serve`: its port on loopback and its supervisor's process id."""

    port: int
    pid: int


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def serving(data_dir: Path, **environment: str) -> Iterator[Server]:
    """Serve the data in `data_dir` with two workers until the block ends."""
    port = _free_port()
    command = [sys.executable, "-m", "portal.cli", "serve", f"--port={port}", "--workers=2"]
    process = subprocess.Popen(
        command,
        env={**os.environ, "PORTAL_DATA_DIR": str(data_dir), **environment},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        _await_answer(port)
        yield Server(port, process.pid)
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _await_answer(port: int) -> None:
    until = time.monotonic() + START_SECONDS
    while time.monotonic() < until:
        try:
            status, _body = request(port, "GET", "/healthz")
        except OSError:
            time.sleep(0.05)
        else:
            if status == 200:
                return
    raise RuntimeError("the server did not answer in time")


def request(
    port: int, method: str, path: str, body: bytes | None = None, agent: str = BROWSER
) -> tuple[int, bytes]:
    """One request on a connection of its own: status and body."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        headers = {"User-Agent": agent}
        if body is not None:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        connection.request(method, path, body, headers)
        answer = connection.getresponse()
        return answer.status, answer.read()
    finally:
        connection.close()


def answers_a_second(port: int, path: str, *, seconds: float, readers: int) -> float:
    """How many answers `readers` kept-alive connections get a second, each asking in a loop."""
    counts = [0] * readers
    until = time.monotonic() + seconds

    def read(number: int) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
        while time.monotonic() < until:
            connection.request("GET", path, headers={"User-Agent": BROWSER})
            answer = connection.getresponse()
            answer.read()
            if answer.status != 200:
                raise RuntimeError(f"{path} answered {answer.status}")
            counts[number] += 1
        connection.close()

    in_parallel(readers, read)
    return sum(counts) / seconds


def in_parallel(number: int, work: Callable[[int], None]) -> None:
    """Run `work(0)` ... `work(number - 1)` in threads and wait for all of them."""
    threads = [threading.Thread(target=work, args=(each,)) for each in range(number)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def children_of(pid: int) -> list[int]:
    """All living descendants of a process (Linux)."""
    found: list[int] = []
    try:
        direct = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    except OSError:
        return found
    for child in map(int, direct):
        found += [child, *children_of(child)]
    return found
