"""Everything a provider's staff needs to run a catalogue: typed fields, pictures, drafts, imports.

Nothing the release before this one writes or reads changes its meaning: each new column is empty
or filled in by the database, and no table is made anew that others point to.
"""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_UNITS = "'gpu_hour', 'machine_hour', 'gpu_day', 'machine_day', 'gpu_month', 'machine_month'"

_ITEM_WHOLE = (
    "CONSTRAINT ck_listings_item_whole CHECK ((item_quantity IS NULL) = (item_unit IS NULL))"
)
_TERM_ORDER = "CONSTRAINT ck_listings_term_order CHECK (min_term <= max_term)"
_AVAILABILITY_ORDER = (
    "CONSTRAINT ck_listings_availability_order CHECK (available_from <= available_until)"
)


def _one_of(column: str, listed: str) -> str:
    return f"{column} VARCHAR(32) CONSTRAINT ck_listings_{column} CHECK ({column} IN ({listed}))"


def _counted(column: str, least: int) -> str:
    return f"{column} INTEGER CONSTRAINT ck_listings_{column} CHECK ({column} >= {least})"


# In the words of SQL, with each check in its column: SQLite can add a column, but a check alone
# only by making the table anew, and that would take along all that points to it.
_COLUMNS = (
    "own_number VARCHAR(64) DEFAULT '' NOT NULL",
    "own_category VARCHAR(64) DEFAULT '' NOT NULL",
    _one_of("kind", "'rental', 'supply', 'service', 'used', 'clearance'"),
    _one_of(
        "delivery",
        "'bare_metal', 'virtual_machine', 'container', 'cluster', 'hosting', 'hardware'",
    ),
    "brand VARCHAR(64) DEFAULT '' NOT NULL",
    _counted("gpu_memory_gib", 1),
    _one_of("interconnect", "'nvswitch', 'nvlink', 'infinity_fabric', 'hccs', 'other', 'pcie'"),
    _counted("pcie_generation", 1),
    _counted("pcie_lanes", 1),
    "cpu_model VARCHAR(64) DEFAULT '' NOT NULL",
    _counted("cpu_cores", 1),
    _counted("ram_gib", 1),
    _counted("disk_gib", 1),
    _one_of("disk_type", "'nvme', 'ssd', 'hdd'"),
    _counted("network_up_mbps", 1),
    _counted("network_down_mbps", 1),
    _one_of("fabric", "'infiniband', 'roce', 'ethernet'"),
    _counted("fabric_gbps", 1),
    _counted("item_quantity", 1),
    f"{_one_of('item_unit', _UNITS)} {_ITEM_WHOLE}",
    _counted("stock", 0),
    _counted("min_order", 1),
    _counted("min_gpus", 1),
    _counted("min_term", 1),
    f"{_counted('max_term', 1)} {_TERM_ORDER}",
    _one_of("term_unit", "'hour', 'day', 'month', 'year'"),
    "discounts JSON",
    "available_from DATE",
    f"available_until DATE {_AVAILABILITY_ORDER}",
    "maintenance VARCHAR(200) DEFAULT '' NOT NULL",
    "confirmed_at BIGINT",
    "submitted_at BIGINT",
    "rejection JSON",
)
_OWN_NUMBER = sa.text("own_number <> ''")
_WAITING = sa.text("submitted_at IS NOT NULL")
_KIND = sa.text("kind IS NOT NULL")
_INCOMPLETE = sa.text(
    "(description = '' OR place IS NULL OR delivery_days IS NULL OR gpu_model IS NULL"
    " OR gpu_count IS NULL OR price_minor IS NULL)"
)


def upgrade() -> None:
    for column in _COLUMNS:
        op.execute(f"ALTER TABLE listings ADD COLUMN {column}")
    # What was in review already waits for a look: the reviewers' queue is in this order.
    op.execute("UPDATE listings SET submitted_at = updated_at WHERE status = 'in_review'")
    op.add_column("listing_revisions", sa.Column("restored_from", sa.Integer(), nullable=True))
    _listing_indexes()
    _provider_settings()
    _pictures()
    _work_in_progress()
    _imports()
    _search()


