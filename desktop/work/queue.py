"""Decide what runs next; with the runner, the only writer of task state."""

import logging
import secrets
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import partial

from PySide6.QtCore import QTimer, Signal, Slot

from desktop.core.errors import DatabaseDamaged, ShotDockError, Unsupported
from desktop.core.plan import Plan
from desktop.core.schedule import LATE, Priority, Schedule, Turn, in_words
from desktop.core.task import Task, TaskEvent, TaskState, allowed
from desktop.core.units import counted, format_bytes, format_rate
from desktop.core.wish import Verb, Wish
from desktop.settings import Settings
from desktop.store.database import Store
from desktop.store.owner import alive, this_process
from desktop.work.background import guarded
from desktop.work.leftovers import clear, name_of
from desktop.work.others import Others
from desktop.work.refusals import LOST, REFUSED
from desktop.work.runner import Runner
from desktop.work.sites import Sites
from desktop.work.turns import Turns, Waiting

CLOCK = 5.0
"""Seconds between two looks at the clock at most: computers sleep, and clocks are set."""
FORGOTTEN = 500
"""Old tasks forgotten at one start at most: nobody is to wait for it."""
LIVING = 3600.0
"""Seconds between two signs of life to other hosts: a task that waits, or brings one large file, gives none itself."""
ADOPTING = 30.0
"""Seconds between two looks for tasks that nobody answers for: those that wait for the clock, or whose process died."""

log = logging.getLogger(__name__)


