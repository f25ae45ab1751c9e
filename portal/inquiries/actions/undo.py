"""An act taken back: each thread that nobody has touched since is as it was before.

The line that the act left in a thread goes with it, so that the thread tells what holds; that it
was done and taken back stands in the audit and in the list of changes.
"""

from typing import Any, Final

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from portal import clock
from portal.audit.actions import record_many
from portal.database import Missing, transaction
from portal.inquiries import turns
from portal.inquiries.actions.acts import COLUMNS, Acted, locked_many
from portal.inquiries.actions.threads import touch
from portal.inquiries.models import Change, Inquiry, ThreadEvent
from portal.inquiries.moves import MOVES, Act

UNDOABLE: Final = clock.DAY
"""Seconds for which an act can be taken back."""
Entry = dict[str, Any]


class NotUndoable(Exception):  # noqa: N818 - an answer, not a fault
    """Mails are out or threads are gone, or a day has passed: the act stands."""


def undo(provider_id: int, change_id: int, *, by: int) -> Acted:
    """Take an act back; a second time changes nothing and tells the same.

    Returns:
        The threads that are as they were, and those left: `changed` since, or `gone`.

    Raises:
        Missing: there is no such act of this provider.
        NotUndoable: it has no undo (moves.MOVES), or none any more.
    """
    with transaction() as session:
        change = _locked(session, provider_id, change_id)
        if change.undone_at is None:
            if not may_undo(change.act, change.at):
                raise NotUndoable
            _take_back(session, change, by)
        return Acted(
            change.id,
            tuple(entry["id"] for entry in change.before if entry["undone"] == "yes"),
            tuple(
                (entry["id"], entry["undone"])
                for entry in change.before
                if entry["undone"] != "yes"
            ),
        )


def may_undo(act: str, at: int) -> bool:
    """Whether an act that was done at this UTC second has an undo, and still has it."""
    return not MOVES[Act(act)].is_final and clock.now() - at <= UNDOABLE


def _locked(session: Session, provider_id: int, change_id: int) -> Change:
    change = session.scalar(
        select(Change)
        .where(Change.id == change_id, Change.provider_id == provider_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    if change is None:
        raise Missing
    return change


def _take_back(session: Session, change: Change, by: int) -> None:
    entries = [dict(entry) for entry in change.before]
    threads = locked_many(session, change.provider_id, [entry["id"] for entry in entries])
    touch(session, change.provider_id)
    for entry in entries:
        entry["undone"] = _restore(session, entry, threads.get(entry["id"]))
    change.before, change.undone_at = entries, clock.now()
    record_many(
        session,
        "inquiry.undo",
        subject="inquiry",
        changes={
            entry["id"]: {"act": change.act, "change": change.id}
            for entry in entries
            if entry["undone"] == "yes"
        },
        person_id=by,
        provider_id=change.provider_id,
    )


def _restore(session: Session, entry: Entry, thread: Inquiry | None) -> str:
    """`yes`, or why the thread is left."""
    if thread is None:
        return "gone"
    if thread.version != entry["version"]:
        return "changed"
    for name, value in entry["was"].items():
        assert name in COLUMNS
        setattr(thread, name, value)
    turns.place(thread)
    thread.version += 1
    session.execute(delete(ThreadEvent).where(ThreadEvent.id == entry["event"]))
    return "yes"
