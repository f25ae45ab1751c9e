"""One change of many offers: done row by row in batches, told row by row, and taken back again."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from portal import clock
from portal.audit.actions import record
from portal.database import Missing, transaction
from portal.digests import digest_of
from portal.jobs.actions import enqueue
from portal.listings import bulk, media
from portal.listings.actions import lifecycle
from portal.listings.actions.saving import audit, locked, set_values
from portal.listings.bulk import ACTS, AT_ONCE, Act, Refused
from portal.listings.content import Content
from portal.listings.models import BulkChange, Listing, Status
from portal.listings.moves import Verb
from portal.listings.whole import Whole, locked_whole

JOB: Final = "listings.bulk"
_WAITING: Final = "waiting"
_NONCE_LENGTH: Final = 32
_MOVED: Final = {
    Verb.WITHDRAW: lifecycle.withdraw,
    Verb.ARCHIVE: lifecycle.archive,
    Verb.UNARCHIVE: lifecycle.unarchive,
    Verb.CONFIRM: lifecycle.confirm,
}
_UNDONE_COLUMNS: Final = ("status", "submitted_at", "confirmed_at", "published_at", "rejection")
Entry = dict[str, Any]


class NotUndoable(Exception):  # noqa: N818 - an answer, not a fault
    """What was deleted does not come back, and after a day a change stands."""


@dataclass(frozen=True)
class Doing:
    """Who changes what: everything that a change needs besides its rows.

    Args:
        provider_id: whose listings they must be.
        act: a name of bulk.ACTS.
        value: as the act's `read` gave it.
        by: person.
        may_review: whether that person needs no reviewer.
        folder: of the pictures, for what is deleted.
    """

    provider_id: int
    act: str
    value: Any
    by: int | None
    may_review: bool
    folder: str

    @property
    def what(self) -> Act:
        """The act itself."""
        return ACTS[self.act]


def change_many(doing: Doing, rows: Sequence[tuple[int, int]], *, form_nonce: str) -> int:
    """Change these listings; returns the change's id, the same again for a second copy of its form.

    More than bulk.AT_ONCE are left to the worker.

    Args:
        doing: who changes what.
        rows: id and version of each listing as it was looked at.
        form_nonce: of the form.

    Raises:
        Missing: one of the listings is not this provider's; then none is changed.
    """
    nonce = digest_of(f"{doing.provider_id}:{form_nonce}")[:_NONCE_LENGTH]
    try:
        return _change_many(doing, rows, nonce)
    except IntegrityError:
        # The other copy of this form was quicker by a moment: its change is there now.
        return _change_many(doing, rows, nonce)


def _change_many(doing: Doing, rows: Sequence[tuple[int, int]], nonce: str) -> int:
    files: list[str] = []
    with transaction() as session:
        if known := session.scalar(select(BulkChange.id).where(BulkChange.form_nonce == nonce)):
            return known
        _refuse_foreign(session, doing.provider_id, [listing_id for listing_id, _ in rows])
        change = BulkChange(
            provider_id=doing.provider_id,
            person_id=doing.by,
            act=doing.act,
            form_nonce=nonce,
            changes=[],
            refused=[{"id": key, "version": version, "why": _WAITING} for key, version in rows],
            at=clock.now(),
        )
        session.add(change)
        session.flush()
        change_id = change.id
        record(
            session,
            "listing.bulk",
            subject="bulk change",
            subject_id=change_id,
            person_id=doing.by,
            provider_id=doing.provider_id,
            changes={"act": doing.act, "value": doing.value, "listings": len(rows)},
        )
        if len(rows) > AT_ONCE:
            enqueue(session, JOB, {"change": change_id, "doing": vars(doing)})
        else:
            _go_on(session, change_id, doing, files)
    _remove(doing, files)
    return change_id


def _refuse_foreign(session: Session, provider_id: int, ids: Sequence[int]) -> None:
    for start in range(0, len(ids), AT_ONCE):
        some = ids[start : start + AT_ONCE]
        own = session.scalar(
            select(func.count()).where(Listing.provider_id == provider_id, Listing.id.in_(some))
        )
        if own != len(some):
            raise Missing


def run_bulk(payload: dict[str, Any]) -> None:
    """Go on with a change, or with taking it back, until nothing of it waits; may run twice."""
    change_id, doing = payload["change"], Doing(**payload["doing"])
    if payload.get("undo"):
        while _take_back(change_id, doing):
            pass
    else:
        while _go_on_alone(change_id, doing):
            pass


def _go_on_alone(change_id: int, doing: Doing) -> bool:
    files: list[str] = []
    with transaction() as session:
        had_any = _go_on(session, change_id, doing, files)
    _remove(doing, files)
    return had_any


def _remove(doing: Doing, files: Sequence[str]) -> None:
    """Remove the pictures of what was deleted, for after the transaction that deleted it."""
    for key in files:
        media.remove(Path(doing.folder), key)


def _go_on(session: Session, change_id: int, doing: Doing, files: list[str]) -> bool:
    """The next rows that wait, in the running transaction; whether there were any.

    What is deleted adds the keys of its pictures to `files`.
    """
    change = _locked(session, doing.provider_id, change_id)
    waiting = [entry for entry in change.refused if entry["why"] == _WAITING][:AT_ONCE]
    done, left = [], []
    for entry in waiting:
        try:
            done.append(_change(session, doing, entry, files))
        except Refused as refused:
            left.append({**entry, "why": refused.why})
    _keep(change, waiting, done, left)
    return bool(waiting)


def _keep(
    change: BulkChange, taken: Sequence[Entry], done: Sequence[Entry], left: Sequence[Entry]
) -> None:
    ids = {entry["id"] for entry in taken}
    change.changes = [*change.changes, *done]
    change.refused = [*(entry for entry in change.refused if entry["id"] not in ids), *left]


def _locked(session: Session, provider_id: int, change_id: int) -> BulkChange:
    change = session.scalars(
        select(BulkChange)
        .where(BulkChange.id == change_id, BulkChange.provider_id == provider_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).one_or_none()
    if change is None:
        raise Missing
    return change


def _change(session: Session, doing: Doing, entry: Entry, files: list[str]) -> Entry:
    """Change one listing; what was there before, and what is now, or its title where it is gone.

    Raises:
        Refused: it is left as it is.
    """
    try:
        now = locked_whole(session, doing.provider_id, entry["id"])
    except Missing:
        raise Refused("gone") from None
    if now.row.version != entry["version"]:
        raise Refused("changed")
    if doing.what.verb is Verb.DELETE:
        moved, keys = lifecycle.delete_rows(session, doing.provider_id, now.row.id, by=doing.by)
        if not moved:
            raise Refused("known")
        files += keys
        return {"id": now.row.id, "version": now.row.version, "title": now.row.title}
    made = _move if doing.what.verb else _set
    was, is_now = made(doing, now)
    version = now.row.version + (doing.what.verb is None)
    return {"id": now.row.id, "version": version, "was": was, "now": is_now}


def _set(doing: Doing, now: Whole) -> tuple[Entry, Entry]:
    values = doing.what.made(doing.value, now.content)
    was = {name: getattr(now.content, name) for name in values}
    if was == values:
        raise Refused("same")
    set_values(doing.provider_id, now.row.id, values, now.row.version, by=doing.by)
    return _as_json(was), _as_json(values)


def _as_json(values: Entry) -> Entry:
    return {
        name: value.isoformat() if hasattr(value, "isoformat") else value
        for name, value in values.items()
    }


def _move(doing: Doing, now: Whole) -> tuple[Entry, Entry]:
    listing_id, verb = now.row.id, doing.what.verb
    try:
        if verb is Verb.PUBLISH:
            moved = lifecycle.publish(
                doing.provider_id, listing_id, by=doing.by, may_review=doing.may_review
            )
        else:
            assert verb is not None
            moved = _MOVED[verb](doing.provider_id, listing_id, by=doing.by)
    except lifecycle.NotPublishable as refused:
        raise Refused(refused.reasons[0]) from None
    if not moved:
        raise Refused("same" if verb is Verb.CONFIRM else "move")
    with transaction() as session:
        after = locked_whole(session, doing.provider_id, listing_id)
    return _standing(now.row), _standing(after.row)


def _standing(row: Any) -> Entry:
    return {name: getattr(row, name) for name in _UNDONE_COLUMNS}


def undo_many(provider_id: int, change_id: int, *, by: int | None) -> None:
    """Take a change back, listing by listing: what somebody changed since is left and told.

    Raises:
        Missing: there is no such change of this provider.
        NotUndoable: it deleted, or it is older than bulk.UNDOABLE.
    """
    with transaction() as session:
        change = _locked(session, provider_id, change_id)
        if change.undone_at is not None:
            return
        is_over = clock.now() - change.at > bulk.UNDOABLE
        if is_over or ACTS[change.act].verb is Verb.DELETE:
            raise NotUndoable
        change.undone_at = clock.now()
        # What still waits for the worker is not begun any more.
        change.refused = [
            {**entry, "why": "undone" if entry["why"] == _WAITING else entry["why"]}
            for entry in change.refused
        ]
        doing = Doing(provider_id, change.act, None, by, may_review=False, folder="")
        if len(change.changes) > AT_ONCE:
            enqueue(session, JOB, {"change": change_id, "doing": vars(doing), "undo": True})
        else:
            _take_back(change_id, doing)


def _take_back(change_id: int, doing: Doing) -> bool:
    """The next rows to take back, in one transaction; whether there were any."""
    with transaction() as session:
        change = _locked(session, doing.provider_id, change_id)
        entries = [dict(entry) for entry in change.changes]
        some = [entry for entry in entries if "undone" not in entry][:AT_ONCE]
        for entry in some:
            entry["undone"] = _taken_back(session, doing, entry)
        change.changes = entries
        return bool(some)


def _taken_back(session: Session, doing: Doing, entry: Entry) -> str:
    """`yes`, or why the listing is left."""
    try:
        now = locked_whole(session, doing.provider_id, entry["id"])
    except Missing:
        return "gone"
    if now.row.version != entry["version"]:
        return "changed"
    if doing.what.verb is None:
        values = _values(entry["was"])
        set_values(doing.provider_id, now.row.id, values, now.row.version, by=doing.by)
        return "yes"
    if _standing(now.row) != entry["now"]:
        return "changed"
    listing = locked(session, doing.provider_id, now.row.id)
    for name, value in entry["was"].items():
        # Once public, always once public: its address answers 410 and not 404.
        if name != "published_at":
            setattr(listing, name, value)
    changes = {"status": [Status(now.row.status), Status(entry["was"]["status"])]}
    audit(session, "listing.undo", listing, doing.by, changes)
    return "yes"


def _values(stored: Entry) -> Entry:
    """Values of Content from their JSON."""
    days = {name: value for name, value in stored.items() if name == "valid_until"}
    read = Content.from_json({"title": "--", **days})
    return {**stored, **{name: getattr(read, name) for name in days}}
