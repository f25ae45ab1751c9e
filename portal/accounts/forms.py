"""Forms of people and providers: sign-in, out of office, what the marketplace settles."""

from datetime import date
from functools import lru_cache
from typing import Any, Final
from zoneinfo import available_timezones

from flask_babel import lazy_gettext as _l
from flask_login import current_user
from flask_wtf import FlaskForm
from wtforms import BooleanField, HiddenField, PasswordField, StringField
from wtforms.validators import DataRequired, Length
from wtforms.widgets import RadioInput

from portal import clock
from portal.accounts.models import Notices
from portal.web.fields import ClosedChoiceField, DayField, PortalForm, TickField

LONGEST_PASSWORD: Final = 1024
"""Characters; longer ones are refused before they are hashed."""


class SignInForm(FlaskForm):
    """Address and password; says what went wrong without saying which of them."""

    email = StringField(
        _l("E-mail"),
        validators=[
            DataRequired(_l("Enter your e-mail address.")),
            Length(max=254, message=_l("An e-mail address has at most 254 characters.")),
        ],
        render_kw={"autocomplete": "username", "inputmode": "email", "autofocus": True},
    )
    password = PasswordField(
        _l("Password"),
        validators=[
            DataRequired(_l("Enter your password.")),
            Length(max=LONGEST_PASSWORD, message=_l("A password has at most 1,024 characters.")),
        ],
        render_kw={"autocomplete": "current-password"},
    )
    remember = BooleanField(_l("Stay signed in on this device"))
    next = HiddenField()


@lru_cache(maxsize=1)
def time_zones() -> dict[str, list[tuple[str, str]]]:
    """Names of the IANA time zones by continent or ocean, each as itself."""
    zones: dict[str, list[tuple[str, str]]] = {}
    for name in sorted(available_timezones()):
        region, _slash, place = name.partition("/")
        if place and region in _REGIONS:
            zones.setdefault(region, []).append((name, name.replace("_", " ")))
    return zones


# The other names are older spellings and bare offsets.
_REGIONS: Final = frozenset(
    [
        "Africa",
        "America",
        "Antarctica",
        "Asia",
        "Atlantic",
        "Australia",
        "Europe",
        "Indian",
        "Pacific",
    ]
)


class NoticesForm(PortalForm):
    """Of which inquiries mails tell; its tokens are the session's, or the link's own."""

    class Meta(PortalForm.Meta):  # type: ignore[name-defined]  # no types
        """Flask-WTF guards the page of who is signed in; the link in a mail is itself a secret."""

        csrf = False

    notices = ClosedChoiceField(
        _l("Mails tell me"),
        choices=[
            (Notices.ALL.value, _l("of all inquiries of my company")),
            (Notices.MINE.value, _l("of my inquiries, and of those nobody has yet")),
            (Notices.NONE.value, _l("of nothing")),
        ],
        option_widget=RadioInput(),
    )


class ProviderForm(PortalForm):
    """What the marketplace settles for a provider."""

    reviews_listings = TickField(_l("An admin looks at its offers before buyers do"))
    timezone = ClosedChoiceField(_l("Time zone"), choices=time_zones)


def _today() -> date:
    return clock.today_in(current_user.timezone)


class AwayForm(PortalForm):
    """From when until when somebody is out of office; both days count."""

    away_from = DayField(_l("Out of office from"))
    away_until = DayField(_l("Out of office until"), required=True, earliest=_today)

    def validate(self, extra_validators: Any = None) -> bool:
        """Hold both days against their rules and against each other."""
        is_valid = bool(super().validate(extra_validators))
        first, last = self.away_from.data, self.away_until.data
        if is_valid and first is not None and last < first:
            self.away_until.errors = [_l("Enter %(day)s or a later day.", day=first.isoformat())]
            is_valid = False
        return is_valid
