"""What the fault cases get."""

import gc
from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from desktop.logs import LogRing
from desktop.places import Places
from desktop.ui import tabs  # noqa: F401  the tabs register themselves
from desktop.ui.main_window import MainWindow
from desktop.ui.theme import Theme
from desktop.work.services import start_services
from tests.cli.console import Console


@pytest.fixture
def shotdock(shotdock_home: Path) -> Console:
    """The command line with a home of its own."""
    return Console(shotdock_home)


@pytest.fixture
def window(qapp: QApplication, qtbot: QtBot) -> Iterator[MainWindow]:
    """The whole window on services of its own. Garbage is collected on its thread alone, as the program does."""
    gc.disable()
    services, theme = start_services(Places.find(), LogRing()), Theme(qapp)
    theme.use("dark")
    window = MainWindow(services, theme)
    qtbot.addWidget(window)
    yield window
    services.shutdown()
    theme.deleteLater()
    gc.collect()
    gc.enable()
