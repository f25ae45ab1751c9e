"""Reads of inquiries: a provider's queues, what the poll asks, answer times."""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from functools import lru_cache
from statistics import median
from typing import Any, Final, cast

from sqlalchemy import BindParameter, ColumnElement, Select, bindparam, func, select

from portal.extensions import db
from portal.inquiries.conversation import is_overdue
from portal.inquiries.models import Desk, Inquiry, Message
from portal.inquiries.vocabulary import State
from portal.mail.models import QUEUED, Mail

COUNT_CAP: Final = 1000
"""As everywhere: counts stop here and show as "1000+"."""
PAGE: Final = 50
"""Threads on one page of the list."""
_EXCERPT: Final = 160
_FEWEST_ANSWERS: Final = 3
_RECENT_ANSWERS: Final = 50


class Queue(StrEnum):
    """One list of the inbox."""

    ALL = "all"
    NEW = "new"
    WAITING = "waiting"
    ANSWERED = "answered"
    SPAM = "spam"


@dataclass(frozen=True)
class Line:
    """One thread in the list."""

    id: int
    state: str
    name: str
    company: str | None
    title: str
    """Of the listing when it was asked about."""
    excerpt: str
    """Beginning of the last message."""
    reply_by: date | None
    last_message_at: int
    first_answered_at: int | None

    @property
    def is_unanswered(self) -> bool:
        """Whether the buyer is waiting for us."""
        return self.state in {State.NEW, State.WAITING}

    @property
    def is_overdue(self) -> bool:
        """Whether the day by which an answer was wished has passed without one."""
        return is_overdue(self.state, self.reply_by)


def _of_provider() -> Any:
    return Inquiry.provider_id == bindparam("provider_id")


def _in(queue: Queue) -> Any:
    if queue is Queue.ALL:
        return Inquiry.state != State.SPAM
    return Inquiry.state == State(queue.value)


def _capped(*where: Any) -> Select[Any]:
    some = select(Inquiry.id).where(_of_provider(), *where).limit(COUNT_CAP + 1).subquery()
    return select(func.count()).select_from(some)


UNANSWERED: Final = _capped(Inquiry.state.in_([State.NEW, State.WAITING]))
"""Badge of the sidebar: buyers waiting for the provider named by `provider_id`."""
COUNTS: Final[dict[str, Select[Any]]] = {
    **{queue.value: _capped(_in(queue)) for queue in Queue},
    "version": select(Desk.version).where(Desk.provider_id == bindparam("provider_id")),
}
"""Threads in each queue, and the version of the whole inbox (NULL before the first write)."""

_last_words = (
    select(func.substr(Message.body, 1, _EXCERPT))
    .where(Message.inquiry_id == Inquiry.id)
    .order_by(Message.id.desc())
    .limit(1)
    .correlate(Inquiry)
    .scalar_subquery()
)

Cursor = tuple[bool, tuple[Any, ...]] | None
"""As portal.web.pagination decodes it: backwards, (last_message_at, id)."""


@lru_cache(maxsize=32)
def _lines(queue: Queue, has_cursor: bool, backwards: bool) -> Select[Any]:
    moment, key = Inquiry.last_message_at, Inquiry.id
    order = (moment.asc(), key.asc()) if backwards else (moment.desc(), key.desc())
    found = (
        select(
            Inquiry.id,
            Inquiry.state,
            Inquiry.name,
            Inquiry.company,
            Inquiry.listing_then["title"].as_string().label("title"),
            _last_words.label("excerpt"),
            Inquiry.reply_by,
            Inquiry.last_message_at,
            Inquiry.first_answered_at,
        )
        .where(_of_provider(), _in(queue))
        .order_by(*order)
        .limit(PAGE + 1)
    )
    if has_cursor:
        # Spelled out: PostgreSQL walks the index for a row comparison, SQLite for this too.
        at: BindParameter[int] = bindparam("cursor_at")
        last: BindParameter[int] = bindparam("cursor_id")
        beyond = (moment > at, key > last) if backwards else (moment < at, key < last)
        within = moment >= at if backwards else moment <= at
        found = found.where(within, beyond[0] | ((moment == at) & beyond[1]))
    return found


def _parameters(provider_id: int, cursor: Cursor) -> dict[str, Any]:
    values: dict[str, Any] = {"provider_id": provider_id}
    if cursor is not None:
        values["cursor_at"], values["cursor_id"] = cursor[1]
    return values


def lines_of(provider_id: int, queue: Queue, cursor: Cursor) -> list[Line]:
    """One more than a page of the provider's threads in a queue, in reading direction."""
    statement = _lines(queue, cursor is not None, cursor is not None and cursor[0])
    rows = db.session.connection().execute(statement, _parameters(provider_id, cursor))
    return [Line(*row) for row in rows]


_NEWS: Final = select(
    select(Desk.version).where(Desk.provider_id == bindparam("provider_id")).scalar_subquery(),
    select(func.count())
    .select_from(Message)
    .join(Mail, Mail.id == Message.mail_id)
    .where(Message.inquiry_id == bindparam("inquiry_id"), Mail.state == QUEUED)
    .scalar_subquery(),
)


def news_of(provider_id: int, open_id: int | None) -> str:
    """Stamp of the inbox with one thread open: equal stamps, nothing to draw anew."""
    asked = {"provider_id": provider_id, "inquiry_id": open_id}
    # On the connection itself: every open inbox asks this every few seconds.
    version, queued = db.session.connection().execute(_NEWS, asked).one()
    return stamp(version, queued)


def stamp(version: int | None, queued: int) -> str:
    """The inbox's version and how many mails of the open thread still wait to go out."""
    return f"{version or 0}.{queued}"


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


def answer_times(provider_id: int | None, since: int, until: int) -> list[int]:
    """Seconds to the first answer of each inquiry received from `since` to before `until`.

    Args:
        provider_id: whose; None: of all providers.
        since: UTC seconds, included.
        until: UTC seconds, not included.
    """
    answered = (
        select(_SECONDS)
        .where(
            Inquiry.created_at >= since,
            Inquiry.created_at < until,
            Inquiry.first_answered_at.is_not(None),
            Inquiry.state != State.SPAM,
        )
        .order_by(Inquiry.created_at)
    )
    if provider_id is not None:
        answered = answered.where(Inquiry.provider_id == provider_id)
    return [max(0, int(seconds)) for seconds in db.session.execute(answered).scalars()]
