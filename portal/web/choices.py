"""Fields of closed sets: one value of a list, and a box that is ticked or not."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from flask_babel import lazy_gettext as _l
from wtforms import BooleanField, SelectField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import StopValidation

from portal.web.parsing import parse_choice

Choices = Mapping[Any, Sequence[tuple[str, Any]]] | Sequence[tuple[str, Any]]
"""Pairs of value and text, or such pairs by the heading of their group."""


class ClosedChoiceField(SelectField):
    """One value of a closed set.

    Args:
        label: Translated text.
        choices: The set, or a function that makes it.
        required: Whether one must be chosen.
        empty: Text of a first option that stands for none.
        kwargs: As WTForms' Field.
    """

    def __init__(
        self,
        label: Any = None,
        *,
        choices: Choices | Callable[[], Choices],
        required: bool = True,
        empty: Any = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(label, choices=lambda: _options(choices, empty), **kwargs)
        self.must = required
        if required:
            self.flags.required = True

    def process_formdata(self, values: list[Any]) -> None:
        """Read the choice; of an absent name the object's value stays."""
        if not values:
            return
        raw, self.data = values[0] if isinstance(values[0], str) else "", None
        if raw:
            self.data = parse_choice(raw, {choice.value for choice in self.choices or ()})

    def pre_validate(self, _form: Any) -> None:
        """Hold an empty choice against the need for one."""
        if self.process_errors:
            raise StopValidation
        is_given = bool(self.raw_data) and self.data is not None
        if self.raw_data is not None and self.must and not is_given:
            raise StopValidation(_l("Choose one of the listed values."))


class TickField(BooleanField):
    """A checkbox: ticked by the values browsers and our pages send, by nothing else."""

    def process_formdata(self, values: list[Any]) -> None:
        """Read the box; an absent name is an empty box."""
        self.data = bool(values) and values[0] in {"y", "1", "on", "yes", "true"}

    def _value(self) -> str:
        return "y"


def _options(given: Choices | Callable[[], Choices], empty: Any) -> list[SelectChoice]:
    choices = given() if callable(given) else given
    options = [] if empty is None else [SelectChoice("", empty)]
    if isinstance(choices, Mapping):
        for group, members in choices.items():
            options += [SelectChoice(value, text, optgroup=group) for value, text in members]
    else:
        options += [SelectChoice(value, text) for value, text in choices]
    return options
