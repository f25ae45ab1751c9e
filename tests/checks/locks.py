"""Whether the locks hold what pyproject.toml and package.json ask for, hashed and without addresses.

Works without a network: what the packages themselves ask for is read from the installed ones.
"""

import json
import re
import tomllib
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path
from typing import Any, Final

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.checks.sources import ROOT

_REMEDY: Final = "run `make lock`"
_ENTRY: Final = re.compile(r"^(?P<name>[A-Za-z0-9._-]+)==(?P<version>[^ ;\\]+)", re.MULTILINE)
_ADDRESS: Final = re.compile(r"https?://|\"resolved\"|--(?:extra-)?index-url|--find-links")

Versions = dict[str, set[str]]


def faults(root: Path = ROOT) -> list[str]:
    """What is out of step."""
    project = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))
    run: list[str] = project["project"]["dependencies"]
    groups: dict[str, list[str]] = project["dependency-groups"]
    asked = {
        "requirements.lock": run,
        "requirements-dev.lock": [*run, *groups["test"], *groups["check"]],
        "requirements-install.lock": groups["install"],
        "requirements-node.lock": groups["node"],
    }
    found = [
        f"{name}: {fault}"
        for name, wanted in asked.items()
        for fault in _python_faults((root / name).read_text(encoding="utf-8"), wanted)
    ]
    found += [f"package-lock.json: {fault}" for fault in _front_end_faults(root)]
    others = sorted((root / "bench").glob("*.lock"))
    return found + [
        f"bench/{path.name}: {fault}"
        for path in others
        for fault in _shape_faults(path.read_text(encoding="utf-8"))
    ]


def _shape_faults(lock: str) -> Iterator[str]:
    if _ADDRESS.search(lock):
        yield "holds an address"
    entries = [entry for entry in re.split(r"\n(?=\S)", lock) if entry.strip()]
    for entry in entries:
        if "--hash=sha256:" not in entry:
            yield f"{entry.split()[0]} has no hash"


def _python_faults(lock: str, asked: list[str]) -> Iterator[str]:
    yield from _shape_faults(lock)
    locked = _locked(lock)
    for requirement in map(Requirement, asked):
        pin = str(requirement.specifier)
        if not pin.startswith("=="):
            yield f"pyproject.toml does not pin {requirement.name} exactly"
        elif pin.removeprefix("==") not in locked.get(canonicalize_name(requirement.name), set()):
            yield f"has not {requirement.name}{pin} ({_REMEDY})"
    yield from _left_over(locked, asked)


def _locked(lock: str) -> Versions:
    found: Versions = {}
    for entry in _ENTRY.finditer(lock):
        found.setdefault(canonicalize_name(entry["name"]), set()).add(entry["version"])
    return found


def _left_over(locked: Versions, asked: list[str]) -> Iterator[str]:
    """Names that are locked though nothing asks for them."""
    reached: set[str] = set()  # names, and names with their extras
    waiting = [Requirement(each) for each in asked]
    is_complete = True
    while waiting:
        requirement = waiting.pop()
        name: str = canonicalize_name(requirement.name)
        key = f"{name}[{','.join(sorted(requirement.extras))}]"
        if key in reached:
            continue
        reached |= {key, name}
        try:
            needs = metadata.requires(name) or []
        except metadata.PackageNotFoundError:
            is_complete = False  # meant for another machine: what it asks for is not known here
            continue
        waiting += _needed(map(Requirement, needs), requirement.extras)
    if is_complete:
        for name in sorted(locked.keys() - reached):
            yield f"holds {name}, which nothing asks for ({_REMEDY})"


def _needed(needs: Iterator[Requirement], extras: set[str]) -> list[Requirement]:
    """What is asked for on any machine, given these extras."""
    return [
        need
        for need in needs
        if need.marker is None
        or "extra" not in str(need.marker)
        or any(need.marker.evaluate({"extra": extra}) for extra in extras)
    ]


def _front_end_faults(root: Path) -> Iterator[str]:
    lock = (root / "package-lock.json").read_text(encoding="utf-8")
    if _ADDRESS.search(lock):
        yield "holds an address"
    package: dict[str, Any] = json.loads((root / "package.json").read_text(encoding="utf-8"))
    packages: dict[str, dict[str, Any]] = json.loads(lock)["packages"]
    for group in ("dependencies", "devDependencies"):
        if package.get(group, {}) != packages[""].get(group, {}):
            yield f"its {group} are not those of package.json ({_REMEDY})"
    for name, entry in packages.items():
        if name and "integrity" not in entry:
            yield f"{name} has no hash"
