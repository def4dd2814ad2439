"""The jobs tab on the demo studio's job server: followed, looked at, fetched."""

from collections.abc import Callable
from pathlib import Path

import pytest
from PySide6.QtCore import QMimeData, QPoint, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDropEvent, QGuiApplication
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractButton, QAbstractItemView, QComboBox, QLineEdit, QProgressBar, QPushButton

from desktop.core.connection import Connection, parse_connection
from desktop.core.job import JobState, Outcome
from desktop.ui.colours import Tone
from desktop.ui.dialogs.add_job import AddJobDialog
from desktop.ui.dialogs.host_key import HostKeyDialog
from desktop.ui.dialogs.pack_results import PackDialog
from desktop.ui.dialogs.start_job import StartJobDialog
from desktop.ui.dialogs.web_server import WebServerDialog
from desktop.ui.main_window import MainWindow
from desktop.ui.models.job_list import JOB_ROLE
from desktop.ui.tab import Demo
from desktop.ui.widgets.card import Card
from tests.servers.nginx import NginxServer
from tests.ui.jobs import NAME, Bench
from tests.ui.test_window import INSIDE

pytestmark = pytest.mark.qt_log_ignore("This plugin does not support")  # what the offscreen platform cannot


def card_buttons(bench: Bench) -> dict[str, QPushButton]:
    return {button.accessibleName(): button for button in bench.tab.detail.cards.findChildren(QPushButton)}


def test_without_a_server_the_tab_teaches(bench: Bench) -> None:
    assert bench.tab.empty.currentWidget() is bench.tab.empty._none
    assert not bench.tab.bar.isVisible()


def test_with_a_server_and_no_jobs_it_says_to_paste_one(bench: Bench) -> None:
    bench.connect()
    assert bench.tab.empty.currentWidget() is bench.tab.empty._empty


def test_a_pasted_address_is_followed_at_once_by_the_connection_that_logs_in(bench: Bench) -> None:
    bench.connect()
    QGuiApplication.clipboard().setText(f"{bench.server.url}/jobs/rec-done\n{bench.server.url}/api/session/scene-many")
    bench.window.commands.get("jobs-paste").trigger()
    bench.until(lambda: len(bench.desk.all()) == 2 and all(job.heard for job in bench.desk.all()))
    assert {job.server for job in bench.desk.all()} == {NAME}
    assert {job.state for job in bench.desk.all()} == {JobState.DONE}
    assert bench.tab.bar.isVisible()


def test_a_pasted_id_asks_for_its_kind(bench: Bench) -> None:
    bench.connect()
    bench.tab.hands.paste("rec-done")
    dialog = bench.window.findChild(AddJobDialog)
    assert dialog is not None and dialog.text.text() == "rec-done" and dialog.kind.isEnabled()
    dialog.kind.setCurrentIndex(dialog.kind.findData("reconstruction"))
    QTest.mouseClick(dialog.add_button, Qt.MouseButton.LeftButton)
    bench.until(lambda: bench.known("rec-done") and bench.job("rec-done").state is JobState.DONE)
    assert bench.tab.detail.job is not None and bench.tab.detail.job.remote_id == "rec-done"


def test_addresses_can_be_dropped_and_folders_are_left_to_the_window(bench: Bench) -> None:
    bench.connect()
    data, point, none = QMimeData(), QPoint(40, 40), Qt.KeyboardModifier.NoModifier
    data.setUrls([QUrl(f"{bench.server.url}/jobs/rec-done")])
    enter = QDragEnterEvent(point, Qt.DropAction.CopyAction, data, Qt.MouseButton.LeftButton, none)
    bench.tab.dragEnterEvent(enter)
    assert enter.isAccepted()
    bench.tab.dropEvent(QDropEvent(point, Qt.DropAction.CopyAction, data, Qt.MouseButton.LeftButton, none))
    bench.until(lambda: bench.known("rec-done"))
    folder = QMimeData()
    folder.setUrls([QUrl.fromLocalFile("/shows")])
    enter = QDragEnterEvent(point, Qt.DropAction.CopyAction, folder, Qt.MouseButton.LeftButton, none)
    bench.tab.dragEnterEvent(enter)
    assert not enter.isAccepted()


def test_every_control_has_a_name(bench: Bench) -> None:
    bench.connect()
    bench.add("reconstruction", "rec-done")
    frame, window = bench.window.frame, bench.window
    export = next(kind for kind in bench.desk.kinds if kind.fields)
    dialogs = (
        AddJobDialog(frame, "", NAME, "", window),
        StartJobDialog(frame, export, NAME, window),
        PackDialog(frame, None, window),
    )
    nameless = []
    for root in (bench.tab, *dialogs):
        for kind in (QAbstractButton, QLineEdit, QComboBox, QAbstractItemView, QProgressBar):
            for control in root.findChildren(kind):
                words = control.accessibleName() or (control.text() if isinstance(control, QAbstractButton) else "")
                home = control.parent()
                place = home.metaObject().className() if home else ""
                if not words and place not in INSIDE:
                    nameless.append(f"{place} > {control.metaObject().className()}")
    for dialog in dialogs:
        dialog.close()
    assert not nameless


