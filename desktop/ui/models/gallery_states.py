"""How each video of a gallery stands: read from the tasks there are, so that it is right after a restart too."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import partial
from pathlib import Path
from urllib.parse import unquote

from PySide6.QtCore import QObject, Signal

from desktop.core.errors import HostKeyUnknown
from desktop.core.gallery import PREFIX
from desktop.core.task import FileResult, Progress, Task, TaskFile, TaskItem, TaskState
from desktop.ui.hearing import while_there
from desktop.ui.renewal import Renewal
from desktop.work.gallery import GalleryDesk
from desktop.work.tasks import TaskDesk

ASK_AFTER = 250
"""Milliseconds a change may wait before the files of its task are asked for."""

SETTLED = (TaskState.DONE, TaskState.CANCELLED)
LIVE = (TaskState.RUNNING, TaskState.WAITING, TaskState.PAUSED, TaskState.INTERRUPTED)
STOPPED = (TaskState.PAUSED, TaskState.INTERRUPTED)
_FILE = re.compile(r"/api/downloads/([^/?]+)/file(?:\?|$)")


class VideoState(StrEnum):
    """Where a video is."""

    REMOTE = "remote"
    WAITING = "waiting"
    RUNNING = "running"
    PAUSED = "paused"
    FAILED = "failed"
    HERE = "here"


@dataclass(frozen=True, slots=True)
class Standing:
    """How a video stands. done, total: bytes here and bytes in all, while it is on its way; task: the one it is in.

    reason: why it failed, in words; kind: the error's. path: the file on this machine, if it is here. renewed: its
    link had expired on the way and was asked for again.
    """

    state: VideoState = VideoState.REMOTE
    done: int = 0
    total: int | None = None
    task: int | None = None
    reason: str = ""
    kind: str = ""
    path: Path | None = None
    renewed: bool = False

    @property
    def fraction(self) -> float | None:
        """Return how much of it is here, from 0 to 1, or None if its size is unknown."""
        return min(1.0, self.done / self.total) if self.total else None


NOWHERE = Standing()
ON_ITS_WAY = (VideoState.WAITING, VideoState.PAUSED)


def video_of(source: str) -> str | None:
    """Return the id of the video that a task's file is fetched from, or None if it is none."""
    found = _FILE.search(source)
    return unquote(found[1]) if found else None


