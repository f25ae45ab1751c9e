"""What a text is found by: its canonical form, and the grams (runs of one to three characters) in it.

A term typed by a person is found wherever it stands in a text as it was typed: at the beginning,
in the middle or at the end of a word, across Chinese and Latin. Upper and lower case, full and half
width are the same, and so are all signs and spaces between two words.

The canonical form keeps the words, one sign between two of them: a space where something stood
between them, else a bar where letters, digits and Chinese meet. `RTX4090, 24GB显存` becomes
` rtx|4090 24|gb|显存 `: a substring of a text has a substring of its canonical form as its own.

Grams are what an index can look up. Chinese is cut into single characters and pairs, the rest into
single characters, pairs and threes; a gram may reach over the border between two kinds (`卡4`,
`x40`), with or without something between them, but not from word to word (`GPU node`).
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
_WORDS: Final = re.compile(rf"([{_HAN}]+)|(\d+)|([^\W\d_{_HAN}]+)|([\W_]+)")
_SIGNS: Final = 4
_SIGN: Final = re.compile(r"[\W_]")
_NARROW: Final = re.compile(rf"[^{_HAN}]{{3,}}")


@dataclass(frozen=True)
class Words:
    """A text taken apart."""

    content: str
    """Its canonical form: between two spaces, or empty where there is no word."""
    chains: tuple[str, ...]
    """Its words in a row as long as one kind follows another: in each, grams are counted."""

    def grams(self) -> set[str]:
        """All its grams."""
        grams: set[str] = set()
        for chain in self.chains:
            grams.update(chain)
            grams.update(map(add, chain, chain[1:]))
            for narrow in _NARROW.findall(chain):
                grams.update(_threes(narrow))
        return grams


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


def words_of(text: str) -> Words:
    """Take a text apart."""
    return _taken_apart(_folded(text))


def kept_words(content: str) -> Words:
    """What words_of() gave, from the canonical form alone."""
    return _taken_apart(content)


def _taken_apart(text: str) -> Words:
    parts: list[str] = []
    chains: list[str] = []
    chain: list[str] = []
    before, sign = 0, ""
    for found in _WORDS.finditer(text):
        kind = found.lastindex or _SIGNS
        if kind == _SIGNS:
            sign = found.group() if found.group() == "|" else " "
            continue
        if kind == before:
            chains.append("".join(chain))
            chain = []
        word = found.group()
        parts.append((sign or "|") if before else " ")
        parts.append(word)
        chain.append(word)
        before, sign = kind, ""
    if chain:
        chains.append("".join(chain))
        parts.append(" ")
    return Words("".join(parts), tuple(chains))


def terms_of(query: str) -> list[Term]:
    """The terms of a query, which spaces separate; what has no word in it is left out."""
    terms = [_term(typed) for typed in query[:LONGEST_QUERY].split()]
    return [term for term in terms if term.grams][:MOST_TERMS]


def _term(typed: str) -> Term:
    folded = _folded(typed)
    words = _taken_apart(folded)
    core = words.content.strip()
    loose = core.replace("|", " ")
    # In Chinese a word may begin anywhere; but letters or digits after others of their kind are the
    # end of some word, and that one has nothing to do with what stands beyond a space.
    if core and not re.match(f"[{_HAN}]", core):
        loose = f" {loose}"
    exact = core
    # A sign at an end is one: after `C` in C++ no letter may follow.
    if _SIGN.match(folded[:1]):
        exact = f" {exact}"
    if _SIGN.match(folded[-1:]):
        exact, loose = f"{exact} ", f"{loose} "
    grams = frozenset(gram for chain in words.chains for gram in _longest(chain))
    return Term(exact, None if core.isalnum() else loose, grams)


def _longest(chain: str) -> set[str]:
    """The grams that say the most: threes where there are some, else pairs, else the character."""
    grams: set[str] = set()
    within: set[int] = set()
    for narrow in _NARROW.finditer(chain):
        grams.update(_threes(narrow.group()))
        within.update(range(narrow.start(), narrow.end() - 1))
    grams.update(chain[at : at + 2] for at in range(len(chain) - 1) if at not in within)
    return grams or set(chain)


def _threes(narrow: str) -> Iterable[str]:
    return map(add, map(add, narrow, narrow[1:]), narrow[2:])


def _folded(text: str) -> str:
    folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())
    # The bar is ours.
    return folded.replace("|", " ")
