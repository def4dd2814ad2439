"""Hand work to another thread and bring the answer back."""

import logging
import threading
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future
from functools import partial
from typing import TypeVar

from PySide6.QtCore import QObject, QThread, QTimer, Signal, SignalInstance, Slot

from desktop.core.errors import ShotDockError, Stopped
from desktop.work.pool import Pool

T = TypeVar("T")
Call = Callable[[], None]
Failed = Callable[[ShotDockError], None]

log = logging.getLogger(__name__)


class Mailbox(QObject):
    """Runs posted calls, in order, on the thread this object lives on."""

    _posted = Signal(object)

    def __init__(self) -> None:
        super().__init__()
        self._calls: deque[Call] = deque()
        # A queued connection would do, but to name it is to build every enum of the Qt namespace: 20 ms of each start.
        self._posted.connect(self._take)

    @property
    def signal(self) -> SignalInstance:
        """Return the bound signal that posts; a call on a pool keeps this, never the mailbox."""
        return self._posted

    def post(self, call: Call) -> None:
        """Run the call soon, on the mailbox's thread; may be called from any thread."""
        self._posted.emit(call)

    @Slot(object)
    def _take(self, call: Call) -> None:
        self._calls.append(call)
        QTimer.singleShot(0, self, self._run)

    @Slot()
    def _run(self) -> None:
        self._calls.popleft()()


class Desk:
    """The one thread on which tasks change state and the database is used.

    With `threaded` it is a thread of its own, so that the window never waits for the disk; without, it is the
    calling thread, as the command line wants it.
    """

    def __init__(self, threaded: bool) -> None:
        self.mailbox = Mailbox()
        self._thread: QThread | None = None
        if threaded:
            self._thread = QThread()
            self._thread.setObjectName("desk")
            self.mailbox.moveToThread(self._thread)
            self._thread.start()

    def adopt(self, thing: QObject) -> None:
        """Move a QObject to the desk's thread."""
        if self._thread is not None:
            thing.moveToThread(self._thread)

    def wait_for(self, call: Callable[[], T]) -> T:
        """Run the call on the desk and wait for its result; for starting up and shutting down only."""
        if self._thread is None:
            return call()
        future: Future[T] = Future()

        def run() -> None:
            try:
                future.set_result(guarded(call))
            except ShotDockError as error:
                future.set_exception(error)

        self.mailbox.post(run)
        return future.result()

    def close(self) -> None:
        """End the thread once everything posted before has run."""
        if self._thread is not None:
            self.mailbox.post(self._thread.quit)
            self._thread.wait()


def ask(
    desk: Desk, answers: Mailbox, question: Callable[[], object], then: Callable[..., None], failed: Failed
) -> None:
    """Have a question answered on the desk; the answer goes to `then`, its ShotDockError to `failed`, on the mailbox's
    thread.
    """

    def run() -> None:
        try:
            answer = question()
        except ShotDockError as error:
            reason = error
            answers.post(lambda: failed(reason))
            return
        answers.post(lambda: then(answer))

    desk.mailbox.post(run)


class Work:
    """A handle on something that runs in the background: ask it to stop, and it soon will."""

    def __init__(self) -> None:
        self._stop = threading.Event()
        self._lock = threading.Lock()
        self._breakers: list[Callable[[], object]] = []

    def cancel(self) -> None:
        """Ask the work to stop; neither `then` nor `failed` is called after this."""
        self._stop.set()
        with self._lock:
            breakers, self._breakers = self._breakers, []
        for breaker in breakers:
            breaker()

    def stopped(self) -> bool:
        """Tell whether the work was asked to stop."""
        return self._stop.is_set()

    def wait(self, seconds: float) -> bool:
        """Wait, but not longer than until the work is asked to stop; return True if it was."""
        return self._stop.wait(seconds)

    def on_cancel(self, breaker: Callable[[], object]) -> None:
        """Call the breaker on cancel, from the cancelling thread, e.g. to hang up a connection that hangs."""
        with self._lock:
            if not self._stop.is_set():
                self._breakers.append(breaker)
                return
        breaker()

    def done(self) -> None:
        """Note that there is nothing left to break off."""
        with self._lock:
            self._breakers.clear()


def ignore(_answer: object) -> None:
    """Take an answer nobody waits for."""


def guarded(call: Callable[[], T]) -> T:
    """Run a call at the border of a pool thread: whatever unexpected it raises becomes a ShotDockError.

    The one place in the program that catches every exception; the traceback goes to the log file.
    """
    try:
        return call()
    except (ShotDockError, Stopped):
        raise
    except Exception as error:
        log.exception("unexpected error in a worker")
        raise ShotDockError(
            title="Something unexpected went wrong inside ShotDock.",
            cause=f"{type(error).__name__}: {error}",
            suggestion="Try again; if it happens again, send the log file to your TD.",
        ) from error


def _carry(work: Work, call: Callable[[], T], post: SignalInstance, then: Callable[[T], None], failed: Failed) -> None:
    """Run the call on a pool thread and post the answer back, unless the work was cancelled."""
    try:
        result = guarded(call)
    except Stopped:
        return
    except ShotDockError as error:
        reason = error
        post.emit(lambda: None if work.stopped() else failed(reason))
        return
    post.emit(lambda: None if work.stopped() else then(result))


class Background:
    """Runs calls on a pool and answers on one mailbox's thread."""

    def __init__(self, answers: Mailbox, threads: int = 8) -> None:
        self._answers = answers
        self._pool = Pool(threads)
        self._under_way: set[Work] = set()
        self._lock = threading.Lock()

    def run(self, call: Callable[[Work], T], then: Callable[[T], None], failed: Failed) -> Work:
        """Start `call(work)`; its result goes to `then`, its ShotDockError to `failed`."""
        work = Work()
        with self._lock:
            self._under_way.add(work)

        def carried() -> T:
            try:
                return call(work)
            finally:
                work.done()
                with self._lock:
                    self._under_way.discard(work)

        self._pool.start(partial(_carry, work, carried, self._answers.signal, then, failed))
        return work

    def close(self) -> None:
        """Cancel what runs and wait for it."""
        with self._lock:
            under_way = tuple(self._under_way)
        for work in under_way:
            work.cancel()
        self._pool.wait()
