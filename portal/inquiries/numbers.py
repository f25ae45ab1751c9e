"""How a desk does: inquiries received, how fast they were answered, what became of them.

All of it is about the inquiries *received* in a span of time, whenever they were answered or closed,
and about what is open at this moment. One statement gathers those that are alike (seller, listing,
what became of them) and gives their answer times as one text: so the whole, the sellers and the
listings come out of one read, with true percentiles, which SQLite has no function for.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from enum import IntEnum
from functools import lru_cache
from math import sqrt
from typing import Any, Final, NamedTuple

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Integer,
    Select,
    Text,
    bindparam,
    case,
    cast,
    func,
    literal_column,
    null,
    select,
    union_all,
)

from portal import clock
from portal.extensions import db
from portal.inquiries.models import Inquiry
from portal.inquiries.vocabulary import LostReason, Stage
from portal.listings.models import Listing
from portal.reading import Reading

FEWEST_ANSWERS: Final = 3
"""Below that a median says nothing."""
FEWEST_CLOSED: Final = 20
"""Below that a rate is told as the span in which it lies."""
FEWEST_COMPARED: Final = 20
"""Below that, in either of two times, how much a figure changed would be chance."""
MOST_LISTINGS: Final = 50
_CONFIDENCE: Final = 1.959964
"""Standard deviations that hold 95 % of a normal distribution."""
_t: Final = Inquiry.__table__.c


@dataclass(frozen=True)
class Share:
    """Some of a number of things."""

    part: int
    whole: int

    @property
    def rate(self) -> float | None:
        """From 0 to 1; None of nothing."""
        return self.part / self.whole if self.whole else None

    @property
    def interval(self) -> tuple[float, float] | None:
        """In which the true rate lies with 95 % confidence (Wilson score, 1927); None of nothing.

        It stays inside 0 and 1 and means something even for one of one, where the plain formula
        would claim certainty.
        """
        rate, n = self.rate, self.whole
        if rate is None:
            return None
        z2 = _CONFIDENCE**2
        middle = (rate + z2 / (2 * n)) / (1 + z2 / n)
        reach = _CONFIDENCE / (1 + z2 / n) * sqrt(rate * (1 - rate) / n + z2 / (4 * n * n))
        return max(0.0, middle - reach), min(1.0, middle + reach)

    @property
    def is_small(self) -> bool:
        """Whether it is too few for a bare percentage."""
        return self.whole < FEWEST_CLOSED


@dataclass(frozen=True)
class Answers:
    """How long first answers took, in seconds."""

    count: int
    median: int | None
    """None: fewer than FEWEST_ANSWERS."""
    p90: int | None
    """90th percentile by nearest rank; None as above."""

    @classmethod
    def of(cls, seconds: Iterable[int]) -> "Answers":
        """What can be said of these times."""
        times = sorted(seconds)
        return cls.of_ranks(len(times), lambda place: times[place - 1])

    @classmethod
    def of_ranks(cls, count: int, seconds_at: Callable[[int], int]) -> "Answers":
        """The same, where the database has put the times in order.

        Args:
            count: how many there are.
            seconds_at: the time at a place of that order, 1 being the quickest.
        """
        if count < FEWEST_ANSWERS:
            return cls(count, None, None)
        median = (seconds_at((count + 1) // 2) + seconds_at(count // 2 + 1)) // 2
        return cls(count, median, seconds_at((9 * count + 9) // 10))


@dataclass(frozen=True)
class Numbers:
    """The numbers of a desk, of one of its sellers or of one listing."""

    key: int | None
    """Id of the person or the listing; None: the whole desk, or the threads that are nobody's."""
    received: int
    """Inquiries received in the span; spam is none."""
    spam: int
    answers: Answers
    """Of a seller: the first answers that they gave, whoever has the thread in hand."""
    in_time: Share
    """Answered within one working day, of those whose working day is over or that are answered."""
    not_due: int
    """Neither answered nor late: their working day still runs."""
    won: Share
    """Of those that a seller closed as won or lost."""
    lost: tuple[tuple[str, int], ...]
    """LostReason and how many, most first; of the same."""
    closed_by_buyer: int
    """Nobody here has said whether they were won: neither won nor lost."""
    open: int
    """Now, whenever they came; snoozed ones too."""
    overdue: int
    """Of the open ones those whose buyer should have had our answer."""


