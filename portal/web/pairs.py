"""The field of a seller's own attribute pairs: names and values, in the seller's order.

Pairs come as `attributes-<n>-name` and `attributes-<n>-value`, in the order of n. An empty
`attributes` beside them says that the editor was there even when its last pair is gone; without
both, the listing's pairs stay. Without JavaScript the editor's buttons send the form, and the
rows come back changed.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

from flask_babel import lazy_gettext as _l
from wtforms import Field
from wtforms.utils import unset_value
from wtforms.validators import StopValidation

from portal.web.parsing import Invalid, parse_line, printable

MOST_PAIRS: Final = 50
LONGEST_NAME: Final = 50
LONGEST_VALUE: Final = 200

_BUTTON: Final = re.compile(r"(?P<what>add|(?:up|down|remove)(?=-))(?:-(?P<n>[0-9]{1,4}))?")
_BLANKS: Final = " \t\r\n\u00a0\u3000"


@dataclass(frozen=True)
class PairRow:
    """One pair as typed, and what is wrong with it."""

    n: int
    name: str = ""
    value: str = ""
    errors: list[Any] = field(default_factory=list)

    @property
    def is_blank(self) -> bool:
        """Whether neither side says anything."""
        return not (self.name.strip(_BLANKS) or self.value.strip(_BLANKS))


@dataclass(frozen=True)
class PairButton:
    """A button of the editor: `add`, or `up`, `down`, `remove` on row `n`."""

    what: str
    n: int = -1


def pair_button(form: Any, prefix: str = "attributes") -> PairButton | None:
    """Which of the editor's buttons sent `form` (a multi-dict), if one did.

    Both spellings count: `pairs=up-3` and `attributes-up=3`.
    """
    said = form.get("pairs")
    for what in ("add", "up", "down", "remove"):
        if said is None and (n := form.get(f"{prefix}-{what}")) is not None:
            said = what if what == "add" else f"{what}-{n}"
    match = _BUTTON.fullmatch(said) if isinstance(said, str) and len(said) < 20 else None
    if match is None or (match["what"] != "add" and match["n"] is None):
        return None
    return PairButton(match["what"], int(match["n"] or -1))


def press(rows: Sequence[PairRow], button: PairButton) -> list[PairRow]:
    """The rows after `button`, numbered anew; a button for a row that is not there does nothing."""
    pressed = list(rows)
    index = next((i for i, row in enumerate(pressed) if row.n == button.n), None)
    if button.what == "add":
        # One more than may be saved is enough to be told so.
        pressed += [PairRow(0)] if len(pressed) <= MOST_PAIRS else []
    elif index is not None and button.what == "remove":
        del pressed[index]
    elif index is not None:
        other = index + (1 if button.what == "down" else -1)
        if 0 <= other < len(pressed):
            pressed[index], pressed[other] = pressed[other], pressed[index]
    # Errors are for saving: a pair half typed is none while rows are being added.
    return [replace(row, n=n, errors=[]) for n, row in enumerate(pressed)]


class AttributePairsField(Field):
    """The seller's pairs; `data` is a list of (name, value), `rows` what the editor shows."""

    rows: list[PairRow]

    def process(self, formdata: Any, data: Any = unset_value, extra_filters: Any = None) -> None:
        """Read the pairs from the body, else from the object."""
        self.process_errors: list[Any] = []
        self.object_data = None if data is unset_value else data
        self.data = [_pair(item) for item in self.object_data or ()]
        self.rows = [PairRow(n, *pair) for n, pair in enumerate(self.data)]
        if formdata is not None:
            self.raw_data: list[str] = []
            self._read(formdata)

    def _read(self, formdata: Any) -> None:
        rows = _rows_of(formdata, self.name)
        if not rows and self.name not in formdata:
            return
        written = [row for row in rows if not row.is_blank]
        if len(written) > MOST_PAIRS:
            self.rows, self.data = [_echoed(row) for row in rows], []
            self.process_errors.append(
                _l("At most %(most)s attribute pairs: remove some.", most=MOST_PAIRS)
            )
            return
        self.rows = [_checked(row) for row in rows]
        marked = [index for index, row in enumerate(self.rows) if row.errors]
        if marked:
            # Where a summary of the errors leads: the editor draws its rows by their place.
            self.id = f"{self.name}-{marked[0]}-name"
        self.data = [] if marked else [_cleaned(row) for row in written]
        self.rows = [_echoed(row) for row in self.rows]

    def pre_validate(self, _form: Any) -> None:
        """Say at the field that a pair is wrong; the pair itself says what."""
        if any(row.errors for row in self.rows):
            raise StopValidation(_l("Correct the marked attribute pairs."))

    def press(self, button: PairButton) -> None:
        """Change the rows as the editor's button says; the form is then drawn again."""
        self.rows = press(self.rows, button)

    def _value(self) -> str:
        return ""


def _rows_of(formdata: Any, prefix: str) -> list[PairRow]:
    pattern = re.compile(re.escape(prefix) + r"-([0-9]{1,4})-(name|value)")
    found: dict[int, dict[str, str]] = {}
    for key in formdata:
        if (match := pattern.fullmatch(key)) and isinstance(text := formdata.get(key), str):
            found.setdefault(int(match[1]), {}).setdefault(match[2], text)
    return [
        PairRow(n, sides.get("name", ""), sides.get("value", ""))
        for n, sides in sorted(found.items())
    ]


def _echoed(row: PairRow) -> PairRow:
    return replace(row, name=printable(row.name), value=printable(row.value))


def _checked(row: PairRow) -> PairRow:
    errors: list[Any] = []
    if not row.is_blank:
        errors = [
            *_wrong(row.name, LONGEST_NAME, _l("Give this value a name.")),
            *_wrong(row.value, LONGEST_VALUE, _l("Give this name a value.")),
        ]
    return replace(row, errors=errors)


def _wrong(raw: str, most: int, missing: Any) -> Iterable[Any]:
    try:
        if not parse_line(raw, most=most):
            yield missing
    except Invalid as error:
        yield error.message


def parse_pair(name: str, value: str) -> tuple[str, str]:
    """One pair from its two sides as typed.

    Raises:
        portal.web.parsing.Invalid: one side is empty, too long or holds what no line may.
    """
    for raw, most, missing in (
        (name, LONGEST_NAME, _l("Give this value a name.")),
        (value, LONGEST_VALUE, _l("Give this name a value.")),
    ):
        for message in _wrong(raw, most, missing):
            raise Invalid(message)
    return parse_line(name, most=LONGEST_NAME), parse_line(value, most=LONGEST_VALUE)


def _cleaned(row: PairRow) -> tuple[str, str]:
    return parse_line(row.name, most=LONGEST_NAME), parse_line(row.value, most=LONGEST_VALUE)


def _pair(item: Any) -> tuple[str, str]:
    if isinstance(item, Sequence):
        return str(item[0]), str(item[1])
    return item.name, item.value
