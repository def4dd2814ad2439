"""What a job brought, to look at: previews, the quality table, a table's first rows."""

from pathlib import Path

from PySide6.QtCore import QObject, QSize, Signal
from PySide6.QtWidgets import QHeaderView, QLayout, QTableView, QWidget

from desktop.core.job import Content, Download, Job, Light, ModelResult, Outcome
from desktop.core.job import Table as Rows
from desktop.ui.colours import Tone
from desktop.ui.formats import words
from desktop.ui.models.measures import COLUMNS, MeasureModel, TableModel
from desktop.ui.models.previews import Pictures, PreviewModel, pairs_of
from desktop.ui.tab import Frame
from desktop.ui.widgets.parts import Elided, Mark, column, panel, row
from desktop.ui.widgets.preview_grid import PreviewGrid
from desktop.ui.widgets.tables import ROW_HEIGHT, Table
from desktop.work.background import Work

GRID_PIXELS = QSize(512, 512)
FIRST_ROWS = 50
"""Rows of a table that are shown."""

_READABLE = (Outcome.HERE, Outcome.UNPACKED, Outcome.HELD)


class JobResults(QObject):
    """Reads off the window's thread what was fetched.

    Signals: had (there is something else to look at), enlarged ((caption, path) of every picture, and which), failed.
    Its pages are shown by whoever owns it: `previews`, `quality`, `table`. It is no page itself.
    """

    had = Signal()
    enlarged = Signal(object, int)
    failed = Signal(object)

    def __init__(self, frame: Frame, parent: QWidget) -> None:
        super().__init__(parent)
        self._jobs, self._formats, self._theme = frame.services.jobs, frame.formats, frame.theme
        self._seen: tuple[object, ...] = ()
        self._works: list[Work] = []
        self.models: tuple[ModelResult, ...] = ()
        self.has_table = False
        self.pictures = Pictures(GRID_PIXELS, self)
        self.preview_model = PreviewModel(self)
        self.grid = PreviewGrid(frame.theme, self.preview_model, self.pictures)
        self.measures = MeasureModel(frame.theme, self)
        self.quality_table = Table(frame.theme, self.measures, COLUMNS, "Quality")
        self._verdict = Mark(frame.theme, "done")
        self._verdict_words = Elided(role="muted")
        self.table_model = TableModel(frame.theme, self)
        self.table_view = _rows_view(self.table_model)
        self._table_words = Elided(role="muted")
        self.previews: QWidget = self.grid
        self.quality = _with_head(row(self._verdict, self._verdict_words), self.quality_table)
        self.table = _with_head(row(self._table_words), self.table_view)
        self.grid.enlarged.connect(self.enlarge)
        frame.services.settings.changed.connect(self._judge_again)
        self._job: Job | None = None

    def show_job(self, job: Job | None) -> None:
        """Show what was fetched of a job; it is read again only when something else lies there."""
        self._job = job
        readable = tuple(_newest(job)) if job is not None else ()
        seen = (job.id if job else 0, tuple((d.id, d.outcome, d.folder) for d in readable))
        if seen == self._seen:
            return
        self._seen = seen
        self.stop()
        self._take_models(())
        self._take_table(None)
        if job is not None:
            contents = {download.content for download in readable}
            if Content.RESULTS in contents:
                self._works.append(self._jobs.results(job.id, self._take_models, self.failed.emit))
            if Content.TABLE in contents:
                self._works.append(self._jobs.preview(job.id, self._take_table, self.failed.emit))

    def enlarge(self, number: int, which: int) -> None:
        """Ask for a picture of the grid to be shown alone, among all of them."""
        pairs = self.preview_model.rows()
        pictures = tuple(picture for pair in pairs for picture in pair.pictures)
        wanted = pairs[number].textured if which == 0 else pairs[number].wireframe
        at = next((n for n, (_, path) in enumerate(pictures) if path == wanted), None)
        if at is not None:
            self.enlarged.emit(pictures, at)

    def stop(self) -> None:
        """Give up what is being read."""
        for work in self._works:
            work.cancel()
        self._works.clear()

    def close_down(self) -> None:
        """Give up what is being read, the pictures too."""
        self.stop()
        self.pictures.stop()

    def _judge_again(self) -> None:
        """Read again: the thresholds may be others."""
        self._seen = ()
        if self._job is not None:
            self.show_job(self._job)

    def _take_models(self, models: tuple[ModelResult, ...]) -> None:
        self.models = models
        self.pictures.clear()
        self.preview_model.fill(pairs_of(models))
        self.measures.fill(models)
        icon, tone, text = verdict_of(models)
        self._verdict.show_icon(icon, tone)
        self._verdict_words.show_text(text)
        self.had.emit()

    def _take_table(self, rows: Rows | None) -> None:
        self.has_table = rows is not None
        shown = Rows((), ()) if rows is None else Rows(rows.header, rows.rows[:FIRST_ROWS], rows.cut)
        self.table_model.fill(shown)
        if rows is not None:
            self._table_words.show_text(self._amount(rows, len(shown.rows)))
            self.table_view.resizeColumnsToContents()
        self.had.emit()

    def _amount(self, rows: Rows, shown: int) -> str:
        counted = self._formats.counted
        whole = self._job.parameters.get("rows") if self._job is not None else None
        if shown == len(rows.rows) and not rows.cut:
            return f"All {counted(shown, 'row')}"
        if isinstance(whole, int):
            return f"First {self._formats.count(shown)} of {counted(whole, 'row')}"
        return f"First {counted(shown, 'row')}" if rows.cut else f"First {shown} of {counted(len(rows.rows), 'row')}"


