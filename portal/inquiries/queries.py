"""Reads of a provider's desk: its queues with their counts, a page of a list, who works there."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from functools import lru_cache
from statistics import median
from typing import Any, Final, NamedTuple, cast

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Select,
    String,
    bindparam,
    exists,
    func,
    literal_column,
    select,
    tuple_,
)
from sqlalchemy import cast as as_type

from portal import clock
from portal.accounts.models import Person, PersonRole
from portal.extensions import db
from portal.inquiries import search
from portal.inquiries.filters import ME, NOBODY, Filters, Queue
from portal.inquiries.models import Inquiry, InquiryCount, Message, ReadMark
from portal.inquiries.vocabulary import Stage
from portal.listings.models import Listing
from portal.permissions import ROLES, Permission
from portal.reading import Reading, in_one_text
from portal.search.asking import asked

COUNT_CAP: Final = 1000
"""As everywhere: what is counted row by row stops here and shows as "1000+"."""
PAGE: Final = 50
"""Threads on one page of the list."""
_EXCERPT: Final = 160
_FEWEST_ANSWERS: Final = 3
_RECENT_ANSWERS: Final = 50
_t: Final = Inquiry.__table__.c
_c: Final = InquiryCount.__table__.c
_OWN: Final = _t.provider_id == bindparam("provider_id")
# Word for word as the partial indexes have them: with a parameter neither database would use those.
_NOT_SPAM: Final[ColumnElement[bool]] = literal_column("inquiries.state <> 'spam'")
_OPEN: Final[tuple[Any, ...]] = (
    _NOT_SPAM,
    literal_column("inquiries.outcome IS NULL"),
    literal_column("inquiries.snoozed_until IS NULL"),
)
_LATE: Final[tuple[Any, ...]] = (
    literal_column("inquiries.stage = 'us'"),
    _t.rank < bindparam("now", type_=BigInteger),
)
_WHERE: Final[Mapping[Queue, tuple[Any, ...]]] = {
    Queue.MINE: (*_OPEN, _t.assignee_id == bindparam("person_id")),
    Queue.UNASSIGNED: (*_OPEN, _t.assignee_id.is_(None)),
    Queue.OVERDUE: _LATE,
    Queue.ALL: (_NOT_SPAM,),
    **{
        Queue(stage.value): (literal_column(f"inquiries.stage = '{stage.value}'"),)
        for stage in Stage
    },
}

Cursor = tuple[bool, tuple[Any, ...]] | None
"""As portal.web.pagination decodes it: backwards, (rank, id)."""


BY_STAGE: Final[Select[Any]] = select(
    func.aggregate_strings(
        _c.stage + ":" + as_type(_c.assignee_id, String) + ":" + as_type(_c.inquiries, String),
        " ",
    )
).where(_c.provider_id == bindparam("provider_id"))
"""How many threads of the provider are in each stage with each assignee, as one text."""


@lru_cache(maxsize=1024)
def _read_counts(text: str | None) -> tuple[tuple[str, int, int], ...]:
    parts = [entry.split(":") for entry in (text or "").split()]
    return tuple((stage, int(assignee), int(number)) for stage, assignee, number in parts)


def waiting_in(text: str | None) -> int:
    """Threads that wait for us, of what BY_STAGE reads: the badge of the sidebar."""
    return sum(number for stage, _who, number in _read_counts(text) if stage == Stage.US)


@dataclass(frozen=True)
class Counts:
    """How many threads stand in each queue."""

    text: str | None
    """What BY_STAGE reads."""
    overdue: int
    """At most COUNT_CAP and one."""
    person_id: int

    def of(self, queue: Queue) -> int:
        """Threads in one queue."""
        if queue is Queue.OVERDUE:
            return self.overdue
        return sum(
            number
            for stage, assignee, number in _read_counts(self.text)
            if self._holds(queue, stage, assignee)
        )

    @property
    def waiting_for_me(self) -> int:
        """Threads of the reader in which the buyer waits."""
        return sum(
            number
            for stage, assignee, number in _read_counts(self.text)
            if stage == Stage.US and assignee == self.person_id
        )

    def _holds(self, queue: Queue, stage: str, assignee: int) -> bool:
        if queue in {Queue.MINE, Queue.UNASSIGNED}:
            whose = self.person_id if queue is Queue.MINE else 0
            return stage in {Stage.US, Stage.BUYER} and assignee == whose
        return stage != Stage.SPAM if queue is Queue.ALL else stage == queue.value


OVERDUE: Final = select(func.count()).select_from(
    select(_t.id).where(_OWN, *_LATE).limit(COUNT_CAP + 1).subquery()
)
"""Threads past their deadline at `now`, counted as far as COUNT_CAP and one."""

_sellers: Final = [role.value for role, may in ROLES.items() if Permission.INQUIRY_ANSWER in may]
_person: Final = Person.__table__.c
_people: Final[Select[Any]] = select(
    _person.id,
    _person.name,
    (
        _person.is_active
        & exists().where(PersonRole.person_id == _person.id, PersonRole.role.in_(_sellers))
    ).label("answers"),
).where(_person.provider_id == bindparam("provider_id"))
PEOPLE: Final = in_one_text(_people)
"""Everybody of the provider, as one text: see people_in()."""


@dataclass(frozen=True)
class Colleague:
    """A person of the provider."""

    id: int
    name: str
    answers: bool
    """Whether they may answer buyers at present."""


@lru_cache(maxsize=256)
def people_in(text: str | None) -> tuple[Colleague, ...]:
    """What PEOPLE read, by name."""
    found = (
        Colleague(key, name, bool(answers)) for key, name, answers in json.loads(f"[{text or ''}]")
    )
    return tuple(sorted(found, key=lambda one: (one.name.casefold(), one.id)))


TITLE: Final = select(Listing.title).where(
    Listing.id == bindparam("listing_id", type_=BigInteger),
    Listing.provider_id == bindparam("provider_id"),
)
"""Title of the offer that a list is narrowed to; none where it is not the provider's."""
UNREAD: Final = select(_t.last_letter_id).where(
    _OWN,
    _t.id == bindparam("inquiry_id", type_=BigInteger),
    ~exists().where(
        ReadMark.person_id == bindparam("person_id"),
        ReadMark.inquiry_id == _t.id,
        ReadMark.message_id >= _t.last_letter_id,
    ),
)
"""The buyer's newest message of the open thread, where the reader has not seen it."""


