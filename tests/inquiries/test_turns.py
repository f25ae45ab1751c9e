"""Whose turn a thread is, by when and in which place: all of it follows from its messages."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.inquiries import turns
from portal.inquiries.models import Inquiry
from portal.inquiries.vocabulary import FAR, Author, Outcome, State
from portal.inquiries.workhours import WorkHours

HOURS: Final = WorkHours("Asia/Shanghai")
MINUTES: Final = 480


def at(text: str) -> int:
    """UTC second of `2026-09-25 17:30` in Shanghai."""
    return int(datetime.fromisoformat(text).replace(tzinfo=ZoneInfo("Asia/Shanghai")).timestamp())


@dataclass(frozen=True)
class Said:
    """A message as turns.settle() looks at it."""

    id: int
    author: str
    person_id: int | None
    created_at: int


def thread(*said: tuple[str, str], **columns: Any) -> tuple[Inquiry, list[Said]]:
    """A thread of (`buyer` or a seller's number, time) messages, oldest first."""
    inquiry = Inquiry(**{"state": State.NEW, **columns})
    messages = [
        Said(
            number,
            Author.BUYER if who == "buyer" else Author.SELLER,
            None if who == "buyer" else int(who),
            at(when),
        )
        for number, (who, when) in enumerate(said, 1)
    ]
    return inquiry, messages


def settled(*said: tuple[str, str], **columns: Any) -> Inquiry:
    """The thread as settle() leaves it."""
    inquiry, messages = thread(*said, **columns)
    turns.settle(inquiry, messages, HOURS, MINUTES)
    return inquiry


ASKED: Final = ("buyer", "2026-09-21 10:00")


def test_a_new_question_waits_for_us() -> None:
    one = settled(ASKED)
    assert one.state == State.NEW
    assert one.due_at == one.rank == at("2026-09-21 18:00")
    assert (one.first_answered_at, one.first_answered_by) == (None, None)
    assert (one.last_letter_id, one.last_message_at) == (1, at("2026-09-21 10:00"))


def test_an_answer_gives_the_turn_to_the_buyer() -> None:
    one = settled(ASKED, ("7", "2026-09-21 11:00"))
    assert (one.state, one.due_at) == (State.ANSWERED, None)
    assert (one.first_answered_at, one.first_answered_by) == (at("2026-09-21 11:00"), 7)
    assert one.rank == FAR - at("2026-09-21 11:00")


def test_who_writes_back_waits_anew_from_then_on() -> None:
    one = settled(ASKED, ("7", "2026-09-21 11:00"), ("buyer", "2026-09-22 10:00"))
    assert (one.state, one.due_at) == (State.WAITING, at("2026-09-22 18:00"))
    assert one.last_letter_id == 3
    assert one.first_answered_by == 7


def test_of_several_letters_the_first_unanswered_one_counts() -> None:
    alone = settled(ASKED, ("buyer", "2026-09-21 15:00"), ("buyer", "2026-09-22 09:00"))
    assert alone.due_at == at("2026-09-21 18:00")
    assert alone.last_letter_id == 3
    after = settled(
        ASKED,
        ("7", "2026-09-21 11:00"),
        ("buyer", "2026-09-22 10:00"),
        ("buyer", "2026-09-22 17:00"),
    )
    assert after.due_at == at("2026-09-22 18:00")


def test_the_first_answer_stays_the_first() -> None:
    one = settled(ASKED, ("7", "2026-09-21 11:00"), ("8", "2026-09-21 12:00"))
    assert (one.first_answered_at, one.first_answered_by) == (at("2026-09-21 11:00"), 7)


@pytest.mark.parametrize(
    "before",
    [
        [ASKED],
        [ASKED, ("buyer", "2026-09-21 15:00")],
        [ASKED, ("7", "2026-09-21 11:00"), ("buyer", "2026-09-22 10:00")],
    ],
)
def test_an_answer_taken_back_leaves_no_trace(before: list[tuple[str, str]]) -> None:
    inquiry, messages = thread(*before, ("9", "2026-09-23 10:00"))
    turns.settle(inquiry, messages, HOURS, MINUTES)
    assert inquiry.state == State.ANSWERED
    turns.settle(inquiry, messages[:-1], HOURS, MINUTES)
    never = settled(*before)
    columns = [column.key for column in Inquiry.__table__.columns]
    assert [getattr(inquiry, name) for name in columns] == [
        getattr(never, name) for name in columns
    ]


# The day that the buyer wished


@pytest.mark.parametrize(
    ("asked", "wished", "due"),
    [
        ("2026-09-21 17:00", date(2026, 9, 21), "2026-09-21 18:00"),  # today
        ("2026-09-21 10:00", date(2026, 9, 22), "2026-09-21 18:00"),  # later than we promise
        ("2026-09-21 17:00", date(2026, 9, 22), "2026-09-22 16:00"),
        ("2026-09-30 17:00", date(2026, 10, 3), "2026-09-30 18:00"),  # on a holiday
        ("2026-09-11 17:00", date(2026, 9, 13), "2026-09-11 18:00"),  # on a Sunday
        ("2026-09-30 17:00", date(2026, 10, 10), "2026-10-08 16:00"),
        # Nobody works between the question and the day: when work begins again.
        ("2026-09-11 20:00", date(2026, 9, 12), "2026-09-14 09:00"),
        ("2026-09-21 20:00", date(2026, 9, 21), "2026-09-22 09:00"),
        ("2026-10-02 12:00", date(2026, 10, 4), "2026-10-08 09:00"),
        # A day that is over (a form from another zone): at once.
        ("2026-09-21 10:00", date(2026, 9, 18), "2026-09-21 10:00"),
        # Days that no calendar knows.
        ("2026-09-21 10:00", date(2199, 12, 31), "2026-09-21 18:00"),
        ("2026-09-21 10:00", date.max, "2026-09-21 18:00"),
    ],
)
def test_a_wished_day_is_met_in_working_time(asked: str, wished: date, due: str) -> None:
    assert settled(("buyer", asked), reply_by=wished).due_at == at(due)


def test_a_wish_for_a_far_day_is_no_fault_for_who_closes_at_midnight() -> None:
    inquiry, messages = thread(ASKED, reply_by=date.max)
    turns.settle(inquiry, messages, WorkHours("Asia/Shanghai", 0, 1440, ""), 60)
    assert inquiry.due_at is not None


def test_the_wish_is_about_the_first_answer_only() -> None:
    wished = date(2026, 9, 22)
    one = settled(ASKED, ("7", "2026-09-21 11:00"), ("buyer", "2026-09-22 17:00"), reply_by=wished)
    assert one.due_at == at("2026-09-23 16:00")


# Spam, ends and snoozes


def test_spam_is_never_due() -> None:
    one = settled(ASKED, state=State.SPAM)
    assert (one.state, one.due_at, one.rank) == (State.SPAM, None, FAR - at(ASKED[1]))


@pytest.mark.parametrize("outcome", Outcome)
def test_a_closed_thread_stands_by_its_end(outcome: Outcome) -> None:
    closed = at("2026-09-23 12:00")
    one = settled(ASKED, outcome=outcome, closed_at=closed)
    assert one.rank == FAR - closed
    assert one.due_at == at("2026-09-21 18:00")  # it is there again when the thread is reopened
    one.outcome = one.closed_at = None
    turns.place(one)
    assert one.rank == one.due_at


def test_a_snoozed_thread_stands_by_its_waking() -> None:
    until = at("2026-09-28 09:00")
    one = settled(ASKED, snoozed_until=until)
    assert one.rank == until
    one.snoozed_until = None
    turns.place(one, until)
    assert one.rank == one.due_at


def test_a_woken_thread_that_waits_for_the_buyer_stands_on_top_of_them() -> None:
    woken = at("2026-09-28 09:00")
    one = settled(ASKED, ("7", "2026-09-21 11:00"))
    other = settled(ASKED, ("7", "2026-09-25 11:00"))
    assert other.rank < one.rank
    turns.place(one, woken)
    assert one.rank == FAR - woken < other.rank


def test_a_clock_that_went_back_puts_no_thread_back() -> None:
    one = settled(("buyer", "2026-09-21 12:00"), ("7", "2026-09-21 11:00"))
    assert one.last_message_at == at("2026-09-21 12:00")
    assert one.state == State.ANSWERED


@given(st.lists(st.sampled_from(["buyer", "1", "2"]), max_size=8), st.data())
def test_only_the_messages_decide(authors: list[str], data: Any) -> None:
    begin = at("2026-09-01 09:00")
    gaps = data.draw(st.lists(st.integers(0, 400_000), min_size=9, max_size=9))
    messages, moment = [], begin
    for number, who in enumerate(["buyer", *authors], 1):
        moment += gaps[number - 1]
        seller = None if who == "buyer" else int(who)
        author = Author.BUYER if seller is None else Author.SELLER
        messages.append(Said(number, author, seller, moment))
    inquiry = Inquiry(state=State.NEW)
    settle: Callable[[], None] = lambda: turns.settle(inquiry, messages, HOURS, MINUTES)  # noqa: E731
    settle()
    waits = messages[-1].author == Author.BUYER
    assert (inquiry.due_at is not None) is waits
    assert (inquiry.state == State.ANSWERED) is not waits
    assert (inquiry.first_answered_at is None) is ("1" not in authors and "2" not in authors)
    before = {name: value for name, value in vars(inquiry).items() if name[0] != "_"}
    settle()
    assert before == {name: value for name, value in vars(inquiry).items() if name[0] != "_"}
