"""The first tables, and the full-text index that each database has of its own kind."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


# listing_counts stays true whoever writes listings. On SQLite row by row; on PostgreSQL by whole
# statements: one row updated many times in a transaction would get slower with each time.
_ADD = (
    "INSERT INTO listing_counts (provider_id, status, listings) VALUES (NEW.provider_id, NEW.status, 1)"
    " ON CONFLICT (provider_id, status) DO UPDATE SET listings = listings + 1;"
)
_TAKE = (
    "UPDATE listing_counts SET listings = listings - 1"
    " WHERE provider_id = OLD.provider_id AND status = OLD.status;"
)
SQLITE_COUNTS = (
    f"CREATE TRIGGER listing_counts_insert AFTER INSERT ON listings BEGIN {_ADD} END",
    f"CREATE TRIGGER listing_counts_delete AFTER DELETE ON listings BEGIN {_TAKE} END",
    (
        "CREATE TRIGGER listing_counts_update AFTER UPDATE OF status, provider_id ON listings"
        " WHEN OLD.status <> NEW.status OR OLD.provider_id <> NEW.provider_id"
        f" BEGIN {_TAKE} {_ADD} END"
    ),
)
_UPSERT = (
    "INSERT INTO listing_counts AS kept (provider_id, status, listings)"
    " SELECT provider_id, status, sum(n) FROM ({rows}) AS changed"
    " GROUP BY provider_id, status HAVING sum(n) <> 0 ORDER BY provider_id, status"
    " ON CONFLICT (provider_id, status) DO UPDATE SET listings = kept.listings + excluded.listings;"
)
_ADDED = "SELECT provider_id, status, 1 AS n FROM added"
_TAKEN = "SELECT provider_id, status, -1 AS n FROM taken"


def _postgresql_trigger(act: str, tables: str, rows: str) -> tuple[str, str]:
    function = (
        f"CREATE FUNCTION listing_counts_{act}() RETURNS trigger LANGUAGE plpgsql AS $$"
        f" BEGIN {_UPSERT.format(rows=rows)} RETURN NULL; END $$"
    )
    trigger = (
        f"CREATE TRIGGER listing_counts_{act} AFTER {act} ON listings REFERENCING {tables}"
        f" FOR EACH STATEMENT EXECUTE FUNCTION listing_counts_{act}()"
    )
    return function, trigger


POSTGRESQL_COUNTS = (
    *_postgresql_trigger("insert", "NEW TABLE AS added", _ADDED),
    *_postgresql_trigger("delete", "OLD TABLE AS taken", _TAKEN),
    *_postgresql_trigger(
        "update", "NEW TABLE AS added OLD TABLE AS taken", f"{_ADDED} UNION ALL {_TAKEN}"
    ),
)


def upgrade() -> None:
    op.create_table(
        "audit_entries",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("person_id", sa.BigInteger(), nullable=True),
        sa.Column("provider_id", sa.BigInteger(), nullable=True),
        sa.Column("act", sa.String(length=64), nullable=False),
        sa.Column("subject", sa.String(length=32), nullable=False),
        sa.Column("subject_id", sa.BigInteger(), nullable=True),
        sa.Column("changes", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_entries")),
    )
    op.create_index(
        "ix_audit_entries_provider_at", "audit_entries", ["provider_id", "id"], unique=False
    )
    op.create_index(
        "ix_audit_entries_subject", "audit_entries", ["subject", "subject_id", "id"], unique=False
    )
    op.create_table(
        "failed_sign_ins",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("email_digest", sa.String(length=64), nullable=False),
        sa.Column("network_digest", sa.String(length=64), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_failed_sign_ins")),
    )
    op.create_index(
        "ix_failed_sign_ins_email", "failed_sign_ins", ["email_digest", "at"], unique=False
    )
    op.create_index(
        "ix_failed_sign_ins_network", "failed_sign_ins", ["network_digest", "at"], unique=False
    )
    op.create_table(
        "inquiry_senders",
        sa.Column("network_digest", sa.String(length=64), nullable=False),
        sa.Column("moments", sa.JSON(), nullable=False),
        sa.Column("last_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("network_digest", name=op.f("pk_inquiry_senders")),
    )
    op.create_index("ix_inquiry_senders_last_at", "inquiry_senders", ["last_at"], unique=False)
    op.create_table(
        "jobs",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("kind", sa.String(length=64), nullable=False),
        sa.Column("key", sa.String(length=128), nullable=True),
        sa.Column("payload", sa.JSON(), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("due_at", sa.BigInteger(), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("lease_until", sa.BigInteger(), nullable=False),
        sa.Column("fence", sa.Integer(), nullable=False),
        sa.Column("error", sa.Text(), nullable=True),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_jobs")),
        sa.UniqueConstraint("key", name=op.f("uq_jobs_key")),
    )
    op.create_index(
        "ix_jobs_due",
        "jobs",
        ["due_at", "id"],
        unique=False,
        sqlite_where=sa.text("state = 'queued'"),
        postgresql_where=sa.text("state = 'queued'"),
    )
    op.create_table(
        "listing_counts",
        sa.Column(
            "provider_id",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            autoincrement=False,
            nullable=False,
        ),
        sa.Column("status", sa.String(length=16), nullable=False),
        sa.Column("listings", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("provider_id", "status", name=op.f("pk_listing_counts")),
    )
    op.create_table(
        "mails",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("to_address", sa.String(length=254), nullable=False),
        sa.Column("template", sa.String(length=64), nullable=False),
        sa.Column("language", sa.String(length=8), nullable=False),
        sa.Column("context", sa.JSON(), nullable=False),
        sa.Column("key", sa.String(length=64), nullable=False),
        sa.Column("in_reply_to", sa.String(length=64), nullable=True),
        sa.Column("inquiry_id", sa.BigInteger(), nullable=True),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("error", sa.Text(), nullable=True),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("sent_at", sa.BigInteger(), nullable=True),
        sa.CheckConstraint("state IN ('queued', 'sent', 'failed')", name=op.f("ck_mails_state")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_mails")),
        sa.UniqueConstraint("key", name=op.f("uq_mails_key")),
    )
    op.create_index("ix_mails_inquiry_id", "mails", ["inquiry_id"], unique=False)
    op.create_table(
        "provider_view_days",
        sa.Column(
            "provider_id",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            autoincrement=False,
            nullable=False,
        ),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("human", sa.BigInteger(), nullable=False),
        sa.Column("served", sa.BigInteger(), nullable=False),
        sa.Column("robot", sa.BigInteger(), nullable=False),
        sa.Column("preview", sa.BigInteger(), nullable=False),
        sa.Column("staff", sa.BigInteger(), nullable=False),
        sa.Column("repeated", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("provider_id", "day", name=op.f("pk_provider_view_days")),
    )
    op.create_table(
        "providers",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("about", sa.Text(), nullable=False),
        sa.Column("place", sa.String(length=32), nullable=True),
        sa.Column("website", sa.String(length=200), nullable=True),
        sa.Column("verified_at", sa.BigInteger(), nullable=True),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_providers")),
        sa.UniqueConstraint("name", name=op.f("uq_providers_name")),
    )
    op.create_table(
        "recent_visitors",
        sa.Column(
            "listing_id",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            autoincrement=False,
            nullable=False,
        ),
        sa.Column("visitor", sa.String(length=32), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("listing_id", "visitor", name=op.f("pk_recent_visitors")),
    )
    op.create_index("ix_recent_visitors_at", "recent_visitors", ["at"], unique=False)
    op.create_table(
        "spool_offsets",
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("offset", sa.BigInteger(), nullable=False),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_spool_offsets")),
    )
    op.create_table(
        "used_view_tokens",
        sa.Column("nonce", sa.String(length=32), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("nonce", name=op.f("pk_used_view_tokens")),
    )
    op.create_index("ix_used_view_tokens_at", "used_view_tokens", ["at"], unique=False)
    op.create_table(
        "view_days",
        sa.Column(
            "listing_id",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            autoincrement=False,
            nullable=False,
        ),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column(
            "provider_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        ),
        sa.Column("human", sa.BigInteger(), nullable=False),
        sa.Column("served", sa.BigInteger(), nullable=False),
        sa.Column("robot", sa.BigInteger(), nullable=False),
        sa.Column("preview", sa.BigInteger(), nullable=False),
        sa.Column("staff", sa.BigInteger(), nullable=False),
        sa.Column("repeated", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("listing_id", "day", name=op.f("pk_view_days")),
    )
    op.create_index("ix_view_days_provider_day", "view_days", ["provider_id", "day"], unique=False)
    op.create_table(
        "inquiry_desks",
        sa.Column(
            "provider_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        ),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["provider_id"], ["providers.id"], name=op.f("fk_inquiry_desks_provider_id")
        ),
        sa.PrimaryKeyConstraint("provider_id", name=op.f("pk_inquiry_desks")),
    )
    op.create_table(
        "listings",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column(
            "provider_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        ),
        sa.Column("status", sa.String(length=16), nullable=False),
        sa.Column("title", sa.String(length=100), nullable=False),
        sa.Column("gpu_model", sa.String(length=32), nullable=True),
        sa.Column("gpu_count", sa.Integer(), nullable=True),
        sa.Column("price_minor", sa.BigInteger(), nullable=True),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("unit", sa.String(length=16), nullable=False),
        sa.Column("delivery_days", sa.Integer(), nullable=True),
        sa.Column("place", sa.String(length=32), nullable=True),
        sa.Column("valid_until", sa.Date(), nullable=True),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
        sa.Column("published_at", sa.BigInteger(), nullable=True),
        sa.Column("form_nonce", sa.String(length=32), nullable=True),
        sa.Column("previous_site_views", sa.BigInteger(), nullable=True),
        sa.Column("views_total", sa.BigInteger(), nullable=False),
        sa.Column("views_recent", sa.Text(), nullable=False),
        sa.Column("views_day", sa.Date(), nullable=True),
        sa.Column("inquiries_total", sa.Integer(), nullable=False),
        sa.Column("counters_version", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "currency IN ('CNY', 'USD', 'EUR', 'HKD')", name=op.f("ck_listings_currency")
        ),
        sa.CheckConstraint(
            "status IN ('draft', 'in_review', 'live', 'paused', 'expired', 'archived')",
            name=op.f("ck_listings_status"),
        ),
        sa.CheckConstraint(
            "unit IN ('item', 'gpu_hour', 'machine_hour', 'gpu_day', 'machine_day', 'gpu_month', 'machine_month')",
            name=op.f("ck_listings_unit"),
        ),
        sa.CheckConstraint("delivery_days >= 0", name=op.f("ck_listings_delivery_days")),
        sa.CheckConstraint(
            "length(title) BETWEEN 2 AND 100", name=op.f("ck_listings_title_length")
        ),
        sa.CheckConstraint("price_minor > 0", name=op.f("ck_listings_price_positive")),
        sa.ForeignKeyConstraint(
            ["provider_id"], ["providers.id"], name=op.f("fk_listings_provider_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_listings")),
        sa.UniqueConstraint("form_nonce", name=op.f("uq_listings_form_nonce")),
    )
    op.create_index(
        "ix_listings_provider_gpu_updated",
        "listings",
        ["provider_id", "gpu_model", "updated_at", "id"],
        unique=False,
    )
    op.create_index(
        "ix_listings_provider_place_updated",
        "listings",
        ["provider_id", "place", "updated_at", "id"],
        unique=False,
    )
    op.create_index(
        "ix_listings_provider_status_updated",
        "listings",
        ["provider_id", "status", "updated_at", "id"],
        unique=False,
    )
    op.create_index(
        "ix_listings_provider_updated",
        "listings",
        ["provider_id", "updated_at", "id"],
        unique=False,
    )
    op.create_index(
        "ix_listings_provider_views", "listings", ["provider_id", "views_total", "id"], unique=False
    )
    op.create_index(
        "ix_listings_status_gpu", "listings", ["status", "gpu_model", "published_at"], unique=False
    )
    op.create_index(
        "ix_listings_status_place", "listings", ["status", "place", "published_at"], unique=False
    )
    op.create_index(
        "ix_listings_status_published", "listings", ["status", "published_at", "id"], unique=False
    )
    op.create_index("ix_listings_valid_until", "listings", ["status", "valid_until"], unique=False)
    op.create_table(
        "people",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column(
            "provider_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True
        ),
        sa.Column("email", sa.String(length=254), nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("language", sa.String(length=8), nullable=False),
        sa.Column("password_hash", sa.String(length=200), nullable=False),
        sa.Column("is_active", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["provider_id"], ["providers.id"], name=op.f("fk_people_provider_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_people")),
        sa.UniqueConstraint("email", name=op.f("uq_people_email")),
    )
    op.create_index("ix_people_provider_id", "people", ["provider_id"], unique=False)
    op.create_table(
        "inquiries",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column(
            "provider_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        ),
        sa.Column(
            "listing_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        ),
        sa.Column("listing_then", sa.JSON(), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("name", sa.String(length=50), nullable=False),
        sa.Column("company", sa.String(length=100), nullable=True),
        sa.Column("email", sa.String(length=254), nullable=True),
        sa.Column("phone", sa.String(length=40), nullable=True),
        sa.Column("reply_by", sa.Date(), nullable=True),
        sa.Column("language", sa.String(length=8), nullable=False),
        sa.Column("form_nonce", sa.String(length=32), nullable=False),
        sa.Column("link_nonce", sa.String(length=32), nullable=False),
        sa.Column("link_digest", sa.String(length=64), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("last_message_at", sa.BigInteger(), nullable=False),
        sa.Column("first_answered_at", sa.BigInteger(), nullable=True),
        sa.Column(
            "first_answered_by", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True
        ),
        sa.CheckConstraint(
            "state IN ('new', 'answered', 'waiting', 'spam')", name=op.f("ck_inquiries_state")
        ),
        sa.CheckConstraint(
            "email IS NOT NULL OR phone IS NOT NULL", name=op.f("ck_inquiries_reachable")
        ),
        sa.ForeignKeyConstraint(
            ["first_answered_by"], ["people.id"], name=op.f("fk_inquiries_first_answered_by")
        ),
        sa.ForeignKeyConstraint(
            ["listing_id"], ["listings.id"], name=op.f("fk_inquiries_listing_id")
        ),
        sa.ForeignKeyConstraint(
            ["provider_id"], ["providers.id"], name=op.f("fk_inquiries_provider_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_inquiries")),
        sa.UniqueConstraint("form_nonce", name=op.f("uq_inquiries_form_nonce")),
        sa.UniqueConstraint("link_digest", name=op.f("uq_inquiries_link_digest")),
    )
    op.create_index("ix_inquiries_created_at", "inquiries", ["created_at"], unique=False)
    op.create_index(
        "ix_inquiries_listing_created", "inquiries", ["listing_id", "created_at"], unique=False
    )
    op.create_index(
        "ix_inquiries_provider_created", "inquiries", ["provider_id", "created_at"], unique=False
    )
    op.create_index(
        "ix_inquiries_provider_last",
        "inquiries",
        ["provider_id", "last_message_at", "id"],
        unique=False,
    )
    op.create_index(
        "ix_inquiries_provider_state",
        "inquiries",
        ["provider_id", "state", "last_message_at", "id"],
        unique=False,
    )
    op.create_table(
        "listing_attributes",
        sa.Column(
            "listing_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        ),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=50), nullable=False),
        sa.Column("value", sa.String(length=200), nullable=False),
        sa.ForeignKeyConstraint(
            ["listing_id"],
            ["listings.id"],
            name=op.f("fk_listing_attributes_listing_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("listing_id", "position", name=op.f("pk_listing_attributes")),
    )
    op.create_table(
        "listing_images",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column(
            "listing_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        ),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("key", sa.String(length=32), nullable=False),
        sa.Column("alt", sa.String(length=200), nullable=False),
        sa.Column("width", sa.Integer(), nullable=False),
        sa.Column("height", sa.Integer(), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["listing_id"],
            ["listings.id"],
            name=op.f("fk_listing_images_listing_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_listing_images")),
        sa.UniqueConstraint("key", name=op.f("uq_listing_images_key")),
    )
    op.create_index(
        "ix_listing_images_listing_id", "listing_images", ["listing_id", "position"], unique=False
    )
    op.create_table(
        "listing_revisions",
        sa.Column(
            "listing_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        ),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("content", sa.JSON(), nullable=False),
        sa.Column("person_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["listing_id"],
            ["listings.id"],
            name=op.f("fk_listing_revisions_listing_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["person_id"], ["people.id"], name=op.f("fk_listing_revisions_person_id")
        ),
        sa.PrimaryKeyConstraint("listing_id", "version", name=op.f("pk_listing_revisions")),
    )
    op.create_table(
        "person_roles",
        sa.Column(
            "person_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        ),
        sa.Column("role", sa.String(length=16), nullable=False),
        sa.ForeignKeyConstraint(
            ["person_id"], ["people.id"], name=op.f("fk_person_roles_person_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("person_id", "role", name=op.f("pk_person_roles")),
    )
    op.create_table(
        "sessions",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("token_digest", sa.String(length=64), nullable=False),
        sa.Column(
            "person_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        ),
        sa.Column("user_agent", sa.String(length=200), nullable=False),
        sa.Column("is_remembered", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("seen_at", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["person_id"], ["people.id"], name=op.f("fk_sessions_person_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sessions")),
        sa.UniqueConstraint("token_digest", name=op.f("uq_sessions_token_digest")),
    )
    op.create_index("ix_sessions_expires_at", "sessions", ["expires_at"], unique=False)
    op.create_index("ix_sessions_person_id", "sessions", ["person_id"], unique=False)
    op.create_table(
        "inquiry_messages",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column(
            "inquiry_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        ),
        sa.Column("author", sa.String(length=16), nullable=False),
        sa.Column("person_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("form_nonce", sa.String(length=32), nullable=False),
        sa.Column("mail_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.CheckConstraint(
            "author IN ('buyer', 'seller')", name=op.f("ck_inquiry_messages_author")
        ),
        sa.ForeignKeyConstraint(
            ["inquiry_id"],
            ["inquiries.id"],
            name=op.f("fk_inquiry_messages_inquiry_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["mail_id"], ["mails.id"], name=op.f("fk_inquiry_messages_mail_id")
        ),
        sa.ForeignKeyConstraint(
            ["person_id"], ["people.id"], name=op.f("fk_inquiry_messages_person_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_inquiry_messages")),
        sa.UniqueConstraint("form_nonce", name=op.f("uq_inquiry_messages_form_nonce")),
    )
    op.create_index(
        "ix_inquiry_messages_inquiry_id", "inquiry_messages", ["inquiry_id", "id"], unique=False
    )

    if op.get_bind().dialect.name == "sqlite":
        op.execute("CREATE VIRTUAL TABLE listing_search USING fts5(tokens, tokenize='unicode61')")
        for trigger in SQLITE_COUNTS:
            op.execute(trigger)
        return
    op.execute(
        "CREATE TABLE listing_search (listing_id BIGINT PRIMARY KEY"
        " REFERENCES listings (id) ON DELETE CASCADE, tokens tsvector NOT NULL)"
    )
    op.execute("CREATE INDEX ix_listing_search_tokens ON listing_search USING gin (tokens)")

    for statement in POSTGRESQL_COUNTS:
        op.execute(statement)


def downgrade() -> None:
    op.execute("DROP TABLE listing_search")
    op.drop_index("ix_inquiry_messages_inquiry_id", table_name="inquiry_messages")
    op.drop_table("inquiry_messages")
    op.drop_index("ix_sessions_person_id", table_name="sessions")
    op.drop_index("ix_sessions_expires_at", table_name="sessions")
    op.drop_table("sessions")
    op.drop_table("person_roles")
    op.drop_table("listing_revisions")
    op.drop_index("ix_listing_images_listing_id", table_name="listing_images")
    op.drop_table("listing_images")
    op.drop_table("listing_attributes")
    op.drop_index("ix_inquiries_provider_state", table_name="inquiries")
    op.drop_index("ix_inquiries_provider_last", table_name="inquiries")
    op.drop_index("ix_inquiries_provider_created", table_name="inquiries")
    op.drop_index("ix_inquiries_listing_created", table_name="inquiries")
    op.drop_index("ix_inquiries_created_at", table_name="inquiries")
    op.drop_table("inquiries")
    op.drop_index("ix_people_provider_id", table_name="people")
    op.drop_table("people")
    op.drop_index("ix_listings_valid_until", table_name="listings")
    op.drop_index("ix_listings_status_published", table_name="listings")
    op.drop_index("ix_listings_status_place", table_name="listings")
    op.drop_index("ix_listings_status_gpu", table_name="listings")
    op.drop_index("ix_listings_provider_views", table_name="listings")
    op.drop_index("ix_listings_provider_updated", table_name="listings")
    op.drop_index("ix_listings_provider_status_updated", table_name="listings")
    op.drop_index("ix_listings_provider_place_updated", table_name="listings")
    op.drop_index("ix_listings_provider_gpu_updated", table_name="listings")
    op.drop_table("listings")
    op.drop_table("inquiry_desks")
    op.drop_index("ix_view_days_provider_day", table_name="view_days")
    op.drop_table("view_days")
    op.drop_index("ix_used_view_tokens_at", table_name="used_view_tokens")
    op.drop_table("used_view_tokens")
    op.drop_table("spool_offsets")
    op.drop_index("ix_recent_visitors_at", table_name="recent_visitors")
    op.drop_table("recent_visitors")
    op.drop_table("providers")
    op.drop_table("provider_view_days")
    op.drop_index("ix_mails_inquiry_id", table_name="mails")
    op.drop_table("mails")
    op.drop_table("listing_counts")
    op.drop_index(
        "ix_jobs_due",
        table_name="jobs",
        sqlite_where=sa.text("state = 'queued'"),
        postgresql_where=sa.text("state = 'queued'"),
    )
    op.drop_table("jobs")
    op.drop_index("ix_inquiry_senders_last_at", table_name="inquiry_senders")
    op.drop_table("inquiry_senders")
    op.drop_index("ix_failed_sign_ins_network", table_name="failed_sign_ins")
    op.drop_index("ix_failed_sign_ins_email", table_name="failed_sign_ins")
    op.drop_table("failed_sign_ins")
    op.drop_index("ix_audit_entries_subject", table_name="audit_entries")
    op.drop_index("ix_audit_entries_provider_at", table_name="audit_entries")
    op.drop_table("audit_entries")
