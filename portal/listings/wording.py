"""What a listing holds, in the reader's words: for two versions side by side and for messages."""

from typing import Any, Final

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_babel import ngettext

from portal import hardware, places
from portal.listings.content import PARTS, Content
from portal.listings.merge import changed_parts
from portal.web.formatting import current_locale, format_day, format_price

PART_NAMES: Final = {
    "title": _l("Title"),
    "gpu_model": _l("GPU model"),
    "gpu_count": _l("GPUs in one machine"),
    "price": _l("Price"),
    "delivery_days": _l("Delivery time"),
    "place": _l("Place"),
    "valid_until": _l("Valid until"),
    "description": _l("Description"),
    "attributes": _l("Attributes"),
}
REASONS: Final = {
    "place": _l("State the place where the machines stand."),
    "description": _l("Write a description: buyers read it before they ask."),
    "ended": _l("Its last day has passed: choose a later one, or none."),
    "archived": _l("It is archived."),
}
"""Why an offer cannot be published (actions.NotPublishable)."""


def part_in_words(content: Content, part: str) -> str:
    """One part of a content (see content.PARTS) as people read it."""
    locale = current_locale()
    value = content.part(part)[0]
    if part == "price":
        return format_price(content.price_minor, content.currency, content.unit, locale)
    if part == "attributes":
        return "\n".join(f"{name}: {text}" for name, text in content.attributes) or str(_("None"))
    if part == "valid_until":
        return format_day(value, locale) if value else str(_("No end date"))
    if value in {None, ""}:
        return str(_("Not stated"))
    return _value_in_words(part, value, locale)


def _value_in_words(part: str, value: Any, locale: str) -> str:
    if part == "delivery_days":
        return str(ngettext("%(num)s day", "%(num)s days", value))
    if part == "place":
        return places.label(value, locale)
    if part == "gpu_model":
        gpu = hardware.model(value)
        return gpu.name if gpu else str(value)
    return str(value)


def named(parts: tuple[str, ...]) -> str:
    """The parts' names in a row."""
    separator = "、" if current_locale() == "zh" else ", "
    return separator.join(str(PART_NAMES[part]) for part in parts)


def side_by_side(
    base: Content | None, theirs: Content, yours: Content, overlapping: tuple[str, ...]
) -> list[dict[str, Any]]:
    """Both versions of each part that differs, for the macro `conflict`.

    Args:
        base: what both started from, where it is known.
        theirs: what was saved meanwhile.
        yours: what the form now holds.
        overlapping: the parts that somebody must decide; the others merged.
    """
    changed = changed_parts(base or theirs, theirs)
    return [
        {
            "field": part,
            "label": PART_NAMES[part],
            "theirs": part_in_words(theirs, part),
            "yours": part_in_words(yours, part),
            "base": part_in_words(base, part) if base else None,
            "merged": part not in overlapping,
        }
        for part in PARTS
        if part in overlapping or part in changed
    ]
