"""One thread as its seller reads it: what was said and what happened, in one order."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final

from sqlalchemy import Row

from portal import clock
from portal.inquiries.offers import Change
from portal.inquiries.vocabulary import Author, Stage
from portal.mail.models import QUEUED


@dataclass(frozen=True, kw_only=True)
class Letter:
    """One message of a thread, with what became of its mail."""

    id: int
    author: str
    body: str
    created_at: int
    person_id: int | None
    person_name: str | None
    sends_at: int | None
    mail_state: str | None
    mail_error: str | None
    mail_sent_at: int | None
    kind = "letter"

    @property
    def at(self) -> int:
        """When it was written, UTC seconds."""
        return self.created_at

    @property
    def is_ours(self) -> bool:
        """Whether a seller wrote it."""
        return self.author == Author.SELLER

    @property
    def seconds_left(self) -> int:
        """For how long it can still be taken back."""
        return max(0, (self.sends_at or 0) - clock.now())


@dataclass(frozen=True, kw_only=True)
class NoteLine:
    """What a colleague noted; no buyer reads it."""

    id: int
    body: str
    at: int
    person_id: int | None
    person_name: str | None
    kind = "note"


@dataclass(frozen=True, kw_only=True)
class Happening:
    """One thing that happened in the thread; see vocabulary.Event for the facts."""

    id: int
    event: str
    facts: Mapping[str, Any]
    at: int
    person_id: int | None
    person_name: str | None
    to_name: str | None
    """Of the person in the facts' `to`."""
    kind = "event"


@dataclass(frozen=True, kw_only=True)
class Other:
    """Another inquiry of the same buyer."""

    id: int
    title: str
    """Of its listing when it was asked about."""
    stage: str
    created_at: int


@dataclass(frozen=True, kw_only=True)
class Draft:
    """What the reader typed and has not sent."""

    body: str
    revision: int
    saved_at: int


@dataclass(frozen=True, kw_only=True)
class Colleague:
    """Somebody who is answering the same thread at this moment."""

    id: int
    name: str


@dataclass(frozen=True, kw_only=True)
class SnippetName:
    """A piece of text that the reader can put into an answer."""

    id: int
    name: str
    is_own: bool


Item = Letter | NoteLine | Happening | Change
_ORDER: Final = {"change": 0, "letter": 1, "note": 2, "event": 3}
"""Of one second: what was said stands before what followed from it."""


@dataclass(frozen=True)
class Thread:
    """One inquiry as the seller reads it: the buyer, the offer, all that was said and happened."""

    inquiry: Row[Any]
    reader_id: int
    letters: list[Letter]
    notes: list[NoteLine]
    events: list[Happening]
    changes: list[Change]
    others: list[Other]
    has_more_others: bool
    drafts: dict[str, Draft]
    """The reader's own, by Writing."""
    answering: list[Colleague]
    snippets: list[SnippetName]

    @cached_property
    def timeline(self) -> list[Item]:
        """Everything, oldest first."""
        items: list[Item] = [*self.letters, *self.notes, *self.events, *self.changes]
        return sorted(items, key=lambda one: (one.at, _ORDER[one.kind], getattr(one, "id", 0)))

    @property
    def newest_id(self) -> int:
        """The newest message that whoever reads this has before their eyes."""
        return max((one.id for one in self.letters), default=0)

    @property
    def own_answers(self) -> int:
        """How many answers the reader has written."""
        return sum(one.is_ours and one.person_id == self.reader_id for one in self.letters)

    @property
    def own_notes(self) -> int:
        """How many notes the reader has written."""
        return sum(one.person_id == self.reader_id for one in self.notes)

    @property
    def is_overdue(self) -> bool:
        """Whether the buyer should have had our answer by now."""
        due_at = self.inquiry.due_at
        return self.inquiry.stage == Stage.US and due_at is not None and due_at < clock.now()

    @property
    def queued_mails(self) -> int:
        """How many mails to the buyer have not gone out yet."""
        return sum(letter.mail_state == QUEUED for letter in self.letters)

    @property
    def response_seconds(self) -> int | None:
        """How long the first answer took."""
        answered = self.inquiry.first_answered_at
        return None if answered is None else max(0, answered - self.inquiry.created_at)

    def unseen_by(self, seen_id: int) -> list[Letter]:
        """Colleagues' answers after the newest message that the reader had seen, oldest first."""
        return [
            one
            for one in self.letters
            if one.id > seen_id and one.is_ours and one.person_id != self.reader_id
        ]
