"""The input fields of every form: WTForms fields over the rules of portal.web.parsing.

A field keeps what was typed beside what it means: a form answered 422 shows the former. Its
messages are ours, translated when they are shown. Of a name sent twice the first value counts.
A required name that is absent from the body is an error; an optional one keeps what the object
has (browsers send every field of a form, empty ones too).
"""

from collections.abc import Callable, Mapping
from datetime import date
from typing import Any, Final

from flask import abort, has_request_context, request
from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from werkzeug.datastructures import CombinedMultiDict
from wtforms import Field
from wtforms.validators import StopValidation
from wtforms.widgets import TextArea, TextInput

from portal.web.choices import ClosedChoiceField, TickField
from portal.web.formatting import plain_amount
from portal.web.pairs import AttributePairsField, pair_button
from portal.web.parsing import (
    LARGEST_COUNT,
    MINOR_DIGITS,
    Invalid,
    parse_count,
    parse_day,
    parse_email,
    parse_line,
    parse_money,
    parse_phone,
    parse_text,
    printable,
)

_WRITES: Final = {"POST", "PUT", "PATCH", "DELETE"}
_FORM_TYPES: Final = {"application/x-www-form-urlencoded", "multipart/form-data"}
_FROM_REQUEST: Final = object()
_BLANKS: Final = " \t\r\n\u00a0\u3000"
_MISSING: Final = _l("This must be filled in.")

__all__ = [
    "AttributePairsField",
    "ClosedChoiceField",
    "CountField",
    "DayField",
    "EmailField",
    "LineField",
    "MoneyField",
    "PhoneField",
    "PortalForm",
    "TextBlockField",
    "TickField",
    "TypedField",
    "pair_button",
]


class PortalForm(FlaskForm):
    """Base of all forms: takes form bodies only, an empty one too.

    A public form, whose token is an own signed one, says so:
    `class Meta(PortalForm.Meta): csrf = False`.
    """

    def __init__(self, formdata: Any = _FROM_REQUEST, **kwargs: Any) -> None:
        super().__init__(submitted() if formdata is _FROM_REQUEST else formdata, **kwargs)


def submitted() -> Any:
    """The body's fields and files; None where the request writes nothing.

    Aborts with 415 when the body is no form. WTForms would take JSON for one.
    """
    if not has_request_context() or request.method not in _WRITES:
        return None
    has_body = bool(request.content_length) or "Transfer-Encoding" in request.headers
    if request.mimetype not in _FORM_TYPES and (request.mimetype or has_body):
        abort(415)
    if request.files:
        # Fields first: a file sent under a field's name does not stand in for it.
        return CombinedMultiDict((request.form, request.files))
    return request.form


class TypedField(Field):
    """A field whose text means a value.

    Args:
        label: Translated text.
        required: Whether it must be filled in.
        unless: Name of the form's checkbox that stands for "none": ticked, the field must be
            empty and its value is None.
        empty: Value of an empty field.
        render: HTML attributes.
    """

    widget = TextInput()

    def __init__(
        self,
        label: Any = None,
        *,
        required: bool = False,
        unless: str | None = None,
        empty: Any = None,
        render: Mapping[str, Any] | None = None,
        **kwargs: Any,
    ) -> None:
        own = kwargs.pop("render_kw", None) or {}
        super().__init__(label, render_kw={**(render or {}), **own}, **kwargs)
        self.must, self.unless, self.empty = required, unless, empty
        if required and unless is None:
            self.flags.required = True

    def parse(self, raw: str) -> Any:
        """What the text means; raises Invalid."""
        raise NotImplementedError

    def show(self, value: Any) -> str:
        """The text that means `value`."""
        return str(value)

    @property
    def typed(self) -> str | None:
        """The first text sent under the field's name; None where none was sent."""
        first = self.raw_data[0] if self.raw_data else None
        return first if isinstance(first, str) else None

    @property
    def is_blank(self) -> bool:
        """Whether nothing was sent, or blanks only."""
        return not (self.typed or "").strip(_BLANKS)

    def process_formdata(self, _values: list[Any]) -> None:
        """Read the value; of an absent name the object's value stays."""
        if self.typed is None:
            return
        self.data = self.empty
        if not self.is_blank:
            self.data = self.parse(self.typed)

    def pre_validate(self, form: Any) -> None:
        """Hold the field against its box, and an empty one against the need for it."""
        if self.process_errors:
            raise StopValidation
        if self.unless is not None and form[self.unless].data:
            self.data = None
            if not self.is_blank:
                raise StopValidation(_l("Either fill this in or tick the box beside it."))
        elif self.raw_data is not None and self.is_blank and self.must:
            raise StopValidation(self.missing())

    def missing(self) -> Any:
        """What to say of a required field that is empty."""
        return _MISSING

    def _value(self) -> str:
        if self.typed is not None:
            return printable(self.typed)
        return "" if self.data is None else self.show(self.data)


class LineField(TypedField):
    """One line of free text; its value is "" when it is empty.

    Args:
        label: Translated text.
        most: Characters it may have.
        least: Characters it must have; 0: it may stay empty.
        autocomplete: HTML's name for what it asks.
        render: Further HTML attributes.
        kwargs: As TypedField.
    """

    def __init__(
        self,
        label: Any = None,
        *,
        most: int,
        least: int = 0,
        autocomplete: str | None = "off",
        render: Mapping[str, Any] | None = None,
        **kwargs: Any,
    ) -> None:
        # HTML counts UTF-16 units, and cuts off what is longer without a word: a rare Han
        # character has two, and a title pasted one too long should be told, not cut.
        length = {"maxlength": 2 * most}
        given = {"autocomplete": autocomplete} if autocomplete else {}
        super().__init__(
            label,
            required=least > 0,
            empty="",
            render={**length, **given, **(render or {})},
            **kwargs,
        )
        self.most, self.least = most, least

    def parse(self, raw: str) -> str:
        """The line, or Invalid."""
        return parse_line(raw, most=self.most, least=self.least)


