"""Forgetting what counting no longer needs."""

from pathlib import Path
from typing import Final

from sqlalchemy import delete

from portal import clock
from portal.clock import DAY
from portal.database import rows_changed, transaction
from portal.statistics.models import RecentVisitor, UsedToken
from portal.statistics.visitors import destroy_old_salts

# A day more than a token lives: a spool may be drained late.
_NONCES_KEPT: Final = 2 * DAY


def purge(salts: Path) -> int:
    """Delete visitors and tokens that can match nothing any more, and old days' salts.

    Args:
        salts: folder of the salts.

    Returns:
        How many rows went.
    """
    now = clock.now()
    destroy_old_salts(salts)
    with transaction() as session:
        visitors = rows_changed(session, delete(RecentVisitor).where(RecentVisitor.at < now - DAY))
        old = UsedToken.at < now - _NONCES_KEPT
        return visitors + rows_changed(session, delete(UsedToken).where(old))
