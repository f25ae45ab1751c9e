"""What the inbox' templates read: queues with counts, one page of the list, the open thread.

It takes three statements: the counts with the sidebar's, the thread, the list. The counts come first
and with them the stamp, so that nothing that happens while the others are read is missed by the poll.
"""

from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any, Final
from urllib.parse import urlencode

from flask import request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_login import current_user
from sqlalchemy.exc import OperationalError

from portal import clock
from portal.database import Missing
from portal.inquiries import acting, actions, conversation, opened, queries, stamps
from portal.inquiries import filters as asking
from portal.inquiries.filters import ME, NOBODY, Filters, Queue
from portal.inquiries.queries import PAGE, Asker, Colleague, Counts, Cursor, Line
from portal.inquiries.timeline import Thread
from portal.web import navigation
from portal.web.formatting import current_locale, format_day
from portal.web.pagination import decode, paged

QUEUES: Final = (
    {
        Queue.MINE: (_l("Mine"), "circle-user"),
        Queue.UNASSIGNED: (_l("Unassigned"), "user-plus"),
    },
    {
        Queue.US: (_l("Waiting for us"), "message-circle"),
        Queue.OVERDUE: (_l("Overdue"), "triangle-alert"),
        Queue.BUYER: (_l("Waiting for the buyer"), "clock"),
        Queue.SNOOZED: (_l("Snoozed"), "moon"),
    },
    {
        Queue.WON: (_l("Won"), "circle-check"),
        Queue.LOST: (_l("Lost"), "x"),
        Queue.ALL: (_l("All"), "inbox"),
        Queue.SPAM: (_l("Spam"), "archive"),
    },
)
"""The queues in groups: whose they are, whose turn it is, what became of them."""
LABELS: Final = {queue: label for group in QUEUES for queue, (label, _icon) in group.items()}
EMPTY: Final = {
    Queue.MINE: (
        _l("Nothing is yours to answer"),
        _l("Take an inquiry from the unassigned ones: whoever answers first has it in hand."),
    ),
    Queue.UNASSIGNED: (
        _l("Every open inquiry has its seller"),
        _l("New ones wait here until somebody takes them."),
    ),
    Queue.US: (
        _l("No buyer waits for you"),
        _l("All of them have an answer. New messages appear here by themselves."),
    ),
    Queue.OVERDUE: (
        _l("Nothing is overdue"),
        _l("Here stands whoever has waited longer than your answering time."),
    ),
    Queue.BUYER: (
        _l("You wait for no buyer"),
        _l("What you have answered stands here until the buyer writes back or you close it."),
    ),
    Queue.SNOOZED: (
        _l("Nothing is snoozed"),
        _l(
            "Snooze an inquiry that you cannot go on with now: it comes back on the day you choose."
        ),
    ),
    Queue.WON: (
        _l("Nothing won yet"),
        _l("Close an inquiry as won when the buyer has ordered, with the amount if you like."),
    ),
    Queue.LOST: (
        _l("Nothing lost"),
        _l("Close an inquiry as lost with the reason, and you will see later what buyers miss."),
    ),
    Queue.ALL: (
        _l("No inquiries yet"),
        _l("When a buyer asks about one of your offers, it appears here by itself."),
    ),
    Queue.SPAM: (
        _l("No spam"),
        _l("What looks like spam is held back here, and nobody is mailed. Look in now and then."),
    ),
}
"""What an empty queue says: how it is, and what to do."""
_COUNTS: Final = {
    "stages": queries.BY_STAGE,
    "overdue": queries.OVERDUE,
    "people": queries.PEOPLE,
    "unread": queries.UNREAD,
    **acting.PANEL,
    **stamps.PARTS,
}
_COUNTS_WITH_TITLE: Final = {**_COUNTS, "title": queries.TITLE}


@dataclass(frozen=True)
class Place:
    """Where in the inbox the reader is, as the address says it."""

    queue: Queue | None
    """None: the one that opens by itself."""
    filters: Filters
    cursor: Cursor
    page: str | None
    """The cursor as text; None where it is none of ours."""

    @property
    def query(self) -> dict[str, Any]:
        """For links that come back here."""
        found: dict[str, Any] = {"queue": self.queue.value} if self.queue else {}
        found |= self.filters.query
        return {**found, "cursor": self.page} if self.page else found


def place() -> Place:
    """The reader's place; what is none of ours in the address is left out."""
    queue = asking.queue_named(request.args.get("queue"))
    text = request.args.get("cursor")
    cursor = decode(text, int, int)
    filters = asking.read(request.args.to_dict(), queue)
    return Place(queue, filters, cursor, text if cursor is not None else None)


def context(
    inquiry_id: int | None,
    returned: opened.Returned | None = None,
    focus: str | None = None,
    spoken: str | None = None,
) -> dict[str, Any]:
    """All of it.

    Args:
        inquiry_id: the thread that stands beside the list.
        returned: an answer or a note that could not be taken as it is.
        focus: where the focus goes after a swap: `heading`, `letter` or `note` (the newest), `box`.
        spoken: what a screen reader says after the swap.

    Raises:
        Missing: no such thread of this provider.
    """
    here = place()
    found = _counted(here, inquiry_id)
    counts = Counts(found["stages"], found["overdue"], current_user.person_id)
    here = replace(here, queue=here.queue or _opens_by_itself(counts, here.filters))
    people = queries.people_in(found["people"])
    thread, lines = _read(here, inquiry_id)
    return {
        **_queues(here, counts),
        **_list(here, lines, counts, people),
        **_narrowed(here, people, found.get("title")),
        **_addresses(here, inquiry_id, stamps.stamp(found)),
        **({"thread": None} if thread is None else opened.context(thread, returned)),
        **acting.context(found, current_user.timezone, thread),
        "unread_id": found["unread"],
        "focus": focus,
        "spoken": spoken,
    }


