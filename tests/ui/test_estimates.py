"""How long a download may take is guessed from a line that was seen at work, or not at all."""

from collections.abc import Callable

import pytest
from pytestqt.qtbot import QtBot

from desktop.core.task import Progress
from desktop.ui.main_window import MainWindow
from desktop.ui.tabs.shots import ShotsTab
from tests.ui.galleries import words

pytestmark = pytest.mark.qt_log_ignore("This plugin does not support")

FAST = 2_000_000_000.0


def tell(window: MainWindow, speed: float, steady: float) -> None:
    window.frame.services.tasks.progressed.emit((Progress(1, 100, 10**9, 0, 3, speed, None, steady=steady),))


def test_the_few_bytes_of_a_failed_run_foretell_nothing(
    window: MainWindow, shots: ShotsTab, scanned: Callable[[], None]
) -> None:
    scanned()
    tell(window, speed=3.0, steady=0.0)
    assert shots.orders.left(10**10) is None
    tell(window, speed=FAST, steady=FAST)
    assert shots.orders.left(10**10) == pytest.approx(5.0)
    tell(window, speed=3.0, steady=0.0)
    assert shots.orders.left(10**10) == pytest.approx(5.0), "what was seen before still holds"


def test_the_plan_says_how_long_it_may_take(
    window: MainWindow, shots: ShotsTab, scanned: Callable[[], None], qtbot: QtBot
) -> None:
    scanned()
    tell(window, speed=3.0, steady=FAST)
    shots.plan()
    qtbot.waitUntil(lambda: not shots.lists(), timeout=20_000)
    assert "will be fetched in about 1 s" in words(shots.plan_page)
