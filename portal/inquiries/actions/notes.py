"""An internal note: what sellers tell each other, out of reach of all that writes to buyers."""

from sqlalchemy import select

from portal import clock
from portal.database import transaction
from portal.inquiries.actions.answering import FormUsed
from portal.inquiries.actions.drafts import let_go
from portal.inquiries.actions.threads import audit, locked, touch
from portal.inquiries.models import Note
from portal.inquiries.vocabulary import Writing


def add_note(
    inquiry_id: int, *, provider_id: int, person_id: int, body: str, form_nonce: str
) -> int:
    """Add a note to a thread; returns its id, for a second copy of the same form the first one's.

    Nothing about the thread's turn, place or version changes: a note stops nobody's undo.

    Args:
        inquiry_id: which thread.
        provider_id: whose it must be.
        person_id: who notes it.
        body: plain text.
        form_nonce: by which a second copy of the form is known.

    Raises:
        Missing: no such thread of this provider.
        FormUsed: the form token came before with other words.
    """
    with transaction() as session:
        inquiry = locked(session, inquiry_id, provider_id)
        earlier = session.scalar(select(Note).where(Note.form_nonce == form_nonce))
        if earlier is not None:
            if earlier.body != body:
                raise FormUsed
            return earlier.id
        touch(session, provider_id)
        note = Note(
            inquiry_id=inquiry.id,
            person_id=person_id,
            body=body,
            form_nonce=form_nonce,
            created_at=clock.now(),
        )
        session.add(note)
        session.flush()
        let_go(session, inquiry.id, person_id, Writing.NOTE)
        audit(session, "inquiry.note", inquiry, person_id, note=note.id)
        return note.id
