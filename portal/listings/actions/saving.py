"""Writing listings: each verb one transaction with its audit row, its revision and its words."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

from sqlalchemy import delete, insert, select
from sqlalchemy.orm import Session, selectinload

from portal import clock
from portal.accounts.models import Provider
from portal.audit.actions import record
from portal.database import Missing, transaction
from portal.digests import digest_of
from portal.listings import media, search
from portal.listings.content import COLUMNS, PARTS, Content, searchable
from portal.listings.merge import Merged, changed_parts, merge
from portal.listings.models import Attribute, Image, Listing, Revision, Status

_MAY_GO_LIVE: Final = frozenset({Status.DRAFT, Status.IN_REVIEW, Status.PAUSED, Status.EXPIRED})
_NONCE_LENGTH: Final = 32
_AUDITED_WHOLE: Final = 200
"""Longer values stand in the audit as their length: the revision holds them whole."""


@dataclass(frozen=True)
class Saved:
    """What a save did.

    Args:
        version: the listing's, now.
        changed: names of the parts that are different now (see content.PARTS).
        taken: names of the parts that somebody else had changed and that were kept.
    """

    version: int
    changed: tuple[str, ...]
    taken: tuple[str, ...] = ()


class Conflict(Exception):  # noqa: N818 - an answer, not a fault
    """Somebody else changed the same parts differently; nothing was written.

    `merged.content` is what the form should now show, `theirs` what stands in the row, `version`
    the row's, `base` what the form was opened with (None: no longer known).
    """

    def __init__(self, base: Content | None, theirs: Content, version: int, merged: Merged) -> None:
        super().__init__(f"changed by both: {', '.join(merged.overlapping)}")
        self.base, self.theirs, self.version, self.merged = base, theirs, version, merged


class NotPublishable(Exception):  # noqa: N818 - an answer, not a fault
    """The offer lacks what a buyer must know: `reasons` among place, description, ended, archived."""

    def __init__(self, *reasons: str) -> None:
        super().__init__(", ".join(reasons))
        self.reasons = reasons


def create(
    provider_id: int,
    content: Content,
    *,
    by: int | None,
    form_nonce: str | None = None,
    **imported: int | None,
) -> int:
    """Make a draft; returns its id, the same again for a second copy of the same form.

    Args:
        provider_id: whose it is.
        content: what the seller wrote.
        by: person; None for an import.
        form_nonce: of the form.
        imported: columns that only an import knows, such as `previous_site_views`.
    """
    now = clock.now()
    with transaction() as session:
        # Held until the end: two copies of one form come one after the other.
        owner = session.scalars(
            select(Provider.name).where(Provider.id == provider_id).with_for_update(key_share=True)
        ).one_or_none()
        if owner is None:
            raise Missing
        if form_nonce:
            form_nonce = _own(provider_id, form_nonce)
            if made := _made_with(session, provider_id, form_nonce):
                return made
        listing = Listing(
            provider_id=provider_id,
            status=Status.DRAFT,
            version=1,
            created_at=now,
            updated_at=now,
            form_nonce=form_nonce,
            **{name: getattr(content, name) for name in COLUMNS},
            **imported,
        )
        session.add(listing)
        session.flush()
        _replace_pairs(session, listing.id, content)
        _keep_revision(session, listing.id, 1, content, by)
        search.index(session, listing.id, searchable(content, owner))
        _audit(session, "listing.create", listing, by, {"title": [None, content.title]})
        return listing.id


def _own(provider_id: int, form_nonce: str) -> str:
    """The nonce as stored: what one tenant's form sends never meets another tenant's."""
    return digest_of(f"{provider_id}:{form_nonce}")[:_NONCE_LENGTH]


def _made_with(session: Session, provider_id: int, form_nonce: str) -> int | None:
    return session.scalar(
        select(Listing.id).where(
            Listing.form_nonce == form_nonce, Listing.provider_id == provider_id
        )
    )


def save(
    provider_id: int, listing_id: int, content: Content, version: int, *, by: int | None
) -> Saved:
    """Write what a form holds, merged with what was saved since the form was opened.

    The status stays as it is: who withdraws an offer is not overruled by who edits it.

    Args:
        provider_id: whose listing it must be.
        listing_id: which.
        content: the whole form.
        version: the one the form was opened with.
        by: person.

    Raises:
        Missing: there is no such listing of this provider.
        Conflict: somebody changed the same part differently.
    """
    return _save(provider_id, listing_id, lambda _base: content, version, by)


def set_price(
    provider_id: int, listing_id: int, price_minor: int | None, version: int, *, by: int | None
) -> Saved:
    """Write a new price (minor units, None: negotiable) and nothing else; raises as save()."""

    def with_price(base: Content) -> Content:
        return replace(base, price_minor=price_minor)

    return _save(provider_id, listing_id, with_price, version, by)


def _save(
    provider_id: int,
    listing_id: int,
    change: Callable[[Content], Content],
    version: int,
    by: int | None,
) -> Saved:
    with transaction() as session:
        listing = _locked(session, provider_id, listing_id)
        theirs = Content.of(listing)
        base = theirs
        known = True
        if version != listing.version:
            stored = _revision(session, listing_id, version)
            known, base = stored is not None, stored or theirs
        merged = merge(base if known else None, change(base), theirs)
        if merged.overlapping:
            raise Conflict(base if known else None, theirs, listing.version, merged)
        changed = changed_parts(theirs, merged.content)
        if changed:
            _write(session, listing, theirs, merged.content, by)
        return Saved(listing.version, changed, merged.taken)


def _locked(session: Session, provider_id: int, listing_id: int) -> Listing:
    """The provider's listing with its pairs, nobody else's to change until the end."""
    listing = session.scalars(
        select(Listing)
        .where(Listing.id == listing_id, Listing.provider_id == provider_id)
        .options(selectinload(Listing.attributes))
        .with_for_update()
        .execution_options(populate_existing=True)
    ).one_or_none()
    if listing is None:
        raise Missing
    return listing


def _revision(session: Session, listing_id: int, version: int) -> Content | None:
    stored = session.scalar(
        select(Revision.content).where(
            Revision.listing_id == listing_id, Revision.version == version
        )
    )
    return Content.from_json(stored) if stored is not None else None


def _write(
    session: Session, listing: Listing, before: Content, after: Content, by: int | None
) -> None:
    # A row that was not made by create() has no revision yet: forms opened with it need one.
    if _revision(session, listing.id, listing.version) is None:
        _keep_revision(session, listing.id, listing.version, before, None)
    for name in COLUMNS:
        setattr(listing, name, getattr(after, name))
    listing.version += 1
    listing.updated_at = max(clock.now(), listing.updated_at)
    if after.attributes != before.attributes:
        session.flush()
        _replace_pairs(session, listing.id, after)
        session.expire(listing, ["attributes"])
    _keep_revision(session, listing.id, listing.version, after, by)
    owner = session.scalars(select(Provider.name).where(Provider.id == listing.provider_id)).one()
    search.index(session, listing.id, searchable(after, owner))
    _audit(session, "listing.save", listing, by, _differences(before, after, listing.version))


def _replace_pairs(session: Session, listing_id: int, content: Content) -> None:
    session.execute(delete(Attribute).where(Attribute.listing_id == listing_id))
    pairs = [
        {"listing_id": listing_id, "position": position, "name": name, "value": value}
        for position, (name, value) in enumerate(content.attributes)
    ]
    if pairs:
        session.execute(insert(Attribute), pairs)


def _keep_revision(
    session: Session, listing_id: int, version: int, content: Content, by: int | None
) -> None:
    session.add(
        Revision(
            listing_id=listing_id,
            version=version,
            content=content.to_json(),
            person_id=by,
            at=clock.now(),
        )
    )
    session.flush()


def _differences(before: Content, after: Content, version: int) -> dict[str, Any]:
    old, new = before.to_json(), after.to_json()
    changes = {
        name: [_short(old[name]), _short(new[name])]
        for part in changed_parts(before, after)
        for name in PARTS[part]
        if old[name] != new[name]
    }
    return {**changes, "version": [version - 1, version]}


def _short(value: Any) -> Any:
    if isinstance(value, str) and len(value) > _AUDITED_WHOLE:
        return f"({len(value)} characters)"
    return value


def publish(provider_id: int, listing_id: int, *, by: int | None) -> bool:
    """Show the offer to buyers; the first time sets `published_at`. False: it was live already.

    Raises:
        Missing: there is no such listing of this provider.
        NotPublishable: a buyer could not tell what is offered, or its last day has passed.
    """
    with transaction() as session:
        listing = _locked(session, provider_id, listing_id)
        if reasons := _why_not(listing):
            raise NotPublishable(*reasons)
        if listing.status == Status.LIVE:
            return False
        before, listing.status = listing.status, Status.LIVE
        if listing.published_at is None:
            listing.published_at = clock.now()
        _audit(session, "listing.publish", listing, by, {"status": [before, Status.LIVE]})
        return True


def _why_not(listing: Listing) -> list[str]:
    # Title, unit and price (or its being negotiable) are there in every row.
    lacking = [name for name in ("place", "description") if not getattr(listing, name)]
    if listing.has_ended:
        lacking.append("ended")
    if listing.status not in _MAY_GO_LIVE | {Status.LIVE}:
        lacking.append("archived")
    return lacking


def withdraw(provider_id: int, listing_id: int, *, by: int | None) -> bool:
    """Take the offer off the public site, to be published again later. False: it was not there.

    Raises:
        Missing: there is no such listing of this provider.
    """
    with transaction() as session:
        listing = _locked(session, provider_id, listing_id)
        if listing.status != Status.LIVE:
            return False
        listing.status = Status.PAUSED
        changes = {"status": [Status.LIVE, Status.PAUSED]}
        _audit(session, "listing.withdraw", listing, by, changes)
        return True


def _audit(
    session: Session, act: str, listing: Listing, by: int | None, changes: dict[str, Any]
) -> None:
    record(
        session,
        act,
        subject="listing",
        subject_id=listing.id,
        person_id=by,
        provider_id=listing.provider_id,
        changes=changes,
    )


def add_image(
    session: Session, folder: Path, listing_id: int, webp: bytes, *, alt: str, position: int
) -> str:
    """Store a picture and its row in the running transaction; returns its key.

    The file is on disk before the row exists, so a row never lacks its file; of a transaction
    that rolls back an unnamed file stays behind.

    Args:
        session: of the running transaction.
        folder: the media folder.
        listing_id: whose picture it is.
        webp: the file's bytes.
        alt: what it shows, for who cannot see it.
        position: place among the listing's pictures, from 0.

    Raises:
        media.NotAPicture: the bytes are no WebP picture.
    """
    stored = media.store(folder, webp)
    session.add(
        Image(
            listing_id=listing_id,
            position=position,
            key=stored.key,
            alt=alt,
            width=stored.width,
            height=stored.height,
            size=stored.size,
        )
    )
    session.flush()
    return stored.key
