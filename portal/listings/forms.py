"""Forms of the editor and of the price in a row: their fields and messages."""

import re
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from typing import Any, Final

from flask_babel import lazy_gettext as _l
from werkzeug.datastructures import MultiDict
from wtforms import ValidationError

from portal import clock, hardware, places
from portal.listings.content import PARTS, Content
from portal.listings.models import Currency, Unit
from portal.web.fields import (
    ClosedChoiceField,
    CountField,
    DayField,
    LineField,
    MoneyField,
    PortalForm,
    TextBlockField,
    TickField,
    submitted,
)
from portal.web.formatting import current_locale, plain_amount, unit_label
from portal.web.pairs import AttributePairsField
from portal.web.richtext import LONGEST

ContentAt = Callable[[int], Content | None]
_VERSION: Final = re.compile(r"[1-9][0-9]{0,8}")
_FIELDS: Final = {
    "price": ("price", "currency", "unit", "negotiable"),
    "valid_until": ("valid_until", "no_end_date"),
}
"""Which fields belong to a part that is not one field of its own name."""
QUICK_DAYS: Final = (7, 15, 30, 90, 182, 365)
"""Quick choices for the end date, in days from today."""
_CURRENCIES: Final = {
    Currency.CNY: _l("CNY (Chinese yuan)"),
    Currency.USD: _l("USD (US dollar)"),
    Currency.EUR: _l("EUR (euro)"),
    Currency.HKD: _l("HKD (Hong Kong dollar)"),
}


def _units() -> list[tuple[str, str]]:
    return [(unit.value, unit_label(unit.value, current_locale())) for unit in Unit]


def _currencies() -> list[tuple[str, Any]]:
    return [(code.value, text) for code, text in _CURRENCIES.items()]


def _places() -> Any:
    return places.choices(current_locale())


def _chosen(_form: Any, field: Any) -> None:
    """Of a body that lacks the field the listing's value stays; an empty one chooses nothing."""
    if field.data is None:
        raise ValidationError(_l("Choose one of the listed values."))


class ListingForm(PortalForm):
    """Everything on an offer that its seller decides."""

    title = LineField(_l("Title"), most=100, least=2)
    gpu_model = ClosedChoiceField(
        _l("GPU model"), choices=hardware.choices, required=False, empty=_l("Not stated")
    )
    gpu_count = CountField(_l("GPUs in one machine"), least=1, most=1024)
    price = MoneyField(_l("Price"), unless="negotiable")
    currency = ClosedChoiceField(
        _l("Currency"),
        choices=_currencies,
        required=False,
        default=Currency.CNY.value,
        validators=[_chosen],
    )
    unit = ClosedChoiceField(
        _l("Per"), choices=_units, required=False, default=Unit.ITEM.value, validators=[_chosen]
    )
    negotiable = TickField(_l("Price on request"))
    delivery_days = CountField(_l("Days from payment to delivery"), least=0, most=3650)
    place = ClosedChoiceField(_l("Place"), choices=_places, required=False, empty=_l("Not stated"))
    valid_until = DayField(_l("Last day of the offer"), unless="no_end_date")
    no_end_date = TickField(_l("No end date"))
    description = TextBlockField(_l("Description"), most=LONGEST, rows=16)
    attributes = AttributePairsField(_l("Attributes"))

    def validate_valid_until(self, field: Any) -> None:
        """An end that has passed can stay where it is, but nobody sets one."""
        if field.data and field.data < clock.today() and field.data != field.object_data:
            raise ValidationError(_l("This day has passed: choose today or a later day."))

    def end_in(self, days: int) -> None:
        """Fill in the last day, as the quick choices do."""
        end = clock.today() + timedelta(days=days)
        self.valid_until.raw_data, self.valid_until.data = [end.isoformat()], end
        self.no_end_date.data = False

    @property
    def content(self) -> Content:
        """What a valid form says."""
        data = self.data
        return Content(
            title=data["title"],
            gpu_model=data["gpu_model"],
            gpu_count=data["gpu_count"],
            price_minor=data["price"],
            currency=data["currency"],
            unit=data["unit"],
            delivery_days=data["delivery_days"],
            place=data["place"],
            valid_until=data["valid_until"],
            description=data["description"] or "",  # a new one's may be absent
            attributes=tuple(data["attributes"] or ()),
        )


