"""Numbers in addresses: one that no table can hold is none of ours, instead of an error there."""

from typing import Any, Final

from werkzeug.routing import IntegerConverter, Map

LARGEST: Final = (1 << 63) - 1
"""Largest value of a BIGINT column."""
LARGEST_ORDINAL: Final = (1 << 31) - 1
"""Largest value of an INTEGER column, such as the number of a version."""


class RowIdConverter(IntegerConverter):
    """`<int:...>` of every rule: from 0 to the largest id that the databases know."""

    def __init__(self, map: Map, **options: Any) -> None:  # noqa: A002 - Werkzeug's own name
        options.setdefault("max", LARGEST)
        super().__init__(map, **options)


def ordinal(text: str) -> int:
    """The number of a version from a query string.

    Raises:
        ValueError: it is none, or one that no table can hold.
    """
    number = int(text)
    if not 0 < number <= LARGEST_ORDINAL:
        raise ValueError(text)
    return number
