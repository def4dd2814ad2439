"""The whole program with its window, used without pause: what somebody does in a soak, wave after wave."""

import gc
import random
import subprocess
import time
from collections import Counter
from collections.abc import Callable, Collection
from pathlib import Path
from typing import Any

from PySide6.QtCore import QCoreApplication, QEvent, QEventLoop, QObject, QTimer
from PySide6.QtWidgets import QApplication

from desktop.app import application, prepare
from desktop.core.errors import ShotDockError
from desktop.core.plan import Options, Plan, Request
from desktop.core.routine import Routine
from desktop.core.schedule import Repeat, Schedule
from desktop.core.task import Task, TaskFile, TaskState
from desktop.logs import set_up, take_down
from desktop.places import Places
from desktop.ui.collector import Collector
from desktop.ui.dialogs.history import HistoryDialog
from desktop.ui.main_window import MainWindow
from desktop.ui.tabs.shots import ShotsTab
from desktop.ui.theme import Theme
from desktop.work.library import PlainSource
from desktop.work.services import start_services
from desktop.work.sites import Door
from tests.cli.console import Console
from tests.faults.soak_studio import Studio, Wish, bytes_below, leavings, same

PATIENCE = 120.0
"""Seconds anything may take, a restart and a storm in between; longer is a hang."""
LINES = 1000
"""Lines the log's ring holds: few, so that it is full before anything is judged."""
PUSHES = 40
"""Times a task that failed or was put off is asked to go on."""


class Hung(AssertionError):
    """Something took longer than anything should."""


def live(seconds: float, until: Callable[[], bool] | None = None) -> bool:
    """Let the window live for so long, or until something is so; return whether it came to be."""
    loop = QEventLoop()
    timer = QTimer()
    deadline = time.monotonic() + seconds
    timer.timeout.connect(lambda: loop.quit() if time.monotonic() > deadline or (until and until()) else None)
    timer.start(20)
    if until is None or not until():
        loop.exec()
    timer.stop()
    return until is not None and until()


