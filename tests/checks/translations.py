"""Whether every sentence of the sources has its Chinese, and the catalogue holds nothing else."""

import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from babel.messages.catalog import Catalog
from babel.messages.extract import DEFAULT_KEYWORDS, extract_from_dir
from babel.messages.frontend import parse_keywords
from babel.messages.pofile import read_po

from tests.checks.sources import ROOT

CATALOGUE: Final = Path("portal/translations/zh_Hans_CN/LC_MESSAGES/messages.po")
_FOLDERS: Final = ("portal", "templates")

MessageKey = tuple[str, str | None]


def extracted(root: Path = ROOT) -> dict[MessageKey, str]:
    """Every message of the sources (English, context) and the first place that says it."""
    settings = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))
    babel: dict[str, Any] = settings["tool"]["babel"]
    mappings = [(each["pattern"], each["method"]) for each in babel["mappings"]]
    options = {each["pattern"]: _options(each) for each in babel["mappings"]}
    keywords = DEFAULT_KEYWORDS | parse_keywords(babel["keywords"])
    found: dict[MessageKey, str] = {}
    for folder in _FOLDERS:
        for name, line, message, _comments, context in extract_from_dir(
            root / folder, mappings, options, keywords
        ):
            single = message[0] if isinstance(message, tuple) else message
            found.setdefault((single, context), f"{folder}/{name}:{line}")
    return found


def _options(mapping: dict[str, str]) -> dict[str, str]:
    return {key: value for key, value in mapping.items() if key not in {"pattern", "method"}}


def read_catalogue(path: Path) -> Catalog:
    """The catalogue of translations; an empty one when there is none yet."""
    if not path.exists():
        return Catalog(locale="zh_Hans_CN")
    with path.open("rb") as file:
        return read_po(file, locale="zh_Hans_CN", abort_invalid=True)


def faults(root: Path = ROOT) -> list[str]:
    """What is missing, doubtful, wrong or no longer said."""
    catalogue = read_catalogue(root / CATALOGUE)
    wanted = extracted(root)
    found = [
        f"{place}: {single!r} has no Chinese in {CATALOGUE}"
        for (single, context), place in wanted.items()
        if not _is_translated(catalogue, single, context)
    ]
    return found + [f"{CATALOGUE}: {fault}" for fault in _own_faults(catalogue, wanted)]


def _is_translated(catalogue: Catalog, single: str, context: str | None) -> bool:
    message = catalogue.get(single, context)
    if message is None:
        return False
    texts = message.string if isinstance(message.string, (tuple, list)) else (message.string,)
    return bool(texts) and all(texts)


def _own_faults(catalogue: Catalog, wanted: dict[MessageKey, str]) -> Iterator[str]:
    if catalogue.obsolete:
        yield f"{len(catalogue.obsolete)} obsolete entries (run `make messages`)"
    for message in catalogue:
        if not message.id:
            continue
        single = message.id[0] if isinstance(message.id, (tuple, list)) else message.id
        if (single, message.context) not in wanted:
            yield f"{single!r} is said nowhere (run `make messages`)"
        if message.fuzzy:
            yield f"{single!r} is fuzzy"
        yield from (f"{single!r}: {error}" for error in message.check(catalogue))
