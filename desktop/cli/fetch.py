"""`shotdock fetch`: bring shots from a connection into a local folder."""

import time
from collections.abc import Sequence
from pathlib import Path

import click

from desktop.cli import options, schedule
from desktop.cli.answer import TRANSFER_SHAPE, plan_rows, print_plan
from desktop.cli.carry import Transfer, engine, nothing_to_do
from desktop.cli.group import Verb
from desktop.cli.look import fresh_structure
from desktop.cli.output import Output
from desktop.cli.session import Answer, Session
from desktop.core.hours import Hours
from desktop.core.plan import Plan, Request, VersionStrategy
from desktop.core.schedule import Repeat
from desktop.core.task import FileResult, TaskFile, TaskState


@click.command(cls=Verb, shape=TRANSFER_SHAPE)
@click.argument("connection")
@click.argument("destination", metavar="DEST", type=options.FOLDER)
@options.filters
@click.option("--version", "version", metavar="latest|all|vNNN|@FILE", help="Which versions; the default is latest.")
@options.transfer
@schedule.schedule
@click.pass_obj
def fetch(
    output: Output,
    /,
    connection: str,
    destination: Path,
    version: str | None,
    conflict: str | None,
    dry_run: bool,
    parallel: int | None,
    segments: int | None,
    limit_rate: int | None,
    order: str | None,
    verify: bool,
    task_name: str,
    shots_from: Path | None,
    start_at: float | None,
    window: Hours | None,
    repeat: Repeat | None,
    priority: str,
    after: str,
    **chosen: tuple[str, ...],
) -> int:
    """Fetch CONNECTION's shots into the folder DEST.

    A version table (@FILE) has lines 'SHOT DEPARTMENT VERSION'; shots it does not list are left out.
    """
    began = time.monotonic()
    filters = options.make_filters(chosen, shots_from)
    folder = options.local_folder(destination)
    wanted = options.parse_version(version) if version is not None else None
    with engine() as run:
        settings = run.services.settings.value
        # A default cannot name one version for everything: of the strategies only latest and all make sense there.
        usual = VersionStrategy.ALL if settings.version_strategy is VersionStrategy.ALL else VersionStrategy.LATEST
        strategy, specific, custom = wanted or (usual, None, {})
        request = Request(
            connection=run.known(connection),
            destination=folder,
            filters=filters,
            version_strategy=strategy,
            specific_version=specific,
            custom=custom,
            conflict=conflict or options.known_conflict(settings.conflict),
            options=options.make_options(settings, parallel, segments, limit_rate, verify, order),
            name=task_name,
        )
        planned = schedule.make(start_at, window, repeat, after)
        if planned.repeat is not None and not dry_run:
            return schedule.add_routine(run, output, request, planned, priority)
        plan, warnings = make_plan(run, output, request)
        if dry_run:
            return show_plan(output, plan, warnings)
        if not any(item.key for item in plan.items):
            return nothing_to_do(output, began, warnings)
        supersede(run, plan)
        turn = schedule.turn_of(planned, priority)
        if turn.due(time.time()) > time.time():
            return schedule.submit_later(run, output, plan, turn, warnings)
        transfer = Transfer(run, output, began)
        transfer.take(plan, warnings)
        del plan
        transfer.submit(turn=turn)
    return transfer.report()


def make_plan(run: Session, output: Output, request: Request) -> tuple[Plan, tuple[str, ...]]:
    """Scan the connection and return the request's plan and all warnings, which are printed too."""
    structure, warnings = fresh_structure(run, output, request.connection)
    answer = Answer[Plan](run)
    plan = answer.of(run.services.library.plan(request, structure, answer.then, answer.failed))
    for warning in plan.warnings:
        output.warn(warning)
    return plan, warnings + plan.warnings


def show_plan(output: Output, plan: Plan, warnings: Sequence[str]) -> int:
    """Print what would be done."""
    # Not a row for every file of a large plan where nobody asked for JSON.
    output.answer({"plan": plan_rows(plan) if output.json else [], "warnings": list(warnings)})
    print_plan(plan, output)
    return 0


def supersede(run: Session, plan: Plan) -> None:
    """Cancel interrupted tasks whose every missing file this plan fetches: it goes on from their bytes."""
    tasks = run.services.tasks
    asked = plan.request
    interrupted = [
        task
        for task in run.all_tasks()
        if task.state is TaskState.INTERRUPTED
        and (task.connection, task.destination) == (asked.connection, asked.destination)
    ]
    covered = {(file.source, file.target) for _, file in plan.files()} if interrupted else set()
    for task in interrupted:
        answer = Answer[tuple[TaskFile, ...]](run)
        tasks.files(task.id, answer.then, results=(FileResult.PENDING,))
        if {(file.source, file.target) for file in answer.of(None)} <= covered:
            tasks.cancel((task.id,))
