"""The mails of inquiries: to the buyer with the private link, to the provider's sellers.

Each goes into the outbox in the transaction that causes it, in one thread with the earlier mails
of the same inquiry to the same address.
"""

from typing import Any, Final

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from portal import clock
from portal.accounts.models import Provider
from portal.accounts.queries import recipients_of
from portal.clock import MINUTE
from portal.inquiries.links import Links
from portal.inquiries.models import Inquiry, Message
from portal.inquiries.vocabulary import State
from portal.mail.actions import post
from portal.mail.models import Mail
from portal.permissions import Role

MAIL_SLOT: Final = 15 * MINUTE
MAILS_A_SLOT: Final = 10
"""A seller gets a mail of their own for this many inquiries in each slot of 15 minutes; one more
mail at the slot's end stands for all that come after, however many they are."""


def confirm(session: Session, inquiry: Inquiry, message: Message, url: str) -> None:
    """Tell the buyer that the question has arrived, with the private link."""
    _write_to_buyer(session, inquiry, message, "inquiry_received", url)


def send_answer(
    session: Session, inquiry: Inquiry, message: Message, url: str, *, not_before: int
) -> None:
    """Send the buyer a seller's answer, with the private link; not before a moment (UTC seconds)."""
    _write_to_buyer(session, inquiry, message, "inquiry_answered", url, not_before=not_before)


def announce(
    session: Session,
    inquiry: Inquiry,
    message: Message,
    links: Links,
    *,
    number: int | None = None,
) -> None:
    """Tell the sellers of a new inquiry; in a flood, one mail at its end stands for many.

    The provider's desk must be locked by now: two inquiries at once then count each other.

    Args:
        session: of the running transaction.
        inquiry: the new one.
        message: its first.
        links: makes the sellers' link.
        number: which of its slot it is, where it did not come in it but was released in it.
    """
    if number is None:
        number = _number_in_slot(session, inquiry)
    if number <= MAILS_A_SLOT:
        _write_to_sellers(session, inquiry, "inquiry_new", message, links)
    elif number == MAILS_A_SLOT + 1:
        _promise_digest(session, inquiry.provider_id, links)


def send_write_back(session: Session, inquiry: Inquiry, message: Message, links: Links) -> None:
    """Tell the sellers that the buyer wrote again."""
    _write_to_sellers(session, inquiry, "inquiry_written_back", message, links)


def _number_in_slot(session: Session, inquiry: Inquiry) -> int:
    """How many inquiries the provider has had in this slot, this one included."""
    count = (
        select(func.count())
        .select_from(Inquiry)
        .where(
            Inquiry.provider_id == inquiry.provider_id,
            Inquiry.created_at >= inquiry.created_at // MAIL_SLOT * MAIL_SLOT,
            Inquiry.state != State.SPAM,
        )
    )
    return session.scalar(count) or 0


def _promise_digest(session: Session, provider_id: int, links: Links) -> None:
    slot_end = (clock.now() // MAIL_SLOT + 1) * MAIL_SLOT
    for address, language in session.execute(recipients_of(provider_id, Role.SELLER)).all():
        post(
            session,
            to=address,
            template="inquiry_digest",
            language=language,
            context={"mails": MAILS_A_SLOT, "minutes": MAIL_SLOT // MINUTE, "url": links.desk()},
            not_before=slot_end,
        )


def _write_to_buyer(
    session: Session,
    inquiry: Inquiry,
    message: Message,
    template: str,
    url: str,
    *,
    not_before: int | None = None,
) -> None:
    if inquiry.email is None:
        return
    context = {
        "name": inquiry.name,
        "provider": session.get_one(Provider, inquiry.provider_id).name,
        "title": inquiry.listing_then["title"],
        "message": message.body,
        "url": url,
    }
    to = (inquiry.email, inquiry.language)
    sent = _post(session, inquiry, to, template, context, not_before=not_before)
    message.mail_id = sent.id


def _write_to_sellers(
    session: Session, inquiry: Inquiry, template: str, message: Message, links: Links
) -> None:
    context = {
        "name": inquiry.name,
        "company": inquiry.company,
        "title": inquiry.listing_then["title"],
        "message": message.body,
        "reply_by": inquiry.reply_by.isoformat() if inquiry.reply_by else None,
        "url": links.inbox(inquiry.id),
    }
    sellers = session.execute(recipients_of(inquiry.provider_id, Role.SELLER)).all()
    for address, language in sellers:
        _post(session, inquiry, (address, language), template, context)


def _post(
    session: Session,
    inquiry: Inquiry,
    to: tuple[str, str],
    template: str,
    context: dict[str, Any],
    *,
    not_before: int | None = None,
) -> Mail:
    address, language = to
    first = session.scalar(
        select(Mail.key)
        .where(Mail.inquiry_id == inquiry.id, Mail.to_address == address)
        .order_by(Mail.id)
        .limit(1)
    )
    return post(
        session,
        to=address,
        template=template,
        language=language,
        context=context,
        inquiry_id=inquiry.id,
        in_reply_to=first,
        not_before=not_before,
    )
