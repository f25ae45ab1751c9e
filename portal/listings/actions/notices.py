"""Mails about a listing's life: to whoever handed it in, in the transaction that causes them."""

from collections.abc import Sequence
from typing import Any, Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.accounts.models import Notices, Person
from portal.accounts.queries import people_to_tell
from portal.audit.models import AuditEntry
from portal.listings.models import Listing
from portal.mail.actions import post
from portal.permissions import Role

_HANDED_IN: Final = ("listing.submit", "listing.save", "listing.create")


def tell_approved(session: Session, listing: Listing) -> None:
    """Tell that buyers see the offer now."""
    _tell(session, listing, "listing_approved", {})


def tell_sent_back(session: Session, listing: Listing) -> None:
    """Tell what the reviewer wants changed, as it stands in `rejection`."""
    _tell(session, listing, "listing_sent_back", {"reasons": listing.rejection})


def _tell(session: Session, listing: Listing, template: str, facts: dict[str, Any]) -> None:
    context = {"listing_id": listing.id, "title": listing.title, **facts}
    for person in _who_handed_in(session, listing):
        post(
            session,
            to=person.email,
            template=template,
            language=person.language,
            context=context,
            notice_of=person.id,
        )


def _who_handed_in(session: Session, listing: Listing) -> Sequence[Any]:
    """The last person who worked on it; all staff once they are gone; nobody who wants no mails."""
    last = (
        select(AuditEntry.person_id)
        .where(
            AuditEntry.subject == "listing",
            AuditEntry.subject_id == listing.id,
            AuditEntry.act.in_(_HANDED_IN),
            AuditEntry.person_id.is_not(None),
        )
        .order_by(AuditEntry.id.desc())
        .limit(1)
        .scalar_subquery()
    )
    person = session.execute(
        select(Person.id, Person.email, Person.language, Person.notices).where(
            Person.id == last, Person.provider_id == listing.provider_id, Person.is_active
        )
    ).one_or_none()
    if person is not None:
        return [person] if person.notices != Notices.NONE else []
    return session.execute(people_to_tell(listing.provider_id, Role.STAFF)).all()
