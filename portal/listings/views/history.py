"""What was saved when, by whom."""

from flask import Response
from flask_login import current_user

from portal.listings import queries
from portal.listings.views.page import blueprint, listing_here
from portal.permissions import Permission
from portal.web.fragments import respond
from portal.web.guard import requires


@blueprint.get("/<int:listing_id>/history")
@requires(Permission.LISTING_VIEW)
def history(listing_id: int) -> Response:
    """Who saved the listing when."""
    revisions = queries.revisions_of(current_user.provider_id, listing_id)
    if not revisions:
        listing_here(listing_id)  # Missing, unless it is a listing without a history
    return respond(
        "listings/history.html",
        "listings/_history.html",
        listing_id=listing_id,
        revisions=revisions,
    )
