"""Pages of the inquiries feature."""

from flask import Blueprint
from flask_babel import lazy_gettext as _l

from portal.permissions import Permission
from portal.web.guard import requires
from portal.web.navigation import Entry

blueprint = Blueprint("inquiries", __name__, url_prefix="/portal/inquiries")
BLUEPRINTS = [blueprint]
NAVIGATION = [
    Entry("inquiries.index", _l("Inquiries"), "inbox", Permission.INQUIRY_VIEW),
]


@blueprint.get("/")
@requires(Permission.INQUIRY_VIEW)
def index() -> str:
    """The provider's inquiries."""
    return ""
