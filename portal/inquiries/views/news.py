"""The poll: what the open inbox asks every few seconds."""

from flask import Response, request
from flask_login import current_user

from portal.inquiries import inbox, queries
from portal.inquiries.views.page import PAGE, blueprint, row_id
from portal.permissions import Permission
from portal.web.fragments import is_fragment_request, respond
from portal.web.guard import requires
from portal.web.polling import unattended


@blueprint.get("/news")
@unattended
@requires(Permission.INQUIRY_VIEW)
def news() -> Response:
    """What the open inbox asks every few seconds: nothing new is 204, without a body."""
    opened = request.args.get("open", type=row_id)
    since = request.args.get("since", "")
    if is_fragment_request() and queries.news_of(current_user.provider_id, opened) == since:
        return Response(status=204)
    context = inbox.context(opened)
    version = context["stamp"].partition(".")[0]
    return respond(PAGE, "inquiries/_news.html", **context, is_news=version != since.split(".")[0])
