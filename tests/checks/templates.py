"""What the templates may hold: nothing the content policy refuses, nothing unescaped, no twins.

Complete where a text search can be: what only a rendered page shows, tests/pages.py audits.
"""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

from jinja2 import Environment, TemplateSyntaxError

from tests.checks.sources import ROOT

# Rule, and what it says to who broke it. All are matched against one line without its comments.
_RULES: Final[Mapping[re.Pattern[str], str]] = {
    re.compile(r"\|\s*safe\b"): "`|safe`: only portal/web/richtext.py may call something safe",
    re.compile(r"autoescape\s+false"): "escaping is never switched off",
    re.compile(
        r"<[^>]*\son[a-z]+\s*=", re.IGNORECASE
    ): "an on... attribute is refused by the policy",
    re.compile(r"^\s*on[a-z]+\s*=\s*[\"']"): "an on... attribute is refused by the policy",
    re.compile(r"\bhx-on\b"): "hx-on needs eval, which the policy refuses",
    re.compile(r"=\s*[\"'](?:js|javascript):"): "js: needs eval, which the policy refuses",
    re.compile(r"<[^>]*\sstyle\s*="): "an inline style is refused by the policy",
    re.compile(r"^\s*style\s*="): "an inline style is refused by the policy",
    re.compile(r"<style\b"): "an inline style sheet is refused by the policy",
    re.compile(r"hx-trigger\s*=\s*(?:\"[^\"]*\[|'[^']*\[)"): "a trigger filter needs eval",
    re.compile(
        r"<(?:script|img|link|iframe|source|video)\b[^>]*(?:src|href)\s*=\s*[\"'](?:https?:)?//"
    ): ("a file of another origin is refused by the policy"),
    re.compile(r"\bhx-target\s*=\s*[\"'](?:body|html)[\"']"): "target the fragment's own id",
    re.compile(r"HX-(?:Target|Trigger)\b"): "never branch on who asked",
    re.compile(r"\burl_for\(\s*['\"]static['\"]"): "static files are named by static_url()",
}
_SCRIPT: Final = re.compile(r"<script\b(?P<attributes>[^>]*)>", re.IGNORECASE)
_COMMENT: Final = re.compile(r"\{#.*?#\}|<!--.*?-->", re.DOTALL)
_TAG: Final = re.compile(
    r"<(?P<name>[a-z][a-z0-9-]*)\b(?P<attributes>(?:[^>\"']|\"[^\"]*\"|'[^']*')*)>"
)
_VERB: Final = re.compile(r"\bhx-(?P<verb>get|post)\s*=\s*\"(?P<url>[^\"]*)\"")
_PLAIN: Final = re.compile(r"(?<![\w-])(?:href|action|formaction)\s*=\s*\"(?P<url>[^\"]*)\"")
_JINJA: Final = re.compile(r"\{%.*?%\}|\{\{.*?\}\}", re.DOTALL)

# The plain form: what a formatter would hold, were there one that leaves inline elements alone.
_FORM: Final[Mapping[re.Pattern[str], str]] = {
    re.compile(r"\t"): "a tab; indent by two spaces",
    re.compile(r"[ \t]+$"): "spaces at the end of the line",
    re.compile(r"^(?:  )* (?=\S)"): "an indent that is no multiple of two spaces",
}

# How the templates and the navigation name an icon; macros pass names on, which is left to the pages.
_ICON: Final = re.compile(
    r"(?:\b(?:icon|picture)|_button)\(\s*(['\"])(?P<call>[a-z0-9-]+)\1|\bicon=(['\"])(?P<named>[a-z0-9-]+)\3"
)

# Template and rule's beginning: why it does not hold there.
EXCEPTIONS: Final[Mapping[tuple[str, str], str]] = {
    ("templates/mail/layout.html", "an inline style is refused"): (
        "a mail is no page: mail programs know no policy and take no sheet"
    ),
}


