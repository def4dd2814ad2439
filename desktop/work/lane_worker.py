"""Run one lane on a pool thread."""

import logging
import threading

from PySide6.QtCore import SignalInstance

from desktop.core.errors import ShotDockError, Stopped
from desktop.transfer.budget import HostBudget
from desktop.transfer.lane import Lane
from desktop.transfer.run import Run
from desktop.work.background import guarded

log = logging.getLogger(__name__)


class LaneWorker:
    """Carries a lane until it has nothing left, then gives its connection back and says so.

    ended: the bound signal of a long-lived QObject.
    """

    def __init__(self, lane: Lane, run: Run, site: str, budget: HostBudget, ended: SignalInstance) -> None:
        self.lane, self.site = lane, site
        self.over = threading.Event()
        self._run, self._budget, self._ended = run, budget, ended

    def run(self) -> None:
        """Carry the lane to its end."""
        try:
            guarded(self.lane.carry)
        except Stopped:
            log.debug("lane to %s stopped", self.site)
        except ShotDockError as error:
            self._run.fail_site(self.site, error)
        finally:
            self._budget.give_back()
            self.over.set()
            self._ended.emit(self)
