"""Pages of the listings feature."""

from flask import Blueprint
from flask_babel import lazy_gettext as _l

from portal.permissions import Permission
from portal.web.guard import requires
from portal.web.navigation import Entry

blueprint = Blueprint("listings", __name__, url_prefix="/portal/listings")
BLUEPRINTS = [blueprint]
NAVIGATION = [
    Entry("listings.index", _l("Listings"), "layout-list", Permission.LISTING_VIEW),
]


@blueprint.get("/")
@requires(Permission.LISTING_VIEW)
def index() -> str:
    """The provider's listings."""
    return ""
