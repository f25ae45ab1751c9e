"""Hot writes: the same rows as SQLAlchemy's own way, in the same transaction, with its errors."""

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import Table, event, func, select
from sqlalchemy.exc import IntegrityError

from portal.audit.actions import record
from portal.audit.models import AuditEntry
from portal.database import transaction
from portal.extensions import db
from portal.listings import actions
from portal.listings.content import Content
from portal.listings.models import Listing, Revision
from portal.writing import Writing
from tests import factories

CHANGED: dict[str, Any] = {
    "price_minor": 1_234_500,
    "valid_until": date(2027, 2, 28),
    "discounts": ((3, 5), (12, 20)),
    "title": "RTX 4090 100% \"现货\" 'x' %s",
    "place": None,
    "stock": None,
}
BEGUN = Content(title="Begun", stock=3, place="110000", price_minor=1)


def _saved(app: Flask) -> list[tuple[Any, ...]]:
    """All that a save writes, without what differs from one offer to the next."""
    with app.app_context():
        provider = factories.provider()
        person = factories.person(provider)
        one = actions.create(provider.id, BEGUN, by=person.id)
        actions.set_values(provider.id, one, CHANGED, 1, by=person.id)
        listing = db.session.get_one(Listing, one)
        columns = {name: getattr(listing, name) for name in (*CHANGED, "version", "status")}
        kept = select(Revision.version, Revision.content, Revision.restored_from)
        told = select(AuditEntry.act, AuditEntry.subject, AuditEntry.changes)
        revisions = db.session.execute(kept.where(Revision.listing_id == one).order_by("version"))
        entries = db.session.execute(told.where(AuditEntry.subject_id == one).order_by("act"))
        rows: list[Any] = [columns, *revisions.all(), *entries.all()]
        db.session.remove()
        return rows


def test_what_is_written_is_the_same_either_way(own_app: Flask) -> None:
    seen: list[str] = []
    listener: Callable[..., None] = lambda *arguments: seen.append(arguments[2])  # noqa: E731
    unwatched = _saved(own_app)
    with own_app.app_context():
        engine = db.engine
    event.listen(engine, "before_cursor_execute", listener)
    try:
        assert _saved(own_app) == unwatched
    finally:
        event.remove(engine, "before_cursor_execute", listener)
    written = [one.split()[2] for one in seen if one.startswith("INSERT")]
    assert {"listing_revisions", "audit_entries"} <= set(written)
    assert any(one.startswith("UPDATE listings SET") for one in seen)


def test_it_goes_with_its_transaction(own_app: Flask) -> None:
    def write() -> None:
        with transaction() as session:
            record(
                session, "listing.save", subject="listing", subject_id=1, person_id=None,
                provider_id=None,
            )  # fmt: skip
            raise InterruptedError

    with own_app.app_context():
        with pytest.raises(InterruptedError):
            write()
        assert db.session.scalar(select(func.count()).select_from(AuditEntry)) == 0


def test_errors_are_the_usual_ones(own_app: Flask) -> None:
    table = Revision.__table__
    assert isinstance(table, Table)
    names = ("listing_id", "version", "content", "at")
    values = {"listing_id": 404, "version": 1, "content": {}, "at": 0}
    with own_app.app_context(), pytest.raises(IntegrityError), transaction() as session:
        Writing(table.insert(), names).run(session, values)
    with own_app.app_context(), transaction() as session:
        assert session.scalar(select(func.count()).select_from(Revision)) == 0


def test_a_default_made_in_python_is_not_forgotten(own_app: Flask) -> None:
    table = AuditEntry.__table__
    assert isinstance(table, Table)
    with (
        own_app.app_context(),
        transaction() as session,
        pytest.raises(ValueError, match="default"),
    ):
        Writing(table.insert(), ("at", "act", "subject")).run(
            session, {"at": 0, "act": "x", "subject": "x"}
        )
