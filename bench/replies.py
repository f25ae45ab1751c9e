"""Sixteen sellers answering the same hundred threads at once: no answer lost, none sent twice.

Each seller goes through all threads. Every answer is sent twice, as by a double press; one that a
colleague has overtaken is sent again by having seen theirs. At the end each thread must hold one
answer of each seller, and the outbox one mail for each of them.
"""

import secrets
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Final

import flask_migrate
from flask import Flask
from sqlalchemy import func, select

from bench.figures import figure
from bench.seed import folder
from portal import clock, config, create_app
from portal.accounts.actions import add_person, add_provider
from portal.config import Settings
from portal.database import sqlite_module, transaction
from portal.extensions import db
from portal.inquiries import actions
from portal.inquiries.links import Links
from portal.inquiries.models import Inquiry, Message
from portal.inquiries.vocabulary import Author, State
from portal.jobs.models import Job
from portal.listings.actions import create
from portal.listings.content import Content
from portal.mail.models import Mail
from portal.permissions import Role

SELLERS: Final = 16
THREADS: Final = 100
_LINKS: Final = Links(("k" * 32,), "https://offers.example")


@figure("racing-replies", at_most=0)
def racing_replies() -> float:
    """Answers lost and answers sent twice, of 1,600."""
    settings = Settings(data_dir=folder())
    config.create_secret_key(config.secret_key_path(settings))
    app = create_app(settings)
    with app.app_context():
        flask_migrate.upgrade()
        provider = add_provider("Provider")
        sellers = [
            add_person(
                f"seller{number}@a.example",
                f"Seller {number}",
                secrets.token_hex(),
                frozenset({Role.SELLER}),
                provider_id=provider,
                language="en",
            )
            for number in range(SELLERS)
        ]
        threads = _threads(provider)
    start = Barrier(SELLERS)
    with ThreadPoolExecutor(SELLERS) as pool:
        racing = [pool.submit(_answer_all, app, provider, one, threads, start) for one in sellers]
        overtaken = sum(one.result() for one in racing)
    with app.app_context():
        lost, doubled = _counted(threads, sellers)
        db.session.remove()
    print(
        f"# {SELLERS * THREADS} answers by {SELLERS} sellers, {overtaken} overtaken and sent again"
    )
    print(f"# {lost} lost, {doubled} sent twice")
    return lost + doubled


def _threads(provider: int) -> list[int]:
    listing = create(provider, Content(title="One offer"), by=None)
    now = clock.now()
    with transaction() as session:
        made = [
            Inquiry(
                provider_id=provider,
                listing_id=listing,
                listing_then={"title": "One offer"},
                state=State.NEW,
                name="Buyer",
                email=f"buyer{number}@c.example",
                language="en",
                form_nonce=secrets.token_hex(8),
                link_nonce=secrets.token_hex(8),
                link_digest=secrets.token_hex(32),
                created_at=now,
                last_message_at=now,
                messages=[
                    Message(
                        author=Author.BUYER,
                        body="Is it free?",
                        form_nonce=secrets.token_hex(8),
                        created_at=now,
                    )
                ],
            )
            for number in range(THREADS)
        ]
        session.add_all(made)
        session.flush()
        return [one.id for one in made]


def _answer_all(app: Flask, provider: int, seller: int, threads: list[int], start: Barrier) -> int:
    """Answer each thread; returns how often a colleague was quicker."""
    overtaken = 0
    with app.app_context():
        start.wait()
        for thread in threads:
            nonce, seen = secrets.token_hex(8), _newest(thread)
            sent = 0
            while sent < 2:
                try:
                    actions.answer(
                        thread,
                        provider_id=provider,
                        person_id=seller,
                        body=f"Answer of {seller}",
                        form_nonce=nonce,
                        links=_LINKS,
                        seen_id=seen,
                    )
                    sent += 1
                except actions.Overtaken as colleagues:
                    seen = colleagues.answers[-1].id
                    overtaken += 1
                except sqlite_module().OperationalError:
                    # SQLite's queue of writers is not fair: who waited five seconds is told so,
                    # and presses again.
                    db.session.rollback()
        db.session.remove()
    return overtaken


def _newest(thread: int) -> int:
    newest = db.session.scalar(select(func.max(Message.id)).where(Message.inquiry_id == thread))
    db.session.rollback()
    return newest or 0


def _counted(threads: list[int], sellers: list[int]) -> tuple[int, int]:
    """Answers that are not there, and mails or jobs beyond one for each answer."""
    pairs = db.session.execute(
        select(Message.inquiry_id, Message.person_id, func.count())
        .where(Message.author == Author.SELLER)
        .group_by(Message.inquiry_id, Message.person_id)
    ).all()
    wanted = len(threads) * len(sellers)
    mails = db.session.scalar(select(func.count()).select_from(Mail)) or 0
    jobs = db.session.scalar(select(func.count()).select_from(Job).where(Job.kind == "mail.send"))
    doubled = sum(times - 1 for _thread, _seller, times in pairs)
    return wanted - len(pairs) + abs(wanted - mails), doubled + max(0, (jobs or 0) - wanted)
