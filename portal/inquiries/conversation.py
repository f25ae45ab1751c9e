"""Reads of one thread, as its seller sees it."""

import json
from collections.abc import Sequence
from typing import Any, Final

from sqlalchemy import BindParameter, Row, Select, and_, bindparam, case, func, or_, select
from sqlalchemy.orm import aliased

from portal import clock
from portal.accounts.models import Person
from portal.extensions import db
from portal.inquiries import offers
from portal.inquiries.jsonrows import json_rows
from portal.inquiries.models import AnswerDraft, Inquiry, Message, Note, Snippet, ThreadEvent
from portal.inquiries.offers import Change
from portal.inquiries.stamps import FRESH
from portal.inquiries.timeline import (
    Colleague,
    Draft,
    Happening,
    Letter,
    NoteLine,
    Other,
    SnippetName,
    Thread,
)
from portal.inquiries.vocabulary import Writing
from portal.listings.models import Listing, Revision
from portal.mail.models import Mail

OTHERS: Final = 5
"""Other inquiries of the same buyer that are shown."""
_REVISIONS: Final = 20
_EVENTS: Final = 200
_SNIPPETS: Final = 200


_FACTS: Final = (
    Inquiry.id,
    Inquiry.state,
    Inquiry.name,
    Inquiry.company,
    Inquiry.email,
    Inquiry.phone,
    Inquiry.language,
    Inquiry.reply_by,
    Inquiry.listing_id,
    Inquiry.listing_then,
    Inquiry.created_at,
    Inquiry.last_message_at,
    Inquiry.first_answered_at,
    Inquiry.outcome,
    Inquiry.closed_at,
    Inquiry.forget_at,
    Inquiry.forgotten_at,
    Listing.title.label("title"),
    Listing.price_minor.label("price_minor"),
    Listing.currency.label("currency"),
    Listing.unit.label("unit"),
    Listing.stock.label("stock"),
    Listing.delivery_days.label("delivery_days"),
    Listing.valid_until.label("valid_until"),
    Listing.status.label("status"),
)
_OURS: Final = (
    Inquiry.assignee_id,
    Inquiry.won_minor,
    Inquiry.won_currency,
    Inquiry.lost_reason,
    Inquiry.snoozed_until,
    Inquiry.due_at,
    Inquiry.stage,
    Inquiry.version,
    Inquiry.last_letter_id,
)
"""What no buyer is to know."""
_in_thread: Final[BindParameter[int]] = bindparam("inquiry_id")


def _letters() -> Select[Any]:
    columns: tuple[Any, ...] = (
        Message.id,
        Message.author,
        Message.body,
        Message.created_at,
        Message.person_id,
        Person.name.label("person_name"),
        Message.sends_at,
        Mail.state.label("mail_state"),
        Mail.error.label("mail_error"),
        Mail.sent_at.label("mail_sent_at"),
    )
    return (
        select(*columns)
        .outerjoin(Person, Person.id == Message.person_id)
        .outerjoin(Mail, Mail.id == Message.mail_id)
        .where(Message.inquiry_id == _in_thread)
    )


def _notes() -> Select[Any]:
    columns: tuple[Any, ...] = (
        Note.id,
        Note.body,
        Note.created_at.label("at"),
        Note.person_id,
        Person.name.label("person_name"),
    )
    return (
        select(*columns)
        .outerjoin(Person, Person.id == Note.person_id)
        .where(Note.inquiry_id == _in_thread)
    )


def _events() -> Select[Any]:
    target = aliased(Person)
    return (
        select(
            ThreadEvent.id,
            ThreadEvent.kind.label("event"),
            ThreadEvent.facts,
            ThreadEvent.at,
            ThreadEvent.person_id,
            Person.name.label("person_name"),
            target.name.label("to_name"),
        )
        .outerjoin(Person, Person.id == ThreadEvent.person_id)
        .outerjoin(target, target.id == ThreadEvent.facts["to"].as_integer())
        .where(ThreadEvent.inquiry_id == _in_thread)
        .order_by(ThreadEvent.id.desc())
        .limit(_EVENTS)
    )


def _revisions() -> Select[Any]:
    """The offer's newest versions since the buyer asked, and one more to compare with."""
    texts = ("title", "price_minor", "currency", "unit", "stock", "delivery_days", "valid_until")
    asked_about = func.coalesce(Inquiry.listing_then["version"].as_integer(), 0)
    return (
        select(
            Revision.version,
            Revision.at,
            Person.name.label("person_name"),
            *(Revision.content[name].as_string().label(name) for name in texts),
        )
        .join(Inquiry, Inquiry.listing_id == Revision.listing_id)
        .outerjoin(Person, Person.id == Revision.person_id)
        .where(
            Inquiry.id == _in_thread,
            Revision.version > asked_about,
            Revision.at >= Inquiry.created_at,
        )
        .order_by(Revision.version.desc())
        .limit(_REVISIONS + 1)
    )


