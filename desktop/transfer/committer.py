"""Commits complete files in groups, away from the network's threads.

A file is synced by itself, its folder once for a group. One thread keeps up with a quick disk; where syncing is
slow, several wait at once, and the file system makes one journal commit of what they wait for.
"""

import os
import threading
from collections import deque
from collections.abc import Callable, Sequence
from typing import Protocol

from desktop.core.errors import ShotDockError, TargetUnwritable
from desktop.core.task import FileResult
from desktop.transfer.disk import barrier, disk
from desktop.transfer.download import Download

GROUP = 32
"""Files whose folders are synced together, at most."""
THREADS = 6
BACKLOG = 96
"""Complete files, each with an open descriptor, that may wait before the network has to."""


class Durable(Protocol):
    """Whatever makes folders durable."""

    def sync(self, folders: set[str]) -> None:
        """Make the names in the folders durable."""


class Committer:
    """A few threads, started as they are needed."""

    def __init__(self, folders: Durable) -> None:
        self._folders = folders
        self._files: deque[Download] = deque()
        self._calls: deque[Callable[[], None]] = deque()
        self._changed = threading.Condition()
        self._threads: list[threading.Thread] = []
        self._idle = 0
        self._alive = 0
        self._closed = False

    def commit(self, download: Download) -> None:
        """Commit a complete file soon; waits while too many are waiting already."""
        with self._changed:
            while len(self._files) >= BACKLOG and threading.current_thread() not in self._threads:
                self._changed.wait()
            self._files.append(download)
            self._wake()

    def background(self, call: Callable[[], None]) -> None:
        """Make a call soon; it raises nothing."""
        with self._changed:
            self._calls.append(call)
            self._wake()

    def close(self) -> None:
        """Do what is still waiting, then end the threads."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()
            if self._files or self._calls:
                self._wake()
        for thread in self._threads:
            thread.join()

    def _wake(self) -> None:
        if self._idle:
            self._changed.notify()
        elif self._alive == 0 or (self._alive < THREADS and len(self._files) > GROUP * self._alive):
            thread = threading.Thread(target=self._work, name="committer", daemon=True)
            self._threads.append(thread)
            self._alive += 1
            thread.start()

    def _work(self) -> None:
        try:
            while True:
                with self._changed:
                    while not self._files and not self._calls:
                        if self._closed:
                            return
                        self._idle += 1
                        self._changed.wait()
                        self._idle -= 1
                    calls = [self._calls.popleft()] if self._calls else []
                    group = [] if calls else [self._files.popleft() for _ in range(min(GROUP, len(self._files)))]
                    self._changed.notify_all()
                for call in calls:
                    call()
                if group:
                    self._commit(group)
        finally:
            with self._changed:
                self._alive -= 1
                if self._files or self._calls:
                    self._wake()

    def _commit(self, group: Sequence[Download]) -> None:
        open_ends = set(group)
        try:
            sealed = []
            last = -1
            for download in group:
                try:
                    fd = download.seal()
                except ShotDockError as error:
                    open_ends.discard(download)
                    download.give_up(error)
                    continue
                if fd is None:
                    open_ends.discard(download)
                else:
                    sealed.append(download)
                    last = fd
            if sealed:
                self._barrier(last)
            placed: list[tuple[Download, tuple[FileResult, str]]] = []
            for download in sealed:
                try:
                    placed.append((download, download.settle()))
                except ShotDockError as error:
                    open_ends.discard(download)
                    download.give_up(error)
            refused = self._sync({download.folder for download, _ in placed})
            for download, outcome in placed:
                open_ends.discard(download)
                if refused is None:
                    download.report(*outcome)
                else:
                    download.give_up(refused)
        finally:
            # Only a fault of ours leaves any: the thread dies of it, loudly, and the jobs must not wait for ever.
            for download in open_ends:
                download.give_up(_lost(download))

    def _barrier(self, fd: int) -> None:
        with disk(os.devnull):
            barrier(fd)

    def _sync(self, folders: set[str]) -> ShotDockError | None:
        try:
            self._folders.sync(folders)
        except ShotDockError as error:
            return error
        return None


def _lost(download: Download) -> TargetUnwritable:
    return TargetUnwritable(
        title="A complete file could not be put into place.",
        cause="Something unexpected went wrong; the log tells what.",
        suggestion="Retry; what came is still there.",
        path=str(download.job.target),
    )
