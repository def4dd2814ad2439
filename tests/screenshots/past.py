"""Take pictures of what is left of a task: causes, receipt, history, notifications, the log.

python tests/screenshots/past.py [FOLDER] [--theme dark|light] [--only NAME ...]
"""

import logging
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

import keyring
from PySide6.QtWidgets import QApplication

from desktop.core.task import TaskState
from desktop.places import Places
from desktop.ui.dialogs.history import HistoryDialog
from desktop.ui.dialogs.notifications import WEBHOOK, NotificationsDialog
from desktop.ui.dialogs.receipt import ReceiptDialog
from desktop.ui.dialogs.settings import SettingsDialog
from desktop.ui.main_window import MainWindow
from desktop.work.services import start_services
from tests.conftest import MemoryKeyring
from tests.screenshots.make import HEIGHT, WIDTH, Pictures, main, wait
from tests.ui.past import remember
from tests.work.test_notify import Hook, free_port

LINES = 1_000_000
OVER = (TaskState.DONE, TaskState.FAILED)


class PastPictures(Pictures):
    """The window on tasks that have ended."""

    def run(self) -> None:
        """Walk through them, taking pictures."""
        window = self.window
        window.show()
        window.frame.destination.use(self.home / "shows")
        wait(seconds=0.4)
        self._history("history-empty")
        self.connect()
        self._causes()
        self._notifications()
        self._log()
        self._reopen()
        self._history("history-10000")
        self._history("history-none-like-it", "SH9999")

    def _history(self, name: str, shot: str = "") -> None:
        dialog = HistoryDialog(self.window.frame, self.window, shot)
        dialog.show()
        wait(lambda: bool(dialog.sums.text()))
        wait(seconds=0.5)
        self.take(name, dialog)
        dialog.reject()

    def _causes(self) -> None:
        """Run a task of which some files are gone, some are closed and some of which came before."""
        window, shots = self.window, self.shots
        shots.view.select_rows(range(6))
        shots.plan()
        wait(lambda: shots.pages.currentIndex() == 1)
        plan = shots.plan_page.model.plan()
        assert plan is not None
        served = Path(self.studio.urls()["folder"])
        structure = self.shots.session.structure
        assert structure is not None
        files = [served / Path(file.source).relative_to(structure.root) for _, file in plan.files()]
        for file in files[2:9]:
            file.unlink()
        for file in files[12:15]:
            file.write_bytes(b"another size than was planned")
        for _, planned in tuple(plan.files())[18:20]:
            (window.frame.destination.path / planned.target).mkdir(parents=True)
        shots.plan_page.run()
        wait(lambda: bool((t := window.transfers.model.get(1)) and t.state in OVER))
        window.transfers.select_task(1)
        wait(lambda: window.inspector.causes.isVisible())
        wait(seconds=0.8)
        self.take("causes")
        page = shots.plan_page
        self.take("receipt-page")
        page.receipt.box.setCurrentIndex(1)
        self.take("receipt-failed")
        task = window.transfers.model.get(1)
        assert task is not None
        receipt = ReceiptDialog(window.frame, task, window)
        receipt.show()
        wait(lambda: receipt.page.model.rowCount() > 0)
        self.take("receipt-dialog", receipt)
        receipt.page.run_again()
        wait(receipt.page.run_button.isVisible)
        self.take("run-again", receipt)
        receipt.reject()
        shots.show_list()

    def _notifications(self) -> None:
        """Tell a webhook that is there and one that is not."""
        keyring.set_keyring(MemoryKeyring())
        hook = Hook()
        page = NotificationsDialog(self.window.frame, self.window)
        page.show()
        wait(seconds=0.4)
        self.take("notifications-none", page)
        for name, address in (("studio-hook", hook.url), ("nowhere", f"json://127.0.0.1:{free_port()}/hooks/s3cr3t")):
            page.kind.setCurrentIndex(WEBHOOK)
            page.name.setText(name)
            page.address.setText(address)
            page.add()
            wait(lambda name=name: f"{name} is told from now on." in page.cards.titles())  # type: ignore[misc]  # a default
        page.list.setCurrentRow(0)
        page.test()
        wait(lambda: bool(hook.got) and page.test_button.isEnabled())
        self.take("notifications-good", page)
        page.list.setCurrentRow(1)
        page.test()
        wait(lambda: page.cards.titles() == ("The service nowhere was not told.",))
        self.take("notifications-bad", page)
        page.reject()
        hook.close()
        settings = SettingsDialog(self.window.frame, self.window)
        settings.show()
        self.take("settings", settings)
        settings.reject()

    def _log(self) -> None:
        window = self.window
        window.log_dock.raise_()
        window.inspector.tabs.setCurrentIndex(3)
        logger = logging.getLogger("desktop.pictures")
        for number in range(LINES):
            level = 30 if number % 50 == 0 else 20
            words = f"SH{number % 400:03d} v{number % 12:03d} frame {number} is here"
            self.services.logs.emit(logger.makeRecord("desktop.pictures", level, "", 0, words, (), None))
            if number % 20_000 == 0:
                QApplication.processEvents()
        wait(lambda: window.log.view.model.rowCount() > LINES * 0.9, 30)
        self.take("log-million")
        window.log.view.level.setCurrentIndex(2)
        window.log.view.search.setText("frame 9999")
        wait(seconds=1.0)
        self.take("log-million-sifted")

    def _reopen(self) -> None:
        """Open the window again on ten thousand tasks."""
        self.window.close()
        self.services.shutdown()
        places = Places.find({"SHOTDOCK_HOME": str(self.home / "years")})
        remember(places, 10_000, time.time())
        self.services = start_services(places, self.services.logs)
        self.window = MainWindow(self.services, self.theme)
        self.window.resize(WIDTH, HEIGHT)
        self.window.show()
        wait(seconds=0.5)


if __name__ == "__main__":
    raise SystemExit(main(PastPictures))
