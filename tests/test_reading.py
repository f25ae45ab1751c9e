"""Hot reads on the driver's cursor give what SQLAlchemy's own way gives, and fail the same way."""

from concurrent.futures import ThreadPoolExecutor
from datetime import date
from typing import Any, Final

import pytest
from flask import Flask
from sqlalchemy import bindparam, column, select, table, text
from sqlalchemy.exc import DBAPIError

from portal import clock, reading
from portal.accounts import queries as accounts
from portal.accounts.models import Provider
from portal.database import transaction
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


_ONE: Final = Reading(select(Provider.name).where(Provider.id == bindparam("id")))


def test_outside_a_transaction_no_session_is_made(own_app: Flask) -> None:
    with own_app.app_context():
        made = factories.provider(name="甲")
        db.session.remove()
        found = _ONE.rows({"id": made.id})
        assert [tuple(row) for row in found] == [("甲",)]
        assert not db.session.registry.has()


def test_inside_a_transaction_its_own_writes_are_seen(own_app: Flask) -> None:
    with own_app.app_context(), transaction():
        made = factories.provider(name="乙")
        db.session.flush()
        assert len(_ONE.rows({"id": made.id})) == 1


def test_each_statement_sees_what_is_now(own_app: Flask) -> None:
    with own_app.app_context():
        made = factories.provider(name="丙")
        for name in ("丁", "戊"):
            with transaction() as session:
                session.get_one(Provider, made.id).name = name
            db.session.remove()
            assert [tuple(row) for row in _ONE.rows({"id": made.id})] == [(name,)]


def test_these_connections_cannot_write(own_app: Flask) -> None:
    with own_app.app_context():
        _ONE.rows({"id": 1})
        (idle,) = [one for engine, one in reading._idle.items() if engine is db.engine]
        connection: Any = idle.take()
        try:
            cursor = connection.cursor()
            with pytest.raises(Exception, match=r"readonly|read-only"):
                cursor.execute("DELETE FROM providers")
        finally:
            idle.put_back(connection)


@pytest.mark.parametrize("own_app", ["postgresql"], indirect=True)
def test_a_restarted_server_is_asked_again(own_app: Flask) -> None:
    with own_app.app_context():
        _ONE.rows({"id": 1})
        db.session.execute(
            text(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                "WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
        )
        db.session.remove()
        assert _ONE.rows({"id": 1}) == []


def test_many_threads_read_at_once(own_app: Flask) -> None:
    def read(_turn: int) -> int:
        with own_app.app_context():
            return len(_ONE.rows({"id": 1}))

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(read, range(400))) == 0


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
