"""A figure beside what it was in the time before: by how much it differs, and which way."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from flask_babel import gettext as _

from portal.web.formatting import current_locale, format_duration, format_number


@dataclass(frozen=True)
class Measure:
    """How one kind of figure is said, and how the difference of two of them."""

    say: Callable[[Any], str]
    differ: Callable[[Any, Any], str]
    """Of now and before; without sign, as `Difference.direction` has it."""
    is_more_better: bool = True


@dataclass(frozen=True)
class Difference:
    """How a figure changed: `direction` is up, down or None; `is_good` None where it did not."""

    amount: str
    direction: str | None = None
    is_good: bool | None = None


def difference(measure: Measure, now: Any, before: Any) -> Difference:
    """How much `now` is more or less than `before`."""
    if now == before:
        return Difference(_("unchanged"))
    is_more = now > before
    amount = measure.differ(now, before)
    return Difference(amount, "up" if is_more else "down", is_more == measure.is_more_better)


def percent(share: float | None) -> str:
    """`0.84%`, `100%`; a dash for None."""
    return "—" if share is None else f"{share * 100:.{2 if share < 0.1 else 0}f}%"


def relative(now: int, before: int) -> str:
    """By what part of `before`, which is not 0: `12.5%`."""
    return f"{abs(now - before) / before * 100:.1f}%"


def points(now: float, before: float) -> str:
    """Between two shares, so that nobody takes it for a part of one of them."""
    return str(_("%(number)s points", number=f"{abs(now - before) * 100:.2f}"))


def lasting(seconds: int) -> str:
    """`2 h`, in the reader's language."""
    said: str = format_duration(seconds, current_locale())
    return said


COUNT: Final = Measure(format_number, relative)
RATE: Final = Measure(percent, points)
TIME: Final = Measure(lasting, lambda now, before: lasting(abs(now - before)), is_more_better=False)
