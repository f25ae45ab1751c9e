"""Pages of inquiries; each module of the sellers' declares its own on the one blueprint."""

from flask_babel import lazy_gettext as _l

from portal.inquiries import queries, threads
from portal.inquiries.views import (
    acts,
    answers,
    bulk,
    desk,
    drafts,
    index,
    links,
    mails,
    news,
    notes,
    numbers,
    snippets,
)
from portal.inquiries.views.page import blueprint
from portal.permissions import Permission
from portal.web.navigation import Entry

BLUEPRINTS = [blueprint, threads.blueprint]
NAVIGATION = [
    Entry(
        "inquiries.index",
        _l("Inquiries"),
        "inbox",
        Permission.INQUIRY_VIEW,
        badge=queries.BY_STAGE,
        number=queries.waiting_in,
    ),
]

__all__ = [
    "BLUEPRINTS",
    "NAVIGATION",
    "acts",
    "answers",
    "bulk",
    "desk",
    "drafts",
    "index",
    "links",
    "mails",
    "news",
    "notes",
    "numbers",
    "snippets",
]
