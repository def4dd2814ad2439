"""The gallery: one row a video, for the cards and the list alike, sorted and filtered by keys made once."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from PySide6.QtCore import QAbstractTableModel, QObject, Qt

from desktop.core.gallery import Video
from desktop.ui.colours import Tone
from desktop.ui.formats import Face, Formats, plain, words
from desktop.ui.models.columns import LEFT, NO_PARENT, RIGHT, Column, Index, Role
from desktop.ui.models.gallery_states import GalleryStates, Standing, VideoState
from desktop.ui.theme import Theme

NAME, FILE, DURATION, SIZE, DATE, STATE = range(6)
COLUMNS = (
    Column("Name", 0, "The project, as the server spells it"),
    Column("File", 210, "What the file is called on your disk", gives_way=1),
    Column("Duration", 80, right=True, gives_way=2),
    Column("Size", 84, right=True),
    Column("Date", 132, "When the video was made", right=True, gives_way=3),
    Column("State", 172, "Where the video is"),
)

VIDEO_FACES: dict[VideoState, Face] = {
    VideoState.REMOTE: ("server", "on the server", Tone.FAINT),
    VideoState.WAITING: ("waiting", "waiting", Tone.MUTED),
    VideoState.RUNNING: ("download", "downloading", Tone.INFO),
    VideoState.PAUSED: ("paused", "paused", Tone.WARN),
    VideoState.FAILED: ("failed", "failed", Tone.BAD),
    VideoState.HERE: ("disk", "on disk", Tone.GOOD),
}
RENEWED_FACE: Face = ("refresh", "link renewed", Tone.INFO)

SORTS = (
    ("Newest first", DATE, Qt.SortOrder.DescendingOrder),
    ("Oldest first", DATE, Qt.SortOrder.AscendingOrder),
    ("Name", NAME, Qt.SortOrder.AscendingOrder),
    ("Largest first", SIZE, Qt.SortOrder.DescendingOrder),
    ("Longest first", DURATION, Qt.SortOrder.DescendingOrder),
    ("State", STATE, Qt.SortOrder.AscendingOrder),
)
"""What the cards can be sorted by: words, column, order."""

STATE_ORDER = {
    state: number
    for number, state in enumerate(
        (
            VideoState.FAILED,
            VideoState.RUNNING,
            VideoState.WAITING,
            VideoState.PAUSED,
            VideoState.REMOTE,
            VideoState.HERE,
        )
    )
}


def name_of(video: Video) -> str:
    """Return what a video is called: its project's name on one line, or that of its file if it has none."""
    return " ".join(video.project_name.split()) or video.file_name


def face(standing: Standing) -> Face:
    """Return how a standing looks: icon, word, tone; the word tells the percentage of what is on its way."""
    icon, word, tone = RENEWED_FACE if standing.renewed else VIDEO_FACES[standing.state]
    if standing.state in (VideoState.RUNNING, VideoState.PAUSED) and standing.fraction is not None:
        word = f"{word} {int(standing.fraction * 100)} %"
    return icon, word, tone


