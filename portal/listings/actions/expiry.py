"""What time does to listings: their last day passes, and their staff is warned before.

A day is the provider's own (`providers.timezone`). The status is the truth; the worker sets it
within a minute after the provider's midnight. Nothing here touches `version` or `updated_at`.
"""

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any, Final

from sqlalchemy import and_, or_, select, update
from sqlalchemy.orm import Session

from portal import clock
from portal.accounts.models import Provider
from portal.accounts.queries import people_to_tell
from portal.audit.actions import record
from portal.audit.models import AuditEntry
from portal.database import transaction
from portal.digests import digest_of
from portal.extensions import db
from portal.listings.models import Listing, Status
from portal.mail.actions import post
from portal.permissions import Role

WARNED_BEFORE: Final = (7, 1)
"""Days before the last one on which staff is warned."""
MOST_NAMED: Final = 50
"""Offers that one mail names; it counts the others."""
_HOUR_TO_SEND: Final = 8
"""Of the provider's day: a mail at midnight would wake somebody."""
_AT_ONCE: Final = 500
_WARN: Final = "listing.warn"
_KEY_LENGTH: Final = 32


def expire_ended() -> int:
    """Turn live listings whose last day has passed into expired ones; returns how many.

    A few hundred a transaction: other writers wait a few milliseconds, not the whole of it. A
    paused listing stays paused: no buyer sees it, and it is its staff who took it away.
    """
    total = 0
    for zone in _zones_in_use():
        while ended := _expire_some(zone):
            total += ended
    return total


def _zones_in_use() -> Sequence[str]:
    zones = db.session.scalars(select(Provider.timezone).distinct()).all()
    db.session.rollback()
    return zones


def _in_zone(zone: str) -> Any:
    return Listing.provider_id.in_(select(Provider.id).where(Provider.timezone == zone))


def _expire_some(zone: str) -> int:
    is_over = (
        Listing.status == Status.LIVE,
        Listing.valid_until < clock.today_in(zone),
        _in_zone(zone),
    )
    found = db.session.scalar(select(Listing.id).where(*is_over).limit(1))
    db.session.rollback()
    if found is None:
        return 0  # without taking the write lock
    with transaction() as session:
        rows = session.execute(
            select(Listing.id, Listing.provider_id, Listing.valid_until)
            .where(*is_over)
            .order_by(Listing.id)
            .limit(_AT_ONCE)
            .with_for_update()
        ).all()
        session.execute(
            update(Listing)
            .where(Listing.id.in_([row.id for row in rows]))
            .values(status=Status.EXPIRED)
            .execution_options(synchronize_session=False)
        )
        for row in rows:
            record(
                session,
                "listing.expire",
                subject="listing",
                subject_id=row.id,
                person_id=None,
                provider_id=row.provider_id,
                changes={
                    "status": [Status.LIVE, Status.EXPIRED],
                    "valid_until": row.valid_until.isoformat(),
                },
            )
        return len(rows)


def warn_of_ending() -> int:
    """Write to the staff of offers that end in 7 days or in one; returns how many mails.

    Once a provider's day, at its first run: one mail a person for all offers concerned. A later
    last day is warned of again, when it comes near.
    """
    mails = 0
    for zone in _zones_in_use():
        today = clock.today_in(zone)
        for provider_id in _concerned(zone, today):
            mails += _warn(provider_id, zone, today)
    return mails


def _is_ending(zone: str, today: date) -> Any:
    """Which offers are spoken of today.

    One that was saved today with a week to go is passed over: who saved it had the day in view.
    """
    week, last = (today + timedelta(days=days) for days in WARNED_BEFORE)
    saved_before = Listing.updated_at < clock.moment_in(zone, today)
    return and_(
        Listing.status == Status.LIVE,
        or_(
            Listing.valid_until == last,
            and_(Listing.valid_until == week, saved_before),
        ),
    )


def _was_warned(provider_id: Any, zone: str, today: date) -> Any:
    return (
        select(AuditEntry.id)
        .where(
            AuditEntry.subject == "provider",
            AuditEntry.subject_id == provider_id,
            AuditEntry.act == _WARN,
            AuditEntry.at >= clock.moment_in(zone, today),
        )
        .exists()
    )


def _concerned(zone: str, today: date) -> Sequence[int]:
    """Providers that have something to be told today and have not been told."""
    found = db.session.scalars(
        select(Listing.provider_id)
        .where(_is_ending(zone, today), _in_zone(zone))
        .where(~_was_warned(Listing.provider_id, zone, today))
        .distinct()
    ).all()
    db.session.rollback()
    return found


def _warn(provider_id: int, zone: str, today: date) -> int:
    with transaction() as session:
        # Held until the end: of two workers the second finds that it is done.
        session.execute(select(Provider.id).where(Provider.id == provider_id).with_for_update())
        if session.scalar(select(_was_warned(provider_id, zone, today))):
            return 0
        rows = session.execute(
            select(Listing.id, Listing.title, Listing.valid_until)
            .where(_is_ending(zone, today), Listing.provider_id == provider_id)
            .order_by(Listing.valid_until, Listing.id)
        ).all()
        record(
            session,
            _WARN,
            subject="provider",
            subject_id=provider_id,
            person_id=None,
            provider_id=provider_id,
            changes={"day": today.isoformat(), "offers": len(rows)},
        )
        return _write_to_staff(session, provider_id, zone, today, rows) if rows else 0


def _write_to_staff(
    session: Session, provider_id: int, zone: str, today: date, rows: Sequence[Any]
) -> int:
    offers = [
        {
            "id": row.id,
            "title": row.title,
            "day": row.valid_until.isoformat(),
            "days": (row.valid_until - today).days,
        }
        for row in rows[:MOST_NAMED]
    ]
    context = {"count": len(rows), "offers": offers, "more": len(rows) - len(offers)}
    people = session.execute(people_to_tell(provider_id, Role.STAFF)).all()
    for person in people:
        post(
            session,
            to=person.email,
            template="listing_ending",
            language=person.language,
            context=context,
            notice_of=person.id,
            not_before=max(clock.now(), clock.moment_in(zone, today, _HOUR_TO_SEND)),
            key=digest_of(f"{_WARN}:{provider_id}:{today}:{person.email}")[:_KEY_LENGTH],
        )
    return len(people)
