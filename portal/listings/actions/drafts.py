"""What somebody typed and has not saved: kept, thrown away, or gone with the save it led to."""

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final

from sqlalchemy import Select, delete, func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from portal import clock
from portal.accounts.models import Person
from portal.database import Missing, rows_changed, transaction
from portal.listings.actions import placing, saving
from portal.listings.content import Content
from portal.listings.drafts import FORM_KEY
from portal.listings.models import EditDraft, Listing, Revision

MOST_OF_A_PERSON: Final = 50
"""Drafts that one person may have at a time."""
MOST_CHARACTERS: Final = 200_000
"""Of one draft: names and texts together."""
MOST_FIELDS: Final = 400
OVERTAKEN: Final = clock.MINUTE
"""Seconds after a save within which what its person's pages send by themselves may be older."""
_VERSION: Final = re.compile(r"[0-9]{1,9}")
KEPT_FOR: Final = 30 * clock.DAY
"""Seconds after its last save at which a draft goes."""
Fields = Sequence[tuple[str, str]]
"""Names and texts of a form's fields, as they were sent."""


@dataclass(frozen=True)
class Kept:
    """A draft as it now stands: its revision, and when it was kept (UTC seconds)."""

    revision: int
    saved_at: int


@dataclass(frozen=True)
class Typed:
    """A form as it was sent: the revision of the draft it holds (0: none), and its fields."""

    revision: int = 0
    fields: Fields = ()


NOTHING: Final = Typed()


class NewerDraft(Exception):  # noqa: N818 - an answer, not a fault
    """The same person has gone on elsewhere: there the draft has this revision, of `saved_at`."""

    def __init__(self, revision: int, saved_at: int) -> None:
        super().__init__(str(revision))
        self.revision, self.saved_at = revision, saved_at


class SavedJustNow(Exception):  # noqa: N818 - an answer, not a fault
    """What was typed was overtaken by the save of its form, or of one like it; nothing was kept."""


class TooMuch(Exception):  # noqa: N818 - an answer, not a fault
    """More than a draft may hold, or more drafts than a person may have."""


def keep_draft(
    provider_id: int,
    person_id: int,
    place: str,
    fields: Fields,
    *,
    revision: int,
    listing_id: int | None = None,
    is_by_itself: bool = False,
) -> Kept:
    """Keep what was typed; nothing of it is judged before it is saved.

    The same again writes nothing. What a page sends by itself may arrive after the save that its
    reader pressed meanwhile: within OVERTAKEN of that it begins no draft.

    Args:
        provider_id: whose listing it is, or will be.
        person_id: whose draft it is; nobody else ever sees it.
        place: the listing's id, or the nonce of the form of one that is not there yet.
        fields: what was sent.
        revision: the draft's that the form holds; 0: it knows of none.
        listing_id: the listing; None: not there yet.
        is_by_itself: no person pressed a button for it.

    Raises:
        Missing: there is no such listing of this provider.
        NewerDraft: another device, or another tab, has gone on with it.
        SavedJustNow, TooMuch: see there.
    """
    if len(fields) > MOST_FIELDS or sum(map(len, _flat(fields))) > MOST_CHARACTERS:
        raise TooMuch
    sent = [list(pair) for pair in fields]
    with transaction() as session:
        # One after the other for each person: two tabs cannot both begin a draft.
        _lock_person(session, person_id)
        draft = session.scalars(_of(provider_id, person_id, place)).one_or_none()
        if draft is None:
            _refuse_foreign(session, provider_id, listing_id)
            if is_by_itself:
                _refuse_overtaken(
                    session, provider_id, person_id, place=place, listing_id=listing_id, sent=sent
                )
            _refuse_many(session, person_id)
            draft = EditDraft(
                provider_id=provider_id,
                person_id=person_id,
                listing_id=listing_id,
                place=place,
                revision=revision,
            )
            session.add(draft)
        elif _told(draft.fields) == _told(sent):
            return Kept(draft.revision, draft.saved_at)
        elif draft.revision != revision:
            raise NewerDraft(draft.revision, draft.saved_at)
        draft.fields, draft.revision, draft.saved_at = sent, revision + 1, clock.now()
        return Kept(draft.revision, draft.saved_at)


def _flat(fields: Fields) -> list[str]:
    return [text for pair in fields for text in pair]


def _lock_person(session: Session, person_id: int) -> None:
    session.execute(select(Person.id).where(Person.id == person_id).with_for_update(key_share=True))


def _of(provider_id: int, person_id: int, place: str) -> Select[EditDraft]:
    return select(EditDraft).where(
        EditDraft.provider_id == provider_id,
        EditDraft.person_id == person_id,
        EditDraft.place == place,
    )


