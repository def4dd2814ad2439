"""The engine for one command: work's services under an event loop without a window."""

import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import TracebackType
from typing import Generic, TypeVar

from PySide6.QtCore import QCoreApplication, QEventLoop, SignalInstance

from desktop.core.errors import NotFound, ShotDockError, UsageError
from desktop.core.task import Task
from desktop.logs import LogRing
from desktop.places import Places
from desktop.work.background import Work
from desktop.work.end_signals import end_signals
from desktop.work.services import Services, start_services

T = TypeVar("T")


class Interrupted(KeyboardInterrupt):
    """Someone pressed Ctrl-C or sent SIGTERM; what runs was asked to stop and its state is kept."""


class Answer(Generic[T]):
    """A place for the one answer a command waits for: a value or an error.

    answer = Answer[Plan](run)
    plan = answer.of(library.plan(request, structure, answer.then, answer.failed))
    """

    def __init__(self, run: "Session", *, anyway: bool = False) -> None:
        """Make ready to ask; raise Interrupted if the program is to end.

        anyway: a short question to the database, answered even after an interruption.
        """
        if not anyway:
            run.check()
        self._run, self._anyway = run, anyway
        self._loop = QEventLoop()
        self._given = False
        self._value: T
        self._error: ShotDockError | None = None

    def then(self, value: T) -> None:
        """Take the value."""
        self._value = value
        self._given = True
        self._loop.quit()

    def failed(self, error: ShotDockError) -> None:
        """Take the error."""
        self._error = error
        self._given = True
        self._loop.quit()

    def of(self, work: Work | None) -> T:
        """Wait for the answer and return it; raise its error, or Interrupted after cancelling the work."""
        self._run.turn(self._loop, lambda: self._given, self._anyway)
        if self._run.interrupted and not self._anyway:
            if work is not None:
                work.cancel()
            raise Interrupted
        if self._error is not None:
            raise self._error
        return self._value


class Done(Answer[None]):
    """A place for the news that something is done, or its error."""

    def done(self) -> None:
        """Take the news."""
        self.then(None)


class Session:
    """The services of one command, and the way to wait for their answers.

    Signals that end the program (SIGINT, SIGTERM) wake the loop through a socket, so a wait needs no timer.
    """

    def __init__(self, services: Services) -> None:
        self.services = services
        self._loop: QEventLoop | None = None
        self._interrupted = False
        self._asking = False
        self._broken: tuple[type[BaseException], BaseException, TracebackType | None] | None = None

    def until(self, over: Callable[[], bool], *changed: SignalInstance) -> None:
        """Wait until `over()`, which is asked whenever one of the signals is sent.

        Returns early, without raising, when interrupted: the caller asks `interrupted`.
        """
        loop = QEventLoop()

        def look(_news: object) -> None:
            if over():
                loop.quit()

        for signal_ in changed:
            signal_.connect(look)
        self.turn(loop, over)

    @property
    def interrupted(self) -> bool:
        """True once someone asked the program to end."""
        return self._interrupted

    def check(self) -> None:
        """Raise Interrupted if someone asked the program to end."""
        if self._interrupted:
            raise Interrupted

    def all_tasks(self) -> tuple[Task, ...]:
        """Return every task as the database knows it now."""
        answer = Answer[tuple[Task, ...]](self)
        tasks = self.services.tasks
        tasks.listed.connect(answer.then)
        tasks.load()
        try:
            return answer.of(None)
        finally:
            tasks.listed.disconnect(answer.then)

    def task(self, task_id: int) -> Task:
        """Return the task; raise UsageError if there is none of this number."""
        for task in self.all_tasks():
            if task.id == task_id:
                return task
        raise UsageError(
            title=f"There is no task {task_id}.", suggestion="See the tasks there are with: shotdock tasks list"
        )

    def known(self, connection: str) -> str:
        """Return the connection's name if there is such a connection; raise UsageError otherwise."""
        try:
            return self.services.connections.get(connection).name
        except NotFound as error:
            raise UsageError(error.title, error.cause, error.suggestion, error.path) from None

    def turn(self, loop: QEventLoop, over: Callable[[], bool], anyway: bool = False) -> None:
        """Run the loop until something quits it; raise what a slot raised. anyway: interruptions do not end it."""
        if not over() and (anyway or not self._interrupted):
            self._loop = None if anyway else loop
            loop.exec()
            self._loop = None
        self.raise_broken()

    def raise_broken(self) -> None:
        """Raise what a slot raised, if one did."""
        if self._broken is not None:
            broken, self._broken = self._broken, None
            raise broken[1].with_traceback(broken[2])

    @contextmanager
    def asking(self) -> Iterator[None]:
        """Let an interruption end the block at once, which waits for a person's words and runs nothing meanwhile."""
        self.check()
        self._asking = True
        try:
            yield
        finally:
            self._asking = False

    def read_secret(self, word: str) -> str:
        """Return the first line of standard input; raise UsageError if there is none. word: what it is called then."""
        with self.asking():
            secret = sys.stdin.readline().rstrip("\r\n")
        if not secret:
            raise UsageError(
                title=f"There is no {word} on standard input.", suggestion="Pipe it in, from a file or a secret store."
            )
        return secret

    def interrupt(self) -> None:
        """Ask what runs to end; a second time, let Python end the program on the spot."""
        if self._interrupted:
            signal.signal(signal.SIGINT, signal.default_int_handler)
        self._interrupted = True
        if self._asking:
            raise Interrupted
        if self._loop is not None:
            self._loop.quit()

    def broke(self, kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        """Take an exception out of a slot, where Qt would print it and go on, and raise it from the wait."""
        self._broken = (kind, error, trace)
        if self._loop is not None:
            self._loop.quit()


@contextmanager
def session(places: Places, ring: LogRing, serving: bool = False) -> Iterator[Session]:
    """Run a command's block with the services started; shut them down whatever happens.

    serving: the command stays, and does what is due meanwhile.

    What still runs then is stopped so that it can be resumed.
    """
    application = QCoreApplication.instance() or QCoreApplication(["shotdock"])
    services = start_services(places, ring, threaded=False, serving=serving)
    run = Session(services)
    try:
        with end_signals(run.interrupt), _slots(run):
            try:
                yield run
            finally:
                # What was posted to the database and not waited for, such as a structure to keep.
                application.processEvents()
        run.raise_broken()
    finally:
        services.shutdown()


@contextmanager
def _slots(run: Session) -> Iterator[None]:
    """Let an exception in a slot end the wait: PySide hands it to sys.excepthook and would go on."""
    before = sys.excepthook
    sys.excepthook = run.broke
    try:
        yield
    finally:
        sys.excepthook = before