def _others() -> Select[Any]:
    other = aliased(Inquiry)
    same_buyer = and_(
        other.provider_id == Inquiry.provider_id, other.buyer_digest == Inquiry.buyer_digest
    )
    return (
        select(
            other.id,
            other.listing_then["title"].as_string().label("title"),
            other.stage,
            other.created_at,
        )
        .select_from(Inquiry)
        .join(other, same_buyer)
        .where(Inquiry.id == _in_thread, other.id != Inquiry.id)
        .order_by(other.id.desc())
        .limit(OTHERS + 1)
    )


def _drafts() -> Select[Any]:
    """The reader's own, and who else has a fresh one."""
    is_own = AnswerDraft.person_id == bindparam("person_id")
    is_fresh = and_(
        AnswerDraft.kind == Writing.ANSWER,
        AnswerDraft.saved_at > bindparam("fresh_since"),
        AnswerDraft.body != "",
    )
    return (
        select(
            AnswerDraft.person_id,
            Person.name,
            AnswerDraft.kind,
            case((is_own, AnswerDraft.body)).label("body"),
            AnswerDraft.revision,
            AnswerDraft.saved_at,
        )
        .join(Person, Person.id == AnswerDraft.person_id)
        .where(AnswerDraft.inquiry_id == _in_thread, or_(is_own, is_fresh))
    )


def _snippets() -> Select[Any]:
    """The provider's shared ones and the reader's own."""
    mine = Snippet.person_id == bindparam("person_id")
    return (
        select(Snippet.id, Snippet.name, case((mine, 1), else_=0).label("is_own"))
        .where(
            Snippet.provider_id == bindparam("provider_id"),
            or_(mine, Snippet.person_id.is_(None)),
        )
        .order_by(Snippet.name, Snippet.id)
        .limit(_SNIPPETS)
    )


_assignee: Final = aliased(Person)
_THREAD: Final = (
    select(
        *_FACTS,
        *_OURS,
        _assignee.name.label("assignee_name"),
        json_rows(_letters().subquery()).label("letters"),
        json_rows(_notes().subquery()).label("notes"),
        json_rows(_events().subquery()).label("events"),
        json_rows(_revisions().subquery()).label("revisions"),
        json_rows(_others().subquery()).label("others"),
        json_rows(_drafts().subquery()).label("drafts"),
        json_rows(_snippets().subquery()).label("snippets"),
    )
    .join(Listing, Listing.id == Inquiry.listing_id)
    .outerjoin(_assignee, _assignee.id == Inquiry.assignee_id)
    .where(Inquiry.provider_id == bindparam("provider_id"), Inquiry.id == _in_thread)
)


def thread_of(provider_id: int, inquiry_id: int, *, reader_id: int) -> Thread | None:
    """One thread of the provider with all that belongs to it, in one statement; None: not theirs.

    Args:
        provider_id: whose it must be.
        inquiry_id: which.
        reader_id: the person who reads it.
    """
    asked = {
        "provider_id": provider_id,
        "inquiry_id": inquiry_id,
        "person_id": reader_id,
        "fresh_since": clock.now() - FRESH,
    }
    row = db.session.connection().execute(_THREAD, asked).one_or_none()
    if row is None:
        return None
    others = sorted((Other(**one) for one in row.others or ()), key=lambda one: -one.id)
    drafts, answering = _writers(row.drafts or (), reader_id)
    return Thread(
        row,
        reader_id,
        letters=sorted((Letter(**one) for one in row.letters or ()), key=lambda one: one.id),
        notes=[NoteLine(**one) for one in row.notes or ()],
        events=[_happening(one) for one in row.events or ()],
        changes=_changes(row),
        others=others[:OTHERS],
        has_more_others=len(others) > OTHERS,
        drafts=drafts,
        answering=answering,
        snippets=sorted(
            (
                SnippetName(id=one["id"], name=one["name"], is_own=bool(one["is_own"]))
                for one in row.snippets or ()
            ),
            key=lambda one: (not one.is_own, one.name),
        ),
    )


def _happening(values: dict[str, Any]) -> Happening:
    facts = values["facts"]
    # SQLite keeps JSON as text, and puts it as a text into a JSON value.
    return Happening(**{**values, "facts": json.loads(facts) if isinstance(facts, str) else facts})


def _changes(row: Row[Any]) -> list[Change]:
    revisions = sorted(row.revisions or (), key=lambda one: one["version"])
    return offers.changes(offers.then(row.listing_then), revisions, most=_REVISIONS)


def _writers(
    rows: Sequence[dict[str, Any]], reader_id: int
) -> tuple[dict[str, Draft], list[Colleague]]:
    own, others = {}, []
    for one in rows:
        if one["person_id"] == reader_id:
            own[one["kind"]] = Draft(
                body=one["body"], revision=one["revision"], saved_at=one["saved_at"]
            )
        else:
            others.append(Colleague(id=one["person_id"], name=one["name"]))
    return own, sorted(others, key=lambda one: one.id)
