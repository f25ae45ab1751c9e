"""Forms of the editor: their fields and messages."""

import re
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from typing import Any, Final

from flask_babel import lazy_gettext as _l
from werkzeug.datastructures import MultiDict
from wtforms import ValidationError

from portal.listings.consistency import inconsistencies
from portal.listings.content import PARTS, Content
from portal.listings.days import own_today
from portal.listings.drafts import FORM_KEY
from portal.listings.fields import RULES, Choice, Count, Line, Rule, units
from portal.listings.lists import DiscountsField, PicturesField
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
from portal.web.formatting import plain_amount
from portal.web.pairs import AttributePairsField
from portal.web.parsing import Invalid, parse_money
from portal.web.richtext import LONGEST

ContentAt = Callable[[int], Content | None]
_VERSION: Final = re.compile(r"[1-9][0-9]{0,8}")
_FIELDS: Final = {
    **PARTS,
    "price": ("price", "currency", "unit", "negotiable"),
    "valid_until": ("valid_until", "no_end_date"),
}
"""Which fields belong to a part."""
QUICK_DAYS: Final = (3, 7, 15, 30, 90, 182, 365)
"""Quick choices for the end date, in days from today."""
_CURRENCIES: Final = {
    Currency.CNY: _l("CNY (Chinese yuan)"),
    Currency.USD: _l("USD (US dollar)"),
    Currency.EUR: _l("EUR (euro)"),
    Currency.HKD: _l("HKD (Hong Kong dollar)"),
}


def _currencies() -> list[tuple[str, Any]]:
    return [(code.value, text) for code, text in _CURRENCIES.items()]


def _chosen(_form: Any, field: Any) -> None:
    """Of a body that lacks the field the listing's value stays; an empty one chooses nothing."""
    if field.data is None:
        raise ValidationError(_l("Choose one of the listed values."))


def _field_of(rule: Rule) -> Any:
    """The form's field for a typed field."""
    if isinstance(rule, Line):
        return LineField(rule.label, most=rule.most, least=rule.least)
    if isinstance(rule, Count):
        return CountField(rule.label, least=rule.least, most=rule.most)
    if isinstance(rule, Choice):
        return ClosedChoiceField(
            rule.label, choices=rule.options, required=False, empty=_l("Not stated")
        )
    return DayField(rule.label)


_TypedForm: Any = type(
    "_TypedForm", (PortalForm,), {name: _field_of(rule) for name, rule in RULES.items()}
)
"""One field for each of fields.RULES."""


class ListingForm(_TypedForm):
    """Everything on an offer that its seller decides."""

    price = MoneyField(_l("Price"), unless="negotiable")
    currency = ClosedChoiceField(
        _l("Currency"),
        choices=_currencies,
        required=False,
        default=Currency.CNY.value,
        validators=[_chosen],
    )
    unit = ClosedChoiceField(
        _l("Per"), choices=units, required=False, default=Unit.ITEM.value, validators=[_chosen]
    )
    negotiable = TickField(_l("Price on request"))
    discounts = DiscountsField(_l("Discounts for longer terms"))
    valid_until = DayField(_l("Last day of the offer"), unless="no_end_date")
    no_end_date = TickField(_l("No end date"))
    description = TextBlockField(_l("Description"), most=LONGEST, rows=16)
    attributes = AttributePairsField(_l("Attributes"))
    images = PicturesField(_l("Pictures"))

    def validate_valid_until(self, field: Any) -> None:
        """An end that has passed can stay where it is, but nobody sets one."""
        if field.data and field.data < own_today() and field.data != field.object_data:
            raise ValidationError(_l("This day has passed: choose today or a later day."))

    def validate_item_unit(self, field: Any) -> None:
        """What an item is takes a number and a unit."""
        self._hold_together(field)

    def validate_term_unit(self, field: Any) -> None:
        """A term without its unit says nothing."""
        self._hold_together(field)

    def validate_max_term(self, field: Any) -> None:
        """The longest rental is no shorter than the shortest."""
        self._hold_together(field)

    def validate_available_until(self, field: Any) -> None:
        """The last day is not before the first."""
        self._hold_together(field)

    def _hold_together(self, field: Any) -> None:
        """Refuse what the rule for whole offers says at this field."""
        for name, message in inconsistencies({one.name: one.data for one in self}):
            if name == field.name:
                raise ValidationError(message)

    def end_in(self, days: int) -> None:
        """Fill in the last day, as the quick choices do."""
        end = own_today() + timedelta(days=days)
        self.valid_until.raw_data, self.valid_until.data = [end.isoformat()], end
        self.no_end_date.data = False

    @property
    def amount(self) -> int | None:
        """The price in minor units while the form is being filled in; None: none, or no number."""
        typed = self.price.typed
        if typed is None or self.negotiable.data:
            return None if self.negotiable.data else self.price.data
        try:
            return parse_money(typed, self.price.code())
        except Invalid:
            return None

    def refuse(self, field: str, message: Any) -> None:
        """Say at a field why a valid form was not saved."""
        self[field].errors = [*self[field].errors, message]

    @property
    def content(self) -> Content:
        """What a valid form says."""
        data = self.data
        typed = {name: data[name] for name in RULES}
        for name, rule in RULES.items():  # a new one's may be absent
            if typed[name] is None:
                typed[name] = rule.nothing
        return Content(
            **typed,
            price_minor=data["price"],
            currency=data["currency"],
            unit=data["unit"],
            discounts=tuple(data["discounts"] or ()),
            valid_until=data["valid_until"],
            description=data["description"] or "",
            attributes=tuple(data["attributes"] or ()),
            images=tuple(data["images"] or ()),
        )