def _refuse_foreign(session: Session, provider_id: int, listing_id: int | None) -> None:
    if listing_id is None:
        return
    owned = select(Listing.id).where(Listing.id == listing_id, Listing.provider_id == provider_id)
    if session.scalar(owned) is None:
        raise Missing


def _refuse_overtaken(
    session: Session,
    provider_id: int,
    person_id: int,
    *,
    place: str,
    listing_id: int | None,
    sent: list[list[str]],
) -> None:
    since = clock.now() - OVERTAKEN
    newer: Select[int]
    if listing_id is not None:
        version = _of_field(sent, "version")
        newer = select(Revision.version).where(
            Revision.listing_id == listing_id,
            Revision.version > (int(version) if _VERSION.fullmatch(version) else 0),
            Revision.person_id == person_id,
            Revision.at >= since,
        )
    else:
        newer = select(Listing.version).where(
            Listing.form_nonce == saving.stored_nonce(provider_id, place),
            Listing.created_at >= since,
        )
    if session.scalar(newer.limit(1)) is not None:
        raise SavedJustNow


def _of_field(fields: Sequence[Sequence[str]], wanted: str) -> str:
    return next((text for name, text in fields if name == wanted), "")


def _told(fields: Sequence[Sequence[str]]) -> list[list[str]]:
    """The fields without the key of the form that sent them."""
    return [[name, text] for name, text in fields if name != FORM_KEY]


def _refuse_many(session: Session, person_id: int) -> None:
    held = session.scalar(
        select(func.count()).select_from(EditDraft).where(EditDraft.person_id == person_id)
    )
    if (held or 0) >= MOST_OF_A_PERSON:
        raise TooMuch


def discard_draft(provider_id: int, person_id: int, place: str) -> None:
    """Throw a draft away; one that is gone already is no error."""
    with transaction() as session:
        session.execute(
            delete(EditDraft).where(
                EditDraft.provider_id == provider_id,
                EditDraft.person_id == person_id,
                EditDraft.place == place,
            )
        )


def save_form(
    provider_id: int,
    listing_id: int,
    content: Content,
    version: int,
    *,
    by: int,
    typed: Typed = NOTHING,
) -> saving.Saved:
    """Save what a form holds, and in the same transaction let go of the draft it came from.

    A draft that is newer than the form's stays: what was typed elsewhere is not in this save.

    Args:
        provider_id: whose listing it must be.
        listing_id: which.
        content: the whole form.
        version: the one the form was opened with.
        by: person.
        typed: the form as it was sent.

    Raises:
        Missing, Conflict, PicturesGone, NumberTaken: as saving.save().
    """
    with _numbered(provider_id, content), transaction() as session:
        saved = saving.save(provider_id, listing_id, content, version, by=by)
        placing.keep_mentioned(session, provider_id, listing_id, content.description)
        _let_go(session, provider_id, by, str(listing_id), typed)
        return saved


def create_from_form(
    provider_id: int, content: Content, *, by: int, form_nonce: str, typed: Typed = NOTHING
) -> int:
    """Make a listing of a form and let go of its draft; returns the id, see saving.create()."""
    with _numbered(provider_id, content), transaction() as session:
        listing_id = saving.create(provider_id, content, by=by, form_nonce=form_nonce or None)
        placing.keep_mentioned(session, provider_id, listing_id, content.description)
        _let_go(session, provider_id, by, form_nonce, typed)
        return listing_id


@contextmanager
def _numbered(provider_id: int, content: Content) -> Iterator[None]:
    """Tell two saves that took the same own number at the same moment as one that came later."""
    try:
        yield
    except IntegrityError as error:
        if "own_number" not in str(error.orig):
            raise
        with transaction() as session:
            holder = session.scalar(
                select(Listing.id).where(
                    Listing.provider_id == provider_id, Listing.own_number == content.own_number
                )
            )
        raise saving.NumberTaken(holder or 0) from None


def _let_go(session: Session, provider_id: int, person_id: int, place: str, form: Typed) -> None:
    # Whatever this form sends by itself comes before, and is seen here, or after, and sees the save.
    _lock_person(session, person_id)
    draft = session.scalars(_of(provider_id, person_id, place)).one_or_none()
    if draft is None:
        return
    # It may have been kept a moment ago under a number that this form had not heard of yet.
    key = _of_field(form.fields, FORM_KEY)
    is_its_own = bool(key) and _of_field(draft.fields, FORM_KEY) == key
    is_the_same = _told(draft.fields) == _told(form.fields)
    if draft.revision <= form.revision or is_its_own or is_the_same:
        session.delete(draft)


def purge_drafts() -> int:
    """Remove drafts that nobody touched for KEPT_FOR seconds; returns how many."""
    with transaction() as session:
        return rows_changed(
            session, delete(EditDraft).where(EditDraft.saved_at < clock.now() - KEPT_FOR)
        )
