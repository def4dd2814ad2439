from dataclasses import replace

from PySide6.QtCore import Qt
from PySide6.QtTest import QAbstractItemModelTester
from pytestqt.qtbot import QtBot

from desktop.core.job import JobState, KindInfo
from desktop.ui.formats import Formats
from desktop.ui.models.job_list import JOB_ROLE, JobListModel
from desktop.ui.theme import Theme
from tests.ui.jobs import NOW, job

KINDS = (KindInfo("scene", "Scene session", ""), KindInfo("export", "Table export", ""))


def model(theme: Theme, formats: Formats) -> JobListModel:
    made = JobListModel(theme, formats, KINDS, lambda: NOW)
    made.fill((job(1), job(2, JobState.RUNNING, progress=40.0), job(3, kind="export")))
    return made


def ids(one: JobListModel) -> list[int]:
    return [one.index(row).data(JOB_ROLE).id for row in range(one.rowCount())]


def test_it_keeps_the_rules_of_a_model(theme: Theme, formats: Formats, qtbot: QtBot) -> None:
    one = model(theme, formats)
    tester = QAbstractItemModelTester(one, QAbstractItemModelTester.FailureReportingMode.Warning)
    one.put((job(4), job(2, JobState.FAILED), job(7)))
    one.tick()
    one.drop((3, 99))
    one.show_only("failed")
    one.put((job(8), job(9, JobState.FAILED)))
    one.show_only("")
    one.fill(())
    tester.setUseFetchMore(False)


def test_the_newest_is_on_top_wherever_it_comes_from(theme: Theme, formats: Formats) -> None:
    one = model(theme, formats)
    one.put((job(9), job(5)))
    assert ids(one) == [9, 5, 3, 2, 1]


def test_a_job_that_moves_keeps_its_row_and_tells_only_that(theme: Theme, formats: Formats, qtbot: QtBot) -> None:
    one = model(theme, formats)
    with qtbot.assertNotEmitted(one.modelReset), qtbot.waitSignal(one.dataChanged) as heard:
        one.put((job(2, JobState.DONE),))
    assert heard.args[0].row() == 1 and ids(one) == [3, 2, 1]


def test_words_of_id_kind_and_state_narrow_the_list(theme: Theme, formats: Formats) -> None:
    one = model(theme, formats)
    one.show_only("SCENE done")
    assert ids(one) == [1]
    one.show_only("job-3")
    assert ids(one) == [3]
    one.put((job(4),))
    assert ids(one) == [3] and len(one.everything()) == 4
    one.show_only("")
    assert ids(one) == [4, 3, 2, 1]


def test_a_row_is_told_in_words(theme: Theme, formats: Formats) -> None:
    one = model(theme, formats)
    said = one.index(1).data(Qt.ItemDataRole.AccessibleTextRole)
    assert said.startswith("Scene session, job-2, running, 40 %")


def test_servers_are_named_only_where_there_are_several(theme: Theme, formats: Formats) -> None:
    one = model(theme, formats)
    assert not one.many_servers
    one.put((replace(job(4), server="https://other.example/work"),))
    assert one.many_servers
