"""Many saves of one listing at once: none may be lost.

Three processes save the same listing. Each counts in a field of its own, which must merge past
the others, and all three count in the price, where each must be told that it came too late and
try again. At the end each field has to stand where its counter's acknowledgements say. Each adds
its own step to the price: two who want the same value agree, and neither is told.
"""

import multiprocessing
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Final

import flask_migrate
from flask import Flask

from bench.figures import figure
from bench.seed import folder
from portal import config, create_app
from portal.accounts.actions import add_provider
from portal.config import Settings
from portal.extensions import db
from portal.listings import actions, queries
from portal.listings.content import Content

ROUNDS: Final = 10_000
_OWN_FIELDS: Final = ("stock", "min_order", "min_gpus")
_STEPS: Final = dict(zip(_OWN_FIELDS, (1, 10_000, 100_000_000), strict=True))
_START: Final = 1
_SHARED_EVERY: Final = 10


def _app(data: Path) -> Flask:
    return create_app(Settings(data_dir=data))


@figure("racing-saves", at_most=0)
def racing_saves() -> float:
    """Updates lost of 10,000 acknowledged ones."""
    data = folder()
    settings = Settings(data_dir=data)
    config.create_secret_key(config.secret_key_path(settings))
    app = _app(data)
    with app.app_context():
        flask_migrate.upgrade()
        provider = add_provider("Provider")
        begun = Content(title="One offer", price_minor=_START, **dict.fromkeys(_OWN_FIELDS, _START))
        one = actions.create(provider, begun, by=None)
    each = ROUNDS // len(_OWN_FIELDS) + 1
    spawn = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(len(_OWN_FIELDS), mp_context=spawn) as pool:
        racing = [pool.submit(_race, data, provider, one, own, each) for own in _OWN_FIELDS]
        told = dict(zip(_OWN_FIELDS, [one.result() for one in racing], strict=True))
    with app.app_context():
        row, content = queries.listing_of(provider, one)
    own = {name: getattr(content, name) - _START for name in _OWN_FIELDS}
    prices = sum(shared for _own, shared, _refused in told.values())
    saves = sum(own.values()) + prices
    print(
        f"# {saves} saves acknowledged, version {row.version}, {prices} of them in the same field,"
        f" {sum(refused for _own, _shared, refused in told.values())} refused as too late"
    )
    lost = sum(told[name][0] - own[name] for name in _OWN_FIELDS)
    wanted = sum(told[name][1] * step for name, step in _STEPS.items())
    lost += wanted != (content.price_minor or 0) - _START
    # Each acknowledged save is one version: a missing one was overwritten, one too many doubled.
    return abs(lost) + abs(row.version - 1 - saves)


def _race(data: Path, provider: int, one: int, own: str, rounds: int) -> tuple[int, int, int]:
    """Save on and on; returns saves of the own field, of the shared one, and refusals."""
    counts = [0, 0, 0]
    with _app(data).app_context():
        for turn in range(rounds):
            if turn % _SHARED_EVERY:
                _add_one(provider, one, lambda seen: {own: getattr(seen, own) + 1})
                counts[0] += 1
            else:
                counts[2] += _add_one(
                    provider,
                    one,
                    lambda seen: {"price_minor": (seen.price_minor or 0) + _STEPS[own]},
                )
                counts[1] += 1
    return counts[0], counts[1], counts[2]


def _add_one(provider: int, one: int, change: Callable[[Content], dict[str, int]]) -> int:
    """Save what `change` makes of what was seen, as often as it takes; returns the refusals."""
    refusals = 0
    while True:
        row, seen = queries.listing_of(provider, one)
        db.session.rollback()
        wanted = replace(seen, **change(seen))  # type: ignore[arg-type]
        try:
            actions.save(provider, one, wanted, row.version, by=None)
            return refusals
        except actions.Conflict:
            refusals += 1
