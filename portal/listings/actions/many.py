"""Many drafts at once, as from a sheet: the same rows as one by one, a statement for each table."""

from collections.abc import Sequence
from typing import Any, Final

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from portal import clock
from portal.accounts.models import Provider
from portal.audit.actions import record_many
from portal.database import Missing
from portal.listings import search
from portal.listings.content import Content, searchable
from portal.listings.many import ids_by_nonce
from portal.listings.models import Attribute, Listing, Revision, Status

_LISTINGS: Final = insert(Listing.__table__)  # type: ignore[arg-type]
_PAIRS: Final = insert(Attribute.__table__)  # type: ignore[arg-type]
_REVISIONS: Final = insert(Revision.__table__)  # type: ignore[arg-type]


def create_many(
    session: Session, provider_id: int, drafts: Sequence[tuple[str, Content]], *, by: int | None
) -> list[int]:
    """Make drafts in the running transaction; returns their ids in the given order.

    Args:
        session: of the running transaction.
        provider_id: whose they are.
        drafts: nonce and content of each, without pictures. A nonce has 32 characters and belongs
            to one draft for good; the caller has looked that no listing has it, and that no own
            number among the contents is taken.
        by: person.

    Raises:
        Missing: there is no such provider.
    """
    owner = session.scalar(select(Provider.name).where(Provider.id == provider_id))
    if owner is None:
        raise Missing
    if not drafts:
        return []
    now = clock.now()
    connection = session.connection()
    connection.execute(_LISTINGS, _stated([_row(provider_id, *draft, now) for draft in drafts]))
    by_nonce = ids_by_nonce(provider_id, [nonce for nonce, _content in drafts])
    made = [(by_nonce[nonce], content) for nonce, content in drafts]
    revisions = [
        {
            "listing_id": listing_id,
            "version": 1,
            "content": content.to_json(),
            "person_id": by,
            "at": now,
        }
        for listing_id, content in made
    ]
    connection.execute(_REVISIONS, revisions)
    pairs = [
        {"listing_id": listing_id, "position": position, "name": name, "value": value}
        for listing_id, content in made
        for position, (name, value) in enumerate(content.attributes)
    ]
    if pairs:
        connection.execute(_PAIRS, pairs)
    search.index_many(session, [(listing_id, searchable(one, owner)) for listing_id, one in made])
    record_many(
        session,
        "listing.create",
        subject="listing",
        changes={listing_id: {"title": [None, content.title]} for listing_id, content in made},
        person_id=by,
        provider_id=provider_id,
    )
    return [listing_id for listing_id, _content in made]


# What the ORM would fill in for a draft.
_DEFAULTS: Final[dict[str, Any]] = {
    "status": Status.DRAFT.value,
    "version": 1,
    "views_total": 0,
    "views_recent": "[]",
    "inquiries_total": 0,
    "counters_version": 0,
}


def _row(provider_id: int, nonce: str, content: Content, now: int) -> dict[str, Any]:
    return {
        **_DEFAULTS,
        **content.columns(),
        "provider_id": provider_id,
        "form_nonce": nonce,
        "created_at": now,
        "updated_at": now,
    }


def _stated(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The rows without the columns that none of them states: a sheet fills a dozen of sixty."""
    names = {name for row in rows for name, value in row.items() if value is not None}
    return [{name: row[name] for name in names} for row in rows]
