"""`shotdock jobs`: long-running jobs of a web server."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import click

from desktop.cli import options, schedule, status
from desktop.cli.answer import TRANSFER_SHAPE, stamp
from desktop.cli.carry import Transfer, engine
from desktop.cli.fetch import show_plan, supersede
from desktop.cli.group import Verbs
from desktop.cli.output import Output
from desktop.cli.session import Answer, Session
from desktop.core.errors import ShotDockError, UsageError
from desktop.core.hours import Hours
from desktop.core.job import Content, Download, Job, JobState, Outcome
from desktop.core.plan import Plan
from desktop.core.task import Task, TaskState
from desktop.studio.jobs import kinds  # noqa: F401  they register themselves
from desktop.studio.jobs.kind import KINDS
from desktop.work.sites import Server

JOB_SHAPE: dict[str, object] = {
    "id": None,
    "kind": None,
    "state": None,
    "progress": None,
    "message": "",
    "artifacts": [],
    "missing": [],
}
_STARTED = [part.name for part in KINDS if part.load().fields]
_UNSETTLED = (Outcome.UNDER_WAY, Outcome.CHECKING)
_WHOLE = (Outcome.HERE, Outcome.UNPACKED)


@click.group("jobs", cls=Verbs)
def jobs() -> None:
    """Follow, start and fetch long-running jobs; they are remembered until the window forgets them."""


_server = options.server(
    "A connection, or the URL the jobs' API lies under; a pasted URL and a remembered job need none.", required=False
)


@jobs.command("list", shape={"jobs": []})
@_server
@click.pass_obj
def list_(output: Output, server: str, token_stdin: bool) -> None:
    """List the jobs that are remembered, as they were last heard of; nobody is asked."""
    with engine() as run:
        known = _remembered(run)
        if server:
            place = _named(run, server, token_stdin)
            known = tuple(job for job in known if _place(run, job.server) == place)
    output.answer({"jobs": [_row(job) for job in known]})
    if not known:
        output.summary("No job is remembered. Follow one with: shotdock jobs watch KIND ID --server URL")
    output.table(
        ("KIND", "ID", "STATE", "PROGRESS", "SERVER", "MESSAGE"),
        ((job.kind, job.remote_id, job.state.value, _progress(job), job.server, job.message) for job in known),
    )


@jobs.command("watch", shape=JOB_SHAPE)
@click.argument("kind", type=click.Choice(KINDS.names()), metavar="KIND")
@click.argument("text", metavar="ID|URL")
@click.option("--once", is_flag=True, help="Ask once instead of waiting for the end.")
@_server
@click.pass_obj
def watch(output: Output, kind: str, text: str, once: bool, server: str, token_stdin: bool) -> int:
    """Follow a job until it ends. KIND is scene, export or reconstruction."""
    began = time.time()
    with engine() as run:
        with _meant(run, kind, text, server, token_stdin) as job:
            job = _follow(run, output, job, once)
        if job.state is JobState.NOT_FOUND and job.added >= began:
            # Mistyped, most likely: nothing to remember.
            run.services.jobs.remove([job.id])
    output.answer(_row(job))
    _print(output, job)
    return status.DONE if job.state in (JobState.DONE, JobState.RUNNING) else status.FAILED


@jobs.command("start", shape=JOB_SHAPE)
@click.argument("kind", type=click.Choice(_STARTED), metavar="KIND")
@click.option("--rows", type=int, metavar="N", help="How many rows the table has: 1 to 1000, 100 if not given.")
@click.option("--format", "kind_of_table", metavar="csv|tsv", help="How its columns are divided.")
@_server
@click.pass_obj
def start(
    output: Output, kind: str, rows: int | None, kind_of_table: str | None, server: str, token_stdin: bool
) -> None:
    """Start a job and remember it; follow it with `jobs watch`. KIND is export."""
    given = {"rows": rows, "format": kind_of_table}
    values = {name: value for name, value in given.items() if value is not None}
    if not server:
        raise click.UsageError("Missing option '--server': which server is the job to run on?")
    with engine() as run:
        _named(run, server, token_stdin)
        answer = Answer[Job](run)
        job = answer.of(run.services.jobs.start(server, kind, values, answer.then, answer.failed))
    output.answer(_row(job))
    output.line(job.remote_id)


@jobs.command("get", shape=TRANSFER_SHAPE)
@click.argument("kind", type=click.Choice(KINDS.names()), metavar="KIND")
@click.argument("text", metavar="ID|URL")
@click.argument("words", metavar="[ARTIFACT]... DEST", nargs=-1, required=True)
@click.option("--unpack", is_flag=True, help="Unpack results that are complete and good enough, beside their ZIP.")
@_server
@options.transfer
@schedule.once
@click.pass_obj
def get(
    output: Output,
    kind: str,
    text: str,
    words: tuple[str, ...],
    unpack: bool,
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
    priority: str,
    after: str,
) -> int:
    """Fetch a job's artifacts into the folder DEST: those that are named, or all that are there.

    Results stay the ZIP they are, looked through for what they should hold, unless --unpack is given. What starts
    later is looked through and unpacked by the window.
    """
    began = time.monotonic()
    *artifacts, destination = words
    folder = options.last_folder(destination)
    planned = schedule.make(start_at, window, None, after)
    if not dry_run:
        schedule.check_later(planned, token_stdin, server, text)
    with engine() as run:
        settings, desk = run.services.settings.value, run.services.jobs
        request = options.plain_request(
            settings, folder, conflict, parallel, segments, limit_rate, verify, order, task_name
        )
        with _meant(run, kind, text, server, token_stdin) as job:
            answer = Answer[Plan](run)
            plan = answer.of(desk.plan(job.id, artifacts, request, answer.then, answer.failed))
        if dry_run:
            return show_plan(output, plan, plan.warnings)
        supersede(run, plan)
        turn = schedule.turn_of(planned, priority)

        def submit(made: Plan, then: Callable[[Task], None]) -> None:
            desk.submit(job.id, made, then, unpack=unpack, turn=turn)

        if turn.due(time.time()) > time.time():
            return schedule.submit_later(run, output, plan, turn, plan.warnings, by=submit)
        transfer = Transfer(run, output, began)
        transfer.take(plan, plan.warnings)
        transfer.submit(submit)
        downloads = _landed(run, job.id, transfer)
        job = desk.get(job.id) or job
    rows = [_result(output, job, download) for download in downloads]
    code = transfer.report({"results": rows})
    return code or (status.DONE if all(row["complete"] for row in rows) else status.FAILED)


@contextmanager
def _meant(run: Session, kind: str, text: str, server: str, token_stdin: bool) -> Iterator[Job]:
    """Return the job that is meant, remembered from now on; one that comes to nothing here is forgotten again."""
    known = _remembered(run)
    if server:
        _named(run, server, token_stdin)
    elif token_stdin:
        raise click.UsageError("--token-stdin needs --server: a token is for one server.")
    elif "://" not in text:
        servers = {job.server for job in known if (job.kind, job.remote_id) == (kind, text)}
        if len(servers) != 1:
            raise UsageError(
                title=f"Which server is {text} on?",
                cause=f"It is remembered of {' and of '.join(sorted(servers))}."
                if servers
                else "It is not remembered.",
                suggestion="Name it with --server, or paste the job's URL.",
            )
        (server,) = servers
    answer = Answer[Job](run)
    run.services.jobs.add(server, kind, text, answer.then, answer.failed)
    job = answer.of(None)
    try:
        yield job
    except ShotDockError:
        if job.id not in {one.id for one in known}:
            run.services.jobs.remove([job.id])
        raise


def _place(run: Session, server: str) -> Server | None:
    """Return a remembered server's place; of a connection that is gone there is none."""
    try:
        return run.services.sites.server(server)
    except ShotDockError:
        return None