def test_a_job_that_runs_is_asked_after_until_it_is_done(bench: Bench) -> None:
    bench.connect()
    bench.add("reconstruction", "rec-running")
    assert bench.job("rec-running").state is JobState.RUNNING
    bench.until(lambda: not bench.tab.bar.order_button.isEnabled())
    bench.server.clock.advance(30)
    bench.window.commands.get("jobs-refresh").trigger()
    assert bench.tab.detail.refresh_button.accessibleName().startswith("Asking")
    bench.until(lambda: bench.job("rec-running").state is JobState.DONE)
    bench.until(lambda: bench.tab.detail.refresh_button.isEnabled())
    bench.until(lambda: bench.tab.bar.order_button.accessibleName() == "Download 1")


def test_artifacts_are_offered_by_availability_whatever_the_state(bench: Bench) -> None:
    bench.connect()
    bench.add("scene", "scene-growing")
    bench.server.clock.advance(4)
    bench.desk.refresh([bench.job("scene-growing").id])
    bench.until(lambda: bool(bench.job("scene-growing").available))
    lines = bench.tab.detail.artifacts.lines
    assert [name for name, line in lines.items() if line.button.isEnabled()] == ["blend"]
    assert lines["render"].button.toolTip() == "Not there yet: the job still runs."
    assert bench.job("scene-growing").state is JobState.RUNNING


def test_a_scene_comes_home_by_its_button(bench: Bench) -> None:
    bench.connect()
    bench.add("scene", "scene-finished")
    line = bench.tab.detail.artifacts.lines["blend"]
    QTest.mouseClick(line.button, Qt.MouseButton.LeftButton)
    assert not line.button.isEnabled()
    bench.until(lambda: bench.outcome("scene-finished", "blend") is Outcome.HERE)
    bench.until(lambda: line.button.accessibleName() == "Open folder Scene")
    target = bench.window.frame.destination.path / "results/scene-finished/robot_walk.blend"
    assert target.stat().st_size > 0
    assert bench.window.transfers.model.rowCount() == 1
    bench.until(lambda: bench.tab.bar.order_button.accessibleName() == "Download 2")


def test_project_and_shot_are_folders_on_the_way_and_hostile_ones_are_refused(bench: Bench) -> None:
    bench.connect()
    bench.add("scene", "scene-finished")
    bench.tab.place.project.setText("VEGA")
    bench.tab.place.shot.setText("SH010")
    root = bench.window.frame.destination.path
    assert bench.tab.place.folder() == root / "VEGA/SH010/results/scene-finished"
    bench.tab.place.shot.setText("..")
    assert bench.tab.place.folder() is None
    bench.tab.download()
    assert bench.tab.cards.titles()
    assert not bench.tab.orders.asked


def test_several_jobs_are_fetched_one_after_the_other(bench: Bench) -> None:
    bench.connect()
    bench.add("scene", "scene-finished", "scene-failed")
    bench.tab.view.select(job.id for job in bench.desk.all())
    bench.until(lambda: bench.tab.bar.order_button.accessibleName() == "Download 5")
    assert not bench.tab.bar.plan_button.isEnabled()
    QTest.mouseClick(bench.tab.bar.order_button, Qt.MouseButton.LeftButton)
    bench.until(lambda: bench.window.transfers.model.rowCount() == 2)
    for name, what in (("scene-finished", "render"), ("scene-failed", "scripts")):
        bench.until(lambda name=name, what=what: bench.outcome(name, what) is Outcome.HERE)  # type: ignore[misc]  # a default


def test_a_plan_is_looked_at_and_run_for_its_job(bench: Bench) -> None:
    bench.connect()
    bench.add("scene", "scene-finished")
    bench.window.commands.get("jobs-plan").trigger()
    bench.until(lambda: bench.tab.pages.currentIndex() == 1)
    page = bench.tab.plan_page
    page.model.setData(page.model.index(0, 0), Qt.CheckState.Unchecked, Qt.ItemDataRole.CheckStateRole)
    bench.window.commands.get("jobs-run-plan").trigger()
    bench.until(lambda: bench.outcome("scene-finished", "render") is Outcome.HERE)
    assert bench.outcome("scene-finished", "blend") is None
    bench.tab.show_list()
    assert bench.tab.pages.currentIndex() == 0


