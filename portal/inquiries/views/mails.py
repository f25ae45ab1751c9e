"""What a seller does about a mail that could not be delivered."""

from flask import flash
from flask_babel import gettext as _
from flask_login import current_user
from werkzeug.wrappers import Response as BaseResponse

from portal.inquiries import actions
from portal.inquiries.views.answers import url_of, written
from portal.inquiries.views.page import blueprint
from portal.permissions import Permission
from portal.web.fragments import done, is_fragment_request
from portal.web.guard import requires


@blueprint.post("/<int:inquiry_id>/messages/<int:message_id>/send-again")
@requires(Permission.INQUIRY_ANSWER)
def send_again(inquiry_id: int, message_id: int) -> BaseResponse:
    """Send the mail of a message again that was given up."""
    told = _("The mail is on its way again.")
    try:
        actions.send_again(
            message_id,
            provider_id=current_user.provider_id,
            person_id=current_user.person_id,
        )
    except actions.NotFailed:
        told = _("Nothing to send again: this mail has not failed.")
    if not is_fragment_request():
        flash(told)
        return done(url_of(inquiry_id, f"letter-{message_id}"))
    return written(inquiry_id, f"letter-{message_id}", "letter", told)
