"""The spool: views as lines of a file of this process's own, cheap to write, counted later.

A line is acknowledged once the kernel has it, so killing the process loses none; a power cut loses
at most what the drainer had not counted yet (a second's worth). The process holds a lock on its
file for as long as it lives: a file whose lock is free has no writer any more.
"""

import fcntl
import os
import secrets
import time
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from threading import Lock
from typing import Final

ROTATE_BYTES: Final = 16 * 1024 * 1024
ROTATE_SECONDS: Final = 3600
SERVED, LOOKED = "s", "l"
"""The page was sent; the page in a browser said that somebody looks at it."""
_FIELDS: Final = 9


class SpoolError(OSError):
    """The view could not be written down (disk full): it must not be acknowledged."""


@dataclass(frozen=True, slots=True)
class Hit:
    """One view as it was met, not yet judged against earlier ones."""

    kind: str
    """SERVED or LOOKED."""
    at: int
    """UTC seconds."""
    listing_id: int
    provider_id: int = 0
    """0: not known where it was written."""
    looker: str = "human"
    """`human`, `robot`, `preview` or `staff`."""
    visitor: str = ""
    """Hash of who looked, under today's salt."""
    visitor_before: str = ""
    """The same under yesterday's salt, in the first half hour of a day."""
    nonce: str = ""
    """Of the page's token."""

    def line(self) -> bytes:
        """The hit as one line of bytes, its checksum first."""
        body = (
            f"{self.kind}\t{self.at}\t{self.listing_id}\t{self.provider_id}\t{self.looker}"
            f"\t{self.visitor}\t{self.visitor_before}\t{self.nonce}"
        ).encode()
        return b"%08x\t%b\n" % (zlib.crc32(body), body)


def hit_of(line: bytes) -> Hit | None:
    """The hit in a line (without its line end), None when the line is damaged."""
    checksum, _tab, body = line.partition(b"\t")
    if checksum != b"%08x" % zlib.crc32(body):
        return None
    fields = body.decode().split("\t")
    if len(fields) != _FIELDS - 1:
        return None
    kind, at, listing_id, provider_id, looker, visitor, before, nonce = fields
    return Hit(kind, int(at), int(listing_id), int(provider_id), looker, visitor, before, nonce)


class Spool:
    """This process's end of the spool folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._lock = Lock()
        self._file = -1
        self._owner = 0
        self._size = 0
        self._opened = 0.0

    def append(self, hit: Hit) -> None:
        """Write one hit; when this returns, killing the process does not lose it.

        Raises:
            SpoolError: there is no room, or the folder cannot be written.
        """
        line = hit.line()
        with self._lock:
            try:
                self._write(line)
            except OSError as error:
                raise SpoolError(error.errno, error.strerror) from error

    def _write(self, line: bytes) -> None:
        if self._owner != os.getpid() or self._is_old():
            self._open()
        written = os.write(self._file, line)
        if written == len(line):
            self._size += written
            return
        # The disk is full in the middle of a line: take the part back, or leave it as the torn
        # end of a file that nobody writes to any more.
        try:
            os.ftruncate(self._file, self._size)
        except OSError:
            self.close()
        raise OSError(28, "No space left on device")

    def _is_old(self) -> bool:
        return self._size >= ROTATE_BYTES or time.monotonic() - self._opened >= ROTATE_SECONDS

    def _open(self) -> None:
        self.close()
        self.folder.mkdir(parents=True, exist_ok=True)
        name = f"{int(time.time())}-{os.getpid()}-{secrets.token_hex(4)}"
        unlocked, path = self.folder / f"{name}.new", self.folder / f"{name}.log"
        file = os.open(unlocked, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_EXCL, 0o600)
        # Locked before it has its name: the drainer never meets a living file without its lock.
        fcntl.flock(file, fcntl.LOCK_EX)
        unlocked.rename(path)
        self._file, self._owner, self._size = file, os.getpid(), 0
        self._opened = time.monotonic()

    def close(self) -> None:
        """Let go of the file; the drainer counts what is left in it and removes it."""
        if self._file >= 0:
            os.close(self._file)  # in a forked child this leaves the parent's lock alone
        self._file, self._owner = -1, 0


@lru_cache(maxsize=8)
def spool_in(folder: Path) -> Spool:
    """The one spool that this process writes in `folder`."""
    return Spool(folder)


@dataclass(frozen=True)
class Chunk:
    """Whole lines of a file from some offset on."""

    hits: list[Hit]
    end: int
    """Offset in bytes behind the last whole line."""
    damaged: int
    """Lines whose checksum did not hold."""


def read_chunk(path: Path, offset: int, most_hits: int, most_bytes: int = 1 << 20) -> Chunk:
    """Read up to `most_hits` whole lines behind `offset` (bytes); a torn end is left unread."""
    with path.open("rb") as file:
        file.seek(offset)
        content = file.read(most_bytes)
    lines = content.split(b"\n")[:-1][:most_hits]
    hits = [hit_of(line) for line in lines]
    found = [hit for hit in hits if hit is not None]
    end = offset + sum(len(line) + 1 for line in lines)
    return Chunk(found, end, len(lines) - len(found))


def files_in(folder: Path) -> Iterator[Path]:
    """The spool files, oldest first."""
    yield from sorted(folder.glob("*.log"))


def has_writer(path: Path) -> bool:
    """Whether the process that writes this file is alive: it holds the file's lock."""
    with path.open("rb") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except OSError:
            return True
        return False
