"""Threads of a desk worked through some at a time.

Writers wait a moment only, and whoever is killed in the middle leaves the rest to the next run.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import Final

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from portal.database import transaction
from portal.extensions import db
from portal.inquiries.actions.threads import touch
from portal.inquiries.models import Inquiry

_AT_ONCE: Final = 100


def each_due(
    is_due: Callable[[], ColumnElement[bool]],
    act: Callable[[Session, Inquiry], None],
    at_once: int,
) -> int:
    """Do something to every thread that is due, after which it is due no more; how many it were.

    A thread that somebody writes in right now is left to the next run.

    Args:
        is_due: a condition on the table, as of now.
        act: in a transaction, the thread locked.
        at_once: threads a transaction.
    """
    concerned = db.session.scalars(select(Inquiry.provider_id).where(is_due()).distinct()).all()
    db.session.rollback()
    total = 0
    for provider_id in concerned:
        while done := _some(provider_id, is_due(), act, at_once):
            total += done
    return total


def _some(
    provider_id: int,
    is_due: ColumnElement[bool],
    act: Callable[[Session, Inquiry], None],
    at_once: int,
) -> int:
    with transaction() as session:
        threads = session.scalars(
            select(Inquiry)
            .where(Inquiry.provider_id == provider_id, is_due)
            .order_by(Inquiry.id)
            .limit(at_once)
            .with_for_update(skip_locked=True)
            .execution_options(populate_existing=True)
        ).all()
        for thread in threads:
            act(session, thread)
        if threads:
            session.flush()
            touch(session, provider_id)
        return len(threads)


def ids_of(provider_id: int, *where: ColumnElement[bool]) -> Iterator[Sequence[int]]:
    """The ids of the provider's threads that meet all of `where`, some at a time, no read open."""
    last = 0
    while True:
        ids = db.session.scalars(
            select(Inquiry.id)
            .where(Inquiry.provider_id == provider_id, *where, Inquiry.id > last)
            .order_by(Inquiry.id)
            .limit(_AT_ONCE)
        ).all()
        db.session.rollback()
        if not ids:
            return
        yield ids
        last = ids[-1]
