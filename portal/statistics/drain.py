"""The drainer: turns spooled hits into counts, exactly once.

A batch's counts and how far its files have been read are written in one transaction; whoever is
killed in the middle leaves both or neither.
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any, Final

import structlog
from sqlalchemy import delete, func, select, tuple_
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from portal import clock
from portal.clock import MINUTE
from portal.database import Base, transaction
from portal.extensions import db
from portal.listings.counters import providers_of, record_views
from portal.statistics import spool
from portal.statistics.models import (
    ListingDay,
    ProviderDay,
    RecentVisitor,
    SpoolOffset,
    UsedToken,
)
from portal.statistics.spool import SERVED, Hit
from portal.statistics.visitors import WINDOW

log = structlog.get_logger()
MOST_HITS: Final = 5_000
"""Hits a transaction counts at most, so that other writers wait for milliseconds only."""
_LARGEST_LEAD: Final = 5 * MINUTE
"""A hit stamped further in the future than this (seconds) is put to now."""
_COUNTS: Final = ("human", "served", "robot", "preview", "staff", "repeated")

Counts = dict[str, int]
Rows = list[dict[str, Any]]


class _Moved(Exception):  # noqa: N818 - not a fault: another drainer was faster
    """The files have been read further meanwhile."""


@dataclass
class _Batch:
    hits: list[Hit] = field(default_factory=list)
    starts: dict[str, int] = field(default_factory=dict)
    """File name → offset at which this batch begins."""
    ends: dict[str, int] = field(default_factory=dict)


@dataclass
class _Tally:
    """What a batch adds."""

    days: dict[tuple[int, date], Counts] = field(
        default_factory=lambda: defaultdict(lambda: dict.fromkeys(_COUNTS, 0))
    )
    recent: dict[tuple[int, str], int] = field(default_factory=dict)
    nonces: dict[str, int] = field(default_factory=dict)


def drain(folder: Path) -> int:
    """Count what lies in the spool folder, one batch; returns how many hits it was.

    0 means that nothing is left for now. Files whose writer is gone are removed once counted.
    """
    batch = _read(folder)
    if not batch.ends:
        return 0
    try:
        with transaction() as session:
            _count(session, batch)
    except _Moved:
        log.info("another drainer was faster")
        return 0
    return max(1, len(batch.hits))


def _read(folder: Path) -> _Batch:
    batch = _Batch()
    files = list(spool.files_in(folder))
    offsets = _offsets(db.session(), [path.name for path in files])
    db.session.rollback()
    for path in files:
        room = MOST_HITS - len(batch.hits)
        if room <= 0:
            break
        _read_file(path, offsets.get(path.name, 0), room, batch)
    return batch


def _read_file(path: Path, start: int, room: int, batch: _Batch) -> None:
    # Asked before reading: if the writer is gone by now, nothing can come after what is read.
    is_over = not spool.has_writer(path)
    chunk = spool.read_chunk(path, start, room)
    if chunk.damaged:
        log.warning("damaged lines in a spool file", file=path.name, lines=chunk.damaged)
    if chunk.end > start:
        batch.hits += chunk.hits
        batch.starts[path.name], batch.ends[path.name] = start, chunk.end
    elif is_over:
        _remove(path, start)


def _remove(path: Path, counted: int) -> None:
    """Remove a file that is counted to its end and that nobody writes to.

    The file goes first: without its offset a file would be counted again.
    """
    torn = path.stat().st_size - counted
    if torn > 0:
        log.warning("torn end of a spool file dropped", file=path.name, bytes=torn)
    path.unlink()
    with transaction() as session:
        session.execute(delete(SpoolOffset).where(SpoolOffset.name == path.name))


def _offsets(session: Session, names: Iterable[str]) -> dict[str, int]:
    rows = session.execute(
        select(SpoolOffset.name, SpoolOffset.offset).where(SpoolOffset.name.in_(names))
    )
    return {row.name: row.offset for row in rows}


def _count(session: Session, batch: _Batch) -> None:
    _move_offsets(session, batch)
    providers = providers_of(session, {hit.listing_id for hit in batch.hits})
    hits = [hit for hit in batch.hits if hit.listing_id in providers]
    if len(hits) < len(batch.hits):
        log.info("views of listings that are gone", hits=len(batch.hits) - len(hits))
    tally = _tally(session, hits)
    _write_days(session, tally, providers)
    _upsert(
        session,
        RecentVisitor,
        [
            {"listing_id": listing_id, "visitor": visitor, "at": at}
            for (listing_id, visitor), at in sorted(tally.recent.items())
        ],
        replace=("at",),
    )
    _upsert(
        session,
        UsedToken,
        [{"nonce": nonce, "at": at} for nonce, at in sorted(tally.nonces.items())],
    )


def _move_offsets(session: Session, batch: _Batch) -> None:
    """Claim the batch: two drainers that read the same bytes cannot both commit."""
    names = sorted(batch.ends)
    present = session.execute(
        select(SpoolOffset.name, SpoolOffset.offset)
        .where(SpoolOffset.name.in_(names))
        .order_by(SpoolOffset.name)
        .with_for_update()
    )
    offsets = {row.name: row.offset for row in present}
    if any(offsets.get(name, 0) != batch.starts[name] for name in names):
        raise _Moved
    now = clock.now()
    rows = [{"name": name, "offset": batch.ends[name], "updated_at": now} for name in names]
    statement = _insert(session, SpoolOffset).values(rows)
    moved = session.scalars(
        statement.on_conflict_do_update(
            index_elements=["name"],
            set_={"offset": statement.excluded.offset, "updated_at": now},
            # The row that another drainer has put in since then is not overwritten.
            where=tuple_(SpoolOffset.name, SpoolOffset.offset).in_(
                [(name, batch.starts[name]) for name in names]
            ),
        ).returning(SpoolOffset.name)
    ).all()
    if len(moved) != len(names):
        raise _Moved


def _tally(session: Session, hits: list[Hit]) -> _Tally:
    tally = _Tally()
    looks = [hit for hit in hits if hit.kind != SERVED]
    used = _known_nonces(session, {hit.nonce for hit in looks})
    recent = _known_visitors(session, looks)
    now = clock.now()
    for hit in sorted(hits, key=lambda hit: hit.at):
        at = hit.at if hit.at <= now + _LARGEST_LEAD else now
        counts = tally.days[hit.listing_id, clock.day_of(at)]
        if hit.kind == SERVED:
            counts["served" if hit.looker == "human" else hit.looker] += 1
        elif hit.nonce not in used:
            used.add(hit.nonce)
            tally.nonces[hit.nonce] = at
            counts[_judge(hit, at, recent, tally)] += 1
    return tally


def _judge(hit: Hit, at: int, recent: dict[tuple[int, str], int], tally: _Tally) -> str:
    """Under which count a look goes; a visitor's second look within the window is `repeated`."""
    if hit.looker != "human":
        return hit.looker
    keys = [(hit.listing_id, visitor) for visitor in (hit.visitor, hit.visitor_before) if visitor]
    if any(abs(at - recent[key]) < WINDOW for key in keys if key in recent):
        return "repeated"
    recent[keys[0]] = tally.recent[keys[0]] = at
    return "human"


