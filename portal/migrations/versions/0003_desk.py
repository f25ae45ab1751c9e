"""Everything a desk needs to forget no buyer: stages with their counts, deadlines, notes, drafts.

Nothing the release before this one writes or reads changes its meaning: each new column is empty,
filled in by the database or worked out by it, so that a row which that release writes meanwhile
stands in the right queue.
"""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_STAGE = (
    "CASE WHEN state = 'spam' THEN 'spam' WHEN outcome IS NOT NULL THEN outcome"
    " WHEN snoozed_until IS NOT NULL THEN 'snoozed' WHEN state = 'answered' THEN 'buyer'"
    " ELSE 'us' END"
)
# In the words of SQL, with each check in its column: see 0002.
_INQUIRY_COLUMNS = (
    "assignee_id {id} CONSTRAINT fk_inquiries_assignee_id REFERENCES people (id)",
    "outcome VARCHAR(16) CONSTRAINT ck_inquiries_outcome CHECK (outcome IN ('won', 'lost'))",
    "closed_at BIGINT",
    "closed_by {id} CONSTRAINT fk_inquiries_closed_by REFERENCES people (id)",
    "won_minor BIGINT CONSTRAINT ck_inquiries_won_minor CHECK (won_minor >= 0)",
    "won_currency VARCHAR(3)",
    "lost_reason VARCHAR(32)",
    "snoozed_until BIGINT",
    "due_at BIGINT",
    "workday_ends_at BIGINT",
    "rank BIGINT DEFAULT 0 NOT NULL",
    "version INTEGER DEFAULT 1 NOT NULL",
    "last_letter_id BIGINT",
    "buyer_digest VARCHAR(64)",
    "forget_at BIGINT",
    "forgotten_at BIGINT",
)
_DESK_COLUMNS = (
    (
        "assigns VARCHAR(16) DEFAULT 'by_hand' NOT NULL"
        " CONSTRAINT ck_inquiry_desks_assigns CHECK (assigns IN ('by_hand', 'in_turn'))"
    ),
    "keeps_buyers BOOLEAN DEFAULT true NOT NULL",
    "last_assigned_id BIGINT",
    (
        "answer_minutes INTEGER DEFAULT 480 NOT NULL"
        " CONSTRAINT ck_inquiry_desks_answer_minutes CHECK (answer_minutes > 0)"
    ),
    "opens_at INTEGER DEFAULT 540 NOT NULL",
    (
        "closes_at INTEGER DEFAULT 1080 NOT NULL"
        " CONSTRAINT ck_inquiry_desks_hours CHECK (opens_at >= 0 AND opens_at < closes_at"
        " AND closes_at <= 1440)"
    ),
    "working_days VARCHAR(7) DEFAULT '12345' NOT NULL",
    "keeps_holidays BOOLEAN DEFAULT true NOT NULL",
    (
        "keeps_personal_days INTEGER DEFAULT 365 NOT NULL"
        " CONSTRAINT ck_inquiry_desks_keeps_personal_days CHECK (keeps_personal_days >= 0)"
    ),
)
_PERSON_COLUMNS = (
    "away_from DATE",
    "away_until DATE",
    (
        "notices VARCHAR(16) DEFAULT 'all' NOT NULL"
        " CONSTRAINT ck_people_notices CHECK (notices IN ('all', 'mine', 'none'))"
    ),
)
_NOT_SPAM = sa.text("state <> 'spam'")
_OPEN = sa.text("state <> 'spam' AND outcome IS NULL AND snoozed_until IS NULL")

_CHANGE = (
    "INSERT INTO inquiry_counts (provider_id, stage, assignee_id, inquiries)"
    " VALUES ({row}.provider_id, {row}.stage, coalesce({row}.assignee_id, 0), {n})"
    " ON CONFLICT (provider_id, stage, assignee_id)"
    " DO UPDATE SET inquiries = inquiry_counts.inquiries + excluded.inquiries;"
)
_COMES, _GOES = _CHANGE.format(row="NEW", n=1), _CHANGE.format(row="OLD", n=-1)
# A generated column cannot be named in UPDATE OF: what it is made of is.
_CAUSES = "state, outcome, snoozed_until, assignee_id, provider_id"
_MOVED = (
    "OLD.stage <> NEW.stage OR OLD.provider_id <> NEW.provider_id"
    " OR coalesce(OLD.assignee_id, 0) <> coalesce(NEW.assignee_id, 0)"
)
_SQLITE_COUNTS = (
    f"CREATE TRIGGER inquiry_counts_insert AFTER INSERT ON inquiries BEGIN {_COMES} END",
    (f"CREATE TRIGGER inquiry_counts_delete AFTER DELETE ON inquiries BEGIN {_GOES} END"),
    (
        f"CREATE TRIGGER inquiry_counts_update AFTER UPDATE OF {_CAUSES} ON inquiries"
        f" WHEN {_MOVED} BEGIN {_GOES} {_COMES} END"
    ),
)
_UPSERT = (
    "INSERT INTO inquiry_counts (provider_id, stage, assignee_id, inquiries)"
    " SELECT provider_id, stage, coalesce(assignee_id, 0), sum(n) FROM ({rows}) AS changed"
    " GROUP BY 1, 2, 3 HAVING sum(n) <> 0 ORDER BY 1, 2, 3"
    " ON CONFLICT (provider_id, stage, assignee_id)"
    " DO UPDATE SET inquiries = inquiry_counts.inquiries + excluded.inquiries;"
)
_ADDED = "SELECT provider_id, stage, assignee_id, 1 AS n FROM added"
_TAKEN = "SELECT provider_id, stage, assignee_id, -1 AS n FROM taken"


