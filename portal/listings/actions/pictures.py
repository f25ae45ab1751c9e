"""Pictures uploaded for a listing, copied to another, and removed once nobody would miss them.

A file is whole on disk before its row exists, and a row is gone before its file is: whatever is
killed in between leaves a file without a row, which the sweep finds, and never a row without one.
"""

from collections.abc import Collection, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Final

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from portal import clock
from portal.accounts.models import Provider
from portal.database import Missing, transaction
from portal.extensions import db
from portal.listings import media
from portal.listings.media import Stored
from portal.listings.models import EditDraft, Image, Listing
from portal.listings.pictures import Prepared

MOST_OF_A_PROVIDER: Final = 2_000
"""Pictures that a provider may keep, those of older revisions included."""
MOST_BYTES_OF_A_PROVIDER: Final = 2 * 1024**3
"""Bytes of their full sizes together."""
UNSAVED_FOR: Final = clock.DAY
"""Seconds that an uploaded picture waits for its form to be saved."""
_BATCH: Final = 200


class QuotaFull(Exception):  # noqa: N818 - an answer, not a fault
    """The provider keeps as many pictures, or as many bytes of them, as it may."""


def add_pictures(
    folder: Path, provider_id: int, pictures: Sequence[Prepared], *, listing_id: int | None
) -> list[str]:
    """Keep pictures for a listing in whose form they were chosen; returns their keys.

    They stand nowhere until the form is saved with them, see placing.place_pictures(). All are
    kept or none.

    Args:
        folder: the media folder.
        provider_id: whose.
        pictures: as pictures.prepare() made them.
        listing_id: whose form; None: of a listing that is not there yet.

    Raises:
        Missing: there is no such listing of this provider.
        QuotaFull: there is no room for all of them.
        OSError: the disk is full.
    """
    size = sum(len(picture.full) for picture in pictures)
    _check(db.session(), provider_id, listing_id, len(pictures), size)
    # The lookup above must not keep the database waiting while the disk writes.
    db.session.rollback()
    stored: list[Stored] = []
    try:
        stored.extend(media.store(folder, picture) for picture in pictures)
        with transaction() as session:
            _lock_provider(session, provider_id)
            _check(session, provider_id, listing_id, len(stored), size)
            session.add_all(_row(provider_id, one, listing_id) for one in stored)
    except BaseException:
        for one in stored:
            media.remove(folder, one.key)
        raise
    return [one.key for one in stored]


def _row(provider_id: int, stored: Stored, listing_id: int | None, alt: str = "") -> Image:
    return Image(
        provider_id=provider_id,
        kept_for=listing_id,
        position=0,
        key=stored.key,
        alt=alt,
        width=stored.width,
        height=stored.height,
        size=stored.size,
        widths=" ".join(map(str, stored.sizes)),
        created_at=clock.now(),
    )


def _lock_provider(session: Session, provider_id: int) -> None:
    # Two uploads at the edge of the quota come one after the other.
    session.execute(
        select(Provider.id).where(Provider.id == provider_id).with_for_update(key_share=True)
    )


def _check(
    session: Session, provider_id: int, listing_id: int | None, number: int, size: int
) -> None:
    if listing_id is not None:
        owned = select(Listing.id).where(
            Listing.id == listing_id, Listing.provider_id == provider_id
        )
        # Held against who deletes it: the picture is there before its files are looked for, or
        # there is no listing any more.
        if session.scalar(owned.with_for_update(read=True, key_share=True)) is None:
            raise Missing
    held = session.execute(
        select(func.count(), func.coalesce(func.sum(Image.size), 0)).where(
            Image.provider_id == provider_id
        )
    ).one()
    if held[0] + number > MOST_OF_A_PROVIDER or held[1] + size > MOST_BYTES_OF_A_PROVIDER:
        raise QuotaFull


def copy_files(folder: Path, keys: Iterable[str]) -> dict[str, str]:
    """Copy the files of pictures; returns the copies' keys by the old ones, without what is gone.

    Outside any transaction: the disk may be slow. What no row names later is swept.
    """
    copies = {key: media.copy(folder, key) for key in keys}
    return {key: new for key, new in copies.items() if new}


def add_copies(
    session: Session, provider_id: int, pictures: Sequence[tuple[str, str]], copies: dict[str, str]
) -> list[tuple[str, str]]:
    """Make the rows of copied files; returns keys and texts of those that are there.

    Args:
        session: of the running transaction.
        provider_id: whose they must be.
        pictures: key and alternative text of each that was copied.
        copies: as copy_files() gave them.

    Raises:
        QuotaFull: there is no room for them.
    """
    rows = session.scalars(
        select(Image).where(Image.provider_id == provider_id, Image.key.in_(list(copies)))
    )
    known = {row.key: row for row in rows}
    _lock_provider(session, provider_id)
    _check(session, provider_id, None, len(known), sum(row.size for row in known.values()))
    there = [(known[key], copies[key], alt) for key, alt in pictures if key in known]
    for row, new, alt in there:
        sizes = tuple(int(width) for width in row.widths.split())
        stored = Stored(new, row.width, row.height, row.size, sizes)
        session.add(_row(provider_id, stored, None, alt))
    session.flush()
    return [(new, alt) for _row_of, new, alt in there]


def sweep_pictures(folder: Path) -> int:
    """Remove pictures that no form was saved with and files that no row names; returns how many.

    A picture named in a draft waits as long as the draft does. Bears running twice.
    """
    removed = sum(1 for key in _unsaved() if _forget(folder, key))
    return removed + media.sweep(folder, _known_among)


def _unsaved() -> Iterator[str]:
    """Keys of pictures older than UNSAVED_FOR that never stood in a listing, nor in a draft."""
    after = 0
    while True:
        rows = db.session.execute(
            select(Image.id, Image.key, Image.provider_id)
            .where(
                Image.id > after,
                Image.shown_at.is_(None),
                Image.listing_id.is_(None),
                # Rows of the first release have no moment: they are in a listing.
                Image.created_at.between(1, clock.now() - UNSAVED_FOR),
            )
            .order_by(Image.id)
            .limit(_BATCH)
        ).all()
        drafted = _drafted({row.provider_id for row in rows})
        db.session.rollback()
        if not rows:
            return
        yield from (row.key for row in rows if row.key not in drafted)
        after = rows[-1].id


def _drafted(providers: Collection[int | None]) -> set[str]:
    """Keys of all pictures in the drafts of these providers."""
    found: set[str] = set()
    if providers:
        drafts = select(EditDraft.fields).where(EditDraft.provider_id.in_(providers))
        for fields in db.session.scalars(drafts.execution_options(yield_per=50)):
            found.update(text for name, text in fields if _names_a_picture(name))
    return found


def _names_a_picture(name: str) -> bool:
    return name.startswith("images-") and name.endswith("-key")


def _forget(folder: Path, key: str) -> bool:
    with transaction() as session:
        gone = session.scalars(
            delete(Image)
            .where(Image.key == key, Image.shown_at.is_(None), Image.listing_id.is_(None))
            .returning(Image.id)
        ).all()
    if gone:
        media.remove(folder, key)
    return bool(gone)


def _known_among(keys: Iterable[str]) -> set[str]:
    known = set(db.session.scalars(select(Image.key).where(Image.key.in_(list(keys)))))
    db.session.rollback()
    return known
