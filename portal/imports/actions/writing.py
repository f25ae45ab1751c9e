"""What a sheet brings in: as the dry run said, each row once, however often the work is begun.

A row and what it makes are written in one transaction (`is_written`), so a worker killed in the
middle leaves nothing half done, and the next one goes on behind it. A row that is no longer what
the dry run said is refused, and so is a change that somebody else's overtook: both are told.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from sqlalchemy import bindparam, select, update
from sqlalchemy.orm import Session

from portal import clock
from portal.audit.actions import record
from portal.database import Missing, transaction
from portal.digests import digest_of
from portal.imports.actions.dry_run import Batch, batches, checker_of, fetched, locked
from portal.imports.actions.sending import WRITE
from portal.imports.checking import ROW, Checker, Said, storable
from portal.imports.deciding import NONCE_LENGTH, Decision, Seen, decide
from portal.imports.models import Import, ImportRow, Outcome, State
from portal.listings import actions as listings
from portal.listings.content import PARTS
from portal.listings.merge import changed_parts
from portal.listings.queries import content_at

_t: Final = ImportRow.__table__.c
_UPDATE: Final = (
    update(ImportRow)
    .where(ImportRow.import_id == bindparam("of_import"), ImportRow.number == bindparam("of_row"))
    .values(
        outcome=bindparam("new_outcome"),
        is_written=True,
        listing_id=bindparam("new_listing"),
        messages=bindparam("new_messages"),
        notes=bindparam("new_notes"),
    )
)

__all__ = ["WRITE", "write"]


class _Nothing(Exception):  # noqa: N818 - a verdict, not a fault
    """A row of a sheet that comes in whole or not at all could not be written."""

    def __init__(self, decision: Decision) -> None:
        super().__init__(str(decision.number))
        self.decision = decision


def write(folder: Path, payload: dict[str, Any]) -> None:
    """Do the import of a job; begun again, it goes on.

    Raises:
        PermanentFailure: the sheet is no longer kept.
    """
    one = fetched(payload)
    if one is None or one.state != State.IMPORTING:
        return
    checker = checker_of(one)
    work = _Work(one, checker, payload)
    if one.options.get("whole"):
        _write_whole(work, list(batches(folder, one.key, checker)))
        return
    for batch in batches(folder, one.key, checker):
        with transaction() as session:
            if (now := locked(session, payload)) is None:
                return
            work.write(session, batch)
            now.done, now.counts = work.done, dict(work.counts)
    work.finish(State.DONE)


def _write_whole(work: "_Work", all_rows: list[Batch]) -> None:
    try:
        with transaction() as session:
            if locked(session, work.payload) is None:
                return
            for batch in all_rows:
                work.write(session, batch)
                refused = next((o for o in work.last if o.outcome is Outcome.REFUSED), None)
                if refused is not None:
                    raise _Nothing(refused)
            work.finish(State.DONE)
    except _Nothing as verdict:
        work.nothing(verdict.decision)


class _Work:
    """One run over a sheet: what has been seen, done and counted so far."""

    def __init__(self, one: Import, checker: Checker, payload: dict[str, Any]) -> None:
        self.one, self.checker, self.payload = one, checker, payload
        self.by: int | None = one.options.get("by")
        self.seen = Seen()
        self.counts: Counter[str] = Counter()
        self.done = 0
        self.last: list[Decision] = []

    def write(self, session: Session, batch: Batch) -> None:
        """Write the rows of a batch that are not written yet, in the running transaction."""
        foreseen = self._foreseen(session, [number for number, _row in batch])
        decisions = decide(self.one.provider_id, self.checker, batch, self.seen)
        open_ = [one for one in decisions if _is_open(foreseen[one.number])]
        for one in open_:
            # Held against what its sender was shown: better told than done otherwise.
            if one.outcome not in {foreseen[one.number].outcome, Outcome.SAME, Outcome.REFUSED}:
                _refuse(one, ("moved", {}))
        self._create(session, [one for one in open_ if one.outcome is Outcome.NEW])
        for one in open_:
            if one.outcome is Outcome.CHANGED:
                self._change(one, foreseen[one.number].listing_version)
        if open_:
            session.connection().execute(_UPDATE, [self._row(one) for one in open_])
        written = {one.number: str(one.outcome) for one in open_}
        self.counts.update(
            written.get(number) or foreseen[number].outcome for number, _row in batch
        )
        self.done += len(batch)
        self.last = open_

    def _foreseen(self, session: Session, numbers: Sequence[int]) -> dict[int, Any]:
        rows = session.connection().execute(
            select(_t.number, _t.outcome, _t.is_written, _t.listing_version).where(
                _t.import_id == self.one.id, _t.number.in_(numbers)
            )
        )
        return {row.number: row for row in rows}

    def _create(self, session: Session, new: list[Decision]) -> None:
        drafts = [(one.nonce or self._own_nonce(one), one.content) for one in new if one.content]
        made = listings.create_many(session, self.one.provider_id, drafts, by=self.by)
        for one, listing_id in zip(new, made, strict=True):
            one.listing_id = listing_id

    def _own_nonce(self, one: Decision) -> str:
        return digest_of(f"row:{self.one.key}:{one.number}")[:NONCE_LENGTH]

    def _change(self, one: Decision, version: int | None) -> None:
        assert one.listing_id is not None
        assert one.version is not None
        seen_version = version or one.version
        try:
            values = self._values(one, seen_version)
            listings.set_values(
                self.one.provider_id, one.listing_id, values, seen_version, by=self.by
            )
        except listings.Conflict as conflict:
            _refuse(one, ("conflict", {"parts": list(conflict.merged.overlapping)}))
        except listings.NumberTaken as taken:
            place = str(self.checker.place_of.get("own_number", ROW))
            _refuse(one, ("taken", {"listing": taken.listing_id}), place)
        except Missing:
            _refuse(one, ("gone", {}))

    def _values(self, one: Decision, version: int) -> dict[str, Any]:
        """What the row changes, seen from the version that its sender was shown."""
        assert one.listing_id is not None
        after = one.content
        assert after is not None
        before = None
        if version != one.version:
            before = content_at(self.one.provider_id, one.listing_id, version)
        if before is None:
            return {name: getattr(after, name) for names in PARTS.values() for name in names}
        wanted = self.checker.applied(replace(one.row, faults={}), before) or after
        parts = changed_parts(before, wanted)
        return {name: getattr(wanted, name) for part in parts for name in PARTS[part]}

    def _row(self, one: Decision) -> dict[str, Any]:
        return {
            "of_import": self.one.id,
            "of_row": one.number,
            "new_outcome": one.outcome.value,
            "new_listing": one.listing_id,
            "new_messages": storable(one.row.faults),
            "new_notes": storable(one.row.notes),
        }

    def finish(self, state: State, problem: str | None = None) -> None:
        """Say that the work is over."""
        with transaction() as session:
            if (now := locked(session, self.payload)) is None:
                return
            now.state, now.problem, now.changed_at = state, problem, clock.now()
            now.done, now.counts = self.done, dict(self.counts)
            record(
                session,
                "import.done" if state == State.DONE else "import.nothing",
                subject="import",
                subject_id=now.id,
                person_id=self.by,
                provider_id=now.provider_id,
                changes={outcome: [None, rows] for outcome, rows in self.counts.items()},
            )

    def nothing(self, culprit: Decision) -> None:
        """Nothing came in: say which row it was for, and of the others that they waited for it."""
        one = self.one
        with transaction() as session:
            if locked(session, self.payload) is None:
                return
            session.execute(
                update(ImportRow)
                .where(ImportRow.import_id == one.id)
                .values(
                    outcome=Outcome.REFUSED.value,
                    messages={ROW: ["whole", {}]},
                    is_written=False,
                )
                .execution_options(synchronize_session=False)
            )
            culprit.listing_id = None
            session.connection().execute(_UPDATE, [self._row(culprit)])
            self.done, self.counts = one.total, Counter({Outcome.REFUSED.value: one.total})
            self.finish(State.FAILED, "row")


def _is_open(foreseen: Any) -> bool:
    """Whether there is something to write for a row, and it is not written yet."""
    return not foreseen.is_written and foreseen.outcome in {Outcome.NEW, Outcome.CHANGED}


def _refuse(one: Decision, said: Said, place: str = ROW) -> None:
    one.outcome, one.content = Outcome.REFUSED, None
    one.row.faults.setdefault(place, said)
