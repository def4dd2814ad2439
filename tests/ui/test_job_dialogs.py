"""The dialogs of the jobs tab: add by id or address, start an export, package a folder."""

import sys
import zipfile
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QPushButton

from desktop.core.job import JobState, Outcome
from desktop.ui.dialogs.add_job import AddJobDialog
from desktop.ui.dialogs.pack_results import PackDialog
from desktop.ui.dialogs.start_job import StartJobDialog
from tests.ui.jobs import NAME, Bench

pytestmark = pytest.mark.qt_log_ignore("This plugin does not support")


def form(bench: Bench) -> StartJobDialog:
    bench.connect()
    bench.window.commands.get("jobs-start").trigger()
    dialog = bench.window.findChild(StartJobDialog)
    assert dialog is not None
    return dialog


def exports(bench: Bench) -> list[str]:
    return list(bench.server.exports.jobs)


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("0", "Rows is a whole number from 1 to 1000, not 0."),
        ("1001", "Rows is a whole number from 1 to 1000, not 1,001."),
        ("-5", "Rows is a whole number from 1 to 1000, not -5."),
        ("many", "Rows is a whole number from 1 to 1000, not 'many'."),
        ("1.5", "Rows is a whole number from 1 to 1000, not '1.5'."),
        ("", "Rows is a whole number from 1 to 1000, not nothing."),
    ],
)
def test_a_bad_value_is_told_at_its_field_and_nothing_is_sent(bench: Bench, typed: str, said: str) -> None:
    dialog = form(bench)
    rows = dialog.fields["rows"]
    assert rows.line.text() == "100" and dialog.start_button.isEnabled()
    rows.line.setText(typed)
    assert rows._words.text() == said
    assert not dialog.start_button.isEnabled()
    dialog.start()
    rows.line.setText("1,000")
    assert dialog.start_button.isEnabled() and rows.value() == 1000
    assert not exports(bench)
    dialog.close()


def test_an_export_is_started_followed_and_fetched_by_itself(bench: Bench) -> None:
    dialog = form(bench)
    dialog.fields["rows"].line.setText("40")
    dialog.fields["format"].choice.setCurrentIndex(1)
    dialog.fetch.setChecked(True)
    QTest.mouseClick(dialog.start_button, Qt.MouseButton.LeftButton)
    bench.until(lambda: len(bench.desk.all()) == 1 and bench.desk.all()[0].heard is not None)
    (name,) = exports(bench)
    assert bench.job(name).parameters == {"rows": 40, "format": "tsv"}
    assert bench.tab.view.current() == bench.job(name)
    bench.server.clock.advance(60)
    bench.until(lambda: bench.job(name).state is JobState.DONE)
    bench.until(lambda: bench.outcome(name, bench.job(name).artifacts[0].name) is Outcome.HERE)
    target = bench.window.frame.destination.path / f"results/{name}/{name}.tsv"
    assert len(target.read_text("utf-8").splitlines()) == 41


def test_a_failed_export_is_started_again_with_the_same_choices(bench: Bench) -> None:
    bench.connect()
    bench.server.exports.fail_next()
    errors: list[object] = []
    bench.desk.start(NAME, "export", {"rows": 30, "format": "tsv"}, bench.tab.hands.added.emit, errors.append)
    bench.until(lambda: len(bench.desk.all()) == 1)
    (first,) = exports(bench)
    assert not bench.tab.detail.restart_button.isVisible()
    bench.server.clock.advance(5)
    bench.desk.refresh([bench.job(first).id])
    bench.until(lambda: bench.job(first).state is JobState.FAILED)
    assert "database" in bench.tab.detail._message.text()
    QTest.mouseClick(bench.tab.detail.restart_button, Qt.MouseButton.LeftButton)
    bench.until(lambda: len(bench.desk.all()) == 2)
    assert bench.desk.all()[0].parameters == {"rows": 30, "format": "tsv"} and not errors


def test_what_the_server_says_against_a_start_is_told_in_the_form(bench: Bench) -> None:
    dialog = form(bench)
    bench.server.faults.forbidden = True
    dialog.start()
    bench.until(lambda: bool(dialog.cards.titles()))
    assert dialog.start_button.isEnabled() and dialog.isVisible()
    dialog.close()


