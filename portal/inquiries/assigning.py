"""Which seller a new inquiry comes to: the one its buyer knows, or the next in turn."""

from datetime import date
from typing import Any

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from portal import clock
from portal.accounts.models import Person, PersonRole, Provider
from portal.inquiries.models import Desk, Inquiry
from portal.inquiries.vocabulary import Assigns, State
from portal.permissions import Role


def choose(session: Session, desk: Desk, inquiry: Inquiry) -> tuple[int, str] | None:
    """The seller's person id and how they were found (`buyer`, `turn`); None: nobody.

    In the running transaction, the desk locked: two inquiries at once take turns.
    """
    today = clock.today_in(
        session.scalars(select(Provider.timezone).where(Provider.id == desk.provider_id)).one()
    )
    if desk.keeps_buyers and (known := _known_to(session, inquiry, today)) is not None:
        return known, "buyer"
    if desk.assigns != Assigns.IN_TURN:
        return None
    sellers = list(session.scalars(_sellers(desk.provider_id, today).order_by(Person.id)))
    if not sellers:
        return None
    last = desk.last_assigned_id or 0
    chosen = next((seller for seller in sellers if seller > last), sellers[0])
    desk.last_assigned_id = chosen
    return chosen, "turn"


def is_at_work(person: Person, today: date) -> bool:
    """Whether somebody is active and not out of office on a day."""
    is_away = (
        person.away_until is not None
        and person.away_until >= today
        and (person.away_from is None or person.away_from <= today)
    )
    return person.is_active and not is_away


def _sellers(provider_id: int, today: date) -> Any:
    """Ids of the provider's sellers who are at work."""
    is_back = or_(
        Person.away_until.is_(None),
        Person.away_until < today,
        Person.away_from > today,
    )
    return (
        select(Person.id)
        .join(PersonRole, PersonRole.person_id == Person.id)
        .where(
            Person.provider_id == provider_id,
            Person.is_active,
            PersonRole.role == Role.SELLER.value,
            is_back,
        )
    )


def _known_to(session: Session, inquiry: Inquiry, today: date) -> int | None:
    """The seller who has the buyer's latest other inquiry."""
    if inquiry.buyer_digest is None:
        return None
    latest: int | None = session.scalar(
        select(Inquiry.assignee_id)
        .where(
            Inquiry.provider_id == inquiry.provider_id,
            Inquiry.buyer_digest == inquiry.buyer_digest,
            Inquiry.id != inquiry.id,
            Inquiry.state != State.SPAM,
            Inquiry.assignee_id.is_not(None),
        )
        .order_by(Inquiry.id.desc())
        .limit(1)
    )
    if latest is None:
        return None
    is_there = _sellers(inquiry.provider_id, today).where(Person.id == latest)
    return latest if session.scalar(is_there) is not None else None
