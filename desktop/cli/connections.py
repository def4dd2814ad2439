"""`shotdock connections`: the servers ShotDock knows."""

import sys
from pathlib import Path

import click

from desktop.cli import options, status
from desktop.cli.carry import engine
from desktop.cli.group import Verbs
from desktop.cli.output import Output, without_secrets
from desktop.cli.session import Answer, Done, Session
from desktop.core.connection import Connection, parse_connection
from desktop.core.errors import (
    HostKeyChanged,
    HostKeyUnknown,
    LoginFailed,
    NoSecretStore,
    NotAllowed,
    NotEncrypted,
    NotFound,
    ShotDockError,
    UsageError,
)
from desktop.core.paths import whole_path
from desktop.core.redaction import register_secret
from desktop.studio.shots.layout import SUFFIX, load_layout
from desktop.work.sites import check_connection, passphrase_variable, password_variable

SHAPE: dict[str, object] = {"connections": []}


@click.group("connections", cls=Verbs)
def connections() -> None:
    """Add, list, test, trust and remove connections."""


@connections.command("add", shape={"connection": None})
@click.argument("name")
@click.argument("url")
@click.option("--layout", default=None, metavar="NAME|FILE", help="The layout that reads its tree.")
@click.option("--identity", metavar="FILE", help="A private key file to log in with.")
@click.option(
    "--password-stdin",
    is_flag=True,
    help="Read the password from standard input; with a locked key file, the passphrase that opens it.",
)
@click.option("--max-connections", type=click.IntRange(1, 64), metavar="N", help="The most to open at once.")
@click.pass_obj
def add(
    output: Output,
    name: str,
    url: str,
    layout: str | None,
    identity: str | None,
    password_stdin: bool,
    max_connections: int | None,
) -> None:
    """Add the server at URL as NAME, or change it; its password goes to the system's keyring, nowhere else.

    Who writes ftp:// with a user agrees that the password goes unencrypted; it is told, and remembered.
    """
    with engine() as run:
        settings = run.services.settings.value
        layout = settings.layout if layout is None else layout
        # A file is remembered by its whole path: the next command may start in another folder.
        load_layout(layout, options.layout_folders(settings, run.services.places))
        if layout.endswith(SUFFIX) or Path(layout).name != layout:
            layout = str(whole_path(layout))
        key = str(whole_path(identity)) if identity is not None else None
        if key:
            options.check_key(Path(key))
        connection, password = parse_connection(name, url, layout, key, max_connections)
        check_connection(connection)
        secret = run.read_secret("password") if password_stdin else None
        warnings: list[str] = []
        if secret and key and run.services.connections.locked(Path(key)):
            # First of all: a passphrase that does not open the key leaves everything as it was.
            warnings += _keep_passphrase(run, connection, Path(key), secret)
        elif secret:
            password = secret
        if password:
            register_secret(password)
        warnings += _save(run, connection, password)
        in_clear = run.services.connections.agree(connection.address)
    for warning in warnings:
        output.warn(warning)
    if in_clear:
        output.warn(options.in_clear_words(connection.address))
    output.answer({"status": "done", "connection": _row(connection), "warnings": warnings})
    output.summary(f"Saved {name}: {connection.url}")


def _keep_passphrase(run: Session, connection: Connection, key: Path, passphrase: str) -> list[str]:
    try:
        answer = Done(run)
        run.services.connections.unlock(key, passphrase, True, answer.done, answer.failed)
        answer.of(None)
    except NoSecretStore as error:
        return [
            f"{error.title} The key's passphrase is not kept: for unattended runs put it into the environment "
            f"variable {passphrase_variable(connection.name)}."
        ]
    return []


def _save(run: Session, connection: Connection, password: str | None) -> list[str]:
    desk = run.services.connections
    try:
        answer = Done(run)
        desk.save(connection, password or None, answer.done, answer.failed)
        answer.of(None)
    except NoSecretStore as error:
        return [
            f"{error.title} The connection is saved, its password is not: for unattended runs put it into the "
            f"environment variable {password_variable(connection.name)}."
        ]
    return []


@connections.command("list", shape=SHAPE)
@click.pass_obj
def list_(output: Output) -> None:
    """List the connections."""
    with engine() as run:
        known = run.services.connections.all()
    output.answer({"connections": [_row(connection) for connection in known]})
    if known:
        seals = {True: "", False: "not encrypted"}
        output.table(
            ("NAME", "URL", "LAYOUT", ""), ((c.name, c.url, c.layout, seals[c.address.encrypted]) for c in known)
        )
    else:
        output.summary("There are none yet. Add one with: shotdock connections add NAME URL")


