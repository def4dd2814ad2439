"""Sizes, times and counts as the user's locale writes them, and the words and icons of states."""

import html
from collections.abc import Callable, Sequence
from datetime import datetime

from PySide6.QtCore import QDate, QDateTime, QLocale, QTime
from PySide6.QtGui import QGuiApplication, Qt

from desktop.core.hours import clock
from desktop.core.media import ShotState
from desktop.core.plan import Action, ItemState
from desktop.core.task import FileResult, Task, TaskItem, TaskState
from desktop.core.units import numbered
from desktop.ui.colours import Tone

Face = tuple[str, str, Tone]
"""How a state looks: icon name, word, tone."""

SHOT_FACES: dict[ShotState, Face] = {
    ShotState.NEW: ("new", "new", Tone.GOOD),
    ShotState.UPDATE: ("update", "update", Tone.INFO),
    ShotState.UP_TO_DATE: ("up-to-date", "up to date", Tone.FAINT),
    ShotState.LOCAL_NEWER: ("local-newer", "local newer", Tone.LOCAL),
    ShotState.INCOMPLETE: ("incomplete", "incomplete", Tone.WARN),
    ShotState.STILL_UPLOADING: ("still-uploading", "still uploading", Tone.MUTED),
}

ACTION_FACES: dict[Action, Face] = {
    Action.DOWNLOAD: ("download", "new", Tone.GOOD),
    Action.RESUME: ("resume", "resume", Tone.INFO),
    Action.UPDATE: ("update", "update", Tone.INFO),
    Action.KEEP_BOTH: ("keep-both", "keep both", Tone.LOCAL),
    Action.SKIP: ("skip", "skip", Tone.FAINT),
    Action.BLOCKED: ("blocked", "blocked", Tone.BAD),
}

RESULT_FACES: dict[FileResult, Face] = {
    FileResult.PENDING: ("waiting", "waiting", Tone.MUTED),
    FileResult.DOWNLOADED: ("done", "downloaded", Tone.GOOD),
    FileResult.OVERWRITTEN: ("update", "overwritten", Tone.INFO),
    FileResult.KEPT_BOTH: ("keep-both", "kept both", Tone.LOCAL),
    FileResult.SKIPPED: ("skip", "skipped", Tone.FAINT),
    FileResult.FAILED: ("failed", "failed", Tone.BAD),
}

TASK_FACES: dict[TaskState, Face] = {
    TaskState.WAITING: ("waiting", "waiting", Tone.MUTED),
    TaskState.RUNNING: ("running", "running", Tone.INFO),
    TaskState.PAUSED: ("paused", "paused", Tone.WARN),
    TaskState.INTERRUPTED: ("interrupted", "interrupted", Tone.WARN),
    TaskState.DONE: ("done", "done", Tone.GOOD),
    TaskState.FAILED: ("failed", "failed", Tone.BAD),
    TaskState.CANCELLED: ("cancelled", "cancelled", Tone.FAINT),
}

STALLED_FACE: Face = ("warning", "stalled", Tone.WARN)
"""How a task or a file under way looks that has got no byte for some seconds."""


def all_here(task: Task) -> bool:
    """Tell whether a task that is over found every file here already."""
    return task.state is TaskState.DONE and task.outcome == "up-to-date"


def task_face(task: Task) -> Face:
    """Return how a task looks; one that found nothing to do says so instead of `done`."""
    if all_here(task):
        return "up-to-date", "all up to date", Tone.GOOD
    return TASK_FACES[task.state]


ITEM_FACES: dict[ItemState, Face] = {
    ItemState.PLANNED: ("waiting", "planned", Tone.MUTED),
    ItemState.RUNNING: ("running", "running", Tone.INFO),
    ItemState.DONE: ("done", "done", Tone.GOOD),
    ItemState.UP_TO_DATE: ("up-to-date", "up to date", Tone.FAINT),
    ItemState.SKIPPED: ("skip", "skipped", Tone.WARN),
    ItemState.PARTIAL: ("warning", "partial", Tone.WARN),
    ItemState.FAILED: ("failed", "failed", Tone.BAD),
}


def item_face(item: TaskItem) -> Face:
    """Return how an item looks; what only stopped half-way, without a failure, is no warning."""
    if item.state is ItemState.PARTIAL and not item.files.failed:
        return "paused", "partly here", Tone.MUTED
    return ITEM_FACES[item.state]


LEVEL_TONES = {
    "DEBUG": Tone.FAINT,
    "INFO": Tone.MUTED,
    "WARNING": Tone.WARN,
    "ERROR": Tone.BAD,
    "CRITICAL": Tone.BAD,
}


