"""The tables that migrations make are the tables that the models describe."""

from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from flask import Flask

from portal.extensions import db
from portal.models import metadata


def _is_compared(_object: object, name: str | None, kind: str, *_: object) -> bool:
    # The search index is each database's own and no model.
    return not (kind == "table" and (name or "").startswith(("listing_search", "inquiry_search")))


def test_models_and_migrations_say_the_same(app: Flask) -> None:
    with app.app_context(), db.engine.connect() as connection:
        options = {"include_object": _is_compared, "compare_type": True}
        context = MigrationContext.configure(connection, opts=options)
        assert compare_metadata(context, metadata) == []
