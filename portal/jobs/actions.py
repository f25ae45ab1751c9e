"""Putting jobs in, claiming them under a lease, finishing or failing them."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import ColumnElement, Delete, Update, delete, or_, select, update
from sqlalchemy.orm import Session

from portal import clock
from portal.clock import HOUR, MINUTE
from portal.database import rows_changed, transaction
from portal.extensions import db
from portal.jobs.models import DEAD, QUEUED, Job

LEASE: Final = MINUTE
"""Seconds after which a job whose worker died may be taken by another."""
BACKOFF: Final = (MINUTE, 5 * MINUTE, 30 * MINUTE, 2 * HOUR, 8 * HOUR)
"""Waits after the first, second, ... failure in seconds; after the last the job is dead."""
_LONGEST_ERROR: Final = 1000
_EVERY: Final = "every"


class PermanentFailure(Exception):  # noqa: N818 - a verdict of the handler, not a fault of ours
    """Trying again cannot help; the message is kept for people."""


@dataclass(frozen=True)
class Claim:
    """A job taken by this worker, valid while `fence` is the newest."""

    id: int
    kind: str
    payload: dict[str, Any]
    fence: int
    tries: int


def enqueue(
    session: Session,
    kind: str,
    payload: dict[str, Any],
    *,
    due_at: int | None = None,
    key: str | None = None,
) -> None:
    """Add a job to the running transaction; nothing stays of it if that rolls back.

    Args:
        session: of the running transaction.
        kind: names the handler, such as `mail.send`.
        payload: plain JSON for the handler.
        due_at: earliest start, UTC seconds; None: at once.
        key: with a key that is already there, nothing is added.
    """
    if key is not None and session.scalar(select(Job.id).where(Job.key == key)) is not None:
        return
    now = clock.now()
    session.add(Job(kind=kind, payload=payload, key=key, due_at=due_at or now, created_at=now))


def cancel(session: Session, key: str) -> bool:
    """Take back a job that no worker has ever claimed; False when one has, or there is none."""
    unclaimed = delete(Job).where(Job.key == key, Job.fence == 0, Job.state == QUEUED)
    return bool(rows_changed(session, unclaimed))


def forget(session: Session, key: str) -> None:
    """Remove a job that was given up, so that one of its key can be added anew."""
    session.execute(delete(Job).where(Job.key == key, Job.state == DEAD))


def _is_due(now: int) -> tuple[ColumnElement[bool], ...]:
    # A lease that reaches much further than LEASE was taken before the clock went back. Only much:
    # another worker may have read its clock a moment after we read ours.
    is_free = or_(Job.lease_until < now, Job.lease_until > now + 2 * LEASE)
    return Job.state == QUEUED, Job.due_at <= now, is_free


def claim(kinds: Collection[str]) -> Claim | None:
    """Take the job of these kinds that has been due longest, None when nothing is due."""
    now = clock.now()
    is_due = (*_is_due(now), Job.kind.in_(kinds))
    # Looked for first: taking the write lock of SQLite each time would be in the writers' way.
    waiting = db.session.scalar(select(Job.id).where(*is_due).limit(1))
    db.session.rollback()
    if waiting is None:
        return None
    with transaction() as session:
        job = session.scalars(
            select(Job)
            .where(*is_due)
            .order_by(Job.due_at, Job.id)
            .limit(1)
            .with_for_update(skip_locked=True)
        ).first()
        if job is None:
            return None
        job.lease_until = now + LEASE
        job.fence += 1
        return Claim(job.id, job.kind, job.payload, job.fence, job.tries)


def renew(job: Claim) -> bool:
    """Extend the lease of a job that is still being worked on; False when it was lost."""
    with transaction() as session:
        held = update(Job).where(Job.id == job.id, Job.fence == job.fence)
        return bool(rows_changed(session, held.values(lease_until=clock.now() + LEASE)))


def finish(job: Claim) -> bool:
    """Remove a job that is done, or move a periodic one to its next slot.

    Returns False when the lease was lost: another worker has the job now.
    """
    mine = (Job.id == job.id, Job.fence == job.fence)
    period = job.payload.get(_EVERY)
    statement: Update | Delete = delete(Job).where(*mine)
    if period:
        next_slot = (clock.now() // period + 1) * period
        statement = (
            update(Job).where(*mine).values(due_at=next_slot, lease_until=0, tries=0, error=None)
        )
    with transaction() as session:
        return bool(rows_changed(session, statement))


def fail(job: Claim, error: str, *, is_permanent: bool = False) -> bool:
    """Plan the next try, or give the job up; returns whether it was given up.

    A periodic job is never given up: its next slot may work. With the lease lost nothing changes:
    the job is another worker's.
    """
    period = job.payload.get(_EVERY)
    is_dead = not period and (is_permanent or job.tries >= len(BACKOFF))
    wait = BACKOFF[min(job.tries, len(BACKOFF) - 1)]
    if period:
        wait = min(wait, period)
    with transaction() as session:
        was_mine = rows_changed(
            session,
            update(Job)
            .where(Job.id == job.id, Job.fence == job.fence)
            .values(
                state=DEAD if is_dead else QUEUED,
                tries=job.tries + 1,
                due_at=clock.now() + wait,
                lease_until=0,
                error=error[:_LONGEST_ERROR],
            ),
        )
    return is_dead and bool(was_mine)


def plan_periodic(periods: Mapping[str, int]) -> None:
    """Make sure that each periodic job (kind → period in seconds) has its one row.

    A clock that was set back leaves jobs planned for a time far ahead: they become due now. So
    does a job whose period another release has changed.
    """
    now = clock.now()
    with transaction() as session:
        for kind, period in periods.items():
            enqueue(session, kind, {_EVERY: period}, key=kind)
            planned = session.scalars(select(Job).where(Job.key == kind)).one()
            if planned.payload != {_EVERY: period}:
                planned.payload, planned.due_at = {_EVERY: period}, now
            session.execute(
                update(Job)
                .where(Job.key == kind, Job.due_at > now + period + max(BACKOFF))
                .values(due_at=now)
            )
        session.execute(
            update(Job)
            .where(Job.created_at > now + BACKOFF[0], Job.state == QUEUED)
            .values(due_at=now, created_at=now)
        )