def test_a_plan_that_is_looked_at_stays_its_own_jobs(bench: Bench) -> None:
    bench.connect()
    bench.add("scene", "scene-finished", "scene-failed")
    bench.select("scene-finished")
    bench.tab.plan()
    bench.until(lambda: bench.tab.pages.currentIndex() == 1)
    bench.tab.orders.fetch(bench.job("scene-failed"), ("scripts",))
    bench.until(lambda: bench.outcome("scene-failed", "scripts") is Outcome.HERE)
    bench.window.commands.get("jobs-run-plan").trigger()
    bench.until(lambda: bench.outcome("scene-finished", "render") is Outcome.HERE)
    assert bench.outcome("scene-failed", "blend") is None


def test_what_is_missing_is_listed(bench: Bench) -> None:
    bench.connect()
    bench.add("reconstruction", "rec-incomplete")
    assert bench.tab.detail._missing.isVisible()
    assert "nvdiffrec" in bench.tab.detail._missing.text()
    line = bench.tab.detail.artifacts.lines["results"]
    assert not line.button.isEnabled() and line.button.toolTip()


def test_a_wrong_token_is_told_with_the_door_to_mend_it(bench: Bench) -> None:
    bench.connect("wrong")
    bench.desk.add(
        NAME, "reconstruction", "rec-done", bench.tab.hands.added.emit, lambda error: pytest.fail(str(error))
    )
    bench.until(lambda: bench.known("rec-done") and bench.job("rec-done").trouble is not None)
    QTest.mouseClick(card_buttons(bench)["Enter a token\N{HORIZONTAL ELLIPSIS}"], Qt.MouseButton.LeftButton)
    dialog = bench.window.findChild(WebServerDialog)
    assert dialog is not None
    dialog.keep.setChecked(False)
    dialog.secret.setText(bench.server.token)
    QTest.mouseClick(dialog.save_button, Qt.MouseButton.LeftButton)
    bench.until(lambda: bench.job("rec-done").state is JobState.DONE and bench.job("rec-done").heard is not None)
    assert not bench.tab.detail.cards.titles()


def test_a_job_of_a_bare_address_is_adopted_by_the_connection_made_for_it(bench: Bench) -> None:
    tab = bench.tab
    bench.desk.add("", "reconstruction", f"{bench.server.url}/jobs/rec-done", tab.hands.added.emit, lambda error: None)
    bench.until(lambda: bench.known("rec-done") and bench.job("rec-done").trouble is not None)
    assert bench.job("rec-done").server == bench.server.url
    QTest.mouseClick(card_buttons(bench)["Enter a token\N{HORIZONTAL ELLIPSIS}"], Qt.MouseButton.LeftButton)
    dialog = bench.window.findChild(WebServerDialog)
    assert dialog is not None and dialog.address.text() == bench.server.url
    dialog.name.setText(NAME)
    dialog.keep.setChecked(False)
    dialog.secret.setText(bench.server.token)
    dialog.save()
    bench.until(lambda: [job.server for job in bench.desk.all()] == [NAME])
    bench.until(lambda: bench.job("rec-done").state is JobState.DONE and bench.job("rec-done").heard is not None)


def test_an_unknown_certificate_is_shown_and_trusted(
    bench: Bench, tmp_path: Path, start_server: Callable[[NginxServer], NginxServer]
) -> None:
    (tmp_path / "root").mkdir()
    behind = f"location / {{ proxy_pass http://127.0.0.1:{bench.server.api.port}; }}"
    front = start_server(NginxServer(tmp_path / "root", tmp_path / "front", tls=True, extra=(behind,)))
    bench.connect(url=f"{front.url}work")
    bench.desk.add(NAME, "reconstruction", "rec-done", bench.tab.hands.added.emit, lambda _error: None)
    bench.until(lambda: bench.known("rec-done") and bench.job("rec-done").trouble is not None)
    QTest.mouseClick(card_buttons(bench)["Check the certificate\N{HORIZONTAL ELLIPSIS}"], Qt.MouseButton.LeftButton)
    bench.until(lambda: bench.window.findChild(HostKeyDialog) is not None)
    dialog = bench.window.findChild(HostKeyDialog)
    assert dialog is not None
    QTest.mouseClick(dialog.yes_button, Qt.MouseButton.LeftButton)
    bench.until(lambda: bench.job("rec-done").heard is not None)
    bench.until(lambda: not bench.tab.detail.cards.titles())
    bench.tab.download()
    bench.until(lambda: bench.outcome("rec-done") is Outcome.UNPACKED)


