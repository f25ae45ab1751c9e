"""A database of many listings for the bench, made once a run in a temporary folder."""

import atexit
import random
import secrets
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Final

import flask_migrate
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import insert, select, text

from bench.texts import Writer
from portal import clock, config, create_app
from portal.accounts.actions import add_person, add_provider
from portal.accounts.models import Provider, SignInSession
from portal.config import Settings
from portal.database import transaction
from portal.digests import digest_of
from portal.extensions import db
from portal.inquiries.models import Inquiry, Message
from portal.inquiries.vocabulary import FAR, Author
from portal.listings import search
from portal.listings.models import Attribute, Listing
from portal.permissions import Role

_GPUS: Final = ("rtx-4090", "h100-sxm", "a100-80gb", "l40s", "h20", "rtx-3090")
_PLACES: Final = ("110000", "310000", "440300", "510100", "150900")
_STATUSES: Final = ("live", "live", "live", "live", "draft", "paused", "expired")
_PROVIDERS: Final = 10
_BATCH: Final = 10_000
_DESCRIBED: Final = 500
_SELLERS: Final = 8
_OFFERS: Final = 100


def folder() -> Path:
    """A folder that goes when the bench ends."""
    made = Path(tempfile.mkdtemp(prefix="portal-bench-"))
    atexit.register(shutil.rmtree, made, ignore_errors=True)
    return made


@cache
def app_with(listings: int, *, bodies: bool = False) -> Flask:
    """The application on SQLite with `listings` offers of ten providers, nearly all of the first.

    With `bodies` each has a description of 600 to 1,500 characters and three attribute pairs, and
    can be searched for; without, it has its title only.
    """
    data = folder()
    settings = Settings(data_dir=data)
    config.create_secret_key(config.secret_key_path(settings))
    app = create_app(settings)
    with app.app_context():
        flask_migrate.upgrade()
        owners = [add_provider(f"Provider {number}") for number in range(_PROVIDERS)]
        add_person(
            "staff@a.example",
            "Staff",
            secrets.token_hex(),
            frozenset({Role.STAFF}),
            provider_id=owners[0],
            language="en",
        )
        with _in_haste():
            _fill(owners, listings)
            if bodies:
                _describe(listings)
    return app


@cache
def app_with_threads(threads: int) -> Flask:
    """The application on SQLite with one provider's desk of `threads` threads, and its seller.

    One in ten waits for an answer, a third of those beyond its deadline; the rest are answered, put
    aside, won, lost or spam.
    """
    data = folder()
    settings = Settings(data_dir=data)
    config.create_secret_key(config.secret_key_path(settings))
    app = create_app(settings)
    with app.app_context():
        flask_migrate.upgrade()
        owner = add_provider("Provider")
        for number in range(_SELLERS):
            add_person(
                f"seller{number}@a.example",
                f"Seller {number}",
                secrets.token_hex(),
                frozenset({Role.SELLER}),
                provider_id=owner,
                language="en",
            )
        with _in_haste():
            _fill([owner] * _PROVIDERS, _OFFERS)
            _ask(owner, threads)
    return app


def _ask(owner: int, threads: int) -> None:
    chance = random.Random(11)
    now = clock.now()
    for start in range(1, threads + 1, _BATCH):
        inquiries, messages = [], []
        for number in range(start, min(start + _BATCH, threads + 1)):
            asked = now - chance.randrange(1, 400 * clock.DAY)
            inquiries.append(_thread(owner, number, asked, chance, now))
            messages.append(
                {
                    "id": number,
                    "inquiry_id": number,
                    "author": Author.BUYER.value,
                    "body": f"请问 8 卡整机第 {number} 台的交付时间和价格？" * 3,
                    "form_nonce": f"message-{number}",
                    "created_at": asked,
                }
            )
        with transaction() as session:
            session.execute(insert(Inquiry), inquiries)
            session.execute(insert(Message), messages)
    with transaction() as session:
        session.execute(text("ANALYZE"))


