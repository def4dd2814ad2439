"""`shotdock get`: plain transfer of files and folders, no layout."""

import sys
import time
from pathlib import Path

import click

from desktop.cli import options, schedule
from desktop.cli.answer import TRANSFER_SHAPE
from desktop.cli.carry import Transfer, engine, nothing_to_do
from desktop.cli.fetch import show_plan, supersede
from desktop.cli.group import Verb
from desktop.cli.output import Output
from desktop.cli.session import Answer, Session
from desktop.core.connection import Address, parse_location
from desktop.core.errors import UsageError
from desktop.core.hours import Hours
from desktop.core.paths import exists, whole_path
from desktop.core.plan import Plan
from desktop.core.schedule import Repeat
from desktop.work.library import PlainSource
from desktop.work.sites import Door


@click.command(cls=Verb, shape=TRANSFER_SHAPE)
@click.argument("sources", metavar="SOURCE...", nargs=-1)
@click.argument("destination", metavar="DEST")
@click.option(
    "-i",
    "--input",
    "listed",
    type=click.Path(path_type=Path),
    metavar="LIST",
    help="Take sources from a file: one URL a line, optionally followed by a tab and a relative name.",
)
@options.transfer
@schedule.schedule
@click.option("--identity", type=click.Path(path_type=Path), metavar="FILE", help="A private key file to log in with.")
@click.option(
    "--known-hosts", type=click.Path(path_type=Path), metavar="FILE", help="Trust the host keys in this file."
)
@click.option(
    "--accept-new-host-key",
    is_flag=True,
    help="Trust and remember a server never seen before: its host key, or a certificate no authority vouches for.",
)
@click.pass_obj
def get(
    output: Output,
    sources: tuple[str, ...],
    destination: str,
    listed: Path | None,
    conflict: str | None,
    dry_run: bool,
    parallel: int | None,
    segments: int | None,
    limit_rate: int | None,
    order: str | None,
    verify: bool,
    task_name: str,
    identity: Path | None,
    known_hosts: Path | None,
    accept_new_host_key: bool,
    start_at: float | None,
    window: Hours | None,
    repeat: Repeat | None,
    priority: str,
    after: str,
) -> int:
    """Fetch files and folders into the folder DEST.

    SOURCE is an http(s)://, ftp(s):// or sftp:// URL, CONNECTION:PATH, or a local path; a folder is taken whole.
    """
    began = time.monotonic()
    folder = options.last_folder(destination)
    wanted = [PlainSource(source) for source in sources]
    if listed is not None:
        wanted += _read_list(listed)
    elif not wanted:
        raise click.UsageError("Missing argument 'SOURCE...'.")
    if identity is not None:
        options.check_key(identity)
    door = Door(
        whole_path(identity) if identity else None,
        whole_path(known_hosts) if known_hosts else None,
        accept_new_host_key,
    )
    planned = schedule.make(start_at, window, repeat, after)
    if not dry_run:
        schedule.check_later(planned, False, *(source.text for source in wanted))
    if planned and planned.repeat is None and not dry_run and (identity or known_hosts):
        raise UsageError(
            title="A task that waits does not keep a key file or known hosts.",
            suggestion="Save the server as a connection: shotdock connections add NAME URL --identity FILE",
        )
    with engine() as run:
        settings = run.services.settings.value
        for source in wanted:
            _check_source(run, source.text)
        for address in _plain_logins(wanted):
            run.services.connections.agree(address)
            output.warn(options.in_clear_words(address))
        request = options.plain_request(
            settings, folder, conflict, parallel, segments, limit_rate, verify, order, task_name
        )
        if not wanted:
            return nothing_to_do(output, began, ())
        if planned.repeat is not None and not dry_run:
            return schedule.add_routine(run, output, request, planned, priority, wanted, door)
        library = run.services.library
        answer = Answer[Plan](run)
        plan = answer.of(library.plan_plain(wanted, door, request, answer.then, answer.failed))
        for warning in plan.warnings:
            output.warn(warning)
        if dry_run:
            return show_plan(output, plan, plan.warnings)
        if not plan.items:
            return nothing_to_do(output, began, plan.warnings)
        supersede(run, plan)
        turn = schedule.turn_of(planned, priority)
        if turn.due(time.time()) > time.time():
            return schedule.submit_later(run, output, plan, turn, plan.warnings)
        transfer = Transfer(run, output, began)
        transfer.take(plan, plan.warnings)
        del plan, answer
        transfer.submit(turn=turn)
    return transfer.report()


def _read_list(path: Path) -> list[PlainSource]:
    """Read a list of URLs; the names beside them are paths below the destination."""
    sources = []
    for _, line in options.read_lines(path):
        url, _, name = line.partition("\t")
        sources.append(PlainSource(url.strip(), name.strip() or None, str(path)))
    return sources


def _plain_logins(wanted: list[PlainSource]) -> list[Address]:
    """Return whose passwords go in clear, for which whoever wrote the ftp:// addresses takes the blame."""
    servers = set()
    for source in wanted:
        user, at, rest = source.text.rpartition("@")
        if at and user[:6].lower() == "ftp://":
            servers.add(f"{user}@{rest.partition('/')[0]}/")  # whatever stands before the last "@" may be the password
    addresses = {parse_location(server).address for server in servers}
    return sorted((address for address in addresses if address.bares), key=lambda address: address.origin)


def _check_source(run: Session, text: str) -> None:
    """Tell a mistyped connection from a local path; raise UsageError."""
    if not text:
        # An empty variable of a script; the current folder is spelled ".".
        raise UsageError(title="A source is empty.", suggestion="Write a URL, CONNECTION:PATH or a local path.")
    name, colon, _ = text.partition(":")
    known = [connection.name for connection in run.services.connections.all()]
    drive = sys.platform == "win32" and len(name) == 1 and name.isalpha()
    if not colon or "://" in text or name in known or "/" in name or drive or exists(Path(text)):
        return
    raise UsageError(
        title=f"There is no connection called {name!r}.",
        cause=f"Known: {', '.join(known) or 'none yet'}. There is no local file of this name either.",
        suggestion="Write CONNECTION:PATH, a URL such as sftp://host/path, or a local path.",
        path=text,
    )
