"""What becomes of a listing as a whole: each verb of moves.MOVES one transaction, safe to repeat."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from sqlalchemy import delete as deletion
from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from portal import clock
from portal.accounts.models import Provider
from portal.database import transaction
from portal.listings import media, moves, search
from portal.listings.actions import notices
from portal.listings.actions.saving import audit, locked
from portal.listings.models import Image, Listing, Status
from portal.listings.moves import Move, Standing, Verb

AT_ONCE: Final = clock.MINUTE
"""Seconds within which a second confirmation is the same one, pressed twice."""
WHOLE: Final = "offer"
"""Key of a reason that is about no single part."""


class NotPublishable(Exception):  # noqa: N818 - an answer, not a fault
    """The offer lacks what a buyer must know: `reasons` among place, description, ended, archived."""

    def __init__(self, *reasons: str) -> None:
        super().__init__(", ".join(reasons))
        self.reasons = reasons


class ChangedSince(Exception):  # noqa: N818 - an answer, not a fault
    """The offer is no longer what the reviewer looked at; nothing was written."""


@dataclass(frozen=True)
class Moved:
    """What a verb did; true where it did anything.

    Args:
        before: the listing's status when it was asked.
        after: its status now; None: it is deleted.
        is_changed: whether anything is different now.
    """

    before: Status
    after: Status | None
    is_changed: bool

    def __bool__(self) -> bool:
        return self.is_changed


def publish(
    provider_id: int, listing_id: int, *, by: int | None, may_review: bool = False
) -> Moved:
    """Show the offer to buyers, or hand it in where an admin looks first; see moves.MOVES.

    The first time on the public site sets `published_at`. Handing in clears an earlier rejection.

    Args:
        provider_id: whose listing it must be.
        listing_id: which.
        by: person.
        may_review: whether that person is a reviewer, who needs no other.

    Raises:
        Missing: there is no such listing of this provider.
        NotPublishable: a buyer could not tell what is offered, or its last day has passed.
    """
    with transaction() as session:
        listing = locked(session, provider_id, listing_id)
        standing = _standing(session, listing, may_review=may_review)
        move = moves.find(Verb.PUBLISH, standing) or moves.find(Verb.SUBMIT, standing)
        if move is None and standing.status is not Status.ARCHIVED:
            return _same(standing)
        _refuse_unpublishable(session, listing)
        assert move is not None  # from the archive it was refused
        listing.rejection = None
        if move.verb is Verb.SUBMIT:
            listing.submitted_at = clock.now()
        elif move.begin in {Status.DRAFT, Status.IN_REVIEW}:
            listing.submitted_at = None
        return _moved(session, listing, move, by, version=listing.version)


def approve(provider_id: int, listing_id: int, version: int, *, by: int | None) -> Moved:
    """Let an offer go public as the reviewer saw it, or leave it there; tells who handed it in.

    Args:
        provider_id: whose listing it must be.
        listing_id: which.
        version: the one that the reviewer looked at.
        by: reviewer.

    Raises:
        Missing: there is no such listing of this provider.
        ChangedSince: it was saved meanwhile.
        NotPublishable: its last day has passed.
    """
    with transaction() as session:
        listing = locked(session, provider_id, listing_id)
        standing = _standing(session, listing)
        move = moves.find(Verb.APPROVE, standing)
        if move is None:
            return _same(standing)
        if listing.version != version:
            raise ChangedSince
        if standing.status is not Status.LIVE:
            _refuse_unpublishable(session, listing)
            notices.tell_approved(session, listing)
        listing.submitted_at = listing.rejection = None
        return _moved(session, listing, move, by, version=version)


def reject(
    provider_id: int, listing_id: int, version: int, reasons: Mapping[str, str], *, by: int | None
) -> Moved:
    """Send an offer back as a draft with what is to be changed; tells who handed it in.

    Args:
        provider_id: whose listing it must be.
        listing_id: which.
        version: the one that the reviewer looked at.
        reasons: part (content.PARTS, or WHOLE) → what the reviewer wants changed; at least one.
        by: reviewer.

    Raises:
        Missing: there is no such listing of this provider.
        ChangedSince: it was saved meanwhile.
        ValueError: no reason is given.
    """
    if not reasons:
        raise ValueError("a rejection says why")
    with transaction() as session:
        listing = locked(session, provider_id, listing_id)
        standing = _standing(session, listing)
        move = moves.find(Verb.REJECT, standing)
        if move is None:
            return _same(standing)
        if listing.version != version:
            raise ChangedSince
        listing.rejection, listing.submitted_at = dict(reasons), None
        notices.tell_sent_back(session, listing)
        return _moved(session, listing, move, by, version=version, reasons=sorted(reasons))


def withdraw(provider_id: int, listing_id: int, *, by: int | None) -> Moved:
    """Take the offer off the public site, or out of review, until it is published again.

    Raises:
        Missing: there is no such listing of this provider.
    """
    return _simply(Verb.WITHDRAW, provider_id, listing_id, by)


def archive(provider_id: int, listing_id: int, *, by: int | None) -> Moved:
    """Put the offer away, from wherever it stands; raises as withdraw()."""
    return _simply(Verb.ARCHIVE, provider_id, listing_id, by)


def unarchive(provider_id: int, listing_id: int, *, by: int | None) -> Moved:
    """Take the offer out of the archive, not public yet; raises as withdraw()."""
    return _simply(Verb.UNARCHIVE, provider_id, listing_id, by)


def _simply(verb: Verb, provider_id: int, listing_id: int, by: int | None) -> Moved:
    with transaction() as session:
        listing = locked(session, provider_id, listing_id)
        standing = _standing(session, listing)
        move = moves.find(verb, standing)
        if move is None:
            return _same(standing)
        if move.begin is Status.IN_REVIEW or move.end is Status.ARCHIVED:
            listing.submitted_at = None
        return _moved(session, listing, move, by)


def confirm(provider_id: int, listing_id: int, *, by: int | None) -> Moved:
    """Note that the offer can still be had; changes neither its version nor its last update.

    Raises:
        Missing: there is no such listing of this provider.
    """
    with transaction() as session:
        listing = locked(session, provider_id, listing_id)
        standing = _standing(session, listing)
        now, before = clock.now(), listing.confirmed_at
        is_repeated = before is not None and 0 <= now - before < AT_ONCE
        if is_repeated or moves.find(Verb.CONFIRM, standing) is None:
            return _same(standing)
        listing.confirmed_at = now
        audit(session, "listing.confirm", listing, by, {"confirmed_at": [before, now]})
        return Moved(standing.status, standing.status, is_changed=True)


def delete(provider_id: int, listing_id: int, folder: Path, *, by: int | None) -> Moved:
    """Remove an offer that nobody outside ever saw, with its revisions and pictures, for good.

    Its files go once the rows are gone for sure, so this cannot be part of a larger transaction
    (delete_rows() can). Its audit stays.

    Args:
        provider_id: whose listing it must be.
        listing_id: which.
        folder: the media folder.
        by: person.

    Raises:
        Missing: there is no such listing of this provider.
    """
    with transaction() as session:
        moved, keys = delete_rows(session, provider_id, listing_id, by=by)
    for key in keys:
        media.remove(folder, key)
    return moved


def delete_rows(
    session: Session, provider_id: int, listing_id: int, *, by: int | None
) -> tuple[Moved, Sequence[str]]:
    """As delete(), in the running transaction; returns besides the keys of the pictures.

    Their files are the caller's to remove, once the transaction is committed.
    """
    listing = locked(session, provider_id, listing_id)
    standing = _standing(session, listing)
    if moves.find(Verb.DELETE, standing) is None:
        return _same(standing), ()
    keys = session.scalars(select(Image.key).where(_pictures_of(listing_id))).all()
    facts = {"title": [listing.title, None], "version": [listing.version, None]}
    audit(session, "listing.delete", listing, by, facts)
    search.forget(session, listing_id)
    session.execute(deletion(Image).where(_pictures_of(listing_id)))
    session.flush()
    session.expunge(listing)
    session.execute(deletion(Listing).where(Listing.id == listing_id))
    return Moved(standing.status, None, is_changed=True), keys


def _pictures_of(listing_id: int) -> Any:
    return or_(Image.listing_id == listing_id, Image.kept_for == listing_id)


def _standing(session: Session, listing: Listing, *, may_review: bool = False) -> Standing:
    reviews = session.scalar(
        select(Provider.reviews_listings).where(Provider.id == listing.provider_id)
    )
    return Standing.of(listing, is_reviewed=bool(reviews) and not may_review)


def _refuse_unpublishable(session: Session, listing: Listing) -> None:
    # Title, unit and price (or its being negotiable) are there in every row.
    lacking = [name for name in ("place", "description") if not getattr(listing, name)]
    zone = session.scalars(
        select(Provider.timezone).where(Provider.id == listing.provider_id)
    ).one()
    if listing.has_ended(clock.today_in(zone)):
        lacking.append("ended")
    if listing.status == Status.ARCHIVED:
        lacking.append("archived")
    if lacking:
        raise NotPublishable(*lacking)


def _same(standing: Standing) -> Moved:
    return Moved(standing.status, standing.status, is_changed=False)


def _moved(session: Session, listing: Listing, move: Move, by: int | None, **facts: Any) -> Moved:
    assert move.end is not None
    listing.status = move.end
    if move.end is Status.LIVE and listing.published_at is None:
        listing.published_at = clock.now()
    changes = {"status": [move.begin, move.end], **facts}
    audit(session, f"listing.{move.verb}", listing, by, changes)
    return Moved(move.begin, move.end, is_changed=True)
