"""Tables of providers, people, their roles and their sessions."""

from datetime import date
from enum import StrEnum

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, String, Text, false
from sqlalchemy.orm import Mapped, mapped_column

from portal.database import Base, BigId, Code, Identifier, Seconds


class Provider(Base):
    """A company that rents out GPU compute: the tenant that owns listings, inquiries and people."""

    __tablename__ = "providers"

    id: Mapped[Identifier]
    name: Mapped[str] = mapped_column(String(100), unique=True)
    about: Mapped[str] = mapped_column(Text, default="")
    place: Mapped[Code | None]
    website: Mapped[str | None] = mapped_column(String(200))
    verified_at: Mapped[int | None] = mapped_column(BigInteger)
    timezone: Mapped[str] = mapped_column(
        String(64), default="Asia/Shanghai", server_default="Asia/Shanghai"
    )
    """IANA name of the zone in whose days its offers end."""
    reviews_listings: Mapped[bool] = mapped_column(default=False, server_default=false())
    """Whether an admin looks at its offers before buyers do."""
    created_at: Mapped[Seconds]


class Notices(StrEnum):
    """Of which inquiries mails tell a person; the docs: decision 17."""

    ALL = "all"
    """Of all that the provider has."""
    MINE = "mine"
    """Of their own and of nobody's."""
    NONE = "none"
    """No mail tells them of anything, not of their offers either."""


class Person(Base):
    """Somebody who signs in; of one provider, or of none (the marketplace's own people)."""

    __tablename__ = "people"
    __table_args__ = (
        CheckConstraint("notices IN ('all', 'mine', 'none')", name="notices"),
        Index("ix_people_provider_id", "provider_id"),
    )

    id: Mapped[Identifier]
    provider_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("providers.id"))
    # Stored in lower case: two people cannot differ by case alone.
    email: Mapped[str] = mapped_column(String(254), unique=True)
    name: Mapped[str] = mapped_column(String(100))
    language: Mapped[str] = mapped_column(String(8), default="zh")
    password_hash: Mapped[str] = mapped_column(String(200))
    is_active: Mapped[bool] = mapped_column(default=True)
    away_from: Mapped[date | None]
    """First day out of office, and the last one: nothing is assigned meanwhile."""
    away_until: Mapped[date | None]
    notices: Mapped[str] = mapped_column(String(16), default="all", server_default="all")
    """One of Notices."""
    created_at: Mapped[Seconds]


class PersonRole(Base):
    """One role held by one person."""

    __tablename__ = "person_roles"

    person_id: Mapped[int] = mapped_column(
        BigId, ForeignKey("people.id", ondelete="CASCADE"), primary_key=True
    )
    role: Mapped[str] = mapped_column(String(16), primary_key=True)


class SignInSession(Base):
    """One signed-in browser. The cookie holds a random id, the table only its SHA-256 digest."""

    __tablename__ = "sessions"
    __table_args__ = (
        Index("ix_sessions_person_id", "person_id"),
        Index("ix_sessions_expires_at", "expires_at"),
    )

    id: Mapped[Identifier]
    token_digest: Mapped[str] = mapped_column(String(64), unique=True)
    person_id: Mapped[int] = mapped_column(BigId, ForeignKey("people.id", ondelete="CASCADE"))
    user_agent: Mapped[str] = mapped_column(String(200))
    is_remembered: Mapped[bool]
    created_at: Mapped[Seconds]
    seen_at: Mapped[Seconds]
    # The absolute end; idleness ends it sooner (see actions.py).
    expires_at: Mapped[Seconds]


class FailedSignIn(Base):
    """One refused sign-in, kept for the throttle only: digests, no addresses in the clear."""

    __tablename__ = "failed_sign_ins"
    __table_args__ = (
        Index("ix_failed_sign_ins_email", "email_digest", "at"),
        Index("ix_failed_sign_ins_network", "network_digest", "at"),
    )

    id: Mapped[Identifier]
    email_digest: Mapped[str] = mapped_column(String(64))
    network_digest: Mapped[str] = mapped_column(String(64))
    at: Mapped[Seconds]
