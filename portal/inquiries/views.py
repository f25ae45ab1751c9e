"""The sellers' inbox: queues, list and thread in one page, the poll for news, the answer."""

import re
import secrets
from typing import Any

from flask import Blueprint, Response, request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_login import current_user
from werkzeug.wrappers import Response as BaseResponse

from portal.database import Missing
from portal.inquiries import actions, asking, offers, queries, threads
from portal.inquiries.forms import AnswerForm
from portal.inquiries.queries import PAGE, Queue
from portal.permissions import Permission
from portal.web import formtoken, navigation
from portal.web.fragments import done, invalid, is_fragment_request, respond
from portal.web.guard import requires
from portal.web.navigation import Entry
from portal.web.pagination import decode, paged
from portal.web.polling import unattended

blueprint = Blueprint("inquiries", __name__, url_prefix="/portal/inquiries")
BLUEPRINTS = [blueprint, threads.blueprint]
NAVIGATION = [
    Entry(
        "inquiries.index",
        _l("Inquiries"),
        "inbox",
        Permission.INQUIRY_VIEW,
        badge=queries.UNANSWERED,
    ),
]
QUEUES = {
    Queue.ALL: (_l("All"), "inbox"),
    Queue.NEW: (_l("New"), "sparkles"),
    Queue.WAITING: (_l("Waiting for us"), "message-circle"),
    Queue.ANSWERED: (_l("Answered"), "check"),
    Queue.SPAM: (_l("Spam"), "archive"),
}
_PAGE, _FRAGMENT = "inquiries/index.html", "inquiries/_inbox.html"


@blueprint.get("/")
@requires(Permission.INQUIRY_VIEW)
def index() -> Response:
    """The provider's threads in one queue."""
    return respond(_PAGE, _FRAGMENT, **_inbox(None))


@blueprint.get("/<int(max=9223372036854775807):inquiry_id>")
@requires(Permission.INQUIRY_VIEW)
def show(inquiry_id: int) -> Response:
    """One thread, beside the queue it was opened from."""
    return respond(_PAGE, _FRAGMENT, **_inbox(inquiry_id, focus="heading"))


@blueprint.get("/news")
@unattended
@requires(Permission.INQUIRY_VIEW)
def news() -> Response:
    """What the open inbox asks every few seconds: nothing new is 204, without a body."""
    opened = request.args.get("open", type=_row_id)
    since = request.args.get("since", "")
    if is_fragment_request() and queries.news_of(current_user.provider_id, opened) == since:
        return Response(status=204)
    context = _inbox(opened)
    version = context["stamp"].partition(".")[0]
    return respond(_PAGE, "inquiries/_news.html", **context, is_news=version != since.split(".")[0])


@blueprint.post("/<int(max=9223372036854775807):inquiry_id>/replies")
@requires(Permission.INQUIRY_ANSWER)
def reply(inquiry_id: int) -> BaseResponse:
    """Answer the buyer."""
    form = AnswerForm()
    if not form.validate():
        return invalid(_PAGE, _FRAGMENT, **_inbox(inquiry_id, form=form, focus="errors"))
    token = formtoken.read(_purpose(inquiry_id), request.form.get("form_token"))
    actions.answer(
        inquiry_id,
        provider_id=current_user.provider_id,
        person_id=current_user.person_id,
        body=form.body.data,
        form_nonce=token.nonce if token else secrets.token_urlsafe(12),
        links=asking.links(),
    )
    url = url_for(".show", inquiry_id=inquiry_id, **_place())
    if not is_fragment_request():
        return done(url)
    return done(url, _FRAGMENT, **_inbox(inquiry_id, focus="letter", spoken=_("Answer sent.")))


def _inbox(
    opened: int | None,
    form: AnswerForm | None = None,
    focus: str | None = None,
    spoken: str | None = None,
) -> dict[str, Any]:
    """What the inbox' templates read, in two statements: the counts, then list and thread.

    Args:
        opened: the thread that stands beside the list.
        form: an answer that could not be taken as it is.
        focus: where the focus goes after a swap: `heading`, `letter` (the newest) or `errors`.
        spoken: what a screen reader says after the swap.

    Raises:
        Missing: no such thread of this provider.
    """
    queue = _queue()
    cursor = decode(request.args.get("cursor"), int, int)
    counts = navigation.count(queries.COUNTS)
    thread = None
    if opened is None:
        lines = queries.lines_of(current_user.provider_id, queue, cursor)
    else:
        found = queries.thread_of(current_user.provider_id, opened, queue, cursor)
        if found is None:
            raise Missing
        thread, lines = found
    stamp = queries.stamp(counts["version"], thread.queued_mails if thread else 0)
    place = _place()
    return {
        "queues": _queues(queue, counts),
        "listed": paged(
            lines,
            size=PAGE,
            cursor=cursor,
            key=lambda line: (line.last_message_at, line.id),
            url=lambda text: url_for(".index", **{**place, "cursor": text}),
        ),
        "counts": counts,
        "queue": queue,
        "is_first_use": queue is Queue.ALL and not counts["all"] and cursor is None,
        "place": place,
        "stamp": stamp,
        "news_url": url_for(".news", since=stamp, open=opened, **place),
        "here_url": url_for(".show", inquiry_id=opened, **place)
        if opened
        else url_for(".index", **place),
        "focus": focus,
        "spoken": spoken,
        **_reading(thread, form),
    }


def _reading(thread: queries.Thread | None, form: AnswerForm | None) -> dict[str, Any]:
    """What the thread's templates read."""
    if thread is None:
        return {"thread": None}
    return {
        "thread": thread,
        "offer_then": offers.then(thread.inquiry.listing_then),
        "offer_now": offers.now(thread.inquiry),
        "phone_href": phone_href(thread.inquiry.phone),
        "form": form or AnswerForm(formdata=None),
        "form_token": formtoken.issue(_purpose(thread.inquiry.id)),
    }


def phone_href(phone: str | None) -> str | None:
    """A `tel:` address (RFC 3966) for a phone number as it is kept, such as `+86 10 8888 8888`."""
    if not phone:
        return None
    number, _mark, extension = phone.partition(" ext. ")
    digits = re.sub(r"[^+0-9]", "", number)
    return f"tel:{digits};ext={extension}" if extension else f"tel:{digits}"


def _purpose(inquiry_id: int) -> str:
    return f"reply:{inquiry_id}"


def _row_id(text: str) -> int:
    """An id from a query string; ValueError for what no table holds."""
    number = int(text)
    if not 0 < number < 1 << 63:
        raise ValueError(text)
    return number


def _queue() -> Queue:
    asked = request.args.get("queue")
    return Queue(asked) if asked in set(Queue) else Queue.ALL


def _place() -> dict[str, Any]:
    """The queue and the page of it, for links that come back here."""
    queue = _queue()
    place: dict[str, Any] = {} if queue is Queue.ALL else {"queue": queue.value}
    if (cursor := request.args.get("cursor")) and decode(cursor, int, int) is not None:
        place["cursor"] = cursor
    return place


def _queues(chosen: Queue, counts: Any) -> list[dict[str, Any]]:
    return [
        {
            "url": url_for(".index", queue=None if queue is Queue.ALL else queue.value),
            "label": label,
            "icon": icon,
            "count": counts[queue.value],
            "current": queue is chosen,
        }
        for queue, (label, icon) in QUEUES.items()
    ]
