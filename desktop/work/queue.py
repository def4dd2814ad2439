"""Decide what runs next; the only writer of task state."""

import contextlib
import logging
import secrets
import time
from collections import Counter
from collections.abc import Iterable, Sequence

from PySide6.QtCore import QObject, QThreadPool, QTimer, Signal, Slot

from desktop.core.connection import Address
from desktop.core.errors import HostileName
from desktop.core.plan import ItemState, Plan
from desktop.core.task import FileResult, LogLine, Task, TaskEvent, TaskFile, advance, allowed
from desktop.core.units import format_bytes
from desktop.settings import Settings
from desktop.store.database import Store
from desktop.store.owner import alive, this_process
from desktop.transfer.pace import Pace
from desktop.transfer.partfile import discard
from desktop.work.active import Active
from desktop.work.lane_worker import LaneWorker
from desktop.work.sites import Sites

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

log = logging.getLogger(__name__)


class Queue(QObject):
    """Runs tasks: lives on the desk's thread, and so do all its methods.

    Signals carry tuples: changed (Task), removed (task ids), progressed (Progress), interrupted (Task).
    """

    changed = Signal(object)
    removed = Signal(object)
    progressed = Signal(object)
    interrupted = Signal(object)
    _lane_ended = Signal(object)
    _lanes_wanted = Signal()

    def __init__(self, store: Store, sites: Sites, settings: Settings) -> None:
        super().__init__()
        self._store, self._sites, self.settings = store, sites, settings
        self._active: dict[int, Active] = {}
        # In the order of their turns, with the servers their files are on.
        self._waiting: dict[int, frozenset[Address]] = {}
        self._pace = Pace(settings.limit_rate)
        self._pool = QThreadPool(self)
        self._pool.setMaxThreadCount(THREADS)
        self._timer = QTimer(self)
        self._timer.setInterval(TICK)
        self._timer.timeout.connect(self._tick)
        self._lane_ended.connect(self._on_lane_ended)
        self._lanes_wanted.connect(self._fill)
        self._ticks = 0
        self._record_from = 0.0
        self._closed = False
        # Workers whose lane has ended, held a little longer: their thread may still be on its way out of them.
        self._spent: list[LaneWorker] = []

    def open(self) -> None:
        """Find what an earlier process left unfinished and mark it interrupted."""
        lost = []
        for task in self._store.tasks.interrupted(alive):
            lost.append(self._move(task, TaskEvent.INTERRUPT))
            self._note(task, "WARNING", "The task was interrupted; it can be resumed.")
        if lost:
            self.interrupted.emit(tuple(lost))

    def submit(self, plan: Plan, start: bool) -> Task:
        """Save the plan as a task in one transaction and, with start, put it in the queue."""
        name = plan.request.name or _name(plan)
        task = self._store.tasks.create(plan, secrets.token_hex(4), name, time.time())
        self._store.recent.remember(plan.request.destination)
        totals = plan.totals()
        size = format_bytes(totals.to_transfer)
        self._note(task, "INFO", f"Planned {totals.transfers} files, {size}, to {plan.request.destination}.")
        self._note(task, "WARNING", *plan.warnings)
        if start:
            self._wait(task.id)
        else:
            task = self._move(task, TaskEvent.PAUSE)
        self.changed.emit((task,))
        self._look_soon()
        return task

    def pause(self, ids: Iterable[int]) -> None:
        """Stop these tasks; what has arrived stays, the rest can be resumed."""
        self._stop(ids, TaskEvent.PAUSE)

    def cancel(self, ids: Iterable[int]) -> None:
        """Stop these tasks for good; what has arrived stays, nothing more is written."""
        self._stop(ids, TaskEvent.CANCEL)

    def resume(self, ids: Iterable[int]) -> None:
        """Put paused, interrupted, failed or cancelled tasks back in the queue."""
        self._enqueue(ids, TaskEvent.RESUME)

    def retry(self, ids: Iterable[int]) -> None:
        """Put these tasks back in the queue, their failed files to be fetched again."""
        for task_id in ids:
            task = self._store.tasks.get(task_id)
            if allowed(task.state, TaskEvent.RETRY) and task_id not in self._active:
                self._store.tasks.reset_failed(task_id)
                self._enqueue((task_id,), TaskEvent.RETRY)

    def delete(self, ids: Iterable[int], with_files: bool) -> None:
        """Forget these tasks and their part files; with_files, also the files they brought."""
        ids = tuple(ids)
        self._stop(ids, TaskEvent.CANCEL)
        self._settle(ids)
        for task_id in ids:
            task = self._store.tasks.get(task_id)
            self._clean(task, self._store.tasks.files(task_id), with_files)
        self._store.tasks.delete(ids)
        self.removed.emit(ids)

    def apply(self, settings: Settings) -> None:
        """Use these settings from now on."""
        self.settings = settings
        self._pace.rate = settings.limit_rate
        self._look_soon()

    def shutdown(self) -> None:
        """Stop everything so that it can be resumed, and wait until it has stopped."""
        self._closed = True
        self._timer.stop()
        for task_id in tuple(self._waiting):
            del self._waiting[task_id]
            self._move(self._store.tasks.get(task_id), TaskEvent.INTERRUPT)
        running = tuple(self._active)
        self._stop(running, TaskEvent.INTERRUPT)
        self._settle(running)
        self._pool.waitForDone()

    @property
    def pace(self) -> Pace:
        """Return the limit that everything this program fetches keeps together."""
        return self._pace

    @property
    def idle(self) -> bool:
        """True if nothing runs and nothing waits."""
        return not self._active and not self._waiting

    def _stop(self, ids: Iterable[int], event: TaskEvent) -> None:
        for task_id in ids:
            task = self._store.tasks.get(task_id)
            if not allowed(task.state, event):
                continue
            self._waiting.pop(task_id, None)
            active = self._active.get(task_id)
            if active:
                active.stop(event)
            task = self._move(task, event)
            self._note(task, "INFO", f"Task {task.state.value}.")
            if active:
                active.task = task
            self.changed.emit((task,))

    def _settle(self, ids: Iterable[int]) -> None:
        """Wait until the stopped runs of these tasks have ended, and record what they still brought."""
        settling = [self._active[task_id] for task_id in ids if task_id in self._active]
        for active in settling:
            self._spent += active.workers
            active.settle()
        if settling:
            self._tick()

    def _enqueue(self, ids: Iterable[int], event: TaskEvent) -> None:
        for task_id in ids:
            task = self._store.tasks.get(task_id)
            if allowed(task.state, event):
                task = self._move(task, event)
                self._wait(task_id)
                self.changed.emit((task,))
        self._look_soon()

    def _wait(self, task_id: int) -> None:
        self._waiting[task_id] = self._sites.servers(self._store.tasks.sites(task_id))

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
        at_once = self.settings.tasks_at_once
        busy = Counter(server for active in self._active.values() for server in active.servers)
        for task_id, servers in tuple(self._waiting.items()):
            if len(self._active) >= max(MOST_TASKS, at_once):
                break
            # Whoever has something to do on a server with room goes: a server that hangs holds up its own tasks only.
            if task_id not in self._active and (not servers or any(busy[server] < at_once for server in servers)):
                del self._waiting[task_id]
                self._start(task_id)
                busy.update(servers)
        for active in self._active.values():
            active.fill(self._pool, self.settings, self._lane_ended)

    def _start(self, task_id: int) -> None:
        if not self._store.tasks.claim(task_id, this_process()):
            log.warning("task %d is run by another ShotDock", task_id)
            self.changed.emit((self._store.tasks.get(task_id),))
            return
        task = self._move(self._store.tasks.get(task_id), TaskEvent.START)
        files = self._store.tasks.pending(task_id)
        sites = {item.id: item.site for item in self._store.tasks.items(task_id)}
        try:
            active = Active(task, files, sites, self._sites, self._pace, self._lanes_wanted)
        except HostileName as error:
            self.changed.emit((self._finish(self._move(task, TaskEvent.FAIL, str(error))),))
            return
        self._active[task_id] = active
        self._note(task, "INFO", f"Started: {len(files)} files to do.")
        self.changed.emit((task,))

    @Slot(object)
    def _on_lane_ended(self, worker: LaneWorker) -> None:
        for active in self._active.values():
            active.workers.discard(worker)
        self._look_soon()
        self._tick()
        self._spent.append(worker)

    @Slot()
    def _tick(self) -> None:
        self._ticks += 1
        spent, self._spent = self._spent, []
        moved = []
        began = time.monotonic()
        due = began >= self._record_from
        for task_id, active in tuple(self._active.items()):
            if due and self._record(active) and not active.over:
                moved.append(active.task)
            if active.over:
                moved.append(self._end(task_id, active))
        if moved:
            ended = time.monotonic()
            self._record_from = ended + min(GATHERING, (ended - began) / RECORDING)
            self.changed.emit(tuple(moved))
        if self._ticks % 2 == 0 and self._active:
            self.progressed.emit(tuple(active.progress() for active in self._active.values()))
        self._fill()
        del spent
        if self.idle and not self._spent:
            self._timer.stop()

    def _record(self, active: Active) -> bool:
        outcomes = active.outcomes()
        if not outcomes:
            return False
        active.task = self._store.tasks.record(active.task.id, outcomes)
        errors = [outcome.error for outcome in outcomes if outcome.error]
        self._note(active.task, "ERROR", *(f"{e['path']}: {e['title']} {e['cause']}" for e in errors))
        return True

    def _end(self, task_id: int, active: Active) -> Task:
        active.run.close()
        self._record(active)
        del self._active[task_id]
        if active.leaving:
            # It may have been queued again while its lanes were ending.
            return self._store.tasks.get(task_id)
        task = active.task
        event = TaskEvent.FAIL if task.files.failed else TaskEvent.FINISH
        return self._finish(self._move(task, event, self._first_error(task)))

    def _first_error(self, task: Task) -> str:
        if not task.files.failed:
            return ""
        failed = self._store.tasks.files(task.id, results=(FileResult.FAILED,), limit=1)
        return str(failed[0].error["title"]) if failed and failed[0].error else ""

    def _finish(self, task: Task) -> Task:
        files = task.files
        level = "ERROR" if files.failed else "INFO"
        self._note(
            task,
            level,
            f"Finished ({task.outcome}): {files.downloaded} downloaded, {files.skipped} skipped, "
            f"{files.overwritten} overwritten, {files.kept_both} kept both, {files.failed} failed.",
        )
        return task

    def _move(self, task: Task, event: TaskEvent, error: str = "") -> Task:
        moved = advance(task, event, time.time(), error)
        self._store.tasks.save(moved)
        return moved

    def _note(self, task: Task, level: str, *messages: str) -> None:
        if not messages:
            return
        now = time.time()
        self._store.events.add([LogLine(now, level, message, task.id) for message in messages])
        for message in messages:
            log.log(logging.getLevelNamesMapping()[level], "%s: %s", task.name, message, extra={"task_id": task.id})

    def _clean(self, task: Task, files: Sequence[TaskFile], with_files: bool) -> None:
        for file in files:
            target = task.destination / file.target
            discard(target, task.token)
            if with_files and file.result.arrived:
                with contextlib.suppress(FileNotFoundError):
                    target.unlink()


def _name(plan: Plan) -> str:
    """Return a name a person recognises: what, which version, how many."""
    live = [item for item in plan.items if item.state is not ItemState.SKIPPED]
    if len(live) == 1:
        return " ".join(part for part in (live[0].label, live[0].selected_version) if part)
    strategy = plan.request.specific_version or plan.request.version_strategy.value
    source = plan.request.connection or "transfer"
    return f"{source} {strategy}, {len(live)} items" if source != "transfer" else f"{len(live)} items"
