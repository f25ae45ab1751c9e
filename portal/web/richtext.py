"""Descriptions: Markdown as typed in, safe HTML out, and the plain words of it.

What is stored is what was typed. It is rendered and cleaned anew for each page (and kept by its
text), so that an allow-list made narrower also holds for what was stored before.
"""

import re
from collections.abc import Sequence
from functools import lru_cache
from html import unescape
from typing import Final

import nh3
from markdown_it import MarkdownIt
from markdown_it.token import Token
from markupsafe import Markup

LONGEST: Final = 20_000
"""Characters of a text; a longer one is refused before anything parses it."""

LONGEST_HTML: Final = 200_000
MOST_TAGS: Final = 10_000

MEDIA_URL: Final = re.compile(r"/media/(?P<key>[0-9a-f]{32})(?:-[0-9]{1,4})?\.(?:webp|avif)")
"""Where pictures may come from: our own store, by their random key, in any width."""

_TAGS: Final = {
    "p", "br", "hr", "h3", "h4", "h5", "h6", "strong", "em", "s", "code", "pre", "blockquote",
    "ul", "ol", "li", "table", "thead", "tbody", "tr", "th", "td", "a", "img",
}  # fmt: skip
_ATTRIBUTES: Final = {"a": {"href", "title"}, "img": {"src", "alt", "title"}, "ol": {"start"}}
_SCHEMES: Final = {"http", "https", "mailto"}
_ABSOLUTE: Final = re.compile(r"(?:https?://|mailto:)[^\s\\]+", re.IGNORECASE)
_DROPPED_WHOLE: Final = {"script", "style", "title", "iframe", "noscript", "template", "textarea"}
# A page has one h1 and the layout's h2 above the description: its own headings begin at h3.
_FIRST_HEADING: Final = 3
_LAST_HEADING: Final = 6
_BLOCK_ENDS: Final = re.compile(r"</(?:p|h[3-6]|li|tr|th|td|pre|blockquote)>|<(?:br|hr)\s*/?>")
_ANY_TAG: Final = re.compile(r"<[^>]*>")
_DEAD_IMAGE: Final = re.compile(r'<img(?![^>]* src=")[^>]*>')
_DEAD_LINK: Final = re.compile(r'<a(?![^>]* href=")(?: [^>]*)?>(.*?)</a>', re.DOTALL)
_DEEPEST: Final = 20


class TooLong(ValueError):  # noqa: N818 - it reads as what it says
    """There is more of it than may be parsed."""


def render(text: str) -> Markup:
    """The HTML of a Markdown text, in the wrapper in which htmx does nothing.

    Raises:
        TooLong: fields refuse such a text; this is the second lock.
    """
    return Markup(f'<div class="prose" hx-ignore>{_clean_html(_checked(text))}</div>')  # noqa: S704 - cleaned just now


@lru_cache(maxsize=256)
def plain_excerpt(text: str, most: int = 160) -> str:
    """The first words of a text without its markup, at most `most` characters, one line.

    Raises:
        TooLong: as render().
    """
    spaced = _BLOCK_ENDS.sub(" ", _clean_html(_checked(text)))
    words = " ".join(unescape(_ANY_TAG.sub("", spaced)).split())
    if len(words) <= most:
        return words
    cut = words[: max(0, most - 1)]
    # Do not break a Latin word where a blank is near.
    if words[len(cut)].isascii() and words[len(cut)].isalnum():
        cut = cut[: max(cut.rfind(" "), len(cut) - 20)]
    return cut.rstrip() + "…"


def image_keys(text: str) -> list[str]:
    """Keys of the pictures a text shows, in order, each once.

    Raises:
        TooLong: as render().
    """
    found = re.findall(r'<img[^>]* src="([^"]*)"', _clean_html(_checked(text)))
    keys = (match["key"] for url in found if (match := MEDIA_URL.fullmatch(url)))
    return list(dict.fromkeys(keys))


def _checked(text: str) -> str:
    if len(text) > LONGEST:
        raise TooLong(f"A text of {len(text)} characters: at most {LONGEST}.")
    return text


@lru_cache(maxsize=256)
def _clean_html(text: str) -> str:
    parser = _parser()
    tokens = parser.parse(text)
    _lower_headings(tokens)
    return _cleaned(parser.renderer.render(tokens, parser.options, {}))


def _lower_headings(tokens: Sequence[Token]) -> None:
    """Put the description's headings below the page's own, without leaving a level out.

    The seller's highest heading, whichever it is, becomes the first; what follows goes down by one
    level at most.
    """
    headings = [token for token in tokens if token.type in {"heading_open", "heading_close"}]
    levels = sorted({token.tag for token in headings})
    for token in headings:
        level = min(_FIRST_HEADING + levels.index(token.tag), _LAST_HEADING)
        token.tag = f"h{level}"


def clean(html: str) -> str:
    """HTML that others made, with only what a description may hold.

    Raises:
        TooLong: more than LONGEST_HTML characters or MOST_TAGS tags: the cleaner's time grows with
            the square of tags within tags.
    """
    if len(html) > LONGEST_HTML or html.count("<") > MOST_TAGS:
        raise TooLong("More HTML than a description can be.")
    return _cleaned(html)


def _cleaned(html: str) -> str:
    cleaned = nh3.clean(
        html,
        tags=_TAGS,
        clean_content_tags=_DROPPED_WHOLE,
        attributes=_ATTRIBUTES,
        attribute_filter=_kept,
        url_schemes=_SCHEMES,
        link_rel="noopener nofollow ugc",
        strip_comments=True,
    )
    # A picture that may not be shown leaves no broken frame behind, a link that leads nowhere no
    # look of a link. nh3 escapes `<` and `>` in attributes: a tag ends where it seems to.
    return _DEAD_LINK.sub(r"\1", _DEAD_IMAGE.sub("", cleaned))


def _kept(tag: str, attribute: str, value: str) -> str | None:
    if (tag, attribute) == ("img", "src"):
        return value if MEDIA_URL.fullmatch(value) else None
    if (tag, attribute) == ("a", "href"):
        # Absolute only: a link into the portal would act with the reader's own rights.
        return value if _ABSOLUTE.fullmatch(value) else None
    return value


class _Parser(MarkdownIt):
    """Markdown without HTML in it."""

    def validateLink(self, _url: str) -> bool:  # noqa: N802 - the parser's own name
        """Leave addresses to clean(): a refused link here would stay in the text as typed."""
        return True


@lru_cache(maxsize=1)
def _parser() -> MarkdownIt:
    parser = _Parser("commonmark", {"html": False, "maxNesting": _DEEPEST, "linkify": False})
    parser.enable(["table", "strikethrough"])
    return parser
