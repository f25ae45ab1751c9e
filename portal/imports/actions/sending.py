"""What people do to an import: send a sheet, match its columns, look for GPUs, start it."""

import hashlib
import secrets
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from sqlalchemy import delete, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from portal import clock
from portal.audit.actions import record
from portal.database import Missing, transaction
from portal.digests import digest_of
from portal.imports import storing
from portal.imports.matching import Matching, digest_of_headings
from portal.imports.models import Import, ImportMapping, ImportRow, Outcome, State
from portal.imports.reading import Sheet
from portal.jobs.actions import enqueue

KEPT: Final = 30 * clock.DAY
"""Seconds after which a sheet and what was said of its rows is removed."""
CHECK: Final = "imports.check"
WRITE: Final = "imports.write"
MOST_WHOLE: Final = 5_000
"""Rows that may come in all together or not at all: nobody else can write meanwhile."""
_RUNNING: Final = (State.CHECKING, State.IMPORTING)
_LONGEST_NAME: Final = 200


class AlreadyRunning(Exception):  # noqa: N818 - an answer, not a fault
    """The import is at work, or done: what was asked for no longer fits."""


def upload(
    folder: Path,
    provider_id: int,
    file_name: str,
    data: bytes,
    sheet: Sheet,
    *,
    by: int | None,
    form_nonce: str | None = None,
) -> int:
    """Keep a sheet to be imported; returns its id, the same again for a copy of the same form.

    Args:
        folder: of the sheets, see storing.folder_of.
        provider_id: whose.
        file_name: as sent.
        data: the file's bytes.
        sheet: what they say.
        by: person; None: from the command line.
        form_nonce: of the form it was sent with.

    Raises:
        OSError: the disk is full; nothing of it remains.
    """
    nonce = digest_of(f"{provider_id}:{form_nonce}")[:32] if form_nonce else None
    try:
        return _upload(folder, provider_id, file_name, data, sheet, by=by, nonce=nonce)
    except IntegrityError:
        # The other copy of this form was quicker by a moment: its row is there now.
        return _upload(folder, provider_id, file_name, data, sheet, by=by, nonce=nonce)


def _upload(
    folder: Path,
    provider_id: int,
    file_name: str,
    data: bytes,
    sheet: Sheet,
    *,
    by: int | None,
    nonce: str | None,
) -> int:
    key = storing.store(folder, sheet.rows)
    now = clock.now()
    try:
        with transaction() as session:
            made = nonce and session.scalar(select(Import.id).where(Import.form_nonce == nonce))
            if made:
                storing.remove(folder, key)
                return made
            one = Import(
                provider_id=provider_id,
                person_id=by,
                file_name=file_name[:_LONGEST_NAME],
                key=key,
                digest=hashlib.sha256(data).hexdigest(),
                size=len(data),
                columns=sheet.headings,
                total=len(sheet.rows),
                mapping={},
                options={},
                counts={},
                form_nonce=nonce,
                created_at=now,
                changed_at=now,
            )
            session.add(one)
            session.flush()
            _audit(session, "import.upload", one, by, {"file": [None, one.file_name]})
            return one.id
    except BaseException:
        storing.remove(folder, key)
        raise


def match(provider_id: int, import_id: int, matching: Matching, *, by: int | None) -> None:
    """Say how the sheet is read, remember it for sheets with the same headings, begin a dry run.

    Raises:
        Missing: there is no such import of this provider.
        AlreadyRunning: it is being imported, or was.
    """
    with transaction() as session:
        one = _locked(session, provider_id, import_id)
        if one.state in {State.IMPORTING, State.DONE}:
            raise AlreadyRunning
        one.mapping = matching.to_columns()
        _remember(session, one, matching)
        _begin(session, one, State.CHECKING, CHECK, matching.to_options())
        session.execute(delete(ImportRow).where(ImportRow.import_id == import_id))
        _audit(session, "import.match", one, by, {"columns": [None, len(one.mapping)]})