def _listing_indexes() -> None:
    for name, columns in (
        ("ix_listings_provider_valid_until", ["provider_id", "status", "valid_until", "id"]),
        ("ix_listings_price", ["status", "currency", "unit", "price_minor", "id"]),
        ("ix_listings_provider_price", ["provider_id", "price_minor", "id"]),
        ("ix_listings_provider_stock", ["provider_id", "stock", "id"]),
        ("ix_listings_status_delivery", ["status", "delivery", "published_at"]),
    ):
        op.create_index(name, "listings", columns)
    op.create_index(
        "ix_listings_waiting",
        "listings",
        ["submitted_at", "id"],
        sqlite_where=_WAITING,
        postgresql_where=_WAITING,
    )
    op.create_index(
        "ix_listings_provider_kind",
        "listings",
        ["provider_id", "kind", "updated_at", "id"],
        sqlite_where=_KIND,
        postgresql_where=_KIND,
    )
    op.create_index(
        "uq_listings_own_number",
        "listings",
        ["provider_id", "own_number"],
        unique=True,
        sqlite_where=_OWN_NUMBER,
        postgresql_where=_OWN_NUMBER,
    )
    op.create_index(
        "ix_listings_incomplete",
        "listings",
        ["provider_id", "updated_at", "id"],
        sqlite_where=_INCOMPLETE,
        postgresql_where=_INCOMPLETE,
    )


def _provider_settings() -> None:
    for column in (
        sa.Column("timezone", sa.String(64), server_default="Asia/Shanghai", nullable=False),
        sa.Column("reviews_listings", sa.Boolean(), server_default=sa.false(), nullable=False),
    ):
        op.add_column("providers", column)


def _pictures() -> None:
    # Nothing points to this table: SQLite may make it anew.
    with op.batch_alter_table("listing_images") as table:
        table.alter_column("listing_id", existing_type=_ID, nullable=True)
        table.add_column(sa.Column("provider_id", _ID, nullable=True))
        table.add_column(sa.Column("kept_for", _ID, nullable=True))
        table.add_column(sa.Column("widths", sa.String(32), server_default="", nullable=False))
        table.add_column(
            sa.Column("created_at", sa.BigInteger(), server_default="0", nullable=False)
        )
        table.add_column(sa.Column("shown_at", sa.BigInteger(), nullable=True))
        table.create_foreign_key(
            op.f("fk_listing_images_provider_id"), "providers", ["provider_id"], ["id"]
        )
        table.create_foreign_key(
            op.f("fk_listing_images_kept_for"),
            "listings",
            ["kept_for"],
            ["id"],
            ondelete="CASCADE",
        )
    op.execute(
        "UPDATE listing_images SET kept_for = listing_id, shown_at = 0, provider_id ="
        " (SELECT provider_id FROM listings WHERE listings.id = listing_images.listing_id)"
    )
    op.create_index("ix_listing_images_kept_for", "listing_images", ["kept_for"])
    op.create_index("ix_listing_images_provider", "listing_images", ["provider_id", "created_at"])
    op.create_index("ix_listing_images_loose", "listing_images", ["shown_at", "created_at"])


