"""Writes of imports: a sheet sent and matched, its dry run, what it brings in."""

from portal.imports.actions.dry_run import CHECK, check
from portal.imports.actions.sending import (
    AlreadyRunning,
    choose_gpus,
    give_up,
    match,
    purge,
    start,
    upload,
)
from portal.imports.actions.writing import WRITE, write

__all__ = [
    "CHECK",
    "WRITE",
    "AlreadyRunning",
    "check",
    "choose_gpus",
    "give_up",
    "match",
    "purge",
    "start",
    "upload",
    "write",
]
