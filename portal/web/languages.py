"""Language and theme of a page: by choice, then by the person, then by what the browser asks."""

from functools import lru_cache
from typing import Any, Final
from urllib.parse import parse_qsl, urlencode, urlsplit

from babel import Locale
from flask import Flask, Response, redirect, request
from flask_babel import force_locale, get_domain, get_locale
from flask_login import current_user
from werkzeug.datastructures import LanguageAccept
from werkzeug.http import parse_accept_header
from werkzeug.wrappers import Response as BaseResponse

from portal.clock import DAY
from portal.config import Settings
from portal.extensions import babel, csrf
from portal.permissions import PUBLIC
from portal.web.guard import is_public, requires, safe_next

LANGUAGES: Final = {"zh": "zh_Hans_CN", "en": "en"}
"""Code in URLs, cookies and the `people` table → Babel's locale."""
# Parsed once: Babel would parse the name anew in every request.
_LOCALES: Final = {code: Locale.parse(name) for code, name in LANGUAGES.items()}
HTML_LANGUAGES: Final = {"zh": "zh-CN", "en": "en"}
LANGUAGE_NAMES: Final = {"zh": "中文", "en": "English"}
THEMES: Final = ("auto", "light", "dark")
_LONGEST_HEADER: Final = 500
_catalogues: Final[dict[Any, Any]] = {}


def in_each_language(text: Any) -> list[str]:
    """A lazily translated text in every language of the product, in an application context."""
    said = []
    for name in LANGUAGES.values():
        with force_locale(name):
            said.append(str(text))
    return said


def init_app(app: Flask, settings: Settings) -> None:
    """Bind Babel, the two switches and what the layouts read.

    The switches take no CSRF token: public pages have none to give, a request from another site is
    refused by its headers, and all that could be changed is how the reader's own pages look.
    """
    babel.init_app(app, locale_selector=lambda: _LOCALES[language()])
    # Babel's own callables ask for context, locale and its name at each word: a third of a page.
    app.jinja_env.install_gettext_callables(  # type: ignore[attr-defined]
        gettext=lambda one: _texts().ugettext(one),
        ngettext=lambda one, many, count: _texts().ungettext(one, many, count),
        pgettext=lambda about, one: _texts().upgettext(about, one),
        npgettext=lambda about, one, many, count: _texts().unpgettext(about, one, many, count),
        newstyle=True,
    )

    @app.post("/language/<code>")
    @csrf.exempt
    @requires(PUBLIC)
    def choose_language(code: str) -> BaseResponse:
        return _remember(settings, "language", code, tuple(LANGUAGES))

    @app.post("/theme/<name>")
    @csrf.exempt
    @requires(PUBLIC)
    def choose_theme(name: str) -> BaseResponse:
        return _remember(settings, "theme", name, THEMES)

    @app.context_processor
    def layout_context() -> dict[str, Any]:
        code = current_language()
        return {
            "locale": code,
            "html_lang": HTML_LANGUAGES[code],
            "language_names": LANGUAGE_NAMES,
            "theme": current_theme(),
        }


def _texts() -> Any:
    """The catalogue of the locale in force."""
    locale = get_locale()
    found = _catalogues.get(locale)
    if found is None:
        found = _catalogues[locale] = get_domain().get_translations()
    return found


def language() -> str:
    """The language this request is to be answered in: a key of LANGUAGES."""
    public = is_public()
    if public and (asked := request.args.get("lang")) in LANGUAGES:
        return str(asked)
    if (chosen := request.cookies.get("language")) in LANGUAGES:
        return str(chosen)
    if not public and (reader := current_user._get_current_object()).is_authenticated:
        return str(reader.language)
    return _accepted(request.headers.get("Accept-Language", ""))


def current_theme() -> str:
    """The theme in force: one of THEMES."""
    chosen = request.cookies.get("theme", "auto")
    return chosen if chosen in THEMES else "auto"


def current_language() -> str:
    """The language in force: a key of LANGUAGES."""
    return "en" if str(get_locale()) == "en" else "zh"


@lru_cache(maxsize=1024)
def _accepted(header: str) -> str:
    """Best match for an Accept-Language header; a header too long to be honest is not read."""
    if len(header) > _LONGEST_HEADER:
        return "zh"
    ranges = parse_accept_header(header, LanguageAccept)
    return ranges.best_match(LANGUAGES, default="zh") or "zh"


def _remember(settings: Settings, name: str, value: str, known: tuple[str, ...]) -> BaseResponse:
    target = _without_language(safe_next(request.form.get("next")) or "/")
    response: Response | BaseResponse = redirect(target, 303)
    if value in known:
        response.set_cookie(
            name,
            value,
            max_age=365 * DAY,
            secure=settings.is_https,
            httponly=True,
            samesite="Lax",
        )
    return response


def _without_language(target: str) -> str:
    """The path without `lang`: the language named in the address would overrule the one chosen."""
    parts = urlsplit(target)
    if "lang" not in parts.query:
        return target
    kept = [pair for pair in parse_qsl(parts.query, keep_blank_values=True) if pair[0] != "lang"]
    return parts._replace(query=urlencode(kept)).geturl()
