"""Forms of imports: the file, what its columns are, which model a name is, how much comes in."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from portal import hardware
from portal.imports.matching import (
    CONSTANTS,
    KEYS,
    LONGEST_OWN,
    LONGEST_PATTERN,
    OWN,
    TARGETS,
    Matching,
    placeholders,
    places_of,
)
from portal.imports.reading import LARGEST_FILE, Sheet, Unreadable, read
from portal.listings.fields import RULES, SECTIONS
from portal.listings.sheet_cells import plain
from portal.listings.sheet_columns import heading
from portal.web.fields import LineField, PortalForm
from portal.web.parsing import Invalid, parse_line, printable

NO_GPU: Final = "-"
"""Chosen for a name that stands for no GPU of the catalogue."""
MOST_ASKED: Final = 20
"""Names of GPUs that are asked about at a time."""
_SECTION_OF: Final = {
    "id": "offer",
    "price": "price",
    "currency": "price",
    "unit": "price",
    "discounts": "price",
    "valid_until": "time",
    "attributes": "description",
    "description": "description",
}


class UploadForm(PortalForm):
    """A sheet to be imported; the nonce makes a second copy of the form the same import."""

    form_nonce = LineField(most=32)

    def sheet_in(self, file: Any) -> tuple[bytes, Sheet] | None:
        """The bytes and rows of the sent file; None, with `problems`, where it is no sheet."""
        self.problems: list[Any] = []
        if file is None or not file.filename:
            self.problems.append(_l("Choose a file."))
            return None
        data = file.stream.read(LARGEST_FILE + 1)
        try:
            return data, read(data)
        except Unreadable as error:
            self.problems.append(error.message)
            return None


def file_name_of(file: Any) -> str:
    """The file's name for people to recognise, without folders."""
    name = printable(str(file.filename)).replace("\\", "/").rpartition("/")[2]
    return name[:200] or "?"


@dataclass
class ColumnsForm:
    """What the columns of a sheet are; `errors` by the names of the form's fields."""

    headings: Sequence[str]
    matching: Matching
    errors: dict[str, Any] = field(default_factory=dict)

    @classmethod
    def sent(
        cls, headings: Sequence[str], form: Mapping[str, str], before: Matching
    ) -> "ColumnsForm":
        """The form as sent; names of GPUs stay as they were matched before."""
        columns = {
            place: key
            for place in range(len(headings))
            if (key := form.get(f"column-{place}", "")) in {*TARGETS, OWN}
        }
        key = form.get("key", "")
        matching = Matching(
            columns=columns,
            constants={name: form.get(name, "").strip()[:64] for name in CONSTANTS},
            title=printable(form.get("title", "")).strip()[: LONGEST_PATTERN + 1],
            key=key if key in KEYS else "",
            clears=form.get("clears") == "1",
            gpus=before.gpus,
        )
        made = cls(headings, matching)
        made._check()
        return made

    def _check(self) -> None:
        self._check_columns()
        for name, text in self.matching.constants.items():
            try:
                if text:
                    TARGETS[name].read(text)  # type: ignore[misc]
            except Invalid as error:
                self.errors[name] = error.message
        self._check_title()
        key = self.matching.key
        if key and key not in self.matching.targets:
            label = TARGETS[key].label
            self.errors["key"] = _("Match a column to “%(field)s” first.", field=label)

    def _check_columns(self) -> None:
        first: dict[str, int] = {}
        for place, key in self.matching.columns.items():
            if key == OWN:
                self._check_own(place)
            elif first.setdefault(key, place) != place:
                other = self.headings[first[key]]
                self.errors[f"column-{place}"] = _("“%(column)s” is this already.", column=other)
        if not self.matching.columns:
            self.errors["columns"] = _l("Match at least one column.")

    def _check_own(self, place: int) -> None:
        try:
            parse_line(self.headings[place], most=LONGEST_OWN, least=1)
        except Invalid as error:
            self.errors[f"column-{place}"] = error.message

    def _check_title(self) -> None:
        pattern, targets = self.matching.title, self.matching.targets
        known = places_of(self.headings)
        unknown = [name for name in placeholders(pattern) if plain(name) not in known]
        if len(pattern) > LONGEST_PATTERN:
            self.errors["title"] = _l("This is too long: check what was typed.")
        elif unknown:
            self.errors["title"] = _("No column is called %(names)s.", names=", ".join(unknown))
        elif not pattern and "title" not in targets and not self.matching.key:
            self.errors["title"] = _l("Say of which columns the title is made.")


def field_groups() -> list[tuple[str, list[tuple[str, str]]]]:
    """What a column can be, by the editor's sections."""
    groups: dict[str, list[tuple[str, str]]] = {section: [] for section in SECTIONS}
    for key, column in TARGETS.items():
        section = RULES[key].section if key in RULES else _SECTION_OF[key]
        groups[section].append((key, heading(column)))
    return [(str(SECTIONS[name]), members) for name, members in groups.items() if members]


def chosen_gpus(form: Mapping[str, str]) -> dict[str, str]:
    """Name in the sheet → key in the catalogue, or empty for none, as chosen in the form."""
    chosen = {}
    for n in range(MOST_ASKED):
        name, key = form.get(f"name-{n}", ""), form.get(f"gpu-{n}", "")
        if name and (key == NO_GPU or hardware.model(key)):
            chosen[name[:200]] = "" if key == NO_GPU else key
    return chosen
