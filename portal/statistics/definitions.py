"""What each figure of the statistics pages means: one name and one text a figure, nowhere else."""

from dataclasses import dataclass
from typing import Any, Final

from flask_babel import lazy_gettext as _l

from portal.inquiries.numbers import FEWEST_ANSWERS

FEWEST_VIEWS: Final = 50
"""Below this many views a rate would be chance."""
FEWEST_INQUIRIES: Final = FEWEST_ANSWERS
"""Below this many inquiries or answers a share or a median would be chance."""


@dataclass(frozen=True)
class Definition:
    """A figure's name on the page, and what exactly is counted."""

    name: Any
    text: Any


DEFINITIONS: Final[dict[str, Definition]] = {
    "views": Definition(
        _l("Views"),
        _l(
            "Times that somebody had an offer's page in sight. The same visitor within 30 minutes "
            "counts once. Robots, link previews, your own people and the marketplace's are left "
            "out. Days begin at midnight in Shanghai; today counts as far as it has come."
        ),
    ),
    "inquiries": Definition(
        _l("Inquiries"),
        _l("Inquiries received in the period. Those held back as spam are left out."),
    ),
    "rate": Definition(
        _l("Inquiry rate"),
        _l(
            "Inquiries divided by views of the same period. Below %(fewest)s views it is not "
            "shown: one inquiry more or less would change it too much.",
            fewest=FEWEST_VIEWS,
        ),
    ),
    "median": Definition(
        _l("Median first response"),
        _l(
            "Half of the first answers to inquiries of the period took no longer than this, "
            "nights and holidays included. Inquiries without an answer are left out. Below "
            "%(fewest)s answers it is not shown.",
            fewest=FEWEST_INQUIRIES,
        ),
    ),
    "slow": Definition(
        _l("Nine of ten within"),
        _l(
            "Nine of ten first answers to inquiries of the period took no longer than this "
            "(90th percentile, the nearest real answer). Below %(fewest)s answers it is not shown.",
            fewest=FEWEST_INQUIRIES,
        ),
    ),
    "in_time": Definition(
        _l("Answered within 24 h"),
        _l(
            "Share of the period's inquiries whose first answer came within 24 hours. An inquiry "
            "younger than that and not yet answered is left out: it can still be in time. Below "
            "%(fewest)s inquiries it is not shown.",
            fewest=FEWEST_INQUIRIES,
        ),
    ),
    "answered": Definition(
        _l("Answered"), _l("Share of the period's inquiries that have had an answer, however late.")
    ),
    "served": Definition(
        _l("Pages served"),
        _l(
            "Times the offer's page was sent to something that does not look like a robot, seen "
            "or not. Views are counted only once the page is in sight."
        ),
    ),
    "robot": Definition(
        _l("Robots"), _l("Search engines, monitors and scripts, by how they introduce themselves.")
    ),
    "preview": Definition(
        _l("Link previews"),
        _l(
            "Chats and social sites that fetch a page to show a card, and browsers that fetch ahead."
        ),
    ),
    "staff": Definition(
        _l("Own staff"),
        _l("Looks by signed-in people of the provider or of the marketplace."),
    ),
    "repeated": Definition(
        _l("Repeated"), _l("The same visitor again at the same offer within 30 minutes.")
    ),
    "previous_site": Definition(
        _l("Views on the previous site"),
        _l(
            "Counted by the site the offer was imported from, by its own rules and before it came "
            "here. They are in no other figure of this page."
        ),
    ),
}
KEPT_OUT: Final = ("robot", "preview", "staff", "repeated", "served")
"""Figures that are counted and shown but are no views, in the order of the page."""
