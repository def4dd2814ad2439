"""What jobs brought: pictures, numbers against thresholds, tables, results that are held back."""

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QPushButton

from desktop.core.job import Job, Outcome
from desktop.ui.dialogs.picture import PictureDialog
from desktop.ui.dialogs.settings import SettingsDialog
from desktop.ui.models.measures import VERDICT
from tests.ui.jobs import NAME, Bench, artifact, download, job

pytestmark = pytest.mark.qt_log_ignore("This plugin does not support")


def fetch(bench: Bench, kind: str, name: str, outcome: Outcome) -> None:
    bench.add(kind, name)
    bench.tab.download()
    bench.until(lambda: bench.outcome(name) is outcome)


def pages(bench: Bench) -> list[str]:
    tabs = bench.tab.detail.tabs
    return [tabs.tabText(number) for number in range(tabs.count()) if tabs.isTabVisible(number)]


def verdicts(bench: Bench) -> set[str]:
    model = bench.tab.detail.results.measures
    return {model.index(row, VERDICT).data() for row in range(model.rowCount())}


def test_good_results_are_unpacked_and_shown(bench: Bench) -> None:
    bench.connect()
    fetch(bench, "reconstruction", "rec-done", Outcome.UNPACKED)
    bench.until(lambda: pages(bench) == ["Files", "Previews", "Quality", "Log"])
    results = bench.tab.detail.results
    assert results.preview_model.rowCount() == 12
    assert verdicts(bench) == {"good", "not judged"}
    bench.tab.view.setFocus()
    QTest.keyClick(bench.tab.view, Qt.Key.Key_Space)
    assert bench.tab.detail.tabs.currentWidget() is results.previews
    first = results.preview_model.rows()[0]
    assert first.textured is not None and first.wireframe is not None
    bench.until(lambda: all(results.pictures.get(path) for _, path in first.pictures))


def test_who_looks_at_pictures_goes_on_doing_so_from_job_to_job(bench: Bench) -> None:
    bench.connect()
    bench.add("scene", "scene-finished")
    fetch(bench, "reconstruction", "rec-done", Outcome.UNPACKED)
    tabs, results = bench.tab.detail.tabs, bench.tab.detail.results
    bench.until(lambda: results.preview_model.rowCount() == 12)
    tabs.setCurrentWidget(results.previews)
    bench.select("scene-finished")
    assert tabs.currentIndex() == 0
    bench.select("rec-done")
    bench.until(lambda: tabs.currentWidget() is results.previews)


def test_a_picture_is_enlarged_and_the_arrows_lead_around(bench: Bench) -> None:
    bench.connect()
    fetch(bench, "reconstruction", "rec-done", Outcome.UNPACKED)
    results = bench.tab.detail.results
    bench.until(lambda: results.preview_model.rowCount() == 12)
    results.grid.setCurrentIndex(results.preview_model.index(0))
    bench.tab.detail.tabs.setCurrentWidget(results.previews)
    QTest.keyClick(results.grid, Qt.Key.Key_Return)
    dialog = bench.window.findChild(PictureDialog)
    assert dialog is not None and dialog.caption == "reconviagen, view 1, textured"
    QTest.keyClick(dialog, Qt.Key.Key_Right)
    assert dialog.caption == "reconviagen, view 1, wireframe"
    for _ in range(2):
        QTest.keyClick(dialog, Qt.Key.Key_Left)
    assert dialog.caption == "nvdiffrec, view 6, wireframe"
    dialog.close()


def test_poor_results_are_held_and_unpacked_only_if_somebody_says_so(bench: Bench) -> None:
    bench.connect()
    fetch(bench, "reconstruction", "rec-low-quality", Outcome.HELD)
    detail = bench.tab.detail
    bench.until(lambda: "poor" in verdicts(bench))
    assert detail.cards.titles() == ("Below the quality threshold: not unpacked automatically.",)
    assert not detail.results.preview_model.rowCount()
    buttons = {button.accessibleName(): button for button in detail.cards.findChildren(QPushButton)}
    QTest.mouseClick(buttons["Show the numbers"], Qt.MouseButton.LeftButton)
    assert detail.tabs.currentWidget() is detail.results.quality
    QTest.mouseClick(buttons["Unpack anyway"], Qt.MouseButton.LeftButton)
    bench.until(lambda: bench.outcome("rec-low-quality") is Outcome.UNPACKED)
    bench.until(lambda: detail.results.preview_model.rowCount() == 12)
    assert not detail.cards.titles()


def test_other_thresholds_judge_anew(bench: Bench) -> None:
    bench.connect()
    fetch(bench, "reconstruction", "rec-done", Outcome.UNPACKED)
    bench.until(lambda: "good" in verdicts(bench))
    dialog = SettingsDialog(bench.window.frame, bench.window)
    dialog.quality.setText("psnr 50 40")
    dialog.quality.editingFinished.emit()
    bench.until(lambda: verdicts(bench) == {"poor", "not judged"})
    dialog.quality.setText("psnr fifty")
    dialog.quality.editingFinished.emit()
    assert dialog.cards.titles()
    assert bench.services.settings.value.quality == (("psnr", 50.0, 40.0),)
    dialog.close()


def test_a_table_shows_its_first_rows(bench: Bench) -> None:
    bench.connect()
    errors: list[object] = []
    started: list[Job] = []
    bench.desk.start(NAME, "export", {"rows": 120, "format": "tsv"}, started.append, errors.append)
    bench.until(lambda: bool(started or errors))
    assert not errors
    bench.server.clock.advance(60)
    bench.desk.refresh([started[0].id])
    name = started[0].remote_id
    bench.until(lambda: bool(bench.job(name).available))
    bench.select(name)
    bench.tab.download()
    results = bench.tab.detail.results
    bench.until(lambda: results.has_table)
    assert pages(bench) == ["Files", "Table", "Log"]
    assert results.table_model.rowCount() == 50
    assert results._table_words.toolTip() == "First 50 of 120 rows"


@pytest.mark.parametrize(("rows", "said"), [(1, "1 row, csv"), (120, "120 rows, csv")])
def test_a_job_says_with_what_it_was_started(bench: Bench, rows: int, said: str) -> None:
    detail = bench.tab.detail
    detail.show_job(job(kind="export", parameters={"rows": rows, "format": "csv"}), {}, ())
    assert f" {said} " in detail._about.accessibleName()


@pytest.mark.parametrize("outcome", [Outcome.MISSED, Outcome.BROKEN])
def test_what_did_not_come_whole_is_told_and_can_be_fetched_again(bench: Bench, outcome: Outcome) -> None:
    detail = bench.tab.detail
    detail.show_job(job(artifacts=(artifact(),), downloads=(download(outcome, note="The line broke."),)), {}, ())
    assert len(detail.cards.titles()) == 1
    (button,) = [button for button in detail.cards.findChildren(QPushButton) if button.text() == "Download again"]
    with bench.qtbot.waitSignal(detail.artifacts.fetched) as heard:
        button.click()
    assert heard.args == ["blend"]
