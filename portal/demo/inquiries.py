"""The demo's inquiries: asked and answered in the past, without a mail to anybody."""

import random
import secrets
import tomllib
from datetime import timedelta
from pathlib import Path
from typing import Any, Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal import clock
from portal.clock import DAY, MINUTE
from portal.inquiries import asking, retention
from portal.inquiries.actions import buyer_digest, settle, touch
from portal.inquiries.actions.threads import hours_of
from portal.inquiries.models import Inquiry, Message, Note, ReadMark, Snippet, ThreadEvent
from portal.inquiries.vocabulary import Author, Event, Outcome, State
from portal.listings.content import snapshot
from portal.listings.counters import record_inquiry
from portal.listings.models import Listing

_INQUIRIES: Final = Path(__file__).parent / "inquiries.toml"
_SELLERS: Final = ("seller@a.example", "staff@b.example")


def add(session: Session, chance: random.Random, owners: list[int], people: dict[str, int]) -> None:
    """Add them to the running transaction.

    Args:
        session: of the running transaction.
        chance: for the minutes between an answer and the buyer's next word.
        owners: the providers' ids, in the order of the file.
        people: address → id of the people who answer.
    """
    told = tomllib.loads(_INQUIRIES.read_text(encoding="utf-8"))
    offers = {
        owner: list(
            session.scalars(
                select(Listing).where(Listing.provider_id == owner).order_by(Listing.id)
            )
        )
        for owner in owners
    }
    for facts in sorted(told["inquiry"], key=lambda one: -one["days"]):
        owner = owners[facts["provider"]]
        listing = offers[owner][facts["offer"]]
        seller = people[_SELLERS[facts["provider"]]]
        session.add(made := _inquiry(listing, facts, seller, chance))
        session.flush()
        _follow_up(session, made, facts, seller)
        desk = touch(session, owner)
        hours = hours_of(session, desk)
        made.workday_ends_at = hours.after(made.created_at, hours.minutes_a_day)
        settle(session, made, desk)
        retention.end(made, desk)
        record_inquiry(session, listing.id)
    for facts in told["snippet"]:
        session.add(Snippet(provider_id=owners[0], version=1, changed_at=clock.now(), **facts))


def _follow_up(session: Session, inquiry: Inquiry, facts: dict[str, Any], seller: int) -> None:
    """What the seller did besides answering: read, noted, put aside, brought to an end."""
    at = inquiry.messages[-1].created_at + 20 * MINUTE
    if "answer" in facts and "back" not in facts:
        session.add(
            ReadMark(person_id=seller, inquiry_id=inquiry.id, message_id=inquiry.messages[0].id)
        )
    if "note" in facts:
        session.add(
            Note(
                inquiry_id=inquiry.id,
                person_id=seller,
                body=facts["note"],
                form_nonce=secrets.token_hex(8),
                created_at=at,
            )
        )
    events: list[tuple[Event, dict[str, Any]]] = []
    if "snoozed_days" in facts:
        inquiry.snoozed_until = clock.now() + facts["snoozed_days"] * DAY
        events.append((Event.SNOOZED, {"until": inquiry.snoozed_until}))
    if "won" in facts:
        inquiry.outcome, inquiry.closed_at, inquiry.closed_by = Outcome.WON, at, seller
        inquiry.won_minor, inquiry.won_currency = facts["won"], "CNY"
        events.append((Event.WON, {"minor": facts["won"], "currency": "CNY"}))
    if "lost" in facts:
        inquiry.outcome, inquiry.closed_at, inquiry.closed_by = Outcome.LOST, at, seller
        inquiry.lost_reason = facts["lost"]
        events.append((Event.LOST, {"reason": facts["lost"]}))
    for kind, more in events:
        session.add(
            ThreadEvent(inquiry_id=inquiry.id, person_id=seller, kind=kind.value, facts=more, at=at)
        )


def _inquiry(
    listing: Listing, facts: dict[str, Any], seller: int, chance: random.Random
) -> Inquiry:
    asked = clock.now() - round(facts["days"] * DAY)
    link = asking.links().new()
    reply_days = facts.get("reply_days")
    inquiry = Inquiry(
        provider_id=listing.provider_id,
        listing_id=listing.id,
        listing_then=snapshot(listing),
        state=State.NEW,
        name=facts["name"],
        company=facts.get("company"),
        email=facts.get("email"),
        phone=facts.get("phone"),
        reply_by=clock.day_of(asked) + timedelta(days=reply_days) if reply_days else None,
        language=facts.get("language", "zh"),
        form_nonce=secrets.token_hex(8),
        link_nonce=link.nonce,
        link_digest=link.digest,
        buyer_digest=buyer_digest(facts.get("email"), facts.get("phone")),
        created_at=asked,
        last_message_at=asked,
    )
    inquiry.messages = [_message(Author.BUYER, facts["question"], asked)]
    if "answer" in facts:
        answered = asked + facts["minutes"] * MINUTE
        inquiry.messages.append(_message(Author.SELLER, facts["answer"], answered, seller))
        inquiry.assignee_id, inquiry.last_message_at = seller, answered
    if "back" in facts:
        back = inquiry.last_message_at + chance.randrange(40, 90) * MINUTE
        inquiry.messages.append(_message(Author.BUYER, facts["back"], back))
    return inquiry


def _message(author: Author, body: str, at: int, person_id: int | None = None) -> Message:
    return Message(
        author=author,
        body=body,
        person_id=person_id,
        form_nonce=secrets.token_hex(8),
        created_at=at,
    )