@connections.command("test", shape=SHAPE)
@click.argument("name", required=False)
@click.pass_obj
def test(output: Output, name: str | None) -> int:
    """Connect to NAME, or to every connection, log in and look at the root."""
    with engine() as run:
        desk = run.services.connections
        chosen = [desk.get(run.known(name))] if name else list(desk.all())
        rows, errors = [], []
        for connection in chosen:
            row: dict[str, object] = {"name": connection.name, "url": connection.url, "reached": True, "message": None}
            try:
                answer = Answer[str](run)
                row["message"] = found = answer.of(desk.test(connection, None, answer.then, answer.failed))
                output.line(f"{connection.name}: {found}")
            except ShotDockError as error:
                if isinstance(error, UsageError):
                    raise
                row |= {"reached": False, "message": error.title}
                errors.append(error)
                output.error(_advised(error, connection))
            rows.append(row)
    failed = [without_secrets(error.as_dict()) for error in errors]
    output.answer({"status": "failed" if errors else "done", "connections": rows, "errors": failed})
    return max((status.status_of(error) for error in errors), default=status.DONE)


def _advised(error: ShotDockError, connection: Connection) -> ShotDockError:
    """Return an unknown host key's error, or a missing consent's, with the command that helps."""
    if isinstance(error, NotEncrypted):
        advice = f"Use SFTP or ftpes://; or agree to it: shotdock connections trust {connection.name}"
        return NotEncrypted(error.title, error.cause, advice, error.path, error.origin)
    if isinstance(error, HostKeyUnknown) and not isinstance(error, HostKeyChanged):
        advice = f"Compare the fingerprint with your TD's, then: shotdock connections trust {connection.name}"
        return HostKeyUnknown(error.title, error.cause, advice, error.path, error.host, error.fingerprint, error.key)
    return error


@connections.command("trust", shape={"host": None, "fingerprint": None, "trusted": False})
@click.argument("name")
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.pass_obj
def trust(output: Output, name: str, yes: bool) -> int:
    """Show the key or certificate NAME's server presents, ask, and remember it.

    Of plain FTP, which has neither, it is asked whether the password may go unencrypted. A server
    that shows another key than the one remembered is refused: that is for a person to clear up.
    """
    with engine() as run:
        desk = run.services.connections
        connection = desk.get(run.known(name))
        error = _introduce(run, connection)
        if error is None:
            output.answer({"status": "up-to-date", "host": connection.address.host, "trusted": True})
            output.summary(f"{connection.address.host} is trusted already.")
            return status.DONE
        host: str = connection.address.host
        fingerprint: str | None = None
        plain = isinstance(error, NotEncrypted)
        if isinstance(error, HostKeyUnknown):
            host, fingerprint = error.host, error.fingerprint
        # What the question is about is shown whatever --quiet says.
        sys.stderr.write(f"{error.title} {error.cause}\n" if plain else f"{host} shows the key {fingerprint}\n")
        if not yes and not _agreed(run, plain):
            output.answer({"status": "cancelled", "host": host, "fingerprint": fingerprint, "trusted": False})
            output.summary("Not trusted.")
            return status.NOT_REACHED
        answer = Done(run)
        desk.trust(error, answer.done, answer.failed)
        answer.of(None)
    output.answer({"status": "done", "host": host, "fingerprint": fingerprint, "trusted": True})
    output.summary(f"{connection.name} may log in unencrypted." if plain else f"Trusted {host}.")
    return status.DONE


def _introduce(run: Session, connection: Connection) -> HostKeyUnknown | NotEncrypted | None:
    """Connect and return the server's unknown key, or what plain FTP has to be asked; None if that is settled.

    A server never seen before gets no name and no password: its key is looked at first.
    """
    desk = run.services.connections
    if (question := desk.consent_wanted(connection.address)) is not None:
        return question
    try:
        answer = Answer[str](run)
        answer.of(desk.test(connection, None, answer.then, answer.failed))
    except HostKeyChanged:
        raise
    except HostKeyUnknown as error:
        return error
    except (LoginFailed, NotFound, NotAllowed):
        return None  # only a trusted server is asked that much
    return None


def _agreed(run: Session, plain: bool) -> bool:
    if not sys.stdin.isatty():
        check = "Ask your TD for a better way" if plain else "Compare the fingerprint with your TD's"
        raise UsageError(
            title="Nobody is there to say yes.",
            cause="Standard input is not a terminal.",
            suggestion=f"{check}, then run the command again with --yes.",
        )
    question = "Is this the server you expect, and shall it be remembered?"
    with run.asking():
        return click.confirm(
            "May the password go unencrypted, and shall that be remembered?" if plain else question, err=True
        )


@connections.command("remove", shape={"removed": None})
@click.argument("name")
@click.pass_obj
def remove(output: Output, name: str) -> None:
    """Forget NAME, its cached structure and its password."""
    with engine() as run:
        run.known(name)
        desk = run.services.connections
        answer = Done(run)
        desk.remove(name, answer.done, answer.failed)
        answer.of(None)
    output.answer({"status": "done", "removed": name})
    output.summary(f"Removed {name}.")


def _row(connection: Connection) -> dict[str, object]:
    address = connection.address
    return {
        "name": connection.name,
        "url": connection.url,
        "protocol": address.protocol,
        "host": address.host or None,
        "port": address.port,
        "user": address.user,
        "root": connection.root,
        "layout": connection.layout,
        "identity": connection.identity,
        "encrypted": address.encrypted,
        "max_connections": connection.max_connections,
    }