class Line(NamedTuple):
    """One thread in the list."""

    id: int
    stage: str
    state: str
    name: str
    company: str | None
    title: str
    """Of the listing when it was asked about."""
    excerpt: str
    """Beginning of the last message."""
    rank: int
    last_message_at: int
    assignee_id: int | None
    snoozed_until: int | None
    version: int
    is_unread: bool | None
    """Whether the reader has not seen the buyer's newest message."""

    @property
    def due_at(self) -> int | None:
        """By when the buyer must have our answer (UTC seconds); None where nobody waits for one."""
        return self.rank if self.stage == Stage.US else None


_last_words = (
    select(func.substr(Message.body, 1, _EXCERPT))
    .where(Message.inquiry_id == _t.id)
    .order_by(Message.id.desc())
    .limit(1)
    .correlate(Inquiry.__table__)
    .scalar_subquery()
)
_LINE: Final[tuple[Any, ...]] = (
    _t.id,
    _t.stage,
    _t.state,
    _t.name,
    _t.company,
    # In the words that both databases know: a Reading's values go to the driver as they are.
    literal_column("inquiries.listing_then ->> 'title'").label("title"),
    _last_words.label("excerpt"),
    _t.rank,
    _t.last_message_at,
    _t.assignee_id,
    _t.snoozed_until,
    _t.version,
    (_t.last_letter_id > func.coalesce(ReadMark.message_id, 0)).label("is_unread"),
)


class _Shape(NamedTuple):
    """All of a question but its values."""

    queue: Queue
    conditions: tuple[str, ...]
    has_cursor: bool
    backwards: bool
    terms: tuple[bool, ...] | None
    dialect: str


_NARROWS: Final[Mapping[str, ColumnElement[bool]]] = {
    "assignee": _t.assignee_id == bindparam("assignee", type_=BigInteger),
    NOBODY: _t.assignee_id.is_(None),
    "listing": _t.listing_id == bindparam("listing", type_=BigInteger),
    "since": _t.created_at >= bindparam("since", type_=BigInteger),
    "until": _t.created_at < bindparam("until", type_=BigInteger),
}


