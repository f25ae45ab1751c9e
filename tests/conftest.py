"""Shared fixtures: an application on each database, a transaction per test, signed-in clients."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import flask_migrate
import pytest
from flask import Flask

from portal import config, create_app
from portal.accounts.models import Provider
from portal.config import Settings
from portal.extensions import db
from portal.permissions import Role
from tests import factories
from tests.pages import PagesClient

ORIGIN = "http://127.0.0.1:8000"


def _settings(folder: Path, url: str) -> Settings:
    settings = Settings(data_dir=folder, database_url=url, public_origin=ORIGIN)
    config.create_secret_key(config.secret_key_path(settings))
    return settings


@pytest.fixture(scope="session", params=["sqlite", "postgresql"])
def app(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Flask:
    """The application with migrated tables, once on SQLite and once on PostgreSQL."""
    folder = tmp_path_factory.mktemp(request.param)
    url = f"sqlite:///{folder / 'portal.db'}"
    if request.param == "postgresql":
        url = request.getfixturevalue("postgresql_url")
    app = create_app(_settings(folder, url), TESTING=False)
    app.test_client_class = PagesClient
    with app.app_context():
        flask_migrate.upgrade()
    return app


@pytest.fixture(scope="session")
def postgresql_url() -> str:
    """An empty database of this worker's own on the throw-away server."""
    url = os.environ.get("PORTAL_TEST_POSTGRESQL_URL")
    if not url:
        pytest.skip("no PostgreSQL on this machine")
    return url


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
    """A function: client_for(provider, Role.STAFF, ...) → client signed in as a new person."""

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
