"""The page behind a private link, as its buyer reads it."""

from flask import Response

from portal.inquiries.threads.page import FRAGMENT, PAGE, blueprint, context, found
from portal.permissions import PUBLIC
from portal.web.fragments import respond
from portal.web.guard import requires


@blueprint.get("/<token>")
@requires(PUBLIC)
def show(token: str) -> Response:
    """The conversation, the offer, and what the buyer may do."""
    return respond(PAGE, FRAGMENT, **context(token, found(token)))
