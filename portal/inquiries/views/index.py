"""The sellers' inbox: queues, list and thread in one page."""

from flask import Response

from portal.inquiries import inbox
from portal.inquiries.views.page import FRAGMENT, PAGE, blueprint
from portal.permissions import Permission
from portal.web.fragments import respond
from portal.web.guard import requires


@blueprint.get("/")
@requires(Permission.INQUIRY_VIEW)
def index() -> Response:
    """The provider's threads in one queue; the one that opens by itself where none is named."""
    return respond(PAGE, FRAGMENT, **inbox.context(None))


@blueprint.get("/<int:inquiry_id>")
@requires(Permission.INQUIRY_VIEW)
def show(inquiry_id: int) -> Response:
    """One thread, beside the queue it was opened from; who opens it has read it."""
    context = inbox.context(inquiry_id, focus="heading")
    response = respond(PAGE, FRAGMENT, **context)
    inbox.seen(inquiry_id, context["unread_id"])
    return response