def choose_gpus(
    provider_id: int, import_id: int, gpus: Mapping[str, str], *, by: int | None
) -> None:
    """Say which models the names are that the catalogue does not know, and check once more.

    Args:
        provider_id: whose.
        import_id: which.
        gpus: name in the sheet → key in the catalogue; empty: an offer without a GPU model.
        by: person.

    Raises:
        Missing: there is no such import of this provider.
        AlreadyRunning: it is being imported, or was.
    """
    with transaction() as session:
        one = _locked(session, provider_id, import_id)
        matching = Matching.stored(one.mapping, one.options)
    chosen = {**matching.gpus, **gpus}
    match(provider_id, import_id, matching.with_gpus(chosen), by=by)


def start(provider_id: int, import_id: int, *, whole: bool, by: int | None) -> None:
    """Begin to bring in what the dry run found good.

    Args:
        provider_id: whose.
        import_id: which.
        whole: everything or nothing; else every row that can.
        by: person, in whose name offers are written.

    Raises:
        Missing: there is no such import of this provider.
        AlreadyRunning: there is no finished dry run; or all or nothing was asked for where a row
            is refused, or there are more than MOST_WHOLE.
    """
    with transaction() as session:
        one = _locked(session, provider_id, import_id)
        if one.state != State.CHECKED or (whole and not may_be_whole(one.counts, one.total)):
            raise AlreadyRunning
        one.counts = {}
        _begin(session, one, State.IMPORTING, WRITE, {**one.options, "whole": whole, "by": by})
        _audit(session, "import.start", one, by, {"whole": [None, whole]})


def may_be_whole(counts: Mapping[str, int], total: int) -> bool:
    """Whether a sheet can come in all together: every row is good, and they are not too many."""
    return not counts.get(Outcome.REFUSED) and total <= MOST_WHOLE


def purge(folder: Path) -> int:
    """Remove sheets older than KEPT with what was said of their rows; returns how many."""
    with transaction() as session:
        ended = Import.created_at < clock.now() - KEPT
        old = list(session.execute(select(Import.id, Import.key).where(ended).limit(500)))
        session.execute(delete(ImportRow).where(ImportRow.import_id.in_([row.id for row in old])))
        session.execute(delete(Import).where(Import.id.in_([row.id for row in old])))
    for row in old:
        storing.remove(folder, row.key)
    storing.remove_older(folder, KEPT + clock.DAY)
    return len(old)


def give_up(payload: dict[str, Any], _error: str) -> None:
    """Say that the work of a job broke off for good, in the transaction that gives it up."""
    with transaction() as session:
        one = session.scalars(select(Import).where(Import.id == payload["import_id"])).one_or_none()
        if one is not None and one.options.get("run") == payload["run"]:
            one.state, one.problem = State.FAILED, "broken"
            one.changed_at = clock.now()


def _begin(
    session: Session, one: Import, state: State, job: str, options: dict[str, object]
) -> None:
    # A job that was begun for an older question finds another run in the row, and stops.
    run = secrets.token_hex(8)
    one.state, one.done, one.problem = state, 0, None
    one.options = {**options, "run": run}
    one.changed_at = clock.now()
    enqueue(session, job, {"import_id": one.id, "run": run})


def _locked(session: Session, provider_id: int, import_id: int) -> Import:
    one = session.scalars(
        select(Import)
        .where(Import.id == import_id, Import.provider_id == provider_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).one_or_none()
    if one is None:
        raise Missing
    return one


def _remember(session: Session, one: Import, matching: Matching) -> None:
    values = {
        "provider_id": one.provider_id,
        "headings_digest": digest_of_headings(one.columns),
        "mapping": matching.to_columns(),
        "options": matching.to_options(),
        "used_at": clock.now(),
    }
    dialect = sqlite if session.get_bind().dialect.name == "sqlite" else postgresql
    statement = dialect.insert(ImportMapping).values(values)
    session.execute(
        statement.on_conflict_do_update(
            index_elements=["provider_id", "headings_digest"],
            set_={name: values[name] for name in ("mapping", "options", "used_at")},
        )
    )


def _audit(
    session: Session, act: str, one: Import, by: int | None, changes: dict[str, list[object]]
) -> None:
    record(
        session,
        act,
        subject="import",
        subject_id=one.id,
        person_id=by,
        provider_id=one.provider_id,
        changes=changes,
    )