class GalleryStates(QObject):
    """Follows the tasks of one gallery.

    Signals: moved (set of the ids of videos that stand otherwise, if only a few bytes further), turned (some are in
    another state), ended (a task brought what it could).
    """

    moved = Signal(object)
    turned = Signal()
    ended = Signal()

    def __init__(self, tasks: TaskDesk, gallery: GalleryDesk, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._desk = tasks
        self._server = ""
        self._tasks: dict[int, Task] = {}
        self._sites: dict[int, frozenset[str]] = {}
        self._files: dict[int, dict[int, tuple[str, TaskFile]]] = {}  # by item: each brings one video
        self._resting: dict[int, dict[str, Standing]] = {}
        self._progress: dict[int, Progress] = {}
        self._here: dict[str, Standing] = {}
        self._standings: dict[str, Standing] = {}
        self._renewed: set[str] = set()
        self._dirty: set[int] = set()
        self._renewal = Renewal(ASK_AFTER, self)
        self._renewal.due.connect(self._ask)
        tasks.listed.connect(self._listed)
        tasks.changed.connect(self._changed)
        tasks.removed.connect(self._removed)
        tasks.progressed.connect(self._progressed)
        gallery.renewed.connect(self._link_renewed)

    def follow(self, server: str) -> None:
        """Tell of another gallery's videos from now on."""
        self._server = server
        self._here = {}
        self._files.clear()
        self._resting.clear()
        self._standings.clear()
        self._renewed.clear()
        # What is done is found on the disk; only what is on its way or was lost has to be asked for.
        self._dirty = {task.id for task in self._tasks.values() if not task.connection and _worth_asking(task)}
        if self._dirty and server:
            self._renewal.soon()

    def of(self, video: str) -> Standing:
        """Return how a video stands."""
        return self._standings.get(video, NOWHERE)

    def bound_for(self, video: str) -> Path | None:
        """Return the folder a video is on its way to; None if it is not."""
        standing = self.of(video)
        if standing.task is None or standing.state not in (VideoState.WAITING, VideoState.RUNNING):
            return None
        return self._tasks[standing.task].destination

    def doubted(self) -> dict[str, Standing]:
        """Return what failed because nobody vouches for the server it lies on, by the videos' ids."""
        return {video: one for video, one in self._standings.items() if one.kind == HostKeyUnknown.kind}

    def place(self, here: Mapping[str, Path]) -> None:
        """Take over which videos lie on this machine."""
        self._here = {video: Standing(VideoState.HERE, path=path) for video, path in here.items()}
        self._judge()

    def _ours(self, number: int) -> bool:
        return PREFIX + self._server in self._sites.get(number, ())

    def _ours_or_new(self, number: int) -> bool:
        return number not in self._sites or self._ours(number)

    def _listed(self, tasks: Iterable[Task]) -> None:
        self._tasks = {task.id: task for task in tasks}
        self.follow(self._server)

    def _changed(self, tasks: Iterable[Task]) -> None:
        over = False
        for task in tasks:
            before, self._tasks[task.id] = self._tasks.get(task.id), task
            if task.connection or not self._server or not self._ours_or_new(task.id):
                continue
            if task.state is not TaskState.RUNNING and task.state not in STOPPED:
                self._progress.pop(task.id, None)  # what stopped stays where it was
            if task.id in self._files and before is not None and before.state is not task.state:
                self._rest(task)
            if task.id not in self._files or before is None or before.files != task.files or before.state != task.state:
                self._dirty.add(task.id)
                self._renewal.soon()
                over = over or task.state not in LIVE
        if over:
            # Nothing follows that would have it asked again: however slow the last answer was, this one is not put off.
            self._ask()

    def _removed(self, ids: Iterable[int]) -> None:
        for number in ids:
            for kept in (self._tasks, self._sites, self._files, self._resting, self._progress):
                kept.pop(number, None)
            self._dirty.discard(number)
        self._judge()

    def _progressed(self, progresses: Iterable[Progress]) -> None:
        moving = [progress for progress in progresses if progress.task_id in self._files]
        for progress in moving:
            self._progress[progress.task_id] = progress
        if moving:
            self._judge()

    def _link_renewed(self, server: str, video: str) -> None:
        if server == self._server:
            self._renewed.add(video)
            self._judge()

    def _ask(self) -> None:
        dirty, self._dirty = self._dirty, set()
        self._renewal.asked()
        for number in dirty:
            if number not in self._sites:
                self._desk.items(number, while_there(self, partial(self._met, number)))
            elif self._ours(number):
                self._desk.files(number, while_there(self, partial(self._take, number)))

    def _met(self, number: int, items: tuple[TaskItem, ...]) -> None:
        """Learn whether a task is of this gallery, or of shots, or of another one."""
        self._sites[number] = frozenset(item.site for item in items)
        if self._ours(number):
            self._desk.files(number, while_there(self, partial(self._take, number)))

    def _take(self, number: int, files: tuple[TaskFile, ...]) -> None:
        self._renewal.answered()
        task = self._tasks.get(number)
        if task is not None and self._ours(number):
            found = ((file, video_of(file.source)) for file in files)
            self._files[number] = {file.item_id: (video, file) for file, video in found if video is not None}
            for video, file in self._files[number].values():
                if file.result.arrived and video not in self._here:
                    self._here[video] = Standing(VideoState.HERE, path=task.destination / file.target)
            self._rest(task)
            self._judge()
            if task.state not in LIVE:
                self.ended.emit()

    def _rest(self, task: Task) -> None:
        """Note how a task's videos stand but for the bytes on their way: those move five times a second."""
        standings = ((video, _standing(task, file)) for video, file in self._files[task.id].values())
        self._resting[task.id] = {video: standing for video, standing in standings if standing is not None}

    def _moving(self, number: int) -> Iterator[tuple[str, Standing]]:
        progress = self._progress.get(number)
        for item, done in progress.items.items() if progress is not None else ():
            if done and item in self._files[number]:
                video, file = self._files[number][item]
                stopped = self._tasks[number].state in STOPPED
                yield video, Standing(VideoState.PAUSED if stopped else VideoState.RUNNING, done, file.size, number)

    def _judge(self) -> None:
        found = dict(self._here)
        for number in sorted(self._files):
            resting = self._resting[number]
            for video, standing in resting.items():
                if _outweighs(standing, found.get(video)):
                    found[video] = standing
            for video, standing in self._moving(number):
                if video in resting and found[video] is resting[video] and found[video].state in ON_ITS_WAY:
                    found[video] = standing
        # What was renewed is told until the video has come to an end; its task may not be known just yet.
        renewed = {video: found[video] for video in self._renewed & found.keys()}
        moving = {video: one for video, one in renewed.items() if one.state in (VideoState.WAITING, VideoState.RUNNING)}
        self._renewed -= renewed.keys() - moving.keys()
        found |= {video: replace(one, renewed=True) for video, one in moving.items()}
        before, self._standings = self._standings, found
        # Of thousands that lie here the very same values are there before and after.
        changes = {
            video: (before.get(video, NOWHERE), found.get(video, NOWHERE))
            for video in before.keys() | found.keys()
            if before.get(video) is not found.get(video)
        }
        moved = {video for video, (old, new) in changes.items() if old != new}
        if moved:
            self.moved.emit(moved)
        if any(changes[video][0].state is not changes[video][1].state for video in moved):
            self.turned.emit()


def _standing(task: Task, file: TaskFile) -> Standing | None:
    """Return how a file of a task stands, its bytes on the way left out; None if the task has no more to say."""
    if file.result is FileResult.FAILED:
        return Standing(VideoState.FAILED, task=task.id, reason=_why(file) or task.error, kind=_kind(file))
    if file.result is not FileResult.PENDING or task.state in SETTLED:
        return None
    if task.state is TaskState.FAILED:
        return Standing(VideoState.FAILED, task=task.id, reason=task.error)
    if task.state in STOPPED:
        # How far it had come is known while the window that stopped it is open; its part file knows it always.
        return Standing(VideoState.PAUSED, task=task.id)
    return Standing(VideoState.WAITING, 0, file.size, task.id)


def _worth_asking(task: Task) -> bool:
    return task.state in LIVE or task.state is TaskState.FAILED or task.files.failed > 0


def _outweighs(one: Standing, other: Standing | None) -> bool:
    """Tell whether a task's word counts: what is on its way always, an old failure not if the file is here."""
    return other is None or one.state is not VideoState.FAILED or other.state is VideoState.FAILED


def _kind(file: TaskFile) -> str:
    return str((file.error or {}).get("kind", ""))


def _why(file: TaskFile) -> str:
    """Return why a file failed, as a title, a cause and what to do."""
    error = file.error or {}
    return "\n".join(str(error[key]) for key in ("title", "cause", "suggestion") if error.get(key))
