"""What all pages of the desk share: their blueprint, the templates of the inbox, ids in addresses."""

from typing import Final

from flask import Blueprint

blueprint = Blueprint("inquiries", __name__, url_prefix="/portal/inquiries")
PAGE: Final = "inquiries/index.html"
FRAGMENT: Final = "inquiries/_inbox.html"


def row_id(text: str) -> int:
    """An id from a query string.

    Raises:
        ValueError: what no table holds.
    """
    number = int(text)
    if not 0 < number < 1 << 63:
        raise ValueError(text)
    return number
