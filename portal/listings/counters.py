"""Columns that upper features keep on listings, written in bulk.

Nothing here touches `version` or `updated_at`: the seller changed nothing.
"""

import json
from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any, Final

from sqlalchemy import bindparam, select, update
from sqlalchemy.orm import Session

from portal.extensions import db
from portal.listings.models import Listing

RECENT_DAYS: Final = 14
"""How many marketplace days `views_recent` holds."""


def record_views(session: Session, views: Mapping[int, Mapping[date, int]]) -> None:
    """Add human views to listings' counters in the running transaction.

    Args:
        session: of the running transaction.
        views: listing id → marketplace day → views to add; listings that are gone are passed over.
    """
    if not views:
        return
    rows = session.execute(
        select(Listing.id, Listing.views_recent, Listing.views_day)
        .where(Listing.id.in_(views))
        .order_by(Listing.id)  # always in this order: two writers cannot wait for each other
        .with_for_update()
    ).all()
    changes = [
        _change(row.id, json.loads(row.views_recent), row.views_day, views[row.id]) for row in rows
    ]
    if changes:
        session.connection().execute(_ADD, changes)


_ADD: Final = (
    update(Listing)
    .where(Listing.id == bindparam("listing"))
    .values(
        views_total=Listing.views_total + bindparam("more"),
        views_recent=bindparam("recent"),
        views_day=bindparam("last_day"),
        counters_version=Listing.counters_version + 1,
    )
)


def _change(
    listing_id: int, recent: list[int], last_day: date | None, more: Mapping[date, int]
) -> dict[str, Any]:
    newest = max(more) if last_day is None else max(last_day, *more)
    counts = shifted(recent, last_day, newest)
    for day, count in more.items():
        age = (newest - day).days
        if age < RECENT_DAYS:
            counts[-1 - age] += count
    return {
        "listing": listing_id,
        "more": sum(more.values()),
        "recent": json.dumps(counts, separators=(",", ":")),
        "last_day": newest,
    }


def shifted(recent: list[int], last_day: date | None, until: date) -> list[int]:
    """The 14 daily counts up to `until`, from those kept up to `last_day` (None: none kept)."""
    by_day = (
        {last_day - timedelta(days=age): count for age, count in enumerate(reversed(recent))}
        if last_day
        else {}
    )
    days = [until - timedelta(days=age) for age in reversed(range(RECENT_DAYS))]
    return [by_day.get(day, 0) for day in days]


def record_inquiry(session: Session, listing_id: int) -> None:
    """Count one inquiry about a listing in the running transaction."""
    session.execute(
        update(Listing)
        .where(Listing.id == listing_id)
        .values(
            inquiries_total=Listing.inquiries_total + 1,
            counters_version=Listing.counters_version + 1,
        )
        .execution_options(synchronize_session=False)
    )


def providers_of(session: Session, listing_ids: set[int]) -> dict[int, int]:
    """Listing id → provider id, for those listings that exist."""
    rows = session.execute(
        select(Listing.id, Listing.provider_id).where(Listing.id.in_(listing_ids))
    )
    return {row.id: row.provider_id for row in rows}


def provider_of(listing_id: int) -> int | None:
    """Whose listing this is; None where there is none."""
    return db.session.scalar(select(Listing.provider_id).where(Listing.id == listing_id))
