"""Reads of people, providers and sessions."""

from collections import namedtuple
from collections.abc import Sequence
from functools import lru_cache
from typing import Any, Final

from sqlalchemy import ColumnElement, Row, Select, bindparam, exists, func, literal, select, tuple_

from portal import clock
from portal.accounts.identity import Identity
from portal.accounts.models import Notices, Person, PersonRole, Provider, SignInSession
from portal.clock import DAY, HOUR
from portal.database import Missing
from portal.extensions import db
from portal.permissions import Role
from portal.reading import Reading

IDLE_LIFETIME: Final = 12 * HOUR
REMEMBERED_IDLE_LIFETIME: Final = 14 * DAY
PROVIDERS_PAGE: Final = 50
"""Providers a page of their list."""
AnyRow = Row[*tuple[Any, ...]]
_SETTLED: Final[tuple[Any, ...]] = (
    Provider.id,
    Provider.name,
    Provider.timezone,
    Provider.reviews_listings,
)

ROLES_HELD: Final[ColumnElement[str]] = (
    select(func.aggregate_strings(PersonRole.role, ","))
    .where(PersonRole.person_id == Person.id)
    .scalar_subquery()
)
"""All roles of a person, as one text: see roles_in()."""
HELD: Final[tuple[Any, ...]] = (
    SignInSession.token_digest == bindparam("digest"),
    SignInSession.expires_at > bindparam("now"),
    Person.is_active,
)
"""What must be true of a session and its person, besides that is_idle() is not."""
_of_provider: tuple[Any, ...] = (
    Provider.name.label("provider_name"),
    Provider.timezone,
    Provider.reviews_listings,
)
_IDENTITY: Final = Reading(
    select(
        SignInSession.id,
        SignInSession.seen_at,
        SignInSession.is_remembered,
        Person.id.label("person_id"),
        Person.name,
        Person.email,
        Person.language,
        Person.provider_id,
        *_of_provider,
        ROLES_HELD.label("roles"),
    )
    .join(Person, Person.id == SignInSession.person_id)
    .outerjoin(Provider, Provider.id == Person.provider_id)
    .where(*HELD)
)
_Found: Final[Any] = namedtuple("_Found", _IDENTITY.names)  # type: ignore[misc]


def identity_of(token: str, digest: str) -> Identity | None:
    """Whoever holds this session, with today's roles; None when it has ended or never was.

    Args:
        token: the random id from the cookie.
        digest: its digest, as the table keeps it.
    """
    now = clock.now()
    found = _IDENTITY.rows({"digest": digest, "now": now})
    if not found:
        return None
    row: Any = _Found._make(found[0])
    if is_idle(row.seen_at, row.is_remembered, now):
        return None
    return Identity(
        token=token,
        session_id=row.id,
        person_id=row.person_id,
        name=row.name,
        email=row.email,
        language=row.language,
        provider_id=row.provider_id,
        provider_name=row.provider_name,
        timezone=row.timezone or clock.MARKET_ZONE.key,
        # SQLite's driver gives 0 or 1.
        reviews_listings=bool(row.reviews_listings),
        roles=roles_in(row.roles),
        seen_at=row.seen_at,
    )


def is_idle(seen_at: int, is_remembered: bool, now: int) -> bool:
    """Whether a session has gone unused for too long (UTC seconds)."""
    return seen_at + (REMEMBERED_IDLE_LIFETIME if is_remembered else IDLE_LIFETIME) < now


@lru_cache(maxsize=64)
def roles_in(text: str | None) -> frozenset[Role]:
    """The roles that ROLES_HELD read."""
    return frozenset(Role(name) for name in (text or "").split(",") if name)


def person_by_email(email: str) -> Person | None:
    """The person with this address (compared in lower case)."""
    # PostgreSQL takes no NUL, so nobody has one in their address.
    if "\0" in email:
        return None
    return db.session.scalar(select(Person).where(Person.email == email.lower()))


def sessions_of(person_id: int) -> list[Row[int, str, int, int]]:
    """This person's living sessions, last used first."""
    rows = db.session.execute(
        select(
            SignInSession.id,
            SignInSession.user_agent,
            SignInSession.created_at,
            SignInSession.seen_at,
        )
        .where(SignInSession.person_id == person_id, SignInSession.expires_at > clock.now())
        .order_by(SignInSession.seen_at.desc())
        .limit(100)
    )
    return list(rows.all())


def away_of(person_id: int) -> AnyRow:
    """From when until when (`away_from`, `away_until`) a person is out of office, and `notices`."""
    columns = (Person.away_from, Person.away_until, Person.notices)
    return db.session.execute(select(*columns).where(Person.id == person_id)).one()


def people_to_tell(provider_id: int, *roles: Role) -> Select[int, str, str, str]:
    """Id, email, language and notices of each active person who takes notices and holds a role.

    Args:
        provider_id: of the people.
        roles: one of these is enough.
    """
    holds = exists().where(PersonRole.person_id == Person.id, PersonRole.role.in_(roles))
    return (
        select(Person.id, Person.email, Person.language, Person.notices)
        .where(
            Person.provider_id == provider_id,
            Person.is_active,
            Person.notices != Notices.NONE,
            holds,
        )
        .order_by(Person.id)
    )


def notices_of(person_id: int) -> str:
    """Of what mails tell this person.

    Raises:
        Missing: there is no such person, or they work here no more.
    """
    chosen = db.session.scalar(
        select(Person.notices).where(Person.id == person_id, Person.is_active)
    )
    if chosen is None:
        raise Missing
    return chosen


def providers(cursor: tuple[bool, tuple[Any, ...]] | None) -> Sequence[AnyRow]:
    """One more than a page of all providers by name, in reading direction after the cursor."""
    backwards, key = cursor or (False, ())
    here = tuple_(Provider.name, Provider.id)
    statement = select(*_SETTLED)
    if key:
        there = tuple_(literal(key[0]), literal(key[1]))
        statement = statement.where(here < there if backwards else here > there)
    order = (Provider.name, Provider.id)
    statement = statement.order_by(*(one.desc() if backwards else one for one in order))
    return db.session.execute(statement.limit(PROVIDERS_PAGE + 1)).all()


def provider_settings(provider_id: int) -> AnyRow:
    """What the marketplace settled for a provider.

    Raises:
        Missing: there is no such provider.
    """
    row = db.session.execute(select(*_SETTLED).where(Provider.id == provider_id)).one_or_none()
    if row is None:
        raise Missing
    return row
