"""Every setting: its name, its default, the environment variable, what it does."""

import os
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError

from portal.clock import DAY
from portal.database import engine_options

MIB: Final = 1024 * 1024
LOOPBACK_HOSTS: Final = ("127.0.0.1", "localhost", "[::1]")
_SHORTEST_SECRET: Final = 32


class SettingError(ValueError):
    """A setting that cannot work; the message names it and says what it takes."""


@dataclass(frozen=True, kw_only=True)
class Settings:
    """The operator's settings; each is read from PORTAL_<NAME> in capitals."""

    data_dir: Path = Path("instance")
    """Folder of everything the product writes: database, media, spools, mail files, secret key."""
    database_url: str = ""
    """SQLAlchemy URL, `sqlite:///...` or `postgresql+psycopg://...`; empty: SQLite in data_dir."""
    secret_key_file: Path | None = None
    """File (mode 0600) of secret keys, one a line, newest first; none: `secret-key` in data_dir."""
    public_origin: str = "http://127.0.0.1:8000"
    """Scheme, host and port under which people reach the site; links in mails start with it."""
    smtp_url: str = ""
    """smtp://user:password@host:port or smtps://...; empty: mails become files in data_dir/mail."""
    mail_from: str = "Offer Portal <no-reply@portal.example>"
    """Sender of every mail."""
    redis_url: str = ""
    """Reserved: nothing is kept in Redis yet, limits are counted in the database (decision 9)."""
    trusted_proxies: int = 0
    """How many reverse proxies in front set X-Forwarded-For and X-Forwarded-Proto (0 or 1)."""
    demo_password: str = "offer-portal-demo"  # noqa: S105 - a published demo value, loopback only
    """Password of the demo people; a server holding them refuses a non-loopback address."""
    counting: bool = True
    """Whether views are counted; the bench turns it off to measure what counting costs."""

    @property
    def is_https(self) -> bool:
        """Whether people reach the site over https."""
        return self.public_origin.startswith("https://")

    @property
    def public_host(self) -> str:
        """Host name of the public origin, without port."""
        return urlsplit(self.public_origin).hostname or ""


def settings_from(environment: Mapping[str, str]) -> Settings:
    """Read and check the settings.

    Raises:
        SettingError: a value is not of the kind that its setting takes.
    """
    values: dict[str, Any] = {}
    for field in fields(Settings):
        variable = f"PORTAL_{field.name.upper()}"
        raw = environment.get(variable, "").strip()
        if raw:
            values[field.name] = _parsed(variable, raw, field.default)
    settings = Settings(**values)
    _check(settings)
    return settings


def _parsed(variable: str, raw: str, default: object) -> object:
    if isinstance(default, bool):
        if raw.lower() not in {"0", "1", "true", "false"}:
            raise SettingError(f"{variable} takes 0 or 1, not {raw!r}.")
        return raw.lower() in {"1", "true"}
    if isinstance(default, int):
        if not raw.isascii() or not raw.isdigit():
            raise SettingError(f"{variable} takes a whole number, not {raw!r}.")
        return int(raw)
    if isinstance(default, Path) or default is None:
        return Path(raw)
    return raw


def _check(settings: Settings) -> None:
    origin = urlsplit(settings.public_origin)
    if (
        origin.scheme not in {"http", "https"}
        or not origin.hostname
        or origin.path not in {"", "/"}
    ):
        raise SettingError(
            "PORTAL_PUBLIC_ORIGIN takes a scheme and a host, such as https://offers.example."
        )
    if settings.trusted_proxies not in {0, 1}:
        raise SettingError("PORTAL_TRUSTED_PROXIES takes 0 or 1.")
    try:
        backend = make_url(database_url(settings)).get_backend_name()
    except ArgumentError as error:
        raise SettingError("PORTAL_DATABASE_URL is not a database URL.") from error
    if backend not in {"sqlite", "postgresql"}:
        raise SettingError("PORTAL_DATABASE_URL takes sqlite:/// or postgresql+psycopg://.")
    if settings.smtp_url and urlsplit(settings.smtp_url).scheme not in {"smtp", "smtps"}:
        raise SettingError("PORTAL_SMTP_URL takes smtp://host:port or smtps://host:port.")


def database_url(settings: Settings) -> str:
    """The database's URL, by default the SQLite file in the data directory."""
    return settings.database_url or f"sqlite:///{settings.data_dir.resolve() / 'portal.db'}"


def secret_key_path(settings: Settings) -> Path:
    """Where the secret keys lie."""
    return settings.secret_key_file or settings.data_dir / "secret-key"


def create_secret_key(path: Path) -> None:
    """Write a fresh key of 32 random bytes, readable by the owner only, unless there is one."""
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return
    with os.fdopen(descriptor, "w") as file:
        file.write(secrets.token_hex(32) + "\n")


def secret_keys(settings: Settings) -> list[str]:
    """The secret keys, newest first: the first signs, the others still verify.

    Raises:
        SettingError: the file is missing, or a key in it is too short to be a secret.
    """
    path = secret_key_path(settings)
    try:
        keys = path.read_text().split()
    except OSError as error:
        raise SettingError(f"No secret key in {path}: run `portal init` first.") from error
    if not keys or any(len(key) < _SHORTEST_SECRET for key in keys):
        raise SettingError(f"A key in {path} is shorter than {_SHORTEST_SECRET} characters.")
    return keys


def flask_config(settings: Settings) -> dict[str, Any]:
    """Flask's and the extensions' keys for these settings (the checklist of docs/security.md)."""
    keys = secret_keys(settings)
    url = database_url(settings)
    # A cookie named __Host-... is bound to https; on plain http (loopback only) most clients would
    # drop it, so there it has a plain name.
    prefix = "__Host-" if settings.is_https else ""
    return {
        "PORTAL": settings,
        "SECRET_KEY": keys[0],
        "SECRET_KEY_FALLBACKS": keys[1:],
        "TRUSTED_HOSTS": [settings.public_host, *LOOPBACK_HOSTS],
        "PREFERRED_URL_SCHEME": "https" if settings.is_https else "http",
        "MAX_CONTENT_LENGTH": MIB,
        "MAX_FORM_MEMORY_SIZE": 256_000,
        "MAX_FORM_PARTS": 100,
        "SESSION_COOKIE_NAME": f"{prefix}session",
        "SESSION_COOKIE_SECURE": settings.is_https,
        "SESSION_COOKIE_HTTPONLY": True,
        "SESSION_COOKIE_SAMESITE": "Lax",
        "SESSION_COOKIE_PATH": "/",
        "SESSION_REFRESH_EACH_REQUEST": False,
        # Only how long the cookie's signature holds; the session's row decides when it ends.
        "PERMANENT_SESSION_LIFETIME": 30 * DAY,
        "WTF_CSRF_TIME_LIMIT": None,
        "WTF_CSRF_SSL_STRICT": True,
        "BABEL_DEFAULT_LOCALE": "zh_Hans_CN",
        "BABEL_DEFAULT_TIMEZONE": "Asia/Shanghai",
        "BABEL_TRANSLATION_DIRECTORIES": str(Path(__file__).parent / "translations"),
        "SQLALCHEMY_DATABASE_URI": url,
        "SQLALCHEMY_ENGINE_OPTIONS": engine_options(make_url(url)),
        "TEMPLATES_AUTO_RELOAD": False,
        "PROPAGATE_EXCEPTIONS": False,
    }
