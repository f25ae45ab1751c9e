"""The dry run: every row is checked and compared, nothing is written but what became of it."""

from collections import Counter
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any, Final

from sqlalchemy import delete, insert, select
from sqlalchemy.orm import Session

from portal import clock
from portal.accounts.models import Provider
from portal.database import transaction
from portal.extensions import db
from portal.imports import storing
from portal.imports.actions.sending import CHECK
from portal.imports.checking import Checked, Checker, storable
from portal.imports.deciding import Decision, Seen, decide
from portal.imports.matching import Matching
from portal.imports.models import Import, ImportRow, State
from portal.jobs.actions import PermanentFailure

AT_ONCE: Final = 500
"""Rows a transaction."""
MOST_UNKNOWN: Final = 200
"""Names of unknown GPUs that are listed."""
_ROWS: Final = insert(ImportRow.__table__)  # type: ignore[arg-type]

__all__ = [
    "AT_ONCE",
    "CHECK",
    "Batch",
    "batches",
    "check",
    "checker_of",
    "fetched",
    "locked",
    "tally",
]

Batch = list[tuple[int, Checked]]


def check(folder: Path, payload: dict[str, Any]) -> None:
    """Do the dry run of a job; begun again, it begins anew.

    Raises:
        PermanentFailure: the sheet is no longer kept.
    """
    one = fetched(payload)
    if one is None or one.state != State.CHECKING:
        return
    with transaction() as session:
        session.execute(delete(ImportRow).where(ImportRow.import_id == one.id))
    checker = checker_of(one)
    seen, counts, unknown = Seen(), Counter[str](), Counter[str]()
    done = 0
    for batch in batches(folder, one.key, checker):
        decisions = decide(one.provider_id, checker, batch, seen)
        db.session.rollback()
        tally(decisions, counts)
        unknown.update(row.unknown for _number, row in batch if row.unknown)
        done += len(batch)
        with transaction() as session:
            if (now := locked(session, payload)) is None:
                return
            session.connection().execute(_ROWS, [_row(one.id, each) for each in decisions])
            now.done, now.counts = done, dict(counts)
    with transaction() as session:
        if (now := locked(session, payload)) is not None:
            now.state, now.changed_at = State.CHECKED, clock.now()
            now.options = {**now.options, "unknown": unknown.most_common(MOST_UNKNOWN)}


def fetched(payload: dict[str, Any]) -> Import | None:
    """The import of a job as it is, detached; None where the job is no longer its newest."""
    one = db.session.scalars(select(Import).where(Import.id == payload["import_id"])).one_or_none()
    if one is None or one.options.get("run") != payload["run"]:
        return None
    db.session.expunge(one)
    db.session.rollback()
    return one


def checker_of(one: Import) -> Checker:
    """What reads the import's rows, in its provider's present day."""
    zone = db.session.scalars(select(Provider.timezone).where(Provider.id == one.provider_id)).one()
    db.session.rollback()
    return Checker(one.columns, Matching.stored(one.mapping, one.options), clock.today_in(zone))


def locked(session: Session, payload: dict[str, Any]) -> Import | None:
    """The same inside a transaction, nobody else's to change until its end."""
    one = session.scalars(
        select(Import)
        .where(Import.id == payload["import_id"])
        .with_for_update()
        .execution_options(populate_existing=True)
    ).one_or_none()
    return one if one is not None and one.options.get("run") == payload["run"] else None


def batches(folder: Path, key: str, checker: Checker) -> Iterator[Batch]:
    """The sheet's rows, checked, some hundreds at a time.

    Raises:
        PermanentFailure: the sheet is no longer kept.
    """
    rows = storing.rows_of(folder, key)
    try:
        while some := list(islice(rows, AT_ONCE)):
            yield [(number, checker.check(cells)) for number, cells in some]
    except FileNotFoundError as error:
        raise PermanentFailure("the sheet is no longer kept") from error


def tally(decisions: list[Decision], counts: Counter[str]) -> None:
    """Add the decisions to the counts of outcomes."""
    counts.update(str(one.outcome) for one in decisions)


def _row(import_id: int, one: Decision) -> dict[str, Any]:
    return {
        "import_id": import_id,
        "number": one.number,
        "outcome": one.outcome.value,
        "is_written": False,
        "listing_id": one.listing_id,
        "listing_version": one.version,
        "messages": storable(one.row.faults),
        "notes": storable(one.row.notes),
    }
