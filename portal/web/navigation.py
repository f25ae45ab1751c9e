"""The sidebar's entries and their counts, and the page's own counts, in one statement."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final, cast

import flask
from flask import Flask, current_app, g, request, url_for
from flask_login import current_user
from sqlalchemy import Select, select

from portal.permissions import Permission
from portal.reading import Reading
from portal.web.guard import Reader, is_public

COUNT_CAP: Final = 1000
"""Counts stop here and show as "1000+": counting on costs more than the number is worth."""
_KEY: Final = "portal.navigation"


@dataclass(frozen=True)
class Entry:
    """One line of the sidebar.

    Args:
        endpoint: the page it leads to; the blueprint's name decides which line is current.
        label: lazily translated words.
        icon: name in the icon sprite.
        permission: who sees it; None: everybody signed in.
        badge: select of one value over the bind parameter `provider_id`, or None.
        number: the badge's number in that value; the value itself where there is nothing to read.
    """

    endpoint: str
    label: Any
    icon: str
    permission: Permission | None = None
    badge: Select[Any] | None = None
    number: Callable[[Any], int] = int


@dataclass(frozen=True)
class Line:
    """An entry as the layout draws it."""

    url: str
    label: str
    icon: str
    badge: int | None
    badge_id: str
    is_current: bool


def init_app(app: Flask, entries: list[Entry]) -> None:
    """Make the sidebar known to the layout."""
    app.extensions[_KEY] = entries
    app.jinja_env.globals["navigation"] = lines


def count(selects: Mapping[str, Select[Any]], **parameters: Any) -> Mapping[str, Any]:
    """The named counts and the sidebar's badges of this request, read in one statement.

    Args:
        selects: name and a select of one number (or text) each; made once, so that it can be kept
            compiled. One that a badge reads too is read once.
        parameters: values of their bind parameters besides `provider_id`.
    """
    reader = current_user._get_current_object()
    badges = [entry for entry in _visible(reader) if entry.badge is not None]
    wanted = tuple(dict.fromkeys([*(entry.badge for entry in badges), *selects.values()]))
    found: dict[Select[Any] | None, Any] = {}
    if wanted:
        (row,) = _combined(wanted).rows({"provider_id": reader.provider_id, **parameters})
        found = dict(zip(wanted, row, strict=True))
    g.portal_badges = {entry.endpoint: entry.number(found[entry.badge]) for entry in badges}
    # A sum comes as a decimal from PostgreSQL, and as nothing where there is nothing to add.
    return {
        name: n if n is None or isinstance(n, str) else int(n)
        for name, n in ((name, found[one]) for name, one in selects.items())
    }


@lru_cache(maxsize=256)
def _combined(wanted: tuple[Select[Any], ...]) -> Reading:
    return Reading(
        select(*(one.scalar_subquery().label(f"n{at}") for at, one in enumerate(wanted)))
    )


def _visible(reader: Reader) -> list[Entry]:
    entries: list[Entry] = current_app.extensions[_KEY]
    return [one for one in entries if one.permission is None or reader.may(one.permission)]


def lines() -> list[Line]:
    """The sidebar for the present reader; reads the badges if the page has not."""
    if is_public() or not current_user.is_authenticated:
        return []
    if "portal_badges" not in g:
        count({})
    return [
        Line(
            url=url_for(entry.endpoint),
            label=str(entry.label),
            icon=entry.icon,
            badge=g.portal_badges.get(entry.endpoint),
            badge_id=f"badge-{entry.endpoint.replace('.', '-')}",
            is_current=entry.endpoint.partition(".")[0] == flask.request.blueprint
            if entry.endpoint.partition(".")[0] != "accounts"
            else entry.endpoint == request.endpoint,
        )
        for entry in _visible(cast(Reader, current_user))
    ]
