"""Signing in and out, sessions, people: each verb one transaction."""

import secrets
from datetime import date
from threading import BoundedSemaphore
from typing import Final

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from sqlalchemy import delete, func, select, update

from portal import clock
from portal.accounts.models import (
    FailedSignIn,
    Notices,
    Person,
    PersonRole,
    Provider,
    SignInSession,
)
from portal.accounts.queries import person_by_email
from portal.audit.actions import record
from portal.clock import DAY, MINUTE
from portal.database import Missing, rows_changed, transaction
from portal.digests import digest_of
from portal.extensions import db
from portal.permissions import Role

SESSION_LIFETIME: Final = 7 * DAY
REMEMBERED_LIFETIME: Final = 30 * DAY
SEEN_STEP: Final = 5 * MINUTE
"""A session's last use is written at most this often (seconds)."""
THROTTLE_WINDOW: Final = 5 * MINUTE
THROTTLE_TRIES: Final = 10
"""Refused sign-ins a person or a network may have within the window (seconds)."""

# OWASP's parameters for argon2id: 19 MiB, two passes, one lane.
_hasher = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)
# Hashing is slow on purpose: more than one at a time would starve the readers of this process.
_one_hash_at_a_time = BoundedSemaphore(1)
# Verified when the person is unknown, so that both answers take the same time.
_NOBODYS_HASH: Final = _hasher.hash(secrets.token_hex())


class Throttled(Exception):  # noqa: N818 - an answer, not a fault
    """Too many refused sign-ins; `retry_after` is in seconds."""

    def __init__(self, retry_after: int) -> None:
        super().__init__(f"retry after {retry_after} s")
        self.retry_after = retry_after


def sign_in(
    email: str, password: str, *, remember: bool, user_agent: str, network_digest: str
) -> str | None:
    """Check the password and open a session; returns its token, None when refused.

    Args:
        email: as typed; compared in lower case.
        password: as typed, unaltered.
        remember: a session that outlives the browser (30 days instead of 7).
        user_agent: shown in the person's list of sessions.
        network_digest: of the client's address (digests.network_digest), for the throttle.

    Raises:
        Throttled: too many refused tries for this person or from this network.
    """
    keys = {"email_digest": digest_of(email.lower()), "network_digest": network_digest}
    _check_throttle(**keys)
    person = person_by_email(email)
    is_right = _verify(person.password_hash if person else _NOBODYS_HASH, password)
    now = clock.now()
    if person is None or not is_right or not person.is_active:
        with transaction() as session:
            session.add(FailedSignIn(at=now, **keys))
        return None
    token = secrets.token_urlsafe(16)
    with transaction() as session:
        opened = SignInSession(
            token_digest=digest_of(token),
            person_id=person.id,
            user_agent=user_agent[:200],
            is_remembered=remember,
            created_at=now,
            seen_at=now,
            expires_at=now + (REMEMBERED_LIFETIME if remember else SESSION_LIFETIME),
        )
        session.add(opened)
        if _hasher.check_needs_rehash(person.password_hash):
            person.password_hash = _hash(password)
        session.flush()
        record(
            session,
            "session.open",
            subject="session",
            subject_id=opened.id,
            person_id=person.id,
            provider_id=person.provider_id,
        )
    return token


def _check_throttle(email_digest: str, network_digest: str) -> None:
    since = clock.now() - THROTTLE_WINDOW
    for column, value in (
        (FailedSignIn.email_digest, email_digest),
        (FailedSignIn.network_digest, network_digest),
    ):
        times = db.session.scalars(
            select(FailedSignIn.at)
            .where(column == value, FailedSignIn.at > since)
            .order_by(FailedSignIn.at.desc())
            .limit(THROTTLE_TRIES)
        ).all()
        if len(times) >= THROTTLE_TRIES:
            raise Throttled(max(1, times[-1] + THROTTLE_WINDOW - clock.now()))


def _verify(password_hash: str, password: str) -> bool:
    with _one_hash_at_a_time:
        try:
            return _hasher.verify(password_hash, password)
        except (VerificationError, InvalidHashError):
            return False


def _hash(password: str) -> str:
    with _one_hash_at_a_time:
        return _hasher.hash(password)


def keep_alive(session_id: int, seen_at: int) -> None:
    """Note that the session is in use, unless that was noted within the last five minutes."""
    now = clock.now()
    if now - seen_at < SEEN_STEP:
        return
    with transaction() as session:
        session.execute(
            update(SignInSession).where(SignInSession.id == session_id).values(seen_at=now)
        )


def end_session(person_id: int, session_id: int) -> None:
    """End one of this person's own sessions.

    Raises:
        Missing: it is not theirs, or has ended already.
    """
    with transaction() as session:
        theirs = delete(SignInSession).where(
            SignInSession.id == session_id, SignInSession.person_id == person_id
        )
        if not rows_changed(session, theirs):
            raise Missing
        record(
            session,
            "session.end",
            subject="session",
            subject_id=session_id,
            person_id=person_id,
            provider_id=None,
        )