class NewForm(ListingForm):
    """The form of a listing that is not there yet; its nonce makes a second copy the same one."""

    form_nonce = LineField(most=32)

    @classmethod
    def blank(cls, form_nonce: str) -> "NewForm":
        """The form with nothing in it."""
        return cls(data={"no_end_date": True, "form_nonce": form_nonce})

    @classmethod
    def resumed(cls, typed: Any, form_nonce: str) -> "NewForm":
        """The form as it was left: `typed` is a multi-dict of its fields."""
        form = cls(formdata=typed)
        form.form_nonce.raw_data, form.form_nonce.data = [form_nonce], form_nonce
        return form


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
    def resumed(cls, typed: Any, content: Content) -> "EditForm":
        """The form as it was left, over what the listing holds; `typed` is a multi-dict."""
        return cls(formdata=typed, data=_values(content))

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
    replaced = {name for part in parts for name in _FIELDS[part]}
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
    elif part in _LISTS:
        yield from _LISTS[part](content)
    elif part == "valid_until" and content.valid_until is None:
        yield "no_end_date", "y"
    else:
        for name in PARTS[part]:
            value = getattr(content, name)
            yield name, "" if value is None else str(value)


def _pairs_as_sent(content: Content) -> Iterator[tuple[str, str]]:
    yield "attributes", ""
    for number, (name, value) in enumerate(content.attributes):
        yield f"attributes-{number}-name", name
        yield f"attributes-{number}-value", value


def _pictures_as_sent(content: Content) -> Iterator[tuple[str, str]]:
    yield "images", ""
    for number, (key, alt) in enumerate(content.images):
        yield f"images-{number}-key", key
        yield f"images-{number}-alt", alt


def _discounts_as_sent(content: Content) -> Iterator[tuple[str, str]]:
    yield "discounts", ""
    for number, (months, percent) in enumerate(content.discounts):
        yield f"discounts-{number}-months", str(months)
        yield f"discounts-{number}-percent", str(percent)


_LISTS: Final = {
    "attributes": _pairs_as_sent,
    "images": _pictures_as_sent,
    "discounts": _discounts_as_sent,
}


def _values(content: Content) -> dict[str, Any]:
    """The form's fields for a content."""
    return {
        **vars(content),
        "price": content.price_minor,
        "negotiable": content.price_minor is None,
        "no_end_date": content.valid_until is None,
    }


NAMES: Final = frozenset(name for names in PARTS for name in _FIELDS[names]) | {
    "version",
    FORM_KEY,
}
"""Names of the editor's fields; those of lists go on with `-<n>-<side>`."""


class RestoreForm(PortalForm):
    """Which version was the newest when its reader chose to bring back an older one."""

    version = CountField(_l("Version"), least=1, required=True)


def quick_ends() -> list[tuple[int, date]]:
    """Days from today, and the day that is."""
    today = own_today()
    return [(days, today + timedelta(days=days)) for days in QUICK_DAYS]
