"""Tell people what became of their tasks: on the desktop, by mail, Slack, Teams, a webhook - never in a task's way."""

import logging
import os
import queue
import re
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial

from PySide6.QtCore import QObject, Signal, Slot

from desktop.core.causes import Cause
from desktop.core.digest import Digest, broken, digest
from desktop.core.errors import NoSecretStore, NotFound, ShotDockError, UsageError
from desktop.core.routine import Routine
from desktop.core.schedule import After
from desktop.core.task import Task
from desktop.store import secrets
from desktop.work import notify_apprise
from desktop.work.background import Background, Failed, guarded
from desktop.work.routines import RoutineDesk
from desktop.work.settings_box import SettingsBox
from desktop.work.tasks import TaskDesk

MOST = 64
"""Messages that wait at most; one more, and the oldest is given up."""
LEAVE = 10.0
"""Seconds the program waits at its end for messages to go out."""

TEST = Digest("ShotDock: a test", "This is what you will be told of your tasks.")

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class _Letter:
    service: str
    digest: Digest


class NotifyDesk(QObject):
    """Tells of every task that has ended, and of routines that could not be planned: one message each.

    Signals: told (Digest: show it on the desktop; clicking it opens its task), unheard (name of a service,
    ShotDockError: it was not told). What is told is in the settings: notify, notify_services, notify_errors_only,
    notify_errors_services.
    """

    told = Signal(object)
    unheard = Signal(str, object)

    def __init__(
        self, tasks: TaskDesk, routines: RoutineDesk, settings: SettingsBox, background: Background, serving: bool
    ) -> None:
        """Listen, if this program stays: a command has its own words for how it went."""
        super().__init__()
        self._tasks, self._settings, self._background = tasks, settings, background
        self._letters: queue.Queue[_Letter | None] = queue.Queue(MOST)
        self._thread: threading.Thread | None = None
        if serving:
            tasks.ended.connect(self._on_ended)
            routines.broken.connect(self._on_broken)

    def services(self) -> tuple[str, ...]:
        """Return the names of the services that are told."""
        return self._settings.value.notify_services

    def kinds(self, then: Callable[[dict[str, str]], None], failed: Failed) -> None:
        """Ask what each service is: Mail, Slack, Teams, Webhook, ... or "" if its address is not known here."""
        names = self.services()

        def look() -> dict[str, str]:
            return {name: _kind(name) for name in names}

        self._background.run(lambda _work: look(), then, failed)

    def errors_only(self, name: str) -> bool:
        """Tell whether a service is told of failures alone."""
        return self._settings.value.errors_only(name)

    def tell_errors_only(self, name: str, on: bool) -> None:
        """Tell a service of failures alone, or of everything; "" is the desktop, the services are left as they are.

        Raises NotFound for a service there is not, UsageError for what the studio has locked.
        """
        settings = self._settings.value
        if name and name not in self.services():
            raise _unknown(name, self.services())
        if name and "notify_errors_only" in settings.locked and on is not settings.notify_errors_only:
            raise UsageError(
                title="Whether services are told of failures alone is fixed by the studio.",
                suggestion="Ask whoever keeps the site file.",
            )
        chosen = tuple(one for one in self.services() if (on if one == name else settings.errors_only(one)))
        if name:
            self._settings.update(notify_errors_services=chosen)
        elif "notify_errors_services" in settings.locked:
            self._settings.update(notify_errors_only=on)
        else:
            self._settings.update(notify_errors_only=on, notify_errors_services=chosen)

    def add(self, name: str, url: str, then: Callable[[], None], failed: Failed) -> None:
        """Tell this service from now on. Its address is a secret: it goes into the keyring, the settings name it only.

        One that its environment variable holds is not kept: a machine without a keyring needs none then.

        failed hears of an address nothing can be sent to (UsageError), of no keyring (NoSecretStore), of settings the
        studio has locked.
        """
        notify_apprise.hide(url)
        if not re.fullmatch(r"[\w.-]+", name):
            failed(UsageError(title=f"{name!r} cannot be a service's name.", suggestion="Use letters and digits."))
            return

        def keep() -> None:
            notify_apprise.check(name, url)
            if os.environ.get(_variable(name)) == url:
                return
            try:
                secrets.set(_key(name), url)
            except NoSecretStore as error:
                advice = f"Put the address into the environment variable {_variable(name)}, then add it again."
                raise NoSecretStore(error.title, error.cause, advice, error.path) from error

        def listed(_none: None) -> None:
            self._list((*self.services(), name), then, failed)

        self._background.run(lambda _work: keep(), listed, failed)

    def remove(self, name: str, then: Callable[[], None], failed: Failed) -> None:
        """Tell this service no more, and forget its address."""
        if name not in self.services():
            failed(_unknown(name, self.services()))
            return

        def unlisted(_none: None) -> None:
            self._list(tuple(known for known in self.services() if known != name), then, failed)

        self._background.run(lambda _work: secrets.forget(_key(name)), unlisted, failed)

    def test(self, name: str, then: Callable[[str], None], failed: Failed) -> None:
        """Send a test message; `then` gets a sentence once the service took it."""
        if name not in self.services():
            failed(_unknown(name, self.services()))
            return

        def send() -> str:
            notify_apprise.send(name, _address(name), TEST.title, TEST.body, failed=False)
            return f"{name} took the message."

        self._background.run(lambda _work: send(), then, failed)

    def tell(self, message: Digest, always: bool = False) -> None:
        """Tell everybody who is to be told. always: on the desktop whatever the settings say."""
        settings = self._settings.value
        wanted = message.failed or not settings.notify_errors_only
        if always or (wanted and settings.notify):
            self.told.emit(message)
        for name in settings.notify_services:
            if message.failed or not settings.errors_only(name):
                self._post(_Letter(name, message))

    def close(self) -> None:
        """Send what waits, for some seconds at most."""
        if self._thread is not None:
            self._make_room()
            self._letters.put(None)
            self._thread.join(LEAVE)
            self._thread = None

    def _list(self, names: tuple[str, ...], then: Callable[[], None], failed: Failed) -> None:
        settings, changes = self._settings.value, {"notify_services": names}
        # One that comes under the name of one that went has a choice of its own.
        if settings.notify_errors_services and "notify_errors_services" not in settings.locked:
            changes["notify_errors_services"] = tuple(n for n in settings.notify_errors_services if n in names)
        try:
            self._settings.update(**changes)
        except UsageError as error:
            failed(error)
            return
        then()

    @Slot(object)
    def _on_ended(self, task: Task) -> None:
        def tell(causes: tuple[Cause, ...]) -> None:
            self.tell(digest(task, causes), always=task.turn.after is After.NOTIFY)

        if task.files.failed:
            self._tasks.causes(task.id, tell)
        else:
            tell(())

    @Slot(object, object)
    def _on_broken(self, routine: Routine, error: ShotDockError) -> None:
        self.tell(broken(routine, error), always=routine.after is After.NOTIFY)

    def _post(self, letter: _Letter) -> None:
        if self._thread is None:
            self._thread = threading.Thread(target=self._carry, name="notify", daemon=True)
            self._thread.start()
        self._make_room()
        self._letters.put_nowait(letter)

    def _make_room(self) -> None:
        # Only this thread puts letters in: whatever room there is stays.
        if self._letters.full():
            try:
                given_up = self._letters.get_nowait()
            except queue.Empty:
                return
            if given_up is not None:
                log.warning("too many messages wait: %s was not told of %s", given_up.service, given_up.digest.title)

    def _carry(self) -> None:
        """Send letters, one after another, on a thread of their own: a service that hangs holds up nothing else."""
        while (letter := self._letters.get()) is not None:
            try:
                guarded(partial(_send, letter))
            except ShotDockError as error:
                log.warning("%s", error)
                self.unheard.emit(letter.service, error)


