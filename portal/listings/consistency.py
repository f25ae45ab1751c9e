"""What the fields of an offer must say together: one rule for the editor's form and for sheets."""

from collections.abc import Iterator, Mapping
from typing import Any

from flask_babel import lazy_gettext as _l


def inconsistencies(values: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """Name of a field in Content, and the sentence that belongs to it.

    Args:
        values: by their names in Content; those that are not stated are None.
    """
    if (values["item_unit"] is None) != (values["item_quantity"] is None):
        yield "item_unit", _l("Say how many of which unit one item is, or leave both empty.")
    least, most = values["min_term"], values["max_term"]
    if values["term_unit"] is None and (least or most):
        yield "term_unit", _l("Choose in what the terms are counted.")
    if most and (least or 0) > most:
        yield "max_term", _l("The longest rental is shorter than the shortest.")
    begin, end = values["available_from"], values["available_until"]
    if begin and end and begin > end:
        yield "available_until", _l("This day is before the first one.")
