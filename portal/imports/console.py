"""Imports and exports from the command line: the same work as in the browser, with a bar."""

import json
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from threading import Thread
from typing import Any, Final

from flask import Flask
from flask_babel import force_locale
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

from portal import clock
from portal.extensions import db
from portal.imports import actions, queries, storing
from portal.imports.matching import OWN, TARGETS, Matching
from portal.imports.models import State
from portal.imports.queries import AnyRow
from portal.imports.reading import read
from portal.jobs.worker import Handler, work_once
from portal.listings.exporting import rows_of
from portal.listings.filters import read as read_filters
from portal.listings.sheet_cells import plain
from portal.listings.sheet_columns import chosen, heading
from portal.web.languages import LANGUAGES
from portal.web.sheets import Cell, Column, Format, csv_bytes
from portal.web.workbooks import workbook

_LOOK: Final = 0.1
_RUNNING: Final = (State.CHECKING, State.IMPORTING)


class CannotImport(ValueError):  # noqa: N818 - an answer, not a fault
    """The sheet or its mapping cannot be used; the message says why."""


def import_file(
    app: Flask, path: Path, provider_id: int, mapping: Path | None, *, whole: bool, is_dry: bool
) -> dict[str, int]:
    """Bring a sheet in for a provider; returns how many rows came to what.

    Args:
        app: the application.
        path: of a CSV or XLSX.
        provider_id: whose offers they are.
        mapping: a JSON file: `columns` (heading → field, or `own`), `constants`, `title`, `key`,
            `clears`, `gpus`; None: as such a sheet was matched last, else by its headings.
        whole: everything or nothing.
        is_dry: only check.

    Raises:
        portal.web.parsing.Invalid: the file is no sheet.
        CannotImport: the mapping names what is not there.
    """
    with _closed_after(app):
        one = _checked(app, path, provider_id, mapping)
        to_do = one.counts.get("new", 0) + one.counts.get("changed", 0)
        if is_dry or one.state != State.CHECKED or not to_do:
            return dict(one.counts)
        with app.app_context():
            actions.start(provider_id, one.id, whole=whole, by=None)
        return dict(_awaited(app, provider_id, one.id, "Importing").counts)


def _checked(app: Flask, path: Path, provider_id: int, mapping: Path | None) -> AnyRow:
    folder = storing.folder_of(app.config["PORTAL"])
    with app.app_context(), force_locale(LANGUAGES["en"]):
        data = path.read_bytes()
        sheet = read(data)
        matching, _known = queries.matching_for(provider_id, sheet.headings)
        if mapping is not None:
            matching = _mapped(json.loads(mapping.read_text(encoding="utf-8")), sheet.headings)
        import_id = actions.upload(folder, provider_id, path.name, data, sheet, by=None)
        actions.match(provider_id, import_id, matching, by=None)
    return _awaited(app, provider_id, import_id, "Checking")


@contextmanager
def _closed_after(app: Flask) -> Iterator[None]:
    """Close the connections of the command at its end."""
    try:
        yield
    finally:
        with app.app_context():
            db.engine.dispose()


def _mapped(said: Mapping[str, Any], headings: Sequence[str]) -> Matching:
    places = {plain(text): place for place, text in reversed(list(enumerate(headings)))}
    columns = said.get("columns", {})
    if unknown := [text for text in columns if plain(text) not in places]:
        raise CannotImport(f"The sheet has no column {', '.join(unknown)}.")
    if unknown := [key for key in columns.values() if key not in {*TARGETS, OWN}]:
        raise CannotImport(f"There is no field {', '.join(unknown)}: take {', '.join(TARGETS)}.")
    by_place = {str(places[plain(text)]): key for text, key in columns.items()}
    return Matching.stored(by_place, said)


def _awaited(app: Flask, provider_id: int, import_id: int, what: str) -> AnyRow:
    """Do the work, or let a worker that is running do it; the import as it is afterwards."""
    folder = storing.folder_of(app.config["PORTAL"])
    handlers = {
        actions.CHECK: Handler(partial(actions.check, folder), actions.give_up),
        actions.WRITE: Handler(partial(actions.write, folder), actions.give_up),
    }
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    with Progress(*columns, console=Console(stderr=True)) as progress:
        bar = progress.add_task(what)
        while True:
            thread = Thread(target=work_once, args=(app, handlers))
            thread.start()
            while thread.is_alive():
                thread.join(_LOOK)
                one = _now(app, provider_id, import_id)
                progress.update(bar, completed=one.done, total=one.total)
            one = _now(app, provider_id, import_id)
            if one.state not in _RUNNING:
                progress.update(bar, completed=one.total, total=one.total)
                return one
            time.sleep(_LOOK)


def _now(app: Flask, provider_id: int, import_id: int) -> AnyRow:
    with app.app_context():
        return queries.import_of(provider_id, import_id)


def export_file(app: Flask, path: Path, provider_id: int, query: str, language: str) -> int:
    """Write a provider's offers into a file; returns how many.

    Args:
        app: the application.
        path: ends in .csv or .xlsx.
        provider_id: whose offers.
        query: the index's, such as `status=live&gpu=h20`; empty: all that are not archived.
        language: of headings and words.
    """
    with _closed_after(app), app.app_context(), force_locale(LANGUAGES[language]):
        filters, _cursor = read_filters(query.encode())
        columns = chosen(())
        heads = [Column(heading(column), column.width) for column in columns]
        written = 0

        def counted() -> Iterator[list[Cell]]:
            nonlocal written
            for row in rows_of(provider_id, filters, columns, clock.today()):
                written += 1
                yield row

        if path.suffix == f".{Format.XLSX.ending}":
            pieces = workbook([(column.heading, column.width) for column in heads], counted())
        else:
            pieces = csv_bytes(heads, counted())
        with path.open("wb") as file:
            file.writelines(pieces)
    return written
