"""Runs every check of the house and names what breaks a rule; exit status 1 when something does."""

import sys

from tests.checks import locks, sources, templates, translations

found = [fault for check in (sources, templates, translations, locks) for fault in check.faults()]
for fault in found:
    print(fault)
sys.exit(1 if found else 0)
