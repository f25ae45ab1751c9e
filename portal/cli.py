"""The `portal` command: each subcommand is one call into a feature."""

import os
import sys
from pathlib import Path

import click
import flask_migrate

from portal import config
from portal.config import SettingError, Settings


@click.group()
def main() -> None:
    """Offer Portal (算力供应台): offers, inquiries and views of GPU providers."""


def _settings() -> Settings:
    try:
        return config.settings_from(os.environ)
    except SettingError as error:
        raise click.ClickException(str(error)) from error


@main.command()
def init() -> None:
    """Prepare the data directory, the secret key and the database's tables; safe to repeat."""
    settings = _settings()
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    config.create_secret_key(config.secret_key_path(settings))
    from portal import create_app

    app = create_app(settings)
    with app.app_context():
        flask_migrate.upgrade(directory=str(Path(__file__).parent / "migrations"))


@main.command()
def assets() -> None:
    """Build the stylesheet, the scripts and the icons into static/dist."""
    from portal.web.assets import build_assets

    build_assets()


if __name__ == "__main__":
    sys.exit(main())
