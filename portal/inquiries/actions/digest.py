"""The morning's mail to those who lead the sellers: what is overdue, nobody's, or due today.

Once a provider's working day, when it opens or at the first run after it; not at all where nothing
waits. That a provider was looked at today is an audit row written with the mails; a mail's key is
made of provider, day and person besides.
"""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any, Final

from sqlalchemy import Select, func, or_, select
from sqlalchemy.orm import Session

from portal import clock
from portal.accounts.models import Person, PersonRole, Provider
from portal.audit.actions import record
from portal.audit.models import AuditEntry
from portal.database import transaction
from portal.digests import digest_of
from portal.extensions import db
from portal.inquiries.actions.threads import hours_of
from portal.inquiries.models import Desk, Inquiry, InquiryCount
from portal.inquiries.vocabulary import Stage
from portal.inquiries.workhours import WHOLE_DAY, WorkHours, moment_at
from portal.mail.actions import post
from portal.permissions import Role

MOST_NAMED: Final = 10
"""Threads that one mail names; of the others it tells the number."""
_ACT: Final = "inquiry.digest"
_KEY_LENGTH: Final = 32


def send_digests() -> int:
    """Write to the managers of every provider whose working day has begun; returns how many mails."""
    return sum(_look(provider_id) for provider_id in _with_managers())


def _managers() -> Select[int, str, str, int | None]:
    """Who gets the mail, and nobody else: active managers who have not declined mails."""
    return (
        select(Person.id, Person.email, Person.language, Person.provider_id)
        .join(PersonRole, PersonRole.person_id == Person.id)
        .where(
            PersonRole.role == Role.MANAGER.value,
            Person.is_active,
            Person.notices != "none",
        )
        .order_by(Person.id)
    )


def _with_managers() -> Sequence[int]:
    """Providers that have a desk and a manager, and were not looked at today."""
    people = _managers().order_by(None).subquery()
    rows = db.session.execute(
        select(Provider.id, Provider.timezone)
        .join(Desk, Desk.provider_id == Provider.id)
        .where(Provider.id.in_(select(people.c.provider_id)))
        .order_by(Provider.id)
    ).all()
    wanted = [
        row.id
        for row in rows
        if not db.session.scalar(select(_was_looked_at(row.id, _midnight(row.timezone))))
    ]
    db.session.rollback()
    return wanted


def _midnight(zone: str) -> int:
    return moment_at(zone, clock.today_in(zone), 0)


def _was_looked_at(provider_id: int, since: int) -> Any:
    return (
        select(AuditEntry.id)
        .where(
            AuditEntry.subject == "provider",
            AuditEntry.subject_id == provider_id,
            AuditEntry.act == _ACT,
            AuditEntry.at >= since,
        )
        .exists()
    )


def _look(provider_id: int) -> int:
    desk = db.session.get_one(Desk, provider_id)
    hours = hours_of(db.session(), desk)
    db.session.rollback()
    today = clock.today_in(hours.zone)
    if not hours.is_workday(today) or clock.now() < hours.opening(today):
        return 0
    with transaction() as session:
        # Held until the end: of two workers the second finds that it is done.
        session.execute(select(Provider.id).where(Provider.id == provider_id).with_for_update())
        if session.scalar(select(_was_looked_at(provider_id, _midnight(hours.zone)))):
            return 0
        facts = _numbers(session, provider_id, hours, today)
        record(
            session,
            _ACT,
            subject="provider",
            subject_id=provider_id,
            person_id=None,
            provider_id=provider_id,
            changes={"day": today.isoformat(), **facts},
        )
        if not any(facts.values()):
            return 0
        lines = _lines(session, provider_id, hours, today)
        return _write(session, provider_id, today, {**facts, "threads": lines})


def _ends(hours: WorkHours, today: date) -> int:
    return moment_at(hours.zone, today, WHOLE_DAY)


def _numbers(session: Session, provider_id: int, hours: WorkHours, today: date) -> dict[str, int]:
    """Threads that are overdue, that become due today, and open ones that nobody has."""

    def waiting(*where: Any) -> int:
        found = select(func.count()).where(
            Inquiry.provider_id == provider_id,
            Inquiry.stage == Stage.US.value,
            Inquiry.due_at.is_not(None),
            *where,
        )
        return session.scalar(found) or 0

    now = clock.now()
    nobodys = select(func.sum(InquiryCount.inquiries)).where(
        InquiryCount.provider_id == provider_id,
        InquiryCount.assignee_id == 0,
        InquiryCount.stage.in_([Stage.US.value, Stage.BUYER.value]),
    )
    return {
        "overdue": waiting(Inquiry.rank < now),
        "due_today": waiting(Inquiry.rank >= now, Inquiry.rank < _ends(hours, today)),
        "unassigned": int(session.scalar(nobodys) or 0),
    }


def _lines(
    session: Session, provider_id: int, hours: WorkHours, today: date
) -> list[dict[str, Any]]:
    """The most urgent threads of those that the numbers speak of and that wait for us."""
    is_meant = or_(Inquiry.rank < _ends(hours, today), Inquiry.assignee_id.is_(None))
    rows = session.execute(
        select(
            Inquiry.id,
            Inquiry.name,
            Inquiry.company,
            Inquiry.listing_then["title"].as_string().label("title"),
            Inquiry.due_at,
            Person.name.label("seller"),
        )
        .outerjoin(Person, Person.id == Inquiry.assignee_id)
        .where(
            Inquiry.provider_id == provider_id,
            Inquiry.stage == Stage.US.value,
            Inquiry.due_at.is_not(None),
            is_meant,
        )
        .order_by(Inquiry.rank, Inquiry.id)
        .limit(MOST_NAMED)
    )
    zone = clock.zone_of(hours.zone)
    return [
        {
            "id": row.id,
            "name": row.name,
            "company": row.company,
            "title": row.title,
            "seller": row.seller,
            "due": f"{datetime.fromtimestamp(row.due_at, zone):%Y-%m-%d %H:%M}",
            "is_overdue": row.due_at < clock.now(),
        }
        for row in rows
    ]


def _write(session: Session, provider_id: int, today: date, context: dict[str, Any]) -> int:
    people = session.execute(_managers().where(Person.provider_id == provider_id)).all()
    for person in people:
        post(
            session,
            to=person.email,
            template="inquiry_daily",
            language=person.language,
            context=context,
            notice_of=person.id,
            key=digest_of(f"{_ACT}:{provider_id}:{today}:{person.id}")[:_KEY_LENGTH],
        )
    return len(people)
