"""`python -m bench [name]`: measure and print one line a figure; exit 1 when a goal is missed."""

import os
import platform
import sys
import time

from bench import (
    cells,
    inbox,
    mailing,
    pages,
    peers,
    racing,
    replies,
    searching,
    serving,
    sheets,
    weight,
)
from bench.figures import FIGURES

MODULES = (cells, inbox, mailing, pages, peers, racing, replies, searching, serving, sheets, weight)


def main(wanted: list[str]) -> int:
    """Measure the named figures, or all; returns the exit status."""
    unknown = [name for name in wanted if name not in FIGURES]
    if unknown:
        print(f"No figure {', '.join(unknown)}; there are: {', '.join(FIGURES)}.")
        return 2
    print(f"# {os.cpu_count()} cores, {platform.machine()}, Python {platform.python_version()}")
    missed = 0
    for name in wanted or FIGURES:
        one = FIGURES[name]
        begun = time.monotonic()
        value = one.measure()
        verdict = "holds" if one.holds(value) else "misses"
        missed += verdict == "misses"
        print(f"FIGURE {name} {value:.4g} goal {one.goal} {verdict}", flush=True)
        print(f"# {name} took {time.monotonic() - begun:.0f} s", flush=True)
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
