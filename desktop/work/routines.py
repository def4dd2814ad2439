"""Routines as the window and the command line see them, and the one who plans them when they are due."""

import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

from PySide6.QtCore import QObject, QTimer, Signal, Slot

from desktop.core.errors import NotFound, ShotDockError, Unreachable, UsageError
from desktop.core.gallery import Video
from desktop.core.hours import clock as clocked
from desktop.core.media import Structure
from desktop.core.plan import Plan, Request
from desktop.core.routine import PATIENCE, Routine, Source, check_kept
from desktop.core.schedule import LATE, Priority, Schedule, Turn, first_run
from desktop.core.task import ENDED, Task, TaskState
from desktop.store.database import Store
from desktop.store.owner import alive, this_process
from desktop.work.background import Desk, Mailbox, ask, ignore
from desktop.work.gallery import GalleryDesk
from desktop.work.library import Library, PlainSource
from desktop.work.sites import Door
from desktop.work.tasks import TaskDesk

EVERY = 20_000
"""Milliseconds between two looks at what is due."""


class RoutineDesk(QObject):
    """What is planned anew and brought again and again; every call returns at once.

    Signals: changed (tuple of every Routine, after any change; ask with `load`); missed (tuple of Routine with runs
    nobody made because no ShotDock ran: offer `run_now` or `skip`); broken (Routine, ShotDockError: a run came to
    nothing and is not tried again before the next one); refused (ShotDockError: why something asked for was not done).
    """

    changed = Signal(object)
    missed = Signal(object)
    broken = Signal(object, object)
    refused = Signal(object)

    def __init__(
        self,
        parts: tuple[Desk, Mailbox, Store],
        library: Library,
        gallery: GalleryDesk,
        tasks: TaskDesk,
        serving: bool,
        clock: Callable[[], float] = time.time,
    ) -> None:
        """Take its parts. serving: make the runs that are due, for as long as the program runs."""
        super().__init__()
        self._desk, self._answers, self._store = parts
        self._library, self._gallery, self._tasks = library, gallery, tasks
        self._serving, self._now = serving, clock
        # Those whose run is being planned here: one that is ours and not among them could not be noted as settled.
        self._planning: set[int] = set()
        self._timer = QTimer(self)
        self._timer.setInterval(EVERY)
        self._timer.timeout.connect(self.look)
        tasks.ended.connect(self._on_ended)
        tasks.changed.connect(self._on_changed)

    def open(self) -> None:
        """Begin: tell which runs were missed, and make those that come due from now on."""
        if self._serving:
            self._ask(self._find_missed, self._tell_missed)
            self._timer.start()
            self.look()

    def close(self) -> None:
        """Make no more runs."""
        self._timer.stop()

    def load(self) -> None:
        """Ask for every routine; the answer is the signal `changed`."""
        self._ask(self._store.routines.all, lambda routines: self.changed.emit(routines))

    def add(
        self,
        request: Request,
        schedule: Schedule,
        then: Callable[[Routine], None] = ignore,
        *,
        sources: Sequence[PlainSource] = (),
        door: Door = Door(),
        videos: Sequence[str] | None = None,
        priority: Priority = Priority.NORMAL,
    ) -> None:
        """Bring what is wished for again and again, as the schedule says, from its start on.

        sources, door: of a plain transfer. videos: ids of the gallery on request.connection, () for whatever it has.
        A schedule without a repeat and a source or a gallery's URL with a secret in it are refused.
        """
        try:
            routine = self._made(request, schedule, sources, door, videos, priority)
        except UsageError as error:
            self.refused.emit(error)
            return
        self._ask(lambda: self._store.routines.add(routine), then)
        self.load()

    def run_now(self, ids: Iterable[int]) -> None:
        """Make a run of these now, besides their regular ones; missed runs are made up for by it."""
        chosen = tuple(ids)
        self._ask(lambda: self._claim(chosen, self._now()), self._plan_all)

    def skip(self, ids: Iterable[int]) -> None:
        """Let missed runs be: the next regular one is the next."""
        self._change(ids, lambda routine: replace(routine, missed=0))

    def pause(self, ids: Iterable[int]) -> None:
        """Make no runs of these until they are resumed."""
        self._change(ids, lambda routine: replace(routine, paused=True, next_try=None))

    def resume(self, ids: Iterable[int]) -> None:
        """Make runs of these again, from the next regular one on."""
        now = self._now()

        def again(routine: Routine) -> Routine:
            due = routine.due if routine.due > now else routine.run_after(now)[0]
            return replace(routine, paused=False, missed=0, due=due)

        self._change(ids, again)

    def reschedule(self, ids: Iterable[int], schedule: Schedule) -> None:
        """Have these run by another schedule from now on; one without a repeat is refused."""
        repeat, now = schedule.repeat, self._now()
        if repeat is None:
            self.refused.emit(_once())
            return
        due = first_run(schedule, now)
        self._change(
            ids,
            lambda known: replace(
                known,
                repeat=repeat,
                window=schedule.window,
                after=schedule.after,
                due=due,
                first=due,
                next_try=None,
                attempts=0,
            ),
        )

    def remove(self, ids: Iterable[int]) -> None:
        """Forget these; the tasks they made stay."""
        for number in ids:
            self._ask(partial(self._store.routines.remove, number), ignore)
        self.load()

    @Slot()
    def look(self) -> None:
        """Make the runs that are due now."""
        if self._serving:
            self._ask(lambda: self._claim(None, self._now()), self._plan_all)

    def _made(
        self,
        request: Request,
        schedule: Schedule,
        sources: Sequence[PlainSource],
        door: Door,
        videos: Sequence[str] | None,
        priority: Priority,
    ) -> Routine:
        if schedule.repeat is None:
            raise _once()
        check_kept((request.connection, *(source.text for source in sources)))
        now = self._now()
        name = request.name or request.connection or (sources[0].text if sources else "routine")
        due = first_run(schedule, now)
        return Routine(
            0,
            name,
            replace(request, name=name),
            schedule.repeat,
            due,
            tuple(Source(source.text, source.name) for source in sources),
            None if videos is None else tuple(videos),
            str(door.identity or ""),
            str(door.known_hosts or ""),
            schedule.window,
            schedule.after,
            priority,
            now,
            first=due,
        )

    # On the desk's thread

    def _find_missed(self) -> tuple[Routine, ...]:
        """Note the runs that nobody made, and return the routines that have such."""
        now, found = self._now(), []
        for routine in self._store.routines.all():
            cut_short = bool(routine.owner) and not alive(routine.owner)
            late = not routine.paused and not routine.owner and now - routine.due > LATE
            if cut_short or late:
                due, more = routine.run_after(now) if late else (routine.due, 0)
                missed = routine.missed + 1 + more
                routine = replace(routine, owner="", due=due, next_try=None, missed=missed)
                self._store.routines.save(routine)
            if routine.missed:
                found.append(routine)
        return tuple(found)

    def _claim(self, ids: tuple[int, ...] | None, now: float) -> tuple[Routine, ...]:
        """Take the runs that are due, or one of each of these routines, for this process.

        What is not to be planned now, since the run before is still at it, has no owner any more.
        """
        claimed = []
        for routine in self._store.routines.all():
            due = not routine.paused and routine.next <= now if ids is None else routine.id in ids
            if due:
                then = routine.due if routine.due > now else routine.run_after(now)[0]
                claimed.append(self._store.routines.claim(routine, then, partial(self._at_it, routine.id)))
        taken = tuple(self._unless_busy(routine) for routine in claimed if routine is not None)
        self._planning.update(routine.id for routine in taken if routine.owner)
        return taken

    def _at_it(self, number: int, owner: str) -> bool:
        return number in self._planning if owner == this_process() else alive(owner)

    def _unless_busy(self, routine: Routine) -> Routine:
        """Leave a run out while the task of the one before waits or runs: it would bring the same twice."""
        try:
            before = None if routine.last_task is None else self._store.tasks.get(routine.last_task)
        except NotFound:
            return routine
        if before is None or before.state not in (TaskState.WAITING, TaskState.RUNNING):
            return routine
        words = f"Left out: task {before.id} of the run before is still at it."
        return self._settle(routine.id, attempts=0, next_try=None, missed=0, last_result=words)

    def _settle(self, number: int, **changes: object) -> Routine:
        """Write what became of a run; whatever else was changed meanwhile stays."""
        before = self._store.routines.get(number)
        routine = replace(before, owner="", last_run=self._now(), **changes)  # type: ignore[arg-type]  # its fields
        self._store.routines.save(routine)
        return routine

    # On the window's thread

    def _tell_missed(self, routines: tuple[Routine, ...]) -> None:
        if routines:
            self.missed.emit(routines)
        self.load()

    def _plan_all(self, routines: tuple[Routine, ...]) -> None:
        for routine in routines:
            if routine.owner:
                self._plan(routine)
        if routines:
            self.load()

    def _plan(self, routine: Routine) -> None:
        def planned(plan: Plan) -> None:
            self._planned(routine, plan)

        def listed(videos: tuple[Video, ...]) -> None:
            wanted = [video for video in videos if not routine.videos or video.id in routine.videos]
            if routine.videos and not wanted:
                self._done(routine, "The gallery has none of the chosen videos any more.")
                return
            server, request = routine.request.connection, routine.request
            self._gallery.plan(server, wanted, request, planned, broke, missing_only=True)

        def broke(error: ShotDockError) -> None:
            self._broke(routine, error)

        def scanned(structure: Structure) -> None:
            self._library.plan(routine.request, structure, planned, broke)

        if routine.sources:
            sources = [PlainSource(source.text, source.name) for source in routine.sources]
            identity, hosts = (Path(text) if text else None for text in (routine.identity, routine.known_hosts))
            door = Door(identity, hosts)
            self._library.plan_plain(sources, door, routine.request, planned, broke)
        elif routine.videos is not None:
            self._gallery.videos(routine.request.connection, listed, broke)
        else:
            self._library.scan(routine.request.connection, scanned, broke)

    def _planned(self, routine: Routine, plan: Plan) -> None:
        if not plan.totals().transfers:
            self._done(routine, "All up to date.")
            return
        turn = Turn(routine.priority, window=routine.window, after=routine.after, routine=routine.id)
        self._tasks.submit(
            plan,
            lambda task: self._begun(routine, task.id),
            turn=turn,
            failed=lambda error: self._broke(routine, error),
        )

    def _done(self, routine: Routine, words: str) -> None:
        self._over(
            routine, lambda: self._settle(routine.id, attempts=0, next_try=None, missed=0, last_result=words), ignore
        )

    def _over(self, routine: Routine, settle: Callable[[], object], then: Callable[..., None]) -> None:
        """Have written what became of a run that was planned; also where that is refused the next one can be made."""

        def settled(answer: object) -> None:
            self._planning.discard(routine.id)
            then(answer)

        def refused(error: ShotDockError) -> None:
            self._planning.discard(routine.id)
            self._refuse(error)

        self._ask(settle, settled, refused)
        self.load()

    def _begun(self, routine: Routine, number: int) -> None:
        def settle() -> None:
            # A small task may be over by now, and its end have been told before this.
            task = self._store.tasks.get(number)
            words = _went(task) if task.state in ENDED else "Under way."
            self._settle(routine.id, attempts=0, next_try=None, missed=0, last_task=number, last_result=words)

        self._over(routine, settle, ignore)

    def _broke(self, routine: Routine, error: ShotDockError) -> None:
        now = self._now()
        passing = error.retryable or isinstance(error, Unreachable)
        if passing and routine.attempts < len(PATIENCE):
            then = now + PATIENCE[routine.attempts]
            words = f"{error.title} Tried {routine.attempts + 1} times; next try at {clocked(then, now)}."
            changes: dict[str, object] = {"attempts": routine.attempts + 1, "next_try": then, "last_result": words}
            self._over(routine, lambda: self._settle(routine.id, **changes), ignore)
        else:
            over: dict[str, object] = {"attempts": 0, "next_try": None, "last_result": str(error)}
            self._over(routine, lambda: self._settle(routine.id, **over), lambda known: self.broken.emit(known, error))

    @Slot(object)
    def _on_ended(self, task: Task) -> None:
        number = task.turn.routine
        if number is None:
            return
        # Someone may have deleted it while its task ran.
        self._change((number,), lambda known: replace(known, last_result=_went(task)), missing=ignore)

    @Slot(object)
    def _on_changed(self, tasks: tuple[Task, ...]) -> None:
        for task in tasks:
            if task.turn.routine is not None and task.state is TaskState.CANCELLED:
                self._change((task.turn.routine,), partial(_cancelled, task), missing=ignore)

    def _change(
        self,
        ids: Iterable[int],
        change: Callable[[Routine], Routine],
        missing: Callable[[ShotDockError], None] | None = None,
    ) -> None:
        def save(number: int) -> None:
            self._store.routines.save(change(self._store.routines.get(number)))

        for number in ids:
            self._ask(partial(save, number), ignore, missing)
        self.load()

    def _ask(
        self,
        question: Callable[[], object],
        then: Callable[..., None],
        failed: Callable[[ShotDockError], None] | None = None,
    ) -> None:
        ask(self._desk, self._answers, question, then, failed or self._refuse)

    def _refuse(self, error: ShotDockError) -> None:
        self.refused.emit(error)


def _went(task: Task) -> str:
    """Say how the task of a run went."""
    files = task.files
    return f"{task.outcome}: {files.downloaded} downloaded, {files.skipped} skipped, {files.failed} failed."


def _cancelled(task: Task, routine: Routine) -> Routine:
    """Return the routine with the news that its last task was cancelled; an earlier one is no news."""
    return replace(routine, last_result=_went(task)) if routine.last_task == task.id else routine


def _once() -> UsageError:
    return UsageError(title="A routine has to repeat.", suggestion="Write e.g. daily, 6h or every 2 days.")
