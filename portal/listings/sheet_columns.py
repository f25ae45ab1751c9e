"""The columns a sheet of offers may have: one table for sheets that go out and that come in.

So a sheet that was exported says the same when it comes back.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any, Final

from flask_babel import lazy_gettext as _l

from portal import clock
from portal.listings import sheet_cells as cells
from portal.listings.fields import RULES, Choice, Count, Rule
from portal.listings.measures import read_count
from portal.listings.vocabulary import Status
from portal.web.parsing import parse_count, parse_day, parse_text
from portal.web.richtext import LONGEST
from portal.web.sheets import Cell

Show = Callable[[Any], Cell]
"""A listing's row, with `attributes` beside its columns → what its cell holds."""
Read = Callable[[str], Any]
"""A cell's text → the value of the column's name in Content; raises Invalid."""


@dataclass(frozen=True)
class SheetColumn:
    """One column.

    Args:
        key: in addresses and mappings; of a column that is read, a name in Content (or `price`).
        label: heading, translated.
        show: what a cell holds.
        read: what a cell's text means; None: a fact that no sheet can change.
        width: in characters.
    """

    key: str
    label: Any
    show: Show
    read: Read | None
    width: int = 14


HEADINGS: Final = {
    "item_quantity": _l("One item is: number"),
    "item_unit": _l("One item is: unit"),
    "term_unit": _l("Rental terms are counted in"),
    "fabric": _l("Network between machines"),
}
"""Where a field's label makes sense only beside the field before it."""
STATUSES: Final = {
    Status.DRAFT: _l("Draft"),
    Status.IN_REVIEW: _l("In review"),
    Status.LIVE: _l("Live"),
    Status.PAUSED: _l("Paused"),
    Status.EXPIRED: _l("Expired"),
    Status.ARCHIVED: _l("Archived"),
}


def _of_rule(rule: Rule) -> SheetColumn:
    read: Read = rule.read
    show: Show = partial(_words, rule) if isinstance(rule, Choice) else partial(_value, rule.name)
    if rule.name in {"place", "gpu_model"}:
        read = {"place": cells.read_place, "gpu_model": cells.read_gpu}[rule.name]
    elif isinstance(rule, Choice):
        read = partial(cells.read_choice, rule)
    elif isinstance(rule, Count):
        read = partial(read_count, rule)
    width = {"title": 48, "maintenance": 24}.get(rule.name, 18)
    return SheetColumn(rule.name, HEADINGS.get(rule.name, rule.label), show, read, width)


def _value(name: str, row: Any) -> Cell:
    value: Cell = getattr(row, name)
    return value


def _words(rule: Rule, row: Any) -> Cell:
    value = getattr(row, rule.name)
    return None if value is None else rule.words(value)


def _status(row: Any) -> Cell:
    return str(STATUSES[Status(row.status)])


def _moment(name: str, row: Any) -> Cell:
    """A moment in the marketplace's zone, as spreadsheet programs read it."""
    seconds = getattr(row, name)
    if seconds is None:
        return None
    return f"{datetime.fromtimestamp(seconds, clock.MARKET_ZONE):%Y-%m-%d %H:%M}"


def _description(row: Any) -> Cell:
    return row.description or None


def _read_id(text: str) -> int | None:
    return parse_count(text.strip().lstrip("#")) if text.strip() else None


def _read_day(text: str) -> Any:
    return parse_day(text) if text.strip() else None


def _price() -> list[SheetColumn]:
    return [
        SheetColumn("price", _l("Price"), cells.show_price, cells.read_amount, 12),
        SheetColumn(
            "currency", _l("Currency"), partial(_value, "currency"), cells.read_currency, 10
        ),
        SheetColumn("unit", _l("Per"), cells.show_unit, cells.read_unit),
        SheetColumn(
            "discounts",
            _l("Discounts for longer terms"),
            cells.show_discounts,
            cells.read_discounts,
            24,
        ),
    ]


def _texts() -> list[SheetColumn]:
    return [
        SheetColumn(
            "valid_until", _l("Last day of the offer"), partial(_value, "valid_until"), _read_day
        ),
        SheetColumn("attributes", _l("Attributes"), cells.show_pairs, cells.read_pairs, 40),
        SheetColumn(
            "description",
            _l("Description"),
            _description,
            lambda text: parse_text(text, most=LONGEST),
            60,
        ),
    ]


def _facts() -> list[SheetColumn]:
    moments = {
        "created_at": _l("Created"),
        "updated_at": _l("Changed"),
        "published_at": _l("Published"),
        "confirmed_at": _l("Confirmed"),
    }
    counts = {"views_total": _l("Views"), "inquiries_total": _l("Inquiries")}
    return [
        SheetColumn("status", _l("Status"), _status, None, 10),
        *(SheetColumn(key, text, partial(_moment, key), None, 17) for key, text in moments.items()),
        *(SheetColumn(key, text, partial(_value, key), None, 9) for key, text in counts.items()),
    ]


def _table() -> dict[str, SheetColumn]:
    typed = [_of_rule(rule) for rule in RULES.values()]
    # The price stands before what an item is, as in the editor.
    there = next(n for n, column in enumerate(typed) if column.key == "item_quantity")
    number = SheetColumn("id", _l("Offer no."), partial(_value, "id"), _read_id, 10)
    columns = [number, *typed[:there], *_price(), *typed[there:], *_texts(), *_facts()]
    return {column.key: column for column in columns}


COLUMNS: Final = _table()
"""Every column by its key, in the order of a whole export."""


def heading(column: SheetColumn) -> str:
    """A column's heading in the reader's language, with its unit where it counts something."""
    rule = RULES.get(column.key)
    suffix = rule.suffix if rule else None
    return f"{column.label} ({suffix})" if suffix else str(column.label)


def chosen(keys: Sequence[str]) -> list[SheetColumn]:
    """The named columns in the table's order; all of them where none of the names is a column's."""
    named = set(keys)
    return [column for key, column in COLUMNS.items() if key in named] or list(COLUMNS.values())
