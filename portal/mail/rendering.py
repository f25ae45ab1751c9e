"""Mails as text and as HTML, in the language of whoever gets them."""

from dataclasses import dataclass

from flask import current_app
from flask_babel import force_locale
from flask_babel import gettext as _

from portal.config import Settings
from portal.mail import unsubscribing
from portal.mail.blocks import Blocks, as_typed, with_links
from portal.mail.models import Mail
from portal.web.languages import HTML_LANGUAGES, LANGUAGES


@dataclass(frozen=True)
class Letter:
    """A mail ready to be put into an envelope."""

    subject: str
    text: str
    html: str
    brand: str
    """The product's name in the letter's language."""


def letter_of(mail: Mail) -> Letter:
    """Render a mail.

    Raises:
        jinja2.TemplateError: the template is missing, or reads what the mail does not hold.
        ValueError: the template has no subject.
    """
    settings: Settings = current_app.config["PORTAL"]
    origin = settings.public_origin.rstrip("/")
    language = mail.language if mail.language in LANGUAGES else "zh"
    # Not through flask.render_template: it would ask for the reader of a page.
    templates = current_app.jinja_env
    with force_locale(LANGUAGES[language]):
        blocks = Blocks(_(": "))
        whole = templates.get_template(f"mail/{mail.template}.txt").render(
            mail.context,
            locale=language,
            origin=origin,
            quote=blocks.quote,
            facts=blocks.facts,
            button=blocks.button,
        )
        subject, _line_end, body = whole.strip().partition("\n")
        # What people typed may stand in a subject: it stays one line.
        subject = " ".join(subject.split())
        if not subject:
            raise ValueError(f"mail/{mail.template}.txt has no subject in its first line")
        choice = unsubscribing.address_of(mail.notice_of) if mail.notice_of else None
        brand = _("Offer Portal")
        html = templates.get_template("mail/layout.html").render(
            subject=subject,
            brand=brand,
            html_lang=HTML_LANGUAGES[language],
            blocks=blocks.blocks_of(body),
            choice=choice,
            with_links=lambda words: with_links(words, origin),
            as_typed=as_typed,
        )
        text = blocks.text_of(body) + (_foot(choice) if choice else "")
    return Letter(subject, text, html, brand)


def _foot(choice: str) -> str:
    """The end of a notification's text, under the mark that mail programs know as such (RFC 3676)."""
    return f"\n-- \n{_('Choose which mails tell you of what happens, or none:')}\n{choice}\n"
