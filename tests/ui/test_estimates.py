"""How long a download may take is guessed from a line that was seen at work, or not at all."""

from collections.abc import Callable

import pytest

from desktop.core.task import Progress
from desktop.ui.main_window import MainWindow
from desktop.ui.tabs.shots import ShotsTab

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
