"""A database of many listings for the bench, made once a run in a temporary folder."""

import atexit
import random
import secrets
import shutil
import tempfile
from functools import cache
from pathlib import Path
from typing import Final

import flask_migrate
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import insert, text

from portal import clock, config, create_app
from portal.accounts.actions import add_person, add_provider
from portal.accounts.models import SignInSession
from portal.config import Settings
from portal.database import transaction
from portal.digests import digest_of
from portal.listings.models import Listing
from portal.listings.search import tokens_of
from portal.permissions import Role

_GPUS: Final = ("rtx-4090", "h100-sxm", "a100-80gb", "l40s", "h20", "rtx-3090")
_PLACES: Final = ("110000", "310000", "440300", "510100", "150900")
_STATUSES: Final = ("live", "live", "live", "live", "draft", "paused", "expired")
_PROVIDERS: Final = 10
_BATCH: Final = 10_000


def folder() -> Path:
    """A folder that goes when the bench ends."""
    made = Path(tempfile.mkdtemp(prefix="portal-bench-"))
    atexit.register(shutil.rmtree, made, ignore_errors=True)
    return made


@cache
def app_with(listings: int) -> Flask:
    """The application on SQLite with `listings` offers of ten providers, a tenth each."""
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
        _fill(owners, listings)
    return app


def _fill(owners: list[int], listings: int) -> None:
    chance = random.Random(7)
    now = clock.now()
    # The first owner holds all but one in a hundred: its pages are the ones measured.
    for start in range(0, listings, _BATCH):
        rows, words = [], []
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
            words.append({"id": number, "tokens": " ".join(tokens_of(title))})
        with transaction() as session:
            session.execute(insert(Listing), rows)
            session.execute(
                text("INSERT INTO listing_search (rowid, tokens) VALUES (:id, :tokens)"), words
            )
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
