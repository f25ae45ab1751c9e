"""Hot reads on the driver's cursor give what SQLAlchemy's own way gives, and fail the same way."""

from datetime import date

import pytest
from flask import Flask
from sqlalchemy import bindparam, column, select, table
from sqlalchemy.exc import DBAPIError

from portal import clock
from portal.accounts import queries as accounts
from portal.accounts.models import Provider
from portal.digests import digest_of
from portal.extensions import db
from portal.listings import queries
from portal.listings.filters import Filters, asked
from portal.permissions import Role
from portal.reading import Reading
from tests import factories
from tests.pages import PagesClient


@pytest.fixture
def several(provider: Provider) -> Provider:
    """A provider with listings of every odd kind."""
    for fields in (
        {"valid_until": date(2020, 2, 29), "status": "expired"},
        {"price_minor": None, "place": None, "gpu_model": "rtx-4090"},
        {"title": "引号 ' \" % \\ 和 :冒号 %(x)s", "views_recent": "[1,2]"},
        {"published_at": None, "status": "draft"},
    ):
        factories.listing(provider, **fields)
    return provider


def _index(provider: Provider, filters: Filters) -> list[tuple[object, ...]]:
    return queries.rows_in(
        queries.listings_of(provider.id, filters, None, clock.today()), filters.sort, None
    )


@pytest.mark.parametrize("wanted", [{}, {"status": "draft"}, {"gpu": "rtx-4090"}])
def test_the_index_reads_the_same_either_way(
    several: Provider, statements: list[str], wanted: dict[str, str], app: Flask
) -> None:
    with app.test_request_context(query_string=wanted) as context:
        filters = asked(context.request.args)
    watched = _index(several, filters)  # somebody listens: the usual way
    assert statements
    engine = db.engines[None].engine
    listeners = list(engine.dispatch.before_cursor_execute)
    assert listeners
    assert len(watched) >= 1
    assert watched == _unwatched(lambda: _index(several, filters))


def test_a_person_is_known_the_same_either_way(several: Provider, statements: list[str]) -> None:
    token = factories.session_of(factories.person(several, Role.STAFF, Role.SELLER))
    digest = digest_of(token)
    watched = accounts.identity_of(token, digest)
    assert watched is not None
    assert watched.roles == {Role.STAFF, Role.SELLER}
    assert watched == _unwatched(lambda: accounts.identity_of(token, digest))


def _unwatched(read: object) -> object:
    """What `read` gives while nobody listens to statements."""
    assert callable(read)
    connection = db.session.connection()
    kept = connection.dispatch
    silent = type("Silent", (), {"before_cursor_execute": ()})()
    connection.dispatch = silent  # type: ignore[assignment]
    try:
        return read()
    finally:
        connection.dispatch = kept  # type: ignore[method-assign]


def test_an_error_is_the_usual_one(database: None) -> None:
    broken = Reading(
        select(column("a")).select_from(table("nowhere")).where(column("a") == bindparam("x"))
    )
    with pytest.raises(DBAPIError):
        broken.rows({"x": 1})


def test_a_page_is_the_same_for_who_listens(
    several: Provider, staff: PagesClient, statements: list[str]
) -> None:
    first = staff.get("/portal/listings/").text
    assert len(statements) <= 3
    assert first == staff.get("/portal/listings/").text
