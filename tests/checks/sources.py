"""Sizes, file names and docstrings of the Python sources (docs: the house rules in README.md)."""

import ast
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parents[2]
MAX_FILE_LINES: Final = 400
MAX_VIEW_LINES: Final = 25
FORBIDDEN_NAMES: Final = frozenset(
    {"utils", "helpers", "common", "misc", "services", "util", "helper"}
)
FEATURES: Final = ("accounts", "inquiries", "listings", "statistics", "storefront")
WEB_ONLY: Final = ("forms.py", "views.py")

# "portal/x.py", or "portal/x/views.py:function": why the rule does not hold there.
EXCEPTIONS: Final[Mapping[str, str]] = {}


def python_files(root: Path = ROOT) -> list[Path]:
    """Every source of the project itself, sorted."""
    folders = ("portal", "tests", "bench")
    found = [path for folder in folders for path in (root / folder).rglob("*.py")]
    return sorted(path for path in [*found, *root.glob("*.py")] if ".venv" not in path.parts)


def faults(root: Path = ROOT) -> list[str]:
    """What breaks a rule of sizes, names or docstrings."""
    found = []
    for path in python_files(root):
        name = path.relative_to(root).as_posix()
        text = path.read_text(encoding="utf-8")
        found += [f"{name}: {fault}" for fault in _faults_of(path, name, text)]
    return [fault for fault in found if fault.partition(": ")[0] not in EXCEPTIONS]


def _faults_of(path: Path, name: str, text: str) -> Iterator[str]:
    if path.stem in FORBIDDEN_NAMES or path.parent.name in FORBIDDEN_NAMES:
        yield "its name says nothing of what is in it"
    if (lines := text.count("\n")) > MAX_FILE_LINES and "/migrations/versions/" not in name:
        yield f"{lines} lines, more than {MAX_FILE_LINES}"
    tree = ast.parse(text, filename=name)
    if ast.get_docstring(tree) is None and text.strip():
        yield "no sentence at the top that says what it is for"
    if _is(path, {"views"}):
        yield from _long_views(tree, name)
    if _is_model_file(path):
        yield from _web_in_tables(tree)


def _long_views(tree: ast.Module, name: str) -> Iterator[str]:
    for node in tree.body:
        if isinstance(node, ast.FunctionDef):
            lines = (node.end_lineno or node.lineno) - node.lineno + 1
            if lines > MAX_VIEW_LINES and f"{name}:{node.name}" not in EXCEPTIONS:
                yield f"{node.name}() has {lines} lines, more than {MAX_VIEW_LINES}"
            yield from _unscoped_reads(node)


def _unscoped_reads(view: ast.FunctionDef) -> Iterator[str]:
    """`session.get` in a view would read anybody's row by its id."""
    for node in ast.walk(view):
        if (
            isinstance(node, ast.Attribute)
            and node.attr in {"get", "get_or_404"}
            and "db.session" in ast.unparse(node.value)
        ):
            yield f"line {node.lineno}: db.session.{node.attr} in a view; read what is theirs only"


def _is_model_file(path: Path) -> bool:
    return _is(path, {"models", "queries", "actions"}) and path.parent.name != "portal"


def _is(path: Path, names: set[str]) -> bool:
    """Whether it is one of a feature's files of that name, or stands in a folder of it."""
    return path.stem in names or path.parent.name in names


def _web_in_tables(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module in {"flask", "wtforms", "flask_wtf"}:
            yield f"line {node.lineno}: imports {node.module}; tables, reads and writes know no web"