@lru_cache(maxsize=512)
def _page(shape: _Shape) -> Reading:
    """The statement for one shape of the question, built once."""
    order: list[ColumnElement[Any]] = [_t.rank, _t.id]
    if shape.queue is Queue.UNASSIGNED:
        # PostgreSQL does not see that a column that IS NULL orders nothing; named, it walks the index.
        order.insert(0, _t.assignee_id)
    if shape.backwards:
        order = [column.desc() for column in order]
    read = (ReadMark.inquiry_id == _t.id) & (ReadMark.person_id == bindparam("person_id"))
    found = (
        select(*_LINE)
        .select_from(Inquiry.__table__.outerjoin(ReadMark.__table__, read))
        .where(_OWN, *_WHERE[shape.queue], *(_NARROWS[name] for name in shape.conditions))
        .order_by(*order)
    )
    if shape.has_cursor:
        here: ColumnElement[Any] = tuple_(_t.rank, _t.id)
        there = tuple_(
            bindparam("cursor_rank", type_=BigInteger), bindparam("cursor_id", type_=BigInteger)
        )
        found = found.where(here < there if shape.backwards else here > there)
    if shape.terms is None:
        return Reading(in_one_text(found.limit(PAGE + 1)))
    return Reading(
        in_one_text(
            search.narrowed(
                found, shape.terms, shape.dialect, most=PAGE + 1, is_of_one_provider=True
            )
        )
    )


@dataclass(frozen=True)
class Asker:
    """Who looks at a list."""

    provider_id: int
    person_id: int
    timezone: str
    """IANA name of the zone in whose days the provider lives."""


def lines_of(asker: Asker, queue: Queue, filters: Filters, cursor: Cursor) -> list[Line]:
    """Up to a page of the provider's threads in a queue and one more, in reading direction."""
    backwards, key = cursor or (False, ())
    values: dict[str, Any] = {
        "provider_id": asker.provider_id,
        "person_id": asker.person_id,
        "now": clock.now(),
    }
    if key:
        values["cursor_rank"], values["cursor_id"] = key
    narrowing = _narrowing(filters, asker)
    values |= narrowing
    terms, dialect = None, ""
    if filters.q:
        dialect = db.engine.dialect.name
        sought = asked(filters.q, dialect, provider_id=asker.provider_id)
        if sought is None:
            return []
        terms, values = sought.shape, values | sought.parameters
    shape = _Shape(queue, tuple(narrowing), bool(key), backwards, terms, dialect)
    ((text,),) = _page(shape).rows(values)
    lines = (Line(*row) for row in json.loads(f"[{text or ''}]"))
    return sorted(lines, key=lambda line: (line.rank, line.id), reverse=backwards)


def _narrowing(filters: Filters, asker: Asker) -> dict[str, int]:
    """The value of each condition that the filters make, by its name in _NARROWS."""
    found: dict[str, int] = {}
    if filters.assignee == NOBODY:
        found[NOBODY] = 0
    elif filters.assignee:
        mine = filters.assignee == ME
        found["assignee"] = asker.person_id if mine else int(filters.assignee)
    if filters.listing is not None:
        found["listing"] = filters.listing
    if filters.since is not None:
        found["since"] = clock.moment_in(asker.timezone, filters.since)
    if filters.until is not None:
        found["until"] = clock.moment_in(asker.timezone, filters.until + timedelta(days=1))
    return found


_SECONDS: Final[ColumnElement[int]] = cast(
    ColumnElement[int], Inquiry.first_answered_at - Inquiry.created_at
)


def usual_answer_seconds(provider_id: int) -> int | None:
    """Median time to the provider's latest first answers; None when too few are known."""
    rows = db.session.execute(
        select(_SECONDS)
        .where(Inquiry.provider_id == provider_id, Inquiry.first_answered_at.is_not(None))
        .order_by(Inquiry.created_at.desc())
        .limit(_RECENT_ANSWERS)
    ).scalars()
    times = [max(0, seconds) for seconds in rows]
    return int(median(times)) if len(times) >= _FEWEST_ANSWERS else None
