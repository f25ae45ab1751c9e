"""Rows for tests, each valid by itself; a test names only what it is about."""

import itertools
import secrets
from collections.abc import Sequence
from typing import Any

from portal import clock
from portal.accounts.models import Person, PersonRole, Provider, SignInSession
from portal.database import transaction
from portal.digests import digest_of
from portal.inquiries import turns
from portal.inquiries.models import Inquiry, Message
from portal.inquiries.vocabulary import Author, State
from portal.listings import search
from portal.listings.models import Attribute, Listing, Status
from portal.permissions import Role

_numbers = itertools.count(1)


def provider(**fields: Any) -> Provider:
    """A provider with a name of its own."""
    with transaction() as session:
        made = Provider(
            **{
                "name": f"猿界算力 {next(_numbers)}",
                "about": "",
                "created_at": clock.now(),
                **fields,
            }
        )
        session.add(made)
    return made


def person(of: Provider | None = None, *roles: Role, **fields: Any) -> Person:
    """A person of a provider (None: of the marketplace) holding the given roles."""
    with transaction() as session:
        made = Person(
            **{
                "email": f"person{next(_numbers)}@a.example",
                "name": "李敏",
                "language": "zh",
                "password_hash": "not a hash",
                "provider_id": of.id if of else None,
                "created_at": clock.now(),
                **fields,
            }
        )
        session.add(made)
        session.flush()
        session.add_all(PersonRole(person_id=made.id, role=role) for role in roles)
    return made


def session_of(someone: Person, **fields: Any) -> str:
    """An open session of this person; returns its token."""
    token = secrets.token_urlsafe(16)
    now = clock.now()
    with transaction() as session:
        session.add(
            SignInSession(
                **{
                    "token_digest": digest_of(token),
                    "person_id": someone.id,
                    "user_agent": "test",
                    "is_remembered": False,
                    "created_at": now,
                    "seen_at": now,
                    "expires_at": now + clock.DAY,
                    **fields,
                }
            )
        )
    return token


def listing(of: Provider, *pairs: tuple[str, str], **fields: Any) -> Listing:
    """A live listing at 11000.00元/件 in Beijing, findable, with the given attribute pairs."""
    now = clock.now()
    with transaction() as session:
        made = Listing(
            **{
                "provider_id": of.id,
                "status": Status.LIVE,
                "title": f"RTX 4090 租赁 {next(_numbers)}",
                "price_minor": 1_100_000,
                "currency": "CNY",
                "unit": "item",
                "place": "110000",
                "description": "适合推理场景。",
                "created_at": now,
                "updated_at": now,
                "published_at": now,
                **fields,
            }
        )
        made.attributes = [
            Attribute(position=place, name=name, value=value)
            for place, (name, value) in enumerate(pairs)
        ]
        session.add(made)
        session.flush()
        words = [made.title, made.description, *(word for pair in pairs for word in pair), of.name]
        search.index(session, made.id, " ".join(words))
    return made


def inquiry(about: Listing, *, answers: Sequence[str] = (), **fields: Any) -> Inquiry:
    """An inquiry of a buyer with one message, and the seller's answers after it."""
    now = clock.now()
    with transaction() as session:
        made = Inquiry(
            **{
                "provider_id": about.provider_id,
                "listing_id": about.id,
                "listing_then": {"title": about.title, "price_minor": about.price_minor},
                "name": "王芳",
                "email": "buyer@c.example",
                "language": "zh",
                "form_nonce": secrets.token_hex(8),
                "link_nonce": secrets.token_hex(8),
                "link_digest": secrets.token_hex(32),
                "created_at": now,
                "last_message_at": now,
                "state": State.ANSWERED if answers else State.NEW,
                **fields,
            }
        )
        said = [
            (Author.BUYER, "请问 8 卡整机的交付时间？"),
            *((Author.SELLER, one) for one in answers),
        ]
        made.messages = [
            Message(
                author=author,
                body=body,
                form_nonce=secrets.token_hex(8),
                created_at=made.created_at,
            )
            for author, body in said
        ]
        session.add(made)
        session.flush()
        made.last_letter_id = made.messages[0].id
        turns.place(made)
    return made
