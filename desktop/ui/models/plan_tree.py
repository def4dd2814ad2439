"""A plan as a tree - shot, item, file - with boxes to leave things out; after the run the same tree is the receipt."""

from collections.abc import Collection, Sequence

from PySide6.QtCore import QAbstractItemModel, QModelIndex, QObject, Qt, Signal

from desktop.core.plan import Plan
from desktop.core.task import FileResult, TaskFile
from desktop.ui.colours import Tone
from desktop.ui.formats import Face, Formats, plain, words
from desktop.ui.models.columns import LEFT, NO_PARENT, RIGHT, Column, Index, Role
from desktop.ui.models.plan_choice import PlanChoice
from desktop.ui.theme import Theme

NAME, ACTION, SIZE, NOTE = range(4)
COLUMNS = (
    Column("Shot, item, file", 280),
    Column("What will happen", 224),
    Column("Size", 84, right=True),
    Column("Why", 0),
)
SHOT_LEVEL, ITEM_LEVEL, FILE_LEVEL = range(3)
Check = Qt.CheckState


class PlanTree(QAbstractItemModel):
    """Rows are numbers, not objects: an index carries the number of its parent, so 100,000 files cost nothing.

    An index's internal id is 0 for a shot, 1 + shot for an item, 1 + shots + item for a file. What belongs to no
    shot, such as a video, has its files right below it. `chosen` tells that
    the choice is another. fixed: there is nothing to check any more, the plan runs or ran.
    """

    chosen = Signal()

    def __init__(self, theme: Theme, formats: Formats, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._theme, self._formats = theme, formats
        self._choice = self._whole = PlanChoice()
        self._only: Collection[FileResult] | None = None
        self.fixed = False

    # What the page asks

    def show_plan(self, plan: Plan) -> None:
        """Show a plan with everything checked that will move."""
        self.beginResetModel()
        self._choice = self._whole = PlanChoice(plan)
        self._only = None
        self.fixed = False
        self.endResetModel()
        self.chosen.emit()

    def show_results(self, files: Sequence[TaskFile]) -> None:
        """Show what became of the files: the tree is a receipt from now on."""
        self._whole.take_results(files)
        self.fix()
        if self._only is not None:
            self._sift()

    def show_only(self, results: Collection[FileResult] | None) -> None:
        """Show only files of a receipt that ended so, or all."""
        if results != self._only:
            self._only = results
            self._sift()

    def _sift(self) -> None:
        self.beginResetModel()
        self._choice = self._whole if self._only is None else self._whole.only(self._only)
        self.endResetModel()

    def fix(self) -> None:
        """Take the boxes away: the plan runs."""
        self.fixed = True
        self._repaint_all()

    def plan(self) -> Plan | None:
        """Return the plan with unchecked rows left out; None if nothing was shown yet."""
        return self._whole.plan()

    def all_here(self) -> bool:
        """Tell whether there is nothing to do because every file of the plan is here already."""
        return self._whole.all_here()

    def set_all(self, on: bool) -> None:
        """Check or uncheck everything that can move."""
        for number in range(len(self._choice.items)):
            self._choice.want_item(number, on)
        self._repaint_all()
        self.chosen.emit()

    # What the view asks

    def index(self, row: int, column: int, parent: Index = NO_PARENT) -> QModelIndex:
        """Return the index of a row below its parent."""
        if not 0 <= row < self.rowCount(parent) or not 0 <= column < len(COLUMNS):
            return QModelIndex()
        if not parent.isValid():
            return self.createIndex(row, column, 0)
        level, number = self._where(parent)
        shots = self._choice.shots
        if level == SHOT_LEVEL and not self._choice.lone(number):
            return self.createIndex(row, column, 1 + number)
        item = shots[number][1].start if level == SHOT_LEVEL else number
        return self.createIndex(row, column, 1 + len(shots) + item)

    def parent(self, index: Index = NO_PARENT) -> QModelIndex:  # type: ignore[override]  # QObject.parent shares the name
        """Return the index of the row above."""
        if not index.isValid() or index.internalId() == 0:
            return QModelIndex()
        shots = self._choice.shots
        inner = index.internalId() - 1
        if inner < len(shots):
            return self.createIndex(inner, 0, 0)
        item = inner - len(shots)
        shot = self._choice.shot_of[item]
        if self._choice.lone(shot):
            return self.createIndex(shot, 0, 0)
        return self.createIndex(item - shots[shot][1].start, 0, 1 + shot)

    def rowCount(self, parent: Index = NO_PARENT) -> int:
        """Return the number of rows below."""
        if not parent.isValid():
            return len(self._choice.shots)
        level, number = self._where(parent)
        if parent.column() > 0 or level == FILE_LEVEL:
            return 0
        items = self._items(level, number)
        if level == SHOT_LEVEL and not self._choice.lone(number):
            return len(items)
        return len(self._choice.items[items[0]].files)

    def columnCount(self, parent: Index = NO_PARENT) -> int:
        """Return the number of columns."""
        return len(COLUMNS)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Role.DisplayRole) -> object:
        """Return a column's title."""
        if section == ACTION and role == Role.DisplayRole and self._whole.is_receipt:
            return "What happened"
        return COLUMNS[section].header(role) if orientation is Qt.Orientation.Horizontal else None

    def flags(self, index: Index) -> Qt.ItemFlag:
        """Let what moves be checked."""
        if not index.isValid():
            return Qt.ItemFlag.NoItemFlags
        flags = Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable
        if index.column() == NAME and self._can_move(index):
            flags |= Qt.ItemFlag.ItemIsUserCheckable
        return flags

    def data(self, index: Index, role: int = Role.DisplayRole) -> object:
        """Return a cell's text, icon, colour, tip or box."""
        if not index.isValid():
            return None
        column = index.column()
        if role == Role.TextAlignmentRole:
            return RIGHT if COLUMNS[column].right else LEFT
        if role == Role.DisplayRole:
            return self._text(index)
        if role == Role.CheckStateRole and column == NAME and self._can_move(index):
            return self._check(index)
        if role == Role.DecorationRole and column == ACTION:
            face = self._face(index)
            return self._theme.icon(face[0], face[2]) if face else None
        if role == Role.ForegroundRole:
            return self._theme.colour(self._tone(index))
        if role == Role.ToolTipRole:
            return plain(tip) if (tip := self._tip(index)) else None
        return None

    def setData(self, index: Index, value: object, role: int = Role.EditRole) -> bool:
        """Check or uncheck a row and everything below it."""
        if role != Role.CheckStateRole or not index.isValid() or not self._can_move(index):
            return False
        on = Check(value) is not Check.Unchecked
        level, number = self._where(index)
        if level == FILE_LEVEL:
            self._choice.want_file(number, index.row(), on)
        else:
            for item in self._items(level, number):
                self._choice.want_item(item, on)
        shot = number if level == SHOT_LEVEL else self._choice.shot_of[number]
        self._repaint(self.index(shot, 0))
        self.chosen.emit()
        return True

    # Inside

    def _where(self, index: Index) -> tuple[int, int]:
        """Return (level, number): the number of the shot, of the item, or of the item whose file it is."""
        shots = self._choice.shots
        inner = index.internalId() - 1
        if inner < 0:
            return SHOT_LEVEL, index.row()
        if inner < len(shots):
            return ITEM_LEVEL, shots[inner][1].start + index.row()
        return FILE_LEVEL, inner - len(shots)

    def _items(self, level: int, number: int) -> Sequence[int]:
        return self._choice.shots[number][1] if level == SHOT_LEVEL else range(number, number + 1)

    def _can_move(self, index: Index) -> bool:
        if self.fixed:
            return False
        level, number = self._where(index)
        if level == FILE_LEVEL:
            return self._choice.items[number].files[index.row()].action.transfers
        return self._choice.can_move(self._items(level, number))

    def _check(self, index: Index) -> Check:
        level, number = self._where(index)
        if level == FILE_LEVEL:
            return Check.Checked if self._choice.is_wanted(number, index.row()) else Check.Unchecked
        on, moving = self._choice.wanted(self._items(level, number))
        if on == 0:
            return Check.Unchecked
        return Check.Checked if on == moving else Check.PartiallyChecked

    def _text(self, index: Index) -> str | None:
        level, number = self._where(index)
        column = index.column()
        if level == FILE_LEVEL:
            file = self._choice.items[number].files[index.row()]
            if column == NAME:
                return file.target.rpartition("/")[2]
            if column == ACTION:
                return self._choice.face(number, index.row())[1]
            return self._formats.size(file.size) if column == SIZE else self._reason(index)
        items = self._items(level, number)
        if column == NAME:
            return self._name(level, number)
        if column == ACTION:
            return self._choice.summary(items)
        return self._formats.size(self._choice.size(items)) if column == SIZE else self._choice.message(items)

    def _name(self, level: int, number: int) -> str:
        if level == SHOT_LEVEL:
            return self._choice.shots[number][0]
        item = self._choice.items[number]
        if item.key is None:
            return item.label
        return "  ".join(part for part in (item.department, item.selected_version or "") if part)

    def _reason(self, index: Index, whole: bool = False) -> str:
        """Return a file's reason and its proof. whole: in a sentence, not in a word."""
        _, number = self._where(index)
        file = self._choice.items[number].files[index.row()]
        result = self._choice.result(number, file)
        proof = "" if result is None else result.proof_words if whole else result.proof
        return words(((result.reason if result else "") or file.reason, proof), "; ")

    def _face(self, index: Index) -> Face | None:
        level, number = self._where(index)
        if level == FILE_LEVEL:
            return self._choice.face(number, index.row())
        return self._choice.group_face(self._items(level, number))

    def _tone(self, index: Index) -> Tone:
        column = index.column()
        level, number = self._where(index)
        if level != FILE_LEVEL:
            if column == NOTE:
                return Tone.WARN
            return Tone.MUTED if column in (ACTION, SIZE) else Tone.TEXT
        if column == ACTION:
            return self._choice.face(number, index.row())[2]
        file = self._choice.items[number].files[index.row()]
        if file.action.transfers and not self._choice.is_wanted(number, index.row()):
            return Tone.FAINT
        return Tone.MUTED if column == NOTE or not file.action.transfers else Tone.TEXT

    def _tip(self, index: Index) -> str | None:
        level, number = self._where(index)
        if level == FILE_LEVEL:
            file = self._choice.items[number].files[index.row()]
            lines = (self._reason(index, whole=True), file.source, f"\N{RIGHTWARDS ARROW} {file.target}")
            return "\n".join(line for line in lines if line)
        return self._choice.message(self._items(level, number)).replace("; ", "\n") or None

    def _repaint(self, top: QModelIndex) -> None:
        """Repaint a shot and everything below it."""
        self.dataChanged.emit(top, top.siblingAtColumn(NOTE))
        rows = self.rowCount(top)
        self.dataChanged.emit(self.index(0, 0, top), self.index(rows - 1, NOTE, top))
        for row in range(rows):
            item = self.index(row, 0, top)
            files = self.rowCount(item)
            if files:
                self.dataChanged.emit(self.index(0, 0, item), self.index(files - 1, NOTE, item))

    def _repaint_all(self) -> None:
        """Repaint everything: a view that hears of all shots draws what it has opened below them too."""
        shots = len(self._choice.shots)
        if shots:
            self.dataChanged.emit(self.index(0, 0), self.index(shots - 1, NOTE))
        self.headerDataChanged.emit(Qt.Orientation.Horizontal, 0, NOTE)
