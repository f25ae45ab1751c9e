"""What one sender may send, and what many send alike, held over all processes by rows of one table.

A row stands for a client address, its network, a buyer's mail address or a text, and holds when it
was met within the last day. Nothing stands there in the clear: a row goes by a digest keyed with
the secret key, and is deleted a day after it was last met.
"""

import hashlib
import hmac
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from typing import Final

from sqlalchemy import delete, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from portal import clock
from portal.clock import DAY, MINUTE
from portal.database import rows_changed, transaction
from portal.digests import network_digest
from portal.inquiries.models import Sender


@dataclass(frozen=True)
class Limit:
    """So many within so many seconds."""

    most: int
    seconds: int


CLIENT: Final = (Limit(5, MINUTE), Limit(30, DAY))
"""Of one client address; of IPv6 one /64, which is one subscriber."""
NETWORK: Final = (Limit(20, MINUTE), Limit(200, DAY))
"""Of the addresses around it: an IPv4 /24, an IPv6 /48."""
BUYER: Final = (Limit(10, DAY),)
"""Of one mail address, wherever it is written from."""
ALIKE: Final = 5
"""From this many senders of the same text on within a day, each further copy looks like spam."""
SHORTEST_TELLING: Final = 24
"""Letters and digits; shorter texts ("Is it still available?") are the same by chance."""
_KEPT: Final = 200
"""Moments of one row; no limit needs more."""


class TooMany(Exception):  # noqa: N818 - an answer, not a fault
    """More messages from this sender than a limit allows; `retry_after` is in seconds."""

    def __init__(self, retry_after: int) -> None:
        super().__init__(f"retry after {retry_after} s")
        self.retry_after = retry_after


@dataclass(frozen=True)
class Origin:
    """Where a message came from and what it says, as digests to count it by.

    Each purpose counts apart: who asks much may still write back.
    """

    limited: Mapping[str, tuple[Limit, ...]]
    """Digest → limits that it is held to."""
    text: str | None = None
    """Of the words, where they are compared with what others sent."""
    met: tuple[str, ...] = ()
    """Of the words together with each thing by which this sender is known."""


def origin_of(
    key: str, purpose: str, address: str, *, email: str | None = None, text: str | None = None
) -> Origin:
    """Work out by what a message is counted.

    Args:
        key: the secret key.
        purpose: what is sent, such as `inquiry`.
        address: of the client.
        email: of the buyer, to be limited too.
        text: words to compare with those of other senders.
    """
    limited: dict[str, tuple[Limit, ...]] = {network_digest(key, purpose, address): CLIENT}
    if network := _network(address):
        limited[_keyed(key, f"{purpose}.network", network)] = NETWORK
    if email:
        limited[_keyed(key, f"{purpose}.buyer", email.lower())] = BUYER
    words = _bare(text or "")
    if len(words) < SHORTEST_TELLING:
        return Origin(limited)
    digest = _keyed(key, "text", words)
    who = [network_digest(key, "text", address)]
    if email:
        who.append(_keyed(key, "text.buyer", email.lower()))
    return Origin(limited, digest, tuple(_keyed(key, "text.met", digest + one) for one in who))


def count(session: Session, origin: Origin) -> bool:
    """Count one message in the running transaction.

    All rows are locked by one statement, in the order of their digests: two messages at once count
    each other, and never wait for each other in a circle.

    Returns:
        Whether the same words came from so many senders that they look like spam. One is another
        only if both mail address and client address are: who asks ten providers the same from a
        telephone on the move stays one sender.

    Raises:
        TooMany: a limit is reached; nothing is counted once the transaction is rolled back.
    """
    now = clock.now()
    text = (origin.text,) if origin.text else ()
    met = _lock(session, {*origin.limited, *text, *origin.met}, now)
    waits = [_wait(met[digest], limits, now) for digest, limits in origin.limited.items()]
    if any(waits):
        raise TooMany(max(waits))
    is_known = any(met[digest] for digest in origin.met)
    noted = {*origin.limited, *origin.met, *(() if is_known else text)}
    for digest in sorted(noted):
        met[digest].append(now)
        _note(session, digest, met[digest][-_KEPT:])
    return origin.text is not None and len(met[origin.text]) >= ALIKE


def _lock(session: Session, digests: Iterable[str], now: int) -> dict[str, list[int]]:
    """Make and lock the rows; what each holds of the last day, oldest first."""
    rows = [{"network_digest": one, "moments": [], "last_at": now} for one in sorted(digests)]
    dialect = postgresql if session.get_bind().dialect.name == "postgresql" else sqlite
    meet = dialect.insert(Sender).values(rows)
    meet = meet.on_conflict_do_update(
        index_elements=[Sender.network_digest], set_={"last_at": meet.excluded.last_at}
    )
    found = session.execute(meet.returning(Sender.network_digest, Sender.moments))
    # A moment ahead of the clock (it went back) would never grow old.
    return {digest: [at for at in kept if now - DAY < at <= now] for digest, kept in found}


def _wait(moments: list[int], limits: tuple[Limit, ...], now: int) -> int:
    """Seconds until all of the limits allow one more; 0 when they do."""
    waits = [
        moments[-limit.most] + limit.seconds - now
        for limit in limits
        if len(moments) >= limit.most and moments[-limit.most] > now - limit.seconds
    ]
    return max(waits, default=0)


def _note(session: Session, digest: str, moments: list[int]) -> None:
    session.execute(
        update(Sender).where(Sender.network_digest == digest).values(moments=moments),
        execution_options={"synchronize_session": False},
    )


def purge_senders() -> int:
    """Forget what was not met for a day; returns how many rows."""
    with transaction() as session:
        return rows_changed(session, delete(Sender).where(Sender.last_at < clock.now() - DAY))


def _network(address: str) -> str | None:
    """The addresses around this one that are likely one owner's; None: it is no IP address."""
    try:
        parsed: IPv4Address | IPv6Address = ip_address(address.partition("%")[0])
    except ValueError:
        return None
    if isinstance(parsed, IPv6Address):
        if parsed.ipv4_mapped is None:
            return str(ip_network((int(parsed), 48), strict=False))
        parsed = parsed.ipv4_mapped
    return str(ip_network((int(parsed), 24), strict=False))


def _bare(text: str) -> str:
    """A text's letters and digits, without case and width."""
    folded = unicodedata.normalize("NFKC", text).casefold()
    return "".join(sign for sign in folded if sign.isalnum())


def _keyed(key: str, purpose: str, value: str) -> str:
    message = f"portal.sender:{purpose}:{value}".encode()
    return hmac.new(key.encode(), message, hashlib.sha256).hexdigest()