def verdict_of(models: tuple[ModelResult, ...]) -> tuple[str, Tone, str]:
    """Return the judgement on all models: icon, tone, words."""
    lights = [measure.light for model in models for measure in model.measures]
    remarks = [f"{model.name}: {model.remark}" for model in models if model.remark]
    remarks += [f"{model.name} has no mesh" for model in models if not model.complete]
    judged = [light for light in lights if light is not None]
    if Light.RED in lights:
        poor = f"Below the threshold: {judged.count(Light.RED)} of {len(judged)} judged numbers are poor"
        return "failed", Tone.BAD, words((poor, *remarks), "; ")
    if remarks:
        return "warning", Tone.WARN, "; ".join(remarks)
    if Light.AMBER in lights:
        return "warning", Tone.WARN, "Bearable: some numbers are between good and poor"
    if Light.GREEN in lights:
        return "done", Tone.GOOD, "Good: every number that is judged is within its threshold"
    return "minus", Tone.FAINT, "No number here has a threshold in the settings"


def _newest(job: Job) -> list[Download]:
    """Return the newest download of each content that can be looked at."""
    found: dict[Content, Download] = {}
    for download in job.downloads:
        if download.outcome in _READABLE and download.content is not Content.FILE:
            found[download.content] = download
    return list(found.values())


def place_of(job: Job) -> Path | None:
    """Return the folder to open for a job: where the newest of its downloads lies."""
    for download in reversed(job.downloads):
        if download.outcome in (Outcome.HERE, Outcome.UNPACKED, Outcome.HELD, Outcome.BROKEN):
            return download.folder or download.path.parent
    return None


def _with_head(head: QLayout, body: QWidget) -> QWidget:
    made = QWidget()
    head.setContentsMargins(12, 7, 12, 7)
    layout = column(panel(head, "headBar"), spacing=0)
    layout.addWidget(body, 1)
    made.setLayout(layout)
    return made


def _rows_view(model: TableModel) -> QTableView:
    view = QTableView()
    view.setModel(model)
    view.setAccessibleName("First rows of the table")
    view.setShowGrid(False)
    view.setWordWrap(False)
    view.setAlternatingRowColors(True)
    view.setEditTriggers(QTableView.EditTrigger.NoEditTriggers)
    view.setHorizontalScrollMode(QTableView.ScrollMode.ScrollPerPixel)
    view.setTabKeyNavigation(False)
    view.verticalHeader().setDefaultSectionSize(ROW_HEIGHT - 3)
    view.verticalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
    view.horizontalHeader().setHighlightSections(False)
    view.horizontalHeader().setMaximumSectionSize(320)
    return view
