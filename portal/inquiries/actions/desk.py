"""How a provider's desk works, settled by those who lead it; deadlines follow a changed rule."""

from collections.abc import Mapping, Sequence
from itertools import groupby
from typing import Any, Final

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from portal.audit.actions import record
from portal.database import transaction
from portal.extensions import db
from portal.inquiries import retention, turns
from portal.inquiries.actions.batches import ids_of
from portal.inquiries.actions.threads import COUNTS, hours_of, touch
from portal.inquiries.models import Desk, Inquiry, InquiryCount, Message
from portal.inquiries.vocabulary import Stage
from portal.jobs.actions import enqueue
from portal.mail.models import Mail

RECKON: Final = "inquiries.reckon"
"""The kind of job that works deadlines out anew: of one provider, or once a day of all."""
FEW: Final = 200
"""Up to so many open threads have their new deadlines before the page comes back."""
_WAITING: Final = (Stage.US.value, Stage.SNOOZED.value)
_OF_TIME: Final = frozenset(
    {"answer_minutes", "opens_at", "closes_at", "working_days", "keeps_holidays"}
)
_OF_KEEPING: Final = "keeps_personal_days"


def settle_desk(provider_id: int, wanted: Mapping[str, Any], *, by: int) -> bool:
    """Settle how the desk works; open threads get the deadlines that follow from it.

    The new deadlines are worked out after the settings are in force, thread by thread and by a job:
    whoever writes into a thread meanwhile waits for no one, and goes by the new settings already.
    Where few threads wait, that is done before this returns.

    Args:
        provider_id: whose desk.
        wanted: columns of Desk with their new values.
        by: the person.

    Returns:
        False: it was so already.
    """
    with transaction() as session:
        desk = touch(session, provider_id)
        changes = {
            name: [getattr(desk, name), value]
            for name, value in wanted.items()
            if getattr(desk, name) != value
        }
        if not changes:
            return False
        for name in changes:
            setattr(desk, name, wanted[name])
        record(
            session,
            "inquiry.settle-desk",
            subject="provider",
            subject_id=provider_id,
            person_id=by,
            provider_id=provider_id,
            changes=changes,
        )
        has_work = bool((_OF_TIME | {_OF_KEEPING}) & set(changes))
        if has_work:
            enqueue(session, RECKON, {"provider": provider_id})
        are_few = _waiting(session, provider_id) <= FEW
    if are_few and _OF_TIME & set(changes):
        # The job finds nothing left to do then.
        _reckon_deadlines(provider_id)
    return True


def _waiting(session: Session, provider_id: int) -> int:
    found = session.scalar(
        select(func.sum(InquiryCount.inquiries)).where(
            InquiryCount.provider_id == provider_id, InquiryCount.stage.in_(_WAITING)
        )
    )
    return int(found or 0)


def reckon(payload: Mapping[str, Any]) -> None:
    """Work out deadlines and ends of keeping anew; may run twice, and goes on where it was cut off.

    Once a day for all providers: holidays of a further year become known with an update, and
    threads that an upgrade brought along have no deadline yet.
    """
    provider_id = payload.get("provider")
    if provider_id is not None:
        _reckon_deadlines(provider_id)
        _reckon_keeping(provider_id)
        return
    waiting = select(InquiryCount.provider_id).where(
        InquiryCount.stage.in_(_WAITING), InquiryCount.inquiries > 0
    )
    ids = db.session.scalars(waiting.distinct().order_by(InquiryCount.provider_id)).all()
    db.session.rollback()
    for one in ids:
        _reckon_deadlines(one)


def _reckon_deadlines(provider_id: int) -> None:
    for ids in ids_of(provider_id, Inquiry.stage.in_(_WAITING)):
        _reckon_some(provider_id, ids)


def _reckon_some(provider_id: int, ids: Sequence[int]) -> None:
    with transaction() as session:
        threads = _locked(session, ids, Inquiry.stage.in_(_WAITING))
        said = session.execute(
            select(
                Message.inquiry_id,
                Message.id,
                Message.author,
                Message.person_id,
                Message.created_at,
            )
            .outerjoin(Mail, Mail.id == Message.mail_id)
            .where(Message.inquiry_id.in_(list(threads)), COUNTS)
            .order_by(Message.inquiry_id, Message.id)
        ).all()
        desk = _desk(session, provider_id)
        hours = hours_of(session, desk)
        for thread_id, messages in groupby(said, key=lambda row: int(row.inquiry_id)):
            turns.settle(threads[thread_id], list(messages), hours, desk.answer_minutes)
        if session.dirty and any(session.is_modified(one) for one in threads.values()):
            touch(session, provider_id)


def _desk(session: Session, provider_id: int) -> Desk:
    """The desk, locked after its threads as every writer does; not told of anything yet."""
    return session.scalars(
        select(Desk)
        .where(Desk.provider_id == provider_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).one()


def _locked(session: Session, ids: Sequence[int], *where: Any) -> dict[int, Inquiry]:
    found = session.scalars(
        select(Inquiry)
        .where(Inquiry.id.in_(ids), *where)
        .order_by(Inquiry.id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    return {thread.id: thread for thread in found}


def _reckon_keeping(provider_id: int) -> None:
    """When the personal data of closed threads goes, by the desk's present number of days."""
    for ids in ids_of(provider_id, Inquiry.forget_at.is_not(None)):
        with transaction() as session:
            threads = _locked(session, ids, Inquiry.forget_at.is_not(None))
            wishes = retention.wishes_of(session, ids)
            days = _desk(session, provider_id).keeps_personal_days
            for thread in threads.values():
                thread.forget_at = retention.moment(thread, days, wishes.get(thread.id))
