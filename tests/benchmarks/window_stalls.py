"""How long the window ever keeps its user waiting: first paint, and the longest stall of its event loop at work.

    python -m tests.benchmarks.window_stalls [--files N] [--rows N] [--tasks N] [--lines N] [--sftp] [--only PART ...]

Run by hand, under Xvfb or on a screen. A heartbeat of 10 ms runs on the window's thread; what it comes late by is a
stall. Parts: `start` (a process of its own, from its first instruction to the window's first paint), `files` (a studio
of small files is scanned, compared, planned and downloaded, the plan page and the inspector in sight), `rows`
(a comparison filled, scrolled, sorted, filtered), `past` (a history scrolled to its end, searched), `log` (lines
arrive, are scrolled and sifted) and `dead` (scans and transfers of a host that swallows every call).
"""

import argparse
import logging
import os
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, nullcontext
from dataclasses import replace
from pathlib import Path

from PySide6.QtCore import QEvent, QEventLoop, QObject, Qt, QTimer
from PySide6.QtWidgets import QAbstractItemView

from desktop.app import application, open_window, prepare
from desktop.core.connection import Connection, parse_connection
from desktop.core.media import Compared, Entry, Publication, ShotKey, ShotState, Version
from desktop.core.plan import Request
from desktop.core.task import TaskState
from desktop.logs import LogRing, set_up
from desktop.places import Places
from desktop.ui.collector import REST, Collector
from desktop.ui.dialogs.history import HistoryDialog
from desktop.ui.main_window import MainWindow
from desktop.ui.models.comparison import SIZE
from desktop.ui.models.session import Phase
from desktop.ui.tabs.shots import ShotsTab
from desktop.ui.theme import Theme
from desktop.work.library import PlainSource
from desktop.work.services import Services, start_services
from desktop.work.sites import Door
from tests.servers.sshd import SshServer
from tests.ui.past import remember

BEAT = 0.010
MEMORY = Path("/dev/shm")
PATIENCE = 300.0
PARTS = ("start", "files", "rows", "past", "log", "dead")
FILE = 4096


class Heartbeat(QObject):
    """Beats every 10 ms on the window's thread and keeps by how much each beat came late."""

    def __init__(self) -> None:
        super().__init__()
        self._late: list[float] = []
        self._last = 0.0
        self._timer = QTimer(self)
        self._timer.setTimerType(Qt.TimerType.PreciseTimer)
        self._timer.setInterval(round(BEAT * 1000))
        self._timer.timeout.connect(self._beat)

    def _beat(self) -> None:
        now = time.perf_counter()
        self._late.append(max(0.0, now - self._last - BEAT))
        self._last = now

    @contextmanager
    def watching(self, what: str) -> Iterator[None]:
        """Print the stalls of what happens inside."""
        settle(0.2)
        self._late.clear()
        begun = self._last = time.perf_counter()
        self._timer.start()
        yield
        settle(0.05)
        self._timer.stop()
        taken = time.perf_counter() - begun
        late = sorted(self._late)
        over = sum(value > 0.050 for value in late)
        say(
            f"{what:<44} {taken:7.2f} s   longest {late[-1] * 1000:6.1f} ms   "
            f"p95 {late[int(len(late) * 0.95)] * 1000:5.1f} ms   over 50 ms: {over}"
        )


def say(words: str) -> None:
    """Print a line at once."""
    sys.stdout.write(words + "\n")
    sys.stdout.flush()


def settle(seconds: float, until: Callable[[], bool] | None = None) -> None:
    """Let the window live, until something is so if that is asked for."""
    loop = QEventLoop()
    if until is None:
        QTimer.singleShot(round(seconds * 1000), loop.quit)
        loop.exec()
        return
    timer = QTimer()
    timer.setInterval(20)
    deadline = time.monotonic() + seconds
    timer.timeout.connect(lambda: loop.quit() if until() or time.monotonic() > deadline else None)
    timer.start()
    loop.exec()
    if not until():
        raise SystemExit("It took too long.")


class FirstPaint(QObject):
    """Ends the program with the first paint of the window."""

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Look for the paint."""
        if event.type() is QEvent.Type.Paint and isinstance(watched, MainWindow):
            application().removeEventFilter(self)
            QTimer.singleShot(0, self, self._painted)
        return False

    def _painted(self) -> None:
        say("painted")
        application().quit()


def paint() -> int:
    """Open the window as a user does and leave with its first paint."""
    watcher = FirstPaint()
    application().installEventFilter(watcher)
    return open_window()


def start(rounds: int = 7) -> None:
    """Print how long a process takes from its start to the window's first paint."""
    taken: list[float] = []
    with tempfile.TemporaryDirectory(prefix="shotdock-bench-") as home:
        environment = {**os.environ, "SHOTDOCK_HOME": home}
        for _ in range(rounds + 1):
            begun = time.perf_counter()
            command = [sys.executable, "-m", "tests.benchmarks.window_stalls", "--paint"]
            with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) as process:
                assert process.stdout is not None
                line = process.stdout.readline()
                taken.append(time.perf_counter() - begun)
            if line.strip() != "painted":
                raise SystemExit("The window did not open.")
    warm = taken[1:]
    say(
        f"first paint: {statistics.median(warm):.2f} s warm (best {min(warm):.2f}, worst {max(warm):.2f}), "
        f"{taken[0]:.2f} s the first time"
    )


