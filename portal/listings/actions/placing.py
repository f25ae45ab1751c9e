"""Pictures of listings: their rows, and where they stand."""

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from sqlalchemy import or_, select, update
from sqlalchemy.orm import Session

from portal import clock
from portal.listings import media
from portal.listings.models import Image, Listing

_MENTIONED: Final = re.compile(r"/media/([0-9a-f]{32})")


class PicturesGone(Exception):  # noqa: N818 - an answer, not a fault
    """Pictures of a form are no longer there, or were never this listing's: their `keys`."""

    def __init__(self, keys: Sequence[str]) -> None:
        super().__init__(", ".join(keys))
        self.keys = tuple(keys)


def place_pictures(
    session: Session, provider_id: int, listing_id: int, pictures: Sequence[tuple[str, str]]
) -> None:
    """Let exactly these pictures stand in the listing, in this order, in the running transaction.

    The others stay on disk: an older revision shows them.

    Args:
        session: of the running transaction.
        provider_id: whose.
        listing_id: where.
        pictures: key and alternative text of each.

    Raises:
        PicturesGone: some of them are not this listing's to show.
    """
    session.execute(
        update(Image)
        .where(Image.listing_id == listing_id)
        # The first release knew a picture's owner by its listing only.
        .values(listing_id=None, provider_id=provider_id, kept_for=listing_id)
        .execution_options(synchronize_session=False)
    )
    if not pictures:
        return
    keys = [key for key, _alt in pictures]
    mine = or_(Image.kept_for == listing_id, Image.kept_for.is_(None))
    found = set(
        session.scalars(
            select(Image.key)
            .where(
                Image.key.in_(keys),
                Image.provider_id == provider_id,
                Image.listing_id.is_(None),
                mine,
            )
            # Held against the sweep, which may be about to forget one that waited for too long.
            .order_by(Image.id)
            .with_for_update()
        )
    )
    if gone := [key for key in keys if key not in found]:
        raise PicturesGone(gone)
    now = clock.now()
    for position, (key, alt) in enumerate(pictures):
        session.execute(
            update(Image)
            .where(Image.key == key)
            .values(listing_id=listing_id, kept_for=listing_id, position=position, alt=alt)
            .execution_options(synchronize_session=False)
        )
    session.execute(
        update(Image)
        .where(Image.listing_id == listing_id, Image.shown_at.is_(None))
        .values(shown_at=now)
        .execution_options(synchronize_session=False)
    )


def keep_mentioned(session: Session, provider_id: int, listing_id: int, description: str) -> None:
    """Keep the provider's pictures that the description shows, as those that stand in the listing.

    Without this a picture that was put into the text and then taken off the list, before it was
    ever saved there, would be swept away and leave a hole in the text.

    Args:
        session: of the running transaction.
        provider_id: whose pictures.
        listing_id: whose description.
        description: as typed.
    """
    keys = sorted(set(_MENTIONED.findall(description)))
    if keys:
        session.execute(
            update(Image)
            .where(Image.key.in_(keys), Image.provider_id == provider_id, Image.shown_at.is_(None))
            .values(shown_at=clock.now(), kept_for=listing_id)
            .execution_options(synchronize_session=False)
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
            kept_for=listing_id,
            provider_id=session.get_one(Listing, listing_id).provider_id,
            created_at=clock.now(),
            shown_at=clock.now(),
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