class Life:
    """One life of the program: from the window's opening to its close."""

    def __init__(self, studio: Studio, home: Path, to: Path, seed: int = 1) -> None:
        self._studio, self._to, self._chance = studio, to, random.Random(seed)
        self.console = Console(home)
        self.tasks = self.files = self.compared = self.waves = 0
        self.troubles: Counter[str] = Counter()
        self._refusals: list[ShotDockError] = []
        prepare()
        app = application()
        self.places = Places.find({"SHOTDOCK_HOME": str(home)})
        ring = set_up(self.places, None, capacity=LINES)
        self.services = start_services(self.places, ring, serving=True)
        self._theme = Theme(app)
        self._theme.use("dark")
        self.window = MainWindow(self.services, self._theme)
        self.window.resize(1280, 800)
        self.window.frame.destination.use(to)
        self.window.show()
        self.services.jobs.load()
        self._collector = Collector(app)
        self._collector.start()
        self.services.tasks.refused.connect(self._refused)
        self.services.routines.broken.connect(self._broken)
        self.services.settings.update(tasks_at_once=3)
        self.places.known_hosts.write_text(studio.ssh.known_hosts)
        for connection in studio.connections():
            self._ask(lambda then, failed, it=connection: self.services.connections.save(it, None, then, failed))

    def close(self) -> None:
        """Close the window and end everything that was started with it."""
        live(0.2)
        self.window.close()
        self._collector.stop()
        self.services.shutdown()
        self.window.deleteLater()
        self._theme.deleteLater()
        self._collector.deleteLater()
        take_down()
        QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
        live(0.05)
        del self.window, self.services, self._theme, self._collector
        gc.collect()

    def widgets(self) -> int:
        """Count the widgets, and Qt's other objects below the window."""
        return len(QApplication.allWidgets()) + len(self.window.findChildren(QObject))

    def wave(self, restart: bool) -> None:
        """Bring everything from everywhere at once, meddle with it, compare every file, forget it all."""
        self._look_around()
        if restart:
            self._look_back()
        shots = self._order_shots()
        ids = [self._order(wish) for wish in self._studio.wishes()]
        routine, repeated = self._repeat()
        processes = [self._shell(number, where) for number, where in enumerate(("ftp", "ftp", "ssh"))]
        self._meddle(ids)
        if restart:
            self._studio.restart()
        everything = (*ids, *shots, repeated)
        self._finish(everything)
        for number in everything:
            self._compare(number)
        for process, folder in processes:
            self._end(process, folder)
        self.services.routines.remove((routine,))
        self._give_up()
        self._forget()
        self.waves += 1

    # What a person orders

    def _order(self, wish: Wish) -> int:
        request = Request("", self._to / "plain", options=Options(limit_rate=wish.rate))
        sources = [PlainSource(text, f"{self._chance.getrandbits(32):08x}/{n}") for n, text in enumerate(wish.sources)]
        plan: Plan = self._ask(lambda *ends: self.services.library.plan_plain(sources, Door(), request, *ends))
        task: Task = self._ask(lambda then, _failed: self.services.tasks.submit(plan, then))
        return task.id

    def _order_shots(self) -> tuple[int, ...]:
        """Scan, plan and run in the shot tab, from one server and then the other."""
        tab = self.window.tabs[0]
        assert isinstance(tab, ShotsTab)
        tab.show_list()
        tab.picker.pick(("ssh", "ftp")[self.waves % 2])
        for _ in range(PUSHES):
            self._until(lambda: not tab.session.scanning and (tab.session.fresh or tab.session.offline))
            if tab.session.fresh:
                self._until(lambda: bool(tab.model.everything()))
                break
            self.troubles["scan"] += 1
            live(0.3)
            tab.session.rescan()
        tab.plan()
        self._until(lambda: tab.pages.currentIndex() == 1)
        page = tab.plan_page
        page.run()
        self._until(lambda: page.task is not None)
        assert page.task is not None
        self.window.transfers.select_task(page.task.id)
        self.window.inspector.tabs.setCurrentIndex(self.waves % self.window.inspector.tabs.count())
        return (page.task.id,)

    def _repeat(self) -> tuple[int, int]:
        """Make a routine and one run of it."""
        desk = self.services.routines
        request = Request("", self._to / "routine")
        schedule = Schedule(start_at=time.time() + 3600, repeat=Repeat(hours=1))
        source = PlainSource(f"{self._studio.web.url}plain/small/f000.exr")
        routine: Routine = self._ask(lambda then, _failed: desk.add(request, schedule, then, sources=[source]))
        desk.run_now((routine.id,))
        made: list[int] = []

        def there() -> bool:
            model = self.window.transfers.model
            made[:] = [t.id for t in map(model.task, range(model.rowCount())) if t.turn.routine == routine.id]
            return bool(made)

        self._until(there)
        return routine.id, made[0]

    def _shell(self, number: int, where: str) -> tuple["subprocess.Popen[str]", Path]:
        """Have a command line of its own bring the small files, beside the window and into the same database."""
        folder = self._to / f"shell{number}"
        return self.console.start("get", f"{where}:{self._studio.root}/plain/small", folder, "--json"), folder

    # What a person does meanwhile

    def _look_around(self) -> None:
        """Look at the tabs and the log."""
        for number in (1, 2, 0):
            self.window.show_tab(number)
            live(0.05)
        self.window.log_dock.raise_()
        self.window.log.clear.click()  # it would keep a million lines
        self.window.transfers.raise_()

    def _look_back(self) -> None:
        """Search the history; once a minute, for Qt's style sheets keep some 5 kB of every dialog there was."""
        self.window.commands.get("history").trigger()
        dialog = self.window.findChild(HistoryDialog)
        assert dialog is not None
        dialog.bar.shot.setText("SH010")
        live(0.3)
        dialog.reject()

    def _meddle(self, ids: list[int]) -> None:
        """Pause, go on, cancel, go on, slow down: at a moment of chance each."""
        tasks, pick = self.services.tasks, self._chance.choice
        live(self._chance.uniform(0.1, 0.5))
        one, two, three = pick(ids), pick(ids), pick(ids)
        tasks.pause((one,))
        live(self._chance.uniform(0.05, 0.3))
        tasks.cancel((two,))
        tasks.set_limit((three,), 3_000_000)
        live(self._chance.uniform(0.05, 0.3))

    def _give_up(self) -> None:
        """Cancel a task under way for good; forgetting it takes its part files along."""
        number = self._order(self._studio.wishes()[3 + self.waves % 3])
        self._until(lambda: self._task(number) is not None)
        live(0.4)
        self.services.tasks.cancel((number,))
        self._until(lambda: (task := self._task(number)) is not None and task.state is TaskState.CANCELLED)

    # What has to come of it

    def _finish(self, ids: Collection[int]) -> None:
        """Wait until all are done; whatever stands is asked to go on."""
        pushed: Counter[int] = Counter()
        waiting = set(ids)
        began = time.monotonic()

        def over() -> bool:
            waiting.difference_update([n for n in waiting if (t := self._task(n)) and t.state is TaskState.DONE])
            return not waiting

        while not live(1.0, over):
            if time.monotonic() - began > PATIENCE:
                here = bytes_below(self._to)
                live(10.0)
                moved = bytes_below(self._to) - here
                raise Hung(f"not done: {[self._task(n) for n in waiting]}; {moved:,} bytes more in 10 s")
            for number in waiting:
                self._push(number, pushed)
        self.tasks += len(ids)

    def _push(self, number: int, pushed: Counter[int]) -> None:
        task = self._task(number)
        if task is None or task.state is TaskState.RUNNING:
            return
        if task.state is TaskState.WAITING:
            if task.turn.waits_for:
                self.troubles["put off"] += 1
                self.services.tasks.run_now((number,))
            return
        if task.state is TaskState.FAILED:
            self.troubles[f"failed: {task.error}"] += 1
            self.services.tasks.retry((number,))
        else:
            self.services.tasks.resume((number,))
        pushed[number] += 1
        assert pushed[number] < PUSHES, f"never gets done: {task}"

    def _compare(self, number: int) -> None:
        task = self._task(number)
        assert task is not None
        files: tuple[TaskFile, ...] = self._ask(lambda then, _failed: self.services.tasks.files(number, then))
        assert files
        for file in files:
            assert file.result.arrived, f"task {number} is done without {file}"
            assert same(task.destination / file.target, self._studio.original(file.source)), f"wrong: {file}"
        self.files += len(files)
        self.compared += sum(file.size or 0 for file in files)

    def _end(self, process: "subprocess.Popen[str]", folder: Path) -> None:
        """Wait for the command line; whatever it could not bring in the storm, a second one brings alone."""
        self._until(lambda: process.poll() is not None)
        process.communicate()
        if process.returncode != 0:
            self.troubles[f"get ended with {process.returncode}"] += 1
            return
        for original in (self._studio.root / "plain" / "small").iterdir():
            assert same(folder / "small" / original.name, original), f"wrong: {folder / original.name}"
            self.files += 1
            self.compared += original.stat().st_size
        self.tasks += 1

    def _forget(self) -> None:
        """Delete every task, the command lines' too, with all it brought; nothing may be left of it on the disk."""
        listed: list[tuple[Task, ...]] = []
        self.services.tasks.listed.connect(listed.append)
        self.services.tasks.load()
        self._until(lambda: bool(listed))
        self.services.tasks.listed.disconnect(listed.append)
        self.services.tasks.delete([task.id for task in listed[0]], with_files=True)
        self._until(lambda: self.window.transfers.model.rowCount() == 0)
        left = leavings(self._to)
        assert not left, f"left behind: {left}"

    # Plumbing

    def _task(self, number: int) -> Task | None:
        return self.window.transfers.model.get(number)

    def _until(self, so: Callable[[], bool]) -> None:
        if not live(PATIENCE, so):
            raise Hung(f"it took too long; until then {dict(self.troubles)}")

    def _ask(self, ask: Callable[..., object]) -> Any:
        """Ask, wait for the answer; a server without room is asked again."""
        for _ in range(PUSHES):
            answers: list[Any] = []
            errors: list[ShotDockError] = []
            ask(lambda *given, to=answers: to.append(*given or (None,)), errors.append)
            refused = self._refusals = []
            self._until(lambda a=answers, e=errors, r=refused: bool(a or e or r))  # type: ignore[misc]  # defaults
            if answers:
                return answers[0]
            if errors:
                self.troubles[f"refused: {errors[0].title}"] += 1
            live(0.3)
        raise (errors or refused)[0]

    def _refused(self, error: ShotDockError) -> None:
        self._refusals.append(error)
        self.troubles[f"refused: {error.title}"] += 1

    def _broken(self, _routine: Routine, error: ShotDockError) -> None:
        self.troubles[f"routine: {error.title}"] += 1
