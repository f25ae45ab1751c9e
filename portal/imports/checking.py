"""What one row of a sheet says in our fields, and what is wrong with its cells; reads no table."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any, Final

from portal import hardware
from portal.imports.matching import CONSTANTS, OWN, TARGETS, Matching, composed, places_of
from portal.imports.words import CELL
from portal.listings.consistency import inconsistencies
from portal.listings.content import Content, Pair
from portal.listings.fields import RULES
from portal.listings.sheet_cells import Amount, UnknownGpu, read_gpu
from portal.web.pairs import MOST_PAIRS, parse_pair
from portal.web.parsing import Invalid

Said = tuple[str, dict[str, Any]]
"""Code and parameters of a sentence in words.py."""
ROW: Final = ""
"""Stands for the place of what is said of a row as a whole."""
_MOST_KEPT: Final = 20_000
"""Different texts of a column whose meaning is kept: most columns repeat theirs."""


@dataclass
class Checked:
    """One row.

    Args:
        values: what its cells say, by names in Content, and `price` as an Amount.
        own: pairs of its columns that are own attributes; None where the cell is empty.
        listing_id: the offer it names, where a column says so.
        faults: place of a column as text (or ROW) → what is wrong there.
        notes: the same for what stops nothing.
        unknown: name of the GPU that the catalogue does not know.
    """

    values: dict[str, Any] = field(default_factory=dict)
    own: list[tuple[str, str | None]] = field(default_factory=list)
    listing_id: int | None = None
    faults: dict[str, Said] = field(default_factory=dict)
    notes: dict[str, Said] = field(default_factory=dict)
    unknown: str | None = None


class Checker:
    """Reads rows of one sheet by one matching.

    Args:
        headings: of the sheet.
        matching: what its columns are.
        today: the provider's day, in which its offers end.
    """

    def __init__(self, headings: Sequence[str], matching: Matching, today: date) -> None:
        self.matching, self.today = matching, today
        self.place_of = {key: place for place, key in matching.columns.items() if key != OWN}
        self._headings = headings
        self._places = places_of(headings)
        self._readers = [
            (place, key, _kept(self._reader(place, key))) for place, key in matching.columns.items()
        ]
        self._constants = dict(_constants(matching))

    def _reader(self, place: int, key: str) -> Callable[[str], Any]:
        if key == OWN:
            name = self._headings[place]
            return lambda text: parse_pair(name, text)
        if key == "gpu_model":
            return self._gpu
        read = TARGETS[key].read
        assert read is not None
        return read

    def _gpu(self, text: str) -> str | None:
        chosen = self.matching.gpus.get(text.strip())
        return read_gpu(text) if chosen is None else chosen or None

    def why(self, place: int, text: str) -> Any:
        """The sentence why a cell is refused, in the reader's language; None: it is not."""
        for column, _key, read in self._readers:
            if column == place:
                value = read(text)
                return value.message if isinstance(value, Invalid) else None
        return None

    def check(self, cells: Sequence[str]) -> Checked:
        """Read one row."""
        row = Checked()
        for place, key, read in self._readers:
            text = cells[place]
            if not text.strip():
                self._empty(row, key, place)
            elif not isinstance(value := read(text), Invalid):
                self._filled(row, key, value)
            else:
                row.faults[str(place)] = (CELL, {})
                row.unknown = text.strip() if isinstance(value, UnknownGpu) else row.unknown
        for key, value in self._constants.items():
            row.values.setdefault(key, value)
        if self.matching.title:
            self._title(row, cells)
        self._look_at_memory(row)
        return row

    def _filled(self, row: Checked, key: str, value: Any) -> None:
        if key == OWN:
            row.own.append(value)
        elif key == "id":
            row.listing_id = value
        else:
            row.values[key] = value

    def _empty(self, row: Checked, key: str, place: int) -> None:
        if not self.matching.clears or key in {"id", "title", "currency", "unit"}:
            return
        if key == OWN:
            row.own.append((self._headings[place], None))
        elif key in RULES:
            row.values[key] = RULES[key].nothing
        else:
            row.values[key] = {"attributes": (), "discounts": (), "description": ""}.get(key)

    def title_of(self, cells: Sequence[str]) -> str:
        """The title that is made of several columns."""
        return composed(self.matching.title, self._places, cells)

    def _title(self, row: Checked, cells: Sequence[str]) -> None:
        try:
            row.values["title"] = RULES["title"].read(self.title_of(cells))
        except Invalid as error:
            row.faults[ROW] = ("title", {"why": error})

    def _look_at_memory(self, row: Checked) -> None:
        """Sheets of clouds state the memory of all GPUs of a machine together."""
        memory, count = row.values.get("gpu_memory_gib"), row.values.get("gpu_count") or 1
        gpu = hardware.model(row.values.get("gpu_model"))
        if memory and gpu and gpu.memory_gib and count > 1 and memory == count * gpu.memory_gib:
            place = str(self.place_of.get("gpu_memory_gib", ROW))
            row.notes[place] = ("total_memory", {"memory": gpu.memory_gib})

    def applied(self, row: Checked, base: Content | None) -> Content | None:
        """The whole offer: a row over what is there; None, with faults in the row, if it is none.

        Args:
            row: checked and without faults so far.
            base: what is there; None: a new offer.
        """
        values = dict(row.values)
        self._price(row, values, base)
        self._must_have_title(row, values, base)
        self._last_day(row, values, base)
        if row.own:
            before = values.get("attributes", base.attributes if base else ())
            values["attributes"] = self._with_own(row, before)
        if row.faults:
            return None
        start = base or Content(title=values["title"])
        content = replace(start, **values)
        for name, message in inconsistencies(vars(content)):
            self._together(row, name, message)
        return None if row.faults else content

    def _price(self, row: Checked, values: dict[str, Any], base: Content | None) -> None:
        if "price" not in values:
            return
        amount: Amount | None = values.pop("price")
        if amount is None:
            values["price_minor"] = None
            return
        if amount.currency and "currency" not in values:
            values["currency"] = amount.currency
        currency = values.get("currency") or (base.currency if base else "CNY")
        try:
            values["price_minor"] = amount.minor(currency)
        except Invalid as error:
            row.faults[str(self.place_of["price"])] = ("why", {"why": error})

    def _must_have_title(self, row: Checked, values: dict[str, Any], base: Content | None) -> None:
        if base is None and not values.get("title") and not row.faults:
            place = str(self.place_of.get("title", ROW))
            row.faults[place] = ("no_title", {})

    def _last_day(self, row: Checked, values: dict[str, Any], base: Content | None) -> None:
        """As in the form: an end that has passed can stay where it is, but nobody sets one."""
        day = values.get("valid_until")
        if day and day < self.today and day != (base.valid_until if base else None):
            row.faults[str(self.place_of["valid_until"])] = ("past", {})

    def _with_own(self, row: Checked, before: Sequence[Pair]) -> tuple[Pair, ...]:
        pairs = list(before)
        for name, value in row.own:
            there = next((n for n, pair in enumerate(pairs) if pair[0] == name), None)
            if value is None:
                pairs = [pair for n, pair in enumerate(pairs) if n != there]
            elif there is None:
                pairs.append((name, value))
            else:
                pairs[there] = (name, value)
        if len(pairs) > MOST_PAIRS:
            row.faults[ROW] = ("pairs", {"most": MOST_PAIRS})
        return tuple(pairs)

    def _together(self, row: Checked, name: str, message: Any) -> None:
        place = self.place_of.get(name)
        if place is not None:
            row.faults[str(place)] = ("why", {"why": message})
        else:
            row.faults[ROW] = ("together", {"field": TARGETS[name].label, "why": message})


def _constants(matching: Matching) -> Iterator[tuple[str, Any]]:
    """The values that stand for every row; what its rule no longer takes is left out."""
    for key, text in matching.constants.items():
        read = TARGETS[key].read if key in CONSTANTS else None
        if text and read is not None:
            with suppress(Invalid):
                yield key, read(text)


def _kept(read: Callable[[str], Any]) -> Callable[[str], Any]:
    """The reader with its answers kept; what is refused is an answer too."""
    known: dict[str, Any] = {}

    def answer(text: str) -> Any:
        try:
            return known[text]
        except KeyError:
            pass
        try:
            value = read(text)
        except Invalid as error:
            value = error
        if len(known) < _MOST_KEPT:
            known[text] = value
        return value

    return answer


def storable(said: Mapping[str, Said]) -> dict[str, Any]:
    """What was said of a row, for JSON: sentences of rules are left to the rules."""
    return {
        place: [code, {name: value for name, value in parameters.items() if name not in _LATE}]
        for place, (code, parameters) in said.items()
    }


_LATE: Final = {"why", "field"}
