"""Form fields that hold short lists: discounts for longer terms, and pictures in their order.

As with attribute pairs, entries come as `<field>-<n>-<side>` in the order of n, and an empty
`<field>` beside them says that the editor was there even when its last entry is gone.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Any, Final

from flask_babel import lazy_gettext as _l
from wtforms import Field
from wtforms.utils import unset_value
from wtforms.validators import StopValidation

from portal.web.parsing import Invalid, parse_count, parse_line, printable

MOST_DISCOUNTS: Final = 6
MOST_PICTURES: Final = 20
LONGEST_ALT: Final = 200
_BUTTON: Final = re.compile(
    r"(?P<field>discounts|images)-(?P<what>add|up|down|cover|remove)(?:-(?P<n>[0-9]{1,4}))?"
)
MOST_MONTHS: Final = 120
MOST_PERCENT: Final = 95
_KEY: Final = re.compile(r"[0-9a-f]{32}")


@dataclass(frozen=True)
class Entry:
    """One entry as typed: its two sides, and what is wrong with it."""

    n: int
    first: str = ""
    second: str = ""
    errors: tuple[Any, ...] = field(default=())

    @property
    def is_blank(self) -> bool:
        """Whether neither side says anything."""
        return not (self.first.strip() or self.second.strip())


@dataclass(frozen=True)
class EntryButton:
    """A button of a list: what it does in which `field`, to the entry in place `n`."""

    field: str
    what: str
    n: int = -1


def entry_button(form: Any) -> EntryButton | None:
    """Which button of a list sent the form (a multi-dict), if one did: `rows=images-up-3`."""
    said = form.get("rows")
    match = _BUTTON.fullmatch(said) if isinstance(said, str) and len(said) < 40 else None
    if match is None:
        return None
    return EntryButton(match["field"], match["what"], int(match["n"] or -1))


class _ListField(Field):
    """A list of pairs; `data` what they mean, `rows` what the editor shows."""

    sides: tuple[str, str]
    most: int
    rows: list[Entry]

    def process(self, formdata: Any, data: Any = unset_value, extra_filters: Any = None) -> None:
        """Read the entries from the body, else from the object."""
        self.process_errors: list[Any] = []
        self.object_data = None if data is unset_value else data
        self.data: Any = tuple(tuple(pair) for pair in self.object_data or ())
        self.rows = [Entry(n, str(a), str(b)) for n, (a, b) in enumerate(self.data)]
        if formdata is None:
            return
        self.raw_data: list[str] = []
        rows = list(_rows(formdata, self.name, self.sides))
        if rows or self.name in formdata:
            self._read([row for row in rows if not row.is_blank])

    def _read(self, rows: list[Entry]) -> None:
        if len(rows) > self.most:
            self.rows, self.data = [_shown(row) for row in rows[: self.most + 1]], ()
            self.process_errors.append(_l("At most %(most)s: remove some.", most=self.most))
            return
        values: list[Any] = []
        self.rows = []
        for row in rows:
            try:
                values.append(self.parse(row))
                self.rows.append(_shown(row))
            except Invalid as error:
                self.rows.append(replace(_shown(row), errors=(error.message,)))
        self.data = tuple(values)

    def parse(self, row: Entry) -> tuple[Any, Any]:
        """What an entry means; raises Invalid."""
        raise NotImplementedError

    def press(self, button: EntryButton) -> None:
        """Change the rows as a button says; the form is then drawn again, nothing is saved."""
        rows = [replace(row, n=n, errors=()) for n, row in enumerate(self.rows)]
        here = button.n
        if button.what == "add":
            rows.append(Entry(len(rows)))
        elif 0 <= here < len(rows):
            row = rows.pop(here)
            there = {"up": max(0, here - 1), "down": here + 1, "cover": 0}.get(button.what)
            if there is not None:
                rows.insert(there, row)
        self.rows = [replace(row, n=n) for n, row in enumerate(rows)]

    def pre_validate(self, _form: Any) -> None:
        """Say at the field that an entry is wrong; the entry itself says what."""
        if any(row.errors for row in self.rows):
            raise StopValidation(_l("Correct the marked entries."))

    def _value(self) -> str:
        return ""


class DiscountsField(_ListField):
    """From so many months on, so many percent less: `discounts-<n>-months` and `-percent`."""

    sides = ("months", "percent")
    most = MOST_DISCOUNTS

    def parse(self, row: Entry) -> tuple[int, int]:
        """Months and percent."""
        return parse_count(row.first, 1, MOST_MONTHS), parse_count(
            row.second.strip().rstrip("%％"), 1, MOST_PERCENT
        )

    def _read(self, rows: list[Entry]) -> None:
        super()._read(rows)
        self.data = tuple(sorted(self.data))

    def pre_validate(self, form: Any) -> None:
        """The same number of months twice is nobody's intent."""
        super().pre_validate(form)
        months = [months for months, _percent in self.data]
        if len(set(months)) < len(months):
            raise StopValidation(_l("The same number of months stands here twice."))


class PicturesField(_ListField):
    """Pictures of a listing in their order: `images-<n>-key` and `images-<n>-alt`."""

    sides = ("key", "alt")
    most = MOST_PICTURES

    def parse(self, row: Entry) -> tuple[str, str]:
        """Key and alternative text."""
        if not _KEY.fullmatch(row.first):
            raise Invalid(_l("This is none of your pictures."))
        return row.first, parse_line(row.second, most=LONGEST_ALT)

    def mark(self, keys: Iterable[str], message: Any) -> None:
        """Say at the pictures of these keys what is wrong with them."""
        wrong = set(keys)
        self.rows = [
            replace(row, errors=(message,)) if row.first in wrong else row for row in self.rows
        ]

    def pre_validate(self, form: Any) -> None:
        """The same picture twice is a mistake of a script."""
        super().pre_validate(form)
        keys = [key for key, _alt in self.data]
        if len(set(keys)) < len(keys):
            raise StopValidation(_l("The same picture stands here twice."))


def _shown(row: Entry) -> Entry:
    """As the editor shows it; what is judged is what was sent."""
    return replace(row, first=printable(row.first), second=printable(row.second))


def _rows(formdata: Any, prefix: str, sides: tuple[str, str]) -> Iterable[Entry]:
    pattern = re.compile(rf"{re.escape(prefix)}-([0-9]{{1,4}})-({sides[0]}|{sides[1]})")
    found: dict[int, dict[str, str]] = {}
    for name in formdata:
        if (match := pattern.fullmatch(name)) and isinstance(text := formdata.get(name), str):
            found.setdefault(int(match[1]), {})[match[2]] = text
    for n, entry in sorted(found.items()):
        yield Entry(n, entry.get(sides[0], ""), entry.get(sides[1], ""))
