"""What a buyer does behind the private link besides writing: calls, closing, deletion, new links."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, func, or_, select
from sqlalchemy.orm import Session

from portal import clock
from portal.accounts.models import Provider
from portal.clock import DAY, MINUTE
from portal.database import transaction
from portal.inquiries import notices, retention, turns
from portal.inquiries.actions.receiving import buyer_digest, is_known, say
from portal.inquiries.actions.threads import (
    audit,
    happened,
    link_of,
    locked,
    locked_for_buyer,
    touch,
)
from portal.inquiries.links import NEWEST, Links, ends_at
from portal.inquiries.models import Desk, Inquiry, ThreadEvent
from portal.inquiries.senders import Origin, count
from portal.inquiries.vocabulary import Event, LostReason, Outcome, State
from portal.jobs.actions import enqueue
from portal.mail.actions import post
from portal.mail.models import Mail

SEND_LINKS: Final = "inquiries.send-links"
"""The kind of job that mails all links of one address."""
DELAY: Final = DAY
"""Seconds between the wish for deletion and the deletion, in which it can be taken back."""
ONCE: Final = MINUTE
"""Seconds in which the link of a thread goes out once: a double click is one wish."""
MOST_LINKS: Final = 20
"""Conversations in one mail, the newest."""


@dataclass(frozen=True)
class Call:
    """A wish to be called: the number, and when in the buyer's own words ("" where not said)."""

    phone: str
    when: str


def ask_for_call(
    inquiry_id: int, call: Call, *, body: str, form_nonce: str, origin: Origin, links: Links
) -> bool:
    """Ask the sellers for a call; returns whether this wish is new.

    It is a message of the buyer like any other, so the thread waits for the sellers and they are
    mailed; the event keeps number and hours for their page.

    Args:
        inquiry_id: which thread.
        call: whom to call and when.
        body: the wish as a message, in the buyer's language.
        form_nonce: by which a second copy of the form is known.
        origin: by what it is counted.
        links: makes the sellers' link.

    Raises:
        Missing: no such inquiry, or its data was deleted.
        senders.TooMany: a limit of this sender is reached.
    """
    with transaction() as session:
        inquiry = locked_for_buyer(session, inquiry_id)
        if is_known(session, form_nonce):
            return False
        count(session, origin)
        inquiry.phone = inquiry.phone or call.phone
        happened(session, inquiry, Event.CALL_ASKED, phone=call.phone, when=call.when)
        message = say(session, inquiry, body=body, form_nonce=form_nonce, links=links)
        audit(session, "inquiry.ask-for-call", inquiry, None, message=message.id)
    return True


def close(inquiry_id: int, *, origin: Origin) -> bool:
    """Close a thread at its buyer's word; False where it was closed before, and stays as it was.

    Raises:
        Missing: no such inquiry, or its data was deleted.
        senders.TooMany: a limit of this sender is reached.
    """
    with transaction() as session:
        inquiry = locked_for_buyer(session, inquiry_id)
        if inquiry.outcome is not None:
            return False
        count(session, origin)
        desk = touch(session, inquiry.provider_id)
        inquiry.outcome = Outcome.LOST.value
        inquiry.lost_reason = LostReason.BUYER_CLOSED.value
        inquiry.closed_at, inquiry.closed_by = clock.now(), None
        inquiry.snoozed_until = None
        happened(session, inquiry, Event.LOST, reason=LostReason.BUYER_CLOSED.value)
        _changed(session, inquiry, desk)
        audit(session, "inquiry.close-by-buyer", inquiry, None)
    return True


def ask_deletion(inquiry_id: int, *, origin: Origin, links: Links) -> int:
    """Have a buyer's personal data go a day from now, and confirm it by mail.

    Returns:
        When it goes (UTC seconds): of an earlier wish, where there is one.

    Raises:
        Missing: no such inquiry, or its data was deleted.
        senders.TooMany: a limit of this sender is reached.
    """
    with transaction() as session:
        inquiry = locked_for_buyer(session, inquiry_id)
        if earlier := _wished_at(session, inquiry):
            return earlier
        count(session, origin)
        at = clock.now() + DELAY
        happened(session, inquiry, Event.DELETION_ASKED, at=at)
        desk = touch(session, inquiry.provider_id)
        _changed(session, inquiry, desk)
        zone = session.get_one(Provider, inquiry.provider_id).timezone
        url = link_of(inquiry, links).url
        notices.tell_buyer(session, inquiry, "inquiry_forget", url=url, at=_spelled(at, zone))
        audit(session, "inquiry.ask-deletion", inquiry, None, at=at)
    return at


def withdraw_deletion(inquiry_id: int, *, origin: Origin) -> bool:
    """Take the wish for deletion back; False where there is none.

    Raises:
        Missing: no such inquiry, or its data was deleted.
        senders.TooMany: a limit of this sender is reached.
    """
    with transaction() as session:
        inquiry = locked_for_buyer(session, inquiry_id)
        if _wished_at(session, inquiry) is None:
            return False
        count(session, origin)
        happened(session, inquiry, Event.DELETION_WITHDRAWN)
        desk = touch(session, inquiry.provider_id)
        _changed(session, inquiry, desk)
        audit(session, "inquiry.withdraw-deletion", inquiry, None)
    return True