def _named(run: Session, server: str, token_stdin: bool) -> Server:
    """Return the server's place; the token, if one is to be read, serves for this run of the program."""
    if "://" not in server:
        run.known(server)
    place = run.services.sites.server(server)
    if token_stdin:
        run.services.sites.remember_password(place.site, run.read_secret("token"))
    return place


def _remembered(run: Session) -> tuple[Job, ...]:
    """Return the jobs of the database; they are not asked after."""
    desk = run.services.jobs
    answer = Answer[tuple[Job, ...]](run)
    desk.listed.connect(answer.then)
    desk.load(poll=False)
    try:
        return answer.of(None)
    finally:
        desk.listed.disconnect(answer.then)


def _follow(run: Session, output: Output, job: Job, once: bool) -> Job:
    """Wait for the first answer and, unless once, for the end; raise what keeps us from asking."""
    desk, before = run.services.jobs, job.heard
    told = ""

    def now() -> Job:
        current = desk.get(job.id)
        assert current is not None, "nobody but us forgets it"
        return current

    def over() -> bool:
        nonlocal told
        current = now()
        fresh = current.heard != before and not current.looking
        words = f"{current.state.value} {_progress(current)} {current.message}".strip()
        if fresh and not once and not current.state.over and words != told:
            told = words
            output.remark(words)
        return _hopeless(current, fresh or current.heard != before) is not None or (
            fresh and (once or current.state.over)
        )

    def _hopeless(current: Job, answered: bool) -> ShotDockError | None:
        error = None if current.looking else desk.error(job.id)
        # Who has answered once is waited for; who never did, or wants somebody to log in, is not.
        return error if error is not None and (not answered or current.next_look is None) else None

    run.until(over, desk.changed)
    run.check()
    error = _hopeless(now(), now().heard != before)
    if error is not None:
        raise error
    return now()


