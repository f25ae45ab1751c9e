"""Pages of the listings feature; each module declares its own on the one blueprint."""

from flask_babel import lazy_gettext as _l

from portal.listings import queries
from portal.listings.views import cells, editor, history, index, pictures, status
from portal.listings.views.page import blueprint
from portal.permissions import Permission
from portal.web.navigation import Entry

BLUEPRINTS = [blueprint, pictures.files]
NAVIGATION = [
    Entry("listings.index", _l("Listings"), "layout-list", Permission.LISTING_VIEW, queries.TOTAL),
]

__all__ = ["BLUEPRINTS", "NAVIGATION", "cells", "editor", "history", "index", "status"]
