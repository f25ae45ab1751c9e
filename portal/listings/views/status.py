"""What becomes of a listing: shown to buyers, taken away from them."""

from flask_babel import gettext as _
from flask_login import current_user
from werkzeug.wrappers import Response as BaseResponse

from portal.listings import actions
from portal.listings.views.index import page_of
from portal.listings.views.page import blueprint, listing_here, row_done
from portal.listings.wording import REASONS
from portal.permissions import Permission
from portal.web.fragments import invalid
from portal.web.guard import requires


@blueprint.post("/<int:listing_id>/publish")
@requires(Permission.LISTING_PUBLISH)
def publish(listing_id: int) -> BaseResponse:
    """Show the offer to buyers, or say what it lacks."""
    me = current_user
    try:
        actions.publish(me.provider_id, listing_id, by=me.person_id)
    except actions.NotPublishable as refused:
        problem = [REASONS[reason] for reason in refused.reasons]
        row, content = listing_here(listing_id)
        context = page_of(row, content, problem=problem)
        return invalid("listings/show.html", "listings/_row.html", **context)
    return row_done(listing_id, _("Published: buyers see it now."))


@blueprint.post("/<int:listing_id>/withdraw")
@requires(Permission.LISTING_PUBLISH)
def withdraw(listing_id: int) -> BaseResponse:
    """Take the offer off the public site."""
    me = current_user
    was_live = actions.withdraw(me.provider_id, listing_id, by=me.person_id)
    said = _("Withdrawn: buyers no longer see it.") if was_live else _("It was not public.")
    return row_done(listing_id, said)
