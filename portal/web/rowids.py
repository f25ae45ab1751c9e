"""Ids in addresses: one that no table can hold is no address of ours, instead of an error there."""

from typing import Any, Final

from werkzeug.routing import IntegerConverter, Map

LARGEST: Final = (1 << 63) - 1
"""Largest value of a BIGINT column."""


class RowIdConverter(IntegerConverter):
    """`<int:...>` of every rule: from 0 to the largest id that the databases know."""

    def __init__(self, map: Map, **options: Any) -> None:  # noqa: A002 - Werkzeug's own name
        options.setdefault("max", LARGEST)
        super().__init__(map, **options)
