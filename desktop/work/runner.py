"""Carries out the tasks whose turn has come; the queue decides which."""

import logging
import time
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import replace
from functools import partial

from PySide6.QtCore import QObject, QTimer, Signal, Slot

from desktop.core.errors import DatabaseBusy, DatabaseDamaged, HostileName, ShotDockError, Unreachable
from desktop.core.schedule import After, waiting_words
from desktop.core.task import LogLine, Task, TaskEvent, TaskState, advance, allowed
from desktop.core.timetable import Limit, limit_now
from desktop.core.units import counted
from desktop.settings import Settings
from desktop.store.database import Store
from desktop.store.owner import this_process
from desktop.transfer.pace import Pace
from desktop.work.active import Active
from desktop.work.ends import error_lines, reason, summary, unanswered
from desktop.work.lane_worker import LaneWorker
from desktop.work.pool import Pool
from desktop.work.put_off import next_look, next_try
from desktop.work.refusals import LOST, REFUSED
from desktop.work.room import LOOK, Shortage, look
from desktop.work.sites import Sites
from desktop.work.turns import Turns, Waiting

TICK = 100
"""Milliseconds between two looks at what runs; figures are told every second look."""

MOST_TASKS = 8
"""Tasks that run at once over all servers, unless the setting for a single one is higher."""
THREADS = 128
"""Lanes at most: as many as eight servers bear by default."""

RECORDING = 0.05
"""Share of the time that recording results should take: a commit costs 2 ms on one disk and 100 on another, so what the
last batch took decides how long the next one gathers."""
GATHERING = 2.0
"""Seconds a batch gathers at most, whatever the share: until it is recorded, a crash has its files looked at again."""

HELD = 5.0
"""Seconds after which a database that took nothing is tried again."""

log = logging.getLogger(__name__)


