"""`shotdock tasks`: what was asked for before, here or in the window."""

import time
from datetime import datetime
from pathlib import Path

import click

from desktop.cli import turns, wishes
from desktop.cli.answer import TRANSFER_SHAPE, error_rows, item_row, log_rows, moment, task_row, told_name
from desktop.cli.carry import Transfer, engine
from desktop.cli.group import Verbs
from desktop.cli.output import Output
from desktop.cli.session import Answer, Done, Session
from desktop.core.history import Query, TaskPage
from desktop.core.paths import whole_path
from desktop.core.schedule import Priority, waiting_words
from desktop.core.task import (
    READ_BACK_WORDS,
    UNVERIFIED,
    UNVERIFIED_WORDS,
    Counts,
    FileResult,
    LogLine,
    Task,
    TaskEvent,
    TaskFile,
    TaskItem,
    TaskState,
    allowed,
)
from desktop.core.units import format_bytes, format_rate
from desktop.core.wish import Verb, Wish
from desktop.store.owner import describe

LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR")


@click.group("tasks", cls=Verbs)
def tasks() -> None:
    """List, show, run, retry, cancel and delete tasks; order, limit and schedule them; stay and serve them."""


turns.add_to(tasks)


@tasks.command("list", shape={"tasks": []})
@click.option("--text", default="", metavar="TEXT", help="Only those with this in a name, folder or shot.")
@click.option("--shot", default="", metavar="SHOT", help="Only those about this shot, or shots that begin so.")
@click.option("--state", "states", multiple=True, type=click.Choice([s.value for s in TaskState]), help="Only these.")
@click.option("--since", type=click.DateTime(), help="Only those made since then, local time.")
@click.option("--last", type=click.IntRange(1), metavar="N", help="Only the newest N of them.")
@click.pass_obj
def list_(
    output: Output, text: str, shot: str, states: tuple[str, ...], since: datetime | None, last: int | None
) -> None:
    """List tasks, the oldest first."""
    query = Query(
        text,
        shot,
        tuple(TaskState(state) for state in states),
        since=None if since is None else since.timestamp(),
        limit=-1 if last is None else last,
    )
    with engine() as run:
        answer = Answer[TaskPage](run)
        run.services.history.tasks(query, answer.then, answer.failed)
        known = answer.of(None).tasks[::-1]
    output.answer({"tasks": [task_row(task) for task in known]})
    if not known:
        output.summary("There are none." if query != Query(limit=-1) else "There are none yet.")
        return
    output.table(
        ("ID", "STATE", "CREATED", "FILES", "SIZE", "NAME", "DESTINATION"),
        (
            (
                task.id,
                task.state.value,
                moment(task.created),
                _progress(task.files),
                format_bytes(task.bytes.planned),
                task.name,
                task.destination,
            )
            for task in known
        ),
    )


@tasks.command("show", shape={"task": None, "items": [], "errors": [], "proof": None, "hashes": {}})
@click.argument("task_id", metavar="ID", type=int)
@click.option(
    "--export",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Write the result of every file to a .csv or .json file.",
)
@click.pass_obj
def show(output: Output, task_id: int, export: Path | None) -> None:
    """Show a task, its items and what went wrong."""
    with engine() as run:
        task = run.task(task_id)
        if export is not None:
            done = Done(run)
            run.services.history.export(task_id, whole_path(export), done.done, done.failed)
            done.of(None)
        desk = run.services.tasks
        items_answer = Answer[tuple[TaskItem, ...]](run)
        desk.items(task_id, items_answer.then)
        items = items_answer.of(None)
        files_answer = Answer[tuple[TaskFile, ...]](run)
        desk.files(task_id, files_answer.then, results=(FileResult.FAILED,))
        failed = files_answer.of(None)
        errors = error_rows(failed)
        hashes = _hashes(run, task)
    proof = UNVERIFIED if task.files.downloaded else None
    rows = [item_row(item) for item in items]
    output.answer({"task": task_row(task), "items": rows, "errors": errors, "proof": proof, "hashes": hashes})
    words = READ_BACK_WORDS if len(hashes) == task.files.downloaded else UNVERIFIED_WORDS
    output.line(f"Task {task.id}: {task.name}")
    for word, value in (
        ("state", task.state.value),
        ("created", moment(task.created)),
        ("finished", moment(task.finished)),
        ("from", task.connection or "plain transfer"),
        ("to", task.destination),
        ("versions", task.specific_version or task.version_strategy.value),
        ("if a file exists", task.conflict_strategy),
        ("files", _progress(task.files)),
        ("transferred", f"{format_bytes(task.bytes.transferred)} of {format_bytes(task.bytes.planned)}"),
        ("content", words if proof else ""),
        ("waits", waiting_words(task.turn, time.time()) if task.state is TaskState.WAITING else ""),
        ("priority", "" if task.turn.priority is Priority.NORMAL else task.turn.priority.word),
        ("its own limit", "" if task.options.limit_rate is None else format_rate(task.options.limit_rate)),
        ("error", task.error),
    ):
        if value:
            output.line(f"  {word}: {value}")
    output.table(
        ("ITEM", "VERSION", "STATE", "FILES", "REASON"),
        (
            (
                item.label,
                item.selected_version or "-",
                item.state.value,
                _progress(item.files),
                item.error_message,
            )
            for item in items
        ),
    )
    if not output.json:
        for file, row in zip(failed, errors, strict=True):
            output.error_row(row, told_name(file))