class TextBlockField(LineField):
    """A text of several lines; its arguments are a line's, and `rows`: the height of its box."""

    widget = TextArea()

    def __init__(self, label: Any = None, *, rows: int = 6, **kwargs: Any) -> None:
        super().__init__(label, render={"rows": rows}, **{"autocomplete": None, **kwargs})

    def parse(self, raw: str) -> str:
        """The text, or Invalid."""
        return parse_text(raw, most=self.most, least=self.least)


class MoneyField(TypedField):
    """An amount above zero, in minor units (fen) of the currency chosen beside it.

    It is read when the form is validated, since its currency may stand after it.

    Args:
        label: Translated text.
        currency: Name of the form's currency field, or a currency's code.
        unless: Name of the box that means "negotiable".
        required: Whether the amount or the box must be given.
        kwargs: As TypedField.
    """

    def __init__(
        self,
        label: Any = None,
        *,
        currency: str = "currency",
        unless: str | None = None,
        required: bool = True,
        **kwargs: Any,
    ) -> None:
        render = {"inputmode": "decimal", "autocomplete": "off", "maxlength": 24}
        super().__init__(label, required=required, unless=unless, render=render, **kwargs)
        self.currency = currency

    def process_formdata(self, _values: list[Any]) -> None:
        """Leave the reading to pre_validate()."""
        if self.typed is not None:
            self.data = None

    def pre_validate(self, form: Any) -> None:
        """Read the amount in its currency."""
        super().pre_validate(form)
        if not self.is_blank and not (self.unless and form[self.unless].data):
            try:
                self.data = parse_money(self.typed or "", self.code())
            except Invalid as error:
                raise StopValidation(error.message) from None

    def missing(self) -> Any:
        """Say how the price may be left out."""
        if self.unless is None:
            return _l("Enter an amount, such as 11000.00.")
        return _l("Enter an amount, such as 11000.00, or tick that the price is negotiable.")

    def code(self) -> str:
        """The currency in which the amount is read."""
        if self.currency in MINOR_DIGITS or self._form is None or self.currency not in self._form:
            return self.currency if self.currency in MINOR_DIGITS else "CNY"
        return str(self._form[self.currency].data or "CNY")

    def show(self, value: Any) -> str:
        """The plain amount, such as `11000.00`."""
        return plain_amount(int(value), self.code())


class CountField(TypedField):
    """A whole number.

    Args:
        label: Translated text.
        least: Smallest it may be.
        most: Largest it may be.
        kwargs: As TypedField.
    """

    def __init__(
        self, label: Any = None, *, least: int = 0, most: int = LARGEST_COUNT, **kwargs: Any
    ) -> None:
        render = {"inputmode": "numeric", "autocomplete": "off", "maxlength": 20}
        super().__init__(label, render=render, **kwargs)
        self.least, self.most = least, most

    def parse(self, raw: str) -> int:
        """The number, or Invalid."""
        return parse_count(raw, self.least, self.most)


class DayField(TypedField):
    """A calendar day.

    Args:
        label: Translated text.
        earliest: First day it may be, or a function that knows it.
        latest: Last day it may be, likewise.
        kwargs: As TypedField.
    """

    def __init__(
        self,
        label: Any = None,
        *,
        earliest: date | Callable[[], date] | None = None,
        latest: date | Callable[[], date] | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(label, render={"autocomplete": "off"}, **kwargs)
        self.earliest, self.latest = earliest, latest

    def parse(self, raw: str) -> date:
        """The day, or Invalid."""
        day = parse_day(raw)
        earliest, latest = _day(self.earliest), _day(self.latest)
        if earliest and day < earliest:
            raise Invalid(_l("Enter %(day)s or a later day.", day=earliest.isoformat()))
        if latest and day > latest:
            raise Invalid(_l("Enter %(day)s or an earlier day.", day=latest.isoformat()))
        return day

    def show(self, value: Any) -> str:
        """The day as `2024-03-05`."""
        return str(value.isoformat())

    def __call__(self, **kwargs: Any) -> Any:
        """Draw a date picker, but a text box for what a picker would not show."""
        is_shown = self.typed is None or self.is_blank or (self.data and not self.errors)
        if self.data and is_shown:
            kwargs.setdefault("value", self.show(self.data))
        kwargs.setdefault("type", "date" if is_shown else "text")
        return super().__call__(**kwargs)


class EmailField(TypedField):
    """One e-mail address."""

    def __init__(self, label: Any = None, **kwargs: Any) -> None:
        render = {"type": "email", "inputmode": "email", "autocomplete": "email"}
        super().__init__(label, render=render | {"maxlength": 254}, **kwargs)

    def parse(self, raw: str) -> str:
        """The address, or Invalid."""
        return parse_email(raw)


class PhoneField(TypedField):
    """One phone number."""

    def __init__(self, label: Any = None, **kwargs: Any) -> None:
        render = {"type": "tel", "inputmode": "tel", "autocomplete": "tel", "maxlength": 60}
        super().__init__(label, render=render, **kwargs)

    def parse(self, raw: str) -> str:
        """The number in its international form, or Invalid."""
        return parse_phone(raw)


def _day(limit: date | Callable[[], date] | None) -> date | None:
    return limit() if callable(limit) else limit
