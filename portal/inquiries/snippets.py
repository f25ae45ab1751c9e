"""Snippets as sellers use them: a person's own and the provider's shared ones, filled for a thread."""

from typing import Any, Final

from flask_babel import force_locale, ngettext
from flask_babel import gettext as _
from sqlalchemy import Row, or_, select

from portal import places
from portal.accounts.models import Provider
from portal.database import Missing
from portal.extensions import db
from portal.inquiries.models import Inquiry, Snippet
from portal.inquiries.placeholders import Filled, Placeholder, fill
from portal.listings.models import Listing
from portal.web.formatting import format_day, format_number, format_price
from portal.web.languages import LANGUAGES

MOST: Final = 200
"""Snippets that a person may have, and that a provider's people may share."""
_t: Final = Snippet.__table__.c
AnyRow = Row[*tuple[Any, ...]]


def _seen_by(provider_id: int, person_id: int) -> tuple[Any, ...]:
    return (
        _t.provider_id == provider_id,
        or_(_t.person_id == person_id, _t.person_id.is_(None)),
    )


def snippets_of(provider_id: int, person_id: int) -> list[AnyRow]:
    """The snippets that a person has, own and shared ones, by name."""
    statement = (
        select(_t.id, _t.name, _t.body, _t.version, _t.person_id.is_(None).label("is_shared"))
        .where(*_seen_by(provider_id, person_id))
        .order_by(_t.name, _t.id)
        .limit(2 * MOST)
    )
    return list(db.session.execute(statement).all())


def filled_for(
    provider_id: int, person: tuple[int, str], inquiry_id: int, snippet_id: int
) -> Filled:
    """A snippet with the values of a thread's offer as it is now, in the buyer's language.

    Args:
        provider_id: whose thread and snippet.
        person: id and name of who is answering.
        inquiry_id: the thread.
        snippet_id: one of the person's own, or a shared one.

    Raises:
        Missing: no such thread or snippet of theirs.
    """
    person_id, name = person
    statement = (
        select(_t.body, *_VALUES)
        .select_from(Inquiry)
        .join(Listing, Listing.id == Inquiry.listing_id)
        .join(Provider, Provider.id == Inquiry.provider_id)
        .join(Snippet, Snippet.id == snippet_id)
        .where(
            Inquiry.provider_id == provider_id,
            Inquiry.id == inquiry_id,
            *_seen_by(provider_id, person_id),
        )
    )
    row = db.session.execute(statement).one_or_none()
    if row is None:
        raise Missing
    return fill(row.body, _values(row, name))


_VALUES: Final = (
    Inquiry.name.label("buyer"),
    Inquiry.company,
    Inquiry.language,
    Provider.name.label("provider"),
    Listing.title,
    Listing.price_minor,
    Listing.currency,
    Listing.unit,
    Listing.stock,
    Listing.delivery_days,
    Listing.valid_until,
    Listing.place,
)


def _values(row: AnyRow, seller: str) -> dict[Placeholder, str | None]:
    language = row.language if row.language in LANGUAGES else "zh"
    days = row.delivery_days
    with force_locale(LANGUAGES[language]):
        return {
            # To somebody who asks for the price "on request" is no answer.
            Placeholder.PRICE: None
            if row.price_minor is None
            else format_price(row.price_minor, row.currency, row.unit, language),
            Placeholder.STOCK: None if row.stock is None else format_number(row.stock),
            Placeholder.DELIVERY: None
            if days is None
            else ngettext("%(num)s day", "%(num)s days", days),
            Placeholder.VALID_UNTIL: format_day(row.valid_until, language)
            if row.valid_until
            else _("no end date"),
            Placeholder.TITLE: row.title,
            Placeholder.PLACE: places.label(row.place, language) or None,
            Placeholder.BUYER: row.buyer or None,
            Placeholder.COMPANY: row.company,
            Placeholder.SELLER: seller,
            Placeholder.PROVIDER: row.provider,
        }
