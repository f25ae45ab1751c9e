"""What a text is found by: its canonical form, and the grams (runs of one to three characters) in it.

A term typed by a person is found wherever it stands in a text as it was typed: at the beginning,
in the middle or at the end of a word, across Chinese and Latin. Upper and lower case, full and half
width are the same, and so are all signs and spaces between two words.

The canonical form keeps the words, one sign between two of them: a space where something stood
between them, else a bar where letters, digits and Chinese meet. `RTX4090, 24GB显存` becomes
` rtx|4090 24|gb|显存 `: a substring of a text has a substring of its canonical form as its own.

Grams are what an index can look up. Chinese is cut into single characters and pairs, the rest into
single characters, pairs and threes. A gram reaches over borders, gaps and signs as if nothing were
there (`卡4`, `x40`), so that a term with a sign in it names few listings as well.
"""

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from operator import add
from typing import Final

LONGEST_QUERY: Final = 100
"""Characters of a query that are read."""
MOST_TERMS: Final = 8
"""Terms of a query that are read; further ones narrow nothing."""
_HAN: Final = "\u3007\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
_LETTER: Final = rf"[^\W\d_{_HAN}]"
_GAPS: Final = re.compile(r"[\W_]+")
_BORDERS: Final = re.compile(
    rf"(?<=[{_HAN}])(?=[^{_HAN} ])|(?<=\d)(?=[^\d ])|(?<={_LETTER})(?=[\d{_HAN}])"
)
_NARROW: Final = re.compile(rf"[^\n{_HAN}]{{3,}}")


@dataclass(frozen=True)
class Term:
    """One word of a query: a text holds it if its canonical form holds `exact`.

    It does as well if `loose` is held once bars count as spaces: RTX4090 finds `RTX 4090`, but H20
    does not find `with 20`. All of `grams` are in every text that holds either.
    """

    exact: str
    loose: str | None
    """None: could find nothing that `exact` does not."""
    grams: frozenset[str]


def canonical(text: str) -> str:
    """The canonical form of a text: between two spaces, or empty where there is no word."""
    return _canonical(_folded(text))


def _canonical(folded: str) -> str:
    words = _GAPS.sub(" ", folded).strip(" ")
    return f" {_BORDERS.sub('|', words)} " if words else ""


def grams_of(content: str) -> set[str]:
    """All grams of a canonical form."""
    characters = _characters(content)
    # Over all narrow runs at once, and what reaches from one to the next left out again.
    threes = set(_threes("\n".join(_NARROW.findall(characters))))
    grams = {gram for gram in threes if "\n" not in gram}
    return grams.union(characters, map(add, characters, characters[1:]))


def _characters(content: str) -> str:
    """The words of a canonical form with nothing between them."""
    return content.replace("|", "").replace(" ", "")


def terms_of(query: str) -> list[Term]:
    """The terms of a query, which spaces separate; what has no word in it is left out."""
    terms = [_term(typed) for typed in query[:LONGEST_QUERY].split()]
    return [term for term in terms if term.grams][:MOST_TERMS]


def _term(typed: str) -> Term:
    folded = _folded(typed)
    content = _canonical(folded)
    core = content.strip(" ")
    loose = core.replace("|", " ")
    # In Chinese a word may begin anywhere; but letters or digits after others of their kind are the
    # end of some word, and that one has nothing to do with what stands beyond a space.
    if core and not re.match(f"[{_HAN}]", core):
        loose = f" {loose}"
    exact = core
    # A sign at an end is one: after `C` in C++ no letter may follow.
    if _GAPS.match(folded[:1]):
        exact = f" {exact}"
    if _GAPS.match(folded[-1:]):
        exact, loose = f"{exact} ", f"{loose} "
    grams = frozenset(_longest(_characters(content)))
    return Term(exact, None if core.isalnum() else loose, grams)


def _longest(characters: str) -> set[str]:
    """The grams that say the most: threes where there are some, else pairs, else the character."""
    grams: set[str] = set()
    within: set[int] = set()
    for narrow in _NARROW.finditer(characters):
        grams.update(_threes(narrow.group()))
        within.update(range(narrow.start(), narrow.end() - 1))
    pairs = enumerate(map(add, characters, characters[1:]))
    grams.update(pair for at, pair in pairs if at not in within)
    return grams or set(characters)


def _threes(narrow: str) -> Iterable[str]:
    return map(add, map(add, narrow, narrow[1:]), narrow[2:])


def _folded(text: str) -> str:
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())
