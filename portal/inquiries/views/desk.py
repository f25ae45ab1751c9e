"""How the desk works: its rules for all who answer, the form for who leads them, threads handed over."""

from datetime import datetime
from typing import Any, Final

from flask import Response, flash, request, url_for
from flask_babel import get_locale, ngettext
from flask_babel import gettext as _
from flask_login import current_user
from werkzeug.wrappers import Response as BaseResponse

from portal import clock
from portal.inquiries import actions, rules
from portal.inquiries.desk_form import ASSIGNS, WEEKDAYS, DeskForm, clock_time, filled, hours_text
from portal.inquiries.views.page import blueprint
from portal.inquiries.workhours import known_until
from portal.permissions import Permission
from portal.web.formatting import format_day
from portal.web.fragments import done, invalid, respond
from portal.web.guard import requires

_PAGE: Final = "inquiries/desk.html"
_FORM: Final = "inquiries/_desk_form.html"
_HAND: Final = "inquiries/hand_over.html"
_HAND_PART: Final = "inquiries/_hand_over.html"


@blueprint.get("/desk")
@requires(Permission.INQUIRY_VIEW)
def desk() -> Response:
    """How the desk works: who may settle it gets the form, the others read the rules."""
    return respond(_PAGE, _FORM, **_context())


@blueprint.post("/desk")
@requires(Permission.INQUIRY_MANAGE)
def settle_desk() -> BaseResponse:
    """Settle how the desk works."""
    form = DeskForm()
    if not form.validate():
        return invalid(_PAGE, _FORM, **_context(form))
    is_changed = actions.settle_desk(
        current_user.provider_id, form.columns(), by=current_user.person_id
    )
    flash(_("Saved.") if is_changed else _("Nothing was changed."))
    return done(url_for(".desk"))


@blueprint.get("/hand-over")
@requires(Permission.INQUIRY_ANSWER)
def hand_over_page() -> Response:
    """Offer to hand one's own open threads over."""
    return respond(_HAND, _HAND_PART, mine=_mine())


@blueprint.post("/hand-over")
@requires(Permission.INQUIRY_ANSWER)
def hand_over() -> BaseResponse:
    """Give one's own open threads away."""
    asked = request.form.get("to")
    heir = actions.Heir.TURN if asked == actions.Heir.TURN else actions.Heir.NOBODY
    number = actions.hand_over(current_user.provider_id, current_user.person_id, heir)
    flash(ngettext("%(num)s thread was handed over.", "%(num)s threads were handed over.", number))
    return done("/portal/account/")


def _mine() -> int:
    return rules.open_threads_of(current_user.provider_id, current_user.person_id)


def _context(form: DeskForm | None = None) -> dict[str, Any]:
    desk = rules.desk_of(current_user.provider_id)
    hours = rules.hours_of(desk, current_user.timezone)
    return {
        "form": form or filled(desk),
        "may_settle": current_user.may(Permission.INQUIRY_MANAGE),
        "facts_of_desk": _facts(desk),
        "zone": current_user.timezone.replace("_", " "),
        "known_until": known_until(),
        "unknown_year": rules.unknown_year(hours),
        "examples": [
            (_moment(one.asked_at), _moment(one.due_at))
            for one in rules.examples(hours, desk["answer_minutes"])
        ],
    }


def _facts(desk: dict[str, Any]) -> list[tuple[str, Any]]:
    """The rules in words, for who does not settle them."""
    days = _(", ").join(str(WEEKDAYS[number]) for number in desk["working_days"])
    open_from, open_until = clock_time(desk["opens_at"]), clock_time(desk["closes_at"])
    hours, kept = hours_text(desk["answer_minutes"]), desk["keeps_personal_days"]
    return [
        (_("A buyer is answered within"), _("%(hours)s working hours", hours=hours)),
        (_("Working days"), days),
        (_("Working time"), f"{open_from}–{open_until}"),
        (_("Public holidays"), _("off") if desk["keeps_holidays"] else _("worked")),
        (_("New inquiries go"), ASSIGNS[desk["assigns"]]),
        (
            _("A buyer who asks again comes to the seller they know"),
            _("yes") if desk["keeps_buyers"] else _("no"),
        ),
        (
            _("Personal data of closed inquiries is kept for"),
            ngettext("%(num)s day", "%(num)s days", kept),
        ),
    ]


def _moment(seconds: int) -> str:
    """A moment with its weekday by the clock on the provider's wall."""
    there = datetime.fromtimestamp(seconds, clock.zone_of(current_user.timezone))
    locale = get_locale()
    day = format_day(there.date(), "zh" if locale and locale.language == "zh" else "en")
    return f"{WEEKDAYS[str(there.isoweekday())]} {day} {there:%H:%M}"
