"""Structures, comparisons and plans: what the servers have, made in the background."""

import logging
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import CancelledError, Future
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from PySide6.QtCore import QObject, QTimer, Signal

from desktop.core.connection import parse_location
from desktop.core.errors import DatabaseDamaged, ServerBusy, ShotDockError, Stopped, UsageError
from desktop.core.media import Compared, Entry, ScanProgress, Structure
from desktop.core.plan import Filters, Plan, Request
from desktop.store.database import Store
from desktop.store.structures import Packed, packed
from desktop.studio import plain
from desktop.studio.disk import Disk
from desktop.studio.shots.compare import compare
from desktop.studio.shots.layout import Layout
from desktop.studio.shots.planner import plan
from desktop.studio.shots.scan import scan
from desktop.studio.shots.uploading import RECENT
from desktop.transfer.budget import HostBudget
from desktop.transfer.company import Company
from desktop.transfer.ports import Site, Source
from desktop.transfer.retry import Patience
from desktop.work.background import Background, Desk, Failed, Mailbox, Work, ask, guarded, ignore
from desktop.work.sites import WEB, Door, Sites

PROGRESS_EVERY = 200
"""Milliseconds between two looks at a scan's counters."""

PARKED = 10_000
"""Milliseconds that a connection which planned something is kept for the transfer."""

BUDGET_PATIENCE = 60.0
"""Seconds a scan waits for a connection while transfers use all the host allows."""

FULL_PATIENCE = 30.0
"""Seconds a scan asks again at a server that says it has no room."""

KNOCKS = Patience(cap=4.0)
"""How long it waits in between."""

SPARE = 2
"""Connections to a host that a scan leaves to transfers, if the host bears more than these."""

ASK_UP_TO = 20
"""Web addresses of one transfer whose sizes are asked for while planning."""

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class PlainSource:
    """One source of a plain transfer: a URL, `CONNECTION:PATH` or a local path.

    name: where below the destination, or None for its own. listed: the list it stands in, or "".
    """

    text: str
    name: str | None = None
    listed: str = ""


@dataclass(frozen=True, slots=True)
class Located:
    """One source of a plain transfer, located. path, query: of a web address percent-encoded; else see PlainSource."""

    site: str
    path: str
    query: str = ""
    name: str | None = None
    listed: str = ""


