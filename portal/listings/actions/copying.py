"""A listing as the beginning of another."""

from dataclasses import replace
from pathlib import Path

from sqlalchemy.orm import Session

from portal import clock
from portal.database import transaction
from portal.listings import media
from portal.listings.actions import saving
from portal.listings.actions.pictures import add_copies, copy_files
from portal.listings.content import Content, Pair


def duplicate(
    folder: Path, provider_id: int, listing_id: int, *, title: str, by: int | None
) -> int:
    """Make a draft with everything the listing says, and pictures of its own; returns its id.

    Its own number is unique and stays behind, as does a last day that has passed; status, dates,
    views and inquiries were never the seller's words.

    Args:
        folder: the media folder.
        provider_id: whose listing it must be.
        listing_id: which.
        title: of the copy, 2 to 100 characters.
        by: person.

    Raises:
        Missing: there is no such listing of this provider.
        QuotaFull: there is no room for the copies of its pictures.
    """
    with transaction() as session:
        keys = [key for key, _alt in _content(session, provider_id, listing_id).images]
    copies = copy_files(folder, keys)
    try:
        with transaction() as session:
            content = _content(session, provider_id, listing_id)
            images = tuple(add_copies(session, provider_id, content.images, copies))
            return saving.create(provider_id, _copied(content, title, images, copies), by=by)
    except BaseException:
        for key in copies.values():
            media.remove(folder, key)
        raise


def _content(session: Session, provider_id: int, listing_id: int) -> Content:
    return Content.of(saving.locked(session, provider_id, listing_id))


def _copied(
    content: Content, title: str, images: tuple[Pair, ...], copies: dict[str, str]
) -> Content:
    there = {key for key, _alt in images}
    description = content.description
    for old, new in copies.items():
        if new in there:
            description = description.replace(f"/media/{old}", f"/media/{new}")
    last = content.valid_until
    return replace(
        content,
        title=title,
        own_number="",
        valid_until=last if last and last >= clock.earliest_today() else None,
        images=images,
        description=description,
    )