class Bench:
    """The window on services of its own."""

    def __init__(self, home: Path, lines: int) -> None:
        prepare()
        self.app = application()
        places = Places.find({"SHOTDOCK_HOME": str(home / "home")})
        self.ring: LogRing = set_up(places, None, capacity=max(lines, 100_000))
        self.services: Services = start_services(places, self.ring)
        self.theme = Theme(self.app)
        self.theme.use("dark")
        self.window = MainWindow(self.services, self.theme)
        self.window.resize(1280, 800)
        self.window.frame.destination.use(home / "shows")
        self.window.show()
        self.collector = Collector(self.app)
        self.collector.start()
        self.heart = Heartbeat()
        settle(0.5)

    @property
    def shots(self) -> ShotsTab:
        """Return the shot tab."""
        tab = self.window.tabs[0]
        assert isinstance(tab, ShotsTab)
        return tab

    def files(self, connection: Connection, count: int) -> None:
        """Scan, compare, plan and download."""
        shots, window = self.shots, self.window
        saved: list[bool] = []
        self.services.connections.save(connection, None, lambda: saved.append(True), lambda error: say(str(error)))
        with self.heart.watching(f"scan and compare {count:,} files"):
            settle(PATIENCE, lambda: shots.session.fresh and bool(shots.model.everything()))
        with self.heart.watching("plan"):
            shots.plan()
            settle(PATIENCE, lambda: shots.pages.currentIndex() == 1)
        page = shots.plan_page
        with self.heart.watching("uncheck and check all of the plan"):
            page.model.set_all(False)
            settle(0.2)
            page.model.set_all(True)
            settle(0.2)
        window.inspector.tabs.setCurrentIndex(1)
        with self.heart.watching(f"download {count:,} files"):
            page.run()
            settle(PATIENCE, lambda: page.task is not None)
            assert page.task is not None
            number = page.task.id
            window.transfers.select_task(number)
            over = (TaskState.DONE, TaskState.FAILED)
            settle(PATIENCE, lambda: bool((t := window.transfers.model.get(number)) and t.state in over))
        with self.heart.watching("receipt, and the comparison after it"):
            settle(1.5)
        with self.heart.watching("open every shot of the receipt, scroll it"):
            for row in range(page.model.rowCount()):
                page.tree.expand(page.model.index(row, 0))
            self._scroll(page.tree)
        task = window.transfers.model.get(number)
        assert task is not None
        say(f"  {task.files.downloaded:,} downloaded, {task.files.failed} failed")
        shots.show_list()

    def rows(self, count: int) -> None:
        """Fill the comparison, scroll it, sort it, filter it."""
        shots = self.shots
        rows = made_rows(count)
        shots.session.phase = Phase.READY
        with self.heart.watching(f"show {count:,} rows"):
            shots._compared(rows)
            settle(0.3)
        with self.heart.watching("scroll from top to bottom"):
            self._scroll(shots.view)
        with self.heart.watching("sort by size, and back"):
            shots.view.sortByColumn(SIZE, Qt.SortOrder.DescendingOrder)
            settle(0.3)
            shots.view.sortByColumn(0, Qt.SortOrder.AscendingOrder)
            settle(0.3)
        with self.heart.watching("find by typing"):
            for end in range(1, 6):
                self.window.top_bar.search.setText("SH0120"[:end])
                settle(0.05)
            self.window.top_bar.search.clear()
            settle(0.3)
        with self.heart.watching("select all, and nothing"):
            shots.view.selectAll()
            settle(0.3)
            shots.view.clearSelection()
            settle(0.3)

    def past(self, count: int) -> None:
        """Open the history, scroll it to the oldest task, look for a shot."""
        with self.heart.watching(f"open the history of {count:,} tasks"):
            self.window.commands.get("history").trigger()
            dialog = self.window.findChild(HistoryDialog)
            assert dialog is not None
            settle(PATIENCE, lambda: bool(dialog.model.rowCount() and dialog.sums.text()))
        with self.heart.watching("scroll it to the oldest task"):
            while dialog.model.rowCount() < count:
                self._scroll(dialog.table, 20)
        with self.heart.watching("find tasks by typing"):
            for end in range(1, 6):
                dialog.bar.shot.setText("SH420"[:end])
                settle(0.1)
            settle(PATIENCE, lambda: dialog.model.total == count // 100)
        dialog.reject()

    def log(self, count: int) -> None:
        """Let lines arrive while the log dock is in sight, scroll and sift them."""
        window = self.window
        window.log_dock.raise_()
        settle(0.3)
        logger = logging.getLogger("desktop.bench")
        with self.heart.watching(f"{count:,} lines come into the log dock"):
            for number in range(count):
                # Straight into the ring: a million lines through every handler is not what is measured.
                self.ring.emit(
                    logger.makeRecord("desktop.bench", 20 + 10 * (number % 50 == 0), "", 0, f"line {number}", (), None)
                )
                if number % 500 == 0:
                    self.app.processEvents()
            settle(PATIENCE, lambda: window.log.view.model.rowCount() >= count * 0.89)
        with self.heart.watching("rest, while old garbage is collected"):
            settle(2 * REST)
        with self.heart.watching("scroll the log from top to bottom"):
            self._scroll(window.log.view.table)
        with self.heart.watching("show warnings only, and all again"):
            window.log.view.level.setCurrentIndex(2)
            settle(0.6)
            window.log.view.level.setCurrentIndex(0)
            settle(0.6)
        with self.heart.watching("find in the log"):
            window.log.view.search.setText("777")
            settle(0.6)

    def dead(self, url: str) -> None:
        """Have a host scanned that answers nobody, and files of it brought, for half a minute."""
        self.services.connections.save(parse_connection("Dead", f"{url}/show")[0], None, lambda: None, lambda _: None)
        with self.heart.watching("a host that swallows every call, scanned and asked for files"):
            files = [PlainSource(f"{url}/{number}.exr") for number in range(100)]
            self.services.library.plan_plain(files, Door(), Request("", Path("/")), lambda *_: None, lambda _: None)
            settle(30)

    def _scroll(self, view: QAbstractItemView, steps: int = 150) -> None:
        bar = view.verticalScrollBar()
        for step in range(steps + 1):
            bar.setValue(bar.maximum() * step // steps)
            settle(0.008)

    def close(self) -> None:
        """Close the window and stop the services."""
        self.collector.stop()
        self.window.close()
        self.services.shutdown()


def made_studio(root: Path, files: int) -> None:
    """Write a studio of small files: a hundred frames a shot."""
    for number in range(files):
        shot = f"SH{number // 100:04d}"
        folder = root / "VEGA" / f"SQ{number // 1000:02d}" / shot / "anim" / "publish" / "v001"
        if number % 100 == 0:
            folder.mkdir(parents=True)
        file = folder / f"{shot}_v001.{1001 + number % 100}.exr"
        file.write_bytes(number.to_bytes(8, "big") * (FILE // 8))
        os.utime(file, (1_700_000_000, 1_700_000_000))


@contextmanager
def swallowing() -> Iterator[int]:
    """Yield a port of this machine that answers nothing, like a firewall that drops: its queue is full."""
    with socket.socket() as full, ExitStack() as fillers:
        full.bind(("127.0.0.1", 0))
        full.listen(0)
        for _ in range(4):
            (filler := fillers.enter_context(socket.socket())).setblocking(False)
            filler.connect_ex(full.getsockname())
        yield full.getsockname()[1]


def made_rows(count: int) -> list[Compared]:
    """Return rows nobody has to scan for."""
    states = list(ShotState)
    rows = []
    for number in range(count):
        key = ShotKey("VEGA", "EP01", f"SQ{number // 200:03d}", f"SH{number % 200 * 10:04d}")
        version = Version("v003", 3, (Entry(f"/x/{number}.exr", size=4_000_000),))
        publication = Publication(key, ("anim", "lighting")[number % 2], f"/x/{number}", (version,))
        state = states[number * 7 % len(states)]
        size = number * 7_000_001 % 900_000_000
        rows.append(
            Compared(publication, ("v003",), "v003", (), None, state, 96, size, frames="1001-1096", changed=1.79e9)
        )
    return rows


def main() -> int:
    """Run the parts and print their figures."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--files", type=int, default=10_000)
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--tasks", type=int, default=10_000)
    parser.add_argument("--lines", type=int, default=1_000_000)
    parser.add_argument("--sftp", action="store_true", help="through a real OpenSSH server")
    parser.add_argument("--only", nargs="*", default=PARTS, choices=PARTS)
    parser.add_argument("--paint", action="store_true", help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.paint:
        return paint()
    if "start" in asked.only:
        start()
    shelf = MEMORY if MEMORY.is_dir() else None
    with tempfile.TemporaryDirectory(dir=shelf, prefix="shotdock-bench-") as scratch:
        home = Path(scratch)
        served = home / "studio"
        served.mkdir()
        if "files" in asked.only:
            made_studio(served, asked.files)
        with SshServer(served, home / "sshd") if asked.sftp else nullcontext() as ssh:
            if "past" in asked.only:
                remember(Places.find({"SHOTDOCK_HOME": str(home / "home")}), asked.tasks, time.time())
            bench = Bench(home, asked.lines)
            if "files" in asked.only:
                connection = parse_connection("Bench", ssh.url if ssh else served.as_uri())[0]
                if ssh is not None:
                    bench.services.places.known_hosts.write_text(ssh.known_hosts)
                    connection = replace(connection, identity=str(ssh.identity))
                bench.files(connection, asked.files)
            if "rows" in asked.only:
                bench.rows(asked.rows)
            if "past" in asked.only:
                bench.past(asked.tasks)
            if "log" in asked.only:
                bench.log(asked.lines)
            if "dead" in asked.only:
                with swallowing() as port:
                    bench.dead(f"ftp://127.0.0.1:{port}")
            bench.close()
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
