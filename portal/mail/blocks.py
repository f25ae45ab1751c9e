"""Blocks of a letter: one template gives plain text and HTML, which show each block their own way.

A template says `{{ quote(message) }}`, `{{ facts([...]) }}` or `{{ button(words, url) }}` between its
paragraphs. Each leaves a mark in the text; both parts of the mail are made from the marked text.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

from markupsafe import Markup, escape

# Control characters, which no field takes. A forged mark would show a block twice, nothing else.
_MARK: Final = re.compile("\x02(\\d{1,4})\x03")
_GAP: Final = re.compile(r"\n(?:[ \t]*\n){2,}")
# Ends before a full stop or a bracket that closes the sentence around it, Chinese ones included.
_LINK: Final = re.compile(
    r"https?://[^\s<>\"'，。；：！？、（）《》「」]*[^\s<>\"'，。；：！？、（）《》「」.,;:!?)\]]"
)


@dataclass(frozen=True)
class Block:
    """One block; `kind` is paragraph, quote, facts or button."""

    kind: str
    words: str = ""
    rows: tuple[tuple[str, str], ...] = ()
    url: str = ""

    def plain(self, colon: str) -> str:
        """As plain text: what somebody wrote stays as it was written."""
        if self.kind == "facts":
            return "\n".join(f"{label}{colon}{value}" for label, value in self.rows)
        if self.kind == "button":
            return f"{self.words}{colon.rstrip()}\n{self.url}"
        return self.words


class Blocks:
    """The blocks of one letter while its template is rendered.

    Args:
        colon: what stands between a label and its value.
    """

    def __init__(self, colon: str) -> None:
        self._colon = colon
        self._marked: list[Block] = []

    def quote(self, words: str) -> str:
        """What somebody wrote, set apart from our own words."""
        return self._mark(Block("quote", words))

    def facts(self, rows: Iterable[tuple[str, object]]) -> str:
        """Label and value a row; what has no value is left out."""
        known = tuple((label, str(value)) for label, value in rows if value)
        return self._mark(Block("facts", rows=known)) if known else ""

    def button(self, words: str, url: str) -> str:
        """The one thing to do, with the address where it is done."""
        return self._mark(Block("button", words, url=url))

    def _mark(self, block: Block) -> str:
        self._marked.append(block)
        return f"\x02{len(self._marked) - 1}\x03"

    def text_of(self, body: str) -> str:
        """The rendered body as plain text."""
        # Gaps first: the empty lines in what somebody wrote are theirs.
        return _MARK.sub(self._plain, _GAP.sub("\n\n", body.strip())) + "\n"

    def blocks_of(self, body: str) -> list[Block]:
        """The rendered body as blocks, its paragraphs too."""
        found: list[Block] = []
        start = 0
        for mark in _MARK.finditer(body):
            found += _paragraphs(body[start : mark.start()])
            if (number := int(mark[1])) < len(self._marked):
                found.append(self._marked[number])
            start = mark.end()
        return found + _paragraphs(body[start:])

    def _plain(self, mark: re.Match[str]) -> str:
        number = int(mark[1])
        return self._marked[number].plain(self._colon) if number < len(self._marked) else ""


def _paragraphs(text: str) -> list[Block]:
    return [Block("paragraph", part) for part in re.split(r"\n\s*\n", text.strip()) if part]


def with_links(words: str, origin: str) -> Markup:
    """A paragraph as HTML: escaped, line ends kept, our own links clickable.

    An address that somebody typed stays text: under our name it would be trusted as ours.
    """
    pieces: list[Markup] = []
    start = 0
    for link in _LINK.finditer(words):
        address = link.group()
        shown = _anchor(address) if _is_ours(address, origin) else escape(address)
        pieces += [escape(words[start : link.start()]), shown]
        start = link.end()
    pieces.append(escape(words[start:]))
    return Markup("<br>\n").join(Markup("").join(pieces).splitlines())


def as_typed(words: str) -> Markup:
    """What somebody wrote as HTML: escaped, line ends and rows of blanks kept, nothing clickable."""
    return Markup("<br>\n").join(
        escape(line.replace("  ", "\N{NO-BREAK SPACE} ")) for line in words.splitlines()
    )


def _is_ours(address: str, origin: str) -> bool:
    """Whether an address is on this site; one that only begins alike (`origin@evil`) is not."""
    try:
        there, here = urlsplit(address), urlsplit(origin)
    except ValueError:
        return False
    return (there.scheme, there.netloc) == (here.scheme, here.netloc) and "\\" not in address


def _anchor(address: str) -> Markup:
    return Markup('<a href="{0}">{0}</a>').format(address)