def _send(letter: _Letter) -> None:
    message = letter.digest
    notify_apprise.send(letter.service, _address(letter.service), message.title, message.body, message.failed)


def _address(name: str, environment: Mapping[str, str] = os.environ) -> str:
    """Return the service's address; raise NotFound, NoSecretStore."""
    variable = _variable(name)
    url = environment.get(variable) or secrets.get(_key(name))
    if not url:
        raise NotFound(
            title=f"The address of {name} is not known here.",
            cause=f"It is neither in the keyring nor in {variable}.",
            suggestion=f"Write it again: shotdock notify add {name} URL",
            path=name,
        )
    return url


def _variable(name: str) -> str:
    """Return the environment variable that may hold the service's address."""
    return "SHOTDOCK_NOTIFY_" + re.sub(r"\W", "_", name).upper()


def _kind(name: str) -> str:
    try:
        return notify_apprise.kind(_address(name))
    except (NotFound, NoSecretStore):
        return ""


def _key(name: str) -> str:
    return f"notify:{name}"


def _unknown(name: str, known: tuple[str, ...]) -> NotFound:
    return NotFound(
        title=f"There is no service called {name!r}.",
        cause=f"Known: {', '.join(known) or 'none yet'}.",
        suggestion="Add it with: shotdock notify add NAME URL",
    )
