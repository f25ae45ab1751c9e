"""A server of our own on a free port, and readers that load it over real connections."""

import http.client
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from portal.config import Settings
from tests.serving.server import Server, running

BROWSER: Final = (
    "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0"
)


@contextmanager
def serving(data_dir: Path, **environment: str) -> Iterator[Server]:
    """Serve the data in `data_dir` with two workers until the block ends."""
    with running(Settings(data_dir=data_dir), workers=2, **environment) as server:
        yield server


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
