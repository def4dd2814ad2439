"""Commits complete files in groups.

A file is synced by itself, its folder once for a group. Where syncing takes its time, threads of our own wait for
it, several at once, so that the file system makes one journal commit of what they wait for, and the network
never stands still. Where it takes next to none (a memory disk, a drive with a safe cache), handing small files
from thread to thread would cost more than the work: then whoever completes the last one of a group commits it.
"""

import math
import os
import threading
import time
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
QUICK = 60e-6
"""Seconds for one file's sync up to which groups are committed on the spot."""
LINGER = 0.03
"""Seconds a small file may wait for others to share its group, where they are committed on the spot."""


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
        self._lingering = False
        self._quick = False
        self._closed = False

    def commit(self, download: Download) -> None:
        """Commit a complete file soon; waits while too many are waiting already."""
        group: list[Download] = []
        with self._changed:
            while len(self._files) >= BACKLOG and threading.current_thread() not in self._threads:
                self._changed.wait()
            self._files.append(download)
            if not self._quick or download.heavy:
                self._wake()
            elif len(self._files) >= GROUP:
                group = self._next_group()
            elif not self._lingering:
                self._lingering = True
                self._wake()
        if group:
            self._commit(group)

    def background(self, call: Callable[[], None]) -> None:
        """Make a call soon; it raises nothing."""
        with self._changed:
            self._calls.append(call)
            self._wake()

    def hasten(self) -> None:
        """Have small files that wait for others to share their group wait no longer: none are coming for now."""
        with self._changed:
            if self._lingering:
                self._lingering = False
                self._changed.notify_all()

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
                        # Others may have committed what this thread was to linger for.
                        self._lingering = False
                        self._sleep(None)
                    if self._lingering and not self._closed and not self._calls:
                        self._sleep(LINGER)
                    self._lingering = False
                    call = self._calls.popleft() if self._calls else None
                    group = [] if call else self._next_group()
                    self._changed.notify_all()
                if call:
                    call()
                if group:
                    self._commit(group)
        finally:
            with self._changed:
                self._alive -= 1
                if self._files or self._calls:
                    self._wake()

    def _sleep(self, seconds: float | None) -> None:
        self._idle += 1
        self._changed.wait(seconds)
        self._idle -= 1

    def _next_group(self) -> list[Download]:
        return [self._files.popleft() for _ in range(min(GROUP, len(self._files)))]

    def _commit(self, group: Sequence[Download]) -> None:
        open_ends = set(group)
        try:
            sealed = self._seal(group, open_ends)
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

    def _seal(self, group: Sequence[Download], open_ends: set[Download]) -> list[Download]:
        sealed = []
        last = -1
        fastest = math.inf
        for download in group:
            began = time.perf_counter()
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
                fastest = min(fastest, time.perf_counter() - began)
        self._judge(fastest, len(sealed))
        if sealed:
            with disk(os.devnull):
                barrier(last)
        return sealed

    def _judge(self, fastest: float, count: int) -> None:
        """Learn how quickly this disk syncs from so many files' fastest sync, in seconds.

        The others may have waited for the interpreter, not for the disk; a few slow ones prove nothing.
        """
        if fastest < QUICK:
            self._quick = True
        elif count > GROUP // 4:
            self._quick = False

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