def _known_nonces(session: Session, nonces: set[str]) -> set[str]:
    if not nonces:
        return set()
    return set(session.scalars(select(UsedToken.nonce).where(UsedToken.nonce.in_(nonces))))


def _known_visitors(session: Session, looks: list[Hit]) -> dict[tuple[int, str], int]:
    visitors = {name for hit in looks for name in (hit.visitor, hit.visitor_before) if name}
    if not visitors:
        return {}
    listings = {hit.listing_id for hit in looks}
    rows = session.execute(
        select(RecentVisitor.listing_id, RecentVisitor.visitor, RecentVisitor.at).where(
            RecentVisitor.listing_id.in_(listings), RecentVisitor.visitor.in_(visitors)
        )
    )
    return {(row.listing_id, row.visitor): row.at for row in rows}


def _write_days(session: Session, tally: _Tally, providers: dict[int, int]) -> None:
    days = {key: counts for key, counts in tally.days.items() if any(counts.values())}
    of_provider: dict[tuple[int, date], Counts] = defaultdict(lambda: dict.fromkeys(_COUNTS, 0))
    views: dict[int, dict[date, int]] = defaultdict(dict)
    rows: Rows = []
    for (listing_id, day), counts in sorted(days.items()):
        provider_id = providers[listing_id]
        rows.append({"listing_id": listing_id, "day": day, "provider_id": provider_id, **counts})
        total = of_provider[provider_id, day]
        for name in _COUNTS:
            total[name] += counts[name]
        if counts["human"]:
            views[listing_id][day] = counts["human"]
    _upsert(session, ListingDay, rows, add=_COUNTS)
    _upsert(
        session,
        ProviderDay,
        [
            {"provider_id": provider_id, "day": day, **counts}
            for (provider_id, day), counts in sorted(of_provider.items())
        ],
        add=_COUNTS,
    )
    record_views(session, views)


def _insert(session: Session, model: type[Base]) -> sqlite.Insert | postgresql.Insert:
    is_sqlite = session.get_bind().dialect.name == "sqlite"
    return sqlite.insert(model) if is_sqlite else postgresql.insert(model)


def _upsert(
    session: Session,
    model: type[Base],
    rows: Rows,
    *,
    add: tuple[str, ...] = (),
    replace: tuple[str, ...] = (),
) -> None:
    """Insert rows; where one is there already, add to some of its columns and replace others."""
    if not rows:
        return
    statement = _insert(session, model)
    table = model.__table__
    new = statement.excluded
    changes = {name: table.c[name] + new[name] for name in add} | {n: new[n] for n in replace}
    keys = [column.name for column in table.primary_key]
    statement = (
        statement.on_conflict_do_update(index_elements=keys, set_=changes)
        if changes
        else statement.on_conflict_do_nothing(index_elements=keys)
    )
    session.connection().execute(statement, rows)


def backlog(folder: Path) -> int:
    """Bytes in the spool that are not counted yet."""
    sizes = {path.name: path.stat().st_size for path in spool.files_in(folder)}
    counted = db.session.scalar(
        select(func.coalesce(func.sum(SpoolOffset.offset), 0)).where(SpoolOffset.name.in_(sizes))
    )
    return max(0, sum(sizes.values()) - int(counted or 0))