class Formats:
    """Writes values in one locale; made once and handed around, because a locale is dear to look up."""

    def __init__(self, locale: QLocale | None = None) -> None:
        self._locale = locale or QLocale()
        self._isolated = self._locale.textDirection() is Qt.LayoutDirection.RightToLeft

    def size(self, value: int | None) -> str:
        """Return bytes as e.g. `18.2 GB`, and `-` for an unknown size."""
        if value is None:
            return "-"
        if value < 1000:
            return f"{value} B"
        text: str = self._locale.formattedDataSize(value, 1, QLocale.DataSizeFormat.DataSizeSIFormat)
        return self._whole(text.replace("kB", "KB"))

    def size_of(self, part: int, whole: int) -> str:
        """Return a part of an amount of bytes in the unit of the whole, said once: `0.2 of 55.4 MB`."""
        power = next((power for power in range(6, 0, -1) if whole >= 1000**power), 0)
        number = str(self._locale.toString(part / 1000**power, "f", 1)) if power else self.count(part)
        return f"{self._whole(number)} of {self.size(whole)}"

    def speed(self, value: float) -> str:
        """Return bytes per second as e.g. `212 MB/s`, or "" below one byte."""
        return f"{self.size(int(value))}/s" if value >= 1 else ""

    def count(self, value: int) -> str:
        """Return a whole number with the locale's group separators."""
        return self._whole(self._locale.toString(value))

    def counted(self, value: int, word: str, plural: str = "") -> str:
        """Return e.g. `1 file` or `1,204 files`."""
        return f"{self.count(value)} {numbered(value, word, plural)}"

    def moment(self, seconds: float | None) -> str:
        """Return a time as the day needs it: `10:42` today, otherwise the short date and time."""
        if seconds is None:
            return "-"
        when = QDateTime.fromSecsSinceEpoch(int(seconds))
        if when.date() == QDateTime.currentDateTime().date():
            return self._whole(self._locale.toString(when.time(), QLocale.FormatType.ShortFormat))
        return self._whole(self._locale.toString(when, QLocale.FormatType.ShortFormat))

    def day(self, seconds: float | None) -> str:
        """Return a time as short as a picture's caption wants it: `10:42` today, otherwise the short date."""
        if seconds is None:
            return ""
        when = QDateTime.fromSecsSinceEpoch(int(seconds))
        if when.date() == QDateTime.currentDateTime().date():
            return self.moment(seconds)
        return self._whole(self._locale.toString(when.date(), QLocale.FormatType.ShortFormat))

    def ahead(self, when: float, now: float) -> str:
        """Return a moment to come: `22:00`, `tomorrow 06:00`, `Mon 06:00`, or the short date and time."""
        short = QLocale.FormatType.ShortFormat

        def hour(then: datetime) -> str:
            return self._whole(self._locale.toString(QTime(then.hour, then.minute), short))

        def day(then: datetime) -> str:
            return self._whole(self._locale.toString(QDate(then.year, then.month, then.day), short))

        return clock(when, now, hour=hour, day=day)

    def clock(self, seconds: float) -> str:
        """Return a time of day with seconds, as a log shows it."""
        moment: QTime = QDateTime.fromSecsSinceEpoch(int(seconds)).time()
        return str(moment.toString("HH:mm:ss"))

    def length(self, seconds: float | None) -> str:
        """Return how long a video plays: `0:48`, `1:02:03`, and `-` if unknown."""
        if seconds is None:
            return "-"
        minutes, rest = divmod(max(0, round(seconds)), 60)
        hours, minutes = divmod(minutes, 60)
        return f"{hours}:{minutes:02d}:{rest:02d}" if hours else f"{minutes}:{rest:02d}"

    def left(self, seconds: float | None) -> str:
        """Return a duration in at most two units: `2 min`, `1 h 05 min`, `8 s`; "" if unknown."""
        if seconds is None:
            return ""
        whole = max(0, round(seconds))
        if whole < 60:
            return f"{whole} s"
        minutes = round(whole / 60)
        if minutes < 60:
            return f"{minutes} min"
        hours, minutes = divmod(minutes, 60)
        if hours < 48:
            return f"{hours} h {minutes:02d} min"
        return f"{hours // 24} days"

    def ago(self, then: float, now: float) -> str:
        """Return the age of a moment in words: `just now`, `12 min ago`, `3 days ago`."""
        age = max(0, int(now - then))
        if age < 60:
            return "just now"
        if age < 3600:
            return f"{age // 60} min ago"
        if age < 2 * 86400:
            return f"{age // 3600} h ago"
        return f"{age // 86400} days ago"

    def _whole(self, text: str) -> str:
        """Keep what a right-to-left locale writes from swapping places with the English words around it."""
        return f"\N{FIRST STRONG ISOLATE}{text}\N{POP DIRECTIONAL ISOLATE}" if self._isolated else text


def plain(text: str) -> str:
    """Return words of a server's for a tooltip, so that they show as they are.

    Qt takes what looks like HTML for HTML, and for a picture's sake would open `//host/share` on Windows.
    """
    return f"<qt>{html.escape(text).replace(chr(10), '<br>')}</qt>" if Qt.mightBeRichText(text) else text


def untagged(text: str) -> str:
    """Return words of a server's for a message beside the tray, where some desktops take tags for links and pictures.

    Others show an escaped one letter by letter; a quotation mark looks the same everywhere.
    """
    return text.replace("<", "\N{SINGLE LEFT-POINTING ANGLE QUOTATION MARK}").replace(
        ">", "\N{SINGLE RIGHT-POINTING ANGLE QUOTATION MARK}"
    )


def upright(text: str) -> str:
    """Keep the mark at the end of an English text there in a window that is mirrored."""
    return f"{text}\N{LEFT-TO-RIGHT MARK}" if QGuiApplication.isRightToLeft() else text


def words(parts: Sequence[str], joint: str = ", ") -> str:
    """Join what is not empty."""
    return joint.join(part for part in parts if part)


Formatter = Callable[[int | None], str]
