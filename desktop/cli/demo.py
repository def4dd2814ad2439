"""`shotdock demo`: the studio in a box, and the window or a tour on it."""

import json
import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click

from desktop.cli import gui, options, status
from desktop.cli.group import Verb
from desktop.cli.open import load_window
from desktop.cli.output import Output
from desktop.cli.tour import SHAPE, tour
from desktop.core.connection import parse_connection
from desktop.demo.content import Size
from desktop.demo.studio import Studio
from desktop.logs import set_up
from desktop.places import HOME_VARIABLE, SITE_VARIABLE, Places, private_folder, write_private
from desktop.store.database import Store
from desktop.transfer.consents import remember_consent
from desktop.work.sites import password_variable

PROTOCOLS = ("sftp", "ftp")
WEB = ("gallery", "jobs")
"""Web servers a studio may have; each has a token."""


@click.command(cls=Verb, shape=SHAPE)
@click.option("--headless", is_flag=True, help="Run the whole tour here, without a window.")
@click.option("--serve-only", is_flag=True, help="Print one JSON line of URLs and serve until interrupted.")
@click.option(
    "--dir",
    "folder",
    type=options.FOLDER,
    metavar="DIR",
    help="Keep everything here, not in a temporary folder.",
)
@click.option(
    "--size", type=click.Choice([size.value for size in Size]), help="small is about 6 MB, full about 360 MB."
)
@click.pass_obj
def demo(output: Output, headless: bool, serve_only: bool, folder: Path | None, size: str | None) -> int:
    """Start a whole studio on this machine, then the window on it.

    Its servers listen on this machine alone. Nothing of your own ShotDock is touched: the demo keeps its database,
    settings and known hosts in its own folder.
    """
    if headless and serve_only:
        raise click.UsageError("--headless and --serve-only exclude each other.")
    if not headless and not serve_only:
        gui.check_display(instead="The whole tour runs without a window, too: shotdock demo --headless")
    usual = Size.SMALL if headless else Size.FULL
    with _room(folder) as room:
        places = _own_home(room / "home")
        # Before the servers start: a library of theirs would set up logging in its own way where nobody did.
        set_up(places, console=None)
        with Studio.start(room / "studio", Size(size or usual)) as studio:
            if serve_only:
                return _serve(studio)
            _move_in(places, studio)
            if headless:
                return tour(output, studio, room / "downloads")
            return load_window()()


@contextmanager
def _room(folder: Path | None) -> Iterator[Path]:
    """Give a folder for everything the demo writes; a temporary one is thrown away at the end."""
    if folder is not None:
        yield private_folder(options.local_folder(folder).resolve())
        return
    with tempfile.TemporaryDirectory(prefix="shotdock-demo-", ignore_cleanup_errors=True) as temporary:
        yield Path(temporary).resolve()


def _serve(studio: Studio) -> int:
    """Print where the studio is, and serve. Interrupting it is how it is meant to end."""
    sys.stdout.write(json.dumps(studio.urls()) + "\n")
    sys.stdout.flush()
    try:
        studio.serve_forever()
    except KeyboardInterrupt:
        studio.stop()
    return status.DONE


def _own_home(home: Path) -> Places:
    """Make the demo's own home the home of this process."""
    os.environ[HOME_VARIABLE] = str(private_folder(home))
    os.environ.pop(SITE_VARIABLE, None)
    return Places.find()


def _move_in(places: Places, studio: Studio) -> None:
    """Save a connection to each server, with its password for this process alone, and trust the host key."""
    urls = studio.urls()
    write_private(places.known_hosts, urls["host_key"].rstrip("\n") + "\n")
    with Store.open(places.database) as store:
        for protocol in PROTOCOLS:
            connection, password = parse_connection(f"demo-{protocol}", urls[protocol])
            store.connections.save(connection)
            if connection.address.bares:
                # On this machine alone, and the studio's own password: nobody has to be asked.
                remember_consent(places.unencrypted, connection.address.origin)
            # Never the person's keyring: the password is another one at every start.
            os.environ[password_variable(connection.name)] = password or ""
        for name in (name for name in WEB if name in urls):
            connection, _ = parse_connection(f"demo-{name}", urls[name])
            store.connections.save(connection)
            os.environ[password_variable(connection.name)] = urls[f"{name}_token"]
