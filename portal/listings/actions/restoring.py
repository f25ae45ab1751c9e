"""Bringing back what a listing said at an earlier version, as a new one."""

from dataclasses import dataclass, replace

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from portal import clock
from portal.database import Missing, transaction
from portal.listings.actions.saving import Saved, save
from portal.listings.content import Content
from portal.listings.models import Image, Revision
from portal.listings.whole import locked_whole


class SavedSince(Exception):  # noqa: N818 - an answer, not a fault
    """The listing was saved since its history was looked at; nothing was written."""


@dataclass(frozen=True)
class Restored:
    """What a restoration did.

    Args:
        saved: the save it came to.
        left: parts that could not come back: `valid_until` when that day has passed, `images`
            when a picture is gone for good.
    """

    saved: Saved
    left: tuple[str, ...]


def restore(
    provider_id: int, listing_id: int, earlier: int, version: int, *, by: int | None
) -> Restored:
    """Save the content of an earlier version as a new one.

    Args:
        provider_id: whose listing it must be.
        listing_id: which.
        earlier: the version to bring back.
        version: the newest one, as the reader saw it.
        by: person.

    Raises:
        Missing: there is no such listing of this provider, or no such version of it.
        SavedSince: somebody saved it since.
        NumberTaken: another listing has its own number by now.
    """
    with transaction() as session:
        now = locked_whole(session, provider_id, listing_id)
        if now.row.version != version:
            raise SavedSince
        stored = session.scalar(
            select(Revision.content).where(
                Revision.listing_id == listing_id, Revision.version == earlier
            )
        )
        if stored is None:
            raise Missing
        wanted = Content.from_json(stored, now.content)
        content = _possible(session, listing_id, wanted, now.content)
        saved = save(provider_id, listing_id, content, version, by=by)
        if saved.changed:
            session.execute(
                update(Revision)
                .where(Revision.listing_id == listing_id, Revision.version == saved.version)
                .values(restored_from=earlier)
            )
        left = [name for name in ("valid_until", "images") if _differs(name, wanted, content)]
        return Restored(saved, tuple(left))


def _differs(name: str, wanted: Content, content: Content) -> bool:
    return bool(getattr(wanted, name) != getattr(content, name))


def _possible(session: Session, listing_id: int, wanted: Content, now: Content) -> Content:
    """What can come back: no day that has passed, no picture whose file is gone."""
    if wanted.valid_until and wanted.valid_until < clock.earliest_today():
        wanted = replace(wanted, valid_until=now.valid_until)
    if wanted.images != now.images:
        there = set(session.scalars(select(Image.key).where(Image.kept_for == listing_id)))
        images = tuple(pair for pair in wanted.images if pair[0] in there)
        wanted = replace(wanted, images=images)
    return wanted
