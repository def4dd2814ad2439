"""Take pictures of the window in every state worth a look.

    python tests/screenshots/make.py [FOLDER] [--theme dark|light] [--part shots|gallery] [--only NAME ...]
        [--size 1280x800] [--mirrored]

Runs on the demo studio, with a home of its own. Set QT_QPA_PLATFORM=offscreen where there is no screen, and
QT_SCALE_FACTOR=2 for the double size.
"""

import argparse
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

from PySide6.QtCore import QByteArray, QEventLoop, QLocale, Qt, QTimer
from PySide6.QtGui import QImage, QImageWriter
from PySide6.QtWidgets import QApplication, QWidget

from desktop.app import application
from desktop.core.connection import parse_connection
from desktop.core.media import Compared, Entry, Publication, ShotKey, ShotState, Version
from desktop.core.plan import VersionStrategy
from desktop.core.task import TaskState
from desktop.demo.content import Size
from desktop.demo.studio import Studio
from desktop.logs import set_up
from desktop.places import Places
from desktop.ui.dialogs.connections import ConnectionsDialog
from desktop.ui.dialogs.custom_versions import CustomVersionsDialog
from desktop.ui.dialogs.palette import Palette
from desktop.ui.dialogs.settings import SettingsDialog
from desktop.ui.dialogs.shortcuts import ShortcutsDialog
from desktop.ui.main_window import MainWindow
from desktop.ui.models.session import Phase
from desktop.ui.tab import Demo
from desktop.ui.tabs.shots import ShotsTab
from desktop.ui.theme import Theme
from desktop.work.services import Services, start_services
from tests.screenshots.gallery import GalleryPictures

WIDTH, HEIGHT = 1280, 800
PATIENCE = 60.0


def wait(until: Callable[[], bool] = lambda: False, seconds: float = PATIENCE) -> bool:
    """Let the window live until something is so; return whether it came to be."""
    loop = QEventLoop()
    timer = QTimer()
    timer.setInterval(20)
    deadline = time.monotonic() + seconds
    timer.timeout.connect(lambda: loop.quit() if until() or time.monotonic() > deadline else None)
    timer.start()
    loop.exec()
    return until()


