"""Pictures of an offer: those its description shows become figures, the others stand beside it."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, Self

from markupsafe import Markup

from portal.web import richtext

_SIZES: Final = "(min-width: 56rem) 800px, 92vw"
"""How wide a description's pictures are drawn."""
_ALONE: Final = re.compile(r"<p>((?:<img [^>]*>(?:<br ?/?>)?\s*)+)</p>")
_IMAGE: Final = re.compile(r"<img [^>]*>")
_SOURCE: Final = re.compile(r' src="([^"]*)"')
_ALT: Final = re.compile(r' alt="([^"]*)"')
_FILE_NAME: Final = re.compile(
    r"[\w .-]*\.(?:jpe?g|png|gif|webp|avif|bmp)|[\d_ .-]*", re.IGNORECASE
)


@dataclass(frozen=True)
class Picture:
    """A stored picture: random key, alternative text, width and height in pixels."""

    key: str
    alt: str
    width: int
    height: int
    widths: tuple[int, ...] = ()
    """Of its smaller files, in pixels."""

    @classmethod
    def of(cls, row: Any) -> Self:
        """The picture of a row of queries.parts_of."""
        widths = tuple(int(width) for width in row.widths.split())
        return cls(row.name, row.value, row.width, row.height, widths)

    @property
    def url(self) -> str:
        """Its path on this site."""
        return f"/media/{self.key}.webp"

    @property
    def srcset(self) -> str:
        """All its files with their widths, for a browser to choose from; empty where one is all."""
        if not self.widths:
            return ""
        smaller = [f"/media/{self.key}-{width}.webp {width}w" for width in self.widths]
        return ", ".join([*smaller, f"{self.url} {self.width}w"])


def described(text: str, stored: Sequence[Picture]) -> tuple[Markup, list[Picture]]:
    """The description's HTML with its pictures as figures, and the stored ones it does not show.

    Raises:
        portal.web.richtext.TooLong: fields refuse such a text.
    """
    if not text.strip():
        return Markup(""), list(stored)
    shown = set(richtext.image_keys(text))
    by_key = {picture.key: picture for picture in stored}
    html = _ALONE.sub(lambda found: _figures(found[1], by_key), richtext.render(text))
    left = [picture for picture in stored if picture.key not in shown]
    return Markup(html), left  # noqa: S704 - cleaned HTML, its tags only set in another order


def _figures(images: str, by_key: dict[str, Picture]) -> str:
    return "".join(_figure(tag, by_key) for tag in _IMAGE.findall(images))


def _figure(tag: str, by_key: dict[str, Picture]) -> str:
    """One picture as a figure: the cleaner left its attributes quoted, `<` and `>` escaped."""
    source, alt = _SOURCE.search(tag), _ALT.search(tag)
    url, words = (source[1] if source else ""), (alt[1] if alt else "").strip()
    key = richtext.MEDIA_URL.fullmatch(url)
    picture = by_key.get(key["key"]) if key else None
    # Without its size the text below would jump when the picture comes.
    size = f' width="{picture.width}" height="{picture.height}"' if picture else ""
    choice = f' srcset="{picture.srcset}" sizes="{_SIZES}"' if picture and picture.srcset else ""
    # A file's name says nothing to anybody: it is no caption.
    is_caption = not _FILE_NAME.fullmatch(words)
    caption = f"<figcaption>{words}</figcaption>" if is_caption else ""
    image = f'<img src="{url}"{choice} alt="{words}"{size} loading="lazy" decoding="async">'
    return f'<figure class="figure">{image}{caption}</figure>'
