"""Which day it is for whoever is at work: offers end in their provider's days."""

from datetime import date

from flask import has_request_context
from flask_login import current_user

from portal import clock


def own_today() -> date:
    """The present day of the reader's provider; the marketplace's where nobody is signed in."""
    if has_request_context() and current_user.is_authenticated:
        return clock.today_in(current_user.timezone)
    return clock.today()
