"""A seller's open threads handed over before they go out of office."""

from collections.abc import Sequence
from enum import StrEnum
from typing import Final

from sqlalchemy import select

from portal.audit.actions import record_many
from portal.database import transaction
from portal.extensions import db
from portal.inquiries import assigning, turns
from portal.inquiries.actions.threads import happened, touch
from portal.inquiries.models import Inquiry
from portal.inquiries.moves import OPEN
from portal.inquiries.vocabulary import Event

_AT_ONCE: Final = 100


class Heir(StrEnum):
    """To whom the threads go."""

    TURN = "turn"
    """To the other sellers in turn, those away left out."""
    NOBODY = "nobody"


def hand_over(provider_id: int, person_id: int, heir: Heir) -> int:
    """Give a person's open threads away; returns how many went.

    Some a transaction. Where no other seller is at work, they are nobody's: everybody sees them then.
    """
    total = 0
    while ids := _open(provider_id, person_id):
        total += _hand_some(provider_id, person_id, ids, heir)
    return total


def _open(provider_id: int, person_id: int) -> Sequence[int]:
    ids = db.session.scalars(
        select(Inquiry.id)
        .where(
            Inquiry.provider_id == provider_id,
            Inquiry.assignee_id == person_id,
            Inquiry.stage.in_(sorted(OPEN)),
        )
        .order_by(Inquiry.id)
        .limit(_AT_ONCE)
    ).all()
    db.session.rollback()
    return ids


def _hand_some(provider_id: int, person_id: int, ids: Sequence[int], heir: Heir) -> int:
    with transaction() as session:
        threads = session.scalars(
            select(Inquiry)
            .where(Inquiry.id.in_(ids), Inquiry.assignee_id == person_id)
            .order_by(Inquiry.id)
            .with_for_update()
            .execution_options(populate_existing=True)
        ).all()
        desk = touch(session, provider_id)
        today = assigning.today_of(session, provider_id)
        went: dict[int, dict[str, int | None]] = {}
        for thread in threads:
            to = None
            if heir is Heir.TURN:
                to = assigning.next_in_turn(session, desk, today, but=person_id)
            thread.assignee_id = to
            turns.place(thread)
            thread.version += 1
            happened(session, thread, Event.ASSIGNED, person_id, to=to, how="away")
            went[thread.id] = {"to": to}
        record_many(
            session,
            "inquiry.hand-over",
            subject="inquiry",
            changes=went,
            person_id=person_id,
            provider_id=provider_id,
        )
        return len(threads)
