"""R36: what a power loss may leave is built from a real run's system calls; a few of the states of power_loss.py."""

import shutil
from pathlib import Path

import pytest

from tests.faults.power_loss import Recorded

STATES = 6
SIZE, BLOCKS = 4_500_000, 12
"""Bytes of the large file, and how many writes bring it under the limit."""


@pytest.mark.slow
@pytest.mark.timeout(400)
@pytest.mark.skipif(shutil.which("strace") is None, reason="strace is not installed")
def test_r36_whatever_a_power_loss_leaves_is_whole_and_goes_on(tmp_path: Path) -> None:
    recorded = Recorded(tmp_path / "run", SIZE)
    for state in recorded.some_states(STATES, seed=len(recorded.calls)):
        again = recorded.check(state)
        # What came since the last journal comes again, and a block that came while that was being begun.
        lost = (state.came - state.noted) / SIZE + 1 / BLOCKS + 0.01
        assert not state.orderly or again <= lost, f"{state.label}: {again:.2%} came twice"
