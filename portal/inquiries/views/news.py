"""The poll: what the open inbox asks every few seconds, where it brings anything (see polling.py)."""

from flask import Response, request

from portal.inquiries import inbox
from portal.inquiries.views.page import PAGE, blueprint, row_id
from portal.permissions import Permission
from portal.web.fragments import respond
from portal.web.guard import requires
from portal.web.polling import unattended


@blueprint.get("/news")
@unattended
@requires(Permission.INQUIRY_VIEW)
def news() -> Response:
    """The list, the numbers and the open thread's messages as they are now."""
    context = inbox.context(request.args.get("open", type=row_id))
    before = request.args.get("stamp", "").partition(".")[0]
    is_news = context["stamp"].partition(".")[0] != before
    return respond(PAGE, "inquiries/_news.html", **context, is_news=is_news)