def _landed(run: Session, job_id: int, transfer: Transfer) -> tuple[Download, ...]:
    """Return this task's downloads, once nothing more becomes of them; at once if it was interrupted."""
    desk = run.services.jobs

    def mine() -> tuple[Download, ...]:
        job = desk.get(job_id)
        return tuple(one for one in job.downloads if one.task == transfer.task.id) if job else ()

    if transfer.task.state in (TaskState.DONE, TaskState.FAILED):
        run.until(lambda: all(one.outcome not in _UNSETTLED for one in mine()), desk.changed)
    return mine()


def _result(output: Output, job: Job, download: Download) -> dict[str, object]:
    """Return a row about a fetched artifact; say what is wrong with it."""
    note, complete = download.note, download.outcome in _WHOLE
    artifact = job.artifact(download.artifact)
    zipped = artifact is not None and artifact.content is Content.RESULTS
    if download.outcome is Outcome.HERE and zipped:
        from desktop.studio.jobs.archive import validate_result_zip

        try:
            complete, missing = validate_result_zip(download.path)
            note = "" if complete else f"Incomplete: {', '.join(missing)}."
        except ShotDockError as error:
            complete, note = False, f"{error.title} {error.cause}"
    if not complete and download.outcome not in (Outcome.MISSED, Outcome.UNDER_WAY):
        output.warn(f"{download.path.name}: {note}")
    return {
        "artifact": download.artifact,
        "path": str(download.path),
        "folder": None if download.folder is None else str(download.folder),
        "outcome": download.outcome.value,
        "complete": complete,
        "note": note,
    }


def _row(job: Job) -> dict[str, object]:
    """Return a job as `jobs watch` spells it."""
    return {
        "id": job.remote_id,
        "kind": job.kind,
        "state": job.state.value,
        "progress": job.progress,
        "message": job.message,
        "artifacts": [{"name": one.name, "available": one.available, "bytes": one.bytes} for one in job.artifacts],
        "missing": list(job.missing),
        "server": job.server,
        "expires": stamp(job.expires),
    }


def _print(output: Output, job: Job) -> None:
    output.line(" ".join(part for part in (job.state.value, _progress(job), job.message) if part))
    for item in job.missing:
        output.line(f"missing: {item}")
    output.table(
        ("ARTIFACT", "THERE", "BYTES", "FILE"),
        (
            (one.name, "yes" if one.available else "no", "?" if one.bytes is None else one.bytes, one.file_name)
            for one in job.artifacts
        ),
    )


def _progress(job: Job) -> str:
    return "" if job.progress is None or job.state.over else f"{job.progress:.0f} %"
