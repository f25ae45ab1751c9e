"""The life of a listing as one table: which move leads from where to where, and who may do it.

    draft → in review → live ⇄ paused          any of them → archived → paused or draft
                          live → expired → live

Actions, buttons and tests read this table; nothing else decides about a status.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from portal.listings.vocabulary import Status
from portal.permissions import Permission


class Verb(StrEnum):
    """What can be done to a listing as a whole."""

    PUBLISH = "publish"
    SUBMIT = "submit"
    APPROVE = "approve"
    REJECT = "reject"
    WITHDRAW = "withdraw"
    CONFIRM = "confirm"
    UNARCHIVE = "unarchive"
    ARCHIVE = "archive"
    DELETE = "delete"
    EXPIRE = "expire"


@dataclass(frozen=True)
class Standing:
    """What a move may depend on.

    Args:
        status: the listing's.
        is_reviewed: an admin looks at the provider's offers before buyers do, and whoever acts is
            no admin.
        was_public: buyers could see it once.
        has_inquiries: somebody asked about it.
        awaits_look: it waits for a reviewer, as new or as changed.
    """

    status: Status
    is_reviewed: bool
    was_public: bool
    has_inquiries: bool = False
    awaits_look: bool = False

    @classmethod
    def of(cls, row: Any, *, is_reviewed: bool) -> "Standing":
        """The standing of anything with a listing's columns."""
        return cls(
            status=Status(row.status),
            is_reviewed=is_reviewed,
            was_public=row.published_at is not None,
            has_inquiries=row.inquiries_total > 0,
            awaits_look=row.submitted_at is not None,
        )


@dataclass(frozen=True)
class Move:
    """One line of the table: `end` is None where the listing is gone afterwards.

    `permission` is None for what only time does.
    """

    verb: Verb
    begin: Status
    end: Status | None
    permission: Permission | None
    applies: Callable[[Standing], bool]


def _always(_standing: Standing) -> bool:
    return True


def _reviewed(standing: Standing) -> bool:
    return standing.is_reviewed


def _unreviewed(standing: Standing) -> bool:
    return not standing.is_reviewed


def _awaited(standing: Standing) -> bool:
    return standing.awaits_look


def _comes_back_as_it_was(standing: Standing) -> bool:
    # What lay in the archive may have been sent back before: where offers are reviewed, it is
    # looked at again.
    return standing.was_public and not standing.is_reviewed


def _comes_back_as_draft(standing: Standing) -> bool:
    return not _comes_back_as_it_was(standing)


def _nobody_knows_it(standing: Standing) -> bool:
    return not standing.was_public and not standing.has_inquiries


_DRAFT, _IN_REVIEW, _LIVE = Status.DRAFT, Status.IN_REVIEW, Status.LIVE
_PAUSED, _EXPIRED, _ARCHIVED = Status.PAUSED, Status.EXPIRED, Status.ARCHIVED
_BY_STAFF, _BY_ADMIN = Permission.LISTING_PUBLISH, Permission.LISTING_REVIEW

MOVES: Final = (
    Move(Verb.PUBLISH, _DRAFT, _LIVE, _BY_STAFF, _unreviewed),
    Move(Verb.PUBLISH, _IN_REVIEW, _LIVE, _BY_STAFF, _unreviewed),
    # Once approved, an offer comes and goes freely: what is changed in it is looked at afterwards.
    Move(Verb.PUBLISH, _PAUSED, _LIVE, _BY_STAFF, _always),
    Move(Verb.PUBLISH, _EXPIRED, _LIVE, _BY_STAFF, _always),
    Move(Verb.SUBMIT, _DRAFT, _IN_REVIEW, _BY_STAFF, _reviewed),
    Move(Verb.APPROVE, _IN_REVIEW, _LIVE, _BY_ADMIN, _always),
    Move(Verb.APPROVE, _LIVE, _LIVE, _BY_ADMIN, _awaited),
    Move(Verb.REJECT, _IN_REVIEW, _DRAFT, _BY_ADMIN, _always),
    Move(Verb.REJECT, _LIVE, _DRAFT, _BY_ADMIN, _awaited),
    Move(Verb.WITHDRAW, _LIVE, _PAUSED, _BY_STAFF, _always),
    Move(Verb.WITHDRAW, _IN_REVIEW, _DRAFT, _BY_STAFF, _always),
    Move(Verb.CONFIRM, _LIVE, _LIVE, Permission.LISTING_CONFIRM, _always),
    Move(Verb.CONFIRM, _PAUSED, _PAUSED, Permission.LISTING_CONFIRM, _always),
    Move(Verb.UNARCHIVE, _ARCHIVED, _PAUSED, _BY_STAFF, _comes_back_as_it_was),
    Move(Verb.UNARCHIVE, _ARCHIVED, _DRAFT, _BY_STAFF, _comes_back_as_draft),
    *(
        Move(Verb.ARCHIVE, begin, _ARCHIVED, _BY_STAFF, _always)
        for begin in Status
        if begin is not _ARCHIVED
    ),
    Move(Verb.DELETE, _DRAFT, None, _BY_STAFF, _nobody_knows_it),
    Move(Verb.DELETE, _ARCHIVED, None, _BY_STAFF, _nobody_knows_it),
    Move(Verb.EXPIRE, _LIVE, _EXPIRED, None, _always),
)
"""Every move there is."""


def find(verb: Verb, standing: Standing) -> Move | None:
    """The move that `verb` is from here; None where it is none."""
    for move in MOVES:
        if move.verb is verb and move.begin is standing.status and move.applies(standing):
            return move
    return None


def offered(standing: Standing, may: Callable[[Permission], bool]) -> Iterator[Verb]:
    """The verbs that this reader may use here, in the order of Verb: the nearest at hand first.

    Args:
        standing: the listing's.
        may: whether the reader holds a permission.
    """
    for verb in Verb:
        move = find(verb, standing)
        if move is not None and move.permission is not None and may(move.permission):
            yield verb