@dataclass(frozen=True)
class Report:
    """A desk's numbers in a span of time."""

    whole: Numbers
    before: Numbers
    """The whole of the inquiries received in the time before, which was as long; none is `open`."""
    sellers: tuple[Numbers, ...]
    """Who has one of the inquiries, or an open one, or answered one first; nobody's come last."""
    listings: tuple[Numbers, ...]
    """The MOST_LISTINGS with the most inquiries, most first."""
    has_more_listings: bool


class _Timely(IntEnum):
    """Whether an inquiry was answered within one working day."""

    UNTOLD = 0
    """Closed before that without an answer, or no working day was noted when it came."""
    IN_TIME = 1
    LATE = 2
    NOT_DUE = 3


class _Alike(NamedTuple):
    """Inquiries that are alike: received in the span, or open now."""

    assignee_id: int | None
    answerer_id: int | None
    listing_id: int
    is_before: int
    """Whether they were received in the time before the span; then they are in no other figure."""
    stage: str | None
    """None: these are open now, whenever they came."""
    reason: str | None
    timely: int | None
    inquiries: int
    overdue: int | None
    seconds: str | None
    """Answer times with blanks between."""


@dataclass
class _Sum:
    """What is added up for one line."""

    open: int = 0
    overdue: int = 0
    stages: Counter[str] = field(default_factory=Counter)
    timely: Counter[int] = field(default_factory=Counter)
    reasons: Counter[str] = field(default_factory=Counter)
    seconds: list[int] = field(default_factory=list)

    @property
    def received(self) -> int:
        """Spam apart."""
        return self.stages.total() - self.stages[Stage.SPAM]

    def add(self, some: _Alike) -> None:
        """Count them."""
        if some.stage is None:
            self.open += some.inquiries
            self.overdue += some.overdue or 0
            return
        self.stages[some.stage] += some.inquiries
        if some.stage == Stage.SPAM:
            return
        self.timely[some.timely or 0] += some.inquiries
        if some.stage == Stage.LOST:
            self.reasons[some.reason or LostReason.OTHER] += some.inquiries

    def numbers(self, key: int | None) -> Numbers:
        """All that was added."""
        in_time, won = self.timely[_Timely.IN_TIME], self.stages[Stage.WON]
        reasons = self.reasons.copy()
        closed_by_buyer = reasons.pop(LostReason.BUYER_CLOSED, 0)
        return Numbers(
            key=key,
            received=self.received,
            spam=self.stages[Stage.SPAM],
            answers=Answers.of(self.seconds),
            in_time=Share(in_time, in_time + self.timely[_Timely.LATE]),
            not_due=self.timely[_Timely.NOT_DUE],
            won=Share(won, won + reasons.total()),
            lost=tuple(sorted(reasons.items(), key=lambda one: (-one[1], one[0]))),
            closed_by_buyer=closed_by_buyer,
            open=self.open,
            overdue=self.overdue,
        )


def numbers_of(provider_id: int | None, since: int, until: int) -> Report:
    """The numbers of the inquiries received in a span: of the whole, by seller and by listing.

    What came in the time before, which is as long and ends where the span begins, is counted too.
    It costs time with the inquiries of both and with the open ones, not with all there are.

    Args:
        provider_id: whose desk; None: of all providers together.
        since: UTC seconds, included.
        until: UTC seconds, not included.
    """
    values: dict[str, Any] = {"since": since, "until": until, "now": clock.now()}
    values["before"] = since - (until - since)
    if provider_id is not None:
        values["provider_id"] = provider_id
    whole, before = _Sum(), _Sum()
    sellers: defaultdict[int | None, _Sum] = defaultdict(_Sum)
    listings: defaultdict[int, _Sum] = defaultdict(_Sum)
    for found in _statement(provider_id is not None).rows(values):
        some = _Alike(*found)
        times = [int(text) for text in some.seconds.split()] if some.seconds else []
        if some.is_before:
            before.add(some)
            before.seconds += times
            continue
        for one in (whole, sellers[some.assignee_id], listings[some.listing_id]):
            one.add(some)
        if times:
            # Who answered may be another than who has it in hand.
            for one in (whole, sellers[some.answerer_id], listings[some.listing_id]):
                one.seconds += times
    asked = sorted(
        (one.numbers(key) for key, one in listings.items() if one.received),
        key=lambda one: (-one.received, one.key or 0),
    )
    return Report(
        whole.numbers(None),
        before.numbers(None),
        tuple(
            sorted(
                (one.numbers(key) for key, one in sellers.items()),
                key=lambda one: (one.key is None, -one.received, one.key or 0),
            )
        ),
        tuple(asked[:MOST_LISTINGS]),
        len(asked) > MOST_LISTINGS,
    )


