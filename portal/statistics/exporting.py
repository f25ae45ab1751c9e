"""The daily counts as a file for a spreadsheet: numbers and ISO days only, so no cell is a formula."""

import csv
import io
from typing import Final

from flask import Response
from flask_babel import gettext as _

from portal.statistics.definitions import DEFINITIONS
from portal.statistics.report import Report

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
        name: beginning of the file's name, ASCII.
    """
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow([_("Day"), *(str(DEFINITIONS[key].name) for key in _COLUMNS.values())])
    for day in report.now.days:
        writer.writerow([day.day.isoformat(), *(getattr(day, name) for name in _COLUMNS)])
    response = Response("\ufeff" + text.getvalue(), mimetype="text/csv")
    span = f"{report.period.first}-{report.period.last}"
    response.headers["Content-Disposition"] = f'attachment; filename="{name}-{span}.csv"'
    response.headers["Cache-Control"] = "no-store"
    return response
