"""Visitors without cookies: a hash of address and browser under a salt that lives one day.

With the salt destroyed nobody can tell who was behind a hash; addresses are never written down.
"""

import os
import secrets
from datetime import date, timedelta
from functools import lru_cache
from hashlib import blake2b
from pathlib import Path
from typing import Final

from portal import clock
from portal.clock import MINUTE

WINDOW: Final = 30 * MINUTE
"""Seconds within which a second look by the same visitor is no new view."""
_SALT_BYTES: Final = 32
_HASH_BYTES: Final = 12


def hashes_of(folder: Path, at: int, address: str, user_agent: str) -> tuple[str, str]:
    """The visitor's hash under today's salt, and under yesterday's while that still matters.

    Args:
        folder: where the salts of all processes lie.
        at: moment of the look, UTC seconds.
        address: the client's network address.
        user_agent: its User-Agent header.
    """
    today, before = clock.day_of(at), clock.day_of(at - WINDOW)
    salts = _salts_of(folder, frozenset({today, before}))
    now = _hash(salts[today], address, user_agent)
    return now, "" if before == today else _hash(salts[before], address, user_agent)


def _hash(salt: bytes, address: str, user_agent: str) -> str:
    who = f"{address}\n{user_agent}".encode("utf-8", "replace")
    return blake2b(who, key=salt, digest_size=_HASH_BYTES).hexdigest()


# One entry: the salts of days gone by are forgotten here too.
@lru_cache(maxsize=1)
def _salts_of(folder: Path, days: frozenset[date]) -> dict[date, bytes]:
    return {day: _salt(folder, day) for day in days}


def _salt(folder: Path, day: date) -> bytes:
    path = folder / f"{day.isoformat()}.salt"
    try:
        return path.read_bytes()
    except FileNotFoundError:
        folder.mkdir(parents=True, exist_ok=True)
    # Written aside and linked: of several processes one wins, and none reads half a salt.
    own = folder / f"{secrets.token_hex(8)}.new"
    descriptor = os.open(own, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(secrets.token_bytes(_SALT_BYTES))
    try:
        os.link(own, path)
    except FileExistsError:
        pass
    finally:
        own.unlink()
    return path.read_bytes()


def destroy_old_salts(folder: Path) -> int:
    """Remove the salts of days that no window reaches into any more; returns how many."""
    kept = {clock.day_of(clock.now() - WINDOW), clock.today()}
    # A reader whose clock is a little ahead may have made tomorrow's.
    kept.add(clock.today() + timedelta(days=1))
    old = [path for path in folder.glob("*.salt") if path.stem not in {str(day) for day in kept}]
    for path in old:
        path.unlink(missing_ok=True)
    return len(old)
