"""Full-text search of threads: by the buyer, by every word said or noted, by the offer."""

from typing import Final

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from portal.database import transaction
from portal.extensions import db
from portal.inquiries.models import Inquiry, Message, Note
from portal.search.index import SearchIndex

# A thread is behind once something was said that the index has not seen.
_INDEX: Final = SearchIndex("inquiry_search", "inquiry_id", Inquiry.__table__, "last_message_at")
_BATCH: Final = 100
_SPAN: Final = 5000

matches, narrowed, forget = _INDEX.matches, _INDEX.narrowed, _INDEX.forget


def index(session: Session, inquiry: Inquiry) -> None:
    """Put (or replace) what a thread is found by, in the running transaction."""
    session.flush()
    _INDEX.index(session, inquiry.id, _searchable(session, inquiry))


def reindex() -> int:
    """Index each thread that search does not know as it is; says how many it were.

    Safe to repeat, to break off and to run twice at once.
    """
    highest = db.session.scalar(select(func.max(Inquiry.id))) or 0
    indexed = 0
    for start in range(0, highest, _SPAN):
        behind = list(db.session.scalars(_INDEX.behind(start, start + _SPAN)))
        for first in range(0, len(behind), _BATCH):
            indexed += _index(behind[first : first + _BATCH])
    if indexed:
        _INDEX.tidy()
    return indexed


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
