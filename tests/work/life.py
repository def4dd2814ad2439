"""Services that stay, under a clock the test sets."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pytestqt.qtbot import QtBot

from desktop.core.plan import Filters, Options, Plan
from desktop.logs import LogRing
from desktop.places import Places
from desktop.work.services import start_services
from tests.work.conftest import Bench, write

NIGHT = "22:00-06:00"


class Clock:
    """A clock that stands still until it is set."""

    def __init__(self, now: float | None = None) -> None:
        self.now = time.time() if now is None else now

    def __call__(self) -> float:
        return self.now


@contextmanager
def serving(qtbot: QtBot, studio: Path, destination: Path, clock: Clock, stays: bool = True) -> Iterator[Bench]:
    """Start the services as the window does, or, if it does not stay, as a command does."""
    services = start_services(Places.find(), LogRing(), serving=stays, now=clock)
    bench = Bench(qtbot, services, studio, destination)
    try:
        yield bench
    finally:
        services.shutdown()


def later(bench: Bench, clock: Clock, seconds: float) -> None:
    """Set the clock ahead and have it looked at."""
    clock.now += seconds
    bench.services.tasks.look()


def big(bench: Bench, size: int = 6_000_000, rate: int | None = 2_000_000) -> Plan:
    """Publish one file that takes a while under a limit, and plan to fetch it."""
    folder = bench.studio / "VEGA" / "SQ01" / "SH030" / "anim" / "publish" / "v001"
    write(folder / "big.abc", b"0123456789abcdef" * (size // 16))
    return bench.plan(filters=Filters(shot=("SH030",)), options=Options(limit_rate=rate))
