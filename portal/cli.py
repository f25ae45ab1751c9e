"""The `portal` command: each subcommand is one call into a feature."""

import os
import sys
from pathlib import Path

import click
import flask_migrate

from portal import config
from portal.config import SettingError, Settings
from portal.permissions import Role
from portal.web import logs


@click.group()
def main() -> None:
    """Offer Portal (算力供应台): offers, inquiries and views of GPU providers."""
    logs.configure()


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
    from portal.inquiries import search as threads
    from portal.listings.reindexing import reindex

    app = create_app(settings)
    with app.app_context():
        flask_migrate.upgrade(directory=str(Path(__file__).parent / "migrations"))
        if indexed := reindex() + threads.reindex():
            click.echo(f"Indexed {indexed} listings and inquiries for search.")


@main.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--port", default=8000, show_default=True, type=click.IntRange(1, 65535))
@click.option(
    "--workers", type=click.IntRange(1, 64), help="Web processes; by default one a processor core."
)
def serve(host: str, port: int, workers: int | None) -> None:
    """Serve the site: web workers and one background worker, until SIGTERM or Ctrl-C."""
    from portal import serving

    try:
        settings = serving.public_settings(_settings(), host, port)
        serving.serve(settings, host, port, workers or os.cpu_count() or 1)
    except (serving.CannotServe, SettingError) as error:
        raise click.ClickException(str(error)) from error


@main.command()
@click.option("--parent", type=int, hidden=True, help="Stop when this parent process ends.")
def worker(parent: int | None) -> None:
    """Send mails, count views and do periodic work, until SIGTERM (`serve` starts one itself)."""
    from portal import create_app
    from portal import worker as background

    try:
        app = create_app(_settings())
    except SettingError as error:
        raise click.ClickException(str(error)) from error
    if parent:
        background.die_with_parent(parent)
    background.run(app)


@main.group()
def user() -> None:
    """People who sign in."""


@user.command("add")
@click.argument("email")
@click.option("--name", required=True, help="As shown to others.")
@click.option(
    "--role", "roles", multiple=True, required=True, type=click.Choice([str(role) for role in Role])
)
@click.option("--provider", "provider_id", type=int, help="Id of the person's provider.")
@click.option("--language", default="zh", show_default=True, type=click.Choice(["zh", "en"]))
@click.password_option(help="Asked for when it is not given.")
def add_user(
    *,
    email: str,
    name: str,
    roles: tuple[str, ...],
    provider_id: int | None,
    language: str,
    password: str,
) -> None:
    """Add a person who signs in with EMAIL."""
    from sqlalchemy.exc import IntegrityError

    from portal import create_app
    from portal.accounts.actions import add_person

    with create_app(_settings()).app_context():
        try:
            added = add_person(
                email,
                name,
                password,
                frozenset(Role(role) for role in roles),
                provider_id=provider_id,
                language=language,
            )
        except IntegrityError as error:
            raise click.ClickException(
                "This address is taken already, or there is no such provider."
            ) from error
    click.echo(f"Added person {added}: {email.lower()}")


@main.command()
def demo() -> None:
    """Load the demo's providers, people, offers and month of views, once."""
    from portal import create_app
    from portal.demo.load import load

    settings = _settings()
    with create_app(settings).app_context():
        if load(settings):
            click.echo("Demo data loaded.")


@main.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--provider", "provider_id", type=int, required=True, help="Id of the provider.")
@click.option(
    "--mapping",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="JSON: columns (heading: field), constants, title, key; else as matched last or guessed.",
)
@click.option("--whole", is_flag=True, help="Everything or nothing; else every good row.")
@click.option("--dry-run", "is_dry", is_flag=True, help="Only say what would become of the rows.")
def import_sheet(
    *, file: Path, provider_id: int, mapping: Path | None, whole: bool, is_dry: bool
) -> None:
    """Bring offers in from FILE, a CSV or XLSX: new ones become drafts, known ones are updated."""
    from portal import create_app
    from portal.imports.actions import AlreadyRunning
    from portal.imports.console import CannotImport, import_file
    from portal.web.parsing import Invalid

    app = create_app(_settings())
    try:
        counts = import_file(app, file, provider_id, mapping, whole=whole, is_dry=is_dry)
    except (CannotImport, Invalid) as error:
        raise click.ClickException(str(error)) from error
    except AlreadyRunning as error:
        raise click.ClickException(
            "All or nothing needs a sheet without a refused row, of at most 5,000 rows."
        ) from error
    for outcome, rows in counts.items():
        click.echo(f"{outcome}: {rows}")


@main.command("export")
@click.argument("file", type=click.Path(dir_okay=False, writable=True, path_type=Path))
@click.option("--provider", "provider_id", type=int, required=True, help="Id of the provider.")
@click.option("--query", default="", help="As in the list's address, such as status=live&gpu=h20.")
@click.option("--language", default="zh", show_default=True, type=click.Choice(["zh", "en"]))
def export_sheet(*, file: Path, provider_id: int, query: str, language: str) -> None:
    """Write a provider's offers into FILE, a .csv or .xlsx that `import` takes back."""
    from portal import create_app
    from portal.imports.console import export_file

    app = create_app(_settings())
    click.echo(f"Offers written: {export_file(app, file, provider_id, query, language)}")


@main.command()
def assets() -> None:
    """Build the stylesheet, the scripts and the icons into static/dist."""
    from portal.web.assets import build_assets

    build_assets()


if __name__ == "__main__":
    sys.exit(main())