def _thread(
    owner: int, number: int, asked: int, chance: random.Random, now: int
) -> dict[str, object]:
    kind = chance.choices(
        ("us", "buyer", "snoozed", "won", "lost", "spam"), (10, 20, 5, 25, 30, 10)
    )[0]
    waits = kind == "us"
    due = now + chance.randrange(-clock.DAY, 2 * clock.DAY)
    return {
        "id": number,
        "provider_id": owner,
        "listing_id": 1 + number % _OFFERS,
        "listing_then": {"title": f"H100 八卡整机 {number % _OFFERS}"},
        "state": {"us": "new", "spam": "spam"}.get(kind, "answered"),
        "outcome": kind if kind in {"won", "lost"} else None,
        "closed_at": asked if kind in {"won", "lost"} else None,
        "snoozed_until": now + clock.DAY if kind == "snoozed" else None,
        "assignee_id": chance.choice((None, *range(1, _SELLERS + 1))),
        "name": f"Buyer {number}",
        "company": "向量科技",
        "email": f"buyer{number}@c.example",
        "language": "zh",
        "form_nonce": f"inquiry-{number}",
        "link_nonce": f"link-{number}",
        "link_digest": f"{number:064}",
        "created_at": asked,
        "last_message_at": asked,
        "due_at": due if waits else None,
        "rank": due if waits else FAR - asked,
        "last_letter_id": number,
    }


@contextmanager
def _in_haste() -> Iterator[None]:
    """With a connection that may lose everything if the machine stops; an ordinary one after it."""
    connection = db.engine.raw_connection()
    cursor = connection.cursor()
    for pragma in ("synchronous=OFF", "cache_size=-200000"):
        cursor.execute(f"PRAGMA {pragma}")
    connection.close()
    yield
    db.session.remove()
    db.engine.dispose()


def _fill(owners: list[int], listings: int) -> None:
    chance = random.Random(7)
    now = clock.now()
    # The first owner holds all but one in a hundred: its pages are the ones measured.
    for start in range(0, listings, _BATCH):
        rows = []
        for number in range(start + 1, min(start + _BATCH, listings) + 1):
            gpu = chance.choice(_GPUS)
            title = f"{gpu.replace('-', ' ').upper()} 租赁 {number} 推理 训练 整机"
            changed = now - chance.randrange(180 * clock.DAY)
            recent = [chance.randrange(40) for _ in range(14)]
            rows.append(
                {
                    "id": number,
                    "provider_id": owners[0] if number % 100 else owners[number // 100 % 10],
                    "status": chance.choice(_STATUSES),
                    "title": title,
                    "gpu_model": gpu,
                    "gpu_count": chance.choice((1, 2, 4, 8)),
                    "price_minor": chance.randrange(100, 90_000_000),
                    "currency": "CNY",
                    "unit": chance.choice(("item", "gpu_hour", "machine_month")),
                    "place": chance.choice(_PLACES),
                    "description": title,
                    "version": 1,
                    "created_at": changed,
                    "updated_at": changed,
                    "published_at": changed,
                    "views_total": sum(recent),
                    "views_recent": str(recent),
                    "inquiries_total": chance.randrange(60),
                    "counters_version": 1,
                }
            )
        with transaction() as session:
            session.execute(insert(Listing), rows)
    with transaction() as session:
        session.execute(text("ANALYZE"))


def _describe(listings: int) -> None:
    writer = Writer(seed=5)
    for start in range(1, listings + 1, _DESCRIBED):
        ids = range(start, min(start + _DESCRIBED, listings + 1))
        descriptions = [writer.description() for _ in ids]
        pairs = (("英伟达", "4090"), ("型号", "RTX 4090"), ("机房", "猿界算力租赁服务"))
        attributes = [
            {"listing_id": each, "position": position, "name": name, "value": value}
            for each in ids
            for position, (name, value) in enumerate(pairs)
        ]
        names = (
            select(Listing.title, Provider.name)
            .join(Provider, Provider.id == Listing.provider_id)
            .where(Listing.id.in_(ids))
            .order_by(Listing.id)
        )
        with transaction() as session:
            session.execute(insert(Attribute), attributes)
            session.execute(
                text("UPDATE listings SET description = :description WHERE id = :id"),
                [
                    {"id": each, "description": description}
                    for each, description in zip(ids, descriptions, strict=True)
                ],
            )
            words = [
                "\n".join((title, *(word for pair in pairs for word in pair), name, description))
                for (title, name), description in zip(
                    session.execute(names), descriptions, strict=True
                )
            ]
            search.index_many(session, zip(ids, words, strict=True))
    search.tidy()
    with transaction() as session:
        session.execute(text("ANALYZE"))


def signed_in(app: Flask) -> FlaskClient:
    """A client holding a session of the first provider's staff."""
    token = secrets.token_urlsafe(16)
    now = clock.now()
    with app.app_context(), transaction() as session:
        session.add(
            SignInSession(
                token_digest=digest_of(token),
                person_id=1,
                user_agent="bench",
                is_remembered=False,
                created_at=now,
                seen_at=now,
                expires_at=now + clock.DAY,
            )
        )
    client = app.test_client()
    with client.session_transaction() as stored:
        stored["_user_id"] = token
        stored["_fresh"] = True
    return client
