"""What is asked of the servers in the background, and cancelled at the worst moment."""

import pytest

from desktop.core.media import ScanProgress, Structure
from desktop.work.background import Work, ignore
from tests.work.conftest import Bench


@pytest.mark.parametrize("bench", [True], indirect=True, ids=["own thread"])
def test_a_scan_cancelled_between_its_end_and_its_answer_tells_nothing_any_more(bench: Bench) -> None:
    heard: list[ScanProgress] = []
    answers: list[Structure] = []
    work = bench.services.library.scan("VEGA", answers.append, ignore, heard.append)
    # The scan's threads do their part while this one takes no answer.
    bench.services._background._pool.wait()
    work.cancel()
    bench.qtbot.wait(500)
    assert not heard and not answers


def test_a_connection_cancelled_at_its_very_end_is_kept_for_nobody(bench: Bench) -> None:
    sites, work = bench.services.sites, Work()
    budget = sites.budget("VEGA")
    assert budget.take()
    with bench.services.library._opened(work, "VEGA", budget, park=True) as source:
        # The hanging up may come late, when the connection is in other hands already.
        work.cancel()
    assert sites.source("VEGA") is not source
