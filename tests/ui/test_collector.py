"""Garbage is collected by the window's thread, and by Python again afterwards."""

import gc
import weakref
from collections.abc import Iterator

import pytest
from PySide6.QtWidgets import QApplication

from desktop.ui import collector as module
from desktop.ui.collector import Collector


class Knot:
    """Something only a collector can free."""

    def __init__(self) -> None:
        self.me = self


@pytest.fixture
def collector(qapp: QApplication) -> Iterator[Collector]:
    made = Collector(qapp)
    made.start()
    yield made
    made.stop()
    made.deleteLater()


def knots() -> weakref.ref[Knot]:
    """Tie enough knots to be worth a bite; return one of them."""
    many = [Knot() for _ in range(module.BITE + 10)]
    return weakref.ref(many[0])


def test_young_garbage_goes_in_a_bite(collector: Collector) -> None:
    gone = knots()
    assert gone() is not None  # Python does not collect by itself meanwhile
    collector.look()
    assert gone() is None


def test_a_few_new_containers_are_left_for_later(collector: Collector) -> None:
    gc.collect()
    knot = weakref.ref(Knot())
    collector.look()
    assert knot() is not None


def test_old_garbage_goes_when_nothing_goes_on(collector: Collector, monkeypatch: pytest.MonkeyPatch) -> None:
    many = [Knot() for _ in range(module.OLD_AFTER + 10)]
    gone = weakref.ref(many[0])
    collector.look()
    many.clear()
    collector.look()
    assert gone() is not None, "grown old: no bite reaches it"
    monkeypatch.setattr(module, "REST", 0.0)
    monkeypatch.setattr(module, "RESTING", 1e9)
    collector.look()
    assert gone() is None


@pytest.mark.parametrize(("between", "few", "latest"), [(0.0, 1 << 30, 600.0), (0.0, -(1 << 30), 0.0)])
def test_old_garbage_goes_while_the_program_works_too(
    collector: Collector, monkeypatch: pytest.MonkeyPatch, between: float, few: int, latest: float
) -> None:
    """A little is looked at soon, much at the latest moment: whoever works for hours never rests."""
    monkeypatch.setattr(module, "RESTING", -1.0)
    many = [Knot() for _ in range(module.OLD_AFTER + 10)]
    gone = weakref.ref(many[0])
    collector.look()
    many.clear()
    monkeypatch.setattr(module, "BETWEEN", between)
    monkeypatch.setattr(module, "FEW", -(1 << 30))
    collector.look()
    assert gone() is not None, "much is in memory, and not long ago all of it was looked at"
    monkeypatch.setattr(module, "FEW", few)
    monkeypatch.setattr(module, "LATEST", latest)
    collector.look()
    assert gone() is None


def test_python_collects_again_afterwards(qapp: QApplication) -> None:
    made = Collector(qapp)
    made.start()
    assert not gc.isenabled() and gc.get_freeze_count()
    made.stop()
    assert gc.isenabled() and not gc.get_freeze_count()
    made.deleteLater()
