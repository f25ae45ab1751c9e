"""The tables of a desk's numbers as files for a spreadsheet."""

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any, Final

from flask import Response
from flask_babel import gettext as _

from portal.inquiries.numbers import FEWEST_COMPARED, Numbers, Report
from portal.inquiries.numbers_in_words import reason_words
from portal.inquiries.spans import Span
from portal.inquiries.vocabulary import LostReason
from portal.web.sheets import Cell, Column, Format, sheet_file

TABLES: Final = ("whole", "sellers", "listings", "reasons")
"""Names of the files."""


def numbers_file(table: str, report: Report, span: Span, names: Mapping[Any, str]) -> Response:
    """One of TABLES as a CSV attachment.

    Args:
        table: which.
        report: the numbers.
        span: the days that they are about.
        names: of the table's lines by their key.
    """
    rows: list[list[Cell]]
    if table == "whole":
        heads = [_("Figure"), _("These days"), _("Days before"), _("Change"), _("Change (%)")]
        rows = [[head, *_compared(read, report)] for head, read in _received().items()]
    elif table == "reasons":
        heads = [_("Lost: reason"), _("Inquiries")]
        rows = [[reason_words(key), n] for key, n in report.whole.lost]
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
        **_received(),
        _("Open now"): lambda one: one.open,
        _("Overdue now"): lambda one: one.overdue,
    }


def _received() -> dict[str, Callable[[Numbers], Cell]]:
    """Of the inquiries of some days, heading and value of each figure."""
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
        **{
            _("Lost: %(reason)s", reason=reason_words(key)): _lost(key)
            for key in LostReason
            if key is not LostReason.BUYER_CLOSED
        },
        _("Closed by the buyer"): lambda one: one.closed_by_buyer,
    }


def _compared(read: Callable[[Numbers], Any], report: Report) -> list[Cell]:
    """A figure, the same of the days before, their difference, and that in percent."""
    now, before = read(report.whole), read(report.before)
    if now is None or before is None:
        return [now, before, None, None]
    percent = None
    if before >= FEWEST_COMPARED:
        percent = (Decimal(100) * (now - before) / before).quantize(Decimal("0.1"))
    return [now, before, now - before, percent]


def _rate(one: Numbers) -> Decimal:
    return (Decimal(100) * one.won.part / one.won.whole).quantize(Decimal("0.1"))


def _lost(reason: Any) -> Callable[[Numbers], Cell]:
    return lambda one: dict(one.lost).get(reason, 0)