class Pictures:
    """The window on a demo studio, and the pictures of it."""

    def __init__(self, folder: Path, theme_name: str, home: Path, studio: Studio, only: set[str]) -> None:
        self.only = only
        self.folder, self.theme_name, self.home, self.studio = folder, theme_name, home, studio
        QLocale.setDefault(QLocale("en_US"))
        self.app: QApplication = application()
        places = Places.find({"SHOTDOCK_HOME": str(home / "home")})
        self.services: Services = start_services(places, set_up(places, None))
        self.theme = Theme(self.app)
        self.services.settings.update(theme=theme_name)
        self.theme.use(theme_name)
        self.window = MainWindow(self.services, self.theme, lambda then, failed: None)
        self.window.resize(WIDTH, HEIGHT)
        self.tab = self.window.tabs[0]

    @property
    def shots(self) -> ShotsTab:
        """Return the shot tab."""
        assert isinstance(self.tab, ShotsTab)
        return self.tab

    def take(self, name: str, widget: QWidget | None = None) -> None:
        """Save a picture."""
        if self.only and name not in self.only:
            return
        wait(seconds=0.15)
        picture = (widget or self.window).grab()
        path = self.folder / f"{name}-{self.theme_name}.png"
        image = picture.toImage().convertToFormat(QImage.Format.Format_RGB888)
        writer = QImageWriter(str(path), QByteArray(b"png"))
        writer.setCompression(100)
        writer.write(image)
        sys.stdout.write(f"{path} {picture.width()}x{picture.height()}\n")

    def connect(self) -> None:
        """Save the studio's connection, trust its key, use it."""
        urls = self.studio.urls()
        connection, password = parse_connection("VEGA studio", urls["sftp"])
        self.services.places.known_hosts.parent.mkdir(parents=True, exist_ok=True)
        with self.services.places.known_hosts.open("a") as file:
            file.write(urls["host_key"].rstrip("\n") + "\n")
        self.shots.doors.enter_demo(Demo(connection, password, None))
        wait(lambda: self.shots.session.fresh and bool(self.shots.model.everything()))

    def have_some(self) -> None:
        """Put a part of the shots on the disk, as an artist would have them: old, whole and incomplete ones."""
        structure = self.shots.session.structure
        assert structure is not None
        served = Path(self.studio.urls()["folder"])
        for number, publication in enumerate(structure.publications):
            versions = publication.versions
            if number % 4 == 3:
                continue
            version = versions[max(0, len(versions) - 2)] if number % 4 == 1 else versions[-1]
            for entry in version.files[1:] if number % 12 == 4 else version.files:
                below = Path(entry.path).relative_to(structure.root)
                target = self.home / "shows" / below
                target.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(served / below, target)
        self.shots.session.compare()
        wait(lambda: any(row.local_version for row in self.shots.model.everything()))

    def busy_rows(self, count: int) -> list[Compared]:
        """Return many made-up rows, some with long names."""
        rows = []
        states = list(ShotState)
        for number in range(count):
            sequence = f"SQ{number // 100 + 1:03d}"
            shot = f"{sequence}_SH{number % 100 * 10:04d}"
            if number % 9 == 4:
                shot += "_crowd_simulation_background_plate_wide_angle_alternate_take"
            key = ShotKey("VEGA", "EP01", sequence, shot)
            files = tuple(Entry(f"/x/{shot}/{n}.exr", size=4_200_000 + n) for n in range(3))
            versions = tuple(Version(f"v{n:03d}", n, files) for n in range(1, 4 + number % 9))
            department = ("anim", "lighting", "compositing")[number % 3]
            publication = Publication(key, department, f"/x/{shot}", versions)
            state = states[number * 7 % 6]
            local = None if state is ShotState.NEW else versions[max(0, len(versions) - 2)].label
            rows.append(
                Compared(
                    publication,
                    tuple(v.label for v in versions),
                    versions[-1].label,
                    (local,) if local else (),
                    local,
                    state,
                    96,
                    403_000_000 + number * 7_000_001 % 9_000_000_000,
                    frames="1001-1096 (3 missing)" if state is ShotState.INCOMPLETE else "1001-1096",
                    missing=(1003, 1004, 1050) if state is ShotState.INCOMPLETE else (),
                    changed=1_790_000_000 - number * 977,
                    reason="The server has a newer version.",
                )
            )
        return rows

    def run(self) -> None:
        """Walk through the window, taking pictures."""
        window, shots = self.window, self.shots
        window.show()
        window.frame.destination.use(self.home / "shows")
        wait(seconds=0.4)
        self.take("empty")
        dialog = ConnectionsDialog(window.frame, "", window)
        dialog.form.name.setText("VEGA studio")
        dialog.form.host.setText("sftp://ann@files.vega.example/projects")
        dialog.show()
        self.take("connection-new", dialog)
        dialog.close()
        self._unknown_host()
        self.connect()
        self.have_some()
        shots.view.select_rows([2, 3, 4])
        self.take("compared")
        shots.view.clearSelection()
        window.top_bar.search.setText("nothing is called this")
        self.take("no-match")
        window.top_bar.search.clear()
        window.show_tab(2)
        self.take("jobs")
        window.show_tab(0)
        self._dialogs()
        window.drop_zone.invite(shots.drop_words(Path("/mnt/work/shows")), Path("/mnt/work/shows"))
        self.take("drop")
        window.drop_zone.hide()
        self._plan_and_run()
        self._many()

    def run_gallery(self) -> None:
        """Walk through the gallery tab, taking pictures."""
        self.window.show()
        wait(seconds=0.4)
        GalleryPictures(self.window, self.services, self.studio.gallery, (self.take, wait)).run(self.home)

    def _unknown_host(self) -> None:
        urls = self.studio.urls()
        connection, password = parse_connection("VEGA studio", urls["sftp"])
        self.shots.doors.enter_demo(Demo(connection, password, None))
        wait(lambda: bool(self.shots.cards.titles()))
        self.take("host-unknown")

    def _dialogs(self) -> None:
        window, shots = self.window, self.shots
        custom = CustomVersionsDialog(window.frame, list(shots.model.rows()), {}, window)
        custom.version.setText("v002")
        custom._set_all()
        custom.show()
        self.take("custom", custom)
        custom.close()
        connections = ConnectionsDialog(window.frame, "VEGA studio", window)
        connections.show()
        connections.test()
        wait(lambda: bool(connections.cards.titles()))
        self.take("connections", connections)
        connections.close()
        settings = SettingsDialog(window.frame, window)
        settings.show()
        self.take("settings", settings)
        settings.close()
        keys = ShortcutsDialog(self.theme, window.commands, window)
        keys.show()
        self.take("shortcuts", keys)
        keys.close()
        palette = Palette(self.theme, window.commands, window)
        palette.show()
        self.take("palette", palette)
        palette.close()

    def _plan_and_run(self) -> None:
        shots, window = self.shots, self.window
        shots.plan()
        wait(lambda: shots.pages.currentIndex() == 1)
        page = shots.plan_page
        first = page.model.index(0, 0, page.model.index(2, 0))
        page.tree.expand(first)
        page.model.setData(page.model.index(0, 0, page.model.index(1, 0)), 0, 10)
        self.take("plan")
        self.services.settings.update(limit_rate=4_000_000)
        page.run()
        wait(lambda: page.task is not None)
        assert page.task is not None
        number = page.task.id
        window.transfers.select_task(number)
        wait(lambda: bool((p := window.transfers.model.progress(number)) and p.done > p.total * 0.35))
        self.take("running-plan")
        shots.show_list()
        window.inspector.tabs.setCurrentIndex(2)
        self.take("running")
        self.services.settings.update(limit_rate=None)
        over = (TaskState.DONE, TaskState.FAILED)
        wait(lambda: bool((t := window.transfers.model.get(number)) and t.state in over))
        window.inspector.tabs.setCurrentIndex(0)
        wait(seconds=1.2)
        self.take("finished")
        shots.pages.setCurrentIndex(1)
        self.take("receipt")
        shots.show_list()
        window.log_dock.raise_()
        wait(seconds=0.5)
        self.take("log")
        window.transfers_dock.raise_()
        self._errors()

    def _errors(self) -> None:
        shots, window = self.shots, self.window
        shots.bar.versions.choose(VersionStrategy.SPECIFIC)
        shots.bar.specific.setText("v005")
        window.frame.destination.use(self.home / "elsewhere")
        wait(seconds=0.6)
        shots.plan()
        wait(lambda: shots.pages.currentIndex() == 1)
        self.take("plan-warnings")
        page = shots.plan_page
        plan = page.model.plan()
        if plan is not None:
            lost = tuple(
                replace(item, files=tuple(replace(f, source=f"{f.source}.gone") for f in item.files[:2]))
                for item in plan.items
            )
            found: list[int] = []
            self.services.tasks.submit(replace(plan, items=lost), lambda task: found.append(task.id))
            shots.show_list()
            over = (TaskState.DONE, TaskState.FAILED)
            wait(lambda: bool(found) and bool((t := window.transfers.model.get(found[0])) and t.state in over))
            window.transfers.select_task(found[0])
            wait(seconds=1.5)
            self.take("errors")
        self.studio.stop()
        shots.session.rescan()
        wait(lambda: shots.session.offline)
        self.take("offline")

    def _many(self) -> None:
        shots = self.shots
        shots.bar.versions.choose(VersionStrategy.LATEST)
        rows = self.busy_rows(10_000)
        shots.session.phase = Phase.READY
        shots.cards.clear()
        shots._compared(rows)
        self.take("many")
        self.window.top_bar.search.setText("crowd")
        self.take("long-names")

    def close(self) -> None:
        """Close the window and stop the services."""
        self.window.close()
        self.services.shutdown()


def main(kind: type[Pictures] = Pictures) -> int:
    """Take the pictures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", nargs="?", type=Path, default=Path(__file__).with_name("shots"))
    parser.add_argument("--theme", default="dark")
    parser.add_argument("--only", nargs="*", default=[])
    parser.add_argument("--size", default=f"{WIDTH}x{HEIGHT}")
    parser.add_argument("--mirrored", action="store_true", help="from right to left")
    parser.add_argument("--part", choices=("shots", "gallery"), default="shots")
    asked = parser.parse_args()
    asked.folder.mkdir(parents=True, exist_ok=True)
    os.environ.pop("SHOTDOCK_SITE", None)
    with tempfile.TemporaryDirectory(prefix="vega-") as home, Studio.start(Path(home) / "studio", Size.FULL) as studio:
        if asked.mirrored:  # before there is a window, as a program in such a language begins
            application().setLayoutDirection(Qt.LayoutDirection.RightToLeft)
        pictures = kind(asked.folder, asked.theme, Path(home), studio, set(asked.only))
        pictures.window.resize(*map(int, asked.size.split("x")))
        try:
            pictures.run_gallery() if asked.part == "gallery" else pictures.run()
        finally:
            pictures.close()
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
