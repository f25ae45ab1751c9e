"""The seller's internal note."""

from flask_babel import gettext as _
from flask_login import current_user
from werkzeug.wrappers import Response as BaseResponse

from portal.inquiries import actions
from portal.inquiries.forms import NoteForm
from portal.inquiries.views.answers import again, nonce_of, written
from portal.inquiries.views.page import blueprint
from portal.inquiries.vocabulary import Writing
from portal.permissions import Permission
from portal.web.guard import requires


@blueprint.post("/<int:inquiry_id>/notes")
@requires(Permission.INQUIRY_ANSWER)
def note(inquiry_id: int) -> BaseResponse:
    """Note something for colleagues."""
    form = NoteForm()
    if not form.validate():
        return again(inquiry_id, form, Writing.NOTE)
    try:
        note_id = actions.add_note(
            inquiry_id,
            provider_id=current_user.provider_id,
            person_id=current_user.person_id,
            body=form.body.data,
            form_nonce=nonce_of(Writing.NOTE, inquiry_id),
        )
    except actions.FormUsed:
        return again(inquiry_id, form, Writing.NOTE, is_used=True)
    return written(inquiry_id, f"note-{note_id}", "note", _("Note saved. Only colleagues read it."))
