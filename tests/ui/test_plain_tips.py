"""R50: a server's words are never taken for HTML, which would fetch pictures; every tooltip shows them as they are."""

import ast
import re
from pathlib import Path

import pytest
from PySide6.QtGui import Qt, QTextDocument
from pytestqt.qtbot import QtBot

from desktop.core.job import Table
from desktop.ui.formats import plain
from desktop.ui.models.columns import Role
from desktop.ui.models.measures import TableModel
from desktop.ui.theme import Theme
from desktop.ui.widgets.parts import Elided, label
from tests.faults.naughty import NAUGHTY

UI = Path(__file__).parents[2] / "desktop" / "ui"
PICTURE = "<img src='//evil/share/x.png'> v001\nsecond"
PASSED_ON = {("parts", "name"), ("action_button", "action.toolTip()")}
"""Module and value: texts that those who call were looked at for."""
LITERAL = re.compile(r"ToolTipRole:\n\s+return (?!plain\()(?!self\.tip or None)")
"""A model that gives a tooltip without `plain`; a column's own explanation is ours."""


def shown(tip: str) -> str:
    """Return what a person reads in a tooltip."""
    if not Qt.mightBeRichText(tip):
        return tip
    page = QTextDocument()
    page.setHtml(tip)
    return page.toPlainText()


@pytest.mark.parametrize("text", [PICTURE, *NAUGHTY], ids=lambda text: ascii(text)[1:21])
def test_words_are_shown_as_they_are(qtbot: QtBot, text: str) -> None:
    text = text.encode("utf-8", "replace").decode()
    tip = plain(text)
    assert "<img" not in tip
    assert tip == text or " ".join(shown(tip).split()) == " ".join(text.split())


def test_a_table_of_the_servers_and_a_shortened_name(qtbot: QtBot, theme: Theme) -> None:
    model = TableModel(theme)
    model.fill(Table(("a",), ((PICTURE,),)))
    index = model.index(0, 0)
    assert index.data(Role.DisplayRole) == PICTURE
    assert "<img" not in index.data(Role.ToolTipRole)
    name = Elided()
    qtbot.addWidget(name)
    name.show_text(PICTURE)
    assert "<img" not in name.toolTip()
    words = label(PICTURE)
    qtbot.addWidget(words)
    assert words.textFormat() is Qt.TextFormat.PlainText


@pytest.mark.parametrize("path", sorted(UI.rglob("*.py")), ids=lambda path: path.stem)
def test_every_tooltip_is_ours_or_plain(path: Path) -> None:
    """What is given to setToolTip, or to a view that asks for one, is a text of the program or goes through `plain`."""
    text = path.read_text("utf-8")
    assert not LITERAL.search(text)
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "setToolTip":
            [told] = node.args
            ours = isinstance(told, ast.Constant | ast.JoinedStr | ast.IfExp | ast.BoolOp)
            called = isinstance(told, ast.Call) and isinstance(told.func, ast.Name) and told.func.id == "plain"
            assert ours or called or (path.stem, ast.unparse(told)) in PASSED_ON, ast.unparse(told)