class Library(QObject):
    """Scans, compares and plans; answers come on the thread that asked.

    Signals: refused (ShotDockError: why what a scan found is not kept).
    """

    refused = Signal(object)

    def __init__(
        self,
        parts: tuple[Desk, Mailbox, Store],
        background: Background,
        sites: Sites,
        layouts: Callable[[str], Layout],
    ) -> None:
        """layouts: loads a layout by name or file."""
        super().__init__()
        self._desk, self._answers, self._store = parts
        self._background, self._sites, self._layouts = background, sites, layouts

    def cached(self, connection: str, then: Callable[[Structure | None], None], failed: Failed) -> None:
        """Ask for the structure of the last scan, or None."""
        ask(self._desk, self._answers, lambda: self._store.structures.load(connection), then, failed)

    def scan(
        self,
        connection: str,
        then: Callable[[Structure], None],
        failed: Failed,
        progress: Callable[[ScanProgress], None] | None = None,
    ) -> Work:
        """Scan a connection's tree and cache it; `progress` hears of the counters five times a second."""
        counters = ScanProgress()
        timer = QTimer(self)

        def tell() -> None:
            # Who cancels hears of no end, even if it came already and only its telling is under way.
            if work.stopped():
                stop_telling()
            elif progress is not None:
                progress(counters)

        def stop_telling() -> None:
            timer.stop()
            timer.deleteLater()

        def done(found: tuple[Structure, Packed]) -> None:
            structure, rows = found
            stop_telling()
            if progress is not None:
                progress(counters)
            ask(
                self._desk,
                self._answers,
                lambda: self._store.structures.save(structure, rows),
                ignore,
                lambda error: self.refused.emit(error),
            )
            then(structure)

        def broke(error: Exception) -> None:
            stop_telling()
            failed(error)  # type: ignore[arg-type]  # Background hands over ShotDockErrors only

        recent = time.time() - RECENT

        def known() -> Structure | None:
            try:
                return self._store.structures.load(connection, since=recent)
            except DatabaseDamaged as error:
                log.warning("What was known of %s is read anew: %s", connection, error)
                return None

        previous = self._desk_future(known)
        work = self._background.run(lambda work: self._scan(work, connection, counters, previous(work)), done, broke)
        timer.timeout.connect(tell)
        timer.start(PROGRESS_EVERY)
        return work

    def compare(
        self,
        structure: Structure,
        destination: Path,
        then: Callable[[list[Compared]], None],
        failed: Failed,
        filters: Filters = Filters(),
    ) -> Work:
        """Compare a structure with a local folder."""
        return self._background.run(
            lambda work: compare(structure, self._layouts(structure.layout), destination, filters, work.stopped),
            then,
            failed,
        )

    def plan(self, request: Request, structure: Structure, then: Callable[[Plan], None], failed: Failed) -> Work:
        """Plan a request; nothing is touched."""
        return self._background.run(
            lambda work: plan(structure, self._layouts(structure.layout), request, work.stopped),
            then,
            failed,
        )

    def plan_plain(
        self, sources: Sequence[PlainSource], door: Door, request: Request, then: Callable[[Plan], None], failed: Failed
    ) -> Work:
        """Plan a plain transfer; folders are listed, nothing is touched."""
        return self._background.run(lambda work: self._plan_plain(work, sources, door, request), then, failed)

    def _desk_future(self, question: Callable[[], Structure | None]) -> Callable[[Work], Structure | None]:
        """Ask the desk now; the returned function waits for the answer, on another thread than the desk's.

        It raises the question's ShotDockError, and Stopped once the work is cancelled.
        """
        future: Future[Structure | None] = Future()

        def run() -> None:
            if future.set_running_or_notify_cancel():
                try:
                    future.set_result(guarded(question))
                except ShotDockError as error:
                    future.set_exception(error)

        self._desk.mailbox.post(run)

        def wait(work: Work) -> Structure | None:
            work.on_cancel(future.cancel)
            try:
                return future.result()
            except CancelledError:
                raise Stopped from None

        return wait

    def _scan(
        self, work: Work, name: str, counters: ScanProgress, previous: Structure | None
    ) -> tuple[Structure, Packed]:
        connection = self._sites.connection(name)
        if connection.address.protocol in WEB:
            raise UsageError(
                title=f"{name} is a web server: it has no folders to scan for shots.",
                cause=f"{connection.url} names files one by one, as HTTP does.",
                suggestion=f"Fetch its videos with: shotdock gallery get --all DEST --server {name}",
                path=name,
            )
        layout = self._layouts(connection.layout)
        with self._connected(work, name) as source:
            structure = scan(source, connection, layout, counters, work.stopped, time.time(), previous)
        # Here, where nobody waits: the desk has tasks that run, and a plan may follow at once.
        return structure, packed(structure)

    def _plan_plain(self, work: Work, sources: Sequence[PlainSource], door: Door, request: Request) -> Plan:
        # The same line twice in a long list is one wish, and no conflict with itself.
        wanted = tuple(dict.fromkeys(sources))
        return self.plan_located(
            work, [Located(*self._locate(one.text, door), one.name, one.listed) for one in wanted], request
        )

    def plan_located(self, work: Work, wishes: Sequence[Located], request: Request) -> Plan:
        """Plan a plain transfer, an item for each wish in order; called on a pool thread."""
        groups: dict[str, list[tuple[int, str, str, str | None]]] = {}
        for place, wish in enumerate(wishes):
            groups.setdefault(wish.site, []).append((place, wish.path, wish.query, wish.name))
        # Many web addresses are fetched without asking for each one's size first: that would cost as much again.
        ask = len(wishes) <= ASK_UP_TO
        here = Disk(request.destination)
        expanded: dict[int, plain.Expanded] = {}
        broken: list[ShotDockError] = []
        for site, group in groups.items():
            try:
                with self._connected(work, site) as source:
                    for place, path, query, name in group:
                        expanded[place] = plain.expand(source, site, path, query, name, work.stopped, here, ask)
            except UsageError:
                raise
            except ShotDockError as error:
                if isinstance(error, ServerBusy) and not self._sites.features(site).listing:
                    # The transfer waits for as long as the host asked, and learns then what was to be asked here.
                    for place, path, query, name in group:
                        expanded.setdefault(place, plain.unasked(site, path, query, name))
                    continue
                broken.append(error)
                for place, path, _, name in group:
                    expanded[place] = plain.Expanded(site, path, name or path, troubles=((Entry(path), error),))
        if len(broken) == len(groups) and broken:
            raise broken[0]
        for site, group in groups.items():
            for place, _, query, _ in group:
                # Only a query holds what is to be sheltered.
                if query:
                    expanded[place] = self._sheltered(site, expanded[place])
        places = sorted(expanded)
        # A short list is looked at address by address; of a long one the whole counts.
        lists = () if ask else [wishes[place].listed for place in places]
        return plain.plan_plain([expanded[place] for place in places], request, lists)

    def _sheltered(self, site: str, found: plain.Expanded) -> plain.Expanded:
        """Take the signed query out of a web file's path: it is a secret, and stays in memory."""
        files = (replace(file, path=self._sites.shelter(site, file.path)) for file in found.files)
        return replace(found, files=tuple(files))

    def _locate(self, text: str, door: Door) -> tuple[str, str, str]:
        """Return (site name, path, query) of a source as a person wrote it."""
        name, colon, path = text.partition(":")
        if colon and "://" not in text and any(name == known for known in self._sites.names()):
            connection = self._sites.connection(name)
            return name, path if path.startswith("/") else f"{connection.root.rstrip('/')}/{path}".rstrip("/"), ""
        location = parse_location(text)
        return self._sites.welcome(location, door), location.path, location.query

    @contextmanager
    def _connected(self, work: Work, site: str) -> Iterator[Source]:
        """Open a source within the host's budget; where it pays, it takes more places while it walks."""
        budget = self._sites.budget(site)
        with ExitStack() as stack:
            source = self._admitted(stack, work, site, budget)
            # A person who asks is never told to wait for others' bad news, and has good news for all.
            budget.circuit.well()
            if source.features.listers == 1:
                yield source
            else:
                yield Company(source, lambda: self._helper(work, site, budget))

    def _admitted(self, stack: ExitStack, work: Work, site: str, budget: HostBudget) -> Source:
        """Return a source that is connected until the stack ends; a host without room is asked again for a while."""
        full = time.monotonic() + FULL_PATIENCE
        tries = 0
        while True:
            tries += 1
            self._take(work, site, budget)
            try:
                with ExitStack() as trial:
                    source = trial.enter_context(self._opened(work, site, budget, park=True))
                    source.connect()
                    stack.push(trial.pop_all())
                    return source
            except ServerBusy as error:
                # What it has no room beside may be what was kept for a transfer.
                self._sites.vacate(site)
                pause = KNOCKS.pause(tries, error)
                if time.monotonic() + pause > full:
                    raise
                if work.wait(pause):
                    raise Stopped from error

    def _take(self, work: Work, site: str, budget: HostBudget) -> None:
        """Wait for a place in the host's budget and take it."""
        deadline = time.monotonic() + BUDGET_PATIENCE
        while (resting := budget.resting) > 0 or not budget.take():
            if work.wait(0.1):
                raise Stopped
            # A rest that outlasts the patience is not waited for in vain.
            if resting > 0 and time.monotonic() + resting > deadline:
                raise ServerBusy(
                    title="The server wants to be left alone.",
                    cause=f"It was busy, and asked for another {resting:,.0f} s of rest.",
                    suggestion="Try again then.",
                    path=site,
                    retry_after=resting,
                )
            if time.monotonic() > deadline:
                raise ServerBusy(
                    title="Every connection to this server is in use.",
                    cause=f"Transfers held all {budget.limit} of them for {BUDGET_PATIENCE:.0f} s.",
                    suggestion="Try again when a transfer has ended, or raise the connection's limit.",
                    path=site,
                )

    def _helper(self, work: Work, site: str, budget: HostBudget) -> AbstractContextManager[Source] | None:
        """Return one more source to open, if the host's budget has places beyond those kept for transfers."""
        return self._opened(work, site, budget) if budget.take(SPARE) else None

    @contextmanager
    def _opened(self, work: Work, site: str, budget: HostBudget, park: bool = False) -> Iterator[Source]:
        """Return a source to connect, in a place of the budget that was taken; a cancel hangs it up.

        Place and connection are given back at the end, and a refusal is noted. park: keep the connection a little,
        if all went well, for what usually follows.
        """
        try:
            way = self._sites.site(site)
            # Never a parked one: it may have been closed meanwhile, and nobody here would try again.
            source = self._sites.source(site, way)
            work.on_cancel(source.close)
            if work.stopped():
                raise Stopped
            try:
                yield source
            except BaseException as error:
                source.close()
                if isinstance(error, ServerBusy):
                    budget.rest(error.retry_after or 0)
                raise
            # Whoever cancels from here on does not mean the connection, which may be in other hands at once.
            work.done()
            if park and not work.stopped():
                self._park(site, source, way)
            else:
                source.close()
        except ServerBusy:
            if budget.used > 1:
                budget.shrink()
            raise
        finally:
            budget.give_back()

    def _park(self, site: str, source: Source, way: Site) -> None:
        self._sites.park(site, source, way)
        self._answers.post(lambda: QTimer.singleShot(PARKED, self, lambda: self._sites.unpark(site, source)))
