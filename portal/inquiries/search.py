"""Full-text search of threads: by the buyer, by every word said or noted, by the offer."""

from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.database import transaction
from portal.inquiries.models import Inquiry, Message, Note
from portal.search.index import SearchIndex

# A thread is behind once something was said that the index has not seen.
_INDEX: Final = SearchIndex("inquiry_search", "inquiry_id", Inquiry.__table__, "last_message_at")
_BATCH: Final = 100

matches, narrowed, forget = _INDEX.matches, _INDEX.narrowed, _INDEX.forget


def index(session: Session, inquiry: Inquiry) -> None:
    """Put (or replace) what a thread is found by, in the running transaction."""
    session.flush()
    _INDEX.index(session, inquiry.id, _searchable(session, inquiry))


def reindex() -> int:
    """Index each thread that search does not know as it is; says how many it were."""
    return _INDEX.catch_up(_index, _BATCH)


def _index(ids: list[int]) -> int:
    with transaction() as session:
        # Locked: what is said between reading and writing would be missing.
        rows = session.scalars(
            select(Inquiry)
            .where(Inquiry.id.in_(ids))
            .with_for_update()
            .execution_options(populate_existing=True)
        ).all()
        _INDEX.index_many(session, [(row.id, _searchable(session, row)) for row in rows])
        return len(rows)


def _searchable(session: Session, inquiry: Inquiry) -> str:
    said = session.scalars(
        select(Message.body).where(Message.inquiry_id == inquiry.id).order_by(Message.id)
    )
    noted = session.scalars(
        select(Note.body).where(Note.inquiry_id == inquiry.id).order_by(Note.id)
    )
    buyer = (inquiry.name, inquiry.company, inquiry.email, inquiry.phone)
    digits = "".join(sign for sign in inquiry.phone or "" if sign.isdigit())
    title = str(inquiry.listing_then.get("title", ""))
    return "\n".join(
        [*(one for one in buyer if one), digits, title, f"#{inquiry.id}", *said, *noted]
    )
