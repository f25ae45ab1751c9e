"""What happened in a thread, and by when it is due, as sentences in the reader's language."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any, Final

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from portal import clock
from portal.inquiries.timeline import Happening
from portal.inquiries.vocabulary import Event, LostReason, SpamSign
from portal.web.formatting import (
    current_locale,
    current_zone,
    format_clock_time,
    format_day,
    format_money,
)

LOST_REASONS: Final = {
    LostReason.PRICE: _l("the price"),
    LostReason.STOCK: _l("not enough in stock"),
    LostReason.TIMING: _l("the time"),
    LostReason.COMPETITOR: _l("bought elsewhere"),
    LostReason.NO_REPLY: _l("the buyer no longer replied"),
    LostReason.NOT_SERIOUS: _l("not meant seriously"),
    LostReason.BUYER_CLOSED: _l("the buyer closed it"),
    LostReason.OTHER: _l("other reasons"),
}
SPAM_SIGNS: Final = {
    SpamSign.TRAP: _l("a field that people do not see was filled in"),
    SpamSign.QUICK: _l("it was sent faster than a person can fill the form in"),
    SpamSign.REPEATED: _l("several senders sent the same text within a day"),
    SpamSign.LINKS: _l("it holds many links"),
}
"""Why nothing came of a thread, to stand behind "lost:"."""


def moment_in_words(moment: int) -> str:
    """A moment (UTC seconds) in the reader's zone: `today 18:00`, `tomorrow 9:30`, `5 Mar 2024 15:27`."""
    zone = current_zone()
    day = datetime.fromtimestamp(moment, zone).date()
    today = datetime.fromtimestamp(clock.now(), zone).date()
    time = format_clock_time(moment, zone)
    if day == today:
        return str(_("today %(time)s", time=time))
    if day == today + timedelta(days=1):
        return str(_("tomorrow %(time)s", time=time))
    if day == today - timedelta(days=1):
        return str(_("yesterday %(time)s", time=time))
    return f"{format_day(day, current_locale())} {time}"


def due_in_words(due_at: int) -> str:
    """By when the buyer must have an answer: `due today 18:00`, `overdue since yesterday 18:00`."""
    when = moment_in_words(due_at)
    if due_at < clock.now():
        return str(_("overdue since %(when)s", when=when))
    return str(_("due %(when)s", when=when))


def event_in_words(one: Happening) -> str:
    """One thing that happened, as a sentence; a kind that is not known yet as its own name."""
    told = _TOLD.get(one.event)
    return told(one) if told else one.event


def _by(one: Happening) -> str:
    return one.person_name or str(_("A colleague"))


def _assigned(one: Happening) -> str:
    how, to = one.facts.get("how"), one.to_name
    if one.facts.get("to") is None:
        return str(_("%(by)s gave it back: nobody has it in hand.", by=_by(one)))
    name = to or str(_("A colleague"))
    if how == "turn":
        return str(_("Assigned to %(to)s, whose turn it was.", to=name))
    if how == "buyer":
        return str(_("Assigned to %(to)s, who knows this buyer.", to=name))
    if how == "away":
        return str(_("Assigned to %(to)s: who had it is away.", to=name))
    if one.facts["to"] == one.person_id:
        return str(_("%(by)s took it in hand.", by=_by(one)))
    return str(_("Assigned to %(to)s by %(by)s.", to=name, by=_by(one)))


def _snoozed(one: Happening) -> str:
    until = moment_in_words(one.facts["until"])
    return str(_("%(by)s snoozed it until %(until)s.", by=_by(one), until=until))


def _woken(one: Happening) -> str:
    why = one.facts.get("why")
    if why == "buyer":
        return str(_("Woken: the buyer wrote."))
    if why == "time":
        return str(_("Woken: its time had come."))
    return str(_("%(by)s woke it.", by=_by(one)))


def _won(one: Happening) -> str:
    minor, currency = one.facts.get("minor"), one.facts.get("currency")
    if minor is None or currency is None:
        return str(_("%(by)s marked it as won.", by=_by(one)))
    amount = format_money(minor, currency, current_locale())
    return str(_("%(by)s marked it as won for %(amount)s.", by=_by(one), amount=amount))


def _lost(one: Happening) -> str:
    reason = one.facts.get("reason")
    if reason == LostReason.BUYER_CLOSED:
        return str(_("The buyer closed it."))
    words = LOST_REASONS[LostReason(reason)] if reason in set(LostReason) else reason
    if not words:
        return str(_("%(by)s marked it as lost.", by=_by(one)))
    return str(_("%(by)s marked it as lost: %(reason)s.", by=_by(one), reason=words))


def _spam(one: Happening) -> str:
    reason = one.facts.get("reason")
    if reason not in set(SpamSign):
        return str(_("%(by)s marked it as spam.", by=_by(one)))
    why = SPAM_SIGNS[SpamSign(reason)]
    return str(_("Held back as spam: %(reason)s. No mail went out.", reason=why))


def _reopened(one: Happening) -> str:
    if one.facts.get("why") == "buyer":
        return str(_("Open again: the buyer wrote."))
    return str(_("%(by)s opened it again.", by=_by(one)))


def _call_asked(one: Happening) -> str:
    phone, when = one.facts.get("phone"), one.facts.get("when")
    if when:
        return str(_("The buyer asks for a call: %(phone)s, %(when)s", phone=phone, when=when))
    return str(_("The buyer asks for a call: %(phone)s", phone=phone))


def _deletion_asked(one: Happening) -> str:
    when = moment_in_words(one.facts["at"])
    return str(_("The buyer asked for deletion: the personal data goes %(when)s.", when=when))


def _mail_failed(one: Happening) -> str:
    reason = one.facts.get("reason")
    if not reason:
        return str(_("A mail to the buyer could not be delivered."))
    return str(_("A mail to the buyer could not be delivered: %(reason)s", reason=reason))


_TOLD: Final[dict[str, Callable[[Happening], Any]]] = {
    Event.ASSIGNED: _assigned,
    Event.SNOOZED: _snoozed,
    Event.WOKEN: _woken,
    Event.WON: _won,
    Event.LOST: _lost,
    Event.REOPENED: _reopened,
    Event.SPAM: _spam,
    Event.RELEASED: lambda one: str(_("%(by)s released it from spam.", by=_by(one))),
    Event.CALL_ASKED: _call_asked,
    Event.DELETION_ASKED: _deletion_asked,
    Event.DELETION_WITHDRAWN: lambda _one: str(_("The buyer took the wish for deletion back.")),
    Event.FORGOTTEN: lambda _one: str(_("The buyer's personal data was deleted.")),
    Event.LINK_SENT: lambda _one: str(_("The private link was sent to the buyer again.")),
    Event.MAIL_FAILED: _mail_failed,
    Event.MAIL_AGAIN: lambda one: str(_("%(by)s sent the mail to the buyer again.", by=_by(one))),
}
