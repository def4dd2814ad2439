"""R18: whoever waits for a host that is gone comes back at a moment of its own: each lane, each program."""

import subprocess
import sys
from collections.abc import Callable

import pytest

from desktop.core.errors import Unreachable
from desktop.transfer.circuit import TRIES, Circuit
from desktop.transfer.retry import LATER, Patience, later
from tests.cli.console import ROOT

DRAWS = 400
"""So many that a tenth of the range stays empty once in 10^17 runs."""
PATIENCE = Patience()


def once_late(attempts: int) -> float:
    pause = later(attempts, 0.0, silent=True, patience=1e9)
    assert pause is not None
    return pause


def once_dead(tries: int) -> float:
    """Return the pause that a lane leaves behind which found nobody, for whoever shares the host."""
    circuit = Circuit(clock=lambda: 0.0)
    for _ in range(TRIES + tries - 1):
        circuit.failed(Unreachable("There is nobody."), PATIENCE.pause)
    return circuit.wait


CASES: list[tuple[Callable[[int], float], int, float]] = [
    *((PATIENCE.pause, tries, min(60.0, 0.5 * 2 ** (tries - 1))) for tries in (1, 2, 5, 8, 40)),
    *((once_dead, tries, min(60.0, 0.5 * 2 ** (tries - 1))) for tries in (1, 3, 8)),
    *((once_late, attempts, wait) for attempts, wait in enumerate(LATER)),
]


@pytest.mark.parametrize(("draw", "tries", "about"), CASES, ids=[f"{row[0].__name__}-{row[1]}" for row in CASES])
def test_r18_pauses_are_spread_over_all_of_their_range(draw: Callable[[int], float], tries: int, about: float) -> None:
    """A quarter less to a quarter more, nowhere in particular, and never twice the same."""
    drawn = [draw(tries) for _ in range(DRAWS)]
    assert all(0.75 * about <= pause <= 1.25 * about for pause in drawn)
    assert len(set(drawn)) == DRAWS
    tenths = {int((pause / about - 0.75) / 0.05) for pause in drawn}
    assert tenths >= set(range(10))


def test_r18_programs_that_start_alike_do_not_knock_in_step() -> None:
    draw = "from desktop.transfer.retry import Patience; print(*(Patience().pause(n) for n in (1, 2, 3)))"
    said = {
        subprocess.run([sys.executable, "-c", draw], capture_output=True, text=True, check=True, cwd=ROOT).stdout
        for _ in range(3)
    }
    assert len(said) == 3