def _work_in_progress() -> None:
    op.create_table(
        "listing_drafts",
        sa.Column("id", _ID, nullable=False),
        _owner(),
        _person("listing_drafts", nullable=False, ondelete="CASCADE"),
        sa.Column("listing_id", _ID, nullable=True),
        sa.Column("place", sa.String(40), nullable=False),
        sa.Column("fields", sa.JSON(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("saved_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["provider_id"], ["providers.id"], name=op.f("fk_listing_drafts_provider_id")
        ),
        sa.ForeignKeyConstraint(
            ["listing_id"],
            ["listings.id"],
            name=op.f("fk_listing_drafts_listing_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_listing_drafts")),
    )
    op.create_index(
        "uq_listing_drafts_place", "listing_drafts", ["person_id", "place"], unique=True
    )
    op.create_index("ix_listing_drafts_saved_at", "listing_drafts", ["saved_at"])
    op.create_table(
        "saved_views",
        sa.Column("id", _ID, nullable=False),
        _owner(),
        _person("saved_views", nullable=False, ondelete="CASCADE"),
        sa.Column("name", sa.String(50), nullable=False),
        sa.Column("query", sa.String(1000), nullable=False),
        sa.Column("is_shared", sa.Boolean(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["provider_id"], ["providers.id"], name=op.f("fk_saved_views_provider_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_saved_views")),
    )
    op.create_index(
        "ix_saved_views_provider", "saved_views", ["provider_id", "is_shared", "position"]
    )
    op.create_index("ix_saved_views_person", "saved_views", ["person_id", "position"])
    op.create_table(
        "bulk_changes",
        sa.Column("id", _ID, nullable=False),
        _owner(),
        _person("bulk_changes", nullable=True),
        sa.Column("act", sa.String(32), nullable=False),
        sa.Column("form_nonce", sa.String(32), nullable=False),
        sa.Column("changes", sa.JSON(), nullable=False),
        sa.Column("refused", sa.JSON(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("undone_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(
            ["provider_id"], ["providers.id"], name=op.f("fk_bulk_changes_provider_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_bulk_changes")),
        sa.UniqueConstraint("form_nonce", name=op.f("uq_bulk_changes_form_nonce")),
    )
    op.create_index("ix_bulk_changes_provider", "bulk_changes", ["provider_id", "id"])


def _owner() -> sa.Column[int]:
    return sa.Column("provider_id", _ID, nullable=False)


def _person(table: str, *, nullable: bool, ondelete: str | None = None) -> sa.Column[int]:
    name = op.f(f"fk_{table}_person_id")
    key = sa.ForeignKey("people.id", name=name, ondelete=ondelete)
    return sa.Column("person_id", _ID, key, nullable=nullable)


def _imports() -> None:
    states = "'uploaded', 'checking', 'checked', 'importing', 'done', 'failed'"
    op.create_table(
        "imports",
        sa.Column("id", _ID, nullable=False),
        _owner(),
        _person("imports", nullable=True),
        sa.Column("file_name", sa.String(200), nullable=False),
        sa.Column("key", sa.String(32), nullable=False),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("columns", sa.JSON(), nullable=False),
        sa.Column("total", sa.Integer(), nullable=False),
        sa.Column("mapping", sa.JSON(), nullable=False),
        sa.Column("options", sa.JSON(), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("done", sa.Integer(), nullable=False),
        sa.Column("counts", sa.JSON(), nullable=False),
        sa.Column("problem", sa.Text(), nullable=True),
        sa.Column("form_nonce", sa.String(32), nullable=True),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("changed_at", sa.BigInteger(), nullable=False),
        sa.CheckConstraint(f"state IN ({states})", name=op.f("ck_imports_state")),
        sa.ForeignKeyConstraint(
            ["provider_id"], ["providers.id"], name=op.f("fk_imports_provider_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_imports")),
        sa.UniqueConstraint("key", name=op.f("uq_imports_key")),
        sa.UniqueConstraint("form_nonce", name=op.f("uq_imports_form_nonce")),
    )
    op.create_index("ix_imports_provider", "imports", ["provider_id", "id"])
    op.create_index("ix_imports_created_at", "imports", ["created_at"])
    op.create_table(
        "import_rows",
        sa.Column("import_id", _ID, nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("outcome", sa.String(16), nullable=False),
        sa.Column("is_written", sa.Boolean(), nullable=False),
        sa.Column("listing_id", _ID, nullable=True),
        sa.Column("listing_version", sa.Integer(), nullable=True),
        sa.Column("messages", sa.JSON(), nullable=False),
        sa.Column("notes", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(
            ["import_id"],
            ["imports.id"],
            name=op.f("fk_import_rows_import_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["listing_id"],
            ["listings.id"],
            name=op.f("fk_import_rows_listing_id"),
            ondelete="SET NULL",
        ),
        sa.PrimaryKeyConstraint("import_id", "number", name=op.f("pk_import_rows")),
    )
    op.create_table(
        "import_mappings",
        sa.Column("provider_id", _ID, nullable=False),
        sa.Column("headings_digest", sa.String(64), nullable=False),
        sa.Column("mapping", sa.JSON(), nullable=False),
        sa.Column("options", sa.JSON(), nullable=False),
        sa.Column("used_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["provider_id"], ["providers.id"], name=op.f("fk_import_mappings_provider_id")
        ),
        sa.PrimaryKeyConstraint("provider_id", "headings_digest", name=op.f("pk_import_mappings")),
    )


def _search() -> None:
    """The words by which listings are found, anew; `portal init` fills them in.

    The old index stays, unread: the release before this one goes on writing it.
    """
    if op.get_bind().dialect.name == "sqlite":
        op.execute(
            "CREATE TABLE listing_search_texts (listing_id INTEGER PRIMARY KEY"
            " REFERENCES listings (id) ON DELETE CASCADE,"
            " version INTEGER NOT NULL, content TEXT NOT NULL)"
        )
        op.execute(
            "CREATE VIRTUAL TABLE listing_search_grams USING fts5("
            "tokens, content='', detail=none, columnsize=0, tokenize='ascii')"
        )
        return
    op.execute(
        "CREATE TABLE listing_search_texts (listing_id BIGINT PRIMARY KEY"
        " REFERENCES listings (id) ON DELETE CASCADE,"
        " version INTEGER NOT NULL, content TEXT NOT NULL, grams tsvector NOT NULL)"
    )
    op.execute(
        "CREATE INDEX ix_listing_search_texts_grams ON listing_search_texts USING gin (grams)"
    )
