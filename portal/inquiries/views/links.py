"""The buyer's private link, sent once more at a seller's wish."""

from flask import flash, url_for
from flask_babel import gettext as _
from flask_login import current_user
from werkzeug.wrappers import Response as BaseResponse

from portal.inquiries import actions, asking, inbox
from portal.inquiries.views.page import FRAGMENT, blueprint
from portal.permissions import Permission
from portal.web.fragments import done, is_fragment_request
from portal.web.guard import requires


@blueprint.post("/<int:inquiry_id>/link")
@requires(Permission.INQUIRY_ANSWER)
def send_link(inquiry_id: int) -> BaseResponse:
    """Mail the buyer the link again."""
    is_sent = actions.send_link(
        inquiry_id,
        provider_id=current_user.provider_id,
        person_id=current_user.person_id,
        links=asking.links(),
    )
    said = _("The link is on its way.") if is_sent else _("No mail: it was sent just now.")
    url = url_for(".show", inquiry_id=inquiry_id, **inbox.place().query)
    if not is_fragment_request():
        flash(said, "success" if is_sent else "info")
        return done(url)
    return done(url, FRAGMENT, **inbox.context(inquiry_id, spoken=said))
