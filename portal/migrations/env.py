"""Alembic's entry: migrations run in one transaction on the application's own engine."""

from alembic import context

from portal.extensions import db
from portal.models import metadata

# Full-text tables differ by database and are made by hand; autogenerate must not drop them.
_BY_HAND = "listing_search"


def _is_ours(
    _object: object, name: str | None, kind: str, _reflected: bool, _compared: object
) -> bool:
    return not (kind == "table" and (name or "").startswith(_BY_HAND))


with db.engine.connect().execution_options(portal_writes=True) as connection:
    context.configure(
        connection=connection,
        target_metadata=metadata,
        include_object=_is_ours,
        render_as_batch=connection.dialect.name == "sqlite",
        transactional_ddl=True,
        compare_type=True,
    )
    with context.begin_transaction():
        context.run_migrations()
