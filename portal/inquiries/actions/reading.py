"""What a person has seen of a thread: theirs alone, so that neither audit nor other inboxes hear of it."""

from typing import Final

from sqlalchemy import text

from portal.database import transaction

_SEEN: Final = text(
    "INSERT INTO inquiry_reads (person_id, inquiry_id, message_id)"
    " VALUES (:person, :inquiry, :message)"
    " ON CONFLICT (person_id, inquiry_id) DO UPDATE SET message_id = excluded.message_id"
    " WHERE inquiry_reads.message_id < excluded.message_id"
)


def read(inquiry_id: int, *, person_id: int, message_id: int) -> None:
    """Note the buyer's newest message that a person has before their eyes; never an earlier one.

    Args:
        inquiry_id: a thread that the caller has read for this person, and so is theirs.
        person_id: who looks.
        message_id: the message.
    """
    with transaction() as session:
        session.execute(_SEEN, {"person": person_id, "inquiry": inquiry_id, "message": message_id})
