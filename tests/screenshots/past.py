"""Take pictures of what is left of a task: causes, receipt, history, notifications, the log.

python tests/screenshots/past.py [FOLDER] [--theme dark|light] [--only NAME ...]
"""

import logging
import shutil
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

from PySide6.QtWidgets import QApplication

from desktop.core.task import TaskState
from desktop.ui.dialogs.history import HistoryDialog
from desktop.ui.dialogs.receipt import ReceiptDialog
from desktop.ui.main_window import MainWindow
from desktop.work.services import start_services
from tests.screenshots.make import HEIGHT, WIDTH, Pictures, main, wait
from tests.ui.past import remember

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
        for file in files[3:40:2]:
            file.chmod(0)
        for file in files[50:58]:
            shutil.move(file, self.home / "aside")
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
        shots.show_shots()

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
        wait(lambda: len(window.log.view.model.rows()) > LINES * 0.9, 30)
        self.take("log-million")
        window.log.view.level.setCurrentIndex(2)
        window.log.view.search.setText("frame 9999")
        wait(seconds=1.0)
        self.take("log-million-sifted")

    def _reopen(self) -> None:
        """Open the window again on ten thousand tasks."""
        self.window.close()
        places, ring = self.services.places, self.services.logs
        self.services.shutdown()
        remember(places.__class__.find({"SHOTDOCK_HOME": str(self.home / "years")}), 10_000, time.time())
        self.services = start_services(places.__class__.find({"SHOTDOCK_HOME": str(self.home / "years")}), ring)
        self.window = MainWindow(self.services, self.theme)
        self.window.resize(WIDTH, HEIGHT)
        self.window.show()
        wait(seconds=0.5)


if __name__ == "__main__":
    raise SystemExit(main(PastPictures))