def faults(root: Path = ROOT) -> list[str]:
    """What breaks a rule, one sentence each."""
    templates = root / "templates"
    icons = _known_icons(root)
    found = []
    for path in sorted(templates.rglob("*.html")):
        name = path.relative_to(root).as_posix()
        written = path.read_text(encoding="utf-8")
        text = _without_comments(written)
        checks = (
            _form(written),
            _syntax(text),
            _lines(text),
            _scripts(text),
            _plain_ways(text),
            _fragment(path, text),
            _icons(text, icons),
        )
        found += [
            f"{name}:{line}: {fault}"
            for check in checks
            for line, fault in check
            if not _is_excepted(name, fault)
        ]
    return found


def _is_excepted(name: str, fault: str) -> bool:
    return any(name == where and fault.startswith(what) for where, what in EXCEPTIONS)


def _without_comments(text: str) -> str:
    """The text with its comments blanked, each line at its place."""
    return _COMMENT.sub(lambda found: "\n" * found[0].count("\n"), text)


def _line(text: str, position: int) -> int:
    return text.count("\n", 0, position) + 1


def _form(text: str) -> Iterator[tuple[int, str]]:
    for number, line in enumerate(text.splitlines(), 1):
        for rule, fault in _FORM.items():
            if rule.search(line):
                yield number, fault
    if not text.endswith("\n"):
        yield _line(text, len(text)), "no line break at the end"


def _syntax(text: str) -> Iterator[tuple[int, str]]:
    environment = Environment(extensions=["jinja2.ext.i18n"], autoescape=True)
    try:
        environment.parse(text)
    except TemplateSyntaxError as error:
        yield error.lineno, f"{error.message}"


def _lines(text: str) -> Iterator[tuple[int, str]]:
    for number, line in enumerate(text.splitlines(), 1):
        for rule, fault in _RULES.items():
            if rule.search(line):
                yield number, fault


def _scripts(text: str) -> Iterator[tuple[int, str]]:
    for found in _SCRIPT.finditer(text):
        attributes = found["attributes"]
        if "src=" not in attributes and "application/ld+json" not in attributes:
            yield _line(text, found.start()), "an inline script is refused by the policy"


def _plain_ways(text: str) -> Iterator[tuple[int, str]]:
    """A link, button or form that htmx answers leads to the same place without it."""
    for tag in _TAG.finditer(text):
        verb = _VERB.search(tag["attributes"])
        if verb is None or tag["name"] not in {"a", "form"}:
            continue
        plain = _PLAIN.search(tag["attributes"])
        # What a template computes may be spelled in two ways: only two plain texts are compared.
        if plain is None:
            yield _line(text, tag.start()), f"hx-{verb['verb']} without its href or action"
        elif verb["url"] != plain["url"] and "{" not in verb["url"] + plain["url"]:
            yield (
                _line(text, tag.start()),
                f"hx-{verb['verb']} leads elsewhere than its href or action",
            )


def _known_icons(root: Path) -> frozenset[str] | None:
    names = root / "static" / "icons.txt"
    if not names.exists():
        return None
    lines = names.read_text(encoding="utf-8").splitlines()
    return frozenset(line.partition("#")[0].strip() for line in lines)


def _icons(text: str, known: frozenset[str] | None) -> Iterator[tuple[int, str]]:
    """An icon that the sprite lacks shows as an empty square, and nothing else says so."""
    for found in _ICON.finditer(text):
        name = found["call"] or found["named"]
        if known is not None and name not in known:
            yield _line(text, found.start()), f"icon {name!r} is not in static/icons.txt"


def _fragment(path: Path, text: str) -> Iterator[tuple[int, str]]:
    """A fragment `_x.html` has one root element with an id; it extends nothing."""
    if not path.name.startswith("_") or path.parent.name in {"components", "layouts", "mail"}:
        return
    if "{% extends" in text:
        yield 1, "a fragment extends nothing: a page includes it"
    root = _TAG.search(_JINJA.sub(lambda found: "x" * 3, text))
    if root is not None and not re.search(r"(?<![\w-])id\s*=", root["attributes"]):
        yield 1, f"the fragment's root <{root['name']}> has no id"