def test_an_address_tells_kind_and_server(bench: Bench) -> None:
    bench.connect()
    dialog = AddJobDialog(bench.window.frame, "", "", "", bench.window)
    assert not dialog.add_button.isEnabled()
    dialog.text.setText(f"{bench.server.url}/check_download_status?job_id=export-0001")
    assert (dialog.kind.currentData(), dialog.server.server()) == ("export", NAME)
    assert not dialog.kind.isEnabled() and not dialog.server.isEnabled()
    dialog.text.setText("export-0001")
    assert dialog.kind.isEnabled() and dialog.server.isEnabled()
    dialog.close()


def test_several_ids_are_added_and_what_is_none_stays_to_be_mended(bench: Bench) -> None:
    bench.connect()
    dialog = AddJobDialog(bench.window.frame, "scene-many\nscene-finished ftp://no/job", NAME, "scene", bench.window)
    dialog.added.connect(bench.tab.hands.added)
    dialog.show()
    dialog.add()
    bench.until(lambda: len(bench.desk.all()) == 2 and bool(dialog.cards.titles()))
    assert dialog.isVisible() and dialog.add_button.isEnabled()
    dialog.text.setText("scene-failed")
    dialog.add()
    bench.until(lambda: bench.known("scene-failed"))
    bench.until(lambda: not bench.window.findChildren(AddJobDialog) or not dialog.isVisible())


def pack_dialog(bench: Bench, folder: Path) -> PackDialog:
    dialog = PackDialog(bench.window.frame, folder, bench.window)
    dialog.show()
    return dialog


def test_a_folder_is_packed_in_the_background(bench: Bench, tmp_path: Path) -> None:
    dialog = pack_dialog(bench, bench.server.reconstructions.output("rec-done"))
    assert dialog.target.text().endswith("rec-done.zip")
    target = tmp_path / "handed/over.zip"
    target.parent.mkdir()
    dialog._chosen(str(target))
    told: list[tuple[int, int]] = []
    dialog._told.connect(lambda done, size: told.append((done, size)))
    QTest.mouseClick(dialog.pack_button, Qt.MouseButton.LeftButton)
    bench.until(lambda: dialog.cards.titles() == ("over.zip is written.",))
    assert told and told[-1][0] == told[-1][1] == target.stat().st_size
    assert "reconviagen/mesh.glb" in zipfile.ZipFile(target).namelist()
    dialog.close()


def test_an_incomplete_folder_is_named_and_only_what_is_whole_is_offered(bench: Bench, tmp_path: Path) -> None:
    dialog = pack_dialog(bench, bench.server.reconstructions.output("rec-incomplete"))
    target = tmp_path / "half.zip"
    dialog._chosen(str(target))
    dialog.pack()
    bench.until(lambda: dialog.cards.titles() == ("The results are incomplete: nothing was packed.",))
    assert not target.exists()
    (button,) = [b for b in dialog.cards.findChildren(QPushButton) if b.text() == "Package reconviagen only"]
    button.click()
    bench.until(lambda: dialog.cards.titles() == ("half.zip is written.",))
    assert not [name for name in zipfile.ZipFile(target).namelist() if name.startswith("nvdiffrec")]
    dialog.close()


def test_a_folder_that_is_not_there_is_told(bench: Bench, tmp_path: Path) -> None:
    dialog = pack_dialog(bench, tmp_path / "absent")
    dialog.pack()
    bench.until(lambda: bool(dialog.cards.titles()))
    assert dialog.pack_button.isEnabled()
    dialog.close()


@pytest.mark.skipif(sys.platform == "win32", reason="Windows makes a home of any name")
def test_a_home_that_is_typed_letter_by_letter_stops_nothing(bench: Bench, tmp_path: Path) -> None:
    dialog = pack_dialog(bench, tmp_path)
    dialog.folder.clear()
    QTest.keyClicks(dialog.folder, "~nobody-of-this-name/out")
    assert dialog.target.text() == "~nobody-of-this-name/out.zip"
    dialog.close()
