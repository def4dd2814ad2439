"""What can be done with jobs: add, start, remove, pack, look at their folders - and the menu that offers it."""

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

from PySide6.QtCore import QObject, QPoint, QSize, Qt, Signal
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QMenu, QWidget

from desktop.core.connection import parse_connection
from desktop.core.errors import HostKeyUnknown, ShotDockError
from desktop.core.job import Job
from desktop.ui.dialogs.add_job import AddJobDialog
from desktop.ui.dialogs.pack_results import PackDialog
from desktop.ui.dialogs.picture import PictureDialog
from desktop.ui.dialogs.start_job import StartJobDialog
from desktop.ui.doors import Doors
from desktop.ui.models.job_words import report_of
from desktop.ui.models.previews import Pictures
from desktop.ui.opening import show
from desktop.ui.tab import Frame
from desktop.ui.tabs.jobs_orders import JobOrders
from desktop.ui.widgets.card import Act
from desktop.ui.widgets.job_list import JobList
from desktop.ui.widgets.job_results import place_of

LARGE_PIXELS = QSize(4096, 4096)
WHAT = "server of jobs"
LOGINS = ("login-failed", "not-allowed")


class JobHands(QObject):
    """Signals: said (a sentence), added (a Job to show), failed (why something was not done)."""

    said = Signal(str)
    added = Signal(object)
    failed = Signal(object)

    def __init__(
        self, frame: Frame, view: JobList, orders: JobOrders, doors: Doors, server: Callable[[], str], over: QWidget
    ) -> None:
        """server: returns which server pasted ids belong to."""
        super().__init__(over)
        self._frame, self._view, self._orders, self._doors = frame, view, orders, doors
        self._server, self._over = server, over
        self._desk = frame.services.jobs
        self._large = Pictures(LARGE_PIXELS, self)
        self.kind = ""

    def stop(self) -> None:
        """Read no more pictures."""
        self._large.stop()

    # New jobs

    def add(self, text: str = "") -> None:
        """Open the dialog that adds jobs."""
        dialog = AddJobDialog(self._frame, text, self._server(), self.kind, self._over)
        dialog.added.connect(self._added)
        dialog.open()

    def paste(self, text: str) -> None:
        """Follow what was pasted: at once where it tells its kind and server, else after a question."""
        names = text.split()
        found = [self._desk.recognise(name) for name in names]
        if names and all(len(kinds) == 1 and kinds[0][1] for kinds in found):
            for name, ((kind, server),) in zip(names, found, strict=True):
                self._desk.add(server, kind, name, self._added, self.failed.emit)
        else:
            self.add(text)

    def start(self) -> None:
        """Open the form that starts a job."""
        info = next((kind for kind in self._desk.kinds if kind.fields), None)
        if info is not None:
            dialog = StartJobDialog(self._frame, info, self._server(), self._over)
            dialog.started.connect(self._started)
            dialog.open()

    def start_again(self) -> None:
        """Start a new job as the current one was started."""
        job = self._view.current()
        if job is not None:
            started = partial(self._started, folder=job.follow)
            self._desk.start(job.server, job.kind, job.parameters, started, self.failed.emit)

    def pack(self) -> None:
        """Open the dialog that packs an output folder."""
        PackDialog(self._frame, None, self._over).open()

    # Known jobs

    def refresh(self) -> None:
        """Ask after the selected jobs, or after all."""
        self._desk.refresh([job.id for job in self._view.chosen() or self._desk.all()])

    def remove(self) -> None:
        """Follow the selected jobs no longer."""
        jobs = self._view.chosen()
        if jobs:
            name = jobs[0].remote_id if len(jobs) == 1 else self._frame.formats.counted(len(jobs), "job")
            self._desk.remove([job.id for job in jobs])
            self.said.emit(f"{name}: not followed any more. Nothing on the server or on your disk was touched")

    def open_folder(self, artifact: str = "") -> None:
        """Open the folder a job's results lie in. artifact: this one's, or the newest."""
        job = self._view.current()
        if job is not None:
            download = job.download(artifact)
            path = (download.folder or download.path.parent) if download is not None else place_of(job)
            if path is not None:
                show(path)

    def copy_report(self) -> None:
        """Copy what is known of the selected jobs."""
        reports = [report_of(job, self._desk.kinds, self._frame.formats) for job in self._view.chosen()]
        if reports:
            QGuiApplication.clipboard().setText("\n\n".join(reports))
            self.said.emit("The report is on the clipboard")

    def enlarge(self, pictures: tuple[tuple[str, Path], ...], number: int) -> None:
        """Show one of the previews alone; the arrows lead through all of them."""
        PictureDialog(self._frame.theme, self._large, pictures, number, self._over).show()

    def unpack(self, artifact: str) -> None:
        """Unpack results whatever their quality."""
        job = self._view.current()
        if job is not None:
            self._desk.unpack(job.id, artifact, self.failed.emit)

    def follow(self, job: Job, folder: Path | None) -> None:
        """Fetch a job's results by themselves once it is done; None takes that back."""
        self._desk.follow(job.id, folder)

    def open_menu(self, at: QPoint) -> None:
        """Open the menu at a point of the screen."""
        menu = self.menu()
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.popup(at)

    def menu(self) -> QMenu:
        """Return the menu of the selection."""
        get, jobs = self._frame.commands.get, self._view.chosen()
        menu = QMenu(self._view)
        if jobs:
            for name in ("jobs-download", "jobs-refresh", "jobs-preview", "jobs-folder", "jobs-copy"):
                menu.addAction(get(name))
        if len(jobs) == 1 and not jobs[0].state.over:
            fetch = menu.addAction("Download by itself when it is done")
            fetch.setCheckable(True)
            fetch.setChecked(jobs[0].follow is not None)
            fetch.toggled.connect(lambda on: self._turn_follow(jobs[0], on))
        if jobs:
            menu.addSeparator()
            menu.addAction(get("jobs-remove"))
            menu.addSeparator()
        for name in ("jobs-add", "jobs-start", "jobs-pack"):
            menu.addAction(get(name))
        return menu

    # The server's doors

    def acts(self, job: Job) -> tuple[Act, ...]:
        """Return what can be done about a server that does not answer."""
        kind = str((job.trouble or {}).get("kind", ""))
        if kind in LOGINS:
            words = "Enter a token" if kind == "login-failed" else "Log in as somebody else"
            return ((f"{words}\N{HORIZONTAL ELLIPSIS}", lambda: self.log_in(job.server)),)
        if kind == "host-key-unknown":
            return (("Check the certificate\N{HORIZONTAL ELLIPSIS}", lambda: self.check_certificate(job.server)),)
        if kind == "unreachable":
            return (("Check the address\N{HORIZONTAL ELLIPSIS}", lambda: self.log_in(job.server, secret=False)),)
        return ()

    def log_in(self, server: str, secret: bool = True) -> None:
        """Ask for the server's token, or its address."""
        self._doors.connect_web(WHAT, server, secret)

    def check_certificate(self, server: str) -> None:
        """Look at the server's certificate once more, to show it and ask."""
        saved = next((c for c in self._frame.services.connections.all() if c.name == server), None)
        connection = saved or parse_connection(server, server)[0]

        def failed(error: ShotDockError) -> None:
            if isinstance(error, HostKeyUnknown):
                self._doors.ask_trust(error)
            else:
                self.failed.emit(error)

        self._frame.services.connections.test(connection, None, lambda _words: self._refresh_of(server), failed)

    def adopt(self, name: str) -> None:
        """Let jobs that were added by a bare URL be asked after through the connection that leads there now."""
        connection = next((c for c in self._frame.services.connections.all() if c.name == name), None)
        if connection is None:
            return
        for job in self._desk.all():
            if "://" in job.server and self._leads(name, job):
                self._desk.add(name, job.kind, job.remote_id, partial(self._replace, job.id), _ignore)
        self._refresh_of(name)

    def likely_server(self, names: Sequence[str]) -> str:
        """Return the server to begin with: the newest job's, else one that is called after its jobs, or ""."""
        newest = next((job.server for job in self._desk.all() if job.server in names), "")
        return newest or next((name for name in names if "job" in name.lower()), "")

    def _leads(self, name: str, job: Job) -> bool:
        connection = next(c for c in self._frame.services.connections.all() if c.name == name)
        place = f"{connection.address.origin}{connection.root.rstrip('/')}"
        return place == job.server

    def _replace(self, old: int, _new: Job) -> None:
        self._desk.remove([old])

    def _refresh_of(self, server: str) -> None:
        self._desk.refresh([job.id for job in self._desk.all() if job.server == server])

    def _turn_follow(self, job: Job, on: bool) -> None:
        try:
            self.follow(job, self._orders.folder(job) if on else None)
        except ShotDockError as error:
            self.failed.emit(error)

    def _added(self, job: Job) -> None:
        self.kind = job.kind
        self.added.emit(job)

    def _started(self, job: Job, folder: Path | None) -> None:
        if folder is not None:
            self._turn_follow(job, True)
        self._added(job)


def _ignore(_error: ShotDockError) -> None:
    """Leave a job as it was: it tells itself what is wrong with its server."""
