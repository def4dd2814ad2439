"""What the shot tab knows of a tree, where that cannot be read any more."""

from collections.abc import Callable
from contextlib import closing

import pytest
from pytestqt.qtbot import QtBot

from desktop.core.errors import DatabaseDamaged, ShotDockError
from desktop.places import Places
from desktop.store.access import Access
from desktop.ui.models.session import Phase
from desktop.ui.tabs.shots import ShotsTab

pytestmark = pytest.mark.qt_log_ignore("This plugin does not support")  # what the offscreen platform cannot


def test_a_known_tree_that_cannot_be_read_is_told_and_the_server_is_asked(
    shots: ShotsTab, scanned: Callable[[], None], qtbot: QtBot
) -> None:
    scanned()
    with closing(Access(Places.find().database)) as access:
        access.connect()
        with access.writing():
            access.change("UPDATE publication SET content = x'00'")
    told: list[tuple[ShotDockError, str]] = []
    session = shots.session
    session.failed.connect(lambda error, doing: told.append((error, doing)))
    session.open(session.connection)
    qtbot.waitUntil(lambda: session.fresh and session.phase is Phase.READY, timeout=20_000)
    ((error, doing),) = told
    assert (type(error), doing) == (DatabaseDamaged, "open")
    session.open(session.connection)
    qtbot.waitUntil(lambda: session.fresh, timeout=20_000)
    assert len(told) == 1, "the scan has put it right"
