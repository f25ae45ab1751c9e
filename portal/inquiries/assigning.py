"""Which seller a new inquiry comes to: the one its buyer knows, or the next in turn."""

from collections.abc import Collection
from datetime import date
from typing import Final

from sqlalchemy import Select, or_, select
from sqlalchemy.orm import Session

from portal import clock
from portal.accounts.models import Person, PersonRole, Provider
from portal.inquiries.models import Desk, Inquiry
from portal.inquiries.vocabulary import Assigns, State
from portal.permissions import ROLES, Permission, Role

ANSWERERS: Final = tuple(role.value for role in Role if Permission.INQUIRY_ANSWER in ROLES[role])
"""Roles whose people can have a thread; in turn they come to sellers only."""


def choose(session: Session, desk: Desk, inquiry: Inquiry) -> tuple[int, str] | None:
    """The seller's person id and how they were found (`buyer`, `turn`); None: nobody.

    In the running transaction, the desk locked: two inquiries at once take turns.
    """
    today = today_of(session, desk.provider_id)
    if desk.keeps_buyers and (known := _known_to(session, inquiry, today)) is not None:
        return known, "buyer"
    if desk.assigns != Assigns.IN_TURN:
        return None
    chosen = next_in_turn(session, desk, today)
    return None if chosen is None else (chosen, "turn")


def next_in_turn(
    session: Session, desk: Desk, today: date, *, but: int | None = None
) -> int | None:
    """The seller whose turn it is, which is noted; None: nobody is at work.

    Args:
        session: of the running transaction.
        desk: locked.
        today: the provider's day.
        but: a person who is passed over.
    """
    sellers = list(
        session.scalars(
            _at_work(desk.provider_id, today, [Role.SELLER.value])
            .where(Person.id != (but or 0))
            .order_by(Person.id)
        )
    )
    if not sellers:
        return None
    last = desk.last_assigned_id or 0
    chosen: int = next((seller for seller in sellers if seller > last), sellers[0])
    desk.last_assigned_id = chosen
    return chosen


def today_of(session: Session, provider_id: int) -> date:
    """The provider's present day."""
    zone = session.scalars(select(Provider.timezone).where(Provider.id == provider_id)).one()
    return clock.today_in(zone)


def is_at_work(person: Person, today: date) -> bool:
    """Whether somebody is active and not out of office on a day."""
    is_away = (
        person.away_until is not None
        and person.away_until >= today
        and (person.away_from is None or person.away_from <= today)
    )
    return person.is_active and not is_away


def _at_work(provider_id: int, today: date, roles: Collection[str]) -> Select[int]:
    """Ids of the provider's people who hold one of these roles and are at work."""
    is_there = or_(
        Person.away_until.is_(None),
        Person.away_until < today,
        Person.away_from > today,
    )
    holds_one = (
        select(PersonRole.person_id)
        .where(PersonRole.person_id == Person.id, PersonRole.role.in_(roles))
        .exists()
    )
    return select(Person.id).where(
        Person.provider_id == provider_id, Person.is_active, holds_one, is_there
    )


def _known_to(session: Session, inquiry: Inquiry, today: date) -> int | None:
    """The seller who has the buyer's latest other inquiry, where they are at work."""
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
    is_there = _at_work(inquiry.provider_id, today, ANSWERERS).where(Person.id == latest)
    return latest if session.scalar(is_there) is not None else None
