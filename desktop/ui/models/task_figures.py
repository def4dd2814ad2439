"""A task's figures in words and as a bar: live ones while it runs, the remembered ones otherwise."""

from desktop.core.task import Progress, Task, TaskState
from desktop.ui.colours import Tone
from desktop.ui.formats import STALLED_FACE, Face, Formats, task_face
from desktop.ui.models.columns import Bar

UNFINISHED = (TaskState.WAITING, TaskState.RUNNING, TaskState.PAUSED, TaskState.INTERRUPTED)


class Figures:
    """live: the latest figures of what runs, by the task's number."""

    def __init__(self, formats: Formats) -> None:
        self.formats = formats
        self.live: dict[int, Progress] = {}

    def face(self, task: Task) -> Face:
        """Return how a task looks; one that gets no bytes says so."""
        progress = self.live.get(task.id)
        return STALLED_FACE if progress is not None and progress.phase == "stalled" else task_face(task)

    def bar(self, task: Task) -> Bar:
        """Return a task's progress bar."""
        done, total = self.amount(task)
        complete = task.state is TaskState.DONE and not task.files.failed
        fraction = 1.0 if complete else done / max(total, 1)
        tone = {
            TaskState.RUNNING: Tone.ACCENT,
            TaskState.DONE: Tone.GOOD,
            TaskState.FAILED: Tone.BAD,
        }.get(task.state, Tone.FAINT)
        if task.files.failed and task.state is TaskState.DONE:
            tone = Tone.BAD
        return Bar(fraction, f"{int(fraction * 100)} %", tone)

    def amount(self, task: Task) -> tuple[int, int]:
        """Return (bytes here, bytes in all)."""
        progress = self.live.get(task.id)
        if progress is not None:
            return progress.done, progress.total
        return task.bytes.transferred + task.bytes.reused, task.bytes.planned

    def ended(self, task: Task) -> int:
        """Return how many of the files a task is to fetch came to an end."""
        progress = self.live.get(task.id)
        if progress is not None:
            return progress.files_done
        return task.files.downloaded + task.files.failed

    def size_words(self, task: Task) -> str:
        """Return e.g. `1.2 of 3.0 GB`."""
        done, total = self.amount(task)
        return self.formats.size(total) if done >= total or not done else self.formats.size_of(done, total)

    def limit_words(self, task: Task) -> str:
        """Return the task's own limit, while it matters."""
        return self.formats.speed(task.options.limit_rate or 0) if task.state in UNFINISHED else ""

    def speed_words(self, task: Task) -> str:
        """Return a running task's speed."""
        progress = self.live.get(task.id)
        return self.formats.speed(progress.speed) if progress else ""

    def files_words(self, task: Task) -> str:
        """Return e.g. `412 of 460` and, if some failed, `3 failed, 412 of 460`; once all ended `3 failed`."""
        count = self.formats.count
        wanted = self.live[task.id].files_total if task.id in self.live else task.files.wanted
        ended, failed = self.ended(task), task.files.failed
        if ended < wanted:
            text = f"{count(ended)} of {count(wanted)}"
            return f"{count(failed)} failed, {text}" if failed else text
        return f"{count(failed)} failed" if failed else count(task.files.planned)

    def when_words(self, task: Task) -> str:
        """Return how long a running task still takes, or what it does instead; of others when it was over, or made."""
        progress = self.live.get(task.id)
        if progress is None:
            return self.formats.day(task.finished or task.created)
        # That it is stalled is its state.
        known = progress.phase in ("downloading", "stalled")
        left = self.formats.left(progress.left)
        return (f"{left} left" if left else "") if known else progress.phase
