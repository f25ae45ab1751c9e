"""The figures: what each is called, what it has to reach, and the function that measures it."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

FIGURES: Final[dict[str, "Figure"]] = {}


@dataclass(frozen=True)
class Figure:
    """One claim: `measure()` gives its value, `holds(value)` says whether the goal is met.

    A figure with no goal is printed for comparison only.
    """

    name: str
    goal: str
    measure: Callable[[], float]
    holds: Callable[[float], bool]


def figure(
    name: str, *, at_most: float | None = None, at_least: float | None = None
) -> Callable[[Callable[[], float]], Callable[[], float]]:
    """Register a measurement under the name by which the issue and the README know it."""

    def register(measure: Callable[[], float]) -> Callable[[], float]:
        goal = "none"
        holds: Callable[[float], bool] = lambda _value: True  # noqa: E731
        if at_most is not None:
            goal, holds = f"<={at_most:g}", lambda value: value <= at_most
        elif at_least is not None:
            goal, holds = f">={at_least:g}", lambda value: value >= at_least
        FIGURES[name] = Figure(name, goal, measure, holds)
        return measure

    return register
