"""The detail of a job: how it stands, what happens next, what it made, what that looks like, what the log says."""

import time
from collections.abc import Callable, Iterable, Mapping
from functools import partial

from PySide6.QtCore import QSignalBlocker, Qt, Signal
from PySide6.QtWidgets import QProgressBar, QScrollArea, QTabWidget, QWidget

from desktop.core.errors import Ask, ShotDockError
from desktop.core.job import Job, JobState, Outcome
from desktop.core.task import Progress
from desktop.ui.colours import Tone
from desktop.ui.formats import words
from desktop.ui.models.job_words import LOCAL_FACES, face_of, kind_icon, kind_title, next_words
from desktop.ui.tab import Frame
from desktop.ui.widgets.artifact_list import ArtifactList
from desktop.ui.widgets.card import Act, Card, Cards, error_card
from desktop.ui.widgets.job_log import JobLog
from desktop.ui.widgets.job_results import JobResults
from desktop.ui.widgets.parts import Elided, Mark, column, label, panel, push, row, set_role, tool

TONES = {Tone.GOOD: "good", Tone.WARN: "warn", Tone.BAD: "bad"}
MISSING_SHOWN = 12
"""Missing items that are named; the report has all of them."""
REASONS_SHOWN = 2
"""Reasons against results that a card names."""


