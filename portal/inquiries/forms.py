"""Forms of inquiries: the buyer's question, the seller's answer, the buyer's next message.

The public ones hold no session: their `csrf_token` is a signed form token, checked by the views.
"""

from typing import Any, Final

from flask_babel import lazy_gettext as _l

from portal import clock
from portal.web.fields import (
    CountField,
    DayField,
    EmailField,
    LineField,
    PhoneField,
    PortalForm,
    TextBlockField,
    TickField,
)

LONGEST_MESSAGE: Final = 10_000
"""Characters of one message."""
LONGEST_SNIPPET: Final = 4000
"""Characters of one snippet."""


class InquiryForm(PortalForm):
    """Asks the seller to get in touch."""

    class Meta(PortalForm.Meta):  # type: ignore[name-defined]  # no types
        """Its token is a signed one of its own."""

        csrf = False

    message = TextBlockField(_l("What would you like to know?"), most=LONGEST_MESSAGE, least=1)
    name = LineField(_l("Your name"), most=50, least=1, autocomplete="name")
    company = LineField(_l("Company"), most=100, autocomplete="organization")
    email = EmailField(_l("E-mail"))
    phone = PhoneField(_l("Phone"))
    reply_by = DayField(_l("Reply wished by"), earliest=clock.today)
    # People do not see it; programs that fill in every field do.
    website = LineField(_l("Leave this field empty"), most=10_000)

    def validate(self, extra_validators: Any = None) -> bool:
        """Hold all fields against their rules, and ask for one way to reach the buyer."""
        is_valid = bool(super().validate(extra_validators))
        self.website.errors = ()
        is_valid = not self.errors
        if not (self.email.data or self.phone.data or self.email.errors or self.phone.errors):
            self.email.errors = [_l("Enter an e-mail address or a phone number.")]
            is_valid = False
        return is_valid

    @property
    def is_trap_sprung(self) -> bool:
        """Whether the field that people do not see was filled in."""
        return not self.website.is_blank


class AnswerForm(PortalForm):
    """A seller's answer."""

    body = TextBlockField(_l("Your answer"), most=LONGEST_MESSAGE, least=1, rows=4)


class SnippetForm(PortalForm):
    """A piece of text for answers."""

    name = LineField(_l("Name"), most=50, least=1)
    body = TextBlockField(_l("Text"), most=LONGEST_SNIPPET, least=1, rows=5)
    shared = TickField(_l("Colleagues use it too"))
    version = CountField(_l("Version"))


class NoteForm(PortalForm):
    """What sellers tell each other about a thread."""

    body = TextBlockField(_l("Internal note"), most=LONGEST_MESSAGE, least=1, rows=3)


class _ByLink(PortalForm):
    """A buyer's form without session: its token is a signed one of its own."""

    class Meta(PortalForm.Meta):  # type: ignore[name-defined]
        """Checked by the views."""

        csrf = False


class WriteBackForm(_ByLink):
    """A buyer's next message, on the private link."""

    body = TextBlockField(_l("Your message"), most=LONGEST_MESSAGE, least=1, rows=4)


class CallForm(_ByLink):
    """A buyer's wish to be called."""

    phone = PhoneField(_l("Phone number"), required=True)
    when = LineField(_l("When does it suit you?"), most=100)


class LinksForm(_ByLink):
    """Asks for the links of an address."""

    email = EmailField(_l("E-mail"), required=True)
