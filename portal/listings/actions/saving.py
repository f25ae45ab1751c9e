"""Making and saving listings: one transaction with its audit row, its revision and its words."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any, Final, cast

from sqlalchemy import Table, bindparam, delete, select
from sqlalchemy.orm import Session, selectinload

from portal import clock
from portal.accounts.models import Provider
from portal.audit.actions import record
from portal.database import Missing, transaction
from portal.digests import digest_of
from portal.listings import search, substance
from portal.listings.actions import placing
from portal.listings.content import PARTS, Content, searchable
from portal.listings.merge import Merged, changed_parts, merge
from portal.listings.models import Attribute, Listing, Revision, Status
from portal.listings.whole import Whole, locked_whole
from portal.writing import Writing

_NONCE_LENGTH: Final = 32
# Straight to the tables: a save of one value needs no objects, and they cost more than its rows.
_listings: Final = cast(Table, Listing.__table__)
_pairs: Final = cast(Table, Attribute.__table__)
_UPDATE: Final = _listings.update().where(_listings.c.id == bindparam("key"))
_KEEP: Final = Writing(
    cast(Table, Revision.__table__).insert(),
    ("listing_id", "version", "content", "person_id", "at"),
)
_AUDITED_WHOLE: Final = 200
"""Longer values stand in the audit as their length: the revision holds them whole."""


@dataclass(frozen=True)
class Saved:
    """What a save did.

    Args:
        version: the listing's, now.
        changed: names of the parts that are different now (see content.PARTS).
        taken: names of the parts that somebody else had changed and that were kept.
        row: the listing's own columns by name, as they are now.
    """

    version: int
    changed: tuple[str, ...]
    taken: tuple[str, ...]
    row: Any


class Conflict(Exception):  # noqa: N818 - an answer, not a fault
    """Somebody else changed the same parts differently; nothing was written.

    `merged.content` is what the form should now show, `theirs` what stands in the row, `version`
    the row's, `base` what the form was opened with (None: no longer known).
    """

    def __init__(self, base: Content | None, theirs: Content, version: int, merged: Merged) -> None:
        super().__init__(f"changed by both: {', '.join(merged.overlapping)}")
        self.base, self.theirs, self.version, self.merged = base, theirs, version, merged


class NumberTaken(Exception):  # noqa: N818 - an answer, not a fault
    """Another listing of the provider has this own number; `listing_id` says which."""

    def __init__(self, listing_id: int) -> None:
        super().__init__(str(listing_id))
        self.listing_id = listing_id


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
            form_nonce = stored_nonce(provider_id, form_nonce)
            if made := _made_with(session, provider_id, form_nonce):
                return made
        _refuse_taken(session, provider_id, content.own_number)
        listing = Listing(
            provider_id=provider_id,
            status=Status.DRAFT,
            version=1,
            created_at=now,
            updated_at=now,
            form_nonce=form_nonce,
            **content.columns(),
            **imported,
        )
        session.add(listing)
        session.flush()
        _add_pairs(session, listing.id, content)
        if content.images:
            placing.place_pictures(session, provider_id, listing.id, content.images)
        _keep_revision(session, listing.id, 1, content.to_json(), by)
        search.index(session, listing.id, searchable(content, owner))
        audit(session, "listing.create", listing, by, {"title": [None, content.title]})
        return listing.id


def stored_nonce(provider_id: int, form_nonce: str) -> str:
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
        placing.PicturesGone: a picture of the form is no longer there, or was never this one's.
        NumberTaken: another listing of the provider has the same own number.
    """
    return _save(provider_id, listing_id, lambda _base, _row: content, version, by)


def set_values(
    provider_id: int, listing_id: int, values: Mapping[str, Any], version: int, *, by: int | None
) -> Saved:
    """Write some of Content's values and nothing else; raises as save().

    Args:
        provider_id: whose listing it must be.
        listing_id: which.
        values: name in Content → new value, such as `price_minor` in minor units.
        version: the one the reader saw.
        by: person.
    """
    return _save(provider_id, listing_id, lambda base, _row: replace(base, **values), version, by)


def set_typed(
    provider_id: int,
    listing_id: int,
    read: Callable[[Any], Mapping[str, Any]],
    version: int | None,
    *,
    by: int | None,
) -> Saved:
    """As set_values(), of values that are read by the row as it stands, such as by its currency.

    Args:
        provider_id: whose listing it must be.
        listing_id: which.
        read: the listing's columns by name → values; what it raises ends the save.
        version: the one the reader saw; None: the present one.
        by: person.
    """
    return _save(provider_id, listing_id, lambda base, row: replace(base, **read(row)), version, by)