def end_other_sessions(person_id: int, kept_session_id: int) -> int:
    """End all sessions of this person but the one in use; returns how many ended."""
    with transaction() as session:
        others = delete(SignInSession).where(
            SignInSession.id != kept_session_id, SignInSession.person_id == person_id
        )
        ended = rows_changed(session, others)
        record(
            session,
            "session.end-others",
            subject="session",
            subject_id=kept_session_id,
            person_id=person_id,
            provider_id=None,
            changes={"ended": ended},
        )
        return ended


def choose_language(person_id: int, language: str) -> None:
    """Remember the language in which this person is written to."""
    with transaction() as session:
        session.execute(update(Person).where(Person.id == person_id).values(language=language))


def set_away(person_id: int, first: date | None, last: date | None) -> None:
    """Note from when until when somebody is out of office, both days included.

    Args:
        person_id: who.
        first: the first day; None: from now on.
        last: the last one; None: they are not, or are back.
    """
    with transaction() as session:
        person = session.get_one(Person, person_id, with_for_update=True, populate_existing=True)
        person.away_from, person.away_until = (None if last is None else first), last
        record(
            session,
            "person.away",
            subject="person",
            subject_id=person_id,
            person_id=person_id,
            provider_id=person.provider_id,
            changes={
                "from": first.isoformat() if first and last else None,
                "until": last.isoformat() if last else None,
            },
        )


def choose_notices(person_id: int, notices: Notices, *, by: int | None) -> bool:
    """Remember of which inquiries mails tell this person; False: it was so already.

    Args:
        person_id: whose choice it is.
        notices: which.
        by: the person themselves, signed in; None: whoever had the link in one of their mails.

    Raises:
        Missing: there is no such person, or they work here no more.
    """
    with transaction() as session:
        person = session.get(Person, person_id, with_for_update=True, populate_existing=True)
        if person is None or not person.is_active:
            raise Missing
        if (before := person.notices) == notices:
            return False
        person.notices = notices.value
        record(
            session,
            "person.notices",
            subject="person",
            subject_id=person_id,
            person_id=by,
            provider_id=person.provider_id,
            changes={"notices": [before, notices.value]},
        )
        return True


def add_provider(name: str, **facts: str | int | None) -> int:
    """Create a provider; returns its id."""
    with transaction() as session:
        provider = Provider(name=name, created_at=clock.now(), **facts)
        session.add(provider)
        session.flush()
        return provider.id


def settle_provider(
    provider_id: int, *, timezone: str, reviews_listings: bool, by: int | None
) -> bool:
    """Set in whose days a provider's offers end and whether an admin looks at them first.

    What waits for a review when that is switched off still waits, and may be published.

    Args:
        provider_id: which.
        timezone: an IANA name.
        reviews_listings: whether its offers are reviewed.
        by: admin.

    Returns:
        False: it was so already.

    Raises:
        Missing: there is no such provider.
    """
    wanted = {"timezone": timezone, "reviews_listings": reviews_listings}
    with transaction() as session:
        provider = session.get(Provider, provider_id, with_for_update=True, populate_existing=True)
        if provider is None:
            raise Missing
        changes = {
            name: [getattr(provider, name), value]
            for name, value in wanted.items()
            if getattr(provider, name) != value
        }
        for name in changes:
            setattr(provider, name, wanted[name])
        if changes:
            record(
                session,
                "provider.settle",
                subject="provider",
                subject_id=provider_id,
                person_id=by,
                provider_id=provider_id,
                changes=changes,
            )
        return bool(changes)


def add_person(
    email: str,
    name: str,
    password: str,
    roles: frozenset[Role],
    *,
    provider_id: int | None = None,
    language: str = "zh",
) -> int:
    """Create a person with roles; returns their id."""
    with transaction() as session:
        person = Person(
            email=email.lower(),
            name=name,
            language=language,
            password_hash=_hash(password),
            provider_id=provider_id,
            created_at=clock.now(),
        )
        session.add(person)
        session.flush()
        session.add_all(PersonRole(person_id=person.id, role=role.value) for role in roles)
        record(
            session,
            "person.add",
            subject="person",
            subject_id=person.id,
            person_id=None,
            provider_id=provider_id,
            changes={"roles": sorted(roles)},
        )
        return person.id


def purge_ended_sessions() -> int:
    """Delete sessions past their end and refused sign-ins past the window; returns how many."""
    now = clock.now()
    with transaction() as session:
        session.execute(delete(FailedSignIn).where(FailedSignIn.at < now - THROTTLE_WINDOW))
        return rows_changed(session, delete(SignInSession).where(SignInSession.expires_at < now))


def has_people(domain: str) -> bool:
    """Whether anybody has an address in `domain`; how a server knows that it holds demo people."""
    found = db.session.scalar(
        select(func.count()).select_from(Person).where(Person.email.endswith("@" + domain))
    )
    return bool(found)
