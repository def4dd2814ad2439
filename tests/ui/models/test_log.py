import pytest
from PySide6.QtTest import QAbstractItemModelTester
from pytestqt.qtbot import QtBot

from desktop.core.task import LogLine
from desktop.ui.formats import Formats
from desktop.ui.models import log as module
from desktop.ui.models.log import MESSAGE, LogModel, Sieve
from desktop.ui.theme import Theme

LINES = (
    LogLine(1.0, "INFO", "started", 1),
    LogLine(2.0, "DEBUG", "opened a.exr", 1, "SH010 anim"),
    LogLine(3.0, "WARNING", "the line broke", 2, "SH020 anim"),
    LogLine(4.0, "ERROR", "gave up\nwith details", None),
)


def shown(model: LogModel) -> list[str]:
    return [model.index(n, MESSAGE).data() for n in range(model.rowCount())]


def test_it_keeps_the_rules_of_a_model(theme: Theme, formats: Formats, qtbot: QtBot) -> None:
    model = LogModel(theme, formats)
    tester = QAbstractItemModelTester(model, QAbstractItemModelTester.FailureReportingMode.Warning)
    model.add(LINES)
    model.show_only(Sieve("ERROR"))
    model.add(LINES)
    model.clear()
    tester.setUseFetchMore(False)


def test_level_text_and_task_filter_what_is_there_and_what_comes(theme: Theme, formats: Formats) -> None:
    model = LogModel(theme, formats)
    model.add(LINES)
    model.show_only(Sieve("WARNING"))
    assert shown(model) == ["the line broke", "gave up"]
    model.add(LINES)
    assert len(shown(model)) == 4
    model.show_only(Sieve(text="sh020"))
    assert shown(model) == ["the line broke"] * 2
    model.show_only(Sieve(task=1))
    assert shown(model) == ["started", "opened a.exr"] * 2
    model.show_only(Sieve())
    assert len(shown(model)) == 8


def test_text_to_copy_is_what_is_shown(theme: Theme, formats: Formats) -> None:
    model = LogModel(theme, formats)
    model.add(LINES)
    model.show_only(Sieve("WARNING"))
    assert model.text().splitlines()[0].endswith("WARNING  [SH020 anim] the line broke")
    assert model.text([1]).endswith("ERROR    gave up\nwith details")


def test_the_oldest_lines_go_when_there_are_too_many(
    theme: Theme, formats: Formats, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "KEEP", 1000)
    model = LogModel(theme, formats)
    tester = QAbstractItemModelTester(model, QAbstractItemModelTester.FailureReportingMode.Warning)
    lines = [LogLine(float(n), "ERROR" if n % 2 else "INFO", f"line {n}") for n in range(1005)]
    model.add(lines[:1000])
    assert model.rowCount() == 1000
    model.add(lines[1000:])
    assert shown(model) == [f"line {n}" for n in range(15, 1005)]
    model.show_only(Sieve("ERROR"))
    model.add([LogLine(2000.0, "ERROR", f"late {n}") for n in range(20)])
    assert shown(model)[0] == "line 35" and shown(model)[-1] == "late 19"
    tester.setUseFetchMore(False)


def test_many_lines_are_sifted_while_the_window_lives(
    theme: Theme, formats: Formats, monkeypatch: pytest.MonkeyPatch, qtbot: QtBot
) -> None:
    monkeypatch.setattr(module, "AT_ONCE", 100)
    model = LogModel(theme, formats)
    model.add([LogLine(float(n), "WARNING" if n % 10 == 0 else "INFO", f"line {n}") for n in range(1000)])
    model.show_only(Sieve("WARNING"))
    assert model.rowCount() == 1000, "what is there stays until the rest is found"
    model.add([LogLine(1000.0, "ERROR", "came meanwhile")])
    qtbot.waitUntil(lambda: model.rowCount() == 101)
    assert shown(model)[-2:] == ["line 990", "came meanwhile"]
    model.show_only(Sieve(text="line 99"))
    model.show_only(Sieve(text="line 98"))
    qtbot.waitUntil(lambda: model.rowCount() == 11)
    assert shown(model)[0] == "line 98"


def test_lines_that_go_while_others_are_sifted_are_not_shown(
    theme: Theme, formats: Formats, monkeypatch: pytest.MonkeyPatch, qtbot: QtBot
) -> None:
    monkeypatch.setattr(module, "AT_ONCE", 100)
    monkeypatch.setattr(module, "KEEP", 1000)
    model = LogModel(theme, formats)
    model.add([LogLine(float(n), "WARNING", f"line {n}") for n in range(1000)])
    model.show_only(Sieve("WARNING"))
    model.add([LogLine(1000.0 + n, "INFO", "more") for n in range(200)])
    qtbot.waitUntil(lambda: model.rowCount() < 1000)
    assert shown(model)[0] == "line 210"


def test_a_log_that_has_grown_keeps_its_place(theme: Theme, formats: Formats, qtbot: QtBot) -> None:
    model = LogModel(theme, formats)
    model.renew(LINES[:2])
    with qtbot.assertNotEmitted(model.modelReset):
        model.renew(LINES)
    assert shown(model) == [line.message.partition("\n")[0] for line in LINES]
    model.renew(LINES[1:])
    assert len(shown(model)) == 3
    model.renew(())
    assert shown(model) == []