def seen(inquiry_id: int, message_id: int | None) -> None:
    """Note that the reader has opened a thread.

    Args:
        inquiry_id: which.
        message_id: the buyer's newest message in it; None: it was read before.
    """
    if message_id is None or request.method != "GET":
        return
    # A mark that could not be made while somebody writes is made the next time.
    with suppress(OperationalError):
        actions.read(inquiry_id, person_id=current_user.person_id, message_id=message_id)


def _counted(here: Place, inquiry_id: int | None) -> Any:
    values = {"person_id": current_user.person_id, **stamps.values(inquiry_id)}
    if here.filters.listing is None:
        return navigation.count(_COUNTS, **values)
    return navigation.count(_COUNTS_WITH_TITLE, **values, listing_id=here.filters.listing)


def _opens_by_itself(counts: Counts, filters: Filters) -> Queue:
    """Where there is something to do: one's own buyers, then anybody's, then all there is."""
    if filters.given:
        return Queue.ALL
    if counts.waiting_for_me:
        return Queue.MINE
    return Queue.US if counts.of(Queue.US) else Queue.ALL


def _read(here: Place, inquiry_id: int | None) -> tuple[Thread | None, list[Line]]:
    me = current_user._get_current_object()
    thread = None
    if inquiry_id is not None:
        thread = conversation.thread_of(me.provider_id, inquiry_id, reader_id=me.person_id)
        if thread is None:
            raise Missing
    if me.provider_id is None:
        return thread, []
    asker = Asker(me.provider_id, me.person_id, me.timezone)
    assert here.queue is not None
    return thread, queries.lines_of(asker, here.queue, here.filters, here.cursor)


def _queues(here: Place, counts: Counts) -> dict[str, Any]:
    return {
        "queues": [
            [
                {
                    "name": queue.value,
                    "url": url_for(".index", queue=queue.value),
                    "label": label,
                    "icon": icon,
                    "count": counts.of(queue),
                    "current": queue is here.queue,
                }
                for queue, (label, icon) in group.items()
            ]
            for group in QUEUES
        ],
        "counts": counts,
        "queue": here.queue,
        "queue_label": LABELS[here.queue or Queue.ALL],
        "waiting": counts.of(Queue.US),
    }


def _list(
    here: Place, lines: list[Line], counts: Counts, people: tuple[Colleague, ...]
) -> dict[str, Any]:
    queue, query = here.queue or Queue.ALL, here.query
    is_narrowed = bool(here.filters.given or here.cursor)
    return {
        "listed": paged(
            lines,
            size=PAGE,
            cursor=here.cursor,
            key=lambda line: (line.rank, line.id),
            url=lambda text: url_for(".index", **{**query, "cursor": text}),
        ),
        "names": {one.id: one.name for one in people},
        "here_suffix": f"?{urlencode(query)}" if query else "",
        "empty": EMPTY[queue],
        "now": clock.now(),
        "until_text": _until,
        "is_narrowed": is_narrowed,
        "is_first_use": not (lines or is_narrowed or counts.of(Queue.ALL) or queue is Queue.SPAM),
    }


def _until(moment: int) -> str:
    """When a snoozed thread comes back: a day of the provider's."""
    day = clock.day_in(current_user.timezone, moment)
    return str(_("until %(day)s", day=format_day(day, current_locale())))


def _narrowed(here: Place, people: tuple[Colleague, ...], title: str | None) -> dict[str, Any]:
    """What the search box and the filters show."""
    filters = here.filters
    me = current_user.person_id
    colleagues = [one for one in people if one.answers]
    return {
        "filters": filters,
        "colleagues": colleagues,
        "assignees": [
            ("", _("Anybody")),
            (ME, _("Me")),
            (NOBODY, _("Nobody")),
            *((one.id, one.name) for one in colleagues if one.id != me),
        ],
        "queue_options": [(queue.value, label) for queue, label in LABELS.items()],
        "chips": [
            {
                "text": text,
                "url": url_for(
                    ".index",
                    **{
                        key: value
                        for key, value in here.query.items()
                        if key not in {name, "cursor"}
                    },
                ),
            }
            for name, text in _in_words(filters, people, title).items()
        ],
        "clear_url": url_for(".index", queue=(here.queue or Queue.ALL).value),
        "everywhere_url": None
        if here.queue is Queue.ALL
        else url_for(".index", queue=Queue.ALL.value, **dict[str, Any](filters.query)),
    }


def _in_words(filters: Filters, people: tuple[Colleague, ...], title: str | None) -> dict[str, str]:
    """Each filter that narrows, by name, in words."""
    names = {str(one.id): one.name for one in people} | {ME: _("Me"), NOBODY: _("Nobody")}
    locale = current_locale()
    found = {"q": _("“%(words)s”", words=filters.q)} if filters.q else {}
    if filters.assignee:
        name = names.get(filters.assignee, f"#{filters.assignee}")
        found["assignee"] = _("Seller: %(name)s", name=name)
    if filters.listing is not None:
        found["listing"] = _("Offer: %(title)s", title=title or f"#{filters.listing}")
    if filters.since:
        found["since"] = _("From %(day)s", day=format_day(filters.since, locale))
    if filters.until:
        found["until"] = _("Until %(day)s", day=format_day(filters.until, locale))
    return found


def _addresses(here: Place, inquiry_id: int | None, stamp: str) -> dict[str, Any]:
    page = url_for(".show", inquiry_id=inquiry_id, **here.query) if inquiry_id else None
    return {
        "place": here.query,
        "stamp": stamp,
        "news_url": url_for(".news", stamp=stamp, open=inquiry_id, **here.query),
        "here_url": page or url_for(".index", **here.query),
    }
