"""Offer Portal: create_app() configures, wires and returns the application."""

import os
import re
from pathlib import Path
from typing import Any, Final

from flask import Flask
from flask_login import current_user
from jinja2 import StrictUndefined
from werkzeug.middleware.proxy_fix import ProxyFix
from whitenoise import WhiteNoise

from portal import config, database, extensions, places
from portal.accounts import views as accounts
from portal.config import Settings
from portal.imports import views as imports
from portal.inquiries import polling
from portal.inquiries import views as inquiries
from portal.listings import views as listings
from portal.permissions import Permission
from portal.statistics import views as statistics
from portal.storefront import views as storefront
from portal.web import (
    assets,
    compression,
    csrf,
    errors,
    formatting,
    guard,
    headers,
    health,
    languages,
    navigation,
)
from portal.web.rowids import RowIdConverter
from portal.web.sessions import VerifiedOnce

ROOT: Final = Path(__file__).parent.parent
FEATURES: Final = (storefront, listings, imports, inquiries, statistics, accounts)
_STATIC_HEADERS: Final = (
    ("X-Content-Type-Options", "nosniff"),
    ("Cross-Origin-Resource-Policy", "same-origin"),
    ("Referrer-Policy", "strict-origin-when-cross-origin"),
)
_HASHED: Final = re.compile(r"-[0-9A-Za-z]{8,}\.[a-z0-9.]+$")


class _Portal(Flask):
    def ensure_sync(self, func: Any) -> Any:
        """The view or hook itself: none is a coroutine, so none needs to be asked each time."""
        return func


def create_app(settings: Settings | None = None, **overrides: Any) -> Flask:
    """The application, ready to serve.

    Args:
        settings: the operator's; None: read from the environment.
        overrides: Flask configuration keys that tests set.

    Raises:
        SettingError: a setting cannot work.
        RuntimeError: an endpoint declares no access.
    """
    settings = settings or config.settings_from(os.environ)
    app = _Portal(__name__, template_folder=str(ROOT / "templates"), static_folder=None)
    app.config.from_mapping(config.flask_config(settings))
    app.config.from_mapping(overrides)
    app.url_map.converters["int"] = RowIdConverter
    app.session_interface = VerifiedOnce()
    app.jinja_env.undefined = StrictUndefined
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    _bind_extensions(app)
    compression.init_app(app)
    # In this order each request is checked: access first, then the CSRF token.
    guard.init_app(app)
    csrf.init_app(app)
    languages.init_app(app, settings)
    headers.init_app(app, settings)
    errors.init_app(app)
    formatting.register(app, place=places.label)
    app.register_blueprint(health.blueprint)
    for feature in FEATURES:
        for blueprint in feature.BLUEPRINTS:
            app.register_blueprint(blueprint)
    navigation.init_app(app, [entry for feature in FEATURES for entry in feature.NAVIGATION])
    app.jinja_env.globals.update(static_url=assets.static_url, Permission=Permission)
    app.context_processor(_reader)
    guard.refuse_undeclared(app)
    _wrap(app, settings)
    return app


def _bind_extensions(app: Flask) -> None:
    extensions.db.init_app(app)
    with app.app_context():
        database.prepare_engine(extensions.db.engine)
    extensions.migrate.init_app(app, extensions.db, directory=str(ROOT / "portal" / "migrations"))
    # Its context processor would look at the session for every template, public ones too.
    extensions.login_manager.init_app(app, add_context_processor=False)
    extensions.login_manager.session_protection = None  # the session's row is what is relied on
    extensions.htmx.init_app(app)


def _reader() -> dict[str, Any]:
    """Public pages must not look at the session, or no cache could keep them."""
    known = not guard.is_public() and current_user.is_authenticated
    return {"reader": current_user._get_current_object() if known else None}


def _wrap(app: Flask, settings: Settings) -> None:
    app.wsgi_app = polling.Polls(app, settings)  # type: ignore[method-assign]
    served = WhiteNoise(
        app.wsgi_app,
        root=assets.DIST,
        prefix="/static/",
        immutable_file_test=lambda _path, url: bool(_HASHED.search(url)),
    )
    app.wsgi_app = _with_static_headers(served)  # type: ignore[method-assign]
    if settings.trusted_proxies:
        app.wsgi_app = ProxyFix(  # type: ignore[method-assign]
            app.wsgi_app, x_for=1, x_proto=1, x_host=0, x_prefix=0
        )


def _with_static_headers(served: Any) -> Any:
    """Static files with the headers of every answer; WhiteNoise leaves them out of a 304 or 405."""

    def serve(environ: Any, start_response: Any) -> Any:
        if not environ.get("PATH_INFO", "").startswith("/static/"):
            return served(environ, start_response)

        def start(status: str, headers: list[tuple[str, str]], *error: Any) -> Any:
            there = {name.lower() for name, _value in headers}
            own = [pair for pair in _STATIC_HEADERS if pair[0].lower() not in there]
            return start_response(status, [*headers, *own], *error)

        return served(environ, start)

    return serve