def test_a_server_that_is_away_leaves_what_is_known(bench: Bench) -> None:
    bench.connect()
    bench.add("scene", "scene-finished")
    bench.server.stop()
    bench.tab.refresh()
    bench.until(lambda: bench.job("scene-finished").trouble is not None)
    assert bench.job("scene-finished").state is JobState.DONE
    assert bench.tab.detail.cards.titles()
    (card,) = bench.tab.detail.cards.findChildren(Card)
    assert card.property("tone") == Tone.WARN.value, "as the other tabs show it: it asks something, it is no fault"
    assert bench.window.status._link.text() == f"{NAME}: not connected"
    assert bench.tab.detail.artifacts.lines["blend"].button.isEnabled()
    bench.server.start()
    bench.tab.refresh()
    bench.until(lambda: bench.job("scene-finished").trouble is None)
    assert not bench.tab.detail.cards.titles()


def test_jobs_are_removed_and_the_next_one_is_looked_at(bench: Bench) -> None:
    bench.connect()
    bench.add("scene", "scene-finished", "scene-many")
    bench.tab.view.setFocus()
    bench.window.commands.get("jobs-remove").trigger()
    bench.until(lambda: not bench.known("scene-many"))
    assert bench.tab.detail.job is not None and bench.tab.detail.job.remote_id == "scene-finished"
    bench.window.commands.get("jobs-remove").trigger()
    bench.until(lambda: not bench.desk.all())
    assert bench.tab.empty.isVisible()


def test_the_search_narrows_and_keeps_the_current_job(bench: Bench) -> None:
    bench.connect()
    bench.add("scene", "scene-finished", "scene-many")
    bench.select("scene-finished")
    bench.window.top_bar.search.setText("finished")
    assert [bench.tab.model.index(row).data(JOB_ROLE).remote_id for row in range(bench.tab.model.rowCount())] == [
        "scene-finished"
    ]
    assert bench.tab.view.current() == bench.job("scene-finished")
    bench.window.top_bar.search.setText("no such job")
    assert bench.tab.empty.currentWidget() is bench.tab.empty._no_match
    bench.window.commands.get("clear-search").trigger()
    assert bench.tab.model.rowCount() == 2


def test_jobs_are_watched_only_while_the_tab_is_shown(bench: Bench, window: MainWindow) -> None:
    assert bench.desk._watchers == 1
    window.show_tab(0)
    assert bench.desk._watchers == 0
    window.show_tab(2)
    assert bench.desk._watchers == 1
    window.close()
    assert bench.desk._watchers == 0


def test_the_report_of_a_job_can_be_sent(bench: Bench) -> None:
    bench.connect()
    bench.add("reconstruction", "rec-failed")
    bench.window.commands.get("jobs-copy").trigger()
    said = QGuiApplication.clipboard().text()
    assert "rec-failed" in said and "camera poses" in said and bench.server.token not in said


def test_the_log_of_a_job_is_its_own(bench: Bench) -> None:
    bench.connect()
    bench.add("scene", "scene-finished", "scene-many")
    bench.tab.download()
    bench.until(lambda: bench.outcome("scene-many", "render") is Outcome.HERE)
    bench.tab.detail.tabs.setCurrentWidget(bench.tab.detail.log)
    model = bench.tab.detail.log.view.model
    bench.until(lambda: any(model.line(row).task_id is not None for row in range(model.rowCount())))
    assert model.line(0).message.startswith("scene scene-many is done")
    bench.select("scene-finished")
    bench.until(lambda: model.rowCount() == 1 and model.text().endswith("scene scene-finished is done. "))


def test_server_project_and_shot_are_remembered(bench: Bench) -> None:
    bench.connect()
    bench.tab.place.project.setText("VEGA")
    kept = bench.window._ini
    bench.tab.keep(kept)
    bench.tab.place.project.setText("")
    bench.tab.recall(kept)
    assert (bench.tab.place.project.text(), bench.tab.picker.name()) == ("VEGA", NAME)


def test_the_demo_studio_is_entered_by_its_server_of_jobs(bench: Bench, connection: Connection) -> None:
    gallery, _ = parse_connection("demo-gallery", bench.server.url.replace("/work", "/studio"))
    work, _ = parse_connection("demo-jobs", bench.server.url)
    bench.tab.doors.enter_demo(Demo(connection, None, None, ((gallery, "a"), (work, bench.server.token))))
    bench.until(lambda: bench.tab.picker.name() == "demo-jobs")
    bench.tab.hands.paste(f"{bench.server.url}/jobs/rec-done")
    bench.until(lambda: bench.known("rec-done") and bench.job("rec-done").state is JobState.DONE)
    assert bench.job("rec-done").server == "demo-jobs"


def test_what_is_dragged_over_the_list_reaches_the_tab(bench: Bench) -> None:
    assert not bench.tab.view.acceptDrops() and not bench.tab.view.viewport().acceptDrops()
    assert bench.tab.acceptDrops()
