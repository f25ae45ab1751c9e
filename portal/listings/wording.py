"""What a listing holds, in the reader's words: for two versions side by side and for messages."""

import re
from collections.abc import Callable
from typing import Any, Final

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_babel import ngettext

from portal.listings.content import PARTS, Content
from portal.listings.fields import RULES
from portal.listings.merge import changed_parts
from portal.listings.vocabulary import TermUnit
from portal.web.formatting import current_locale, format_day, format_number, format_price
from portal.web.richtext import MEDIA_URL

PART_NAMES: Final = {
    **{part: RULES[part].label for part in PARTS if part in RULES},
    "price": _l("Price"),
    "item": _l("What one item is"),
    "term": _l("Rental terms"),
    "discounts": _l("Discounts for longer terms"),
    "availability": _l("Available"),
    "fabric": _l("Between machines"),
    "disk": _l("Disk"),
    "pcie": _l("PCIe"),
    "delivery_days": _l("Delivery time"),
    "valid_until": _l("Valid until"),
    "description": _l("Description"),
    "attributes": _l("Attributes"),
    "images": _l("Pictures"),
}
REASONS: Final = {
    "place": _l("State the place where the machines stand."),
    "description": _l("Write a description: buyers read it before they ask."),
    "ended": _l("Its last day has passed: choose a later one, or none."),
    "archived": _l("It is archived."),
}
"""Why an offer cannot be published (actions.NotPublishable)."""
REASON_FIELDS: Final = {"place": "place", "description": "description", "ended": "valid_until"}
"""The editor's field that such a reason is about; of the others it is none."""

QUOTA_FULL: Final = _l(
    "Your company keeps as many pictures as it may: remove offers you no longer need, or use a"
    " picture that is there already."
)
"""Why a picture is not kept (actions.QuotaFull)."""


def part_in_words(content: Content, part: str) -> str:
    """One part of a content (see content.PARTS) as people read it."""
    if part in _SHAPED:
        return _SHAPED[part](content)
    value = content.part(part)[0]
    if value in {None, ""}:
        return str(_("Not stated"))
    return RULES[part].words(value) if part in RULES else str(value)


def _price(content: Content) -> str:
    return format_price(content.price_minor, content.currency, content.unit, current_locale())


def _item(content: Content) -> str:
    if content.item_quantity is None or content.item_unit is None:
        return str(_("Not defined"))
    return f"{format_number(content.item_quantity)} × {RULES['item_unit'].words(content.item_unit)}"


def _term(content: Content) -> str:
    if content.term_unit is None or not (content.min_term or content.max_term):
        return str(_("Not stated"))
    length = _LENGTHS[TermUnit(content.term_unit)]
    least, most = content.min_term, content.max_term
    if least and most:
        return str(_("%(least)s to %(most)s", least=format_number(least), most=length(most)))
    if least:
        return str(_("from %(length)s", length=length(least)))
    return str(_("up to %(length)s", length=length(most)))


_LENGTHS: Final[dict[TermUnit, Callable[[Any], str]]] = {
    TermUnit.HOUR: lambda count: ngettext("%(num)s hour", "%(num)s hours", count),
    TermUnit.DAY: lambda count: ngettext("%(num)s day", "%(num)s days", count),
    TermUnit.MONTH: lambda count: ngettext("%(num)s month", "%(num)s months", count),
    TermUnit.YEAR: lambda count: ngettext("%(num)s year", "%(num)s years", count),
}
"""A rental's length in words."""


def _discounts(content: Content) -> str:
    said = [
        ngettext(
            "from %(num)s month: %(percent)s%% less",
            "from %(num)s months: %(percent)s%% less",
            months,
            percent=percent,
        )
        for months, percent in content.discounts
    ]
    return "\n".join(said) or str(_("None"))


def _availability(content: Content) -> str:
    locale = current_locale()
    begin = format_day(content.available_from, locale) if content.available_from else None
    end = format_day(content.available_until, locale) if content.available_until else None
    if begin and end:
        return str(_("%(begin)s to %(end)s", begin=begin, end=end))
    if begin:
        return str(_("from %(day)s", day=begin))
    return str(_("until %(day)s", day=end)) if end else str(_("Not stated"))


def _two(*names: str) -> Callable[[Content], str]:
    """Both values, where they are stated, in a row."""

    def said(content: Content) -> str:
        stated = {name: getattr(content, name) for name in names}
        words = [RULES[name].words(value) for name, value in stated.items() if value is not None]
        return " · ".join(words) or str(_("Not stated"))

    return said


def _pcie(content: Content) -> str:
    said = []
    if content.pcie_generation:
        said.append(f"PCIe {content.pcie_generation}.0")
    if content.pcie_lanes:
        said.append(f"x{content.pcie_lanes}")
    return " ".join(said) or str(_("Not stated"))


def _delivery_days(content: Content) -> str:
    days = content.delivery_days
    if days is None:
        return str(_("Not stated"))
    return str(ngettext("%(num)s day", "%(num)s days", days))


def _valid_until(content: Content) -> str:
    last = content.valid_until
    return format_day(last, current_locale()) if last else str(_("No end date"))


def _attributes(content: Content) -> str:
    return "\n".join(f"{name}: {text}" for name, text in content.attributes) or str(_("None"))


def _images(content: Content) -> str:
    said = [alt or str(_("without text")) for _key, alt in content.images]
    return "\n".join(f"{n}. {text}" for n, text in enumerate(said, 1)) or str(_("None"))


_PICTURE: Final = re.compile(
    r"!\[(?P<alt>[^\]\n]{0,400})\]\(" + MEDIA_URL.pattern + r"[^)\n]{0,400}\)"
)
_TOLD_OF_KEY: Final = 4
"""Letters of a picture's key that tell it from the offer's others."""


def _description(content: Content) -> str:
    """As typed, but for the addresses of pictures: nobody tells those apart by reading."""
    texts = dict(content.images)

    def picture(found: re.Match[str]) -> str:
        key = found["key"]
        alt = found.groupdict().get("alt") or texts.get(key)
        short = f"{key[:_TOLD_OF_KEY]}…"
        if alt:
            return str(_("[picture %(key)s: %(text)s]", key=short, text=alt))
        return str(_("[picture %(key)s]", key=short))

    text = MEDIA_URL.sub(picture, _PICTURE.sub(picture, content.description))
    return text or str(_("Not stated"))


_SHAPED: Final[dict[str, Callable[[Content], str]]] = {
    "price": _price,
    "item": _item,
    "term": _term,
    "discounts": _discounts,
    "availability": _availability,
    "fabric": _two("fabric", "fabric_gbps"),
    "disk": _two("disk_gib", "disk_type"),
    "pcie": _pcie,
    "delivery_days": _delivery_days,
    "valid_until": _valid_until,
    "attributes": _attributes,
    "images": _images,
    "description": _description,
}
"""Parts whose words need more than one value, or more than the value."""


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
