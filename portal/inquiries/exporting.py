"""The tables of a desk's numbers as files for a spreadsheet."""

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any, Final

from flask import Response
from flask_babel import gettext as _

from portal.inquiries.numbers import Numbers, Report
from portal.inquiries.numbers_in_words import reason_words
from portal.inquiries.spans import Span
from portal.inquiries.vocabulary import LostReason
from portal.web.sheets import Cell, Column, Format, sheet_file

TABLES: Final = ("sellers", "listings", "reasons")
"""Names of the files."""


def numbers_file(table: str, report: Report, span: Span, names: Mapping[Any, str]) -> Response:
    """One of TABLES as a CSV attachment.

    Args:
        table: which.
        report: the numbers.
        span: the days that they are about.
        names: of the table's lines by their key.
    """
    if table == "reasons":
        heads = [_("Lost: reason"), _("Inquiries")]
        rows: list[list[Cell]] = [[reason_words(key), n] for key, n in report.whole.lost]
    else:
        lines = report.sellers if table == "sellers" else report.listings
        columns = _columns()
        heads = [_("Seller") if table == "sellers" else _("Listing"), _("Number"), *columns]
        rows = [
            [names[one.key], one.key, *(read(one) for read in columns.values())] for one in lines
        ]
    name = f"inquiries-{table}-{span.first}-{span.last}"
    return sheet_file(Format.CSV, name, [Column(head) for head in heads], rows)


def _columns() -> dict[str, Callable[[Numbers], Cell]]:
    """Heading and value of each column behind the first."""
    return {
        _("Received"): lambda one: one.received,
        _("First answers"): lambda one: one.answers.count,
        _("Median first response (seconds)"): lambda one: one.answers.median,
        _("Nine of ten within (seconds)"): lambda one: one.answers.p90,
        _("Answered within one working day"): lambda one: one.in_time.part,
        _("Not within one working day"): lambda one: one.in_time.whole - one.in_time.part,
        _("Not due yet"): lambda one: one.not_due,
        _("Won"): lambda one: one.won.part,
        _("Lost"): lambda one: one.won.whole - one.won.part,
        _("Won rate (%)"): lambda one: None if one.won.is_small else _rate(one),
        **{_("Lost: %(reason)s", reason=reason_words(key)): _lost(key) for key in LostReason},
        _("Open now"): lambda one: one.open,
        _("Overdue now"): lambda one: one.overdue,
    }


def _rate(one: Numbers) -> Decimal:
    return (Decimal(100) * one.won.part / one.won.whole).quantize(Decimal("0.1"))


def _lost(reason: Any) -> Callable[[Numbers], Cell]:
    return lambda one: dict(one.lost).get(reason, 0)