class JobDetail(QWidget):
    """Signals: refreshed, restarted, copied, folder_wanted, menu_wanted (at a button); the artifacts have their own."""

    refreshed = Signal()
    restarted = Signal()
    copied = Signal()
    folder_wanted = Signal()
    menu_wanted = Signal(object)

    def __init__(self, frame: Frame, doors: Callable[[Job], tuple[Act, ...]]) -> None:
        """doors: returns what can be done about a server that does not answer."""
        super().__init__()
        self.setObjectName("page")
        self._frame, self._doors = frame, doors
        self.job: Job | None = None
        # None: nobody waits for an answer; False: asked for; True: and the server is being asked.
        self._asked: bool | None = None
        self._kind = Mark(frame.theme, "jobs", Tone.MUTED, 24)
        self._name = Elided(role="head")
        self._about = Elided(role="faint", mode=Qt.TextElideMode.ElideRight)
        self._state_mark = Mark(frame.theme, "running", size=16)
        self._state = label("", "strong")
        self._bar = QProgressBar()
        self._bar.setRange(0, 1000)
        self._bar.setTextVisible(False)
        self._bar.setAccessibleName("Progress of the job")
        self._message = label("", "", wrap=True)
        self._next = label("", "muted", wrap=True)
        self.refresh_button = push(frame.theme, "Refresh", "refresh", run=self.refreshed.emit)
        self.refresh_button.setToolTip("Ask the server how this job stands  (F5)")
        self.restart_button = push(frame.theme, "Start again", "retry", run=self.restarted.emit)
        self.restart_button.setToolTip("Start a new job with the same choices")
        self.copy_button = tool(frame.theme, "copy", "Copy report", self.copied.emit)
        self.folder_button = tool(frame.theme, "folder", "Open the folder its results are in", self.folder_wanted.emit)
        self.more_button = tool(frame.theme, "more", "More", lambda: self.menu_wanted.emit(self.more_button))
        self.cards = Cards(frame.theme, (0, 0, 0, 10))
        self.artifacts = ArtifactList(frame.theme, frame.formats)
        self.results = JobResults(frame, self)
        self.log = JobLog(frame.theme, frame.formats, frame.services.logs)
        self.tabs = QTabWidget()
        self.tabs.setDocumentMode(True)
        self.tabs.addTab(self._overview(), "Files")
        for page, name in (
            (self.results.previews, "Previews"),
            (self.results.quality, "Quality"),
            (self.results.table, "Table"),
            (self.log, "Log"),
        ):
            self.tabs.addTab(page, name)
        body = column(self._head(), spacing=0)
        body.addWidget(self.tabs, 1)
        self.setLayout(body)
        self._page: QWidget | None = self.tabs.widget(0)
        self.tabs.currentChanged.connect(lambda _number: self._turned())
        self.results.had.connect(self._show_tabs)
        self.results.failed.connect(self._cannot_read)
        self._show_tabs()

    def show_job(self, job: Job, progress: Mapping[int, Progress], asked: Iterable[str]) -> None:
        """Show a job. progress: of the tasks under way. asked: artifacts whose plans are being made."""
        other = self.job is None or self.job.id != job.id
        before, self.job = self.job, job
        if other:
            self.cards.clear()
        icon, word, tone = face_of(job)
        self._kind.show_icon(kind_icon(job), Tone.MUTED)
        self._name.show_text(job.remote_id)
        added = f"added {self._frame.formats.moment(job.added)}"
        with_what = ", ".join(
            self._frame.formats.counted(value, "row") if isinstance(value, int) else str(value)
            for value in job.parameters.values()
        )
        parts = (kind_title(job, self._frame.services.jobs.kinds), job.server, with_what, added)
        self._about.show_text(words(parts, "   \N{MIDDLE DOT}   "))
        running = job.state is JobState.RUNNING and job.heard is not None
        percent = f"{job.progress:.0f} %" if running and job.progress is not None else ""
        self._state_mark.show_icon(icon, tone)
        self._state.setText(words((word.capitalize(), percent), "  "))
        set_role(self._state, TONES.get(tone, "strong"))
        self._bar.setVisible(running and job.progress is not None)
        self._bar.setValue(round(10 * (job.progress or 0.0)))
        self._message.setText(job.message)
        self._message.setVisible(bool(job.message))
        if self._asked is not None and (other or (self._asked and not job.looking)):
            self._asked = None
        elif self._asked is not None:
            self._asked |= job.looking
        self._tell_asking()
        self.restart_button.setVisible(job.state.over and bool(job.parameters))
        self.folder_button.setEnabled(bool(job.downloads))
        self.artifacts.show_job(job, progress, asked)
        self.results.show_job(job)
        self.log.show_job(job)
        self._show_missing(job)
        if other or before is None or before.trouble != job.trouble or before.downloads != job.downloads:
            self._show_cards(job)
        self.tick()

    def show_asking(self) -> None:
        """Show that the server is being asked because somebody wants to know; its own looks are not shown."""
        self._asked = self.job is not None and self.job.looking
        self._tell_asking()

    def preview(self) -> None:
        """Turn to what there is to look at: the pictures, else the table, else the numbers; or back to the files."""
        pages = (self.results.previews, self.results.table, self.results.quality)
        there = [page for page in pages if self.tabs.isTabVisible(self.tabs.indexOf(page))]
        if there and self.tabs.currentWidget() is not there[0]:
            self.tabs.setCurrentWidget(there[0])
        else:
            self.tabs.setCurrentIndex(0)

    def tick(self) -> None:
        """Let the countdown go on."""
        if self.job is not None:
            self._next.setText(next_words(self.job, time.time(), self._frame.formats))

    # Building

    def _head(self) -> QWidget:
        name = column(self._name, self._about, spacing=1)
        top = row(self._kind, name, self.restart_button, self.refresh_button, spacing=8)
        top.setStretch(1, 1)
        for button in (self.folder_button, self.copy_button, self.more_button):
            top.addWidget(button)
        state = row(self._state_mark, self._state, self._bar, spacing=8)
        state.setStretch(2, 1)
        return panel(column(top, state, margins=(14, 10, 10, 10), spacing=9), "headBar")

    def _overview(self) -> QWidget:
        self._missing = label("", "muted", wrap=True)
        self._missing.setTextInteractionFlags(
            Qt.TextInteractionFlag.TextSelectableByMouse | Qt.TextInteractionFlag.TextSelectableByKeyboard
        )
        self._missing_head = label("MISSING", "section")
        self._empty = label("", "faint", wrap=True)
        texts = column(self._message, self._next, spacing=3)
        missing = column(self._missing_head, self._missing, spacing=3)
        body = column(self.cards, texts, missing, self.artifacts, self._empty, None, spacing=10)
        body.setContentsMargins(14, 12, 14, 12)
        inner = QWidget()
        inner.setObjectName("page")
        inner.setLayout(body)
        scroll = QScrollArea()
        scroll.setWidgetResizable(True)
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        scroll.setWidget(inner)
        return scroll

    # What happens

    def _turned(self) -> None:
        self._page = self.tabs.currentWidget()

    def _show_tabs(self) -> None:
        results = self.results
        there = {
            results.previews: bool(results.preview_model.rowCount()),
            results.quality: bool(results.models),
            results.table: results.has_table,
        }
        with QSignalBlocker(self.tabs):
            for page, shown in there.items():
                self.tabs.setTabVisible(self.tabs.indexOf(page), shown)
            # Whoever goes down the list looking at pictures goes on doing so; a job without any shows its files.
            wanted = 0 if self._page is None else self.tabs.indexOf(self._page)
            self.tabs.setCurrentIndex(wanted if self.tabs.isTabVisible(wanted) else 0)

    def _tell_asking(self) -> None:
        asking = self._asked is not None
        self.refresh_button.setText("Asking\N{HORIZONTAL ELLIPSIS}" if asking else "Refresh")
        self.refresh_button.setEnabled(not asking)

    def _show_missing(self, job: Job) -> None:
        some = "\n".join(f"\N{BULLET} {name}" for name in job.missing[:MISSING_SHOWN])
        more = len(job.missing) - MISSING_SHOWN
        self._missing.setText(some + (f"\nand {more} more" if more > 0 else ""))
        for widget in (self._missing, self._missing_head):
            widget.setVisible(bool(job.missing))
        empty = "" if job.artifacts or job.heard is None else "The server offers no files of this job."
        self._empty.setText(empty)
        self._empty.setVisible(bool(empty) and job.state in (JobState.RUNNING, JobState.DONE))

    def _show_cards(self, job: Job) -> None:
        self.cards.clear()
        if job.trouble is not None:
            told = {key: str(job.trouble.get(key, "")) for key in ("title", "cause", "suggestion", "path")}
            doors = self._doors(job)
            # What a door helps with asks something of a person, as it does in the other tabs: it is no fault.
            error = Ask(**told) if doors else ShotDockError(**told)
            self.cards.put(error_card(self._frame.theme, error, *doors, ("Try again", self.refreshed.emit)))
        for artifact in job.artifacts:
            download = job.download(artifact.name)
            if download is not None and download.outcome is Outcome.HELD:
                self._hold(artifact.name, download.note)
            elif download is not None and download.outcome in (Outcome.BROKEN, Outcome.MISSED):
                title = f"{artifact.title}: {LOCAL_FACES[download.outcome][1]}."
                acts = (("Download again", partial(self.artifacts.fetched.emit, artifact.name)),)
                self.cards.put(Card(self._frame.theme, title, download.note, acts=acts if artifact.available else ()))

    def _hold(self, artifact: str, note: str) -> None:
        card = Card(
            self._frame.theme,
            "Below the quality threshold: not unpacked automatically.",
            _in_short(note.removeprefix("Not unpacked: ")),
            "The archive is on disk and whole.",
            acts=(
                ("Unpack anyway", lambda: self.artifacts.unpacked.emit(artifact)),
                ("Show the numbers", lambda: self.tabs.setCurrentWidget(self.results.quality)),
            ),
            tone=Tone.WARN,
        )
        self.cards.put(card)

    def _cannot_read(self, error: ShotDockError) -> None:
        self.cards.tell(error)


def _in_short(reasons: str) -> str:
    """Return the first reasons of a list of them; all of them stand in the quality table."""
    listed = reasons.rstrip(".").split("; ")
    more = " \N{HORIZONTAL ELLIPSIS}" if len(listed) > REASONS_SHOWN else "."
    return "; ".join(listed[:REASONS_SHOWN]) + more
