"""What can be done to a thread, as one table: which act is possible from which stage, by whom.

    us ⇄ buyer            the words decide (turns.py); an act never does
    us, buyer ⇄ snoozed
    us, buyer, snoozed → won, lost → (reopen) us, buyer
    us, buyer, snoozed → spam → (release) us, buyer; or gone

Actions, buttons, the bar of many and the tests read this table; nothing else decides about a stage.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from portal.inquiries.vocabulary import Stage
from portal.permissions import Permission


class Act(StrEnum):
    """One act of a seller on threads, one or many."""

    ASSIGN = "assign"
    SNOOZE = "snooze"
    WAKE = "wake"
    WON = "won"
    LOST = "lost"
    REOPEN = "reopen"
    SPAM = "spam"
    RELEASE = "release"
    EMPTY = "empty"


@dataclass(frozen=True)
class Move:
    """One line of the table.

    Args:
        act: what is done.
        begins: the stages from which it can be.
        permission: who may.
        is_final: it cannot be taken back: mails go out, or the thread is gone. Said beforehand.
        is_bare: it needs nothing but the threads: no person, day, sum or reason.
    """

    act: Act
    begins: frozenset[Stage]
    permission: Permission = Permission.INQUIRY_ANSWER
    is_final: bool = False
    is_bare: bool = True


OPEN: Final = frozenset({Stage.US, Stage.BUYER, Stage.SNOOZED})
"""Stages of a thread that somebody still has to do with."""
CLOSED: Final = frozenset({Stage.WON, Stage.LOST})
_SPAM: Final = frozenset({Stage.SPAM})

_MOVES: Final = (
    # Who had a closed thread counts in the numbers, so it can be put right.
    Move(Act.ASSIGN, OPEN | CLOSED, is_bare=False),
    Move(Act.SNOOZE, OPEN, is_bare=False),
    Move(Act.WAKE, frozenset({Stage.SNOOZED})),
    # What was won is told again when the sum is known.
    Move(Act.WON, OPEN | {Stage.WON}, is_bare=False),
    Move(Act.LOST, OPEN, is_bare=False),
    Move(Act.REOPEN, CLOSED),
    Move(Act.SPAM, OPEN),
    Move(Act.RELEASE, _SPAM, is_final=True),
    Move(Act.EMPTY, _SPAM, Permission.INQUIRY_MANAGE, is_final=True),
)
MOVES: Final = {move.act: move for move in _MOVES}
"""Every act by its name."""


def is_possible(act: Act, stage: str) -> bool:
    """Whether the act can be done to a thread at this stage."""
    return Stage(stage) in MOVES[act].begins


def offered(stage: str) -> Iterator[Act]:
    """The acts that make sense for a thread at this stage, in the order of Act."""
    return (act for act in Act if is_possible(act, stage))
