"""Pages of the listings feature; each module declares its own on the one blueprint."""

from flask_babel import lazy_gettext as _l

from portal.listings import queries
from portal.listings import reviews as reading
from portal.listings.views import (
    bulk,
    cells,
    drafts,
    editor,
    export,
    history,
    index,
    pictures,
    reviews,
    saved,
    status,
)
from portal.listings.views.page import blueprint
from portal.permissions import Permission
from portal.web.navigation import Entry

BLUEPRINTS = [blueprint, pictures.files, reviews.blueprint]
NAVIGATION = [
    Entry(
        "listings.index",
        _l("Listings"),
        "layout-list",
        Permission.LISTING_VIEW,
        badge=queries.BY_STATUS["by_status"],
        number=queries.total_in,
    ),
    Entry(
        "reviews.index", _l("Reviews"), "shield-check", Permission.LISTING_REVIEW, reading.WAITING
    ),
]

__all__ = [
    "BLUEPRINTS",
    "NAVIGATION",
    "bulk",
    "cells",
    "drafts",
    "editor",
    "export",
    "history",
    "index",
    "reviews",
    "saved",
    "status",
]
