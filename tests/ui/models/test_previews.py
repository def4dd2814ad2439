from pathlib import Path

from PySide6.QtCore import QSize
from PySide6.QtTest import QAbstractItemModelTester
from pytestqt.qtbot import QtBot

from desktop.core.job import ModelResult
from desktop.demo.pictures import png_of
from desktop.ui.models.previews import PAIR_ROLE, Pair, Pictures, PreviewModel, pairs_of


def picture(path: Path, side: int = 4) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(png_of(side, side, [bytes((200, 100, 50)) * side for _ in range(side)]))
    return path


def result(root: Path, name: str, *files: str) -> ModelResult:
    return ModelResult(name, True, tuple(picture(root / name / file) for file in files))


def test_pictures_of_one_view_are_a_pair_in_the_order_of_models_and_views(tmp_path: Path) -> None:
    first = result(tmp_path, "zeta", "wireframe_01.png", "textured_01.png", "textured_00.png", "poster.png")
    second = result(tmp_path, "alpha", "wireframe_00.png")
    pairs = pairs_of((first, second))
    assert [(pair.caption, pair.textured is None, pair.wireframe is None) for pair in pairs] == [
        ("zeta, view 1", False, True),
        ("zeta, view 2", False, False),
        ("alpha, view 1", True, False),
    ]
    assert [caption for caption, _ in pairs[1].pictures] == ["zeta, view 2, textured", "zeta, view 2, wireframe"]


def test_it_keeps_the_rules_of_a_model(qtbot: QtBot) -> None:
    model = PreviewModel()
    tester = QAbstractItemModelTester(model, QAbstractItemModelTester.FailureReportingMode.Warning)
    model.fill((Pair("one", 1, None, None), Pair("one", 2, None, None)))
    assert model.index(1).data(PAIR_ROLE).view == 2
    model.fill(())
    tester.setUseFetchMore(False)


def test_pictures_are_read_aside_no_larger_than_wanted_and_once(tmp_path: Path, qtbot: QtBot) -> None:
    pictures = Pictures(QSize(8, 8))
    path = picture(tmp_path / "a.png", 32)
    with qtbot.waitSignal(pictures.arrived) as heard:
        assert pictures.get(path) is None
    assert heard.args == [path]
    found = pictures.get(path)
    assert found is not None and found.size() == QSize(8, 8)
    pictures.stop()


def test_a_picture_that_cannot_be_read_is_said_to_be_none(tmp_path: Path, qtbot: QtBot) -> None:
    pictures = Pictures(QSize(8, 8))
    for name in ("absent.png", "broken.png"):
        if name == "broken.png":
            (tmp_path / name).write_bytes(b"no picture")
        with qtbot.waitSignal(pictures.arrived):
            pictures.get(tmp_path / name)
        found = pictures.get(tmp_path / name)
        assert found is not None and found.isNull()
    pictures.stop()


def test_what_was_asked_for_before_a_clearing_does_not_come_after_it(tmp_path: Path, qtbot: QtBot) -> None:
    pictures = Pictures(QSize(8, 8))
    path = picture(tmp_path / "a.png")
    pictures.get(path)
    pictures.stop()
    picture(path, 6)
    with qtbot.waitSignal(pictures.arrived):
        assert pictures.get(path) is None
    found = pictures.get(path)
    assert found is not None and found.size() == QSize(6, 6)
    pictures.stop()
