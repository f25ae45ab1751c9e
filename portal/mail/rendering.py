"""Mails as text and as HTML, in the language of whoever gets them."""

import re
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

from flask import current_app
from flask_babel import force_locale
from markupsafe import Markup, escape

from portal.config import Settings
from portal.mail.models import Mail
from portal.web.languages import HTML_LANGUAGES, LANGUAGES

# Ends before a full stop or a bracket that closes the sentence around it, Chinese ones included.
_LINK: Final = re.compile(
    r"https?://[^\s<>\"'，。；：！？、（）《》「」]*[^\s<>\"'，。；：！？、（）《》「」.,;:!?)\]]"
)


@dataclass(frozen=True)
class Letter:
    """A mail ready to be put into an envelope."""

    subject: str
    text: str
    html: str


def letter_of(mail: Mail) -> Letter:
    """Render a mail.

    Raises:
        jinja2.TemplateError: the template is missing, or reads what the mail does not hold.
        ValueError: the template has no subject.
    """
    settings: Settings = current_app.config["PORTAL"]
    language = mail.language if mail.language in LANGUAGES else "zh"
    with force_locale(LANGUAGES[language]):
        # Not through flask.render_template: it would ask for the reader of a page.
        template = current_app.jinja_env.get_template(f"mail/{mail.template}.txt")
        whole = template.render(
            mail.context, locale=language, origin=settings.public_origin.rstrip("/")
        )
        subject, _line_end, body = whole.strip().partition("\n")
        # What people typed may stand in a subject: it stays one line.
        subject = " ".join(subject.split())
        text = body.strip() + "\n"
        if not subject:
            raise ValueError(f"mail/{mail.template}.txt has no subject in its first line")
        html = current_app.jinja_env.get_template("mail/layout.html").render(
            subject=subject,
            html_lang=HTML_LANGUAGES[language],
            paragraphs=_paragraphs(text, settings.public_origin),
        )
    return Letter(subject, text, html)


def _paragraphs(text: str, origin: str) -> list[Markup]:
    """The text's paragraphs as HTML: escaped, line ends kept, our own links clickable.

    An address that somebody typed stays text: under our name it would be trusted as ours.
    """
    return [_marked_up(part, origin) for part in re.split(r"\n{2,}", text.strip())]


def _marked_up(part: str, origin: str) -> Markup:
    pieces: list[Markup] = []
    start = 0
    for link in _LINK.finditer(part):
        address = link.group()
        shown = _anchor(address) if _is_ours(address, origin) else escape(address)
        pieces += [escape(part[start : link.start()]), shown]
        start = link.end()
    pieces.append(escape(part[start:]))
    return Markup("<br>\n").join(Markup("").join(pieces).splitlines())


def _is_ours(address: str, origin: str) -> bool:
    """Whether an address is on this site; one that only begins alike (`origin@evil`) is not."""
    try:
        there, here = urlsplit(address), urlsplit(origin)
    except ValueError:
        return False
    return (there.scheme, there.netloc) == (here.scheme, here.netloc) and "\\" not in address


def _anchor(address: str) -> Markup:
    return Markup('<a href="{0}">{0}</a>').format(address)