def upgrade() -> None:
    is_sqlite = op.get_bind().dialect.name == "sqlite"
    # Keys are of the type that the keys they point to have, see portal.database.BigId.
    key = "INTEGER" if is_sqlite else "BIGINT"
    for table, columns in (
        ("inquiries", _INQUIRY_COLUMNS),
        ("inquiry_desks", _DESK_COLUMNS),
        ("people", _PERSON_COLUMNS),
        ("inquiry_messages", ("sends_at BIGINT",)),
        ("mails", ("notice_of BIGINT",)),
    ):
        for column in columns:
            op.execute(f"ALTER TABLE {table} ADD COLUMN {column.format(id=key)}")
    # SQLite can add only a column that is worked out when read, PostgreSQL 15 only one that is kept.
    kept = "" if is_sqlite else " STORED"
    op.execute(
        f"ALTER TABLE inquiries ADD COLUMN stage VARCHAR(16) GENERATED ALWAYS AS ({_STAGE}){kept}"
    )
    # Who waits for us first, the longest wait on top; then the newest.
    op.execute(
        "UPDATE inquiries SET rank = CASE WHEN state IN ('new', 'waiting')"
        " THEN last_message_at ELSE 20000000000 - last_message_at END"
    )
    _inquiry_indexes()
    _counts()
    _around_a_thread()
    _of_people()
    _search()


def _inquiry_indexes() -> None:
    op.create_index("ix_inquiries_stage", "inquiries", ["provider_id", "stage", "rank", "id"])
    op.create_index(
        "ix_inquiries_rank",
        "inquiries",
        ["provider_id", "rank", "id"],
        sqlite_where=_NOT_SPAM,
        postgresql_where=_NOT_SPAM,
    )
    op.create_index(
        "ix_inquiries_open_assignee",
        "inquiries",
        ["provider_id", "assignee_id", "rank", "id"],
        sqlite_where=_OPEN,
        postgresql_where=_OPEN,
    )
    op.create_index("ix_inquiries_buyer", "inquiries", ["provider_id", "buyer_digest", "id"])
    for name, column in (
        ("ix_inquiries_snoozed", "snoozed_until"),
        ("ix_inquiries_forget", "forget_at"),
        ("ix_inquiries_closed", "closed_at"),
    ):
        is_set = sa.text(f"{column} IS NOT NULL")
        op.create_index(
            name, "inquiries", [column, "id"], sqlite_where=is_set, postgresql_where=is_set
        )


