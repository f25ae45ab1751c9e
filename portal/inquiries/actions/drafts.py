"""What one person has typed into a thread and not sent: kept while it is typed, gone once it is sent."""

from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import delete, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from portal import clock
from portal.database import transaction
from portal.inquiries.actions.threads import locked
from portal.inquiries.models import AnswerDraft, Message, Note
from portal.inquiries.vocabulary import Writing

MOST_CHARACTERS: Final = 20_000
"""Of one draft: more than an answer may have, so that one to be shortened is kept too."""
_SENT: Final[dict[Writing, tuple[InstrumentedAttribute[int], InstrumentedAttribute[str]]]] = {
    Writing.ANSWER: (Message.id, Message.form_nonce),
    Writing.NOTE: (Note.id, Note.form_nonce),
}


@dataclass(frozen=True)
class Kept:
    """A draft as it now stands: its revision, and when it was kept (UTC seconds)."""

    revision: int
    saved_at: int


class NewerDraft(Exception):  # noqa: N818 - an answer, not a fault
    """The same person has gone on elsewhere: there the draft was saved at `saved_at`."""

    def __init__(self, saved_at: int) -> None:
        super().__init__(str(saved_at))
        self.saved_at = saved_at


class AlreadySent(Exception):  # noqa: N818 - an answer, not a fault
    """The form that this comes from was sent meanwhile; nothing was kept."""


class TooMuch(Exception):  # noqa: N818 - an answer, not a fault
    """More than a draft may hold."""


def keep_draft(
    inquiry_id: int,
    *,
    provider_id: int,
    person_id: int,
    writing: Writing,
    body: str,
    revision: int,
    form_nonce: str | None = None,
) -> Kept:
    """Keep what was typed; nothing of it is judged before it is sent.

    What a page saves by itself may arrive after its form was sent: by the form's nonce it is known
    to be late, and changes nothing. The same again writes nothing.

    Args:
        inquiry_id: in which thread.
        provider_id: whose it must be.
        person_id: whose draft it is; colleagues learn that there is one, never what is in it.
        writing: an answer or a note.
        body: the text; an empty one stays as an empty draft, so that a late save is known to be one.
        revision: the draft's that the form holds; 0: it knows of none.
        form_nonce: of the form it was typed into; None: a person pressed the button for it.

    Raises:
        Missing: no such thread of this provider.
        NewerDraft, AlreadySent, TooMuch: see there.
    """
    if len(body) > MOST_CHARACTERS:
        raise TooMuch
    with transaction() as session:
        # Sending locks the same row: a save comes before it, or after, and is seen to be late.
        locked(session, inquiry_id, provider_id)
        draft = _draft(session, inquiry_id, person_id, writing)
        if draft is None:
            if form_nonce is not None and _was_sent(session, writing, form_nonce):
                raise AlreadySent
            draft = AnswerDraft(
                inquiry_id=inquiry_id, person_id=person_id, kind=writing, revision=revision
            )
            session.add(draft)
        elif draft.body == body:
            return Kept(draft.revision, draft.saved_at)
        elif draft.revision != revision:
            raise NewerDraft(draft.saved_at)
        draft.body, draft.revision, draft.saved_at = body, revision + 1, clock.now()
        return Kept(draft.revision, draft.saved_at)


def let_go(session: Session, inquiry_id: int, person_id: int, writing: Writing) -> None:
    """Remove the draft of what is being sent, in the running transaction."""
    session.execute(
        delete(AnswerDraft).where(
            AnswerDraft.inquiry_id == inquiry_id,
            AnswerDraft.person_id == person_id,
            AnswerDraft.kind == writing,
        )
    )


def prepend(
    session: Session, inquiry_id: int, person_id: int, body: str, typed: str | None
) -> None:
    """Put a text back into the answer's draft, above what was begun since then.

    Args:
        session: of the running transaction.
        inquiry_id: in which thread.
        person_id: whose draft.
        body: the text.
        typed: what stands in the box; None: what the draft holds.
    """
    draft = _draft(session, inquiry_id, person_id, Writing.ANSWER)
    if draft is None:
        draft = AnswerDraft(
            inquiry_id=inquiry_id, person_id=person_id, kind=Writing.ANSWER, body="", revision=0
        )
        session.add(draft)
    begun = draft.body if typed is None else typed
    draft.body = f"{body}\n\n{begun}".strip()
    draft.revision += 1
    draft.saved_at = clock.now()


def _draft(
    session: Session, inquiry_id: int, person_id: int, writing: Writing
) -> AnswerDraft | None:
    key: tuple[Any, ...] = (inquiry_id, person_id, writing.value)
    return session.get(AnswerDraft, key, populate_existing=True)


def _was_sent(session: Session, writing: Writing, form_nonce: str) -> bool:
    key, nonce = _SENT[writing]
    return session.scalar(select(key).where(nonce == form_nonce)) is not None
