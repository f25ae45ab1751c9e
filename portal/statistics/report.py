"""The figures of one statistics page, worked out of daily counts: pure arithmetic."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from portal.inquiries.numbers import Answers
from portal.statistics.definitions import FEWEST_INQUIRIES, FEWEST_VIEWS
from portal.statistics.periods import Period


@dataclass(frozen=True)
class Day:
    """What happened on one marketplace day."""

    day: date
    human: int = 0
    served: int = 0
    robot: int = 0
    preview: int = 0
    staff: int = 0
    repeated: int = 0
    inquiries: int = 0
    answered: int = 0
    """Of the day's inquiries, those that have had a first answer, whenever it came."""
    decided: int = 0
    """Of the day's inquiries, those answered or older than 24 hours."""
    in_time: int = 0
    """Of the day's inquiries, those answered within 24 hours."""


@dataclass(frozen=True)
class Side:
    """One period's days and answers, with what can be said of them."""

    days: list[Day]
    answers: Answers

    def total(self, name: str) -> int:
        """Sum of one daily count."""
        return sum(getattr(day, name) for day in self.days)

    def daily(self, name: str) -> list[int]:
        """One count, day by day."""
        return [getattr(day, name) for day in self.days]

    @property
    def rate(self) -> float | None:
        """Inquiries ÷ views; None: too few views to say."""
        return rate_of(self.total("inquiries"), self.total("human"))

    @property
    def in_time(self) -> float | None:
        """Share answered within 24 hours; None: too few to say."""
        return share_of(self.total("in_time"), self.total("decided"))


@dataclass(frozen=True)
class Top:
    """One listing of the most viewed."""

    id: int
    title: str
    status: str
    views: int
    inquiries: int
    daily: list[int]

    @property
    def rate(self) -> float | None:
        """Inquiries ÷ views; None: too few views to say."""
        return rate_of(self.inquiries, self.views)


@dataclass(frozen=True)
class Shop:
    """One provider in the marketplace's table."""

    id: int
    name: str
    views: int
    inquiries: int
    answered: int
    answers: Answers

    @property
    def rate(self) -> float | None:
        """Inquiries ÷ views; None: too few views to say."""
        return rate_of(self.inquiries, self.views)

    @property
    def answered_share(self) -> float | None:
        """Share of inquiries that have had an answer; None: too few to say."""
        return share_of(self.answered, self.inquiries)


@dataclass(frozen=True)
class Report:
    """Everything a statistics page shows."""

    period: Period
    now: Side
    before: Side
    since: date | None
    """First day with a count; None: nothing was counted yet."""
    subject: Any = None
    """Row of the provider or the listing it is about; None: the whole marketplace."""
    tops: list[Top] | None = None
    is_every_top: bool = True
    """Whether the tops were looked for among all of the provider's listings."""
    shops: list[Shop] | None = None

    @property
    def is_empty(self) -> bool:
        """Whether there is neither a view nor an inquiry to show."""
        return self.since is None and not any(
            side.total("inquiries") for side in (self.now, self.before)
        )

    @property
    def has_before(self) -> bool:
        """Whether views were counted through all of the previous period."""
        return self.since is not None and self.since <= self.period.before.first


def rate_of(inquiries: int, views: int) -> float | None:
    """Inquiries ÷ views; None: too few views to say."""
    return inquiries / views if views >= FEWEST_VIEWS else None


def share_of(part: int, whole: int) -> float | None:
    """Part ÷ whole; None: too few to say."""
    return part / whole if whole >= FEWEST_INQUIRIES else None


def answers_of(ranks: Iterable[Mapping[str, Any]]) -> Answers:
    """From the rows of the middle and of the 90th percentile: `place`, `total`, `seconds`."""
    seconds: dict[int, int] = {}
    total = 0
    for row in ranks:
        seconds[int(row["place"])] = int(row["seconds"])
        total = int(row["total"])
    return Answers.of_ranks(total, seconds.__getitem__)


def days_of(period: Period, *rows: Iterable[Mapping[str, Any]]) -> list[Day]:
    """Each day of the period with the counts that the rows hold for it; 0 where there is none."""
    counts: dict[date, dict[str, int]] = {day: {} for day in period.days}
    for row in (row for some in rows for row in some):
        day = row["day"] if isinstance(row["day"], date) else date.fromisoformat(row["day"])
        if day in counts:
            counts[day] |= {name: int(count) for name, count in row.items() if name != "day"}
    return [Day(day, **of_day) for day, of_day in counts.items()]