class NewForm(ListingForm):
    """The form of a listing that is not there yet; its nonce makes a second copy the same one."""

    form_nonce = LineField(most=32)


class EditForm(ListingForm):
    """The form of a listing; it says with which version it was opened."""

    version = CountField(_l("Version"), least=1, required=True)

    @classmethod
    def of(cls, content: Content, version: int) -> "EditForm":
        """The form over what the listing holds; of a body, over that."""
        return cls(data={**_values(content), "version": version})

    @classmethod
    def sent(cls, content: Content, content_at: ContentAt) -> "EditForm":
        """The body over what the listing holds, after a conflict with what the sender chose.

        Args:
            content: what the listing holds.
            content_at: what it held at a version.
        """
        return cls(formdata=_chosen_sides(submitted(), content_at), data=_values(content))

    @classmethod
    def showing(cls, content: Content, version: int) -> "EditForm":
        """The form with `content` whatever was sent."""
        return cls(formdata=None, data={**_values(content), "version": version})


def _chosen_sides(sent: Any, content_at: ContentAt) -> Any:
    """The body, where "keep what was saved meanwhile" was chosen with that in its fields."""
    parts = [part for part in PARTS if sent.get(f"keep-{part}") == "theirs"]
    version = sent.get("version", "")
    theirs = content_at(int(version)) if parts and _VERSION.fullmatch(version) else None
    if theirs is None:
        return sent
    replaced = {name for part in parts for name in _FIELDS.get(part, (part,))}
    kept = [
        (name, value)
        for name, value in sent.items(multi=True)
        if name.partition("-")[0] not in replaced
    ]
    return MultiDict([*kept, *(field for part in parts for field in _as_sent(theirs, part))])


def _as_sent(content: Content, part: str) -> Iterator[tuple[str, str]]:
    """The fields of one part as a browser would send them."""
    if part == "price":
        yield "currency", content.currency
        yield "unit", content.unit
        if content.price_minor is None:
            yield "negotiable", "y"
        else:
            yield "price", plain_amount(content.price_minor, content.currency)
    elif part == "attributes":
        yield "attributes", ""
        for number, (name, value) in enumerate(content.attributes):
            yield f"attributes-{number}-name", name
            yield f"attributes-{number}-value", value
    elif part == "valid_until" and content.valid_until is None:
        yield "no_end_date", "y"
    else:
        value = content.part(part)[0]
        yield part, "" if value is None else str(value)


def _values(content: Content) -> dict[str, Any]:
    """The form's fields for a content."""
    return {
        **content.to_json(),
        "valid_until": content.valid_until,
        "attributes": content.attributes,
        "price": content.price_minor,
        "negotiable": content.price_minor is None,
        "no_end_date": content.valid_until is None,
    }


class PriceForm(PortalForm):
    """The price in a row of the index; currency and unit are the editor's business."""

    price = MoneyField(_l("Price"), unless="negotiable")
    negotiable = TickField(_l("Price on request"))
    version = CountField(least=1)

    @classmethod
    def of(cls, row: Any) -> "PriceForm":
        """The form as sent, over a listing's row; the amount is read in the row's currency."""
        # The box starts empty: who opens the cell of a negotiable offer wants to type a price.
        form = cls(data={"price": row.price_minor, "version": row.version})
        form.price.currency = row.currency
        return form

    @classmethod
    def reopened(cls, typed: str, row: Any, *, negotiable: bool) -> "PriceForm":
        """A form with what was typed, over the row as it is now."""
        fields = {"price": typed, "version": str(row.version)} | (
            {"negotiable": "y"} if negotiable else {}
        )
        form = cls(formdata=MultiDict(fields))
        form.price.currency = row.currency
        return form


def quick_ends() -> list[tuple[int, date]]:
    """Days from today, and the day that is."""
    today = clock.today()
    return [(days, today + timedelta(days=days)) for days in QUICK_DAYS]