def _counts() -> None:
    op.create_table(
        "inquiry_counts",
        sa.Column("provider_id", _ID, nullable=False),
        sa.Column("stage", sa.String(16), nullable=False),
        sa.Column("assignee_id", _ID, nullable=False),
        sa.Column("inquiries", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint(
            "provider_id", "stage", "assignee_id", name=op.f("pk_inquiry_counts")
        ),
    )
    op.execute(
        "INSERT INTO inquiry_counts (provider_id, stage, assignee_id, inquiries)"
        " SELECT provider_id, stage, 0, count(*) FROM inquiries GROUP BY 1, 2"
    )
    if op.get_bind().dialect.name == "sqlite":
        for trigger in _SQLITE_COUNTS:
            op.execute(trigger)
        return
    for act, tables, rows in (
        ("insert", "NEW TABLE AS added", _ADDED),
        ("delete", "OLD TABLE AS taken", _TAKEN),
        ("update", "NEW TABLE AS added OLD TABLE AS taken", f"{_ADDED} UNION ALL {_TAKEN}"),
    ):
        op.execute(
            f"CREATE FUNCTION inquiry_counts_{act}() RETURNS trigger LANGUAGE plpgsql AS"
            f" $$ BEGIN {_UPSERT.format(rows=rows)} RETURN NULL; END $$"
        )
        op.execute(
            f"CREATE TRIGGER inquiry_counts_{act} AFTER {act} ON inquiries REFERENCING {tables}"
            f" FOR EACH STATEMENT EXECUTE FUNCTION inquiry_counts_{act}()"
        )


def _around_a_thread() -> None:
    op.create_table(
        "inquiry_notes",
        sa.Column("id", _ID, nullable=False),
        _inquiry("inquiry_notes"),
        _person("inquiry_notes", nullable=True),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("form_nonce", sa.String(32), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_inquiry_notes")),
        sa.UniqueConstraint("form_nonce", name=op.f("uq_inquiry_notes_form_nonce")),
    )
    op.create_index("ix_inquiry_notes_inquiry", "inquiry_notes", ["inquiry_id", "id"])
    op.create_table(
        "inquiry_events",
        sa.Column("id", _ID, nullable=False),
        _inquiry("inquiry_events"),
        _person("inquiry_events", nullable=True),
        sa.Column("kind", sa.String(32), nullable=False),
        sa.Column("facts", sa.JSON(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_inquiry_events")),
    )
    op.create_index("ix_inquiry_events_inquiry", "inquiry_events", ["inquiry_id", "id"])
    op.create_table(
        "inquiry_drafts",
        _inquiry("inquiry_drafts"),
        _person("inquiry_drafts", nullable=False, ondelete="CASCADE"),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("saved_at", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("kind IN ('answer', 'note')", name=op.f("ck_inquiry_drafts_kind")),
        sa.PrimaryKeyConstraint("inquiry_id", "person_id", "kind", name=op.f("pk_inquiry_drafts")),
    )
    op.create_index("ix_inquiry_drafts_saved_at", "inquiry_drafts", ["saved_at"])
    op.create_table(
        "inquiry_reads",
        _person("inquiry_reads", nullable=False, ondelete="CASCADE"),
        _inquiry("inquiry_reads"),
        sa.Column("message_id", _ID, nullable=False),
        sa.PrimaryKeyConstraint("person_id", "inquiry_id", name=op.f("pk_inquiry_reads")),
    )
    op.create_index("ix_inquiry_reads_inquiry", "inquiry_reads", ["inquiry_id"])


def _of_people() -> None:
    op.create_table(
        "inquiry_snippets",
        sa.Column("id", _ID, nullable=False),
        _owner("inquiry_snippets"),
        _person("inquiry_snippets", nullable=True, ondelete="CASCADE"),
        sa.Column("name", sa.String(50), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("changed_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_inquiry_snippets")),
    )
    op.create_index(
        "ix_inquiry_snippets_provider", "inquiry_snippets", ["provider_id", "person_id", "name"]
    )
    op.create_table(
        "inquiry_changes",
        sa.Column("id", _ID, nullable=False),
        _owner("inquiry_changes"),
        _person("inquiry_changes", nullable=True),
        sa.Column("act", sa.String(32), nullable=False),
        sa.Column("form_nonce", sa.String(32), nullable=False),
        sa.Column("before", sa.JSON(), nullable=False),
        sa.Column("refused", sa.JSON(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("undone_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_inquiry_changes")),
        sa.UniqueConstraint("form_nonce", name=op.f("uq_inquiry_changes_form_nonce")),
    )
    op.create_index("ix_inquiry_changes_provider", "inquiry_changes", ["provider_id", "id"])


def _owner(table: str) -> sa.Column[int]:
    key = sa.ForeignKey("providers.id", name=op.f(f"fk_{table}_provider_id"))
    return sa.Column("provider_id", _ID, key, nullable=False)


def _inquiry(table: str) -> sa.Column[int]:
    key = sa.ForeignKey("inquiries.id", name=op.f(f"fk_{table}_inquiry_id"), ondelete="CASCADE")
    return sa.Column("inquiry_id", _ID, key, nullable=False)


def _person(table: str, *, nullable: bool, ondelete: str | None = None) -> sa.Column[int]:
    key = sa.ForeignKey("people.id", name=op.f(f"fk_{table}_person_id"), ondelete=ondelete)
    return sa.Column("person_id", _ID, key, nullable=nullable)


def _search() -> None:
    """The words by which inquiries are found, in the shape of 0002's."""
    if op.get_bind().dialect.name == "sqlite":
        op.execute(
            "CREATE TABLE inquiry_search_texts (inquiry_id INTEGER PRIMARY KEY"
            " REFERENCES inquiries (id) ON DELETE CASCADE,"
            " version BIGINT NOT NULL, content TEXT NOT NULL)"
        )
        op.execute(
            "CREATE VIRTUAL TABLE inquiry_search_grams USING fts5("
            "tokens, content='', detail=none, columnsize=0, tokenize='ascii')"
        )
        return
    op.execute(
        "CREATE TABLE inquiry_search_texts (inquiry_id BIGINT PRIMARY KEY"
        " REFERENCES inquiries (id) ON DELETE CASCADE,"
        " version BIGINT NOT NULL, content TEXT NOT NULL, grams tsvector NOT NULL)"
    )
    op.execute(
        "CREATE INDEX ix_inquiry_search_texts_grams ON inquiry_search_texts USING gin (grams)"
    )
