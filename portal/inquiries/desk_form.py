"""The form in which the heads of the sellers settle how their desk works."""

from collections.abc import Mapping
from typing import Any, Final

from flask_babel import lazy_gettext as _l

from portal.inquiries.vocabulary import Assigns
from portal.inquiries.workhours import WHOLE_DAY
from portal.web.fields import ClosedChoiceField, CountField, PortalForm, TickField, TypedField
from portal.web.parsing import Invalid, parse_money

LONGEST_ANSWER: Final = 30 * 24 * 60
"""Working minutes that a desk may promise at most."""
LONGEST_KEEPING: Final = 3650
"""Days that personal data of closed inquiries is kept at most."""
_STEP: Final = 15
ASSIGNS: Final = {
    Assigns.BY_HAND: _l("By hand: whoever takes it"),
    Assigns.IN_TURN: _l("To the sellers in turn"),
}
WEEKDAYS: Final = {
    "1": _l("Monday"),
    "2": _l("Tuesday"),
    "3": _l("Wednesday"),
    "4": _l("Thursday"),
    "5": _l("Friday"),
    "6": _l("Saturday"),
    "7": _l("Sunday"),
}
"""By ISO number."""


def clock_time(minutes: int) -> str:
    """Minutes after midnight as `09:00`; the day's end is `24:00`."""
    return f"{minutes // 60:02}:{minutes % 60:02}"


def hours_text(minutes: int) -> str:
    """Minutes as hours: `8`, `1.5`."""
    return f"{minutes / 60:.2f}".rstrip("0").rstrip(".")


def _times() -> list[tuple[str, str]]:
    return [(str(one), clock_time(one)) for one in range(0, WHOLE_DAY + 1, _STEP)]


class HoursField(TypedField):
    """A span typed as hours with two decimals at most; its value is whole minutes."""

    def __init__(self, label: Any = None, *, most: int, **kwargs: Any) -> None:
        render = {"inputmode": "decimal", "autocomplete": "off", "maxlength": 10}
        super().__init__(label, required=True, render=render, **kwargs)
        self.most = most

    def parse(self, raw: str) -> int:
        """The minutes, or Invalid."""
        try:
            # Two decimals, full-width digits, no sign: the rule of amounts.
            minutes = round(parse_money(raw, "CNY") * 60 / 100)
        except Invalid:
            raise Invalid(_l("Enter hours, such as 8 or 1.5.")) from None
        if not 1 <= minutes <= self.most:
            limit = hours_text(self.most)
            raise Invalid(_l("Enter at most %(hours)s hours, and more than none.", hours=limit))
        return minutes

    def show(self, value: Any) -> str:
        """The hours."""
        return hours_text(int(value))


class DeskForm(PortalForm):
    """How the desk works. Field names are columns of Desk, but for the weekdays `day_1` to `day_7`."""

    assigns = ClosedChoiceField(_l("New inquiries go"), choices=list(ASSIGNS.items()))
    keeps_buyers = TickField(_l("A buyer who asks again comes to the seller they know"))
    answer_minutes = HoursField(_l("A buyer is answered within"), most=LONGEST_ANSWER)
    opens_at = ClosedChoiceField(_l("From"), choices=_times)
    closes_at = ClosedChoiceField(_l("Until"), choices=_times)
    day_1 = TickField(WEEKDAYS["1"])
    day_2 = TickField(WEEKDAYS["2"])
    day_3 = TickField(WEEKDAYS["3"])
    day_4 = TickField(WEEKDAYS["4"])
    day_5 = TickField(WEEKDAYS["5"])
    day_6 = TickField(WEEKDAYS["6"])
    day_7 = TickField(WEEKDAYS["7"])
    keeps_holidays = TickField(_l("Chinese public holidays are off, their make-up workdays on"))
    keeps_personal_days = CountField(
        _l("Personal data of closed inquiries is kept for"),
        required=True,
        least=1,
        most=LONGEST_KEEPING,
    )

    def validate(self, extra_validators: Any = None) -> bool:
        """Hold all fields against their rules, and the hours and days against each other."""
        is_valid = bool(super().validate(extra_validators))
        opens, closes = self.opens_at.data, self.closes_at.data
        if opens and closes and int(closes) <= int(opens):
            self.closes_at.errors = [_l("Choose a time after the opening.")]
            is_valid = False
        if not self.working_days:
            self.day_1.errors = [_l("Choose at least one day.")]
            is_valid = False
        return is_valid

    @property
    def days(self) -> list[TickField]:
        """The boxes of the week, Monday first."""
        return [self[f"day_{number}"] for number in WEEKDAYS]

    @property
    def working_days(self) -> str:
        """The ticked days as Desk keeps them: `12345`."""
        return "".join(number for number in WEEKDAYS if self[f"day_{number}"].data)

    def columns(self) -> dict[str, Any]:
        """Columns of Desk with what the form says."""
        return {
            "assigns": self.assigns.data,
            "keeps_buyers": self.keeps_buyers.data,
            "answer_minutes": self.answer_minutes.data,
            "opens_at": int(self.opens_at.data or 0),
            "closes_at": int(self.closes_at.data or 0),
            "working_days": self.working_days,
            "keeps_holidays": self.keeps_holidays.data,
            "keeps_personal_days": self.keeps_personal_days.data,
        }


def filled(desk: Mapping[str, Any]) -> DeskForm:
    """The form as the desk stands: columns of Desk by name."""
    days = {f"day_{number}": number in desk["working_days"] for number in WEEKDAYS}
    times = {name: str(desk[name]) for name in ("opens_at", "closes_at")}
    return DeskForm(formdata=None, data={**desk, **days, **times})
