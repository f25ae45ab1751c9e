"""Keeping, renaming, sharing, ordering and forgetting saved views, each one transaction."""

from typing import Any

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from portal import clock
from portal.audit.actions import record
from portal.database import Missing, transaction
from portal.listings.models import SavedView
from portal.listings.saved_views import MOST


class TooManyViews(Exception):  # noqa: N818 - an answer, not a fault
    """The person has as many views as anybody may, or the provider's people share as many."""


class NameTaken(Exception):  # noqa: N818 - an answer, not a fault
    """The person has another view of this name."""


def keep_view(provider_id: int, person_id: int, name: str, query: str, *, is_shared: bool) -> int:
    """Keep a question to the index; returns the view's id.

    Args:
        provider_id: whose listings it asks for.
        person_id: whose view it is.
        name: 1 to 50 characters.
        query: the index's query in its canonical form.
        is_shared: whether colleagues see it.

    Raises:
        NameTaken: the person has a view of this name.
        TooManyViews: there is no room for another.
    """
    with transaction() as session:
        mine = (SavedView.provider_id == provider_id, SavedView.person_id == person_id)
        _refuse_taken(session, provider_id, person_id, name)
        count, last = session.execute(
            select(func.count(), func.coalesce(func.max(SavedView.position), 0)).where(*mine)
        ).one()
        if count >= MOST:
            raise TooManyViews
        if is_shared:
            _refuse_crowd(session, provider_id)
        view = SavedView(
            provider_id=provider_id,
            person_id=person_id,
            name=name,
            query=query,
            is_shared=is_shared,
            position=last + 1,
            created_at=clock.now(),
        )
        session.add(view)
        session.flush()
        _audit(session, "view.create", view, person_id, {"name": [None, name]})
        return view.id


def change_view(
    provider_id: int,
    person_id: int,
    view_id: int,
    *,
    name: str,
    is_shared: bool,
    may_any: bool,
) -> None:
    """Rename and share a view: one's own, or with `may_any` what a colleague shares.

    Raises:
        Missing: there is no such view that the person may change.
        NameTaken: its owner has another view of this name.
        TooManyViews: as many are shared as may be.
    """
    with transaction() as session:
        view = _theirs(session, provider_id, person_id, view_id, may_any=may_any)
        if name != view.name:
            _refuse_taken(session, provider_id, view.person_id, name)
        if is_shared and not view.is_shared:
            _refuse_crowd(session, provider_id)
        changes = {"name": [view.name, name], "is_shared": [view.is_shared, is_shared]}
        view.name, view.is_shared = name, is_shared
        _audit(session, "view.update", view, person_id, changes)


def forget_view(provider_id: int, person_id: int, view_id: int, *, may_any: bool) -> None:
    """Remove a view: one's own, or with `may_any` what a colleague shares.

    Raises:
        Missing: there is no such view that the person may remove.
    """
    with transaction() as session:
        view = _theirs(session, provider_id, person_id, view_id, may_any=may_any)
        facts = {"name": [view.name, None], "query": [view.query, None]}
        _audit(session, "view.delete", view, person_id, facts)
        session.delete(view)


def move_view(provider_id: int, person_id: int, view_id: int, *, by: int) -> None:
    """Let one's own view change places with the one before (-1) or after it (1).

    Raises:
        Missing: the person has no such view.
    """
    with transaction() as session:
        _theirs(session, provider_id, person_id, view_id, may_any=False)
        mine = session.scalars(
            select(SavedView)
            .where(SavedView.provider_id == provider_id, SavedView.person_id == person_id)
            .order_by(SavedView.position, SavedView.id)
        ).all()
        order = list(mine)
        at = next(place for place, view in enumerate(order) if view.id == view_id)
        to = min(max(at + by, 0), len(order) - 1)
        order.insert(to, order.pop(at))
        for position, view in enumerate(order):
            view.position = position


def _theirs(
    session: Session, provider_id: int, person_id: int, view_id: int, *, may_any: bool
) -> SavedView:
    is_own = SavedView.person_id == person_id
    view = session.scalars(
        select(SavedView).where(
            SavedView.id == view_id,
            SavedView.provider_id == provider_id,
            or_(is_own, SavedView.is_shared.is_(True)) if may_any else is_own,
        )
    ).one_or_none()
    if view is None:
        raise Missing
    return view


def _refuse_taken(session: Session, provider_id: int, person_id: int, name: str) -> None:
    taken = session.scalar(
        select(SavedView.id).where(
            SavedView.provider_id == provider_id,
            SavedView.person_id == person_id,
            SavedView.name == name,
        )
    )
    if taken is not None:
        raise NameTaken


def _refuse_crowd(session: Session, provider_id: int) -> None:
    shared = session.scalar(
        select(func.count()).where(
            SavedView.provider_id == provider_id, SavedView.is_shared.is_(True)
        )
    )
    if (shared or 0) >= MOST:
        raise TooManyViews


def _audit(session: Session, act: str, view: SavedView, by: int, changes: dict[str, Any]) -> None:
    record(
        session,
        act,
        subject="saved view",
        subject_id=view.id,
        person_id=by,
        provider_id=view.provider_id,
        changes=changes,
    )
