"""What is said about rows of a sheet, by code: stored as a code, read in the reader's language."""

from typing import Any, Final

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

REASONS_HEADING: Final = _l("Why it was refused")
"""Heading of the column that a sheet of refused rows has before the others."""
CELL: Final = "cell"
"""The field's own rule refuses the cell and says why."""
_SENTENCES: Final = {
    "gone": _l("There is no such offer of yours."),
    "taken": _l("Offer #%(listing)s has this number already."),
    "twice": _l("The same as in row %(row)s."),
    "title": _l("The title made of the columns does not fit: %(why)s"),
    "no_title": _l("An offer needs a title: match a column to it, or make it of several."),
    "pairs": _l("At most %(most)s attribute pairs: remove some."),
    "why": "%(why)s",
    "past": _l("This day has passed: choose today or a later day."),
    "together": _l("%(field)s: %(why)s"),
    "conflict": _l("Somebody else has changed this since the dry run: %(parts)s."),
    "moved": _l("This is no longer what the dry run said: check the sheet again."),
    "whole": _l("Not imported, since another row could not be."),
    "there": _l("Imported before, as offer #%(listing)s: nothing is changed."),
    "total_memory": _l("This looks like the memory of all GPUs together; one has %(memory)s GiB."),
}


def sentence(code: str, parameters: dict[str, Any]) -> str:
    """The sentence for a stored code; `why` and `field` may be translated when it is read."""
    try:
        return str(_SENTENCES[code]) % parameters
    except KeyError:
        return str(_("This row cannot be imported."))
