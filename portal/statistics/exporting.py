"""The daily counts as a file for a spreadsheet."""

from typing import Final

from flask import Response
from flask_babel import gettext as _

from portal.statistics.definitions import DEFINITIONS
from portal.statistics.report import Report
from portal.web.sheets import Column, Format, sheet_file

_COLUMNS: Final = {
    "human": "views",
    "served": "served",
    "robot": "robot",
    "preview": "preview",
    "staff": "staff",
    "repeated": "repeated",
    "inquiries": "inquiries",
}
"""Daily count → the figure that defines it."""


def days_file(report: Report, name: str) -> Response:
    """A CSV attachment, UTF-8 with BOM, a row a day.

    Args:
        report: of which the present period is written.
        name: beginning of the file's name.
    """
    heads = [_("Day"), *(str(DEFINITIONS[key].name) for key in _COLUMNS.values())]
    rows = [
        [day.day.isoformat(), *(getattr(day, count) for count in _COLUMNS)]
        for day in report.now.days
    ]
    span = f"{report.period.first}-{report.period.last}"
    return sheet_file(Format.CSV, f"{name}-{span}", [Column(head) for head in heads], rows)
