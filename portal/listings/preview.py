"""What a change of many offers would do, or did, row by row: before it is done, and afterwards."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from flask_babel import gettext as _
from sqlalchemy import select

from portal.database import Missing
from portal.extensions import db
from portal.listings.actions.bulk import Entry
from portal.listings.bulk import ACTS, REFUSALS, Act, Refused
from portal.listings.content import Content
from portal.listings.models import BulkChange, Listing, Status
from portal.listings.moves import Standing, Verb, find
from portal.listings.sheet_columns import STATUSES
from portal.listings.wording import REASONS, part_in_words

SHOWN: Final = 200
"""Rows that a page lists; it says how many there are besides."""
_CHUNK: Final = 1000
_t: Final = Listing.__table__.c


@dataclass(frozen=True)
class Line:
    """One listing of a change, in words.

    Args:
        id: of the listing.
        title: its title; "" where it is gone.
        version: as it is now.
        before: what stands there.
        after: what would stand there; None where it is left.
        why: why it is left.
        standing: the status, where the line is about no status.
    """

    id: int
    title: str
    version: int
    before: str
    after: str | None
    why: str | None = None


def lines_of(provider_id: int, ids: Sequence[int], act: Act, value: Any, reader: Any) -> list[Line]:
    """What each listing would become, in the order of `ids`.

    Args:
        provider_id: whose they must be.
        ids: of the listings.
        act: what is to be done.
        value: as the act's `read` gave it.
        reader: whose rights and provider's rules decide: see identity.Identity.

    Raises:
        Missing: one of them is not this provider's.
    """
    rows = _rows(provider_id, ids)
    if len(rows) != len(ids):
        raise Missing
    is_reviewed = reader.reviews_listings and not reader.may("listing:review")
    shown = _moved if act.verb else _set
    return [shown(rows[listing_id], act, value, is_reviewed) for listing_id in ids]


def _rows(provider_id: int, ids: Sequence[int]) -> dict[int, Any]:
    found: dict[int, Any] = {}
    connection = db.session.connection()
    for start in range(0, len(ids), _CHUNK):
        some = ids[start : start + _CHUNK]
        rows = connection.execute(select(*_t).where(_t.provider_id == provider_id, _t.id.in_(some)))
        found |= {row.id: row for row in rows}
    return found


def _set(row: Any, act: Act, value: Any, _is_reviewed: bool) -> Line:
    content = Content.from_columns(row._mapping, attributes=(), images=())
    before = part_in_words(content, act.part)
    try:
        values = act.made(value, content)
    except Refused as refused:
        return Line(row.id, row.title, row.version, before, None, why_in_words(refused.why))
    after = Content.from_json({**content.to_json(), **_plain(values)})
    if after == content:
        return Line(row.id, row.title, row.version, before, None, why_in_words("same"))
    return Line(row.id, row.title, row.version, before, part_in_words(after, act.part))


def _plain(values: Mapping[str, Any]) -> dict[str, Any]:
    return {
        name: value.isoformat() if hasattr(value, "isoformat") else value
        for name, value in values.items()
    }


def _moved(row: Any, act: Act, _value: Any, is_reviewed: bool) -> Line:
    standing = Standing.of(row, is_reviewed=is_reviewed)
    before = str(STATUSES[standing.status])
    assert act.verb is not None
    move = find(act.verb, standing)
    if move is None and act.verb is Verb.PUBLISH:
        move = find(Verb.SUBMIT, standing)
    why = None
    if move is None:
        why = "known" if act.verb is Verb.DELETE and standing.status is Status.DRAFT else "move"
    elif act.verb is Verb.PUBLISH:
        why = next((name for name in ("place", "description") if not getattr(row, name)), None)
    if why:
        return Line(row.id, row.title, row.version, before, None, why_in_words(why))
    assert move is not None
    if act.verb is Verb.CONFIRM:
        after = str(_("%(status)s, confirmed now", status=before))
    else:
        after = str(STATUSES[move.end]) if move.end else str(_("deleted"))
    return Line(row.id, row.title, row.version, before, after)


def why_in_words(why: str) -> str:
    """Why an offer is left as it is."""
    return str(REFUSALS.get(why) or REASONS.get(why) or why)


def outcome_of(provider_id: int, change: BulkChange) -> tuple[list[Line], list[Line]]:
    """The first SHOWN lines of what was changed, and of what was left."""
    act = ACTS[change.act]
    changed, left = change.changes[:SHOWN], change.refused[:SHOWN]
    rows = _rows(provider_id, [entry["id"] for entry in (*changed, *left)])
    return (
        [_outcome(entry, rows.get(entry["id"]), act) for entry in changed],
        [_left(entry, rows.get(entry["id"])) for entry in left],
    )


def _outcome(entry: Entry, row: Any, act: Act) -> Line:
    title = row.title if row else entry.get("title", "")
    if act.verb is Verb.DELETE:
        return Line(entry["id"], title, 0, str(STATUSES[Status.DRAFT]), str(_("deleted")))
    undone = entry.get("undone")
    why = why_in_words(undone) if undone and undone != "yes" else None
    before, after = _sides(entry, row, act)
    return Line(entry["id"], title, entry["version"], before, after, why)


def _sides(entry: Entry, row: Any, act: Act) -> tuple[str, str]:
    was, now = entry["was"], entry["now"]
    if act.verb is Verb.CONFIRM:
        return "", str(_("confirmed"))
    if act.verb:
        return str(STATUSES[Status(was["status"])]), str(STATUSES[Status(now["status"])])
    if row is None:
        return "", ""
    content = Content.from_columns(row._mapping, attributes=(), images=()).to_json()
    return (
        part_in_words(Content.from_json({**content, **was}), act.part),
        part_in_words(Content.from_json({**content, **now}), act.part),
    )


def _left(entry: Entry, row: Any) -> Line:
    title = row.title if row else ""
    return Line(entry["id"], title, entry["version"], "", None, why_in_words(entry["why"]))
