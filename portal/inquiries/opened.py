"""What the templates of the open thread read: its timeline, its two forms, the offer beside it."""

import re
from dataclasses import dataclass
from typing import Any

from flask_login import current_user

from portal import clock
from portal.inquiries import offers, wording
from portal.inquiries.forms import AnswerForm, NoteForm
from portal.inquiries.timeline import Draft, Thread
from portal.inquiries.vocabulary import Writing
from portal.listings.models import Status
from portal.web import formtoken


@dataclass(frozen=True)
class Returned:
    """A form that comes back, with everything that was typed.

    Args:
        writing: which of the two.
        form: as it came in.
        token: its form token, so that a second copy of it stays one; None: a fresh one.
        revision: of the draft that it holds.
        seen_id: newest message that its writer had seen; what colleagues answered since is shown.
        notice: what else there is to say.
    """

    writing: Writing
    form: AnswerForm | NoteForm
    token: str | None = None
    revision: int = 0
    seen_id: int | None = None
    notice: str | None = None


@dataclass(frozen=True)
class Box:
    """One of the two forms as it is drawn."""

    id: str
    """Another with each message of its writer: a swap then brings an empty box."""
    form: AnswerForm | NoteForm
    token: str
    draft: Draft | None
    revision: int
    is_returned: bool
    notice: str | None


def purpose(writing: Writing, inquiry_id: int) -> str:
    """Of the form token by which a second copy of an answer or note is known."""
    return f"{'reply' if writing is Writing.ANSWER else 'note'}:{inquiry_id}"


def context(thread: Thread, returned: Returned | None = None) -> dict[str, Any]:
    """All of it."""
    inquiry = thread.inquiry
    unseen = returned.seen_id if returned else None
    return {
        "thread": thread,
        "offer_then": offers.then(inquiry.listing_then),
        "offer_now": offers.now(inquiry),
        "is_offered": inquiry.status == Status.LIVE,
        "phone_href": phone_href(inquiry.phone),
        "answer_box": _box(thread, Writing.ANSWER, returned),
        "note_box": _box(thread, Writing.NOTE, returned),
        "unseen": [] if unseen is None else thread.unseen_by(unseen),
        "event_in_words": wording.event_in_words,
        "due_words": wording.due_in_words(inquiry.due_at) if inquiry.due_at else None,
        "is_due_today": inquiry.due_at is not None and inquiry.due_at < clock.now() + clock.DAY,
        "moment_in_words": wording.moment_in_words,
        "too_late_id": None,
        "reader_id": current_user.person_id,
    }


def _box(thread: Thread, writing: Writing, returned: Returned | None) -> Box:
    inquiry_id, draft = thread.inquiry.id, thread.drafts.get(writing)
    is_answer = writing is Writing.ANSWER
    written = thread.own_answers if is_answer else thread.own_notes
    kind: type[AnswerForm | NoteForm] = AnswerForm if is_answer else NoteForm
    mine = returned if returned and returned.writing is writing else None
    begun = {"body": draft.body} if draft else None
    return Box(
        id=f"{writing}-{inquiry_id}-{written}",
        form=mine.form if mine else kind(formdata=None, data=begun),
        token=(mine and mine.token) or formtoken.issue(purpose(writing, inquiry_id)),
        draft=None if mine else draft,
        revision=mine.revision if mine else draft.revision if draft else 0,
        is_returned=mine is not None,
        notice=mine.notice if mine else None,
    )


def phone_href(phone: str | None) -> str | None:
    """A `tel:` address (RFC 3966) for a phone number as it is kept, such as `+86 10 8888 8888`."""
    if not phone:
        return None
    number, _mark, extension = phone.partition(" ext. ")
    digits = re.sub(r"[^+0-9]", "", number)
    return f"tel:{digits};ext={extension}" if extension else f"tel:{digits}"
