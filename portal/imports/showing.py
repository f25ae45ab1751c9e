"""Rows of a sheet as the page and the sheet of refused rows show them: messages in their cells."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from flask import url_for
from flask_babel import gettext as _

from portal.imports import storing
from portal.imports.checking import ROW, Checked, Checker, Said
from portal.imports.matching import OWN, Matching
from portal.imports.models import Outcome, State
from portal.imports.queries import AnyRow, refused_rows
from portal.imports.words import CELL, REASONS_HEADING, sentence
from portal.listings.content import Content
from portal.listings.many import Present, presents
from portal.listings.sheet_columns import COLUMNS
from portal.listings.wording import named
from portal.web.sheets import Cell, Column


class Shower:
    """Draws rows of one import in the reader's language, in the provider's day."""

    def __init__(self, folder: Path, one: AnyRow, today: date) -> None:
        self._folder, self._one = folder, one
        self.checker = Checker(one.columns, Matching.stored(one.mapping, one.options), today)

    @property
    def headings(self) -> list[str]:
        """The sheet's, with a name for those that have none."""
        return [text or _("Column %(n)s", n=n) for n, text in enumerate(self._one.columns, 1)]

    @property
    def heads(self) -> list[str]:
        """Of the shown table: a title that is made of several columns stands before them."""
        made = [str(COLUMNS["title"].label)] if self.checker.matching.title else []
        return [*made, *self.headings]

    def shown(self, rows: Sequence[AnyRow]) -> list[dict[str, Any]]:
        """Rows as the macro `sheet_table` takes them."""
        cells_of = storing.picked(self._folder, self._one.key, [row.number for row in rows])
        ids = {row.listing_id for row in rows if row.listing_id is not None}
        is_plan = self._one.state == State.CHECKED
        there = presents(self._one.provider_id, ids) if is_plan else {}
        return [
            self._shown(row, cells_of.get(row.number, ()), there.get(row.listing_id))
            for row in rows
        ]

    def _shown(self, row: AnyRow, cells: Sequence[str], base: Present | None) -> dict[str, Any]:
        faults, fresh, after = self._faults(row, cells, base)
        notes = {place: (code, of) for place, (code, of) in row.notes.items()} | fresh.notes
        before = self._before(base.content, after) if base and after else {}
        return {
            "number": row.number,
            "outcome": row.outcome,
            "message": faults.get(ROW),
            "note": _said(notes[ROW]) if ROW in notes else None,
            "link": _link(row.listing_id),
            "cells": [
                *self._title(cells, base),
                *(
                    {
                        "value": text,
                        "error": faults.get(str(place)),
                        "note": _said(notes[str(place)]) if str(place) in notes else None,
                        "before": before.get(place),
                    }
                    for place, text in enumerate(cells)
                ),
            ],
        }

    def _title(self, cells: Sequence[str], base: Present | None) -> list[dict[str, Any]]:
        """The cell of a title that is made of several columns."""
        if not self.checker.matching.title:
            return []
        title = self.checker.title_of(cells) if cells else ""
        was = base.content.title if base and base.content.title != title else None
        return [{"value": title, "error": None, "note": None, "before": was}]

    def _faults(
        self, row: AnyRow, cells: Sequence[str], base: Present | None
    ) -> tuple[dict[str, str], Checked, Content | None]:
        """Place → sentence; the row read once more says what rules say, in the reader's words."""
        fresh = self.checker.check(cells) if cells else Checked()
        after = self.checker.applied(fresh, base.content if base else None) if cells else None
        if row.outcome != Outcome.REFUSED:
            return {}, fresh, after
        said = {}
        for place, (code, parameters) in row.messages.items():
            if code == CELL and cells:
                said[place] = str(
                    self.checker.why(int(place), cells[int(place)]) or _said((code, {}))
                )
            else:
                again = fresh.faults.get(place)
                is_rule = again is not None and again[0] == code
                said[place] = _said(again if is_rule and again else (code, parameters))
        return said, fresh, after

    def _before(self, base: Content, after: Content) -> dict[int, str]:
        """Place of a column → what the offer says there now, where the row says otherwise."""
        old, new = (SimpleNamespace(**vars(content)) for content in (base, after))
        found = {}
        for key, place in self.checker.place_of.items():
            if key == "id":
                continue
            before, later = COLUMNS[key].show(old), COLUMNS[key].show(new)
            if before != later:
                found[place] = "—" if before is None or before == "" else str(before)
        for place, key in self.checker.matching.columns.items():
            if key == OWN:
                name = self._one.columns[place]
                was, will = dict(base.attributes).get(name), dict(after.attributes).get(name)
                if was != will:
                    found[place] = was or "—"
        return found

    def refused(self) -> tuple[list[Column], Iterator[list[Cell]]]:
        """A sheet of the refused rows: why, and their cells as they were."""
        heads = [Column(str(REASONS_HEADING), 60), *(Column(text) for text in self._one.columns)]
        return heads, self._refused()

    def _refused(self) -> Iterator[list[Cell]]:
        waiting = refused_rows(self._one.id)
        row = next(waiting, None)
        for number, cells in storing.rows_of(self._folder, self._one.key):
            while row is not None and row.number < number:
                row = next(waiting, None)
            if row is not None and row.number == number:
                faults, _fresh, _after = self._faults(row, cells, None)
                yield [self._reasons(faults), *cells]

    def _reasons(self, faults: Mapping[str, str]) -> str:
        lines = []
        for place, text in faults.items():
            heading = self.headings[int(place)] if place != ROW else ""
            lines.append(f"{heading}: {text}" if heading else text)
        return "\n".join(lines)


def _link(listing_id: int | None) -> tuple[str, str] | None:
    if listing_id is None:
        return None
    return f"#{listing_id}", url_for("listings.edit", listing_id=listing_id)


def _said(said: Said) -> str:
    code, parameters = said[0], dict(said[1])
    if "parts" in parameters:
        parameters["parts"] = named(tuple(parameters["parts"]))
    return sentence(code, parameters)
