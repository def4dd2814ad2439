"""`shotdock gallery`: finished videos of a web server."""

import time
from collections.abc import Sequence
from dataclasses import replace

import click

from desktop.cli import options, schedule
from desktop.cli.answer import TRANSFER_SHAPE, stamp
from desktop.cli.carry import Transfer, engine, nothing_to_do
from desktop.cli.fetch import show_plan, supersede
from desktop.cli.group import Verbs
from desktop.cli.output import Output
from desktop.cli.session import Answer, Done, Session
from desktop.core.gallery import Video
from desktop.core.hours import Hours
from desktop.core.plan import Plan
from desktop.core.schedule import Repeat
from desktop.core.units import format_bytes


@click.group("gallery", cls=Verbs)
def gallery() -> None:
    """List and fetch the finished videos of a web server."""


_server = options.server("A connection, or the URL the gallery's API lies under.", required=True)


@gallery.command("list", shape={"videos": []})
@_server
@click.pass_obj
def list_(output: Output, server: str, token_stdin: bool) -> None:
    """List the videos."""
    with engine() as run:
        videos = _videos(run, output, server, token_stdin)
    output.answer({"videos": [_row(video) for video in videos]})
    if not videos:
        output.summary("There are no videos.")
        return
    output.table(
        ("ID", "CREATED", "LENGTH", "SIZE", "FILE", "PROJECT"),
        (
            (
                video.id,
                (stamp(video.created) or "?")[:16].replace("T", " "),
                _length(video.seconds),
                "?" if video.bytes is None else format_bytes(video.bytes),
                video.file_name,
                video.project_name,
            )
            for video in videos
        ),
        shorten=("FILE", "PROJECT"),
    )


@gallery.command("get", shape=TRANSFER_SHAPE)
@click.argument("words", metavar="ID...|--all DEST", nargs=-1, required=True)
@click.option("--all", "everything", is_flag=True, help="Fetch every video of the list.")
@_server
@options.transfer
@schedule.schedule
@click.pass_obj
def get(
    output: Output,
    words: tuple[str, ...],
    everything: bool,
    server: str,
    token_stdin: bool,
    conflict: str | None,
    dry_run: bool,
    parallel: int | None,
    segments: int | None,
    limit_rate: int | None,
    order: str | None,
    verify: bool,
    task_name: str,
    start_at: float | None,
    window: Hours | None,
    repeat: Repeat | None,
    priority: str,
    after: str,
) -> int:
    """Fetch videos by their ids, or all of them, into the folder DEST.

    A file is named after its project; where two videos would have one name, one of them bears its id as well.
    What repeats asks for the list anew every time, and brings what is missing in DEST.
    """
    began = time.monotonic()
    *ids, destination = words
    if everything == bool(ids):
        raise click.UsageError("Write either the IDs to fetch and then DEST, or --all DEST.")
    folder = options.last_folder(destination)
    planned = schedule.make(start_at, window, repeat, after)
    if not dry_run:
        schedule.check_later(planned, token_stdin, server)
    with engine() as run:
        settings = run.services.settings.value
        request = options.plain_request(
            settings, folder, conflict, parallel, segments, limit_rate, verify, order, task_name
        )
        if planned.repeat is not None and not dry_run:
            _known(run, server)
            name = task_name or f"{server} ({f'{len(ids)} videos' if ids else 'all videos'})"
            wish = replace(request, connection=server, name=name)
            return schedule.add_routine(run, output, wish, planned, priority, videos=tuple(dict.fromkeys(ids)))
        videos = _videos(run, output, server, token_stdin)
        chosen, unknown = _chosen(videos, ids) if ids else (videos, ())
        if not chosen and not unknown:
            return nothing_to_do(output, began, ())
        answer = Answer[Plan](run)
        desk = run.services.gallery
        plan = answer.of(desk.plan(server, chosen, request, answer.then, answer.failed, unknown))
        for warning in plan.warnings:
            output.warn(warning)
        if dry_run:
            return show_plan(output, plan, plan.warnings)
        supersede(run, plan)
        turn = schedule.turn_of(planned, priority)
        if turn.due(time.time()) > time.time():
            return schedule.submit_later(run, output, plan, turn, plan.warnings)
        transfer = Transfer(run, output, began)
        transfer.take(plan, plan.warnings)
        del plan, answer
        transfer.submit(turn=turn)
    return transfer.report()


def _videos(run: Session, output: Output, server: str, token_stdin: bool) -> tuple[Video, ...]:
    """Return the server's list; the token, if one is to be read, serves for this run of the program."""
    desk = run.services.gallery
    _known(run, server)
    if token_stdin:
        token = run.read_secret("token")
        told = Done(run)
        desk.remember_token(server, token, False, told.done, told.failed)
        told.of(None)
    desk.remarked.connect(output.warn)
    answer = Answer[tuple[Video, ...]](run)
    return answer.of(desk.videos(server, answer.then, answer.failed))


def _known(run: Session, server: str) -> None:
    """Raise UsageError for what is neither a known connection nor the address of a web server."""
    if "://" not in server:
        run.known(server)
    run.services.sites.server(server)


def _chosen(videos: Sequence[Video], ids: Sequence[str]) -> tuple[tuple[Video, ...], tuple[str, ...]]:
    """Return the videos of these ids, each once, in the order asked for, and the ids that no video has."""
    known = {video.id: video for video in videos}
    wanted = dict.fromkeys(ids)
    return tuple(known[name] for name in wanted if name in known), tuple(name for name in wanted if name not in known)


def _length(seconds: float | None) -> str:
    """Return a duration as m:ss or h:mm:ss."""
    if seconds is None:
        return "?"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def _row(video: Video) -> dict[str, object]:
    return {
        "id": video.id,
        "project_name": video.project_name,
        "file_name": video.file_name,
        "created": stamp(video.created),
        "bytes": video.bytes,
        "seconds": video.seconds,
        "available": video.available,
    }
