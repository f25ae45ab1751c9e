"""The cap on what one client address may send, held over all processes by one row an address.

Five messages in any 60 seconds and thirty in any 24 hours, inquiries and write-backs apart; what
comes beyond is refused with the time to wait. The address itself is nowhere kept: its row goes by
a digest keyed with the secret key, and is deleted a day after its last message.
"""

from typing import Final

from sqlalchemy import delete, text
from sqlalchemy.orm import Session

from portal import clock
from portal.clock import DAY, MINUTE
from portal.database import transaction
from portal.inquiries.models import Sender

CAP_A_MINUTE: Final = 5
CAP_A_DAY: Final = 30
_MEET: Final = text(
    "INSERT INTO inquiry_senders (network_digest, moments, last_at) VALUES (:digest, '[]', :now)"
    " ON CONFLICT (network_digest) DO NOTHING"
)


class TooMany(Exception):  # noqa: N818 - an answer, not a fault
    """More messages from this address than the cap allows; `retry_after` is in seconds."""

    def __init__(self, retry_after: int) -> None:
        super().__init__(f"retry after {retry_after} s")
        self.retry_after = retry_after


def hold_cap(session: Session, network_digest: str) -> None:
    """Count one message of this client address in the running transaction.

    The address' row is locked until the transaction ends, so that two at once count each other.

    Raises:
        TooMany: the cap is reached; nothing is counted.
    """
    now = clock.now()
    session.execute(_MEET, {"digest": network_digest, "now": now})
    sender = session.get_one(Sender, network_digest, with_for_update=True, populate_existing=True)
    # A moment ahead of the clock (it went back) would never grow old.
    recent = [moment for moment in sender.moments if now - DAY < moment <= now]
    waits = [
        recent[-cap] + window - now
        for cap, window in ((CAP_A_MINUTE, MINUTE), (CAP_A_DAY, DAY))
        if len(recent) >= cap and recent[-cap] > now - window
    ]
    if waits:
        raise TooMany(max(waits))
    sender.moments = [*recent, now]
    sender.last_at = now
    session.flush()


def purge_senders() -> int:
    """Forget addresses that sent nothing for a day; returns how many."""
    with transaction() as session:
        is_old = Sender.last_at < clock.now() - DAY
        gone = session.execute(delete(Sender).where(is_old).returning(Sender.network_digest))
        return len(gone.all())
