"""The mails of inquiries: to the buyer with the private link, to the provider's sellers.

Each goes into the outbox in the transaction that causes it, in one thread with the earlier mails
of the same inquiry to the same address.
"""

from typing import Any, Final

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from portal import clock
from portal.accounts.models import Notices, Provider
from portal.accounts.queries import people_to_tell
from portal.clock import MINUTE
from portal.database import transaction
from portal.digests import digest_of
from portal.inquiries import offers
from portal.inquiries.links import Links
from portal.inquiries.models import Inquiry, InquiryCount, Message
from portal.inquiries.vocabulary import Stage, State
from portal.jobs.actions import enqueue
from portal.mail.actions import post
from portal.mail.models import Mail
from portal.permissions import Role

MAIL_SLOT: Final = 15 * MINUTE
MAILS_A_SLOT: Final = 10
"""A seller gets a mail of their own for this many inquiries in each slot of 15 minutes; one more
mail at the slot's end stands for all that come after, however many they are."""
FLOOD: Final = "inquiries.flood"
"""The kind of job that sends that one mail."""
SELLERS: Final = (Role.SELLER, Role.MANAGER)
"""Who answers buyers, and so is told of them."""
_NOBODY: Final = 0
_KEY_LENGTH: Final = 32


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
        _promise_digest(session, inquiry.provider_id)


def send_write_back(session: Session, inquiry: Inquiry, message: Message, links: Links) -> None:
    """Tell the sellers that the buyer wrote again."""
    _write_to_sellers(session, inquiry, "inquiry_written_back", message, links)


def tell_buyer(session: Session, inquiry: Inquiry, template: str, **facts: Any) -> None:
    """Send the buyer a mail about the thread that carries no message of it."""
    if not inquiry.email:
        return
    context = {
        "name": inquiry.name,
        "provider": session.get_one(Provider, inquiry.provider_id).name,
        "title": inquiry.listing_then["title"],
        **facts,
    }
    _post(session, inquiry, template, context, to=inquiry.email, language=inquiry.language)


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


def _promise_digest(session: Session, provider_id: int) -> None:
    slot_end = (clock.now() // MAIL_SLOT + 1) * MAIL_SLOT
    facts = {"provider_id": provider_id, "slot_end": slot_end}
    enqueue(session, FLOOD, facts, due_at=slot_end, key=f"{FLOOD}:{provider_id}:{slot_end}")


def send_digest(payload: dict[str, Any]) -> None:
    """Tell of a flood at the end of its slot: how many buyers wait then of those one is told of.

    Whoever finds none waiting (a colleague was quick) gets no mail. May run twice: each mail has
    a key of its own.
    """
    provider_id, slot_end = payload["provider_id"], payload["slot_end"]
    with transaction() as session:
        waiting = _waiting(session, provider_id)
        for person in session.execute(people_to_tell(provider_id, *SELLERS)):
            whose = waiting.keys() if person.notices == Notices.ALL else {_NOBODY, person.id}
            if count := sum(waiting.get(one, 0) for one in whose):
                post(
                    session,
                    to=person.email,
                    template="inquiry_digest",
                    language=person.language,
                    context={
                        "waiting": count,
                        "mails": MAILS_A_SLOT,
                        "minutes": MAIL_SLOT // MINUTE,
                    },
                    notice_of=person.id,
                    key=digest_of(f"{FLOOD}:{slot_end}:{person.id}")[:_KEY_LENGTH],
                )


def _waiting(session: Session, provider_id: int) -> dict[int, int]:
    """Threads that wait for the provider by assignee, 0 for nobody's."""
    counted = select(InquiryCount.assignee_id, InquiryCount.inquiries).where(
        InquiryCount.provider_id == provider_id, InquiryCount.stage == Stage.US.value
    )
    return {row.assignee_id: row.inquiries for row in session.execute(counted)}


def _write_to_buyer(
    session: Session,
    inquiry: Inquiry,
    message: Message,
    template: str,
    url: str,
    *,
    not_before: int | None = None,
) -> None:
    if not inquiry.email:  # none was given, or it was deleted
        return
    context = {
        "name": inquiry.name,
        "provider": session.get_one(Provider, inquiry.provider_id).name,
        "title": inquiry.listing_then["title"],
        "offer": _offer(inquiry),
        "message": message.body,
        "url": url,
    }
    sent = _post(
        session,
        inquiry,
        template,
        context,
        to=inquiry.email,
        language=inquiry.language,
        not_before=not_before,
    )
    message.mail_id = sent.id


def _write_to_sellers(
    session: Session, inquiry: Inquiry, template: str, message: Message, links: Links
) -> None:
    context = {
        "name": inquiry.name,
        "company": inquiry.company,
        "title": inquiry.listing_then["title"],
        "offer": _offer(inquiry),
        "message": message.body,
        "reply_by": inquiry.reply_by.isoformat() if inquiry.reply_by else None,
        "url": links.inbox(inquiry.id),
    }
    for person in people_told(session, inquiry):
        _post(
            session,
            inquiry,
            template,
            context,
            to=person.email,
            language=person.language,
            notice_of=person.id,
        )


def people_told(session: Session, inquiry: Inquiry) -> list[Any]:
    """Who is told by mail of what happens in a thread: id, email, language of each.

    Its seller, unless they want no mails; of the others those who want to hear of all, and while
    it is nobody's also those who want to hear of theirs.
    """
    people = session.execute(people_to_tell(inquiry.provider_id, *SELLERS)).all()
    return [
        person
        for person in people
        if person.notices == Notices.ALL or inquiry.assignee_id in {None, person.id}
    ]


def _offer(inquiry: Inquiry) -> dict[str, Any]:
    """What the price was when the buyer asked, for the templates."""
    offer = offers.then(inquiry.listing_then)
    return {
        "price_minor": offer.price_minor,
        "currency": offer.currency,
        "unit": offer.unit,
    }


def _post(
    session: Session,
    inquiry: Inquiry,
    template: str,
    context: dict[str, Any],
    *,
    to: str,
    language: str,
    notice_of: int | None = None,
    not_before: int | None = None,
) -> Mail:
    is_same_side = Mail.notice_of.is_(None) if notice_of is None else Mail.notice_of == notice_of
    first = session.scalar(
        select(Mail.key)
        .where(Mail.inquiry_id == inquiry.id, Mail.to_address == to, is_same_side)
        .order_by(Mail.id)
        .limit(1)
    )
    return post(
        session,
        to=to,
        template=template,
        language=language,
        context=context,
        inquiry_id=inquiry.id,
        in_reply_to=first,
        notice_of=notice_of,
        not_before=not_before,
    )
