"""Tables of rolled-up views and of how far each spool has been read."""

from datetime import date

from sqlalchemy import BigInteger, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from portal.database import Base, BigId, Seconds


class Counted:
    """The counts of a day, by what looked (see decision 5)."""

    human: Mapped[int] = mapped_column(BigInteger, default=0)
    served: Mapped[int] = mapped_column(BigInteger, default=0)
    robot: Mapped[int] = mapped_column(BigInteger, default=0)
    preview: Mapped[int] = mapped_column(BigInteger, default=0)
    staff: Mapped[int] = mapped_column(BigInteger, default=0)
    repeated: Mapped[int] = mapped_column(BigInteger, default=0)


class ListingDay(Counted, Base):
    """Views of one listing on one marketplace day, by what looked.

    No foreign key to the listing: views of a listing deleted meanwhile still drain.
    """

    __tablename__ = "view_days"
    __table_args__ = (Index("ix_view_days_provider_day", "provider_id", "day"),)

    listing_id: Mapped[int] = mapped_column(BigId, primary_key=True, autoincrement=False)
    day: Mapped[date] = mapped_column(primary_key=True)
    provider_id: Mapped[int] = mapped_column(BigId)


class ProviderDay(Counted, Base):
    """The same, summed over a provider's listings: its pages read 30 rows, however many offers."""

    __tablename__ = "provider_view_days"

    provider_id: Mapped[int] = mapped_column(BigId, primary_key=True, autoincrement=False)
    day: Mapped[date] = mapped_column(primary_key=True)


class RecentVisitor(Base):
    """Who was counted for which listing and when: a second look within 30 minutes is no new view.

    `visitor` is a hash under a salt that changes daily; rows go after a day.
    """

    __tablename__ = "recent_visitors"
    __table_args__ = (Index("ix_recent_visitors_at", "at"),)

    listing_id: Mapped[int] = mapped_column(BigId, primary_key=True, autoincrement=False)
    visitor: Mapped[str] = mapped_column(String(32), primary_key=True)
    at: Mapped[Seconds]


class UsedToken(Base):
    """View tokens that have been counted: a replay counts nothing. Rows go after a day."""

    __tablename__ = "used_view_tokens"
    __table_args__ = (Index("ix_used_view_tokens_at", "at"),)

    nonce: Mapped[str] = mapped_column(String(32), primary_key=True)
    at: Mapped[Seconds]


class SpoolOffset(Base):
    """How many bytes of a spool file are counted; moved in the transaction that counts them."""

    __tablename__ = "spool_offsets"

    name: Mapped[str] = mapped_column(String(100), primary_key=True)
    offset: Mapped[int] = mapped_column(BigInteger)
    updated_at: Mapped[Seconds]
