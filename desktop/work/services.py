"""What the window and the command line are given: every facade, wired."""

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from desktop import settings as settings_file
from desktop.core.connection import Connection
from desktop.core.plan import ORDER_EXPLANATIONS, VERSION_EXPLANATIONS, Order
from desktop.logs import LogRing
from desktop.places import Places
from desktop.settings import Settings, site_connections
from desktop.store.database import Store
from desktop.studio.shots.layout import Layout, layout_names, load_layout
from desktop.transfer import conflicts, sources  # noqa: F401  their parts register themselves
from desktop.transfer.ports import CONFLICTS
from desktop.work.background import Background, Desk, Mailbox
from desktop.work.connections import ConnectionDesk
from desktop.work.descriptors import make_room
from desktop.work.gallery import GalleryDesk
from desktop.work.history import HistoryDesk
from desktop.work.jobs import JobDesk
from desktop.work.library import Library
from desktop.work.notify import NotifyDesk
from desktop.work.polling import Clock
from desktop.work.queue import Queue
from desktop.work.routines import RoutineDesk
from desktop.work.settings_box import SettingsBox
from desktop.work.sites import Sites
from desktop.work.tasks import TaskDesk

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Choice:
    """One entry of a list to choose from."""

    name: str
    title: str
    explanation: str


@dataclass(frozen=True, slots=True)
class Choices:
    """What can be chosen, the recommended one first."""

    conflicts: tuple[Choice, ...]
    versions: tuple[Choice, ...]
    orders: tuple[Choice, ...]
    layouts: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Services:
    """Everything a tab or a command may use."""

    tasks: TaskDesk
    routines: RoutineDesk
    notify: NotifyDesk
    history: HistoryDesk
    library: Library
    gallery: GalleryDesk
    jobs: JobDesk
    connections: ConnectionDesk
    settings: SettingsBox
    logs: LogRing
    choices: Choices
    places: Places
    sites: Sites
    _desk: Desk = field(repr=False)
    _queue: Queue = field(repr=False)
    _store: Store = field(repr=False)
    _background: Background = field(repr=False)

    def shutdown(self) -> None:
        """Stop what runs so that it can be resumed, and let go of threads and database."""
        self.routines.close()
        self.jobs.close()
        self._background.close()
        self.gallery.close()
        self._desk.wait_for(self._queue.shutdown)
        self.notify.close()
        self.sites.close()
        self._desk.wait_for(self._store.close)
        self._desk.close()
        log.info("ShotDock closed")


def start_services(
    places: Places,
    ring: LogRing,
    *,
    threaded: bool = True,
    serving: bool = False,
    now: Callable[[], float] = time.time,
    clock: Clock | None = None,
) -> Services:
    """Open the database and wire the services. Raise NewerDatabase, DatabaseDamaged, UsageError.

    threaded: give tasks and database a thread of their own, as a window needs; without, everything is told on
    the calling thread, under its QCoreApplication. serving: take over what waits for the clock, and try again later
    what a server that is away keeps from ending; for whoever stays, not for a command that does one thing. now:
    gives seconds since the epoch, for schedules. clock: what jobs are asked after by, the real one if None.
    """
    make_room()
    settings = settings_file.load(places)
    studio = site_connections(places)
    folders = (places.layouts, *settings.layout_folders)
    answers = Mailbox()
    desk = Desk(threaded)
    sites = Sites(places)
    try:
        store, queue, recent, saved = desk.wait_for(lambda: _open(places, sites, settings, serving, now))
    except BaseException:
        desk.close()
        raise
    background = Background(answers)
    parts = (desk, answers, store)

    def layout(name: str) -> Layout:
        return load_layout(name, folders)

    connections = ConnectionDesk(parts, background, sites, places, studio)
    connections.load(saved)
    tasks = TaskDesk(desk, answers, store, queue)
    library = Library(parts, background, sites, layout)
    gallery = GalleryDesk(parts, background, sites, places, queue.pace)
    routines = RoutineDesk(parts, library, gallery, tasks, serving, now)
    every = (desk, answers, store, queue)
    box = SettingsBox(settings, recent, places, every)
    notify = NotifyDesk(tasks, routines, box, background, serving)
    desk.mailbox.post(queue.open)
    tasks.load()
    routines.open()
    return Services(
        tasks=tasks,
        routines=routines,
        notify=notify,
        history=HistoryDesk(parts, background),
        library=library,
        gallery=gallery,
        connections=connections,
        jobs=JobDesk(every, background, sites, library, tasks, box, clock or Clock()),
        settings=box,
        logs=ring,
        choices=_choices(folders),
        places=places,
        sites=sites,
        _desk=desk,
        _queue=queue,
        _store=store,
        _background=background,
    )


_Opened = tuple[Store, Queue, tuple[Path, ...], tuple[Connection, ...]]


def _open(places: Places, sites: Sites, settings: Settings, serving: bool, now: Callable[[], float]) -> _Opened:
    """Open what lives on the desk's thread, on that thread."""
    store = Store.open(places.database)
    queue = Queue(store, sites, settings, serving, now)
    return store, queue, tuple(store.recent.destinations()), tuple(store.connections.all())


_ORDER_TITLES = {Order.LISTED: "As listed", Order.FRAMES_FIRST: "First, middle and last frames first"}


def _choices(folders: tuple[Path, ...]) -> Choices:
    return Choices(
        conflicts=tuple(Choice(part.name, part.title, part.explanation) for part in CONFLICTS),
        versions=tuple(Choice(s.value, s.value.capitalize(), text) for s, text in VERSION_EXPLANATIONS.items()),
        orders=tuple(Choice(o.value, _ORDER_TITLES[o], text) for o, text in ORDER_EXPLANATIONS.items()),
        layouts=layout_names(folders),
    )
