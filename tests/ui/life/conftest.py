"""The window on services that stay, on a Friday evening at 21:00 unless the test sets the clock."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from desktop.logs import LogRing
from desktop.places import Places
from desktop.ui.main_window import MainWindow
from desktop.ui.tabs.shots import ShotsTab
from desktop.work.services import Services, start_services
from tests.ui.life.evening import FRIDAY, Evening
from tests.work.life import Clock


@pytest.fixture
def clock() -> Clock:
    return Clock(FRIDAY)


@pytest.fixture
def services(qapp: QApplication, ring: LogRing, clock: Clock) -> Iterator[Services]:
    made = start_services(Places.find(), ring, serving=True, now=clock)
    yield made
    made.shutdown()


@pytest.fixture
def evening(window: MainWindow, shots: ShotsTab, clock: Clock, studio: Path, qtbot: QtBot) -> Iterator[Evening]:
    made = Evening(window, clock, studio, qtbot)
    qtbot.waitUntil(lambda: shots.session.fresh, timeout=20_000)
    yield made
    made.dock.table.clearSelection()
    made.bench.tasks()  # what was asked before is answered before the window goes
