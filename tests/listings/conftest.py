"""What the tests of listings share: a listing made as people make it, and the body of its form."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import event, select

from portal import clock
from portal.accounts.models import Provider
from portal.audit.models import AuditEntry
from portal.extensions import db
from portal.listings import actions, queries
from portal.listings.content import Content
from portal.listings.models import Status
from tests import factories

REAL = Content(
    title="RTX4090不合适大模型训练,为什么适合推理场景呢?猿界算力GPU租赁服务-北京-上海",
    gpu_model="rtx-4090",
    gpu_count=8,
    price_minor=1_100_000,
    place="110000",
    description="推理只做前向，同一张卡正好合适。",
    attributes=(("英伟达", "4090"), ("型号", "RTX 4090"), ("北京", "猿界算力租赁服务提供商")),
)

Made = Callable[..., int]
Statements = Callable[[], list[str]]


@pytest.fixture
def made(provider: Provider) -> Made:
    """A function that makes a draft of the real offer with some fields changed; returns its id."""

    def make(of: Provider | None = None, **fields: Any) -> int:
        return actions.create((of or provider).id, replace(REAL, **fields), by=None)

    return make


@pytest.fixture
def statements(database: None) -> Iterator[Statements]:
    """A function that gives the SQL statements since it was last called."""
    seen: list[str] = []
    # Inside the outer transaction of a test the engine is a connection.
    engine = db.engines[None]
    target = getattr(engine, "engine", engine)

    def note(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        if not statement.startswith(("BEGIN", "COMMIT", "ROLLBACK", "SAVEPOINT", "RELEASE")):
            seen.append(statement)

    def taken() -> list[str]:
        found = seen.copy()
        seen.clear()
        return found

    event.listen(target, "before_cursor_execute", note)
    yield taken
    event.remove(target, "before_cursor_execute", note)


def body(version: int | None = None, **changed: str | None) -> dict[str, str]:
    """What a browser sends from the editor with the real offer in it; None leaves a field out."""
    fields: dict[str, str | None] = {
        "title": REAL.title,
        "attributes": "",
        "gpu_model": "rtx-4090",
        "gpu_count": "8",
        "price": "11000.00",
        "currency": "CNY",
        "unit": "item",
        "delivery_days": "",
        "place": "110000",
        "valid_until": "",
        "no_end_date": "y",
        "description": REAL.description,
        "version": str(version) if version else None,
    }
    for number, (name, value) in enumerate(REAL.attributes):
        fields |= {f"attributes-{number}-name": name, f"attributes-{number}-value": value}
    return {name: value for name, value in (fields | changed).items() if value is not None}


def content(provider: Provider, listing_id: int) -> Content:
    """What the seller wrote, as it stands in the row."""
    try:
        return queries.listing_of(provider.id, listing_id)[1]
    finally:
        # A transaction left open here would take the next write down with it.
        db.session.rollback()


def row(provider: Provider, listing_id: int) -> queries.AnyRow:
    """The listing's columns."""
    try:
        return queries.listing_of(provider.id, listing_id)[0]
    finally:
        db.session.rollback()


def acts(listing_id: int) -> list[str]:
    """What the audit says of a listing, oldest first."""
    statement = select(AuditEntry.act).where(
        AuditEntry.subject == "listing", AuditEntry.subject_id == listing_id
    )
    found = list(db.session.scalars(statement.order_by(AuditEntry.id)))
    db.session.rollback()
    return found


def put(provider: Provider, status: Status, **fields: Any) -> int:
    """A listing in that status, made as it would have come there."""
    was_public = status in {Status.LIVE, Status.PAUSED, Status.EXPIRED}
    published = clock.now() if was_public else None
    return factories.listing(provider, status=status, **{"published_at": published, **fields}).id
