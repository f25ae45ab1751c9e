"""Keeping, changing and forgetting snippets. Shared ones belong to all sellers of the provider."""

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from portal import clock
from portal.audit.actions import record
from portal.database import Missing, transaction
from portal.inquiries.models import Snippet


class TooManySnippets(Exception):  # noqa: N818 - an answer, not a fault
    """No more can be kept before some are forgotten."""


class SnippetChanged(Exception):  # noqa: N818 - an answer, not a fault
    """Somebody else has changed it since: its row as it is now."""

    def __init__(self, now: Snippet) -> None:
        super().__init__("changed meanwhile")
        self.now = now


def keep_snippet(
    provider_id: int, person_id: int, *, name: str, body: str, is_shared: bool, most: int
) -> int:
    """Keep a new snippet; returns its id.

    Raises:
        TooManySnippets: the person, or the provider, has `most` already.
    """
    owner = None if is_shared else person_id
    with transaction() as session:
        kept = session.scalar(
            select(func.count())
            .select_from(Snippet)
            .where(
                Snippet.provider_id == provider_id, Snippet.person_id.is_not_distinct_from(owner)
            )
        )
        if (kept or 0) >= most:
            raise TooManySnippets
        snippet = Snippet(
            provider_id=provider_id,
            person_id=owner,
            name=name,
            body=body,
            version=1,
            changed_at=clock.now(),
        )
        session.add(snippet)
        session.flush()
        _note(session, "snippet.keep", snippet, person_id)
        return snippet.id


def change_snippet(
    provider_id: int, person_id: int, snippet_id: int, *, name: str, body: str, version: int
) -> None:
    """Change a snippet's name and text.

    Raises:
        Missing: it is neither theirs nor shared in their provider.
        SnippetChanged: it is not the version that was opened, and says something else now.
    """
    with transaction() as session:
        snippet = _theirs(session, provider_id, person_id, snippet_id)
        if (snippet.name, snippet.body) == (name, body):
            return
        if snippet.version != version:
            raise SnippetChanged(snippet)
        snippet.name, snippet.body = name, body
        snippet.version += 1
        snippet.changed_at = clock.now()
        _note(session, "snippet.change", snippet, person_id)


def forget_snippet(provider_id: int, person_id: int, snippet_id: int) -> None:
    """Forget a snippet.

    Raises:
        Missing: it is neither theirs nor shared in their provider.
    """
    with transaction() as session:
        snippet = _theirs(session, provider_id, person_id, snippet_id)
        _note(session, "snippet.forget", snippet, person_id)
        session.delete(snippet)


def _theirs(session: Session, provider_id: int, person_id: int, snippet_id: int) -> Snippet:
    snippet = session.scalar(
        select(Snippet)
        .where(
            Snippet.id == snippet_id,
            Snippet.provider_id == provider_id,
            or_(Snippet.person_id == person_id, Snippet.person_id.is_(None)),
        )
        .with_for_update()
    )
    if snippet is None:
        raise Missing
    return snippet


def _note(session: Session, act: str, snippet: Snippet, person_id: int) -> None:
    record(
        session,
        act,
        subject="snippet",
        subject_id=snippet.id,
        person_id=person_id,
        provider_id=snippet.provider_id,
        # Of one's own snippets the audit tells that they were written, not what they say.
        changes={"name": snippet.name, "body": snippet.body} if snippet.person_id is None else {},
    )