def _save(
    provider_id: int,
    listing_id: int,
    change: Callable[[Content, Any], Content],
    version: int | None,
    by: int | None,
) -> Saved:
    with transaction() as session:
        now = locked_whole(session, provider_id, listing_id)
        theirs = now.content
        if version in {None, now.row.version}:
            merged = Merged(change(theirs, now.row), (), ())
        else:
            stored = _revision(session, listing_id, version)
            merged = merge(stored, change(stored or theirs, now.row), theirs)
            if merged.overlapping:
                raise Conflict(stored, theirs, now.row.version, merged)
        changed = changed_parts(theirs, merged.content)
        if not changed:
            return Saved(now.row.version, (), merged.taken, now.row)
        if "own_number" in changed:
            _refuse_taken(session, provider_id, merged.content.own_number)
        row = _write(session, now, merged.content, changed, by)
        return Saved(row.version, changed, merged.taken, row)


def _refuse_taken(session: Session, provider_id: int, own_number: str) -> None:
    if not own_number:
        return
    taken = session.scalar(
        select(Listing.id).where(
            Listing.provider_id == provider_id, Listing.own_number == own_number
        )
    )
    if taken is not None:
        raise NumberTaken(taken)


def locked(session: Session, provider_id: int, listing_id: int) -> Listing:
    """The provider's listing with its pairs and pictures, nobody else's to change until the end.

    Raises:
        Missing: there is no such listing of this provider.
    """
    listing = session.scalars(
        select(Listing)
        .where(Listing.id == listing_id, Listing.provider_id == provider_id)
        .options(selectinload(Listing.attributes), selectinload(Listing.images))
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
    session: Session, now: Whole, after: Content, changed: tuple[str, ...], by: int | None
) -> Any:
    """The new content, its revision, words and audit row: what is the same is not written again.

    Returns the row with what was written.
    """
    row, before = now.row, now.content
    version = row.version + 1
    # A row that was not made by create() has no revision yet: forms opened with it need one.
    if not now.has_revision:
        _keep_revision(session, row.id, row.version, before.to_json(), None)
    # Only what differs: an index of a value that is named here is written too.
    columns, old = after.columns(), before.columns()
    new = {name: value for name, value in columns.items() if value != old[name]}
    new |= _moments(row, substance.loud_parts(before, after, changed))
    _update_of(tuple(new)).run(session, {**new, "version": version, "key": row.id})
    if "attributes" in changed:
        _replace_pairs(session, row.id, after)
    if "images" in changed:
        placing.place_pictures(session, row.provider_id, row.id, after.images)
    stored = after.to_json()
    _keep_revision(session, row.id, version, stored, by)
    words = searchable(after, row.owner)
    if words != searchable(before, row.owner):
        search.index(session, row.id, words)
    differences = _differences(before.to_json(), stored, changed)
    differences["version"] = [row.version, version]
    audit(session, "listing.save", row, by, differences)
    # Whoever holds the listing as an object reads it anew.
    if session.identity_map:
        session.expire_all()
    return row._replace(version=version, **new)


@lru_cache(maxsize=512)
def _update_of(names: tuple[str, ...]) -> Writing:
    return Writing(_UPDATE, ("version", *names))


def _moments(row: Any, loud: frozenset[str]) -> dict[str, int]:
    """What a change of substance moves: the last update, and the wait for a reviewer."""
    if not loud:
        return {}
    moments = {"updated_at": max(clock.now(), row.updated_at)}
    is_unasked = row.is_reviewed and row.submitted_at is None
    if is_unasked and substance.needs_another_look(row.status, loud):
        moments["submitted_at"] = clock.now()
    return moments


def _replace_pairs(session: Session, listing_id: int, content: Content) -> None:
    session.execute(delete(Attribute).where(Attribute.listing_id == listing_id))
    _add_pairs(session, listing_id, content)


def _add_pairs(session: Session, listing_id: int, content: Content) -> None:
    pairs = [
        {"listing_id": listing_id, "position": position, "name": name, "value": value}
        for position, (name, value) in enumerate(content.attributes)
    ]
    if pairs:
        session.connection().execute(_pairs.insert(), pairs)


def _keep_revision(
    session: Session, listing_id: int, version: int, content: dict[str, Any], by: int | None
) -> None:
    values = {
        "listing_id": listing_id,
        "version": version,
        "content": content,
        "person_id": by,
        "at": clock.now(),
    }
    _KEEP.run(session, values)


def _differences(
    old: dict[str, Any], new: dict[str, Any], changed: tuple[str, ...]
) -> dict[str, Any]:
    return {
        name: [_short(old[name]), _short(new[name])]
        for part in changed
        for name in PARTS[part]
        if old[name] != new[name]
    }


def _short(value: Any) -> Any:
    if isinstance(value, str) and len(value) > _AUDITED_WHOLE:
        return f"({len(value)} characters)"
    return value


def audit(
    session: Session, act: str, listing: Any, by: int | None, changes: dict[str, Any]
) -> None:
    """Record an act on a listing (its row or object) in the running transaction."""
    record(
        session,
        act,
        subject="listing",
        subject_id=listing.id,
        person_id=by,
        provider_id=listing.provider_id,
        changes=changes,
    )