@tasks.command("run", shape=TRANSFER_SHAPE)
@click.argument("task_id", metavar="ID", type=int)
@click.pass_obj
def run_(output: Output, task_id: int) -> int:
    """Carry a task on to its end; one that another ShotDock has goes on there, at once."""
    return _again(output, task_id, retry=False)


@tasks.command("retry", shape=TRANSFER_SHAPE)
@click.argument("task_id", metavar="ID", type=int)
@click.pass_obj
def retry(output: Output, task_id: int) -> int:
    """Fetch a task's failed files again."""
    return _again(output, task_id, retry=True)


def _again(output: Output, task_id: int, *, retry: bool) -> int:
    began = time.monotonic()
    with engine() as run:
        task = run.task(task_id)
        transfer = Transfer(run, output, began)
        if wishes.elsewhere(task):
            wishes.have(run, (task_id,), Wish(Verb.RUN))
            output.remark(f"Task {task.id} is carried by {describe(task.owner)}; this command waits for its end.")
            transfer.follow(task, run.task(task_id))
        elif task.state is TaskState.DONE and not task.files.failed:
            transfer.look(task)
        else:
            # A failed task that only resumed would end as it did before.
            fresh = retry or task.state is TaskState.FAILED
            transfer.again(task, retry=fresh and allowed(task.state, TaskEvent.RETRY))
    return transfer.report()


@tasks.command("cancel", shape={"task": None, "tasks": []})
@click.argument("task_ids", metavar="ID...", type=int, nargs=-1, required=True)
@click.pass_obj
def cancel(output: Output, task_ids: tuple[int, ...]) -> None:
    """Cancel tasks, whoever runs them; what has arrived stays, nothing more is written."""
    _stop(output, task_ids, Wish(Verb.CANCEL))


@tasks.command("pause", shape={"task": None, "tasks": []})
@click.argument("task_ids", metavar="ID...", type=int, nargs=-1, required=True)
@click.pass_obj
def pause(output: Output, task_ids: tuple[int, ...]) -> None:
    """Pause tasks, whoever runs them; `tasks run` carries them on."""
    _stop(output, task_ids, Wish(Verb.PAUSE))


def _stop(output: Output, task_ids: tuple[int, ...], wish: Wish) -> None:
    with engine() as run:
        found = wishes.grant(run, task_ids, wish)
    rows = [task_row(task) for task in found]
    output.answer({"status": "done", "task": rows[0], "tasks": rows})
    for task in found:
        output.summary(f"Task {task.id} is {task.state.value}.")


@tasks.command("delete", shape={"deleted": []})
@click.argument("task_ids", metavar="ID...", type=int, nargs=-1, required=True)
@click.option("--with-files", is_flag=True, help="Remove the files they brought, too; what was changed since stays.")
@click.pass_obj
def delete(output: Output, task_ids: tuple[int, ...], with_files: bool) -> None:
    """Forget tasks and their part files, whoever runs them; the files they brought stay."""
    ids = tuple(dict.fromkeys(task_ids))
    with engine() as run:
        wishes.have(run, ids, Wish(Verb.DELETE, files=with_files))
        left = {task.id for task in run.all_tasks()}
    output.answer({"status": "done", "deleted": [task_id for task_id in ids if task_id not in left]})
    output.summary(f"Deleted {'task' if len(ids) == 1 else 'tasks'} {', '.join(map(str, ids))}.")


@tasks.command("logs", shape={"lines": []})
@click.argument("task_id", metavar="ID", type=int)
@click.option(
    "--level", type=click.Choice(LEVELS, case_sensitive=False), default="DEBUG", help="Leave out what is less grave."
)
@click.option("--text", default="", metavar="TEXT", help="Only lines that contain this.")
@click.pass_obj
def logs(output: Output, task_id: int, level: str, text: str) -> None:
    """Print a task's log."""
    grave = LEVELS[LEVELS.index(level) :]
    with engine() as run:
        run.task(task_id)
        desk = run.services.tasks
        answer = Answer[tuple[LogLine, ...]](run)
        desk.log(task_id, answer.then)
        lines = answer.of(None)
    wanted = text.casefold()
    chosen = [
        line
        for line in lines
        if (line.level in grave or line.level not in LEVELS) and wanted in f"{line.item}: {line.message}".casefold()
    ]
    output.answer({"lines": log_rows(chosen)})
    for line in chosen:
        item = f"{line.item}: " if line.item else ""
        output.line(f"{moment(line.time)} {line.level:7} {item}{line.message}")


def _hashes(run: Session, task: Task) -> dict[str, str]:
    """Return the SHA-256 of every file that was read back, by its path below the destination."""
    if not (task.options.verify and task.files.downloaded):
        return {}
    answer = Answer[tuple[TaskFile, ...]](run)
    run.services.tasks.files(task.id, answer.then, results=[result for result in FileResult if result.arrived])
    return {file.target: file.sha256 for file in answer.of(None) if file.sha256}


def _progress(files: Counts) -> str:
    failed = f", {files.failed} failed" if files.failed else ""
    return f"{files.downloaded + files.skipped}/{files.planned}{failed}"