class Queue(Runner):
    """Takes orders and looks at the clock: lives on the desk's thread, and so do all its methods.

    Signals, besides the runner's: removed (tuple of task ids, whoever deleted them), interrupted (tuple of
    Task an earlier process left), missed (tuple of Task whose start has passed while no ShotDock ran), limited (Limit
    that holds now).
    """

    removed = Signal(object)
    interrupted = Signal(object)
    missed = Signal(object)
    limited = Signal(object)

    def __init__(
        self, store: Store, sites: Sites, settings: Settings, serving: bool, clock: Callable[[], float] = time.time
    ) -> None:
        """Make ready.

        serving: stay, and take over what waits for the clock; else only do what is asked for. clock: gives seconds
        since the epoch.
        """
        super().__init__(store, sites, settings, serving, clock)
        self._clock = QTimer(self)
        self._clock.setSingleShot(True)
        self._clock.timeout.connect(self.look)
        self._adopt_from = 0.0
        self._lived = self.now()
        self._others = Others(store)

    def open(self) -> None:
        """Find what an earlier process left unfinished and mark it interrupted; take over what waits for the clock."""
        with self._anyway():
            self._others.begin(time.time())
            self._find_lost()
        if self._serving:
            with self._anyway():
                self._adopt(starting=True)
                self._forget()
        self.look()

    def all(self) -> tuple[Task, ...]:
        """Return every task, the oldest first."""
        tasks = self._store.tasks.all()
        self._others.told(task.id for task in tasks)
        return tasks

    def submit(self, plan: Plan, start: bool, turn: Turn = Turn()) -> Task:
        """Save the plan as a task in one transaction and, with start, put it in the queue."""
        name = plan.request.name or name_of(plan)
        task = self._store.tasks.create(plan, secrets.token_hex(4), name, self.now(), turn)
        self._others.told((task.id,))
        with self._anyway():
            self._store.recent.remember(plan.request.destination)
        totals = plan.totals()
        size = format_bytes(totals.to_transfer)
        self._note(task, "INFO", f"Planned {counted(totals.transfers, 'file')}, {size}, to {plan.request.destination}.")
        self._note(task, "WARNING", *plan.warnings)
        if start:
            self._wait(task)
        else:
            task = self._move(task, TaskEvent.PAUSE)
        self.changed.emit((task,))
        self._look_soon()
        return task

    def pause(self, ids: Iterable[int]) -> None:
        """Stop these tasks; what has arrived stays, the rest can be resumed."""
        self._stop(self._others.ours(ids, Wish(Verb.PAUSE)), TaskEvent.PAUSE)

    def cancel(self, ids: Iterable[int]) -> None:
        """Stop these tasks for good; what has arrived stays, nothing more is written."""
        self._stop(self._others.ours(ids, Wish(Verb.CANCEL)), TaskEvent.CANCEL)

    def resume(self, ids: Iterable[int]) -> None:
        """Put paused, interrupted, failed or cancelled tasks back in the queue, at its end."""
        self._enqueue(ids, TaskEvent.RESUME)

    def retry(self, ids: Iterable[int]) -> None:
        """Put these tasks back in the queue, their failed files to be fetched again."""
        for task_id in ids:
            task = self._store.tasks.get(task_id)
            if allowed(task.state, TaskEvent.RETRY) and task_id not in self._active:
                self._store.tasks.reset_failed(task_id)
                self._enqueue((task_id,), TaskEvent.RETRY)

    def run_now(self, ids: Iterable[int]) -> None:
        """Start these tasks at once, whatever else runs and whatever they wait for; their schedule is dropped."""
        for task_id in self._others.ours(ids, Wish(Verb.RUN)):
            task = self._store.tasks.get(task_id)
            if task.state is not TaskState.WAITING and allowed(task.state, TaskEvent.RESUME):
                task = self._move(task, TaskEvent.RESUME)
            if task.state is TaskState.WAITING and self._store.tasks.claim(task_id, this_process()):
                self._sites.hurry(self._store.tasks.sites(task_id))
                task = replace(task, turn=task.turn.untried)
                task = self._turned(task, not_before=None, window=None)
                self._wait(task, urgent=True)
        self._look_soon()

    def move(self, ids: Iterable[int], before: int | None) -> None:
        """Have these waiting tasks come right before another one, or last; they get the priority of their new place."""
        line = Turns()
        for task in self._store.tasks.waiting():
            line.put(Waiting(task, frozenset()))
        moved = line.moved(tuple(ids), before)
        places = [(task.id, task.turn.position) for task in moved]
        self._store.tasks.arrange(places, [(task.id, task.turn.priority) for task in moved])
        self._turns.moved_to(moved)
        if moved:
            self.changed.emit(tuple(moved))

    def set_priority(self, ids: Iterable[int], priority: Priority) -> None:
        """Let these tasks go sooner or later than others; those that wait, whoever answers for them."""
        for task_id in ids:
            task = self._store.tasks.get(task_id)
            if task.state is not TaskState.WAITING:
                self._turned(task, priority=priority)
                continue
            self._store.tasks.arrange((), [(task_id, priority)])
            task = replace(task, turn=replace(task.turn, priority=priority))
            self._turns.moved_to((task,))
            self.changed.emit((task,))
        self._look_soon()

    def set_limit(self, ids: Iterable[int], rate: int | None) -> None:
        """Give these tasks a limit of their own in bytes/s, or none; it holds at once."""
        for task_id in self._others.ours(ids, Wish(Verb.LIMIT, rate)):
            task = self._store.tasks.get(task_id)
            task = replace(task, options=replace(task.options, limit_rate=rate))
            self._store.tasks.save(task)
            if (active := self._active.get(task_id)) is not None:
                active.task, active.pace.rate = task, rate
            self._turns.update(task)
            self._note(task, "INFO", f"Its own limit is {format_rate(rate)} now.")
            self.changed.emit((task,))

    def schedule(self, ids: Iterable[int], schedule: Schedule) -> None:
        """Have these unfinished tasks start later or only at certain hours; an empty schedule has them start soon."""
        self._reschedule(self._others.ours(ids, Wish(Verb.SCHEDULE, schedule=schedule)), schedule)
        self.look()

    def _reschedule(self, ids: Iterable[int], schedule: Schedule) -> None:
        for task_id in ids:
            task = self._store.tasks.get(task_id)
            if allowed(task.state, TaskEvent.RESUME):
                task = self._move(task, TaskEvent.RESUME)
                if self._serving:
                    self._wait(task)
            # A command that only schedules ends at once; "soon" is then the business of whoever stays.
            passes = not self._serving and task.state is TaskState.WAITING and task_id not in self._turns
            self._turned(
                replace(task, turn=task.turn.untried),
                not_before=self.now() if passes and not schedule else schedule.start_at,
                window=schedule.window,
                after=schedule.after,
            )
            self._note(task, "INFO", f"Its schedule now: {in_words(schedule, self.now())}.")
            if passes:
                self._store.tasks.release(task_id)

    def delete(self, ids: Iterable[int], with_files: bool) -> None:
        """Forget these tasks and their part files; with_files, also the files they brought.

        Raises, after the others are gone, what one of them refuses with.
        """
        refused: list[ShotDockError] = []
        going: list[int] = []
        for task_id in ids:
            try:
                going += self._others.ours((task_id,), Wish(Verb.DELETE, files=with_files))
            except ShotDockError as error:
                refused.append(error)
        self._stop(going, TaskEvent.CANCEL)
        self._settle(going)
        gone, kept = clear(self._store, going, with_files)
        refused += kept
        self._store.tasks.delete(gone)
        for task_id in gone:
            # What of its results the database refused is wanted by nobody any more.
            self._active.pop(task_id, None)
        self._others.gone(gone)
        self.removed.emit(tuple(gone))
        if refused:
            raise refused[0]

    def apply(self, settings: Settings) -> None:
        """Use these settings from now on."""
        self.settings = settings
        self.look()
        self._look_soon()

    @Slot()
    def look(self) -> None:
        """Look at the clock: what may start, what has to stop, which limit holds."""
        if self._closed:
            return
        now = self.now()
        limit = self._limit_now()
        if limit != self.limit:
            if limit.rate != self._pace.rate:
                self._pace.rate = limit.rate
            self.limit = limit
            self.limited.emit(limit)
        with self._anyway():
            if abs(now - self._lived) > LIVING:
                self._store.tasks.live()
                self._lived = now
            if self._serving and abs(now - self._adopt_from) > ADOPTING:
                self._find_lost()
                self._adopt()
            self._hear()
        for task_id in [n for n, one in self._active.items() if not one.leaving and one.task.turn.due(now) > now]:
            with self._anyway():
                self._stop((task_id,), TaskEvent.POSTPONE)
        if self._turns.due(now):
            self._look_soon()
        edges = (edge - now for edge in (self._turns.next(now), limit.until) if edge is not None)
        self._clock.start(max(1, int(1000 * min([CLOCK, *edges]))))

    def shutdown(self) -> None:
        """Stop everything so that it can be resumed, and wait until it has stopped.

        What waits for the clock goes on waiting, for whoever runs ShotDock then.
        """
        self._closed = True
        self._timer.stop()
        self._clock.stop()
        for task_id in self._turns:
            self._turns.drop(task_id)
            with self._anyway():
                task = self._store.tasks.get(task_id)
                if task.turn.scheduled:
                    self._store.tasks.release(task_id)
                else:
                    self._move(task, TaskEvent.INTERRUPT)
        running = tuple(self._active)
        for task_id in running:
            if self._active[task_id].leaving is TaskEvent.POSTPONE:
                continue  # it waits for the clock already, and goes on doing so
            self._active[task_id].stop(TaskEvent.INTERRUPT)
            with self._anyway():
                self._stop((task_id,), TaskEvent.INTERRUPT)
        with self._anyway():
            self._settle(running)
        self._pool.wait()

    @contextmanager
    def _anyway(self) -> Iterator[None]:
        """Go on where the database takes nothing, or a task is another's: a look, or a start, finds what is so."""
        try:
            yield
        except (*REFUSED, *LOST) as error:
            if isinstance(error, DatabaseDamaged) and not self._closed:
                self._hold(error)
            else:
                log.warning("A change of tasks is not recorded: %s", error.title)

    def _forget(self) -> None:
        """Forget tasks that ended so long ago as the settings say, with the part files they may have left."""
        days = self.settings.history_days
        if days:
            old = self._store.history.ended_before(self.now() - days * 86_400.0, FORGOTTEN)
            self.delete([task.id for task in old], with_files=False)

    def _find_lost(self) -> None:
        """Mark interrupted, and offer, what a process left unfinished that is gone, and what is nobody's work here.

        That is what was taken over, or put in the queue, when the database refused the next step.
        """
        lost = []
        try:
            self._store.tasks.interrupted(alive)
            for task in self._store.tasks.mine():
                if task.id in self._active or task.id in self._turns:
                    continue
                if task.state is TaskState.WAITING and task.turn.scheduled:
                    self._wait(task)
                    continue
                lost.append(self._move(task, TaskEvent.INTERRUPT))
                self._note(task, "WARNING", "The task was interrupted; it can be resumed.")
        finally:
            if lost:
                self.changed.emit(tuple(lost))
                self.interrupted.emit(tuple(lost))

    def _adopt(self, starting: bool = False) -> None:
        """Take over what waits for the clock; what should have started while nobody was there is offered instead."""
        now = self._adopt_from = self.now()
        missed = []
        for task in self._store.tasks.scheduled():
            if not self._store.tasks.claim(task.id, this_process()):
                continue
            turn = task.turn
            # One that was put off was tried before: nobody had asked for that moment.
            late = turn.window is None and not task.put_off and now - (turn.not_before or now) > LATE
            if starting and late:
                task = self._move(task, TaskEvent.INTERRUPT)
                self._note(task, "WARNING", "Its start was missed: no ShotDock was running. It can be resumed.")
                missed.append(task)
            else:
                self._wait(task)
            self.changed.emit((task,))
        if missed:
            self.missed.emit(tuple(missed))

    def _hear(self) -> None:
        """Take what another process wants of our tasks: the database is the only way it can tell."""
        stamp = self._others.wrote()
        if stamp is None:
            return
        if moved := self._turns.moved_to(self._store.tasks.waiting()):
            self.changed.emit(moved)
        self._others.serve(self._obey)
        tasks, lost = self._others.news()
        if theirs := tuple(task for task in tasks if task.id not in self._active):
            self.changed.emit(theirs)
        if lost:
            self.removed.emit(lost)
        self._others.heard(stamp)

    def _obey(self, task_id: int, by: str, wish: Wish | None) -> None:
        task = self._store.tasks.get(task_id)
        self._note(task, "INFO", f"{by} asks: {wish.verb if wish else 'something unknown'}.")
        try:
            guarded(partial(self._grant, task_id, wish))
        except ShotDockError as error:
            self._note(task, "ERROR", f"It was not done: {error}")
            raise

    def _grant(self, task_id: int, wish: Wish | None) -> None:
        match wish:
            case Wish(Verb.CANCEL):
                self.cancel((task_id,))
            case Wish(Verb.PAUSE):
                self.pause((task_id,))
            case Wish(Verb.LIMIT):
                self.set_limit((task_id,), wish.rate)
            case Wish(Verb.SCHEDULE):
                self._reschedule((task_id,), wish.schedule)
            case Wish(Verb.RUN):
                self.run_now((task_id,))
            case Wish(Verb.DELETE):
                self.delete((task_id,), wish.files)
            case None:
                raise Unsupported(
                    title="This ShotDock does not know what is asked of it.", suggestion="Bring both to one version."
                )

    def _enqueue(self, ids: Iterable[int], event: TaskEvent) -> None:
        for task_id in ids:
            task = self._store.tasks.get(task_id)
            if allowed(task.state, event):
                self._sites.hurry(self._store.tasks.sites(task_id))
                self._wait(self._turned(self._move(task, event), position=self._store.tasks.last_position() + 1))
        self._look_soon()
