"""Mails about a listing's life: to whoever handed it in, in the transaction that causes them."""

from typing import Any, Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.accounts.models import Person
from portal.accounts.queries import recipients_of
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
    for address, language in _who_handed_in(session, listing):
        post(session, to=address, template=template, language=language, context=context)


def _who_handed_in(session: Session, listing: Listing) -> list[tuple[str, str]]:
    """Address and language of the last person who worked on it; of all staff once they are gone."""
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
        select(Person.email, Person.language).where(
            Person.id == last, Person.provider_id == listing.provider_id, Person.is_active
        )
    ).one_or_none()
    if person is not None:
        return [(person.email, person.language)]
    return [
        (address, language)
        for address, language in session.execute(recipients_of(listing.provider_id, Role.STAFF))
    ]