class GalleryModel(QAbstractTableModel):
    """Rows as the filter and the sorting leave them.

    What is on its way changes its state in its place: nothing is filtered or sorted anew while bytes arrive.
    """

    def __init__(self, theme: Theme, formats: Formats, states: GalleryStates, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._theme, self._formats, self._states = theme, formats, states
        self._all: tuple[Video, ...] = ()
        self._hay: list[str] = []
        self._rows: list[Video] = []
        self._places: dict[str, int] = {}
        self._text = ""
        self._wanted: frozenset[VideoState] | None = None
        self._sorted: tuple[int, Qt.SortOrder] = (DATE, Qt.SortOrder.DescendingOrder)
        states.moved.connect(self._moved)
        theme.changed.connect(lambda: self._repaint(range(len(self._rows))))

    # What the tab asks

    def fill(self, videos: Iterable[Video]) -> None:
        """Show another list; the filter and the sorting stay.

        The same list as before, as most answers to a refresh are, moves nothing: laying thousands out takes its time.
        """
        fresh = tuple(videos)
        if fresh == self._all and self._arranged() == self._rows:
            return
        self.beginResetModel()
        self._all = fresh
        self._hay = [f"{video.file_name}  {video.project_name}".casefold() for video in self._all]
        self._arrange()
        self.endResetModel()

    def show_only(self, text: str, states: frozenset[VideoState] | None) -> None:
        """Show what has every word of the text in its name or project and is in one of the states; None takes all."""
        if (text, states) != (self._text, self._wanted):
            self.beginResetModel()
            self._text, self._wanted = text, states
            self._arrange()
            self.endResetModel()

    @property
    def sorted_by(self) -> tuple[int, Qt.SortOrder]:
        """Return the column the rows are sorted by, and the order."""
        return self._sorted

    @property
    def narrowed(self) -> bool:
        """True if anything may be left out."""
        return bool(self._text) or self._wanted is not None

    def rows(self) -> Sequence[Video]:
        """Return the videos shown, in order."""
        return self._rows

    def everything(self) -> Sequence[Video]:
        """Return every video, shown or not."""
        return self._all

    def row_of(self, video: str) -> int:
        """Return the row a video is shown in, or -1."""
        return self._places.get(video, -1)

    def standing(self, row: int) -> Standing:
        """Return how the video of a row stands."""
        return self._states.of(self._rows[row].id)

    # What the views ask

    def rowCount(self, parent: Index = NO_PARENT) -> int:
        """Return the number of videos shown."""
        return 0 if parent.isValid() else len(self._rows)

    def columnCount(self, parent: Index = NO_PARENT) -> int:
        """Return the number of columns."""
        return 0 if parent.isValid() else len(COLUMNS)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Role.DisplayRole) -> object:
        """Return a column's title."""
        return COLUMNS[section].header(role) if orientation is Qt.Orientation.Horizontal else None

    def flags(self, index: Index) -> Qt.ItemFlag:
        """Let rows be selected and dragged."""
        return super().flags(index) | Qt.ItemFlag.ItemIsDragEnabled if index.isValid() else Qt.ItemFlag.NoItemFlags

    def data(self, index: Index, role: int = Role.DisplayRole) -> object:
        """Return a cell's text, icon, colour or tip."""
        column = index.column()
        video = self._rows[index.row()]
        if role == Role.DisplayRole:
            return self.text(video, column)
        if role == Role.TextAlignmentRole:
            return RIGHT if COLUMNS[column].right else LEFT
        if role == Role.ForegroundRole:
            if column == STATE:
                return self._theme.colour(face(self._states.of(video.id))[2])
            return self._theme.colour(Tone.TEXT if column in (NAME, SIZE) else Tone.MUTED)
        if role == Role.DecorationRole and column == STATE:
            icon, _, tone = face(self._states.of(video.id))
            return self._theme.icon(icon, tone)
        if role == Role.ToolTipRole:
            return plain(self._tip(video))
        if role == Role.AccessibleTextRole:
            if column == NAME:
                return words([self.text(video, number) for number in (NAME, DURATION, SIZE, STATE)])
            return f"{COLUMNS[column].title}: {self.text(video, column)}"
        return None

    def text(self, video: Video, column: int) -> str:
        """Return a cell's words."""
        return CELLS[column](self, video)

    def sort(self, column: int, order: Qt.SortOrder = Qt.SortOrder.AscendingOrder) -> None:
        """Sort by a column, by numbers where it shows numbers; what is unknown comes last either way."""
        if 0 <= column < len(COLUMNS):
            self.beginResetModel()
            self._sorted = (column, order)
            self._arrange()
            self.endResetModel()

    # Inside

    def _arrange(self) -> None:
        self._rows = self._arranged()
        self._places = {video.id: row for row, video in enumerate(self._rows)}

    def _arranged(self) -> list[Video]:
        rows: list[Video] = list(self._all)
        if self._text:
            parts = self._text.casefold().split()
            rows = [v for v, hay in zip(rows, self._hay, strict=True) if all(part in hay for part in parts)]
        if self._wanted is not None:
            rows = [video for video in rows if self._states.of(video.id).state in self._wanted]
        column, order = self._sorted
        key = SORT_KEYS[column]
        keyed = [(key(self, video), video) for video in rows]
        known = [(value, video) for value, video in keyed if value is not None]
        known.sort(key=lambda pair: pair[0], reverse=order is Qt.SortOrder.DescendingOrder)
        return [video for _, video in known] + [video for value, video in keyed if value is None]

    def _tip(self, video: Video) -> str:
        standing = self._states.of(video.id)
        lines = (
            name_of(video),
            video.file_name,
            standing.reason or face(standing)[1],
            str(standing.path or ""),
        )
        return "\n".join(line for line in lines if line)

    def _moved(self, videos: Iterable[str]) -> None:
        self._repaint(sorted(row for row in map(self.row_of, videos) if row >= 0))

    def _repaint(self, rows: Sequence[int]) -> None:
        """Repaint rows, run by run: what lies between two that moved has not."""
        first = previous = -2
        for row in (*rows, -2):
            if row != previous + 1:
                if first >= 0:
                    self.dataChanged.emit(self.index(first, 0), self.index(previous, len(COLUMNS) - 1))
                first = row
            previous = row


CELLS: dict[int, Callable[[GalleryModel, Video], str]] = {
    NAME: lambda model, video: name_of(video),
    FILE: lambda model, video: video.file_name,
    DURATION: lambda model, video: model._formats.length(video.seconds),
    SIZE: lambda model, video: model._formats.size(video.bytes),
    DATE: lambda model, video: model._formats.moment(video.created),
    STATE: lambda model, video: face(model._states.of(video.id))[1],
}

SORT_KEYS: dict[int, Callable[[GalleryModel, Video], Any]] = {
    NAME: lambda model, video: name_of(video).casefold(),
    FILE: lambda model, video: video.file_name.casefold(),
    DURATION: lambda model, video: video.seconds,
    SIZE: lambda model, video: video.bytes,
    DATE: lambda model, video: video.created,
    STATE: lambda model, video: STATE_ORDER[model._states.of(video.id).state],
}
