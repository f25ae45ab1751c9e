"""What the inbox' templates read: queues with counts, one page of the list, the open thread.

It takes three statements: the counts with the sidebar's, the thread, the list.
"""

import re
from dataclasses import dataclass
from typing import Any

from flask import request, url_for
from flask_babel import lazy_gettext as _l
from flask_login import current_user

from portal.database import Missing
from portal.inquiries import conversation, offers, queries
from portal.inquiries.conversation import Thread
from portal.inquiries.forms import AnswerForm
from portal.inquiries.queries import PAGE, Cursor, Line, Queue
from portal.web import formtoken, navigation
from portal.web.pagination import decode, paged

QUEUES = {
    Queue.ALL: (_l("All"), "inbox"),
    Queue.NEW: (_l("New"), "sparkles"),
    Queue.WAITING: (_l("Waiting for us"), "message-circle"),
    Queue.ANSWERED: (_l("Answered"), "check"),
    Queue.SPAM: (_l("Spam"), "archive"),
}


@dataclass(frozen=True)
class Place:
    """Where in the inbox the reader is, as the address says it."""

    queue: Queue
    cursor: Cursor
    query: dict[str, Any]
    """For links that come back here."""


def place() -> Place:
    """The reader's place; a queue or a cursor that is none of ours is the first page of all."""
    asked, text = request.args.get("queue"), request.args.get("cursor")
    queue = Queue(asked) if asked in set(Queue) else Queue.ALL
    cursor = decode(text, int, int)
    query: dict[str, Any] = {} if queue is Queue.ALL else {"queue": queue.value}
    if cursor is not None:
        query["cursor"] = text
    return Place(queue, cursor, query)


def context(
    opened: int | None,
    form: AnswerForm | None = None,
    focus: str | None = None,
    spoken: str | None = None,
) -> dict[str, Any]:
    """All of it.

    Args:
        opened: the thread that stands beside the list.
        form: an answer that could not be taken as it is.
        focus: where the focus goes after a swap: `heading` or `letter` (the newest).
        spoken: what a screen reader says after the swap.

    Raises:
        Missing: no such thread of this provider.
    """
    here = place()
    counts = navigation.count(queries.COUNTS)
    thread, lines = _read(here, opened)
    return {
        **_list(here, lines, counts),
        **_addresses(here, opened, counts, thread),
        **_reading(thread, form),
        "counts": counts,
        "focus": focus,
        "spoken": spoken,
    }


def purpose(inquiry_id: int) -> str:
    """Of the form token by which a second copy of an answer is known."""
    return f"reply:{inquiry_id}"


def _read(here: Place, opened: int | None) -> tuple[Thread | None, list[Line]]:
    provider_id = current_user.provider_id
    thread = None if opened is None else conversation.thread_of(provider_id, opened)
    if opened is not None and thread is None:
        raise Missing
    return thread, queries.lines_of(provider_id, here.queue, here.cursor)


def _list(here: Place, lines: list[Line], counts: Any) -> dict[str, Any]:
    return {
        "queues": [
            {
                "url": url_for(".index", queue=None if queue is Queue.ALL else queue.value),
                "label": label,
                "icon": icon,
                "count": counts[queue.value],
                "current": queue is here.queue,
            }
            for queue, (label, icon) in QUEUES.items()
        ],
        "listed": paged(
            lines,
            size=PAGE,
            cursor=here.cursor,
            key=lambda line: (line.last_message_at, line.id),
            url=lambda text: url_for(".index", **{**here.query, "cursor": text}),
        ),
        "is_first_use": not lines and not counts["all"] and here == Place(Queue.ALL, None, {}),
    }


def _addresses(
    here: Place, opened: int | None, counts: Any, thread: Thread | None
) -> dict[str, Any]:
    stamp = queries.stamp(counts["version"], thread.queued_mails if thread else 0)
    page = url_for(".show", inquiry_id=opened, **here.query) if opened else None
    return {
        "place": here.query,
        "stamp": stamp,
        "news_url": url_for(".news", since=stamp, open=opened, **here.query),
        "here_url": page or url_for(".index", **here.query),
    }


def _reading(thread: Thread | None, form: AnswerForm | None) -> dict[str, Any]:
    if thread is None:
        return {"thread": None}
    return {
        "thread": thread,
        "offer_then": offers.then(thread.inquiry.listing_then),
        "offer_now": offers.now(thread.inquiry),
        "phone_href": phone_href(thread.inquiry.phone),
        "form": form or AnswerForm(formdata=None),
        "form_token": formtoken.issue(purpose(thread.inquiry.id)),
    }


def phone_href(phone: str | None) -> str | None:
    """A `tel:` address (RFC 3966) for a phone number as it is kept, such as `+86 10 8888 8888`."""
    if not phone:
        return None
    number, _mark, extension = phone.partition(" ext. ")
    digits = re.sub(r"[^+0-9]", "", number)
    return f"tel:{digits};ext={extension}" if extension else f"tel:{digits}"
