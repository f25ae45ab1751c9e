"""Requests that an open page makes by itself: no sign that a person is still there."""

from collections.abc import Callable
from typing import Any, Final, TypeVar

import flask
from flask import request

_DECLARED: Final = "portal_unattended"
View = TypeVar("View", bound=Callable[..., Any])


def unattended(view: View) -> View:
    """Mark a view that pages ask for every few seconds: it does not keep a session from idling."""
    setattr(view, _DECLARED, True)
    return view


def is_unattended() -> bool:
    """Whether the request being served is such a one."""
    endpoint = request.endpoint
    return endpoint is not None and hasattr(flask.current_app.view_functions[endpoint], _DECLARED)
