"""Shared fixtures: an application on each database, a transaction per test, signed-in clients."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final

import flask_migrate
import hypothesis
import pytest
from flask import Flask
from sqlalchemy import event

from portal import config, create_app
from portal.accounts.models import Provider
from portal.config import Settings
from portal.extensions import db
from portal.permissions import Role
from tests import factories
from tests.browser import find_chromium
from tests.pages import PagesClient
from tests.postgres import ThrowawayPostgres, create_database, find_postgres

ORIGIN: Final = "http://127.0.0.1:8000"
_SERVER: Final = "PORTAL_TEST_POSTGRESQL"
# How long one example takes says more of the machine than of the code.
hypothesis.settings.register_profile("house", deadline=None)
hypothesis.settings.load_profile("house")
_server = pytest.StashKey[ThrowawayPostgres]()


def pytest_configure(config: pytest.Config) -> None:
    """One PostgreSQL for the whole run: the workers find its URL in their environment."""
    if hasattr(config, "workerinput") or find_postgres() is None:
        return
    server = ThrowawayPostgres()
    config.stash[_server] = server.__enter__()
    os.environ[_SERVER] = server.url


def pytest_unconfigure(config: pytest.Config) -> None:
    """Stop the PostgreSQL of this run."""
    if server := config.stash.get(_server, None):
        server.stop()


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Name what this machine lacks, so that skipped tests are no surprise."""
    lacking = {"PostgreSQL": find_postgres(), "Chromium": find_chromium()}
    for name in (name for name, found in lacking.items() if found is None):
        terminalreporter.write_line(f"SKIPPED: the tests that need {name}, which is not here.")


def settings_for(folder: Path, kind: str, name: str) -> Settings:
    """Settings of an empty database of its own kind, with a secret key.

    Args:
        folder: data directory.
        kind: "sqlite" or "postgresql"; the test is skipped where the latter is not to be had.
        name: of the PostgreSQL database; one of that name is replaced.
    """
    url = f"sqlite:///{folder / 'portal.db'}"
    if kind == "postgresql":
        if not (server := os.environ.get(_SERVER)):
            pytest.skip("no PostgreSQL on this machine")
        worker = os.environ.get("PYTEST_XDIST_WORKER", "gw0")
        url = create_database(server, f"{worker}_{name}")
    settings = Settings(data_dir=folder, database_url=url, public_origin=ORIGIN)
    config.create_secret_key(config.secret_key_path(settings))
    return settings


def migrated_app(settings: Settings) -> Flask:
    """An application with its tables; its test client audits what it fetches."""
    app = create_app(settings, PROPAGATE_EXCEPTIONS=True)
    app.test_client_class = PagesClient
    with app.app_context():
        flask_migrate.upgrade()
    return app


def dispose(app: Flask) -> None:
    """Close the application's connections: one left to the collector is a warning, an error here."""
    with app.app_context():
        db.session.remove()
        db.engine.dispose()


@pytest.fixture(scope="session", params=["sqlite", "postgresql"])
def app(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Flask]:
    """The application, once on SQLite and once on PostgreSQL."""
    folder = tmp_path_factory.mktemp(request.param)
    shared = migrated_app(settings_for(folder, request.param, "shared"))
    yield shared
    dispose(shared)


@pytest.fixture(params=["sqlite", "postgresql"])
def own_app(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Flask]:
    """The application on a database of this test's own, for threads and killed processes."""
    own = migrated_app(settings_for(tmp_path, request.param, "own"))
    yield own
    dispose(own)


@pytest.fixture
def database(app: Flask) -> Iterator[None]:
    """An outer transaction around the test, rolled back at its end."""
    with app.app_context():
        engine = db.engine
        connection = engine.connect().execution_options(portal_writes=True)
        outer = connection.begin()
        # Flask-SQLAlchemy looks its engine up on each use, whatever bind a session is given.
        db.engines[None] = connection  # type: ignore[assignment]
        db.session.remove()
        db.session.session_factory.configure(join_transaction_mode="create_savepoint")
        try:
            yield
        finally:
            db.session.remove()
            db.session.session_factory.configure(join_transaction_mode="conditional_savepoint")
            db.engines[None] = engine
            outer.rollback()
            connection.close()


@pytest.fixture
def provider(database: None) -> Provider:
    """Provider A."""
    return factories.provider()


@pytest.fixture
def other_provider(database: None) -> Provider:
    """Provider B, another tenant."""
    return factories.provider()


ClientFor = Callable[..., PagesClient]


@pytest.fixture
def client_for(app: Flask, database: None) -> ClientFor:
    """A function that makes a client signed in as a new person: (provider, Role.STAFF, ...)."""

    def make(of: Provider | None, *roles: Role, language: str = "en") -> PagesClient:
        someone = factories.person(of, *roles, language=language)
        client = app.test_client()
        client.sign_in(factories.session_of(someone))
        return client

    return make


@pytest.fixture
def visitor(app: Flask, database: None) -> PagesClient:
    """A client that is not signed in."""
    return app.test_client()


@pytest.fixture
def staff(client_for: ClientFor, provider: Provider) -> PagesClient:
    """Staff of provider A, reading English."""
    return client_for(provider, Role.STAFF)


@pytest.fixture
def seller(client_for: ClientFor, provider: Provider) -> PagesClient:
    """Seller of provider A, reading English."""
    return client_for(provider, Role.SELLER)


@pytest.fixture
def admin(client_for: ClientFor) -> PagesClient:
    """Admin of the marketplace, reading English."""
    return client_for(None, Role.ADMIN)


@pytest.fixture(params=[False, True], ids=["plain", "htmx"])
def hx(request: pytest.FixtureRequest) -> bool:
    """Both ways of asking: as a plain browser and as htmx."""
    return bool(request.param)


@pytest.fixture
def statements(app: Flask, database: None) -> Iterator[list[str]]:
    """Every statement sent to the database while the list is watched (savepoints left out)."""
    seen: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_more: Any) -> None:
        if not statement.startswith(("SAVEPOINT", "RELEASE", "ROLLBACK", "BEGIN")):
            seen.append(statement)

    engine = db.engines[None].engine
    event.listen(engine, "before_cursor_execute", note)
    yield seen
    event.remove(engine, "before_cursor_execute", note)
