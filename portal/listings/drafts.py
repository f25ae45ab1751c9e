"""Reads of drafts: each is its own person's, and nobody else's to see."""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import String, Text, bindparam, cast, func, select
from werkzeug.datastructures import MultiDict

from portal.extensions import db
from portal.listings.models import EditDraft, Listing

_MOST_LISTED: Final = 50
FORM_KEY: Final = "form_key"
"""Name of the field by which a form that was opened once is told from every other one."""
_NONCE: Final = re.compile(r"[0-9a-f]{32}")


@dataclass(frozen=True)
class Draft:
    """What somebody typed and has not saved.

    Args:
        place: the listing's id, or the nonce of the form of one that is not there yet.
        listing_id: the listing; None: not there yet.
        listing_title: as the listing is saved; None: not there yet.
        fields: names and texts as they were sent.
        revision: counts its saves.
        saved_at: of the last one, in UTC seconds.
    """

    place: str
    listing_id: int | None
    listing_title: str | None
    fields: Sequence[Sequence[str]]
    revision: int
    saved_at: int

    @property
    def title(self) -> str:
        """As typed, else as saved; "" where neither says anything."""
        typed = next((text for name, text in self.fields if name == "title"), "")
        return typed.strip()[:100] or self.listing_title or ""

    @property
    def form(self) -> MultiDict[str, str]:
        """Its fields as a form that was sent."""
        return MultiDict([(name, text) for name, text in self.fields])


_READ: Final = (
    EditDraft.place,
    EditDraft.listing_id,
    Listing.title,
    EditDraft.fields,
    EditDraft.revision,
    EditDraft.saved_at,
)


_BETWEEN: Final = "\x1f"
DRAFT_TEXT: Final = select(
    cast(EditDraft.revision, String)
    + _BETWEEN
    + cast(EditDraft.saved_at, String)
    + _BETWEEN
    + cast(EditDraft.fields, Text)
).where(
    EditDraft.provider_id == bindparam("provider_id"),
    EditDraft.person_id == bindparam("person_id"),
    EditDraft.place == bindparam("place"),
)
"""A person's draft in a place as one text, for pages that read it along with their counts."""


def draft_in(found: str | None, listing_id: int, title: str) -> Draft | None:
    """The draft of a listing that DRAFT_TEXT found; None: there is none."""
    if found is None:
        return None
    revision, saved_at, fields = found.split(_BETWEEN, 2)
    return Draft(
        str(listing_id), listing_id, title, json.loads(fields), int(revision), int(saved_at)
    )


def _drafts(provider_id: int, person_id: int) -> Any:
    return (
        select(*_READ)
        .outerjoin(Listing, Listing.id == EditDraft.listing_id)
        .where(EditDraft.person_id == person_id, EditDraft.provider_id == provider_id)
    )


def number_of_drafts(provider_id: int, person_id: int) -> int:
    """How many places the person has typed something into and not saved it."""
    statement = select(func.count()).where(
        EditDraft.person_id == person_id, EditDraft.provider_id == provider_id
    )
    return db.session.execute(statement).scalar_one()


def is_of_new(place: str) -> bool:
    """Whether a draft's place is the nonce of the form of a listing that is not there yet."""
    return _NONCE.fullmatch(place) is not None


def draft_of(provider_id: int, person_id: int, place: str) -> Draft | None:
    """The person's draft in a place; None: there is none."""
    row = db.session.execute(
        _drafts(provider_id, person_id).where(EditDraft.place == place)
    ).one_or_none()
    return Draft(*row) if row else None


def drafts_of(provider_id: int, person_id: int, *, of_new: bool = False) -> list[Draft]:
    """The person's drafts, last typed first.

    Args:
        provider_id: in whose listings.
        person_id: whose.
        of_new: only those of listings that are not there yet.
    """
    statement = _drafts(provider_id, person_id)
    if of_new:
        statement = statement.where(EditDraft.listing_id.is_(None))
    newest = statement.order_by(EditDraft.saved_at.desc(), EditDraft.id.desc()).limit(_MOST_LISTED)
    return [Draft(*row) for row in db.session.execute(newest)]
