"""Questions that wait: many become one, and slow answers make them rarer."""

from PySide6.QtCore import QObject
from pytestqt.qtbot import QtBot

from desktop.ui.renewal import SHARE, Renewal


def test_many_changes_become_one_question(qtbot: QtBot) -> None:
    home = QObject()
    renewal = Renewal(10, home)
    asked: list[None] = []
    renewal.due.connect(lambda: asked.append(None))
    for _ in range(20):
        renewal.soon()
    qtbot.waitUntil(lambda: bool(asked))
    qtbot.wait(40)
    assert len(asked) == 1


def test_a_question_on_its_way_is_not_asked_again(qtbot: QtBot) -> None:
    home = QObject()
    renewal = Renewal(10, home)
    asked: list[None] = []
    renewal.due.connect(lambda: asked.append(None))
    renewal.soon()
    renewal.asked()
    qtbot.wait(40)
    assert not asked


def test_a_slow_answer_makes_the_next_question_wait(qtbot: QtBot) -> None:
    home = QObject()
    renewal = Renewal(10, home)
    renewal.asked()
    qtbot.wait(50)
    renewal.answered()
    assert renewal._wait > 10 * SHARE