@lru_cache(maxsize=2)
def _statement(is_of_one_provider: bool) -> Reading:
    """What fills _Alike; of one provider or of all."""
    own = [_t.provider_id == bindparam("provider_id")] if is_of_one_provider else []
    both = union_all(_received(own), _open(own)).subquery()
    return Reading(select(*both.c))


def _received(own: list[ColumnElement[bool]]) -> Select[Any]:
    now: ColumnElement[int] = bindparam("now", type_=BigInteger)
    since: ColumnElement[int] = bindparam("since", type_=BigInteger)
    took = _t.first_answered_at - _t.created_at
    timely = case(
        (_t.workday_ends_at.is_(None), literal_column(str(_Timely.UNTOLD.value))),
        (
            _t.first_answered_at <= _t.workday_ends_at,
            literal_column(str(_Timely.IN_TIME.value)),
        ),
        (_t.first_answered_at.is_not(None), literal_column(str(_Timely.LATE.value))),
        (_t.closed_at <= _t.workday_ends_at, literal_column(str(_Timely.UNTOLD.value))),
        (_t.workday_ends_at < now, literal_column(str(_Timely.LATE.value))),
        else_=literal_column(str(_Timely.NOT_DUE.value)),
    )
    # A clock that went back must not make an answer come before its question.
    seconds = case((took < 0, literal_column("0")), else_=took)
    one = (
        select(
            _t.assignee_id,
            _t.first_answered_by.label("answerer_id"),
            _t.listing_id,
            case((_t.created_at < since, literal_column("1")), else_=literal_column("0")).label(
                "is_before"
            ),
            _t.stage,
            _t.lost_reason,
            timely.label("timely"),
            case((_t.stage != Stage.SPAM.value, cast(seconds, Text))).label("seconds"),
        )
        .where(
            *own,
            _t.created_at >= bindparam("before", type_=BigInteger),
            _t.created_at < bindparam("until", type_=BigInteger),
        )
        .subquery()
    )
    alike = (
        one.c.assignee_id,
        one.c.answerer_id,
        one.c.listing_id,
        one.c.is_before,
        one.c.stage,
        one.c.lost_reason,
        one.c.timely,
    )
    return select(
        *alike,
        func.count().label("inquiries"),
        cast(null(), BigInteger).label("overdue"),
        func.aggregate_strings(one.c.seconds, " ").label("seconds"),
    ).group_by(*alike)


def _open(own: list[ColumnElement[bool]]) -> Select[Any]:
    is_late = (_t.stage == Stage.US.value) & (_t.rank < bindparam("now", type_=BigInteger))
    number, text = cast(null(), BigInteger), cast(null(), Text)
    return (
        select(
            _t.assignee_id,
            number.label("answerer_id"),
            _t.listing_id,
            literal_column("0", Integer).label("is_before"),
            text.label("stage"),
            text.label("lost_reason"),
            cast(null(), Integer).label("timely"),
            func.count().label("inquiries"),
            func.sum(case((is_late, 1), else_=0)).label("overdue"),
            text.label("seconds"),
        )
        # In words, as bound values would keep PostgreSQL from the index of stages.
        .where(*own, literal_column("inquiries.stage IN ('us', 'buyer', 'snoozed')"))
        .group_by(_t.assignee_id, _t.listing_id)
    )


def titles_of(provider_id: int | None, listing_ids: Iterable[int]) -> dict[int, str]:
    """Titles of listings by id, as they are now.

    Args:
        provider_id: whose; None: anybody's.
        listing_ids: at most MOST_LISTINGS.
    """
    wanted = select(Listing.id, Listing.title).where(Listing.id.in_(list(listing_ids)))
    if provider_id is not None:
        wanted = wanted.where(Listing.provider_id == provider_id)
    return {row.id: row.title for row in db.session.execute(wanted)}