class Runner(QObject):
    """Runs tasks: lives on the desk's thread, and so do all its methods.

    Signals: changed (tuple of Task), progressed (tuple of Progress), ended (Task that is done or failed), quit_wanted
    (a task that was to be the last thing done has ended, and nothing else runs), troubled (ShotDockError: why the
    database takes nothing; files go on arriving, and are recorded once it does again).
    """

    changed = Signal(object)
    progressed = Signal(object)
    ended = Signal(object)
    quit_wanted = Signal()
    troubled = Signal(object)
    _lane_ended = Signal(object)
    _lanes_wanted = Signal()
    _room_seen = Signal(object)

    def __init__(
        self, store: Store, sites: Sites, settings: Settings, serving: bool, clock: Callable[[], float] = time.time
    ) -> None:
        """Make ready.

        serving: stay for what has to be done later; else only do what is asked for. clock: gives seconds since the
        epoch.
        """
        super().__init__()
        self._store, self._sites, self.settings = store, sites, settings
        self._serving, self.now = serving, clock
        self._active: dict[int, Active] = {}
        self._turns = Turns()
        self.limit = self._limit_now()
        self._pace = Pace(self.limit.rate)
        self._pool = Pool(THREADS, self)
        self._timer = QTimer(self)
        self._timer.setInterval(TICK)
        self._timer.timeout.connect(self._tick)
        self._lane_ended.connect(self._on_lane_ended)
        self._lanes_wanted.connect(self._fill)
        self._room_seen.connect(self._on_room_seen)
        # Tasks whose disk is being looked at.
        self._looking: set[int] = set()
        self._ticks = 0
        self._record_from = 0.0
        self._held = self._damaged = False
        self._closed = False

    @property
    def pace(self) -> Pace:
        """Return the limit that everything this program fetches keeps together."""
        return self._pace

    @property
    def idle(self) -> bool:
        """True if nothing runs, and whatever waits waits for the clock."""
        return not self._active and not self._turns.due(self.now())

    def _limit_now(self) -> Limit:
        settings = self.settings
        return limit_now(settings.limit_rate, settings.limit_rules, settings.limits_off_until, self.now())

    def _wait(self, task: Task, urgent: bool = False, short: Shortage | None = None) -> None:
        self._turns.put(Waiting(task, self._sites.servers(self._store.tasks.sites(task.id)), urgent, short))

    def _look_soon(self) -> None:
        if self._closed:
            return
        if not self._timer.isActive():
            self._timer.start()
        QTimer.singleShot(0, self, self._fill)

    @Slot()
    def _fill(self) -> None:
        if self._closed:
            return
        try:
            self._start_due()
        except REFUSED as error:
            self._hold(error)
        for active in self._active.values():
            active.fill(self._pool, self.settings, self._lane_ended)

    def _start_due(self) -> None:
        # Of what a damaged database says to do nothing is begun, even if it can be read just now.
        if self._damaged or (self._held and time.monotonic() < self._record_from):
            return
        at_once = self.settings.tasks_at_once
        busy = Counter(server for active in self._active.values() for server in active.servers)
        for waiting in self._turns.due(self.now()):
            task_id, servers = waiting.task.id, waiting.servers
            # Whoever has something to do on a server with room goes: a server that hangs holds up its own tasks only.
            room = not servers or any(busy[server] < at_once for server in servers)
            room = room and len(self._active) < max(MOST_TASKS, at_once)
            if task_id not in self._active and (room or waiting.urgent):
                if waiting.short is not None:
                    self._look_for_room(task_id, waiting.short)
                    continue
                try:
                    self._start(task_id)
                except LOST as error:
                    log.warning("A task is not started: %s", error)
                self._turns.drop(task_id)
                busy.update(servers)

    def _hold(self, error: ShotDockError) -> None:
        """Leave a database that takes nothing alone for a moment; say so once. One that is damaged stays so.

        Where nobody stays, a disk that takes nothing is the end: raises it.
        """
        self._record_from = time.monotonic() + HELD
        if not self._serving and not isinstance(error, DatabaseBusy):
            raise error
        damaged = isinstance(error, DatabaseDamaged)
        if not self._held or (damaged and not self._damaged):
            self._held, self._damaged = True, damaged
            then = "nothing new is begun" if damaged else "they are recorded once it takes them"
            log.error("%s %s Files under way go on arriving; %s.", error.title, error.cause, then)
            self.troubled.emit(error)

    def _taken(self) -> None:
        """Note that the database took something."""
        if self._held and not self._damaged:
            self._held = False
            log.info("The database takes what arrives again.")

    def _look_for_room(self, task_id: int, short: Shortage) -> None:
        if task_id not in self._looking:
            self._looking.add(task_id)
            self._pool.start(partial(look, task_id, short, self._room_seen))

    @Slot(object)
    def _on_room_seen(self, seen: tuple[int, Shortage, bool | None]) -> None:
        task_id, short, room = seen
        self._looking.discard(task_id)
        waiting = self._turns.get(task_id)
        if self._closed or waiting is None or waiting.short is not short:
            return
        if room is False:
            try:
                task = self._store.tasks.get(task_id)
                self._turned(task, not_before=self.now() + LOOK, waits_for=short.words)
            except REFUSED as error:
                self._hold(error)  # that disk is full, too; it stays due and is looked at again
            except LOST:
                self._turns.drop(task_id)
        else:
            self._turns.put(replace(waiting, short=None))
            self._look_soon()

    def _start(self, task_id: int) -> None:
        if not self._store.tasks.claim(task_id, this_process()):
            log.warning("task %d is run by another ShotDock", task_id)
            self.changed.emit((self._store.tasks.get(task_id),))
            return
        task = self._store.tasks.get(task_id)
        if task.turn.attempts:
            self._sites.hurry(self._store.tasks.sites(task_id))
        files = self._store.tasks.pending(task_id)
        sites = {item.id: item.site for item in self._store.tasks.items(task_id)}
        task = self._move(task, TaskEvent.START)
        try:
            active = Active(task, files, sites, self._sites, self._pace, self._lanes_wanted)
        except HostileName as error:
            task = self._finish(self._move(task, TaskEvent.FAIL, str(error)))
            self.changed.emit((task,))
            self.ended.emit(task)
            return
        self._active[task_id] = active
        self._note(task, "INFO", f"Started: {counted(len(files), 'file')} to do.")
        self.changed.emit((task,))

    @Slot(object)
    def _on_lane_ended(self, worker: LaneWorker) -> None:
        for active in self._active.values():
            active.workers.discard(worker)
        self._look_soon()
        self._tick()

    @Slot()
    def _tick(self) -> None:
        self._ticks += 1
        moved: list[Task] = []
        began = time.monotonic()
        due = began >= self._record_from
        try:
            for task_id, active in tuple(self._active.items()):
                try:
                    if due and self._record(active) and not active.over:
                        moved.append(active.task)
                    if active.over and (due or not self._held):
                        moved.append(self._end(task_id, active))
                except LOST as error:
                    self._lose(task_id, active, error)
        except REFUSED as error:
            self._hold(error)
        else:
            if moved:
                took = time.monotonic() - began
                self._record_from = began + took + min(GATHERING, took / RECORDING)
        if moved:
            self.changed.emit(tuple(moved))
            self._tell_ended(moved)
        if self._ticks % 2 == 0 and self._active:
            self.progressed.emit(tuple(active.progress() for active in self._active.values()))
        self._fill()
        if self.idle:
            self._timer.stop()

    def _record(self, active: Active) -> bool:
        outcomes = active.outcomes()
        if not outcomes:
            return False
        active.task = self._store.tasks.record(active.task.id, outcomes)
        active.recorded()
        self._taken()
        self._note(active.task, "ERROR", *error_lines(outcomes, active.told))
        return True

    def _end(self, task_id: int, active: Active) -> Task:
        active.run.close()
        self._record(active)
        task = self._ended_as(active)
        # Only now: where the database refuses, all of it is done again.
        del self._active[task_id]
        return task

    def _lose(self, task_id: int, active: Active, error: ShotDockError) -> None:
        """Leave a task to whoever took or deleted it, once its lanes have ended."""
        if active.over:
            active.run.close()
            del self._active[task_id]
            log.warning("What is still to be told of a task is not recorded: %s", error)
        else:
            active.stop(TaskEvent.CANCEL)

    def _ended_as(self, active: Active) -> Task:
        task = active.task
        if active.leaving:
            # It may have been queued again while its lanes were ending; or the database refused to hear that it ends.
            task = self._store.tasks.get(task.id)
            return self._leave(task, active.leaving) if task.state is TaskState.RUNNING else task
        if task.files.failed and (put_off := self._put_off(active)) is not None:
            return put_off
        missing = unanswered(self._store, task)
        event = TaskEvent.FAIL if task.files.failed or missing else TaskEvent.FINISH
        return self._finish(self._move(task, event, missing or reason(self._store, task, self.now())))

    def _put_off(self, active: Active) -> Task | None:
        """Have a task wait whose disk is full, whose server is away, or whose files failed for passing reasons.

        None if it is to fail now: nobody stays to try, it was tried for long enough, or nothing would be better then.
        """
        if not self._serving:
            return None
        now, task, short = self.now(), active.task, None
        if active.run.short is None:
            turn = next_try(self._store, active, self.settings.retry_hours * 3600.0, now)
        else:
            short = Shortage.of(*active.run.short)
            turn = next_look(task.turn, short, now)
        if turn is None:
            return None
        fresh = self._store.tasks.reset_failed(task.id, retryable_only=True, kinds=(Unreachable.kind,))
        if fresh.files.failed == task.files.failed:
            return None
        turn = replace(turn, position=self._store.tasks.last_position() + 1)
        task = self._move(replace(fresh, turn=turn), TaskEvent.POSTPONE)
        self._wait(task, short=short)
        self._note(task, "WARNING", waiting_words(turn, now))
        return task

    def _finish(self, task: Task) -> Task:
        self._note(task, "ERROR" if task.state is TaskState.FAILED else "INFO", summary(task))
        return task

    def _tell_ended(self, tasks: Iterable[Task]) -> None:
        over = [task for task in tasks if task.state in (TaskState.DONE, TaskState.FAILED)]
        for task in over:
            self.ended.emit(task)
        if self.idle and any(task.turn.after is After.QUIT for task in over):
            self.quit_wanted.emit()

    def _stop(self, ids: Iterable[int], event: TaskEvent) -> None:
        for task_id in ids:
            task = self._store.tasks.get(task_id)
            if not allowed(task.state, event):
                continue
            if (active := self._active.get(task_id)) is not None:
                active.stop(event)
            task = self._leave(task, event)
            if active is not None:
                active.task = task
            self.changed.emit((task,))

    def _leave(self, task: Task, event: TaskEvent) -> Task:
        """Record that a task was stopped by the event."""
        if event is TaskEvent.POSTPONE:
            # It waits for the clock alone; what a server did before is over.
            task = replace(task, turn=task.turn.untried)
        task = self._move(task, event)
        words = f"Task {task.state.value}."
        if event is TaskEvent.POSTPONE:
            self._wait(task)
            words = waiting_words(task.turn, self.now()) or words
        else:
            self._turns.drop(task.id)
        self._note(task, "INFO", words)
        return task

    def _settle(self, ids: Iterable[int]) -> None:
        """Wait until the stopped runs of these tasks have ended, and record what they still brought."""
        settling = [self._active[task_id] for task_id in ids if task_id in self._active]
        for active in settling:
            active.settle()
        if settling:
            # It may be the last chance.
            self._record_from = 0.0
            self._tick()

    def _turned(self, task: Task, **changes: object) -> Task:
        """Change a task's turn, and tell."""
        task = replace(task, turn=replace(task.turn, **changes))  # type: ignore[arg-type]  # the keys are its fields
        self._store.tasks.save(task)
        self._turns.update(task)
        if (active := self._active.get(task.id)) is not None:
            active.task = task
        self.changed.emit((task,))
        return task

    def _move(self, task: Task, event: TaskEvent, error: str = "") -> Task:
        moved = advance(task, event, self.now(), error)
        self._store.tasks.save(moved)
        self._taken()
        return moved

    def _note(self, task: Task, level: str, *messages: str) -> None:
        if not messages:
            return
        now = self.now()
        try:
            self._store.events.add([LogLine(now, level, message, task.id) for message in messages])
        except REFUSED as error:
            # What it is about was done; that the log does not tell of it must not have it done again.
            log.warning("The task's log takes nothing: %s", error.title)
        for message in messages:
            log.log(logging.getLevelNamesMapping()[level], "%s: %s", task.name, message, extra={"task_id": task.id})
