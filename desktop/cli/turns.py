"""`shotdock tasks ...`: who goes first, how fast, when - and the one who stays and runs what is due."""

import time

import click

from desktop.cli import options, schedule, wishes
from desktop.cli.answer import task_row
from desktop.cli.carry import engine
from desktop.cli.group import Verbs
from desktop.cli.output import Output
from desktop.core.errors import ShotDockError
from desktop.core.hours import Hours
from desktop.core.routine import Routine
from desktop.core.schedule import waiting_words
from desktop.core.task import Task, TaskState
from desktop.core.units import format_rate
from desktop.core.wish import Verb, Wish
from desktop.work.turns import lined_up


def add_to(tasks: Verbs) -> None:
    """Register these commands in the group."""

    @tasks.command("limit", shape={"task": None})
    @click.argument("task_id", metavar="ID", type=int)
    @click.argument("rate", metavar="RATE", type=options.Rate())
    @click.pass_obj
    def limit(output: Output, task_id: int, rate: int | None) -> None:
        """Limit a task to RATE bytes a second, e.g. 800k or 1.5M; 0 or off takes its own limit away."""
        with engine() as run:
            (task,) = wishes.grant(run, (task_id,), Wish(Verb.LIMIT, rate=rate))
        output.answer({"status": "done", "task": task_row(task)})
        output.summary(f"Task {task_id}: {format_rate(rate)}.")

    @tasks.command("priority", shape={"tasks": []})
    @click.argument("level", type=click.Choice(schedule.LEVELS))
    @click.argument("task_ids", metavar="ID...", type=int, nargs=-1, required=True)
    @click.pass_obj
    def priority(output: Output, level: str, task_ids: tuple[int, ...]) -> None:
        """Let tasks go sooner or later than others; a ShotDock that has them in its line hears of it within seconds."""
        with engine() as run:
            for task_id in task_ids:
                run.task(task_id)
            found = schedule.obey(run, lambda: run.services.tasks.set_priority(task_ids, schedule.level(level)))
        _answer(output, found, task_ids)

    @tasks.command("move", shape={"tasks": []})
    @click.argument("task_ids", metavar="ID...", type=int, nargs=-1, required=True)
    @click.option("--before", type=int, metavar="ID", help="The waiting task they come before; without, they go last.")
    @click.pass_obj
    def move(output: Output, task_ids: tuple[int, ...], before: int | None) -> None:
        """Put waiting tasks, in this order, before another one, or last, in whatever ShotDock's line they are."""
        with engine() as run:
            for task_id in (*task_ids, *(() if before is None else (before,))):
                run.task(task_id)
            found = schedule.obey(run, lambda: run.services.tasks.move(task_ids, before))
        _answer(output, found, task_ids)

    @tasks.command("schedule", shape={"tasks": []})
    @click.argument("task_ids", metavar="ID...", type=int, nargs=-1, required=True)
    @schedule.when
    @click.pass_obj
    def schedule_(
        output: Output, task_ids: tuple[int, ...], start_at: float | None, window: Hours | None, after: str
    ) -> None:
        """Have unfinished tasks start later, or only at certain hours; without options, as soon as may be."""
        wanted = schedule.make(start_at, window, None, after)
        with engine() as run:
            found = wishes.grant(run, task_ids, Wish(Verb.SCHEDULE, schedule=wanted))
        _answer(output, found, task_ids)

    @tasks.command("serve", shape={"ended": []})
    @click.option("--missed", is_flag=True, help="Make up for runs and starts that were missed.")
    @click.pass_obj
    def serve(output: Output, missed: bool) -> int:
        """Stay, and run scheduled tasks and routines when they are due, until interrupted."""
        ended: list[Task] = []
        with engine(serving=True) as run:
            tasks, routines = run.services.tasks, run.services.routines

            def tell(task: Task) -> None:
                ended.append(task)
                output.remark(f"Task {task.id} {task.name}: {task.outcome}. {task.error}".rstrip())

            def make_up(lost: tuple[Task, ...]) -> None:
                output.remark(f"Missed: {', '.join(f'task {task.id} {task.name}' for task in lost)}.")
                if missed:
                    tasks.resume([task.id for task in lost])

            def make_up_runs(lost: tuple[Routine, ...]) -> None:
                output.remark(f"Missed: {', '.join(f'{one.missed} runs of {one.name}' for one in lost)}.")
                if missed:
                    routines.run_now([one.id for one in lost])

            def broke(routine: Routine, error: ShotDockError) -> None:
                output.remark(f"Routine {routine.id} {routine.name}: {error}")

            def refuse(error: ShotDockError) -> None:
                output.warn(str(error))

            tasks.ended.connect(tell)
            tasks.refused.connect(refuse)
            tasks.missed.connect(make_up)
            routines.missed.connect(make_up_runs)
            routines.broken.connect(broke)
            run.services.notify.unheard.connect(lambda _name, error: output.remark(str(error)))
            tasks.quit_wanted.connect(run.interrupt)
            run.services.jobs.load(poll=False, stay=True)
            output.remark("Serving. Press Ctrl-C to end.")
            run.until(lambda: False, tasks.listed)
        output.answer({"status": "done", "ended": [task_row(task) for task in ended]})
        return 0


def _answer(output: Output, tasks: tuple[Task, ...], ids: tuple[int, ...]) -> None:
    now = time.time()
    chosen = lined_up(task for task in tasks if task.id in ids)
    output.answer({"status": "done", "tasks": [task_row(task) for task in chosen]})
    for task in chosen:
        waits = task.state is TaskState.WAITING
        words = waiting_words(task.turn, now) or (schedule.SERVED if waits and not task.owner else "")
        output.summary(f"Task {task.id}: {task.state.value}, priority {task.turn.priority.word}. {words}".rstrip())