def send_link(inquiry_id: int, *, provider_id: int, person_id: int, links: Links) -> bool:
    """Mail the buyer the private link once more, at a seller's wish.

    Returns:
        Whether a mail goes out: False without an address, and for a second wish within a minute.

    Raises:
        Missing: no such inquiry of this provider.
    """
    with transaction() as session:
        inquiry = locked(session, inquiry_id, provider_id)
        sent_at = _link_sent_at(session, inquiry)
        if not _may_be_mailed(inquiry) or sent_at > clock.now() - ONCE:
            return False
        url = _renewed(session, inquiry, links, sent_at, by=person_id)
        touch(session, provider_id)
        inquiry.version += 1
        notices.tell_buyer(session, inquiry, "inquiry_link", url=url)
        audit(session, "inquiry.send-link", inquiry, person_id)
    return True


def want_links(email: str, language: str, *, origin: Origin, form_nonce: str) -> None:
    """Have the links of an address mailed to it by the background worker.

    Whether the address is known is looked up there: here all are answered alike, and as fast.

    Raises:
        senders.TooMany: a limit of this sender is reached.
    """
    with transaction() as session:
        count(session, origin)
        wish = {"email": email, "language": language, "nonce": form_nonce}
        enqueue(session, SEND_LINKS, wish, key=_links_key(form_nonce))


def send_links(wish: dict[str, Any], links: Links) -> int:
    """Mail the address of a wish its conversations of the last 180 days; returns how many.

    Run twice it mails once.
    """
    with transaction() as session:
        key = _links_key(wish["nonce"])
        if session.scalar(select(Mail.id).where(Mail.key == key)) is not None:
            return 0
        threads = _threads_of(session, wish["email"])
        if not threads:
            return 0
        told = [_told(session, inquiry, links) for inquiry in threads]
        for provider_id in sorted({inquiry.provider_id for inquiry in threads}):
            touch(session, provider_id)
        post(
            session,
            to=wish["email"],
            template="inquiry_links",
            language=wish["language"],
            context={"threads": told},
            key=key,
        )
        return len(told)


def _threads_of(session: Session, email: str) -> list[Inquiry]:
    """The newest conversations of an address, each locked in the order of their ids."""
    is_theirs: ColumnElement[bool] = or_(
        Inquiry.buyer_digest == buyer_digest(email, None),
        # Received by the release before: without a digest.
        Inquiry.buyer_digest.is_(None) & (func.lower(Inquiry.email) == email.lower()),
    )
    ids = session.scalars(
        select(Inquiry.id)
        .join(Provider, Provider.id == Inquiry.provider_id)
        .where(is_theirs, Inquiry.last_message_at > clock.now() - NEWEST)
        .order_by(Inquiry.last_message_at.desc(), Inquiry.id.desc())
        .limit(MOST_LINKS)
    ).all()
    threads = [locked(session, inquiry_id) for inquiry_id in sorted(ids)]
    return [inquiry for inquiry in threads if _may_be_mailed(inquiry)]


def _told(session: Session, inquiry: Inquiry, links: Links) -> dict[str, str]:
    url = _renewed(session, inquiry, links, _link_sent_at(session, inquiry))
    inquiry.version += 1
    audit(session, "inquiry.send-link", inquiry, None)
    provider = session.get_one(Provider, inquiry.provider_id)
    return {"title": inquiry.listing_then["title"], "provider": provider.name, "url": url}


def _may_be_mailed(inquiry: Inquiry) -> bool:
    is_there = bool(inquiry.email) and inquiry.forgotten_at is None
    return is_there and inquiry.state != State.SPAM


def _link_sent_at(session: Session, inquiry: Inquiry) -> int:
    sent = select(func.max(ThreadEvent.at)).where(
        ThreadEvent.inquiry_id == inquiry.id, ThreadEvent.kind == Event.LINK_SENT.value
    )
    return session.scalar(sent) or 0


def _renewed(
    session: Session, inquiry: Inquiry, links: Links, sent_at: int, by: int | None = None
) -> str:
    """The thread's link, good from now on; of one that has expired the old address stays dead."""
    ended = ends_at(inquiry.last_message_at, inquiry.closed_at, sent_at) <= clock.now()
    if ended:
        link = links.new()
        inquiry.link_nonce, inquiry.link_digest = link.nonce, link.digest
    happened(session, inquiry, Event.LINK_SENT, by)
    return link_of(inquiry, links).url


def _spelled(at: int, zone: str) -> str:
    """A moment in the provider's zone, in figures that either language reads."""
    text = datetime.fromtimestamp(at, ZoneInfo(zone)).isoformat(" ", "minutes")
    return f"{text[:16]} (UTC{text[16:]})"


def _changed(session: Session, inquiry: Inquiry, desk: Desk) -> None:
    wished_at = _wished_at(session, inquiry)
    inquiry.forget_at = retention.moment(inquiry, desk.keeps_personal_days, wished_at)
    turns.place(inquiry)
    inquiry.version += 1


def _wished_at(session: Session, inquiry: Inquiry) -> int | None:
    """When the data goes at the buyer's own wish (UTC seconds); None: there is no such wish."""
    session.flush()
    return retention.wishes_of(session, [inquiry.id]).get(inquiry.id)


def _links_key(nonce: str) -> str:
    return f"links.{nonce}"
