"""Figures of sheets: memory and first byte of an export, rows a second of an import."""

import csv
import gc
import io
import json
import random
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from flask import Flask
from sqlalchemy import select

from bench import seed
from bench.figures import figure
from portal import create_app
from portal.accounts.actions import add_provider
from portal.config import MIB, Settings
from portal.extensions import db
from portal.imports import actions, reading, storing
from portal.imports.matching import Matching
from portal.imports.models import Import

_LISTINGS: Final = 100_000
_ROWS: Final = 10_000
_SHEETS: Final = 3
_LIMITS: Final = {"csv": 60 * MIB, "xlsx": 150 * MIB}
_FIRST_BYTE: Final = 0.3
_PAGE: Final = 4096


@figure("export-memory", at_most=1)
def export_memory() -> float:
    """Memory growth and first byte of an export of 100,000 listings: the worst against its limit."""
    app = seed.app_with(_LISTINGS)
    worst = 0.0
    for kind, limit in _LIMITS.items():
        # A process of its own: memory that another figure has left free would hide the growth.
        folder: Path = app.config["PORTAL"].data_dir
        command = [sys.executable, "-m", "bench.sheets", str(folder), kind]
        said = subprocess.run(command, capture_output=True, check=True, text=True).stdout
        grown, first, size, seconds = json.loads(said.splitlines()[-1])
        print(
            f"# {kind}: {grown / MIB:.0f} MiB of {limit / MIB:.0f}, first byte {first * 1e3:.0f} ms"
            f" of {_FIRST_BYTE * 1e3:.0f}, {size / MIB:.0f} MiB in {seconds:.0f} s"
        )
        worst = max(worst, grown / limit, first / _FIRST_BYTE)
    return worst


def _export(folder: Path, kind: str) -> tuple[int, float, int, float]:
    """Export everything; bytes of growth, seconds to the first byte, bytes sent, seconds."""
    app = create_app(Settings(data_dir=folder))
    client = seed.signed_in(app)
    # What a first request loads is no growth of the export.
    client.get(f"/portal/listings/export.{kind}?q=nothing-like-this").get_data()
    before = most = _resident()
    begun = time.perf_counter()
    answer = client.get(f"/portal/listings/export.{kind}", buffered=False)
    first, size = 0.0, 0
    for piece in answer.iter_encoded():
        first = first or time.perf_counter() - begun
        size += len(piece)
        most = max(most, _resident())
    return most - before, first, size, time.perf_counter() - begun


def _resident() -> int:
    """Bytes of this process in memory."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * _PAGE


@figure("import-rate", at_least=2000)
def import_rate() -> float:
    """Rows a second of a sheet of 10,000 new offers, from the checked file to the drafts.

    The best of three: other work on the machine only ever makes it slower.
    """
    app = seed.app_with(0)
    with app.app_context():
        provider_id = add_provider("Imports")
        return max(_imported(app, provider_id, sheet) for sheet in range(_SHEETS))


def _imported(app: Flask, provider_id: int, number: int) -> float:
    """Rows a second of one sheet."""
    folder = storing.folder_of(app.config["PORTAL"])
    data = _sheet(number)
    matching = Matching(
        columns=dict(enumerate(_COLUMNS)), key="own_number", constants={"unit": "machine_month"}
    )
    begun = time.perf_counter()
    sheet = reading.read(data)
    parsed = time.perf_counter() - begun
    import_id = actions.upload(folder, provider_id, "bench.csv", data, sheet, by=None)
    actions.match(provider_id, import_id, matching, by=None)
    begun = time.perf_counter()
    actions.check(folder, _job(import_id))
    checked = time.perf_counter() - begun
    actions.start(provider_id, import_id, whole=False, by=None)
    job = _job(import_id)
    gc.freeze()  # as the worker does when it starts
    begun = time.perf_counter()
    actions.write(folder, job)
    written = time.perf_counter() - begun
    gc.unfreeze()
    counts = db.session.scalar(select(Import.counts).where(Import.id == import_id))
    db.session.rollback()
    if counts != {"new": _ROWS}:
        raise RuntimeError(f"the import came to {counts}")
    print(
        f"# {_ROWS} rows: read in {parsed:.2f} s, dry run {checked:.2f} s, import {written:.2f} s"
    )
    return _ROWS / written


def _job(import_id: int) -> dict[str, object]:
    options = db.session.scalar(select(Import.options).where(Import.id == import_id))
    db.session.rollback()
    assert options is not None
    return {"import_id": import_id, "run": options["run"]}


_COLUMNS: Final = (
    "own_number", "title", "gpu_model", "gpu_count", "ram_gib", "price", "stock", "place",
    "description", "own", "own",
)  # fmt: skip


def _sheet(number: int) -> bytes:
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(
        ["No", "Title", "GPU", "GPUs", "RAM", "Price", "Stock", "Place", "Text", "Rack", "Net"]
    )
    writer.writerows(_rows(number))
    return text.getvalue().encode()


def _rows(sheet: int) -> Iterator[list[object]]:
    chance = random.Random(7)
    for number in range(_ROWS):
        gpu = chance.choice(("RTX 4090", "A100 (80 GB)", "H100", "L40S", "H20"))
        yield [
            f"N-{sheet}-{number}",
            f"{gpu} 整机租赁 {number}",
            gpu,
            chance.choice((1, 2, 4, 8)),
            chance.choice((64, 128, 512)),
            f"{chance.randrange(100, 90_000)}.50",
            chance.randrange(20),
            chance.choice(("北京", "上海", "深圳")),
            f"适合推理与微调，整机交付，第 {number} 号机柜，含运维与监控。",
            f"A{number % 40}",
            chance.choice(("IB 400G", "RoCE 200G")),
        ]


if __name__ == "__main__":
    print(json.dumps(_export(Path(sys.argv[1]), sys.argv[2])))
